//! Integers in lanes, and vectors as so many bits.

use crate::func::FuncTranslator;
use cranelift_codegen::ir::types::{I8X16, I16X8, I32, I32X4, I64X2};
use cranelift_codegen::ir::{InstBuilder, Type, Value};
use wasmparser::Operator;

/// Shifts each lane by the topmost operand, of which as many bits count as it takes to number the bits of a lane.
macro_rules! shift {
    ($this:ident, $instruction:ident, $lanes:expr) => {{
        let distance = $this.pop();
        let vector = $this.pop_lanes($lanes);
        let result = $this.builder.ins().$instruction(vector, distance);
        $this.push(result);
    }};
}

/// Multiplies half of the lanes, each widened before.
macro_rules! extended_product {
    ($this:ident, $widen:ident, $lanes:expr) => {{
        let (first, second) = $this.pop_lanes2($lanes);
        let first = $this.builder.ins().$widen(first);
        let second = $this.builder.ins().$widen(second);
        let result = $this.builder.ins().imul(first, second);
        $this.push(result);
    }};
}

/// Adds each lane to the one beside it, both widened before.
macro_rules! pairwise_sum {
    ($this:ident, $low:ident, $high:ident, $lanes:expr) => {{
        let vector = $this.pop_lanes($lanes);
        let low = $this.builder.ins().$low(vector);
        let high = $this.builder.ins().$high(vector);
        let result = $this.builder.ins().iadd_pairwise(low, high);
        $this.push(result);
    }};
}

impl FuncTranslator<'_, '_> {
    pub(super) fn vector_integer_operator(&mut self, operator: &Operator<'_>) -> bool {
        self.vector_arithmetic(operator)
            || self.vector_shift(operator)
            || self.bitwise_operator(operator)
            || self.extended_operator(operator)
    }

    fn vector_arithmetic(&mut self, operator: &Operator<'_>) -> bool {
        match operator {
            Operator::I8x16Add => binary!(self, iadd, I8X16),
            Operator::I16x8Add => binary!(self, iadd, I16X8),
            Operator::I32x4Add => binary!(self, iadd, I32X4),
            Operator::I64x2Add => binary!(self, iadd, I64X2),
            Operator::I8x16Sub => binary!(self, isub, I8X16),
            Operator::I16x8Sub => binary!(self, isub, I16X8),
            Operator::I32x4Sub => binary!(self, isub, I32X4),
            Operator::I64x2Sub => binary!(self, isub, I64X2),
            Operator::I16x8Mul => binary!(self, imul, I16X8),
            Operator::I32x4Mul => binary!(self, imul, I32X4),
            Operator::I64x2Mul => binary!(self, imul, I64X2),
            Operator::I8x16Neg => unary!(self, ineg, I8X16),
            Operator::I16x8Neg => unary!(self, ineg, I16X8),
            Operator::I32x4Neg => unary!(self, ineg, I32X4),
            Operator::I64x2Neg => unary!(self, ineg, I64X2),
            Operator::I8x16Abs => unary!(self, iabs, I8X16),
            Operator::I16x8Abs => unary!(self, iabs, I16X8),
            Operator::I32x4Abs => unary!(self, iabs, I32X4),
            Operator::I64x2Abs => unary!(self, iabs, I64X2),
            Operator::I8x16MinS => binary!(self, smin, I8X16),
            Operator::I16x8MinS => binary!(self, smin, I16X8),
            Operator::I32x4MinS => binary!(self, smin, I32X4),
            Operator::I8x16MinU => binary!(self, umin, I8X16),
            Operator::I16x8MinU => binary!(self, umin, I16X8),
            Operator::I32x4MinU => binary!(self, umin, I32X4),
            Operator::I8x16MaxS => binary!(self, smax, I8X16),
            Operator::I16x8MaxS => binary!(self, smax, I16X8),
            Operator::I32x4MaxS => binary!(self, smax, I32X4),
            Operator::I8x16MaxU => binary!(self, umax, I8X16),
            Operator::I16x8MaxU => binary!(self, umax, I16X8),
            Operator::I32x4MaxU => binary!(self, umax, I32X4),
            Operator::I8x16AddSatS => binary!(self, sadd_sat, I8X16),
            Operator::I16x8AddSatS => binary!(self, sadd_sat, I16X8),
            Operator::I8x16AddSatU => binary!(self, uadd_sat, I8X16),
            Operator::I16x8AddSatU => binary!(self, uadd_sat, I16X8),
            Operator::I8x16SubSatS => binary!(self, ssub_sat, I8X16),
            Operator::I16x8SubSatS => binary!(self, ssub_sat, I16X8),
            Operator::I8x16SubSatU => binary!(self, usub_sat, I8X16),
            Operator::I16x8SubSatU => binary!(self, usub_sat, I16X8),
            Operator::I8x16AvgrU => binary!(self, avg_round, I8X16),
            Operator::I16x8AvgrU => binary!(self, avg_round, I16X8),
            Operator::I8x16Popcnt => unary!(self, popcnt, I8X16),
            Operator::I16x8Q15MulrSatS => binary!(self, sqmul_round_sat, I16X8),
            _ => return false,
        }
        true
    }

