//! Where what an access wants stands, and the checks before it: which, [the plan](crate::access_plan) of its memory or table says.

use crate::access_plan::{BoundsCheck, IndexType};
use crate::func::FuncTranslator;
use crate::signature::{POINTER, constant_field, field};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I8, I32, I64};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value};
use gusset_artifact::{MEMORY_DEFINITION, MemoryIndex, TABLE_DEFINITION, TableIndex};
use gusset_types::TrapCode;

/// An address that is checked or whose access faults when it is out of bounds.
pub(crate) struct Address {
    pub(crate) base: Value,
    pub(crate) offset: i32,
    pub(crate) flags: MemFlagsData,
}

/// Faults below this address are of accesses by way of null, as the runtime has it: of masked addresses too.
const NULL_PAGE: u64 = 4096;

impl FuncTranslator<'_, '_> {
    /// The address of `size` bytes at `index + offset` in a memory; it traps before or at the access.
    pub(crate) fn memory_address(&mut self, memory: MemoryIndex, index: Value, offset: u64, size: u8) -> Address {
        let plan = self.env.plans.memories[memory];
        let index = self.pointer(index, plan.index);
        let check = plan.check(offset, size);
        if check != BoundsCheck::None {
            let outside = self.outside_of_memory(memory, index, check);
            // Several accesses then share the masked address.
            let apart = check == BoundsCheck::Index && offset + u64::from(size) <= NULL_PAGE;
            let (before, behind) = if apart { (0, offset as i32) } else { (offset, 0) };
            return Address { offset: behind, ..self.checked_address(memory, index, before, outside) };
        }
        let base = self.memory_base(memory);
        let mut address = self.builder.ins().iadd(base, index);
        let offset = i32::try_from(offset).unwrap_or_else(|_| {
            let offset = self.builder.ins().iconst(I64, offset as i64);
            address = self.builder.ins().iadd(address, offset);
            0
        });
        Address { base: address, offset, flags: self.memory_access() }
    }

    /// Whether an access is outside of a memory, as far as it must be checked.
    fn outside_of_memory(&mut self, memory: MemoryIndex, index: Value, check: BoundsCheck) -> Value {
        let end = match check {
            BoundsCheck::None => return self.builder.ins().iconst(I8, 0),
            BoundsCheck::Outside => return self.builder.ins().iconst(I8, 1),
            BoundsCheck::Index => {
                let length = self.memory_length(memory);
                return self.builder.ins().icmp(IntCC::UnsignedGreaterThan, index, length);
            }
            BoundsCheck::Before(end) => {
                let length = self.memory_length(memory);
                let last = self.builder.ins().iadd_imm_s(length, (end as i64).wrapping_neg());
                return self.builder.ins().icmp(IntCC::UnsignedGreaterThan, index, last);
            }
            BoundsCheck::End(end) => end as i64,
        };
        let length = self.memory_length(memory);
        let sum = self.builder.ins().iadd_imm_s(index, end);
        let outside = self.builder.ins().icmp(IntCC::UnsignedGreaterThan, sum, length);
        match self.env.plans.memories[memory].index {
            // Index and offset are below 2^32 each, so that nothing overflows.
            IndexType::I32 => outside,
            IndexType::I64 => {
                let end = self.builder.ins().iconst(I64, end);
                let overflow = self.builder.ins().icmp(IntCC::UnsignedLessThan, sum, end);
                self.builder.ins().bor(outside, overflow)
            }
        }
    }

    /// The address at `index + offset`, unless `outside` is not 0, with an offset of 0.
    fn checked_address(&mut self, memory: MemoryIndex, index: Value, offset: u64, outside: Value) -> Address {
        let base = self.memory_base(memory);
        let address = self.builder.ins().iadd(base, index);
        let address = self.builder.ins().iadd_imm_s(address, offset as i64);
        let mitigation = self.settings.heap_access_spectre_mitigation;
        let base = if mitigation { self.mask(outside, address) } else { address };
        self.trap_if_unmasked(outside, TrapCode::MemoryOutOfBounds, mitigation);
        Address { base, offset: 0, flags: self.memory_access() }
    }

