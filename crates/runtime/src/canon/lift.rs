//! Lifting into [`Val`]s: `load` and `lift_flat`. Recursion is bounded by the depth of the type.

use super::context::{FlatReader, LiftContext, slice_at};
use super::error::{CanonError, CanonResult};
use crate::error::format_err;
use crate::val::Val;
use gusset_types::{
    DefinedType, ERROR_LABEL, Field, KEY_LABEL, Layout, OK_LABEL, SOME_LABEL, TrapCode, VALUE_LABEL, ValType, align_to,
    cut_name,
};
use std::sync::Arc;

/// What a path calls the two parts of a map's entry.
pub(super) const ENTRY_LABELS: [&str; 2] = [KEY_LABEL, VALUE_LABEL];

/// The char with this bit pattern (`convert_i32_to_char`).
#[inline]
pub(crate) fn char_from(bits: u32) -> CanonResult<char> {
    char::from_u32(bits).ok_or_else(|| TrapCode::InvalidChar.with(bits.into(), 0).into())
}

/// The error for a type that hosts cannot exchange with guests yet.
#[cold]
pub(crate) fn unsupported(ty: &DefinedType) -> CanonError {
    let feature = match ty {
        DefinedType::Stream(_) => "streams",
        _ => "futures",
    };
    format_err!("not supported: {feature}").into()
}

#[cold]
pub(crate) fn unsupported_error_context() -> CanonError {
    format_err!("not supported: error-context").into()
}

/// Reads the value at `at`, which is aligned and lies in memory (`load`).
pub(crate) fn load(cx: &mut LiftContext<'_>, ty: ValType, at: u64) -> CanonResult<Val> {
    Ok(match ty {
        ValType::Bool => Val::Bool(cx.bytes::<1>(at)?[0] != 0),
        ValType::S8 => Val::S8(i8::from_le_bytes(cx.bytes(at)?)),
        ValType::U8 => Val::U8(u8::from_le_bytes(cx.bytes(at)?)),
        ValType::S16 => Val::S16(i16::from_le_bytes(cx.bytes(at)?)),
        ValType::U16 => Val::U16(u16::from_le_bytes(cx.bytes(at)?)),
        ValType::S32 => Val::S32(i32::from_le_bytes(cx.bytes(at)?)),
        ValType::U32 => Val::U32(u32::from_le_bytes(cx.bytes(at)?)),
        ValType::S64 => Val::S64(i64::from_le_bytes(cx.bytes(at)?)),
        ValType::U64 => Val::U64(u64::from_le_bytes(cx.bytes(at)?)),
        ValType::F32 => Val::F32(f32::from_le_bytes(cx.bytes(at)?)),
        ValType::F64 => Val::F64(f64::from_le_bytes(cx.bytes(at)?)),
        ValType::Char => Val::Char(char_from(cx.u32(at)?)?),
        ValType::String => {
            let (pointer, length) = cx.pointer_pair(at)?;
            Val::String(cx.string(pointer, length)?)
        }
        ValType::ErrorContext => return Err(unsupported_error_context()),
        ValType::Defined(index) => {
            let types = cx.types;
            return load_defined(cx, ty, types.defined(index), at);
        }
    })
}

