//! The head of a script: lines `;;! feature = true` or `;;! feature = false` before its first directive. A line that is not
//! understood is an error, never ignored: the script would run as something that it is not. A script that names a feature that is
//! none of ours is for others, and not run.

use gusset::CoreFeature;
use wast::Error;
use wast::token::Span;

/// What starts a setting.
const MARK: &str = ";;!";

/// What the head of a script says.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Head {
    /// The features that it switches on or off, in order.
    Settings(Vec<(CoreFeature, bool)>),
    /// It names this feature, which we do not know.
    Unknown(String),
}

/// Reads the head of `text`.
pub(crate) fn read(text: &str) -> Result<Head, Error> {
    let (mut settings, mut unknown) = (Vec::new(), None);
    let (mut offset, mut in_head) = (0, true);
    for line in text.split_inclusive('\n') {
        let content = line.trim();
        let error = |message: String| Error::new(Span::from_offset(offset), message);
        match content.strip_prefix(MARK) {
            Some(setting) if in_head => {
                let (name, enabled) = parse(setting).map_err(error)?;
                match CoreFeature::from_name(name) {
                    Some(feature) => settings.push((feature, enabled)),
                    None => unknown = unknown.or_else(|| Some(name.to_string())),
                }
            }
            Some(_) => return Err(error(format!("`{MARK}` lines stand before the first directive"))),
            None => in_head &= content.is_empty() || content.starts_with(";;"),
        }
        offset += line.len();
    }
    Ok(unknown.map_or(Head::Settings(settings), Head::Unknown))
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

    #[test]
    fn settings_stand_at_the_head() {
        let text = ";; why\n\n;;! multi_memory = false\n  ;;!multi_value=true\n(module)\n;; done\n";
        let expected = [(CoreFeature::MultiMemory, false), (CoreFeature::MultiValue, true)];
        assert_eq!(read(text).unwrap(), Head::Settings(expected.into()));
        assert_eq!(read("(module)").unwrap(), Head::Settings(vec![]));
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
    fn an_unknown_feature_is_named_whatever_its_value() {
        let text = ";;! multi_value = false\n;;! threads = true\n;;! hogel = false\n";
        assert_eq!(read(text).unwrap(), Head::Unknown("threads".into()));
        assert_eq!(read(";;! threads = false").unwrap(), Head::Unknown("threads".into()));
    }
}
