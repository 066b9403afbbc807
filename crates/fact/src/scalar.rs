//! Values of one number: booleans, integers, floats, characters, flags and enums, made canonical on the way.

use crate::emit::Translator;
use crate::place::{Amount, Destination, Source};
use gusset_types::{FlatType, Layout, TrapCode, ValType};

/// `CANONICAL_FLOAT32_NAN` and `CANONICAL_FLOAT64_NAN` of `CanonicalABI.md`.
pub(crate) const CANONICAL_NAN_32: u32 = 0x7fc0_0000;
pub(crate) const CANONICAL_NAN_64: u64 = 0x7ff8_0000_0000_0000;

impl Translator<'_, '_> {
    /// Translates a primitive other than `string`.
    pub(crate) fn scalar(&mut self, ty: ValType, src: Source<'_>, dst: Destination<'_>) {
        self.begin(dst);
        self.read_scalar(ty, src);
        self.write_scalar(ty, dst);
    }

    /// Pushes the canonical value, of its natural type.
    fn read_scalar(&mut self, ty: ValType, src: Source<'_>) {
        match ty {
            ValType::S64 | ValType::U64 => self.read_wide(ty, src),
            ValType::F32 | ValType::F64 => {
                self.read_wide(ty, src);
                if self.module.facts.canonical_nans {
                    self.canonical_nan(natural(ty));
                }
            }
            ValType::Bool => {
                self.read_int(1, src);
                self.ins().i32_const(0).i32_ne();
            }
            ValType::Char => {
                self.read_int(4, src);
                self.check_char();
            }
            ValType::U8 | ValType::U16 => {
                let size = if ty == ValType::U8 { 1 } else { 2 };
                self.read_int(size, src);
                if let Source::Flat(_) = src {
                    self.ins().i32_const((1 << (8 * size)) - 1).i32_and();
                }
            }
            ValType::S8 => {
                self.read_int(1, src);
                self.ins().i32_extend8_s();
            }
            ValType::S16 => {
                self.read_int(2, src);
                self.ins().i32_extend16_s();
            }
            ValType::S32 | ValType::U32 => self.read_int(4, src),
            ValType::String | ValType::ErrorContext | ValType::Defined(_) => unreachable!("{ty:?} is no scalar"),
        }
    }

    fn read_wide(&mut self, ty: ValType, src: Source<'_>) {
        let natural = natural(ty);
        let address = match src {
            Source::Flat(slots) => return self.get_slot(slots[0], natural),
            Source::Memory(address) => address,
        };
        let arg = self.mem_arg(self.lane.src, address, if ty == ValType::F32 { 4 } else { 8 });
        self.ins().local_get(address.local);
        match natural {
            FlatType::F32 => self.ins().f32_load(arg),
            FlatType::F64 => self.ins().f64_load(arg),
            _ => self.ins().i64_load(arg),
        };
    }

    /// Makes the float on the stack canonical if it is a NaN.
    fn canonical_nan(&mut self, ty: FlatType) {
        let float = self.body.local(ty);
        self.ins().local_tee(float);
        match ty {
            FlatType::F32 => self.ins().f32_const(f32::from_bits(CANONICAL_NAN_32).into()),
            _ => self.ins().f64_const(f64::from_bits(CANONICAL_NAN_64).into()),
        };
        self.ins().local_get(float).local_get(float);
        match ty {
            FlatType::F32 => self.ins().f32_eq(),
            _ => self.ins().f64_eq(),
        };
        self.ins().select();
        self.body.release(float);
    }

    /// Pushes an `i32`: a slot as it is, or `size` bytes of memory, zero-extended.
    pub(crate) fn read_int(&mut self, size: u32, src: Source<'_>) {
        let address = match src {
            Source::Flat(slots) => return self.get_slot(slots[0], FlatType::I32),
            Source::Memory(address) => address,
        };
        let arg = self.mem_arg(self.lane.src, address, size);
        self.ins().local_get(address.local);
        match size {
            1 => self.ins().i32_load8_u(arg),
            2 => self.ins().i32_load16_u(arg),
            _ => self.ins().i32_load(arg),
        };
    }

