//! Finds what a component imports among a host's definitions, and checks all types.

use super::problems::{Problems, func_text, import_name, module_text, near_miss, needs};
use super::{HostDestructor, HostItem, LinkedModule, Names};
use crate::engine::Engine;
use crate::error::{Result, format_err};
use crate::host_func::HostFunction;
use crate::resource::ResourceType;
use crate::type_scope::{TypeScope, TypeTables};
use crate::vm::StoreId;
use gusset_artifact::{ExternItem, ImportIndex, ModuleImportIndex, NamedItems, Plan, RootImport};
use gusset_types::{FuncTypeIndex, Printable, ResourceTypeIndex};
use std::sync::Arc;

/// What stands for a component's imports.
pub(crate) struct LinkedImports<T: 'static> {
    /// For the plan's [`imported_funcs`](Plan::imported_funcs), in order.
    pub(crate) funcs: Arc<[Arc<dyn HostFunction<T>>]>,
    /// For the plan's [`imported_modules`](Plan::imported_modules), in order.
    pub(crate) modules: Arc<[LinkedModule]>,
    /// The component's types, with the resource types that it imports.
    pub(crate) tables: Arc<TypeTables>,
    /// For the plan's [`resources`](Plan::resources), in order: what drops those that are imported.
    pub(crate) destructors: Arc<[Option<HostDestructor<T>>]>,
    /// The store that they are of, if there are functions of instances among them.
    pub(crate) store: Option<StoreId>,
}

impl<T: 'static> Clone for LinkedImports<T> {
    fn clone(&self) -> Self {
        LinkedImports {
            funcs: self.funcs.clone(),
            modules: self.modules.clone(),
            tables: self.tables.clone(),
            destructors: self.destructors.clone(),
            store: self.store,
        }
    }
}

/// Finds everything that a component imports.
///
/// # Errors
///
/// Says of all imports that are missing or of another type what they are.
pub(crate) fn resolve<T: 'static>(
    engine: &Engine,
    tables: &Arc<TypeTables>,
    names: &Names<T>,
) -> Result<LinkedImports<T>> {
    let plan = &*tables.plan;
    let mut resolver = Resolver {
        engine,
        plan,
        resources: tables.resources.clone(),
        destructors: plan.resources.values().map(|_| None).collect(),
        path: Vec::new(),
        funcs: vec![None; plan.imported_funcs.len()],
        modules: plan.imported_modules.values().map(|_| None).collect(),
        store: None,
        problems: Problems::default(),
    };
    for (name, item) in &plan.imports.items {
        let definition = root_name(plan, names, name).and_then(|name| names.exact(name));
        resolver.item(name, item, definition, Some(names));
    }
    let Resolver { funcs, modules, resources, destructors, store, problems, .. } = resolver;
    if let Some(error) = problems.into_error() {
        return Err(error);
    }
    let lost = |name: &str| format_err!("internal error: import `{}` is not among the imports", Printable::name(name));
    let funcs = funcs.into_iter().zip(plan.imported_funcs.values());
    let funcs = funcs.map(|(func, import)| func.ok_or_else(|| lost(&import.name))).collect::<Result<_>>()?;
    let modules = modules.into_iter().zip(plan.imported_modules.values());
    let modules = modules.map(|(module, import)| module.ok_or_else(|| lost(&import.name))).collect::<Result<_>>()?;
    let tables = match resources == tables.resources {
        true => tables.clone(),
        false => Arc::new(TypeTables { plan: tables.plan.clone(), resources }),
    };
    Ok(LinkedImports { funcs, modules, tables, destructors: destructors.into(), store })
}

