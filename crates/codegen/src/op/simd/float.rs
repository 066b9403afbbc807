//! Floats in lanes.

use crate::func::FuncTranslator;
use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::types::{F32X4, F64X2};
use cranelift_codegen::ir::{InstBuilder, Type, Value};
use wasmparser::Operator;

impl FuncTranslator<'_, '_> {
    pub(super) fn vector_float_operator(&mut self, operator: &Operator<'_>) -> bool {
        match operator {
            Operator::F32x4Add => binary!(self, fadd, F32X4),
            Operator::F64x2Add => binary!(self, fadd, F64X2),
            Operator::F32x4Sub => binary!(self, fsub, F32X4),
            Operator::F64x2Sub => binary!(self, fsub, F64X2),
            Operator::F32x4Mul => binary!(self, fmul, F32X4),
            Operator::F64x2Mul => binary!(self, fmul, F64X2),
            Operator::F32x4Div => binary!(self, fdiv, F32X4),
            Operator::F64x2Div => binary!(self, fdiv, F64X2),
            Operator::F32x4Min => binary!(self, fmin, F32X4),
            Operator::F64x2Min => binary!(self, fmin, F64X2),
            Operator::F32x4Max => binary!(self, fmax, F32X4),
            Operator::F64x2Max => binary!(self, fmax, F64X2),
            Operator::F32x4Abs => unary!(self, fabs, F32X4),
            Operator::F64x2Abs => unary!(self, fabs, F64X2),
            Operator::F32x4Neg => unary!(self, fneg, F32X4),
            Operator::F64x2Neg => unary!(self, fneg, F64X2),
            Operator::F32x4Sqrt => unary!(self, sqrt, F32X4),
            Operator::F64x2Sqrt => unary!(self, sqrt, F64X2),
            Operator::F32x4Ceil => unary!(self, ceil, F32X4),
            Operator::F64x2Ceil => unary!(self, ceil, F64X2),
            Operator::F32x4Floor => unary!(self, floor, F32X4),
            Operator::F64x2Floor => unary!(self, floor, F64X2),
            Operator::F32x4Trunc => unary!(self, trunc, F32X4),
            Operator::F64x2Trunc => unary!(self, trunc, F64X2),
            Operator::F32x4Nearest => unary!(self, nearest, F32X4),
            Operator::F64x2Nearest => unary!(self, nearest, F64X2),
            Operator::F32x4PMin => self.pseudo_minimum(F32X4),
            Operator::F64x2PMin => self.pseudo_minimum(F64X2),
            Operator::F32x4PMax => self.pseudo_maximum(F32X4),
            Operator::F64x2PMax => self.pseudo_maximum(F64X2),
            _ => return false,
        }
        true
    }

    /// The second where it is less, the first elsewhere: of zeros, and where one is a NaN, the first.
    fn pseudo_minimum(&mut self, lanes: Type) {
        let (first, second) = self.pop_lanes2(lanes);
        let result = self.select_less(second, first, second, first);
        self.push(result);
    }

    /// The second where the first is less, the first elsewhere.
    fn pseudo_maximum(&mut self, lanes: Type) {
        let (first, second) = self.pop_lanes2(lanes);
        let result = self.select_less(first, second, second, first);
        self.push(result);
    }

    /// Lanes of `then` where `less` is less than `than`, of `otherwise` elsewhere. Some machines have an instruction for it.
    pub(super) fn select_less(&mut self, less: Value, than: Value, then: Value, otherwise: Value) -> Value {
        let condition = self.builder.ins().fcmp(FloatCC::LessThan, less, than);
        let lanes = self.builder.func.dfg.value_type(then);
        let condition = self.with_lanes(condition, lanes);
        self.builder.ins().bitselect(condition, then, otherwise)
    }
}
