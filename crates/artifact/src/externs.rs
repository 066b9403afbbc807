//! What the root component imports and exports, by name. An instance stands here once, however many names lead to it: written out,
//! instances that export one another twice would be a tree of exponential size.

use crate::index::ExternInstanceIndex;
use gusset_types::{Arena, newest_compatible};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Items by name, in order.
pub type NamedItems<Item> = IndexMap<Arc<str>, ExternItem<Item>>;

/// All imports, or all exports, of a component.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Externs<Item> {
    /// By name.
    pub items: NamedItems<Item>,
    /// What instances export. Inner instances come before those that export them.
    pub instances: Arena<ExternInstanceIndex, NamedItems<Item>>,
    /// What attributes say of those names in `items` that have any.
    pub attributes: IndexMap<Arc<str>, ExternAttributes>,
}

/// What the attributes of an import or export say beside its name; they take no part in type checks.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ExternAttributes {
    /// The name with its whole version, where a `versionsuffix` was split off.
    pub full_name: Option<Arc<str>>,
    /// The interface that an instance implements, with its whole version.
    pub implements: Option<Arc<str>>,
    /// A name in whatever notation the host has for it.
    pub external_id: Option<Arc<str>>,
}

/// Something with a name that a component imports or exports.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum ExternItem<Item> {
    /// A function, module or type.
    Item(Item),
    /// An instance.
    Instance(ExternInstanceIndex),
}

impl<Item> Default for Externs<Item> {
    fn default() -> Self {
        Externs { items: IndexMap::new(), instances: Arena::default(), attributes: IndexMap::new() }
    }
}

impl<Item> Externs<Item> {
    /// What stands at `path`: a name, then the names of exports of instances; and the names that it has been found by. Where there
    /// is no such name, one with a compatible version will do, the newest of several.
    pub fn find(&self, path: &[&str]) -> Option<(Vec<&str>, &ExternItem<Item>)> {
        let (first, rest) = path.split_first()?;
        let (first, mut item) = named(&self.items, first)?;
        let mut found = vec![first];
        for name in rest {
            let ExternItem::Instance(instance) = item else { return None };
            let (name, inner) = named(&self.instances[*instance], name)?;
            found.push(name);
            item = inner;
        }
        Some((found, item))
    }

    /// Every item, at the root and in instances; one that has several paths comes once.
    pub fn all(&self) -> impl Iterator<Item = &ExternItem<Item>> {
        self.items.values().chain(self.instances.values().flat_map(IndexMap::values))
    }
}

fn named<'a, Item>(items: &'a NamedItems<Item>, name: &str) -> Option<(&'a str, &'a ExternItem<Item>)> {
    let compatible = || items.get_key_value(newest_compatible(items.keys().map(|name| &**name), name)?);
    items.get_key_value(name).or_else(compatible).map(|(name, item)| (&**name, item))
}
