//! Core values as scripts write them, with their patterns for NaNs and references, and as the engine has them.

use crate::outcome::{Mismatch, mismatch};
use gusset::Store;
use gusset::core::{ExternRef, Ref, Val};
use wast::core::{AbstractHeapType, HeapType, NanPattern, V128Const, V128Pattern, WastArgCore, WastRetCore};
use wast::token::{F32, F64};

/// The value of an argument.
pub(crate) fn argument<T: 'static>(store: &mut Store<T>, argument: &WastArgCore<'_>) -> Result<Val, Mismatch> {
    Ok(match argument {
        WastArgCore::I32(value) => Val::I32(*value),
        WastArgCore::I64(value) => Val::I64(*value),
        WastArgCore::F32(value) => Val::F32(value.bits),
        WastArgCore::F64(value) => Val::F64(value.bits),
        WastArgCore::V128(value) => Val::V128(v128(value)),
        WastArgCore::RefNull(HeapType::Abstract { ty, .. }) => match null(*ty) {
            Some(null) => Val::Ref(null),
            None => return mismatch("a supported argument", format!("unsupported: {}", argument_text(argument))),
        },
        WastArgCore::RefExtern(value) => match ExternRef::new(store, *value) {
            Ok(reference) => Val::Ref(Ref::Extern(Some(reference))),
            Err(error) => return mismatch("an external reference", error.to_string()),
        },
        _ => return mismatch("a supported argument", format!("unsupported: {}", argument_text(argument))),
    })
}

/// An argument, as scripts write it.
pub(crate) fn argument_text(argument: &WastArgCore<'_>) -> String {
    match argument {
        WastArgCore::I32(value) => format!("(i32.const {value})"),
        WastArgCore::I64(value) => format!("(i64.const {value})"),
        WastArgCore::F32(value) => format!("(f32.const {})", f32::from_bits(value.bits)),
        WastArgCore::F64(value) => format!("(f64.const {})", f64::from_bits(value.bits)),
        WastArgCore::V128(value) => format!("(v128.const 0x{:032x})", v128(value)),
        WastArgCore::RefNull(HeapType::Abstract { ty, .. }) => format!("(ref.null {ty:?})").to_lowercase(),
        WastArgCore::RefNull(_) => "(ref.null …)".into(),
        WastArgCore::RefExtern(number) => format!("(ref.extern {number})"),
        WastArgCore::RefHost(number) => format!("(ref.host {number})"),
    }
}

fn v128(value: &V128Const) -> u128 {
    u128::from_le_bytes(value.to_le_bytes())
}

/// The null reference of a type, where there are references of that type.
fn null(ty: AbstractHeapType) -> Option<Ref> {
    match ty {
        AbstractHeapType::Func | AbstractHeapType::NoFunc => Some(Ref::Func(None)),
        AbstractHeapType::Extern | AbstractHeapType::NoExtern => Some(Ref::Extern(None)),
        AbstractHeapType::Exn | AbstractHeapType::NoExn => Some(Ref::Exn(None)),
        _ => None,
    }
}

/// The number that a script gave to an external reference.
fn extern_number<T: 'static>(store: &Store<T>, value: &ExternRef) -> Option<u32> {
    value.data(store).ok()?.downcast_ref::<u32>().copied()
}

/// Whether `value` is what a script expects.
pub(crate) fn matches<T: 'static>(store: &Store<T>, expected: &WastRetCore<'_>, value: &Val) -> bool {
    match (expected, value) {
        (WastRetCore::I32(expected), Val::I32(value)) => expected == value,
        (WastRetCore::I64(expected), Val::I64(value)) => expected == value,
        (WastRetCore::F32(expected), Val::F32(bits)) => f32_matches(expected, *bits),
        (WastRetCore::F64(expected), Val::F64(bits)) => f64_matches(expected, *bits),
        (WastRetCore::V128(expected), Val::V128(bits)) => v128_matches(expected, *bits),
        (WastRetCore::RefNull(None), Val::Ref(value)) => value.is_null(),
        (WastRetCore::RefNull(Some(HeapType::Abstract { ty, .. })), Val::Ref(value)) => null(*ty) == Some(*value),
        (WastRetCore::RefExtern(expected), Val::Ref(Ref::Extern(Some(value)))) => {
            expected.is_none_or(|expected| extern_number(store, value) == Some(expected))
        }
        // A name would be the module's own; only that it is a function can be seen from outside.
        (WastRetCore::RefFunc(_), Val::Ref(Ref::Func(Some(_)))) => true,
        (WastRetCore::Either(alternatives), value) => {
            alternatives.iter().any(|expected| matches(store, expected, value))
        }
        _ => false,
    }
}

/// The lane of `bits` number `lane`, of `width` bits.
fn lane(bits: u128, lane: usize, width: usize) -> u64 {
    let mask = u128::MAX >> (128 - width);
    ((bits >> (lane * width)) & mask) as u64
}

