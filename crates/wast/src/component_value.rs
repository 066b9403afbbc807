//! Component values as scripts write them, and as the engine has them.

use crate::script::{Stop, mismatch};
use gusset::Val;
use std::sync::Arc;
use wast::component::WastVal;
use wast::core::{NanPattern, WastArgCore, WastRetCore};
use wast::{WastArg, WastRet};

/// The value of an argument. Floats are written in the same way for both worlds, and read as core values.
pub(crate) fn argument(argument: &WastArg<'_>) -> Result<Val, Stop> {
    match argument {
        WastArg::Component(value) => Ok(to_val(value)),
        WastArg::Core(WastArgCore::F32(value)) => Ok(Val::F32(f32::from_bits(value.bits))),
        WastArg::Core(WastArgCore::F64(value)) => Ok(Val::F64(f64::from_bits(value.bits))),
        other => mismatch("a component value", format!("{other:?}")),
    }
}

fn to_val(value: &WastVal<'_>) -> Val {
    let boxed = |value: &Option<Box<WastVal<'_>>>| value.as_ref().map(|value| Box::new(to_val(value)));
    match value {
        WastVal::Bool(value) => Val::Bool(*value),
        WastVal::U8(value) => Val::U8(*value),
        WastVal::S8(value) => Val::S8(*value),
        WastVal::U16(value) => Val::U16(*value),
        WastVal::S16(value) => Val::S16(*value),
        WastVal::U32(value) => Val::U32(*value),
        WastVal::S32(value) => Val::S32(*value),
        WastVal::U64(value) => Val::U64(*value),
        WastVal::S64(value) => Val::S64(*value),
        WastVal::F32(value) => Val::F32(f32::from_bits(value.bits)),
        WastVal::F64(value) => Val::F64(f64::from_bits(value.bits)),
        WastVal::Char(value) => Val::Char(*value),
        WastVal::String(value) => Val::String((*value).into()),
        WastVal::List(values) => Val::List(values.iter().map(to_val).collect()),
        WastVal::Map(entries) => Val::Map(entries.iter().map(|(key, value)| (to_val(key), to_val(value))).collect()),
        WastVal::Record(fields) => {
            Val::Record(fields.iter().map(|(name, value)| ((*name).into(), to_val(value))).collect())
        }
        WastVal::Tuple(values) => Val::Tuple(values.iter().map(to_val).collect()),
        WastVal::Variant(case, payload) => Val::Variant((*case).into(), boxed(payload)),
        WastVal::Enum(label) => Val::Enum((*label).into()),
        WastVal::Option(payload) => Val::Option(boxed(payload)),
        WastVal::Result(Ok(payload)) => Val::Result(Ok(boxed(payload))),
        WastVal::Result(Err(payload)) => Val::Result(Err(boxed(payload))),
        WastVal::Flags(labels) => Val::Flags(labels.iter().map(|label| (*label).into()).collect()),
    }
}

/// Whether `value` is what a script expects. The component model has a single NaN, so that any is any other; flags have no
/// order, and fields of records are told apart by name.
pub(crate) fn matches(expected: &WastRet<'_>, value: &Val) -> bool {
    match (expected, value) {
        (WastRet::Component(expected), value) => same(&to_val(expected), value),
        (WastRet::Core(WastRetCore::F32(NanPattern::Value(expected))), value) => {
            same(&Val::F32(f32::from_bits(expected.bits)), value)
        }
        (WastRet::Core(WastRetCore::F64(NanPattern::Value(expected))), value) => {
            same(&Val::F64(f64::from_bits(expected.bits)), value)
        }
        (WastRet::Core(WastRetCore::F32(_)), Val::F32(value)) => value.is_nan(),
        (WastRet::Core(WastRetCore::F64(_)), Val::F64(value)) => value.is_nan(),
        _ => false,
    }
}

