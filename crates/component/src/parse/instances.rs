//! The sections of core instances and of component instances.

use super::{OpenComponent, items};
use crate::body::{ComponentDefinition, ItemRef};
use crate::error::TranslateError;
use wasmparser::{
    ComponentExport, ComponentExternalKind, ComponentInstance, ComponentInstanceSectionReader, Instance,
    InstanceSectionReader,
};

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
                    for arg in args.iter().filter(|arg| arg.kind == ComponentExternalKind::Instance) {
                        self.instance_uses.entry(arg.index).or_insert(arg.name);
                    }
                    ComponentDefinition::Instantiate { component: component_index, args }
                }
                ComponentInstance::FromExports(exports) => {
                    for export in exports.iter().filter(|export| export.kind == ComponentExternalKind::Type) {
                        self.type_uses.entry(export.index).or_insert(export.name.name);
                    }
                    let item = |export: &ComponentExport<'a>| ItemRef {
                        name: export.name.name,
                        kind: export.kind,
                        index: export.index,
                    };
                    ComponentDefinition::InstanceOf(exports.iter().map(item).collect())
                }
            };
            self.define(offset, definition);
        }
        Ok(())
    }
}
