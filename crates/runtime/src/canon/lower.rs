//! Lowering of [`Val`]s: `store` and `lower_flat`. Values have been checked against their types; one that does not fit is still
//! only an error.

use super::context::{FlatWriter, LowerContext};
use super::error::{CanonError, CanonResult};
use super::lift::{ENTRY_LABELS, Offsets, flat_count, unsupported, unsupported_error_context};
use crate::error::Error;
use crate::val::{Val, check};
use gusset_types::{DefinedType, ERROR_LABEL, Layout, NONE_LABEL, OK_LABEL, SOME_LABEL, ValType, cut_name};
use std::sync::Arc;

/// The error for a value of another type.
#[cold]
fn mismatch(cx: &LowerContext<'_>, ty: ValType, val: &Val) -> CanonError {
    match check(cx.scope(), ty, val) {
        Err(mismatch) => Error::new(mismatch).into(),
        Ok(()) => unreachable!("a value of this type has been lowered"),
    }
}

/// Writes the value at `at`, which is aligned and lies in memory (`store`).
pub(crate) fn store(cx: &mut LowerContext<'_>, ty: ValType, val: &Val, at: u64) -> CanonResult<()> {
    match (ty, val) {
        (ValType::Bool, Val::Bool(val)) => cx.write(at, &[u8::from(*val)]),
        (ValType::S8, Val::S8(val)) => cx.write(at, &val.to_le_bytes()),
        (ValType::U8, Val::U8(val)) => cx.write(at, &val.to_le_bytes()),
        (ValType::S16, Val::S16(val)) => cx.write(at, &val.to_le_bytes()),
        (ValType::U16, Val::U16(val)) => cx.write(at, &val.to_le_bytes()),
        (ValType::S32, Val::S32(val)) => cx.write(at, &val.to_le_bytes()),
        (ValType::U32, Val::U32(val)) => cx.write(at, &val.to_le_bytes()),
        (ValType::S64, Val::S64(val)) => cx.write(at, &val.to_le_bytes()),
        (ValType::U64, Val::U64(val)) => cx.write(at, &val.to_le_bytes()),
        (ValType::F32, Val::F32(val)) => cx.write(at, &val.to_le_bytes()),
        (ValType::F64, Val::F64(val)) => cx.write(at, &val.to_le_bytes()),
        (ValType::Char, Val::Char(val)) => cx.write(at, &u32::from(*val).to_le_bytes()),
        (ValType::String, Val::String(val)) => {
            let pair = cx.string(val)?;
            cx.write_pointer_pair(at, pair)
        }
        (ValType::ErrorContext, _) => Err(unsupported_error_context()),
        (ValType::Defined(index), _) => {
            let types = cx.types;
            store_defined(cx, ty, types.defined(index), val, at)
        }
        _ => Err(mismatch(cx, ty, val)),
    }
}

fn store_defined(cx: &mut LowerContext<'_>, ty: ValType, defined: &DefinedType, val: &Val, at: u64) -> CanonResult<()> {
    match (defined, val) {
        (DefinedType::List(element), Val::List(items)) => {
            let pair = list(cx, *element, items)?;
            cx.write_pointer_pair(at, pair)
        }
        (DefinedType::Map(key, value), Val::Map(entries)) => {
            let pair = map(cx, [*key, *value], entries)?;
            cx.write_pointer_pair(at, pair)
        }
        (DefinedType::FixedLengthList(element, length), Val::List(items)) if items.len() == *length as usize => {
            store_elements(cx, *element, items, at)
        }
        (DefinedType::Record(fields), Val::Record(values)) if values.len() == fields.len() => {
            let mut offsets = Offsets::at(at);
            for (field, (_, value)) in fields.iter().zip(values) {
                let at = offsets.next(cx.types.layout(field.ty, cx.width));
                let stored = store(cx, field.ty, value, at);
                stored.map_err(|error| error.within(format!(".{}", cut_name(&field.name))))?;
            }
            Ok(())
        }
        (DefinedType::Tuple(types), Val::Tuple(values)) if values.len() == types.len() => {
            let mut offsets = Offsets::at(at);
            for (i, (ty, value)) in types.iter().zip(values).enumerate() {
                let at = offsets.next(cx.types.layout(*ty, cx.width));
                store(cx, *ty, value, at).map_err(|error| error.within(format!(".{i}")))?;
            }
            Ok(())
        }
        (DefinedType::Flags(labels), Val::Flags(set)) => {
            let Some(bits) = pack_flags(labels, set) else { return Err(mismatch(cx, ty, val)) };
            let size = cx.types.layout(ty, cx.width).size;
            cx.write(at, &bits.to_le_bytes()[..size as usize])
        }
        (DefinedType::Own(resource), Val::Resource(any)) => {
            let index = cx.handle(*resource, true, any)?;
            cx.write(at, &index.to_le_bytes())
        }
        (DefinedType::Borrow(resource), Val::Resource(any)) => {
            let index = cx.handle(*resource, false, any)?;
            cx.write(at, &index.to_le_bytes())
        }
        (DefinedType::Stream(_) | DefinedType::Future(_), _) => Err(unsupported(defined)),
        _ => {
            let Some(case) = match_case(defined, val) else { return Err(mismatch(cx, ty, val)) };
            let Some((size, payload_offset)) = cx.types.variant_layout(ty, cx.width) else {
                return Err(mismatch(cx, ty, val));
            };
            cx.write(at, &case.number.to_le_bytes()[..size as usize])?;
            let Some((ty, payload)) = case.payload else { return Ok(()) };
            let stored = store(cx, ty, payload, at + u64::from(payload_offset));
            stored.map_err(|error| error.within(format!(".{}", cut_name(case.name))))
        }
    }
}

