//! Why an artefact is refused.

use std::fmt;

/// What is wrong with an artefact. They are looked for in this order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ArtifactErrorKind {
    /// It is none: it does not start as one.
    Foreign,
    /// Another version of Gusset made it.
    Version,
    /// Its end is missing.
    Truncated,
    /// Something follows its end.
    TrailingBytes,
    /// Its bytes are not those that were written.
    Damaged,
    /// It is a module where a component is wanted, or the other way round.
    Kind,
    /// It is for another processor architecture or system.
    Target,
    /// It needs what this processor does not have.
    CpuFeatures,
    /// The engine has other settings than it was compiled with.
    Settings,
}

/// Why an artefact is refused: a kind, and a sentence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ArtifactError {
    kind: ArtifactErrorKind,
    message: String,
}

impl ArtifactError {
    pub(crate) fn new(kind: ArtifactErrorKind, message: impl Into<String>) -> ArtifactError {
        ArtifactError { kind, message: message.into() }
    }

    pub(crate) fn damaged(what: &str) -> ArtifactError {
        ArtifactError::new(ArtifactErrorKind::Damaged, format!("the artefact is damaged: {what}; make it anew"))
    }

    /// What is wrong.
    pub fn kind(&self) -> ArtifactErrorKind {
        self.kind
    }
}

impl fmt::Display for ArtifactError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ArtifactError {}
