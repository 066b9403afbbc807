//! A call of a core module's export, as it stands on a command line: `NAME` with a number for each parameter, or `NAME(1, 2)`. And
//! what is said of one that cannot be made.

use crate::error::WrongUsage;
use crate::guess;
use anyhow::{Result, anyhow, bail};
use gusset::core::{ExternType, FuncType, Module, Ref, Val, ValType};
use gusset::{Printable, nearest};

/// How many functions are listed.
const LISTED: usize = 40;

/// A function of a module and what it is called with.
pub(super) struct CoreCall {
    pub(super) name: String,
    pub(super) ty: FuncType,
    pub(super) arguments: Vec<Val>,
}

/// The functions that a module exports.
pub(super) fn functions(module: &Module) -> impl Iterator<Item = (&str, FuncType)> {
    module.exports().filter_map(|(name, ty)| match ty {
        ExternType::Func(ty) => Some((name, ty)),
        _ => None,
    })
}

impl CoreCall {
    /// The call that `text` and the words behind it ask for.
    ///
    /// # Errors
    ///
    /// When there is no such function, or it takes other values.
    pub(super) fn parse(
        module: &Module,
        shown: &str,
        typed_file: &str,
        text: &str,
        words: &[String],
    ) -> Result<CoreCall> {
        // Core names may have parentheses of their own.
        let (name, inner) = match function(module, text) {
            Some(_) => (text, None),
            None => parts(text).map_or((text, None), |(name, values)| (name, Some(values))),
        };
        let Some(ty) = function(module, name) else { return Err(unknown(module, shown, name)) };
        let values: Vec<&str> = match inner {
            None => words.iter().map(|word| word.trim_end_matches(',')).collect(),
            Some(values) if words.is_empty() => values,
            Some(_) => {
                let call = format!("gusset run --invoke {} {typed_file}", guess::in_shell(text));
                return Err(
                    WrongUsage(format!("nothing can stand behind a call with parentheses:\n\n  {call}\n")).into()
                );
            }
        };
        let arguments = arguments(name, &ty, &values)
            .map_err(|error| error.context(format!("cannot call `{}`{}", Printable::name(name), example(name, &ty))))?;
        Ok(CoreCall { name: name.into(), ty, arguments })
    }
}

fn function(module: &Module, name: &str) -> Option<FuncType> {
    functions(module).find_map(|(known, ty)| (known == name).then_some(ty))
}

/// The name and the values of `NAME(VALUE, …)`.
fn parts(text: &str) -> Option<(&str, Vec<&str>)> {
    let (name, values) = text.trim().split_once('(')?;
    let values = values.strip_suffix(')')?.trim();
    let values = if values.is_empty() { Vec::new() } else { values.split(',').map(str::trim).collect() };
    Some((name.trim_end(), values))
}

fn arguments(name: &str, ty: &FuncType, values: &[&str]) -> Result<Vec<Val>> {
    let (wanted, given) = (ty.params.len(), values.len());
    if wanted != given {
        let plural = if wanted == 1 { "" } else { "s" };
        bail!("`{}` takes {wanted} number{plural}, not {given}", Printable::name(name));
    }
    let values = ty.params.iter().zip(values).enumerate();
    values.map(|(at, (&ty, text))| argument(ty, text).map_err(|why| anyhow!("argument {}: {why}", at + 1))).collect()
}

fn argument(ty: ValType, text: &str) -> Result<Val, String> {
    let wrong = |wanted: &str| format!("expected {wanted}, found `{}`", Printable::name(text));
    match ty {
        ValType::I32 => {
            let value = integer(text).filter(|value| (i32::MIN.into()..=u32::MAX.into()).contains(value));
            value.map(|value| Val::I32(value as i32)).ok_or_else(|| wrong("i32 (-2147483648 to 4294967295)"))
        }
        ValType::I64 => {
            let value = integer(text).filter(|value| (i64::MIN.into()..=u64::MAX.into()).contains(value));
            let wanted = "i64 (-9223372036854775808 to 18446744073709551615)";
            value.map(|value| Val::I64(value as i64)).ok_or_else(|| wrong(wanted))
        }
        ValType::F32 => text.parse::<f32>().map(Val::from).map_err(|_| wrong("f32")),
        ValType::F64 => text.parse::<f64>().map(Val::from).map_err(|_| wrong("f64")),
        ValType::V128 => {
            let digits =
                text.strip_prefix("0x").filter(|digits| digits.starts_with(|char: char| char.is_ascii_hexdigit()));
            let value = digits.and_then(|digits| u128::from_str_radix(digits, 16).ok());
            value.map(Val::V128).ok_or_else(|| wrong("v128 (`0x` and up to 32 digits, the first lane last)"))
        }
        ValType::Ref(_) => Err("only numbers can stand on a command line".into()),
    }
}

/// A whole number, with `0x` before one in hexadecimal.
fn integer(text: &str) -> Option<i128> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (digits, radix) = digits.strip_prefix("0x").map_or((digits, 10), |digits| (digits, 16));
    // A second sign is none of the digits.
    if !digits.starts_with(|char: char| char.is_digit(radix)) {
        return None;
    }
    let value = i128::from_str_radix(digits, radix).ok()?;
    Some(if negative { -value } else { value })
}

/// A result, as it is printed.
pub(super) fn result_text(value: &Val) -> String {
    match value {
        Val::I32(value) => value.to_string(),
        Val::I64(value) => value.to_string(),
        Val::F32(bits) => f32::from_bits(*bits).to_string(),
        Val::F64(bits) => f64::from_bits(*bits).to_string(),
        Val::V128(bits) => format!("{bits:#034x}"),
        Val::Ref(value) if value.is_null() => "null".into(),
        Val::Ref(Ref::Func(_)) => "a function".into(),
        Val::Ref(_) => "a reference".into(),
    }
}

