//! Functions of the host that wait, and instances of modules that import them.

use super::Linker;
use crate::async_call::wait_for;
use crate::core::{Caller, Instance, Module, Val, WasmRet, WasmTyList};
use crate::error::Result;
use crate::store::AsContextMut;
use gusset_artifact::CoreFuncType;

impl<T: 'static> Linker<T> {
    /// Defines a name as a closure of the host's over Rust values that waits: the future that it returns has the store, by a [`Caller`], until
    /// it is done. Parameters and results are each a [`WasmTy`](crate::core::WasmTy) or a tuple of them.
    ///
    /// Its guest waits with it, which must have been entered by a `call_async` ([`Func::call_async`](crate::core::Func::call_async)) or
    /// `instantiate_async`, and not by a `call` from within a function of the host; else a call of it is an error that says so.
    ///
    /// ```
    /// use gusset::{Engine, core::{Caller, Linker}};
    /// let mut linker = Linker::<u64>::new(&Engine::default());
    /// linker.func_wrap_async("host", "add", |mut caller: Caller<'_, u64>, (x, y): (u64, u64)| {
    ///     Box::new(async move {
    ///         std::future::ready(()).await;
    ///         *caller.data_mut() += 1; // Counts calls.
    ///         x.wrapping_add(y)
    ///     })
    /// })?;
    /// # Ok::<(), gusset::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the name is defined already.
    pub fn func_wrap_async<P, R, F>(&mut self, module: &str, name: &str, func: F) -> Result<&mut Linker<T>>
    where
        F: for<'a> Fn(Caller<'a, T>, P) -> Box<dyn Future<Output = R> + Send + 'a> + Send + Sync + 'static,
        P: WasmTyList + 'static,
        R: WasmRet + 'static,
    {
        let path = format!("{module}::{name}");
        self.func_wrap_list(module, name, move |caller: Caller<'_, T>, params: P| {
            wait_for(&path, || Box::into_pin(func(caller, params)))
        })
    }

    /// Defines a name as a closure of the host's that waits: as [`func_new`](Linker::func_new) and
    /// [`func_wrap_async`](Linker::func_wrap_async).
    ///
    /// # Errors
    ///
    /// When the name is defined already, or the signature is not supported.
    pub fn func_new_async<F>(&mut self, module: &str, name: &str, ty: CoreFuncType, func: F) -> Result<&mut Linker<T>>
    where
        F: for<'a> Fn(Caller<'a, T>, &'a [Val], &'a mut [Val]) -> Box<dyn Future<Output = Result<()>> + Send + 'a>
            + Send
            + Sync
            + 'static,
    {
        let path = format!("{module}::{name}");
        self.func_new(module, name, ty, move |caller: Caller<'_, T>, params: &[Val], results: &mut [Val]| {
            wait_for(&path, || Box::into_pin(func(caller, params, results)))?
        })
    }

    /// [`instantiate`](Linker::instantiate) of a module whose start function may wait; see
    /// [`Func::call_async`](crate::core::Func::call_async).
    ///
    /// # Errors
    ///
    /// As for [`instantiate`](Linker::instantiate), and when there is no stack for it.
    pub async fn instantiate_async(&self, mut store: impl AsContextMut<Data = T>, module: &Module) -> Result<Instance>
    where
        T: Send,
    {
        store.as_context_mut().on_fiber(|store| self.instantiate(store, module)).await
    }
}
