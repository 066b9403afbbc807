//! What stands in the text at a place: its tokens, where a definition ends, and which part of it a message is about.

use crate::map::{TextPlace, lexer};
use std::ops::Range;
use wast::lexer::{Token, TokenKind};

/// Where a definition or folded instruction opens whose keyword stands at `at`; `at` itself where it opens nothing.
pub(crate) fn opening(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default().trim_end();
    let keyword = text.as_bytes().get(at).is_some_and(u8::is_ascii_lowercase);
    if keyword && before.ends_with('(') { before.len() - 1 } else { at }
}

/// How long the token at `at` is, in bytes.
pub(crate) fn token_length(text: &str, at: usize) -> usize {
    if !text.is_char_boundary(at) {
        return 0;
    }
    lexer(text).iter(at).next().and_then(Result::ok).map_or(0, |token| token.src(text).len())
}

/// The parenthesis that closes what is open at `from`, which stands behind the opening one.
pub(crate) fn closing(text: &str, from: usize) -> Option<usize> {
    let lexer = lexer(text);
    let mut depth = 1_usize;
    let closes = |token: &Token| {
        depth = depth_behind(token, depth);
        depth == 0
    };
    lexer.iter(from).map_while(Result::ok).find(closes).map(|token| token.offset)
}

/// The keyword of the expression that says where the data segment at `from` goes: of its first part that names no memory.
pub(crate) fn data_offset(text: &str, from: usize) -> Option<usize> {
    let end = closing(text, from)?;
    let lexer = lexer(text);
    let mut tokens = lexer.iter(from).map_while(Result::ok).take_while(|token| token.offset < end);
    while let Some(token) = tokens.next() {
        if token.kind == TokenKind::LParen {
            let keyword = tokens.find(|token| token.kind == TokenKind::Keyword)?;
            if keyword.src(text) != "memory" {
                return Some(keyword.offset);
            }
        }
    }
    None
}

/// Where the definition lies in `text` whose keyword, `module` or `component`, stands at `keyword`: from the parenthesis that opens
/// it to behind the one that closes it. What a [`TextMap`](crate::TextMap) is made of where a text holds more than that.
pub fn definition_at(text: &str, keyword: usize) -> Range<usize> {
    let end = closing(text, keyword).map_or(text.len(), |at| at + 1);
    let start = match opening(text, keyword) {
        // There is a comment or an annotation between the two.
        start if start == keyword => last_open(text, keyword).unwrap_or(keyword),
        start => start,
    };
    start..end
}

/// The last parenthesis that opens before `end` and closes behind it.
fn last_open(text: &str, end: usize) -> Option<usize> {
    let lexer = lexer(text);
    let mut open = Vec::new();
    for token in lexer.iter(0).map_while(Result::ok).take_while(|token| token.offset < end) {
        match token.kind {
            TokenKind::LParen => open.push(token.offset),
            TokenKind::RParen => {
                open.pop();
            }
            _ => {}
        }
    }
    open.pop()
}

/// How many parentheses are open behind a token, where so many were before it.
fn depth_behind(token: &Token, depth: usize) -> usize {
    match token.kind {
        TokenKind::LParen => depth + 1,
        TokenKind::RParen => depth.saturating_sub(1),
        _ => depth,
    }
}