/// A call of a function that takes nothing but numbers.
pub(super) fn sample(name: &str, ty: &FuncType) -> Option<String> {
    let value = |ty: &ValType| match ty {
        ValType::I32 | ValType::I64 => Some("1"),
        ValType::F32 | ValType::F64 => Some("1.5"),
        _ => None,
    };
    let values: Vec<&str> = ty.params.iter().map(value).collect::<Option<_>>()?;
    Some(format!("{name}({})", values.join(", ")))
}

/// A call of one of `functions` with the numbers that `words` are, or are but for the first.
pub(super) fn fitting(functions: &[(&str, FuncType)], words: &[String]) -> Option<String> {
    let values: Vec<&str> = words.iter().map(|word| word.trim_end_matches(',')).collect();
    let numbers = [&values[..], values.get(1..).unwrap_or_default()];
    numbers.into_iter().filter(|values| !values.is_empty()).find_map(|values| {
        let (name, _) = functions.iter().find(|(name, ty)| arguments(name, ty, values).is_ok())?;
        Some(format!("{name}({})", values.join(", ")))
    })
}

fn example(name: &str, ty: &FuncType) -> String {
    sample(name, ty).map_or_else(String::new, |call| format!(" so; a call of it looks like {}", guess::in_shell(&call)))
}

fn unknown(module: &Module, shown: &str, name: &str) -> anyhow::Error {
    let functions: Vec<(&str, FuncType)> = functions(module).collect();
    let near = nearest(name, functions.iter().map(|(name, _)| *name));
    let hint = near.map_or_else(
        || format!("; {}", listing(&functions)),
        |near| format!("; did you mean `{}`?", Printable::name(near)),
    );
    let message = format!("no exported function is called `{}`{hint}", Printable::name(name));
    anyhow!(message).context(format!("cannot call a function of {shown}"))
}

/// What functions there are, for an error.
pub(super) fn listing(functions: &[(&str, FuncType)]) -> String {
    if functions.is_empty() {
        return "the module exports no functions".into();
    }
    let line = |(name, ty): &(&str, FuncType)| format!("  {}: {}", Printable::name(name), ExternType::Func(ty.clone()));
    let mut lines: Vec<String> = functions.iter().take(LISTED).map(line).collect();
    if functions.len() > lines.len() {
        lines.push(format!("  and {} more", functions.len() - lines.len()));
    }
    format!("the module exports\n{}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_signed_or_not_and_decimal_or_hexadecimal() {
        for (text, expected) in [
            ("0", Some(Val::I32(0))),
            ("-1", Some(Val::I32(-1))),
            ("4294967295", Some(Val::I32(-1))),
            ("-2147483648", Some(Val::I32(i32::MIN))),
            ("0xffffffff", Some(Val::I32(-1))),
            ("-0x10", Some(Val::I32(-16))),
            ("4294967296", None),
            ("-2147483649", None),
            ("+1", None),
            ("--1", None),
            ("-", None),
            ("0x", None),
            ("0x-1", None),
            ("1.0", None),
            ("", None),
            ("99999999999999999999999999999999999999999999", None),
        ] {
            assert_eq!(argument(ValType::I32, text).ok(), expected, "{text}");
        }
        assert_eq!(argument(ValType::I64, "18446744073709551615").ok(), Some(Val::I64(-1)));
        assert_eq!(argument(ValType::I64, "-9223372036854775808").ok(), Some(Val::I64(i64::MIN)));
        assert!(argument(ValType::I64, "18446744073709551616").is_err());
    }

    #[test]
    fn floats_are_as_rust_reads_and_writes_them() {
        assert_eq!(argument(ValType::F32, "1.5").ok(), Some(Val::from(1.5_f32)));
        assert_eq!(argument(ValType::F64, "-inf").ok(), Some(Val::from(f64::NEG_INFINITY)));
        assert!(argument(ValType::F64, "one").is_err());
        for (value, text) in [(Val::from(1.5_f32), "1.5"), (Val::from(f64::NAN), "NaN"), (Val::from(-0.0_f64), "-0")] {
            assert_eq!(result_text(&value), text);
        }
    }

    #[test]
    fn numbers_fit_a_function() {
        let ty = |params: &[ValType]| FuncType { params: params.into(), results: [].into() };
        let functions = [("half", ty(&[ValType::F64])), ("add", ty(&[ValType::I32, ValType::I32]))];
        for (words, expected) in [
            (&["1", "2"][..], Some("add(1, 2)")),
            (&["1,", "2"], Some("add(1, 2)")),
            (&["ad", "1", "2"], Some("add(1, 2)")),
            (&["1.5"], Some("half(1.5)")),
            (&["0.5", "1"], Some("half(1)")),
            (&["1", "2", "3", "4"], None),
            (&["word"], None),
            (&[], None),
        ] {
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            assert_eq!(fitting(&functions, &words).as_deref(), expected, "{words:?}");
        }
    }

    #[test]
    fn calls_have_parts() {
        assert_eq!(parts("f()"), Some(("f", vec![])));
        assert_eq!(parts(" f (1,2 , -3) "), Some(("f", vec!["1", "2", "-3"])));
        assert_eq!(parts("f"), None);
        assert_eq!(parts("f(1"), None);
        assert_eq!(parts("f(1,)"), Some(("f", vec!["1", ""])));
    }
}
