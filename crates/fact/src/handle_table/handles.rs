//! Entries of a table: finding, adding, lending and freeing handles, and room for more.

use super::{BORROW_ABOVE_OWN, TableFunc, TableWriter};
use gusset_types::{BORROW_SCOPE, FIRST_HANDLES, HANDLE_ENTRY, HandleKind, INSTANCE_STATE, MAX_HANDLES};
use wasm_encoder::BlockType;

impl TableWriter<'_, '_> {
    /// A new local with the address of the entry for `(record, index, ..)`, or of that at index 0 if there is none. What stands
    /// there, also while there is no table, has the kind of a free entry.
    pub(super) fn find(&mut self) -> u32 {
        let (record, index) = (0, 1);
        let entry = self.local();
        self.ins().local_get(index).i32_const(0).local_get(index);
        self.load(record, INSTANCE_STATE.length);
        self.ins().i32_lt_u().select();
        self.entry_at(record);
        self.ins().local_set(entry);
        entry
    }

    pub(super) fn lift_own(&mut self) {
        let tag = 2;
        let entry = self.find();
        self.load(entry, HANDLE_ENTRY.tag);
        self.ins().local_get(tag).i32_ne();
        self.load(entry, HANDLE_ENTRY.lends);
        self.ins().i32_or();
        self.fail_if([0, 1]);
        self.load(entry, HANDLE_ENTRY.rep);
        self.free(entry);
        self.ins().i32_const(0);
    }

    /// Pushes whether an entry is neither an own nor a borrow handle of the type.
    fn is_other(&mut self, entry: u32) {
        let tag = 2;
        self.load(entry, HANDLE_ENTRY.tag);
        self.ins().local_get(tag).i32_sub().i32_const(BORROW_ABOVE_OWN as i32).i32_gt_u();
    }

    pub(super) fn borrowed(&mut self, lend: bool) {
        let entry = self.find();
        self.is_other(entry);
        self.fail_if([0, 1]);
        if lend {
            self.add_to(entry, HANDLE_ENTRY.lends, 1);
        }
        self.load(entry, HANDLE_ENTRY.rep);
        self.ins().i32_const(0);
    }

    pub(super) fn drop(&mut self) {
        let tag = 2;
        let entry = self.find();
        let kind = self.local();
        self.is_other(entry);
        self.load(entry, HANDLE_ENTRY.lends);
        self.ins().i32_or();
        self.fail_if([0, HandleKind::Free as i32]);
        self.load(entry, HANDLE_ENTRY.tag);
        self.ins().local_get(tag).i32_sub().i32_const(HandleKind::Own as i32).i32_add().local_set(kind);
        self.load(entry, HANDLE_ENTRY.rep);
        self.ins().local_get(kind).i32_const(HandleKind::Borrow as i32).i32_eq().if_(BlockType::Empty);
        let scope = self.local();
        self.load(entry, HANDLE_ENTRY.scope);
        self.ins().local_set(scope);
        self.add_to(scope, BORROW_SCOPE.count, -1);
        self.ins().end();
        self.free(entry);
        self.ins().local_get(kind);
    }

    /// Makes the entry for `(record, index, ..)` the free one that is taken next.
    fn free(&mut self, entry: u32) {
        let (record, index) = (0, 1);
        self.store(entry, HANDLE_ENTRY.tag, |this| {
            this.ins().i32_const(HandleKind::Free as i32);
        });
        self.store(entry, HANDLE_ENTRY.rep, |this| this.load(record, INSTANCE_STATE.free));
        self.store(record, INSTANCE_STATE.free, |this| {
            this.ins().local_get(index);
        });
    }

    pub(super) fn end_lend(&mut self) {
        let (record, index) = (0, 1);
        let entry = self.local();
        self.ins().local_get(index).if_(BlockType::Empty).local_get(index);
        self.entry_at(record);
        self.ins().local_set(entry);
        self.add_to(entry, HANDLE_ENTRY.lends, -1);
        self.ins().end();
    }

    pub(super) fn add(&mut self, borrow: bool) {
        let (rep, record, tag, scope) = (0, 1, 2, 3);
        if borrow {
            self.add_to(scope, BORROW_SCOPE.count, 1);
        }
        let (index, entry) = (self.local(), self.local());
        self.load(record, INSTANCE_STATE.free);
        self.ins().local_tee(index).if_(BlockType::Empty).local_get(index);
        self.entry_at(record);
        self.ins().local_set(entry);
        self.store(record, INSTANCE_STATE.free, |this| this.load(entry, HANDLE_ENTRY.rep));
        self.ins().else_();
        self.load(record, INSTANCE_STATE.length);
        self.load(record, INSTANCE_STATE.capacity);
        self.ins().i32_eq().if_(BlockType::Empty).local_get(record);
        self.call(TableFunc::Grow);
        self.ins().i32_eqz().if_(BlockType::Empty).i32_const(0).return_().end().end();
        self.load(record, INSTANCE_STATE.length);
        self.ins().local_tee(index);
        self.entry_at(record);
        self.ins().local_set(entry);
        self.store(record, INSTANCE_STATE.length, |this| {
            this.ins().local_get(index).i32_const(1).i32_add();
        });
        self.ins().end();
        for (offset, value) in [(HANDLE_ENTRY.tag, tag), (HANDLE_ENTRY.rep, rep), (HANDLE_ENTRY.scope, scope)] {
            self.store(entry, offset, |this| {
                this.ins().local_get(value);
            });
        }
        self.ins().local_get(index);
    }

    pub(super) fn grow(&mut self) {
        let record = 0;
        let (capacity, block) = (self.local(), self.local());
        self.load(record, INSTANCE_STATE.capacity);
        self.ins().i32_const(1).i32_shl().local_tee(capacity).i32_const(FIRST_HANDLES as i32).local_get(capacity);
        self.ins().select().local_tee(capacity).i32_const(MAX_HANDLES as i32).i32_gt_u();
        self.ins().if_(BlockType::Empty).i32_const(0).return_().end();
        let entry_bits = HANDLE_ENTRY.size.trailing_zeros() as i32;
        self.ins().local_get(capacity).i32_const(entry_bits).i32_shl();
        self.call(TableFunc::Allocate);
        self.ins().local_set(block);
        self.give_up_unless(block);
        self.ins().local_get(block);
        self.load(record, INSTANCE_STATE.handles);
        self.load(record, INSTANCE_STATE.length);
        let state = self.state;
        self.ins().i32_const(entry_bits).i32_shl().memory_copy(state, state);
        for (offset, value) in [(INSTANCE_STATE.handles, block), (INSTANCE_STATE.capacity, capacity)] {
            self.store(record, offset, |this| {
                this.ins().local_get(value);
            });
        }
        // Index 0 is nobody's.
        self.store(record, INSTANCE_STATE.length, |this| {
            this.load(record, INSTANCE_STATE.length);
            this.ins().i32_const(1);
            this.load(record, INSTANCE_STATE.length);
            this.ins().select();
        });
        self.ins().i32_const(1);
    }
}
