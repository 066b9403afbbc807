//! Every way in which translated code traps. Operators come here for their checks, and for the instructions that trap by
//! themselves, so that how a trap is raised is decided in this file alone; stubs only end with [`after_raise`].
//!
//! By signals an instruction faults, and the image's table says what that means. Without them no instruction ever does:
//! what could is checked before, and a check that fails branches to a cold block, which calls the runtime.

use crate::func::FuncTranslator;
use crate::settings::CompilerSettings;
use crate::signature::{POINTER, constant_field, field};
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::immediates::{Ieee32, Ieee64};
use cranelift_codegen::ir::types::{F32, I32};
use cranelift_codegen::ir::{
    self, Endianness, FuncRef, Function, GlobalValueData, InstBuilder, InstructionData, MemFlagsData, Opcode, Type,
    Value,
};
use cranelift_frontend::FunctionBuilder;
use gusset_artifact::{BuiltinFunction, ContextLayout, STORE_CONTEXT};
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

/// Ends the block with a call of the stub of [`BuiltinFunction::Trap`].
pub(crate) fn call_trap(builder: &mut FunctionBuilder<'_>, stub: FuncRef, context: Value, code: TrapCode) {
    let code = builder.ins().iconst(I32, i64::from(code as u8));
    builder.ins().call(stub, &[context, code]);
    after_raise(builder);
}

/// The lowest address of the stack that a function may use.
pub(crate) fn stack_limit(builder: &mut FunctionBuilder<'_>, context: Value) -> Value {
    let store = builder.ins().load(POINTER, constant_field(), context, ContextLayout::STORE);
    builder.ins().load(POINTER, field(), store, STORE_CONTEXT.stack_limit)
}

/// Makes the prologue compare the stack pointer with the store's limit, by signals.
pub(crate) fn check_stack_in_prologue(func: &mut Function, settings: &CompilerSettings) {
    if !settings.signals_based_traps {
        return;
    }
    let context = func.create_global_value(GlobalValueData::VMContext);
    let mut load = |base, offset: i32, flags| {
        let flags = func.dfg.mem_flags.insert(flags).expect("a new function has room for flags");
        func.create_global_value(GlobalValueData::Load { base, offset: offset.into(), global_type: POINTER, flags })
    };
    let store = load(context, ContextLayout::STORE, constant_field());
    let limit = load(store, STORE_CONTEXT.stack_limit, field());
    func.stack_limit = Some(limit);
}

impl FuncTranslator<'_, '_> {
    /// Traps when `condition` is not 0.
    pub(crate) fn trap_if(&mut self, condition: Value, code: TrapCode) {
        match self.settings.signals_based_traps {
            true => _ = self.builder.ins().trapnz(condition, clif_code(code)),
            false => self.branch_to_trap(condition, true, code),
        }
    }

    /// Traps when `condition` is 0.
    pub(crate) fn trap_unless(&mut self, condition: Value, code: TrapCode) {
        match self.settings.signals_based_traps {
            true => _ = self.builder.ins().trapz(condition, clif_code(code)),
            false => self.branch_to_trap(condition, false, code),
        }
    }

    /// Traps when `outside` is not 0, unless the address that is made in view of it is [masked](Self::mask) and its access will.
    pub(crate) fn trap_if_unmasked(&mut self, outside: Value, code: TrapCode, masked: bool) {
        if !(masked && self.settings.signals_based_traps) {
            self.trap_if(outside, code);
        }
    }

    /// The address, or null when `outside` is not 0, also where the processor has only guessed that it is 0.
    pub(crate) fn mask(&mut self, outside: Value, address: Value) -> Value {
        let null = self.builder.ins().iconst(POINTER, 0);
        self.builder.ins().select_spectre_guard(outside, null, address)
    }

    /// Traps as `unreachable` does, which ends the block.
    pub(crate) fn trap_now(&mut self) {
        match self.settings.signals_based_traps {
            true => {
                let code = self.unreachable_code();
                self.builder.ins().trap(code);
            }
            false => self.call_trap(TrapCode::Unreachable),
        }
    }

    /// Traps when the condition is not 0 or, as `when` says, when it is; goes on in a new block otherwise.
    fn branch_to_trap(&mut self, condition: Value, when: bool, code: TrapCode) {
        self.store_operands();
        let (trapping, next) = (self.builder.create_block(), self.builder.create_block());
        self.builder.set_cold_block(trapping);
        let (then, otherwise) = if when { (trapping, next) } else { (next, trapping) };
        self.builder.ins().brif(condition, then, [], otherwise, []);
        let block = self.current_block();
        self.builder.switch_to_block(trapping);
        self.call_trap(code);
        self.builder.switch_to_block(next);
        self.part = (next, block);
    }

    /// Each trap has a call of its own: its place is where that returns to.
    fn call_trap(&mut self, code: TrapCode) {
        let stub = self.builtin(BuiltinFunction::Trap);
        let context = self.own_context();
        call_trap(&mut self.builder, stub, context, code);
    }

