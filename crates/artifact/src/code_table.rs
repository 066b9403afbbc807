//! Records of what stands where in machine code, and tables of them.

use crate::delta_table::NumberPair;
use crate::index::{FuncIndex, ModuleIndex};
use crate::pod_table::{PodTable, RawTable, Record, read_u32};
use gusset_types::TrapCode;
use serde::{Deserialize, Serialize};

/// A range of code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CodeRange {
    /// The first byte.
    pub start: u32,
    /// Number of bytes.
    pub len: u32,
}

/// An instruction that traps by signal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TrapRecord {
    /// The instruction.
    pub offset: u32,
    /// What it means.
    pub code: TrapCode,
}

/// A call that exceptions leave by a way of their own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CallSite {
    /// The offset to which the call returns.
    pub return_offset: u32,
    /// How far below the frame pointer the stack pointer stands at the call.
    pub frame_size: u32,
    /// Where an exception arrives.
    pub landing_pad: u32,
}

/// The references that are live at a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StackMap {
    /// The offset to which the call returns.
    pub return_offset: u32,
    /// How far below the frame pointer the stack pointer stands at the call.
    pub frame_size: u32,
    /// Distances of live `u32` reference slots above the stack pointer.
    pub slots: Box<[u32]>,
}

/// Where code comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AddressMapEntry {
    /// The first byte of code.
    pub offset: u32,
    /// The byte offset of the operator in the input, or `u32::MAX` for none.
    pub wasm: u32,
}

/// A call in whose place its callee's code stands, in the code of the caller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InlinedCall {
    /// The function that is called.
    pub callee: (ModuleIndex, FuncIndex),
    /// The byte offset of the call in the input, or `u32::MAX` for none.
    pub wasm: u32,
    /// The inlined call whose callee makes this one, by its number; `None` if the function that the code is of makes it.
    pub within: Option<u32>,
}

/// Which inlined call code belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InlinedRange {
    /// The first byte of code.
    pub offset: u32,
    /// The number of the innermost inlined call, or `None` for code of the function itself.
    pub call: Option<u32>,
}

/// A function that runs at some place in code, and where it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CodeFrame {
    /// Which function.
    pub function: (ModuleIndex, FuncIndex),
    /// The byte offset of its operator in the input.
    pub wasm: Option<u32>,
}

/// Which function stands where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FunctionRange {
    /// Its code.
    pub code: CodeRange,
    /// Which function, or `None` for a stub.
    pub function: Option<(ModuleIndex, FuncIndex)>,
}

impl Record for CodeRange {
    const SIZE: usize = 8;

    fn read(bytes: &[u8]) -> CodeRange {
        CodeRange { start: read_u32(bytes), len: read_u32(&bytes[4..]) }
    }

    fn write(self, bytes: &mut Vec<u8>) {
        self.start.write(bytes);
        self.len.write(bytes);
    }
}

impl NumberPair for TrapRecord {
    fn numbers(self) -> (u32, u32) {
        (self.offset, u32::from(self.code as u8))
    }

    fn of(offset: u32, code: u32) -> TrapRecord {
        // Nobody writes another number.
        let code = u8::try_from(code).ok().and_then(TrapCode::from_u8).unwrap_or(TrapCode::Unreachable);
        TrapRecord { offset, code }
    }
}

impl NumberPair for AddressMapEntry {
    fn numbers(self) -> (u32, u32) {
        (self.offset, self.wasm)
    }

    fn of(offset: u32, wasm: u32) -> AddressMapEntry {
        AddressMapEntry { offset, wasm }
    }
}

impl NumberPair for InlinedRange {
    fn numbers(self) -> (u32, u32) {
        (self.offset, self.call.unwrap_or(u32::MAX))
    }

    fn of(offset: u32, call: u32) -> InlinedRange {
        InlinedRange { offset, call: Some(call).filter(|&call| call != u32::MAX) }
    }
}

impl Record for InlinedCall {
    const SIZE: usize = 16;

