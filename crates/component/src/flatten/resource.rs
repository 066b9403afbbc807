//! Resource types: where they are defined, and what each of them is in the instances that know it.
//!
//! The validator gives a resource type a number wherever it enters a component: where it is defined or imported, or in an
//! instance that is imported or made. Those numbers mean other resource types in each instance of the component; the entity
//! types that the validator has beside the items say which. An export may have a type of its own, and so is looked at, too.

use super::root::ROOT;
use super::{Flattener, MAX_RESOURCE_TYPES};
use crate::body::name_weight;
use crate::convert::TypesOf;
use crate::error::TranslateError;
use crate::scope::{CoreItem, ScopeItem};
use gusset_artifact::{Step, Trampoline};
use gusset_fact::{BuiltinSpec, FunctionSpec};
use gusset_types::{
    AdapterName, CanonBuiltin, ComponentInstanceIndex, FuncTypeIndex, Printable, ResourceType, ResourceTypeIndex,
    ValType, cut_name, join_names,
};
use std::rc::Rc;
use std::sync::Arc;
use wasmparser::ExternalKind;
use wasmparser::component_types::{
    AliasableResourceId, ComponentAnyTypeId, ComponentEntityType, ComponentFuncTypeId, ComponentInstanceTypeId,
};

/// What a built-in counts for among adapters: its code is that of so many nodes of a type.
const BUILTIN_NODES: usize = 8;

