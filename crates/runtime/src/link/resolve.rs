//! Finds what a component imports among a host's definitions, and checks all types.

use super::near_miss;
use super::problems::{Listed, Problems, import_name, need, needs};
use super::root_names::RootNames;
use super::{HostDestructor, HostItem, LinkedModule, Names};
use crate::engine::Engine;
use crate::error::{Result, format_err};
use crate::host_func::HostFunction;
use crate::resource::ResourceType;
use crate::type_scope::{TypeScope, TypeTables};
use crate::vm::StoreId;
use gusset_artifact::{ExternItem, ImportIndex, ModuleImportIndex, NamedItems, Plan, RootImport};
use gusset_types::{FuncTypeIndex, Printable, ResourceTypeIndex, SourceLocation};
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
/// Says of all imports that are missing or of another type what they are, and where they stand in the component's text, if `locate`
/// knows.
pub(crate) fn resolve<T: 'static>(
    engine: &Engine,
    tables: &Arc<TypeTables>,
    names: &Names<T>,
    locate: impl FnOnce(&[Vec<&str>]) -> Vec<Option<SourceLocation>>,
) -> Result<LinkedImports<T>> {
    let plan = &*tables.plan;
    let root = RootNames::new(plan, names);
    let mut resolver = Resolver {
        engine,
        plan,
        root: &root,
        names,
        resources: tables.resources.clone(),
        destructors: plan.resources.values().map(|_| None).collect(),
        path: Vec::new(),
        missing: Vec::new(),
        funcs: vec![None; plan.imported_funcs.len()],
        modules: plan.imported_modules.values().map(|_| None).collect(),
        store: None,
        problems: Problems::default(),
    };
    for (name, item) in &plan.imports.items {
        resolver.item(name, item, root.get(name));
        resolver.tell_missing_of_root();
        resolver.problems.place(&[name]);
    }
    let Resolver { funcs, modules, resources, destructors, store, problems, .. } = resolver;
    if let Some(error) = problems.into_error(locate) {
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

struct Resolver<'a, T: 'static> {
    engine: &'a Engine,
    plan: &'a Plan,
    root: &'a RootNames<'a, T>,
    /// What is defined at the root.
    names: &'a Names<T>,
    /// What is missing of the instance that is being looked at, or of the root.
    missing: Vec<(&'a str, &'a RootImport)>,
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
    fn item(&mut self, name: &'a str, item: &'a ExternItem<RootImport>, definition: Option<&'a HostItem<T>>) {
        self.path.push(name);
        match item {
            ExternItem::Item(import) => self.import(import, definition),
            ExternItem::Instance(instance) => self.instance(&self.plan.imports.instances[*instance], definition),
        }
        self.problems.place(&self.path);
        self.path.pop();
    }

    fn import(&mut self, import: &'a RootImport, definition: Option<&'a HostItem<T>>) {
        match (import, definition) {
            (RootImport::Type(_), _) => {}
            (RootImport::Resource(index), None) if self.destructors[index.as_u32() as usize].is_some() => {
                // What must be the same type as one before it needs no definition of its own.
            }
            (_, None) => self.missing.push((self.path.last().copied().unwrap_or_default(), import)),
            (RootImport::Resource(index), Some(definition)) => self.resource(*index, definition),
            (RootImport::Func(index), Some(definition)) => self.func(*index, definition),
            (RootImport::Module(index), Some(definition)) => self.module(*index, definition),
        }
    }

    fn func(&mut self, index: ImportIndex, definition: &HostItem<T>) {
        let HostItem::Func(func) = definition else { return self.defined_otherwise("function", definition) };
        let ty = self.plan.imported_funcs[index].ty;
        match self.mismatch(&**func, ty).or_else(|| self.store_mismatch(&**func)) {
            None => self.funcs[index.as_u32() as usize] = Some(func.clone()),
            Some(mismatch) => self.mismatched("function", &mismatch),
        }
    }

    fn module(&mut self, index: ModuleImportIndex, definition: &HostItem<T>) {
        let HostItem::Module(module) = definition else { return self.defined_otherwise("core module", definition) };
        match LinkedModule::new(self.engine, &self.plan.imported_modules[index].ty, module) {
            Ok(module) => self.modules[index.as_u32() as usize] = Some(module),
            Err(mismatch) => self.mismatched("core module", &mismatch),
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

    fn resource(&mut self, index: ResourceTypeIndex, definition: &HostItem<T>) {
        let HostItem::Resource(ty, destructor) = definition else {
            return self.defined_otherwise("resource type", definition);
        };
        let at = index.as_u32() as usize;
        // Imports with bounds that make them the same type have the same index.
        if self.destructors[at].is_some() && self.resources[at] != *ty {
            let name = Printable::name(&self.plan.resources[index].name);
            self.mismatched("resource type", &format!("it must be the same type as `{name}`"));
            return;
        }
        self.resources[at] = *ty;
        self.destructors[at].get_or_insert_with(|| destructor.clone());
    }

    /// Finds the items of an instance. Validation bounds how deeply instances nest, and so the recursion.
    fn instance(&mut self, items: &'a NamedItems<RootImport>, definition: Option<&'a HostItem<T>>) {
        let names = match definition {
            Some(HostItem::Instance(names)) => names,
            Some(other) => return self.defined_otherwise("instance", other),
            None => return self.missing_instance(items),
        };
        let outer = std::mem::take(&mut self.missing);
        for (name, item) in items {
            self.item(name, item, names.get(name));
        }
        let missing = std::mem::replace(&mut self.missing, outer);
        self.tell_missing(&missing, names);
    }

    fn missing_instance(&mut self, items: &'a NamedItems<RootImport>) {
        let (count, named) = needs(self.plan, items);
        // One that holds types alone needs no definition.
        if count == 0 {
            return;
        }
        let (path, root, names) = (&self.path, self.root, self.names);
        self.problems.add(|| {
            let near = match path[..] {
                [name] => near_miss::of_instance(root, names, name, items),
                _ => None,
            };
            format!("{} is missing: {named}{}", import_name(path, "instance"), after_semicolon(near))
        });
    }

    /// Tells what is missing at the root, each for itself.
    fn tell_missing_of_root(&mut self) {
        for (name, import) in std::mem::take(&mut self.missing) {
            let (plan, names) = (self.plan, self.names);
            self.problems.add(|| missing_text(plan, &[name], import, near_miss::of_item(names, names, &[], name)));
        }
    }

    /// Tells what is missing of an instance, in which `names` are defined: all of it at once.
    fn tell_missing(&mut self, missing: &[(&'a str, &'a RootImport)], names: &Names<T>) {
        let (plan, root, path) = (self.plan, self.names, &self.path);
        let near = |name| near_miss::of_item(root, names, path, name);
        match missing {
            [] => {}
            [(name, import)] => {
                let path = [&**path, &[name]].concat();
                self.problems.add(|| missing_text(plan, &path, import, near(name)));
                self.problems.place(&path);
            }
            _ => self.problems.add(|| {
                let mut listed = Listed::default();
                missing.iter().for_each(|(name, import)| listed.add(name, || need(plan, import), || near(name)));
                let import = import_name(path, "instance");
                format!("{import} is defined, but {} of its items are missing: {}", missing.len(), listed.into_text())
            }),
        }
    }

    fn mismatched(&mut self, what: &str, mismatch: &str) {
        let path = &self.path;
        self.problems.add(|| format!("{}: {mismatch}", import_name(path, what)));
    }

    fn defined_otherwise(&mut self, what: &str, definition: &HostItem<T>) {
        let path = &self.path;
        self.problems.add(|| format!("{} is defined as {}", import_name(path, what), definition.what()));
    }
}

/// `import "f" (function) is missing: func()`, and what may have been meant to be it.
fn missing_text(plan: &Plan, path: &[&str], import: &RootImport, near: Option<String>) -> String {
    let (what, ty) = need(plan, import).unwrap_or(("type", String::new()));
    format!("{} is missing: {ty}{}", import_name(path, what), after_semicolon(near))
}

fn after_semicolon(text: Option<String>) -> String {
    text.map_or_else(String::new, |text| format!("; {text}"))
}
