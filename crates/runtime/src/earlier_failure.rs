//! [`EarlierFailure`]: what locked an instance, as each later call of it is told. It is made when something has failed, and
//! small whatever failed.

use crate::backtrace::{WasmBacktrace, WasmFrame};
use crate::error::{Error, causes};
use crate::trap::Trap;
use gusset_types::{Printable, TrapCode, cut_name, cut_text};
use std::fmt;

/// Most bytes of the text of what failed.
const MAX_TEXT: usize = 300;

/// What locked an instance: the first call of it that failed. [`Trap::locked_by`] has it of a call that came later.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// # use gusset::{Component, Engine, Linker, Store};
/// use gusset::{Trap, TrapCode};
/// # let engine = Engine::default();
/// # let component = Component::new(&engine, r#"(component
/// #     (core module $calculator (func $divide (export "divide") (param i32 i32) (result i32)
/// #       (i32.div_u (local.get 0) (local.get 1))))
/// #     (core instance $i (instantiate $calculator))
/// #     (func (export "divide") (param "a" u32) (param "b" u32) (result u32)
/// #       (canon lift (core func $i "divide"))))"#)?;
/// # let mut store = Store::new(&engine, ());
/// # let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
/// let divide = instance.get_typed_func::<(u32, u32), (u32,)>(&mut store, "divide")?;
/// assert!(divide.call(&mut store, (1, 0)).is_err());
/// let error = divide.call(&mut store, (1, 1)).unwrap_err();
/// let trap = error.downcast_ref::<Trap>().expect("the instance is lost");
/// assert_eq!(trap.code(), TrapCode::CannotEnter);
/// let failure = trap.locked_by().expect("a call failed");
/// assert_eq!((failure.function(), failure.code()), ("divide", Some(TrapCode::IntegerDivideByZero)));
/// assert!(trap.to_string().starts_with(
///     "wasm trap: cannot enter component instance: an earlier call of `divide` trapped: integer divide by zero, \
///      at calculator!divide (",
/// ));
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EarlierFailure {
    function: String,
    code: Option<TrapCode>,
    text: String,
    frame: Option<WasmFrame>,
}

impl EarlierFailure {
    /// A failure of a call of `function`.
    #[cold]
    pub(crate) fn new(function: &str, error: &Error) -> EarlierFailure {
        let (code, text, backtrace) = match error.downcast_ref::<Trap>() {
            Some(trap) => (Some(trap.code()), trap.headline(), Some(trap.backtrace())),
            None => (None, one_line(error), error.downcast_ref::<WasmBacktrace>()),
        };
        let cut = |name: &str| cut_name(name).into_owned();
        let frame = backtrace.map(WasmBacktrace::frames).and_then(<[_]>::first).map(|frame| WasmFrame {
            module: cut(&frame.module),
            name: frame.name.as_deref().map(cut),
            ..frame.clone()
        });
        EarlierFailure { function: cut(function), code, text: cut_text(&text, MAX_TEXT).into_owned(), frame }
    }

    /// The function that was called.
    pub fn function(&self) -> &str {
        &self.function
    }

    /// The trap's code; `None` if it was no trap, but what a host function returned, for example.
    pub fn code(&self) -> Option<TrapCode> {
        self.code
    }

    /// What went wrong, in a line that is cut where it gets long.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The innermost function of a guest that was running, if one was.
    pub fn frame(&self) -> Option<&WasmFrame> {
        self.frame.as_ref()
    }
}

/// What an error and its causes say, without further lines.
fn one_line(error: &Error) -> String {
    causes(error).lines().next().unwrap_or_default().to_string()
}

/// In a line: "an earlier call of `f` trapped: integer divide by zero, at m!f (0x34)", with file, line and column in place of the offset
/// where there is a text.
impl fmt::Display for EarlierFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = if self.code.is_some() { "trapped" } else { "failed" };
        let function = Printable::name(&self.function);
        write!(f, "an earlier call of `{function}` {how}: {}", Printable::message(&self.text))?;
        let Some(frame) = &self.frame else { return Ok(()) };
        write!(f, ", at {}!", Printable::name(&frame.module))?;
        match frame.demangled_name() {
            Some(name) => write!(f, "{}", Printable::name(&name))?,
            None => write!(f, "<function {}>", frame.function)?,
        }
        match (frame.location(), frame.offset) {
            (Some(location), _) => write!(f, " ({location})"),
            (None, Some(offset)) => write!(f, " (0x{offset:x})"),
            (None, None) => Ok(()),
        }
    }
}
