//! Conversions of lanes to others: narrower and wider ones, and integers and floats.

use crate::func::FuncTranslator;
use cranelift_codegen::ir::InstBuilder;
use cranelift_codegen::ir::types::{F32X4, F64X2, I8X16, I16X8, I32X4, I64X2};
use wasmparser::Operator;

/// Makes integers of 32 bits of two floats of 64; the other two lanes are 0.
macro_rules! truncate_zero {
    ($this:ident, $truncate:ident, $narrow:ident) => {{
        let vector = $this.pop_lanes(F64X2);
        let wide = $this.builder.ins().$truncate(I64X2, vector);
        let zero = $this.zero_vector(I64X2);
        let result = $this.builder.ins().$narrow(wide, zero);
        $this.push(result);
    }};
}
pub(super) use truncate_zero;

/// Makes floats of 64 bits of the first two integers of 32.
macro_rules! convert_low {
    ($this:ident, $widen:ident, $convert:ident) => {{
        let vector = $this.pop_lanes(I32X4);
        let wide = $this.builder.ins().$widen(vector);
        let result = $this.builder.ins().$convert(F64X2, wide);
        $this.push(result);
    }};
}

impl FuncTranslator<'_, '_> {
    pub(super) fn vector_conversion(&mut self, operator: &Operator<'_>) -> bool {
        match operator {
            Operator::I8x16NarrowI16x8S => binary!(self, snarrow, I16X8),
            Operator::I8x16NarrowI16x8U => binary!(self, unarrow, I16X8),
            Operator::I16x8NarrowI32x4S => binary!(self, snarrow, I32X4),
            Operator::I16x8NarrowI32x4U => binary!(self, unarrow, I32X4),
            Operator::I16x8ExtendLowI8x16S => unary!(self, swiden_low, I8X16),
            Operator::I16x8ExtendLowI8x16U => unary!(self, uwiden_low, I8X16),
            Operator::I16x8ExtendHighI8x16S => unary!(self, swiden_high, I8X16),
            Operator::I16x8ExtendHighI8x16U => unary!(self, uwiden_high, I8X16),
            Operator::I32x4ExtendLowI16x8S => unary!(self, swiden_low, I16X8),
            Operator::I32x4ExtendLowI16x8U => unary!(self, uwiden_low, I16X8),
            Operator::I32x4ExtendHighI16x8S => unary!(self, swiden_high, I16X8),
            Operator::I32x4ExtendHighI16x8U => unary!(self, uwiden_high, I16X8),
            Operator::I64x2ExtendLowI32x4S => unary!(self, swiden_low, I32X4),
            Operator::I64x2ExtendLowI32x4U => unary!(self, uwiden_low, I32X4),
            Operator::I64x2ExtendHighI32x4S => unary!(self, swiden_high, I32X4),
            Operator::I64x2ExtendHighI32x4U => unary!(self, uwiden_high, I32X4),
            Operator::I32x4TruncSatF32x4S => unary!(self, fcvt_to_sint_sat, F32X4 => I32X4),
            Operator::I32x4TruncSatF32x4U => unary!(self, fcvt_to_uint_sat, F32X4 => I32X4),
            Operator::I32x4TruncSatF64x2SZero => truncate_zero!(self, fcvt_to_sint_sat, snarrow),
            Operator::I32x4TruncSatF64x2UZero => truncate_zero!(self, fcvt_to_uint_sat, uunarrow),
            Operator::F32x4ConvertI32x4S => unary!(self, fcvt_from_sint, I32X4 => F32X4),
            Operator::F32x4ConvertI32x4U => unary!(self, fcvt_from_uint, I32X4 => F32X4),
            Operator::F64x2ConvertLowI32x4S => convert_low!(self, swiden_low, fcvt_from_sint),
            Operator::F64x2ConvertLowI32x4U => convert_low!(self, uwiden_low, fcvt_from_uint),
            Operator::F32x4DemoteF64x2Zero => unary!(self, fvdemote, F64X2),
            Operator::F64x2PromoteLowF32x4 => unary!(self, fvpromote_low, F32X4),
            _ => return false,
        }
        true
    }
}
