//! [`LiftedFunc`]: a `canon lift` with everything resolved, and the way of a call from the host into a component and back.

use crate::activation::Activation;
use crate::canon::{
    CanonError, FlatReader, FlatWriter, LiftList, LowerContext, LowerList, LowerPlace, ResolvedOptions, StoreGuest,
    TypeList, lift_values, lower_values,
};
use crate::component::ExportedFunc;
use crate::error::Result;
use crate::func::Func;
use crate::store::{AsContext, StoreContextMut};
use crate::type_scope::TypeScope;
use crate::vm::{FuncHandle, RawValue};
use gusset_types::FuncTypeIndex;

/// `canon lift` with everything resolved: what a call needs.
#[derive(Clone, Copy)]
pub(crate) struct LiftedFunc {
    callee: FuncHandle,
    options: ResolvedOptions,
    ty: FuncTypeIndex,
    params_in_memory: bool,
    result_in_memory: bool,
}

impl LiftedFunc {
    /// The guest's function behind an exported one.
    pub(crate) fn new(exported: &ExportedFunc, callee: FuncHandle, options: ResolvedOptions) -> LiftedFunc {
        LiftedFunc {
            callee,
            options,
            ty: exported.ty,
            params_in_memory: exported.params_in_memory,
            result_in_memory: exported.result_in_memory,
        }
    }

    /// Calls it, as `func`. `values` has room for the core parameters and the core result.
    pub(crate) fn call<T: 'static, P: LowerList, R: LiftList>(
        &self,
        store: &mut StoreContextMut<'_, T>,
        func: Func,
        types: TypeScope<'_>,
        params: &P,
        values: &mut [RawValue],
    ) -> Result<R> {
        let mut activation = Activation::enter(store, func.instance())?;
        match self.call_entered(activation.store(), types, params, values) {
            Ok(result) => {
                activation.succeed();
                Ok(result)
            }
            Err(error) => {
                drop(activation);
                Err(error.into_error(|| func.name(&store.as_context())))
            }
        }
    }

    /// `canon_lift`, once the instance is entered.
    fn call_entered<T: 'static, P: LowerList, R: LiftList>(
        &self,
        store: &mut StoreContextMut<'_, T>,
        types: TypeScope<'_>,
        params: &P,
        values: &mut [RawValue],
    ) -> Result<R, CanonError> {
        let LiftedFunc { callee, options, params_in_memory, result_in_memory, .. } = *self;
        let ty = types.types.func(self.ty);
        let mut guest = StoreGuest { store, options };
        let mut cx = LowerContext::new(types, &mut guest, options.encoding, options.width);
        let place = if params_in_memory { LowerPlace::Allocated } else { LowerPlace::Flat };
        lower_values(&mut cx, params, TypeList::Params(&ty.params), place, &mut FlatWriter::new(values))?;
        store.call_core(callee, values)?;
        let mut cx = options.lift(&store.0.vm, types);
        let result = lift_values(&mut cx, TypeList::Result(ty.result), result_in_memory, &mut FlatReader::new(values))?;
        if let Some(post_return) = options.post_return {
            options.call_without_leaving(store, post_return, &mut values[..1])?;
        }
        Ok(result)
    }
}
