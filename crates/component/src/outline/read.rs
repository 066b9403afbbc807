//! One pass over the bytes: what is inside of what, and where the types of the whole are known, its imports and exports.

use super::names::TypeNames;
use super::types::ItemReader;
use super::{ComponentOutline, Outline, OutlinePart, OutlineProducer, OutlineWorld, core_types};
use crate::error::{TranslateError, TranslateErrorKind};
use crate::parse::{RootKind, as_offset, each_payload, items};
use gusset_types::{ComponentFeatures, cut_name};
use std::collections::HashMap;
use wasmparser::types::Types;
use wasmparser::{ComponentName, CustomSectionReader, Encoding, KnownCustom, Name, Payload, ValidPayload, Validator};

/// About how many bytes of text an outline holds. Types that instances share can be many times as long as the input.
const MAX_TEXT: usize = 8 << 20;

/// Most parts, custom sections and producers that are recorded.
const MAX_PARTS: usize = 20_000;

/// The outline of a component or core module in the binary format.
pub(crate) fn read(bytes: &[u8]) -> Result<Outline, TranslateError> {
    let mut reader = PartReader { left: MAX_PARTS, ..PartReader::default() };
    let mut outline = None;
    each_payload(bytes, ComponentFeatures::specified(), RootKind::Any, |validator, payload, valid| {
        outline = reader.record(bytes, validator, payload, valid)?.or(outline.take());
        Ok(())
    })
    .map_err(|error| if is_core_module(bytes) { error.of_core_module() } else { error })?;
    outline.ok_or_else(|| TranslateError::new(TranslateErrorKind::Malformed, "unexpected end"))
}

/// Whether the bytes open a core module: its version has the layer 0, a component's the layer 1.
fn is_core_module(bytes: &[u8]) -> bool {
    bytes.get(6..8) == Some(&[0, 0])
}

/// The parts that have begun and not ended.
#[derive(Default)]
struct PartReader<'a> {
    levels: Vec<OpenPart<'a>>,
    left: usize,
    left_out: bool,
}

/// A part whose end has not been reached.
struct OpenPart<'a> {
    part: OutlinePart,
    /// Names for the core modules and components in it, by their indices.
    module_names: HashMap<u32, &'a str>,
    component_names: HashMap<u32, &'a str>,
    /// What the whole imports and exports.
    imports: Vec<&'a str>,
    exports: Vec<&'a str>,
}

impl<'a> PartReader<'a> {
    fn record(
        &mut self,
        bytes: &[u8],
        validator: &Validator,
        payload: Payload<'a>,
        valid: ValidPayload<'a>,
    ) -> Result<Option<Outline>, TranslateError> {
        match (payload, valid) {
            (Payload::Version { encoding, .. }, _) if self.levels.is_empty() => {
                self.begin(encoding == Encoding::Module, 0, 0, bytes.len());
            }
            (Payload::ModuleSection { unchecked_range, .. }, _) => {
                let index = validator.types(0).map_or(0, |types| types.module_count());
                let (start, end) = (as_offset(unchecked_range.start), as_offset(unchecked_range.end));
                self.begin(true, index, start, end.saturating_sub(start));
            }
            (Payload::ComponentSection { unchecked_range, .. }, _) => {
                let index = validator.types(0).map_or(0, |types| types.component_count());
                let (start, end) = (as_offset(unchecked_range.start), as_offset(unchecked_range.end));
                self.begin(false, index, start, end.saturating_sub(start));
            }
            (Payload::End(_), ValidPayload::End(types)) => return Ok(self.end(&types)),
            (payload, _) => self.section(payload)?,
        }
        Ok(None)
    }

    fn begin(&mut self, core_module: bool, index: u32, offset: usize, size: usize) {
        let part = OutlinePart {
            core_module,
            index,
            name: None,
            offset,
            size,
            count: 0,
            custom_sections: Vec::new(),
            producers: Vec::new(),
            parts: Vec::new(),
        };
        self.levels.push(OpenPart {
            part,
            module_names: HashMap::new(),
            component_names: HashMap::new(),
            imports: Vec::new(),
            exports: Vec::new(),
        });
    }

