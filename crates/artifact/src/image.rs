//! The machine code of a link unit and the tables that explain it. All offsets are into [`CodeImage::text`].
//!
//! Code is position-independent: whatever depends on the process or the instance is reached through contexts.

use crate::code_table::{
    AddressMapEntry, CallSite, CodeFrame, CodeRange, FunctionRange, InlinedCall, InlinedRange, StackMaps, TrapRecord,
};
use crate::context::ContextLayout;
use crate::core_module::{CoreFuncType, CoreModule};
use crate::delta_table::DeltaTable;
use crate::index::{FuncIndex, ModuleIndex, SignatureIndex};
use crate::pod_table::{PodTable, RawTable};
use crate::shared_bytes::SharedBytes;
use gusset_types::{Arena, TrapCode};
use serde::{Deserialize, Serialize};

/// A compiled link unit.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct CodeImage {
    /// Machine code, to be placed at a page boundary.
    #[serde(skip)]
    pub text: SharedBytes,
    /// What memories hold at first, at multiples of [`MEMORY_IMAGE_ALIGNMENT`](crate::MEMORY_IMAGE_ALIGNMENT), and the bytes
    /// of all other data segments.
    #[serde(skip)]
    pub data: SharedBytes,
    /// The unit's modules.
    pub modules: Arena<ModuleIndex, ModuleImage>,
    /// All signatures that occur in the unit, interned: equal ones have equal indices.
    pub signatures: Arena<SignatureIndex, CoreFuncType>,
    /// What is known of the text.
    pub tables: CodeTables,
    /// Bytes of the [joint contexts](ModuleImage::joint).
    pub joint_size: u32,
}

/// What is known of the code in a text.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct CodeTables {
    /// For each signature the entry trampoline, where a function of that signature can be called by the host: native calling
    /// convention, `(context, code, values) -> u8`, 1 for a return and 0 for a trap. Arguments and results are raw values of
    /// [`RAW_VALUE_SIZE`](crate::RAW_VALUE_SIZE) bytes at `values`, which has room for the more numerous of the two.
    pub entries: PodTable<SignatureIndex, Option<u32>>,
    /// For each signature the host stub, where the host can implement a function of that signature: wasm calling convention,
    /// the context is a [`HOST_CONTEXT`](crate::HOST_CONTEXT).
    pub host_stubs: PodTable<SignatureIndex, Option<u32>>,
    /// Trapping instructions, sorted by offset.
    pub traps: DeltaTable<TrapRecord>,
    /// Calls with landing pads, sorted by return offset.
    pub call_sites: PodTable<u32, CallSite>,
    /// Live references at call sites, sorted by return offset.
    pub stack_maps: StackMaps,
    /// Where in the wasm bytes code comes from, sorted by offset: an entry holds until the next one.
    pub addresses: DeltaTable<AddressMapEntry>,
    /// Which code stands in the place of a call, sorted by offset: an entry holds until the next one.
    pub inlined: DeltaTable<InlinedRange>,
    /// Those calls, by number.
    pub inlined_calls: PodTable<u32, InlinedCall>,
    /// Functions (and stubs), sorted by start, without overlap.
    pub functions: PodTable<u32, FunctionRange>,
}

/// A module of a link unit.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ModuleImage {
    /// What it declares.
    pub module: CoreModule,
    /// The layout of its instances' contexts. It follows from the module.
    #[serde(skip)]
    pub layout: ContextLayout,
    /// The code of each *defined* function: index 0 is the first function that is not an import. Empty for one that has none, since nothing
    /// reaches it but by calls that are inlined.
    pub functions: PodTable<u32, CodeRange>,
    /// Whether it was generated to stand between components: no exception goes through it.
    pub generated: bool,
    /// Where the context of its only instance stands, in bytes from the start of the joint contexts: one piece of memory, of
    /// [`joint_size`](CodeImage::joint_size) bytes, for each instance of the component. Modules that are joint reach one another's contexts
    /// from their own. `None` where each instance has a context by itself.
    pub joint: Option<u32>,
}

