//! The header of an artefact: a fixed number of bytes that says what the file is and where its sections stand. Nothing behind it is
//! looked at before the hash over all of it has been compared.

use super::error::{ArtifactError, ArtifactErrorKind};
use crate::pod_table::read_u32;
use std::ops::Range;
use twox_hash::XxHash3_128;

/// What every artefact starts with. The last byte tells of tools that change the ends of lines.
const MAGIC: [u8; 8] = *b"\x7fgusset\n";

/// Counts changes of this format.
const FORMAT: u32 = 3;

/// The version of Gusset, which knows its own plans and contexts only.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Where fields stand, in bytes.
const FORMAT_AT: usize = 8;
const KIND_AT: usize = 12;
const LENGTH_AT: usize = 16;
const HASH_AT: usize = 24;
const VERSION_AT: usize = 40;
const SOURCES_AT: usize = 72;
const SECTIONS_AT: usize = 88;

/// Bytes of the header.
pub(super) const HEADER_SIZE: usize = SECTIONS_AT + Section::COUNT * 16;

/// Where text and data start, whatever the size of a page is.
pub(super) const PAGE_ALIGNMENT: usize = 64 << 10;

/// Which sort of artefact it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ArtifactKind {
    /// A component.
    Component,
    /// A core module.
    Module,
}

impl ArtifactKind {
    fn number(self) -> u8 {
        match self {
            ArtifactKind::Component => 1,
            ArtifactKind::Module => 2,
        }
    }

    fn from_number(number: u8) -> Option<ArtifactKind> {
        [ArtifactKind::Component, ArtifactKind::Module].into_iter().find(|kind| kind.number() == number)
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            ArtifactKind::Component => "component",
            ArtifactKind::Module => "core module",
        }
    }
}

/// The sections, in the file's order.
#[derive(Clone, Copy)]
pub(super) enum Section {
    /// What it was compiled for.
    Identity,
    /// What is small.
    Metadata,
    /// What grows with the code.
    Tables,
    /// Data segments.
    Data,
    /// Machine code.
    Text,
}

impl Section {
    pub(super) const COUNT: usize = 5;

    /// Whether it starts at a page.
    pub(super) fn is_mapped(self) -> bool {
        matches!(self, Section::Data | Section::Text)
    }
}

/// Where the sections of a file stand.
pub(super) struct Header {
    pub(super) kind: ArtifactKind,
    sections: [Range<usize>; Section::COUNT],
}

impl Header {
    pub(super) fn section(&self, section: Section) -> Range<usize> {
        self.sections[section as usize].clone()
    }

    /// Reads the header of a whole file, which is as it was written.
    ///
    /// # Errors
    ///
    /// When it is not, with the first reason in the order of [`ArtifactErrorKind`].
    pub(super) fn read(sources: u128, file: &[u8]) -> Result<Header, ArtifactError> {
        check_artifact_start(sources, file)?;
        let header = file.get(..HEADER_SIZE).ok_or_else(|| truncated(file.len(), None))?;
        let wanted = u64_at(header, LENGTH_AT);
        if (file.len() as u64) < wanted {
            return Err(truncated(file.len(), Some(wanted)));
        }
        if file.len() as u64 > wanted {
            let more = file.len() as u64 - wanted;
            let message = format!("{more} bytes follow the end of the artefact, at offset {wanted:#x}; make it anew");
            return Err(ArtifactError::new(ArtifactErrorKind::TrailingBytes, message));
        }
        if hash(file).to_le_bytes() != header[HASH_AT..VERSION_AT] {
            return Err(ArtifactError::damaged("its bytes do not have the hash that its header gives"));
        }
        let kind = ArtifactKind::from_number(header[KIND_AT]).ok_or_else(|| ArtifactError::damaged("its kind"))?;
        let mut sections = [const { 0..0 }; Section::COUNT];
        for (at, section) in sections.iter_mut().enumerate() {
            let [start, end] = [0, 8].map(|field| usize::try_from(u64_at(header, SECTIONS_AT + at * 16 + field)));
            *section = match (start, end) {
                (Ok(start), Ok(end)) if start <= end && end <= file.len() => start..end,
                _ => return Err(ArtifactError::damaged("a section is not within it")),
            };
        }
        Ok(Header { kind, sections })
    }
}

