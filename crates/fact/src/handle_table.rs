//! Tables of handles (`Table` and `ResourceHandle` of `CanonicalABI.md`) as functions of the module, each made where it is asked
//! for: they work on the state memory, whose layout is `handle_table` of `gusset_types`, and on nothing else. None of them knows a
//! type or a place; what failed is said by [`TableFunc::Fail`], which is off the way of what succeeds.
//!
//! `record` is the address of the record of a component instance, `tag` the tag of an own handle of the resource type that is meant.

use crate::body::{DefinedFunc, FunctionBody};
use crate::module::ModuleBuilder;
use gusset_types::{
    BORROW_SCOPE, CELL, FIRST_HANDLES, FlatType, HANDLE_ENTRY, HANDLE_KIND_BITS, HandleKind, INSTANCE_STATE, LENDER,
    MAX_HANDLES, STATE_HEADER, TrapCode, trap_params,
};
use wasm_encoder::{BlockType, InstructionSink, MemArg, MemArgTarget};

/// What tells an own handle's tag from that of a borrow handle of the same type.
const BORROW_ABOVE_OWN: u32 = HandleKind::Borrow as u32 - HandleKind::Own as u32;
const _: () = assert!(BORROW_ABOVE_OWN == 1 && HANDLE_ENTRY.size.is_power_of_two());

/// A function over the state memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum TableFunc {
    /// `(record, index) -> entry`: the address of an entry; of one that is free if there is none with that index.
    Entry,
    /// `(rep, record, tag, scope) -> index`: `Table.add`; 0 if there is no room.
    Add,
    /// The same for a borrow handle, which its scope counts.
    AddBorrow,
    /// `(record) -> done`: makes room for twice as many entries; 0 if there is none.
    Grow,
    /// `(record, index, entry)`: makes an entry free.
    Free,
    /// `(record, index, tag) -> (rep, failed)`: `lift_own`.
    LiftOwn,
    /// `(record, index, tag) -> (rep, failed)`: `lift_borrow`, without saying to whom it is lent.
    LiftBorrow,
    /// `(record, index, tag) -> (rep, failed)`: what `canon resource.rep` does.
    Rep,
    /// `(record, index, tag) -> (rep, kind)`: what `canon resource.drop` does, but for the destructor. The kind is that of the
    /// handle, or 0 if it failed.
    Drop,
    /// `(record, index)`: takes back one lend of a handle, unless the index is 0.
    EndLend,
    /// `() -> scope`: a scope without borrows and lenders; 0 if there is no room.
    NewScope,
    /// `(index, scope) -> lender`: adds a handle to the lenders of a scope; 0 if there is no room.
    AddLender,
    /// `(record, scope)`: takes back what the caller lent in a scope, and frees its cells.
    EndScope,
    /// `() -> cell`: a cell of the heap, with anything in it; 0 if there is no room.
    NewCell,
    /// `(cell)`: gives a cell back.
    FreeCell,
    /// `(bytes) -> address`: takes zeroed bytes from the heap; 0 if there is no room.
    Allocate,
    /// `(record, index, tag, site, index of a list ...)`: traps for the reason for which a handle could not be used.
    Fail {
        /// How many list indices there are.
        indices: usize,
    },
}

impl TableFunc {
    /// How many `i32` parameters and results it has; `Fail` has its list indices beside them.
    fn arity(self) -> (usize, usize) {
        match self {
            TableFunc::Entry | TableFunc::AddLender => (2, 1),
            TableFunc::Add | TableFunc::AddBorrow => (4, 1),
            TableFunc::Grow | TableFunc::Allocate => (1, 1),
            TableFunc::Free => (3, 0),
            TableFunc::LiftOwn | TableFunc::LiftBorrow | TableFunc::Rep | TableFunc::Drop => (3, 2),
            TableFunc::EndLend | TableFunc::EndScope => (2, 0),
            TableFunc::NewScope | TableFunc::NewCell => (0, 1),
            TableFunc::FreeCell => (1, 0),
            TableFunc::Fail { .. } => (4, 0),
        }
    }

    fn params(self) -> Vec<FlatType> {
        let mut params = vec![FlatType::I32; self.arity().0];
        if let TableFunc::Fail { indices } = self {
            params.resize(params.len() + indices, FlatType::I64);
        }
        params
    }

