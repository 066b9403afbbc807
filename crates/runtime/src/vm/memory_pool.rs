//! [`MemoryPool`]: where linear memories get their address space. It is made when it is needed and some of it is kept for the
//! next memory, or all of it is made at the start. Its lock is held for as long as a list takes, never for a call of the system.

use super::free_spaces::{FreeSpaces, SpaceKey, WarmLimits};
use super::mapping::{Mapping, page_size, round_up};
use super::memory_image::{InitialContents, MemoryImage};
use super::memory_space::MemorySpace;
use crate::error::{Error, Result, bail, format_err};
use crate::pooling::{PoolExhausted, PooledResource, PoolingConfig};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is kept of memories that are made on demand. Mapping a memory and unmapping it costs more than looking for what has
/// been written in it, as long as that is little.
const ON_DEMAND: WarmLimits = WarmLimits { spaces: 256, kept: 16 << 20, len: 2 << 40 };

/// Bytes that stay in memory for each of these.
const ON_DEMAND_KEPT: usize = 1 << 20;

/// How memories lie in the address space.
#[derive(Clone, Copy)]
pub(super) struct MemoryLayout {
    /// Bytes from the base on that compiled code takes for the memory's own, and that a 32-bit one can grow to.
    pub(super) reservation: u64,
    /// Bytes that a 64-bit memory can grow to.
    pub(super) reservation64: u64,
    /// Inaccessible bytes behind them.
    pub(super) guard: u64,
    /// Whether first contents are mapped rather than copied.
    pub(super) map_images: bool,
}

/// Address space of an engine's memories.
pub(super) struct MemoryPool {
    free: Mutex<FreeSpaces>,
    layout: MemoryLayout,
    limits: WarmLimits,
    /// Bytes that stay in memory for each space that is warm.
    keep: usize,
    /// What there is of spaces that were all made at the start.
    made: Option<MadeSpaces>,
    reuse: Reuse,
}

/// Whether what a memory leaves is worth cleaning for the next one. A program that runs one instance and ends has none; so nothing is kept
/// until a memory is made after one has ended.
#[derive(Default)]
struct Reuse {
    ended: AtomicBool,
    likely: AtomicBool,
}

impl Reuse {
    fn made(&self) {
        if !self.is_likely() && self.ended.load(Ordering::Relaxed) {
            self.likely.store(true, Ordering::Relaxed);
        }
    }

    fn ended(&self) {
        if !self.is_likely() {
            self.ended.store(true, Ordering::Relaxed);
        }
    }

    fn is_likely(&self) -> bool {
        self.likely.load(Ordering::Relaxed)
    }
}

struct MadeSpaces {
    total: u32,
    max_memory_size: u64,
}

/// What a memory needs, in bytes.
#[derive(Clone, Copy)]
pub(super) struct WantedSpace {
    pub(super) minimum: u64,
    /// It never gets more.
    pub(super) maximum: u64,
    pub(super) memory64: bool,
    /// Whether it must be able to get that much, if its addresses have 32 bits; only of memories that are made on demand.
    pub(super) whole: bool,
}

/// A space for a memory, and what the memory needs to know of it.
pub(super) struct TakenSpace {
    pub(super) space: MemorySpace,
    /// What is mapped in it.
    pub(super) image: Option<Arc<MemoryImage>>,
    /// Bytes that the memory can have.
    pub(super) limit: u64,
}

impl MemoryPool {
    /// Spaces are made when they are wanted.
    pub(super) fn on_demand(layout: MemoryLayout) -> MemoryPool {
        let free = Mutex::default();
        MemoryPool { free, layout, limits: ON_DEMAND, keep: ON_DEMAND_KEPT, made: None, reuse: Reuse::default() }
    }

    /// All spaces are made now.
    ///
    /// # Errors
    ///
    /// When they do not fit into the address space.
    pub(super) fn pooled(config: &PoolingConfig, layout: MemoryLayout) -> Result<MemoryPool> {
        let &PoolingConfig { total_memories: total, max_memory_size, max_unused_warm_slots, .. } = config;
        let len = space_len(layout, max_memory_size);
        let all = len.and_then(|len| len.checked_mul(total as usize));
        let all = all.filter(|&all| isize::try_from(all).is_ok());
        let (len, all) = len.zip(all).ok_or_else(|| {
            format_err!("{total} memories of {max_memory_size} bytes each do not fit into the address space")
        })?;
        let mut free = FreeSpaces::default();
        if all > 0 {
            let failed = |error: Error| {
                error.context(format!(
                    "a pool of {total} memories (PoolingConfig::total_memories) of {len} bytes of address space each \
                     (PoolingConfig::max_memory_size, Config::memory_reservation and memory_guard) cannot be made"
                ))
            };
            let mapping = Mapping::reserve(all).map_err(failed)?;
            // The first ones are taken first.
            mapping.split(len).into_iter().rev().for_each(|part| free.put_cold(MemorySpace::new(part)));
        }
        Ok(MemoryPool {
            free: Mutex::new(free),
            layout,
            limits: WarmLimits { spaces: max_unused_warm_slots as usize, kept: usize::MAX, len: usize::MAX },
            keep: config.linear_memory_keep_resident,
            made: Some(MadeSpaces { total, max_memory_size }),
            reuse: Reuse::default(),
        })
    }

