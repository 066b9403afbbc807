//! Tables of handles (`Table` and `ResourceHandle` of `CanonicalABI.md`) as functions of the module, each made where it is asked
//! for: they work on the state memory, whose layout is `handle_table` of `gusset_types`, and on nothing else. None of them knows a
//! type or a place; what failed is said by [`TableFunc::Fail`], which is off the way of what succeeds.
//!
//! `record` is the address of the record of a component instance, `tag` the tag of an own handle of the resource type that is meant.

mod cells;
mod failure;
mod handles;

use crate::body::{DefinedFunc, FunctionBody};
use crate::module::ModuleBuilder;
use gusset_types::{CELL, FlatType, HANDLE_ENTRY, HANDLE_KIND_BITS, HandleKind, INSTANCE_STATE, STATE_HEADER};
use wasm_encoder::{BlockType, InstructionSink, MemArg, MemArgTarget};

/// What tells an own handle's tag from that of a borrow handle of the same type.
const BORROW_ABOVE_OWN: u32 = HandleKind::Borrow as u32 - HandleKind::Own as u32;
const _: () = assert!(BORROW_ABOVE_OWN == 1 && HANDLE_ENTRY.size.is_power_of_two());

// Where there is no table, the header is taken for the entry at index 0: its first field, an address of the heap, has the kind of a
// free entry.
const _: () = {
    let sizes = [STATE_HEADER.size, INSTANCE_STATE.size, HANDLE_ENTRY.size, CELL.size];
    let mut i = 0;
    while i < sizes.len() {
        assert!(sizes[i].is_multiple_of(1 << HANDLE_KIND_BITS));
        i += 1;
    }
    assert!(STATE_HEADER.heap_top == HANDLE_ENTRY.tag && HandleKind::Free as u32 == 0);
};

/// A function over the state memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum TableFunc {
    /// `(rep, record, tag, scope) -> index`: `Table.add`; 0 if there is no room.
    Add,
    /// The same for a borrow handle, which its scope counts.
    AddBorrow,
    /// `(record) -> done`: makes room for twice as many entries; 0 if there is none.
    Grow,
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
            TableFunc::AddLender => (2, 1),
            TableFunc::Add | TableFunc::AddBorrow => (4, 1),
            TableFunc::Grow | TableFunc::Allocate => (1, 1),
            TableFunc::LiftOwn | TableFunc::LiftBorrow | TableFunc::Rep | TableFunc::Drop => (3, 2),
            TableFunc::EndLend | TableFunc::EndScope => (2, 0),
            TableFunc::NewScope => (0, 1),
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
            TableFunc::Add => "handle add".into(),
            TableFunc::AddBorrow => "handle add borrow".into(),
            TableFunc::Grow => "handle table grow".into(),
            TableFunc::LiftOwn => "handle lift own".into(),
            TableFunc::LiftBorrow => "handle lift borrow".into(),
            TableFunc::Rep => "handle rep".into(),
            TableFunc::Drop => "handle drop".into(),
            TableFunc::EndLend => "handle end lend".into(),
            TableFunc::NewScope => "borrow scope new".into(),
            TableFunc::AddLender => "borrow scope add lender".into(),
            TableFunc::EndScope => "borrow scope end".into(),
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
            TableFunc::Add => self.add(false),
            TableFunc::AddBorrow => self.add(true),
            TableFunc::Grow => self.grow(),
            TableFunc::LiftOwn => self.lift_own(),
            TableFunc::LiftBorrow => self.borrowed(true),
            TableFunc::Rep => self.borrowed(false),
            TableFunc::Drop => self.drop(),
            TableFunc::EndLend => self.end_lend(),
            TableFunc::NewScope => self.new_scope(),
            TableFunc::AddLender => self.add_lender(),
            TableFunc::EndScope => self.end_scope(),
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

    /// Returns `results` if the `i32` on the stack is not zero.
    fn fail_if(&mut self, results: [i32; 2]) {
        self.ins().if_(BlockType::Empty).i32_const(results[0]).i32_const(results[1]).return_().end();
    }

    /// Returns 0 if the local is 0.
    fn give_up_unless(&mut self, local: u32) {
        self.ins().local_get(local).i32_eqz().if_(BlockType::Empty).i32_const(0).return_().end();
    }
}
