//! [`StackPool`]: stacks of fibers, each with a page below it that nobody can touch. A stack that is free is used again.
//!
//! What a guest had on a stack stays there for the next one, unless the host wants it to be zero. Compiled code cannot see it: it reads of its
//! frames only what it has written there.

use super::mapping::{Mapping, StackMapping, page_size, round_up};
use crate::config::Config;
use crate::error::{Result, bail, format_err};
use crate::pooling::{InstanceAllocationStrategy, PoolExhausted, PooledResource};
use corosensei::stack::valgrind::ValgrindStackRegistration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many free stacks an engine without a pool keeps.
const KEPT_ON_DEMAND: usize = 64;

/// Bytes of each that stay in memory then.
const KEPT_BYTES_ON_DEMAND: usize = 64 << 10;

/// Stacks of one size.
pub(super) struct StackPool {
    /// Bytes that can be used of each.
    size: usize,
    free: Mutex<FreeStacks>,
    /// How many free stacks are kept.
    kept: usize,
    /// How many there are; `None` for as many as are wanted.
    total: Option<u32>,
    /// Bytes of each free stack that stay in memory, from where it begins.
    keep_resident: usize,
    zeroing: bool,
}

#[derive(Default)]
struct FreeStacks {
    /// The last one was used last.
    ready: Vec<FiberStack>,
    /// Those that have not been used yet.
    reserved: Vec<Mapping>,
}

impl StackPool {
    /// # Errors
    ///
    /// When the size is not supported, or there is no room for the pool that the settings ask for.
    pub(super) fn new(config: &Config) -> Result<StackPool> {
        let least = super::stack::RESERVE + MIN_FOR_GUESTS;
        if config.async_stack_size < least {
            bail!(
                "stacks of {} bytes are too small; Config::async_stack_size is at least {least}",
                config.async_stack_size
            );
        }
        let size = round_up(config.async_stack_size as u64).filter(|&size| isize::try_from(size + page_size()).is_ok());
        let size = size.ok_or_else(|| format_err!("Config::async_stack_size is more than the address space"))?;
        let (mut free, mut total) = (FreeStacks::default(), None);
        let (mut kept, mut keep_resident) = (KEPT_ON_DEMAND, KEPT_BYTES_ON_DEMAND);
        if let InstanceAllocationStrategy::Pooling(pool) = &config.allocation_strategy {
            free.reserved = reserve(pool.total_stacks, size + page_size())?;
            (kept, total) = (pool.total_stacks as usize, Some(pool.total_stacks));
            keep_resident = pool.async_stack_keep_resident;
        }
        let keep_resident = keep_resident.min(size).next_multiple_of(page_size());
        Ok(StackPool { size, free: Mutex::new(free), kept, total, keep_resident, zeroing: config.async_stack_zeroing })
    }

    /// A stack.
    ///
    /// # Errors
    ///
    /// When the pool has no more, or the system has no room for one.
    pub(super) fn take(self: &Arc<Self>) -> Result<PooledStack> {
        let mut free = self.free();
        let ready = free.ready.pop();
        let reserved = if ready.is_none() { free.reserved.pop() } else { None };
        drop(free);
        let ready = match (ready, reserved, self.total) {
            (Some(ready), ..) => Ok(ready),
            (None, Some(reserved), _) => Err(reserved),
            (None, None, Some(total)) => {
                return Err(PoolExhausted { resource: PooledResource::Stacks, total }.into());
            }
            (None, None, None) => Err(Mapping::reserve(self.size + page_size())?),
        };
        let stack = ready.or_else(|reserved| self.open(reserved))?;
        Ok(PooledStack { stack: Some(stack), pool: self.clone() })
    }

    /// A stack that has not been used yet. Where the system has no memory for it now, it stays one of the pool's.
    fn open(&self, reserved: Mapping) -> Result<FiberStack> {
        reserved.try_into_stack().map(FiberStack::new).map_err(|(reserved, error)| {
            if self.total.is_some() {
                self.free().reserved.push(reserved);
            }
            error
        })
    }

    /// Nobody runs on the stack any more.
    fn give_back(&self, mut stack: FiberStack) {
        self.clean(&mut stack.mapping);
        let mut free = self.free();
        if free.ready.len() < self.kept {
            free.ready.push(stack);
        }
    }

    /// What is beyond the part that stays in memory is given back where it has been used.
    fn clean(&self, stack: &mut StackMapping) {
        let beyond = stack.len() - self.keep_resident;
        let bytes = stack.bytes_mut();
        if self.zeroing {
            bytes[beyond..].fill(0);
        } else if !reaches(bytes, beyond) {
            return;
        }
        if beyond > 0 && !stack.discard(beyond) && self.zeroing {
            stack.bytes_mut()[..beyond].fill(0);
        }
    }