    fn name(self) -> String {
        match self {
            TableFunc::Entry => "handle entry".into(),
            TableFunc::Add => "handle add".into(),
            TableFunc::AddBorrow => "handle add borrow".into(),
            TableFunc::Grow => "handle table grow".into(),
            TableFunc::Free => "handle free".into(),
            TableFunc::LiftOwn => "handle lift own".into(),
            TableFunc::LiftBorrow => "handle lift borrow".into(),
            TableFunc::Rep => "handle rep".into(),
            TableFunc::Drop => "handle drop".into(),
            TableFunc::EndLend => "handle end lend".into(),
            TableFunc::NewScope => "borrow scope new".into(),
            TableFunc::AddLender => "borrow scope add lender".into(),
            TableFunc::EndScope => "borrow scope end".into(),
            TableFunc::NewCell => "cell new".into(),
            TableFunc::FreeCell => "cell free".into(),
            TableFunc::Allocate => "state allocate".into(),
            TableFunc::Fail { indices: 0 } => "handle fail".into(),
            TableFunc::Fail { indices } => format!("handle fail in {indices} lists"),
        }
    }
}

impl ModuleBuilder<'_> {
    /// A function over tables, declared if it is new.
    pub(crate) fn table_func(&mut self, func: TableFunc) -> DefinedFunc {
        if let Some(&known) = self.table_funcs.get(&func) {
            return known;
        }
        let (_, results) = func.arity();
        let defined = self.declare(func.name(), &func.params(), &vec![FlatType::I32; results]);
        self.table_funcs.insert(func, defined);
        defined
    }

    /// Writes every function over tables that has been asked for, and those that they ask for.
    pub(crate) fn define_table_funcs(&mut self) {
        let mut written = 0;
        while let Some((&func, &defined)) = self.table_funcs.get_index(written) {
            let body = FunctionBody::new(&func.params());
            let mut writer = TableWriter { state: self.import_state(), module: self, body };
            writer.write(func);
            let body = writer.body;
            self.define(defined, body);
            written += 1;
        }
    }
}

/// The operand of an access to a field at `offset` from an address in the state memory.
pub(crate) fn state_field(state: u32, offset: u32) -> MemArg {
    MemArg { offset: u64::from(offset), align: 2, target: MemArgTarget::Memory(state), ordering: None }
}

/// Writes the body of one function.
struct TableWriter<'a, 't> {
    module: &'a mut ModuleBuilder<'t>,
    body: FunctionBody,
    state: u32,
}

impl TableWriter<'_, '_> {
    fn write(&mut self, func: TableFunc) {
        match func {
            TableFunc::Entry => self.entry(),
            TableFunc::Add => self.add(),
            TableFunc::AddBorrow => self.add_borrow(),
            TableFunc::Grow => self.grow(),
            TableFunc::Free => self.free(),
            TableFunc::LiftOwn => self.lift_own(),
            TableFunc::LiftBorrow => self.borrowed(true),
            TableFunc::Rep => self.borrowed(false),
            TableFunc::Drop => self.drop(),
            TableFunc::EndLend => self.end_lend(),
            TableFunc::NewScope => self.new_scope(),
            TableFunc::AddLender => self.add_lender(),
            TableFunc::EndScope => self.end_scope(),
            TableFunc::NewCell => self.new_cell(),
            TableFunc::FreeCell => self.free_cell(),
            TableFunc::Allocate => self.allocate(),
            TableFunc::Fail { indices } => self.fail(indices),
        }
    }