/// Stores a list in new memory; its address and length.
fn list(cx: &mut LowerContext<'_>, element: ValType, items: &[Val]) -> CanonResult<(u64, u64)> {
    let at = cx.allocate_list(items.len(), cx.types.layout(element, cx.width))?;
    store_elements(cx, element, items, at)?;
    Ok((at, items.len() as u64))
}

fn store_elements(cx: &mut LowerContext<'_>, element: ValType, items: &[Val], at: u64) -> CanonResult<()> {
    macro_rules! numbers {
        ($($variant:ident)*) => {
            match element {
                ValType::Bool => return store_bytes(cx, element, items, at, |val| match val {
                    Val::Bool(val) => Some([u8::from(*val)]),
                    _ => None,
                }),
                ValType::Char => return store_bytes(cx, element, items, at, |val| match val {
                    Val::Char(val) => Some(u32::from(*val).to_le_bytes()),
                    _ => None,
                }),
                $(ValType::$variant => return store_bytes(cx, element, items, at, |val| match val {
                    Val::$variant(val) => Some(val.to_le_bytes()),
                    _ => None,
                }),)*
                _ => {}
            }
        };
    }
    numbers! { S8 U8 S16 U16 S32 U32 S64 U64 F32 F64 }
    let stride = u64::from(cx.types.layout(element, cx.width).size);
    for (i, item) in items.iter().enumerate() {
        store(cx, element, item, at + i as u64 * stride).map_err(|error| error.within(format!("[{i}]")))?;
    }
    Ok(())
}

/// Writes elements of one size, whose type is known here: the range is checked once.
fn store_bytes<const N: usize>(
    cx: &mut LowerContext<'_>,
    element: ValType,
    items: &[Val],
    at: u64,
    bytes: impl Fn(&Val) -> Option<[u8; N]>,
) -> CanonResult<()> {
    let places = cx.slice_mut(at, (items.len() * N) as u64)?.as_chunks_mut::<N>().0;
    let stored = places.iter_mut().zip(items).enumerate().try_for_each(|(i, (place, item))| {
        *place = bytes(item).ok_or(i)?;
        Ok(())
    });
    stored.map_err(|i: usize| mismatch(cx, element, &items[i]).within(format!("[{i}]")))
}

fn map(cx: &mut LowerContext<'_>, types: [ValType; 2], entries: &[(Val, Val)]) -> CanonResult<(u64, u64)> {
    let layouts = types.map(|ty| cx.types.layout(ty, cx.width));
    let entry = Layout::record(layouts);
    let at = cx.allocate_list(entries.len(), entry)?;
    for (i, (key, value)) in entries.iter().enumerate() {
        let mut offsets = Offsets::at(at + i as u64 * u64::from(entry.size));
        for (n, part) in [key, value].into_iter().enumerate() {
            let stored = store(cx, types[n], part, offsets.next(layouts[n]));
            stored.map_err(|error| error.within(format!("[{i}].{}", ENTRY_LABELS[n])))?;
        }
    }
    Ok((at, entries.len() as u64))
}

/// A case of a variant, with the value's payload.
struct MatchedCase<'a> {
    number: u32,
    name: &'a str,
    payload: Option<(ValType, &'a Val)>,
}

/// The case of `val` (`match_case`); `None` when it is no value of the type.
fn match_case<'a>(defined: &'a DefinedType, val: &'a Val) -> Option<MatchedCase<'a>> {
    let (number, name, ty, payload) = match (defined, val) {
        (DefinedType::Variant(cases), Val::Variant(name, payload)) => {
            let number = cases.iter().position(|case| case.name == *name)?;
            (number, &**name, cases[number].ty, payload.as_deref())
        }
        (DefinedType::Enum(labels), Val::Enum(name)) => {
            (labels.iter().position(|label| label == name)?, &**name, None, None)
        }
        (DefinedType::Option(_), Val::Option(None)) => (0, NONE_LABEL, None, None),
        (DefinedType::Option(some), Val::Option(payload)) => (1, SOME_LABEL, Some(*some), payload.as_deref()),
        (DefinedType::Result(result), Val::Result(Ok(payload))) => (0, OK_LABEL, result.ok, payload.as_deref()),
        (DefinedType::Result(result), Val::Result(Err(payload))) => (1, ERROR_LABEL, result.err, payload.as_deref()),
        _ => return None,
    };
    let payload = match (ty, payload) {
        (Some(ty), Some(payload)) => Some((ty, payload)),
        (None, None) => None,
        _ => return None,
    };
    Some(MatchedCase { number: number as u32, name, payload })
}

