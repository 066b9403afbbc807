//! Why an artefact is refused.

use std::fmt;

/// What is wrong with an artefact. They are looked for in this order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ArtifactErrorKind {
    /// It is none: it does not start as one.
    Foreign,
    /// Another version of Gusset made it, or another build of this version, from other sources.
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

/// A setting that an artefact was compiled with, and that an engine has otherwise.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct SettingDifference {
    /// Its name: mostly that of the function of `Config`.
    pub name: &'static str,
    /// Its value in the artefact.
    pub artifact: String,
    /// Its value in the engine.
    pub engine: String,
}

impl SettingDifference {
    /// The difference, if there is one.
    pub(crate) fn between<T: PartialEq + fmt::Debug>(
        name: &'static str,
        artifact: T,
        engine: T,
    ) -> Option<SettingDifference> {
        let differs = artifact != engine;
        differs.then(|| SettingDifference { name, artifact: format!("{artifact:?}"), engine: format!("{engine:?}") })
    }
}

/// Why an artefact is refused: a kind, and a sentence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ArtifactError {
    kind: ArtifactErrorKind,
    message: String,
    differences: Vec<SettingDifference>,
}

/// How many settings a message names.
const MAX_NAMED: usize = 4;

impl ArtifactError {
    pub(crate) fn new(kind: ArtifactErrorKind, message: impl Into<String>) -> ArtifactError {
        ArtifactError { kind, message: message.into(), differences: Vec::new() }
    }

    pub(crate) fn other_settings(differences: Vec<SettingDifference>) -> ArtifactError {
        let mut named: Vec<String> = differences
            .iter()
            .take(MAX_NAMED)
            .map(|SettingDifference { name, artifact, engine }| {
                format!("`{name}` is {artifact} in it, and {engine} in this engine")
            })
            .collect();
        if differences.len() > MAX_NAMED {
            named.push(format!("{} more differ", differences.len() - MAX_NAMED));
        }
        let named = named.join("; ");
        let message = format!("the artefact was compiled with other settings: {named}; compile it with the engine's");
        ArtifactError { kind: ArtifactErrorKind::Settings, message, differences }
    }

    pub(crate) fn damaged(what: &str) -> ArtifactError {
        ArtifactError::new(ArtifactErrorKind::Damaged, format!("the artefact is damaged: {what}; make it anew"))
    }

    /// What is wrong.
    pub fn kind(&self) -> ArtifactErrorKind {
        self.kind
    }

    /// Where it is refused for its settings, all that differ; else none.
    pub fn differences(&self) -> &[SettingDifference] {
        &self.differences
    }
}

impl fmt::Display for ArtifactError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ArtifactError {}
