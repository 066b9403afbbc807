//! Waiting at an address of a memory and waking those who do, as compiled code calls it. Who waits looks for the deadline of its guest
//! now and then, and the host may be asked whether it goes on, as in bulk instructions.

use super::builtins::{Caller, caller, leave_after_panic, store_context};
use super::metering::ask_whether_to_go_on;
use super::parking::ParkOutcome;
use super::shared_memory::{Awaited, SharedLinearMemory, check_atomic};
use super::store::VmStore;
use super::unwind::leave;
use gusset_artifact::MemoryIndex;
use gusset_types::TrapCode;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

/// The store and the number of the calling instance are given to `work`; its outcome, unless the guest traps or is stopped.
///
/// # Safety
///
/// Called by a builtin that compiled code called with that context, and that holds nothing to drop. `work` returns 0 for what is to be
/// stopped only where why has been recorded.
unsafe fn atomic(context: Caller, name: &str, work: impl FnOnce() -> Result<Option<u64>, TrapCode>) -> u64 {
    // SAFETY: V3: compiled code passes its context.
    let raw = unsafe { store_context(context) };
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(Some(outcome))) => return outcome,
        Ok(Ok(None)) => {}
        Ok(Err(code)) => raw.failure.set_trap(code, None),
        // SAFETY: V3: as the caller says; what is in scope has no destructor.
        Err(payload) => unsafe { leave_after_panic(raw, name, payload) },
    }
    // SAFETY: V1, V9: the stub recorded its caller, and nothing here has to be dropped.
    unsafe { leave(raw) }
}

impl VmStore {
    /// The memory of an atomic access of so many bytes, if others may have it, and its address.
    fn atomic_place(
        &self,
        of: usize,
        memory: u32,
        index: u64,
        offset: u64,
        bytes: u64,
    ) -> Result<(Option<&Arc<SharedLinearMemory>>, u64), TrapCode> {
        let memory = &self.memories[self.memory_number(of, MemoryIndex::from_u32(memory))].memory;
        // Compiled code has found it to be aligned.
        let address = index.checked_add(offset).ok_or(TrapCode::MemoryOutOfBounds)?;
        check_atomic(address, bytes, memory.length())?;
        Ok((memory.shared(), address))
    }
}

pub(super) unsafe extern "C" fn memory_notify(
    context: Caller,
    memory: u32,
    index: u64,
    offset: u64,
    count: u32,
) -> u64 {
    let work = || {
        // SAFETY: V1, V3: compiled code passes its context, and holds no borrow of the store.
        let (store, instance) = unsafe { caller(context) };
        let (shared, address) = store.atomic_place(instance, memory, index, offset, 4)?;
        // Nobody can wait at what nobody else has.
        let woken = shared.map_or(Ok(0), |memory| memory.notify(address, count))?;
        Ok(Some(u64::from(woken)))
    };
    // SAFETY: V3: compiled code calls.
    unsafe { atomic(context, "memory_notify", work) }
}

pub(super) unsafe extern "C" fn memory_wait32(
    context: Caller,
    memory: u32,
    index: u64,
    offset: u64,
    expected: u32,
    timeout: i64,
) -> u64 {
    // SAFETY: V3: compiled code calls.
    unsafe { wait(context, (memory, index, offset), Awaited::I32(expected), timeout) }
}

pub(super) unsafe extern "C" fn memory_wait64(
    context: Caller,
    memory: u32,
    index: u64,
    offset: u64,
    expected: u64,
    timeout: i64,
) -> u64 {
    // SAFETY: V3: compiled code calls.
    unsafe { wait(context, (memory, index, offset), Awaited::I64(expected), timeout) }
}

/// # Safety
///
/// Called by a builtin that compiled code called with that context, and that holds nothing to drop.
unsafe fn wait(context: Caller, place: (u32, u64, u64), expected: Awaited, timeout: i64) -> u64 {
    let (memory, index, offset) = place;
    let work = || {
        // SAFETY: V3: compiled code passes its context.
        let raw = unsafe { store_context(context) };
        let (memory, address, looks) = {
            // SAFETY: V1, V3: as above; the borrow ends before anybody waits.
            let (store, instance) = unsafe { caller(context) };
            let (shared, address) = store.atomic_place(instance, memory, index, offset, expected.bytes())?;
            let memory = shared.ok_or(TrapCode::UnsharedWait)?.clone();
            (memory, address, store.engine().config().epoch_interruption)
        };
        // SAFETY: V8: the store's own context, no borrow of which is held.
        let mut goes_on = || !raw.is_late() || unsafe { ask_whether_to_go_on(raw) };
        let goes_on: Option<&mut dyn FnMut() -> bool> = if looks { Some(&mut goes_on) } else { None };
        let timeout = u64::try_from(timeout).ok().map(Duration::from_nanos);
        Ok(match memory.wait(address, expected, timeout, goes_on)? {
            ParkOutcome::Woken => Some(0),
            ParkOutcome::NotEqual => Some(1),
            ParkOutcome::TimedOut => Some(2),
            ParkOutcome::Stopped => None,
        })
    };
    // SAFETY: V3: as the caller says.
    unsafe { atomic(context, "memory_wait", work) }
}
