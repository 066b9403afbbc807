//! The machine code of a link unit and the tables that explain it. All offsets are into [`CodeImage::text`].
//!
//! Code is position-independent: whatever depends on the process or the instance is reached through contexts.

use crate::context::ContextLayout;
use crate::core_module::{CoreFuncType, CoreModule};
use crate::index::{FuncIndex, ModuleIndex, SignatureIndex};
use gusset_types::{Arena, TrapCode};
use serde::{Deserialize, Serialize};

/// A compiled link unit.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CodeImage {
    /// Machine code, to be placed at a page boundary.
    pub text: Vec<u8>,
    /// What memories hold at first, at multiples of [`MEMORY_IMAGE_ALIGNMENT`](crate::MEMORY_IMAGE_ALIGNMENT), and the bytes
    /// of all other data segments.
    pub data: Vec<u8>,
    /// The unit's modules.
    pub modules: Arena<ModuleIndex, ModuleImage>,
    /// All signatures that occur in the unit, interned: equal ones have equal indices.
    pub signatures: Arena<SignatureIndex, CoreFuncType>,
    /// For each signature the entry trampoline, where a function of that signature can be called by the host: native calling
    /// convention, `(context, code, values) -> u8`, 1 for a return and 0 for a trap. Arguments and results are raw values of
    /// [`RAW_VALUE_SIZE`](crate::RAW_VALUE_SIZE) bytes at `values`, which has room for the more numerous of the two.
    pub entries: Vec<Option<u32>>,
    /// For each signature the host stub, where the host can implement a function of that signature: wasm calling convention,
    /// the context is a [`HOST_CONTEXT`](crate::HOST_CONTEXT).
    pub host_stubs: Vec<Option<u32>>,
    /// Trapping instructions, sorted by offset.
    pub traps: Vec<TrapRecord>,
    /// Call sites with handlers, sorted by return offset.
    pub call_sites: Vec<CallSite>,
    /// Live references at call sites, sorted by return offset.
    pub stack_maps: Vec<StackMap>,
    /// Where in the wasm bytes code comes from, sorted by offset: an entry holds until the next one.
    pub addresses: Vec<AddressMapEntry>,
    /// Functions (and stubs), sorted by start, without overlap.
    pub functions: Vec<FunctionRange>,
}

/// A module of a link unit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ModuleImage {
    /// What it declares.
    pub module: CoreModule,
    /// The layout of its instances' contexts.
    pub layout: ContextLayout,
    /// The code of each *defined* function: index 0 is the first function that is not an import.
    pub functions: Vec<CodeRange>,
}

/// A range of code.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CodeRange {
    /// The first byte.
    pub start: u32,
    /// Number of bytes.
    pub len: u32,
}

/// An instruction that traps by signal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TrapRecord {
    /// The instruction.
    pub offset: u32,
    /// What it means.
    pub code: TrapCode,
}

/// A call that has exception handlers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CallSite {
    /// The offset to which the call returns.
    pub return_offset: u32,
    /// How far below the frame pointer the stack pointer stands at the call.
    pub frame_size: u32,
    /// Handlers, innermost first.
    pub handlers: Box<[ExceptionHandler]>,
}

/// A handler of a call site.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ExceptionHandler {
    /// The tag it catches (an index into the frame's module's tags), or `None` for any.
    pub tag: Option<u32>,
    /// Where it starts.
    pub offset: u32,
}

/// The references that are live at a call.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StackMap {
    /// The offset to which the call returns.
    pub return_offset: u32,
    /// How far below the frame pointer the stack pointer stands at the call.
    pub frame_size: u32,
    /// Distances of live `u32` reference slots above the stack pointer.
    pub slots: Box<[u32]>,
}

/// Where code comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AddressMapEntry {
    /// The first byte of code.
    pub offset: u32,
    /// The byte offset of the operator in the input, or `u32::MAX` for none.
    pub wasm: u32,
}

/// Which function stands where.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FunctionRange {
    /// Its code.
    pub code: CodeRange,
    /// Which function, or `None` for a stub.
    pub function: Option<(ModuleIndex, FuncIndex)>,
}

impl CodeImage {
    /// The trap of the instruction at `offset`.
    pub fn trap_at(&self, offset: u32) -> Option<TrapCode> {
        let at = self.traps.binary_search_by_key(&offset, |trap| trap.offset).ok()?;
        Some(self.traps[at].code)
    }

    /// The function around `offset`.
    pub fn function_at(&self, offset: u32) -> Option<(ModuleIndex, FuncIndex)> {
        let after = self.functions.partition_point(|range| range.code.start <= offset);
        let range = self.functions.get(after.checked_sub(1)?)?;
        (offset - range.code.start < range.code.len).then_some(range.function)?
    }

    /// The byte offset in the input that the instruction at `offset` comes from.
    pub fn wasm_offset_at(&self, offset: u32) -> Option<u32> {
        let after = self.addresses.partition_point(|entry| entry.offset <= offset);
        let entry = self.addresses.get(after.checked_sub(1)?)?;
        (entry.wasm != u32::MAX).then_some(entry.wasm)
    }

    /// The code of a function, or `None` for an import.
    pub fn code_of(&self, module: ModuleIndex, func: FuncIndex) -> Option<CodeRange> {
        let image = &self.modules[module];
        let defined = func.as_u32().checked_sub(image.module.imported_functions)?;
        image.functions.get(defined as usize).copied()
    }
}
