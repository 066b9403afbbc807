//! What can go wrong with a component: all kinds of error, and how they read.

use crate::parse::features::feature_of;
use gusset_types::{ComponentFeature, Printable, SourceLocation, proposal_words};
use std::fmt;
use wasmparser::WasmFeatures;

/// Proposals for core modules that no standard has: what only they allow is invalid, not unsupported.
const UNSTANDARDISED: WasmFeatures = WasmFeatures::SHARED_EVERYTHING_THREADS
    .union(WasmFeatures::MEMORY_CONTROL)
    .union(WasmFeatures::LEGACY_EXCEPTIONS)
    .union(WasmFeatures::STACK_SWITCHING)
    .union(WasmFeatures::CUSTOM_DESCRIPTORS)
    .union(WasmFeatures::ACQUIRE_RELEASE_ATOMICS)
    .union(WasmFeatures::MULTIBYTE_ARRAY_ACCESS);

/// Why a component could not be translated or validated.
#[derive(thiserror::Error)]
#[error("{}", .0)]
pub struct TranslateError(Box<TranslationFault>);

/// The sort of a [`TranslateError`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum TranslateErrorKind {
    /// The bytes do not follow the binary format.
    Malformed,
    /// The bytes follow the binary format, but break a rule of validation. They may do so only with a feature of the component
    /// model that is switched off: the message says which.
    Invalid,
    /// The bytes are a core module, where a component is needed.
    CoreModule,
    /// The component needs a feature that is not supported; its name.
    Unsupported(&'static str),
    /// The component is beyond a limit; what is limited.
    Limit(&'static str),
}

#[derive(Debug)]
struct TranslationFault {
    kind: TranslateErrorKind,
    message: String,
    offset: Option<usize>,
    item: Option<String>,
    component: Option<String>,
    /// Whether the whole is a core module, which nobody minds.
    core_module: bool,
    /// The feature of the component model without which it is invalid.
    missing: Option<ComponentFeature>,
    /// Whether that is a feature that cannot be run either, of what is to be run.
    unsupported: bool,
    named: Option<String>,
    location: Option<SourceLocation>,
}

impl TranslateError {
    /// What sort of error it is.
    pub fn kind(&self) -> TranslateErrorKind {
        self.0.kind
    }

    /// Where in the input it was found, in bytes.
    pub fn offset(&self) -> Option<usize> {
        self.0.offset
    }

    /// Where it stands in the text that the input was encoded from, if there was one.
    pub fn location(&self) -> Option<&SourceLocation> {
        self.0.location.as_ref()
    }

    /// The same error, with the place in the text that the input was encoded from: it is shown instead of the offset.
    #[must_use]
    pub fn located(mut self, location: SourceLocation) -> TranslateError {
        self.0.location = Some(location);
        self
    }

    /// The same error with its message as people are shown it: with names for the indices in it.
    #[must_use]
    pub fn named(mut self, message: String) -> TranslateError {
        self.0.named = Some(message);
        self
    }

    /// What is wrong, without the place, with indices for what may have names, and of a feature that is missing in the words of the
    /// validator, which scripts compare.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    pub(crate) fn new(kind: TranslateErrorKind, message: impl Into<String>) -> TranslateError {
        TranslateError(Box::new(TranslationFault {
            kind,
            message: message.into(),
            offset: None,
            item: None,
            component: None,
            core_module: false,
            missing: None,
            unsupported: false,
            named: None,
            location: None,
        }))
    }

    pub(crate) fn malformed(error: &wasmparser::Error) -> TranslateError {
        Self::of_parser(TranslateErrorKind::Malformed, error)
    }

    pub(crate) fn invalid(error: &wasmparser::Error) -> TranslateError {
        Self::of_parser(TranslateErrorKind::Invalid, error)
    }

    /// `what` needs `feature`.
    pub(crate) fn unsupported(feature: &'static str, what: impl fmt::Display) -> TranslateError {
        TranslateError::new(TranslateErrorKind::Unsupported(feature), format!("not supported: {feature} ({what})"))
    }

    /// There are more than `most` of `what`.
    pub(crate) fn limit(what: &'static str, most: usize) -> TranslateError {
        TranslateError::new(TranslateErrorKind::Limit(what), format!("too many {what}: the limit is {most}"))
    }

    /// The same error with a place, where it has none yet.
    pub(crate) fn at(mut self, offset: usize) -> TranslateError {
        self.0.offset.get_or_insert(offset);
        self
    }

    /// The same error with the import, export or function that it is about, where it has none yet: `kind` and name.
    pub(crate) fn of(mut self, kind: &str, name: impl FnOnce() -> String) -> TranslateError {
        if self.0.item.is_none() {
            self.0.item = Some(format!("{kind} `{}`", Printable::name(&name())));
        }
        self
    }

    /// The same error with the name of the nested component in which it occurred, where it has none yet.
    pub(crate) fn within(mut self, component: impl FnOnce() -> Option<String>) -> TranslateError {
        if self.0.component.is_none() {
            self.0.component = component();
        }
        self
    }

    /// The same error, of what is a core module as a whole.
    pub(crate) fn of_core_module(mut self) -> TranslateError {
        self.0.core_module = true;
        self
    }

    /// The same error, of what is to be run: a feature that is missing, and not supported, is no matter of a switch.
    pub(crate) fn of_translation(mut self) -> TranslateError {
        self.0.unsupported = self.0.missing.is_some_and(|feature| !feature.is_supported());
        self
    }

    fn of_parser(kind: TranslateErrorKind, error: &wasmparser::Error) -> TranslateError {
        let missing = error.missing_wasm_feature();
        let switched_off = missing.and_then(feature_of);
        // What is wrong only because a proposal for core modules is off is not wrong but unsupported.
        let missing = missing.filter(|features| switched_off.is_none() && !features.intersects(UNSTANDARDISED));
        let missing = missing.and_then(|features| features.iter_names().next());
        // It quotes names, and puts each cause on a line of its own.
        let mut message = error.message().replace('\n', ": ");
        if kind == TranslateErrorKind::Malformed {
            // Where it shows bytes, it fills up with spaces.
            message = message.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        }
        let message = Printable::message(&message);
        let (kind, message) = match (missing, switched_off) {
            (Some((name, _)), _) => {
                let words = proposal_words(name).map(String::from).unwrap_or(message.to_string());
                (TranslateErrorKind::Unsupported(name), format!("not supported: {words}"))
            }
            (None, Some(feature)) => {
                let off = if feature.is_supported() { "switched off" } else { "switched off, and not supported" };
                (kind, format!("{message} ({off}: {})", feature.name()))
            }
            (None, None) => (kind, message.to_string()),
        };
        let mut translated = TranslateError::new(kind, message);
        translated.0.missing = switched_off;
        translated.at(usize::try_from(error.offset()).unwrap_or(usize::MAX))
    }
}

