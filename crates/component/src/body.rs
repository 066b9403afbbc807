//! What parsing leaves: the definitions of each component, in the order of its index spaces, and the outside of each
//! core module. Nothing here is resolved; a definition speaks in the indices of its own component.

use gusset_artifact::{EntityIndex, ModuleIndex};
use gusset_types::{Arena, ArenaIndex, StringEncoding};
use indexmap::IndexMap;
use std::collections::HashMap;
use std::ops::Range;
use wasmparser::{CanonicalFunction, ComponentExternalKind, ExternalKind};

/// A component (the root or a nested one) of the input.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct BodyIndex(u32);

impl ArenaIndex for BodyIndex {
    fn from_usize(index: usize) -> Self {
        BodyIndex(u32::try_from(index).expect("there are fewer components than bytes"))
    }
    fn as_usize(self) -> usize {
        self.0 as usize
    }
}

/// All components and core modules of the input.
pub(crate) struct Parsed<'a> {
    /// The components; nested ones come before the component that holds them.
    pub(crate) bodies: Arena<BodyIndex, ComponentBody<'a>>,
    /// The core modules, in the order in which they start.
    pub(crate) modules: Arena<ModuleIndex, ModuleBody<'a>>,
    /// The outermost component.
    pub(crate) root: BodyIndex,
}

/// The definitions of one component.
pub(crate) struct ComponentBody<'a> {
    /// Definitions with their byte offsets. Each makes one entry of one index space.
    pub(crate) definitions: Vec<(usize, ComponentDefinition<'a>)>,
    /// The types of everything in the component's index spaces.
    pub(crate) types: wasmparser::types::Types,
    /// Names from the name section.
    pub(crate) names: ComponentNames<'a>,
    /// Names by which things are exported or passed on.
    pub(crate) uses: UseNames<'a>,
    /// Whether a canonical definition has a `realloc` or `post-return`, code that runs while `may_leave` is unset, and that may come to ask
    /// whether it is.
    pub(crate) clears_may_leave: bool,
}

/// What a component's name section says.
#[derive(Default)]
pub(crate) struct ComponentNames<'a> {
    pub(crate) component: Option<&'a str>,
    pub(crate) modules: HashMap<u32, &'a str>,
    pub(crate) instances: HashMap<u32, &'a str>,
    pub(crate) funcs: HashMap<u32, &'a str>,
    pub(crate) types: HashMap<u32, &'a str>,
}

/// By index, a name under which something is exported, by the component or in an instance, or passed on to another.
#[derive(Default)]
pub(crate) struct UseNames<'a> {
    pub(crate) instances: HashMap<u32, &'a str>,
    pub(crate) types: HashMap<u32, &'a str>,
    pub(crate) funcs: HashMap<u32, &'a str>,
}

impl<'a> UseNames<'a> {
    /// The component exports `item`: no other name is better.
    pub(crate) fn exported(&mut self, item: &ItemRef<'a>) {
        if let Some(names) = self.of(item.kind) {
            names.insert(item.index, item.name);
        }
    }

    /// `item` is passed on.
    pub(crate) fn passed(&mut self, item: &ItemRef<'a>) {
        if let Some(names) = self.of(item.kind) {
            names.entry(item.index).or_insert(item.name);
        }
    }

    fn of(&mut self, kind: ComponentExternalKind) -> Option<&mut HashMap<u32, &'a str>> {
        match kind {
            ComponentExternalKind::Instance => Some(&mut self.instances),
            ComponentExternalKind::Type => Some(&mut self.types),
            ComponentExternalKind::Func => Some(&mut self.funcs),
            ComponentExternalKind::Module | ComponentExternalKind::Component | ComponentExternalKind::Value => None,
        }
    }
}