    fn vector_shift(&mut self, operator: &Operator<'_>) -> bool {
        match operator {
            Operator::I8x16Shl => shift!(self, ishl, I8X16),
            Operator::I16x8Shl => shift!(self, ishl, I16X8),
            Operator::I32x4Shl => shift!(self, ishl, I32X4),
            Operator::I64x2Shl => shift!(self, ishl, I64X2),
            Operator::I8x16ShrS => shift!(self, sshr, I8X16),
            Operator::I16x8ShrS => shift!(self, sshr, I16X8),
            Operator::I32x4ShrS => shift!(self, sshr, I32X4),
            Operator::I64x2ShrS => shift!(self, sshr, I64X2),
            Operator::I8x16ShrU => shift!(self, ushr, I8X16),
            Operator::I16x8ShrU => shift!(self, ushr, I16X8),
            Operator::I32x4ShrU => shift!(self, ushr, I32X4),
            Operator::I64x2ShrU => shift!(self, ushr, I64X2),
            _ => return false,
        }
        true
    }

    fn bitwise_operator(&mut self, operator: &Operator<'_>) -> bool {
        match operator {
            Operator::V128Not => unary!(self, bnot, I8X16),
            Operator::V128And => binary!(self, band, I8X16),
            Operator::V128AndNot => binary!(self, band_not, I8X16),
            Operator::V128Or => binary!(self, bor, I8X16),
            Operator::V128Xor => binary!(self, bxor, I8X16),
            Operator::V128Bitselect => self.bitselect(),
            Operator::V128AnyTrue => self.any_true(),
            Operator::I8x16AllTrue => self.all_true(I8X16),
            Operator::I16x8AllTrue => self.all_true(I16X8),
            Operator::I32x4AllTrue => self.all_true(I32X4),
            Operator::I64x2AllTrue => self.all_true(I64X2),
            Operator::I8x16Bitmask => unary!(self, vhigh_bits, I8X16 => I32),
            Operator::I16x8Bitmask => unary!(self, vhigh_bits, I16X8 => I32),
            Operator::I32x4Bitmask => unary!(self, vhigh_bits, I32X4 => I32),
            Operator::I64x2Bitmask => unary!(self, vhigh_bits, I64X2 => I32),
            _ => return false,
        }
        true
    }

    /// What has results of lanes twice as wide as its operands'.
    fn extended_operator(&mut self, operator: &Operator<'_>) -> bool {
        match operator {
            Operator::I16x8ExtMulLowI8x16S => extended_product!(self, swiden_low, I8X16),
            Operator::I16x8ExtMulLowI8x16U => extended_product!(self, uwiden_low, I8X16),
            Operator::I16x8ExtMulHighI8x16S => extended_product!(self, swiden_high, I8X16),
            Operator::I16x8ExtMulHighI8x16U => extended_product!(self, uwiden_high, I8X16),
            Operator::I32x4ExtMulLowI16x8S => extended_product!(self, swiden_low, I16X8),
            Operator::I32x4ExtMulLowI16x8U => extended_product!(self, uwiden_low, I16X8),
            Operator::I32x4ExtMulHighI16x8S => extended_product!(self, swiden_high, I16X8),
            Operator::I32x4ExtMulHighI16x8U => extended_product!(self, uwiden_high, I16X8),
            Operator::I64x2ExtMulLowI32x4S => extended_product!(self, swiden_low, I32X4),
            Operator::I64x2ExtMulLowI32x4U => extended_product!(self, uwiden_low, I32X4),
            Operator::I64x2ExtMulHighI32x4S => extended_product!(self, swiden_high, I32X4),
            Operator::I64x2ExtMulHighI32x4U => extended_product!(self, uwiden_high, I32X4),
            Operator::I16x8ExtAddPairwiseI8x16S => pairwise_sum!(self, swiden_low, swiden_high, I8X16),
            Operator::I16x8ExtAddPairwiseI8x16U => pairwise_sum!(self, uwiden_low, uwiden_high, I8X16),
            Operator::I32x4ExtAddPairwiseI16x8S => pairwise_sum!(self, swiden_low, swiden_high, I16X8),
            Operator::I32x4ExtAddPairwiseI16x8U => pairwise_sum!(self, uwiden_low, uwiden_high, I16X8),
            Operator::I32x4DotI16x8S => self.dot(),
            _ => return false,
        }
        true
    }

    /// Bits of the first operand where the third has 1, of the second elsewhere.
    fn bitselect(&mut self) {
        let (first, second, mask) = self.pop_lanes3(I8X16);
        let result = self.builder.ins().bitselect(mask, first, second);
        self.push(result);
    }

    fn any_true(&mut self) {
        let vector = self.pop_lanes(I8X16);
        let any = self.builder.ins().vany_true(vector);
        let any = self.builder.ins().uextend(I32, any);
        self.push(any);
    }

    fn all_true(&mut self, lanes: Type) {
        let vector = self.pop_lanes(lanes);
        let all = self.builder.ins().vall_true(vector);
        let all = self.builder.ins().uextend(I32, all);
        self.push(all);
    }

    fn dot(&mut self) {
        let (first, second) = self.pop_lanes2(I16X8);
        let result = self.sums_of_products(first, second);
        self.push(result);
    }

    /// Products of lanes, twice as wide, each added to the one beside it.
    pub(super) fn sums_of_products(&mut self, first: Value, second: Value) -> Value {
        let [low, high] = [true, false].map(|low| {
            let [first, second] = [first, second].map(|vector| match low {
                true => self.builder.ins().swiden_low(vector),
                false => self.builder.ins().swiden_high(vector),
            });
            self.builder.ins().imul(first, second)
        });
        self.builder.ins().iadd_pairwise(low, high)
    }
}
