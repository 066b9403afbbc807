//! [`CodeChunk`]: code of some functions of a lazily compiled unit, with the tables that explain it. What it refers to are thunks and
//! stubs, which stand where they stand; only where the chunk itself will is known last.

use crate::compiled::{CompiledFunction, Relocation};
use crate::error::CodegenError;
use cranelift_codegen::binemit::Reloc;
use gusset_artifact::{
    AddressMapEntry, CallSite, CodeFrame, FuncIndex, InlinedCall, InlinedRange, ModuleIndex, StackMap, TrapRecord,
};
use gusset_types::TrapCode;

/// Bytes of code that goes to a target which a call of aarch64 cannot reach.
const VENEER_SIZE: usize = 12;

/// How far such a call reaches.
const ARM64_CALL_REACH: i64 = 1 << 27;

/// Code of some functions. All offsets but those of targets are into its text.
#[derive(Clone, Debug, Default)]
pub struct CodeChunk {
    /// Machine code. It may run once it has been [placed](CodeChunk::place).
    pub text: Vec<u8>,
    /// The functions, in order.
    pub functions: Vec<ChunkFunction>,
    /// Trapping instructions, sorted by offset.
    pub traps: Vec<TrapRecord>,
    /// Calls with landing pads, sorted by return offset.
    pub call_sites: Vec<CallSite>,
    /// Live references at call sites, sorted by return offset.
    pub stack_maps: Vec<StackMap>,
    /// Where code comes from, sorted by offset: an entry holds until the next one.
    pub addresses: Vec<AddressMapEntry>,
    /// Which code stands in the place of a call, sorted by offset: an entry holds until the next one.
    pub inlined: Vec<InlinedRange>,
    /// Those calls, by number.
    pub inlined_calls: Vec<InlinedCall>,
    references: Vec<ChunkReference>,
}

/// A function in a chunk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChunkFunction {
    /// Its number among all functions of the unit.
    pub number: u32,
    /// Which function it is.
    pub function: (ModuleIndex, FuncIndex),
    /// The first byte.
    pub start: u32,
    /// Number of bytes.
    pub len: u32,
}

/// A place in the text that refers to the unit's own text.
#[derive(Clone, Copy, Debug)]
struct ChunkReference {
    offset: u32,
    kind: Reloc,
    addend: i64,
    target: u32,
}

impl CodeChunk {
    /// Adds a function behind the others; `target` knows where in the unit's text it is that a reference goes to.
    pub(crate) fn push(
        &mut self,
        number: u32,
        function: (ModuleIndex, FuncIndex),
        code: CompiledFunction,
        target: impl Fn(&Relocation) -> Result<u32, CodegenError>,
    ) -> Result<(), CodegenError> {
        let start = code.placement.start(self.text.len() as u32, code.alignment) as usize;
        let reference = |relocation: &Relocation| {
            let &Relocation { offset, kind, addend, .. } = relocation;
            Ok(ChunkReference { offset: start as u32 + offset, kind, addend, target: target(relocation)? })
        };
        let references = code.relocations.iter().map(reference).collect::<Result<Vec<_>, CodegenError>>()?;
        self.references.extend(references);
        self.text.resize(start, 0);
        let start = start as u32;
        self.functions.push(ChunkFunction { number, function, start, len: code.code.len() as u32 });
        self.text.extend_from_slice(&code.code);
        let code = code.moved(start, self.inlined_calls.len() as u32);
        self.traps.extend(code.traps);
        self.call_sites.extend(code.call_sites);
        self.stack_maps.extend(code.stack_maps);
        self.addresses.extend(code.addresses);
        self.inlined.extend(code.inlined);
        self.inlined_calls.extend(code.inlined_calls);
        Ok(())
    }

    /// Bytes that it needs, wherever it is placed.
    pub fn room(&self) -> usize {
        let veneers = self.references.iter().filter(|reference| reference.kind == Reloc::Arm64Call).count();
        self.text.len().next_multiple_of(VENEER_SIZE) + veneers * VENEER_SIZE
    }