fn same(a: &Val, b: &Val) -> bool {
    let optional = |a: &Option<Box<Val>>, b: &Option<Box<Val>>| match (a, b) {
        (Some(a), Some(b)) => same(a, b),
        (a, b) => a.is_none() && b.is_none(),
    };
    match (a, b) {
        (Val::F32(a), Val::F32(b)) => a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
        (Val::F64(a), Val::F64(b)) => a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
        (Val::List(a), Val::List(b)) | (Val::Tuple(a), Val::Tuple(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Val::Map(a), Val::Map(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((ka, va), (kb, vb))| same(ka, kb) && same(va, vb))
        }
        (Val::Record(a), Val::Record(b)) => {
            let field = |name: &str| b.iter().find(|(other, _)| **other == *name);
            a.len() == b.len() && a.iter().all(|(name, a)| field(name).is_some_and(|(_, b)| same(a, b)))
        }
        (Val::Variant(a, a_payload), Val::Variant(b, b_payload)) => a == b && optional(a_payload, b_payload),
        (Val::Option(a), Val::Option(b)) => optional(a, b),
        (Val::Result(Ok(a)), Val::Result(Ok(b))) | (Val::Result(Err(a)), Val::Result(Err(b))) => optional(a, b),
        (Val::Flags(a), Val::Flags(b)) => a.len() == b.len() && a.iter().all(|label| b.contains(label)),
        (a, b) => a == b,
    }
}

/// A value, as scripts write it.
pub(crate) fn text(value: &Val) -> String {
    let many = |word: &str, values: &[Val]| {
        let parts: String = values.iter().map(|value| format!(" {}", text(value))).collect();
        format!("({word}{parts})")
    };
    let optional = |word: &str, payload: &Option<Box<Val>>| match payload {
        Some(payload) => format!("({word} {})", text(payload)),
        None => format!("({word})"),
    };
    match value {
        Val::Bool(value) => format!("(bool.const {value})"),
        Val::S8(value) => format!("(s8.const {value})"),
        Val::U8(value) => format!("(u8.const {value})"),
        Val::S16(value) => format!("(s16.const {value})"),
        Val::U16(value) => format!("(u16.const {value})"),
        Val::S32(value) => format!("(s32.const {value})"),
        Val::U32(value) => format!("(u32.const {value})"),
        Val::S64(value) => format!("(s64.const {value})"),
        Val::U64(value) => format!("(u64.const {value})"),
        Val::F32(value) => format!("(f32.const {value})"),
        Val::F64(value) => format!("(f64.const {value})"),
        Val::Char(value) => format!("(char.const {:?})", value.to_string()),
        Val::String(value) => format!("(str.const {value:?})"),
        Val::List(values) => many("list.const", values),
        Val::Tuple(values) => many("tuple.const", values),
        Val::Record(fields) => {
            let field = |(name, value): &(Arc<str>, Val)| {
                // Within a field, the value stands without parentheses of its own.
                let value = text(value);
                let inner = value.strip_prefix('(').and_then(|value| value.strip_suffix(')')).unwrap_or(&value);
                format!(" (field {name:?} {inner})")
            };
            format!("(record.const{})", fields.iter().map(field).collect::<String>())
        }
        Val::Variant(case, payload) => optional(&format!("variant.const {case:?}"), payload),
        Val::Enum(label) => format!("(enum.const {label:?})"),
        Val::Option(None) => "(option.none)".into(),
        Val::Option(payload) => optional("option.some", payload),
        Val::Result(Ok(payload)) => optional("result.ok", payload),
        Val::Result(Err(payload)) => optional("result.err", payload),
        Val::Flags(labels) => {
            let parts: String = labels.iter().map(|label| format!(" {label:?}")).collect();
            format!("(flags.const{parts})")
        }
        Val::Map(entries) => {
            let entry = |(key, value): &(Val, Val)| format!(" (entry {} {})", text(key), text(value));
            format!("(map.const{})", entries.iter().map(entry).collect::<String>())
        }
        other => format!("{other:?}"),
    }
}

/// A value that a script expects, as it writes it.
pub(crate) fn expected_text(value: &WastVal<'_>) -> String {
    text(&to_val(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wast::token::F32;

    #[test]
    fn nans_are_one_and_zeros_are_two() {
        assert!(same(&Val::F32(f32::NAN), &Val::F32(f32::from_bits(0x7f80_0001))));
        assert!(!same(&Val::F64(0.0), &Val::F64(-0.0)));
        let expected = |bits| WastRet::Core(WastRetCore::F32(NanPattern::Value(F32 { bits })));
        assert!(matches(&expected(0x7fc0_0000), &Val::F32(f32::from_bits(0xff80_0001))));
        assert!(matches(&expected(0x8000_0000), &Val::F32(-0.0)));
        assert!(!matches(&expected(0x8000_0000), &Val::F32(0.0)));
        assert!(!matches(&expected(0), &Val::F64(0.0)));
    }

    #[test]
    fn fields_and_flags_have_no_order_but_lists_do() {
        let record = |names: [&str; 2]| Val::Record(names.map(|name| (name.into(), Val::Bool(name == "a"))).into());
        assert!(same(&record(["a", "b"]), &record(["b", "a"])));
        assert!(!same(&record(["a", "b"]), &record(["a", "c"])));
        let flags = |names: &[&str]| Val::Flags(names.iter().map(|name| (*name).into()).collect());
        assert!(same(&flags(&["x", "y"]), &flags(&["y", "x"])));
        assert!(!same(&flags(&["x", "y"]), &flags(&["x"])));
        let list = |values: &[u8]| Val::List(values.iter().map(|&value| Val::U8(value)).collect());
        assert!(!same(&list(&[1, 2]), &list(&[2, 1])));
        assert!(!same(&list(&[1]), &Val::Tuple(vec![Val::U8(1)])));
    }

    #[test]
    fn values_print_as_scripts_write_them() {
        let value = Val::Record(vec![
            ("id".into(), Val::U8(1)),
            ("kind".into(), Val::Variant("x".into(), Some(Box::new(Val::String("\"".into()))))),
            ("rest".into(), Val::List(vec![Val::Option(None), Val::Result(Ok(None))])),
        ]);
        assert_eq!(
            text(&value),
            r#"(record.const (field "id" u8.const 1) (field "kind" variant.const "x" (str.const "\"")) (field "rest" list.const (option.none) (result.ok)))"#
        );
    }
}
