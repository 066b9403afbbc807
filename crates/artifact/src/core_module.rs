//! A core module without its code: what instantiation needs to know of it.

use crate::core_names::{CoreExports, FunctionNames};
use crate::data_segments::DataSegments;
use crate::debug_sections::DebugSections;
use crate::index::{DataIndex, ElemIndex, FuncIndex, GlobalIndex, MemoryIndex, SignatureIndex, TableIndex, TagIndex};
use crate::memory_image::MemoryImageRange;
use crate::pod_table::{PodTable, RawTable};
use gusset_types::Arena;
use serde::{Deserialize, Serialize};

/// A core value type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the spec's own words, one for one")]
pub enum CoreValType {
    I32,
    I64,
    F32,
    F64,
    V128,
    Ref(RefType),
}

impl CoreValType {
    /// The same with another signature, if it speaks of one.
    #[must_use]
    pub fn map_signature(self, map: impl FnOnce(SignatureIndex) -> SignatureIndex) -> CoreValType {
        match self {
            CoreValType::Ref(ty) => CoreValType::Ref(ty.map_signature(map)),
            other => other,
        }
    }
}

/// A core reference type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct RefType {
    /// Whether null is among its values.
    pub nullable: bool,
    /// What it refers to.
    pub heap: HeapType,
}

impl RefType {
    /// `funcref`.
    pub const FUNCREF: RefType = RefType { nullable: true, heap: HeapType::Func };
    /// `externref`.
    pub const EXTERNREF: RefType = RefType { nullable: true, heap: HeapType::Extern };

    /// The same with another signature, if it speaks of one.
    #[must_use]
    pub fn map_signature(self, map: impl FnOnce(SignatureIndex) -> SignatureIndex) -> RefType {
        match self.heap {
            HeapType::Concrete(signature) => RefType { heap: HeapType::Concrete(map(signature)), ..self },
            _ => self,
        }
    }
}

/// What a reference refers to. Function references are pointers (8 bytes) in compiled code; the others are `u32` indices
/// into the store, 0 for null.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the spec's own words, one for one")]
pub enum HeapType {
    Func,
    NoFunc,
    /// A function of this signature.
    Concrete(SignatureIndex),
    Extern,
    NoExtern,
    Exn,
    NoExn,
}

impl HeapType {
    /// Whether values are function references: pointers in compiled code rather than indices.
    pub const fn is_func(self) -> bool {
        matches!(self, HeapType::Func | HeapType::NoFunc | HeapType::Concrete(_))
    }
}

/// A core function type.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct CoreFuncType {
    /// Parameters.
    pub params: Box<[CoreValType]>,
    /// Results.
    pub results: Box<[CoreValType]>,
}

impl CoreFuncType {
    /// Whether one of its types is a reference to a function of a certain signature.
    pub fn speaks_of_signatures(&self) -> bool {
        let concrete = |ty: &CoreValType| matches!(ty, CoreValType::Ref(RefType { heap: HeapType::Concrete(_), .. }));
        self.params.iter().chain(&self.results).any(concrete)
    }
}

/// A memory type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct MemoryType {
    /// Initial size in pages.
    pub minimum: u64,
    /// Largest size in pages.
    pub maximum: Option<u64>,
    /// Whether addresses are 64 bits wide.
    pub memory64: bool,
    /// Whether it is shared between threads.
    pub shared: bool,
    /// log2 of the page size in bytes: 16 unless custom.
    pub page_size_log2: u8,
}

/// A table type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct TableType {
    /// What it holds.
    pub element: RefType,
    /// Initial number of elements.
    pub minimum: u64,
    /// Largest number of elements.
    pub maximum: Option<u64>,
    /// Whether indices are 64 bits wide.
    pub table64: bool,
}

/// A global type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct GlobalType {
    /// What it holds.
    pub content: CoreValType,
    /// Whether it can be written.
    pub mutable: bool,
}

/// The type of something that a module imports or exports.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the spec's own words, one for one")]
pub enum CoreExternType {
    Func(SignatureIndex),
    Table(TableType),
    Memory(MemoryType),
    Global(GlobalType),
    Tag(SignatureIndex),
}

/// Something in one of a module's index spaces.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the spec's own words, one for one")]
pub enum EntityIndex {
    Func(FuncIndex),
    Table(TableIndex),
    Memory(MemoryIndex),
    Global(GlobalIndex),
    Tag(TagIndex),
}

/// An import of a core module. The n-th import of a kind is the n-th entry of that kind's index space.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CoreImport {
    /// The first name.
    pub module: Box<str>,
    /// The second name.
    pub name: Box<str>,
    /// Its type.
    pub ty: CoreExternType,
    /// Whether it is a function that code calls as a [builtin](crate::BuiltinFunction), and that no instance is given.
    pub builtin: bool,
    /// Whether it is a function that code does nothing but call, and directly: the function has no other code, perhaps, than what
    /// was inlined, and the code in the import's slot is nobody's concern.
    pub direct: bool,
}

