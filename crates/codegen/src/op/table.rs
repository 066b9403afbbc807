//! Tables. Single elements are accessed in place; bulk operations and growth are functions of the runtime.

use crate::func::FuncTranslator;
use crate::signature::clif_type;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{InstBuilder, Value};
use gusset_artifact::{BuiltinFunction, CoreValType, TableIndex};
use gusset_types::TrapCode;
use wasmparser::Operator;

impl FuncTranslator<'_, '_> {
    pub(crate) fn table_operator(&mut self, operator: &Operator<'_>) -> bool {
        match *operator {
            Operator::TableGet { table } => self.table_get(TableIndex::from_u32(table)),
            Operator::TableSet { table } => self.table_set(TableIndex::from_u32(table)),
            Operator::TableSize { table } => {
                let length = self.table_length(TableIndex::from_u32(table));
                let length = self.builder.ins().ireduce(I32, length);
                self.push(length);
            }
            Operator::TableGrow { table } => {
                let (value, count) = self.pop2();
                let arguments = [self.index(table), self.wide(count), self.wide(value)];
                let old = self.call_bulk_builtin(BuiltinFunction::TableGrow, &arguments, Some(arguments[1]));
                self.push_old_size(old);
            }
            Operator::TableFill { table } => {
                let (dst, value, len) = self.pop3();
                let arguments = [self.index(table), self.wide(dst), self.wide(value), self.wide(len)];
                self.call_bulk_builtin(BuiltinFunction::TableFill, &arguments, Some(arguments[3]));
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
        let value = self.builder.ins().load(clif_type(ty), element.flags, element.base, element.offset);
        self.push_typed(value, ty);
    }

    fn table_set(&mut self, table: TableIndex) {
        let (index, value) = self.pop2();
        let element = self.table_element(table, index, TrapCode::TableOutOfBounds);
        self.builder.ins().store(element.flags, value, element.base, element.offset);
    }

    /// `(to what, from what, dst, src, len)` of `table.copy`, `table.init`, `memory.copy` and `memory.init`.
    pub(crate) fn bulk_copy(&mut self, builtin: BuiltinFunction, to: u32, from: u32) {
        let (dst, src, len) = self.pop3();
        let arguments = [self.index(to), self.index(from), self.wide(dst), self.wide(src), self.wide(len)];
        self.call_bulk_builtin(builtin, &arguments, Some(arguments[4]));
    }

    /// What `grow` returned: `u64::MAX` becomes -1.
    pub(crate) fn push_old_size(&mut self, old: Option<Value>) {
        let old = old.expect("growing returns the old size");
        let old = self.builder.ins().ireduce(I32, old);
        self.push(old);
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