fn load_defined(cx: &mut LiftContext<'_>, ty: ValType, defined: &DefinedType, at: u64) -> CanonResult<Val> {
    match defined {
        DefinedType::List(element) => {
            let (pointer, length) = cx.pointer_pair(at)?;
            list(cx, *element, pointer, length)
        }
        DefinedType::Map(key, value) => {
            let (pointer, length) = cx.pointer_pair(at)?;
            map(cx, [*key, *value], pointer, length)
        }
        DefinedType::FixedLengthList(element, length) => Ok(Val::List(elements(cx, *element, at, u64::from(*length))?)),
        DefinedType::Record(fields) => {
            let mut offsets = Offsets::at(at);
            record(cx, fields, |cx, ty| load(cx, ty, offsets.next(cx.types.layout(ty, cx.width))))
        }
        DefinedType::Tuple(types) => {
            let mut offsets = Offsets::at(at);
            tuple(cx, types, |cx, ty| load(cx, ty, offsets.next(cx.types.layout(ty, cx.width))))
        }
        DefinedType::Flags(labels) => {
            let bits = load_discriminant(cx, at, cx.types.layout(ty, cx.width).size)?;
            flags(cx, labels, bits)
        }
        DefinedType::Variant(_) | DefinedType::Enum(_) | DefinedType::Option(_) | DefinedType::Result(_) => {
            let (size, payload_offset) = cx.types.variant_layout(ty, cx.width).expect("it is a variant");
            let case = load_discriminant(cx, at, size)?;
            variant(cx, defined, case, |cx, ty| load(cx, ty, at + u64::from(payload_offset)))
        }
        DefinedType::Own(resource) => {
            let index = cx.u32(at)?;
            cx.own_any(*resource, index).map(Val::Resource)
        }
        DefinedType::Borrow(resource) => {
            let index = cx.u32(at)?;
            cx.borrow_any(*resource, index).map(Val::Resource)
        }
        DefinedType::Stream(_) | DefinedType::Future(_) => Err(unsupported(defined)),
    }
}

/// Reads a discriminant or flags of 1, 2 or 4 bytes.
#[inline]
pub(crate) fn load_discriminant(cx: &mut LiftContext<'_>, at: u64, size: u32) -> CanonResult<u32> {
    match size {
        1 => Ok(u32::from(cx.bytes::<1>(at)?[0])),
        2 => Ok(u32::from(u16::from_le_bytes(cx.bytes(at)?))),
        _ => cx.u32(at),
    }
}

/// The offsets of fields that lie one after the other.
pub(crate) struct Offsets {
    base: u64,
    end: u32,
}

impl Offsets {
    #[inline]
    pub(crate) fn at(base: u64) -> Offsets {
        Offsets { base, end: 0 }
    }

    /// The address of the next field.
    #[inline]
    pub(crate) fn next(&mut self, layout: Layout) -> u64 {
        let offset = align_to(self.end, layout.align);
        self.end = offset.saturating_add(layout.size);
        self.base + u64::from(offset)
    }
}

fn list(cx: &mut LiftContext<'_>, element: ValType, at: u64, length: u64) -> CanonResult<Val> {
    cx.list_bytes(at, length, cx.types.layout(element, cx.width))?;
    elements(cx, element, at, length).map(Val::List)
}

/// Reads `length` elements that lie in memory.
fn elements(cx: &mut LiftContext<'_>, element: ValType, at: u64, length: u64) -> CanonResult<Vec<Val>> {
    let stride = u64::from(cx.types.layout(element, cx.width).size);
    let mut items = cx.vec(length as usize)?;
    macro_rules! numbers {
        ($($variant:ident $rust:ty,)*) => {
            match element {
                ValType::Bool => return load_bytes(cx, items, at, length, |bytes: [u8; 1]| Val::Bool(bytes != [0])),
                $(ValType::$variant => {
                    return load_bytes(cx, items, at, length, |bytes| Val::$variant(<$rust>::from_le_bytes(bytes)));
                })*
                _ => {}
            }
        };
    }
    numbers! { S8 i8, U8 u8, S16 i16, U16 u16, S32 i32, U32 u32, S64 i64, U64 u64, F32 f32, F64 f64, }
    for i in 0..length {
        let item = load(cx, element, at + i * stride);
        items.push(item.map_err(|error| error.within(format!("[{i}]")))?);
    }
    Ok(items)
}

