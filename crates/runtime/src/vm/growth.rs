//! `memory.grow` and `table.grow`, as compiled code calls them: the host's limiter may have to say something about it, and what it fails with
//! stops the guest. What it is asked stands in `limits.rs`. New pages and elements that are null cost nothing; many elements that are not
//! are written in pieces, as `table.fill` does it.

use super::builtins::{Caller, leave_after_panic, leave_with, store_context};
use super::limits::{Growth, Limiter};
use super::pieces::{is_long_table, table_fill};
use super::store::VmStore;
use super::unwind::leave;
use crate::error::{Error, Result};
use crate::host_panic::HostPanic;
use gusset_artifact::{ContextLayout, MemoryIndex, TableIndex};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Grows something of the calling instance; what the guest is told. An error or a panic of the host's stops the guest.
///
/// # Safety
///
/// `caller` is the first parameter of a builtin that compiled code called, and that holds nothing to drop.
unsafe fn grow(
    caller: Caller,
    builtin: &str,
    grow: impl FnOnce(&mut VmStore, usize, Limiter<'_>) -> Result<Growth>,
) -> u64 {
    // SAFETY: V3: the context of an instance starts with its number.
    let (raw, instance) = unsafe { (store_context(caller), caller.add(ContextLayout::RUNTIME as usize / 8).read()) };
    // While the host runs, no fault of this thread is the guest's.
    raw.leave_guest();
    let limited = Cell::new(false);
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: V1, V8: the owner was borrowed exclusively by the entry, which does not touch it until the guest returns; compiled
        // code holds no reference into it.
        let store = unsafe { &mut *raw.erased_owner() };
        limited.set(store.has_limiter());
        let (vm, limiter) = store.vm_and_limiter();
        grow(vm, instance as usize, limiter)
    }));
    raw.go_to_guest();
    match outcome {
        Ok(Ok(growth)) => growth.for_guest(),
        // SAFETY: V3: as the caller says; the error is given away.
        Ok(Err(error)) => unsafe { leave_with(raw, error) },
        // SAFETY: V3: as above.
        Err(payload) if limited.get() => unsafe { leave_with(raw, Error::new(HostPanic::new(payload))) },
        // SAFETY: V3: as above.
        Err(payload) => unsafe { leave_after_panic(raw, builtin, payload) },
    }
}

pub(super) unsafe extern "C" fn memory_grow(caller: Caller, memory: u32, pages: u64) -> u64 {
    let work = |store: &mut VmStore, instance, limiter: Limiter<'_>| {
        store.grow_memory_within(store.memory_number(instance, MemoryIndex::from_u32(memory)), pages, limiter)
    };
    // SAFETY: V3: compiled code passes its context.
    unsafe { grow(caller, "memory_grow", work) }
}

pub(super) unsafe extern "C" fn table_grow(caller: Caller, table: u32, count: u64, value: u64) -> u64 {
    let filled_later = Cell::new(false);
    let work = |store: &mut VmStore, instance, limiter: Limiter<'_>| {
        let number = store.table_number(instance, TableIndex::from_u32(table));
        // Null, which new elements are at first, must be of their type.
        let long = store.engine().config().epoch_interruption && is_long_table(count);
        filled_later.set(long && store.is_nullable(number));
        store.grow_table_within(number, count, if filled_later.get() { 0 } else { value }, limiter)
    };
    // SAFETY: V3: compiled code passes its context.
    let before = unsafe { grow(caller, "table_grow", work) };
    if filled_later.get() && value != 0 && before != Growth::REFUSED {
        // SAFETY: V1, V3, V9: as above; the stub recorded its caller, and nothing here has to be dropped.
        unsafe {
            if table_fill(caller, table, before, value, count) == 0 {
                leave(store_context(caller));
            }
        }
    }
    before
}
