//! The sections of core instances and of component instances.

use super::{OpenComponent, items};
use crate::body::{ComponentDefinition, ItemRef};
use crate::error::TranslateError;
use wasmparser::{ComponentExport, ComponentInstance, ComponentInstanceSectionReader, Instance, InstanceSectionReader};

impl<'a> OpenComponent<'a> {
    pub(super) fn core_instances(&mut self, section: InstanceSectionReader<'a>) -> Result<(), TranslateError> {
        for item in items(section) {
            let (offset, instance) = item?;
            let definition = match instance {
                Instance::Instantiate { module_index, args } => ComponentDefinition::CoreInstantiate {
                    module: module_index,
                    args: args.iter().map(|arg| (arg.name, arg.index)).collect(),
                },
                Instance::FromExports(exports) => ComponentDefinition::CoreInstanceOf(
                    exports.iter().map(|export| (export.name, export.kind, export.index)).collect(),
                ),
            };
            self.define(offset, definition);
        }
        Ok(())
    }

    pub(super) fn instances(&mut self, section: ComponentInstanceSectionReader<'a>) -> Result<(), TranslateError> {
        for item in items(section) {
            let (offset, instance) = item?;
            let definition = match instance {
                ComponentInstance::Instantiate { component_index, args } => {
                    let args: Box<[ItemRef<'a>]> =
                        args.iter().map(|arg| ItemRef { name: arg.name, kind: arg.kind, index: arg.index }).collect();
                    args.iter().for_each(|arg| self.uses.passed(arg));
                    ComponentDefinition::Instantiate { component: component_index, args }
                }
                ComponentInstance::FromExports(exports) => {
                    let item = |export: &ComponentExport<'a>| ItemRef {
                        name: export.name.name,
                        kind: export.kind,
                        index: export.index,
                    };
                    let items: Box<[ItemRef<'a>]> = exports.iter().map(item).collect();
                    items.iter().for_each(|item| self.uses.passed(item));
                    ComponentDefinition::InstanceOf(items)
                }
            };
            self.define(offset, definition);
        }
        Ok(())
    }
}