/// Reads elements of one size, whose type is known here, into `items`, which has room for them: the range is checked once.
fn load_bytes<const N: usize>(
    cx: &LiftContext<'_>,
    mut items: Vec<Val>,
    at: u64,
    length: u64,
    val: impl Fn([u8; N]) -> Val,
) -> CanonResult<Vec<Val>> {
    let bytes = length.saturating_mul(N as u64);
    let elements = slice_at(cx.memory, at, bytes).ok_or_else(|| TrapCode::PointerOutOfBounds.with(at, bytes))?;
    items.extend(elements.as_chunks::<N>().0.iter().map(|bytes| val(*bytes)));
    Ok(items)
}

fn map(cx: &mut LiftContext<'_>, types: [ValType; 2], at: u64, length: u64) -> CanonResult<Val> {
    let layouts = types.map(|ty| cx.types.layout(ty, cx.width));
    let entry = Layout::record(layouts);
    cx.list_bytes(at, length, entry)?;
    let mut entries = cx.vec(length as usize)?;
    for i in 0..length {
        let mut offsets = Offsets::at(at + i * u64::from(entry.size));
        let mut part = |n: usize| {
            let part = load(cx, types[n], offsets.next(layouts[n]));
            part.map_err(|error| error.within(format!("[{i}].{}", ENTRY_LABELS[n])))
        };
        let entry = (part(0)?, part(1)?);
        entries.push(entry);
    }
    Ok(Val::Map(entries))
}

