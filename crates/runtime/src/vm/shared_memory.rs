//! [`SharedLinearMemory`]: a linear memory that several stores have, on as many threads. It never moves, and it grows while others use it.

use super::allocator::InstanceAllocator;
use super::memory::{LinearMemory, checked_range};
use super::memory_image::InitialContents;
use super::parking::{ParkOutcome, ParkingPlace};
use super::shared_bytes;
use crate::error::Result;
use gusset_artifact::{MEMORY_DEFINITION, MemoryType};
use gusset_types::TrapCode;
use std::mem::offset_of;
use std::ops::Range;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A linear memory that several stores have.
pub(crate) struct SharedLinearMemory {
    definition: SharedDefinition,
    ty: MemoryType,
    reservation: Range<usize>,
    /// Locked by who grows it.
    memory: Mutex<LinearMemory>,
    parking: ParkingPlace,
}

/// What compiled code of all of them reads.
#[repr(C)]
struct SharedDefinition {
    base: usize,
    /// In bytes. It only grows.
    length: AtomicU64,
}

const _: () = {
    assert!(offset_of!(SharedDefinition, base) == MEMORY_DEFINITION.base as usize);
    assert!(offset_of!(SharedDefinition, length) == MEMORY_DEFINITION.length as usize);
    assert!(size_of::<SharedDefinition>() == MEMORY_DEFINITION.size as usize);
};

/// Another thread has grown the memory.
pub(super) struct Outgrown;

/// An atomic number as a guest waits for it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AwaitedNumber {
    I32(u32),
    I64(u64),
}

impl AwaitedNumber {
    pub(super) fn bytes(self) -> u64 {
        match self {
            AwaitedNumber::I32(_) => 4,
            AwaitedNumber::I64(_) => 8,
        }
    }
}

impl SharedLinearMemory {
    /// A memory that is zero. All that it may ever have is reserved.
    ///
    /// # Errors
    ///
    /// When there is no room for it, or its type cannot be.
    pub(crate) fn new(allocator: &InstanceAllocator, ty: MemoryType) -> Result<SharedLinearMemory> {
        SharedLinearMemory::with_contents(allocator, ty, None)
    }

    /// A memory that holds at first what `contents` says, or zeros. All that it may ever have is reserved.
    ///
    /// # Errors
    ///
    /// When there is no room for it, or its type cannot be.
    pub(super) fn with_contents(
        allocator: &InstanceAllocator,
        ty: MemoryType,
        contents: Option<InitialContents<'_>>,
    ) -> Result<SharedLinearMemory> {
        let memory = allocator.shared_memory(ty, contents)?;
        let length = AtomicU64::new(memory.length() as u64);
        let definition = SharedDefinition { base: memory.base() as usize, length };
        let (reservation, parking) = (memory.reservation(), ParkingPlace::default());
        Ok(SharedLinearMemory { definition, ty, reservation, memory: Mutex::new(memory), parking })
    }

    /// Where compiled code finds base and length: the same as long as this lives, if it is not moved.
    pub(super) fn definition(&self) -> u64 {
        &raw const self.definition as u64
    }

    /// All addresses of the reservation, the guard among them.
    pub(super) fn reservation(&self) -> Range<usize> {
        self.reservation.clone()
    }

    /// In bytes.
    pub(crate) fn length(&self) -> usize {
        self.definition.length.load(Ordering::SeqCst) as usize
    }

    /// In pages.
    pub(crate) fn pages(&self) -> u64 {
        self.length() as u64 >> self.ty.page_size_log2
    }

    /// The type as it was declared.
    pub(crate) fn declared_type(&self) -> MemoryType {
        self.ty
    }

    /// The size before in pages; `None` when it cannot grow by so much, and then nothing has changed.
    pub(crate) fn grow(&self, pages: u64) -> Option<u64> {
        self.grow_locked(&mut self.lock(), pages)
    }

