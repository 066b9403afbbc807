//! Functions of the host that components import: dynamic ones over `Val`s and typed ones over Rust values, behind one trait.

use crate::activation::check_return;
use crate::canon::{
    CanonError, FewVals, FlatReader, FlatWriter, HostPassage, LiftList, LowerContext, LowerList, LowerPlace,
    PassedValues, ResolvedOptions, StoreGuest, TypeList, Vals, lift_scalars, lift_values, lower_scalars, lower_values,
    scalar_context,
};
use crate::core::Exception;
use crate::error::{Error, Result};
use crate::instance::Instance;
use crate::resource::HeldMark;
use crate::signatures::RegisteredSignature;
use crate::store::{AsContextMut, StoreContextMut, StoreInner};
use crate::trap::{AdapterTrapSite, Trap};
use crate::type_scope::{TypeScope, TypeTables};
use crate::typed::ValueList;
use crate::types::type_text;
use crate::val::{Val, check};
use crate::vm::{BudgetLoan, EnteredBy, FuncHandle, HostBudget, RawValue, StoreId};
use gusset_types::{AdapterName, FuncType, FuncTypeIndex, Printable, TrapCode};
use std::fmt::Write;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

/// A `canon lower` of an import in an instance: what a host function needs to know of its caller.
pub(crate) struct LoweredImport {
    pub(crate) tables: Arc<TypeTables>,
    /// The instance that calls, as the host knows it.
    pub(crate) instance: Instance,
    pub(crate) options: ResolvedOptions,
    /// What the function has been linked by.
    pub(crate) adapter: Option<FuncHandle>,
    pub(crate) shape: Arc<LoweredShape>,
    /// The store's.
    pub(crate) budget: Arc<HostBudget>,
}

/// What is the same in all instances of a component.
pub(crate) struct LoweredShape {
    pub(crate) ty: FuncTypeIndex,
    pub(crate) passed: PassedValues,
    /// Whether the type holds handles.
    pub(crate) holds_handles: bool,
    /// The calling component instance's name, and the import's path.
    pub(crate) name: AdapterName,
}

impl Deref for LoweredImport {
    type Target = LoweredShape;

    #[inline]
    fn deref(&self) -> &LoweredShape {
        &self.shape
    }
}

/// A function that the host gives to components.
pub(crate) trait HostFunction<T: 'static>: Send + Sync {
    /// Why it cannot stand for an import of this type, if it cannot.
    fn mismatch(&self, types: TypeScope<'_>, ty: FuncTypeIndex) -> Option<String>;

    /// Its type as WIT has it, for messages, if it has one of its own.
    fn type_text(&self) -> Option<String> {
        None
    }

    /// The store that it can be called in, if it is of one.
    fn store(&self) -> Option<StoreId> {
        None
    }

    /// An instance is made that imports it at this type.
    ///
    /// # Errors
    ///
    /// When it turns out only now that it is of another one.
    fn import(&self, _: &Arc<TypeTables>, _: FuncTypeIndex) -> Result<()> {
        Ok(())
    }

    /// An instance with these types, which imports it, has not been made after all. No other one has the same types.
    fn forget(&self, _: &Arc<TypeTables>) {}

    /// Makes an adapter for the calls of an import, if there is one.
    ///
    /// # Errors
    ///
    /// When there should be one, and it cannot be made.
    fn link(&self, _: &mut StoreContextMut<'_, T>, _: &LoweredImport) -> Result<Option<FuncHandle>> {
        Ok(None)
    }

    /// The core function that a guest calls for it: [`LoweredImport::add_to`].
    fn lower(
        self: Arc<Self>,
        store: &mut StoreContextMut<'_, T>,
        signature: RegisteredSignature,
        import: LoweredImport,
    ) -> FuncHandle;

    /// A guest calls: parameters are lifted from `values`, and the result lowered to them.
    fn call_from_guest(
        &self,
        store: StoreContextMut<'_, T>,
        import: &LoweredImport,
        values: &mut [RawValue],
    ) -> Result<()>;

    /// The host itself calls, through a component that exports what it imports. `args` have been checked.
    fn call_from_host(&self, call: PassedCall<'_, T>, args: &[Val]) -> Result<Vec<Val>>;
}

/// A call of the host to itself, through an instance that exports what it imports.
pub(crate) struct PassedCall<'a, T: 'static> {
    pub(crate) store: StoreContextMut<'a, T>,
    /// The instance in between.
    pub(crate) instance: Instance,
    /// Its types.
    pub(crate) tables: &'a TypeTables,
    pub(crate) ty: FuncTypeIndex,
    /// The import's.
    pub(crate) name: &'a str,
}

impl<'a, T: 'static> PassedCall<'a, T> {
    fn func_type(&self) -> &'a FuncType {
        self.tables.plan.types.func(self.ty)
    }

    /// Makes other values of `values`: Rust values of dynamic ones, or the other way round. Handles change hands.
    pub(crate) fn pass<L: LiftList>(&mut self, values: &impl LowerList, types: TypeList<'_>) -> Result<L> {
        let function = self.name;
        let name = || AdapterName { caller: "host".into(), callee: "host".into(), function: function.into() };
        let StoreInner { vm, components, held, .. } = &mut *self.store.0;
        let resources = &components[self.instance.index(vm.id())].resources;
        let mut passage = HostPassage { types: self.tables.scope(), resources, held };
        passage.pass(values, types).map_err(|error| error.into_error(name))
    }
}

