//! [`Exceptions`]: those of a store that have been thrown. Compiled code has a reference for each, and at a landing pad its record.

use super::collector::PLACE_SIZE;
use super::handle::TagHandle;
use super::raw_value::RawValue;
use super::reference_table::{EXCEPTION_KIND, ReferenceTable};
use super::store::VmStore;
use crate::error::{Result, format_err};
use gusset_artifact::{EXCEPTION, RAW_VALUE_SIZE};

/// The record of an exception: the tag's identity and its number, and then the values.
type ExceptionRecord = Box<[RawValue]>;

/// The exceptions of a store.
pub(super) struct Exceptions {
    records: ReferenceTable<ExceptionRecord>,
    /// The last that was thrown, if it is still there: where compiled code has kept no reference to it, it is gone with the next one.
    last: Option<u32>,
}

const _: () = assert!(EXCEPTION.tag == 0 && EXCEPTION.referenced == 8 && EXCEPTION.values == RAW_VALUE_SIZE as i32);
const _: () = assert!(ReferenceTable::<ExceptionRecord>::PLACE_SIZE == PLACE_SIZE);

/// What stands before the values: the identity of the tag, whether there are references, and the number of the tag.
fn head(identity: u64, tag: u32, referenced: bool) -> RawValue {
    RawValue::from_v128(u128::from(identity) | u128::from(referenced) << 64 | u128::from(tag) << 96)
}

fn is_referenced(head: RawValue) -> bool {
    (head.v128() >> 64) as u32 != 0
}

/// Bytes of the record of so many values.
fn record_size(values: usize) -> u64 {
    ((values + 1) * size_of::<RawValue>()) as u64
}

impl Exceptions {
    /// None yet; see [`ReferenceTable`].
    pub(super) fn new(keep_apart: bool) -> Exceptions {
        Exceptions { records: ReferenceTable::new(EXCEPTION_KIND, keep_apart), last: None }
    }

    /// The values of the last one have been read. If no reference to it was kept, it is gone; the bytes of its record.
    fn forget_last(&mut self) -> Option<u64> {
        let last = self.last.take()?;
        let unreferenced = self.records.get(last).is_some_and(|record| !is_referenced(record[0]));
        unreferenced.then(|| self.records.remove(last)).flatten().map(|record| record_size(record.len() - 1))
    }

    /// How many places there are.
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// Where the record of an exception stands that is being thrown.
    pub(super) fn address(&self, reference: u32) -> Option<usize> {
        Some(self.records.get(reference)?.as_ptr() as usize)
    }

    /// The number of the tag, and the values.
    pub(super) fn parts(&self, reference: u32) -> Option<(usize, &[RawValue])> {
        let (head, values) = self.records.get(reference)?.split_first()?;
        Some(((head.v128() >> 96) as usize, values))
    }

    /// Which of the exceptions it is that have stood in that place.
    pub(super) fn generation(&self, reference: u32) -> Option<u32> {
        self.records.generation(reference)
    }

    /// [`ReferenceTable::mark`].
    pub(super) fn mark(&mut self, reference: u32) -> bool {
        self.records.mark(reference)
    }

    /// [`ReferenceTable::sweep`]; of each record, its bytes.
    pub(super) fn sweep(&mut self, mut reclaimed: impl FnMut(u64)) {
        self.records.sweep(|record| reclaimed(record_size(record.len() - 1)));
        self.last = self.last.filter(|&last| self.records.get(last).is_some());
    }
}

impl VmStore {
    /// A new exception, which is about to be thrown. The values are of the tag's type.
    ///
    /// # Errors
    ///
    /// When there are too many, or the host's memory may not be used for it; a panic of what is dropped to make room.
    pub(super) fn new_exception(&mut self, tag: usize, values: &[RawValue]) -> Result<u32> {
        if let Some(bytes) = self.exceptions.forget_last() {
            self.budget.release(bytes);
            self.pace.gone(bytes + PLACE_SIZE);
        }
        let reference = self.insert_exception(tag, values, false)?;
        self.exceptions.last = Some(reference);
        Ok(reference)
    }

    fn insert_exception(&mut self, tag: usize, values: &[RawValue], referenced: bool) -> Result<u32> {
        let ty = self.tags[tag].signature.ty.clone();
        let bytes = record_size(values.len());
        self.make_room(bytes + PLACE_SIZE, &ty.params, values)?;
        let place = if self.exceptions.records.has_room() { 0 } else { PLACE_SIZE };
        self.budget.charge(bytes + place)?;
        self.pace.made(bytes + PLACE_SIZE);
        let identity = self.address_of(self.tags[tag].place);
        let record = std::iter::once(head(identity, tag as u32, referenced)).chain(values.iter().copied()).collect();
        let reference = self.exceptions.records.insert(record);
        reference.ok_or_else(|| format_err!("a store has at most 2^31-1 exceptions"))
    }

    /// The same for a tag's handle.
    ///
    /// # Errors
    ///
    /// As [`new_exception`](VmStore::new_exception).
    #[track_caller]
    pub(crate) fn throw(&mut self, tag: TagHandle, values: &[RawValue]) -> Result<u32> {
        self.new_exception(tag.index(self.id()), values)
    }

    /// A new exception, which the host holds a reference to. The values are of the tag's type.
    ///
    /// # Errors
    ///
    /// As [`new_exception`](VmStore::new_exception).
    #[track_caller]
    pub(crate) fn new_exception_reference(&mut self, tag: TagHandle, values: &[RawValue]) -> Result<u32> {
        self.insert_exception(tag.index(self.id()), values, true)
    }

    /// The tag and the values of an exception.
    pub(crate) fn exception(&self, reference: u32) -> Option<(TagHandle, Vec<RawValue>)> {
        let (tag, values) = self.exceptions.parts(reference)?;
        Some((TagHandle::new(self.id(), tag), values.to_vec()))
    }

    /// Whether compiled code may hold this as a reference to an exception.
    pub(super) fn is_exception(&self, reference: u32) -> bool {
        self.exceptions.generation(reference).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_refers_to_makes_room() {
        let mut all = Exceptions::new(false);
        let mut insert = |referenced| {
            let gone = all.forget_last();
            all.last = all.records.insert([head(8, 0, referenced)].into());
            (gone, all.last.map(|reference| reference & !EXCEPTION_KIND))
        };
        assert_eq!(insert(false), (None, Some(1)));
        assert_eq!(insert(true), (Some(16), Some(1)));
        assert_eq!(insert(false), (None, Some(2)));
        assert_eq!(insert(false), (Some(16), Some(2)));
        let [first, second, third] = [1, 2, 3].map(|number| number | EXCEPTION_KIND);
        assert!(all.address(first).is_some() && all.address(third).is_none() && all.address(1).is_none());
        assert!(all.address(0).is_none() && all.address(first) != all.address(second));
    }
}
