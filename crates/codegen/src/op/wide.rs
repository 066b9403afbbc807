//! Integers of 128 bits, each as two operands: its low and its high half.

use crate::func::FuncTranslator;
use cranelift_codegen::ir::types::I128;
use cranelift_codegen::ir::{InstBuilder, Value};
use wasmparser::Operator;

impl FuncTranslator<'_, '_> {
    pub(crate) fn wide_operator(&mut self, operator: &Operator<'_>) -> bool {
        let (first, second);
        let result = match operator {
            Operator::I64Add128 => {
                (first, second) = self.pop_wide2();
                self.builder.ins().iadd(first, second)
            }
            Operator::I64Sub128 => {
                (first, second) = self.pop_wide2();
                self.builder.ins().isub(first, second)
            }
            Operator::I64MulWideS => {
                (first, second) = self.pop2();
                let (first, second) =
                    (self.builder.ins().sextend(I128, first), self.builder.ins().sextend(I128, second));
                self.builder.ins().imul(first, second)
            }
            Operator::I64MulWideU => {
                (first, second) = self.pop2();
                let (first, second) =
                    (self.builder.ins().uextend(I128, first), self.builder.ins().uextend(I128, second));
                self.builder.ins().imul(first, second)
            }
            _ => return false,
        };
        let (low, high) = self.builder.ins().isplit(result);
        self.push(low);
        self.push(high);
        true
    }

    fn pop_wide2(&mut self) -> (Value, Value) {
        let second = self.pop_wide();
        (self.pop_wide(), second)
    }

    fn pop_wide(&mut self) -> Value {
        let (low, high) = self.pop2();
        self.builder.ins().iconcat(low, high)
    }
}
