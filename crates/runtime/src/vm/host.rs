//! Calls of the host: what compiled code calls when a guest calls a host function. Errors and panics stop here; they arrive,
//! both as errors, where the host entered the guest.

use super::context::RawStoreContext;
use super::function::{host_parts, is_reference};
use super::raw_value::RawValue;
use crate::core::Exception;
use crate::error::{Error, Result};
use crate::host_panic::HostPanic;
use crate::store::{StoreContextMut, StoreInner};
use gusset_artifact::CoreFuncType;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// A function of the host: takes its parameters from the values and leaves its results there. There is room for the
/// more numerous of the two.
pub(crate) type HostFunc<T> = Arc<dyn Fn(StoreContextMut<'_, T>, &mut [RawValue]) -> Result<()> + Send + Sync>;

/// A host function of a store with data of type `T`.
pub(super) struct HostRecord<T: 'static> {
    func: HostFunc<T>,
    ty: Arc<CoreFuncType>,
    /// Room that a call needs: the larger number of parameters and results.
    values: usize,
    returns_references: bool,
}

impl<T: 'static> HostRecord<T> {
    pub(super) fn new(func: HostFunc<T>, ty: Arc<CoreFuncType>) -> HostRecord<T> {
        let (values, returns_references) = (ty.params.len().max(ty.results.len()), ty.results.iter().any(is_reference));
        HostRecord { func, ty, values, returns_references }
    }

    /// Calls it.
    pub(super) fn call(&self, store: &mut StoreInner<T>, values: &mut [RawValue]) -> Result<()> {
        (self.func)(StoreContextMut(store), values)?;
        if self.returns_references {
            store.vm.check_values(&self.ty.results, values)?;
        }
        Ok(())
    }
}

/// The glue that host stubs call: 1 for a return, 0 for a failure, which is recorded.
///
/// # Safety
///
/// Called by a host stub only, with the context of a host function of a store with data of type `T`, and its values.
pub(super) unsafe extern "C" fn call<T: 'static>(context: *const u64, values: *mut RawValue) -> u8 {
    // SAFETY: V8: the context is of a host function that `StoreInner<T>` added; the store keeps both records.
    let (raw, record): (&RawStoreContext, &HostRecord<T>) = unsafe {
        let (raw, record) = host_parts(context);
        (&*raw, &*record.cast())
    };
    // SAFETY: V1, V8: the store was borrowed exclusively by the entry, and nobody else holds a borrow now or when the call is done.
    let vm = || unsafe { &mut *raw.vm.get() };
    let mark = vm().root_mark();
    // While the host runs, no fault of this thread is the guest's.
    raw.leave_guest();
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: V1, V8: the owner was borrowed exclusively by the entry, which does not touch it until the guest
        // returns.
        let store = unsafe { &mut *raw.owner.get().cast::<StoreInner<T>>() };
        // SAFETY: V9: the stub made room for that many values on its stack.
        let values = unsafe { std::slice::from_raw_parts_mut(values, record.values) };
        store.vm.stress(&record.ty.params, values)?;
        record.call(store, values)
    }));
    let error = match outcome {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error),
        Err(payload) => Some(Error::new(HostPanic::new(payload))),
    };
    let returned = u8::from(error.is_none());
    if let Some(error) = error {
        // Values of the host's may be dropped for the exception, and with the error: that is still the host.
        match error.downcast_ref::<Exception>().map(|exception| exception.throw(vm())) {
            Some(Ok(exception)) => raw.failure.set_exception(exception),
            Some(Err(error)) => raw.failure.set_host(error),
            None => raw.failure.set_host(error),
        }
    }
    vm().unroot_since(mark);
    raw.go_to_guest();
    returned
}
