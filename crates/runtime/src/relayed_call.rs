//! Calls from one guest to another by way of the host, where no adapter joins them: all parameters are lifted before any is
//! lowered, and so is the result.

use crate::activation::check_return;
use crate::canon::{
    CanonError, FlatReader, FlatWriter, LowerContext, LowerPlace, PassedValues, ResolvedOptions, StoreGuest, TypeList,
    Vals, lift_values, lower_values,
};
use crate::error::Result;
use crate::host_func::{RunningCall, cannot_leave};
use crate::instance::Instance;
use crate::lifted_func::LiftedFunc;
use crate::store::StoreContextMut;
use crate::trace::{CallStep, CallTracer, TracedCall};
use crate::type_scope::{TypeScope, TypeTables};
use crate::val::Val;
use crate::vm::{EnteredBy, RawValue};
use gusset_types::{AdapterName, FuncTypeIndex, MAX_FLAT_PARAMS};
use std::sync::Arc;

/// `canon lower` of a `canon lift`, both of one root instance.
pub(crate) struct RelayedCall {
    pub(crate) tables: Arc<TypeTables>,
    pub(crate) callee: LiftedFunc,
    /// The caller's side.
    pub(crate) lower: ResolvedOptions,
    pub(crate) lower_type: FuncTypeIndex,
    pub(crate) lower_passed: PassedValues,
    pub(crate) name: AdapterName,
}

impl RelayedCall {
    /// The caller calls. Both are of the root instance that is running, so that it is not entered anew.
    pub(crate) fn call<T: 'static>(&self, store: StoreContextMut<'_, T>, values: &mut [RawValue]) -> Result<()> {
        if !self.lower.may_leave(&store.0.vm) {
            return Err(cannot_leave(&self.name));
        }
        let running = RunningCall::begin(store.0);
        let mut store = StoreContextMut(&mut *running.store);
        let types = self.tables.scope();
        let caller = RelayCaller {
            types,
            ty: self.lower_type,
            options: self.lower,
            passed: self.lower_passed,
            instance: None,
            name: &self.name,
        };
        let called = relay(&mut store, &caller, &self.callee, types, values);
        let released = called.and_then(|()| self.lower.release(store.0, running.mark));
        released.map_err(|error| error.into_error(|| self.name.clone()))
    }
}

/// The side of a relayed call that lowers.
pub(crate) struct RelayCaller<'a> {
    pub(crate) types: TypeScope<'a>,
    pub(crate) ty: FuncTypeIndex,
    pub(crate) options: ResolvedOptions,
    pub(crate) passed: PassedValues,
    /// The root instance that calls, if it is another than the one that is called: it may be locked meanwhile.
    pub(crate) instance: Option<Instance>,
    /// Who calls whom.
    pub(crate) name: &'a AdapterName,
}

/// Calls `callee`, whose root instance has been entered: its types have the structure of the caller's.
pub(crate) fn relay<T: 'static>(
    store: &mut StoreContextMut<'_, T>,
    caller: &RelayCaller<'_>,
    callee: &LiftedFunc,
    callee_types: TypeScope<'_>,
    values: &mut [RawValue],
) -> Result<(), CanonError> {
    let &RelayCaller { types, options, passed, .. } = caller;
    let ty = types.types.func(caller.ty);
    let mut flat = FlatReader::new(values);
    let mut cx = options.lift(store.0, types, callee.holds_handles());
    let args: Vec<Val> = lift_values(&mut cx, TypeList::Params(&ty.params), passed.params.layout, &mut flat)?;
    let lifted = cx.lifted_bytes();
    let copied = cx.copied();
    store.0.charge_relayed_call(copied).inspect_err(|_| store.0.held.forget_all(&args))?;
    let place = LowerPlace::of_result(passed.result.layout, &mut flat, options.width);
    let budget = store.0.vm.budget().clone();
    let _loan = budget.lend(lifted);
    let callee_values = &mut [RawValue::default(); MAX_FLAT_PARAMS + 1];
    trace(store, caller.name, || CallStep::Begin(&args));
    let called: Result<(Vec<Val>, u64), _> = store
        .0
        .with_calls(EnteredBy::Runtime, |calls| callee.call_entered(calls, callee_types, &Vals(&args), callee_values));
    trace(store, caller.name, || match &called {
        Ok((result, _)) => CallStep::Return(result.first()),
        Err(_) => CallStep::Fail,
    });
    if called.is_err() {
        store.0.held.forget_all(&args);
    }
    let (result, copied) = called?;
    store.0.charge_copied(copied).inspect_err(|_| store.0.held.forget_all(&result))?;
    if let Some(instance) = caller.instance {
        check_return(store.0, instance, || caller.name.clone())?;
    }
    let lowered = store.0.with_calls(EnteredBy::Runtime, |calls| {
        let mut guest = StoreGuest { calls, options: &options, scope: 0 };
        let mut cx = LowerContext::new(types, &mut guest, options.encoding, options.width);
        let (vals, list) = (Vals(&result), TypeList::Result(ty.result));
        lower_values(&mut cx, &vals, list, place, &mut FlatWriter::new(values))
    });
    if lowered.is_err() {
        store.0.held.forget_all(&result);
    }
    lowered?;
    store.0.with_calls(EnteredBy::Runtime, |calls| callee.finish(calls, callee_values))
}

/// Tells of a step, where calls are traced.
fn trace<'a, T: 'static>(store: &StoreContextMut<'_, T>, adapter: &AdapterName, step: impl FnOnce() -> CallStep<'a>) {
    if let Some(CallTracer(tracer)) = &store.engine().config().tracer {
        tracer(TracedCall { adapter, step: step() });
    }
}
