//! [`Func`]: an exported function, with values as `Val`s.

use crate::canon::{LiftList, LowerList, ResultVal, TypeList, Vals};
use crate::component_instance::ExportTarget;
use crate::error::{Error, Result, bail, format_err};
use crate::host_func::{HostFunction, PassedCall, RunningCall, typed_mismatch};
use crate::instance::Instance;
use crate::lifted_func::LiftedFunc;
use crate::store::{AsContext, AsContextMut, StoreContext, StoreContextMut};
use crate::type_scope::{TypeScope, TypeTables};
use crate::typed::{FEW_VALUES, TypedFunc, ValueList};
use crate::types::{ComponentFunc, Type};
use crate::val::{Val, check};
use crate::vm::{EnteredBy, RawValue, StackLimit};
use gusset_artifact::ImportIndex;
use gusset_types::{AdapterName, FuncTypeIndex, MAX_FLAT_PARAMS, Printable, cut_name};
use std::sync::Arc;

/// A function that a component instance exports, with values as [`Val`]s. Cheap to copy; the store owns what it stands
/// for.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// # use gusset::{Component, Engine, Linker, Store};
/// use gusset::Val;
/// # let engine = Engine::default();
/// # let component = Component::new(&engine, r#"(component
/// #     (core module $m (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
/// #     (core instance $i (instantiate $m))
/// #     (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "add"))))"#)?;
/// # let mut store = Store::new(&engine, ());
/// # let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
/// let add = instance.get_func(&mut store, "add").expect("it is exported");
/// assert_eq!(add.ty(&store).to_string(), "func(a: u32, b: u32) -> u32");
/// let mut results = [Val::Bool(false)];
/// add.call(&mut store, &[Val::U32(40), Val::U32(2)], &mut results)?;
/// assert_eq!(results, [Val::U32(42)]);
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
///
/// All methods panic when the store is not the function's.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Func {
    instance: Instance,
    /// The position among the component's exported functions.
    index: u32,
}

impl Func {
    pub(crate) fn new(instance: Instance, index: u32) -> Func {
        Func { instance, index }
    }

    pub(crate) fn instance(&self) -> Instance {
        self.instance
    }

    /// The function's type.
    ///
    /// # Panics
    ///
    /// When the function is of another store.
    #[track_caller]
    pub fn ty(&self, store: impl AsContext) -> ComponentFunc {
        let (tables, ty, _) = self.resolve(&store.as_context());
        ComponentFunc::new(&tables, ty)
    }

    /// The names and types of the parameters, in order.
    ///
    /// # Panics
    ///
    /// When the function is of another store.
    #[track_caller]
    pub fn params(&self, store: impl AsContext) -> Vec<(String, Type)> {
        self.ty(store).params().map(|(name, ty)| (name.to_string(), ty)).collect()
    }

    /// The type of the result, if there is one.
    ///
    /// # Panics
    ///
    /// When the function is of another store.
    #[track_caller]
    pub fn result(&self, store: impl AsContext) -> Option<Type> {
        self.ty(store).result()
    }

    /// Calls the function, as [`canon lift`] says. `results` has as many elements as the function has results, none or
    /// one, whatever they are.
    ///
    /// The result is lifted, and the function's `post-return` has run, when this returns.
    ///
    /// # Errors
    ///
    /// When `params` or `results` do not fit the function's type, or a handle among them is not the caller's to give (any
    /// more): nothing has run then, and the handles are the caller's as before. Else a [`Trap`](crate::Trap), what a host
    /// function returned, its panic, a [`HostPanic`](crate::HostPanic), or values beyond
    /// [`Config::max_lifted_bytes`](crate::Config::max_lifted_bytes); after these the instance is locked for good, as
    /// the [invariants] of components demand: each later call is a trap with
    /// [`TrapCode::CannotEnter`](crate::TrapCode::CannotEnter).
    ///
    /// A host function may call the instance that is calling it. If it keeps a failure of that call to itself, the
    /// instance traps as soon as the host function returns to it.
    ///
    /// # Panics
    ///
    /// When the function is of another store; and when it is a host function that the component only passes on, and it
    /// panics.
    ///
    /// [`canon lift`]: https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#canon-lift
    /// [invariants]: https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#component-invariants
    #[track_caller]
    pub fn call(&self, mut store: impl AsContextMut, params: &[Val], results: &mut [Val]) -> Result<()> {
        self.call_by(store.as_context_mut(), EnteredBy::Host, params, results)
    }

