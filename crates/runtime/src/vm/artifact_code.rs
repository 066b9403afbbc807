//! Code of an artefact: in a private mapping of its file, or in a copy. Tables, data and text are used where they stand.

use super::code::CodeMemory;
use super::mapping::{Mapping, page_size, round_up};
use crate::artifact::has_feature;
use crate::engine::Engine;
use crate::error::{Error, Result, bail, format_err};
use gusset_artifact::{ArtifactContent, ArtifactFile, ArtifactKind, SharedBytes, check_artifact_start};
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// As many bytes as say whether the rest need be looked at.
const START_OF_FILE: usize = 128;

/// The bytes of an artefact. Those of its text can be executed.
struct ArtifactBytes {
    mapping: Mapping,
    len: usize,
}

impl AsRef<[u8]> for ArtifactBytes {
    fn as_ref(&self) -> &[u8] {
        self.mapping.bytes(self.len)
    }
}

impl CodeMemory {
    /// Code of an artefact in memory, and what it holds beside code. The bytes are copied.
    ///
    /// # Errors
    ///
    /// When they are no artefact of that kind that this engine and this processor can run, or there is no memory.
    ///
    /// # Safety
    ///
    /// V2: the bytes are an artefact that Gusset made, unchanged, or bytes that nobody made to look like one.
    pub(super) unsafe fn of_artifact(
        engine: &Engine,
        bytes: &[u8],
        kind: ArtifactKind,
    ) -> Result<(CodeMemory, ArtifactContent)> {
        check_artifact_start(bytes)?;
        let mut mapping = Mapping::reserve(round_up(bytes.len() as u64).ok_or_else(too_large)?)?;
        mapping.make_accessible(bytes.len())?;
        mapping.bytes_mut(bytes.len()).copy_from_slice(bytes);
        mapping.make_read_only()?;
        // SAFETY: V2: the caller says so.
        unsafe { load(engine, ArtifactBytes { mapping, len: bytes.len() }, kind, None) }
    }

    /// Code of an artefact in a file, which is mapped.
    ///
    /// # Errors
    ///
    /// As [`of_artifact`](CodeMemory::of_artifact), and when the file cannot be mapped.
    ///
    /// # Safety
    ///
    /// As [`of_artifact`](CodeMemory::of_artifact), and nobody changes or shortens the file as long as the code lives.
    pub(super) unsafe fn of_artifact_file(
        engine: &Engine,
        file: File,
        kind: ArtifactKind,
    ) -> Result<(CodeMemory, ArtifactContent)> {
        let mut start = [0; START_OF_FILE];
        let read = file.read_at(&mut start, 0)?;
        check_artifact_start(&start[..read])?;
        let len = usize::try_from(file.metadata()?.len()).map_err(|_| too_large())?;
        let mapping = Mapping::of_file(&file, len)?;
        // SAFETY: V2: the caller says so.
        unsafe { load(engine, ArtifactBytes { mapping, len }, kind, Some(file)) }
    }
}

fn too_large() -> Error {
    format_err!("the artefact is larger than the address space")
}

/// Checks an artefact and makes its text executable.
///
/// # Safety
///
/// As [`CodeMemory::of_artifact_file`].
unsafe fn load(
    engine: &Engine,
    bytes: ArtifactBytes,
    kind: ArtifactKind,
    file: Option<File>,
) -> Result<(CodeMemory, ArtifactContent)> {
    let bytes = Arc::new(bytes);
    let artifact = ArtifactFile::open(SharedBytes::new(bytes.clone()))?;
    artifact.check_kind(kind)?;
    artifact.identity().check(engine.identity(), has_feature)?;
    let (image, content) = artifact.decode()?;
    bytes.mapping.make_executable(pages(artifact.text())?)?;
    let data = artifact.data();
    // SAFETY: V2, V5: the caller says that the artefact is the compiler's; its hash says that it is whole; it is for processors like
    // this one; and its text can be executed and is never written.
    let code = unsafe { CodeMemory::new(engine.signatures(), Arc::new(artifact.identity().clone()), image) }?;
    Ok((code.with_data_source(file.filter(|_| !data.is_empty()).map(|file| (file, data.start as u64))), content))
}

/// The pages of a range; none of an empty one, which stands anywhere.
fn pages(range: Range<usize>) -> Result<Range<usize>> {
    if range.is_empty() {
        return Ok(0..0);
    }
    if !range.start.is_multiple_of(page_size()) {
        bail!("the code of the artefact does not start at a page of this system");
    }
    Ok(range.start..range.end.next_multiple_of(page_size()))
}
