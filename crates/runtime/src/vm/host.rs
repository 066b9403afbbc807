//! Calls of the host: what compiled code calls when a guest calls a host function. Errors and panics stop here; they arrive,
//! both as errors, where the host entered the guest.

use super::context::RawStoreContext;
use super::function::{host_parts, is_reference};
use super::raw_value::RawValue;
use super::store::VmStore;
use crate::core::Exception;
use crate::error::{Error, Result};
use crate::host_panic::HostPanic;
use crate::store::{StoreContextMut, StoreInner};
use gusset_artifact::CoreFuncType;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// A function of the host whose closure is not known: takes its parameters from the values and leaves its results there. There is room for the
/// more numerous of the two.
pub(crate) type HostFunc<T> = Arc<HostClosure<T>>;

/// What such a function calls.
type HostClosure<T> = dyn Fn(StoreContextMut<'_, T>, &mut [RawValue]) -> Result<()> + Send + Sync;

/// A host function of a store: its closure, which its glue knows, behind what is known of it.
pub(super) struct HostRecord<F: ?Sized> {
    ty: Arc<CoreFuncType>,
    /// Room that a call needs: the larger number of parameters and results.
    values: usize,
    returns_references: bool,
    func: F,
}

/// The same where the closure is not known, of a store with data of type `T`.
pub(super) type SharedHostRecord<T> = Arc<HostRecord<HostClosure<T>>>;

impl<F> HostRecord<F> {
    pub(super) fn new(func: F, ty: Arc<CoreFuncType>) -> HostRecord<F> {
        let (values, returns_references) = (ty.params.len().max(ty.results.len()), ty.results.iter().any(is_reference));
        HostRecord { ty, values, returns_references, func }
    }
}

impl<F: ?Sized> HostRecord<F> {
    /// Calls it.
    #[inline(always)]
    pub(super) fn call<T: 'static>(&self, store: &mut StoreInner<T>, values: &mut [RawValue]) -> Result<()>
    where
        F: Fn(StoreContextMut<'_, T>, &mut [RawValue]) -> Result<()>,
    {
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
/// Called by a host stub only, with the context of a host function of a store with data of type `T`, whose closure is an `F`, and its values.
pub(super) unsafe extern "C" fn call<T: 'static, F>(context: *const u64, values: *mut RawValue) -> u8
where
    F: Fn(StoreContextMut<'_, T>, &mut [RawValue]) -> Result<()>,
{
    // SAFETY: V8: the context is of a host function that `StoreInner<T>` added with an `F`; the store keeps both records.
    let (raw, record): (&RawStoreContext, &HostRecord<F>) = unsafe {
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
    let returned = match outcome {
        Ok(Ok(())) => 1,
        Ok(Err(error)) => fail(raw, vm(), error),
        Err(payload) => fail(raw, vm(), Error::new(HostPanic::new(payload))),
    };
    vm().unroot_since(mark);
    raw.go_to_guest();
    returned
}

/// Records why a host function failed; what the glue returns then.
#[cold]
#[inline(never)]
fn fail(raw: &RawStoreContext, vm: &mut VmStore, error: Error) -> u8 {
    // Values of the host's may be dropped for the exception, and with the error: that is still the host.
    match error.downcast_ref::<Exception>().map(|exception| exception.throw(vm)) {
        Some(Ok(exception)) => raw.failure.set_exception(exception),
        Some(Err(error)) => raw.failure.set_host(error),
        None => raw.failure.set_host(error),
    }
    0
}
