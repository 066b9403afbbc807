//! The alias section.

use super::{OpenComponent, items};
use crate::body::{ComponentDefinition, OuterKind};
use crate::error::TranslateError;
use wasmparser::{ComponentAlias, ComponentAliasSectionReader, ComponentOuterAliasKind};

impl<'a> OpenComponent<'a> {
    pub(super) fn aliases(&mut self, section: ComponentAliasSectionReader<'a>) -> Result<(), TranslateError> {
        for item in items(section) {
            let (offset, alias) = item?;
            let definition = match alias {
                ComponentAlias::InstanceExport { kind, instance_index, name } => {
                    ComponentDefinition::AliasExport { kind, instance: instance_index, name }
                }
                ComponentAlias::CoreInstanceExport { kind, instance_index, name } => {
                    ComponentDefinition::AliasCoreExport { kind, instance: instance_index, name }
                }
                ComponentAlias::Outer { kind, count, index } => {
                    let kind = match kind {
                        ComponentOuterAliasKind::CoreModule => OuterKind::CoreModule,
                        ComponentOuterAliasKind::Type => OuterKind::Type,
                        ComponentOuterAliasKind::Component => OuterKind::Component,
                        ComponentOuterAliasKind::CoreType => continue,
                    };
                    ComponentDefinition::AliasOuter { kind, count, index }
                }
            };
            self.define(offset, definition);
        }
        Ok(())
    }
}
