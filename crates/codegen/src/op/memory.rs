//! Linear memories: loads, stores, size, growth and bulk operations.

use crate::func::FuncTranslator;
use cranelift_codegen::ir::types::{F32, F64, I8, I16, I32, I64};
use cranelift_codegen::ir::{InstBuilder, Type};
use gusset_artifact::{BuiltinFunction, MemoryIndex};
use wasmparser::{MemArg, MemArgTarget, Operator};

/// How the bytes of a narrow load become a value.
#[derive(Clone, Copy)]
enum Extend {
    Zero,
    Sign,
}

impl FuncTranslator<'_, '_> {
    pub(crate) fn memory_operator(&mut self, operator: &Operator<'_>) -> bool {
        match operator {
            Operator::I32Load { memarg } => self.load(memarg, I32),
            Operator::I64Load { memarg } => self.load(memarg, I64),
            Operator::F32Load { memarg } => self.load(memarg, F32),
            Operator::F64Load { memarg } => self.load(memarg, F64),
            Operator::I32Load8S { memarg } => self.load_narrow(memarg, I8, I32, Extend::Sign),
            Operator::I32Load8U { memarg } => self.load_narrow(memarg, I8, I32, Extend::Zero),
            Operator::I32Load16S { memarg } => self.load_narrow(memarg, I16, I32, Extend::Sign),
            Operator::I32Load16U { memarg } => self.load_narrow(memarg, I16, I32, Extend::Zero),
            Operator::I64Load8S { memarg } => self.load_narrow(memarg, I8, I64, Extend::Sign),
            Operator::I64Load8U { memarg } => self.load_narrow(memarg, I8, I64, Extend::Zero),
            Operator::I64Load16S { memarg } => self.load_narrow(memarg, I16, I64, Extend::Sign),
            Operator::I64Load16U { memarg } => self.load_narrow(memarg, I16, I64, Extend::Zero),
            Operator::I64Load32S { memarg } => self.load_narrow(memarg, I32, I64, Extend::Sign),
            Operator::I64Load32U { memarg } => self.load_narrow(memarg, I32, I64, Extend::Zero),
            Operator::I32Store { memarg } => self.store(memarg, I32),
            Operator::I64Store { memarg } => self.store(memarg, I64),
            Operator::F32Store { memarg } => self.store(memarg, F32),
            Operator::F64Store { memarg } => self.store(memarg, F64),
            Operator::I32Store8 { memarg } | Operator::I64Store8 { memarg } => self.store(memarg, I8),
            Operator::I32Store16 { memarg } | Operator::I64Store16 { memarg } => self.store(memarg, I16),
            Operator::I64Store32 { memarg } => self.store(memarg, I32),
            _ => return self.whole_memory_operator(operator),
        }
        true
    }

    fn whole_memory_operator(&mut self, operator: &Operator<'_>) -> bool {
        match *operator {
            Operator::MemorySize { mem } => {
                let memory = MemoryIndex::from_u32(mem);
                let plan = self.env.plans.memories[memory];
                let length = self.present_memory_length(memory);
                let pages = self.builder.ins().ushr_imm_u(length, i64::from(plan.page_size_log2));
                self.push_size(pages, plan.index);
            }
            Operator::MemoryGrow { mem } => {
                let pages = self.pop();
                let arguments = [self.index(mem), self.wide(pages)];
                let old = self.call_bulk_builtin(BuiltinFunction::MemoryGrow, &arguments, None);
                let old = old.expect("growing returns the old size");
                self.push_size(old, self.env.plans.memories[MemoryIndex::from_u32(mem)].index);
            }
            Operator::MemoryFill { mem } => {
                let (dst, value, len) = self.pop3();
                let arguments = [self.index(mem), self.wide(dst), value, self.wide(len)];
                let amount = self.amount(len, arguments[3]);
                self.call_bulk_builtin(BuiltinFunction::MemoryFill, &arguments, amount);
            }
            Operator::MemoryCopy { dst_mem, src_mem } => {
                self.bulk_copy(BuiltinFunction::MemoryCopy, dst_mem, src_mem);
            }
            Operator::MemoryInit { data_index, mem } => {
                self.bulk_copy(BuiltinFunction::MemoryInit, mem, data_index);
            }
            Operator::DataDrop { data_index } => {
                let segment = self.index(data_index);
                self.call_builtin(BuiltinFunction::DataDrop, &[segment]);
            }
            _ => return false,
        }
        true
    }

    pub(super) fn load(&mut self, memarg: &MemArg, ty: Type) {
        let index = self.pop();
        let address = self.memory_address(memory_of(memarg), index, memarg.offset, ty.bytes() as u8);
        let value = self.builder.ins().load(ty, address.flags, address.base, address.offset);
        self.push(value);
    }

    fn load_narrow(&mut self, memarg: &MemArg, narrow: Type, wide: Type, extend: Extend) {
        let index = self.pop();
        let address = self.memory_address(memory_of(memarg), index, memarg.offset, narrow.bytes() as u8);
        let (flags, base, offset) = (address.flags, address.base, address.offset);
        // One instruction: an extension of its own could be merged with one of another operator, and the load, moved
        // there, would trap without a place.
        let ins = self.builder.ins();
        let value = match (narrow, extend) {
            (I8, Extend::Zero) => ins.uload8(wide, flags, base, offset),
            (I8, Extend::Sign) => ins.sload8(wide, flags, base, offset),
            (I16, Extend::Zero) => ins.uload16(wide, flags, base, offset),
            (I16, Extend::Sign) => ins.sload16(wide, flags, base, offset),
            (_, Extend::Zero) => ins.uload32(flags, base, offset),
            (_, Extend::Sign) => ins.sload32(flags, base, offset),
        };
        self.push(value);
    }

    /// Stores the low part of the operand when `ty` is narrower.
    fn store(&mut self, memarg: &MemArg, ty: Type) {
        let (index, value) = self.pop2();
        let address = self.memory_address(memory_of(memarg), index, memarg.offset, ty.bytes() as u8);
        let value = match self.builder.func.dfg.value_type(value) {
            same if same == ty => value,
            _ => self.builder.ins().ireduce(ty, value),
        };
        self.builder.ins().store(address.flags, value, address.base, address.offset);
    }
}

pub(super) fn memory_of(memarg: &MemArg) -> MemoryIndex {
    match memarg.target {
        MemArgTarget::Memory(memory) => MemoryIndex::from_u32(memory),
        MemArgTarget::Array(_) => unreachable!("validated: the access is to a memory"),
    }
}