    /// Lets the code refer to the unit's text from where it is going to stand: `at` bytes behind the start of that text, at a multiple
    /// of a page. The text may grow, up to [`room`](CodeChunk::room).
    ///
    /// # Errors
    ///
    /// Of kind [`Internal`](crate::CodegenErrorKind::Internal), when something cannot be reached.
    pub fn place(&mut self, at: u32) -> Result<(), CodegenError> {
        for reference in std::mem::take(&mut self.references) {
            let distance = i64::from(reference.target) - i64::from(at) - i64::from(reference.offset);
            match (reference.kind, reference.addend) {
                (Reloc::X86CallPCRel4, addend) => {
                    let distance = i32::try_from(distance + addend).map_err(|_| unreachable(&reference))?;
                    self.patch(&reference, |_| distance as u32)?;
                }
                (Reloc::Arm64Call, 0) => {
                    let distance = match (-ARM64_CALL_REACH..ARM64_CALL_REACH).contains(&distance) {
                        true => distance,
                        false => self.veneer(at, reference.target) - i64::from(reference.offset),
                    };
                    self.patch(&reference, |word| word & 0xfc00_0000 | (distance / 4) as u32 & 0x3ff_ffff)?;
                }
                _ => return Err(unreachable(&reference)),
            }
        }
        Ok(())
    }

    fn patch(&mut self, reference: &ChunkReference, change: impl Fn(u32) -> u32) -> Result<(), CodegenError> {
        let start = reference.offset as usize;
        let word = self.text.get_mut(start..start + 4).and_then(|bytes| <&mut [u8; 4]>::try_from(bytes).ok());
        let word = word.ok_or_else(|| unreachable(reference))?;
        *word = change(u32::from_le_bytes(*word)).to_le_bytes();
        Ok(())
    }

    /// Adds a jump to the target at the end of the text, and returns where it is.
    fn veneer(&mut self, at: u32, target: u32) -> i64 {
        const PAGE: u32 = 1 << 12;
        self.text.resize(self.text.len().next_multiple_of(VENEER_SIZE), 0);
        let start = self.text.len() as u32;
        let pages = (target / PAGE).wrapping_sub((at + start) / PAGE);
        let words = [
            // adrp x16, target; add x16, x16, the rest; br x16
            0x9000_0010 | (pages & 3) << 29 | (pages >> 2 & 0x7_ffff) << 5,
            0x9100_0210 | (target % PAGE) << 10,
            0xd61f_0200_u32,
        ];
        self.text.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        start.into()
    }

