//! Finds what a component imports among a host's definitions, and checks all types.

use super::problems::{Problems, func_text, import_name, near_miss, needs};
use super::{HostItem, Names};
use crate::error::{Result, format_err};
use crate::host_func::HostFunction;
use crate::type_scope::{TypeScope, TypeTables};
use gusset_artifact::{ExternItem, ImportIndex, NamedItems, Plan, RootImport};
use gusset_types::Printable;
use std::sync::Arc;

/// The functions that stand for a plan's [`imported_funcs`](Plan::imported_funcs), in order.
///
/// # Errors
///
/// Says of all imports that are missing or of another type what they are.
pub(crate) fn resolve<T: 'static>(tables: &TypeTables, names: &Names<T>) -> Result<Arc<[Arc<dyn HostFunction<T>>]>> {
    let plan = &*tables.plan;
    let mut resolver = Resolver {
        plan,
        types: tables.scope(),
        path: Vec::new(),
        funcs: vec![None; plan.imported_funcs.len()],
        problems: Problems::default(),
    };
    for (name, item) in &plan.imports.items {
        let definition = root_name(plan, names, name).and_then(|name| names.exact(name));
        resolver.item(name, item, definition, Some(names));
    }
    let Resolver { funcs, problems, .. } = resolver;
    if let Some(error) = problems.into_error() {
        return Err(error);
    }
    let funcs = funcs.into_iter().zip(plan.imported_funcs.values()).map(|(func, import)| {
        func.ok_or_else(|| {
            format_err!("internal error: import `{}` is not among the imports", Printable::name(&import.name))
        })
    });
    funcs.collect()
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
    plan: &'a Plan,
    types: TypeScope<'a>,
    /// The names that lead to what is being looked at.
    path: Vec<&'a str>,
    funcs: Vec<Option<Arc<dyn HostFunction<T>>>>,
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
            ExternItem::Item(RootImport::Resource(_)) => {
                let path = &self.path;
                self.problems.add(|| format!("not supported: {}", import_name(path, "resource type")));
            }
            ExternItem::Item(RootImport::Func(func)) => self.func(*func, definition, names),
            ExternItem::Instance(instance) => {
                self.instance(&self.plan.imports.instances[*instance], definition, names);
            }
        }
        self.path.pop();
    }

    fn func(&mut self, index: ImportIndex, definition: Option<&HostItem<T>>, names: Option<&Names<T>>) {
        let ty = self.plan.imported_funcs[index].ty;
        match definition {
            Some(HostItem::Func(func)) => match func.mismatch(self.types, ty) {
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
