//! Instances, of core modules and of components, and what is taken out of them.

use super::{Flattener, IMPORTED_INSTANCE_BYTES, MAX_CORE_INSTANCES, MAX_INSTANCE_BYTES};
use crate::body::{ItemRef, name_weight};
use crate::error::TranslateError;
use crate::scope::{CoreInstance, CoreItem, InstanceItem, LabelledInstance};
use gusset_artifact::{CoreDef, PlanModule, Step};
use gusset_types::{ComponentInstanceIndex, CoreDefIndex};
use std::collections::HashMap;
use std::rc::Rc;
use wasmparser::ExternalKind;

impl<'b> Flattener<'b, '_> {
    /// Instantiates a core module, with a core instance for the first name of each import.
    pub(super) fn core_instantiate(
        &mut self,
        at: ComponentInstanceIndex,
        module: u32,
        args: &[(&'b str, u32)],
    ) -> Result<(), TranslateError> {
        let scope = &self.scopes[at];
        let module = scope.modules[module as usize];
        let args: HashMap<&str, CoreInstance<'b>> =
            args.iter().map(|&(name, index)| (name, scope.core_instances[index as usize].clone())).collect();
        let parsed = self.parsed;
        let wanted: Vec<(&str, &str)> = match module {
            PlanModule::Unit(module) => {
                parsed.modules[module].imports.iter().map(|import| (import.module, import.name)).collect()
            }
            PlanModule::Imported(module) => self.module_types[module].imports.keys().map(pair).collect(),
        };
        self.spend(wanted.iter().map(|(module, name)| name_weight(module).max(name_weight(name))).sum())?;
        let mut imports = Vec::with_capacity(wanted.len());
        for (module, name) in wanted {
            let instance = args.get(module).expect("validation has found every import of a core module");
            let item = self.core_export(instance, name);
            imports.push(self.require(item)?);
        }
        let instance = self.instantiate_module(module, imports)?;
        self.scopes[at].core_instances.push(CoreInstance::Module { instance, module });
        Ok(())
    }

    /// Adds the step that instantiates `module`.
    pub(crate) fn instantiate_module(
        &mut self,
        module: PlanModule,
        imports: Vec<CoreDefIndex>,
    ) -> Result<gusset_artifact::CoreInstanceIndex, TranslateError> {
        if self.plan.core_instances.len() == MAX_CORE_INSTANCES {
            return Err(TranslateError::limit("core instances", MAX_CORE_INSTANCES));
        }
        self.spend_instance(module)?;
        let instance = self.plan.core_instances.push(module);
        self.plan.steps.push(Step::InstantiateModule { instance, imports: imports.into() });
        Ok(instance)
    }

    /// The first instance of a module is as large as the module; further ones cost three bytes of input.
    fn spend_instance(&mut self, module: PlanModule) -> Result<(), TranslateError> {
        let bytes = match module {
            PlanModule::Unit(module) => self.parsed.modules.get(module).map(|body| body.instance_bytes),
            PlanModule::Imported(_) => Some(IMPORTED_INSTANCE_BYTES),
        };
        let again = !self.instantiated.insert(module);
        if let (true, Some(bytes)) = (again, bytes) {
            self.instance_bytes = self.instance_bytes.saturating_add(bytes);
            if self.instance_bytes > MAX_INSTANCE_BYTES {
                return Err(TranslateError::limit("bytes of core instances", MAX_INSTANCE_BYTES as usize));
            }
        }
        Ok(())
    }

    /// A core instance that is a set of core items.
    pub(super) fn core_instance_of(
        &mut self,
        at: ComponentInstanceIndex,
        items: &[(&'b str, ExternalKind, u32)],
    ) -> Result<(), TranslateError> {
        let scope = &mut self.scopes[at];
        let items = items.iter().map(|&(name, kind, index)| (name, scope.core_item(kind, index))).collect();
        scope.core_instances.push(CoreInstance::Items(Rc::new(items)));
        Ok(())
    }

    pub(super) fn alias_core_export(
        &mut self,
        at: ComponentInstanceIndex,
        kind: ExternalKind,
        instance: u32,
        name: &str,
    ) {
        let instance = self.scopes[at].core_instances[instance as usize].clone();
        let item = self.core_export(&instance, name);
        self.scopes[at].push_core(kind, item);
    }

    /// Begins to instantiate a component. The instance joins its parent's index space when it is complete.
    pub(super) fn instantiate(
        &mut self,
        at: ComponentInstanceIndex,
        component: u32,
        args: &[ItemRef<'b>],
    ) -> Result<ComponentInstanceIndex, TranslateError> {
        let types = self.body_of(at).types.as_ref();
        let scope = &self.scopes[at];
        let component = scope.components[component as usize];
        let args = args.iter().map(|arg| (arg.name, scope.item(types, arg))).collect();
        let index = u32::try_from(scope.instances.len()).ok();
        self.begin(component, args, Some(at), index)
    }

    /// An instance that is a set of items.
    pub(super) fn instance_of(
        &mut self,
        at: ComponentInstanceIndex,
        items: &[ItemRef<'b>],
    ) -> Result<(), TranslateError> {
        let types = self.body_of(at).types.as_ref();
        let scope = &mut self.scopes[at];
        let exports = items.iter().map(|item| (item.name, scope.item(types, item))).collect();
        let item = Rc::new(InstanceItem { exports });
        scope.instances.push(LabelledInstance { item, label: None });
        Ok(())
    }

    pub(super) fn alias_export(&mut self, at: ComponentInstanceIndex, instance: u32, name: &'b str) {
        let names = &self.body_of(at).names.instances;
        let found = &self.scopes[at].instances[instance as usize];
        let label = found.label.or_else(|| names.get(&instance).copied());
        let item = found.item.exports.get(name).expect("validation has found every export that is aliased").clone();
        self.scopes[at].push(item, label, name);
    }

    /// What `instance` exports as `name`. Validation has seen to it that there is such an export.
    fn core_export(&mut self, instance: &CoreInstance<'b>, name: &str) -> CoreItem {
        match instance {
            CoreInstance::Items(items) => items[name],
            CoreInstance::Module { instance, module } => {
                let instance = *instance;
                let def = match *module {
                    PlanModule::Unit(module) => {
                        let item = self.parsed.modules[module].exports[name];
                        CoreDef::Export { instance, item }
                    }
                    PlanModule::Imported(module) => {
                        let export = self.plan.imported_modules[module].ty.exports.get_index_of(name);
                        let export = export.expect("validation has found every export that is used");
                        CoreDef::NamedExport { instance, export: export as u32 }
                    }
                };
                CoreItem::Def(self.core_def(def))
            }
        }
    }
}

fn pair((module, name): &(String, String)) -> (&str, &str) {
    (module, name)
}
