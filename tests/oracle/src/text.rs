//! Types and values as the driver of the reference implementation reads and writes them: JSON without spaces.

use crate::generate::GeneratedType;
use crate::view::{bits, case, fields, flag_bits};
use gusset::Val;
use std::fmt::Write;

/// A type's text: a name, or a list of a name and operands.
pub(crate) fn type_text(ty: &GeneratedType) -> String {
    let maybe = |ty: Option<&GeneratedType>| ty.map_or("null".into(), type_text);
    let list = |types: &mut dyn Iterator<Item = String>| format!("[{}]", types.collect::<Vec<_>>().join(","));
    match ty {
        GeneratedType::List(element) => format!(r#"["list",{}]"#, type_text(element)),
        GeneratedType::FixedLengthList(element, length) => format!(r#"["fixed",{},{length}]"#, type_text(element)),
        GeneratedType::Map(key, value) => format!(r#"["map",{},{}]"#, type_text(key), type_text(value)),
        GeneratedType::Tuple(types) => format!(r#"["tuple",{}]"#, list(&mut types.iter().map(type_text))),
        GeneratedType::Record(types) => format!(r#"["record",{}]"#, list(&mut types.iter().map(type_text))),
        GeneratedType::Variant(cases) => {
            format!(r#"["variant",{}]"#, list(&mut cases.iter().map(|ty| maybe(ty.as_ref()))))
        }
        GeneratedType::Enum(labels) => format!(r#"["enum",{labels}]"#),
        GeneratedType::Flags(labels) => format!(r#"["flags",{labels}]"#),
        GeneratedType::Option(some) => format!(r#"["option",{}]"#, type_text(some)),
        GeneratedType::Result(ok, err) => format!(r#"["result",{},{}]"#, maybe(ok.as_deref()), maybe(err.as_deref())),
        primitive => format!("\"{primitive:?}\"").to_lowercase(),
    }
}

/// A value's text: numbers for scalars, bits for floats and flags, hex for strings, lists for the rest.
pub(crate) fn value_text(val: &Val) -> String {
    let list = |parts: Vec<String>| format!("[{}]", parts.join(","));
    match val {
        Val::F32(val) if val.is_nan() => "\"nan\"".into(),
        Val::F64(val) if val.is_nan() => "\"nan\"".into(),
        Val::S8(val) => val.to_string(),
        Val::S16(val) => val.to_string(),
        Val::S32(val) => val.to_string(),
        Val::S64(val) => val.to_string(),
        Val::String(text) => format!("\"{}\"", hex(text.as_bytes())),
        Val::Flags(_) => flag_bits(val).to_string(),
        Val::Map(entries) => {
            list(entries.iter().map(|(key, value)| list(vec![value_text(key), value_text(value)])).collect())
        }
        Val::List(_) | Val::Record(_) | Val::Tuple(_) => list(fields(val).into_iter().map(value_text).collect()),
        Val::Variant(..) | Val::Enum(_) | Val::Option(_) | Val::Result(_) => {
            let (number, payload) = case(val);
            list(std::iter::once(number.to_string()).chain(payload.map(value_text)).collect())
        }
        scalar => bits(scalar).to_string(),
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        write!(text, "{byte:02x}").expect("strings can be written to");
        text
    })
}
