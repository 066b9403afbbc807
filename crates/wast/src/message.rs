//! How the texts of scripts compare with ours, and how an engine's error becomes the lines of a report.

/// Whether `actual`, the text of a trap or error, is what a script calls `expected`.
///
/// Scripts name a part of the text (`indirect call`) or add details that ours leaves to the place of the trap
/// (`uninitialized element 2`), so that either may be a part of the other; a detail only follows our words.
pub(crate) fn matches(expected: &str, actual: &str) -> bool {
    let first_line = actual.lines().next().unwrap_or_default();
    actual.contains(expected) || (!first_line.is_empty() && expected.starts_with(first_line))
}

/// Whether an error of the engine says that it lacks something, rather than that the input is bad.
pub(crate) fn is_unsupported(error: &gusset::Error) -> bool {
    use gusset::{CodegenError, CodegenErrorKind, TranslateError, TranslateErrorKind};
    let codegen = error.downcast_ref::<CodegenError>().map(CodegenError::kind);
    let component = error.downcast_ref::<TranslateError>().map(TranslateError::kind);
    matches!(codegen, Some(CodegenErrorKind::Unsupported | CodegenErrorKind::Internal))
        || matches!(component, Some(TranslateErrorKind::Unsupported(_) | TranslateErrorKind::Limit(_)))
}

/// What a panic said.
pub(crate) fn panic_text(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
    format!("the engine panicked: {}", text.unwrap_or("(no text)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_match_by_substring_and_details_may_follow() {
        assert!(matches("out of bounds", "out of bounds memory access"));
        assert!(matches("uninitialized element 2", "uninitialized element"));
        assert!(matches("uninitialized", "uninitialized element"));
        assert!(!matches("undefined element", "uninitialized element"));
        assert!(!matches("integer overflow", ""));
        assert!(!matches("unreachable", "undefined"));
    }
}
