//! [`Names`]: what a host has defined, by name. A name with a version is also found by those that are compatible with it.

use crate::core::Module;
use crate::error::Result;
use crate::host_func::HostFunction;
use crate::resource::ResourceType;
use crate::store::StoreContextMut;
use gusset_types::CompatibleName;
use indexmap::IndexMap;
use std::collections::HashMap;
use std::sync::Arc;

/// Something that a host has defined.
pub(crate) enum HostItem<T: 'static> {
    Func(Arc<dyn HostFunction<T>>),
    Instance(Names<T>),
    Module(Module),
    Resource(ResourceType, HostDestructor<T>),
}

/// What the host does when a resource of its is dropped, which it knows by the number.
pub(crate) type HostDestructor<T> = Arc<dyn Fn(StoreContextMut<'_, T>, u32) -> Result<()> + Send + Sync>;

/// Definitions by name.
pub(crate) struct Names<T: 'static> {
    items: IndexMap<Box<str>, HostItem<T>>,
    /// For each track of compatible versions, the newest name that is defined.
    newest: HashMap<Box<str>, Box<str>>,
}

impl<T: 'static> Names<T> {
    /// What is defined by just that name.
    pub(crate) fn exact(&self, name: &str) -> Option<&HostItem<T>> {
        self.items.get(name)
    }

    /// What is defined by just that name.
    pub(crate) fn exact_mut(&mut self, name: &str) -> Option<&mut HostItem<T>> {
        self.items.get_mut(name)
    }

    /// The name that stands for `name`: itself, or else the newest that is compatible.
    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        if let Some((name, _)) = self.items.get_key_value(name) {
            return Some(name);
        }
        Some(self.newest.get(CompatibleName::new(name)?.track())?)
    }

    /// What is defined by `name`, or else by the newest compatible name.
    pub(crate) fn get(&self, name: &str) -> Option<&HostItem<T>> {
        self.items.get(self.find(name)?)
    }

    /// Defines `name`, whatever it stood for before.
    pub(crate) fn insert(&mut self, name: &str, item: HostItem<T>) -> &mut HostItem<T> {
        if let Some(new) = CompatibleName::new(name) {
            let newest = self.newest.entry(new.track().into()).or_insert_with(|| name.into());
            if CompatibleName::new(newest).is_none_or(|newest| newest < new) {
                *newest = name.into();
            }
        }
        let (position, _) = self.items.insert_full(name.into(), item);
        &mut self.items[position]
    }

    /// All definitions.
    pub(crate) fn items(&self) -> impl Iterator<Item = (&str, &HostItem<T>)> {
        self.items.iter().map(|(name, item)| (&**name, item))
    }

    /// All names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.items.keys().map(|name| &**name)
    }
}

impl<T: 'static> HostItem<T> {
    /// What it is, in a sentence.
    pub(crate) fn what(&self) -> &'static str {
        match self {
            HostItem::Func(_) => "a function",
            HostItem::Instance(_) => "an instance",
            HostItem::Module(_) => "a core module",
            HostItem::Resource(..) => "a resource type",
        }
    }
}

impl<T: 'static> Default for Names<T> {
    fn default() -> Self {
        Names { items: IndexMap::new(), newest: HashMap::new() }
    }
}

impl<T: 'static> Clone for Names<T> {
    fn clone(&self) -> Self {
        Names { items: self.items.clone(), newest: self.newest.clone() }
    }
}

impl<T: 'static> Clone for HostItem<T> {
    fn clone(&self) -> Self {
        match self {
            HostItem::Func(func) => HostItem::Func(func.clone()),
            HostItem::Instance(names) => HostItem::Instance(names.clone()),
            HostItem::Module(module) => HostItem::Module(module.clone()),
            HostItem::Resource(ty, destructor) => HostItem::Resource(*ty, destructor.clone()),
        }
    }
}
