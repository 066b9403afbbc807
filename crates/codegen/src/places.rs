//! [`OperatorPlaces`]: where the operators of a function stand in the input, those of calls that are inlined into it among them.
//!
//! Cranelift keeps a number for each instruction. It is the offset of the operator until something is inlined, and from then on the number
//! of the operator in a list: so numbers go up in the order of translation either way.

use cranelift_codegen::ir::SourceLoc;
use gusset_artifact::{AddressMapEntry, InlinedCall, InlinedRange};

/// The first number in the list. Offsets from here on are not known.
const FIRST_LISTED: u32 = 1 << 31;

/// Where operators stand.
#[derive(Default)]
pub(crate) struct OperatorPlaces {
    /// Offsets, each with the number of the inlined call that the operator is of.
    listed: Vec<(u32, Option<u32>)>,
    calls: Vec<InlinedCall>,
    /// The one that is translated.
    innermost: Option<u32>,
    /// The offset of the operator at hand.
    offset: u32,
}

impl OperatorPlaces {
    /// The place of the next operator.
    pub(crate) fn next(&mut self, offset: u64) -> SourceLoc {
        self.offset = u32::try_from(offset).unwrap_or(u32::MAX);
        if self.calls.is_empty() {
            return if self.offset < FIRST_LISTED { SourceLoc::new(self.offset) } else { SourceLoc::default() };
        }
        let number = FIRST_LISTED + self.listed.len() as u32;
        self.listed.push((self.offset, self.innermost));
        SourceLoc::new(number)
    }

    /// Begins an inlined call of the operator at hand; what is to be [given back](OperatorPlaces::leave).
    pub(crate) fn enter(&mut self, callee: crate::inline_plan::UnitFunction) -> (Option<u32>, u32) {
        let before = (self.innermost, self.offset);
        self.innermost = Some(self.calls.len() as u32);
        self.calls.push(InlinedCall { callee, wasm: self.offset, within: before.0 });
        before
    }

    /// Ends the inlined call that was begun last.
    pub(crate) fn leave(&mut self, (within, offset): (Option<u32>, u32)) -> SourceLoc {
        self.innermost = within;
        self.next(u64::from(offset))
    }

    /// Whether nothing was inlined.
    pub(crate) fn has_no_calls(&self) -> bool {
        self.calls.is_empty()
    }

    /// What a map from code to numbers says, with a map from code to inlined calls, which are returned too.
    pub(crate) fn resolve(
        self,
        entries: Vec<AddressMapEntry>,
        code_len: u32,
    ) -> (Vec<AddressMapEntry>, Vec<InlinedRange>, Vec<InlinedCall>) {
        if self.calls.is_empty() {
            return (entries, Vec::new(), Vec::new());
        }
        let mut addresses: Vec<AddressMapEntry> = Vec::with_capacity(entries.len());
        let mut ranges = vec![InlinedRange { offset: 0, call: None }];
        for AddressMapEntry { offset, wasm } in entries {
            let listed = wasm.checked_sub(FIRST_LISTED).and_then(|number| self.listed.get(number as usize));
            let (wasm, call) = listed.copied().unwrap_or((wasm, None));
            if addresses.last().is_none_or(|last| last.wasm != wasm) {
                addresses.push(AddressMapEntry { offset, wasm });
            }
            if ranges.last().is_none_or(|last| last.call != call) {
                ranges.push(InlinedRange { offset, call });
            }
        }
        // What stands behind the function is of another one.
        if ranges.last().is_some_and(|last| last.call.is_some()) {
            ranges.push(InlinedRange { offset: code_len, call: None });
        }
        (addresses, ranges, self.calls)
    }
}
