//! [`Func`]: a core function.

use super::into_func::{type_of, typed_host_func};
use super::val::Val;
use super::{Caller, IntoFunc, TypedFunc, WasmRet, WasmTyList};
use crate::async_call::wait_for;
use crate::error::{Result, bail};
use crate::signatures::RegisteredSignature;
use crate::store::{AsContext, AsContextMut, StoreContextMut};
use crate::vm::{FuncHandle, HostFunc, RawValue, VmStore};
use gusset_artifact::{CoreFuncType, CoreValType};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// A core [function] of a store: a guest's or the host's.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// use gusset::core::{Func, FuncType, Val, ValType};
/// use gusset::{Engine, Store};
/// let mut store = Store::new(&Engine::default(), 0);
/// let ty = FuncType { params: [ValType::I32].into(), results: [ValType::I64].into() };
/// let widen = Func::new(&mut store, ty, |mut store, params, results| {
///     *store.data_mut() += 1; // Counts calls.
///     if let [Val::I32(value)] = params {
///         results[0] = Val::I64(i64::from(*value));
///     }
///     Ok(())
/// })?;
/// let mut results = [Val::I64(0)];
/// widen.call(&mut store, &[Val::I32(-7)], &mut results)?;
/// assert_eq!((results, *store.data()), ([Val::I64(-7)], 1));
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
///
/// [function]: https://webassembly.github.io/spec/core/appendix/embedding.html#embed-func
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Func(FuncHandle);

impl Func {
    /// A function that is the host's closure. The closure gets its arguments and a place for each result, which holds
    /// the default of its type until it is written; what is not of the result's type then is an error.
    ///
    /// # Errors
    ///
    /// When the signature is not supported.
    pub fn new<T: 'static>(
        mut store: impl AsContextMut<Data = T>,
        ty: CoreFuncType,
        func: impl Fn(StoreContextMut<'_, T>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static,
    ) -> Result<Func> {
        let store = store.as_context_mut().0;
        let signature = store.vm.engine().signatures().register(&ty)?;
        let func = host_func(&signature, func);
        Ok(Func(store.add_host_func(signature, move |store, values| func(store, values))))
    }

