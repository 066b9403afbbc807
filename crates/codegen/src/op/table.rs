//! Tables. Single elements are accessed in place; bulk operations and growth are functions of the runtime.

use crate::bounds::Address;
use crate::func::FuncTranslator;
use crate::signature::{POINTER, clif_type};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{InstBuilder, Value};
use gusset_artifact::{BuiltinFunction, CoreValType, NULL_ELEMENT, TableIndex};
use gusset_types::TrapCode;
use wasmparser::Operator;

impl FuncTranslator<'_, '_> {
    pub(crate) fn table_operator(&mut self, operator: &Operator<'_>) -> bool {
        match *operator {
            Operator::TableGet { table } => self.table_get(TableIndex::from_u32(table)),
            Operator::TableSet { table } => self.table_set(TableIndex::from_u32(table)),
            Operator::TableSize { table } => {
                let table = TableIndex::from_u32(table);
                let length = self.table_length(table);
                self.push_size(length, self.env.plans.tables[table].index);
            }
            Operator::TableGrow { table } => {
                let (value, count) = self.pop2();
                let arguments = [self.index(table), self.wide(count), self.wide(value)];
                let amount = self.amount(count, arguments[1]);
                let old = self.call_bulk_builtin(BuiltinFunction::TableGrow, &arguments, amount);
                let old = old.expect("growing returns the old size");
                self.push_size(old, self.env.plans.tables[TableIndex::from_u32(table)].index);
            }
            Operator::TableFill { table } => {
                let (dst, value, len) = self.pop3();
                let arguments = [self.index(table), self.wide(dst), self.wide(value), self.wide(len)];
                let amount = self.amount(len, arguments[3]);
                self.call_bulk_builtin(BuiltinFunction::TableFill, &arguments, amount);
            }
            Operator::TableCopy { dst_table, src_table } => {
                self.bulk_copy(BuiltinFunction::TableCopy, dst_table, src_table);
            }
            Operator::TableInit { elem_index, table } => {
                self.bulk_copy(BuiltinFunction::TableInit, table, elem_index);
            }
            Operator::ElemDrop { elem_index } => {
                let segment = self.index(elem_index);
                self.call_builtin(BuiltinFunction::ElemDrop, &[segment]);
            }
            _ => return false,
        }
        true
    }

    fn table_get(&mut self, table: TableIndex) {
        let index = self.pop();
        let ty = CoreValType::Ref(self.env.module.tables[table].element);
        let element = self.table_element(table, index, TrapCode::TableOutOfBounds);
        let value = match self.env.plans.tables[table].functions {
            true => self.function_element(table, index, &element, None),
            false => {
                let flags = self.load_flags(element.flags);
                self.builder.ins().load(clif_type(ty), flags, element.base, element.offset)
            }
        };
        self.push_typed(value, ty);
    }

    fn table_set(&mut self, table: TableIndex) {
        let (index, mut value) = self.pop2();
        let element = self.table_element(table, index, TrapCode::TableOutOfBounds);
        if self.env.plans.tables[table].functions {
            const { assert!(NULL_ELEMENT == 1) };
            let null = self.builder.ins().icmp_imm_u(IntCC::Equal, value, 0);
            let null = self.builder.ins().uextend(POINTER, null);
            value = self.builder.ins().bor(value, null);
        }
        let flags = self.store_flags(element.flags);
        self.builder.ins().store(flags, value, element.base, element.offset);
    }

    /// The reference at an address in a table of functions. Null and what has not been written yet look alike on the way that is
    /// taken mostly, and the runtime is asked which of them it is. Null traps with the code, if there is one, and is 0 otherwise.
    pub(crate) fn function_element(
        &mut self,
        table: TableIndex,
        index: Value,
        element: &Address,
        null: Option<TrapCode>,
    ) -> Value {
        self.store_operands();
        let word = self.builder.ins().load(POINTER, element.flags, element.base, element.offset);
        let written = self.builder.ins().icmp_imm_u(IntCC::UnsignedGreaterThan, word, NULL_ELEMENT as i64);
        let (known, unknown) = (self.next_block(), self.next_block());
        self.passed += 2;
        let reference = self.builder.append_block_param(known, POINTER);
        self.builder.set_cold_block(unknown);
        self.builder.ins().brif(written, known, &[word.into()], unknown, &[]);
        self.builder.switch_to_block(unknown);
        let arguments = [self.index(table.as_u32()), self.wide(index)];
        let found = self.call_builtin(BuiltinFunction::TableElement, &arguments);
        let found = found.expect("elements are returned");
        if let Some(code) = null {
            self.trap_unless(found, code);
        }
        self.builder.ins().jump(known, &[found.into()]);
        self.builder.switch_to_block(known);
        reference
    }

    /// `(to what, from what, dst, src, len)` of `table.copy`, `table.init`, `memory.copy` and `memory.init`.
    pub(crate) fn bulk_copy(&mut self, builtin: BuiltinFunction, to: u32, from: u32) {
        let (dst, src, len) = self.pop3();
        let arguments = [self.index(to), self.index(from), self.wide(dst), self.wide(src), self.wide(len)];
        let amount = self.amount(len, arguments[4]);
        self.call_bulk_builtin(builtin, &arguments, amount);
    }

    /// An index known at compile time, for a function of the runtime.
    pub(crate) fn index(&mut self, index: u32) -> Value {
        self.builder.ins().iconst(I32, i64::from(index))
    }

    /// An operand as the runtime's functions take them: zero-extended to 64 bits.
    pub(crate) fn wide(&mut self, value: Value) -> Value {
        match self.builder.func.dfg.value_type(value) {
            I64 => value,
            _ => self.builder.ins().uextend(I64, value),
        }
    }
}
