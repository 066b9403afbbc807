//! [`SlotPool`]: zeroed memory in slots of one size, for tables and contexts. All of it is mapped once, and stays so.

use super::mapping::{Mapping, page_size, round_up};
use crate::error::{Result, format_err};
use crate::pooling::{PoolExhausted, PooledResource};
use std::sync::{Arc, Mutex, PoisonError};

/// Slots, each of which has one owner or none.
pub(super) struct SlotPool {
    /// The slots without an owner, all bytes of which are zero. The last one was used last.
    free: Mutex<Vec<Mapping>>,
    resource: PooledResource,
    total: u32,
    /// Bytes of each slot that stay in memory.
    keep: usize,
}

impl SlotPool {
    /// `total` slots of at least `len` bytes each.
    ///
    /// # Errors
    ///
    /// When they do not fit into the address space.
    pub(super) fn new(resource: PooledResource, total: u32, len: u64, keep: usize) -> Result<SlotPool> {
        let len = round_up(len.max(1));
        let all = len.and_then(|len| len.checked_mul(total as usize)).filter(|&all| isize::try_from(all).is_ok());
        let (len, all) = len
            .zip(all)
            .ok_or_else(|| format_err!("a pool for {total} {resource} does not fit into the address space"))?;
        let mut free = Vec::new();
        if all > 0 {
            let mut mapping = Mapping::reserve(all)
                .map_err(|error| error.context(format!("a pool for {total} {resource} cannot be made")))?;
            mapping.make_accessible(all)?;
            free = mapping.split(len);
            free.reverse();
        }
        let keep = keep - keep % page_size();
        Ok(SlotPool { free: Mutex::new(free), resource, total, keep })
    }

    /// A slot, all bytes of which are zero.
    ///
    /// # Errors
    ///
    /// When all have an owner.
    pub(super) fn take(self: &Arc<Self>) -> Result<PoolSlot> {
        let mapping = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match mapping {
            Some(mapping) => Ok(PoolSlot { mapping: Some(mapping), used: 0, pool: self.clone() }),
            None => Err(PoolExhausted { resource: self.resource, total: self.total }.into()),
        }
    }
}

/// A slot that goes back to its pool when it is dropped.
pub(super) struct PoolSlot {
    /// Its own until it is dropped.
    mapping: Option<Mapping>,
    used: usize,
    pool: Arc<SlotPool>,
}

impl PoolSlot {
    pub(super) fn base(&self) -> *mut u8 {
        self.mapping().base()
    }

    /// Bytes that there are.
    pub(super) fn len(&self) -> usize {
        self.mapping().accessible()
    }

    /// Says that the first `bytes` bytes may be written: no others are, as long as the slot has this owner. `None` when there
    /// are not so many.
    pub(super) fn use_first(&mut self, bytes: usize) -> Option<()> {
        self.used = self.used.max(bytes);
        (bytes <= self.len()).then_some(())
    }

    fn mapping(&self) -> &Mapping {
        self.mapping.as_ref().expect("a slot has its memory while it has an owner")
    }
}

impl Drop for PoolSlot {
    fn drop(&mut self) {
        let Some(mut mapping) = self.mapping.take() else { return };
        let used = self.used.min(mapping.accessible());
        let kept = used.min(self.pool.keep);
        mapping.bytes_mut(kept).fill(0);
        if kept < used && !mapping.discard(kept..used.next_multiple_of(page_size())) {
            mapping.bytes_mut(used)[kept..].fill(0);
        }
        self.pool.free.lock().unwrap_or_else(PoisonError::into_inner).push(mapping);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(slot: &mut PoolSlot) -> &mut [u8] {
        let len = slot.len();
        slot.mapping.as_mut().unwrap().bytes_mut(len)
    }

    #[test]
    fn slots_are_zero_whatever_was_in_them() {
        let page = page_size();
        for keep in [0, page, 2 * page + 1, usize::MAX] {
            let pool = Arc::new(SlotPool::new(PooledResource::Tables, 2, 5 * page as u64 - 3, keep).unwrap());
            for used in [1, page - 1, page, page + 1, 3 * page + 5, 5 * page] {
                let mut slots = [pool.take().unwrap(), pool.take().unwrap()];
                let error = pool.take().err().expect("there are two");
                assert_eq!(error.downcast_ref::<PoolExhausted>().map(PoolExhausted::total), Some(2));
                for slot in &mut slots {
                    assert!(slot.len() == 5 * page && bytes(slot).iter().all(|&byte| byte == 0), "{keep} {used}");
                    assert!(slot.use_first(used).is_some());
                    bytes(slot)[..used].fill(0xa5);
                }
            }
            assert!(pool.take().unwrap().use_first(5 * page + 1).is_none());
        }
    }
}
