//! [`LiftedFunc`]: a `canon lift` with everything resolved, and the way of a call from the host into a component and back.

use crate::activation::Activation;
use crate::canon::{
    CanonError, FlatReader, FlatWriter, LiftList, LowerContext, LowerList, LowerPlace, PassedValues, ResolvedOptions,
    StoreGuest, TypeList, lift_scalars, lift_values, lower_scalars, lower_values,
};
use crate::component::ExportedFunc;
use crate::core::Exception;
use crate::error::{Error, Result};
use crate::func::Func;
use crate::store::{AsContext, StoreContext, StoreContextMut};
use crate::type_scope::TypeScope;
use crate::vm::{EnteredBy, FuncHandle, GuestCalls, RawValue};
use gusset_types::FuncTypeIndex;

/// `canon lift` with everything resolved: what a call needs.
#[derive(Clone, Copy)]
pub(crate) struct LiftedFunc {
    callee: FuncHandle,
    options: ResolvedOptions,
    ty: FuncTypeIndex,
    passed: PassedValues,
    holds_handles: bool,
    checks_handles: bool,
}

impl LiftedFunc {
    /// The guest's function behind an exported one.
    #[inline]
    pub(crate) fn exported(exported: &ExportedFunc, callee: FuncHandle, options: ResolvedOptions) -> LiftedFunc {
        let &ExportedFunc { ty, passed, holds_handles, checks_handles, .. } = exported;
        LiftedFunc { callee, options, ty, passed, holds_handles, checks_handles }
    }

    /// A guest's function that another guest of the same root instance calls: handles come from there, and need no check.
    pub(crate) fn relayed(
        callee: FuncHandle,
        options: ResolvedOptions,
        ty: FuncTypeIndex,
        passed: PassedValues,
        holds_handles: bool,
    ) -> LiftedFunc {
        LiftedFunc { callee, options, ty, passed, holds_handles, checks_handles: false }
    }

    /// Whether its type holds handles.
    pub(crate) fn holds_handles(&self) -> bool {
        self.holds_handles
    }

    /// Whether each parameter is one core value.
    #[inline]
    pub(crate) fn takes_scalars(&self) -> bool {
        self.passed.has_scalar_params()
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

    /// Calls it, as `func`. `values` has room for the core parameters and the core result.
    #[track_caller]
    #[inline]
    pub(crate) fn call<T: 'static, P: LowerList, R: LiftList>(
        &self,
        store: &mut StoreContextMut<'_, T>,
        by: EnteredBy,
        func: Func,
        types: TypeScope<'_>,
        params: &P,
        values: &mut [RawValue],
    ) -> Result<R> {
        self.in_activation(store, func, types, params, values, |store, values| {
            if self.passes_scalars::<P, R>() && self.options.post_return.is_none() {
                return self.call_scalars(store, by, types, params, values);
            }
            store.0.with_calls(by, |calls| {
                let (result, _) = self.call_entered(calls, types, params, values)?;
                self.finish(calls, values)?;
                Ok(result)
            })
        })
    }

    /// The same where `look` sees the result while it is still in the guest's memory.
    #[track_caller]
    #[expect(clippy::too_many_arguments, reason = "who calls what, with what, and who looks at the result")]
    pub(crate) fn call_with<T: 'static, P: LowerList, R: LiftList, U>(
        &self,
        store: &mut StoreContextMut<'_, T>,
        by: EnteredBy,
        func: Func,
        types: TypeScope<'_>,
        params: &P,
        values: &mut [RawValue],
        look: impl FnOnce(StoreContext<'_, T>, R) -> U,
    ) -> Result<U> {
        self.in_activation(store, func, types, params, values, |store, values| {
            let (result, _) = store.0.with_calls(by, |calls| self.call_entered(calls, types, params, values))?;
            let looked = look(store.as_context(), result);
            store.0.with_calls(by, |calls| self.finish(calls, values)).map(|()| looked)
        })
    }

    /// Enters the instance for `call`, and locks it if that fails.
    #[track_caller]
    #[inline]
    fn in_activation<T: 'static, P: LowerList, U>(
        &self,
        store: &mut StoreContextMut<'_, T>,
        func: Func,
        types: TypeScope<'_>,
        params: &P,
        values: &mut [RawValue],
        call: impl FnOnce(&mut StoreContextMut<'_, T>, &mut [RawValue]) -> Result<U, CanonError>,
    ) -> Result<U> {
        let mut activation = Activation::enter(store, func.instance(), |store| func.name(store))?;
        if self.holds_handles {
            activation.begin_loans();
        }
        let checked = match self.checks_handles {
            true => self.check_handles(activation.store(), types, params, values),
            false => Ok(()),
        };
        // What is refused now is refused before anything is lowered.
        let harmless = checked.is_err() || !self.checks_handles;
        match checked.and_then(|()| call(activation.store(), values)) {
            Ok(result) => {
                activation.succeed();
                Ok(result)
            }
            Err(error) => Err(fail(activation, func, error, harmless)),
        }
    }

