//! What messages add to what is wrong: what stands there, in words, and how it would be written. Nothing is ever taken for what
//! a hint says.

use super::convert::{WaveReader, range};
use super::error::{cut, quote};
use gusset_types::{DefinedType, ValType, nearest};
use wasm_wave::ast::{Node, NodeType};
use wasm_wave::lex::{Keyword, Lexer, Token};

/// How strings between three quotes are written.
pub(super) const MULTILINE: &str = "a string between `\"\"\"` begins on the line after them, the closing `\"\"\"` stand on a \
    line of their own, and each line is indented at least as far as they are";

/// Said of a word that may have been a string.
pub(super) const SHELL: &str = " (a shell takes away quotes that are not quoted themselves)";

/// What `node` is, and its text.
pub(super) fn describe(node: &Node, text: &str) -> String {
    let what = match node.ty() {
        NodeType::BoolTrue | NodeType::BoolFalse => "the bool",
        NodeType::Number => "the number",
        NodeType::Char => "the char",
        NodeType::String | NodeType::MultilineString => "the string",
        NodeType::Tuple => "the tuple",
        NodeType::List => "the list",
        NodeType::TupleSet => match node.as_map().ok().and_then(|mut entries| entries.next()) {
            Some((key, _)) if key.ty() != NodeType::Label => "the map",
            _ => "the record",
        },
        NodeType::EmptySet => "the empty braces",
        NodeType::Label => "the word",
        NodeType::VariantWithPayload => "the case",
        NodeType::OptionSome | NodeType::OptionNone => "the option",
        NodeType::ResultOk | NodeType::ResultErr => "the result",
        NodeType::Flags => "the flags",
    };
    format!("{what} {}", quote(&text[node.span()]))
}

/// How the value would be written that `node` may have been meant to be, or how such values look.
pub(super) fn mismatch(of: &WaveReader<'_>, node: &Node, ty: ValType) -> String {
    let part = of.part(node);
    let inner = part.get(1..part.len().saturating_sub(1)).unwrap_or_default().trim();
    let written = match ty {
        ValType::Bool => "a bool is `true` or `false`".into(),
        ValType::Char => return char(node, part, inner),
        ValType::String => return string(node, part, inner),
        ValType::F32 | ValType::F64 if node.ty() == NodeType::String && is_number(inner) => without_quotes(inner),
        _ if range(ty).is_some() && node.ty() == NodeType::String && is_number(inner) => without_quotes(inner),
        ValType::Defined(_) => match of.shape(ty) {
            Some(DefinedType::List(_) | DefinedType::FixedLengthList(..)) => match node.ty() {
                NodeType::Tuple => format!("a list is written in brackets: `[{}]`", cut(inner)),
                NodeType::EmptySet => "a list is written in brackets: `[]`".into(),
                _ => format!("a list is written in brackets: `[{}]`", cut(part)),
            },
            Some(DefinedType::Tuple(_)) => match node.ty() {
                NodeType::List => format!("a tuple is written in parentheses: `({})`", cut(inner)),
                _ => "a tuple is written in parentheses: `(a, b)`".into(),
            },
            Some(DefinedType::Map(..)) => "a map is written in braces: `{key: value}`".into(),
            Some(DefinedType::Record(fields)) => match node.ty() {
                NodeType::EmptySet
                    if fields.iter().all(|it| matches!(of.shape(it.ty), Some(DefinedType::Option(_)))) =>
                {
                    "a record of which nothing is given is written `{:}`".into()
                }
                _ => format!("a record is written in braces, {}", record(fields.iter().map(|field| &*field.name))),
            },
            Some(DefinedType::Flags(labels)) => match (node.ty(), labels.first()) {
                (NodeType::Label, _) => format!("flags are written in braces: `{{{}}}`", cut(part)),
                (NodeType::List, _) => format!("flags are written in braces: `{{{}}}`", cut(inner)),
                (_, Some(label)) => format!("flags are written in braces: `{{{}}}`", cut(label)),
                (_, None) => "flags are written in braces: `{}`".into(),
            },
            Some(DefinedType::Variant(_) | DefinedType::Enum(_)) => return case(of, node, ty, inner),
            Some(DefinedType::Option(_)) => "an option is `none` or `some(value)`".into(),
            Some(DefinedType::Result(result)) => {
                let written = |word: &str, ty: Option<_>| ty.map_or(word.into(), |_: ValType| format!("{word}(value)"));
                format!("a result is `{}` or `{}`", written("ok", result.ok), written("err", result.err))
            }
            _ => return String::new(),
        },
        _ => return String::new(),
    };
    format!("; {written}")
}

fn without_quotes(inner: &str) -> String {
    format!("a number is written without quotes: {}", quote(inner))
}

/// How a record with these fields looks.
fn record<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    let more = if names.len() > 3 { ", …" } else { "" };
    let fields: Vec<String> = names.take(3).map(|name| format!("{}: …", cut(name))).collect();
    format!("`{{{}{more}}}`", fields.join(", "))
}

fn string(node: &Node, part: &str, inner: &str) -> String {
    let (content, shell) = match node.ty() {
        NodeType::Char => (inner, ""),
        NodeType::Label => (part, SHELL),
        _ if part.contains('"') => return "; a string is written in double quotes".into(),
        _ => (part, ""),
    };
    format!("; a string is written in double quotes: `\"{}\"`{shell}", cut(content))
}

