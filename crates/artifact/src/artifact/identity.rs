//! What code was compiled for. Code for one identity must not run under another.

use super::error::{ArtifactError, ArtifactErrorKind, SettingDifference};
use crate::settings::CodeSettings;
use gusset_types::{ComponentFeature, ComponentFeatures};
use serde::{Deserialize, Serialize};

/// What code was compiled for, and of what was allowed in its input.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct CodeIdentity {
    /// Architecture and system, such as `x86_64-linux`.
    pub target: String,
    /// What the code may use of the processor beyond the architecture's baseline: the code generator's names, sorted.
    pub cpu_features: Vec<String>,
    /// The settings of the code generator.
    pub settings: CodeSettings,
    /// What components may use.
    pub component_features: ComponentFeatures,
    /// Whether calls between components go through the host, which traces them.
    pub calls_through_host: bool,
    /// Whether adapters test and set all flags, those too that nobody can see: for tests, which compare the two.
    #[doc(hidden)]
    pub keep_flags: bool,
}

impl CodeIdentity {
    /// Checks that what has this identity may run in an engine of identity `engine`, on a processor of which `has` tells whether it has
    /// a feature.
    ///
    /// # Errors
    ///
    /// With the first difference; of settings with all.
    pub fn check(&self, engine: &CodeIdentity, has: impl Fn(&str) -> bool) -> Result<(), ArtifactError> {
        let CodeIdentity { target, cpu_features, settings, component_features, calls_through_host, keep_flags } = self;
        if *target != engine.target {
            let message = format!("the artefact is for {target}, and this is {}", engine.target);
            return Err(ArtifactError::new(ArtifactErrorKind::Target, format!("{message}; compile it for that")));
        }
        let lacking: Vec<&str> =
            cpu_features.iter().map(|feature| &**feature).filter(|feature| !has(feature)).collect();
        if !lacking.is_empty() {
            let lacking = lacking.join(", ");
            let message = format!(
                "the artefact needs what this processor does not have: {lacking}; compile it for an older processor \
                 (Config::target_cpu)"
            );
            return Err(ArtifactError::new(ArtifactErrorKind::CpuFeatures, message));
        }
        let feature = |feature: &ComponentFeature| {
            let (file, engine) = (component_features.has(*feature), engine.component_features.has(*feature));
            SettingDifference::between(feature.name(), file, engine)
        };
        let mut differences = settings.differences(&engine.settings);
        differences.extend(ComponentFeature::ALL.iter().filter_map(feature));
        differences.extend(SettingDifference::between("trace_calls", *calls_through_host, engine.calls_through_host));
        differences.extend(SettingDifference::between("keep_flags", *keep_flags, engine.keep_flags));
        if differences.is_empty() { Ok(()) } else { Err(ArtifactError::other_settings(differences)) }
    }
}