fn v128_matches(expected: &V128Pattern, bits: u128) -> bool {
    let is = |width: usize, expected: &mut dyn Iterator<Item = i64>| {
        expected.enumerate().all(|(at, expected)| lane(bits, at, width) == expected as u64 & (u64::MAX >> (64 - width)))
    };
    match expected {
        V128Pattern::I8x16(lanes) => is(8, &mut lanes.iter().map(|&lane| lane.into())),
        V128Pattern::I16x8(lanes) => is(16, &mut lanes.iter().map(|&lane| lane.into())),
        V128Pattern::I32x4(lanes) => is(32, &mut lanes.iter().map(|&lane| lane.into())),
        V128Pattern::I64x2(lanes) => is(64, &mut lanes.iter().copied()),
        V128Pattern::F32x4(lanes) => {
            lanes.iter().enumerate().all(|(at, pattern)| f32_matches(pattern, lane(bits, at, 32) as u32))
        }
        V128Pattern::F64x2(lanes) => {
            lanes.iter().enumerate().all(|(at, pattern)| f64_matches(pattern, lane(bits, at, 64)))
        }
    }
}

/// A canonical NaN has only the top bit of its payload set; an arithmetic one has at least that. Signs are free.
fn f32_matches(expected: &NanPattern<F32>, bits: u32) -> bool {
    const CANONICAL: u32 = 0x7fc0_0000;
    match expected {
        NanPattern::CanonicalNan => bits & 0x7fff_ffff == CANONICAL,
        NanPattern::ArithmeticNan => bits & CANONICAL == CANONICAL,
        NanPattern::Value(expected) => bits == expected.bits,
    }
}

fn f64_matches(expected: &NanPattern<F64>, bits: u64) -> bool {
    const CANONICAL: u64 = 0x7ff8_0000_0000_0000;
    match expected {
        NanPattern::CanonicalNan => bits & 0x7fff_ffff_ffff_ffff == CANONICAL,
        NanPattern::ArithmeticNan => bits & CANONICAL == CANONICAL,
        NanPattern::Value(expected) => bits == expected.bits,
    }
}

/// A value, as scripts write it.
pub(crate) fn text<T: 'static>(store: &Store<T>, value: &Val) -> String {
    match value {
        Val::I32(value) => format!("(i32.const {value})"),
        Val::I64(value) => format!("(i64.const {value})"),
        Val::F32(bits) => f32_text(*bits),
        Val::F64(bits) => f64_text(*bits),
        Val::V128(bits) => format!("(v128.const 0x{bits:032x})"),
        Val::Ref(Ref::Func(None)) => "(ref.null func)".into(),
        Val::Ref(Ref::Func(Some(_))) => "(ref.func)".into(),
        Val::Ref(Ref::Extern(None)) => "(ref.null extern)".into(),
        Val::Ref(Ref::Extern(Some(value))) => match extern_number(store, value) {
            Some(number) => format!("(ref.extern {number})"),
            None => "(ref.extern)".into(),
        },
        Val::Ref(Ref::Exn(None)) => "(ref.null exn)".into(),
        Val::Ref(Ref::Exn(Some(_))) => "(ref.exn)".into(),
    }
}

/// Floats show their bits, in which NaNs and zeros differ.
fn f32_text(bits: u32) -> String {
    format!("(f32.const {}) ;; 0x{bits:08x}", f32::from_bits(bits))
}

fn f64_text(bits: u64) -> String {
    format!("(f64.const {}) ;; 0x{bits:016x}", f64::from_bits(bits))
}

/// What a script expects, as it writes it.
pub(crate) fn expected_text(expected: &WastRetCore<'_>) -> String {
    match expected {
        WastRetCore::I32(value) => format!("(i32.const {value})"),
        WastRetCore::I64(value) => format!("(i64.const {value})"),
        WastRetCore::F32(NanPattern::Value(value)) => f32_text(value.bits),
        WastRetCore::F64(NanPattern::Value(value)) => f64_text(value.bits),
        WastRetCore::F32(NanPattern::CanonicalNan) => "(f32.const nan:canonical)".into(),
        WastRetCore::F32(NanPattern::ArithmeticNan) => "(f32.const nan:arithmetic)".into(),
        WastRetCore::F64(NanPattern::CanonicalNan) => "(f64.const nan:canonical)".into(),
        WastRetCore::F64(NanPattern::ArithmeticNan) => "(f64.const nan:arithmetic)".into(),
        WastRetCore::RefExtern(Some(value)) => format!("(ref.extern {value})"),
        WastRetCore::RefExtern(None) => "(ref.extern)".into(),
        WastRetCore::RefFunc(_) => "(ref.func)".into(),
        WastRetCore::RefNull(None) => "(ref.null)".into(),
        WastRetCore::RefNull(Some(HeapType::Abstract { ty, .. })) => format!("(ref.null {ty:?})").to_lowercase(),
        WastRetCore::Either(alternatives) => {
            let texts: Vec<String> = alternatives.iter().map(expected_text).collect();
            format!("(either {})", texts.join(" "))
        }
        WastRetCore::RefNull(Some(_)) => "(ref.null …)".into(),
        WastRetCore::RefHost(number) => format!("(ref.host {number})"),
        WastRetCore::RefAny => "(ref.any)".into(),
        WastRetCore::RefEq => "(ref.eq)".into(),
        WastRetCore::RefArray => "(ref.array)".into(),
        WastRetCore::RefStruct => "(ref.struct)".into(),
        WastRetCore::RefI31 => "(ref.i31)".into(),
        WastRetCore::RefI31Shared => "(ref.i31_shared)".into(),
        WastRetCore::V128(pattern) => v128_text(pattern),
    }
}

