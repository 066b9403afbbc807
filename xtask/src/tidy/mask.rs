//! Blanks out comments and the insides of literals, so that the checks can look for words and braces without parsing Rust.
//! Offsets and line ends stay where they were. It never fails: odd input only yields odd blanks.

/// `source` with every comment, string and character literal replaced by spaces, newlines kept.
pub(crate) fn mask(source: &str) -> String {
    let bytes = source.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let end = literal_end(bytes, at);
        if end > at {
            out.extend(bytes[at..end].iter().map(|&byte| if byte == b'\n' { b'\n' } else { b' ' }));
            at = end;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Where the comment or literal that starts at `at` ends; `at` when none does.
fn literal_end(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    let after_word = at > 0 && is_word(bytes[at - 1]);
    match rest {
        [b'/', b'/', ..] => at + rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len()),
        [b'/', b'*', ..] => block_comment_end(bytes, at),
        [b'"', ..] => string_end(bytes, at + 1),
        [b'b' | b'c', b'"', ..] if !after_word => string_end(bytes, at + 2),
        [b'r', b'"' | b'#', ..] if !after_word => raw_string_end(bytes, at + 1).unwrap_or(at),
        [b'b' | b'c', b'r', b'"' | b'#', ..] if !after_word => raw_string_end(bytes, at + 2).unwrap_or(at),
        [b'\'', ..] => char_end(bytes, at),
        _ => at,
    }
}

fn block_comment_end(bytes: &[u8], start: usize) -> usize {
    let mut depth = 0;
    let mut at = start;
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => {
                depth += 1;
                at += 2;
            }
            [b'*', b'/', ..] => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    at
}

fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn raw_string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let hashes = bytes[start..].iter().take_while(|&&byte| byte == b'#').count();
    if bytes.get(start + hashes) != Some(&b'"') {
        return None; // a raw identifier
    }
    let close: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
    let body = start + hashes + 1;
    let found = bytes[body..].windows(close.len()).position(|window| window == close);
    Some(found.map_or(bytes.len(), |position| body + position + close.len()))
}

/// A character literal's end; `at` for a lifetime.
fn char_end(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at + 1) {
        Some(b'\\') => {
            let close = bytes.iter().skip(at + 3).position(|&byte| byte == b'\'');
            close.map_or(bytes.len(), |position| at + 3 + position + 1)
        }
        Some(&first) => {
            let width = match first {
                0xf0.. => 4,
                0xe0.. => 3,
                0xc0.. => 2,
                _ => 1,
            };
            if bytes.get(at + 1 + width) == Some(&b'\'') { at + width + 2 } else { at }
        }
        None => at,
    }
}

/// Whether `byte` can stand in an identifier.
pub(crate) fn is_word(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
}

/// The offsets at which `word` stands as a whole word in `masked`.
pub(crate) fn words<'a>(masked: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let bytes = masked.as_bytes();
    masked.match_indices(word).map(|(at, _)| at).filter(move |&at| {
        let before = at.checked_sub(1).is_none_or(|before| !is_word(bytes[before]));
        before && bytes.get(at + word.len()).is_none_or(|&after| !is_word(after))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blanked_and_the_rest_stays() {
        let cases = [
            ("a // { b\nc", "a       \nc"),
            ("a /* { /* } */ { */ c", "a                   c"),
            ("let s = \"{\\\"\"; x", "let s =      ; x"),
            ("r#\"{\"}\"# y", "         y"),
            ("r#fn y", "r#fn y"),
            ("'{' 'a 'static '\\'' b'{'", "    'a 'static      b   "),
            ("fn f<'a>(x: &'a str) {}", "fn f<'a>(x: &'a str) {}"),
            ("'é' {", "     {"),
        ];
        for (source, expected) in cases {
            assert_eq!(mask(source), expected, "{source}");
            assert_eq!(mask(source).len(), source.len());
        }
    }

    #[test]
    fn unfinished_literals_end_with_the_text() {
        for source in ["\"abc", "/* abc", "r#\"abc", "'\\", "'", "b\"\\"] {
            assert_eq!(mask(source).len(), source.len(), "{source}");
        }
    }

    #[test]
    fn words_are_whole() {
        assert_eq!(words("unsafe unsafe_code not_unsafe (unsafe)", "unsafe").collect::<Vec<_>>(), [0, 31]);
    }
}
