//! Exceptions: `try_table`, `throw` and `throw_ref`.
//!
//! A call within a `try_table` has a second way on, to the *dispatch* of the table: a block that is given the exception and its record,
//! and compares the tag with those of the clauses. What none of them catches goes to the dispatch of the table around it, and from the
//! outermost back to the runtime, which looks for the next call on the stack that has such a way. Where nothing is thrown, nothing of
//! this runs.

use crate::error::CodegenError;
use crate::func::{Form, FuncTranslator};
use crate::host_stub::raw_value;
use crate::op::call::Callee;
use crate::scan::label_of;
use crate::signature::{POINTER, clif_type, field};
use crate::trap::after_raise;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{
    Block, BlockArg, BlockCall, ExceptionTableData, ExceptionTableItem, InstBuilder, StackSlot, StackSlotData,
    StackSlotKind, Value,
};
use gusset_artifact::{BuiltinFunction, CoreValType, EXCEPTION, HeapType, RAW_VALUE_SIZE, RefType, TagIndex};
use gusset_types::TrapCode;
use wasmparser::{Catch, Operator, TryTable};

/// An open `try_table`.
pub(crate) struct Handler {
    /// Where its exceptions arrive.
    dispatch: Block,
    catches: Vec<Catch>,
    /// Whether anything leads there.
    reached: bool,
    /// Whether the function has still [to look](FuncTranslator::look_if_due) on a way there.
    look_due: bool,
    /// The frame of control that it is of.
    frame: usize,
}

impl Handler {
    pub(crate) fn is_reached(&self) -> bool {
        self.reached
    }
}