/// A definition of a component. Core types are left out: nothing but validation looks at them.
#[derive(Clone, Debug)]
pub(crate) enum ComponentDefinition<'a> {
    /// An import. Its type is that of the index that it makes.
    Import { name: &'a str, kind: ComponentExternalKind },
    /// A core module.
    CoreModule(ModuleIndex),
    /// A core instance: an instantiated module, with a core instance for each name.
    CoreInstantiate { module: u32, args: Box<[(&'a str, u32)]> },
    /// A core instance made of core items.
    CoreInstanceOf(Box<[(&'a str, ExternalKind, u32)]>),
    /// A nested component.
    Component(BodyIndex),
    /// An instance: an instantiated component, with an item for each name.
    Instantiate { component: u32, args: Box<[ItemRef<'a>]> },
    /// An instance made of items.
    InstanceOf(Box<[ItemRef<'a>]>),
    /// An export of an instance.
    AliasExport { kind: ComponentExternalKind, instance: u32, name: &'a str },
    /// An export of a core instance.
    AliasCoreExport { kind: ExternalKind, instance: u32, name: &'a str },
    /// Something of a component around this one, `count` components further out.
    AliasOuter { kind: OuterKind, count: u32, index: u32 },
    /// A type other than a resource.
    Type,
    /// A resource type, with its index among the types. What represents a resource is an `i32` unless it is `wide`.
    Resource { index: u32, dtor: Option<u32>, wide: bool },
    /// A canonical definition.
    Canon(Canon),
    /// A start function: makes values.
    Start,
    /// An export. It makes an index of its own.
    Export(ItemRef<'a>),
}

impl ComponentDefinition<'_> {
    /// Whether it adds to the index space of types.
    pub(crate) fn is_type(&self) -> bool {
        match self {
            ComponentDefinition::Type | ComponentDefinition::Resource { .. } => true,
            ComponentDefinition::Import { kind, .. } | ComponentDefinition::AliasExport { kind, .. } => {
                *kind == ComponentExternalKind::Type
            }
            ComponentDefinition::Export(item) => item.kind == ComponentExternalKind::Type,
            ComponentDefinition::AliasOuter { kind, .. } => *kind == OuterKind::Type,
            _ => false,
        }
    }

    /// How many units of work it takes to carry the definition out. Names that are long count for more, since each of them is
    /// looked up every time.
    pub(crate) fn weight(&self) -> usize {
        let items = |items: &[ItemRef<'_>]| items.iter().map(|item| name_weight(item.name)).sum::<usize>();
        match self {
            ComponentDefinition::CoreInstantiate { args, .. } => {
                1 + args.iter().map(|(name, _)| name_weight(name)).sum::<usize>()
            }
            ComponentDefinition::CoreInstanceOf(args) => {
                1 + args.iter().map(|(name, ..)| name_weight(name)).sum::<usize>()
            }
            ComponentDefinition::Instantiate { args, .. } => 1 + items(args),
            ComponentDefinition::InstanceOf(args) => 1 + items(args),
            ComponentDefinition::Import { name, .. }
            | ComponentDefinition::AliasExport { name, .. }
            | ComponentDefinition::AliasCoreExport { name, .. } => name_weight(name),
            ComponentDefinition::Export(item) => name_weight(item.name),
            _ => 1,
        }
    }
}

/// How many units of work it takes to look a name up: one, if it is of ordinary length.
pub(crate) fn name_weight(name: &str) -> usize {
    1 + name.len() / 128
}

/// A component-level item by its index, with the name under which it is handed on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ItemRef<'a> {
    pub(crate) name: &'a str,
    pub(crate) kind: ComponentExternalKind,
    pub(crate) index: u32,
}

/// What an outer alias can refer to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum OuterKind {
    CoreModule,
    Type,
    Component,
}

/// A canonical definition.
#[derive(Clone, Debug)]
pub(crate) enum Canon {
    /// `canon lift`: makes a function.
    Lift { func: u32, ty: u32, options: OptionRefs },
    /// `canon lower`: makes a core function.
    Lower { func: u32, options: OptionRefs },
    /// Any of the built-ins, with its operands: makes a core function.
    Builtin(Box<CanonicalFunction>),
}

/// Canonical options, as indices of the component.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OptionRefs {
    pub(crate) string_encoding: StringEncoding,
    pub(crate) memory: Option<u32>,
    pub(crate) realloc: Option<u32>,
    pub(crate) post_return: Option<u32>,
    pub(crate) callback: Option<u32>,
    pub(crate) async_: bool,
    pub(crate) gc: bool,
}

/// The outside of a core module.
#[derive(Debug)]
pub(crate) struct ModuleBody<'a> {
    /// The binary.
    pub(crate) wasm: &'a [u8],
    /// Where it stands in the input.
    pub(crate) range: Range<usize>,
    /// The module's own name.
    pub(crate) name: Option<&'a str>,
    /// The two names of each import, and what it is, in order.
    pub(crate) imports: Vec<CoreImportRef<'a>>,
    /// What each export is.
    pub(crate) exports: IndexMap<&'a str, EntityIndex>,
    /// About how many bytes of the host an instance takes.
    pub(crate) instance_bytes: u64,
}

/// An import of a core module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CoreImportRef<'a> {
    pub(crate) module: &'a str,
    pub(crate) name: &'a str,
    pub(crate) kind: LinkedKind,
}

/// What is known of an import before anything is linked, as far as links want to know it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LinkedKind {
    Func,
    Table,
    Memory,
    Other,
}
