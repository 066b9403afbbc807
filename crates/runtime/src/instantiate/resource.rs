//! The resource types of a new instance: what they are to the host, their numbers, and their destructors.

use super::Instantiation;
use crate::activation::check_return;
use crate::component_instance::InstanceResource;
use crate::error::{Result, bail, format_err};
use crate::link::HostDestructor;
use crate::resource::{Destructor, ResourceType, destructor_of};
use crate::store::AsContextMut;
use crate::type_scope::TypeTables;
use crate::vm::{FuncHandle, GlobalHandle, RawValue};
use gusset_artifact::{CoreDef, CoreValType, GlobalType, TrampolineIndex};
use gusset_types::{AdapterName, ResourceTypeIndex, resource_type_number};
use std::collections::HashMap;
use std::sync::Arc;

/// The types of a new instance of what was linked with `linked`: each resource type that it defines is its own.
pub(super) fn instance_tables(linked: &Arc<TypeTables>) -> Arc<TypeTables> {
    let plan = &linked.plan;
    if plan.resources.values().all(|resource| resource.instance.is_none()) {
        return linked.clone();
    }
    let types = plan.resources.values().zip(&linked.resources);
    let resources = types.map(|(resource, ty)| if resource.instance.is_some() { ResourceType::new() } else { *ty });
    Arc::new(TypeTables { plan: plan.clone(), resources: resources.collect() })
}

/// What the resource types are in a new instance of what was linked with `tables`. Destructors come when the types are defined.
pub(super) fn instance_resources(tables: &TypeTables) -> Arc<[InstanceResource]> {
    // A host may give one type under several names: guests cannot tell then which one a handle came by.
    let mut imported = HashMap::new();
    let numbered = tables.plan.resources.iter().map(|(index, resource)| {
        let first = match resource.instance {
            Some(_) => index,
            None => *imported.entry(tables.resources[index.as_u32() as usize]).or_insert(index),
        };
        InstanceResource { number: resource_type_number(first), definer: resource.instance, destructor: None }
    });
    numbered.collect()
}

impl<T: 'static> Instantiation<'_, T> {
    /// Makes the destructor of a resource type known.
    pub(super) fn define_resource(&mut self, index: ResourceTypeIndex) -> Result<()> {
        let resource = &self.plan.resources[index];
        let destructor = match resource.dtor {
            None => None,
            Some(dtor) if resource.instance.is_some() => {
                Some(Destructor { func: self.func(dtor)?, instance: Some(self.instance) })
            }
            // A function of the host enters what it needs itself. It is no part of the instance, which may have been lost.
            Some(dtor) => {
                let CoreDef::Trampoline(trampoline) = self.plan.core_defs[dtor] else {
                    bail!("internal error: the destructor of an imported resource type is not the host's");
                };
                let destructor = self.imported_destructor(index)?;
                let func = self.add(trampoline, move |store, values| destructor(store, values[0].u32()))?;
                Some(Destructor { func, instance: None })
            }
        };
        self.state_mut().resources[index.as_u32() as usize].destructor = destructor;
        Ok(())
    }

    /// The global that tells adapters the number of an imported resource type.
    pub(super) fn resource_number(&mut self, index: ResourceTypeIndex) -> Result<GlobalHandle> {
        if let Some(global) = self.resource_numbers.get(&index) {
            return Ok(*global);
        }
        let number = self.state_mut().resources[index.as_u32() as usize].number;
        let ty = GlobalType { content: CoreValType::I32, mutable: false };
        let global = self.store.0.vm.new_global(ty, RawValue::from_u32(number))?;
        self.resource_numbers.insert(index, global);
        Ok(global)
    }

    /// The function by which the instance drops a resource of an imported type.
    pub(super) fn drop_imported(
        &mut self,
        trampoline: TrampolineIndex,
        resource: ResourceTypeIndex,
    ) -> Result<FuncHandle> {
        let destructor = self.imported_destructor(resource)?;
        let (instance, plan) = (self.instance, self.plan.clone());
        // Whichever component drops it: they share the import.
        let name = move || AdapterName {
            caller: plan.component_instances.values().next().map_or_else(|| "".into(), |root| root.name.clone()),
            callee: "host".into(),
            function: destructor_of(&plan.resources[resource].name),
        };
        self.add(trampoline, move |mut store, values| {
            destructor(store.as_context_mut(), values[0].u32())?;
            check_return(store.0, instance, &name)
        })
    }

    fn imported_destructor(&self, resource: ResourceTypeIndex) -> Result<HostDestructor<T>> {
        let destructor = self.pre.imports.destructors.get(resource.as_u32() as usize).cloned().flatten();
        destructor.ok_or_else(|| format_err!("internal error: a resource type is not imported"))
    }
}
