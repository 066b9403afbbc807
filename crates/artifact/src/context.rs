//! The memory that compiled code and the runtime share: which field stands where. Compiled code reaches everything through
//! the context that is its first parameter.
//!
//! Fixed records are described by a constant each ([`STORE_CONTEXT`] and its like); the runtime asserts at compile time that
//! its `repr(C)` types agree. All fields are 8 bytes unless said otherwise.

use crate::core_module::CoreModule;
use crate::index::{FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TagIndex};
use crate::pod_table::PodTable;

/// Bytes of a raw value (argument, result or global): a `v128` fits. Smaller values stand at its start, little-endian.
pub const RAW_VALUE_SIZE: u32 = 16;

/// Offsets in the store's context: one per store, shared by all its instances.
#[derive(Clone, Copy, Debug)]
pub struct StoreContextLayout {
    /// Functions that would move the stack pointer below this trap.
    pub stack_limit: i32,
    /// Frame pointer of the innermost entry trampoline.
    pub entry_fp: i32,
    /// Stack pointer at its call.
    pub entry_sp: i32,
    /// Its landing pad.
    pub entry_handler: i32,
    /// Frame pointer of the last wasm frame before the host was called: the caller of the stub.
    pub exit_fp: i32,
    /// Where the stub returns to in that frame.
    pub exit_pc: i32,
    /// Pointer to the array of [`BuiltinFunction`]s.
    pub builtins: i32,
    /// `extern "C" fn(store context) -> !`: leaves by the entry's landing pad after a host function reported failure.
    pub raise: i32,
    /// Pointer to the engine's epoch, a `u64` that any thread may increment; it never changes.
    pub epoch_counter: i32,
    /// `u64`: the epoch in which compiled code calls [`BuiltinFunction::DeadlineReached`].
    pub epoch_deadline: i32,
    /// `i64`: how much fuel the guest may use before it calls [`BuiltinFunction::RefillFuel`]. While compiled code runs that counts,
    /// it has the number itself, and writes it here before it calls the runtime or the host, and where it is `unreachable`. What stands
    /// here when a guest traps is what it has left.
    pub fuel: i32,
    /// `i64`: the same, written and read where [`BuiltinFunction::DeadlineReached`] is called: when an epoch comes must not change
    /// what a trap leaves.
    pub fuel_at_epoch: i32,
    /// Bytes.
    pub size: u32,
}

/// The store's context.
pub const STORE_CONTEXT: StoreContextLayout = StoreContextLayout {
    stack_limit: 0,
    entry_fp: 8,
    entry_sp: 16,
    entry_handler: 24,
    exit_fp: 32,
    exit_pc: 40,
    builtins: 48,
    raise: 56,
    epoch_counter: 64,
    epoch_deadline: 72,
    fuel: 80,
    fuel_at_epoch: 88,
    size: 96,
};

/// Offsets in a host function's context, the first parameter of a host stub.
#[derive(Clone, Copy, Debug)]
pub struct HostContextLayout {
    /// Pointer to the store's context (at the same offset as in an instance's context).
    pub store: i32,
    /// `extern "C" fn(host context, values) -> u8`: 1 for a return, 0 for a failure.
    pub call: i32,
}

/// A host function's context. What follows the named fields is the runtime's.
pub const HOST_CONTEXT: HostContextLayout = HostContextLayout { store: ContextLayout::STORE, call: 16 };

/// Offsets in a function reference: a record that does not change once it is written. Import slots of functions are such records
/// too, written when the instance is made; those of escaping functions are zero until somebody asks for one.
#[derive(Clone, Copy, Debug)]
pub struct FuncRefLayout {
    /// Pointer to the code, wasm calling convention.
    pub code: i32,
    /// Pointer to the context, which is the code's first parameter.
    pub context: i32,
    /// `u32`: the engine-wide number of the signature.
    pub type_id: i32,
    /// `u32`: the runtime's own, which compiled code leaves alone.
    pub number: i32,
    /// Bytes.
    pub size: u32,
}

/// A function reference.
pub const FUNC_REF: FuncRefLayout = FuncRefLayout { code: 0, context: 8, type_id: 16, number: 20, size: 24 };

/// Offsets in a memory's definition.
#[derive(Clone, Copy, Debug)]
pub struct MemoryDefinitionLayout {
    /// Pointer to the first byte. It never changes while the memory has a full reservation.
    pub base: i32,
    /// Current length in bytes.
    pub length: i32,
    /// Bytes.
    pub size: u32,
}