/// The part of the definition at `from` that `message` is about: the first name, `$name` or index in the message that stands in
/// the definition. Of a name that is there twice where it may be once, that is the second one.
pub(crate) fn token_within(text: &str, from: usize, message: &str) -> Option<TextPlace> {
    let wanted = words(message);
    if wanted.is_empty() {
        return None;
    }
    let end = closing(text, from).unwrap_or(text.len());
    let lexer = lexer(text);
    let tokens = lexer.iter(from).map_while(Result::ok).take_while(|token| token.offset < end);
    let tokens: Vec<(&str, usize)> = tokens.map(|token| (token.src(text), token.offset)).collect();
    let string =
        |token: &str, name: &str| token.strip_prefix('"').and_then(|token| token.strip_suffix('"')) == Some(name);
    if let (true, Some(Word::Quoted(name))) = (REPEATED.iter().any(|words| message.contains(words)), wanted.first()) {
        let second = tokens.iter().filter(|(token, _)| string(token, name)).nth(1);
        if let Some(&(token, offset)) = second {
            return Some(TextPlace { offset, length: token.len() });
        }
    }
    wanted.into_iter().find_map(|word| {
        let found = |&&(token, _): &&(&str, usize)| match word {
            Word::Quoted(name) => token == name || string(token, name),
            Word::Written(word) => token == word,
        };
        tokens.iter().find(found).map(|&(token, offset)| TextPlace { offset, length: token.len() })
    })
}

/// What a message names.
#[derive(Clone, Copy)]
enum Word<'a> {
    /// What it quotes: a name, as a string or a keyword.
    Quoted(&'a str),
    /// A `$name` or an index.
    Written(&'a str),
}

/// What messages say of a name that is there twice.
const REPEATED: [&str; 3] = ["already defined", "conflicts with", "duplicate"];

/// What is counted in indices.
const INDEXED: [&str; 12] = [
    "index",
    "type",
    "function",
    "func",
    "instance",
    "module",
    "component",
    "table",
    "memory",
    "global",
    "tag",
    "value",
];

/// What `message` names: what it quotes before the indices, which often say where that is looked for.
fn words(message: &str) -> Vec<Word<'_>> {
    let (mut words, mut indices) = (Vec::new(), Vec::new());
    for (number, part) in message.split('`').enumerate() {
        if number % 2 == 1 {
            words.push(Word::Quoted(part));
            continue;
        }
        let mut before = "";
        for word in part.split([' ', ':', ',', '(', ')']).filter(|word| !word.is_empty()) {
            let index = word.bytes().all(|byte| byte.is_ascii_digit()) && INDEXED.contains(&before);
            if index || word.len() > 1 && word.starts_with('$') {
                indices.push(Word::Written(word));
            }
            before = word;
        }
    }
    words.append(&mut indices);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_end_at_their_own_parenthesis() {
        let text = "(a (b \")\" (; ) ;) c) ;; )\n ) (d)";
        assert_eq!(closing(text, 1), Some(27));
        assert_eq!(closing(text, 4), Some(19));
        assert_eq!(closing("(a (b)", 1), None);
        assert_eq!((opening(text, 1), opening(text, 4), opening(text, 17)), (0, 3, 17));
        assert_eq!(opening("( call 1", 2), 0);
        assert_eq!(token_length(text, 6), 3);
    }

    #[test]
    fn messages_name_parts() {
        let text = "(canon lift (core func $f 3) (memory 3) (realloc \"it\"))";
        let part = |message| token_within(text, 1, message).map(|place| &text[place.offset..][..place.length]);
        assert_eq!(part("unknown core function 3: out of bounds"), Some("3"));
        assert_eq!(part("there are 3 of them"), None);
        assert_eq!(part("core function $f has another type"), Some("$f"));
        assert_eq!(part("`it` is none"), Some("\"it\""));
        assert_eq!(part("option `realloc` is none"), Some("realloc"));
        assert_eq!(part("`missing`, or `memory`"), Some("memory"));
        assert_eq!(part("nothing is named"), None);
    }

    #[test]
    fn of_a_repeated_name_the_second_is_wrong() {
        let text = "(core instance (export \"a\" (func $a)) (export \"A\" (func $f)) (export \"a\" (func $g)))";
        let at = |message| token_within(text, 1, message).map(|place| place.offset);
        assert_eq!(at("duplicate export name `a` already defined"), text.rfind("\"a\""));
        assert_eq!(at("name `A` conflicts with previous name `a`"), text.find("\"A\""));
        assert_eq!(at("`a` is none"), text.find("\"a\""));
    }
}