fn char(node: &Node, part: &str, inner: &str) -> String {
    let (content, shell) = match node.ty() {
        NodeType::String => (inner, ""),
        NodeType::Label => (part, SHELL),
        _ => (part, ""),
    };
    match content.chars().count() {
        1 => format!("; a char is written in single quotes: `'{content}'`{shell}"),
        _ => "; a char is one character in single quotes".into(),
    }
}

/// Of what is no case at all: a keyword or a string may be the name of one.
fn case(of: &WaveReader<'_>, node: &Node, ty: ValType, inner: &str) -> String {
    let labels = of.labels(ty);
    let part = of.part(node);
    let word = part.split('(').next().unwrap_or_default().trim_end();
    if Keyword::decode(word).is_some() && labels.contains(&word) {
        let keyword = quote(word);
        return format!("; {keyword} is a keyword, and as the name of a case written {}", quote(&format!("%{part}")));
    }
    if node.ty() == NodeType::String && labels.contains(&inner) {
        return format!("; a case is written without quotes: {}", quote(inner));
    }
    let name = if node.ty() == NodeType::String { inner } else { word };
    near(name, labels)
}

/// The nearest of these names, if one is near.
pub(super) fn near<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, names).map_or(String::new(), |near| format!("; did you mean {}?", quote(near)))
}

/// Of a key that is no name.
pub(super) fn field_name(key: &Node, text: &str) -> String {
    match key.ty() {
        NodeType::String => {
            let name = text[key.span()].trim_matches('"');
            format!("; the name of a field is written without quotes: {}", quote(name))
        }
        _ => String::new(),
    }
}

/// Of a number that is none of the integer type `ty`.
pub(super) fn integer(part: &str, ty: ValType) -> String {
    let Some((least, most)) = range(ty) else { return String::new() };
    let whole = part.strip_prefix('-').unwrap_or(part).bytes().all(|byte| byte.is_ascii_digit());
    let value = part.parse::<f64>().ok().filter(|value| value.fract() == 0.0 && value.abs() < 1e15);
    match value.map(|value| value as i128).filter(|value| (least..=most).contains(value)) {
        Some(value) if whole => format!("; write `{value}`"),
        Some(value) => format!(", which is not written as a whole number; write `{value}`"),
        None if whole => String::new(),
        None => ", which is not a whole number".into(),
    }
}

/// Whether `node` is how other languages write that something is absent.
pub(super) fn is_null(node: &Node, text: &str) -> bool {
    node.ty() == NodeType::Label && matches!(&text[node.span()], "null" | "nil" | "undefined" | "nothing" | "NULL")
}

/// Whether `node` looks like a result that is written in other words.
pub(super) fn is_result(node: &Node, text: &str) -> bool {
    let word = text[node.span()].split('(').next().unwrap_or_default();
    matches!(node.ty(), NodeType::Label | NodeType::VariantWithPayload)
        && matches!(word, "error" | "fail" | "failure" | "success")
}

/// The escape that `text` begins with, and what is wrong with it.
pub(super) fn escape(text: &str) -> (&str, String) {
    let end = match text.strip_prefix("\\u{").and_then(|rest| rest.find(['}', '"', '\'', '\n'])) {
        Some(end) => end + "\\u{}".len(),
        None => text.char_indices().nth(2).map_or(text.len(), |(end, _)| end),
    };
    let escape = text.get(..end).unwrap_or(text);
    let known = r#"`\"`, `\'`, `\n`, `\r`, `\t` and `\u{…}` with the number of a character in hexadecimal"#;
    (escape, format!("{} is no escape: a backslash is written `\\\\`; others are {known}", quote(escape)))
}

/// The number that `word` is in another language's notation.
pub(super) fn number(word: &str) -> Option<String> {
    let (sign, digits) = match word.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", word.strip_prefix('+').unwrap_or(word)),
    };
    let digits = digits.replace('_', "").to_ascii_lowercase();
    let radix = [("0x", 16), ("0o", 8), ("0b", 2)]
        .iter()
        .find_map(|(prefix, radix)| u128::from_str_radix(digits.strip_prefix(prefix)?, *radix).ok());
    let number = match radix {
        Some(value) => value.to_string(),
        None => {
            let digits = [
                "u8", "s8", "i8", "u16", "s16", "i16", "u32", "s32", "i32", "u64", "s64", "i64", "f32", "f64", "n", "f",
            ]
            .iter()
            .find_map(|suffix| digits.strip_suffix(suffix))
            .unwrap_or(&digits);
            let trimmed = digits.trim_start_matches('0');
            let zero = if trimmed.starts_with(|char: char| char.is_ascii_digit()) { "" } else { "0" };
            let end = if trimmed.ends_with('.') { "0" } else { "" };
            format!("{zero}{trimmed}{end}")
        }
    };
    Some(format!("{sign}{number}")).filter(|number| number != word && is_number(number))
}

/// Whether all of `text` is one number.
fn is_number(text: &str) -> bool {
    let mut tokens = Lexer::new(text);
    !text.contains("//") && tokens.next() == Some(Ok(Token::Number)) && tokens.span().len() == text.len()
}