/// What has begun with a call of a host function whose type holds handles: it ends however the call ends.
pub(crate) struct RunningCall<'a, T: 'static> {
    pub(crate) store: &'a mut StoreInner<T>,
    pub(crate) mark: HeldMark,
}

impl<'a, T: 'static> RunningCall<'a, T> {
    pub(crate) fn begin(store: &'a mut StoreInner<T>) -> RunningCall<'a, T> {
        let mark = store.held.begin_call();
        RunningCall { store, mark }
    }
}

impl<T: 'static> Drop for RunningCall<'_, T> {
    fn drop(&mut self) {
        self.store.held.end(self.mark);
    }
}

impl LoweredImport {
    #[inline]
    fn types(&self) -> TypeScope<'_> {
        self.tables.scope()
    }

    #[inline]
    fn func_type(&self) -> &FuncType {
        self.tables.plan.types.func(self.ty)
    }

    /// The core function that the guest calls for `func`, which its glue knows.
    pub(crate) fn add_to<T: 'static, H: HostFunction<T> + 'static>(
        self,
        store: &mut StoreContextMut<'_, T>,
        signature: RegisteredSignature,
        func: Arc<H>,
    ) -> FuncHandle {
        store.0.add_host_func(signature, move |store, values| self.call(store, &*func, values))
    }

    /// The guest calls `func`: `canon_lower`.
    #[inline]
    fn call<T: 'static>(
        &self,
        store: StoreContextMut<'_, T>,
        func: &impl HostFunction<T>,
        values: &mut [RawValue],
    ) -> Result<()> {
        // No exception passes from what is called to a guest of a component.
        if !self.holds_handles {
            return func.call_from_guest(store, self, values).map_err(Exception::into_trap);
        }
        let call = RunningCall::begin(store.0);
        let called = func.call_from_guest(StoreContextMut(&mut *call.store), self, values);
        called.map_err(Exception::into_trap)?;
        let released = self.options.release(call.store, call.mark);
        released.map_err(|error| error.into_error(|| self.name.clone()))
    }

    /// Lifts the parameters, and reads where the result, an `R`, goes. What they take of the host is counted until the loan is dropped.
    #[inline(always)]
    pub(crate) fn lift_params<T: 'static, P: LiftList, R: LowerList>(
        &self,
        store: &mut StoreContextMut<'_, T>,
        values: &[RawValue],
    ) -> Result<(P, LowerPlace, Option<BudgetLoan<'_>>)> {
        if !self.options.may_leave(&store.0.vm) {
            return Err(cannot_leave(&self.name));
        }
        let mut flat = FlatReader::new(values);
        let list = TypeList::params_of(self.types().types, self.ty);
        if self.passed.lifts_scalar_params::<P>() {
            let params = lift_scalars(self.types(), &self.options, list, &mut flat);
            let params = params.map_err(|error| self.name_call(error))?;
            return Ok((params, self.place::<R>(&mut flat), None));
        }
        let mut cx = self.options.lift(store.0, self.types(), self.holds_handles);
        let params = lift_values(&mut cx, list, self.passed.params.layout, &mut flat);
        let params = params.map_err(|error| self.name_call(error))?;
        let lifted = cx.lifted_bytes();
        Ok((params, self.place::<R>(&mut flat), self.budget.lend(lifted)))
    }

    /// The same for dynamic parameters, which are lifted into `room`.
    fn lift_vals<T: 'static>(
        &self,
        store: &mut StoreContextMut<'_, T>,
        values: &[RawValue],
        room: &mut FewVals,
    ) -> Result<(LowerPlace, Option<BudgetLoan<'_>>)> {
        if !self.options.may_leave(&store.0.vm) {
            return Err(cannot_leave(&self.name));
        }
        let mut flat = FlatReader::new(values);
        let (list, layout) = (TypeList::params_of(self.types().types, self.ty), self.passed.params.layout);
        if self.passed.has_scalar_params() {
            let cx = &mut scalar_context(self.types(), &self.options);
            room.lift(cx, list, layout, &mut flat).map_err(|error| self.name_call(error))?;
            return Ok((self.place::<Vals<'_>>(&mut flat), None));
        }
        let mut cx = self.options.lift(store.0, self.types(), self.holds_handles);
        room.lift(&mut cx, list, layout, &mut flat).map_err(|error| self.name_call(error))?;
        let lifted = cx.lifted_bytes();
        Ok((self.place::<Vals<'_>>(&mut flat), self.budget.lend(lifted)))
    }

    /// Where the result goes, by what follows the parameters.
    #[inline(always)]
    fn place<R: LowerList>(&self, flat: &mut FlatReader<'_>) -> LowerPlace {
        match self.passed.lowers_scalar_result::<R>() {
            true => LowerPlace::Flat,
            false => LowerPlace::of_result(self.passed.result.layout, flat, self.options.width),
        }
    }

    #[cold]
    fn name_call(&self, error: CanonError) -> Error {
        error.into_error(|| self.name.clone())
    }

    /// Returns to the guest, unless its instance has been locked while the host function ran.
    #[inline(always)]
    pub(crate) fn lower_result<T: 'static, R: LowerList>(
        &self,
        store: &mut StoreContextMut<'_, T>,
        result: &R,
        place: LowerPlace,
        values: &mut [RawValue],
    ) -> Result<()> {
        check_return(store.0, self.instance, || self.name.clone())?;
        let lowered = match self.passed.lowers_scalar_result::<R>() {
            true => {
                let list = TypeList::result_of(self.types().types, self.ty);
                lower_scalars(self.types(), &self.options, result, list, values)
            }
            false => self.lower_into_guest(store, result, place, values),
        };
        lowered.map_err(|error| self.name_call(error))
    }

    /// Lowers the result where the guest may have to be called for it.
    fn lower_into_guest<T: 'static, R: LowerList>(
        &self,
        store: &mut StoreContextMut<'_, T>,
        result: &R,
        place: LowerPlace,
        values: &mut [RawValue],
    ) -> Result<(), CanonError> {
        let (types, options) = (self.types(), &self.options);
        let list = TypeList::result_of(types.types, self.ty);
        store.0.with_calls(EnteredBy::Runtime, |calls| {
            let mut guest = StoreGuest { calls, options, scope: 0 };
            let mut cx = LowerContext::new(types, &mut guest, options.encoding, options.width);
            lower_values(&mut cx, result, list, place, &mut FlatWriter::new(values))
        })
    }
}

/// The trap for a call out of an instance that may not call out.
#[cold]
pub(crate) fn cannot_leave(adapter: &AdapterName) -> Error {
    let site = AdapterTrapSite { adapter: adapter.clone(), path: String::new() };
    Trap::new(TrapCode::CannotLeave).with_site(site).into()
}

/// A function over dynamic values.
pub(crate) struct DynamicHostFunction<F>(pub(crate) F);

impl<F> DynamicHostFunction<F> {
    fn call<T: 'static>(
        &self,
        store: StoreContextMut<'_, T>,
        types: TypeScope<'_>,
        ty: &FuncType,
        args: &[Val],
    ) -> Result<Option<Val>>
    where
        F: Fn(StoreContextMut<'_, T>, &[Val], &mut [Val]) -> Result<()>,
    {
        let mut value = Val::Bool(false);
        let results = std::slice::from_mut(&mut value);
        (self.0)(store, args, &mut results[..usize::from(ty.result.is_some())])?;
        let Some(result) = ty.result else { return Ok(None) };
        check(types, result, &value).map_err(|error| {
            Error::new(error.within("result")).context("a host function returned a value of another type")
        })?;
        Ok(Some(value))
    }
}

impl<T, F> HostFunction<T> for DynamicHostFunction<F>
where
    T: 'static,
    F: Fn(StoreContextMut<'_, T>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static,
{
    fn mismatch(&self, _: TypeScope<'_>, _: FuncTypeIndex) -> Option<String> {
        None
    }

    fn lower(
        self: Arc<Self>,
        store: &mut StoreContextMut<'_, T>,
        signature: RegisteredSignature,
        import: LoweredImport,
    ) -> FuncHandle {
        import.add_to(store, signature, self)
    }

    fn call_from_guest(
        &self,
        mut store: StoreContextMut<'_, T>,
        import: &LoweredImport,
        values: &mut [RawValue],
    ) -> Result<()> {
        let mut args = FewVals::new();
        let (place, _loan) = import.lift_vals(&mut store, values, &mut args)?;
        let result = self.call(store.as_context_mut(), import.types(), import.func_type(), &args);
        let result = result.map_err(|error| name_mismatch(error, import))?;
        import.lower_result(&mut store, &Vals(result.as_slice()), place, values)
    }

    fn call_from_host(&self, call: PassedCall<'_, T>, args: &[Val]) -> Result<Vec<Val>> {
        let (types, ty) = (call.tables.scope(), call.func_type());
        if !types.types.func_holds_handles(call.ty) {
            return Ok(self.call(call.store, types, ty, args)?.into_iter().collect());
        }
        let running = RunningCall::begin(call.store.0);
        let mut call = PassedCall { store: StoreContextMut(&mut *running.store), ..call };
        let args: Vec<Val> = call.pass(&Vals(args), TypeList::Params(&ty.params))?;
        let result = self.call(call.store.as_context_mut(), types, ty, &args)?;
        call.pass(&Vals(result.as_slice()), TypeList::Result(ty.result))
    }
}

/// Says of which import a host function's result was wrong.
fn name_mismatch(error: Error, import: &LoweredImport) -> Error {
    match error.is::<crate::val::ValMismatch>() {
        true => error.context(format!("import `{}` failed", Printable::name(&import.name.function))),
        false => error,
    }
}

/// A function over Rust values.
pub(crate) struct TypedHostFunction<F, P, R> {
    func: F,
    types: PhantomData<fn(P) -> R>,
}

impl<F, P, R> TypedHostFunction<F, P, R> {
    pub(crate) fn new(func: F) -> Self {
        TypedHostFunction { func, types: PhantomData }
    }
}

/// Why the Rust types `P` and `R` do not stand for `ty`; `ours` says whose they are.
pub(crate) fn typed_mismatch<P: ValueList, R: ValueList>(
    types: TypeScope<'_>,
    ty: FuncTypeIndex,
    ours: &str,
) -> Option<String> {
    let ty = types.types.func(ty);
    let (params, result) = (TypeList::Params(&ty.params), TypeList::Result(ty.result));
    let mismatch = P::matches(types, params).and_then(|()| R::matches(types, result)).err()?;
    let texts = |list: TypeList<'_>| list.iter().map(|ty| type_text(types.types, ty)).collect::<Vec<_>>();
    let (theirs, rust) = (types_text(&texts(params), &texts(result)), types_text(&P::describe(), &R::describe()));
    let mut text = format!("its type is {theirs}, {ours} {rust}");
    if mismatch.is_deep() {
        write!(text, "; {mismatch}").expect("a string takes all");
    }
    Some(text)
}

/// A function type without names of parameters.
fn types_text(params: &[String], results: &[String]) -> String {
    match results.is_empty() {
        true => format!("func({})", params.join(", ")),
        false => format!("func({}) -> {}", params.join(", "), results.join(", ")),
    }
}

impl<T, F, P, R> HostFunction<T> for TypedHostFunction<F, P, R>
where
    T: 'static,
    F: Fn(StoreContextMut<'_, T>, P) -> Result<R> + Send + Sync + 'static,
    P: ValueList + LiftList + 'static,
    R: ValueList + LowerList + 'static,
{
    fn mismatch(&self, types: TypeScope<'_>, ty: FuncTypeIndex) -> Option<String> {
        typed_mismatch::<P, R>(types, ty, "but the host function's is")
    }

    fn type_text(&self) -> Option<String> {
        Some(types_text(&P::describe(), &R::describe()))
    }

    fn lower(
        self: Arc<Self>,
        store: &mut StoreContextMut<'_, T>,
        signature: RegisteredSignature,
        import: LoweredImport,
    ) -> FuncHandle {
        import.add_to(store, signature, self)
    }

    #[inline]
    fn call_from_guest(
        &self,
        mut store: StoreContextMut<'_, T>,
        import: &LoweredImport,
        values: &mut [RawValue],
    ) -> Result<()> {
        let (params, place, _loan) = import.lift_params::<T, P, R>(&mut store, values)?;
        let result = (self.func)(store.as_context_mut(), params)?;
        import.lower_result(&mut store, &result, place, values)
    }

    fn call_from_host(&self, call: PassedCall<'_, T>, args: &[Val]) -> Result<Vec<Val>> {
        let ty = call.func_type();
        let running = RunningCall::begin(call.store.0);
        let mut call = PassedCall { store: StoreContextMut(&mut *running.store), ..call };
        let params = call.pass(&Vals(args), TypeList::Params(&ty.params))?;
        let result = (self.func)(call.store.as_context_mut(), params)?;
        call.pass(&result, TypeList::Result(ty.result))
    }
}
