//! Names and texts that come out of a module, as people may see them. A guest chooses them: shown as they are, a line break
//! would forge a line of a backtrace and an escape sequence would command the terminal. Whoever shows one shows it through this.

use std::fmt;

/// How much of a name is shown, in characters.
const NAME_SHOWN: usize = 200;

/// How much of a message that quotes names is shown, in characters.
const MESSAGE_SHOWN: usize = 1000;

/// Shows a text of a module on one line: control characters, line separators and what turns the direction of writing are
/// written as `\n` or `\u{1b}`, and what is too long ends in `…`. All else, backslashes included, is shown as it is, so that
/// showing a text twice changes nothing.
///
/// ```
/// use gusset_types::Printable;
///
/// assert_eq!(Printable::name("docs:text/parse#größe").to_string(), "docs:text/parse#größe");
/// assert_eq!(Printable::name("f\n  9: forged\u{1b}[31m").to_string(), r"f\n  9: forged\u{1b}[31m");
/// assert_eq!(Printable::name(&"x".repeat(201)).to_string(), "x".repeat(200) + "…");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Printable<'a> {
    text: &'a str,
    most: usize,
}

impl<'a> Printable<'a> {
    /// A name: at most 200 of its characters are shown.
    pub fn name(text: &'a str) -> Printable<'a> {
        Printable { text, most: NAME_SHOWN }
    }

    /// A message that may quote names: at most 1000 of its characters are shown.
    pub fn message(text: &'a str) -> Printable<'a> {
        Printable { text, most: MESSAGE_SHOWN }
    }

    /// Whether a terminal does something else with `char` than show it where it stands: for who escapes in a way of its own.
    pub fn misleads(char: char) -> bool {
        char.is_control()
            || matches!(char,
                // Line and paragraph separators.
                '\u{2028}' | '\u{2029}'
                // Marks, embeddings, overrides and isolates of the bidirectional algorithm.
                | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    }
}

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = self.text.char_indices().nth(self.most).map(|(end, _)| end);
        let mut rest = &self.text[..end.unwrap_or(self.text.len())];
        while let Some((at, bad)) = rest.char_indices().find(|&(_, char)| Printable::misleads(char)) {
            write!(f, "{}{}", &rest[..at], bad.escape_default())?;
            rest = &rest[at + bad.len_utf8()..];
        }
        f.write_str(rest)?;
        if end.is_some() { f.write_str("…") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_harmless_stays() {
        for text in ["", "a", "[method]r.f", "a b \"c\" \\n `d`", "größe", "日本", "🦀"] {
            assert_eq!(Printable::name(text).to_string(), text);
        }
    }

    #[test]
    fn what_misleads_is_escaped() {
        let controls = (0..=0x1f).chain(0x7f..=0x9f);
        let others = [0x61c, 0x200e, 0x200f, 0x2028, 0x2029].into_iter().chain(0x202a..=0x202e).chain(0x2066..=0x2069);
        for char in controls.chain(others).map(|code| char::from_u32(code).unwrap()) {
            let shown = Printable::name(&format!("a{char}b")).to_string();
            assert!(shown.starts_with("a\\") && shown.ends_with('b') && !shown.contains(char), "{shown:?}");
            assert!(shown.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{shown:?}");
            assert_eq!(Printable::name(&shown).to_string(), shown, "shown twice");
        }
        assert_eq!(Printable::name("\r\n\t\0\u{9b}").to_string(), r"\r\n\t\u{0}\u{9b}");
    }

    #[test]
    fn what_is_long_is_cut_between_characters() {
        for most in [NAME_SHOWN, MESSAGE_SHOWN] {
            let shown = |text: &str| Printable { text, most }.to_string();
            let fits = "ä".repeat(most);
            assert_eq!(shown(&fits), fits);
            assert_eq!(shown(&"ä".repeat(most + 1)), format!("{fits}…"));
        }
    }
}
