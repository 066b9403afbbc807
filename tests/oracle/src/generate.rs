//! Types and values of the component model out of arbitrary bytes.

use arbitrary::{Result, Unstructured};
use gusset::Val;

/// A component value type, as the generator sees it. Fields, cases and labels are named `n0`, `n1` and so on.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs, reason = "the spec's own words, one for one")]
pub enum Shape {
    Bool,
    S8,
    U8,
    S16,
    U16,
    S32,
    U32,
    S64,
    U64,
    F32,
    F64,
    Char,
    String,
    List(Box<Shape>),
    Tuple(Vec<Shape>),
    Record(Vec<Shape>),
    Variant(Vec<Option<Shape>>),
    Enum(u32),
    Flags(u32),
    Option(Box<Shape>),
    Result(Option<Box<Shape>>, Option<Box<Shape>>),
}

/// How deep a type may nest.
const DEPTH: u32 = 4;
/// How many values one list holds at most.
const LIST: usize = 5;

/// A type, usually structured.
///
/// # Errors
///
/// When the input ends.
pub fn arbitrary_shape(input: &mut Unstructured<'_>) -> Result<Shape> {
    shape(input, DEPTH)
}

fn shape(input: &mut Unstructured<'_>, depth: u32) -> Result<Shape> {
    const PRIMITIVES: [Shape; 13] = [
        Shape::Bool,
        Shape::S8,
        Shape::U8,
        Shape::S16,
        Shape::U16,
        Shape::S32,
        Shape::U32,
        Shape::S64,
        Shape::U64,
        Shape::F32,
        Shape::F64,
        Shape::Char,
        Shape::String,
    ];
    if depth == 0 || input.ratio(1, 3)? {
        return Ok(input.choose(&PRIMITIVES)?.clone());
    }
    let inner = |input: &mut Unstructured<'_>| shape(input, depth - 1);
    let many = |input: &mut Unstructured<'_>, most: u32| -> Result<Vec<Shape>> {
        (0..input.int_in_range(1..=most)?).map(|_| shape(input, depth - 1)).collect()
    };
    let maybe = |input: &mut Unstructured<'_>| -> Result<Option<Shape>> {
        if input.arbitrary()? { shape(input, depth - 1).map(Some) } else { Ok(None) }
    };
    Ok(match input.int_in_range(0..=8)? {
        0 | 1 => Shape::List(Box::new(inner(input)?)),
        2 => Shape::Tuple(many(input, 6)?),
        3 => Shape::Record(many(input, 18)?),
        4 => Shape::Variant((0..input.int_in_range(1..=5)?).map(|_| maybe(input)).collect::<Result<_>>()?),
        5 => Shape::Enum(*input.choose(&[1, 2, 3, 256, 257, 300])?),
        6 => Shape::Flags(input.int_in_range(1..=32)?),
        7 => Shape::Option(Box::new(inner(input)?)),
        _ => Shape::Result(maybe(input)?.map(Box::new), maybe(input)?.map(Box::new)),
    })
}

/// The name of the n-th field, case or label.
pub(crate) fn name(n: usize) -> String {
    format!("n{n}")
}

/// A value of type `shape`.
///
/// # Errors
///
/// When the input ends before the value is begun; inside a value, missing input counts as zeros.
pub fn arbitrary_value(shape: &Shape, input: &mut Unstructured<'_>) -> Result<Val> {
    if input.is_empty() {
        return Err(arbitrary::Error::NotEnoughData);
    }
    value(shape, input)
}

fn value(shape: &Shape, input: &mut Unstructured<'_>) -> Result<Val> {
    let payload = |shape: &Option<Box<Shape>>, input: &mut Unstructured<'_>| -> Result<Option<Box<Val>>> {
        shape.as_deref().map(|shape| value(shape, input).map(Box::new)).transpose()
    };
    Ok(match shape {
        Shape::Bool => Val::Bool(input.arbitrary()?),
        Shape::S8 => Val::S8(input.arbitrary()?),
        Shape::U8 => Val::U8(input.arbitrary()?),
        Shape::S16 => Val::S16(input.arbitrary()?),
        Shape::U16 => Val::U16(input.arbitrary()?),
        Shape::S32 => Val::S32(input.arbitrary()?),
        Shape::U32 => Val::U32(input.arbitrary()?),
        Shape::S64 => Val::S64(input.arbitrary()?),
        Shape::U64 => Val::U64(input.arbitrary()?),
        Shape::F32 => Val::F32(input.arbitrary()?),
        Shape::F64 => Val::F64(input.arbitrary()?),
        Shape::Char => Val::Char(character(input)?),
        Shape::String => {
            let length = input.int_in_range(0..=12)?;
            Val::String((0..length).map(|_| character(input)).collect::<Result<String>>()?)
        }
        Shape::List(element) => {
            let length = input.int_in_range(0..=LIST)?;
            Val::List((0..length).map(|_| value(element, input)).collect::<Result<_>>()?)
        }
        Shape::Tuple(types) => Val::Tuple(types.iter().map(|ty| value(ty, input)).collect::<Result<_>>()?),
        Shape::Record(types) => {
            let fields = types.iter().enumerate().map(|(n, ty)| Ok((name(n).into(), value(ty, input)?)));
            Val::Record(fields.collect::<Result<_>>()?)
        }
        Shape::Variant(cases) => {
            let case = input.choose_index(cases.len())?;
            let payload = cases[case].as_ref().map(|ty| value(ty, input).map(Box::new)).transpose()?;
            Val::Variant(name(case).into(), payload)
        }
        Shape::Enum(labels) => Val::Enum(name(input.choose_index(*labels as usize)?).into()),
        Shape::Flags(labels) => {
            let bits: u32 = input.arbitrary()?;
            Val::Flags((0..*labels as usize).filter(|n| bits >> n & 1 == 1).map(|n| name(n).into()).collect())
        }
        Shape::Option(some) => Val::Option(if input.arbitrary()? { Some(Box::new(value(some, input)?)) } else { None }),
        Shape::Result(ok, err) => {
            Val::Result(if input.arbitrary()? { Ok(payload(ok, input)?) } else { Err(payload(err, input)?) })
        }
    })
}

/// A character: ASCII, Latin-1, another of the basic plane, or one beyond it, about equally often.
fn character(input: &mut Unstructured<'_>) -> Result<char> {
    let range = input.choose(&[0x20..=0x7e, 0xa0..=0xff, 0x100..=0xd7ff, 0x1_0000..=0x10_ffff])?.clone();
    Ok(char::from_u32(input.int_in_range(range)?).unwrap_or('?'))
}
