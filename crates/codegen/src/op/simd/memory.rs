//! Loads and stores of vectors: of all bits, of half of them widened, of one lane, and of one value in all lanes or alone.

use crate::bounds::Address;
use crate::func::FuncTranslator;
use crate::op::memory::memory_of;
use cranelift_codegen::ir::types::{I8X16, I16X8, I32X4, I64, I64X2};
use cranelift_codegen::ir::{InstBuilder, Type, Value};
use wasmparser::{MemArg, Operator};

/// Loads half a vector and widens its lanes.
macro_rules! load_widened {
    ($this:ident, $memarg:ident, $instruction:ident) => {{
        let Address { base, offset, flags } = $this.popped_address($memarg, I64);
        let value = $this.builder.ins().$instruction(flags, base, offset);
        $this.push(value);
    }};
}

impl FuncTranslator<'_, '_> {
    pub(super) fn vector_memory_operator(&mut self, operator: &Operator<'_>) -> bool {
        match operator {
            Operator::V128Load { memarg } => self.load(memarg, I8X16),
            Operator::V128Load8x8S { memarg } => load_widened!(self, memarg, sload8x8),
            Operator::V128Load8x8U { memarg } => load_widened!(self, memarg, uload8x8),
            Operator::V128Load16x4S { memarg } => load_widened!(self, memarg, sload16x4),
            Operator::V128Load16x4U { memarg } => load_widened!(self, memarg, uload16x4),
            Operator::V128Load32x2S { memarg } => load_widened!(self, memarg, sload32x2),
            Operator::V128Load32x2U { memarg } => load_widened!(self, memarg, uload32x2),
            Operator::V128Load8Splat { memarg } => self.load_splat(memarg, I8X16),
            Operator::V128Load16Splat { memarg } => self.load_splat(memarg, I16X8),
            Operator::V128Load32Splat { memarg } => self.load_splat(memarg, I32X4),
            Operator::V128Load64Splat { memarg } => self.load_splat(memarg, I64X2),
            Operator::V128Load32Zero { memarg } => self.load_zero(memarg, I32X4),
            Operator::V128Load64Zero { memarg } => self.load_zero(memarg, I64X2),
            Operator::V128Load8Lane { memarg, lane } => self.load_lane(memarg, I8X16, *lane),
            Operator::V128Load16Lane { memarg, lane } => self.load_lane(memarg, I16X8, *lane),
            Operator::V128Load32Lane { memarg, lane } => self.load_lane(memarg, I32X4, *lane),
            Operator::V128Load64Lane { memarg, lane } => self.load_lane(memarg, I64X2, *lane),
            Operator::V128Store { memarg } => self.store_vector(memarg),
            Operator::V128Store8Lane { memarg, lane } => self.store_lane(memarg, I8X16, *lane),
            Operator::V128Store16Lane { memarg, lane } => self.store_lane(memarg, I16X8, *lane),
            Operator::V128Store32Lane { memarg, lane } => self.store_lane(memarg, I32X4, *lane),
            Operator::V128Store64Lane { memarg, lane } => self.store_lane(memarg, I64X2, *lane),
            _ => return false,
        }
        true
    }

    /// The address of so much memory as a value of this type takes, at the index that is the topmost operand.
    fn popped_address(&mut self, memarg: &MemArg, ty: Type) -> Address {
        let index = self.pop();
        self.memory_address(memory_of(memarg), index, memarg.offset, ty.bytes() as u8)
    }

    fn load_one(&mut self, memarg: &MemArg, lane: Type) -> Value {
        let Address { base, offset, flags } = self.popped_address(memarg, lane);
        let flags = self.load_flags(flags);
        self.builder.ins().load(lane, flags, base, offset)
    }

    fn load_splat(&mut self, memarg: &MemArg, lanes: Type) {
        let value = self.load_one(memarg, lanes.lane_type());
        let vector = self.builder.ins().splat(lanes, value);
        self.push(vector);
    }

    /// All but the first lane are 0.
    fn load_zero(&mut self, memarg: &MemArg, lanes: Type) {
        let value = self.load_one(memarg, lanes.lane_type());
        let vector = self.builder.ins().scalar_to_vector(lanes, value);
        self.push(vector);
    }

    fn load_lane(&mut self, memarg: &MemArg, lanes: Type, lane: u8) {
        let vector = self.pop_lanes(lanes);
        let value = self.load_one(memarg, lanes.lane_type());
        let vector = self.builder.ins().insertlane(vector, value, lane);
        self.push(vector);
    }

    /// Its bits are the same whatever lanes it was made with.
    fn store_vector(&mut self, memarg: &MemArg) {
        let vector = self.pop();
        let Address { base, offset, flags } = self.popped_address(memarg, I8X16);
        let flags = self.store_flags(flags);
        self.builder.ins().store(flags, vector, base, offset);
    }

    fn store_lane(&mut self, memarg: &MemArg, lanes: Type, lane: u8) {
        let vector = self.pop_lanes(lanes);
        let Address { base, offset, flags } = self.popped_address(memarg, lanes.lane_type());
        let value = self.builder.ins().extractlane(vector, lane);
        let flags = self.store_flags(flags);
        self.builder.ins().store(flags, value, base, offset);
    }
}