impl fmt::Display for TranslationFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = if self.core_module { "core module" } else { "component" };
        let message = without_padding(self.named.as_ref().unwrap_or(&self.message));
        match (self.missing.filter(|_| self.unsupported), self.kind) {
            (Some(feature), _) => write!(f, "not supported: {} ({})", feature.words(), feature.name())?,
            (None, TranslateErrorKind::Malformed) => write!(f, "malformed {whole}: {message}")?,
            (None, TranslateErrorKind::Invalid) => write!(f, "invalid {whole}: {message}")?,
            (None, _) => f.write_str(&message)?,
        }
        if let Some(item) = &self.item {
            write!(f, ", in {item}")?;
        }
        if let Some(component) = &self.component {
            write!(f, ", in component {component}")?;
        }
        match (&self.location, self.offset) {
            (Some(location), _) => write!(f, "\n{}", location.excerpt()),
            (None, Some(offset)) => write!(f, " (at offset {offset:#x})"),
            (None, None) => Ok(()),
        }
    }
}

/// `message` without the spaces with which the validator aligns what it says: but for what is quoted, one stays of several.
fn without_padding(message: &str) -> String {
    let (mut text, mut quoted) = (String::with_capacity(message.len()), false);
    for char in message.chars() {
        quoted ^= char == '`';
        if char != ' ' || quoted || !text.ends_with(' ') {
            text.push(char);
        }
    }
    text
}

impl fmt::Debug for TranslateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_left_out_and_quotes_are_kept() {
        assert_eq!(without_padding("expected: (func): found:    (func)"), "expected: (func): found: (func)");
        assert_eq!(without_padding("a  `b  c`  d  `  `"), "a `b  c` d `  `");
        let error = TranslateError::new(TranslateErrorKind::Invalid, "found:   x");
        assert_eq!((error.message(), &*error.to_string()), ("found:   x", "invalid component: found: x"));
    }
}
