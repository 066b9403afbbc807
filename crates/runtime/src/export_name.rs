//! Exports by the names that people give them. The very name comes first, then one with a compatible version, then what leaves
//! out what goes without saying; a name that can mean several exports means none.

use crate::error::{Error, Result};
use crate::export_path::ExportPath;
use gusset_artifact::{ExternItem, FuncExportIndex, NamedItems, Plan, PlanModule, RootExport};
use gusset_types::{
    InterfaceParts, MAX_SHOWN_NAME, Printable, ResourceTypeIndex, func_type_text, interface_parts, join_names,
    may_mean, nearest,
};

/// How many exports an error lists.
const MAX_LISTED: usize = 20;

/// Most bytes of the text of a function's type: types of interfaces can fill pages.
pub(crate) const MAX_TYPE: usize = 96;

/// With how many exports a name is compared that is none of theirs.
const MAX_COMPARED: usize = 1000;

/// A kind of exports that are looked for, each an `X`.
pub(crate) struct ExportKind<X> {
    word: &'static str,
    of: fn(&RootExport) -> Option<X>,
    /// What an error says of one beside its name.
    text: fn(&Plan, X) -> String,
}

/// Functions.
pub(crate) const FUNCS: ExportKind<FuncExportIndex> = ExportKind {
    word: "function",
    of: |item| match item {
        RootExport::Func(index) => Some(*index),
        _ => None,
    },
    text: |plan, index| {
        let ty = plan.types.func(plan.exported_funcs[index].ty);
        format!(": {}", func_type_text(&plan.types, ty, MAX_TYPE))
    },
};

/// Core modules.
pub(crate) const MODULES: ExportKind<PlanModule> = ExportKind {
    word: "core module",
    of: |item| match item {
        RootExport::Module(module) => Some(*module),
        _ => None,
    },
    text: |_, _| String::new(),
};

/// Resource types.
pub(crate) const RESOURCES: ExportKind<ResourceTypeIndex> = ExportKind {
    word: "resource type",
    of: |item| match item {
        RootExport::Resource(index) => Some(*index),
        _ => None,
    },
    text: |_, _| String::new(),
};

/// An export with the names that lead to it.
pub(crate) struct NamedExport<'p, X> {
    pub(crate) path: Vec<&'p str>,
    pub(crate) item: X,
}

/// The one export of a kind that `path` means, with the names that it has been found by.
///
/// # Errors
///
/// What there is instead.
pub(crate) fn find_export<'p, X: Copy + PartialEq>(
    plan: &'p Plan,
    path: &impl ExportPath,
    kind: ExportKind<X>,
) -> Result<NamedExport<'p, X>, NoExport<'p, X>> {
    let names = path.names();
    if let Some((path, ExternItem::Item(item))) = plan.exports.find(&names)
        && let Some(item) = (kind.of)(item)
    {
        return Ok(NamedExport { path, item });
    }
    let mut meant: Vec<NamedExport<'p, X>> = Vec::new();
    if !path.is_exact() {
        each_export(plan, &kind, |path, item| {
            // One thing that has several names is no two things.
            if answers_to(path, &names) && meant.iter().all(|known| known.item != item) {
                meant.push(NamedExport { path: path.to_vec(), item });
            }
        });
    }
    match meant.len() {
        1 => Ok(meant.remove(0)),
        _ => Err(NoExport { plan, kind, meant }),
    }
}

/// Calls `found` with each export of a kind, those of instances after the instance's names. Validation bounds how deeply
/// instances nest, and the plan how many exports that are.
pub(crate) fn each_export<'p, X>(plan: &'p Plan, kind: &ExportKind<X>, mut found: impl FnMut(&[&'p str], X)) {
    walk(plan, &plan.exports.items, &mut Vec::new(), &mut |path, item| {
        if let Some(item) = (kind.of)(item) {
            found(path, item);
        }
    });
}

fn walk<'p>(
    plan: &'p Plan,
    exports: &'p NamedItems<RootExport>,
    path: &mut Vec<&'p str>,
    found: &mut impl FnMut(&[&'p str], &'p RootExport),
) {
    for (name, item) in exports {
        path.push(name);
        match item {
            ExternItem::Item(item) => found(path, item),
            ExternItem::Instance(instance) => walk(plan, &plan.exports.instances[*instance], path, found),
        }
        path.pop();
    }
}

/// Whether a person can mean the export at `path` by `names`: its own name, after those of as many instances as are given.
fn answers_to(path: &[&str], names: &[&str]) -> bool {
    let (Some((export, instances)), Some((given, outer))) = (path.split_last(), names.split_last()) else {
        return false;
    };
    if outer.is_empty() {
        return own_names(export).any(|own| match given.strip_suffix(own) {
            Some("") => true,
            // `interface.function` and `interface/function`, where `interface#function` is the name.
            Some(before) => {
                let before = before.strip_suffix(['.', '/']);
                before.zip(instances.last()).is_some_and(|(given, instance)| may_mean(given, instance))
            }
            None => false,
        });
    }
    let Some(skipped) = instances.len().checked_sub(outer.len()) else { return false };
    let same_instances = outer.iter().zip(&instances[skipped..]).all(|(given, instance)| may_mean(given, instance));
    same_instances && own_names(export).any(|own| own == *given)
}

/// The name of an export, and that of a resource's function without what it is: `counter.next` for `[method]counter.next`.
fn own_names(export: &str) -> impl Iterator<Item = &str> {
    let annotated = export.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    [export].into_iter().chain(annotated.map(|(_, name)| name))
}

/// Why no export was found: there is none of that name, or there are several.
pub(crate) struct NoExport<'p, X> {
    plan: &'p Plan,
    kind: ExportKind<X>,
    /// The exports that can be meant.
    meant: Vec<NamedExport<'p, X>>,
}

