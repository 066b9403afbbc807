//! The export section.

use super::{OpenComponent, items};
use crate::body::{ComponentDefinition, ItemRef};
use crate::error::TranslateError;
use wasmparser::ComponentExportSectionReader;

impl<'a> OpenComponent<'a> {
    pub(super) fn exports(&mut self, section: ComponentExportSectionReader<'a>) -> Result<(), TranslateError> {
        for item in items(section) {
            let (offset, export) = item?;
            let item = ItemRef { name: export.name.name, kind: export.kind, index: export.index };
            self.uses.exported(&item);
            self.define(offset, ComponentDefinition::Export(item));
        }
        Ok(())
    }
}
