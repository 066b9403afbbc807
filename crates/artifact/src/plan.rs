//! The [`Plan`]: how to instantiate a whole component tree, worked out at compile time. Flat: no components, no nesting, no
//! names to resolve; every reference is an index of something that an earlier step made.

use crate::core_module::EntityIndex;
use crate::externs::Externs;
use crate::index::{
    AdapterModuleIndex, CoreInstanceIndex, FuncExportIndex, ImportIndex, ModuleImportIndex, ModuleIndex,
    TrampolineIndex,
};
use crate::module_type::{ImportedModule, PlanModule};
use gusset_types::{
    AdapterName, Arena, CanonOptions, ComponentInstanceIndex, CoreDefIndex, FuncTypeIndex, ResourceType,
    ResourceTypeIndex, TrapSite, Types, ValType,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How to instantiate a component.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Plan {
    /// All component types that the plan speaks of.
    pub types: Types,
    /// What the root component imports.
    pub imports: Externs<RootImport>,
    /// The functions among the imports, wherever they stand.
    pub imported_funcs: Arena<ImportIndex, ImportedFunc>,
    /// The core modules among the imports, wherever they stand.
    pub imported_modules: Arena<ModuleImportIndex, ImportedModule>,
    /// What the root component exports.
    pub exports: Externs<RootExport>,
    /// The functions among the exports, wherever they stand.
    pub exported_funcs: Arena<FuncExportIndex, FuncExport>,
    /// The resource types of all component instances.
    pub resources: Arena<ResourceTypeIndex, ResourceType>,
    /// What canonical options, imports of core modules and trampolines refer to.
    pub core_defs: Arena<CoreDefIndex, CoreDef>,
    /// Core functions that the runtime provides.
    pub trampolines: Arena<TrampolineIndex, Trampoline>,
    /// The component instances of the tree, the root first, parents before children.
    pub component_instances: Arena<ComponentInstanceIndex, ComponentInstanceInfo>,
    /// For each core instance, the module it is an instance of.
    pub core_instances: Arena<CoreInstanceIndex, PlanModule>,
    /// Whether an instance has a state memory (`handle_table` of `gusset_types`): there are resource types, or something asks
    /// for `may_leave` that something else clears.
    pub uses_state: bool,
    /// Modules of fused adapters.
    pub adapter_modules: Arena<AdapterModuleIndex, AdapterModuleInfo>,
    /// What to do, in order.
    pub steps: Vec<Step>,
}

/// One step of instantiation.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Step {
    /// Makes a resource type, so that handles of it can be made. What its destructor refers to has been made before.
    DefineResource(ResourceTypeIndex),
    /// Makes a trampoline, so that it can be referred to. What its options refer to has been made before.
    DefineTrampoline(TrampolineIndex),
    /// Instantiates a core module, an adapter module among them.
    InstantiateModule {
        /// The instance that is made; instances are made in increasing order.
        instance: CoreInstanceIndex,
        /// For each import of the module that is no [transcoder](crate::ImportLink::Transcoder), in order, what it is given; of an
        /// imported module, for each import of its type.
        imports: Box<[CoreDefIndex]>,
    },
}

/// A core function, memory, table, global or tag.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum CoreDef {
    /// Something of a core instance.
    Export {
        /// The instance, of a module of the link unit.
        instance: CoreInstanceIndex,
        /// What of it.
        item: EntityIndex,
    },
    /// An export of an instance of an imported module.
    NamedExport {
        /// The instance.
        instance: CoreInstanceIndex,
        /// Which of the exports of the module's type.
        export: u32,
    },
    /// A function that the runtime provides.
    Trampoline(TrampolineIndex),
    /// The state memory.
    State,
    /// The number of an imported resource type: an immutable `i32` global,
    /// [`resource_type_number`](gusset_types::resource_type_number) of the first import that is the same type.
    ResourceType(ResourceTypeIndex),
    /// What is left of the fuel, for adapters: a mutable `i64` global.
    Fuel,
}

/// A core function that the runtime provides.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Trampoline {
    /// `canon lower` of a function that the root component imports.
    LowerImport {
        /// Which one.
        import: ImportIndex,
        /// The type that it is lowered at.
        ty: FuncTypeIndex,
        /// The caller's options.
        options: CanonOptions,
    },
    /// Where the adapters of a module trap: `(site: i32, code: i32, value: i64, limit: i64, indices: i64 ...)`. It does not return.
    AdapterTrap {
        /// Whose sites.
        module: AdapterModuleIndex,
        /// How many list indices follow, at most [`MAX_TRAP_INDICES`](gusset_types::MAX_TRAP_INDICES).
        indices: u8,
    },
    /// `canon lower` of a function that is a `canon lift`, where no adapter can stand for both: everything is lifted before
    /// anything is lowered.
    LowerLifted {
        /// The core function that is lifted.
        func: CoreDefIndex,
        /// The options of its lift.
        lift: CanonOptions,
        /// The type that it is lifted at.
        lift_type: FuncTypeIndex,
        /// The caller's options.
        lower: CanonOptions,
        /// The type that it is lowered at. It has the structure of `lift_type`.
        lower_type: FuncTypeIndex,
        /// Who calls whom.
        name: AdapterName,
    },
    /// The destructor of a resource type that the root imports: `(rep: i32)`.
    DropImportedResource(ResourceTypeIndex),
}

/// What a root import is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum RootImport {
    /// A function.
    Func(ImportIndex),
    /// A core module.
    Module(ModuleImportIndex),
    /// A value type: nothing to provide at run time.
    Type(ValType),
    /// A resource type. Where several imports have the same index, the host gives them the same type.
    Resource(ResourceTypeIndex),
}

/// A function that the root component imports.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ImportedFunc {
    /// A name for people: the import's, then those of the exports that lead to it.
    pub name: Arc<str>,
    /// Its type.
    pub ty: FuncTypeIndex,
}

/// What a root export is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum RootExport {
    /// A function.
    Func(FuncExportIndex),
    /// A core module that can be instantiated by itself.
    Module(PlanModule),
    /// A component. Nothing can be done with it yet but to see that it is there.
    Component,
    /// A value type, where it is one (`None`: a type that is no value type, such as an instance type).
    Type(Option<ValType>),
    /// A resource type.
    Resource(ResourceTypeIndex),
}

/// A function that the root component exports.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FuncExport {
    /// A name for people: one of those that lead to it.
    pub name: Arc<str>,
    /// Its type.
    pub ty: FuncTypeIndex,
    /// Where it comes from.
    pub source: FuncSource,
}

/// Where a component function comes from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum FuncSource {
    /// `canon lift`.
    Lift {
        /// The core function.
        func: CoreDefIndex,
        /// The options.
        options: CanonOptions,
    },
    /// A function that the root component imports, exported as it is.
    Import(ImportIndex),
}

/// A component instance of the tree.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ComponentInstanceInfo {
    /// The instance whose component holds the `instantiate`; `None` for the root.
    pub parent: Option<ComponentInstanceIndex>,
    /// A name for people: the instance's or its component's name in the name section or in the parent's exports and `with`
    /// clauses, else `component N`.
    pub name: Arc<str>,
}

/// A module of fused adapters.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AdapterModuleInfo {
    /// Its place in the link unit.
    pub module: ModuleIndex,
    /// Who calls whom, adapter by adapter.
    pub adapters: Vec<AdapterName>,
    /// The type of each, as the caller has it; none of a built-in.
    pub types: Vec<Option<FuncTypeIndex>>,
    /// Its trap sites.
    pub sites: Vec<TrapSite>,
}
