//! Where in a value a place of its text is: what is open there, and which part of the value stands or would stand there. Errors
//! of syntax are explained with it; the tokens before one are the parser's own.

use crate::types::Type;
use gusset_types::{DefinedType, ERROR_LABEL, OK_LABEL, ResultType, SOME_LABEL, Types, VALUE_LABEL, ValType, cut_name};
use std::ops::Range;
use wasm_wave::lex::{Lexer, Token};

/// What was opened before a place and not closed.
pub(super) struct Open<'a> {
    pub(super) token: Token,
    /// The position of the bracket.
    pub(super) at: usize,
    /// The word before a parenthesis, whose payload it holds.
    pub(super) head: Option<&'a str>,
    /// How many parts are complete in it.
    index: usize,
    /// What stands before the last colon.
    key: Option<&'a str>,
}

impl Open<'_> {
    /// Its name as people see it, and what closes it.
    pub(super) fn brackets(&self) -> (&'static str, &'static str) {
        match self.token {
            Token::ParenOpen => ("`(`", "`)`"),
            Token::BracketOpen => ("`[`", "`]`"),
            _ => ("`{`", "`}`"),
        }
    }

    /// Whether a field, flag or key has its place here, not a value.
    pub(super) fn wants_key(&self) -> bool {
        self.token == Token::BraceOpen && self.key.is_none()
    }
}

/// What stands before a place.
pub(super) struct TextContext<'a> {
    pub(super) opens: Vec<Open<'a>>,
    /// The last token before, and its text.
    pub(super) before: Option<(Token, &'a str)>,
}

impl<'a> TextContext<'a> {
    /// Of the place `until` of `text`.
    pub(super) fn new(text: &'a str, until: usize) -> TextContext<'a> {
        let mut context = TextContext { opens: Vec::new(), before: None };
        let tokens = Lexer::new(text).spanned().map_while(|(token, span)| Some((token.ok()?, span)));
        for (token, span) in tokens.take_while(|(_, span)| span.start < until) {
            context.add(token, span, text);
        }
        context
    }

    fn add(&mut self, token: Token, span: Range<usize>, text: &'a str) {
        match token {
            Token::ParenOpen | Token::BracketOpen | Token::BraceOpen => {
                let word =
                    self.before.filter(|(before, _)| (token, *before) == (Token::ParenOpen, Token::LabelOrKeyword));
                let head = word.map(|(_, word)| word);
                self.opens.push(Open { token, at: span.start, head, index: 0, key: None });
            }
            Token::ParenClose | Token::BracketClose | Token::BraceClose => {
                self.opens.pop();
            }
            Token::Comma => {
                if let Some(open) = self.opens.last_mut() {
                    (open.index, open.key) = (open.index + 1, None);
                }
            }
            Token::Colon => {
                if let Some(open) = self.opens.last_mut() {
                    open.key = self.before.map(|(_, key)| key);
                }
            }
            _ => {}
        }
        self.before = Some((token, &text[span]));
    }

    /// Whether what stands before is a whole value, so that none is wanted now.
    pub(super) fn is_complete(&self) -> bool {
        self.before.is_some_and(|(token, _)| {
            !matches!(token, Token::ParenOpen | Token::BracketOpen | Token::BraceOpen | Token::Comma | Token::Colon)
        })
    }

    /// The path of the part of the value that is complete or wanted at the place, and its type if `root`, that of the whole value,
    /// is given. Of a call, where the outermost parenthesis holds arguments, no type is known. `unclosed`: what was opened last is looked
    /// at as a whole.
    pub(super) fn place(&self, root: Option<&Type>, call: bool, unclosed: bool) -> (String, Option<ValType>) {
        let (mut path, mut ty) = (String::new(), root.map(Type::val_type));
        let types = root.map(Type::types);
        for (depth, open) in self.opens.iter().enumerate() {
            // What is wrong behind a complete part is so of what holds it.
            let complete = self.is_complete() && !(call && depth == 0) && open.head.is_none();
            if depth + 1 == self.opens.len() && (unclosed || complete) {
                break;
            }
            let (length, whole) = (path.len(), ty);
            let inside = types.zip(ty).and_then(|(types, ty)| bare(types, ty, open));
            ty = match open.token {
                Token::ParenOpen if call && depth == 0 => {
                    path = format!("argument {}", open.index + 1);
                    None
                }
                Token::ParenOpen => in_parentheses(open, inside, &mut path),
                Token::BracketOpen => {
                    path.push_str(&format!("[{}]", open.index));
                    match inside {
                        Some(DefinedType::List(element) | DefinedType::FixedLengthList(element, _)) => Some(*element),
                        _ => None,
                    }
                }
                _ => in_braces(open, inside, &mut path, ty),
            };
            if root.is_some() && ty.is_none() {
                // The type has no such part.
                path.truncate(length);
                return (path, whole);
            }
        }
        (path, ty)
    }
}

/// What is opened there: of an option or a result, what may stand for it without `some` or `ok`.
fn bare<'t>(types: &'t Types, ty: ValType, open: &Open<'_>) -> Option<&'t DefinedType> {
    let ValType::Defined(index) = ty else { return None };
    let payload = match types.defined(index) {
        DefinedType::Option(some) if open.head != Some("some") => *some,
        DefinedType::Result(ResultType { ok: Some(ok), .. }) if !matches!(open.head, Some("ok" | "err")) => *ok,
        other => return Some(other),
    };
    let ValType::Defined(index) = payload else { return None };
    Some(types.defined(index))
}

/// The part of a tuple or a payload; puts its name to the path.
fn in_parentheses(open: &Open<'_>, ty: Option<&DefinedType>, path: &mut String) -> Option<ValType> {
    let Some(head) = open.head else {
        path.push_str(&format!(".{}", open.index));
        return match ty {
            Some(DefinedType::Tuple(types)) => types.get(open.index).copied(),
            _ => None,
        };
    };
    let (label, ty) = match (head, ty) {
        ("some", Some(DefinedType::Option(some))) => (SOME_LABEL, Some(*some)),
        ("ok", Some(DefinedType::Result(result))) => (OK_LABEL, result.ok),
        ("err", Some(DefinedType::Result(result))) => (ERROR_LABEL, result.err),
        (_, Some(DefinedType::Variant(cases))) => {
            let name = head.strip_prefix('%').unwrap_or(head);
            (name, cases.iter().find(|case| *case.name == *name).and_then(|case| case.ty))
        }
        ("err", _) => (ERROR_LABEL, None),
        _ => (head, None),
    };
    path.push_str(&format!(".{}", cut_name(label)));
    ty
}

/// The value of a field or entry, or its name, which is of the record itself.
fn in_braces(open: &Open<'_>, inside: Option<&DefinedType>, path: &mut String, ty: Option<ValType>) -> Option<ValType> {
    let Some(key) = open.key else { return ty };
    let name = key.strip_prefix('%').unwrap_or(key);
    let is_label = name.starts_with(|char: char| char.is_ascii_alphabetic());
    match inside {
        Some(DefinedType::Map(_, value)) => {
            path.push_str(&format!("[{}].{VALUE_LABEL}", open.index));
            Some(*value)
        }
        _ if !is_label => {
            path.push_str(&format!("[{}].{VALUE_LABEL}", open.index));
            None
        }
        Some(DefinedType::Record(fields)) => {
            path.push_str(&format!(".{}", cut_name(name)));
            fields.iter().find(|field| *field.name == *name).map(|field| field.ty)
        }
        _ => {
            path.push_str(&format!(".{}", cut_name(name)));
            None
        }
    }
}
