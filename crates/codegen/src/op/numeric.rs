//! Numbers. A table: one line per instruction.

use crate::func::FuncTranslator;
use crate::trap::{Division, Sign};
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::immediates::{Ieee32, Ieee64};
use cranelift_codegen::ir::types::{F32, F64, I8, I16, I32, I64};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Type};
use wasmparser::Operator;

/// Applies an instruction of one operand.
macro_rules! unary {
    ($this:ident, $instruction:ident) => {{
        let value = $this.pop();
        let result = $this.builder.ins().$instruction(value);
        $this.push(result);
    }};
    ($this:ident, $instruction:ident to $ty:expr) => {{
        let value = $this.pop();
        let result = $this.builder.ins().$instruction($ty, value);
        $this.push(result);
    }};
}

/// Applies an instruction of two operands.
macro_rules! binary {
    ($this:ident, $instruction:ident) => {{
        let (first, second) = $this.pop2();
        let result = $this.builder.ins().$instruction(first, second);
        $this.push(result);
    }};
}

impl FuncTranslator<'_, '_> {
    pub(crate) fn numeric_operator(&mut self, operator: &Operator<'_>) -> bool {
        self.const_operator(operator)
            || self.integer_operator(operator)
            || self.comparison(operator)
            || self.float_operator(operator)
            || self.conversion(operator)
    }

    fn const_operator(&mut self, operator: &Operator<'_>) -> bool {
        let value = match *operator {
            Operator::I32Const { value } => self.builder.ins().iconst(I32, i64::from(value as u32)),
            Operator::I64Const { value } => self.builder.ins().iconst(I64, value),
            Operator::F32Const { value } => self.builder.ins().f32const(Ieee32::with_bits(value.bits())),
            Operator::F64Const { value } => self.builder.ins().f64const(Ieee64::with_bits(value.bits())),
            _ => return false,
        };
        self.push(value);
        true
    }

    fn integer_operator(&mut self, operator: &Operator<'_>) -> bool {
        match operator {
            Operator::I32Add | Operator::I64Add => binary!(self, iadd),
            Operator::I32Sub | Operator::I64Sub => binary!(self, isub),
            Operator::I32Mul | Operator::I64Mul => binary!(self, imul),
            Operator::I32DivS | Operator::I64DivS => self.divide(Division::SignedQuotient),
            Operator::I32DivU | Operator::I64DivU => self.divide(Division::UnsignedQuotient),
            Operator::I32RemS | Operator::I64RemS => self.divide(Division::SignedRemainder),
            Operator::I32RemU | Operator::I64RemU => self.divide(Division::UnsignedRemainder),
            Operator::I32And | Operator::I64And => binary!(self, band),
            Operator::I32Or | Operator::I64Or => binary!(self, bor),
            Operator::I32Xor | Operator::I64Xor => binary!(self, bxor),
            Operator::I32Shl | Operator::I64Shl => binary!(self, ishl),
            Operator::I32ShrS | Operator::I64ShrS => binary!(self, sshr),
            Operator::I32ShrU | Operator::I64ShrU => binary!(self, ushr),
            Operator::I32Rotl | Operator::I64Rotl => binary!(self, rotl),
            Operator::I32Rotr | Operator::I64Rotr => binary!(self, rotr),
            Operator::I32Clz | Operator::I64Clz => unary!(self, clz),
            Operator::I32Ctz | Operator::I64Ctz => unary!(self, ctz),
            Operator::I32Popcnt | Operator::I64Popcnt => unary!(self, popcnt),
            Operator::I32Extend8S => self.sign_extend(I8, I32),
            Operator::I32Extend16S => self.sign_extend(I16, I32),
            Operator::I64Extend8S => self.sign_extend(I8, I64),
            Operator::I64Extend16S => self.sign_extend(I16, I64),
            Operator::I64Extend32S => self.sign_extend(I32, I64),
            _ => return false,
        }
        true
    }

    fn comparison(&mut self, operator: &Operator<'_>) -> bool {
        match operator {
            Operator::I32Eqz | Operator::I64Eqz => {
                let value = self.pop();
                let zero = self.builder.ins().icmp_imm_u(IntCC::Equal, value, 0);
                let zero = self.builder.ins().uextend(I32, zero);
                self.push(zero);
            }
            Operator::I32Eq | Operator::I64Eq => self.icmp(IntCC::Equal),
            Operator::I32Ne | Operator::I64Ne => self.icmp(IntCC::NotEqual),
            Operator::I32LtS | Operator::I64LtS => self.icmp(IntCC::SignedLessThan),
            Operator::I32LtU | Operator::I64LtU => self.icmp(IntCC::UnsignedLessThan),
            Operator::I32GtS | Operator::I64GtS => self.icmp(IntCC::SignedGreaterThan),
            Operator::I32GtU | Operator::I64GtU => self.icmp(IntCC::UnsignedGreaterThan),
            Operator::I32LeS | Operator::I64LeS => self.icmp(IntCC::SignedLessThanOrEqual),
            Operator::I32LeU | Operator::I64LeU => self.icmp(IntCC::UnsignedLessThanOrEqual),
            Operator::I32GeS | Operator::I64GeS => self.icmp(IntCC::SignedGreaterThanOrEqual),
            Operator::I32GeU | Operator::I64GeU => self.icmp(IntCC::UnsignedGreaterThanOrEqual),
            Operator::F32Eq | Operator::F64Eq => self.fcmp(FloatCC::Equal),
            Operator::F32Ne | Operator::F64Ne => self.fcmp(FloatCC::NotEqual),
            Operator::F32Lt | Operator::F64Lt => self.fcmp(FloatCC::LessThan),
            Operator::F32Gt | Operator::F64Gt => self.fcmp(FloatCC::GreaterThan),
            Operator::F32Le | Operator::F64Le => self.fcmp(FloatCC::LessThanOrEqual),
            Operator::F32Ge | Operator::F64Ge => self.fcmp(FloatCC::GreaterThanOrEqual),
            _ => return false,
        }
        true
    }

