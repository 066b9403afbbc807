//! What an instance exports as definitions for others: whole instances are handed on by it.

use super::linked_func::LinkedFunc;
use super::{HostDestructor, HostItem, Names};
use crate::error::{Result, bail};
use crate::func::Func;
use crate::instance::Instance;
use crate::store::{StoreContext, StoreContextMut};
use crate::vm::EnteredBy;
use gusset_artifact::{ExternItem, NamedItems, PlanModule, RootExport};
use gusset_types::ResourceTypeIndex;
use std::sync::Arc;

/// The exports of `instance` that another can import, with their names. Value types need no definition; the plan bounds how much
/// they are, written out.
#[track_caller]
pub(crate) fn exports<T: 'static>(
    store: &StoreContext<'_, T>,
    instance: Instance,
) -> impl Iterator<Item = (Arc<str>, HostItem<T>)> {
    let tables = store.0.components[instance.index(store.0.vm.id())].tables.clone();
    items(store, instance, &tables.plan.exports.items).into_iter()
}

fn items<T: 'static>(
    store: &StoreContext<'_, T>,
    instance: Instance,
    exports: &NamedItems<RootExport>,
) -> Vec<(Arc<str>, HostItem<T>)> {
    exports.iter().filter_map(|(name, export)| Some((name.clone(), item(store, instance, export)?))).collect()
}

fn item<T: 'static>(
    store: &StoreContext<'_, T>,
    instance: Instance,
    export: &ExternItem<RootExport>,
) -> Option<HostItem<T>> {
    let state = &store.0.components[instance.index(store.0.vm.id())];
    Some(match export {
        ExternItem::Item(RootExport::Func(index)) => {
            HostItem::Func(Arc::new(LinkedFunc::new(store, Func::new(instance, index.as_u32()))))
        }
        ExternItem::Item(RootExport::Module(PlanModule::Unit(index))) => {
            HostItem::Module(state.component.module(*index))
        }
        ExternItem::Item(RootExport::Module(PlanModule::Imported(import))) => {
            HostItem::Module(state.modules.get(import.as_u32() as usize)?.module.clone())
        }
        ExternItem::Item(RootExport::Resource(index)) => {
            HostItem::Resource(state.tables.resource(*index), destructor(store, instance, *index))
        }
        ExternItem::Item(RootExport::Type(_) | RootExport::Component) => return None,
        ExternItem::Instance(inner) => {
            let mut names = Names::default();
            for (name, item) in items(store, instance, &state.tables.plan.exports.instances[*inner]) {
                names.insert(&name, item);
            }
            HostItem::Instance(names)
        }
    })
}

/// What drops a resource of a type that `instance` exports.
fn destructor<T: 'static>(
    store: &StoreContext<'_, T>,
    instance: Instance,
    index: ResourceTypeIndex,
) -> HostDestructor<T> {
    let id = store.0.vm.id();
    let (state, at) = (&store.0.components[instance.index(id)], index.as_u32() as usize);
    let (destructor, ty) = (state.resources[at].destructor, state.tables.resources[at]);
    Arc::new(move |mut store: StoreContextMut<'_, T>, rep| -> Result<()> {
        if store.0.vm.id() != id {
            bail!("a resource type that an instance was linked with is of another store");
        }
        match destructor {
            Some(destructor) => destructor.call(&mut store, EnteredBy::Runtime, ty, rep),
            None => Ok(()),
        }
    })
}