    fn free(&self) -> MutexGuard<'_, FreeStacks> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What guests have of the smallest stack.
const MIN_FOR_GUESTS: usize = 64 << 10;

/// Whether somebody has written below `end`. Who goes down a stack writes to each page, were it only the addresses to return to; who does not
/// costs memory that is not given back yet.
fn reaches(bytes: &[u8], end: usize) -> bool {
    const ZEROS: [u8; 4096] = [0; 4096];
    let last_page = &bytes[end.saturating_sub(page_size())..end];
    // Slices are compared many bytes at a time.
    last_page.chunks(ZEROS.len()).any(|chunk| *chunk != ZEROS[..chunk.len()])
}

/// Address space for so many stacks.
fn reserve(total: u32, len: usize) -> Result<Vec<Mapping>> {
    if total == 0 {
        return Ok(Vec::new());
    }
    let all = len.checked_mul(total as usize).filter(|&all| isize::try_from(all).is_ok());
    let all = all.ok_or_else(|| format_err!("a pool for {total} stacks does not fit into the address space"))?;
    let mapping =
        Mapping::reserve(all).map_err(|error| error.context(format!("a pool for {total} stacks cannot be made")))?;
    let mut parts = mapping.split(len);
    parts.reverse();
    Ok(parts)
}

/// A stack that valgrind knows for one: to it a switch would be one large frame otherwise. What tells it does nothing where it does not watch.
struct FiberStack {
    /// Told before the memory goes.
    _registration: ValgrindStackRegistration,
    mapping: StackMapping,
}

impl FiberStack {
    fn new(mapping: StackMapping) -> FiberStack {
        FiberStack { _registration: ValgrindStackRegistration::new(mapping.start(), mapping.len()), mapping }
    }
}

/// A stack that goes back to its pool when it is dropped.
pub(super) struct PooledStack {
    /// Its own until it is dropped.
    stack: Option<FiberStack>,
    pool: Arc<StackPool>,
}

impl PooledStack {
    pub(super) fn stack(&self) -> &StackMapping {
        &self.stack.as_ref().expect("a stack has its memory while somebody has it").mapping
    }
}

impl Drop for PooledStack {
    fn drop(&mut self) {
        if let Some(stack) = self.stack.take() {
            self.pool.give_back(stack);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pooling::PoolingConfig;

    fn pool(config: &mut Config, total: Option<u32>, keep: usize) -> Arc<StackPool> {
        if let Some(total) = total {
            let mut pool = PoolingConfig::new();
            config.allocation_strategy(pool.total_stacks(total).async_stack_keep_resident(keep).clone());
        }
        Arc::new(StackPool::new(config).unwrap())
    }

    #[test]
    fn a_pool_has_so_many_stacks_and_no_more() {
        let pool = pool(Config::new().async_stack_size(1 << 20), Some(2), 0);
        for _ in 0..3 {
            let stacks = [pool.take().unwrap(), pool.take().unwrap()];
            let error = pool.take().err().expect("there are two");
            assert_eq!(
                error.downcast_ref::<PoolExhausted>().map(PoolExhausted::resource),
                Some(PooledResource::Stacks)
            );
            assert!(format!("{error:#}").contains("PoolingConfig::total_stacks"), "{error:#}");
            drop(stacks);
        }
    }

    #[test]
    fn what_lies_deep_is_given_back_and_zeroing_leaves_nothing() {
        for (zeroing, keep) in [(false, 64 << 10), (true, 64 << 10), (true, 0), (true, 1 << 20)] {
            let pool = pool(Config::new().async_stack_size(1 << 20).async_stack_zeroing(zeroing), Some(1), keep);
            for deep in [false, true] {
                let mut stack = pool.take().unwrap();
                let bytes = stack.stack.as_mut().unwrap().mapping.bytes_mut();
                let from = if deep { 0 } else { bytes.len() - 100 };
                bytes[from..].fill(0xa5);
                drop(stack);
                let mut stack = pool.take().unwrap();
                let bytes = stack.stack.as_mut().unwrap().mapping.bytes_mut();
                let kept = if zeroing { 0 } else { keep };
                let (beyond, shallow) = bytes.split_at(bytes.len() - kept);
                assert!(beyond.iter().all(|&byte| byte == 0), "{zeroing} {keep} {deep}");
                assert_eq!(shallow.last().copied(), (!zeroing).then_some(0xa5));
            }
        }
    }

    #[test]
    fn on_demand_a_bounded_number_is_kept() {
        let pool = pool(&mut Config::new(), None, 0);
        let stacks: Vec<_> = (0..KEPT_ON_DEMAND + 3).map(|_| pool.take().unwrap()).collect();
        drop(stacks);
        assert_eq!(pool.free().ready.len(), KEPT_ON_DEMAND);
    }

    #[test]
    fn a_stack_without_room_for_a_guest_is_refused() {
        let error = StackPool::new(Config::new().async_stack_size(4096)).err().expect("it is too small");
        assert!(error.to_string().contains("Config::async_stack_size"), "{error}");
    }
}
