//! Why a text is not WAVE. The parser says where it stopped; the text around that place and what is open there say why, in words
//! that need no knowledge of a parser. Whether a text is taken is the parser's affair alone.

use super::context::{Open, TextContext};
use super::convert::{WaveReader, wanted};
use super::error::{Fault, cut, quote};
use super::hint::{self, SHELL};
use crate::types::Type;
use gusset_types::{DefinedType, Types, ValType, nearest};
use std::ops::Range;
use wasm_wave::lex::{Keyword, Lexer, Token};
use wasm_wave::parser::{ParserError, ParserErrorKind};

/// How deep the parser goes.
const MAX_NESTING: usize = 100;

const STRING: &str = "a string is written in double quotes";

/// What the text should be.
#[derive(Clone, Copy)]
pub(super) enum Goal<'a> {
    /// A value of this type.
    Value(&'a Type),
    /// The arguments of a call, in parentheses.
    Arguments,
}

/// The parser's error on `text`, explained.
pub(super) fn explain(error: &ParserError, text: &str, goal: Goal<'_>) -> Fault {
    let place = Stop::new(error, text);
    let context = TextContext::new(text, place.at);
    let (root, call) = match goal {
        Goal::Value(ty) => (Some(ty), false),
        Goal::Arguments => (None, true),
    };
    let unclosed = context.opens.last().filter(|open| {
        place.is_end() || (matches!(place.found, ")" | "]" | "}") && open.brackets().1 != quote(place.found))
    });
    let (path, ty) = context.place(root, call, unclosed.is_some());
    let none = Types::default();
    let of = WaveReader { text, types: root.map_or(&none, Type::types) };
    let (what, span) = match (error.kind(), unclosed) {
        (ParserErrorKind::NestingTooDeep, _) => {
            (format!("values are nested more than {MAX_NESTING} deep"), place.span())
        }
        (ParserErrorKind::EmptyTuple, _) => {
            ("a tuple has at least one element, and `()` has none".into(), error.span())
        }
        (ParserErrorKind::DuplicateFlag, _) => {
            (format!("flag {} is given twice", quote(place.found.trim_start_matches('%'))), place.span())
        }
        (_, Some(open)) => (not_closed(open, &place), open.at..open.at + 1),
        _ if place.is_end() => (nothing(&context, goal), place.at..place.at),
        (ParserErrorKind::InvalidToken, _) if !place.found.starts_with(in_word) => invalid(&place, text),
        (kind, _) if kind == ParserErrorKind::InvalidToken || place.is_part => {
            let key = context.opens.last().is_some_and(Open::wants_key);
            (word(place.found, key, &of, ty), place.span())
        }
        _ => (unexpected(&context, &place, text, &of, ty), place.span()),
    };
    let what = match ty {
        Some(ty) => format!("expected {}: {what}", wanted(of.types, ty)),
        None => what,
    };
    Fault::new(span, what).within(&path)
}

/// Where the parser stopped.
struct Stop<'a> {
    at: usize,
    /// The token, or the whole word that it is a part of.
    found: &'a str,
    /// Whether it is only a part.
    is_part: bool,
}

