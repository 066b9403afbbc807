//! The export section.

use super::{OpenComponent, items};
use crate::body::{ComponentDefinition, ItemRef};
use crate::error::TranslateError;
use wasmparser::{ComponentExportSectionReader, ComponentExternalKind};

impl<'a> OpenComponent<'a> {
    pub(super) fn exports(&mut self, section: ComponentExportSectionReader<'a>) -> Result<(), TranslateError> {
        for item in items(section) {
            let (offset, export) = item?;
            let item = ItemRef { name: export.name.name, kind: export.kind, index: export.index };
            if item.kind == ComponentExternalKind::Instance {
                self.instance_uses.insert(item.index, item.name);
            }
            self.definitions.push((offset, ComponentDefinition::Export(item)));
        }
        Ok(())
    }
}
