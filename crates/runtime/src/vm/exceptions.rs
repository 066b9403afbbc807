//! [`Exceptions`]: those of a store that have been thrown. Compiled code has a reference for each, and at a landing pad its record.

use super::handle::TagHandle;
use super::raw_value::RawValue;
use super::store::VmStore;
use crate::error::{Result, format_err};
use gusset_artifact::{EXCEPTION, RAW_VALUE_SIZE};

/// The exceptions of a store, by reference: 1 is the first.
#[derive(Default)]
pub(super) struct Exceptions {
    /// The record of each: the tag's identity and its number, and then the values. None where it is free.
    records: Vec<Option<Box<[RawValue]>>>,
    free: Vec<u32>,
    /// The last that was thrown: compiled code may still read its record.
    last: Option<u32>,
}

const _: () = assert!(EXCEPTION.tag == 0 && EXCEPTION.referenced == 8 && EXCEPTION.values == RAW_VALUE_SIZE as i32);

/// What stands before the values: the identity of the tag, whether there are references, and the number of the tag.
fn head(identity: u64, tag: u32) -> RawValue {
    RawValue::from_v128(u128::from(identity) | u128::from(tag) << 96)
}

fn is_referenced(head: RawValue) -> bool {
    (head.v128() >> 64) as u32 != 0
}

impl Exceptions {
    fn insert(&mut self, record: Box<[RawValue]>) -> Option<u32> {
        let reference = match self.free.pop() {
            Some(reference) => reference,
            None => {
                let reference = u32::try_from(self.records.len() + 1).ok()?;
                self.records.push(None);
                reference
            }
        };
        self.records[reference as usize - 1] = Some(record);
        self.last = Some(reference);
        Some(reference)
    }

    /// Nobody reads the record of the last one any more. If no reference to it was kept, it is gone; how many values it had.
    fn forget_last(&mut self) -> Option<usize> {
        let last = self.last.take()?;
        let record = self.records[last as usize - 1].take_if(|record| !is_referenced(record[0]))?;
        self.free.push(last);
        Some(record.len() - 1)
    }

    fn record(&self, reference: u32) -> Option<&[RawValue]> {
        self.records.get(reference.checked_sub(1)? as usize)?.as_deref()
    }

    /// Where the record of an exception stands that is being thrown.
    pub(super) fn address(&self, reference: u32) -> Option<usize> {
        Some(self.record(reference)?.as_ptr() as usize)
    }

    /// Bytes that an exception with so many values takes.
    fn size(values: usize) -> u64 {
        (size_of::<Option<Box<[RawValue]>>>() + (values + 1) * size_of::<RawValue>()) as u64
    }
}

impl VmStore {
    /// A new exception, which is about to be thrown. The values are of the tag's type.
    ///
    /// # Errors
    ///
    /// When there are too many, or the host's memory may not be used for it.
    pub(super) fn new_exception(&mut self, tag: usize, values: &[RawValue]) -> Result<u32> {
        if let Some(values) = self.exceptions.forget_last() {
            self.budget.release(Exceptions::size(values));
        }
        let identity = self.address_of(self.tags[tag].place);
        self.budget.charge(Exceptions::size(values.len()))?;
        let record = std::iter::once(head(identity, tag as u32)).chain(values.iter().copied()).collect();
        let reference = self.exceptions.insert(record);
        reference.ok_or_else(|| format_err!("a store has at most 2^32-1 exceptions"))
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

    /// The tag and the values of an exception.
    pub(crate) fn exception(&self, reference: u32) -> Option<(TagHandle, Vec<RawValue>)> {
        let (head, values) = self.exceptions.record(reference)?.split_first()?;
        Some((TagHandle::new(self.id(), (head.v128() >> 96) as usize), values.to_vec()))
    }

    /// Whether compiled code may hold this as a reference to an exception.
    pub(super) fn is_exception(&self, reference: u32) -> bool {
        self.exceptions.record(reference).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_refers_to_makes_room() {
        let mut all = Exceptions::default();
        let record = |referenced: u128| vec![RawValue::from_v128(referenced << 64)].into_boxed_slice();
        let mut insert = |referenced: u128| (all.forget_last(), all.insert(record(referenced)));
        assert_eq!(insert(0), (None, Some(1)));
        assert_eq!(insert(1), (Some(0), Some(1)));
        assert_eq!(insert(0), (None, Some(2)));
        assert_eq!(insert(0), (Some(0), Some(2)));
        assert!(all.record(1).is_some() && all.record(2).is_some() && all.record(3).is_none());
        assert!(all.record(0).is_none() && all.address(1) != all.address(2));
    }
}