    /// A function that is the host's closure over Rust values, whose types are the function's: see [`IntoFunc`]. Its
    /// [`Caller`](super::Caller) knows no instance.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// use gusset::core::{Caller, Func};
    /// use gusset::{Engine, Store};
    /// let mut store = Store::new(&Engine::default(), 0);
    /// let divide = Func::wrap(&mut store, |mut caller: Caller<'_, u32>, dividend: u32, divisor: u32| {
    ///     *caller.data_mut() += 1; // Counts calls.
    ///     match divisor {
    ///         0 => Err(gusset::format_err!("division by 0")),
    ///         _ => Ok((dividend / divisor, dividend % divisor)),
    ///     }
    /// });
    /// let divide = divide.typed::<(u32, u32), (u32, u32)>(&store)?;
    /// assert_eq!(divide.call(&mut store, (17, 5))?, (3, 2));
    /// assert_eq!(divide.call(&mut store, (1, 0)).unwrap_err().to_string(), "division by 0");
    /// assert_eq!(*store.data(), 2);
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub fn wrap<T: 'static, Params, Results>(
        mut store: impl AsContextMut<Data = T>,
        func: impl IntoFunc<T, Params, Results>,
    ) -> Func {
        let store = store.as_context_mut().0;
        let signature = store.vm.engine().signatures().register_closed(&type_of(&func));
        let func = typed_host_func(func.into(), None);
        Func(store.add_host_func(signature, move |store, values| func(store, values)))
    }

    /// A function that is the host's closure over Rust values, and waits: as
    /// [`Linker::func_wrap_async`](super::Linker::func_wrap_async). Its [`Caller`](super::Caller) knows no instance.
    ///
    /// ```
    /// use gusset::core::{Caller, Func};
    /// use gusset::{Engine, Store};
    /// use std::pin::pin;
    /// use std::task::{Context, Poll, Waker};
    /// let mut store = Store::new(&Engine::default(), 3);
    /// let add = Func::wrap_async(&mut store, |caller: Caller<'_, i32>, (x,): (i32,)| {
    ///     Box::new(async move {
    ///         std::future::ready(()).await;
    ///         caller.data() + x
    ///     })
    /// });
    /// let add = add.typed::<i32, i32>(&store)?;
    /// let mut call = pin!(add.call_async(&mut store, 4));
    /// let polled = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    /// assert!(matches!(polled, Poll::Ready(Ok(7))));
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub fn wrap_async<T: 'static, P, R, F>(mut store: impl AsContextMut<Data = T>, func: F) -> Func
    where
        F: for<'a> Fn(Caller<'a, T>, P) -> Box<dyn Future<Output = R> + Send + 'a> + Send + Sync + 'static,
        P: WasmTyList + 'static,
        R: WasmRet + 'static,
    {
        let store = store.as_context_mut().0;
        let ty = CoreFuncType { params: P::TYPES.into(), results: R::TYPES.into() };
        let signature = store.vm.engine().signatures().register_closed(&ty);
        let func = move |mut store: StoreContextMut<'_, T>, values: &mut [RawValue]| {
            let params = P::read(&mut store.0.vm, values)?;
            let caller = Caller::new(store.as_context_mut(), None);
            let results = wait_for("a function by itself", || Box::into_pin(func(caller, params)))?;
            results.write(&mut store.0.vm, values)
        };
        Func(store.add_host_func(signature, func))
    }

    /// The same function with Rust types: `P` for the parameters and `R` for the results, each a [`WasmTy`](super::WasmTy) or a
    /// tuple of them. References need not be of the very type: an `Option<Func>` stands for what a `(ref null $signature)` is, and a `Func` can be
    /// passed for it; calls look whether a function is of that signature.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// use gusset::core::Func;
    /// use gusset::{Engine, Store};
    /// let mut store = Store::new(&Engine::default(), ());
    /// let widen = Func::wrap(&mut store, |value: i32| i64::from(value));
    /// assert_eq!(widen.typed::<i32, i64>(&store)?.call(&mut store, -7)?, -7);
    /// let error = widen.typed::<(i32, i32), ()>(&store).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "the function's type is (func (param i32) (result i64)), but the Rust types stand for (func (param i32 i32))"
    /// );
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the types are not the function's, or it is of another store.
    pub fn typed<P: WasmTyList, R: WasmTyList>(&self, store: impl AsContext) -> Result<TypedFunc<P, R>> {
        let vm = &store.as_context().0.vm;
        TypedFunc::new(*self, vm.func_type(self.handle(vm)?))
    }

    /// The type.
    ///
    /// # Errors
    ///
    /// When the function is of another store.
    pub fn ty(&self, store: impl AsContext) -> Result<CoreFuncType> {
        let vm = &store.as_context().0.vm;
        Ok(vm.func_type(self.handle(vm)?).as_ref().clone())
    }

    /// Calls the function: [invocation].
    ///
    /// # Errors
    ///
    /// When the arguments or the number of results are not of its type, a [`Trap`](crate::Trap), what a host
    /// function returned, or its panic, a [`HostPanic`](crate::HostPanic). A core instance can be entered again after that.
    ///
    /// # Panics
    ///
    /// When this is itself a host function, and panics: no guest is in between.
    ///
    /// [invocation]: https://webassembly.github.io/spec/core/exec/modules.html#invocation
    pub fn call(&self, mut store: impl AsContextMut, params: &[Val], results: &mut [Val]) -> Result<()> {
        let store = store.as_context_mut().0;
        let func = self.handle(&store.vm)?;
        let ty = store.vm.func_type(func).clone();
        if (ty.params.len(), ty.results.len()) != (params.len(), results.len()) {
            bail!(
                "a function of {} parameters and {} results was called with {} and {}",
                ty.params.len(),
                ty.results.len(),
                params.len(),
                results.len()
            );
        }
        let values = &mut Values::new(params.len().max(results.len()), RawValue::default());
        write_values(&mut store.vm, &ty.params, params, values)?;
        store.call_core(func, values)?;
        read_values(&mut store.vm, &ty.results, values, results)
    }

    /// [`call`](Func::call) of a guest that may wait: for functions of the host that
    /// [wait](super::Linker::func_wrap_async), and for its [turn](crate::Store::epoch_deadline_async_yield_and_update). The
    /// future runs it when it is polled, on the thread that polls and on a stack of its own
    /// ([`Config::async_stack_size`](crate::Config::async_stack_size)).
    ///
    /// Dropped before it is done, it ends the call: what a host function waits for is dropped, and the guests are left as by a trap.
    ///
    /// # Errors
    ///
    /// As for [`call`](Func::call), and when there is no stack for it
    /// ([`PoolingConfig::total_stacks`](crate::PoolingConfig::total_stacks)).
    ///
    /// # Panics
    ///
    /// As there.
    pub async fn call_async(
        &self,
        mut store: impl AsContextMut<Data: Send>,
        params: &[Val],
        results: &mut [Val],
    ) -> Result<()> {
        store.as_context_mut().on_fiber(|store| self.call(store, params, results)).await
    }

    pub(crate) fn from_handle(handle: FuncHandle) -> Func {
        Func(handle)
    }

    pub(crate) fn handle(self, vm: &VmStore) -> Result<FuncHandle> {
        if !self.0.belongs_to(vm.id()) {
            bail!("a function of one store was used with another");
        }
        Ok(self.0)
    }
}