/// A memory's definition.
pub const MEMORY_DEFINITION: MemoryDefinitionLayout = MemoryDefinitionLayout { base: 0, length: 8, size: 16 };

/// Offsets in a table's definition.
#[derive(Clone, Copy, Debug)]
pub struct TableDefinitionLayout {
    /// Pointer to the elements: 8 bytes for function references, 4-byte indices for others. It changes on growth.
    pub base: i32,
    /// Current number of elements.
    pub length: i32,
    /// Bytes.
    pub size: u32,
}

/// A table's definition.
pub const TABLE_DEFINITION: TableDefinitionLayout = TableDefinitionLayout { base: 0, length: 8, size: 16 };

/// Offsets in the slots of a lazily compiled unit, which stand behind its text.
#[derive(Clone, Copy, Debug)]
pub struct LazySlotsLayout {
    /// Where the thunk of a function goes that has not been compiled: the runtime's resolver.
    pub resolver: i32,
    /// What the resolver takes for the unit.
    pub unit: i32,
    /// The first of the slots, which have 8 bytes each: the address of the function's code, or of its thunk's second half.
    pub first: i32,
}

/// The slots of a lazily compiled unit.
pub const LAZY_SLOTS: LazySlotsLayout = LazySlotsLayout { resolver: 0, unit: 8, first: 16 };

impl LazySlotsLayout {
    /// The slot of a function, by its number among all functions that the unit's modules define.
    pub const fn slot(&self, function: u32) -> u32 {
        self.first as u32 + 8 * function
    }
}

/// An element of a table of functions that is null. It is 0 where nothing has been written yet, and then
/// [`BuiltinFunction::TableElement`] knows what it is; everything else is a pointer to a [`FUNC_REF`].
pub const NULL_ELEMENT: u64 = 1;

/// Offsets in the record of an exception, as it arrives at a landing pad. It stands as long as nothing else is thrown.
#[derive(Clone, Copy, Debug)]
pub struct ExceptionLayout {
    /// Address of the tag's identity.
    pub tag: i32,
    /// `u32`: compiled code that keeps a reference to the exception makes it 1.
    pub referenced: i32,
    /// The values, of [`RAW_VALUE_SIZE`] bytes each.
    pub values: i32,
}

/// The record of an exception.
pub const EXCEPTION: ExceptionLayout = ExceptionLayout { tag: 0, referenced: 8, values: RAW_VALUE_SIZE as i32 };

/// The layout of an instance's context: which parts it has depends on its module only.
///
/// In order: the header, imported functions (a [`FUNC_REF`] each), pointers to imported tables' and memories' definitions and
/// to imported globals and tags, definitions of own tables and memories, own tags (a `u64` each: an identity is its address),
/// function references of escaping functions, own globals (16 bytes each, aligned to 16).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ContextLayout {
    counts: ImportCounts,
    escaping: PodTable<u32, FuncIndex>,
    imported_functions: u32,
    imported_tables: u32,
    imported_memories: u32,
    imported_globals: u32,
    imported_tags: u32,
    tables: u32,
    memories: u32,
    tags: u32,
    func_refs: u32,
    globals: u32,
    size: u32,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct ImportCounts {
    functions: u32,
    tables: u32,
    memories: u32,
    globals: u32,
    tags: u32,
}

impl ContextLayout {
    /// `u64`: the runtime's own (kind and number of the instance).
    pub const RUNTIME: i32 = 0;
    /// Pointer to the [`STORE_CONTEXT`].
    pub const STORE: i32 = 8;
    /// Pointer to an array of `u32`: for each [`SignatureIndex`](crate::SignatureIndex) of the unit the engine-wide number.
    pub const TYPE_IDS: i32 = 16;
    const HEADER: u32 = 24;

