//! Resource types: where they are defined, and what each of them is in the instances that know it.
//!
//! The validator gives a resource type a number wherever it enters a component: where it is defined or imported, in an
//! instance that is imported or made, and anew where an export gives it an abstract type. Those numbers mean other resource
//! types in each instance of the component; the entity types that the validator has beside the items say which.

use super::Flattener;
use crate::body::name_weight;
use crate::convert::TypesOf;
use crate::error::TranslateError;
use crate::scope::ScopeItem;
use gusset_types::{ComponentInstanceIndex, FuncTypeIndex, ValType};
use std::rc::Rc;
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentEntityType, ComponentFuncTypeId, ComponentInstanceTypeId,
};

impl<'b> Flattener<'b, '_> {
    /// A definition of a resource type.
    pub(super) fn define_resource(&mut self) -> Result<(), TranslateError> {
        Err(TranslateError::unsupported("resources", "the definition of a resource type"))
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
        let converted = self.converter.func(&mut self.plan.types, &mut from, id)?;
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
        let converted = self.converter.any(&mut self.plan.types, &mut from, id)?;
        let work = std::mem::take(&mut self.converter.work);
        self.spend(work)?;
        Ok(converted)
    }
}
