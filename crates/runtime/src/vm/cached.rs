//! Code out of a cache. That is safe where reading any artefact is not, since this program wrote the file, and nobody else can.

use super::code::CodeMemory;
use crate::cache::CachedFile;
use crate::engine::Engine;
use crate::error::Result;
use gusset_artifact::{ArtifactContent, ArtifactKind};

impl CodeMemory {
    /// Code of an artefact in a cache, and what it holds beside code.
    ///
    /// # Errors
    ///
    /// When it is not as it was written, or not for this engine.
    pub(crate) fn of_cache(
        engine: &Engine,
        file: CachedFile,
        kind: ArtifactKind,
    ) -> Result<(CodeMemory, ArtifactContent)> {
        let (file, len) = file.into_parts();
        // SAFETY: V13: the file is what this build wrote, or an accident that its hash finds, and is not written any more.
        unsafe { CodeMemory::of_artifact_file(engine, file, len, kind) }
    }
}
