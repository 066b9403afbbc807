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
            match item.kind {
                ComponentExternalKind::Instance => {
                    self.instance_uses.insert(item.index, item.name);
                }
                ComponentExternalKind::Type => {
                    self.type_uses.insert(item.index, item.name);
                }
                _ => {}
            }
            self.define(offset, ComponentDefinition::Export(item));
        }
        Ok(())
    }
}
