//! [`HostPanic`]: a panic of a host function that a guest called, as an error. It must lose nothing of the panic.

use std::any::Any;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// A host function panicked while a guest was calling it: the payload of the [`Error`](crate::Error) that the call of the
/// guest returns, with the guest's frames in a [`WasmBacktrace`](crate::WasmBacktrace).
///
/// A host that would rather panic takes the payload out and [goes on with it](HostPanic::resume).
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// # use gusset::{Component, Engine, Error, HostPanic, Linker, Store};
/// # let engine = Engine::default();
/// # let component = Component::new(&engine, r#"(component
/// #     (import "log" (func $log)) (core func $log (canon lower (func $log)))
/// #     (core module $m (import "" "log" (func $log)) (func (export "run") (call $log)))
/// #     (core instance $i (instantiate $m (with "" (instance (export "log" (func $log))))))
/// #     (func (export "run") (canon lift (core func $i "run"))))"#)?;
/// # let mut store = Store::new(&engine, ());
/// let mut linker = Linker::<()>::new(&engine);
/// linker.root().func_wrap("log", |_, (): ()| -> Result<(), Error> { panic!("the disk is full") })?;
/// let instance = linker.instantiate(&mut store, &component)?;
/// let run = instance.get_typed_func::<(), ()>(&mut store, "run")?;
/// let error = run.call(&mut store, ()).unwrap_err();
/// assert_eq!(error.downcast_ref().map(HostPanic::message), Some(Some("the disk is full")));
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
pub struct HostPanic {
    message: Option<Box<str>>,
    /// It is only taken out whole; the lock makes it shareable.
    payload: Mutex<Box<dyn Any + Send>>,
}

impl HostPanic {
    pub(crate) fn new(payload: Box<dyn Any + Send>) -> HostPanic {
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        HostPanic { message: text.map(Into::into), payload: Mutex::new(payload) }
    }

    /// What `panic!` was given, unless the payload is no text.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// What the panic carries.
    pub fn into_payload(self) -> Box<dyn Any + Send> {
        self.payload.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes on with the panic, as if no guest had been in between.
    ///
    /// # Panics
    ///
    /// Always.
    pub fn resume(self) -> ! {
        std::panic::resume_unwind(self.into_payload())
    }
}

impl fmt::Display for HostPanic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message() {
            Some(message) => write!(f, "a host function panicked: {message}"),
            None => f.write_str("a host function panicked"),
        }
    }
}

impl fmt::Debug for HostPanic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostPanic").field("message", &self.message).finish_non_exhaustive()
    }
}

impl std::error::Error for HostPanic {}
