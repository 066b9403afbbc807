//! [`IntoFunc`]: closures over Rust values that become host functions.

#![allow(private_interfaces, reason = "the sealed traits are public, and nobody outside can name them")]

use super::caller::{Caller, Importer};
use super::wasm_ty::sealed::List;
use super::wasm_ty::{WasmRet, WasmTy, for_each_tuple};
use crate::error::Result;
use crate::vm::{HostFunc, RawValue};
use gusset_artifact::CoreFuncType;
use std::sync::Arc;

/// A closure that [`Linker::func_wrap`](super::Linker::func_wrap) and [`Func::wrap`](super::Func::wrap) take: `Fn(A1, .., An) -> R` or
/// `Fn(Caller<'_, T>, A1, .., An) -> R`, with up to 16 parameters that are [`WasmTy`] and an `R` that is [`WasmRet`]. Its types
/// are the function's type. A call allocates nothing, and makes no [`Val`](super::Val)s.
///
/// What the trait consists of is not public: what is such a closure implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no closure over core values",
    note = "parameters are core values, up to 16, after a `Caller<'_, T>` or without; the result is a core value, a tuple of \
            core values, or a `gusset::Result` of one of these"
)]
pub trait IntoFunc<T: 'static, Params, Results>: sealed::Closure<T, Params, Results> {}

impl<T: 'static, P, R, F: sealed::Closure<T, P, R>> IntoFunc<T, P, R> for F {}

mod sealed {
    use super::*;

    pub trait Closure<T: 'static, Params, Results>: Send + Sync + 'static {
        fn ty() -> CoreFuncType;

        /// Calls it with the parameters in `values`, and leaves its results there: there is room for the more numerous of the two.
        fn call(&self, caller: Caller<'_, T>, values: &mut [RawValue]) -> Result<()>;
    }
}

/// The type of a closure.
pub(super) fn type_of<T: 'static, P, R, F: IntoFunc<T, P, R>>(_: &F) -> CoreFuncType {
    F::ty()
}

/// The host function that a closure is for an importer.
pub(super) fn typed_host_func<T: 'static, P, R, F: IntoFunc<T, P, R>>(
    func: Arc<F>,
    importer: Option<Importer>,
) -> HostFunc<T> {
    Arc::new(move |store, values| func.call(Caller::new(store, importer.as_ref()), values))
}

macro_rules! closures {
    ($(($($a:ident)*))*) => {$(
        impl<T: 'static, $($a: WasmTy,)* R: WasmRet, F> sealed::Closure<T, ($($a,)*), R> for F
        where
            F: Fn($($a),*) -> R + Send + Sync + 'static,
        {
            fn ty() -> CoreFuncType {
                CoreFuncType { params: <($($a,)*) as List>::TYPES.into(), results: R::TYPES.into() }
            }

            #[inline]
            #[allow(non_snake_case, reason = "a value is called as its type")]
            fn call(&self, mut caller: Caller<'_, T>, values: &mut [RawValue]) -> Result<()> {
                let ($($a,)*) = List::read(caller.vm(), values)?;
                self($($a),*).write(caller.vm(), values)
            }
        }

        impl<T: 'static, $($a: WasmTy,)* R: WasmRet, F> sealed::Closure<T, (Caller<'_, T>, $($a,)*), R> for F
        where
            F: Fn(Caller<'_, T>, $($a),*) -> R + Send + Sync + 'static,
        {
            fn ty() -> CoreFuncType {
                CoreFuncType { params: <($($a,)*) as List>::TYPES.into(), results: R::TYPES.into() }
            }

            #[inline]
            #[allow(non_snake_case, reason = "a value is called as its type")]
            fn call(&self, mut caller: Caller<'_, T>, values: &mut [RawValue]) -> Result<()> {
                let ($($a,)*) = List::read(caller.vm(), values)?;
                self(caller.reborrow(), $($a),*).write(caller.vm(), values)
            }
        }
    )*};
}

for_each_tuple!(closures);
