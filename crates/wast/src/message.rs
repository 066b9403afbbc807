//! How the texts of scripts compare with ours, and how what sort of error the engine gave.

use gusset::{
    CodegenError, CodegenErrorKind, Error, TranslateError, TranslateErrorKind, Trap, WasmBacktrace, source_location,
};
use gusset_wasi::Exit;

/// What stands before the text of a trap.
const INTRODUCTION: &str = "wasm trap: ";

/// Whether `actual`, the text of a trap or error, is what a script calls `expected`.
///
/// Scripts name a part of the text (`indirect call`) or add details that ours leaves to the place of the trap
/// (`uninitialized element 2`), so that either may be a part of the other; a detail only follows our words.
pub(crate) fn matches(expected: &str, actual: &str) -> bool {
    let first_line = actual.lines().next().unwrap_or_default();
    actual.contains(expected) || (!first_line.is_empty() && expected.starts_with(first_line))
}

/// Whether `trap` is what a script calls `expected`: by its code alone, or by all that stands on its first line.
pub(crate) fn names_trap(expected: &str, trap: &Trap) -> bool {
    // Some scripts quote how the field introduces the text of a trap, and so does ours.
    let bare = |text: &str| text.strip_prefix(INTRODUCTION).unwrap_or(text).to_string();
    let place = trap.memory_offset().map_or_else(String::new, |offset| format!(" at 0x{offset:x}"));
    let (expected, shown) = (bare(expected), format!("{}{place}", trap.cause()));
    matches(&expected, trap.code().message()) || matches(&expected, &shown)
}

/// Whether an error of the engine says that the input is bad, and not that the engine lacks something or is at fault.
pub(crate) fn is_verdict(error: &Error) -> bool {
    let component = error.downcast_ref::<TranslateError>().map(TranslateError::kind);
    codegen_kind(error) == Some(CodegenErrorKind::Invalid)
        || matches!(
            component,
            Some(TranslateErrorKind::Malformed | TranslateErrorKind::Invalid | TranslateErrorKind::CoreModule)
        )
}

/// What scripts call the end of a guest that ended itself: `exit with code 3`; `None` if an error is something else.
pub(crate) fn exit_text(error: &Error) -> Option<String> {
    error.downcast_ref::<Exit>().map(|exit| format!("exit with code {}", exit.code()))
}

/// What an error says, outermost first, but for where the guest stood, and for the line of the text that it is about.
pub(crate) fn error_text(error: &Error) -> String {
    let backtrace = error.downcast_ref().map(WasmBacktrace::to_string);
    let causes = error.chain().map(ToString::to_string).filter(|text| backtrace.as_ref() != Some(text));
    let text = causes.collect::<Vec<_>>().join(": ");
    let quoted = quoted_line(error).map(|line| format!("\n{line}"));
    quoted.and_then(|line| text.strip_suffix(&line)).unwrap_or(&text).to_string()
}

/// The line that an error about an input or an import ends with.
pub(crate) fn quoted_line(error: &Error) -> Option<String> {
    WasmBacktrace::of(error)
        .is_none()
        .then(|| source_location(error))
        .flatten()
        .map(|place| place.excerpt().to_string())
}

/// What the validator says in its own words, where what people are shown has names for its indices.
pub(crate) fn validators_words(error: &Error) -> &str {
    let of_component = error.downcast_ref().map(TranslateError::message);
    of_component.or_else(|| error.downcast_ref().map(CodegenError::message)).unwrap_or_default()
}

/// Whether an error is the engine's own fault: nothing that a script expects is one.
pub(crate) fn is_internal(error: &Error) -> bool {
    codegen_kind(error) == Some(CodegenErrorKind::Internal) || error_text(error).contains("internal error")
}

fn codegen_kind(error: &Error) -> Option<CodegenErrorKind> {
    error.downcast_ref::<CodegenError>().map(CodegenError::kind)
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
    use gusset::TrapCode;

    #[test]
    fn faults_of_the_engine_are_no_verdicts() {
        let fault = Error::msg("internal error: a listed export is not there");
        assert!(is_internal(&fault) && !is_verdict(&fault));
        assert!(!is_internal(&Error::msg("import `f` is missing")));
    }

    #[test]
    fn a_trap_is_named_by_its_code() {
        let trap = Trap::new(TrapCode::Unreachable);
        for expected in ["unreachable", "wasm trap: wasm `unreachable` instruction executed", "instruction executed"] {
            assert!(names_trap(expected, &trap), "{expected}");
        }
        assert!(!names_trap("wasm trap: undefined", &trap));
    }

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
