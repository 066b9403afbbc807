//! The errors of the whole embedding API. They are [`anyhow`]'s, so that they go through a host's own code in both directions with
//! nothing lost on the way: what they are about is found by its type, whatever was put around it.

use crate::backtrace::WasmBacktrace;
use crate::core::Exception;
use crate::trap::Trap;
pub use anyhow::{Context, anyhow as format_err, bail, ensure};
use gusset_types::SourceLocation;
use std::error::Error as StdError;
use std::fmt;

/// The error of all that can fail: [`anyhow::Error`], one word wide.
///
/// What went wrong has a type, which [`downcast_ref`](anyhow::Error::downcast_ref) asks for: a guest's fault is a [`Trap`], what
/// imports lack a [`LinkError`], and so on. What a host function returned reaches the caller of the guest as it was, with a
/// [`WasmBacktrace`] that says where the guest stood. `{}` writes the outermost context, `{:#}` all of them on a line, and
/// `{:?}`, which a `main` that returns an error shows, all of them below one another.
///
/// Whatever implements [`std::error::Error`] becomes one by `?`, and it becomes a `Box<dyn std::error::Error>` by `?`.
///
/// ```
/// use gusset::{Context, Error, Result};
/// fn write_log() -> Result<()> {
///     Err(std::io::Error::other("disk is full")).context("writing the log")
/// }
/// let error = write_log().unwrap_err();
/// assert_eq!(error.to_string(), "writing the log");
/// assert_eq!(format!("{error:#}"), "writing the log: disk is full");
/// assert!(error.is::<std::io::Error>());
/// let boxed: Box<dyn std::error::Error + Send + Sync> = error.into();
/// ```
pub type Error = anyhow::Error;

/// The result of what can fail. `E` is an [`Error`] unless something else is given.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What a component or module imports is missing, or of another type. The payload of such an [`Error`], to be told from what
/// goes wrong when an instance is made of what was linked.
///
/// It shows the line where the import stands if the text has a name. Of a text without a name, which other errors call `<text>`, it
/// does not: such a text stands in the host's source, next to the call, and nothing in it is wrong.
/// [`location`](LinkError::location) has the line all the same.
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
pub struct LinkError {
    message: Box<str>,
    location: Option<Box<SourceLocation>>,
    imports: Box<[Box<str>]>,
}

impl LinkError {
    /// An error with this text.
    pub(crate) fn error(message: impl fmt::Display) -> Error {
        LinkError::located(message, None)
    }

    /// An error with this text, about what stands at `location`.
    pub(crate) fn located(message: impl fmt::Display, location: Option<SourceLocation>) -> Error {
        LinkError::about(message, location, Vec::new())
    }

    /// The same, about these imports of a component's root.
    pub(crate) fn about(message: impl fmt::Display, location: Option<SourceLocation>, imports: Vec<Box<str>>) -> Error {
        let (message, location) = (message.to_string().into(), location.map(Box::new));
        Error::new(LinkError { message, location, imports: imports.into() })
    }

    /// Where the import stands in the text, if the component or module was given as text: the first one, if this is about several.
    pub fn location(&self) -> Option<&SourceLocation> {
        self.location.as_deref()
    }

    /// The names of what a component imports and was not given as it must be, all of them, in order: of an instance that lacks a function, the
    /// instance's. None where this is about something else.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// # use gusset::{Component, Engine, LinkError, Linker};
    /// let engine = Engine::default();
    /// let text = r#"(component (import "docs:shop/log" (instance (export "line" (func)) (export "flush" (func)))) (import "now" (func)))"#;
    /// let error = Linker::<()>::new(&engine).instantiate_pre(&Component::new(&engine, text)?).err().expect("nothing is defined");
    /// assert!(error.downcast::<LinkError>()?.imports().eq(["docs:shop/log", "now"]));
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub fn imports(&self) -> impl ExactSizeIterator<Item = &str> {
        self.imports.iter().map(|name| &**name)
    }
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        // Nothing is wrong in a text that lacks an import: only where it is not at hand does its line help.
        match self.location.as_ref().filter(|location| location.file.is_some()) {
            Some(location) => write!(f, "\n{}", location.excerpt()),
            None => Ok(()),
        }
    }
}

impl StdError for LinkError {}

/// `error`, with the frames of an activation that it leaves.
pub(crate) fn with_backtrace(mut error: Error, outer: WasmBacktrace) -> Error {
    if let Some(trap) = error.downcast_mut::<Trap>() {
        trap.add_backtrace(outer);
    } else if let Some(backtrace) = error.downcast_mut::<WasmBacktrace>() {
        backtrace.extend(outer);
    } else if !outer.is_empty() {
        let thrown = error.is::<Exception>();
        return error.context(if thrown { outer.of_exception() } else { outer.of_host() });
    }
    error
}

/// What an error and its causes say, outermost first, without where the guest stood.
pub(crate) fn causes(error: &Error) -> String {
    let backtrace = error.downcast_ref().map(WasmBacktrace::to_string);
    let texts = error.chain().map(ToString::to_string).filter(|text| backtrace.as_ref() != Some(text));
    texts.collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backtrace::{BacktraceGap, FrameText, WasmFrame};
    use crate::source_lines::FrameLines;
    use gusset_types::TrapCode;

    fn frames(count: usize) -> WasmBacktrace {
        let (name, offset) = (Some("f".into()), Some(0x1a2));
        let (text, lines) = (FrameText::default(), FrameLines::default());
        let frame = WasmFrame { module: "m".into(), function: 3, name, offset, text, lines };
        WasmBacktrace::new(vec![frame; count], BacktraceGap { position: 0, frames: 0 })
    }

    #[test]
    fn errors_are_one_word_and_cross_threads() {
        fn crosses<T: Send + Sync + 'static>() {}
        crosses::<Error>();
        assert_eq!(size_of::<Result<()>>(), size_of::<usize>());
    }

    #[test]
    fn a_failure_of_a_host_function_says_where_the_guest_stood() {
        let error = with_backtrace(Error::msg("disk is full").context("writing"), frames(1));
        assert_eq!(error.to_string(), "a call out of the guest failed\nwasm backtrace:\n    0: 0x1a2 - m!f");
        assert_eq!(causes(&error), "writing: disk is full");
        let error = with_backtrace(error.context("keeping a log"), frames(1));
        assert_eq!(error.to_string(), "keeping a log");
        assert_eq!(error.downcast_ref::<WasmBacktrace>().map(|backtrace| backtrace.frames().len()), Some(2));
        let unchanged = with_backtrace(Error::msg("nobody ran"), WasmBacktrace::default());
        assert!(unchanged.downcast_ref::<WasmBacktrace>().is_none());
    }

    #[test]
    fn a_trap_keeps_its_own_backtrace_under_any_context() {
        let error = Error::from(Trap::new(TrapCode::Unreachable)).context("calling `f`").context("running");
        let error = with_backtrace(error, frames(2));
        assert_eq!(error.downcast_ref::<Trap>().map(|trap| trap.backtrace().frames().len()), Some(2));
        assert!(error.downcast_ref::<WasmBacktrace>().is_none());
    }
}