    fn float_operator(&mut self, operator: &Operator<'_>) -> bool {
        match operator {
            Operator::F32Add | Operator::F64Add => binary!(self, fadd),
            Operator::F32Sub | Operator::F64Sub => binary!(self, fsub),
            Operator::F32Mul | Operator::F64Mul => binary!(self, fmul),
            Operator::F32Div | Operator::F64Div => binary!(self, fdiv),
            Operator::F32Min | Operator::F64Min => binary!(self, fmin),
            Operator::F32Max | Operator::F64Max => binary!(self, fmax),
            Operator::F32Copysign | Operator::F64Copysign => binary!(self, fcopysign),
            Operator::F32Abs | Operator::F64Abs => unary!(self, fabs),
            Operator::F32Neg | Operator::F64Neg => unary!(self, fneg),
            Operator::F32Sqrt | Operator::F64Sqrt => unary!(self, sqrt),
            Operator::F32Ceil | Operator::F64Ceil => unary!(self, ceil),
            Operator::F32Floor | Operator::F64Floor => unary!(self, floor),
            Operator::F32Trunc | Operator::F64Trunc => unary!(self, trunc),
            Operator::F32Nearest | Operator::F64Nearest => unary!(self, nearest),
            _ => return false,
        }
        true
    }

    fn conversion(&mut self, operator: &Operator<'_>) -> bool {
        match operator {
            Operator::I32WrapI64 => unary!(self, ireduce to I32),
            Operator::I64ExtendI32S => unary!(self, sextend to I64),
            Operator::I64ExtendI32U => unary!(self, uextend to I64),
            Operator::I32TruncF32S | Operator::I32TruncF64S => self.float_to_integer(I32, Sign::Signed),
            Operator::I32TruncF32U | Operator::I32TruncF64U => self.float_to_integer(I32, Sign::Unsigned),
            Operator::I64TruncF32S | Operator::I64TruncF64S => self.float_to_integer(I64, Sign::Signed),
            Operator::I64TruncF32U | Operator::I64TruncF64U => self.float_to_integer(I64, Sign::Unsigned),
            Operator::I32TruncSatF32S | Operator::I32TruncSatF64S => unary!(self, fcvt_to_sint_sat to I32),
            Operator::I32TruncSatF32U | Operator::I32TruncSatF64U => unary!(self, fcvt_to_uint_sat to I32),
            Operator::I64TruncSatF32S | Operator::I64TruncSatF64S => unary!(self, fcvt_to_sint_sat to I64),
            Operator::I64TruncSatF32U | Operator::I64TruncSatF64U => unary!(self, fcvt_to_uint_sat to I64),
            Operator::F32ConvertI32S | Operator::F32ConvertI64S => unary!(self, fcvt_from_sint to F32),
            Operator::F32ConvertI32U | Operator::F32ConvertI64U => unary!(self, fcvt_from_uint to F32),
            Operator::F64ConvertI32S | Operator::F64ConvertI64S => unary!(self, fcvt_from_sint to F64),
            Operator::F64ConvertI32U | Operator::F64ConvertI64U => unary!(self, fcvt_from_uint to F64),
            Operator::F32DemoteF64 => unary!(self, fdemote to F32),
            Operator::F64PromoteF32 => unary!(self, fpromote to F64),
            Operator::I32ReinterpretF32 => self.reinterpret(I32),
            Operator::I64ReinterpretF64 => self.reinterpret(I64),
            Operator::F32ReinterpretI32 => self.reinterpret(F32),
            Operator::F64ReinterpretI64 => self.reinterpret(F64),
            _ => return false,
        }
        true
    }

    fn icmp(&mut self, condition: IntCC) {
        let (first, second) = self.pop2();
        let result = self.builder.ins().icmp(condition, first, second);
        let result = self.builder.ins().uextend(I32, result);
        self.push(result);
    }

    fn fcmp(&mut self, condition: FloatCC) {
        let (first, second) = self.pop2();
        let result = self.builder.ins().fcmp(condition, first, second);
        let result = self.builder.ins().uextend(I32, result);
        self.push(result);
    }

    fn sign_extend(&mut self, from: Type, to: Type) {
        let value = self.pop();
        let value = self.builder.ins().ireduce(from, value);
        let value = self.builder.ins().sextend(to, value);
        self.push(value);
    }

    fn reinterpret(&mut self, ty: Type) {
        let value = self.pop();
        let value = self.builder.ins().bitcast(ty, MemFlagsData::new(), value);
        self.push(value);
    }
}
