//! [`Exception`]: what a guest threw and no guest caught, and what a host function throws.

use super::exn_ref::{ExnRef, parts, raw_values};
use super::tag::Tag;
use super::val::Val;
use crate::error::{Error, Result, with_backtrace};
use crate::store::AsContextMut;
use crate::trap::{Trap, WasmBacktrace};
use crate::vm::VmStore;
use gusset_types::TrapCode;
use std::fmt;

/// An [exception] on its way through the host: the payload of the [`Error`](crate::Error) of a call whose guest threw it and did not
/// catch it, and of that by which a host function throws one.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// use gusset::core::{Caller, Exception, Linker, Module, Tag, FuncType, Val, ValType};
/// use gusset::{Engine, Result, Store};
/// let engine = Engine::default();
/// let module = Module::new(&engine, r#"(module
///     (import "host" "tag" (tag $tag (param i32)))
///     (import "host" "check" (func $check (param i32)))
///     (func (export "run") (param i32) (result i32)
///         (block $caught (result i32)
///             (try_table (catch $tag $caught) (call $check (local.get 0)))
///             (throw $tag (i32.const 1)))))"#)?;
/// let mut store = Store::new(&engine, ());
/// let tag = Tag::new(&mut store, &FuncType { params: [ValType::I32].into(), results: [].into() })?;
/// let mut linker = Linker::<()>::new(&engine);
/// linker.define("host", "tag", tag)?;
/// linker.func_wrap("host", "check", move |mut caller: Caller<'_, ()>, number: i32| -> Result<()> {
///     if number < 0 { Err(Exception::new(&mut caller, tag, &[Val::I32(-number)])?)? }
///     Ok(())
/// })?;
/// let instance = linker.instantiate(&mut store, &module)?;
/// let run = instance.get_typed_func::<i32, i32>(&mut store, "run")?;
/// // The host throws, and the guest catches.
/// assert_eq!(run.call(&mut store, -7)?, 7);
/// // The guest throws, and nobody does.
/// let error = run.call(&mut store, 7).unwrap_err();
/// let exception = error.downcast_ref::<Exception>().expect("it is not caught");
/// assert_eq!((exception.tag(), exception.values()), (tag, &[Val::I32(1)][..]));
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
///
/// Values that are references are good as long as other handles of the scope that it arrives in: see [`ExternRef`](super::ExternRef).
///
/// What calls between components is left by one is a [`Trap`](crate::Trap): exceptions do not pass from one to another.
///
/// [exception]: https://webassembly.github.io/spec/core/exec/runtime.html#exception-instances
#[derive(Clone, PartialEq, Debug)]
pub struct Exception {
    tag: Tag,
    values: Box<[Val]>,
}

impl Exception {
    /// An exception with these values. It is thrown when a host function returns it as its error.
    ///
    /// # Errors
    ///
    /// When the tag is of another store, or the values are not of its type.
    pub fn new(mut store: impl AsContextMut, tag: Tag, values: &[Val]) -> Result<Exception> {
        let vm = &mut store.as_context_mut().0.vm;
        let handle = tag.handle(vm)?;
        raw_values(vm, handle, values)?;
        Ok(Exception { tag, values: values.into() })
    }

    /// Its tag.
    pub fn tag(&self) -> Tag {
        self.tag
    }

    /// Its values, of the types that the tag has for parameters.
    pub fn values(&self) -> &[Val] {
        &self.values
    }

    /// A reference to an exception with its tag and values, which guests can throw.
    ///
    /// # Errors
    ///
    /// As for [`ExnRef::new`].
    pub fn to_exn_ref(&self, mut store: impl AsContextMut) -> Result<ExnRef> {
        ExnRef::from_values(&mut store.as_context_mut().0.vm, self.tag, &self.values)
    }

    /// What a guest threw and did not catch.
    pub(crate) fn of_guest(vm: &mut VmStore, reference: u32) -> Result<Exception> {
        let (tag, values) = parts(vm, reference)?;
        Ok(Exception { tag, values: values.into() })
    }

    /// What a call of a component's function failed with: no exception passes its boundary.
    pub(crate) fn into_trap(error: Error) -> Error {
        if !error.is::<Exception>() {
            return error;
        }
        let backtrace = WasmBacktrace::of(&error).cloned().unwrap_or_default();
        with_backtrace(Trap::new(TrapCode::UncaughtException).into(), backtrace)
    }

    /// Makes it one of the store, which is about to be thrown.
    pub(crate) fn throw(&self, vm: &mut VmStore) -> Result<u32> {
        let tag = self.tag.handle(vm)?;
        let values = raw_values(vm, tag, &self.values)?;
        vm.throw(tag, &values)
    }
}

/// That it is one, and its values.
impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("uncaught wasm exception")?;
        for (at, value) in self.values.iter().enumerate() {
            f.write_str(if at == 0 { " with the values " } else { ", " })?;
            match value {
                Val::I32(value) => write!(f, "{value}")?,
                Val::I64(value) => write!(f, "{value}")?,
                Val::F32(bits) => write!(f, "{}", f32::from_bits(*bits))?,
                Val::F64(bits) => write!(f, "{}", f64::from_bits(*bits))?,
                Val::V128(bits) => write!(f, "{bits:#034x}")?,
                Val::Ref(reference) if reference.is_null() => f.write_str("null")?,
                Val::Ref(_) => f.write_str("a reference")?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for Exception {}
