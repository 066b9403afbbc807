//! [`RootNames`]: which definitions stand for what a component imports at its root. An instance that nobody has defined by its
//! name may be met by a definition that leaves out what goes without saying, if it can be no other's and no other can be its.

use super::{HostItem, Names};
use gusset_artifact::{ExternItem, Plan};
use gusset_types::{interface_parts, may_mean};
use std::collections::HashMap;

/// Which definitions stand for the imports of a component's root.
pub(super) struct RootNames<'a, T: 'static> {
    plan: &'a Plan,
    names: &'a Names<T>,
    /// For each imported instance that is not defined by its name: the definitions that it can mean, two at most.
    definitions: HashMap<&'a str, Vec<&'a str>>,
    /// For each definition of an instance: the imports that it can mean, two at most.
    imports: HashMap<&'a str, Vec<&'a str>>,
}

/// Several are as good as two.
const SEVERAL: usize = 2;

impl<'a, T: 'static> RootNames<'a, T> {
    pub(super) fn new(plan: &'a Plan, names: &'a Names<T>) -> RootNames<'a, T> {
        let mut this = RootNames { plan, names, definitions: HashMap::new(), imports: HashMap::new() };
        let instances = || plan.imports.items.iter().filter(|(_, item)| matches!(item, ExternItem::Instance(_)));
        let undefined = instances().map(|(name, _)| &**name).filter(|name| this.named(name).is_none());
        this.definitions = undefined.map(|name| (name, Vec::new())).collect();
        if this.definitions.is_empty() {
            return this;
        }
        // What can mean one another has the same short name.
        let mut by_short: HashMap<&str, Vec<&str>> = HashMap::new();
        for (name, _) in instances() {
            by_short.entry(interface_parts(name).short).or_default().push(name);
        }
        for (definition, item) in names.items() {
            if !matches!(item, HostItem::Instance(_)) {
                continue;
            }
            for &import in by_short.get(interface_parts(definition).short).into_iter().flatten() {
                if !may_mean(definition, import) && !may_mean(import, definition) {
                    continue;
                }
                let meant = this.imports.entry(definition).or_default();
                if meant.len() < SEVERAL {
                    meant.push(import);
                }
                if let Some(meant) = this.definitions.get_mut(import).filter(|meant| meant.len() < SEVERAL) {
                    meant.push(definition);
                }
            }
        }
        this
    }

    /// The name of the definition that stands for an import.
    pub(super) fn find(&self, import: &str) -> Option<&'a str> {
        self.named(import).or_else(|| self.loose(import))
    }

    /// The definition that stands for an import.
    pub(super) fn get(&self, import: &str) -> Option<&'a HostItem<T>> {
        self.names.exact(self.find(import)?)
    }

    /// What is defined by the import's name, with its whole version where that is known, or by a compatible one; or else by that of
    /// the interface which it is said to implement.
    fn named(&self, import: &str) -> Option<&'a str> {
        let names = self.names;
        let Some(attributes) = self.plan.imports.attributes.get(import) else { return names.find(import) };
        let exact = attributes.full_name.as_deref().filter(|name| names.exact(name).is_some());
        let implements = || names.find(attributes.implements.as_deref()?);
        exact.and_then(|name| names.find(name)).or_else(|| names.find(import)).or_else(implements)
    }

    /// The definition that can be no other import's, where no other definition can be this import's.
    pub(super) fn loose(&self, import: &str) -> Option<&'a str> {
        match self.definitions.get(import)?[..] {
            [definition] if self.imports[definition].len() == 1 => Some(definition),
            _ => None,
        }
    }

    /// Why a definition that an import can mean does not stand for it: there is another one, or it can mean another import.
    pub(super) fn ambiguous(&self, import: &str) -> Option<Ambiguous<'a>> {
        match self.definitions.get(import)?[..] {
            [one, other] => Some(Ambiguous::Definitions([one, other])),
            [definition] => match self.imports[definition][..] {
                [one, other] => Some(Ambiguous::Imports { definition, other: if one == import { other } else { one } }),
                _ => None,
            },
            _ => None,
        }
    }
}

/// What can mean several things.
pub(super) enum Ambiguous<'a> {
    /// An import can mean either of these definitions, or more.
    Definitions([&'a str; 2]),
    /// The definition can mean this other import, or more.
    Imports { definition: &'a str, other: &'a str },
}