/// One step of a constant expression, on a stack of values.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the spec's own words, one for one")]
pub enum ConstOp {
    I32Const(i32),
    I64Const(i64),
    /// The bits.
    F32Const(u32),
    /// The bits.
    F64Const(u64),
    /// The bits, little-endian.
    V128Const([u8; 16]),
    GlobalGet(GlobalIndex),
    RefNull(HeapType),
    RefFunc(FuncIndex),
    I32Add,
    I32Sub,
    I32Mul,
    I64Add,
    I64Sub,
    I64Mul,
}

/// A constant expression (with extended const): evaluates to one value.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct ConstExpr {
    /// Steps, in order, without the final `end`.
    pub ops: Box<[ConstOp]>,
}

/// When a segment is applied. `Index` is a [`TableIndex`] or [`MemoryIndex`].
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum SegmentMode<Index> {
    /// At instantiation.
    Active {
        /// To what.
        target: Index,
        /// At which offset.
        offset: ConstExpr,
    },
    /// By `memory.init` or `table.init`.
    Passive,
    /// Never (element segments that only declare functions).
    Declared,
}

/// An element segment.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ElementSegment {
    /// When it is applied.
    pub mode: SegmentMode<TableIndex>,
    /// The type of its elements.
    pub ty: RefType,
    /// Its elements.
    pub items: ElementItems,
}

/// The elements of a segment.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum ElementItems {
    /// References to these functions.
    Functions(PodTable<u32, FuncIndex>),
    /// One expression each.
    Expressions(Box<[ConstExpr]>),
}

impl ElementItems {
    /// Number of elements.
    pub fn len(&self) -> usize {
        match self {
            ElementItems::Functions(functions) => functions.len(),
            ElementItems::Expressions(expressions) => expressions.len(),
        }
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A core module without its code.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct CoreModule {
    /// Its name in the name section.
    pub name: Option<Box<str>>,
    /// Imports, in order.
    pub imports: Vec<CoreImport>,
    /// Signatures of all functions, imports first.
    pub functions: PodTable<FuncIndex, SignatureIndex>,
    /// How many of them are imports.
    pub imported_functions: u32,
    /// All tables, imports first.
    pub tables: Arena<TableIndex, TableType>,
    /// How many of them are imports.
    pub imported_tables: u32,
    /// For each defined table, what fills it at first, if that is not null.
    pub table_inits: Vec<Option<ConstExpr>>,
    /// All memories, imports first.
    pub memories: Arena<MemoryIndex, MemoryType>,
    /// How many of them are imports.
    pub imported_memories: u32,
    /// All globals, imports first.
    pub globals: Arena<GlobalIndex, GlobalType>,
    /// How many of them are imports.
    pub imported_globals: u32,
    /// For each defined global, its initial value.
    pub global_inits: Vec<ConstExpr>,
    /// All tags, imports first.
    pub tags: Arena<TagIndex, SignatureIndex>,
    /// How many of them are imports.
    pub imported_tags: u32,
    /// Exports by name, in order.
    pub exports: CoreExports,
    /// The start function.
    pub start: Option<FuncIndex>,
    /// Element segments.
    pub elements: Arena<ElemIndex, ElementSegment>,
    /// Data segments, without those that an image holds.
    pub data: DataSegments,
    /// The active ones that instantiation applies one by one, in order: those that no image holds.
    pub applied_data: Vec<DataIndex>,
    /// What memories hold at first; at most one for each.
    pub memory_images: Vec<MemoryImageRange>,
    /// Defined functions that escape (exported, in an element segment or global, or taken by `ref.func`), in increasing
    /// order: each has a function reference in the context.
    pub escaping: PodTable<u32, FuncIndex>,
    /// Function names from the name section.
    pub function_names: FunctionNames,
    /// What debuggers read, where that is kept.
    pub debug: DebugSections,
}

impl CoreModule {
    /// What people call a function: its name in the name section, or else the first one that it is exported as.
    pub fn shown_name(&self, func: FuncIndex) -> Option<&str> {
        self.function_names.get(func).or_else(|| self.exports.name_of(EntityIndex::Func(func)))
    }

    /// The type of what stands at `entity`.
    pub fn type_of(&self, entity: EntityIndex) -> CoreExternType {
        match entity {
            EntityIndex::Func(index) => CoreExternType::Func(self.functions.at(index)),
            EntityIndex::Table(index) => CoreExternType::Table(self.tables[index]),
            EntityIndex::Memory(index) => CoreExternType::Memory(self.memories[index]),
            EntityIndex::Global(index) => CoreExternType::Global(self.globals[index]),
            EntityIndex::Tag(index) => CoreExternType::Tag(self.tags[index]),
        }
    }

    /// Every table, in an order that depends on the module alone.
    pub(crate) fn each_table(&mut self, visit: &mut dyn FnMut(&mut RawTable)) {
        visit(self.functions.raw_mut());
        self.exports.each_table(visit);
        for (_, segment) in self.elements.iter_mut() {
            if let ElementItems::Functions(functions) = &mut segment.items {
                visit(functions.raw_mut());
            }
        }
        visit(self.escaping.raw_mut());
        self.function_names.each_table(visit);
        self.debug.each_table(visit);
    }
}
