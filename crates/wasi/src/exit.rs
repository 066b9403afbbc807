//! [`Exit`]: a guest that ended itself.

use std::error::Error as StdError;
use std::fmt;

/// A guest asked to end, with a code. It is found in the [`gusset::Error`] of the call by which the host entered the guest, by
/// `downcast_ref`, and is no [`Trap`](gusset::Trap). A program that ends with 0 has succeeded, which [`Exit::of`] makes easy to tell.
///
/// ```
/// use gusset_wasi::Exit;
/// let outcome: gusset::Result<()> = Err(Exit::new(3).into());
/// assert_eq!(Exit::of(outcome).expect("it did not trap"), Exit::new(3));
/// let outcome = Ok(()); // `_start` returned.
/// assert_eq!(Exit::of(outcome).expect("it did not trap").code(), 0);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Exit(u32);

impl Exit {
    /// An exit with a code. What a shell sees of it are its lowest eight bits.
    pub fn new(code: u32) -> Exit {
        Exit(code)
    }

    /// The code that the guest gave.
    pub fn code(self) -> u32 {
        self.0
    }

    /// How a program ended whose `_start` gave this result: one that returned has exited with 0.
    ///
    /// # Errors
    ///
    /// The error, where it is no exit.
    pub fn of(outcome: gusset::Result<()>) -> gusset::Result<Exit> {
        match outcome {
            Ok(()) => Ok(Exit(0)),
            Err(error) => error.downcast_ref::<Exit>().copied().ok_or(error),
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the guest exited with code {}", self.0)
    }
}

impl StdError for Exit {}
