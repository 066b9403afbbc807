//! [`StoreMemory`]: a memory of a store, its own or one that it shares, and what bulk instructions do with either.

use super::allocator::InstanceAllocator;
use super::context::Context;
use super::handle::MemoryHandle;
use super::memory::{LinearMemory, checked_range};
use super::memory_image::InitialContents;
use super::shared_bytes;
use super::shared_memory::{Outgrown, SharedLinearMemory};
use super::store::{ContextOwner, ContextPlace, MemoryRecord, VmStore};
use crate::error::Result;
use gusset_artifact::{MEMORY_DEFINITION, MemoryType};
use std::ops::Range;
use std::sync::Arc;

/// A memory of a store.
pub(super) enum StoreMemory {
    Own(LinearMemory),
    Shared(Arc<SharedLinearMemory>),
}

impl StoreMemory {
    /// A memory of an instance, with what it holds at first, or zeros.
    ///
    /// # Errors
    ///
    /// When there is no room for it, or it is to be shared and the engine has a pool.
    pub(super) fn new(
        allocator: &InstanceAllocator,
        ty: MemoryType,
        contents: Option<InitialContents<'_>>,
    ) -> Result<StoreMemory> {
        if !ty.shared {
            return Ok(StoreMemory::Own(allocator.memory(ty, contents)?));
        }
        allocator.check_shared_memories_of_guests()?;
        Ok(StoreMemory::Shared(Arc::new(SharedLinearMemory::with_contents(allocator, ty, contents)?)))
    }

    /// In bytes. That of a shared one may have become more since.
    pub(super) fn length(&self) -> usize {
        match self {
            StoreMemory::Own(memory) => memory.length(),
            StoreMemory::Shared(memory) => memory.length(),
        }
    }

    /// In pages.
    pub(super) fn pages(&self) -> u64 {
        self.length() as u64 >> self.declared_type().page_size_log2
    }

    /// The type as it was declared.
    pub(super) fn declared_type(&self) -> MemoryType {
        match self {
            StoreMemory::Own(memory) => memory.declared_type(),
            StoreMemory::Shared(memory) => memory.declared_type(),
        }
    }

    /// All addresses of the reservation, the guard among them.
    pub(super) fn reservation(&self) -> Range<usize> {
        match self {
            StoreMemory::Own(memory) => memory.reservation(),
            StoreMemory::Shared(memory) => memory.reservation(),
        }
    }

    /// The size before in pages; `None` when it cannot grow by so much, and then nothing has changed.
    pub(super) fn grow(&mut self, pages: u64) -> Option<u64> {
        match self {
            StoreMemory::Own(memory) => memory.grow(pages),
            StoreMemory::Shared(memory) => memory.grow(pages),
        }
    }

    /// The same if the memory still has so many bytes; `Err` if another thread has grown it.
    pub(super) fn grow_from(&mut self, length: usize, pages: u64) -> Result<Option<u64>, Outgrown> {
        match self {
            StoreMemory::Own(memory) => Ok(memory.grow(pages)),
            StoreMemory::Shared(memory) => memory.grow_from(length, pages),
        }
    }

    /// The memory, if others may have it.
    pub(super) fn shared(&self) -> Option<&Arc<SharedLinearMemory>> {
        if let StoreMemory::Shared(memory) = self { Some(memory) } else { None }
    }

    /// The memory, which is the store's own: of others there are no slices.
    ///
    /// # Panics
    ///
    /// When it is not: nobody gets a handle of such a one who asks for its bytes.
    #[inline]
    pub(super) fn own(&self) -> &LinearMemory {
        match self {
            StoreMemory::Own(memory) => memory,
            StoreMemory::Shared(_) => panic!("a shared memory has no slice of bytes"),
        }
    }

    /// The same, to be written.
    ///
    /// # Panics
    ///
    /// As there.
    #[inline]
    pub(super) fn own_mut(&mut self) -> &mut LinearMemory {
        match self {
            StoreMemory::Own(memory) => memory,
            StoreMemory::Shared(_) => panic!("a shared memory has no slice of bytes"),
        }
    }

    /// Writes `byte` to a range; `None` if that is not in the memory.
    pub(super) fn fill(&mut self, start: u64, byte: u8, len: u64) -> Option<()> {
        match self {
            StoreMemory::Own(memory) => memory.range_mut(start, len)?.fill(byte),
            StoreMemory::Shared(memory) => shared_bytes::fill(memory.range(start, len)?, byte),
        }
        Some(())
    }

    /// Writes bytes; `None` if there is no room for them.
    pub(super) fn write(&mut self, start: u64, from: &[u8]) -> Option<()> {
        match self {
            StoreMemory::Own(memory) => memory.range_mut(start, from.len() as u64)?.copy_from_slice(from),
            StoreMemory::Shared(memory) => memory.write(start, from)?,
        }
        Some(())
    }

    /// Copies a range to another place; `None` if either is not in the memory.
    pub(super) fn copy_within(&mut self, dst: u64, src: u64, len: u64) -> Option<()> {
        match self {
            StoreMemory::Own(memory) => {
                let source = checked_range(src, len).filter(|range| range.end <= memory.length())?;
                let start = memory.range_mut(dst, len).map(|_| dst as usize)?;
                memory.bytes_mut().copy_within(source, start);
            }
            StoreMemory::Shared(memory) => shared_bytes::copy(memory.range(dst, len)?, memory.range(src, len)?),
        }
        Some(())
    }

    /// Copies a range of another memory; `None` if that is not in it, or there is no room for it.
    pub(super) fn copy_from(&mut self, from: &StoreMemory, dst: u64, src: u64, len: u64) -> Option<()> {
        match (self, from) {
            (to, StoreMemory::Own(from)) => to.write(dst, from.bytes().get(checked_range(src, len)?)?),
            (StoreMemory::Own(to), StoreMemory::Shared(from)) => {
                // Before anything is written.
                let source = from.range(src, len)?;
                shared_bytes::load(source, to.range_mut(dst, len)?);
                Some(())
            }
            (StoreMemory::Shared(to), StoreMemory::Shared(from)) => {
                let source = from.range(src, len)?;
                shared_bytes::copy(to.range(dst, len)?, source);
                Some(())
            }
        }
    }
}

impl VmStore {
    /// The address of a memory's definition.
    pub(super) fn memory_definition(&self, number: usize) -> u64 {
        let record = &self.memories[number];
        match &record.memory {
            StoreMemory::Own(_) => self.address_of(record.definition),
            StoreMemory::Shared(memory) => memory.definition(),
        }
    }

    /// Gives the store a memory that others have too. No limiter is asked: it is there already.
    pub(crate) fn share_memory(&mut self, memory: &Arc<SharedLinearMemory>) -> MemoryHandle {
        let known = |record: &MemoryRecord| record.memory.shared().is_some_and(|known| Arc::ptr_eq(known, memory));
        let number = self.memories.iter().rposition(known).unwrap_or_else(|| {
            let context = self.add_context(Context::new(MEMORY_DEFINITION.size), ContextOwner::Definition);
            self.add_memory(StoreMemory::Shared(memory.clone()), ContextPlace { context, offset: 0 }, false)
        });
        MemoryHandle::new(self.id(), number)
    }

    /// The memory behind a handle, if others may have it.
    #[track_caller]
    pub(crate) fn shared_memory(&self, memory: MemoryHandle) -> Option<&Arc<SharedLinearMemory>> {
        self.memories[memory.index(self.id())].memory.shared()
    }
}
