//! From bytes to what was compiled. Everything is checked that a byte which has changed could make wrong, by the hash; what a file says
//! that somebody made with evil intent is believed.

use super::ArtifactContent;
use super::error::{ArtifactError, ArtifactErrorKind};
use super::header::{ArtifactKind, Header, Section};
use super::identity::CodeIdentity;
use crate::image::CodeImage;
use crate::shared_bytes::SharedBytes;
use serde::de::DeserializeOwned;
use std::ops::Range;

/// The bytes of an artefact that is as it was written.
pub struct ArtifactFile {
    bytes: SharedBytes,
    header: Header,
    identity: CodeIdentity,
}

impl ArtifactFile {
    /// Checks the bytes, of which there are a whole file's. `sources` is the hash of what this build was made from.
    ///
    /// # Errors
    ///
    /// When they are not as they were written: foreign, of another version or build, truncated or damaged.
    pub fn open(sources: u128, bytes: SharedBytes) -> Result<ArtifactFile, ArtifactError> {
        let header = Header::read(sources, &bytes)?;
        let identity = decode(&bytes[header.section(Section::Identity)])?;
        Ok(ArtifactFile { bytes, header, identity })
    }

    /// Which sort it is.
    pub fn kind(&self) -> ArtifactKind {
        self.header.kind
    }

    /// Checks that it is of the sort that is wanted.
    ///
    /// # Errors
    ///
    /// When it is of the other one.
    pub fn check_kind(&self, wanted: ArtifactKind) -> Result<(), ArtifactError> {
        if self.kind() == wanted {
            return Ok(());
        }
        let (is, wanted) = (self.kind().words(), wanted.words());
        let message = format!("this is the artefact of a {is}, and not of a {wanted}");
        Err(ArtifactError::new(ArtifactErrorKind::Kind, message))
    }

    /// What it was compiled for.
    pub fn identity(&self) -> &CodeIdentity {
        &self.identity
    }

    /// Where machine code stands in the file.
    pub fn text(&self) -> Range<usize> {
        self.header.section(Section::Text)
    }

    /// Where data segments stand in the file.
    pub fn data(&self) -> Range<usize> {
        self.header.section(Section::Data)
    }

    /// The image, whose tables, text and data stay where they are, and what there is beside it.
    ///
    /// # Errors
    ///
    /// When it does not decode, which the hash makes unlikely.
    pub fn decode(&self) -> Result<(CodeImage, ArtifactContent), ArtifactError> {
        let metadata = &self.bytes[self.header.section(Section::Metadata)];
        let (mut image, mut content): (CodeImage, ArtifactContent) = decode(metadata)?;
        let tables = self.section(Section::Tables);
        let mut found = true;
        image.each_table(&mut |table| found &= table.attach(&tables));
        content.each_table(&mut |table| found &= table.attach(&tables));
        if !found || content.kind() != self.kind() {
            return Err(ArtifactError::damaged("a table is not within it"));
        }
        (image.text, image.data) = (self.section(Section::Text), self.section(Section::Data));
        image.complete();
        Ok((image, content))
    }

    fn section(&self, section: Section) -> SharedBytes {
        self.bytes.slice(self.header.section(section)).unwrap_or_default()
    }
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ArtifactError> {
    postcard::from_bytes(bytes).map_err(|error| ArtifactError::damaged(&format!("a section cannot be read ({error})")))
}