    fn memory_base(&mut self, memory: MemoryIndex) -> Value {
        let (definition, offset) = self.memory_definition(memory);
        // A memory grows where it is, whatever is reserved for it.
        self.builder.ins().load(POINTER, constant_field(), definition, offset + MEMORY_DEFINITION.base)
    }

    /// The current length of a memory in bytes. One that is shared may have grown since, and then what lies behind was not known to be there.
    pub(crate) fn memory_length(&mut self, memory: MemoryIndex) -> Value {
        let (definition, offset) = self.memory_definition(memory);
        let flags = self.definition_field();
        self.builder.ins().load(I64, flags, definition, offset + MEMORY_DEFINITION.length)
    }

    /// The same, ordered among what other threads do: all of them see a memory that is shared grow at the same time.
    pub(crate) fn present_memory_length(&mut self, memory: MemoryIndex) -> Value {
        if !self.env.plans.memories[memory].shared {
            return self.memory_length(memory);
        }
        let (definition, offset) = self.memory_definition(memory);
        let address = self.builder.ins().iadd_imm_s(definition, i64::from(offset + MEMORY_DEFINITION.length));
        let flags = self.definition_field();
        self.builder.ins().atomic_load(I64, flags, address)
    }

    fn memory_definition(&mut self, memory: MemoryIndex) -> (Value, i32) {
        // Of a shared one, whoever defines it has a pointer there too.
        let place = self.memory_place(memory);
        let shared = self.env.plans.memories[memory].shared;
        self.field_or_pointer(if shared { Err(place.unwrap_or_else(|pointer| pointer)) } else { place })
    }

    /// The address of an element of a table, after checking the index.
    pub(crate) fn table_element(&mut self, table: TableIndex, index: Value, out_of_bounds: TrapCode) -> Address {
        let plan = self.env.plans.tables[table];
        let length = self.table_length(table);
        let index = self.pointer(index, plan.index);
        let outside = self.builder.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, index, length);
        let (definition, offset) = self.field_or_pointer(self.env.layout.table(table));
        let flags = self.definition_field();
        let base = self.builder.ins().load(POINTER, flags, definition, offset + TABLE_DEFINITION.base);
        let distance = self.builder.ins().ishl_imm_u(index, i64::from(plan.element_size_log2));
        let address = self.builder.ins().iadd(base, distance);
        let mitigation = self.settings.table_access_spectre_mitigation;
        let base = if mitigation { self.mask(outside, address) } else { address };
        self.trap_if_unmasked(outside, out_of_bounds, mitigation);
        Address { base, offset: 0, flags: self.table_access(out_of_bounds) }
    }

    /// The current number of elements of a table, as 64 bits.
    pub(crate) fn table_length(&mut self, table: TableIndex) -> Value {
        if let Some(length) = self.env.plans.tables[table].fixed_length {
            return self.builder.ins().iconst(I64, length as i64);
        }
        let (definition, offset) = self.field_or_pointer(self.env.layout.table(table));
        let flags = self.definition_field();
        self.builder.ins().load(I64, flags, definition, offset + TABLE_DEFINITION.length)
    }

    /// An index as a number of 64 bits.
    pub(crate) fn pointer(&mut self, index: Value, ty: IndexType) -> Value {
        match ty {
            IndexType::I32 => self.builder.ins().uextend(POINTER, index),
            IndexType::I64 => index,
        }
    }

    /// A size or count, of 64 bits, as operators return it.
    pub(crate) fn push_size(&mut self, size: Value, ty: IndexType) {
        let size = match ty {
            IndexType::I32 => self.builder.ins().ireduce(I32, size),
            IndexType::I64 => size,
        };
        self.push(size);
    }

    fn definition_field(&self) -> MemFlagsData {
        field().with_alias_region(Some(self.regions.definition))
    }

    /// Where something stands that the layout has either in the context or behind a pointer in the context.
    pub(crate) fn field_or_pointer(&mut self, place: Result<i32, i32>) -> (Value, i32) {
        match place {
            Ok(own) => self.context.field(own),
            Err(pointer) => (self.load_field(POINTER, constant_field(), pointer), 0),
        }
    }
}
