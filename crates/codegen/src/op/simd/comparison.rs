//! Comparisons of lanes: the bits of a lane of the result are all 1 where the comparison holds, and all 0 elsewhere.

use crate::func::FuncTranslator;
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F32X4, F64X2, I8X16, I16X8, I32X4, I64X2};
use cranelift_codegen::ir::{InstBuilder, Type};
use wasmparser::Operator;

impl FuncTranslator<'_, '_> {
    pub(super) fn vector_comparison(&mut self, operator: &Operator<'_>) -> bool {
        self.comparison_of_integers(operator) || self.comparison_of_floats(operator)
    }

    fn comparison_of_integers(&mut self, operator: &Operator<'_>) -> bool {
        match operator {
            Operator::I8x16Eq => self.compare_integers(IntCC::Equal, I8X16),
            Operator::I16x8Eq => self.compare_integers(IntCC::Equal, I16X8),
            Operator::I32x4Eq => self.compare_integers(IntCC::Equal, I32X4),
            Operator::I64x2Eq => self.compare_integers(IntCC::Equal, I64X2),
            Operator::I8x16Ne => self.compare_integers(IntCC::NotEqual, I8X16),
            Operator::I16x8Ne => self.compare_integers(IntCC::NotEqual, I16X8),
            Operator::I32x4Ne => self.compare_integers(IntCC::NotEqual, I32X4),
            Operator::I64x2Ne => self.compare_integers(IntCC::NotEqual, I64X2),
            Operator::I8x16LtS => self.compare_integers(IntCC::SignedLessThan, I8X16),
            Operator::I16x8LtS => self.compare_integers(IntCC::SignedLessThan, I16X8),
            Operator::I32x4LtS => self.compare_integers(IntCC::SignedLessThan, I32X4),
            Operator::I64x2LtS => self.compare_integers(IntCC::SignedLessThan, I64X2),
            Operator::I8x16LtU => self.compare_integers(IntCC::UnsignedLessThan, I8X16),
            Operator::I16x8LtU => self.compare_integers(IntCC::UnsignedLessThan, I16X8),
            Operator::I32x4LtU => self.compare_integers(IntCC::UnsignedLessThan, I32X4),
            Operator::I8x16GtS => self.compare_integers(IntCC::SignedGreaterThan, I8X16),
            Operator::I16x8GtS => self.compare_integers(IntCC::SignedGreaterThan, I16X8),
            Operator::I32x4GtS => self.compare_integers(IntCC::SignedGreaterThan, I32X4),
            Operator::I64x2GtS => self.compare_integers(IntCC::SignedGreaterThan, I64X2),
            Operator::I8x16GtU => self.compare_integers(IntCC::UnsignedGreaterThan, I8X16),
            Operator::I16x8GtU => self.compare_integers(IntCC::UnsignedGreaterThan, I16X8),
            Operator::I32x4GtU => self.compare_integers(IntCC::UnsignedGreaterThan, I32X4),
            Operator::I8x16LeS => self.compare_integers(IntCC::SignedLessThanOrEqual, I8X16),
            Operator::I16x8LeS => self.compare_integers(IntCC::SignedLessThanOrEqual, I16X8),
            Operator::I32x4LeS => self.compare_integers(IntCC::SignedLessThanOrEqual, I32X4),
            Operator::I64x2LeS => self.compare_integers(IntCC::SignedLessThanOrEqual, I64X2),
            Operator::I8x16LeU => self.compare_integers(IntCC::UnsignedLessThanOrEqual, I8X16),
            Operator::I16x8LeU => self.compare_integers(IntCC::UnsignedLessThanOrEqual, I16X8),
            Operator::I32x4LeU => self.compare_integers(IntCC::UnsignedLessThanOrEqual, I32X4),
            Operator::I8x16GeS => self.compare_integers(IntCC::SignedGreaterThanOrEqual, I8X16),
            Operator::I16x8GeS => self.compare_integers(IntCC::SignedGreaterThanOrEqual, I16X8),
            Operator::I32x4GeS => self.compare_integers(IntCC::SignedGreaterThanOrEqual, I32X4),
            Operator::I64x2GeS => self.compare_integers(IntCC::SignedGreaterThanOrEqual, I64X2),
            Operator::I8x16GeU => self.compare_integers(IntCC::UnsignedGreaterThanOrEqual, I8X16),
            Operator::I16x8GeU => self.compare_integers(IntCC::UnsignedGreaterThanOrEqual, I16X8),
            Operator::I32x4GeU => self.compare_integers(IntCC::UnsignedGreaterThanOrEqual, I32X4),
            _ => return false,
        }
        true
    }

    fn comparison_of_floats(&mut self, operator: &Operator<'_>) -> bool {
        match operator {
            Operator::F32x4Eq => self.compare_floats(FloatCC::Equal, F32X4),
            Operator::F64x2Eq => self.compare_floats(FloatCC::Equal, F64X2),
            Operator::F32x4Ne => self.compare_floats(FloatCC::NotEqual, F32X4),
            Operator::F64x2Ne => self.compare_floats(FloatCC::NotEqual, F64X2),
            Operator::F32x4Lt => self.compare_floats(FloatCC::LessThan, F32X4),
            Operator::F64x2Lt => self.compare_floats(FloatCC::LessThan, F64X2),
            Operator::F32x4Gt => self.compare_floats(FloatCC::GreaterThan, F32X4),
            Operator::F64x2Gt => self.compare_floats(FloatCC::GreaterThan, F64X2),
            Operator::F32x4Le => self.compare_floats(FloatCC::LessThanOrEqual, F32X4),
            Operator::F64x2Le => self.compare_floats(FloatCC::LessThanOrEqual, F64X2),
            Operator::F32x4Ge => self.compare_floats(FloatCC::GreaterThanOrEqual, F32X4),
            Operator::F64x2Ge => self.compare_floats(FloatCC::GreaterThanOrEqual, F64X2),
            _ => return false,
        }
        true
    }

    fn compare_integers(&mut self, condition: IntCC, lanes: Type) {
        let (first, second) = self.pop_lanes2(lanes);
        let result = self.builder.ins().icmp(condition, first, second);
        self.push(result);
    }

    fn compare_floats(&mut self, condition: FloatCC, lanes: Type) {
        let (first, second) = self.pop_lanes2(lanes);
        let result = self.builder.ins().fcmp(condition, first, second);
        self.push(result);
    }
}
