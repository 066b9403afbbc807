//! [`Problems`]: what is wrong between a host's definitions and a component's imports, all of it, in lines that stay readable
//! however much it is.

use crate::core::ExternType;
use crate::error::{Error, LinkError};
use gusset_artifact::{CoreModuleType, ExternItem, NamedItems, Plan, RootImport};
use gusset_types::{FuncTypeIndex, Printable, Types, cut_text, func_type_text};

/// How many problems are told.
const MAX_TOLD: usize = 20;

/// How many items of an instance that is missing are named.
const MAX_NAMED: usize = 10;

/// Most bytes of the text of a function's type.
const MAX_TYPE: usize = 200;

/// Longest name that others are compared with, letter by letter.
const MAX_COMPARED: usize = 64;

/// What is wrong with a component's imports.
#[derive(Default)]
pub(crate) struct Problems {
    told: Vec<String>,
    count: usize,
}

impl Problems {
    /// Adds a problem. It is put into words only if it will be told.
    pub(crate) fn add(&mut self, problem: impl FnOnce() -> String) {
        self.count += 1;
        if self.told.len() < MAX_TOLD {
            self.told.push(problem());
        }
    }

    /// The error that tells them, if there are any: one in a sentence, several in a line each.
    pub(crate) fn into_error(self) -> Option<Error> {
        match (&*self.told, self.count) {
            ([], _) => None,
            ([only], 1) => Some(LinkError::error(only)),
            (told, count) => {
                let mut text = format!("{count} imports are not met:\n  {}", told.join("\n  "));
                if count > told.len() {
                    text.push_str(&format!("\n  and {} more", count - told.len()));
                }
                Some(LinkError::error(text))
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

/// What a host must provide of an instance: how many functions, core modules and resource types there are in it and in its instances, and some of
/// them with their types.
pub(crate) fn needs(plan: &Plan, items: &NamedItems<RootImport>) -> (usize, String) {
    let (mut count, mut named) = (0, Vec::new());
    let mut instances = vec![items.iter()];
    while let Some(items) = instances.last_mut() {
        match items.next() {
            Some((_, ExternItem::Instance(instance))) => instances.push(plan.imports.instances[*instance].iter()),
            Some((name, ExternItem::Item(RootImport::Func(func)))) => {
                count += 1;
                if count <= MAX_NAMED {
                    let ty = func_text(&plan.types, plan.imported_funcs[*func].ty);
                    named.push(format!("\"{}\": {ty}", Printable::name(name)));
                }
            }
            Some((name, ExternItem::Item(RootImport::Module(module)))) => {
                count += 1;
                if count <= MAX_NAMED {
                    let ty = module_text(&plan.imported_modules[*module].ty);
                    named.push(format!("\"{}\": {ty}", Printable::name(name)));
                }
            }
            Some((name, ExternItem::Item(RootImport::Resource(_)))) => {
                count += 1;
                if count <= MAX_NAMED {
                    named.push(format!("\"{}\": (sub resource)", Printable::name(name)));
                }
            }
            Some((_, ExternItem::Item(RootImport::Type(_)))) => {}
            None => {
                instances.pop();
            }
        }
    }
    let named = named.join(", ");
    (count, if count > MAX_NAMED { format!("{named} and {} more", count - MAX_NAMED) } else { named })
}

/// `; "name" is defined`, for the name among `names` that may have been meant: the same interface in another version, or what
/// differs in a letter or two.
pub(crate) fn near_miss<'n>(names: impl Iterator<Item = &'n str>, wanted: &str) -> String {
    let interface = |name: &'n str| name.rsplit_once('@').map_or(name, |(interface, _)| interface);
    let unversioned = wanted.rsplit_once('@').map_or(wanted, |(interface, _)| interface);
    let mut nearest = None;
    for name in names {
        let distance = if interface(name) == unversioned { Some(0) } else { distance(name, wanted) };
        let Some(distance) = distance else { continue };
        if nearest.is_none_or(|(least, _)| distance < least) {
            nearest = Some((distance, name));
        }
    }
    nearest.map_or_else(String::new, |(_, name)| format!("; \"{}\" is defined", Printable::name(name)))
}

/// In how many letters two names differ: those that are left out, put in or changed. `None` if it is more than a slip of the
/// pen.
fn distance(a: &str, b: &str) -> Option<usize> {
    if a.len().max(b.len()) > MAX_COMPARED {
        return None;
    }
    let (a, b) = (a.to_ascii_lowercase(), b.to_ascii_lowercase());
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, right) in b.iter().enumerate() {
            let changed = diagonal + usize::from(left != right);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    let few = a.len().min(b.len()).div_ceil(4).min(2);
    (row[b.len()] <= few).then_some(row[b.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_may_have_been_meant_are_found() {
        let names = ["wasi:io/error@0.3.0", "print-line", "x", "naïve"];
        let cases = [
            ("wasi:io/error@0.2.0", "; \"wasi:io/error@0.3.0\" is defined"),
            ("wasi:io/error", "; \"wasi:io/error@0.3.0\" is defined"),
            ("wasi:io/errors@0.3.0", "; \"wasi:io/error@0.3.0\" is defined"),
            ("printline", "; \"print-line\" is defined"),
            ("Print-Line", "; \"print-line\" is defined"),
            ("pint-lime", "; \"print-line\" is defined"),
            ("naive", "; \"naïve\" is defined"),
            ("print", ""),
            ("something-else", ""),
        ];
        for (wanted, told) in cases {
            assert_eq!(near_miss(names.into_iter(), wanted), told, "{wanted}");
        }
        assert_eq!(near_miss([&*"n".repeat(100_000)].into_iter(), &"n".repeat(99_999)), "");
    }

    #[test]
    fn many_problems_are_counted_and_some_are_told() {
        let mut problems = Problems::default();
        assert!(problems.into_error().is_none());
        problems = Problems::default();
        (0..1000).for_each(|n| problems.add(|| format!("problem {n}")));
        let text = problems.into_error().expect("there are problems").to_string();
        assert!(text.starts_with("1000 imports are not met:\n  problem 0\n  problem 1\n"), "{text}");
        assert!(text.ends_with("\n  problem 19\n  and 980 more"), "{text}");
    }
}
