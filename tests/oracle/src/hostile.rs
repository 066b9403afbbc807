//! Whatever the bytes: compiling a component ends with a component or with an error that is right to say what it says. The
//! parser's own validator is the judge.

use gusset::{CodegenError, CodegenErrorKind, Component, Engine, TranslateError, TranslateErrorKind};
use wasmparser::{Validator, WasmFeatures};

/// Compiles `bytes` as a component and prints the error, if there is one, into nothing, and what it is, compiled or not. Returns whether
/// they were a component that Gusset supports.
///
/// # Panics
///
/// When a binary is accepted that is not valid, when one is called malformed or invalid that is valid, and when an error says
/// nothing, names a place outside of the input or is internal.
pub fn compile_anything(engine: &Engine, bytes: &[u8]) -> bool {
    let binary = bytes.starts_with(b"\0asm");
    let outline = gusset::outline(bytes).map(|outline| outline.to_string());
    let refused = outline.err().filter(|_| binary && is_valid(bytes));
    assert!(refused.is_none_or(|error| is_limit(&error)), "a valid component has an outline");
    match Component::new(engine, bytes) {
        Ok(_) => {
            assert!(!binary || is_valid(bytes), "a component that is not valid was accepted");
            true
        }
        Err(error) => {
            let text = format!("{error:?}");
            assert!(!text.is_empty() && !text.contains("internal error"), "{text}");
            if binary {
                let offset = check_kind(&error, bytes);
                assert!(offset.is_none_or(|offset| offset <= bytes.len()), "{text}");
            }
            false
        }
    }
}

/// Whether a binary is a valid component of the proposals that are on by default in the field, and of those that [`engine`](crate::engine)
/// switches on.
pub fn is_valid(bytes: &[u8]) -> bool {
    let features = WasmFeatures::default() | WasmFeatures::CM_FIXED_LENGTH_LISTS | WasmFeatures::CM64;
    // A core module is no component.
    bytes.get(4) != Some(&1) && Validator::new_with_features(features).validate_all(bytes).is_ok()
}

fn is_limit(error: &gusset::Error) -> bool {
    error.downcast_ref::<TranslateError>().is_some_and(|error| matches!(error.kind(), TranslateErrorKind::Limit(_)))
}

/// Checks that an error about a binary is of the kind that it should be, and returns the place that it names.
fn check_kind(error: &gusset::Error, bytes: &[u8]) -> Option<usize> {
    let (refused, offset) = match (error.downcast_ref::<TranslateError>(), error.downcast_ref::<CodegenError>()) {
        (Some(error), _) => {
            let lacking = matches!(error.kind(), TranslateErrorKind::Unsupported(_) | TranslateErrorKind::Limit(_));
            (!lacking, error.offset())
        }
        (_, Some(error)) => {
            assert_ne!(error.kind(), CodegenErrorKind::Internal, "{error}");
            (error.kind() == CodegenErrorKind::Invalid, error.offset())
        }
        // What is beyond the limits of the engine itself.
        (None, None) => (false, None),
    };
    assert!(!refused || !is_valid(bytes), "a valid component was refused: {error:?}");
    offset
}