    fn ins(&mut self) -> InstructionSink<'_> {
        self.body.ins()
    }

    fn call(&mut self, func: TableFunc) {
        let func = self.module.table_func(func);
        self.body.call(func);
    }

    fn local(&mut self) -> u32 {
        self.body.local(FlatType::I32)
    }

    /// Pushes a field of what the local is the address of.
    fn load(&mut self, local: u32, offset: u32) {
        let field = state_field(self.state, offset);
        self.ins().local_get(local).i32_load(field);
    }

    /// Stores what `value` pushes in a field of what the local is the address of.
    fn store(&mut self, local: u32, offset: u32, value: impl FnOnce(&mut Self)) {
        let field = state_field(self.state, offset);
        self.ins().local_get(local);
        value(self);
        self.ins().i32_store(field);
    }

    /// Pushes a field of the header.
    fn load_header(&mut self, offset: u32) {
        let field = state_field(self.state, offset);
        self.ins().i32_const(0).i32_load(field);
    }

    /// Stores what `value` pushes in a field of the header.
    fn store_header(&mut self, offset: u32, value: impl FnOnce(&mut Self)) {
        let field = state_field(self.state, offset);
        self.ins().i32_const(0);
        value(self);
        self.ins().i32_store(field);
    }

    /// Adds to a field of what the local is the address of.
    fn add_to(&mut self, local: u32, offset: u32, delta: i32) {
        self.store(local, offset, |this| {
            this.load(local, offset);
            this.ins().i32_const(delta).i32_add();
        });
    }

    /// Pushes the address of the entry at the index on the stack, which there is.
    fn entry_at(&mut self, record: u32) {
        self.ins().i32_const(HANDLE_ENTRY.size.trailing_zeros() as i32).i32_shl();
        self.load(record, INSTANCE_STATE.handles);
        self.ins().i32_add();
    }

    /// Returns zeros if the `i32` on the stack is not zero.
    fn fail_if(&mut self, results: [i32; 2]) {
        self.ins().if_(BlockType::Empty).i32_const(results[0]).i32_const(results[1]).return_().end();
    }

    /// Returns 0 if the local is 0.
    fn give_up_unless(&mut self, local: u32) {
        self.ins().local_get(local).i32_eqz().if_(BlockType::Empty).i32_const(0).return_().end();
    }

    // ---- handles ----

    /// Whatever stands where a table would be while there is none, and at index 0, has the kind of a free entry.
    fn entry(&mut self) {
        let (record, index) = (0, 1);
        self.ins().local_get(index).i32_const(0).local_get(index);
        self.load(record, INSTANCE_STATE.length);
        self.ins().i32_lt_u().select();
        self.entry_at(record);
    }

    /// A new local with the address of the entry for `(record, index, ..)`.
    fn find(&mut self) -> u32 {
        let entry = self.local();
        self.ins().local_get(0).local_get(1);
        self.call(TableFunc::Entry);
        self.ins().local_set(entry);
        entry
    }

    fn lift_own(&mut self) {
        let tag = 2;
        let entry = self.find();
        self.load(entry, HANDLE_ENTRY.tag);
        self.ins().local_get(tag).i32_ne();
        self.load(entry, HANDLE_ENTRY.lends);
        self.ins().i32_or();
        self.fail_if([0, 1]);
        self.load(entry, HANDLE_ENTRY.rep);
        self.ins().local_get(0).local_get(1).local_get(entry);
        self.call(TableFunc::Free);
        self.ins().i32_const(0);
    }

    /// Pushes whether an entry is neither an own nor a borrow handle of the type.
    fn is_other(&mut self, entry: u32) {
        let tag = 2;
        self.load(entry, HANDLE_ENTRY.tag);
        self.ins().local_get(tag).i32_sub().i32_const(BORROW_ABOVE_OWN as i32).i32_gt_u();
    }

    fn borrowed(&mut self, lend: bool) {
        let entry = self.find();
        self.is_other(entry);
        self.fail_if([0, 1]);
        if lend {
            self.add_to(entry, HANDLE_ENTRY.lends, 1);
        }
        self.load(entry, HANDLE_ENTRY.rep);
        self.ins().i32_const(0);
    }

    fn drop(&mut self) {
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
        self.ins().end().local_get(0).local_get(1).local_get(entry);
        self.call(TableFunc::Free);
        self.ins().local_get(kind);
    }

    fn free(&mut self) {
        let (record, index, entry) = (0, 1, 2);
        self.store(entry, HANDLE_ENTRY.tag, |this| {
            this.ins().i32_const(HandleKind::Free as i32);
        });
        self.store(entry, HANDLE_ENTRY.rep, |this| this.load(record, INSTANCE_STATE.free));
        self.store(record, INSTANCE_STATE.free, |this| {
            this.ins().local_get(index);
        });
    }

    fn end_lend(&mut self) {
        let (record, index) = (0, 1);
        let entry = self.local();
        self.ins().local_get(index).if_(BlockType::Empty).local_get(index);
        self.entry_at(record);
        self.ins().local_set(entry);
        self.add_to(entry, HANDLE_ENTRY.lends, -1);
        self.ins().end();
    }

    fn add(&mut self) {
        let (rep, record, tag, scope) = (0, 1, 2, 3);
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

    fn add_borrow(&mut self) {
        let scope = 3;
        self.add_to(scope, BORROW_SCOPE.count, 1);
        (0..4).for_each(|param| {
            self.ins().local_get(param);
        });
        self.call(TableFunc::Add);
    }

    fn grow(&mut self) {
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

    // ---- cells ----

    fn new_scope(&mut self) {
        let scope = self.local();
        self.call(TableFunc::NewCell);
        self.ins().local_set(scope);
        self.give_up_unless(scope);
        for offset in [BORROW_SCOPE.count, BORROW_SCOPE.lenders] {
            self.store(scope, offset, |this| {
                this.ins().i32_const(0);
            });
        }
        self.ins().local_get(scope);
    }

    fn add_lender(&mut self) {
        let (index, scope) = (0, 1);
        let lender = self.local();
        self.call(TableFunc::NewCell);
        self.ins().local_set(lender);
        self.give_up_unless(lender);
        self.store(lender, LENDER.next, |this| this.load(scope, BORROW_SCOPE.lenders));
        for (address, offset, value) in [(lender, LENDER.index, index), (scope, BORROW_SCOPE.lenders, lender)] {
            self.store(address, offset, |this| {
                this.ins().local_get(value);
            });
        }
        self.ins().local_get(lender);
    }

    fn end_scope(&mut self) {
        let (record, scope) = (0, 1);
        let (lender, next) = (self.local(), self.local());
        self.load(scope, BORROW_SCOPE.lenders);
        self.ins().local_set(lender).block(BlockType::Empty).loop_(BlockType::Empty);
        self.ins().local_get(lender).i32_eqz().br_if(1).local_get(record);
        self.load(lender, LENDER.index);
        self.call(TableFunc::EndLend);
        self.load(lender, LENDER.next);
        self.ins().local_set(next).local_get(lender);
        self.call(TableFunc::FreeCell);
        self.ins().local_get(next).local_set(lender).br(0).end().end().local_get(scope);
        self.call(TableFunc::FreeCell);
    }

    fn new_cell(&mut self) {
        let cell = self.local();
        self.load_header(STATE_HEADER.free_cells);
        self.ins().local_tee(cell).if_(BlockType::Empty);
        self.store_header(STATE_HEADER.free_cells, |this| this.load(cell, CELL.next_free));
        self.ins().else_().i32_const(CELL.size as i32);
        self.call(TableFunc::Allocate);
        self.ins().local_set(cell).end().local_get(cell);
    }

    fn free_cell(&mut self) {
        let cell = 0;
        self.store(cell, CELL.next_free, |this| this.load_header(STATE_HEADER.free_cells));
        self.store_header(STATE_HEADER.free_cells, |this| {
            this.ins().local_get(cell);
        });
    }

    /// The sum is computed in 64 bits. The last page can never be filled: the address behind it would not fit.
    fn allocate(&mut self) {
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

    // ---- failures ----

    fn fail(&mut self, indices: usize) {
        let tag = 2;
        let entry = self.find();
        let found = self.local();
        self.load(entry, HANDLE_ENTRY.tag);
        self.ins().local_tee(found).i32_const((1 << HANDLE_KIND_BITS) - 1).i32_and().i32_eqz();
        self.trap_if(TrapCode::UnknownHandle, indices, |this| {
            this.ins().i64_const(0);
        });
        for local in [found, tag] {
            self.ins().local_get(local).i32_const(HANDLE_KIND_BITS as i32).i32_shr_u();
        }
        self.ins().i32_ne();
        self.trap_if(TrapCode::HandleTypeMismatch, indices, |this| {
            // `mismatched_tags`
            this.ins().local_get(tag).i64_extend_i32_u().local_get(found).i64_extend_i32_u();
            this.ins().i64_const(32).i64_shl().i64_or();
        });
        self.load(entry, HANDLE_ENTRY.lends);
        self.trap_if(TrapCode::HandleLent, indices, |this| {
            this.load(entry, HANDLE_ENTRY.lends);
            this.ins().i64_extend_i32_u();
        });
        self.trap(TrapCode::HandleNotOwned, indices, |this| {
            this.ins().i64_const(0);
        });
    }

    fn trap_if(&mut self, code: TrapCode, indices: usize, limit: impl FnOnce(&mut Self)) {
        self.ins().if_(BlockType::Empty);
        self.trap(code, indices, limit);
        self.ins().end();
    }

    /// Traps at the site that [`TableFunc::Fail`] is given; the value is the index of the handle.
    fn trap(&mut self, code: TrapCode, indices: usize, limit: impl FnOnce(&mut Self)) {
        let (index, site) = (1, 3);
        self.ins().local_get(site).i32_const(i32::from(code as u8)).local_get(index).i64_extend_i32_u();
        limit(self);
        let first = 4;
        (first..first + indices as u32).for_each(|local| {
            self.ins().local_get(local);
        });
        debug_assert_eq!(trap_params(indices).len(), 4 + indices);
        let trap = self.module.import_trap(indices);
        self.ins().call(trap).unreachable();
    }
}
