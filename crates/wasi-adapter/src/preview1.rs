//! Preview1's functions, which are exported: a file for each group. What is checked comes in the order of Gusset's own preview1: the descriptor,
//! its rights, addresses, what was meant. Results are written only where a function succeeds.

mod args;
mod clock;
mod extra;
mod fd;
mod io;
mod path;
mod poll;
mod proc;
mod random;
#[cfg(feature = "filesystem")]
pub(crate) mod readdir;
mod sock;

/// Declares exported functions, whose bodies can use `?`.
macro_rules! exports {
    ($($(#[$attribute:meta])* fn $name:ident($($parameter:ident: $type:ty),* $(,)?) $body:block)*) => {$(
        $(#[$attribute])*
        #[unsafe(no_mangle)]
        extern "C" fn $name($($parameter: $type),*) -> u32 {
            // A closure might be called with a pointer to what it captured.
            #[inline(always)]
            #[allow(clippy::too_many_arguments, reason = "so many has the function")]
            fn body($($parameter: $type),*) -> Result<(), crate::errno::ErrorNumber> $body
            match body($($parameter),*) {
                Ok(()) => 0,
                Err(errno) => errno.code(),
            }
        }
    )*};
}

use exports;
