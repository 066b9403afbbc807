//! [`LinkedFunc`]: a function of one running instance as another one's import. What is called through it runs in an activation of
//! the callee's root instance, so that a failure locks both, and one that is locked is not entered.
//!
//! The callee's task begins before the caller's arguments are lifted and ends after its result has been lowered, as in
//! `canon_lift`: whatever goes wrong between that is a failure of both.

use super::problems::func_text;
use super::same_type::func_mismatch;
use crate::activation::{Activation, check_return};
use crate::canon::Vals;
use crate::error::{Result, bail};
use crate::func::{ExportedCallee, Func};
use crate::host_func::{HostFunction, LoweredImport, PassedCall, cannot_leave};
use crate::lifted_func::LiftedFunc;
use crate::relayed_call::{RelayCaller, relay};
use crate::signatures::RegisteredSignature;
use crate::store::{AsContextMut, StoreContext, StoreContextMut};
use crate::type_scope::{TypeScope, TypeTables};
use crate::val::Val;
use crate::vm::{EnteredBy, FuncHandle, RawValue, StoreId};
use gusset_types::{AdapterName, FuncTypeIndex, Printable};
use std::sync::Arc;

/// A function of an instance, for others to import.
pub(crate) struct LinkedFunc {
    store: StoreId,
    func: Func,
    tables: Arc<TypeTables>,
    ty: FuncTypeIndex,
    target: ExportedCallee,
    /// The callee's name and the function's.
    name: AdapterName,
}

impl LinkedFunc {
    #[track_caller]
    pub(crate) fn new<T: 'static>(store: &StoreContext<'_, T>, func: Func) -> LinkedFunc {
        let (tables, ty, target) = func.resolve(store);
        LinkedFunc { store: store.0.vm.id(), func, tables, ty, target, name: func.name(store) }
    }

    /// Why it cannot stand for an import of this type, if it cannot.
    pub(super) fn mismatch(&self, types: TypeScope<'_>, ty: FuncTypeIndex) -> Option<String> {
        func_mismatch((types, ty), (self.tables.scope(), self.ty))
    }

    pub(super) fn type_text(&self) -> String {
        func_text(&self.tables.plan.types, self.ty)
    }

    pub(super) fn store(&self) -> StoreId {
        self.store
    }

    /// The adapter for an import, where there is a compiler, and one is to be made.
    pub(super) fn link<T: 'static>(
        &self,
        store: &mut StoreContextMut<'_, T>,
        import: &LoweredImport,
    ) -> Result<Option<FuncHandle>> {
        // A slot may have been filled after the imports were checked.
        self.check_store(store)?;
        #[cfg(feature = "compile")]
        if let ExportedCallee::Lifted(callee) = &self.target {
            return super::adapter::link(store, import, callee, self.name(import));
        }
        let _ = import;
        Ok(None)
    }

    pub(super) fn call_from_guest<T: 'static>(
        &self,
        mut store: StoreContextMut<'_, T>,
        import: &LoweredImport,
        values: &mut [RawValue],
    ) -> Result<()> {
        self.check_store(&store)?;
        match &self.target {
            ExportedCallee::Lifted(callee) => {
                if !import.options.may_leave(&store.0.vm) {
                    return Err(cannot_leave(&self.name(import)));
                }
                self.enter(&mut store, import, callee, values)
            }
            ExportedCallee::Import(_) => {
                let (args, place, _loan) = import.lift_params::<T, Vec<Val>, Vals<'_>>(&mut store, values)?;
                let results = self.call(store.as_context_mut(), &args)?;
                import.lower_result(&mut store, &Vals(&results), place, values)
            }
        }
    }

    fn enter<T: 'static>(
        &self,
        store: &mut StoreContextMut<'_, T>,
        import: &LoweredImport,
        callee: &LiftedFunc,
        values: &mut [RawValue],
    ) -> Result<()> {
        // What is lent on the way is lent for the caller's call, which ends it.
        let mut activation = Activation::enter(store, self.func.instance(), |_| self.name(import))?;
        let called = self.call_entered(activation.store(), import, callee, values);
        match &called {
            Ok(()) => activation.succeed(),
            Err(error) => activation.fail(error, |_| self.name(import)),
        }
        called?;
        check_return(store.0, import.instance, || self.name(import))
    }

    fn call_entered<T: 'static>(
        &self,
        store: &mut StoreContextMut<'_, T>,
        import: &LoweredImport,
        callee: &LiftedFunc,
        values: &mut [RawValue],
    ) -> Result<()> {
        if let Some(adapter) = import.adapter {
            store.call_core_by(EnteredBy::Runtime, adapter, values)?;
            return check_return(store.0, import.instance, || self.name(import));
        }
        let name = self.name(import);
        let caller = RelayCaller {
            types: import.tables.scope(),
            ty: import.ty,
            options: import.options,
            passed: import.passed,
            instance: Some(import.instance),
            name: &name,
        };
        let relayed = relay(store, &caller, callee, self.tables.scope(), values);
        relayed.map_err(|error| error.into_error(|| name.clone()))
    }

    /// Who calls whom.
    fn name(&self, import: &LoweredImport) -> AdapterName {
        AdapterName { caller: import.name.caller.clone(), ..self.name.clone() }
    }

    /// The host calls it.
    pub(super) fn call<T: 'static>(&self, store: StoreContextMut<'_, T>, args: &[Val]) -> Result<Vec<Val>> {
        self.check_store(&store)?;
        let mut results = vec![Val::Bool(false); usize::from(self.tables.plan.types.func(self.ty).result.is_some())];
        self.func.call_by(store, EnteredBy::Runtime, args, &mut results)?;
        Ok(results)
    }

    fn check_store<T: 'static>(&self, store: &StoreContextMut<'_, T>) -> Result<()> {
        if store.0.vm.id() != self.store {
            let name = Printable::name(&self.name.function);
            bail!("function `{name}`, which an instance was linked with, is of another store");
        }
        Ok(())
    }
}

impl<T: 'static> HostFunction<T> for LinkedFunc {
    fn mismatch(&self, types: TypeScope<'_>, ty: FuncTypeIndex) -> Option<String> {
        self.mismatch(types, ty)
    }

    fn type_text(&self) -> Option<String> {
        Some(self.type_text())
    }

    fn store(&self) -> Option<StoreId> {
        Some(self.store)
    }

    fn link(&self, store: &mut StoreContextMut<'_, T>, import: &LoweredImport) -> Result<Option<FuncHandle>> {
        self.link(store, import)
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
        store: StoreContextMut<'_, T>,
        import: &LoweredImport,
        values: &mut [RawValue],
    ) -> Result<()> {
        self.call_from_guest(store, import, values)
    }

    fn call_from_host(&self, call: PassedCall<'_, T>, args: &[Val]) -> Result<Vec<Val>> {
        self.call(call.store, args)
    }
}
