//! Bulk instructions, as compiled code calls them: they work in pieces, and look for the deadline after each, so that a guest can be
//! stopped within one. Then what came before has been written, and what comes behind has not.

use super::builtins::{Caller, caller, leave_after_panic, status, store_context};
use super::metering::ask_whether_to_go_on;
use super::store::VmStore;
use gusset_artifact::{DataIndex, ElemIndex, MemoryIndex, TableIndex};
use gusset_types::TrapCode;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Bytes of a piece: a small part of a millisecond.
const BYTES: u64 = 1 << 20;

/// Elements of a piece.
const ELEMENTS: u64 = BYTES / 8;

/// Whether so many elements are several pieces.
pub(super) fn is_long_table(count: u64) -> bool {
    count > ELEMENTS
}

/// Work that is done in pieces.
struct Pieces<C, W> {
    name: &'static str,
    /// Of the whole, in units.
    len: u64,
    /// Of a piece.
    piece: u64,
    /// Whether the last piece comes first.
    backwards: bool,
    /// Whether all of it is within bounds; asked where there are several pieces.
    check: C,
    /// Does so many units from an offset on, if they are within bounds.
    work: W,
}

impl<C, W> Pieces<C, W>
where
    C: Fn(&mut VmStore, usize) -> Result<(), TrapCode>,
    W: Fn(&mut VmStore, usize, u64, u64) -> Result<(), TrapCode>,
{
    /// Does it all: 1, or 0 when a failure was recorded.
    ///
    /// # Safety
    ///
    /// Called by a builtin that compiled code called with that context, and that holds nothing to drop.
    unsafe fn run(self, context: Caller) -> u8 {
        // SAFETY: V3: compiled code passes its context.
        let raw = unsafe { store_context(context) };
        // SAFETY: V1, V3: as above; nothing else borrows the store during a step, and no step is running while the host is asked.
        let step = |work: &dyn Fn(&mut VmStore, usize) -> Result<(), TrapCode>| unsafe {
            let (store, instance) = caller(context);
            match catch_unwind(AssertUnwindSafe(|| work(store, instance))) {
                Ok(result) => status(raw, result) == 1,
                Err(payload) => leave_after_panic(raw, self.name, payload),
            }
        };
        // SAFETY: V1, V3: as above.
        if !unsafe { caller(context).0.engine().config().epoch_interruption } {
            return u8::from(step(&|store, instance| (self.work)(store, instance, 0, self.len)));
        }
        // Code looks at loops and calls, and may have any number of these instructions in a row.
        // SAFETY: V8: the store's own context, no borrow of which is held.
        let goes_on = || !raw.is_late() || unsafe { ask_whether_to_go_on(raw) };
        if self.len <= self.piece {
            let done = step(&|store, instance| (self.work)(store, instance, 0, self.len));
            return u8::from(done && goes_on());
        }
        if !step(&self.check) {
            return 0;
        }
        let mut done = 0;
        while done < self.len {
            let len = self.piece.min(self.len - done);
            let at = if self.backwards { self.len - done - len } else { done };
            if !step(&|store, instance| (self.work)(store, instance, at, len)) {
                return 0;
            }
            done += len;
            if !goes_on() {
                return 0;
            }
        }
        1
    }
}

pub(super) unsafe extern "C" fn memory_fill(context: Caller, memory: u32, dst: u64, value: u32, len: u64) -> u8 {
    let memory = MemoryIndex::from_u32(memory);
    let pieces = Pieces {
        name: "memory_fill",
        len,
        piece: BYTES,
        backwards: false,
        check: |store: &mut VmStore, of| store.check_memory(of, memory, dst, len),
        work: |store: &mut VmStore, of, at, len| store.memory_fill(of, memory, dst + at, value as u8, len),
    };
    // SAFETY: V3: compiled code calls.
    unsafe { pieces.run(context) }
}

