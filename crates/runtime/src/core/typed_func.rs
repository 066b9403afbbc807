//! [`TypedFunc`]: calls of core functions without a [`Val`](super::Val) in between.

use super::{Func, Ref, WasmTyList};
use crate::core_text::describe_func;
use crate::error::{Result, bail};
use crate::store::AsContextMut;
use crate::vm::RawValue;
use gusset_artifact::{CoreFuncType, CoreValType};
use std::fmt;
use std::marker::PhantomData;

/// The most values that a list of Rust types has.
const MAX_VALUES: usize = 16;

/// A core function with Rust types: `P` for the parameters and `R` for the results. [`Func::typed`] and
/// [`Instance::get_typed_func`](super::Instance::get_typed_func) make one.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// use gusset::core::{Instance, Module};
/// use gusset::{Engine, Store};
/// let engine = Engine::default();
/// let module = Module::new(&engine, r#"(module
///     (func (export "swap") (param i32 f64) (result f64 i32) (local.get 1) (local.get 0)))"#)?;
/// let mut store = Store::new(&engine, ());
/// let instance = Instance::new(&mut store, &module, &[])?;
/// let swap = instance.get_typed_func::<(u32, f64), (f64, u32)>(&mut store, "swap")?;
/// assert_eq!(swap.call(&mut store, (7, 0.5))?, (0.5, 7));
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
pub struct TypedFunc<P, R> {
    func: Func,
    types: PhantomData<fn(P) -> R>,
}

/// Whether values of types `from` may be passed where those of `to` are wanted. Which functions are of a signature, and that there is
/// nothing but null of an empty type, is looked at in each call.
fn all_pass(from: &[CoreValType], to: &[CoreValType]) -> bool {
    let passes = |(from, to): (&CoreValType, &CoreValType)| match (from, to) {
        (CoreValType::Ref(from), CoreValType::Ref(to)) => {
            (to.nullable || !from.nullable) && Ref::null(from.heap) == Ref::null(to.heap)
        }
        (from, to) => from == to,
    };
    from.len() == to.len() && from.iter().zip(to).all(passes)
}

impl<P: WasmTyList, R: WasmTyList> TypedFunc<P, R> {
    /// `func` is of type `ty`.
    pub(super) fn new(func: Func, ty: &CoreFuncType) -> Result<TypedFunc<P, R>> {
        if !(all_pass(P::TYPES, &ty.params) && all_pass(&ty.results, R::TYPES)) {
            let rust = CoreFuncType { params: P::TYPES.into(), results: R::TYPES.into() };
            let (ty, rust) = (describe_func(ty), describe_func(&rust));
            bail!("the function's type is {ty}, but the Rust types stand for {rust}");
        }
        Ok(TypedFunc { func, types: PhantomData })
    }

    /// Calls the function: [invocation].
    ///
    /// # Errors
    ///
    /// A [`Trap`](crate::Trap), what a host function returned, or its panic, a [`HostPanic`](crate::HostPanic). A core instance
    /// can be entered again after that. And when the function, or one that is passed, is of another store.
    ///
    /// # Panics
    ///
    /// When this is itself a host function, and panics: no guest is in between.
    ///
    /// [invocation]: https://webassembly.github.io/spec/core/exec/modules.html#invocation
    pub fn call(&self, mut store: impl AsContextMut, params: P) -> Result<R> {
        let store = store.as_context_mut().0;
        let func = self.func.handle(&store.vm)?;
        let values = &mut [RawValue::default(); MAX_VALUES][..P::TYPES.len().max(R::TYPES.len())];
        params.write(&mut store.vm, values)?;
        store.call_core(func, values)?;
        R::read(&mut store.vm, values)
    }

    /// [`call`](TypedFunc::call) of a guest that may wait; see [`Func::call_async`].
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Panics
    ///
    /// As there.
    pub async fn call_async(&self, mut store: impl AsContextMut<Data: Send>, params: P) -> Result<R> {
        store.as_context_mut().on_fiber(|store| self.call(store, params)).await
    }

    /// The function.
    pub fn func(&self) -> Func {
        self.func
    }
}

impl<P, R> Clone for TypedFunc<P, R> {
    fn clone(&self) -> TypedFunc<P, R> {
        *self
    }
}

impl<P, R> Copy for TypedFunc<P, R> {}

impl<P, R> fmt::Debug for TypedFunc<P, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TypedFunc").field(&self.func).finish()
    }
}
