//! Atomic accesses to memories, shared or not, and what waits for another thread and wakes it.
//!
//! An access that is not aligned traps as that, before its bounds are looked at. All of them are sequentially consistent, and for the
//! optimiser each is a fence.

use crate::access_plan::IndexType;
use crate::func::FuncTranslator;
use crate::op::memory::memory_of;
use cranelift_codegen::ir::types::{I8, I16, I32, I64};
use cranelift_codegen::ir::{AtomicRmwOp, InstBuilder, MemFlagsData, Type, Value};
use gusset_artifact::BuiltinFunction;
use gusset_types::TrapCode;
use wasmparser::{MemArg, Operator};

/// The operators of a change that reads and writes, of all widths: what is in memory, and what is on the stack.
macro_rules! changes {
    ($this:ident, $operator:ident: $($change:ident($i32:ident $i32_8:ident $i32_16:ident
        $i64:ident $i64_8:ident $i64_16:ident $i64_32:ident))*) => {
        match $operator {
            $(
                Operator::$i32 { memarg } => $this.atomic_change(memarg, AtomicRmwOp::$change, I32, I32),
                Operator::$i32_8 { memarg } => $this.atomic_change(memarg, AtomicRmwOp::$change, I8, I32),
                Operator::$i32_16 { memarg } => $this.atomic_change(memarg, AtomicRmwOp::$change, I16, I32),
                Operator::$i64 { memarg } => $this.atomic_change(memarg, AtomicRmwOp::$change, I64, I64),
                Operator::$i64_8 { memarg } => $this.atomic_change(memarg, AtomicRmwOp::$change, I8, I64),
                Operator::$i64_16 { memarg } => $this.atomic_change(memarg, AtomicRmwOp::$change, I16, I64),
                Operator::$i64_32 { memarg } => $this.atomic_change(memarg, AtomicRmwOp::$change, I32, I64),
            )*
            _ => return false,
        }
    };
}

impl FuncTranslator<'_, '_> {
    pub(crate) fn atomic_operator(&mut self, operator: &Operator<'_>) -> bool {
        match operator {
            Operator::MemoryAtomicNotify { memarg } => self.notify(memarg),
            Operator::MemoryAtomicWait32 { memarg } => self.wait(memarg, I32, BuiltinFunction::MemoryWait32),
            Operator::MemoryAtomicWait64 { memarg } => self.wait(memarg, I64, BuiltinFunction::MemoryWait64),
            Operator::AtomicFence { .. } => _ = self.builder.ins().fence(),
            Operator::I32AtomicLoad { memarg } => self.atomic_load(memarg, I32, I32),
            Operator::I32AtomicLoad8U { memarg } => self.atomic_load(memarg, I8, I32),
            Operator::I32AtomicLoad16U { memarg } => self.atomic_load(memarg, I16, I32),
            Operator::I64AtomicLoad { memarg } => self.atomic_load(memarg, I64, I64),
            Operator::I64AtomicLoad8U { memarg } => self.atomic_load(memarg, I8, I64),
            Operator::I64AtomicLoad16U { memarg } => self.atomic_load(memarg, I16, I64),
            Operator::I64AtomicLoad32U { memarg } => self.atomic_load(memarg, I32, I64),
            Operator::I32AtomicStore8 { memarg } | Operator::I64AtomicStore8 { memarg } => {
                self.atomic_store(memarg, I8)
            }
            Operator::I32AtomicStore16 { memarg } | Operator::I64AtomicStore16 { memarg } => {
                self.atomic_store(memarg, I16);
            }
            Operator::I32AtomicStore { memarg } | Operator::I64AtomicStore32 { memarg } => {
                self.atomic_store(memarg, I32);
            }
            Operator::I64AtomicStore { memarg } => self.atomic_store(memarg, I64),
            Operator::I32AtomicRmwCmpxchg { memarg } => self.compare_exchange(memarg, I32, I32),
            Operator::I32AtomicRmw8CmpxchgU { memarg } => self.compare_exchange(memarg, I8, I32),
            Operator::I32AtomicRmw16CmpxchgU { memarg } => self.compare_exchange(memarg, I16, I32),
            Operator::I64AtomicRmwCmpxchg { memarg } => self.compare_exchange(memarg, I64, I64),
            Operator::I64AtomicRmw8CmpxchgU { memarg } => self.compare_exchange(memarg, I8, I64),
            Operator::I64AtomicRmw16CmpxchgU { memarg } => self.compare_exchange(memarg, I16, I64),
            Operator::I64AtomicRmw32CmpxchgU { memarg } => self.compare_exchange(memarg, I32, I64),
            _ => return self.atomic_change_operator(operator),
        }
        true
    }

