//! Which names types have, and where: a type that a component names is written by its name, never unfolded.

use std::collections::HashMap;
use wasmparser::component_types::{AliasableResourceId, ComponentAnyTypeId, ResourceId};
use wasmparser::types::Types;

/// An instance, or the component itself, whose exports are names for types.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct NameScope(usize);

/// A name and where it was given.
struct Declared {
    scope: NameScope,
    name: String,
}

/// The names that were given so far.
pub(super) struct TypeNames {
    /// The names of the instances that scopes are.
    scopes: Vec<String>,
    types: HashMap<ComponentAnyTypeId, Declared>,
    /// The first type that is each resource.
    resources: HashMap<ResourceId, ComponentAnyTypeId>,
}

/// How a type is called from a scope.
pub(super) enum Called<'a> {
    /// It has this name there.
    Here(&'a str),
    /// It has this name in an instance.
    Elsewhere { interface: &'a str, name: &'a str },
}

impl TypeNames {
    /// The scope of the whole component.
    pub(super) const ROOT: NameScope = NameScope(0);

    pub(super) fn new() -> TypeNames {
        TypeNames { scopes: vec![String::new()], types: HashMap::new(), resources: HashMap::new() }
    }

    /// The scope of the instance that is called `name` in `around`.
    pub(super) fn scope(&mut self, around: NameScope, name: &str) -> NameScope {
        let around = &self.scopes[around.0];
        let name = if around.is_empty() { name.to_string() } else { format!("{around}#{name}") };
        self.scopes.push(name);
        NameScope(self.scopes.len() - 1)
    }

    /// A type is called `name` in `scope` from now on.
    pub(super) fn declare(&mut self, ty: ComponentAnyTypeId, scope: NameScope, name: &str) {
        if let ComponentAnyTypeId::Resource(resource) = ty {
            self.resources.entry(resource.resource()).or_insert(ty);
        }
        self.types.insert(ty, Declared { scope, name: name.to_string() });
    }

    /// How a type is called in `scope`: by the name that it, or else what it is an alias of, was given last.
    pub(super) fn called(&self, types: &Types, ty: ComponentAnyTypeId, scope: NameScope) -> Option<Called<'_>> {
        let mut next = Some(ty);
        while let Some(ty) = next {
            if let Some(declared) = self.types.get(&ty) {
                return Some(match declared.scope == scope || declared.scope == TypeNames::ROOT {
                    true => Called::Here(&declared.name),
                    false => Called::Elsewhere { interface: &self.scopes[declared.scope.0], name: &declared.name },
                });
            }
            next = types.peel_alias(ty);
        }
        None
    }

    /// How a resource is called in `scope`.
    pub(super) fn resource(&self, types: &Types, id: AliasableResourceId, scope: NameScope) -> Option<Called<'_>> {
        let called = self.called(types, ComponentAnyTypeId::Resource(id), scope);
        called.or_else(|| self.called(types, *self.resources.get(&id.resource())?, scope))
    }
}
