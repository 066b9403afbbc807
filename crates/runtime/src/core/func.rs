//! [`Func`]: a core function.

use super::val::Val;
use crate::error::{Result, bail};
use crate::store::{AsContext, AsContextMut, StoreContextMut};
use crate::vm::{FuncHandle, HostFunc, RawValue, VmStore};
use gusset_artifact::{CoreFuncType, CoreValType};
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
        Ok(Func(store.add_host_func(signature, host_func(ty, func))))
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
        let count = params.len().max(results.len());
        let (mut few, mut many) = ([RawValue::default(); 8], Vec::new());
        let values = match few.get_mut(..count) {
            Some(values) => values,
            None => {
                many.resize(count, RawValue::default());
                &mut many[..]
            }
        };
        write_values(&mut store.vm, &ty.params, params, values)?;
        store.call_core(func, values)?;
        read_values(&mut store.vm, &ty.results, values, results)
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
    ty: CoreFuncType,
    func: impl Fn(StoreContextMut<'_, T>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static,
) -> HostFunc<T> {
    Arc::new(move |mut store, values| {
        let vm = &mut store.0.vm;
        let mut params = Vec::with_capacity(ty.params.len());
        for (&ty, &raw) in ty.params.iter().zip(&*values) {
            params.push(Val::from_raw(vm, ty, raw)?);
        }
        let default = |&ty: &CoreValType| Val::default_of(ty).unwrap_or(Val::I32(0));
        let mut results: Vec<Val> = ty.results.iter().map(default).collect();
        func(store.as_context_mut(), &params, &mut results)?;
        write_values(&mut store.0.vm, &ty.results, &results, values)
    })
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