    fn read(bytes: &[u8]) -> InlinedCall {
        let callee = (ModuleIndex::from_u32(read_u32(bytes)), FuncIndex::from_u32(read_u32(&bytes[4..])));
        InlinedCall { callee, wasm: read_u32(&bytes[8..]), within: <Option<u32>>::read(&bytes[12..]) }
    }

    fn write(self, bytes: &mut Vec<u8>) {
        for number in [self.callee.0.as_u32(), self.callee.1.as_u32(), self.wasm] {
            number.write(bytes);
        }
        self.within.write(bytes);
    }
}

impl CodeFrame {
    /// The functions that run at a place of a function's code, innermost first: `at` is that place, the function and its operator;
    /// `innermost` the inlined call that it belongs to, and `call` tells what a number stands for.
    pub fn all(
        at: CodeFrame,
        innermost: Option<u32>,
        call: impl Fn(u32) -> Option<InlinedCall>,
    ) -> impl Iterator<Item = CodeFrame> {
        let mut calls = CodeFrame::inlined(innermost, call);
        let mut wasm = Some(at.wasm);
        std::iter::from_fn(move || {
            let here = wasm.take()?;
            let call = calls.next();
            wasm = call.map(|call| Some(call.wasm).filter(|&wasm| wasm != u32::MAX));
            Some(CodeFrame { function: call.map_or(at.function, |call| call.callee), wasm: here })
        })
    }

    /// The inlined calls that a place belongs to, innermost first.
    pub fn inlined(
        innermost: Option<u32>,
        call: impl Fn(u32) -> Option<InlinedCall>,
    ) -> impl Iterator<Item = InlinedCall> {
        let mut next = innermost;
        std::iter::from_fn(move || {
            let number = next.take()?;
            let found = call(number)?;
            // Each stands behind the one that it is within: numbers that go up would be a circle.
            next = found.within.filter(|&within| within < number);
            Some(found)
        })
    }
}

/// A stub is of module `u32::MAX`.
impl Record for FunctionRange {
    const SIZE: usize = CodeRange::SIZE + 8;

    fn read(bytes: &[u8]) -> FunctionRange {
        let module = <Option<u32>>::read(&bytes[8..]).map(ModuleIndex::from_u32);
        FunctionRange { code: CodeRange::read(bytes), function: module.zip(Some(FuncIndex::read(&bytes[12..]))) }
    }

    fn write(self, bytes: &mut Vec<u8>) {
        self.code.write(bytes);
        self.function.map(|(module, _)| module.as_u32()).write(bytes);
        self.function.map_or(0, |(_, func)| func.as_u32()).write(bytes);
    }
}

impl Record for CallSite {
    const SIZE: usize = 12;

    fn read(bytes: &[u8]) -> CallSite {
        let [return_offset, frame_size, landing_pad] = [0, 4, 8].map(|at| read_u32(&bytes[at..]));
        CallSite { return_offset, frame_size, landing_pad }
    }

    fn write(self, bytes: &mut Vec<u8>) {
        for number in [self.return_offset, self.frame_size, self.landing_pad] {
            number.write(bytes);
        }
    }
}

/// A call, and which of the items of all calls are its own.
#[derive(Clone, Copy, Debug)]
struct SiteRecord {
    return_offset: u32,
    frame_size: u32,
    first: u32,
    count: u32,
}

impl Record for SiteRecord {
    const SIZE: usize = 16;

    fn read(bytes: &[u8]) -> SiteRecord {
        let [return_offset, frame_size, first, count] = [0, 4, 8, 12].map(|at| read_u32(&bytes[at..]));
        SiteRecord { return_offset, frame_size, first, count }
    }

    fn write(self, bytes: &mut Vec<u8>) {
        for number in [self.return_offset, self.frame_size, self.first, self.count] {
            number.write(bytes);
        }
    }
}

/// Calls with items of each.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
struct CallItems<Item> {
    sites: PodTable<u32, SiteRecord>,
    items: PodTable<u32, Item>,
}

impl<Item> Default for CallItems<Item> {
    fn default() -> Self {
        CallItems { sites: PodTable::default(), items: PodTable::default() }
    }
}

