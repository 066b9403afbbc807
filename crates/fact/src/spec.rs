//! The interface: what a caller hands in, and what comes back. Everything outside of an adapter is named symbolically.

use gusset_types::{
    AdapterName, CanonOptions, ComponentInstanceIndex, CoreDefIndex, FuncTypeIndex, PointerWidth, Transcode, TrapSite,
};

/// One adapter to make: a `canon lower` of a function that is a `canon lift`.
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
}

/// A core module that holds the adapters of a set of [`AdapterSpec`]s.
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
    /// What the first argument of an imported trap function stands for. None is there twice.
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
    /// A core function: a callee, `realloc` or `post-return`.
    Func(CoreDefIndex),
    /// A linear memory.
    Memory(CoreDefIndex),
    /// The flags of a component instance: a mutable `i32` global, `FLAG_MAY_LEAVE` or 0.
    Flags(ComponentInstanceIndex),
    /// A string transcoder between two memories.
    Transcoder {
        /// What it does.
        op: Transcode,
        /// The memory it reads.
        src: CoreDefIndex,
        /// The width of its addresses.
        src_width: PointerWidth,
        /// The memory it writes.
        dst: CoreDefIndex,
        /// The width of its addresses.
        dst_width: PointerWidth,
    },
    /// `(site: i32, code: i32, value: i64, limit: i64, index: i64 ...)`, which does not return: the value at `site` of
    /// [`AdapterModule::sites`] was found bad, for the reason that is the [`TrapCode`](gusset_types::TrapCode) `code`. `value` and
    /// `limit` are what [`TrapCode::values`](gusset_types::TrapCode::values) says.
    Trap {
        /// How many list indices are passed, outermost first.
        indices: u8,
    },
}