    /// Traps when the function has too little of the stack, without signals. The frame is there already, but what is touched
    /// of it is within what stays free for the host: see [`guard`](crate::guard).
    pub(crate) fn check_stack(&mut self) {
        if self.settings.signals_based_traps {
            return;
        }
        let context = self.own_context();
        let limit = stack_limit(&mut self.builder, context);
        let stack = self.builder.ins().get_stack_pointer(POINTER);
        let below = self.builder.ins().icmp(IntCC::UnsignedLessThan, stack, limit);
        self.trap_if(below, TrapCode::StackOverflow);
    }

    /// Divides the topmost operands.
    pub(crate) fn divide(&mut self, division: Division) {
        let (dividend, divisor) = self.pop2();
        if !self.settings.signals_based_traps {
            self.check_division(division, dividend, divisor);
        }
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
        let by_signals = self.settings.signals_based_traps;
        if !by_signals {
            self.check_float(float, ty, sign);
        }
        let ins = self.builder.ins();
        let result = match (sign, by_signals) {
            (Sign::Signed, true) => ins.fcvt_to_sint(ty, float),
            (Sign::Unsigned, true) => ins.fcvt_to_uint(ty, float),
            (Sign::Signed, false) => ins.fcvt_to_sint_sat(ty, float),
            (Sign::Unsigned, false) => ins.fcvt_to_uint_sat(ty, float),
        };
        self.push(result);
    }

    fn check_division(&mut self, division: Division, dividend: Value, divisor: Value) {
        let constant = self.constant(divisor);
        if constant.is_none_or(|divisor| divisor == 0) {
            self.trap_unless(divisor, TrapCode::IntegerDivideByZero);
        }
        if matches!(division, Division::SignedQuotient) && constant.is_none_or(|divisor| divisor == -1) {
            let least = i64::MIN >> (64 - self.builder.func.dfg.value_type(divisor).bits());
            let minus_one = self.builder.ins().icmp_imm_s(IntCC::Equal, divisor, -1);
            let least = self.builder.ins().icmp_imm_s(IntCC::Equal, dividend, least);
            let overflow = self.builder.ins().band(minus_one, least);
            self.trap_if(overflow, TrapCode::IntegerOverflow);
        }
    }

    /// An integer that is known, as a signed one.
    fn constant(&self, value: Value) -> Option<i64> {
        let dfg = &self.builder.func.dfg;
        match dfg.insts[dfg.value_def(value).inst()?] {
            InstructionData::UnaryImm { opcode: Opcode::Iconst, imm } => {
                let unused = 64 - dfg.value_type(value).bits();
                Some(imm.bits() << unused >> unused)
            }
            _ => None,
        }
    }

    fn check_float(&mut self, float: Value, ty: Type, sign: Sign) {
        let not_a_number = self.builder.ins().fcmp(FloatCC::Unordered, float, float);
        self.trap_if(not_a_number, TrapCode::InvalidConversionToInteger);
        let single = self.builder.func.dfg.value_type(float) == F32;
        let bits = i32::from(ty.bits() as u16);
        // What is cut off may be anything below 1: so -2^31 - 0.5 has an integer of 32 bits. Floats without that many bits have
        // nothing between the least integer and the next one below.
        let (above, low, high) = match sign {
            Sign::Unsigned => (FloatCC::GreaterThan, -1.0, 2f64.powi(bits)),
            Sign::Signed if ty == I32 && !single => (FloatCC::GreaterThan, -2f64.powi(31) - 1.0, 2f64.powi(31)),
            Sign::Signed => (FloatCC::GreaterThanOrEqual, -2f64.powi(bits - 1), 2f64.powi(bits - 1)),
        };
        let (low, high) = (self.float(low, single), self.float(high, single));
        let above = self.builder.ins().fcmp(above, float, low);
        let below = self.builder.ins().fcmp(FloatCC::LessThan, float, high);
        let fits = self.builder.ins().band(above, below);
        self.trap_unless(fits, TrapCode::IntegerOverflow);
    }

    fn float(&mut self, value: f64, single: bool) -> Value {
        match single {
            true => self.builder.ins().f32const(Ieee32::with_float(value as f32)),
            false => self.builder.ins().f64const(Ieee64::with_float(value)),
        }
    }

    /// How linear memory is accessed. By signals the access traps, with Cranelift's default code, where the address is in the
    /// guard of the memory or masked. Wasm accesses need no alignment.
    pub(crate) fn memory_access(&self) -> MemFlagsData {
        let flags = MemFlagsData::new().with_endianness(Endianness::Little);
        let flags = if self.settings.signals_based_traps { flags } else { flags.with_trap_code(None) };
        flags.with_alias_region(Some(self.regions.memory))
    }

    /// How the elements of tables are accessed. By signals the access traps where the address is masked.
    pub(crate) fn table_access(&self, out_of_bounds: TrapCode) -> MemFlagsData {
        let faults = self.settings.signals_based_traps && self.settings.table_access_spectre_mitigation;
        field().with_trap_code(faults.then(|| clif_code(out_of_bounds))).with_alias_region(Some(self.regions.table))
    }
}
