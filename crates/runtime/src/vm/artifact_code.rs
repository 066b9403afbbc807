//! Code of an artefact: in a private mapping of its file, or in a copy, of bytes or of a file from which nothing may be executed. Tables,
//! data and text are used where they stand.

use super::code::CodeMemory;
use super::mapping::{Mapping, page_size, round_up};
use crate::artifact::{SOURCES, has_feature};
use crate::engine::Engine;
use crate::error::{Error, Result, bail, format_err};
use gusset_artifact::{ArtifactContent, ArtifactFile, ArtifactKind, SharedBytes, check_artifact_start};
use rustix::io::Errno;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// As many bytes as say whether the rest need be looked at.
const START_OF_FILE: usize = 128;

/// The bytes of an artefact. Those of its text can be executed.
struct ArtifactBytes {
    mapping: Mapping,
    len: usize,
    /// Whether they are a copy in memory that is no file's.
    copied: bool,
}

impl AsRef<[u8]> for ArtifactBytes {
    fn as_ref(&self) -> &[u8] {
        self.mapping.bytes(self.len)
    }
}

impl ArtifactBytes {
    fn copy_of(bytes: &[u8]) -> Result<ArtifactBytes> {
        let mut mapping = Mapping::reserve(round_up(bytes.len() as u64).ok_or_else(too_large)?)?;
        mapping.make_accessible(bytes.len())?;
        mapping.bytes_mut(bytes.len()).copy_from_slice(bytes);
        mapping.make_read_only()?;
        Ok(ArtifactBytes { mapping, len: bytes.len(), copied: true })
    }

    /// Checks that it is an artefact that this engine can run.
    fn open(self: &Arc<ArtifactBytes>, engine: &Engine, kind: ArtifactKind) -> Result<ArtifactFile> {
        let artifact = ArtifactFile::open(SOURCES, SharedBytes::new(self.clone()))?;
        artifact.check_kind(kind)?;
        artifact.identity().check(engine.identity(), has_feature)?;
        Ok(artifact)
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
        check_artifact_start(SOURCES, bytes)?;
        // SAFETY: V2: the caller says so.
        unsafe { load(engine, ArtifactBytes::copy_of(bytes)?, kind, None) }
    }

    /// Code of an artefact in a file, of which it is the first `len` bytes. They are mapped.
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
        len: u64,
        kind: ArtifactKind,
    ) -> Result<(CodeMemory, ArtifactContent)> {
        let len = usize::try_from(len).map_err(|_| too_large())?;
        let mut start = [0; START_OF_FILE];
        let read = read_start(&mut start[..len.min(START_OF_FILE)], |bytes, at| file.read_at(bytes, at))?;
        check_artifact_start(SOURCES, &start[..read])?;
        let mapping = Mapping::of_file(&file, len)?;
        // SAFETY: V2: the caller says so.
        unsafe { load(engine, ArtifactBytes { mapping, len, copied: false }, kind, Some(file)) }
    }
}

/// Reads from a file's start until it ends or `bytes` are full: a signal can interrupt that, and file systems may give less than there is.
/// How much was read.
fn read_start(bytes: &mut [u8], mut read_at: impl FnMut(&mut [u8], u64) -> io::Result<usize>) -> io::Result<usize> {
    let mut filled = 0;
    while filled < bytes.len() {
        match read_at(&mut bytes[filled..], filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
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
    let artifact = bytes.open(engine, kind)?;
    match bytes.mapping.make_executable(pages(artifact.text())?) {
        Ok(()) => {}
        Err(error) if !bytes.copied && is_forbidden(&error) => {
            let copy = ArtifactBytes::copy_of(bytes.as_ref().as_ref())?;
            // SAFETY: V2: they are the same bytes.
            return unsafe { load(engine, copy, kind, file) };
        }
        Err(error) => return Err(error),
    }
    let (image, content) = artifact.decode()?;
    let data = artifact.data();
    // SAFETY: V2, V5: the caller says that the artefact is the compiler's; its hash says that it is whole; it is for processors like
    // this one; and its text can be executed and is never written.
    let code = unsafe { CodeMemory::new(engine.signatures(), Arc::new(artifact.identity().clone()), image) }?;
    Ok((code.with_data_source(file.filter(|_| !data.is_empty()).map(|file| (file, data.start as u64))), content))
}

/// Whether nothing that is mapped from there may be executed: its file system is mounted so (`noexec`). Who may read it may run a copy.
fn is_forbidden(error: &Error) -> bool {
    matches!(error.downcast_ref(), Some(&(Errno::ACCESS | Errno::PERM)))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_is_read_whole_whatever_each_read_gives() {
        let contents: Vec<u8> = (0..100).collect();
        let mut calls = 0;
        let mut reluctant = |bytes: &mut [u8], at: u64| {
            calls += 1;
            if calls % 2 == 1 {
                return Err(io::Error::from(io::ErrorKind::Interrupted));
            }
            let given = contents[at as usize..].iter().take(7).zip(bytes).map(|(from, to)| *to = *from).count();
            Ok(given)
        };
        let mut start = [0; 50];
        assert_eq!(read_start(&mut start, &mut reluctant).expect("it can be read"), 50);
        assert_eq!(start, contents[..50]);
        let mut all = [0; 128];
        assert_eq!(read_start(&mut all, &mut reluctant).expect("it can be read"), 100);
        let error = read_start(&mut all, |_, _| Err(Errno::IO.into())).expect_err("it cannot be read");
        assert_eq!(error.raw_os_error(), Some(Errno::IO.raw_os_error()));
    }
}
