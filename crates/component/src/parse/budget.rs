//! What validating instances may cost. The validator compares and copies what a component or module imports and exports each time
//! that it is instantiated, and three bytes instantiate it: so that is counted before the validator sees it. Nothing is
//! judged here; an index of nothing is left to the validator.

use super::items;
use crate::error::TranslateError;
use std::collections::HashMap;
use wasmparser::component_types::{ComponentEntityType, ComponentInstanceTypeId, ComponentItem};
use wasmparser::types::TypesRef;
use wasmparser::{ComponentExternalKind, ComponentInstance, Instance, Payload, Validator};

/// Most imports and exports that instances are validated with, those of instances among them too; a long name counts for several.
const MAX_ITEMS: usize = 4_000_000;

/// A name counts for one more with each of so many bytes.
const NAME_BYTES: usize = 32;

/// Counts the items of instances.
#[derive(Default)]
pub(super) struct InstanceBudget {
    spent: usize,
    /// What has been counted of instance types.
    known: HashMap<ComponentInstanceTypeId, usize>,
}

impl InstanceBudget {
    /// Counts a section, which is to be validated next.
    pub(super) fn count(&mut self, validator: &Validator, payload: &Payload<'_>) -> Result<(), TranslateError> {
        let Some(types) = validator.types(0) else { return Ok(()) };
        match payload {
            Payload::InstanceSection(section) => {
                for item in items(section.clone()) {
                    let (offset, instance) = item?;
                    self.spend(core_items(types, &instance)).map_err(|error| error.at(offset))?;
                }
            }
            Payload::ComponentInstanceSection(section) => {
                // Those of this section, which the validator does not know yet.
                let (mut made, first) = (Vec::new(), types.component_instance_count());
                for item in items(section.clone()) {
                    let (offset, instance) = item?;
                    let (all, exported) = self.component_items(types, &instance, first, &made);
                    self.spend(all).map_err(|error| error.at(offset))?;
                    made.push(exported);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn spend(&mut self, items: usize) -> Result<(), TranslateError> {
        self.spent = self.spent.saturating_add(items);
        match self.spent > MAX_ITEMS {
            true => Err(TranslateError::limit("imports and exports of instances", MAX_ITEMS)),
            false => Ok(()),
        }
    }

    /// The items that an instance is validated with, and those that it exports.
    fn component_items(
        &mut self,
        types: TypesRef<'_>,
        instance: &ComponentInstance<'_>,
        first: u32,
        made: &[usize],
    ) -> (usize, usize) {
        let mut instance_at = |index: u32| match index.checked_sub(first) {
            None => self.instance(types, types.component_instance_at(index)),
            Some(later) => made.get(later as usize).copied().unwrap_or(0),
        };
        match instance {
            ComponentInstance::Instantiate { component_index, args } => {
                let args = args.iter().map(|arg| match arg.kind {
                    ComponentExternalKind::Instance => instance_at(arg.index),
                    _ => 1,
                });
                let args = args.fold(0, usize::saturating_add);
                if *component_index >= types.component_count() {
                    return (args, 0);
                }
                let component = &types[types.component_at(*component_index)];
                let imported = self.all(types, component.imports.iter());
                let exported = self.all(types, component.exports.iter());
                (args.saturating_add(imported).saturating_add(exported), exported)
            }
            ComponentInstance::FromExports(exports) => {
                let items = exports.iter().map(|export| match export.kind {
                    ComponentExternalKind::Instance => instance_at(export.index).saturating_add(1),
                    _ => name(export.name.name),
                });
                // Making it costs one for each; what is in them is counted where it is handed on.
                (exports.len(), items.fold(0, usize::saturating_add))
            }
        }
    }

    fn instance(&mut self, types: TypesRef<'_>, id: ComponentInstanceTypeId) -> usize {
        if let Some(&known) = self.known.get(&id) {
            return known;
        }
        let items = self.all(types, types[id].exports.iter());
        self.known.insert(id, items);
        items
    }

    /// The validator bounds how deeply instance types nest.
    fn all<'t>(&mut self, types: TypesRef<'_>, named: impl Iterator<Item = (&'t String, &'t ComponentItem)>) -> usize {
        let items = named.map(|(text, item)| match item.ty {
            ComponentEntityType::Instance(id) => self.instance(types, id).saturating_add(name(text)),
            _ => name(text),
        });
        items.fold(0, usize::saturating_add)
    }
}

fn core_items(types: TypesRef<'_>, instance: &Instance<'_>) -> usize {
    match instance {
        Instance::Instantiate { module_index, args } if *module_index < types.module_count() => {
            let module = &types[types.module_at(*module_index)];
            let imports = module.imports.keys().map(|(module, item)| name(module) + name(item));
            args.len() + imports.sum::<usize>() + module.exports.keys().map(|export| name(export)).sum::<usize>()
        }
        Instance::Instantiate { args, .. } => args.len(),
        Instance::FromExports(exports) => exports.len(),
    }
}

/// What an item counts for.
fn name(text: &str) -> usize {
    1 + text.len() / NAME_BYTES
}