impl<'a> Stop<'a> {
    fn new(error: &ParserError, text: &'a str) -> Stop<'a> {
        let span = error.span();
        let (start, end) = (text.floor_char_boundary(span.start), text.ceil_char_boundary(span.end));
        let is_word = text[start..].starts_with(in_word);
        let begins = match is_word {
            true => text[..start].char_indices().rev().take_while(|(_, char)| in_word(*char)).last().map(|(at, _)| at),
            false => None,
        };
        let at = begins.unwrap_or(start);
        let length = text[at..].find(|char| !in_word(char)).unwrap_or(text.len() - at);
        let found = if is_word { &text[at..at + length] } else { &text[start..end] };
        Stop { at, found, is_part: is_word && (at < start || at + length > end) }
    }

    fn is_end(&self) -> bool {
        self.found.trim().is_empty()
    }

    fn span(&self) -> Range<usize> {
        self.at..self.at + self.found.len()
    }
}

/// Whether people take `char` for a part of a word or number.
fn in_word(char: char) -> bool {
    !char.is_whitespace()
        && !is_quote(char)
        && !matches!(char, '(' | ')' | '[' | ']' | '{' | '}' | ',' | ':' | ';' | '=')
}

fn is_quote(char: char) -> bool {
    matches!(char, '"' | '\'' | '`' | '“' | '”' | '„' | '‟' | '‘' | '’' | '‚' | '«' | '»' | '‹' | '›' | '＂' | '＇')
}

/// What there should be where the text ends and nothing is open.
fn nothing(context: &TextContext<'_>, goal: Goal<'_>) -> String {
    match (context.before, goal) {
        (Some((_, word)), _) => format!("{} needs a payload: `{}(value)`", quote(word), cut(word)),
        (None, Goal::Value(_)) => "found nothing".into(),
        (None, Goal::Arguments) => "the arguments are missing".into(),
    }
}

fn not_closed(open: &Open<'_>, place: &Stop<'_>) -> String {
    let (opening, closing) = open.brackets();
    match place.is_end() {
        true => format!("{opening} is not closed: {closing} is missing"),
        false => format!("{opening} is not closed: expected {closing}, found {}", quote(place.found)),
    }
}

/// Why what stands at the place is no token at all.
fn invalid(place: &Stop<'_>, text: &str) -> (String, Range<usize>) {
    let rest = &text[place.at..];
    let first = rest.chars().next().unwrap_or_default();
    let one = place.at..place.at + first.len_utf8();
    match first {
        '"' => string(rest, place.at),
        '\'' => char(rest, place.at),
        '=' => ("`=` has no meaning; what is called by a name or key stands behind a `:`".into(), one),
        ';' => ("`;` has no meaning; values stand between commas".into(), one),
        _ if is_quote(first) => {
            let inner = rest[first.len_utf8()..].split(is_quote).next().unwrap_or_default();
            (format!("{STRING}, not in `{first}`: `\"{}\"`", cut(inner)), one)
        }
        _ => (format!("{} has no meaning here", quote(place.found)), place.span()),
    }
}

/// Why the string that `rest` begins with ends nowhere.
fn string(rest: &str, at: usize) -> (String, Range<usize>) {
    if rest.starts_with("\"\"\"") {
        return ("the string has no closing `\"\"\"`".into(), at..at + 3);
    }
    let mut chars = rest.char_indices().skip(1);
    while let Some((offset, char)) = chars.next() {
        match char {
            '\\' => {
                let (escape, what) = hint::escape(&rest[offset..]);
                if !is_token(&format!("\"{escape}\"")) {
                    return (what, at + offset..at + offset + escape.len());
                }
                chars.next();
            }
            '\n' => {
                let what = "the string does not end on its line: a line break is written `\\n`, and a string of several lines \
                     stands between `\"\"\"`";
                return (what.into(), at..at + offset);
            }
            _ => {}
        }
    }
    ("the string has no closing `\"`".into(), at..at + rest.trim_end().len())
}

/// Why what `rest` begins with is no char.
fn char(rest: &str, at: usize) -> (String, Range<usize>) {
    let line = rest.split('\n').next().unwrap_or_default();
    let Some(length) = line[1..].find('\'') else {
        return (format!("`'` begins a char, and no `'` ends it; {STRING}"), at..at + 1);
    };
    let inner = &line[1..1 + length];
    let span = at..at + length + 2;
    if inner.starts_with('\\') {
        let (escape, what) = hint::escape(&line[1..]);
        return (what, at + 1..at + 1 + escape.len());
    }
    match inner.chars().count() {
        0 => ("`''` is no char: a char is one character".into(), span),
        count => {
            let what = format!("a char is one character, and `'{0}'` has {count}; {STRING}: `\"{0}\"`", cut(inner));
            (what, span)
        }
    }
}

/// Whether all of `text` is one token.
fn is_token(text: &str) -> bool {
    let mut tokens = Lexer::new(text);
    !text.contains("//") && tokens.next().is_some_and(|token| token.is_ok()) && tokens.span().len() == text.len()
}

/// Why `word` is neither a word nor a number, where a value of `ty` or one of its names is wanted; `key`: where it would be a name.
fn word(word: &str, key: bool, of: &WaveReader<'_>, ty: Option<ValType>) -> String {
    let lower = word.trim_start_matches('+').to_ascii_lowercase();
    let quoted = quote(word);
    let known = match &*lower {
        "infinity" => Some("inf"),
        "-infinity" => Some("-inf"),
        "-nan" => Some("nan"),
        _ => Keyword::decode(&lower).map(|_| &*lower),
    };
    let names = ty.map_or(Vec::new(), |ty| of.labels(ty));
    match (known, nearest(word, names), ty) {
        (_, Some(name), _) => return format!("{quoted} is no name; did you mean {}?", quote(name)),
        (Some(known), ..) => return format!("{quoted} is no value; write `{known}`"),
        (.., Some(ValType::String)) => return format!("{quoted} is no string; {STRING}: `\"{}\"`{SHELL}", cut(word)),
        _ => {}
    }
    if word.trim_start_matches(['+', '-', '.']).starts_with(|char: char| char.is_ascii_digit()) {
        return match hint::number(word) {
            Some(number) => format!("{quoted} is not how a number is written; write {}", quote(&number)),
            None => format!("{quoted} is no number; {STRING}: `\"{}\"`", cut(word)),
        };
    }
    let name = kebab(word);
    let example =
        if is_token(&name) && name.contains('-') { format!(", as in {}", quote(&name)) } else { String::new() };
    let names = format!("names are of lower-case words with `-` between them{example}");
    match key {
        true => format!("{quoted} is no name: {names}"),
        false => format!("{quoted} is no value: {names}; {STRING}: `\"{}\"`{SHELL}", cut(word)),
    }
}

/// A name of another language as WIT would have it.
fn kebab(word: &str) -> String {
    let mut name = String::new();
    for char in word.chars().take(100) {
        if char.is_ascii_uppercase() && name.ends_with(|last: char| last.is_ascii_lowercase()) {
            name.push('-');
        }
        name.push(if char == '_' { '-' } else { char.to_ascii_lowercase() });
    }
    name
}

/// Why a token that is one does not stand where it may.
fn unexpected(
    context: &TextContext<'_>,
    place: &Stop<'_>,
    text: &str,
    of: &WaveReader<'_>,
    ty: Option<ValType>,
) -> String {
    let found = quote(place.found);
    let shape = ty.and_then(|ty| of.shape(ty));
    match (context.before, context.opens.last(), place.found) {
        (Some((Token::LabelOrKeyword, "some")), Some(open), ")" | "]" | "}" | ",") if !open.wants_key() => {
            format!("`some` needs a payload: `some(value)`; {}", as_case("some"))
        }
        (before, Some(open), ")" | "]" | "}") => value_missing(before, open, shape),
        (_, None, ")" | "]" | "}") => format!("{found} closes nothing"),
        (before, None, _) => trailing(before, place, text, ty, shape),
        (Some((_, before)), Some(Open { head: Some(head), .. }), ",") if context.is_complete() => {
            format!(
                "{} has one payload, and several values are a tuple: `{}(({}, …))`",
                quote(head),
                cut(head),
                cut(before)
            )
        }
        (Some((_, key)), Some(open), ",") if context.is_complete() && open.token == Token::BraceOpen => {
            format!("{} has no value: expected `:`, found `,`", quote(key))
        }
        (_, Some(_), ",") => "a value is missing before `,`".into(),
        (Some((Token::LabelOrKeyword, word)), Some(open), ":") => {
            let closing = open.brackets().1;
            format!(
                "expected `,` or {closing}, found `:`; a field stands in braces, and {STRING}: `\"{}:…\"`",
                cut(word)
            )
        }
        (_, Some(open), ":") if open.token == Token::BraceOpen => "a key is missing before `:`".into(),
        (_, _, ":") => "`:` stands only between a key and its value, in braces".into(),
        (Some((Token::LabelOrKeyword, before @ ("some" | "ok" | "err"))), ..) => {
            format!("the payload of `{before}` stands in parentheses: `{before}(value)`")
        }
        (Some((before, key)), Some(open), _) if context.is_complete() && open.wants_key() => {
            let flags = before == Token::LabelOrKeyword && text[place.at..].starts_with(in_word);
            match shape {
                Some(DefinedType::Flags(_)) => format!("a comma is missing between {} and {found}", quote(key)),
                None if flags => format!("expected `:` or `,` between {} and {found}", quote(key)),
                _ => format!("expected `:` between {} and {found}", quote(key)),
            }
        }
        (Some((Token::LabelOrKeyword, word)), _, "(") if Keyword::decode(word).is_some() => {
            format!("{} is a keyword, and has no payload; {}", quote(word), as_case(word))
        }
        (Some((before, word)), _, _) if context.is_complete() => {
            let words = before == Token::LabelOrKeyword && text[place.at..].starts_with(in_word);
            let string = match words {
                true => format!("; {STRING}: `\"{} {}\"`", cut(word), cut(place.found)),
                false => String::new(),
            };
            format!("a comma is missing between {} and {found}{string}", quote(word))
        }
        (_, Some(open), _) if open.token == Token::BraceOpen => format!("expected a key, found {found}"),
        _ => format!("expected a value, found {found}"),
    }
}

/// Of what stands behind the whole value or call.
fn trailing(
    before: Option<(Token, &str)>,
    place: &Stop<'_>,
    text: &str,
    ty: Option<ValType>,
    shape: Option<&DefinedType>,
) -> String {
    let found = quote(place.found);
    let whole = text.trim().trim_matches('"');
    let hint = match (before, ty, shape) {
        (Some((_, before @ ("some" | "ok" | "err"))), ..) => {
            format!("; the payload of `{before}` stands in parentheses: `{before}(value)`")
        }
        (_, _, Some(DefinedType::List(_) | DefinedType::FixedLengthList(..))) => {
            format!("; a list is written in brackets: `[{}]`", cut(whole))
        }
        (_, _, Some(DefinedType::Tuple(_))) => format!("; a tuple is written in parentheses: `({})`", cut(whole)),
        (_, Some(ValType::F32 | ValType::F64), _) if place.found == "," => "; a fraction is written with `.`".into(),
        (Some((Token::LabelOrKeyword, _)), Some(ValType::String), _) if !whole.contains('"') => {
            format!("; {STRING}: `\"{}\"`{SHELL}", cut(whole))
        }
        _ => String::new(),
    };
    match ty {
        Some(_) => format!("the value ends before {found}{hint}"),
        None => format!("the call ends before {found}"),
    }
}

/// What a bracket closes before there is a value.
fn value_missing(before: Option<(Token, &str)>, open: &Open<'_>, shape: Option<&DefinedType>) -> String {
    let closing = open.brackets().1;
    match (before, open.head) {
        (Some((Token::Colon, _)), _) => format!("a value is missing between `:` and {closing}"),
        (Some((Token::ParenOpen, _)), Some("some")) => "`some` needs a payload: `some(value)`".into(),
        (Some((Token::ParenOpen, _)), Some(head)) => {
            format!("a payload is missing between `(` and {closing}; without one, the case is written {}", quote(head))
        }
        (Some((Token::Comma | Token::ParenOpen | Token::BracketOpen | Token::BraceOpen, _)) | None, _) => {
            format!("a value is missing before {closing}")
        }
        (Some((_, key)), _) if matches!(shape, Some(DefinedType::Flags(_))) => {
            format!("{} is no flag: flags are names, without quotes", quote(key))
        }
        (Some((_, key)), _) => format!("{} has no value: expected `:` and a value before {closing}", quote(key)),
    }
}

/// How a case is written that bears a keyword's name.
fn as_case(keyword: &str) -> String {
    format!("a case of that name is written `%{keyword}`")
}