impl<Item: Record> CallItems<Item> {
    fn new(sites: impl Iterator<Item = (u32, u32, Box<[Item]>)>) -> Self {
        let mut items = Vec::new();
        let sites = sites.map(|(return_offset, frame_size, own)| {
            let (first, count) = (items.len() as u32, own.len() as u32);
            items.extend(own);
            SiteRecord { return_offset, frame_size, first, count }
        });
        CallItems { sites: sites.collect(), items: items.into_iter().collect() }
    }

    fn items(&self, site: SiteRecord) -> Box<[Item]> {
        (site.first..site.first.saturating_add(site.count)).map_while(|at| self.items.get(at)).collect()
    }

    fn each_table(&mut self, visit: &mut dyn FnMut(&mut RawTable)) {
        visit(self.sites.raw_mut());
        visit(self.items.raw_mut());
    }
}

/// Stack maps.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct StackMaps(CallItems<u32>);

impl StackMaps {
    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = StackMap> {
        self.0.sites.iter().map(|site| StackMap {
            return_offset: site.return_offset,
            frame_size: site.frame_size,
            slots: self.0.items(site),
        })
    }

    /// Tells of each slot of the call that returns to an offset, by the size of the frame there and the distance above the stack pointer.
    pub fn each_slot(&self, return_offset: u32, visit: &mut dyn FnMut(u32, u32)) {
        let found = self.0.sites.find(|site| site.return_offset.cmp(&return_offset));
        let Some((_, site)) = found else { return };
        let slots = (site.first..site.first.saturating_add(site.count)).map_while(|at| self.0.items.get(at));
        slots.for_each(|slot| visit(site.frame_size, slot));
    }

    pub(crate) fn each_table(&mut self, visit: &mut dyn FnMut(&mut RawTable)) {
        self.0.each_table(visit);
    }
}

impl FromIterator<StackMap> for StackMaps {
    fn from_iter<I: IntoIterator<Item = StackMap>>(maps: I) -> StackMaps {
        let maps = maps.into_iter().map(|map| (map.return_offset, map.frame_size, map.slots));
        StackMaps(CallItems::new(maps))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_as_they_were_written() {
        fn round_trip<R: Record + PartialEq + std::fmt::Debug>(record: R) {
            let mut bytes = Vec::new();
            record.write(&mut bytes);
            assert_eq!(bytes.len(), R::SIZE);
            assert_eq!(R::read(&bytes), record);
        }
        let code = CodeRange { start: 1, len: 2 };
        round_trip(code);
        round_trip(FunctionRange { code, function: None });
        round_trip(FunctionRange { code, function: Some((ModuleIndex::from_u32(4), FuncIndex::from_u32(5))) });
        round_trip(CallSite { return_offset: 6, frame_size: 7, landing_pad: 8 });
    }

    #[test]
    fn traps_and_addresses_are_numbers_and_back() {
        let trap = TrapRecord { offset: 7, code: TrapCode::StackOverflow };
        let address = AddressMapEntry { offset: 3, wasm: u32::MAX };
        let ((a, b), (c, d)) = (trap.numbers(), address.numbers());
        assert_eq!((TrapRecord::of(a, b), AddressMapEntry::of(c, d)), (trap, address));
    }

    #[test]
    fn each_call_has_its_own_items() {
        let maps = [(4, vec![1, 2]), (9, vec![]), (12, vec![3])];
        let maps = maps.map(|(return_offset, slots)| StackMap { return_offset, frame_size: 16, slots: slots.into() });
        let table: StackMaps = maps.iter().cloned().collect();
        assert_eq!(table.iter().collect::<Vec<_>>(), maps);
        let slots = |return_offset| {
            let mut slots = Vec::new();
            table.each_slot(return_offset, &mut |frame_size, slot| slots.push((frame_size, slot)));
            slots
        };
        assert_eq!([4, 9, 12, 13].map(slots), [vec![(16, 1), (16, 2)], vec![], vec![(16, 3)], vec![]]);
    }
}
