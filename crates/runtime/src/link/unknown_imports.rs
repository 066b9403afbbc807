//! Functions and resource types that stand for imports which nobody has defined: a component that imports more than it uses can
//! run with them.

use super::root_names::RootNames;
use super::{HostItem, Names};
use crate::error::{Error, LinkError, Result};
use crate::host_func::{HostFunction, LoweredImport, PassedCall};
use crate::resource::ResourceType;
use crate::signatures::RegisteredSignature;
use crate::store::StoreContextMut;
use crate::type_scope::TypeScope;
use crate::val::Val;
use crate::vm::{FuncHandle, RawValue};
use gusset_artifact::{ExternItem, Plan, RootImport};
use gusset_types::{FuncTypeIndex, Printable, ResourceTypeIndex, join_names};
use std::collections::HashMap;
use std::sync::Arc;

/// A function that fails when it is called, whatever its type.
struct UnknownFunc {
    /// The names that lead to it.
    path: Box<str>,
}

impl UnknownFunc {
    fn error(&self) -> Error {
        LinkError::error(format_args!("unknown import: `{}` has not been defined", Printable::name(&self.path)))
    }
}

impl<T: 'static> HostFunction<T> for UnknownFunc {
    fn mismatch(&self, _: TypeScope<'_>, _: FuncTypeIndex) -> Option<String> {
        None
    }

    fn lower(
        self: Arc<Self>,
        store: &mut StoreContextMut<'_, T>,
        signature: RegisteredSignature,
        import: LoweredImport,
    ) -> FuncHandle {
        import.add_to(store, signature, self)
    }

    fn call_from_guest(&self, _: StoreContextMut<'_, T>, _: &LoweredImport, _: &mut [RawValue]) -> Result<()> {
        Err(self.error())
    }

    fn call_from_host(&self, _: PassedCall<'_, T>, _: &[Val]) -> Result<Vec<Val>> {
        Err(self.error())
    }
}

/// Defines the functions and resource types that a component imports and that are not defined, in instances too. What is defined as
/// something else stays as it is.
pub(crate) fn define_unknown_imports<T: 'static>(plan: &Plan, names: &mut Names<T>) {
    let mut resources = HashMap::new();
    let root = RootNames::new(plan, names);
    // What is defined here must not change what names can mean, so that all are looked up before; and what leaves something
    // out is completed under the import's own name.
    let mut found = Vec::new();
    for (name, item) in &plan.imports.items {
        collect_resources(plan, item, root.get(name), &mut resources);
        let copied = root.loose(name).and_then(|loose| names.exact(loose)).cloned();
        found.push((root.find(name).map(str::to_string), copied));
    }
    for ((name, item), (mut found, copied)) in plan.imports.items.iter().zip(found) {
        if let Some(copied) = copied {
            names.insert(name, copied);
            found = Some(name.to_string());
        }
        define_item(plan, &mut vec![name], item, names, found, &mut resources);
    }
}

/// Finds the resource types that are defined. Imports that are bound to be the same type have the same index, and the first one
/// that is defined says which.
fn collect_resources<T: 'static>(
    plan: &Plan,
    item: &ExternItem<RootImport>,
    definition: Option<&HostItem<T>>,
    resources: &mut HashMap<ResourceTypeIndex, ResourceType>,
) {
    match (item, definition) {
        (ExternItem::Item(RootImport::Resource(index)), Some(HostItem::Resource(ty, _))) => {
            resources.entry(*index).or_insert(*ty);
        }
        (ExternItem::Instance(instance), Some(HostItem::Instance(names))) => {
            for (name, item) in &plan.imports.instances[*instance] {
                collect_resources(plan, item, names.get(name), resources);
            }
        }
        _ => {}
    }
}

/// Defines an item for which the name `found` stands, if one does.
fn define_item<'a, T: 'static>(
    plan: &'a Plan,
    path: &mut Vec<&'a str>,
    item: &'a ExternItem<RootImport>,
    names: &mut Names<T>,
    found: Option<String>,
    resources: &mut HashMap<ResourceTypeIndex, ResourceType>,
) {
    let name = path.last().copied().expect("an import has a name");
    match item {
        ExternItem::Item(RootImport::Func(_)) if found.is_none() => {
            let func = UnknownFunc { path: join_names(path).into() };
            names.insert(name, HostItem::Func(Arc::new(func)));
        }
        ExternItem::Item(RootImport::Resource(index)) if found.is_none() => {
            let ty = *resources.entry(*index).or_insert_with(ResourceType::new);
            names.insert(name, HostItem::Resource(ty, Arc::new(|_, _| Ok(()))));
        }
        ExternItem::Item(_) => {}
        ExternItem::Instance(instance) => {
            let definition = match found {
                Some(found) => names.exact_mut(&found),
                None => Some(names.insert(name, HostItem::Instance(Names::default()))),
            };
            let Some(HostItem::Instance(names)) = definition else { return };
            for (name, item) in &plan.imports.instances[*instance] {
                path.push(name);
                let found = names.find(name).map(str::to_string);
                define_item(plan, path, item, names, found, resources);
                path.pop();
            }
        }
    }
}
