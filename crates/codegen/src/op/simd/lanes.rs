//! Constants, single lanes, and the order of lanes.

use crate::func::FuncTranslator;
use cranelift_codegen::ir::types::{F32X4, F64X2, I8X16, I16X8, I32, I32X4, I64X2};
use cranelift_codegen::ir::{InstBuilder, Type, Value};
use wasmparser::Operator;

impl FuncTranslator<'_, '_> {
    pub(super) fn lane_operator(&mut self, operator: &Operator<'_>) -> bool {
        match *operator {
            Operator::V128Const { value } => self.vector_const(value.bytes()),
            Operator::I8x16Splat => self.splat(I8X16),
            Operator::I16x8Splat => self.splat(I16X8),
            Operator::I32x4Splat => self.splat(I32X4),
            Operator::I64x2Splat => self.splat(I64X2),
            Operator::F32x4Splat => self.splat(F32X4),
            Operator::F64x2Splat => self.splat(F64X2),
            Operator::I8x16ExtractLaneS { lane } => self.extract_signed(I8X16, lane),
            Operator::I16x8ExtractLaneS { lane } => self.extract_signed(I16X8, lane),
            Operator::I8x16ExtractLaneU { lane } => self.extract_unsigned(I8X16, lane),
            Operator::I16x8ExtractLaneU { lane } => self.extract_unsigned(I16X8, lane),
            Operator::I32x4ExtractLane { lane } => self.extract(I32X4, lane),
            Operator::I64x2ExtractLane { lane } => self.extract(I64X2, lane),
            Operator::F32x4ExtractLane { lane } => self.extract(F32X4, lane),
            Operator::F64x2ExtractLane { lane } => self.extract(F64X2, lane),
            Operator::I8x16ReplaceLane { lane } => self.replace(I8X16, lane),
            Operator::I16x8ReplaceLane { lane } => self.replace(I16X8, lane),
            Operator::I32x4ReplaceLane { lane } => self.replace(I32X4, lane),
            Operator::I64x2ReplaceLane { lane } => self.replace(I64X2, lane),
            Operator::F32x4ReplaceLane { lane } => self.replace(F32X4, lane),
            Operator::F64x2ReplaceLane { lane } => self.replace(F64X2, lane),
            Operator::I8x16Shuffle { ref lanes } => self.shuffle(lanes),
            Operator::I8x16Swizzle => binary!(self, swizzle, I8X16),
            _ => return false,
        }
        true
    }

    fn vector_const(&mut self, bytes: &[u8; 16]) {
        let constant = self.builder.func.dfg.constants.insert(bytes.as_slice().into());
        let vector = self.builder.ins().vconst(I8X16, constant);
        self.push(vector);
    }

    /// The topmost operand as a lane, which may be narrower.
    fn pop_lane(&mut self, lane: Type) -> Value {
        let value = self.pop();
        match self.builder.func.dfg.value_type(value) {
            same if same == lane => value,
            _ => self.builder.ins().ireduce(lane, value),
        }
    }

    fn splat(&mut self, lanes: Type) {
        let value = self.pop_lane(lanes.lane_type());
        let vector = self.builder.ins().splat(lanes, value);
        self.push(vector);
    }

    fn extract(&mut self, lanes: Type, lane: u8) {
        let vector = self.pop_lanes(lanes);
        let value = self.builder.ins().extractlane(vector, lane);
        self.push(value);
    }

    fn extract_signed(&mut self, lanes: Type, lane: u8) {
        let vector = self.pop_lanes(lanes);
        let value = self.builder.ins().extractlane(vector, lane);
        let value = self.builder.ins().sextend(I32, value);
        self.push(value);
    }

    fn extract_unsigned(&mut self, lanes: Type, lane: u8) {
        let vector = self.pop_lanes(lanes);
        let value = self.builder.ins().extractlane(vector, lane);
        let value = self.builder.ins().uextend(I32, value);
        self.push(value);
    }

    fn replace(&mut self, lanes: Type, lane: u8) {
        let value = self.pop_lane(lanes.lane_type());
        let vector = self.pop_lanes(lanes);
        let vector = self.builder.ins().insertlane(vector, value, lane);
        self.push(vector);
    }

    /// Validation has seen that each number is below 32.
    fn shuffle(&mut self, lanes: &[u8; 16]) {
        let (first, second) = self.pop_lanes2(I8X16);
        let mask = self.builder.func.dfg.immediates.push(lanes.as_slice().into());
        let vector = self.builder.ins().shuffle(first, second, mask);
        self.push(vector);
    }
}