impl CodeTables {
    /// The trap of the instruction at `offset`.
    pub fn trap_at(&self, offset: u32) -> Option<TrapCode> {
        Some(self.traps.at(offset)?.code)
    }

    /// The call that returns to `offset`, if it has a landing pad.
    pub fn call_site_at(&self, offset: u32) -> Option<CallSite> {
        let at = self.call_sites.partition_point(|site| site.return_offset < offset);
        self.call_sites.get(at as u32).filter(|site| site.return_offset == offset)
    }

    /// The function around `offset`.
    pub fn function_at(&self, offset: u32) -> Option<(ModuleIndex, FuncIndex)> {
        let after = self.functions.partition_point(|range| range.code.start <= offset);
        let range = self.functions.get(after.checked_sub(1)? as u32)?;
        (offset - range.code.start < range.code.len).then_some(range.function)?
    }

    /// The byte offset in the input that the instruction at `offset` comes from.
    pub fn wasm_offset_at(&self, offset: u32) -> Option<u32> {
        let entry = self.addresses.at_or_before(offset)?;
        (entry.wasm != u32::MAX).then_some(entry.wasm)
    }

    /// The functions that run at `offset`, innermost first: those whose calls were inlined, and the one whose code it is. None in a stub.
    /// It neither allocates nor locks.
    pub fn frames_at(&self, offset: u32) -> impl Iterator<Item = CodeFrame> {
        let at = self.function_at(offset).map(|function| CodeFrame { function, wasm: self.wasm_offset_at(offset) });
        let innermost = self.inlined.at_or_before(offset).and_then(|range| range.call);
        at.into_iter().flat_map(move |at| CodeFrame::all(at, innermost, |number| self.inlined_calls.get(number)))
    }

    /// How many inlined calls the instruction at `offset` belongs to. It neither allocates nor locks.
    pub fn inlined_at(&self, offset: u32) -> u32 {
        let innermost = self.inlined.at_or_before(offset).and_then(|range| range.call);
        CodeFrame::inlined(innermost, |number| self.inlined_calls.get(number)).count() as u32
    }

    /// Every table, in a fixed order.
    pub(crate) fn each_table(&mut self, visit: &mut dyn FnMut(&mut RawTable)) {
        visit(self.entries.raw_mut());
        visit(self.host_stubs.raw_mut());
        self.traps.each_table(visit);
        visit(self.call_sites.raw_mut());
        self.stack_maps.each_table(visit);
        self.addresses.each_table(visit);
        self.inlined.each_table(visit);
        visit(self.inlined_calls.raw_mut());
        visit(self.functions.raw_mut());
    }
}

impl ModuleImage {
    /// The module with the code of its defined functions. Its instances have contexts by themselves.
    pub fn new(module: CoreModule, functions: PodTable<u32, CodeRange>, generated: bool) -> ModuleImage {
        ModuleImage { layout: ContextLayout::new(&module), module, functions, generated, joint: None }
    }

    /// The code of a function, or `None` for an import, and for one that has no code because all calls of it are inlined.
    pub fn code_of(&self, func: FuncIndex) -> Option<CodeRange> {
        let code = self.functions.get(func.as_u32().checked_sub(self.module.imported_functions)?)?;
        (code.len > 0).then_some(code)
    }
}

impl CodeImage {
    /// The code of a function, or `None` for an import, and for one that has no code because all calls of it are inlined.
    pub fn code_of(&self, module: ModuleIndex, func: FuncIndex) -> Option<CodeRange> {
        self.modules[module].code_of(func)
    }

    /// Every table, in an order that depends on the unit alone.
    pub(crate) fn each_table(&mut self, visit: &mut dyn FnMut(&mut RawTable)) {
        for (_, image) in self.modules.iter_mut() {
            image.module.each_table(visit);
            visit(image.functions.raw_mut());
        }
        self.tables.each_table(visit);
    }

    /// Works out what is not stored, once all tables are there.
    pub(crate) fn complete(&mut self) {
        for (_, image) in self.modules.iter_mut() {
            image.layout = ContextLayout::new(&image.module);
        }
    }
}
