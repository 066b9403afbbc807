//! Types and values as the specification sees them after despecialization: scalars, strings, lists, fields and cases, with layout and
//! flattening. Written from the specification, and from nothing in Gusset.

use crate::generate::{GeneratedType, name};
use crate::side::Addresses;
use gusset::Val;

/// A type, despecialized.
pub(crate) enum View<'a> {
    /// So many bytes in memory.
    Scalar(u32),
    String,
    /// What each entry consists of: one element, or a key and a value.
    List(Vec<(String, &'a GeneratedType)>),
    /// What a path has for each field, and its type: a fixed-length list has one for each element.
    Fields(Vec<(String, &'a GeneratedType)>),
    Cases(Vec<(String, Option<&'a GeneratedType>)>),
    Flags(u32),
}

pub(crate) fn view(ty: &GeneratedType) -> View<'_> {
    match ty {
        GeneratedType::Bool | GeneratedType::S8 | GeneratedType::U8 => View::Scalar(1),
        GeneratedType::S16 | GeneratedType::U16 => View::Scalar(2),
        GeneratedType::S32
        | GeneratedType::U32
        | GeneratedType::F32
        | GeneratedType::Char
        | GeneratedType::Own
        | GeneratedType::Borrow => View::Scalar(4),
        GeneratedType::S64 | GeneratedType::U64 | GeneratedType::F64 => View::Scalar(8),
        GeneratedType::String => View::String,
        GeneratedType::List(element) => View::List(vec![(String::new(), element)]),
        GeneratedType::Map(key, value) => View::List(vec![(".0".into(), key), (".1".into(), value)]),
        GeneratedType::FixedLengthList(element, length) => {
            View::Fields((0..*length).map(|n| (format!("[{n}]"), &**element)).collect())
        }
        GeneratedType::Tuple(types) => {
            View::Fields(types.iter().enumerate().map(|(n, ty)| (format!(".{n}"), ty)).collect())
        }
        GeneratedType::Record(types) => {
            View::Fields(types.iter().enumerate().map(|(n, ty)| (format!(".{}", name(n)), ty)).collect())
        }
        GeneratedType::Variant(cases) => {
            View::Cases(cases.iter().enumerate().map(|(n, ty)| (name(n), ty.as_ref())).collect())
        }
        GeneratedType::Enum(labels) => View::Cases((0..*labels as usize).map(|n| (name(n), None)).collect()),
        GeneratedType::Option(some) => View::Cases(vec![("none".into(), None), ("some".into(), Some(some))]),
        GeneratedType::Result(ok, err) => {
            View::Cases(vec![("ok".into(), ok.as_deref()), ("error".into(), err.as_deref())])
        }
        GeneratedType::Flags(labels) => View::Flags(*labels),
    }
}

/// Bytes of a discriminant.
pub(crate) fn discriminant_size(cases: usize) -> u32 {
    match cases {
        0..=0x100 => 1,
        0x101..=0x1_0000 => 2,
        _ => 4,
    }
}

/// Bytes of flags.
pub(crate) fn flags_size(labels: u32) -> u32 {
    match labels {
        0..=8 => 1,
        9..=16 => 2,
        _ => 4,
    }
}

pub(crate) fn align_to(at: u32, align: u32) -> u32 {
    at.div_ceil(align) * align
}

/// Size and alignment in a memory with these addresses.
pub(crate) fn layout(ty: &GeneratedType, addresses: Addresses) -> (u32, u32) {
    match view(ty) {
        View::Scalar(size) => (size, size),
        View::String | View::List(_) => (2 * addresses.size(), addresses.size()),
        View::Flags(labels) => (flags_size(labels), flags_size(labels)),
        View::Fields(fields) => fields_layout(&fields, addresses),
        View::Cases(cases) => {
            let discriminant = discriminant_size(cases.len());
            let payloads = cases.iter().filter_map(|case| case.1);
            let payload = payloads.map(|ty| layout(ty, addresses).0).max().unwrap_or(0);
            let align = payload_align(&cases, addresses).max(discriminant);
            (align_to(payload_offset(&cases, addresses) + payload, align), align)
        }
    }
}

/// Size and alignment of fields one after the other.
pub(crate) fn fields_layout(fields: &[(String, &GeneratedType)], addresses: Addresses) -> (u32, u32) {
    let (mut size, mut align) = (0, 1);
    for (_, ty) in fields {
        let (field_size, field_align) = layout(ty, addresses);
        size = align_to(size, field_align) + field_size;
        align = align.max(field_align);
    }
    (align_to(size, align), align)
}

fn payload_align(cases: &[(String, Option<&GeneratedType>)], addresses: Addresses) -> u32 {
    cases.iter().filter_map(|case| case.1).map(|ty| layout(ty, addresses).1).max().unwrap_or(1)
}

/// Where the payload of a variant lies.
pub(crate) fn payload_offset(cases: &[(String, Option<&GeneratedType>)], addresses: Addresses) -> u32 {
    align_to(discriminant_size(cases.len()), payload_align(cases, addresses))
}

/// The bits of a scalar, as an unsigned number: as many of the low ones count as its place holds.
pub(crate) fn bits(val: &Val) -> u64 {
    match *val {
        Val::Bool(val) => val.into(),
        Val::S8(val) => u64::from(i32::from(val) as u32),
        Val::U8(val) => val.into(),
        Val::S16(val) => u64::from(i32::from(val) as u32),
        Val::U16(val) => val.into(),
        Val::S32(val) => u64::from(val as u32),
        Val::U32(val) => val.into(),
        Val::S64(val) => val as u64,
        Val::U64(val) => val,
        Val::F32(val) => val.to_bits().into(),
        Val::F64(val) => val.to_bits(),
        Val::Char(val) => u32::from(val).into(),
        _ => panic!("{val:?} is no scalar"),
    }
}

/// The fields of a record or tuple, the elements of a fixed-length list.
pub(crate) fn fields(val: &Val) -> Vec<&Val> {
    match val {
        Val::Record(fields) => fields.iter().map(|field| &field.1).collect(),
        Val::Tuple(fields) | Val::List(fields) => fields.iter().collect(),
        _ => panic!("{val:?} has no fields"),
    }
}

/// The entries of a list or map.
pub(crate) fn entries(val: &Val) -> Vec<Vec<&Val>> {
    match val {
        Val::List(elements) => elements.iter().map(|element| vec![element]).collect(),
        Val::Map(entries) => entries.iter().map(|(key, value)| vec![key, value]).collect(),
        _ => panic!("{val:?} has no entries"),
    }
}

/// The number and the payload of a value with cases.
pub(crate) fn case(val: &Val) -> (usize, Option<&Val>) {
    match val {
        Val::Variant(label, payload) => (number(label), payload.as_deref()),
        Val::Enum(label) => (number(label), None),
        Val::Option(payload) => (payload.is_some().into(), payload.as_deref()),
        Val::Result(Ok(payload)) => (0, payload.as_deref()),
        Val::Result(Err(payload)) => (1, payload.as_deref()),
        _ => panic!("{val:?} has no cases"),
    }
}

/// The bits of flags.
pub(crate) fn flag_bits(val: &Val) -> u32 {
    let Val::Flags(labels) = val else { panic!("{val:?} is no flags") };
    labels.iter().fold(0, |bits, label| bits | 1 << number(label))
}

/// The number that a generated name stands for.
fn number(label: &str) -> usize {
    label[1..].parse().expect("the generator numbers its names")
}

/// Whether there is a NaN, whose bits nobody promises.
pub(crate) fn has_nan(val: &Val) -> bool {
    match val {
        Val::F32(val) => val.is_nan(),
        Val::F64(val) => val.is_nan(),
        Val::Map(_) => entries(val).into_iter().flatten().any(has_nan),
        Val::List(_) | Val::Record(_) | Val::Tuple(_) => fields(val).into_iter().any(has_nan),
        Val::Variant(..) | Val::Option(_) | Val::Result(_) => case(val).1.is_some_and(has_nan),
        _ => false,
    }
}