/// The name that stands for one that the root imports: that name, with its whole version where that is known, or a compatible
/// one; or else that of the interface which it is said to implement.
pub(super) fn root_name<'n, T: 'static>(plan: &Plan, names: &'n Names<T>, name: &str) -> Option<&'n str> {
    let Some(attributes) = plan.imports.attributes.get(name) else { return names.find(name) };
    let exact = attributes.full_name.as_deref().filter(|name| names.exact(name).is_some());
    let implements = || names.find(attributes.implements.as_deref()?);
    exact.and_then(|name| names.find(name)).or_else(|| names.find(name)).or_else(implements)
}

struct Resolver<'a, T: 'static> {
    engine: &'a Engine,
    plan: &'a Plan,
    /// What the resource types are, as far as they are known.
    resources: Box<[ResourceType]>,
    destructors: Vec<Option<HostDestructor<T>>>,
    /// The names that lead to what is being looked at.
    path: Vec<&'a str>,
    funcs: Vec<Option<Arc<dyn HostFunction<T>>>>,
    modules: Vec<Option<LinkedModule>>,
    store: Option<StoreId>,
    problems: Problems,
}

impl<'a, T: 'static> Resolver<'a, T> {
    /// Finds items in `names`; without, all that need a definition are missing. Validation bounds how deeply instances nest,
    /// and so the recursion.
    fn items(&mut self, items: &'a NamedItems<RootImport>, names: Option<&Names<T>>) {
        for (name, item) in items {
            self.item(name, item, names.and_then(|names| names.get(name)), names);
        }
    }

    fn item(
        &mut self,
        name: &'a str,
        item: &'a ExternItem<RootImport>,
        definition: Option<&HostItem<T>>,
        names: Option<&Names<T>>,
    ) {
        self.path.push(name);
        match item {
            ExternItem::Item(RootImport::Type(_)) => {}
            ExternItem::Item(RootImport::Resource(resource)) => self.resource(*resource, definition, names),
            ExternItem::Item(RootImport::Func(func)) => self.func(*func, definition, names),
            ExternItem::Item(RootImport::Module(module)) => self.module(*module, definition, names),
            ExternItem::Instance(instance) => {
                self.instance(&self.plan.imports.instances[*instance], definition, names);
            }
        }
        self.path.pop();
    }

    fn func(&mut self, index: ImportIndex, definition: Option<&HostItem<T>>, names: Option<&Names<T>>) {
        let ty = self.plan.imported_funcs[index].ty;
        match definition {
            Some(HostItem::Func(func)) => match self.mismatch(&**func, ty).or_else(|| self.store_mismatch(&**func)) {
                None => self.funcs[index.as_u32() as usize] = Some(func.clone()),
                Some(mismatch) => {
                    let path = &self.path;
                    self.problems.add(|| format!("{}: {mismatch}", import_name(path, "function")));
                }
            },
            Some(other) => self.defined_otherwise("function", other),
            None => self.missing("function", names, || func_text(&self.plan.types, ty)),
        }
    }

    fn module(&mut self, index: ModuleImportIndex, definition: Option<&HostItem<T>>, names: Option<&Names<T>>) {
        let ty = &self.plan.imported_modules[index].ty;
        match definition {
            Some(HostItem::Module(module)) => match LinkedModule::new(self.engine, ty, module) {
                Ok(module) => self.modules[index.as_u32() as usize] = Some(module),
                Err(mismatch) => {
                    let path = &self.path;
                    self.problems.add(|| format!("{}: {mismatch}", import_name(path, "core module")));
                }
            },
            Some(other) => self.defined_otherwise("core module", other),
            None => self.missing("core module", names, || module_text(ty)),
        }
    }

    /// Why a function cannot stand for one of this type. Where resource types of it are missing, that is told, and no more.
    fn mismatch(&self, func: &dyn HostFunction<T>, ty: FuncTypeIndex) -> Option<String> {
        let types = TypeScope { types: &self.plan.types, resources: &self.resources };
        let lacks_types = || types.types.func_holds_handles(ty) && self.lacks_resources();
        func.mismatch(types, ty).filter(|_| !lacks_types())
    }

    /// Why a function cannot be called where others of these imports are.
    fn store_mismatch(&mut self, func: &dyn HostFunction<T>) -> Option<String> {
        let store = func.store()?;
        let known = *self.store.get_or_insert(store);
        (known != store).then(|| "it is of another store than other imports".into())
    }

    /// Whether a resource type that was to be given has not been.
    fn lacks_resources(&self) -> bool {
        let mut all = self.plan.resources.values().zip(&self.destructors);
        all.any(|(resource, given)| resource.instance.is_none() && given.is_none())
    }

    fn resource(&mut self, index: ResourceTypeIndex, definition: Option<&HostItem<T>>, names: Option<&Names<T>>) {
        let at = index.as_u32() as usize;
        match definition {
            Some(HostItem::Resource(ty, destructor)) => {
                // Imports with bounds that make them the same type have the same index.
                if self.destructors[at].is_some() && self.resources[at] != *ty {
                    let (path, name) = (&self.path, &self.plan.resources[index].name);
                    self.problems.add(|| {
                        let import = import_name(path, "resource type");
                        format!("{import}: it must be the same type as `{}`", Printable::name(name))
                    });
                    return;
                }
                self.resources[at] = *ty;
                self.destructors[at].get_or_insert_with(|| destructor.clone());
            }
            Some(other) => self.defined_otherwise("resource type", other),
            // What must be the same type as one before it needs no definition of its own.
            None if self.destructors[at].is_some() => {}
            None => self.missing("resource type", names, || "(sub resource)".into()),
        }
    }

    fn instance(
        &mut self,
        items: &'a NamedItems<RootImport>,
        definition: Option<&HostItem<T>>,
        names: Option<&Names<T>>,
    ) {
        match definition {
            Some(HostItem::Instance(names)) => self.items(items, Some(names)),
            Some(other) => self.defined_otherwise("instance", other),
            None => {
                // One that holds types alone needs no definition.
                let (count, named) = needs(self.plan, items);
                if count != 0 {
                    self.missing("instance", names, || named);
                }
            }
        }
    }

    fn missing(&mut self, what: &str, names: Option<&Names<T>>, ty: impl FnOnce() -> String) {
        let path = &self.path;
        self.problems.add(|| {
            let wanted = path.last().copied().unwrap_or_default();
            let near = names.map_or_else(String::new, |names| near_miss(names.names(), wanted));
            format!("{} is missing: {}{near}", import_name(path, what), ty())
        });
    }

    fn defined_otherwise(&mut self, what: &str, definition: &HostItem<T>) {
        let path = &self.path;
        self.problems.add(|| format!("{} is defined as {}", import_name(path, what), definition.what()));
    }
}