fn v128_text(pattern: &V128Pattern) -> String {
    fn lanes<T>(shape: &str, lanes: &[T], text: impl Fn(&T) -> String) -> String {
        format!("(v128.const {shape} {})", lanes.iter().map(text).collect::<Vec<_>>().join(" "))
    }
    fn float<T>(pattern: &NanPattern<T>, value: impl Fn(&T) -> String) -> String {
        match pattern {
            NanPattern::CanonicalNan => "nan:canonical".into(),
            NanPattern::ArithmeticNan => "nan:arithmetic".into(),
            NanPattern::Value(expected) => value(expected),
        }
    }
    match pattern {
        V128Pattern::I8x16(values) => lanes("i8x16", values, ToString::to_string),
        V128Pattern::I16x8(values) => lanes("i16x8", values, ToString::to_string),
        V128Pattern::I32x4(values) => lanes("i32x4", values, ToString::to_string),
        V128Pattern::I64x2(values) => lanes("i64x2", values, ToString::to_string),
        V128Pattern::F32x4(values) => {
            lanes("f32x4", values, |lane| float(lane, |value| f32::from_bits(value.bits).to_string()))
        }
        V128Pattern::F64x2(values) => {
            lanes("f64x2", values, |lane| float(lane, |value| f64::from_bits(value.bits).to_string()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_patterns_tell_canonical_from_arithmetic() {
        let store = Store::<()>::default();
        let canonical = |bits| matches(&store, &WastRetCore::F32(NanPattern::CanonicalNan), &Val::F32(bits));
        let arithmetic = |bits| matches(&store, &WastRetCore::F32(NanPattern::ArithmeticNan), &Val::F32(bits));
        assert!(canonical(0x7fc0_0000) && canonical(0xffc0_0000));
        assert!(!canonical(0x7fc0_0001) && !canonical(0x7f80_0000));
        assert!(arithmetic(0x7fc0_0001) && arithmetic(0xffff_ffff));
        assert!(!arithmetic(0x7f80_0001) && !arithmetic(0x7f80_0000));
        let canonical = |bits| matches(&store, &WastRetCore::F64(NanPattern::CanonicalNan), &Val::F64(bits));
        assert!(canonical(0xfff8_0000_0000_0000) && !canonical(0x7ff8_0000_0000_0001));
    }

    #[test]
    fn zeros_and_alternatives() {
        let store = Store::<()>::default();
        assert!(!matches(&store, &WastRetCore::F32(NanPattern::Value(F32 { bits: 0 })), &Val::F32(0x8000_0000)));
        let either = WastRetCore::Either(vec![WastRetCore::I32(1), WastRetCore::I32(2)]);
        assert!(matches(&store, &either, &Val::I32(2)) && !matches(&store, &either, &Val::I32(3)));
        assert!(!matches(&store, &WastRetCore::I32(1), &Val::I64(1)));
        assert_eq!(expected_text(&either), "(either (i32.const 1) (i32.const 2))");
    }

    #[test]
    fn references_are_told_apart_by_their_numbers() {
        let mut store = Store::<()>::default();
        let value = argument(&mut store, &WastArgCore::RefExtern(7)).unwrap_or(Val::I32(0));
        assert!(matches(&store, &WastRetCore::RefExtern(Some(7)), &value));
        assert!(matches(&store, &WastRetCore::RefExtern(None), &value));
        assert!(!matches(&store, &WastRetCore::RefExtern(Some(8)), &value));
        assert!(!matches(&store, &WastRetCore::RefNull(None), &value));
        assert_eq!(text(&store, &value), "(ref.extern 7)");
    }

    #[test]
    fn lanes_count_from_the_lowest_byte() {
        let bits = u128::from_le_bytes([1, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xc0, 0x7f]);
        let mut lanes = [0i8; 16];
        (lanes[0], lanes[1], lanes[14], lanes[15]) = (1, -1, -64, 0x7f);
        assert!(v128_matches(&V128Pattern::I8x16(lanes), bits));
        let value = |bits| NanPattern::Value(F32 { bits });
        let floats = [value(0xff01), value(0), value(0), NanPattern::CanonicalNan];
        assert!(v128_matches(&V128Pattern::F32x4(floats), bits));
        lanes[2] = 1;
        assert!(!v128_matches(&V128Pattern::I8x16(lanes), bits));
    }
}
