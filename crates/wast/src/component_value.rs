//! Component values as scripts write them, and as the engine has them.

use crate::core_value;
use crate::difference::{Difference, compare};
use gusset::Val;
use gusset::types::{Type, TypeKind};
use std::sync::Arc;
use wast::component::WastVal;
use wast::core::{NanPattern, WastArgCore, WastRetCore};
use wast::{WastArg, WastRet};

/// The value of an argument, or how it is written where it is none. Floats are written in the same way for both worlds, and read
/// as core values.
pub(crate) fn argument(argument: &WastArg<'_>) -> Result<Val, String> {
    match argument {
        WastArg::Component(value) => Ok(to_val(value)),
        WastArg::Core(WastArgCore::F32(value)) => Ok(Val::F32(f32::from_bits(value.bits))),
        WastArg::Core(WastArgCore::F64(value)) => Ok(Val::F64(f64::from_bits(value.bits))),
        WastArg::Core(value) => Err(core_value::argument_text(value)),
        other => Err(format!("{other:?}")),
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

/// Whether `value` is what a script expects; else, where it is not, if that is a part of it.
pub(crate) fn matches(expected: &WastRet<'_>, value: &Val) -> Result<(), Option<Difference>> {
    let expected = match (expected, value) {
        (WastRet::Component(expected), _) => to_val(expected),
        (WastRet::Core(WastRetCore::F32(NanPattern::Value(expected))), _) => Val::F32(f32::from_bits(expected.bits)),
        (WastRet::Core(WastRetCore::F64(NanPattern::Value(expected))), _) => Val::F64(f64::from_bits(expected.bits)),
        (WastRet::Core(WastRetCore::F32(_)), Val::F32(value)) if value.is_nan() => return Ok(()),
        (WastRet::Core(WastRetCore::F64(_)), Val::F64(value)) if value.is_nan() => return Ok(()),
        _ => return Err(None),
    };
    compare(&expected, value).map_err(|difference| Some(difference).filter(|it| !it.path.is_empty()))
}

/// Which form of value scripts have for a type: `(u32.const …)`.
pub(crate) fn form(ty: &Type) -> String {
    let word = match ty.kind() {
        TypeKind::Bool => "bool.const",
        TypeKind::S8 => "s8.const",
        TypeKind::U8 => "u8.const",
        TypeKind::S16 => "s16.const",
        TypeKind::U16 => "u16.const",
        TypeKind::S32 => "s32.const",
        TypeKind::U32 => "u32.const",
        TypeKind::S64 => "s64.const",
        TypeKind::U64 => "u64.const",
        TypeKind::F32 => "f32.const",
        TypeKind::F64 => "f64.const",
        TypeKind::Char => "char.const",
        TypeKind::String => "str.const",
        TypeKind::List(_) | TypeKind::FixedLengthList(..) => "list.const",
        TypeKind::Map(..) => "map.const",
        TypeKind::Record(_) => "record.const",
        TypeKind::Tuple(_) => "tuple.const",
        TypeKind::Variant(_) => "variant.const",
        TypeKind::Enum(_) => "enum.const",
        TypeKind::Flags(_) => "flags.const",
        TypeKind::Option(_) => return "(option.some …) or (option.none)".into(),
        TypeKind::Result { .. } => return "(result.ok …) or (result.err …)".into(),
        _ => return format!("a value of {ty}, which scripts cannot write"),
    };
    format!("({word} …)")
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
        let expected = |bits| WastRet::Core(WastRetCore::F32(NanPattern::Value(F32 { bits })));
        assert!(matches(&expected(0x7fc0_0000), &Val::F32(f32::from_bits(0xff80_0001))).is_ok());
        assert!(matches(&expected(0x8000_0000), &Val::F32(-0.0)).is_ok());
        assert!(matches(&expected(0x8000_0000), &Val::F32(0.0)).is_err());
        assert!(matches(&expected(0), &Val::F64(0.0)).is_err());
        let canonical = WastRet::Core(WastRetCore::F32(NanPattern::CanonicalNan));
        assert!(matches(&canonical, &Val::F32(f32::NAN)).is_ok() && matches(&canonical, &Val::F32(0.0)).is_err());
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