/// A record whose fields `field` reads one after the other. Values share the names with the type.
fn record(
    cx: &mut LiftContext<'_>,
    fields: &[Field],
    mut field: impl FnMut(&mut LiftContext<'_>, ValType) -> CanonResult<Val>,
) -> CanonResult<Val> {
    let mut values = cx.vec(fields.len())?;
    for Field { name, ty } in fields {
        let value = field(cx, *ty).map_err(|error| error.within(format!(".{}", cut_name(name))))?;
        values.push((name.clone(), value));
    }
    Ok(Val::Record(values))
}

/// A tuple whose items `item` reads one after the other.
fn tuple(
    cx: &mut LiftContext<'_>,
    types: &[ValType],
    mut item: impl FnMut(&mut LiftContext<'_>, ValType) -> CanonResult<Val>,
) -> CanonResult<Val> {
    let mut values = cx.vec(types.len())?;
    for (i, ty) in types.iter().enumerate() {
        values.push(item(cx, *ty).map_err(|error| error.within(format!(".{i}")))?);
    }
    Ok(Val::Tuple(values))
}

fn flags(cx: &mut LiftContext<'_>, labels: &[Arc<str>], bits: u32) -> CanonResult<Val> {
    let set = || labels.iter().enumerate().filter(|(i, _)| bits >> i & 1 != 0);
    let mut values = cx.vec(set().count())?;
    values.extend(set().map(|(_, label)| label.clone()));
    Ok(Val::Flags(values))
}

/// The value of case number `case`, whose payload `payload` reads if there is one.
fn variant(
    cx: &mut LiftContext<'_>,
    defined: &DefinedType,
    case: u32,
    payload: impl FnOnce(&mut LiftContext<'_>, ValType) -> CanonResult<Val>,
) -> CanonResult<Val> {
    let boxed = |name: &str, ty: Option<ValType>| {
        let Some(ty) = ty else { return Ok(None) };
        let value = payload(cx, ty).and_then(|value| cx.boxed(value));
        value.map(Some).map_err(|error| error.within(format!(".{}", cut_name(name))))
    };
    let invalid = |cases: usize| CanonError::from(TrapCode::InvalidDiscriminant.with(case.into(), cases as u64));
    Ok(match defined {
        DefinedType::Variant(cases) => {
            let case = cases.get(case as usize).ok_or_else(|| invalid(cases.len()))?;
            Val::Variant(case.name.clone(), boxed(&case.name, case.ty)?)
        }
        DefinedType::Enum(labels) => Val::Enum(labels.get(case as usize).ok_or_else(|| invalid(labels.len()))?.clone()),
        DefinedType::Option(_) if case == 0 => Val::Option(None),
        DefinedType::Option(some) if case == 1 => Val::Option(boxed(SOME_LABEL, Some(*some))?),
        DefinedType::Result(result) if case == 0 => Val::Result(Ok(boxed(OK_LABEL, result.ok)?)),
        DefinedType::Result(result) if case == 1 => Val::Result(Err(boxed(ERROR_LABEL, result.err)?)),
        _ => return Err(invalid(2)),
    })
}

/// Reads a value from core values (`lift_flat`).
pub(crate) fn lift_flat(cx: &mut LiftContext<'_>, ty: ValType, flat: &mut FlatReader<'_>) -> CanonResult<Val> {
    Ok(match ty {
        ValType::Bool => Val::Bool(flat.u32() != 0),
        ValType::S8 => Val::S8(flat.u32() as i8),
        ValType::U8 => Val::U8(flat.u32() as u8),
        ValType::S16 => Val::S16(flat.u32() as i16),
        ValType::U16 => Val::U16(flat.u32() as u16),
        ValType::S32 => Val::S32(flat.u32() as i32),
        ValType::U32 => Val::U32(flat.u32()),
        ValType::S64 => Val::S64(flat.u64() as i64),
        ValType::U64 => Val::U64(flat.u64()),
        ValType::F32 => Val::F32(f32::from_bits(flat.u32())),
        ValType::F64 => Val::F64(f64::from_bits(flat.u64())),
        ValType::Char => Val::Char(char_from(flat.u32())?),
        ValType::String => {
            let (pointer, length) = (flat.pointer(cx.width), flat.pointer(cx.width));
            Val::String(cx.string(pointer, length)?)
        }
        ValType::ErrorContext => return Err(unsupported_error_context()),
        ValType::Defined(index) => {
            let types = cx.types;
            return lift_flat_defined(cx, ty, types.defined(index), flat);
        }
    })
}

fn lift_flat_defined(
    cx: &mut LiftContext<'_>,
    ty: ValType,
    defined: &DefinedType,
    flat: &mut FlatReader<'_>,
) -> CanonResult<Val> {
    match defined {
        DefinedType::List(element) => {
            let (pointer, length) = (flat.pointer(cx.width), flat.pointer(cx.width));
            list(cx, *element, pointer, length)
        }
        DefinedType::Map(key, value) => {
            let (pointer, length) = (flat.pointer(cx.width), flat.pointer(cx.width));
            map(cx, [*key, *value], pointer, length)
        }
        DefinedType::FixedLengthList(element, length) => {
            let mut items = cx.vec(*length as usize)?;
            for i in 0..*length {
                let item = lift_flat(cx, *element, flat);
                items.push(item.map_err(|error| error.within(format!("[{i}]")))?);
            }
            Ok(Val::List(items))
        }
        DefinedType::Record(fields) => record(cx, fields, |cx, ty| lift_flat(cx, ty, flat)),
        DefinedType::Tuple(types) => tuple(cx, types, |cx, ty| lift_flat(cx, ty, flat)),
        DefinedType::Flags(labels) => flags(cx, labels, flat.u32()),
        DefinedType::Variant(_) | DefinedType::Enum(_) | DefinedType::Option(_) | DefinedType::Result(_) => {
            let end = flat.position() + flat_count(cx.types, ty, cx.width);
            let case = flat.u32();
            let value = variant(cx, defined, case, |cx, ty| lift_flat(cx, ty, flat))?;
            flat.skip_to(end);
            Ok(value)
        }
        DefinedType::Own(resource) => cx.own_any(*resource, flat.u32()).map(Val::Resource),
        DefinedType::Borrow(resource) => cx.borrow_any(*resource, flat.u32()).map(Val::Resource),
        DefinedType::Stream(_) | DefinedType::Future(_) => Err(unsupported(defined)),
    }
}

/// How many core values a type that is passed flat has.
pub(crate) fn flat_count(types: &gusset_types::Types, ty: ValType, width: gusset_types::PointerWidth) -> usize {
    types.flat(ty, width).expect("only types that flatten are passed flat").len()
}