    /// Whether all values are core values, and of numbers.
    #[inline]
    fn passes_scalars<P: LowerList, R: LiftList>(&self) -> bool {
        self.passed.lowers_scalar_params::<P>() && self.passed.lifts_scalar_result::<R>()
    }

    /// `canon_lift` of values that pass as core values, between which and a result of that kind nothing else of a guest runs.
    #[inline]
    fn call_scalars<T: 'static, P: LowerList, R: LiftList>(
        &self,
        store: &mut StoreContextMut<'_, T>,
        by: EnteredBy,
        types: TypeScope<'_>,
        params: &P,
        values: &mut [RawValue],
    ) -> Result<R, CanonError> {
        lower_scalars(types, &self.options, params, TypeList::params_of(types.types, self.ty), values)?;
        store.call_core_by(by, self.callee, values)?;
        let result = TypeList::result_of(types.types, self.ty);
        lift_scalars(types, &self.options, result, &mut FlatReader::new(values))
    }

    /// Refuses handles that the host cannot give, while the instance is as it was.
    fn check_handles<T: 'static, P: LowerList>(
        &self,
        store: &mut StoreContextMut<'_, T>,
        types: TypeScope<'_>,
        params: &P,
        values: &mut [RawValue],
    ) -> Result<(), CanonError> {
        let list = TypeList::params_of(types.types, self.ty);
        self.options.check_handles(store.0, types, params, list, self.place(), &mut FlatWriter::new(values))
    }

    /// Where the parameters go.
    fn place(&self) -> LowerPlace {
        LowerPlace::of_params(self.passed.params.layout)
    }

    /// `canon_lift`, once the instance is entered, as far as the result; and how many bytes the result's strings and lists have.
    #[inline]
    pub(crate) fn call_entered<T: 'static, P: LowerList, R: LiftList>(
        &self,
        calls: &mut GuestCalls<'_, T>,
        types: TypeScope<'_>,
        params: &P,
        values: &mut [RawValue],
    ) -> Result<(R, u64), CanonError> {
        let options = &self.options;
        let list = TypeList::params_of(types.types, self.ty);
        let scope = match self.passed.lowers_scalar_params::<P>() {
            true => lower_scalars(types, options, params, list, values).map(|()| 0)?,
            false => self.lower_params(calls, types, params, list, values)?,
        };
        calls.call(self.callee, values)?;
        let (list, mut flat) = (TypeList::result_of(types.types, self.ty), FlatReader::new(values));
        if self.passed.lifts_scalar_result::<R>() && scope == 0 {
            return lift_scalars(types, options, list, &mut flat).map(|result| (result, 0));
        }
        let mut cx = options.lift(calls.store(), types, self.holds_handles);
        let result = lift_values(&mut cx, list, self.passed.result.layout, &mut flat)?;
        let copied = cx.copied();
        if scope != 0 {
            options.end_scope(calls.store(), scope)?;
        }
        Ok((result, copied))
    }

    /// Lowers the parameters; the address of the cell in which the call's borrows are counted, 0 if there are none.
    #[inline]
    fn lower_params<T: 'static, P: LowerList>(
        &self,
        calls: &mut GuestCalls<'_, T>,
        types: TypeScope<'_>,
        params: &P,
        list: TypeList<'_>,
        values: &mut [RawValue],
    ) -> Result<u32, CanonError> {
        let options = &self.options;
        let mut guest = StoreGuest { calls, options, scope: 0 };
        let mut cx = LowerContext::new(types, &mut guest, options.encoding, options.width);
        let lowered = lower_values(&mut cx, params, list, self.place(), &mut FlatWriter::new(values));
        let StoreGuest { calls, scope, .. } = guest;
        if let Err(error) = lowered {
            if error.is_refusal() && scope != 0 {
                options.abandon_scope(calls.store(), scope)?;
            }
            return Err(error);
        }
        Ok(scope)
    }

    /// What is left to do when the result has been passed on.
    #[inline]
    pub(crate) fn finish<T: 'static>(
        &self,
        calls: &mut GuestCalls<'_, T>,
        values: &mut [RawValue],
    ) -> Result<(), CanonError> {
        match self.options.post_return {
            Some(post_return) => Ok(self.options.call_without_leaving(calls, post_return, &mut values[..1])?),
            None => Ok(()),
        }
    }
}

/// Ends a call that failed; what its caller is told. It is `harmless` if nothing had been lowered when a handle was refused.
#[cold]
fn fail<T: 'static>(mut activation: Activation<'_, '_, T>, func: Func, error: CanonError, harmless: bool) -> Error {
    let refused = harmless && error.is_refusal();
    let error = Exception::into_trap(error.into_error(|| func.name(&activation.store().as_context())));
    match refused {
        true => activation.succeed(),
        false => activation.fail(&error, |store| func.name(store)),
    }
    error
}