pub(super) unsafe extern "C" fn memory_copy(
    context: Caller,
    dst_memory: u32,
    src_memory: u32,
    dst: u64,
    src: u64,
    len: u64,
) -> u8 {
    let (to, from) = (MemoryIndex::from_u32(dst_memory), MemoryIndex::from_u32(src_memory));
    let pieces = Pieces {
        name: "memory_copy",
        len,
        piece: BYTES,
        // Both may be one memory.
        backwards: dst > src,
        check: |store: &mut VmStore, of| {
            store.check_memory(of, from, src, len)?;
            store.check_memory(of, to, dst, len)
        },
        work: |store: &mut VmStore, of, at, len| store.memory_copy(of, to, from, dst + at, src + at, len),
    };
    // SAFETY: V3: compiled code calls.
    unsafe { pieces.run(context) }
}

pub(super) unsafe extern "C" fn memory_init(
    context: Caller,
    memory: u32,
    segment: u32,
    dst: u64,
    src: u64,
    len: u64,
) -> u8 {
    let (memory, segment) = (MemoryIndex::from_u32(memory), DataIndex::from_u32(segment));
    let pieces = Pieces {
        name: "memory_init",
        len,
        piece: BYTES,
        backwards: false,
        check: |store: &mut VmStore, of| {
            store.check_data(of, segment, src, len)?;
            store.check_memory(of, memory, dst, len)
        },
        work: |store: &mut VmStore, of, at, len| store.memory_init(of, memory, segment, dst + at, src + at, len),
    };
    // SAFETY: V3: compiled code calls.
    unsafe { pieces.run(context) }
}

pub(super) unsafe extern "C" fn table_fill(context: Caller, table: u32, dst: u64, value: u64, len: u64) -> u8 {
    let table = TableIndex::from_u32(table);
    let pieces = Pieces {
        name: "table_fill",
        len,
        piece: ELEMENTS,
        backwards: false,
        check: |store: &mut VmStore, of| {
            // The host is asked between pieces, and may reclaim what is held by nobody.
            store.hold_element(of, table, value);
            store.check_table(of, table, dst, len)
        },
        work: |store: &mut VmStore, of, at, len| store.table_fill(of, table, dst + at, value, len),
    };
    // SAFETY: V1, V3: compiled code passes its context, and holds no borrow.
    let mark = unsafe { caller(context).0.root_mark() };
    // SAFETY: V3: compiled code calls.
    let done = unsafe { pieces.run(context) };
    // SAFETY: V1, V3: as above.
    unsafe { caller(context).0.unroot_since(mark) };
    done
}

pub(super) unsafe extern "C" fn table_copy(
    context: Caller,
    dst_table: u32,
    src_table: u32,
    dst: u64,
    src: u64,
    len: u64,
) -> u8 {
    let (to, from) = (TableIndex::from_u32(dst_table), TableIndex::from_u32(src_table));
    let pieces = Pieces {
        name: "table_copy",
        len,
        piece: ELEMENTS,
        backwards: dst > src,
        check: |store: &mut VmStore, of| {
            store.check_table(of, from, src, len)?;
            store.check_table(of, to, dst, len)
        },
        work: |store: &mut VmStore, of, at, len| store.table_copy(of, to, from, dst + at, src + at, len),
    };
    // SAFETY: V3: compiled code calls.
    unsafe { pieces.run(context) }
}

pub(super) unsafe extern "C" fn table_init(
    context: Caller,
    table: u32,
    segment: u32,
    dst: u64,
    src: u64,
    len: u64,
) -> u8 {
    let (table, segment) = (TableIndex::from_u32(table), ElemIndex::from_u32(segment));
    let pieces = Pieces {
        name: "table_init",
        len,
        piece: ELEMENTS,
        backwards: false,
        check: |store: &mut VmStore, of| {
            store.check_elements(of, segment, src, len)?;
            store.check_table(of, table, dst, len)
        },
        work: |store: &mut VmStore, of, at, len| store.table_init(of, table, segment, dst + at, src + at, len),
    };
    // SAFETY: V3: compiled code calls.
    unsafe { pieces.run(context) }
}
