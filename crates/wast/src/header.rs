//! The head of a script: comments `;;! feature = true` or `;;! feature = false` before its first directive. A line that is not
//! understood is an error, never ignored: the script would run as something that it is not. A script that names a feature that is
//! none of ours is for others, and not run.

use crate::feature::Feature;
use wast::Error;
use wast::lexer::{Lexer, TokenKind};
use wast::token::Span;

/// What starts a setting.
const MARK: &str = ";;!";

/// The setting that gives a script WASI. It is no feature: command lines do not have it.
pub(crate) const WASI: &str = "wasi";

/// What the head of a script says.
#[derive(PartialEq, Eq, Default, Debug)]
pub(crate) struct Head {
    /// The features that it switches on or off, in order.
    pub(crate) settings: Vec<(Feature, bool)>,
    /// Whether its core modules have WASI.
    pub(crate) wasi: bool,
    /// The first feature that it names and we do not know.
    pub(crate) unknown: Option<String>,
}

/// Reads the head of `text`.
pub(crate) fn read(text: &str) -> Result<Head, Error> {
    let mut head = Head::default();
    let mut in_head = true;
    // What cannot be read at all is the parser's to tell.
    for token in lexer(text).iter(0).map_while(Result::ok) {
        match token.kind {
            TokenKind::Whitespace | TokenKind::BlockComment => continue,
            TokenKind::LineComment => {}
            // The rest is looked at only where there is something to find.
            _ if in_head && !text[token.offset..].contains(MARK) => break,
            _ => {
                in_head = false;
                continue;
            }
        }
        let Some(setting) = token.src(text).strip_prefix(MARK) else { continue };
        let error = |message: String| Error::new(Span::from_offset(token.offset), message);
        if !in_head {
            return Err(error(format!("`{MARK}` lines stand before the first directive")));
        }
        let (name, enabled) = parse(setting).map_err(error)?;
        match Feature::from_name(name) {
            _ if name == WASI => head.wasi = enabled,
            Some(feature) => head.settings.push((feature, enabled)),
            None => head.unknown = head.unknown.or_else(|| Some(name.to_string())),
        }
    }
    Ok(head)
}

/// A lexer that takes whatever characters comments and strings hold: scripts test how engines read them.
pub(crate) fn lexer(text: &str) -> Lexer<'_> {
    let mut lexer = Lexer::new(text);
    lexer.allow_confusing_unicode(true);
    lexer
}

/// The name of a feature, and whether it is on.
fn parse(setting: &str) -> Result<(&str, bool), String> {
    let (name, value) = setting.split_once('=').ok_or_else(|| format!("expected `{MARK} feature = true|false`"))?;
    match (name.trim(), value.trim()) {
        (name, "true") => Ok((name, true)),
        (name, "false") => Ok((name, false)),
        (name, other) => Err(format!("expected true or false for `{name}`, found `{other}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gusset::CoreFeature;

    #[test]
    fn settings_stand_at_the_head() {
        let text = ";; why\n\n(; ;;! x ;)\n;;! multi_memory = false\r\n  ;;!multi_value=true\n(module)\n;; done\n";
        let expected =
            [(Feature::Core(CoreFeature::MultiMemory), false), (Feature::Core(CoreFeature::MultiValue), true)];
        assert_eq!(read(text).unwrap().settings, expected);
        assert_eq!(read(&text.replace('\n', "\r")).unwrap().settings, expected);
        assert_eq!(read("(module)").unwrap(), Head::default());
    }

    #[test]
    fn wasi_is_given_to_those_that_ask() {
        for (text, wasi) in [(";;! wasi = true\n", true), (";;! wasi = true\n;;! wasi = false\n", false), ("", false)] {
            assert_eq!(read(text).unwrap(), Head { wasi, ..Head::default() }, "{text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_an_error_at_its_line() {
        for (text, offset, message) in [
            (";; a\n;;! multi_memory\n", 5, "feature = true|false"),
            (";;! multi_value = 1\n", 0, "found `1`"),
            ("(module)\n;;! multi_value = false\n", 9, "before the first directive"),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!(error.span().offset(), offset, "{text}");
            assert!(error.message().contains(message), "{}", error.message());
        }
    }

    #[test]
    fn the_mark_means_nothing_within_comments_and_strings() {
        for text in ["(module)\n(; a\n;;! b\n;)", "(module)\n;; see ;;! b", "(module quote \"\n;;! b\")", "(; \n;;! b"]
        {
            assert_eq!(read(text).unwrap(), Head::default(), "{text}");
        }
    }

    #[test]
    fn an_unknown_feature_is_named_whatever_its_value() {
        let text = ";;! multi_value = false\n;;! gc = true\n;;! hogel = false\n";
        assert_eq!(read(text).unwrap().unknown.as_deref(), Some("gc"));
        assert_eq!(read(";;! gc = false").unwrap().unknown.as_deref(), Some("gc"));
    }
}
