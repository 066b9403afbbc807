//! Artefacts: what is compiled, as one string of bytes that is stored, shipped and mapped.
//!
//! A file has a header of fixed size, then sections. What is small (the plan, imports, types) is one section in serde's terms; what
//! grows with the code is in tables that are read where they stand ([`PodTable`](crate::PodTable)). Data and machine code come last and
//! start at multiples of 64 KiB, so that they can be mapped whatever the size of a page.

mod error;
mod header;
mod identity;
mod reader;
mod writer;

#[cfg(test)]
mod tests;

use crate::index::ModuleIndex;
use crate::plan::Plan;
use crate::pod_table::RawTable;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub use error::{ArtifactError, ArtifactErrorKind, SettingDifference};
pub use header::{ArtifactKind, check_artifact_start, detect_artifact};
pub use identity::CodeIdentity;
pub use reader::ArtifactFile;
pub use writer::write_artifact;

/// What an artefact holds beside the image of its code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum ArtifactContent {
    /// Nothing: it is a core module of the unit.
    Module(ModuleIndex),
    /// What a component is.
    Component {
        /// How it is instantiated.
        plan: Arc<Plan>,
        /// The wasm of its modules of adapters.
        adapters: Vec<RawTable>,
    },
}

impl ArtifactContent {
    /// Which kind it is.
    pub fn kind(&self) -> ArtifactKind {
        match self {
            ArtifactContent::Module(_) => ArtifactKind::Module,
            ArtifactContent::Component { .. } => ArtifactKind::Component,
        }
    }

    fn each_table(&mut self, visit: &mut dyn FnMut(&mut RawTable)) {
        if let ArtifactContent::Component { adapters, .. } = self {
            adapters.iter_mut().for_each(visit);
        }
    }
}
