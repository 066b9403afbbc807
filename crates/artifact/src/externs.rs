//! What the root component imports and exports, by name. An instance stands here once, however many names lead to it: written out,
//! instances that export one another twice would be a tree of exponential size.

use crate::index::ExternInstanceIndex;
use gusset_types::Arena;
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
        Externs { items: IndexMap::new(), instances: Arena::default() }
    }
}

impl<Item> Externs<Item> {
    /// What stands at `path`: a name, then the names of exports of instances.
    pub fn get(&self, path: &[&str]) -> Option<&ExternItem<Item>> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.items.get(*first)?, |item, name| match item {
            ExternItem::Instance(instance) => self.instances[*instance].get(*name),
            ExternItem::Item(_) => None,
        })
    }

    /// Every item, at the root and in instances; one that has several paths comes once.
    pub fn all(&self) -> impl Iterator<Item = &ExternItem<Item>> {
        self.items.values().chain(self.instances.values().flat_map(IndexMap::values))
    }
}
