//! Types and values of the component model out of arbitrary bytes.

use arbitrary::{Result, Unstructured};
use gusset::Val;

/// A component value type, as the generator sees it. Fields, cases and labels are named `n0`, `n1` and so on.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs, reason = "the spec's own words, one for one")]
pub enum GeneratedType {
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
    List(Box<GeneratedType>),
    FixedLengthList(Box<GeneratedType>, u32),
    Map(Box<GeneratedType>, Box<GeneratedType>),
    Tuple(Vec<GeneratedType>),
    Record(Vec<GeneratedType>),
    Variant(Vec<Option<GeneratedType>>),
    Enum(u32),
    Flags(u32),
    Option(Box<GeneratedType>),
    Result(Option<Box<GeneratedType>>, Option<Box<GeneratedType>>),
    /// A handle of the resource type of the host that compositions import.
    Own,
    /// The same, lent: only in types of parameters.
    Borrow,
}

/// How deep a type may nest.
const DEPTH: u32 = 4;
/// How many values one list holds at most.
const LIST: usize = 5;
/// The same where elements are numbers, of which many are translated at once.
const LONG_LIST: usize = 150;
/// How many cases a variant of many has.
const MANY_CASES: usize = 20;
/// Those that can be keys of a map come first.
const PRIMITIVES: [GeneratedType; 13] = [
    GeneratedType::Bool,
    GeneratedType::S8,
    GeneratedType::U8,
    GeneratedType::S16,
    GeneratedType::U16,
    GeneratedType::S32,
    GeneratedType::U32,
    GeneratedType::S64,
    GeneratedType::U64,
    GeneratedType::Char,
    GeneratedType::String,
    GeneratedType::F32,
    GeneratedType::F64,
];
/// How many of them can be keys.
const KEYS: usize = 11;

/// A type, usually structured.
///
/// # Errors
///
/// When the input ends.
pub fn arbitrary_type(input: &mut Unstructured<'_>) -> Result<GeneratedType> {
    generate(input, DEPTH, None)
}

/// The same, with handles among others: all are `Own`, or all are `Borrow`.
///
/// # Errors
///
/// When the input ends.
pub fn arbitrary_type_with_handles(input: &mut Unstructured<'_>, handle: &GeneratedType) -> Result<GeneratedType> {
    generate(input, DEPTH, Some(handle))
}

fn generate(input: &mut Unstructured<'_>, depth: u32, handle: Option<&GeneratedType>) -> Result<GeneratedType> {
    if depth == 0 || input.ratio(1, 3)? {
        if let Some(handle) = handle
            && input.ratio(1, 5)?
        {
            return Ok(handle.clone());
        }
        return Ok(input.choose(&PRIMITIVES)?.clone());
    }
    let inner = |input: &mut Unstructured<'_>| generate(input, depth - 1, handle);
    let many = |input: &mut Unstructured<'_>, most: u32| -> Result<Vec<GeneratedType>> {
        (0..input.int_in_range(1..=most)?).map(|_| generate(input, depth - 1, handle)).collect()
    };
    let maybe = |input: &mut Unstructured<'_>| -> Result<Option<GeneratedType>> {
        if input.arbitrary()? { generate(input, depth - 1, handle).map(Some) } else { Ok(None) }
    };
    // One that does not fit core values only at the top, so that a value stays small.
    let lengths: &[u32] = if depth == DEPTH { &[1, 2, 7, 16, 17, 40] } else { &[1, 2, 3] };
    Ok(match input.int_in_range(0..=10)? {
        0 | 1 => GeneratedType::List(Box::new(inner(input)?)),
        2 => GeneratedType::Tuple(many(input, 6)?),
        3 => GeneratedType::Record(many(input, 18)?),
        4 => {
            let cases = (0..input.int_in_range(1..=5)?).map(|_| maybe(input)).collect::<Result<Vec<_>>>()?;
            // Many cases of few payloads: adapters share code between them.
            let count = if input.ratio(1, 4)? { MANY_CASES } else { cases.len() };
            GeneratedType::Variant(cases.into_iter().cycle().take(count).collect())
        }
        5 => GeneratedType::Enum(*input.choose(&[1, 2, 3, 256, 257, 300])?),
        6 => GeneratedType::Flags(input.int_in_range(1..=32)?),
        7 => GeneratedType::Option(Box::new(inner(input)?)),
        8 => GeneratedType::Result(maybe(input)?.map(Box::new), maybe(input)?.map(Box::new)),
        9 => {
            let length = *input.choose(lengths)?;
            GeneratedType::FixedLengthList(Box::new(inner(input)?), length)
        }
        _ => {
            let key = input.choose(&PRIMITIVES[..KEYS])?.clone();
            // Maps hold no handles.
            GeneratedType::Map(Box::new(key), Box::new(generate(input, depth - 1, None)?))
        }
    })
}

/// The name of the n-th field, case or label.
pub(crate) fn name(n: usize) -> String {
    format!("n{n}")
}

/// A value of type `ty`.
///
/// # Errors
///
/// When the input ends before the value is begun; inside a value, missing input counts as zeros.
pub fn arbitrary_value(ty: &GeneratedType, input: &mut Unstructured<'_>) -> Result<Val> {
    if input.is_empty() {
        return Err(arbitrary::Error::NotEnoughData);
    }
    value(ty, input)
}

