//! From what was compiled to bytes. Equal contents give equal bytes.

use super::ArtifactContent;
use super::header::{self, HEADER_SIZE, PAGE_ALIGNMENT, Section};
use super::identity::CodeIdentity;
use crate::image::CodeImage;
use serde::Serialize;
use std::ops::Range;

/// The artefact of a unit. `sources` is the hash of what this build was made from.
///
/// # Errors
///
/// When something of it has no serialized form, which is a fault of ours.
pub fn write_artifact(
    sources: u128,
    identity: &CodeIdentity,
    image: &CodeImage,
    content: &ArtifactContent,
) -> Result<Vec<u8>, postcard::Error> {
    // The tables' bytes are shared: to note new places copies nothing else.
    let (mut image, mut content) = (image.clone(), content.clone());
    let mut tables = Vec::new();
    image.each_table(&mut |table| table.place(&mut tables));
    content.each_table(&mut |table| table.place(&mut tables));

    let mut file = SectionWriter::new(image.text.len() + image.data.len() + tables.len());
    file.serialized(Section::Identity, identity)?;
    file.serialized(Section::Metadata, &(&image, &content))?;
    file.bytes(Section::Tables, &tables);
    file.bytes(Section::Data, &image.data);
    file.bytes(Section::Text, &image.text);
    let SectionWriter { mut file, sections } = file;
    header::write(sources, &mut file, content.kind(), &sections);
    Ok(file)
}

struct SectionWriter {
    file: Vec<u8>,
    sections: [Range<usize>; Section::COUNT],
}

impl SectionWriter {
    fn new(large: usize) -> SectionWriter {
        let mut file = Vec::with_capacity(large + 4 * PAGE_ALIGNMENT);
        file.resize(HEADER_SIZE, 0);
        SectionWriter { file, sections: [const { 0..0 }; Section::COUNT] }
    }

    fn serialized(&mut self, section: Section, value: &impl Serialize) -> Result<(), postcard::Error> {
        let bytes = postcard::to_stdvec(value)?;
        self.bytes(section, &bytes);
        Ok(())
    }

    fn bytes(&mut self, section: Section, bytes: &[u8]) {
        if section.is_mapped() && !bytes.is_empty() {
            self.file.resize(self.file.len().next_multiple_of(PAGE_ALIGNMENT), 0);
        }
        let start = self.file.len();
        self.file.extend_from_slice(bytes);
        self.sections[section as usize] = start..self.file.len();
    }
}