    /// Closes the innermost part; the outline when that was the whole.
    fn end(&mut self, types: &Types) -> Option<Outline> {
        let mut open = self.levels.pop()?;
        for part in &mut open.part.parts {
            let names = if part.core_module { &open.module_names } else { &open.component_names };
            if let Some(name) = names.get(&part.index) {
                part.name = Some(cut_name(name).into_owned());
            }
        }
        if !self.levels.is_empty() {
            if self.spend()
                && let Some(parent) = self.levels.last_mut()
            {
                parent.part.parts.push(open.part);
            }
            return None;
        }
        let world = match open.part.core_module {
            true => OutlineWorld::CoreModule(core_types::module(types.as_ref())),
            false => OutlineWorld::Component(self.component(types, &open)),
        };
        Some(Outline { world, root: open.part, left_out: self.left_out })
    }

    fn component(&mut self, types: &Types, open: &OpenPart<'_>) -> ComponentOutline {
        let mut reader = ItemReader { types, names: TypeNames::new(), left: MAX_TEXT };
        let imports = open.imports.iter().filter_map(|name| Some((*name, types.component_item_for_import(name)?)));
        let imports = reader.items(TypeNames::ROOT, imports);
        let exports = open.exports.iter().filter_map(|name| Some((*name, types.component_item_for_export(name)?)));
        let exports = reader.items(TypeNames::ROOT, exports);
        self.left_out |= reader.left == 0;
        ComponentOutline { imports, exports }
    }

    /// Takes one from what may still be recorded.
    fn spend(&mut self) -> bool {
        let left = self.left.checked_sub(1);
        self.left = left.unwrap_or(0);
        self.left_out |= left.is_none();
        left.is_some()
    }

    fn section(&mut self, payload: Payload<'a>) -> Result<(), TranslateError> {
        if let Payload::CustomSection(section) = payload {
            self.custom(&section);
            return Ok(());
        }
        let whole = self.levels.len() == 1;
        let Some(open) = self.levels.last_mut() else { return Ok(()) };
        match payload {
            Payload::FunctionSection(section) => open.part.count += section.count(),
            Payload::ComponentInstanceSection(section) => open.part.count += section.count(),
            Payload::ComponentImportSection(section) if whole => {
                for item in items(section) {
                    open.imports.push(item?.1.name.name);
                }
            }
            Payload::ComponentExportSection(section) if whole => {
                for item in items(section) {
                    open.exports.push(item?.1.name.name);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// A custom section is a help for people only: what cannot be read of it is passed over.
    fn custom(&mut self, section: &CustomSectionReader<'a>) {
        let spent = self.spend();
        let Some(open) = self.levels.last_mut() else { return };
        if spent {
            open.part.custom_sections.push((cut_name(section.name()).into_owned(), section.data().len()));
        }
        match section.as_known() {
            KnownCustom::Name(names) => {
                for name in names.into_iter().map_while(Result::ok) {
                    if let Name::Module { name, .. } = name {
                        open.part.name = Some(cut_name(name).into_owned());
                    }
                }
            }
            KnownCustom::ComponentName(names) => {
                for name in names.into_iter().map_while(Result::ok) {
                    let (map, names) = match name {
                        ComponentName::Component { name, .. } => {
                            open.part.name = Some(cut_name(name).into_owned());
                            continue;
                        }
                        ComponentName::CoreModules(map) => (map, &mut open.module_names),
                        ComponentName::Components(map) => (map, &mut open.component_names),
                        _ => continue,
                    };
                    names.extend(map.into_iter().map_while(Result::ok).map(|naming| (naming.index, naming.name)));
                }
            }
            KnownCustom::Producers(fields) => {
                for field in fields.into_iter().map_while(Result::ok) {
                    for value in field.values.into_iter().map_while(Result::ok) {
                        let Some(left) = self.left.checked_sub(1) else { break };
                        self.left = left;
                        let text = |text: &str| cut_name(text).into_owned();
                        let (field, name, version) = (text(field.name), text(value.name), text(value.version));
                        open.part.producers.push(OutlineProducer { field, name, version });
                    }
                }
            }
            _ => {}
        }
    }
}