    /// The layout for instances of `module`. Validation's limits keep every offset far below `i32::MAX`.
    pub fn new(module: &CoreModule) -> ContextLayout {
        let mut end = Self::HEADER;
        let mut place = |count: u32, size: u32| {
            let start = end;
            end += count * size;
            start
        };
        let own = |all: usize, imported: u32| all as u32 - imported;
        let imported_functions = place(module.imported_functions, FUNC_REF.size);
        let imported_tables = place(module.imported_tables, 8);
        let imported_memories = place(module.imported_memories, 8);
        let imported_globals = place(module.imported_globals, 8);
        let imported_tags = place(module.imported_tags, 8);
        let tables = place(own(module.tables.len(), module.imported_tables), TABLE_DEFINITION.size);
        let memories = place(own(module.memories.len(), module.imported_memories), MEMORY_DEFINITION.size);
        let tags = place(own(module.tags.len(), module.imported_tags), 8);
        let func_refs = place(module.escaping.len() as u32, FUNC_REF.size);
        end = end.next_multiple_of(RAW_VALUE_SIZE);
        let globals = end;
        end += own(module.globals.len(), module.imported_globals) * RAW_VALUE_SIZE;
        ContextLayout {
            counts: ImportCounts {
                functions: module.imported_functions,
                tables: module.imported_tables,
                memories: module.imported_memories,
                globals: module.imported_globals,
                tags: module.imported_tags,
            },
            escaping: module.escaping.clone(),
            imported_functions,
            imported_tables,
            imported_memories,
            imported_globals,
            imported_tags,
            tables,
            memories,
            tags,
            func_refs,
            globals,
            size: end,
        }
    }

    /// Bytes of a context; contexts are aligned to 16.
    pub fn size(&self) -> u32 {
        self.size
    }

    /// The record of an imported function.
    pub fn imported_function(&self, index: FuncIndex) -> i32 {
        (self.imported_functions + index.as_u32() * FUNC_REF.size) as i32
    }

    /// The record of an escaping function that the module defines; `None` when it does not escape.
    pub fn func_ref(&self, index: FuncIndex) -> Option<i32> {
        let (at, _) = self.escaping.find(|escaping| escaping.cmp(&index))?;
        Some((self.func_refs + at * FUNC_REF.size) as i32)
    }

    /// The function whose record stands at `offset`, imported or escaping; `None` when none starts there.
    pub fn func_at(&self, offset: i32) -> Option<FuncIndex> {
        let position = |start: u32| {
            let within = u32::try_from(offset).ok()?.checked_sub(start)?;
            within.is_multiple_of(FUNC_REF.size).then_some(within / FUNC_REF.size)
        };
        let imported = position(self.imported_functions).filter(|&index| index < self.counts.functions);
        let escaping = || self.escaping.get(position(self.func_refs)?);
        imported.map(FuncIndex::from_u32).or_else(escaping)
    }

    /// Where a table is: `Ok` with the offset of its own definition, `Err` with the offset of a pointer to it.
    pub fn table(&self, index: TableIndex) -> Result<i32, i32> {
        match index.as_u32().checked_sub(self.counts.tables) {
            Some(own) => Ok((self.tables + own * TABLE_DEFINITION.size) as i32),
            None => Err((self.imported_tables + index.as_u32() * 8) as i32),
        }
    }

    /// Where a memory is: `Ok` with the offset of its own definition, `Err` with the offset of a pointer to it. At the start of an own
    /// definition of a memory that is shared stands a pointer too, to one that all have that share it.
    pub fn memory(&self, index: MemoryIndex) -> Result<i32, i32> {
        match index.as_u32().checked_sub(self.counts.memories) {
            Some(own) => Ok((self.memories + own * MEMORY_DEFINITION.size) as i32),
            None => Err((self.imported_memories + index.as_u32() * 8) as i32),
        }
    }

    /// Where a global is: `Ok` with the offset of its own value, `Err` with the offset of a pointer to it.
    pub fn global(&self, index: GlobalIndex) -> Result<i32, i32> {
        match index.as_u32().checked_sub(self.counts.globals) {
            Some(own) => Ok((self.globals + own * RAW_VALUE_SIZE) as i32),
            None => Err((self.imported_globals + index.as_u32() * 8) as i32),
        }
    }

    /// Where a tag is: `Ok` with the offset of its own identity, `Err` with the offset of a pointer to it.
    pub fn tag(&self, index: TagIndex) -> Result<i32, i32> {
        match index.as_u32().checked_sub(self.counts.tags) {
            Some(own) => Ok((self.tags + own * 8) as i32),
            None => Err((self.imported_tags + index.as_u32() * 8) as i32),
        }
    }
}

