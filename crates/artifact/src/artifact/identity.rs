//! What code was compiled for. Code for one identity must not run under another.

use super::error::{ArtifactError, ArtifactErrorKind};
use crate::settings::CodeSettings;
use gusset_types::ComponentFeatures;
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
}

impl CodeIdentity {
    /// Checks that what has this identity may run in an engine of identity `engine`, on a processor of which `has` tells whether it has
    /// a feature.
    ///
    /// # Errors
    ///
    /// With the first difference.
    pub fn check(&self, engine: &CodeIdentity, has: impl Fn(&str) -> bool) -> Result<(), ArtifactError> {
        let CodeIdentity { target, cpu_features, settings, component_features, calls_through_host } = self;
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
        let feature = |feature: &gusset_types::ComponentFeature| {
            let (file, engine) = (component_features.has(*feature), engine.component_features.has(*feature));
            (file != engine).then(|| (feature.name(), file.to_string(), engine.to_string()))
        };
        let traced = || {
            let (file, engine) = (*calls_through_host, engine.calls_through_host);
            (file != engine).then(|| ("trace_calls", file.to_string(), engine.to_string()))
        };
        let difference = settings
            .first_difference(&engine.settings)
            .or_else(|| gusset_types::ComponentFeature::ALL.iter().find_map(feature))
            .or_else(traced);
        match difference {
            None => Ok(()),
            Some((name, file, engine)) => {
                let message = format!(
                    "the artefact was compiled with other settings: `{name}` is {file} in it, and {engine} in this engine; \
                     compile it with the engine's"
                );
                Err(ArtifactError::new(ArtifactErrorKind::Settings, message))
            }
        }
    }
}
