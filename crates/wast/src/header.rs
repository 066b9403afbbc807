//! The head of a script: lines `;;! feature = true` or `;;! feature = false` before its first directive. A line that is not
//! understood is an error, never ignored: the script would run as something that it is not.

use gusset::CoreFeature;
use wast::Error;
use wast::token::Span;

/// What starts a setting.
const MARK: &str = ";;!";

/// The features that the head of `text` switches on or off, in order.
pub(crate) fn settings(text: &str) -> Result<Vec<(CoreFeature, bool)>, Error> {
    let mut settings = Vec::new();
    let (mut offset, mut in_head) = (0, true);
    for line in text.split_inclusive('\n') {
        let content = line.trim();
        let error = |message: String| Error::new(Span::from_offset(offset), message);
        match content.strip_prefix(MARK) {
            Some(setting) if in_head => settings.push(parse(setting).map_err(error)?),
            Some(_) => return Err(error(format!("`{MARK}` lines stand before the first directive"))),
            None => in_head &= content.is_empty() || content.starts_with(";;"),
        }
        offset += line.len();
    }
    Ok(settings)
}

fn parse(setting: &str) -> Result<(CoreFeature, bool), String> {
    let (name, value) = setting.split_once('=').ok_or_else(|| format!("expected `{MARK} feature = true|false`"))?;
    let name = name.trim();
    let feature = CoreFeature::from_name(name).ok_or_else(|| {
        let known: Vec<&str> = CoreFeature::ALL.iter().map(|feature| feature.name()).collect();
        format!("unknown feature `{name}`; there are {}", known.join(", "))
    })?;
    match value.trim() {
        "true" => Ok((feature, true)),
        "false" => Ok((feature, false)),
        other => Err(format!("expected true or false for `{name}`, found `{other}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_stand_at_the_head() {
        let text = ";; why\n\n;;! multi_memory = false\n  ;;!multi_value=true\n(module)\n;; done\n";
        let expected = [(CoreFeature::MultiMemory, false), (CoreFeature::MultiValue, true)];
        assert_eq!(settings(text).unwrap(), expected);
        assert_eq!(settings("(module)").unwrap(), []);
    }

    #[test]
    fn what_is_not_understood_is_an_error_at_its_line() {
        for (text, offset, message) in [
            (";; a\n;;! multi_memory\n", 5, "feature = true|false"),
            (";;! threads = true\n", 0, "unknown feature `threads`; there are mutable_global, "),
            (";;! multi_value = 1\n", 0, "found `1`"),
            ("(module)\n;;! multi_value = false\n", 9, "before the first directive"),
        ] {
            let error = settings(text).unwrap_err();
            assert_eq!(error.span().offset(), offset, "{text}");
            assert!(error.message().contains(message), "{}", error.message());
        }
    }
}