    /// What the code refers to, in bytes from the start of the unit's text.
    pub(crate) fn targets(&self) -> impl Iterator<Item = u32> + use<'_> {
        self.references.iter().map(|reference| reference.target)
    }

    /// The trap of the instruction at `offset`.
    pub fn trap_at(&self, offset: u32) -> Option<TrapCode> {
        let at = self.traps.binary_search_by_key(&offset, |trap| trap.offset).ok()?;
        Some(self.traps[at].code)
    }

    /// The call that returns to `offset`, if it has a landing pad.
    pub fn call_site_at(&self, offset: u32) -> Option<CallSite> {
        let at = self.call_sites.binary_search_by_key(&offset, |site| site.return_offset).ok()?;
        Some(self.call_sites[at])
    }

    /// The references that are live at the call that returns to `offset`.
    pub fn stack_map_at(&self, offset: u32) -> Option<&StackMap> {
        let at = self.stack_maps.binary_search_by_key(&offset, |map| map.return_offset).ok()?;
        Some(&self.stack_maps[at])
    }

    /// The function around `offset`.
    pub fn function_at(&self, offset: u32) -> Option<(ModuleIndex, FuncIndex)> {
        let after = self.functions.partition_point(|function| function.start <= offset);
        let function = self.functions.get(after.checked_sub(1)?)?;
        (offset - function.start < function.len).then_some(function.function)
    }

    /// The byte offset in the input that the instruction at `offset` comes from.
    pub fn wasm_offset_at(&self, offset: u32) -> Option<u32> {
        let after = self.addresses.partition_point(|entry| entry.offset <= offset);
        let entry = self.addresses.get(after.checked_sub(1)?)?;
        (entry.wasm != u32::MAX).then_some(entry.wasm)
    }

    /// The functions that run at `offset`, innermost first: those whose calls were inlined, and the one whose code it is.
    pub fn frames_at(&self, offset: u32) -> impl Iterator<Item = CodeFrame> {
        let at = self.function_at(offset).map(|function| CodeFrame { function, wasm: self.wasm_offset_at(offset) });
        at.into_iter()
            .flat_map(move |at| CodeFrame::all(at, self.innermost(offset), |number| self.inlined_call(number)))
    }

    /// How many inlined calls the instruction at `offset` belongs to.
    pub fn inlined_at(&self, offset: u32) -> u32 {
        CodeFrame::inlined(self.innermost(offset), |number| self.inlined_call(number)).count() as u32
    }

    /// The number of the innermost inlined call at `offset`.
    fn innermost(&self, offset: u32) -> Option<u32> {
        let after = self.inlined.partition_point(|range| range.offset <= offset);
        self.inlined.get(after.checked_sub(1)?)?.call
    }

    fn inlined_call(&self, number: u32) -> Option<InlinedCall> {
        self.inlined_calls.get(number as usize).copied()
    }
}

fn unreachable(reference: &ChunkReference) -> CodegenError {
    CodegenError::internal(format!("cannot resolve a reference of kind {:?}", reference.kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(kind: Reloc, addend: i64, word: u32, target: u32) -> CodeChunk {
        let reference = ChunkReference { offset: 4, kind, addend, target };
        let text = [0, word, 0].iter().flat_map(|word: &u32| word.to_le_bytes()).collect();
        CodeChunk { text, references: vec![reference], ..CodeChunk::default() }
    }

    fn words(chunk: &CodeChunk) -> Vec<u32> {
        let bytes = chunk.text.chunks_exact(4);
        bytes.map(|bytes| u32::from_le_bytes(bytes.try_into().expect("four bytes"))).collect()
    }

    #[test]
    fn calls_reach_backwards() {
        let mut call = chunk(Reloc::X86CallPCRel4, -4, 0, 0x40);
        call.place(0x10000).expect("it is near");
        assert_eq!(words(&call)[1] as i32, 0x40 - (0x10000 + 4 + 4));

        let mut call = chunk(Reloc::Arm64Call, 0, 0x9400_0000, 0x40);
        call.place(0x10000).expect("it is near");
        assert_eq!(words(&call)[1], 0x9400_0000 | ((0x40 - 0x10004) / 4) as u32 & 0x3ff_ffff);
        assert_eq!(call.text.len(), 12);
    }

    /// 256 MiB are too far for a call of aarch64, which takes a veneer then.
    #[test]
    fn what_is_far_takes_a_veneer() {
        let mut call = chunk(Reloc::Arm64Call, 0, 0x9400_0000, 0x1040);
        let room = call.room();
        call.place(0x1000_0000).expect("there is a veneer");
        assert!(call.text.len() <= room);
        // bl +8; adrp x16, 0x1000; add x16, x16, 0x40; br x16
        assert_eq!(words(&call)[1..], [0x9400_0002, 0, 0xb0f8_0010, 0x9101_0210, 0xd61f_0200]);
    }

    #[test]
    fn what_nobody_knows_is_an_error() {
        assert!(chunk(Reloc::Abs8, 0, 0, 0).place(0).is_err());
        assert!(chunk(Reloc::X86CallPCRel4, -4, 0, 0x40).place(u32::MAX).is_err());
    }
}