/// The bits of the labels that are set (`pack_flags_into_int`).
fn pack_flags(labels: &[Arc<str>], set: &[Arc<str>]) -> Option<u32> {
    set.iter().try_fold(0, |bits, name| Some(bits | 1 << labels.iter().position(|label| label == name)?))
}

/// Writes a value as core values (`lower_flat`).
pub(crate) fn lower_flat(
    cx: &mut LowerContext<'_>,
    ty: ValType,
    val: &Val,
    flat: &mut FlatWriter<'_>,
) -> CanonResult<()> {
    match (ty, val) {
        (ValType::Bool, Val::Bool(val)) => flat.u32(u32::from(*val)),
        (ValType::S8, Val::S8(val)) => flat.u32(i32::from(*val) as u32),
        (ValType::U8, Val::U8(val)) => flat.u32(u32::from(*val)),
        (ValType::S16, Val::S16(val)) => flat.u32(i32::from(*val) as u32),
        (ValType::U16, Val::U16(val)) => flat.u32(u32::from(*val)),
        (ValType::S32, Val::S32(val)) => flat.u32(*val as u32),
        (ValType::U32, Val::U32(val)) => flat.u32(*val),
        (ValType::S64, Val::S64(val)) => flat.u64(*val as u64),
        (ValType::U64, Val::U64(val)) => flat.u64(*val),
        (ValType::F32, Val::F32(val)) => flat.u32(val.to_bits()),
        (ValType::F64, Val::F64(val)) => flat.u64(val.to_bits()),
        (ValType::Char, Val::Char(val)) => flat.u32(u32::from(*val)),
        (ValType::String, Val::String(val)) => pair(flat, cx.string(val)?),
        (ValType::ErrorContext, _) => return Err(unsupported_error_context()),
        (ValType::Defined(index), _) => {
            let types = cx.types;
            return lower_flat_defined(cx, ty, types.defined(index), val, flat);
        }
        _ => return Err(mismatch(cx, ty, val)),
    }
    Ok(())
}

fn pair(flat: &mut FlatWriter<'_>, (pointer, length): (u64, u64)) {
    flat.u64(pointer);
    flat.u64(length);
}

fn lower_flat_defined(
    cx: &mut LowerContext<'_>,
    ty: ValType,
    defined: &DefinedType,
    val: &Val,
    flat: &mut FlatWriter<'_>,
) -> CanonResult<()> {
    match (defined, val) {
        (DefinedType::List(element), Val::List(items)) => pair(flat, list(cx, *element, items)?),
        (DefinedType::Map(key, value), Val::Map(entries)) => pair(flat, map(cx, [*key, *value], entries)?),
        (DefinedType::FixedLengthList(element, length), Val::List(items)) if items.len() == *length as usize => {
            for (i, item) in items.iter().enumerate() {
                lower_flat(cx, *element, item, flat).map_err(|error| error.within(format!("[{i}]")))?;
            }
        }
        (DefinedType::Record(fields), Val::Record(values)) if values.len() == fields.len() => {
            for (field, (_, value)) in fields.iter().zip(values) {
                let lowered = lower_flat(cx, field.ty, value, flat);
                lowered.map_err(|error| error.within(format!(".{}", cut_name(&field.name))))?;
            }
        }
        (DefinedType::Tuple(types), Val::Tuple(values)) if values.len() == types.len() => {
            for (i, (ty, value)) in types.iter().zip(values).enumerate() {
                lower_flat(cx, *ty, value, flat).map_err(|error| error.within(format!(".{i}")))?;
            }
        }
        (DefinedType::Flags(labels), Val::Flags(set)) => match pack_flags(labels, set) {
            Some(bits) => flat.u32(bits),
            None => return Err(mismatch(cx, ty, val)),
        },
        (DefinedType::Own(resource), Val::Resource(any)) => flat.u32(cx.handle(*resource, true, any)?),
        (DefinedType::Borrow(resource), Val::Resource(any)) => flat.u32(cx.handle(*resource, false, any)?),
        (DefinedType::Stream(_) | DefinedType::Future(_), _) => return Err(unsupported(defined)),
        _ => {
            let Some(case) = match_case(defined, val) else { return Err(mismatch(cx, ty, val)) };
            let end = flat.position() + flat_count(cx.types, ty, cx.width);
            flat.u32(case.number);
            if let Some((ty, payload)) = case.payload {
                let lowered = lower_flat(cx, ty, payload, flat);
                lowered.map_err(|error| error.within(format!(".{}", cut_name(case.name))))?;
            }
            flat.fill_to(end);
        }
    }
    Ok(())
}