fn value(ty: &GeneratedType, input: &mut Unstructured<'_>) -> Result<Val> {
    let payload = |ty: &Option<Box<GeneratedType>>, input: &mut Unstructured<'_>| -> Result<Option<Box<Val>>> {
        ty.as_deref().map(|ty| value(ty, input).map(Box::new)).transpose()
    };
    Ok(match ty {
        GeneratedType::Bool => Val::Bool(input.arbitrary()?),
        GeneratedType::S8 => Val::S8(input.arbitrary()?),
        GeneratedType::U8 => Val::U8(input.arbitrary()?),
        GeneratedType::S16 => Val::S16(input.arbitrary()?),
        GeneratedType::U16 => Val::U16(input.arbitrary()?),
        GeneratedType::S32 => Val::S32(input.arbitrary()?),
        // Who has a store makes a handle of it.
        GeneratedType::U32 | GeneratedType::Own | GeneratedType::Borrow => Val::U32(input.arbitrary()?),
        GeneratedType::S64 => Val::S64(input.arbitrary()?),
        GeneratedType::U64 => Val::U64(input.arbitrary()?),
        GeneratedType::F32 => Val::F32(input.arbitrary()?),
        GeneratedType::F64 => Val::F64(input.arbitrary()?),
        GeneratedType::Char => Val::Char(character(input)?),
        GeneratedType::String => Val::String(if input.arbitrary()? { plain_text(input)? } else { text(input)? }),
        GeneratedType::List(element) => {
            let long = is_numbers(element) && input.ratio(1, 4)?;
            let length = input.int_in_range(0..=if long { LONG_LIST } else { LIST })?;
            Val::List((0..length).map(|_| value(element, input)).collect::<Result<_>>()?)
        }
        GeneratedType::FixedLengthList(element, length) => {
            Val::List((0..*length).map(|_| value(element, input)).collect::<Result<_>>()?)
        }
        GeneratedType::Map(key, of) => {
            let length = input.int_in_range(0..=LIST)?;
            Val::Map((0..length).map(|_| Ok((value(key, input)?, value(of, input)?))).collect::<Result<_>>()?)
        }
        GeneratedType::Tuple(types) => Val::Tuple(types.iter().map(|ty| value(ty, input)).collect::<Result<_>>()?),
        GeneratedType::Record(types) => {
            let fields = types.iter().enumerate().map(|(n, ty)| Ok((name(n).into(), value(ty, input)?)));
            Val::Record(fields.collect::<Result<_>>()?)
        }
        GeneratedType::Variant(cases) => {
            let case = input.choose_index(cases.len())?;
            let payload = cases[case].as_ref().map(|ty| value(ty, input).map(Box::new)).transpose()?;
            Val::Variant(name(case).into(), payload)
        }
        GeneratedType::Enum(labels) => Val::Enum(name(input.choose_index(*labels as usize)?).into()),
        GeneratedType::Flags(labels) => {
            let bits: u32 = input.arbitrary()?;
            Val::Flags((0..*labels as usize).filter(|n| bits >> n & 1 == 1).map(|n| name(n).into()).collect())
        }
        GeneratedType::Option(some) => {
            Val::Option(if input.arbitrary()? { Some(Box::new(value(some, input)?)) } else { None })
        }
        GeneratedType::Result(ok, err) => {
            Val::Result(if input.arbitrary()? { Ok(payload(ok, input)?) } else { Err(payload(err, input)?) })
        }
    })
}

/// A few characters of any kind.
fn text(input: &mut Unstructured<'_>) -> Result<String> {
    let length = input.int_in_range(0..=12)?;
    (0..length).map(|_| character(input)).collect()
}

/// Letters, of which one may be another character: around the lengths of what is moved at once.
fn plain_text(input: &mut Unstructured<'_>) -> Result<String> {
    let length = input.int_in_range(0..=80_usize)?;
    let mut text: String = ('a'..='z').cycle().take(length).collect();
    if length > 0 && input.ratio(1, 3)? {
        let at = input.choose_index(length)?;
        text.replace_range(at..=at, character(input)?.encode_utf8(&mut [0; 4]));
    }
    Ok(text)
}

/// Whether values of a type are numbers at fixed places, and not many.
fn is_numbers(ty: &GeneratedType) -> bool {
    match ty {
        GeneratedType::Tuple(types) | GeneratedType::Record(types) => types.len() <= 6 && types.iter().all(is_numbers),
        GeneratedType::FixedLengthList(element, length) => *length <= 6 && is_numbers(element),
        GeneratedType::String
        | GeneratedType::List(_)
        | GeneratedType::Map(..)
        | GeneratedType::Variant(_)
        | GeneratedType::Option(_)
        | GeneratedType::Result(..)
        | GeneratedType::Own
        | GeneratedType::Borrow => false,
        _ => true,
    }
}

/// A character: ASCII, Latin-1, another of the basic plane, or one beyond it, about equally often.
fn character(input: &mut Unstructured<'_>) -> Result<char> {
    let range = input.choose(&[0x20..=0x7e, 0xa0..=0xff, 0x100..=0xd7ff, 0x1_0000..=0x10_ffff])?.clone();
    Ok(char::from_u32(input.int_in_range(range)?).unwrap_or('?'))
}
