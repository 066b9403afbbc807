//! What the indices of a component instance stand for while it is being flattened: its index spaces, filled definition
//! by definition.

use crate::adapters::AdapterIndex;
use crate::body::{BodyIndex, ItemRef};
use crate::convert::ScopeTypes;
use gusset_artifact::{CoreInstanceIndex, ImportIndex, PlanModule};
use gusset_types::{ArenaIndex, CanonOptions, ComponentInstanceIndex, CoreDefIndex, FuncTypeIndex, ResourceTypeIndex};
use indexmap::IndexMap;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;
use wasmparser::component_types::{ComponentAnyTypeId, ComponentInstanceTypeId};
use wasmparser::types::TypesRef;
use wasmparser::{ComponentExternalKind, ExternalKind};

/// A component instance whose definitions are being worked through, or have been.
pub(crate) struct Scope<'b> {
    pub(crate) body: BodyIndex,
    /// The instance of the component around this one's definition: what outer aliases refer to.
    pub(crate) outer: Option<ComponentInstanceIndex>,
    /// How many instances are around it.
    pub(crate) depth: usize,
    /// What it was instantiated with. The root has none.
    pub(crate) args: HashMap<&'b str, ScopeItem<'b>>,
    /// The next definition.
    pub(crate) next: usize,
    /// What the types of its component stand for here. Their index space is the validator's.
    pub(crate) types: ScopeTypes,
    /// The instances whose resource types are known here, each with the type that it has here.
    pub(crate) bound: HashSet<(ComponentInstanceTypeId, *const InstanceItem<'b>)>,
    /// Core functions, tables, memories, globals and tags.
    pub(crate) core: [Vec<CoreItem>; 5],
    pub(crate) modules: Vec<PlanModule>,
    pub(crate) core_instances: Vec<CoreInstance<'b>>,
    pub(crate) components: Vec<ComponentClosure>,
    pub(crate) instances: Vec<LabelledInstance<'b>>,
    pub(crate) funcs: Vec<LabelledFunc<'b>>,
    pub(crate) exports: IndexMap<&'b str, ScopeItem<'b>>,
}

/// A core function, table, memory, global or tag.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CoreItem {
    /// It is part of the plan.
    Def(CoreDefIndex),
    /// It is an adapter, made when somebody needs it.
    Adapter(AdapterIndex),
}

/// A core instance.
#[derive(Clone, Debug)]
pub(crate) enum CoreInstance<'b> {
    /// An instance of a module.
    Module { instance: CoreInstanceIndex, module: PlanModule },
    /// A set of core items.
    Items(Rc<HashMap<&'b str, CoreItem>>),
}

/// A component-level item.
#[derive(Clone, Debug)]
pub(crate) enum ScopeItem<'b> {
    Module(PlanModule),
    Func(FuncItem),
    /// A resource type.
    Resource(ResourceTypeIndex),
    /// Any other type. The validator's types say which.
    Type,
    Component(ComponentClosure),
    Instance(Rc<InstanceItem<'b>>),
}

/// A component function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum FuncItem {
    /// A core function, lifted.
    Lifted(LiftIndex),
    /// A function of the host.
    Imported(ImportIndex),
}

/// A `canon lift` of a component instance.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct LiftIndex(u32);

impl ArenaIndex for LiftIndex {
    fn from_usize(index: usize) -> Self {
        LiftIndex(u32::try_from(index).expect("the limit on steps is far below 2^32"))
    }
    fn as_usize(self) -> usize {
        self.0 as usize
    }
}

/// What is lifted, and how.
#[derive(Debug)]
pub(crate) struct CanonLift {
    pub(crate) func: CoreDefIndex,
    pub(crate) ty: FuncTypeIndex,
    pub(crate) options: CanonOptions,
    /// The name under which its instance exports it, once that is known.
    pub(crate) name: Option<Arc<str>>,
}

/// A component together with what its outer aliases refer to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ComponentClosure {
    pub(crate) body: BodyIndex,
    pub(crate) outer: Option<ComponentInstanceIndex>,
}

/// An instance as others see it: its exports.
#[derive(Debug, Default)]
pub(crate) struct InstanceItem<'b> {
    pub(crate) exports: IndexMap<&'b str, ScopeItem<'b>>,
}

/// An entry of the index space of instances.
#[derive(Clone, Debug)]
pub(crate) struct LabelledInstance<'b> {
    pub(crate) item: Rc<InstanceItem<'b>>,
    /// The name under which it was imported or found.
    pub(crate) label: Option<&'b str>,
}

/// An entry of the index space of functions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LabelledFunc<'b> {
    pub(crate) item: FuncItem,
    /// The name under which it was imported or found, and that of the instance that it was found in.
    pub(crate) label: Option<(Option<&'b str>, &'b str)>,
}

impl<'b> Scope<'b> {
    pub(crate) fn new(component: ComponentClosure, depth: usize, args: HashMap<&'b str, ScopeItem<'b>>) -> Scope<'b> {
        Scope {
            body: component.body,
            outer: component.outer,
            depth,
            args,
            next: 0,
            types: ScopeTypes::default(),
            bound: HashSet::new(),
            core: Default::default(),
            modules: Vec::new(),
            core_instances: Vec::new(),
            components: Vec::new(),
            instances: Vec::new(),
            funcs: Vec::new(),
            exports: IndexMap::new(),
        }
    }

    /// The core item at `index` of its index space.
    pub(crate) fn core_item(&self, kind: ExternalKind, index: u32) -> CoreItem {
        self.core[core_space(kind)][index as usize]
    }

    pub(crate) fn push_core(&mut self, kind: ExternalKind, item: CoreItem) {
        self.core[core_space(kind)].push(item);
    }

    /// The item that `item` refers to; `types` are those of the component. Validation has seen to it that there is one.
    pub(crate) fn item(&self, types: TypesRef<'_>, item: &ItemRef<'_>) -> ScopeItem<'b> {
        let index = item.index as usize;
        match item.kind {
            ComponentExternalKind::Module => ScopeItem::Module(self.modules[index]),
            ComponentExternalKind::Func => ScopeItem::Func(self.funcs[index].item),
            ComponentExternalKind::Type => match types.component_any_type_at(item.index) {
                ComponentAnyTypeId::Resource(id) => ScopeItem::Resource(self.types.known(id)),
                _ => ScopeItem::Type,
            },
            ComponentExternalKind::Component => ScopeItem::Component(self.components[index]),
            ComponentExternalKind::Instance => ScopeItem::Instance(Rc::clone(&self.instances[index].item)),
            ComponentExternalKind::Value => unreachable!("the root imports no values, and nothing else makes any"),
        }
    }

    /// Adds `item` to its index space. `name` is what it was found under, `instance` the name of the instance it was
    /// found in.
    pub(crate) fn push(&mut self, item: ScopeItem<'b>, instance: Option<&'b str>, name: &'b str) {
        match item {
            ScopeItem::Module(module) => self.modules.push(module),
            ScopeItem::Func(item) => self.funcs.push(LabelledFunc { item, label: Some((instance, name)) }),
            ScopeItem::Resource(_) | ScopeItem::Type => {}
            ScopeItem::Component(component) => self.components.push(component),
            ScopeItem::Instance(item) => self.instances.push(LabelledInstance { item, label: Some(name) }),
        }
    }
}

fn core_space(kind: ExternalKind) -> usize {
    match kind {
        ExternalKind::Func | ExternalKind::FuncExact => 0,
        ExternalKind::Table => 1,
        ExternalKind::Memory => 2,
        ExternalKind::Global => 3,
        ExternalKind::Tag => 4,
    }
}