impl FuncTranslator<'_, '_> {
    pub(crate) fn exception_operator(&mut self, operator: &Operator<'_>) -> Result<bool, CodegenError> {
        match *operator {
            Operator::TryTable { ref try_table } => self.try_table(try_table)?,
            Operator::Throw { tag_index } => self.throw(TagIndex::from_u32(tag_index)),
            Operator::ThrowRef => {
                let exception = self.pop();
                self.trap_unless(exception, TrapCode::NullReference);
                self.throw_by(BuiltinFunction::ThrowRef, &[exception]);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn try_table(&mut self, table: &TryTable) -> Result<(), CodegenError> {
        self.open_handler(table.catches.clone());
        self.try_block(table.ty)
    }

    /// A handler for the block that is opened next.
    pub(super) fn open_handler(&mut self, catches: Vec<Catch>) {
        // In the frame form, what is below is in its slots when an exception arrives.
        self.store_operands();
        let (dispatch, from) = (self.builder.create_block(), self.current_block());
        self.builder.set_cold_block(dispatch);
        self.passed += 2;
        for _ in 0..2 {
            self.builder.append_block_param(dispatch, I64);
        }
        if let Form::Ssa(ssa) = &mut self.form {
            ssa.label(dispatch, from, self.position);
        }
        let frame = self.control.len();
        self.handlers.push(Handler { dispatch, catches, reached: false, look_due: false, frame });
    }

    /// A call whose exceptions go to the innermost handler.
    pub(super) fn emit_try_call(&mut self, callee: Callee, arguments: &[Value]) -> Vec<Value> {
        let dispatch = self.reach_handler(self.handlers.len() - 1);
        let signature = match callee {
            Callee::Code(code) => self.builder.func.dfg.ext_funcs[code].signature,
            Callee::Address(signature, _) => signature,
        };
        let (from, next) = (self.current_block(), self.next_block());
        let types: Vec<_> =
            self.builder.func.dfg.signatures[signature].returns.iter().map(|ty| ty.value_type).collect();
        let results: Vec<_> = types.into_iter().map(|ty| self.builder.append_block_param(next, ty)).collect();
        self.passed += results.len() + 2;
        let dfg = &mut self.builder.func.dfg;
        let returned = (0..results.len() as u32).map(BlockArg::TryCallRet);
        let normal = BlockCall::new(next, returned, &mut dfg.value_lists);
        let thrown = [0, 1].map(BlockArg::TryCallExn);
        let exceptional = ExceptionTableItem::Default(BlockCall::new(dispatch, thrown, &mut dfg.value_lists));
        let table = dfg.exception_tables.push(ExceptionTableData::new(signature, normal, [exceptional]));
        let call = match callee {
            Callee::Code(code) => self.builder.ins().try_call(code, arguments, table),
            Callee::Address(_, code) => self.builder.ins().try_call_indirect(code, arguments, table),
        };
        self.map_frame(call);
        if let Form::Ssa(ssa) = &mut self.form {
            ssa.edge(dispatch, from, call, self.position);
        }
        self.builder.switch_to_block(next);
        results
    }

    /// The dispatch of a handler, to which a way leads from here.
    fn reach_handler(&mut self, at: usize) -> Block {
        let handler = &mut self.handlers[at];
        handler.reached = true;
        handler.look_due |= self.look_due;
        handler.dispatch
    }

    /// Writes the dispatch of a handler that has been closed, in whose block so many operands stand below its own.
    pub(crate) fn dispatch(&mut self, handler: &Handler, height: usize) {
        let [exception, record] = self.begin_dispatch(handler, height);
        // What a way to a label makes of these is not so on the others.
        let (fuel, look_due) = (self.fuel, self.look_due);
        for catch in &handler.catches {
            if self.passed > self.max_passed {
                // The limits are checked after each operator.
                self.reachable = false;
                return;
            }
            self.reachable = true;
            let next = match *catch {
                Catch::One { tag, .. } | Catch::OneRef { tag, .. } => {
                    Some(self.catch_one(TagIndex::from_u32(tag), record))
                }
                Catch::All { .. } | Catch::AllRef { .. } => None,
            };
            if let Catch::OneRef { .. } | Catch::AllRef { .. } = catch {
                self.push_exception(exception, record);
            }
            self.br(label_of(catch));
            self.truncate(height);
            let Some(next) = next else { return };
            self.builder.switch_to_block(next);
            (self.fuel, self.look_due) = (fuel, look_due);
        }
        self.reachable = true;
        self.throw_on(exception, record, self.handlers.len());
        self.reachable = false;
    }

    /// Where exceptions arrive that leave the block of a handler: the exception, and the address of its record.
    pub(super) fn begin_dispatch(&mut self, handler: &Handler, height: usize) -> [Value; 2] {
        self.complete(handler.dispatch);
        self.builder.switch_to_block(handler.dispatch);
        self.truncate(height);
        self.look_due = handler.look_due;
        self.take_back_fuel();
        [0, 1].map(|at| self.builder.block_params(handler.dispatch)[at])
    }

    /// How many handlers there are up to a frame of control.
    pub(super) fn handlers_within(&self, frame: usize) -> usize {
        self.handlers.partition_point(|handler| handler.frame <= frame)
    }

    /// Goes on, with the exception's values, if it has this tag; the block for when it has not.
    pub(super) fn catch_one(&mut self, tag: TagIndex, record: Value) -> Block {
        let given = self.builder.ins().load(I64, field(), record, EXCEPTION.tag);
        let wanted = self.tag_identity(tag);
        let same = self.builder.ins().icmp(IntCC::Equal, given, wanted);
        self.store_operands();
        let (caught, next) = (self.next_block(), self.next_block());
        self.builder.ins().brif(same, caught, [], next, []);
        self.builder.switch_to_block(caught);
        let unit = self.unit;
        let types = &unit.signature(self.env.module.tags[tag]).params;
        self.passed += types.len();
        for (at, &ty) in types.iter().enumerate() {
            let value = self.builder.ins().load(clif_type(ty), field(), record, EXCEPTION.values + raw_value(at));
            self.push_typed(value, ty);
        }
        next
    }

    fn push_exception(&mut self, exception: Value, record: Value) {
        self.keep_exception(record);
        self.push_exception_reference(exception);
    }

    /// Notes that there is a reference to an exception.
    pub(super) fn keep_exception(&mut self, record: Value) {
        let one = self.builder.ins().iconst(I32, 1);
        self.builder.ins().store(field(), one, record, EXCEPTION.referenced);
    }

    pub(super) fn push_exception_reference(&mut self, exception: Value) {
        let reference = self.builder.ins().ireduce(I32, exception);
        self.push_typed(reference, CoreValType::Ref(RefType { nullable: false, heap: HeapType::Exn }));
    }

    /// The address that tells a tag from all others.
    fn tag_identity(&mut self, tag: TagIndex) -> Value {
        match self.field_or_pointer(self.env.layout.tag(tag)) {
            (pointer, 0) => pointer,
            (base, offset) => self.builder.ins().iadd_imm_s(base, i64::from(offset)),
        }
    }

    /// What has arrived here and none of the clauses catches goes to the last of the first `within` handlers, or out of the function.
    pub(super) fn throw_on(&mut self, exception: Value, record: Value, within: usize) {
        self.hand_over_fuel();
        let Some(handler) = within.checked_sub(1) else {
            let exception = self.builder.ins().ireduce(I32, exception);
            self.call_builtin(BuiltinFunction::ThrowRef, &[exception]);
            return after_raise(&mut self.builder);
        };
        let (dispatch, from) = (self.reach_handler(handler), self.current_block());
        let jump = self.builder.ins().jump(dispatch, &[exception.into(), record.into()]);
        if let Form::Ssa(ssa) = &mut self.form {
            ssa.edge(dispatch, from, jump, self.position);
        }
    }

    fn throw(&mut self, tag: TagIndex) {
        let unit = self.unit;
        let count = unit.signature(self.env.module.tags[tag]).params.len();
        let values = self.top(count);
        self.truncate(self.stack.len() - count);
        let slot = self.room_for_thrown(count as u32);
        let address = self.builder.ins().stack_addr(POINTER, slot, 0);
        for (at, value) in values.into_iter().enumerate() {
            self.builder.ins().store(field(), value, address, raw_value(at));
        }
        let tag = self.index(tag.as_u32());
        self.throw_by(BuiltinFunction::Throw, &[tag, address]);
    }

    /// The slot for values of what is thrown, which has room for so many.
    fn room_for_thrown(&mut self, count: u32) -> StackSlot {
        let align_log2 = RAW_VALUE_SIZE.trailing_zeros() as u8;
        let builder = &mut self.builder;
        let slot = *self.thrown_values.get_or_insert_with(|| {
            builder.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, 0, align_log2))
        });
        let size = &mut self.builder.func.sized_stack_slots[slot].size;
        *size = (*size).max(count * RAW_VALUE_SIZE);
        slot
    }

    /// Calls a function of the runtime that throws, which ends the block.
    pub(super) fn throw_by(&mut self, builtin: BuiltinFunction, arguments: &[Value]) {
        self.hand_over_fuel();
        self.store_operands();
        let callee = self.builtin(builtin);
        let arguments: Vec<_> = std::iter::once(self.own_context()).chain(arguments.iter().copied()).collect();
        self.emit_call(Callee::Code(callee), &arguments);
        after_raise(&mut self.builder);
        self.reachable = false;
    }
}
