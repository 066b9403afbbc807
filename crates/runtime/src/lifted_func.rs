//! [`LiftedFunc`]: a `canon lift` with everything resolved, and the way of a call from the host into a component and back.

use crate::activation::Activation;
use crate::canon::{
    CanonError, FlatReader, FlatWriter, LiftList, LowerContext, LowerList, LowerPlace, ResolvedOptions, StoreGuest,
    TypeList, lift_values, lower_values,
};
use crate::component::ExportedFunc;
use crate::core::Exception;
use crate::error::Result;
use crate::func::Func;
use crate::store::{AsContext, StoreContext, StoreContextMut};
use crate::type_scope::TypeScope;
use crate::vm::{EnteredBy, FuncHandle, RawValue};
use gusset_types::{FlatSignature, FuncTypeIndex};

/// `canon lift` with everything resolved: what a call needs.
#[derive(Clone, Copy)]
pub(crate) struct LiftedFunc {
    callee: FuncHandle,
    options: ResolvedOptions,
    ty: FuncTypeIndex,
    params_in_memory: bool,
    result_in_memory: bool,
    holds_handles: bool,
    checks_handles: bool,
}

impl LiftedFunc {
    /// The guest's function behind an exported one.
    pub(crate) fn exported(exported: &ExportedFunc, callee: FuncHandle, options: ResolvedOptions) -> LiftedFunc {
        let &ExportedFunc { ty, params_in_memory, result_in_memory, holds_handles, checks_handles, .. } = exported;
        LiftedFunc { callee, options, ty, params_in_memory, result_in_memory, holds_handles, checks_handles }
    }

    /// A guest's function that another guest of the same root instance calls: handles come from there, and need no check.
    pub(crate) fn relayed(
        callee: FuncHandle,
        options: ResolvedOptions,
        ty: FuncTypeIndex,
        signature: &FlatSignature,
        holds_handles: bool,
    ) -> LiftedFunc {
        let &FlatSignature { params_in_memory, result_in_memory, .. } = signature;
        LiftedFunc { callee, options, ty, params_in_memory, result_in_memory, holds_handles, checks_handles: false }
    }

    /// Whether its type holds handles.
    pub(crate) fn holds_handles(&self) -> bool {
        self.holds_handles
    }

    /// The core function.
    #[cfg(feature = "compile")]
    pub(crate) fn callee(&self) -> FuncHandle {
        self.callee
    }

    /// The options of the lift.
    #[cfg(feature = "compile")]
    pub(crate) fn options(&self) -> &ResolvedOptions {
        &self.options
    }

    /// Calls it, as `func`. `values` has room for the core parameters and the core result; `look` sees the result while it is
    /// still in the guest's memory.
    #[track_caller]
    #[expect(clippy::too_many_arguments, reason = "who calls what, with what, and who looks at the result")]
    pub(crate) fn call<T: 'static, P: LowerList, R: LiftList, U>(
        &self,
        store: &mut StoreContextMut<'_, T>,
        by: EnteredBy,
        func: Func,
        types: TypeScope<'_>,
        params: &P,
        values: &mut [RawValue],
        look: impl FnOnce(StoreContext<'_, T>, R) -> U,
    ) -> Result<U> {
        let mut activation = Activation::enter(store, func.instance(), |store| func.name(store))?;
        if self.holds_handles {
            activation.begin_loans();
        }
        let checked = self.check_handles(activation.store(), types, params, values);
        // What is refused now is refused before anything is lowered.
        let harmless = checked.is_err() || !self.checks_handles;
        let called = checked.and_then(|()| self.call_entered(activation.store(), by, types, params, values));
        let finished = called.and_then(|(result, _)| {
            let looked = look(activation.store().as_context(), result);
            self.finish(activation.store(), by, values).map(|()| looked)
        });
        match finished {
            Ok(result) => {
                activation.succeed();
                Ok(result)
            }
            Err(error) => {
                let refused = harmless && error.is_refusal();
                let error = Exception::into_trap(error.into_error(|| func.name(&activation.store().as_context())));
                match refused {
                    true => activation.succeed(),
                    false => activation.fail(&error, |store| func.name(store)),
                }
                Err(error)
            }
        }
    }

    /// Refuses handles that the host cannot give, while the instance is as it was.
    fn check_handles<T: 'static, P: LowerList>(
        &self,
        store: &mut StoreContextMut<'_, T>,
        types: TypeScope<'_>,
        params: &P,
        values: &mut [RawValue],
    ) -> Result<(), CanonError> {
        if !self.checks_handles {
            return Ok(());
        }
        let list = TypeList::Params(&types.types.func(self.ty).params);
        self.options.check_handles(store.0, types, params, list, self.place(), &mut FlatWriter::new(values))
    }

    /// Where the parameters go.
    fn place(&self) -> LowerPlace {
        if self.params_in_memory { LowerPlace::Allocated } else { LowerPlace::Flat }
    }

    /// `canon_lift`, once the instance is entered, as far as the result; and how many bytes the result's strings and lists have.
    pub(crate) fn call_entered<T: 'static, P: LowerList, R: LiftList>(
        &self,
        store: &mut StoreContextMut<'_, T>,
        by: EnteredBy,
        types: TypeScope<'_>,
        params: &P,
        values: &mut [RawValue],
    ) -> Result<(R, u64), CanonError> {
        let LiftedFunc { callee, options, result_in_memory, .. } = *self;
        let ty = types.types.func(self.ty);
        let mut guest = StoreGuest { store, options, by, scope: 0 };
        let mut cx = LowerContext::new(types, &mut guest, options.encoding, options.width);
        let lowered =
            lower_values(&mut cx, params, TypeList::Params(&ty.params), self.place(), &mut FlatWriter::new(values));
        let scope = guest.scope;
        if let Err(error) = lowered {
            if error.is_refusal() && scope != 0 {
                options.abandon_scope(store.0, scope)?;
            }
            return Err(error);
        }
        store.call_core_by(by, callee, values)?;
        let mut cx = options.lift(store.0, types, self.holds_handles);
        let result = lift_values(&mut cx, TypeList::Result(ty.result), result_in_memory, &mut FlatReader::new(values))?;
        let copied = cx.copied();
        if scope != 0 {
            options.end_scope(store.0, scope)?;
        }
        Ok((result, copied))
    }

    /// What is left to do when the result has been passed on.
    pub(crate) fn finish<T: 'static>(
        &self,
        store: &mut StoreContextMut<'_, T>,
        by: EnteredBy,
        values: &mut [RawValue],
    ) -> Result<(), CanonError> {
        match self.options.post_return {
            Some(post_return) => Ok(self.options.call_without_leaving(store, by, post_return, &mut values[..1])?),
            None => Ok(()),
        }
    }
}
