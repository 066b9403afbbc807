//! The heap of the state memory: cells of borrow scopes and of lenders, and the blocks of tables.

use super::{TableFunc, TableWriter};
use gusset_types::{BORROW_SCOPE, CELL, FlatType, LENDER, STATE_HEADER};
use wasm_encoder::BlockType;

impl TableWriter<'_, '_> {
    pub(super) fn new_scope(&mut self) {
        let scope = self.new_cell();
        for offset in [BORROW_SCOPE.count, BORROW_SCOPE.lenders] {
            self.store(scope, offset, |this| {
                this.ins().i32_const(0);
            });
        }
        self.ins().local_get(scope);
    }

    pub(super) fn add_lender(&mut self) {
        let (index, scope) = (0, 1);
        let lender = self.new_cell();
        self.store(lender, LENDER.next, |this| this.load(scope, BORROW_SCOPE.lenders));
        for (address, offset, value) in [(lender, LENDER.index, index), (scope, BORROW_SCOPE.lenders, lender)] {
            self.store(address, offset, |this| {
                this.ins().local_get(value);
            });
        }
        self.ins().local_get(lender);
    }

    pub(super) fn end_scope(&mut self) {
        let (record, scope) = (0, 1);
        let (lender, next) = (self.local(), self.local());
        self.load(scope, BORROW_SCOPE.lenders);
        self.ins().local_set(lender).block(BlockType::Empty).loop_(BlockType::Empty);
        self.ins().local_get(lender).i32_eqz().br_if(1).local_get(record);
        self.load(lender, LENDER.index);
        self.call(TableFunc::EndLend);
        self.load(lender, LENDER.next);
        self.ins().local_set(next);
        self.free_cell(lender);
        self.ins().local_get(next).local_set(lender).br(0).end().end();
        self.free_cell(scope);
    }

    /// A new local with a cell of the heap, which may hold anything. If there is no room, the function returns 0.
    fn new_cell(&mut self) -> u32 {
        let cell = self.local();
        self.load_header(STATE_HEADER.free_cells);
        self.ins().local_tee(cell).if_(BlockType::Empty);
        self.store_header(STATE_HEADER.free_cells, |this| this.load(cell, CELL.next_free));
        self.ins().else_().i32_const(CELL.size as i32);
        self.call(TableFunc::Allocate);
        self.ins().local_set(cell);
        self.give_up_unless(cell);
        self.ins().end();
        cell
    }

    fn free_cell(&mut self, cell: u32) {
        self.store(cell, CELL.next_free, |this| this.load_header(STATE_HEADER.free_cells));
        self.store_header(STATE_HEADER.free_cells, |this| {
            this.ins().local_get(cell);
        });
    }

    /// The sum is computed in 64 bits. The last page can never be filled: the address behind it would not fit.
    pub(super) fn allocate(&mut self) {
        let bytes = 0;
        let top = self.local();
        let (end, have) = (self.body.local(FlatType::I64), self.body.local(FlatType::I64));
        let state = self.state;
        self.load_header(STATE_HEADER.heap_top);
        self.ins().local_tee(top).i64_extend_i32_u().local_get(bytes).i64_extend_i32_u().i64_add().local_tee(end);
        self.ins().i64_const(i64::from(u32::MAX)).i64_gt_u().if_(BlockType::Empty).i32_const(0).return_().end();
        self.ins().local_get(end).memory_size(state).i64_extend_i32_u().i64_const(16).i64_shl().local_tee(have);
        self.ins().i64_gt_u().if_(BlockType::Empty).local_get(end).local_get(have).i64_sub();
        self.ins().i64_const(0xffff).i64_add().i64_const(16).i64_shr_u().i32_wrap_i64().memory_grow(state);
        self.ins().i32_const(-1).i32_eq().if_(BlockType::Empty).i32_const(0).return_().end().end();
        self.store_header(STATE_HEADER.heap_top, |this| {
            this.ins().local_get(end).i32_wrap_i64();
        });
        self.ins().local_get(top);
    }
}
