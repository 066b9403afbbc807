//! What a table of an interface's functions is made into: host functions of a linker.

use super::{WasiCtxView, WasiView};
use crate::error::{ErrorCode, WasiError, WasiResult};
use gusset::{AsContext, Error, ResourceTableError, Result, StoreContextMut};

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

/// Why a function fails whose interface has errors of its own.
pub(crate) enum Failure<E> {
    Told(E),
    Stop(Error),
}

impl<E> Failure<E> {
    /// What such a function leaves.
    #[inline]
    pub(crate) fn tell<R>(outcome: Result<R, Failure<E>>) -> Result<(Result<R, E>,)> {
        match outcome {
            Ok(result) => Ok((Ok(result),)),
            Err(Failure::Told(error)) => Ok((Err(error),)),
            Err(Failure::Stop(error)) => Err(error),
        }
    }
}

impl<E: From<ErrorCode>> From<WasiError> for Failure<E> {
    fn from(error: WasiError) -> Failure<E> {
        match error {
            WasiError::Code(code) => Failure::Told(code.into()),
            WasiError::Stop(error) => Failure::Stop(error),
        }
    }
}

/// A guest that has handles of what is not there, or too many, is at fault or has met a limit of its host's.
impl<E> From<ResourceTableError> for Failure<E> {
    fn from(error: ResourceTableError) -> Failure<E> {
        Failure::Stop(error.into())
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
///     ends "pipe": OpenPipe, finish;
///     function "now": now;
///     function "[method]file.flags": flags, error_code;
///     waits "[method]file.read": read, error_code;
///     tells "[method]file.name": name;
/// } }
/// ```
///
/// the functions `add_to_linker` and, in a runtime, `add_to_linker_async`. A resource is dropped out of the table; where what it `ends` with may have to
/// wait, a function is given what was dropped. A function is given the view and the parameters as a tuple; what it `waits` for, or does in the meantime,
/// it says by [`Waits`](super::Waits), over which it is generic. It returns the results as a tuple, or, where there is a function for its codes, the
/// result of success alone. One that `tells` has failures that are no codes of the policy layer's.
///
/// Where the functions are given more than that view, and none waits, the trait and what makes the view are named: `interface! { "wasi:example/web@0.2.12"
/// for WebView, by enter { .. } }` makes `add_to_linker`, which serves both ways.
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
    ($interface:literal for $view:path, by $enter:path {
        $($kind:ident $name:literal: $item:path $(, $code:path)?;)*
    }) => {
        pub(super) fn add_to_linker<T: $view + 'static>(linker: &mut gusset::Linker<T>) -> gusset::Result<()> {
            let mut instance = linker.instance($interface)?;
            $($crate::p2::interface!(@by $enter, $kind instance, $interface, $name, $item $(, $code)?);)*
            Ok(())
        }
    };
    (@ resource $($row:tt)*) => { $crate::p2::interface!(@by $crate::p2::enter, resource $($row)*) };
    (@ function $($row:tt)*) => { $crate::p2::interface!(@by $crate::p2::enter, function $($row)*) };
    (@by $enter:path, resource $instance:ident, $interface:literal, $name:literal, $type:path) => {
        $instance.resource($name, gusset::ResourceType::host::<$type>(), |mut store, rep| {
            let view = $enter(&mut store);
            $crate::p2::interface!(@drop view, $interface, $name, $type, rep).map(drop)
        })?
    };
    (@ ends $instance:ident, $interface:literal, $name:literal, $type:path, $end:path) => {
        $instance.resource($name, gusset::ResourceType::host::<$type>(), |mut store, rep| {
            let mut view = $crate::p2::enter(&mut store);
            let dropped = $crate::p2::interface!(@drop view, $interface, $name, $type, rep)?;
            let ended = $crate::p2::at_once($end(&mut view, dropped, $crate::p2::OnThread));
            $crate::p2::refused($interface, concat!("[resource-drop]", $name), ended)
        })?
    };
    (@by $enter:path, function $instance:ident, $interface:literal, $name:literal, $function:path $(, $code:path)?) => {
        $instance.func_wrap($name, |mut store, params| {
            let outcome = $function(&mut $enter(&mut store), params);
            $crate::p2::interface!(@told outcome, $interface, $name $(, $code)?)
        })?
    };
    (@ tells $instance:ident, $interface:literal, $name:literal, $function:path) => {
        $instance.func_wrap($name, |mut store, params| {
            $crate::p2::Failure::tell($function(&mut $crate::p2::enter(&mut store), params))
        })?
    };
    (@ waits $instance:ident, $interface:literal, $name:literal, $function:path $(, $code:path)?) => {
        $instance.func_wrap($name, |mut store, params| {
            let mut view = $crate::p2::enter(&mut store);
            let outcome = $crate::p2::at_once($function(&mut view, params, $crate::p2::OnThread));
            $crate::p2::interface!(@told outcome, $interface, $name $(, $code)?)
        })?
    };
    (@async ends $instance:ident, $interface:literal, $name:literal, $type:path, $end:path) => {
        $instance.resource_async($name, gusset::ResourceType::host::<$type>(), |mut store, rep| {
            Box::new(async move {
                let mut view = $crate::p2::enter(&mut store);
                let dropped = $crate::p2::interface!(@drop view, $interface, $name, $type, rep)?;
                let ended = $end(&mut view, dropped, $crate::p2::OnExecutor).await;
                $crate::p2::refused($interface, concat!("[resource-drop]", $name), ended)
            })
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
    (@drop $view:ident, $interface:literal, $name:literal, $type:path, $rep:ident) => {
        gusset::Context::with_context($view.table.delete(gusset::Resource::<$type>::new_own($rep)), || {
            concat!("a `", $name, "` of `", $interface, "` cannot be dropped")
        })
    };
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
