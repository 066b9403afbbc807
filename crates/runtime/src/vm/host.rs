//! Calls of the host: what compiled code calls when a guest calls a host function. Errors and panics stop here; they arrive,
//! both as errors, where the host entered the guest.

use super::context::RawStoreContext;
use super::function::{Target, host_parts, is_reference};
use super::handle::FuncHandle;
use super::raw_value::RawValue;
use super::signals::set_current;
use super::store::VmStore;
use crate::error::{Error, Result, bail};
use crate::host_panic::HostPanic;
use crate::store::{StoreContextMut, StoreInner};
use gusset_artifact::CoreFuncType;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null;
use std::sync::Arc;

/// A function of the host: takes its parameters from the values and leaves its results there. There is room for the
/// more numerous of the two.
pub(crate) type HostFunc<T> = Arc<dyn Fn(StoreContextMut<'_, T>, &mut [RawValue]) -> Result<()> + Send + Sync>;

/// A host function of a store with data of type `T`.
pub(super) struct Record<T: 'static> {
    pub(super) func: HostFunc<T>,
    pub(super) ty: Arc<CoreFuncType>,
}

impl<T: 'static> Record<T> {
    fn call(&self, store: &mut StoreInner<T>, values: &mut [RawValue]) -> Result<()> {
        (self.func)(StoreContextMut(store), values)?;
        if self.ty.results.iter().any(is_reference) {
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
    let (raw, record): (&RawStoreContext, &Record<T>) = unsafe {
        let (raw, record) = host_parts(context);
        (&*raw, &*record.cast())
    };
    // While the host runs, no fault of this thread is the guest's.
    let guest = set_current(null());
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: V1, V8: the owner was borrowed exclusively by the entry, which does not touch it until the guest
        // returns.
        let store = unsafe { &mut *raw.owner.get().cast::<StoreInner<T>>() };
        let count = record.ty.params.len().max(record.ty.results.len());
        // SAFETY: V9: the stub made room for that many values on its stack.
        let values = unsafe { std::slice::from_raw_parts_mut(values, count) };
        record.call(store, values)
    }));
    set_current(guest);
    let error = match outcome {
        Ok(Ok(())) => return 1,
        Ok(Err(error)) => error,
        Err(payload) => Error::new(HostPanic::new(payload)),
    };
    raw.failure.set_host(error);
    0
}

impl VmStore {
    fn check_values(&mut self, types: &[gusset_artifact::CoreValType], values: &[RawValue]) -> Result<()> {
        types.iter().zip(values).try_for_each(|(&ty, &value)| self.check_value(ty, value))
    }
}

impl<T: 'static> StoreInner<T> {
    /// Calls a function, of a guest or of the host. `values` holds its parameters and then its results; it has room for
    /// the more numerous of the two.
    ///
    /// # Errors
    ///
    /// What a host function returned, as it was, its panic, or a [`Trap`](crate::Trap).
    ///
    /// # Panics
    ///
    /// When `func` is itself a host function, and panics: no guest is in between.
    pub(crate) fn call_core(&mut self, func: FuncHandle, values: &mut [RawValue]) -> Result<()> {
        let number = func.index(self.vm.id());
        let record = &self.vm.functions[number];
        let Some(values) = values.get_mut(..record.values) else {
            bail!("a call of a function of {} values was given room for {} only", record.values, values.len());
        };
        let target = record.target;
        if record.takes_references {
            let ty = record.ty.clone();
            self.vm.check_values(&ty.params, values)?;
        }
        match target {
            Target::Wasm { code, context, entry: Some(entry) } => {
                super::entry::enter(self, entry, context, code, values)
            }
            Target::Wasm { code, context, entry: None } => {
                let entry = self.vm.entry_of(number)?;
                super::entry::enter(self, entry, context, code, values)
            }
            Target::Host(at) => match self.vm.hosts[at].clone().downcast::<Record<T>>() {
                Ok(record) => record.call(self, values),
                Err(_) => Err(Error::msg("internal error: a host function is of a store with other data")),
            },
        }
    }
}

impl<T: 'static> StoreContextMut<'_, T> {
    /// [`StoreInner::call_core`].
    pub(crate) fn call_core(&mut self, func: FuncHandle, values: &mut [RawValue]) -> Result<()> {
        self.0.call_core(func, values)
    }
}