/// Writes the header of `file`, whose first [`HEADER_SIZE`] bytes are for it.
pub(super) fn write(sources: u128, file: &mut [u8], kind: ArtifactKind, sections: &[Range<usize>; Section::COUNT]) {
    let length = file.len() as u64;
    file[..FORMAT_AT].copy_from_slice(&MAGIC);
    file[FORMAT_AT..KIND_AT].copy_from_slice(&FORMAT.to_le_bytes());
    file[KIND_AT] = kind.number();
    file[LENGTH_AT..HASH_AT].copy_from_slice(&length.to_le_bytes());
    file[VERSION_AT..][..VERSION.len()].copy_from_slice(VERSION.as_bytes());
    file[SOURCES_AT..SECTIONS_AT].copy_from_slice(&sources.to_le_bytes());
    for (at, section) in sections.iter().enumerate() {
        let place = &mut file[SECTIONS_AT + at * 16..][..16];
        place[..8].copy_from_slice(&(section.start as u64).to_le_bytes());
        place[8..].copy_from_slice(&(section.end as u64).to_le_bytes());
    }
    let hash = hash(file).to_le_bytes();
    file[HASH_AT..VERSION_AT].copy_from_slice(&hash);
}

const _: () = assert!(VERSION.len() < SOURCES_AT - VERSION_AT);

/// Which sort of artefact of this or another version the bytes start as, if they do. Nothing else is looked at: the first 16 bytes of a
/// file are enough.
pub fn detect_artifact(bytes: &[u8]) -> Option<ArtifactKind> {
    bytes.strip_prefix(&MAGIC)?;
    ArtifactKind::from_number(*bytes.get(KIND_AT)?)
}

/// Checks the start of a file, 128 bytes or all there are: whether it is an artefact of this version, made by a build from the same
/// `sources`, of which there is a hash. Nobody needs to read the rest of one that is not.
///
/// # Errors
///
/// When it is not: foreign, of another version or build, or cut off.
pub fn check_artifact_start(sources: u128, file: &[u8]) -> Result<(), ArtifactError> {
    if !file.starts_with(&MAGIC) {
        if !file.is_empty() && MAGIC.starts_with(file) {
            return Err(truncated(file.len(), None));
        }
        let what = match file {
            [] => "it is empty",
            [b'\0', b'a', b's', b'm', ..] => "it is WebAssembly, which has to be compiled first",
            _ => "it does not start as one",
        };
        return Err(ArtifactError::new(ArtifactErrorKind::Foreign, format!("this is no artefact of Gusset: {what}")));
    }
    let Some(format) = file.get(FORMAT_AT..KIND_AT) else { return Err(truncated(file.len(), None)) };
    let format = read_u32(format);
    if format != FORMAT {
        let age = if format < FORMAT { "an older" } else { "a newer" };
        let message = format!(
            "the artefact was made by {age} version of Gusset: its format is {format}, and that of Gusset {VERSION} is \
             {FORMAT}; compile it again"
        );
        return Err(ArtifactError::new(ArtifactErrorKind::Version, message));
    }
    let Some(version) = file.get(VERSION_AT..SOURCES_AT) else { return Err(truncated(file.len(), None)) };
    let mut wanted = [0; SOURCES_AT - VERSION_AT];
    wanted[..VERSION.len()].copy_from_slice(VERSION.as_bytes());
    if *version != wanted {
        let made_by = plain_version(version).ok_or_else(|| ArtifactError::damaged("the version in its header"))?;
        let message = format!("the artefact was made by Gusset {made_by}, and this is {VERSION}; compile it again");
        return Err(ArtifactError::new(ArtifactErrorKind::Version, message));
    }
    let Some(made_from) = file.get(SOURCES_AT..SECTIONS_AT) else { return Err(truncated(file.len(), None)) };
    if made_from != sources.to_le_bytes() {
        let message = format!(
            "the artefact was made by another build of Gusset {VERSION}, from other sources than this one; compile it again"
        );
        return Err(ArtifactError::new(ArtifactErrorKind::Version, message));
    }
    Ok(())
}

/// A version that ends with zeros.
fn plain_version(field: &[u8]) -> Option<&str> {
    let len = field.iter().position(|&byte| byte == 0)?;
    let (version, rest) = field.split_at(len);
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b".-+".contains(byte);
    let holds = !version.is_empty() && version.iter().all(plain) && rest.iter().all(|&byte| byte == 0);
    std::str::from_utf8(version).ok().filter(|_| holds)
}

fn truncated(len: usize, wanted: Option<u64>) -> ArtifactError {
    let message = match wanted {
        Some(wanted) => format!("the artefact is truncated: {len} of its {wanted} bytes are there; make it anew"),
        None => format!("the artefact is truncated within its header: {len} bytes are there; make it anew"),
    };
    ArtifactError::new(ArtifactErrorKind::Truncated, message)
}

/// The hash of all but itself.
fn hash(file: &[u8]) -> u128 {
    let mut hasher = XxHash3_128::new();
    hasher.write(&file[..HASH_AT]);
    hasher.write(&file[VERSION_AT..]);
    hasher.finish_128()
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(read_u32(&bytes[at..])) | u64::from(read_u32(&bytes[at + 4..])) << 32
}
