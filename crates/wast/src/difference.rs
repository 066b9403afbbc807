//! Where in two component values they first differ. Values in scripts are compared as the component model has them: there is a
//! single NaN, flags have no order, and fields of records are told apart by their names.

use crate::component_value::text;
use gusset::{Printable, Val};
use std::fmt;
use std::sync::Arc;

/// How much of each side is shown, in characters.
const SIDE_SHOWN: usize = 120;

/// The first place where a value is not what a script expects.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Difference {
    /// Where in the value: `[1].name`.
    pub path: String,
    /// What the script expects there, in its notation.
    pub expected: String,
    /// What is there.
    pub actual: String,
}

impl Difference {
    fn new(expected: impl Into<String>, actual: impl Into<String>) -> Difference {
        Difference { path: String::new(), expected: cut(&expected.into()), actual: cut(&actual.into()) }
    }

    /// Puts `segment` before the path, as the difference travels from the inside out.
    fn within(mut self, segment: &str) -> Difference {
        self.path.insert_str(0, segment);
        self
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} is expected, {} is there", Printable::name(&self.path), self.expected, self.actual)
    }
}

fn cut(text: &str) -> String {
    let end = text.char_indices().nth(SIDE_SHOWN).map(|(end, _)| end);
    format!("{}{}", &text[..end.unwrap_or(text.len())], if end.is_some() { "…" } else { "" })
}

/// Whether both are the same, or the first place where they are not.
pub(crate) fn compare(expected: &Val, actual: &Val) -> Result<(), Difference> {
    let same = match (expected, actual) {
        (Val::F32(a), Val::F32(b)) => a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
        (Val::F64(a), Val::F64(b)) => a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
        (Val::List(a), Val::List(b)) => return compare_all(a, b, |at| format!("[{at}]")),
        (Val::Tuple(a), Val::Tuple(b)) => return compare_all(a, b, |at| format!(".{at}")),
        (Val::Map(a), Val::Map(b)) => return compare_entries(a, b),
        (Val::Record(a), Val::Record(b)) => return compare_fields(a, b),
        (Val::Variant(a_case, a), Val::Variant(b_case, b)) if a_case == b_case => {
            return compare_payloads(expected, actual, [a, b], a_case);
        }
        (Val::Option(a), Val::Option(b)) => {
            return compare_payloads(expected, actual, [a, b], "some");
        }
        (Val::Result(Ok(a)), Val::Result(Ok(b))) => {
            return compare_payloads(expected, actual, [a, b], "ok");
        }
        (Val::Result(Err(a)), Val::Result(Err(b))) => {
            return compare_payloads(expected, actual, [a, b], "error");
        }
        (Val::Flags(a), Val::Flags(b)) => a.len() == b.len() && a.iter().all(|label| b.contains(label)),
        (a, b) => a == b,
    };
    if same { Ok(()) } else { Err(Difference::new(text(expected), text(actual))) }
}

/// The payloads of both, which are of the case `name`. Where only one has some, the difference is that of the whole.
fn compare_payloads(
    expected: &Val,
    actual: &Val,
    payloads: [&Option<Box<Val>>; 2],
    name: &str,
) -> Result<(), Difference> {
    match payloads {
        [Some(a), Some(b)] => compare(a, b).map_err(|it| it.within(&format!(".{name}"))),
        [None, None] => Ok(()),
        _ => Err(Difference::new(text(expected), text(actual))),
    }
}

fn compare_all(a: &[Val], b: &[Val], segment: impl Fn(usize) -> String) -> Result<(), Difference> {
    for (at, (a, b)) in a.iter().zip(b).enumerate() {
        compare(a, b).map_err(|it| it.within(&segment(at)))?;
    }
    let at = a.len().min(b.len());
    match (a.get(at), b.get(at)) {
        (None, None) => Ok(()),
        (a, b) => Err(Difference::new(or_nothing(a.map(text)), or_nothing(b.map(text))).within(&segment(at))),
    }
}

fn or_nothing(text: Option<String>) -> String {
    text.unwrap_or_else(|| "nothing".into())
}

fn compare_entries(a: &[(Val, Val)], b: &[(Val, Val)]) -> Result<(), Difference> {
    for (at, ((a_key, a), (b_key, b))) in a.iter().zip(b).enumerate() {
        compare(a_key, b_key).map_err(|it| it.within(&format!("[{at}].0")))?;
        compare(a, b).map_err(|it| it.within(&format!("[{at}].1")))?;
    }
    let at = a.len().min(b.len());
    let entry = |(key, value): &(Val, Val)| format!("(entry {} {})", text(key), text(value));
    match (a.get(at).map(entry), b.get(at).map(entry)) {
        (None, None) => Ok(()),
        (a, b) => Err(Difference::new(or_nothing(a), or_nothing(b)).within(&format!("[{at}]"))),
    }
}

