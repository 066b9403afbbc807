//! What a host has defined that an import which is missing may have been meant to be: in another version, in another spelling, or
//! in another place. It is told, and never taken for the import.

use super::root_names::{Ambiguous, RootNames};
use super::{HostItem, Names};
use gusset_artifact::{ExternItem, NamedItems, RootImport};
use gusset_types::{Printable, interface_parts, may_mean, nearest};

/// Of an item that is missing where `names` are; `place` are those names' own names.
pub(super) fn of_item<T: 'static>(root: &Names<T>, names: &Names<T>, place: &[&str], wanted: &str) -> Option<String> {
    let same = || nearest(wanted, names.names()).map(|near| is_defined(near, names));
    same().or_else(|| elsewhere(root, place, wanted))
}

/// Of an instance that is missing at the root, and exports `items`.
pub(super) fn of_instance<T: 'static>(
    root: &RootNames<'_, T>,
    names: &Names<T>,
    wanted: &str,
    items: &NamedItems<RootImport>,
) -> Option<String> {
    match root.ambiguous(wanted) {
        Some(Ambiguous::Definitions([one, other])) => {
            let [one, other] = [one, other].map(Printable::name);
            return Some(format!("\"{one}\" and \"{other}\" are defined, and it can mean either"));
        }
        Some(Ambiguous::Imports { definition, other }) => {
            let [definition, other] = [definition, other].map(Printable::name);
            return Some(format!("\"{definition}\" is defined, and can mean \"{other}\" as well"));
        }
        None => {}
    }
    let other_version = |name: &&str| {
        may_mean(interface_parts(wanted).interface, name) || may_mean(interface_parts(name).interface, wanted)
    };
    let near = names.names().find(other_version).or_else(|| nearest(wanted, names.names()));
    let inner = || {
        let func = |item: &ExternItem<RootImport>| matches!(item, ExternItem::Item(RootImport::Func(_)));
        let (name, _) = items.iter().find(|(_, item)| func(item))?;
        elsewhere(names, &[wanted], name)
    };
    near.map(|near| is_defined(near, names)).or_else(inner)
}

/// `"name" is defined`, and its type.
fn is_defined<T: 'static>(name: &str, names: &Names<T>) -> String {
    format!("\"{}\" is defined{}", Printable::name(name), type_text(names.exact(name)))
}

/// What is defined by the very name, but at the root, or in an instance there, where it is not wanted.
fn elsewhere<T: 'static>(root: &Names<T>, place: &[&str], wanted: &str) -> Option<String> {
    let shown = Printable::name(wanted);
    if !place.is_empty()
        && let Some(item @ (HostItem::Func(_) | HostItem::Module(_) | HostItem::Resource(..))) = root.exact(wanted)
    {
        return Some(format!("\"{shown}\" is defined at the root{}", type_text(Some(item))));
    }
    root.items().find_map(|(instance, item)| match item {
        HostItem::Instance(names) if *place != [instance] => {
            let ty = type_text(Some(names.exact(wanted)?));
            Some(format!("\"{shown}\" is defined in \"{}\"{ty}", Printable::name(instance)))
        }
        _ => None,
    })
}

/// `: func() -> u8`, for a function of a known type.
fn type_text<T: 'static>(item: Option<&HostItem<T>>) -> String {
    match item {
        Some(HostItem::Func(func)) => func.type_text().map_or_else(String::new, |ty| format!(": {ty}")),
        _ => String::new(),
    }
}