    /// The same if the memory still has so many bytes; `Err` if it has more by now, and then nothing has changed.
    pub(super) fn grow_from(&self, length: usize, pages: u64) -> Result<Option<u64>, Outgrown> {
        let mut memory = self.lock();
        if memory.length() == length { Ok(self.grow_locked(&mut memory, pages)) } else { Err(Outgrown) }
    }

    fn lock(&self) -> MutexGuard<'_, LinearMemory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn grow_locked(&self, memory: &mut LinearMemory, pages: u64) -> Option<u64> {
        let old = memory.grow(pages)?;
        // Who sees this can use what is there.
        self.definition.length.store(memory.length() as u64, Ordering::SeqCst);
        Some(old)
    }

    /// The bytes, all that it has at present.
    pub(crate) fn bytes(&self) -> &[AtomicU8] {
        // SAFETY: V5, V16: the pages are this memory's, which has them as long as it lives, and so many bytes stay accessible; nobody has
        // them as anything but atomic numbers.
        unsafe { std::slice::from_raw_parts(self.definition.base as *const AtomicU8, self.length()) }
    }

    /// The bytes `start..start + len`, if all of them are in the memory.
    pub(super) fn range(&self, start: u64, len: u64) -> Option<&[AtomicU8]> {
        self.bytes().get(checked_range(start, len)?)
    }

    /// Reads bytes, if all of them are in the memory.
    pub(crate) fn read(&self, start: u64, to: &mut [u8]) -> Option<()> {
        shared_bytes::load(self.range(start, to.len() as u64)?, to);
        Some(())
    }

    /// Writes bytes, if there is room for all of them.
    pub(crate) fn write(&self, start: u64, from: &[u8]) -> Option<()> {
        shared_bytes::store(self.range(start, from.len() as u64)?, from);
        Some(())
    }

    /// Wakes up to `count` of those who wait at an address; how many.
    ///
    /// # Errors
    ///
    /// When it is not aligned, or not in the memory.
    pub(crate) fn notify(&self, address: u64, count: u32) -> Result<u32, TrapCode> {
        check_atomic(address, 4, self.length())?;
        Ok(self.parking.wake(address, count))
    }

    /// Waits at an address until it is woken, if what is expected stands there. `goes_on` is asked again and again, if there is one.
    ///
    /// # Errors
    ///
    /// When it is not aligned, or not in the memory.
    pub(crate) fn wait(
        &self,
        address: u64,
        expected: AwaitedNumber,
        timeout: Option<Duration>,
        goes_on: Option<&mut dyn FnMut() -> bool>,
    ) -> Result<ParkOutcome, TrapCode> {
        check_atomic(address, expected.bytes(), self.length())?;
        let is_expected = || match expected {
            AwaitedNumber::I32(expected) => self.number::<AtomicU32>(address).load(Ordering::SeqCst) == expected,
            AwaitedNumber::I64(expected) => self.number::<AtomicU64>(address).load(Ordering::SeqCst) == expected,
        };
        Ok(self.parking.wait(address, is_expected, timeout, goes_on))
    }

    /// An atomic number at an address that is aligned and in the memory.
    fn number<N: AtomicNumber>(&self, address: u64) -> &N {
        assert!(check_atomic(address, size_of::<N>() as u64, self.length()).is_ok(), "it has been checked");
        // SAFETY: V5, V12, V16: it is in the memory and aligned, and an atomic number.
        unsafe { &*((self.definition.base + address as usize) as *const N) }
    }
}

/// A number of which every pattern of bits is one.
trait AtomicNumber {}

impl AtomicNumber for AtomicU32 {}
impl AtomicNumber for AtomicU64 {}

/// Whether an atomic access of so many bytes is aligned and in a memory of a length.
pub(super) fn check_atomic(address: u64, bytes: u64, length: usize) -> Result<(), TrapCode> {
    if !address.is_multiple_of(bytes) {
        return Err(TrapCode::UnalignedAtomic);
    }
    match address.checked_add(bytes) {
        Some(end) if end <= length as u64 => Ok(()),
        _ => Err(TrapCode::MemoryOutOfBounds),
    }
}
