//! What a type is for translation: the many specialised types of the specification as few shapes (`despecialize`), and what is
//! asked of types before code is written for them. It writes no code.

use crate::place::Pair;
use gusset_types::{
    DefinedType, DefinedTypeIndex, ERROR_LABEL, FuncTypeIndex, KEY_LABEL, Layout, NONE_LABEL, OK_LABEL, PointerWidth,
    ResourceTypeIndex, SOME_LABEL, Types, VALUE_LABEL, ValType,
};
use std::collections::{HashMap, HashSet};

/// The name of a field in the path of a trap.
#[derive(Clone, Copy)]
pub(crate) enum FieldName<'t> {
    Named(&'t str),
    Position(usize),
}

/// A field of a record-like type.
pub(crate) type ShapeField<'t> = (FieldName<'t>, Pair);
/// A case of a variant-like type.
pub(crate) type ShapeCase<'t> = (&'t str, Option<Pair>);

pub(crate) enum Shape<'t> {
    /// A primitive but `string`.
    Scalar(ValType),
    String,
    /// A list by the fields of its elements: one, or key and value of a map's entries.
    List(Vec<ShapeField<'t>>),
    FixedLengthList(Pair, u32),
    Fields(Vec<ShapeField<'t>>),
    Cases(Vec<ShapeCase<'t>>),
    /// Number of cases.
    Enum(u32),
    /// Number of labels.
    Flags(u32),
    Own(ResourceTypeIndex),
    Borrow(ResourceTypeIndex),
}

impl<'t> Shape<'t> {
    /// The shape of a type that both sides have.
    pub(crate) fn of(types: &'t Types, pair: Pair) -> Shape<'t> {
        let (src, dst) = match (pair.src, pair.dst) {
            (ValType::String, ValType::String) => return Shape::String,
            (ValType::Defined(src), ValType::Defined(dst)) => (types.defined(src), types.defined(dst)),
            (src, dst) => {
                assert_eq!(src, dst, "both sides have the same type");
                return Shape::Scalar(src);
            }
        };
        let pair = |src: ValType, dst: ValType| Pair { src, dst };
        let maybe = |src: Option<ValType>, dst: Option<ValType>| src.map(|src| pair(src, dst.expect("both have it")));
        match (src, dst) {
            (&DefinedType::List(src), &DefinedType::List(dst)) => {
                Shape::List(vec![(FieldName::Position(0), pair(src, dst))])
            }
            (&DefinedType::Map(src_key, src_value), &DefinedType::Map(dst_key, dst_value)) => Shape::List(vec![
                (FieldName::Named(KEY_LABEL), pair(src_key, dst_key)),
                (FieldName::Named(VALUE_LABEL), pair(src_value, dst_value)),
            ]),
            (&DefinedType::FixedLengthList(src, length), &DefinedType::FixedLengthList(dst, _)) => {
                Shape::FixedLengthList(pair(src, dst), length)
            }
            (DefinedType::Record(src), DefinedType::Record(dst)) => {
                let fields = src.iter().zip(dst);
                Shape::Fields(fields.map(|(src, dst)| (FieldName::Named(&src.name), pair(src.ty, dst.ty))).collect())
            }
            (DefinedType::Tuple(src), DefinedType::Tuple(dst)) => {
                let fields = src.iter().zip(dst).enumerate();
                Shape::Fields(fields.map(|(i, (&src, &dst))| (FieldName::Position(i), pair(src, dst))).collect())
            }
            (DefinedType::Variant(src), DefinedType::Variant(dst)) => {
                let cases = src.iter().zip(dst);
                Shape::Cases(cases.map(|(src, dst)| (&*src.name, maybe(src.ty, dst.ty))).collect())
            }
            (&DefinedType::Option(src), &DefinedType::Option(dst)) => {
                Shape::Cases(vec![(NONE_LABEL, None), (SOME_LABEL, Some(pair(src, dst)))])
            }
            (DefinedType::Result(src), DefinedType::Result(dst)) => {
                Shape::Cases(vec![(OK_LABEL, maybe(src.ok, dst.ok)), (ERROR_LABEL, maybe(src.err, dst.err))])
            }
            (DefinedType::Enum(labels), DefinedType::Enum(_)) => Shape::Enum(labels.len() as u32),
            (DefinedType::Flags(labels), DefinedType::Flags(_)) => Shape::Flags(labels.len() as u32),
            (DefinedType::Own(src), DefinedType::Own(dst)) if src == dst => Shape::Own(*src),
            (DefinedType::Borrow(src), DefinedType::Borrow(dst)) if src == dst => Shape::Borrow(*src),
            (src, dst) => unreachable!("not supported or not the same type: {src:?} and {dst:?}"),
        }
    }
}

/// Answers about types that would need a walk each time.
#[derive(Default)]
pub(crate) struct TypeFacts {
    plain: HashMap<DefinedTypeIndex, bool>,
    weight: HashMap<DefinedTypeIndex, u32>,
    borrow: HashMap<DefinedTypeIndex, bool>,
    /// Whether a NaN must be canonical.
    pub(crate) canonical_nans: bool,
}

/// In variants of more cases, those that have the same payload share its code.
pub(crate) const MAX_SEPARATE_CASES: usize = 16;
/// So many cases weigh 1 where the code of their payloads is shared: a byte each in a jump table.
const CASES_PER_WEIGHT: usize = 64;

/// What a call of an outlined translation weighs.
const CALL_WEIGHT: u32 = 3;

impl TypeFacts {
    pub(crate) fn new(canonical_nans: bool) -> TypeFacts {
        TypeFacts { canonical_nans, ..TypeFacts::default() }
    }

    /// Whether values of `ty` can be copied as bytes: no bit pattern is invalid or not canonical, nothing refers elsewhere, and
    /// no byte is padding (which must not reach another component).
    pub(crate) fn plain(&mut self, types: &Types, ty: ValType) -> bool {
        let index = match ty {
            ValType::Bool | ValType::Char | ValType::String | ValType::ErrorContext => return false,
            ValType::F32 | ValType::F64 => return !self.canonical_nans,
            ValType::Defined(index) => index,
            _ => return true,
        };
        if let Some(&plain) = self.plain.get(&index) {
            return plain;
        }
        let plain = match types.defined(index) {
            DefinedType::Record(fields) => {
                self.plain_fields(types, fields.iter().map(|field| field.ty), types.layout(ty, PointerWidth::Memory32))
            }
            DefinedType::Tuple(fields) => {
                self.plain_fields(types, fields.iter().copied(), types.layout(ty, PointerWidth::Memory32))
            }
            DefinedType::FixedLengthList(element, _) => self.plain(types, *element),
            DefinedType::Flags(labels) => matches!(labels.len(), 8 | 16 | 32),
            _ => false,
        };
        self.plain.insert(index, plain);
        plain
    }

    /// Whether fields that lie one after the other, as `whole` bytes in all, can be copied as bytes.
    pub(crate) fn plain_fields(&mut self, types: &Types, fields: impl Iterator<Item = ValType>, whole: Layout) -> bool {
        let mut sum = 0u32;
        for field in fields {
            if !self.plain(types, field) {
                return false;
            }
            sum = sum.saturating_add(types.layout(field, PointerWidth::Memory32).size);
        }
        sum == whole.size
    }

    /// Whether `ty` is or holds a borrow handle (`contains_borrow`).
    pub(crate) fn holds_borrow(&mut self, types: &Types, ty: ValType) -> bool {
        let index = match ty {
            ValType::Defined(index) if types.holds_handles(ty) => index,
            _ => return false,
        };
        if let Some(&borrow) = self.borrow.get(&index) {
            return borrow;
        }
        let mut borrow = matches!(types.defined(index), DefinedType::Borrow(_));
        types.defined(index).each_child(|child| borrow |= self.holds_borrow(types, child));
        self.borrow.insert(index, borrow);
        borrow
    }

    /// About how many operations translating a `ty` takes when types heavier than `limit` are outlined. `limit` must be the same
    /// in every call.
    pub(crate) fn weight(&mut self, types: &Types, ty: ValType, limit: u32) -> u32 {
        let index = match ty {
            ValType::String => return CALL_WEIGHT,
            ValType::Defined(index) => index,
            _ => return 1,
        };
        if let Some(&weight) = self.weight.get(&index) {
            return weight;
        }
        let defined = types.defined(index);
        let shares = matches!(defined, DefinedType::Variant(cases) if cases.len() > MAX_SEPARATE_CASES);
        let (mut weight, times) = match defined {
            DefinedType::List(_) | DefinedType::Map(..) => (8, 1),
            // Written out where it is flat, else a loop.
            DefinedType::FixedLengthList(_, length) if types.flat(ty, PointerWidth::Memory32).is_some() => (8, *length),
            DefinedType::FixedLengthList(..) => (8, 1),
            DefinedType::Own(_) | DefinedType::Borrow(_) => (2 * CALL_WEIGHT, 1),
            DefinedType::Variant(cases) if shares => (1 + (cases.len() / CASES_PER_WEIGHT) as u32, 1),
            _ => (1, 1),
        };
        let mut written = HashSet::new();
        defined.each_child(|child| {
            if shares && !written.insert(child) {
                return;
            }
            let child = self.weight(types, child, limit);
            weight += times * if child > limit { CALL_WEIGHT } else { child };
        });
        self.weight.insert(index, weight);
        weight
    }
}

/// The layout of fields one after the other.
pub(crate) fn fields_layout(types: &Types, fields: impl Iterator<Item = ValType>, width: PointerWidth) -> Layout {
    Layout::record(fields.map(|ty| types.layout(ty, width)))
}

/// The first feature that a function of type `func` needs and adapters do not support, in words that fit after "unsupported
/// feature: ". Beside these, no adapter passes handles within one component instance (see [`AdapterSpec`](crate::AdapterSpec)).
pub fn unsupported(types: &Types, func: FuncTypeIndex) -> Option<&'static str> {
    let func = types.func(func);
    if func.async_ {
        return Some("async functions");
    }
    let mut seen = HashSet::new();
    func.param_types().chain(func.result).find_map(|ty| unsupported_type(types, ty, &mut seen))
}

fn unsupported_type(types: &Types, ty: ValType, seen: &mut HashSet<DefinedTypeIndex>) -> Option<&'static str> {
    let index = match ty {
        ValType::ErrorContext => return Some("error-context"),
        ValType::Defined(index) if types.holds_handles(ty) => index,
        _ => return None,
    };
    if !seen.insert(index) {
        return None;
    }
    match types.defined(index) {
        DefinedType::Stream(_) => return Some("streams"),
        DefinedType::Future(_) => return Some("futures"),
        _ => {}
    }
    let mut found = None;
    types.defined(index).each_child(|child| found = found.or_else(|| unsupported_type(types, child, seen)));
    found
}