    /// Space for a memory.
    ///
    /// # Errors
    ///
    /// When there is none, or it is too small.
    pub(super) fn take(
        self: &Arc<Self>,
        wanted: WantedSpace,
        contents: Option<InitialContents<'_>>,
    ) -> Result<TakenSpace> {
        self.reuse.made();
        let WantedSpace { minimum, maximum, memory64, whole } = wanted;
        let MemoryLayout { reservation, reservation64, .. } = self.layout;
        let limit = match &self.made {
            Some(made) if minimum > made.max_memory_size => bail!(
                "a memory of {minimum} bytes is larger than those of the pool: {} bytes (PoolingConfig::max_memory_size)",
                made.max_memory_size
            ),
            Some(made) => made.max_memory_size,
            None if memory64 => reservation64.min(maximum).max(minimum),
            None if whole => maximum,
            None => reservation.max(minimum),
        };
        let most = if whole { limit } else { minimum };
        let too_large = || format_err!("a memory of {most} bytes does not fit into the address space");
        let (length, len) = round_up(minimum).zip(space_len(self.layout, limit)).ok_or_else(too_large)?;
        let image = contents.filter(|_| self.layout.map_images).and_then(|contents| contents.image());
        let ready = || self.ready(len, length, image.map(|image| &**image));
        // What is kept of others may be what is in the way.
        let ready = ready().or_else(|error| if self.drop_kept() { ready() } else { Err(error) });
        let mut space = ready?;
        match (image, contents) {
            (Some(image), _) => image.is_used_in(self),
            (None, Some(contents)) => contents.copy_to(space.mapping_mut().bytes_mut(length)),
            (None, None) => {}
        }
        Ok(TakenSpace { space, image: image.cloned(), limit })
    }

    /// A space of `len` bytes, of which `length` can be used.
    fn ready(&self, len: usize, length: usize, image: Option<&MemoryImage>) -> Result<MemorySpace> {
        let mut space = self.find(SpaceKey { image: image.map(MemoryImage::id), len }, length)?;
        match space.prepare(length, image) {
            Ok(()) => Ok(space),
            Err(error) => {
                // Nobody knows what is mapped there now.
                if let Ok(space) = space.clear() {
                    self.give_up(space);
                }
                Err(error)
            }
        }
    }

    fn find(&self, key: SpaceKey, length: usize) -> Result<MemorySpace> {
        let mut free = self.lock();
        if let Some(space) = free.take_warm(key, length) {
            return Ok(space);
        }
        if let Some(made) = &self.made {
            let exhausted = PoolExhausted { resource: PooledResource::Memories, total: made.total };
            let space = free.take_cold().or_else(|| free.take_oldest());
            return space.ok_or_else(|| exhausted.into());
        }
        drop(free);
        Mapping::reserve(key.len).map(MemorySpace::new)
    }

    /// Gives back to the system what is only kept to be faster; says whether there was any.
    fn drop_kept(&self) -> bool {
        if self.made.is_some() {
            return false;
        }
        let kept = std::mem::take(&mut *self.lock());
        !kept.is_empty()
    }

    /// Takes back the space of a memory, with the image that is mapped there.
    pub(super) fn give_back(&self, space: MemorySpace, image: Option<&MemoryImage>) {
        if self.made.is_none() && !self.reuse.is_likely() {
            return self.reuse.ended();
        }
        let Some(space) = space.reset(self.keep, image) else { return };
        self.lock().put_warm(space);
        loop {
            let excess = self.lock().take_excess(self.limits);
            let Some(space) = excess else { break };
            self.give_up(space);
        }
    }

    /// Gives back to the system what holds an image that will not be wanted any more.
    pub(super) fn forget(&self, image: u64) {
        loop {
            let space = self.lock().take_image(image);
            let Some(space) = space else { break };
            self.give_up(space);
        }
    }

    /// Keeps nothing of a clean space but, in a pool, its address space. Where the system has no room for that, it is lost.
    fn give_up(&self, space: MemorySpace) {
        if self.made.is_some()
            && let Ok(space) = space.clear()
        {
            self.lock().put_cold(space);
        }
    }

    fn lock(&self) -> MutexGuard<'_, FreeSpaces> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes of address space for a memory of up to `bytes` bytes; `None` for more than there are.
///
/// There is a page more than is wanted: so neighbours do not lie at multiples of a power of two. Processors that look a line of their nearest cache up by
/// a few bits of its address (AMD's, 12 to 27) would find those of the same place in each memory in turns only.
fn space_len(layout: MemoryLayout, bytes: u64) -> Option<usize> {
    let reserved = round_up(layout.reservation.max(bytes))?.checked_add(page_size())?;
    reserved.checked_add(round_up(layout.guard)?).filter(|&len| isize::try_from(len).is_ok())
}