impl<'p, X: Copy> NoExport<'p, X> {
    /// The error that says so, and lists what there is.
    #[cold]
    pub(crate) fn into_error(self, path: &impl ExportPath) -> Error {
        let names = path.names();
        let (joined, word) = (names.join("#"), self.kind.word);
        let wanted = Printable::name(&joined);
        if !self.meant.is_empty() {
            let lines = self.lines(&self.meant, self.meant.len());
            return Error::msg(format!("`{wanted}` is ambiguous; it can mean\n{lines}"));
        }
        let (inner, count) = self.listed(|path| is_within(path, &names));
        if count > 0 {
            let lines = self.lines(&inner, count);
            return Error::msg(format!("`{wanted}` is an instance, not a {word}; it exports\n{lines}"));
        }
        let (mut listed, count) = self.listed(|_| true);
        if count == 0 {
            return Error::msg(format!("no exported {word} is called `{wanted}`; the component exports no {word}s"));
        }
        let near = match nearest_export(&listed, &names) {
            Some(at) => {
                listed[..=at].rotate_right(1);
                format!(" (did you mean `{}`?)", Printable::name(&join_names(&listed[0].path)))
            }
            None => String::new(),
        };
        let lines = self.lines(&listed, count);
        Error::msg(format!("no exported {word} is called `{wanted}`{near}; the component exports\n{lines}"))
    }

    /// Exports of the kind at paths that are `wanted`, as many as are looked at, and how many there are.
    fn listed(&self, wanted: impl Fn(&[&str]) -> bool) -> (Vec<NamedExport<'p, X>>, usize) {
        let (mut listed, mut count) = (Vec::new(), 0);
        each_export(self.plan, &self.kind, |path, item| {
            if wanted(path) {
                count += 1;
                if listed.len() < MAX_COMPARED {
                    listed.push(NamedExport { path: path.to_vec(), item });
                }
            }
        });
        (listed, count)
    }

    /// A line for each of `count` exports, and one for those that are too many.
    fn lines(&self, exports: &[NamedExport<'p, X>], count: usize) -> String {
        let line = |export: &NamedExport<'p, X>| {
            let name = join_names(&export.path);
            format!("  {}{}", Printable::name(&name), (self.kind.text)(self.plan, export.item))
        };
        let mut lines: Vec<String> = exports.iter().take(MAX_LISTED).map(line).collect();
        if count > lines.len() {
            lines.push(format!("  and {} more", count - lines.len()));
        }
        lines.join("\n")
    }
}

/// Whether the export at `path` is one of the instance that can be meant by `names`.
fn is_within(path: &[&str], names: &[&str]) -> bool {
    path.len() > names.len() && names.iter().zip(path).all(|(given, instance)| may_mean(given, instance))
}

/// The position of the export whose name is nearest to `names`, with interfaces written as short as people do; or else that whose
/// own name is nearest to the last one.
fn nearest_export<X>(exports: &[NamedExport<'_, X>], names: &[&str]) -> Option<usize> {
    let position = |wanted: &str, forms: &dyn Fn(&str, &str) -> Vec<String>| {
        let forms = exports.iter().map(|export| {
            let (own, instances) = export.path.split_last().expect("an export has a name");
            let instance = instances.last().copied().unwrap_or_default();
            // What is longer is never near.
            let short = own_names(own).filter(|own| own.len() + instance.len() <= 2 * MAX_SHOWN_NAME);
            short.flat_map(|own| forms(instance, own)).collect()
        });
        let forms: Vec<Vec<String>> = forms.collect();
        let near = nearest(wanted, forms.iter().flatten().map(String::as_str))?;
        forms.iter().position(|forms| forms.iter().any(|form| form == near))
    };
    let whole = position(&names.join("#"), &|instance, own| {
        let InterfaceParts { interface, short, .. } = interface_parts(instance);
        [instance, interface, short].map(|instance| format!("{instance}#{own}")).into()
    });
    whole.or_else(|| position(names.last()?, &|_, own| vec![own.to_owned()]))
}