    /// [`call`](Func::call) of a guest that may wait: for functions of the host that
    /// [wait](crate::LinkerInstance::func_wrap_async), and for its [turn](crate::Store::epoch_deadline_async_yield_and_update). The
    /// future runs it when it is polled, on the thread that polls and on a stack of its own
    /// ([`Config::async_stack_size`](crate::Config::async_stack_size)). No executor is needed but one that polls.
    ///
    /// Dropped before it is done, it ends the call: what a host function waits for is dropped, and the guests are left as by a trap and
    /// locked, with [`Cancelled`](crate::Cancelled).
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

    /// [`call`](Func::call), for whom it says.
    #[track_caller]
    pub(crate) fn call_by<T: 'static>(
        &self,
        mut store: StoreContextMut<'_, T>,
        by: EnteredBy,
        params: &[Val],
        results: &mut [Val],
    ) -> Result<()> {
        let (tables, ty, target) = self.resolve(&store.as_context());
        self.check_args(&store.as_context(), tables.scope(), ty, params, results.len())?;
        let result = match target {
            ExportedCallee::Lifted(lifted) => {
                let (mut few, mut many);
                let flat: &mut [RawValue] = match params.len() <= FEW_VALUES && lifted.takes_scalars() {
                    true => {
                        few = [RawValue::default(); FEW_VALUES];
                        &mut few
                    }
                    false => {
                        many = [RawValue::default(); MAX_FLAT_PARAMS + 1];
                        &mut many
                    }
                };
                let ResultVal(result) = lifted.call(&mut store, by, *self, tables.scope(), &Vals(params), flat)?;
                result
            }
            ExportedCallee::Import(import) => {
                self.call_import(store, by, import, &tables, ty, params)?.into_iter().next()
            }
        };
        for (slot, value) in results.iter_mut().zip(result) {
            *slot = value;
        }
        Ok(())
    }

    /// The same function with Rust types: `P` for the parameters, `R` for the result, a tuple each.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// # use gusset::{Component, Engine, Linker, Store};
    /// # let engine = Engine::default();
    /// # let component = Component::new(&engine, r#"(component
    /// #     (core module $m (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
    /// #     (core instance $i (instantiate $m))
    /// #     (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "add"))))"#)?;
    /// # let mut store = Store::new(&engine, ());
    /// # let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
    /// let add = instance.get_func(&mut store, "add").expect("it is exported");
    /// assert_eq!(add.typed::<(u32, u32), (u32,)>(&store)?.call(&mut store, (40, 2))?, (42,));
    /// let error = add.typed::<(u32, u32), (u64,)>(&store).expect_err("it returns an u32");
    /// assert!(error.to_string().ends_with("but the Rust types stand for func(u32, u32) -> u64"));
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the types are not the function's.
    ///
    /// # Panics
    ///
    /// When the function is of another store.
    #[track_caller]
    pub fn typed<P, R>(&self, store: impl AsContext) -> Result<TypedFunc<P, R>>
    where
        P: ValueList + LowerList,
        R: ValueList + LiftList,
    {
        let store = store.as_context();
        let (tables, ty, target) = self.resolve(&store);
        if let Some(what) = typed_mismatch::<P, R>(tables.scope(), ty, "but the Rust types stand for") {
            bail!("function `{}`: {what}", Printable::name(&self.name(&store).function));
        }
        Ok(TypedFunc::new(*self, target, tables))
    }

    /// Who calls whom, when the host calls this function.
    #[track_caller]
    pub(crate) fn name<T: 'static>(&self, store: &StoreContext<'_, T>) -> AdapterName {
        let state = &store.0.components[self.instance.index(store.0.vm.id())];
        let exported = &state.component.exported_funcs()[self.index as usize];
        let callee = state.component.plan().component_instances.get(exported.instance);
        AdapterName {
            caller: "host".into(),
            callee: callee.map_or_else(|| "".into(), |instance| instance.name.clone()),
            function: exported.name.clone(),
        }
    }

    #[track_caller]
    #[inline(always)]
    pub(crate) fn resolve<T: 'static>(
        &self,
        store: &StoreContext<'_, T>,
    ) -> (Arc<TypeTables>, FuncTypeIndex, ExportedCallee) {
        let state = &store.0.components[self.instance.index(store.0.vm.id())];
        let exported = &state.component.exported_funcs()[self.index as usize];
        let target = match state.exports[self.index as usize] {
            ExportTarget::Import(import) => ExportedCallee::Import(import),
            ExportTarget::Lifted { callee, options } => {
                ExportedCallee::Lifted(LiftedFunc::exported(exported, callee, options))
            }
        };
        (state.tables.clone(), exported.ty, target)
    }

    fn check_args<T: 'static>(
        &self,
        store: &StoreContext<'_, T>,
        types: TypeScope<'_>,
        ty: FuncTypeIndex,
        params: &[Val],
        results: usize,
    ) -> Result<()> {
        let ty = types.types.func(ty);
        let function = || Printable::name(&self.name(store).function).to_string();
        if params.len() != ty.params.len() {
            bail!("function `{}` has {} parameters, but {} were given", function(), ty.params.len(), params.len());
        }
        let expected = usize::from(ty.result.is_some());
        if results != expected {
            bail!("function `{}` has {expected} results, but there is room for {results}", function());
        }
        for (param, val) in ty.params.iter().zip(params) {
            check(types, param.ty, val).map_err(|error| {
                let error = error.within(&format!("param {:?}", cut_name(&param.name)));
                Error::new(error).context(format!("the call of `{}` failed", function()))
            })?;
        }
        Ok(())
    }

    /// The stack for a call of what a component only passes on. Links can be circles without a guest, whose stack would end them.
    fn limit_stack<T: 'static>(store: &StoreContextMut<'_, T>, by: EnteredBy) -> Result<StackLimit> {
        store.0.vm.limit_stack(by)
    }

    /// Calls a function of the host that the component only passes on.
    fn call_import<T: 'static>(
        &self,
        store: StoreContextMut<'_, T>,
        by: EnteredBy,
        import: ImportIndex,
        tables: &Arc<TypeTables>,
        ty: FuncTypeIndex,
        params: &[Val],
    ) -> Result<Vec<Val>> {
        let _limit = Self::limit_stack(&store, by)?;
        let func = self.imported(&store, import)?;
        let name = &*tables.plan.imported_funcs[import].name;
        let call = PassedCall { store, instance: self.instance, tables, ty, name };
        func.call_from_host(call, params)
    }

    /// The same with Rust values, which pass through dynamic ones: the host's function has types of its own.
    #[track_caller]
    pub(crate) fn call_typed_import<T: 'static, P: LowerList, R: LiftList>(
        &self,
        store: StoreContextMut<'_, T>,
        import: ImportIndex,
        params: &P,
    ) -> Result<R> {
        let _limit = Self::limit_stack(&store, EnteredBy::Host)?;
        let (tables, ty, _) = self.resolve(&store.as_context());
        let func = self.imported(&store, import)?;
        let func_type = tables.plan.types.func(ty);
        let running = RunningCall::begin(store.0);
        let store = StoreContextMut(&mut *running.store);
        let name = &*tables.plan.imported_funcs[import].name;
        let mut call = PassedCall { store, instance: self.instance, tables: &tables, ty, name };
        let args: Vec<Val> = call.pass(params, TypeList::Params(&func_type.params))?;
        let inner = PassedCall { store: call.store.as_context_mut(), ..call };
        let results = func.call_from_host(inner, &args)?;
        call.pass(&Vals(&results), TypeList::Result(func_type.result))
    }

    fn imported<T: 'static>(
        &self,
        store: &StoreContextMut<'_, T>,
        import: ImportIndex,
    ) -> Result<Arc<dyn HostFunction<T>>> {
        let state = &store.0.components[self.instance.index(store.0.vm.id())];
        let imports = state.imports.downcast_ref::<Arc<[Arc<dyn HostFunction<T>>]>>();
        let func = imports.and_then(|imports| imports.get(import.as_u32() as usize)).cloned();
        func.ok_or_else(|| format_err!("internal error: a function handle is not of its instance"))
    }
}

/// What an exported function is.
#[derive(Clone, Copy)]
pub(crate) enum ExportedCallee {
    Lifted(LiftedFunc),
    Import(ImportIndex),
}