/// Functions of the runtime that compiled code calls, by their place in the array at [`StoreContextLayout::builtins`].
///
/// All are `extern "C"` with the instance's context first; `u64` parameters carry addresses, indices, counts and references
/// zero-extended. Those marked *fallible* return 0 when a trap was recorded, and the code then calls
/// [`raise`](StoreContextLayout::raise).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum BuiltinFunction {
    /// `(memory: u32, pages: u64) -> u64`: the old size in pages, or `u64::MAX`.
    MemoryGrow,
    /// `(memory: u32, dst: u64, value: u32, len: u64) -> u8`, fallible.
    MemoryFill,
    /// `(dst memory: u32, src memory: u32, dst: u64, src: u64, len: u64) -> u8`, fallible.
    MemoryCopy,
    /// `(memory: u32, segment: u32, dst: u64, src: u64, len: u64) -> u8`, fallible.
    MemoryInit,
    /// `(segment: u32)`.
    DataDrop,
    /// `(table: u32, count: u64, value: u64) -> u64`: the old size, or `u64::MAX`.
    TableGrow,
    /// `(table: u32, dst: u64, value: u64, len: u64) -> u8`, fallible.
    TableFill,
    /// `(dst table: u32, src table: u32, dst: u64, src: u64, len: u64) -> u8`, fallible.
    TableCopy,
    /// `(table: u32, segment: u32, dst: u64, src: u64, len: u64) -> u8`, fallible.
    TableInit,
    /// `(segment: u32)`.
    ElemDrop,
    /// `() -> u8`, fallible: the store says whether the guest goes on. Its stub keeps every register, and takes the store's context.
    DeadlineReached,
    /// `() -> u8`, fallible: there is fuel again at [`fuel`](StoreContextLayout::fuel). Its stub keeps every register, and takes the
    /// store's context.
    RefillFuel,
    /// `(code: u32) -> u8`, fallible: always fails, with that trap. Code that must not fault traps so.
    Trap,
    /// `(table: u32, index: u64) -> u64`: an element of a table of functions, which is in bounds, as a reference; 0 for null.
    TableElement,
    /// `(function: u32) -> u64`: the reference of an escaping function of the module, whose record is written then.
    FunctionReference,
    /// `(tag: u32, values: u64) -> u8`, fallible: always fails, with a new exception of that tag of the module. Its values, raw values, are
    /// read at the address.
    Throw,
    /// `(exception: u32) -> u8`, fallible: always fails, with that exception.
    ThrowRef,
    /// `(memory: u32, index: u64, offset: u64, count: u32) -> u64`: how many were woken that wait at the address, the sum, which is
    /// aligned. It traps by itself where that is outside of the memory.
    MemoryNotify,
    /// `(memory: u32, index: u64, offset: u64, expected: u32, timeout: i64) -> u64`: 0 when it was woken, 1 when something else stands
    /// at the address, the sum, which is aligned, 2 after so many nanoseconds; less than none are for ever. It traps by itself, and stops
    /// the guest when its deadline comes.
    MemoryWait32,
    /// `(memory: u32, index: u64, offset: u64, expected: u64, timeout: i64) -> u64`: the same of 8 bytes.
    MemoryWait64,
    /// `(transcoder: u64, src: u64, len: u64, dst: u64) -> (u64, u64)`: the [transcoder](crate::TranscoderImport) as a number; of
    /// [`InflateLatin1`](gusset_types::Transcode::InflateLatin1) `src` means nothing. The first result of the transcoder, and the
    /// second below [`TRANSCODE_STATUS_SHIFT`] with the status there. It traps by itself, and stops the guest when its deadline comes.
    Transcode,
}

/// Where the status stands in the second result of [`BuiltinFunction::Transcode`]. No memory has so many bytes.
pub const TRANSCODE_STATUS_SHIFT: u32 = 56;

impl BuiltinFunction {
    /// Every function, in the array's order.
    pub const ALL: &[BuiltinFunction] = &[
        BuiltinFunction::MemoryGrow,
        BuiltinFunction::MemoryFill,
        BuiltinFunction::MemoryCopy,
        BuiltinFunction::MemoryInit,
        BuiltinFunction::DataDrop,
        BuiltinFunction::TableGrow,
        BuiltinFunction::TableFill,
        BuiltinFunction::TableCopy,
        BuiltinFunction::TableInit,
        BuiltinFunction::ElemDrop,
        BuiltinFunction::DeadlineReached,
        BuiltinFunction::RefillFuel,
        BuiltinFunction::Trap,
        BuiltinFunction::TableElement,
        BuiltinFunction::FunctionReference,
        BuiltinFunction::Throw,
        BuiltinFunction::ThrowRef,
        BuiltinFunction::MemoryNotify,
        BuiltinFunction::MemoryWait32,
        BuiltinFunction::MemoryWait64,
        BuiltinFunction::Transcode,
    ];
}
