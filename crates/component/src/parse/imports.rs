//! The import section.

use super::{OpenComponent, items};
use crate::body::ComponentDefinition;
use crate::error::TranslateError;
use wasmparser::ComponentImportSectionReader;

impl<'a> OpenComponent<'a> {
    pub(super) fn imports(&mut self, section: ComponentImportSectionReader<'a>) -> Result<(), TranslateError> {
        for item in items(section) {
            let (offset, import) = item?;
            let definition = ComponentDefinition::Import { name: import.name.name, kind: import.ty.kind() };
            self.define(offset, definition);
        }
        Ok(())
    }
}