    fn atomic_change_operator(&mut self, operator: &Operator<'_>) -> bool {
        changes!(self, operator:
            Add(I32AtomicRmwAdd I32AtomicRmw8AddU I32AtomicRmw16AddU
                I64AtomicRmwAdd I64AtomicRmw8AddU I64AtomicRmw16AddU I64AtomicRmw32AddU)
            Sub(I32AtomicRmwSub I32AtomicRmw8SubU I32AtomicRmw16SubU
                I64AtomicRmwSub I64AtomicRmw8SubU I64AtomicRmw16SubU I64AtomicRmw32SubU)
            And(I32AtomicRmwAnd I32AtomicRmw8AndU I32AtomicRmw16AndU
                I64AtomicRmwAnd I64AtomicRmw8AndU I64AtomicRmw16AndU I64AtomicRmw32AndU)
            Or(I32AtomicRmwOr I32AtomicRmw8OrU I32AtomicRmw16OrU
                I64AtomicRmwOr I64AtomicRmw8OrU I64AtomicRmw16OrU I64AtomicRmw32OrU)
            Xor(I32AtomicRmwXor I32AtomicRmw8XorU I32AtomicRmw16XorU
                I64AtomicRmwXor I64AtomicRmw8XorU I64AtomicRmw16XorU I64AtomicRmw32XorU)
            Xchg(I32AtomicRmwXchg I32AtomicRmw8XchgU I32AtomicRmw16XchgU
                I64AtomicRmwXchg I64AtomicRmw8XchgU I64AtomicRmw16XchgU I64AtomicRmw32XchgU)
        );
        true
    }

    /// The address of an atomic access of a value of this type; it traps before or at the access.
    fn atomic_address(&mut self, memarg: &MemArg, index: Value, ty: Type) -> (MemFlagsData, Value) {
        self.check_aligned(memarg, index, ty);
        let address = self.memory_address(memory_of(memarg), index, memarg.offset, ty.bytes() as u8);
        // Atomic instructions have no offset of their own.
        let at = match address.offset {
            0 => address.base,
            offset => self.builder.ins().iadd_imm_s(address.base, i64::from(offset)),
        };
        (address.flags, at)
    }

    /// Traps where an access of a value of this type is not aligned.
    fn check_aligned(&mut self, memarg: &MemArg, index: Value, ty: Type) {
        let mask = u64::from(ty.bytes()) - 1;
        if mask == 0 {
            return;
        }
        // Only the low bits count, whatever overflows.
        let sum = match memarg.offset & mask {
            0 => index,
            low => self.builder.ins().iadd_imm_s(index, low as i64),
        };
        let odd = self.builder.ins().band_imm_u(sum, mask as i64);
        self.trap_if(odd, TrapCode::UnalignedAtomic);
    }

    /// What was in memory, as an operand of this type.
    fn push_loaded(&mut self, loaded: Value, ty: Type) {
        let loaded = match self.builder.func.dfg.value_type(loaded) {
            same if same == ty => loaded,
            _ => self.builder.ins().uextend(ty, loaded),
        };
        self.push(loaded);
    }

    /// The low part of an operand that is wider than what is in memory.
    fn narrowed(&mut self, value: Value, ty: Type) -> Value {
        match self.builder.func.dfg.value_type(value) {
            same if same == ty => value,
            _ => self.builder.ins().ireduce(ty, value),
        }
    }

    fn atomic_load(&mut self, memarg: &MemArg, ty: Type, wide: Type) {
        let index = self.pop();
        let (flags, address) = self.atomic_address(memarg, index, ty);
        let loaded = self.builder.ins().atomic_load(ty, flags, address);
        self.push_loaded(loaded, wide);
    }

    fn atomic_store(&mut self, memarg: &MemArg, ty: Type) {
        let (index, value) = self.pop2();
        let (flags, address) = self.atomic_address(memarg, index, ty);
        let value = self.narrowed(value, ty);
        self.builder.ins().atomic_store(flags, value, address);
    }

    fn atomic_change(&mut self, memarg: &MemArg, change: AtomicRmwOp, ty: Type, wide: Type) {
        let (index, value) = self.pop2();
        let (flags, address) = self.atomic_address(memarg, index, ty);
        let value = self.narrowed(value, ty);
        let loaded = self.builder.ins().atomic_rmw(ty, flags, change, address, value);
        self.push_loaded(loaded, wide);
    }

    /// What is expected is wrapped to the width of the access, as what replaces it is.
    fn compare_exchange(&mut self, memarg: &MemArg, ty: Type, wide: Type) {
        let (index, expected, replacement) = self.pop3();
        let (flags, address) = self.atomic_address(memarg, index, ty);
        let (expected, replacement) = (self.narrowed(expected, ty), self.narrowed(replacement, ty));
        let loaded = self.builder.ins().atomic_cas(flags, address, expected, replacement);
        self.push_loaded(loaded, wide);
    }

    fn notify(&mut self, memarg: &MemArg) {
        let (index, count) = self.pop2();
        self.check_aligned(memarg, index, I32);
        let place = self.place_arguments(memarg, index);
        let woken = self.call_builtin(BuiltinFunction::MemoryNotify, &[&place[..], &[count]].concat());
        self.push_size(woken.expect("notifying returns a number"), IndexType::I32);
    }

    /// It may take long, and the host may be asked meanwhile whether the guest goes on.
    fn wait(&mut self, memarg: &MemArg, ty: Type, builtin: BuiltinFunction) {
        let (index, expected, timeout) = self.pop3();
        self.check_aligned(memarg, index, ty);
        let place = self.place_arguments(memarg, index);
        let outcome = self.call_bulk_builtin(builtin, &[&place[..], &[expected, timeout]].concat(), None);
        self.push_size(outcome.expect("waiting has an outcome"), IndexType::I32);
    }

    /// Memory, index and offset, as the runtime's functions take them.
    fn place_arguments(&mut self, memarg: &MemArg, index: Value) -> [Value; 3] {
        let memory = self.index(memory_of(memarg).as_u32());
        let offset = self.builder.ins().iconst(I64, memarg.offset as i64);
        [memory, self.wide(index), offset]
    }
}
