//! [`RelayedCall`]: a call from one guest to another by way of the host, where no adapter joins them: all parameters are lifted
//! before any is lowered, and so is the result.

use crate::canon::{
    CanonError, FlatReader, FlatWriter, LowerContext, LowerPlace, ResolvedOptions, StoreGuest, TypeList, Vals,
    lift_values, lower_values,
};
use crate::host_func::{RunningCall, cannot_leave};
use crate::lifted_func::LiftedFunc;
use crate::store::StoreContextMut;
use crate::trace::{CallStep, CallTracer, TracedCall};
use crate::type_scope::TypeTables;
use crate::val::Val;
use crate::vm::RawValue;
use gusset_types::{AdapterName, FlatSignature, FuncTypeIndex, MAX_FLAT_PARAMS};
use std::sync::Arc;

/// `canon lower` of a `canon lift`, both of one root instance.
pub(crate) struct RelayedCall {
    pub(crate) tables: Arc<TypeTables>,
    pub(crate) callee: LiftedFunc,
    /// The caller's side.
    pub(crate) lower: ResolvedOptions,
    pub(crate) lower_type: FuncTypeIndex,
    pub(crate) lower_signature: FlatSignature,
    pub(crate) name: AdapterName,
}

impl RelayedCall {
    /// The caller calls. Both are of the root instance that is running, so that it is not entered anew.
    pub(crate) fn call<T: 'static>(&self, store: StoreContextMut<'_, T>, values: &mut [RawValue]) -> crate::Result<()> {
        if !self.lower.may_leave(&store.0.vm) {
            return Err(cannot_leave(&self.name));
        }
        let running = RunningCall::begin(store.0);
        let mut store = StoreContextMut(&mut *running.store);
        let called = self.relay(&mut store, values);
        let released = called.and_then(|()| self.lower.release(store.0, running.mark));
        released.map_err(|error| error.into_error(|| self.name.clone()))
    }

    fn relay<T: 'static>(&self, store: &mut StoreContextMut<'_, T>, values: &mut [RawValue]) -> Result<(), CanonError> {
        let (types, lower) = (self.tables.scope(), self.lower);
        let ty = types.types.func(self.lower_type);
        let mut flat = FlatReader::new(values);
        let mut cx = lower.lift(store.0, types, true);
        let params = TypeList::Params(&ty.params);
        let args: Vec<Val> = lift_values(&mut cx, params, self.lower_signature.params_in_memory, &mut flat)?;
        let place = match self.lower_signature.result_in_memory {
            true => LowerPlace::At(flat.pointer(lower.width)),
            false => LowerPlace::Flat,
        };
        self.trace(store, || CallStep::Begin(&args));
        let callee_values = &mut [RawValue::default(); MAX_FLAT_PARAMS + 1];
        let called: Result<Vec<Val>, _> = self.callee.call_entered(store, types, &Vals(&args), callee_values);
        self.trace(store, || match &called {
            Ok(result) => CallStep::Return(result.first()),
            Err(_) => CallStep::Fail,
        });
        let result = called?;
        let mut guest = StoreGuest { store, options: lower, scope: 0 };
        let mut cx = LowerContext::new(types, &mut guest, lower.encoding, lower.width);
        let result = Vals(&result);
        lower_values(&mut cx, &result, TypeList::Result(ty.result), place, &mut FlatWriter::new(values))?;
        self.callee.finish(store, callee_values)
    }

    /// Tells of a step, where calls are traced.
    fn trace<'a, T: 'static>(&self, store: &StoreContextMut<'_, T>, step: impl FnOnce() -> CallStep<'a>) {
        if let Some(CallTracer(tracer)) = &store.engine().config().tracer {
            tracer(TracedCall { adapter: &self.name, step: step() });
        }
    }
}