/// A host function over values with types.
pub(super) fn host_func<T: 'static>(
    signature: &RegisteredSignature,
    func: impl Fn(StoreContextMut<'_, T>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static,
) -> HostFunc<T> {
    let ty = signature.ty.clone();
    Arc::new(move |mut store, values| {
        let params = &mut Values::new(ty.params.len(), Val::I32(0));
        read_values(&mut store.0.vm, &ty.params, values, params)?;
        let results = &mut Values::new(ty.results.len(), Val::I32(0));
        for (result, &ty) in results.iter_mut().zip(&ty.results) {
            *result = Val::default_of(ty).unwrap_or(Val::I32(0));
        }
        func(store.as_context_mut(), params, results)?;
        write_values(&mut store.0.vm, &ty.results, results, values)
    })
}

/// How many values a call passes without a vector.
const FEW: usize = 8;

/// The values of a call.
enum Values<V> {
    Few([V; FEW], usize),
    Many(Vec<V>),
}

impl<V: Copy> Values<V> {
    fn new(count: usize, value: V) -> Values<V> {
        if count <= FEW { Values::Few([value; FEW], count) } else { Values::Many(vec![value; count]) }
    }
}

impl<V> Deref for Values<V> {
    type Target = [V];

    fn deref(&self) -> &[V] {
        match self {
            Values::Few(values, count) => &values[..*count],
            Values::Many(values) => values,
        }
    }
}

impl<V> DerefMut for Values<V> {
    fn deref_mut(&mut self) -> &mut [V] {
        match self {
            Values::Few(values, count) => &mut values[..*count],
            Values::Many(values) => values,
        }
    }
}

fn write_values(vm: &mut VmStore, types: &[CoreValType], from: &[Val], to: &mut [RawValue]) -> Result<()> {
    for ((&ty, value), raw) in types.iter().zip(from).zip(to) {
        *raw = value.to_raw(vm, ty)?;
    }
    Ok(())
}

fn read_values(vm: &mut VmStore, types: &[CoreValType], from: &[RawValue], to: &mut [Val]) -> Result<()> {
    for ((&ty, &raw), value) in types.iter().zip(from).zip(to) {
        *value = Val::from_raw(vm, ty, raw)?;
    }
    Ok(())
}
