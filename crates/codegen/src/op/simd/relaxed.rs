//! Relaxed vector instructions: their results may be what the machine's own instructions give, within what the specification
//! permits, or always those of the deterministic profile.

use super::conversion::truncate_zero;
use crate::error::CodegenError;
use crate::func::FuncTranslator;
use cranelift_codegen::ir::types::{F32X4, F64X2, I8X16, I16X8, I32X4, I64X2};
use cranelift_codegen::ir::{InstBuilder, Type, Value};
use wasmparser::Operator;

impl FuncTranslator<'_, '_> {
    pub(crate) fn relaxed_operator(&mut self, operator: &Operator<'_>) -> Result<bool, CodegenError> {
        match operator {
            Operator::F32x4RelaxedMadd => self.multiply_add(F32X4, false)?,
            Operator::F32x4RelaxedNmadd => self.multiply_add(F32X4, true)?,
            Operator::F64x2RelaxedMadd => self.multiply_add(F64X2, false)?,
            Operator::F64x2RelaxedNmadd => self.multiply_add(F64X2, true)?,
            Operator::F32x4RelaxedMin => self.relaxed_minimum(F32X4),
            Operator::F32x4RelaxedMax => self.relaxed_maximum(F32X4),
            Operator::F64x2RelaxedMin => self.relaxed_minimum(F64X2),
            Operator::F64x2RelaxedMax => self.relaxed_maximum(F64X2),
            Operator::I8x16RelaxedLaneselect => self.relaxed_laneselect(I8X16),
            Operator::I16x8RelaxedLaneselect => self.relaxed_laneselect(I16X8),
            Operator::I32x4RelaxedLaneselect => self.relaxed_laneselect(I32X4),
            Operator::I64x2RelaxedLaneselect => self.relaxed_laneselect(I64X2),
            Operator::I8x16RelaxedSwizzle if self.native(self.isa.has_x86_pshufb_lowering()) => {
                binary!(self, x86_pshufb, I8X16)
            }
            Operator::I8x16RelaxedSwizzle => binary!(self, swizzle, I8X16),
            Operator::I16x8RelaxedQ15mulrS if self.native(self.isa.has_x86_pmulhrsw_lowering()) => {
                binary!(self, x86_pmulhrsw, I16X8)
            }
            Operator::I16x8RelaxedQ15mulrS => binary!(self, sqmul_round_sat, I16X8),
            Operator::I32x4RelaxedTruncF32x4S if self.native(self.is_x86()) => {
                unary!(self, x86_cvtt2dq, F32X4 => I32X4)
            }
            Operator::I32x4RelaxedTruncF32x4S => unary!(self, fcvt_to_sint_sat, F32X4 => I32X4),
            Operator::I32x4RelaxedTruncF32x4U => unary!(self, fcvt_to_uint_sat, F32X4 => I32X4),
            Operator::I32x4RelaxedTruncF64x2SZero if self.native(self.is_x86()) => {
                truncate_zero!(self, x86_cvtt2dq, snarrow)
            }
            Operator::I32x4RelaxedTruncF64x2SZero => truncate_zero!(self, fcvt_to_sint_sat, snarrow),
            Operator::I32x4RelaxedTruncF64x2UZero => truncate_zero!(self, fcvt_to_uint_sat, uunarrow),
            Operator::I16x8RelaxedDotI8x16I7x16S => {
                let (first, second) = self.pop_lanes2(I8X16);
                let result = self.relaxed_dot(first, second);
                self.push(result);
            }
            Operator::I32x4RelaxedDotI8x16I7x16AddS => self.relaxed_dot_add(),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Whether an instruction of the machine is taken that is there or not.
    fn native(&self, there: bool) -> bool {
        there && !self.settings.relaxed_simd_deterministic
    }

    fn is_x86(&self) -> bool {
        self.isa.name() == "x64"
    }

    /// The product of the first two, or its negative, and the third. It is rounded once where the machine can.
    fn multiply_add(&mut self, lanes: Type, negative: bool) -> Result<(), CodegenError> {
        let fused = self.isa.has_native_fma();
        if !fused && self.settings.relaxed_simd_deterministic {
            let what = "deterministic relaxed SIMD on x86-64 machines without FMA";
            return Err(CodegenError::unsupported(format!("not supported: {what}")));
        }
        let (mut first, second, third) = self.pop_lanes3(lanes);
        if negative {
            first = self.builder.ins().fneg(first);
        }
        let result = match fused {
            true => self.builder.ins().fma(first, second, third),
            false => {
                let product = self.builder.ins().fmul(first, second);
                self.builder.ins().fadd(product, third)
            }
        };
        self.push(result);
        Ok(())
    }

    fn relaxed_minimum(&mut self, lanes: Type) {
        let (first, second) = self.pop_lanes2(lanes);
        let result = match self.native(self.is_x86()) {
            true => self.select_less(first, second, first, second),
            false => self.builder.ins().fmin(first, second),
        };
        self.push(result);
    }

    fn relaxed_maximum(&mut self, lanes: Type) {
        let (first, second) = self.pop_lanes2(lanes);
        let result = match self.native(self.is_x86()) {
            true => self.select_less(second, first, first, second),
            false => self.builder.ins().fmax(first, second),
        };
        self.push(result);
    }

    /// Lanes of the first operand where the third's are all 1, of the second where they are all 0.
    fn relaxed_laneselect(&mut self, lanes: Type) {
        let (first, second, mask) = self.pop_lanes3(lanes);
        let result = match self.native(self.isa.has_blendv_lowering(lanes)) {
            true => self.builder.ins().blendv(mask, first, second),
            false => self.builder.ins().bitselect(mask, first, second),
        };
        self.push(result);
    }

    /// Sums of the products of two lanes of 8 bits each, of which the second has only 7.
    fn relaxed_dot(&mut self, first: Value, second: Value) -> Value {
        if self.native(self.isa.has_x86_pmaddubsw_lowering()) {
            return self.builder.ins().x86_pmaddubsw(first, second);
        }
        self.sums_of_products(first, second)
    }

    /// The same once more for the sums, and the third operand.
    fn relaxed_dot_add(&mut self) {
        let third = self.pop_lanes(I32X4);
        let (first, second) = self.pop_lanes2(I8X16);
        let sums = self.relaxed_dot(first, second);
        let low = self.builder.ins().swiden_low(sums);
        let high = self.builder.ins().swiden_high(sums);
        let sums = self.builder.ins().iadd_pairwise(low, high);
        let result = self.builder.ins().iadd(sums, third);
        self.push(result);
    }
}
