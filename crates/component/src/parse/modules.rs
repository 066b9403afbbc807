//! The outside of a core module: its imports, exports and name. Function bodies are left to the code generator.

use super::{cost, items};
use crate::body::{CoreImportRef, LinkedKind, ModuleBody};
use crate::error::TranslateError;
use gusset_artifact::{EntityIndex, FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TagIndex};
use indexmap::IndexMap;
use std::ops::Range;
use wasmparser::{ExternalKind, KnownCustom, Name, Payload, TypeRef};

/// A module that starts in `bytes`. The range is the section's claim; parsing goes on to check it.
pub(super) fn begin(bytes: &[u8], range: Range<usize>) -> ModuleBody<'_> {
    let wasm = bytes.get(range.clone()).unwrap_or_default();
    ModuleBody { wasm, range, name: None, imports: Vec::new(), exports: IndexMap::new(), instance_bytes: 0 }
}

/// Records a section of a module.
pub(super) fn section<'a>(module: &mut ModuleBody<'a>, payload: Payload<'a>) -> Result<(), TranslateError> {
    module.instance_bytes = module.instance_bytes.saturating_add(cost::instance_bytes(&payload)?);
    match payload {
        Payload::ImportSection(section) => {
            for import in section.into_imports() {
                let import = import.map_err(|error| TranslateError::malformed(&error))?;
                let kind = match import.ty {
                    TypeRef::Func(_) | TypeRef::FuncExact(_) => LinkedKind::Func,
                    TypeRef::Table(_) => LinkedKind::Table,
                    TypeRef::Memory(_) => LinkedKind::Memory,
                    TypeRef::Global(_) | TypeRef::Tag(_) => LinkedKind::Other,
                };
                module.imports.push(CoreImportRef { module: import.module, name: import.name, kind });
            }
        }
        Payload::ExportSection(section) => {
            for item in items(section) {
                let (_, export) = item?;
                module.exports.insert(export.name, entity(export.kind, export.index));
            }
        }
        Payload::CustomSection(section) => {
            if let KnownCustom::Name(names) = section.as_known() {
                // A name section that cannot be read is as good as none.
                for name in names.into_iter().map_while(Result::ok) {
                    if let Name::Module { name, .. } = name {
                        module.name = Some(name);
                    }
                }
            }
        }
        _ => {}
    }
    Ok(())
}

fn entity(kind: ExternalKind, index: u32) -> EntityIndex {
    match kind {
        ExternalKind::Func | ExternalKind::FuncExact => EntityIndex::Func(FuncIndex::from_u32(index)),
        ExternalKind::Table => EntityIndex::Table(TableIndex::from_u32(index)),
        ExternalKind::Memory => EntityIndex::Memory(MemoryIndex::from_u32(index)),
        ExternalKind::Global => EntityIndex::Global(GlobalIndex::from_u32(index)),
        ExternalKind::Tag => EntityIndex::Tag(TagIndex::from_u32(index)),
    }
}
