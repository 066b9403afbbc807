//! [`Problems`]: what is wrong between a host's definitions and a component's imports, all of it, in lines that stay readable
//! however much it is.

use crate::core::ExternType;
use crate::error::{Error, LinkError};
use gusset_artifact::{CoreModuleType, ExternItem, NamedItems, Plan, RootImport};
use gusset_types::{FuncTypeIndex, Printable, SourceLocation, Types, cut_text, func_type_text};

/// How many problems are told.
const MAX_TOLD: usize = 20;

/// How many items of an instance are named, of those that are missing.
const MAX_NAMED: usize = 10;

/// Most bytes of the text of a function's type.
const MAX_TYPE: usize = 200;

/// What is wrong with a component's imports.
#[derive(Default)]
pub(crate) struct Problems {
    told: Vec<String>,
    /// For each of those the names that lead to it.
    places: Vec<Vec<Box<str>>>,
    /// The first names of those that lead to any.
    imports: Vec<Box<str>>,
    count: usize,
    /// How many of them are in `imports`.
    placed: usize,
}

impl Problems {
    /// Adds a problem. It is put into words only if it will be told.
    pub(crate) fn add(&mut self, problem: impl FnOnce() -> String) {
        self.count += 1;
        if self.told.len() < MAX_TOLD {
            self.told.push(problem());
        }
    }

    /// Says that what was added last is about what these names lead to, unless it has been said before.
    pub(crate) fn place(&mut self, path: &[&str]) {
        while self.places.len() < self.told.len() {
            self.places.push(path.iter().map(|name| Box::from(*name)).collect());
        }
        if let [import, ..] = path
            && self.placed < self.count
        {
            self.placed = self.count;
            if self.imports.last().is_none_or(|last| **last != **import) {
                self.imports.push(Box::from(*import));
            }
        }
    }

    /// The error that tells them, if there are any: one in a sentence, several in a line each; the error's place is that of the first.
    /// `locate` says where imports stand in the text, if there is one.
    pub(crate) fn into_error(self, locate: impl FnOnce(&[Vec<&str>]) -> Vec<Option<SourceLocation>>) -> Option<Error> {
        let paths = self.places.iter().map(|path| path.iter().map(|name| &**name).collect());
        let located = || locate(&paths.collect::<Vec<Vec<&str>>>());
        match (&*self.told, self.count) {
            ([], _) => None,
            ([only], 1) => Some(LinkError::about(only, located().into_iter().next().flatten(), self.imports)),
            (told, count) => {
                let places = located();
                let mut text = format!("{count} imports are not met:");
                for (at, problem) in told.iter().enumerate() {
                    let place = places.get(at).and_then(Option::as_ref);
                    let place = place
                        .filter(|place| place.file.is_some())
                        .map_or_else(String::new, |place| format!(" ({place})"));
                    text.push_str(&format!("\n  {problem}{place}"));
                }
                if count > told.len() {
                    text.push_str(&format!("\n  and {} more", count - told.len()));
                }
                Some(LinkError::about(text, places.into_iter().next().flatten(), self.imports))
            }
        }
    }
}

/// `import "pkg:ns/iface@1.0.0": function "f"`.
pub(crate) fn import_name(path: &[&str], what: &str) -> String {
    let (last, outer) = path.split_last().expect("an import has a name");
    let last = Printable::name(last);
    if outer.is_empty() {
        return format!("import \"{last}\" ({what})");
    }
    let outer: Vec<String> = outer.iter().map(|name| format!("\"{}\"", Printable::name(name))).collect();
    format!("import {}: {what} \"{last}\"", outer.join(" "))
}

/// A function type as WIT has it, cut.
pub(crate) fn func_text(types: &Types, ty: FuncTypeIndex) -> String {
    func_type_text(types, types.func(ty), MAX_TYPE)
}

/// The type of a core module as the text format has it, cut.
pub(crate) fn module_text(ty: &CoreModuleType) -> String {
    let mut text = String::from("(module");
    for ((module, name), item) in &ty.imports {
        if text.len() > MAX_TYPE {
            break;
        }
        let (module, name, item) = (Printable::name(module), Printable::name(name), ExternType::from(item));
        text.push_str(&format!(" (import \"{module}\" \"{name}\" {item})"));
    }
    for (name, item) in &ty.exports {
        if text.len() > MAX_TYPE {
            break;
        }
        text.push_str(&format!(" (export \"{}\" {})", Printable::name(name), ExternType::from(item)));
    }
    text.push(')');
    cut_text(&text, MAX_TYPE).into_owned()
}

/// What a host must provide for an import, where that is one thing: what it is, and its type.
pub(crate) fn need(plan: &Plan, import: &RootImport) -> Option<(&'static str, String)> {
    Some(match import {
        RootImport::Func(func) => ("function", func_text(&plan.types, plan.imported_funcs[*func].ty)),
        RootImport::Module(module) => ("core module", module_text(&plan.imported_modules[*module].ty)),
        RootImport::Resource(_) => ("resource type", "(sub resource)".into()),
        // It needs no definition.
        RootImport::Type(_) => return None,
    })
}

/// What a host must provide of an instance: how many functions, core modules and resource types there are in it and in its instances, and some of
/// them with their types.
pub(crate) fn needs(plan: &Plan, items: &NamedItems<RootImport>) -> (usize, String) {
    let mut named = Listed::default();
    let mut instances = vec![items.iter()];
    while let Some(items) = instances.last_mut() {
        match items.next() {
            Some((_, ExternItem::Instance(instance))) => instances.push(plan.imports.instances[*instance].iter()),
            Some((_, ExternItem::Item(RootImport::Type(_)))) => {}
            Some((name, ExternItem::Item(import))) => named.add(name, || need(plan, import), || None),
            None => {
                instances.pop();
            }
        }
    }
    (named.count, named.into_text())
}

/// Imports in a line, some of them with their types, and how many there are.
#[derive(Default)]
pub(crate) struct Listed {
    named: Vec<String>,
    count: usize,
}

impl Listed {
    /// Adds one; `near` is what may have been meant to be it. It is put into words only if it will be told.
    pub(crate) fn add(
        &mut self,
        name: &str,
        need: impl FnOnce() -> Option<(&'static str, String)>,
        near: impl FnOnce() -> Option<String>,
    ) {
        self.count += 1;
        if self.count <= MAX_NAMED {
            let ty = need().map_or_else(String::new, |(_, ty)| format!(": {ty}"));
            let near = near().map_or_else(String::new, |near| format!(" ({near})"));
            self.named.push(format!("\"{}\"{ty}{near}", Printable::name(name)));
        }
    }

    pub(crate) fn into_text(self) -> String {
        let named = self.named.join(", ");
        if self.count > MAX_NAMED { format!("{named} and {} more", self.count - MAX_NAMED) } else { named }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_problems_are_counted_and_some_are_told() {
        let mut problems = Problems::default();
        assert!(problems.into_error(|_| Vec::new()).is_none());
        problems = Problems::default();
        (0..1000).for_each(|n| problems.add(|| format!("problem {n}")));
        let text = problems.into_error(|_| Vec::new()).expect("there are problems").to_string();
        assert!(text.starts_with("1000 imports are not met:\n  problem 0\n  problem 1\n"), "{text}");
        assert!(text.ends_with("\n  problem 19\n  and 980 more"), "{text}");
    }
}
