//! [`SlotPool`]: zeroed memory in slots of one size, for tables and contexts. All of it is mapped once, and stays so.

use super::dirty_pages;
use super::mapping::{Mapping, page_size, round_up};
use crate::error::{Result, format_err};
use crate::pooling::{PoolExhausted, PooledResource};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Lists that threads have for themselves, as long as there are no more threads.
const SHARDS: usize = 16;

/// Up to so many slots go between a thread's list and that of all at once.
const MOST_AT_ONCE: usize = 256;

/// Up to so many bytes are written faster than the system says which pages were.
const CLEARED_UNSEEN: usize = 64 << 10;

/// What a large slot has, or more.
const LARGE: usize = 64 << 10;

/// Slots, each of which has one owner or none.
///
/// A store may have hundreds, and gives them back one by one: threads that all did so with one list would wait for one another.
pub(super) struct SlotPool {
    /// Slots without an owner that a thread has given back.
    shards: Box<[FreeSlots]>,
    /// Those that are in no thread's list. Who locks both locks this one last.
    rest: FreeSlots,
    at_once: usize,
    resource: PooledResource,
    total: u32,
    /// Bytes of each slot that stay in memory.
    keep: usize,
}

/// Slots without an owner, all bytes of which are zero. The last one was used last. No two stand in one line of a cache.
#[repr(align(128))]
#[derive(Default)]
struct FreeSlots(Mutex<Vec<Mapping>>);

impl FreeSlots {
    fn lock(&self) -> MutexGuard<'_, Vec<Mapping>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SlotPool {
    /// `total` slots of at least `len` bytes each, an odd number of pages where they are large: the first pages of all would otherwise
    /// compete for a few places of the processor's TLB.
    ///
    /// # Errors
    ///
    /// When they do not fit into the address space.
    pub(super) fn new(resource: PooledResource, total: u32, len: u64, keep: usize) -> Result<SlotPool> {
        let len = round_up(len.max(1)).map(|len| if len < LARGE { len } else { len | page_size() });
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
        let shards = (0..SHARDS).map(|_| FreeSlots::default()).collect();
        let at_once = (total as usize / (2 * SHARDS)).clamp(1, MOST_AT_ONCE);
        let keep = keep - keep % page_size();
        Ok(SlotPool { shards, rest: FreeSlots(Mutex::new(free)), at_once, resource, total, keep })
    }

    /// A slot, all bytes of which are zero.
    ///
    /// # Errors
    ///
    /// When all have an owner.
    pub(super) fn take(self: &Arc<Self>) -> Result<PoolSlot> {
        match self.take_from_own().or_else(|| self.take_from_any()) {
            Some(mapping) => Ok(PoolSlot { mapping: Some(mapping), used: 0, pool: self.clone() }),
            None => Err(PoolExhausted { resource: self.resource, total: self.total }.into()),
        }
    }

    fn take_from_own(&self) -> Option<Mapping> {
        let mut own = self.own().lock();
        if own.is_empty() {
            let mut rest = self.rest.lock();
            let kept = rest.len().saturating_sub(self.at_once);
            own.extend(rest.drain(kept..));
        }
        own.pop()
    }

    /// All lists are locked at once: what one thread gives back while another one looks elsewhere would not be found.
    fn take_from_any(&self) -> Option<Mapping> {
        let mut all: Vec<_> = self.shards.iter().map(FreeSlots::lock).collect();
        all.push(self.rest.lock());
        all.iter_mut().find_map(|free| free.pop())
    }

    fn give_back(&self, mapping: Mapping) {
        let mut own = self.own().lock();
        own.push(mapping);
        if own.len() >= 2 * self.at_once {
            // The rest is for all, and those that were used last are the thread's.
            self.rest.lock().extend(own.drain(..self.at_once));
        }
    }

    /// The list of this thread. Who takes several slots may be on another thread meanwhile (V15).
    #[inline(never)]
    fn own(&self) -> &FreeSlots {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static NUMBER: usize = NEXT.fetch_add(1, Ordering::Relaxed);
        }
        &self.shards[NUMBER.with(|number| number % SHARDS)]
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
        clear(&mut mapping, used, self.pool.keep);
        self.pool.give_back(mapping);
    }
}

/// Makes the first `used` bytes zero again. Up to `keep` bytes of them, whole pages, stay in memory.
fn clear(mapping: &mut Mapping, used: usize, keep: usize) {
    let (base, pages) = (mapping.base() as usize, used.next_multiple_of(page_size()));
    let cleared = match keep / page_size() {
        most if most > 0 && used > CLEARED_UNSEEN => dirty_pages::scan(base..base + pages, most, &mut |run| {
            mapping.bytes_mut(run.end - base)[run.start - base..].fill(0);
        })
        .map(|end| end - base),
        _ => None,
    };
    let cleared = cleared.unwrap_or_else(|| {
        let kept = used.min(keep);
        mapping.bytes_mut(kept).fill(0);
        kept.next_multiple_of(page_size())
    });
    if cleared < pages && !mapping.discard(cleared..pages) {
        mapping.bytes_mut(used)[cleared..].fill(0);
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

    /// Of more bytes than are cleared unseen, what was written anywhere is gone, however many pages it has.
    #[test]
    fn what_was_written_here_and_there_is_gone() {
        let (page, len) = (page_size(), 4 * CLEARED_UNSEEN);
        for keep in [page, 4 * page, len / 2, len] {
            let pool = Arc::new(SlotPool::new(PooledResource::CoreInstances, 1, len as u64, keep).unwrap());
            for step in [page / 2, 3 * page + 7, len - 1] {
                let mut slot = pool.take().unwrap();
                assert!(bytes(&mut slot).iter().all(|&byte| byte == 0), "{keep} {step}");
                assert!(slot.use_first(len).is_some());
                bytes(&mut slot)[..len].iter_mut().step_by(step).for_each(|byte| *byte = 0xa5);
            }
            assert!(bytes(&mut pool.take().unwrap()).iter().all(|&byte| byte == 0), "{keep}");
        }
    }

    /// As many slots as threads: whoever asks finds one, whichever thread has given it back.
    #[test]
    fn no_slot_is_hidden_in_the_list_of_a_thread() {
        const THREADS: u32 = 2 * SHARDS as u32 + 3;
        let pool = Arc::new(SlotPool::new(PooledResource::Tables, THREADS, 1, 0).unwrap());
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| (0..500).for_each(|_| drop(pool.take().expect("there is one for each"))));
            }
        });
        let all: Vec<_> = (0..THREADS).map(|_| pool.take().expect("all are back")).collect();
        assert!(pool.take().is_err());
        drop(all);
    }
}
