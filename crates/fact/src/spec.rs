//! The interface: what a caller hands in, and what comes back. Everything outside of an adapter is named symbolically.

use gusset_types::{
    AdapterName, CanonBuiltin, CanonOptions, ComponentInstanceIndex, CoreDefIndex, FuncTypeIndex, ResourceTypeIndex,
    Transcode, TrapSite,
};

/// One function of a module to make.
#[derive(Clone, Debug)]
pub enum FunctionSpec {
    /// A call from one component into another.
    Call(AdapterSpec),
    /// A built-in that works on the state of a component instance.
    Builtin(BuiltinSpec),
}

impl FunctionSpec {
    /// Who calls whom.
    pub fn name(&self) -> &AdapterName {
        match self {
            FunctionSpec::Call(spec) => &spec.name,
            FunctionSpec::Builtin(spec) => &spec.name,
        }
    }

    /// The function type as the caller has it; a built-in has none.
    pub fn lower_type(&self) -> Option<FuncTypeIndex> {
        match self {
            FunctionSpec::Call(spec) => Some(spec.lower_type),
            FunctionSpec::Builtin(_) => None,
        }
    }
}

/// A canonical built-in of a component instance: `canon resource.new` and its like.
#[derive(Clone, Debug)]
pub struct BuiltinSpec {
    /// The caller is the component instance, the function names built-in and type.
    pub name: AdapterName,
    /// Which one.
    pub builtin: CanonBuiltin,
    /// Whose.
    pub instance: ComponentInstanceIndex,
    /// Whether `may_leave` of the instance must be tested on entry, where the built-in tests it.
    pub check_may_leave: bool,
}

/// One adapter to make: a `canon lower` of a function that is a `canon lift`.
///
/// An adapter lowers each value as soon as it is lifted. Within one component instance that would show in the indices of handles, so
/// where its type holds handles the two sides must be different instances.
#[derive(Clone, Debug)]
pub struct AdapterSpec {
    /// Who calls whom.
    pub name: AdapterName,
    /// The options of the `canon lower`: the caller's side.
    pub lower: CanonOptions,
    /// The options of the `canon lift`: the callee's side.
    pub lift: CanonOptions,
    /// The function type as the caller has it.
    pub lower_type: FuncTypeIndex,
    /// The function type as the callee has it. It has the structure of `lower_type`.
    pub lift_type: FuncTypeIndex,
    /// The core function that is lifted.
    pub callee: CoreDefIndex,
    /// Whether `may_leave` of the caller must be tested on entry.
    pub check_may_leave: bool,
    /// Whether `may_leave` of the caller must be cleared around calls of its `realloc`.
    pub toggle_caller: bool,
    /// Whether `may_leave` of the callee must be cleared around calls of its `realloc` and `post-return`.
    pub toggle_callee: bool,
    /// Whether the call is charged to [`AdapterImport::Fuel`]: [`ADAPTER_FUEL`](gusset_types::ADAPTER_FUEL) when it begins, and
    /// [`BYTE_FUEL`](gusset_types::BYTE_FUEL) for each byte of a string or list of the side that it comes from, before it is copied.
    pub fuel: bool,
    /// Whether every NaN becomes the canonical one of its type, as the specification's deterministic profile has it. It is the same for all of a
    /// module; otherwise NaNs are passed as they are.
    pub canonical_nans: bool,
}

/// A core module that holds the functions of a set of [`FunctionSpec`]s.
#[derive(Clone, Debug)]
pub struct AdapterModule {
    /// The binary.
    pub wasm: Vec<u8>,
    /// How many bytes of it are code.
    pub code_size: usize,
    /// What to supply for each import, in the order of the module's imports.
    pub imports: Vec<AdapterImport>,
    /// The functions of each adapter, in the order of the specs.
    pub functions: Vec<AdapterFunctions>,
    /// What the first argument of an imported trap function stands for. Where cases of a variant share code, some are not used
    /// and have an empty path.
    pub sites: Vec<TrapSite>,
}

/// The functions of one adapter, as indices into the module's function index space. Each is exported.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AdapterFunctions {
    /// The function that stands for the `canon lower`: the caller imports it.
    pub call: u32,
}

/// What an import of an adapter module stands for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AdapterImport {
    /// A core function: a callee, `realloc`, `post-return` or the destructor of a resource type.
    Func(CoreDefIndex),
    /// A linear memory.
    Memory(CoreDefIndex),
    /// The state memory: a 32-bit memory, laid out as `handle_table` of `gusset_types` says.
    State,
    /// The state memory of the callee's root instance, where that is another one than the caller's.
    CalleeState,
    /// What is left of the fuel: a mutable `i64` global, from which adapters subtract. They do not look at what is left.
    Fuel,
    /// The number of an imported resource type: an immutable `i32` global. It is
    /// [`resource_type_number`](gusset_types::resource_type_number) of the first import that is the same type.
    ResourceType(ResourceTypeIndex),
    /// A string transcoder between two memories, which the module imports too.
    Transcoder {
        /// What it does.
        op: Transcode,
        /// The memory it reads, as an index into the module's memories.
        src: u32,
        /// The memory it writes.
        dst: u32,
    },
    /// `(site: i32, code: i32, value: i64, limit: i64, index: i64 ...)`, which does not return: the value at `site` of
    /// [`AdapterModule::sites`] was found bad, for the reason that is the [`TrapCode`](gusset_types::TrapCode) `code`, with
    /// [`TRAP_FROM_REALLOC`](gusset_types::TRAP_FROM_REALLOC) where `realloc` returned a bad address for it. `value` and
    /// `limit` are what [`TrapCode::values`](gusset_types::TrapCode::values) says.
    Trap {
        /// How many list indices are passed, outermost first.
        indices: u8,
    },
}