impl<'b> Flattener<'b, '_> {
    /// A definition of a resource type, whose index is `index`.
    pub(super) fn define_resource(
        &mut self,
        at: ComponentInstanceIndex,
        index: u32,
        dtor: Option<u32>,
        wide: bool,
    ) -> Result<(), TranslateError> {
        let body = self.body_of(at);
        let name = body.uses.types.get(&index).or_else(|| body.names.types.get(&index));
        let name: Arc<str> = match name {
            Some(name) => cut_name(name).into(),
            None => format!("resource {index}").into(),
        };
        if wide {
            let what = format_args!("resource type `{}`, which an `i64` represents", Printable::name(&name));
            return Err(TranslateError::unsupported("memory64", what));
        }
        let dtor = dtor.map(|func| self.core_func(at, func)).transpose()?;
        let resource = self.add_resource(ResourceType { name, instance: Some(at), dtor })?;
        let id = body.types.as_ref().component_any_type_at(index).unwrap_resource();
        self.scopes[at].types.bind(id, resource);
        Ok(())
    }

    /// A resource type that the root imports, unless it is one that the root knows already.
    pub(super) fn import_resource(
        &mut self,
        path: &[&str],
        id: AliasableResourceId,
    ) -> Result<ResourceTypeIndex, TranslateError> {
        if let Some(known) = self.scopes[ROOT].types.resource(id) {
            return Ok(known);
        }
        let dtor = self.trampoline(Trampoline::DropImportedResource(self.plan.resources.next_key()));
        let name = join_names(path).into();
        let resource = self.add_resource(ResourceType { name, instance: None, dtor: Some(dtor) })?;
        self.scopes[ROOT].types.bind(id, resource);
        Ok(resource)
    }

    fn add_resource(&mut self, resource: ResourceType) -> Result<ResourceTypeIndex, TranslateError> {
        if self.plan.resources.len() == MAX_RESOURCE_TYPES {
            return Err(TranslateError::limit("resource types", MAX_RESOURCE_TYPES));
        }
        self.plan.uses_state = true;
        let name = resource.name.clone();
        let resource = self.plan.resources.push(resource);
        self.plan.types.name_resource(resource, name);
        self.plan.steps.push(Step::DefineResource(resource));
        Ok(resource)
    }

    /// The resource type at an index of an instance.
    pub(super) fn resource_at(&self, at: ComponentInstanceIndex, index: u32) -> ResourceTypeIndex {
        let id = self.body_of(at).types.as_ref().component_any_type_at(index).unwrap_resource();
        self.scopes[at].types.known(id)
    }

    /// A built-in for handles: recorded as adapters are, once for each instance.
    pub(super) fn resource_builtin(
        &mut self,
        at: ComponentInstanceIndex,
        builtin: CanonBuiltin,
        resource: ResourceTypeIndex,
    ) -> Result<(), TranslateError> {
        let recorded = match self.builtins.get(&(at, builtin)) {
            Some(known) => *known,
            None => {
                let function = format!("{} {}", builtin.name(), self.plan.resources[resource].name);
                let name = AdapterName {
                    caller: self.plan.component_instances[at].name.clone(),
                    callee: "canon".into(),
                    function: function.into(),
                };
                let check_may_leave = self.settings.keep_flags || self.body_of(at).clears_may_leave;
                let spec = BuiltinSpec { name, builtin, instance: at, check_may_leave };
                self.adapters.spend(BUILTIN_NODES)?;
                let recorded = self.adapters.record(FunctionSpec::Builtin(spec));
                self.builtins.insert((at, builtin), recorded);
                recorded
            }
        };
        self.scopes[at].push_core(ExternalKind::Func, CoreItem::Adapter(recorded));
        Ok(())
    }

    /// Says what the resource types in `ty` are in the instance `at`, where `item` is what has that type. Validation bounds how
    /// deeply instances nest, and so the recursion.
    pub(super) fn bind(
        &mut self,
        at: ComponentInstanceIndex,
        ty: &ComponentEntityType,
        item: &ScopeItem<'b>,
    ) -> Result<(), TranslateError> {
        match (ty, item) {
            (ComponentEntityType::Type { created, .. }, ScopeItem::Resource(resource)) => {
                self.scopes[at].types.bind(created.unwrap_resource(), *resource);
            }
            (ComponentEntityType::Instance(id), ScopeItem::Instance(instance)) => {
                if !self.exports_resources(at, *id) || !self.scopes[at].bound.insert((*id, Rc::as_ptr(instance))) {
                    return Ok(());
                }
                let types = self.body_of(at).types.as_ref();
                let ty = types.get(*id).expect("the type is of this component");
                for (name, export) in &ty.exports {
                    self.spend(name_weight(name))?;
                    let item = instance.exports.get(name.as_str());
                    self.bind(at, &export.ty, item.expect("validation knows every export of an instance"))?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether instances of that type export resource types, themselves or in instances.
    fn exports_resources(&mut self, at: ComponentInstanceIndex, id: ComponentInstanceTypeId) -> bool {
        if let Some(&known) = self.resource_instances.get(&id) {
            return known;
        }
        let types = self.body_of(at).types.as_ref();
        let ty = types.get(id).expect("the type is of this component");
        let found = ty.exports.values().any(|export| match export.ty {
            ComponentEntityType::Type { created, .. } => matches!(created, ComponentAnyTypeId::Resource(_)),
            ComponentEntityType::Instance(id) => self.exports_resources(at, id),
            _ => false,
        });
        self.resource_instances.insert(id, found);
        found
    }

    /// A function type of the component of `at`, as that instance has it.
    pub(super) fn func_type(
        &mut self,
        at: ComponentInstanceIndex,
        id: ComponentFuncTypeId,
    ) -> Result<FuncTypeIndex, TranslateError> {
        let types = self.body_of(at).types.as_ref();
        let mut from = TypesOf { types, scope: &mut self.scopes[at].types };
        let converted = self.converter.func(&mut self.plan.types, &mut from, id);
        let work = std::mem::take(&mut self.converter.work);
        self.spend(work)?;
        Ok(converted)
    }

    /// A type of the component of `at`, where it is a value type, as that instance has it.
    pub(super) fn value_type(
        &mut self,
        at: ComponentInstanceIndex,
        id: ComponentAnyTypeId,
    ) -> Result<Option<ValType>, TranslateError> {
        let types = self.body_of(at).types.as_ref();
        let mut from = TypesOf { types, scope: &mut self.scopes[at].types };
        let converted = self.converter.any(&mut self.plan.types, &mut from, id);
        let work = std::mem::take(&mut self.converter.work);
        self.spend(work)?;
        Ok(converted)
    }
}
