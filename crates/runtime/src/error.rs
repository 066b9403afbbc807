//! The error of the whole embedding API: one word wide, with a payload that can be asked for by its type.
//!
//! It does not implement [`std::error::Error`] itself, so that `?` converts whatever does.

use crate::trap::{Trap, WasmBacktrace};
use std::error::Error as StdError;
use std::fmt;

/// The result of what can fail. `E` is an [`Error`] unless something else is given.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong: a payload of any error type, what was being done at the time, and where the guest stood.
///
/// A guest's fault is a [`Trap`]; an error that a host function returned reaches the caller of the guest as it was,
/// with the [backtrace](Error::wasm_backtrace) of the guest added. `{}` writes one line (more for a trap), `{:#}` and
/// `{:?}` all there is.
///
/// It does not implement [`std::error::Error`], so that `?` converts everything that does; where that trait is asked
/// for, it converts into a box of it.
///
/// ```
/// use gusset::Error;
/// let error = Error::from(std::io::Error::other("disk is full")).context("writing the log");
/// assert_eq!(error.to_string(), "writing the log: disk is full");
/// assert!(error.downcast_ref::<std::io::Error>().is_some());
/// let boxed: Box<dyn std::error::Error + Send + Sync> = error.into();
/// assert_eq!(boxed.to_string(), "writing the log: disk is full");
/// ```
pub struct Error(Box<ErrorParts>);

struct ErrorParts {
    payload: Box<dyn StdError + Send + Sync>,
    /// Innermost first.
    contexts: Vec<Box<str>>,
    backtrace: WasmBacktrace,
}

/// What a component or module imports is missing, or of another type. The payload of such an [`Error`], to be told from what
/// goes wrong when an instance is made of what was linked.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// use gusset::{Component, Engine, LinkError, Linker, Store};
///
/// let engine = Engine::default();
/// let component = Component::new(&engine, r#"(component (import "f" (func)))"#)?;
/// let error = Linker::new(&engine).instantiate(&mut Store::new(&engine, ()), &component).unwrap_err();
/// assert!(error.is::<LinkError>());
/// assert_eq!(error.to_string(), "import \"f\" (function) is missing: func()");
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LinkError(Box<str>);

impl LinkError {
    /// An error with this text.
    pub(crate) fn error(message: impl fmt::Display) -> Error {
        Error::new(LinkError(message.to_string().into()))
    }
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for LinkError {}

/// A payload that is only a text.
#[derive(Debug)]
struct Message(Box<str>);

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Message {}

impl Error {
    /// An error with this payload. Takes what [`?`](Error) takes, and boxed errors (an `anyhow::Error` converts to
    /// one).
    pub fn new(payload: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
        Error(Box::new(ErrorParts {
            payload: payload.into(),
            contexts: Vec::new(),
            backtrace: WasmBacktrace::default(),
        }))
    }

    /// An error that is only a text. Its payload has no type that could be asked for.
    pub fn msg(message: impl fmt::Display) -> Error {
        Error::new(Message(message.to_string().into()))
    }

    /// The same error, with what was being done put before its text. The payload stays what it was.
    #[must_use]
    pub fn context(mut self, context: impl fmt::Display) -> Error {
        self.0.contexts.push(context.to_string().into());
        self
    }

    /// The payload, if it is an `E`.
    pub fn downcast_ref<E: StdError + 'static>(&self) -> Option<&E> {
        self.0.payload.downcast_ref()
    }

    /// The payload, if it is an `E`; what was being done and the guest's backtrace are lost then.
    ///
    /// # Errors
    ///
    /// The error itself, unchanged, if its payload is something else.
    pub fn downcast<E: StdError + 'static>(self) -> Result<E> {
        let ErrorParts { payload, contexts, backtrace } = *self.0;
        match payload.downcast() {
            Ok(payload) => Ok(*payload),
            Err(payload) => Err(Error(Box::new(ErrorParts { payload, contexts, backtrace }))),
        }
    }

    /// Whether the payload is an `E`.
    pub fn is<E: StdError + 'static>(&self) -> bool {
        self.downcast_ref::<E>().is_some()
    }

    /// The payload, as a trait object: its `source` leads to what caused it.
    pub fn payload(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.0.payload
    }

    /// Where the guest stood when it called the host function that failed; empty when no guest was running. A [`Trap`]
    /// has its own.
    pub fn wasm_backtrace(&self) -> &WasmBacktrace {
        match self.downcast_ref::<Trap>() {
            Some(trap) => trap.backtrace(),
            None => &self.0.backtrace,
        }
    }

    /// Adds the frames of an activation that the error leaves.
    pub(crate) fn add_backtrace(&mut self, outer: WasmBacktrace) {
        match self.0.payload.downcast_mut::<Trap>() {
            Some(trap) => trap.add_backtrace(outer),
            None => self.0.backtrace.extend(outer),
        }
    }

    fn write_contexts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for context in self.0.contexts.iter().rev() {
            write!(f, "{context}: ")?;
        }
        Ok(())
    }

    fn write_everything(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_contexts(f)?;
        write!(f, "{}", self.0.payload)?;
        let mut source = self.0.payload.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        if self.0.backtrace.is_empty() { Ok(()) } else { write!(f, "\n{}", self.0.backtrace) }
    }
}

/// `{}` writes what was being done and the payload; `{:#}` also the payload's sources and the wasm backtrace.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            return self.write_everything(f);
        }
        self.write_contexts(f)?;
        write!(f, "{}", self.0.payload)
    }
}

/// Everything that is known, for people: what a `main` that returns an error shows.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_everything(f)
    }
}

impl<E: StdError + Send + Sync + 'static> From<E> for Error {
    fn from(error: E) -> Error {
        Error::new(error)
    }
}

/// An [`Error`] where `std`'s trait is asked for.
struct Boxed(Error);

impl fmt::Display for Boxed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Boxed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl StdError for Boxed {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.payload().source()
    }
}

impl From<Error> for Box<dyn StdError + Send + Sync> {
    fn from(error: Error) -> Self {
        Box::new(Boxed(error))
    }
}

impl From<Error> for Box<dyn StdError> {
    fn from(error: Error) -> Self {
        Box::new(Boxed(error))
    }
}

/// So that `?` works where `anyhow` is used. The payload keeps its type only in [`Error`]: ask for it first.
#[cfg(feature = "anyhow")]
impl From<Error> for anyhow::Error {
    fn from(error: Error) -> Self {
        anyhow::Error::from_boxed(error.into())
    }
}

/// An [`Error`] from a format string.
macro_rules! format_err {
    ($($arg:tt)*) => { $crate::error::Error::msg(format_args!($($arg)*)) };
}

/// Returns an [`Error`] from a format string.
macro_rules! bail {
    ($($arg:tt)*) => { return Err($crate::error::format_err!($($arg)*)) };
}

pub(crate) use {bail, format_err};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_one_word_and_cross_threads() {
        fn crosses<T: Send + Sync + 'static>() {}
        crosses::<Error>();
        assert_eq!(size_of::<Result<()>>(), size_of::<usize>());
    }

    #[test]
    fn contexts_stand_before_the_payload_outermost_first() {
        let error = Error::msg("no such file").context("reading `a`").context("loading");
        assert_eq!(error.to_string(), "loading: reading `a`: no such file");
        assert_eq!(format!("{error:?}"), format!("{error:#}"));
    }

    #[test]
    fn a_failed_downcast_gives_the_error_back() {
        let error = Error::msg("text").context("doing");
        let error = error.downcast::<std::io::Error>().unwrap_err();
        assert_eq!(error.to_string(), "doing: text");
    }
}
