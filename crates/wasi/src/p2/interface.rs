//! What a table of an interface's functions is made into: host functions of a linker.

use super::{WasiCtxView, WasiView};
use crate::error::{ErrorCode, WasiError, WasiResult};
use gusset::{AsContext, Error, Result, StoreContextMut};

/// The view that a function works on, with the deadline of the store that the guest is of.
#[inline]
pub(crate) fn enter<'a, T: WasiView + 'static>(store: &'a mut StoreContextMut<'_, T>) -> WasiCtxView<'a> {
    let deadline = store.as_context().deadline();
    let view = store.data_mut().wasi();
    view.ctx.set_deadline(deadline);
    view
}

/// What a function leaves that has no word for a failure: that ends the guest.
#[inline]
pub(crate) fn refused<R>(interface: &str, function: &str, outcome: WasiResult<R>) -> Result<R> {
    outcome.map_err(|error| name_function(interface, function, error))
}

#[cold]
fn name_function(interface: &str, function: &str, error: WasiError) -> Error {
    match error {
        WasiError::Code(code) => Error::from(code).context(format!("`{interface}#{function}` failed")),
        WasiError::Stop(error) => error,
    }
}

/// What a function leaves whose failures are told to the guest in the words of its interface.
#[inline]
pub(crate) fn told<R, E>(outcome: WasiResult<R>, code: fn(ErrorCode) -> E) -> Result<(Result<R, E>,)> {
    match outcome {
        Ok(result) => Ok((Ok(result),)),
        Err(WasiError::Code(error)) => Ok((Err(code(error)),)),
        Err(WasiError::Stop(error)) => Err(error),
    }
}

/// An error that ends the guest, as the interface has it: a trap.
#[cold]
pub(crate) fn stop(message: impl Into<String>) -> WasiError {
    WasiError::Stop(Error::msg(message.into()))
}

/// Makes of a table such as
///
/// ```text
/// interface! { "wasi:example/files@0.2.12" {
///     resource "file": OpenFile;
///     function "now": now;
///     function "[method]file.flags": flags, error_code;
///     waits "[method]file.read": read, error_code;
/// } }
/// ```
///
/// the functions `add_to_linker` and, in a runtime, `add_to_linker_async`. A resource is dropped out of the table. A function is given the view and
/// the parameters as a tuple; what it `waits` for, or does in the meantime, it says by [`Waits`](super::Waits), over which it is generic. It returns the
/// results as a tuple, or, where there is a function for its codes, the result of success alone.
macro_rules! interface {
    ($interface:literal { $($kind:ident $name:literal: $item:path $(, $code:path)?;)* }) => {
        pub(in crate::p2) fn add_to_linker<T: $crate::p2::WasiView + 'static>(
            linker: &mut gusset::Linker<T>,
        ) -> gusset::Result<()> {
            let mut instance = linker.instance($interface)?;
            $($crate::p2::interface!(@ $kind instance, $interface, $name, $item $(, $code)?);)*
            Ok(())
        }

        #[cfg(feature = "async")]
        pub(in crate::p2) fn add_to_linker_async<T: $crate::p2::WasiView + 'static>(
            linker: &mut gusset::Linker<T>,
        ) -> gusset::Result<()> {
            let mut instance = linker.instance($interface)?;
            $($crate::p2::interface!(@async $kind instance, $interface, $name, $item $(, $code)?);)*
            Ok(())
        }
    };
    (@ resource $instance:ident, $interface:literal, $name:literal, $type:path) => {
        $instance.resource($name, gusset::ResourceType::host::<$type>(), |mut store, rep| {
            let dropped = gusset::Resource::<$type>::new_own(rep);
            let deleted = $crate::p2::enter(&mut store).table.delete(dropped);
            gusset::Context::with_context(deleted.map(drop), || {
                concat!("a `", $name, "` of `", $interface, "` cannot be dropped")
            })
        })?
    };
    (@ function $instance:ident, $interface:literal, $name:literal, $function:path $(, $code:path)?) => {
        $instance.func_wrap($name, |mut store, params| {
            let outcome = $function(&mut $crate::p2::enter(&mut store), params);
            $crate::p2::interface!(@told outcome, $interface, $name $(, $code)?)
        })?
    };
    (@ waits $instance:ident, $interface:literal, $name:literal, $function:path $(, $code:path)?) => {
        $instance.func_wrap($name, |mut store, params| {
            let mut view = $crate::p2::enter(&mut store);
            let outcome = $crate::p2::at_once($function(&mut view, params, $crate::p2::OnThread));
            $crate::p2::interface!(@told outcome, $interface, $name $(, $code)?)
        })?
    };
    (@async waits $instance:ident, $interface:literal, $name:literal, $function:path $(, $code:path)?) => {
        $instance.func_wrap_async($name, |mut store, params| {
            Box::new(async move {
                let mut view = $crate::p2::enter(&mut store);
                let outcome = $function(&mut view, params, $crate::p2::OnExecutor).await;
                $crate::p2::interface!(@told outcome, $interface, $name $(, $code)?)
            })
        })?
    };
    (@async $kind:ident $($row:tt)*) => { $crate::p2::interface!(@ $kind $($row)*) };
    (@told $outcome:ident, $interface:literal, $name:literal) => {
        $crate::p2::refused($interface, $name, $outcome)
    };
    (@told $outcome:ident, $interface:literal, $name:literal, $code:path) => {
        $crate::p2::told($outcome, $code)
    };
}

/// Makes the same functions of those of several modules.
macro_rules! interfaces {
    ($($module:ident),*) => {
        pub(in crate::p2) fn add_to_linker<T: $crate::p2::WasiView + 'static>(
            linker: &mut gusset::Linker<T>,
        ) -> gusset::Result<()> {
            $($module::add_to_linker(linker)?;)*
            Ok(())
        }

        #[cfg(feature = "async")]
        pub(in crate::p2) fn add_to_linker_async<T: $crate::p2::WasiView + 'static>(
            linker: &mut gusset::Linker<T>,
        ) -> gusset::Result<()> {
            $($module::add_to_linker_async(linker)?;)*
            Ok(())
        }
    };
}

pub(crate) use {interface, interfaces};
