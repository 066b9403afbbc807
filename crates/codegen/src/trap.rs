//! Every way in which translated code traps. Operators come here for their checks, and for the instructions that trap by
//! themselves, so that how a trap is raised is decided in this file alone; stubs only end with [`after_raise`].

use crate::func::FuncTranslator;
use cranelift_codegen::ir::{self, Endianness, InstBuilder, MemFlagsData, Type, Value};
use cranelift_frontend::FunctionBuilder;
use gusset_types::TrapCode;

/// A division of integers, which traps when the divisor is 0 or the result does not fit.
#[derive(Clone, Copy)]
pub(crate) enum Division {
    SignedQuotient,
    UnsignedQuotient,
    SignedRemainder,
    UnsignedRemainder,
}

/// Whether an integer has a sign.
#[derive(Clone, Copy)]
pub(crate) enum Sign {
    Signed,
    Unsigned,
}

/// Our trap code as Cranelift carries it.
fn clif_code(code: TrapCode) -> ir::TrapCode {
    ir::TrapCode::unwrap_user(code as u8)
}

/// Ends the block behind a call of [`raise`](gusset_artifact::StoreContextLayout::raise), which does not return.
pub(crate) fn after_raise(builder: &mut FunctionBuilder<'_>) {
    builder.ins().trap(clif_code(TrapCode::Unreachable));
}

impl FuncTranslator<'_, '_> {
    /// Traps when `condition` is not 0.
    pub(crate) fn trap_if(&mut self, condition: Value, code: TrapCode) {
        self.builder.ins().trapnz(condition, clif_code(code));
    }

    /// Traps when `condition` is 0.
    pub(crate) fn trap_unless(&mut self, condition: Value, code: TrapCode) {
        self.builder.ins().trapz(condition, clif_code(code));
    }

    /// Traps, which ends the block.
    pub(crate) fn trap_now(&mut self, code: TrapCode) {
        self.builder.ins().trap(clif_code(code));
    }

    /// Divides the topmost operands.
    pub(crate) fn divide(&mut self, division: Division) {
        let (dividend, divisor) = self.pop2();
        let ins = self.builder.ins();
        let result = match division {
            Division::SignedQuotient => ins.sdiv(dividend, divisor),
            Division::UnsignedQuotient => ins.udiv(dividend, divisor),
            Division::SignedRemainder => ins.srem(dividend, divisor),
            Division::UnsignedRemainder => ins.urem(dividend, divisor),
        };
        self.push(result);
    }

    /// Makes an integer of the topmost operand, a float; traps where there is none.
    pub(crate) fn float_to_integer(&mut self, ty: Type, sign: Sign) {
        let float = self.pop();
        let result = match sign {
            Sign::Signed => self.builder.ins().fcvt_to_sint(ty, float),
            Sign::Unsigned => self.builder.ins().fcvt_to_uint(ty, float),
        };
        self.push(result);
    }

    /// How linear memory is accessed, at addresses that may be out of bounds only where the guard of the memory is: the access
    /// then traps, with Cranelift's default code. Wasm accesses need no alignment.
    pub(crate) fn memory_access(&self) -> MemFlagsData {
        MemFlagsData::new().with_endianness(Endianness::Little).with_alias_region(Some(self.regions.memory))
    }
}