fn compare_fields(a: &[(Arc<str>, Val)], b: &[(Arc<str>, Val)]) -> Result<(), Difference> {
    fn field<'v>(fields: &'v [(Arc<str>, Val)], name: &str) -> Option<&'v Val> {
        fields.iter().find(|(other, _)| **other == *name).map(|(_, value)| value)
    }
    for (name, expected) in a {
        match field(b, name) {
            Some(actual) => compare(expected, actual),
            None => Err(Difference::new(text(expected), "nothing")),
        }
        .map_err(|it| it.within(&format!(".{name}")))?;
    }
    match b.iter().find(|(name, _)| field(a, name).is_none()) {
        Some((name, actual)) => Err(Difference::new("nothing", text(actual)).within(&format!(".{name}"))),
        None if a.len() != b.len() => {
            Err(Difference::new(format!("{} fields", a.len()), format!("{} fields", b.len())))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(fields: &[(&str, Val)]) -> Val {
        Val::Record(fields.iter().map(|(name, value)| ((*name).into(), value.clone())).collect())
    }

    fn list(values: &[u8]) -> Val {
        Val::List(values.iter().map(|&value| Val::U8(value)).collect())
    }

    fn shown(expected: &Val, actual: &Val) -> String {
        compare(expected, actual).map_or_else(|difference| difference.to_string(), |()| String::new())
    }

    #[test]
    fn nans_are_one_and_zeros_are_two() {
        assert_eq!(shown(&Val::F32(f32::NAN), &Val::F32(f32::from_bits(0x7f80_0001))), "");
        assert_eq!(shown(&Val::F64(0.0), &Val::F64(-0.0)), ": (f64.const 0) is expected, (f64.const -0) is there");
    }

    #[test]
    fn fields_and_flags_have_no_order_but_lists_do() {
        let (one, two) = (("a", Val::Bool(true)), ("b", Val::Bool(false)));
        assert_eq!(shown(&record(&[one.clone(), two.clone()]), &record(&[two.clone(), one.clone()])), "");
        let other = record(&[one.clone(), ("c", Val::Bool(false))]);
        assert_eq!(shown(&record(&[one.clone(), two]), &other), ".b: (bool.const false) is expected, nothing is there");
        assert_eq!(shown(&record(&[one]), &other), ".c: nothing is expected, (bool.const false) is there");
        let flags = |names: &[&str]| Val::Flags(names.iter().map(|name| (*name).into()).collect());
        assert_eq!(shown(&flags(&["x", "y"]), &flags(&["y", "x"])), "");
        assert!(compare(&flags(&["x", "y"]), &flags(&["x"])).is_err());
        assert_eq!(shown(&list(&[1, 2]), &list(&[2, 1])), "[0]: (u8.const 1) is expected, (u8.const 2) is there");
        assert_eq!(shown(&list(&[1, 2]), &list(&[1])), "[1]: (u8.const 2) is expected, nothing is there");
        assert!(compare(&list(&[1]), &Val::Tuple(vec![Val::U8(1)])).is_err());
    }

    #[test]
    fn the_first_place_is_told_however_deep_it_lies() {
        let some = |value| Val::Option(Some(Box::new(value)));
        let deep = |last| {
            let variant = Val::Variant("pair".into(), Some(Box::new(Val::Tuple(vec![list(&[]), list(&[7, last])]))));
            let entry = (Val::String("k".into()), Val::Result(Ok(Some(Box::new(some(variant))))));
            record(&[("x", Val::U8(1)), ("m", Val::Map(vec![entry]))])
        };
        assert_eq!(shown(&deep(1), &deep(1)), "");
        let expected = ".m[0].1.ok.some.pair.1[1]: (u8.const 1) is expected, (u8.const 2) is there";
        assert_eq!(shown(&deep(1), &deep(2)), expected);
        let error = |payload: Option<Val>| Val::Result(Err(payload.map(Box::new)));
        let expected = ": (result.err (u8.const 1)) is expected, (result.err) is there";
        assert_eq!(shown(&error(Some(Val::U8(1))), &error(None)), expected);
        let long = Val::String("x".repeat(1000));
        assert!(shown(&some(long), &some(Val::Bool(true))).len() < 400);
    }
}
