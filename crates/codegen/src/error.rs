//! The error of this crate. Its wording names the module and, for a function's body, the function.

use gusset_types::{CoreFeature, Printable, SourceLocation, proposal_words};
use std::fmt;

/// What sort of error it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum CodegenErrorKind {
    /// The module is malformed or does not validate. It may do so only with a feature that is switched off: the message says
    /// which.
    Invalid,
    /// The module uses something that is valid but not supported: a proposal, this machine, or a size beyond a limit.
    Unsupported,
    /// A bug of this crate or of what it is built on, or a link unit that contradicts itself.
    Internal,
}

/// Why a link unit could not be compiled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CodegenError {
    inner: Box<ErrorDetails>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct ErrorDetails {
    kind: CodegenErrorKind,
    offset: Option<usize>,
    place: String,
    message: String,
    named: Option<String>,
    location: Option<SourceLocation>,
    /// The proposal for whose lack the module is refused, where the parser knows; in words for people.
    missing: Option<&'static str>,
}

impl CodegenError {
    pub(crate) fn new(kind: CodegenErrorKind, message: impl Into<String>) -> CodegenError {
        CodegenError {
            inner: Box::new(ErrorDetails {
                kind,
                offset: None,
                place: String::new(),
                message: message.into(),
                named: None,
                location: None,
                missing: None,
            }),
        }
    }

    pub(crate) fn unsupported(message: impl Into<String>) -> CodegenError {
        CodegenError::new(CodegenErrorKind::Unsupported, message)
    }

    pub(crate) fn internal(message: impl Into<String>) -> CodegenError {
        CodegenError::new(CodegenErrorKind::Internal, message)
    }

    /// The same error as one of something that is valid but not supported.
    pub(crate) fn into_unsupported(mut self) -> CodegenError {
        self.inner.kind = CodegenErrorKind::Unsupported;
        let what = self.inner.missing.unwrap_or(&self.inner.message);
        self.inner.message = format!("not supported: {what}");
        self
    }

    /// The same error with the features that it comes of, since they are off.
    pub(crate) fn switched_off(mut self, features: &[CoreFeature]) -> CodegenError {
        let names: Vec<&str> = features.iter().map(|feature| feature.name()).collect();
        self.inner.message.push_str(&format!(" (switched off: {})", names.join(", ")));
        self
    }

    pub(crate) fn at(mut self, offset: u64) -> CodegenError {
        self.inner.offset = usize::try_from(offset).ok();
        self
    }

    /// Adds where it happened, from the inside to the outside.
    pub(crate) fn within(mut self, place: impl fmt::Display) -> CodegenError {
        let inner = &mut *self.inner;
        inner.place = if inner.place.is_empty() { place.to_string() } else { format!("{} of {place}", inner.place) };
        self
    }

    /// What sort of error it is.
    pub fn kind(&self) -> CodegenErrorKind {
        self.inner.kind
    }

    /// Where it is, in bytes from the start of the whole input; `None` when it concerns no place.
    pub fn offset(&self) -> Option<usize> {
        self.inner.offset
    }

    /// Where it stands in the text that the input was encoded from, if there was one.
    pub fn location(&self) -> Option<&SourceLocation> {
        self.inner.location.as_ref()
    }

    /// The same error, with the place in the text that the input was encoded from: it is shown instead of the offset.
    #[must_use]
    pub fn located(mut self, location: SourceLocation) -> CodegenError {
        self.inner.location = Some(location);
        self
    }

    /// The same error with its message as people are shown it: with names for the indices in it.
    #[must_use]
    pub fn named(mut self, message: String) -> CodegenError {
        self.inner.named = Some(message);
        self
    }

    /// What is wrong, without the place, and with indices for what may have names.
    pub fn message(&self) -> &str {
        &self.inner.message
    }
}

impl fmt::Display for CodegenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ErrorDetails { kind, offset, place, message, named, location, .. } = &*self.inner;
        if !place.is_empty() {
            write!(f, "{place}: ")?;
        }
        if *kind == CodegenErrorKind::Internal {
            f.write_str("internal error: ")?;
        }
        f.write_str(named.as_ref().unwrap_or(message))?;
        match (location, offset) {
            (Some(location), _) => write!(f, "\n{}", location.excerpt()),
            (None, Some(offset)) => write!(f, " (at offset {offset:#x})"),
            (None, None) => Ok(()),
        }
    }
}

impl std::error::Error for CodegenError {}

/// What a module lacks is told from what is wrong with it later, by [`explain`](crate::features::explain).
impl From<wasmparser::Error> for CodegenError {
    fn from(error: wasmparser::Error) -> CodegenError {
        // It quotes names.
        let message = Printable::message(error.message()).to_string();
        let missing = error.missing_wasm_feature().and_then(|features| features.iter_names().next());
        let mut made = CodegenError::new(CodegenErrorKind::Invalid, message).at(error.offset());
        made.inner.missing = missing.and_then(|(name, _)| proposal_words(name));
        made
    }
}