    fn write_scalar(&mut self, ty: ValType, dst: Destination<'_>) {
        let address = match dst {
            Destination::Stack(want) => return self.coerce_to(natural(ty), want),
            Destination::Memory(address) => address,
        };
        let side = self.lane.dst;
        match ty {
            ValType::S64 | ValType::U64 => {
                let arg = self.mem_arg(side, address, 8);
                self.ins().i64_store(arg);
            }
            ValType::F32 => {
                let arg = self.mem_arg(side, address, 4);
                self.ins().f32_store(arg);
            }
            ValType::F64 => {
                let arg = self.mem_arg(side, address, 8);
                self.ins().f64_store(arg);
            }
            ValType::Bool | ValType::S8 | ValType::U8 => self.write_int(1, dst),
            ValType::S16 | ValType::U16 => self.write_int(2, dst),
            _ => self.write_int(4, dst),
        }
    }

    /// Stores or coerces the `i32` on the stack.
    pub(crate) fn write_int(&mut self, size: u32, dst: Destination<'_>) {
        let address = match dst {
            Destination::Stack(want) => return self.coerce_to(FlatType::I32, want),
            Destination::Memory(address) => address,
        };
        let arg = self.mem_arg(self.lane.dst, address, size);
        match size {
            1 => self.ins().i32_store8(arg),
            2 => self.ins().i32_store16(arg),
            _ => self.ins().i32_store(arg),
        };
    }

    /// Checks the `char` on the stack and leaves it there.
    fn check_char(&mut self) {
        let char = self.body.local(FlatType::I32);
        self.ins().local_tee(char);
        // Swapping the surrogates' block with the lowest one makes the invalid values one range, up to the largest.
        self.ins().i32_const(0xd800).i32_xor().i32_const(0x800).i32_sub().i32_const(0x10f800).i32_ge_u();
        self.trap_if(TrapCode::InvalidChar, [Amount::of(char, FlatType::I32), Amount::Const(0)]);
        self.ins().local_get(char);
        self.body.release(char);
    }

    /// Translates flags: bits without a label are dropped.
    pub(crate) fn flags(&mut self, labels: u32, src: Source<'_>, dst: Destination<'_>) {
        let size = Layout::flags(labels as usize).size;
        self.begin(dst);
        self.read_int(size, src);
        let read_bits = if matches!(src, Source::Flat(_)) { 32 } else { 8 * size };
        if labels < read_bits {
            self.ins().i32_const(((1u64 << labels) - 1) as i32).i32_and();
        }
        self.write_int(size, dst);
    }

    /// Translates an enum: a discriminant without a payload.
    pub(crate) fn enumeration(&mut self, cases: u32, src: Source<'_>, dst: Destination<'_>) {
        let size = Layout::discriminant(cases as usize).size;
        self.begin(dst);
        let discriminant = self.read_discriminant(cases, size, src);
        self.ins().local_get(discriminant);
        self.write_int(size, dst);
        self.body.release(discriminant);
    }

    /// A new local with a discriminant that names a case.
    pub(crate) fn read_discriminant(&mut self, cases: u32, size: u32, src: Source<'_>) -> u32 {
        let discriminant = self.body.local(FlatType::I32);
        self.read_int(size, src);
        self.ins().local_tee(discriminant).i32_const(cases as i32).i32_ge_u();
        let values = [Amount::of(discriminant, FlatType::I32), Amount::Const(cases)];
        self.trap_if(TrapCode::InvalidDiscriminant, values);
        discriminant
    }
}

/// The flat type of a scalar.
fn natural(ty: ValType) -> FlatType {
    match ty {
        ValType::S64 | ValType::U64 => FlatType::I64,
        ValType::F32 => FlatType::F32,
        ValType::F64 => FlatType::F64,
        _ => FlatType::I32,
    }
}
