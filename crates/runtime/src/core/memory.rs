//! [`Memory`]: a linear memory.

use crate::error::{Result, bail, format_err};
use crate::store::{AsContext, AsContextMut, StoreContext, StoreContextMut};
use crate::vm::{MemoryHandle, PlainNumber, VmStore, plain_numbers, read_number, write_number};
use gusset_artifact::MemoryType;
use std::fmt;

/// A linear [memory] of a store. Sizes are in pages of 65,536 bytes, unless its type has pages of one byte.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// use gusset::core::{Memory, MemoryType};
/// use gusset::{Engine, Store};
/// let mut store = Store::new(&Engine::default(), ());
/// let ty = MemoryType { minimum: 1, maximum: Some(2), memory64: false, shared: false, page_size_log2: 16 };
/// let memory = Memory::new(&mut store, ty)?;
/// memory.data_mut(&mut store)[..4].copy_from_slice(&7_u32.to_le_bytes());
/// assert_eq!(memory.data(&store)[..5], [7, 0, 0, 0, 0]);
/// assert_eq!(memory.grow(&mut store, 1)?, 1);
/// assert_eq!(memory.data(&store).len(), 2 << 16);
/// assert!(memory.grow(&mut store, 1).is_err());
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
///
/// [memory]: https://webassembly.github.io/spec/core/appendix/embedding.html#embed-mem
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Memory(MemoryHandle);

impl Memory {
    /// A memory of the host's, zeroed. A page has 2 to the power of `page_size_log2` bytes, which is 16 or 0.
    ///
    /// # Errors
    ///
    /// When there is no room for it, the store's limiter does not allow it, its limits contradict each other, or it is to be shared:
    /// that is a [`SharedMemory`](super::SharedMemory).
    pub fn new(mut store: impl AsContextMut, ty: MemoryType) -> Result<Memory> {
        if ty.shared {
            bail!("a shared memory is made with SharedMemory::new");
        }
        Ok(Memory(store.as_context_mut().0.new_memory(ty)?))
    }

    /// The type, with the present size as the minimum.
    ///
    /// # Panics
    ///
    /// Like all methods here: when the memory is of another store.
    #[track_caller]
    pub fn ty(&self, store: impl AsContext) -> MemoryType {
        store.as_context().0.vm.memory_type(self.0)
    }

    /// The bytes, all that the memory has at present. While they are borrowed, no guest runs.
    #[track_caller]
    pub fn data<'a, T: 'static>(&self, store: impl Into<StoreContext<'a, T>>) -> &'a [u8] {
        store.into().0.vm.memory(self.0)
    }

    /// The bytes, to be written.
    #[track_caller]
    pub fn data_mut<'a, T: 'static>(&self, store: impl Into<StoreContextMut<'a, T>>) -> &'a mut [u8] {
        store.into().0.vm.memory_mut(self.0)
    }

    /// The bytes, to be written, and the host's data beside them.
    ///
    /// ```
    /// # use gusset::core::{Memory, MemoryType};
    /// # use gusset::{Engine, Store};
    /// let mut store = Store::new(&Engine::default(), vec![1, 2, 3]);
    /// let ty = MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: 16 };
    /// let memory = Memory::new(&mut store, ty)?;
    /// let (bytes, data) = memory.data_and_store_mut(&mut store);
    /// bytes[..3].copy_from_slice(data);
    /// data.clear();
    /// assert_eq!(memory.data(&store)[..4], [1, 2, 3, 0]);
    /// # Ok::<(), gusset::Error>(())
    /// ```
    #[track_caller]
    pub fn data_and_store_mut<'a, T: 'static>(
        &self,
        store: impl Into<StoreContextMut<'a, T>>,
    ) -> (&'a mut [u8], &'a mut T) {
        let (vm, data) = store.into().0.vm_and_data();
        (vm.memory_mut(self.0), data)
    }

    /// Copies bytes from `offset` on into `buffer`.
    ///
    /// # Errors
    ///
    /// When not all of them are in the memory: nothing has been copied then.
    #[track_caller]
    pub fn read(&self, store: impl AsContext, offset: usize, buffer: &mut [u8]) -> Result<(), MemoryAccessError> {
        let bytes = store.as_context().0.vm.memory(self.0);
        let error = MemoryAccessError { offset, length: buffer.len(), size: bytes.len() };
        let from = bytes.get(offset..).and_then(|bytes| bytes.get(..buffer.len())).ok_or(error)?;
        buffer.copy_from_slice(from);
        Ok(())
    }

    /// Copies the bytes of `buffer` to where `offset` is.
    ///
    /// ```
    /// # use gusset::core::{Memory, MemoryType};
    /// # use gusset::{Engine, Store};
    /// # let mut store = Store::new(&Engine::default(), ());
    /// # let ty = MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: 16 };
    /// # let memory = Memory::new(&mut store, ty)?;
    /// memory.write(&mut store, 65_534, &[1, 2])?;
    /// let error = memory.write(&mut store, 65_535, &[3, 4]).unwrap_err();
    /// assert_eq!(error.to_string(), "2 bytes at 0xffff are not all in a memory of 65536 bytes");
    /// let mut read = [0; 2];
    /// memory.read(&store, 65_534, &mut read)?;
    /// assert_eq!(read, [1, 2]);
    /// # Ok::<(), gusset::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When there is not room for all of them: nothing has been copied then.
    #[track_caller]
    pub fn write(&self, mut store: impl AsContextMut, offset: usize, buffer: &[u8]) -> Result<(), MemoryAccessError> {
        let bytes = store.as_context_mut().0.vm.memory_mut(self.0);
        let error = MemoryAccessError { offset, length: buffer.len(), size: bytes.len() };
        let to = bytes.get_mut(offset..).and_then(|bytes| bytes.get_mut(..buffer.len())).ok_or(error)?;
        to.copy_from_slice(buffer);
        Ok(())
    }

    /// The number at `offset`, which need not be aligned.
    ///
    /// ```
    /// # use gusset::core::{Memory, MemoryType};
    /// # use gusset::{Engine, Store};
    /// # let mut store = Store::new(&Engine::default(), ());
    /// # let ty = MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: 16 };
    /// # let memory = Memory::new(&mut store, ty)?;
    /// memory.write_number(&mut store, 8, 2_u32)?;
    /// memory.write_number(&mut store, 12, 1.5_f32)?;
    /// assert_eq!(memory.read_number::<u64>(&store, 8)?, 0x3fc0_0000_0000_0002);
    /// assert_eq!(memory.numbers::<f32, _>(&store, 12, 1)?, [1.5]);
    /// assert!(memory.read_number::<u16>(&store, 65_535).is_err());
    /// assert!(memory.numbers::<u16, _>(&store, 13, 1).is_err()); // Not aligned.
    /// # Ok::<(), gusset::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When not all of its bytes are in the memory.
    #[track_caller]
    pub fn read_number<N: PlainNumber>(&self, store: impl AsContext, offset: usize) -> Result<N, MemoryAccessError> {
        read_number(|bytes| self.read(store, offset, bytes))
    }

    /// Writes a number to where `offset` is, which need not be aligned.
    ///
    /// # Errors
    ///
    /// When there is not room for all of its bytes: nothing has been written then.
    #[track_caller]
    pub fn write_number<N: PlainNumber>(
        &self,
        store: impl AsContextMut,
        offset: usize,
        number: N,
    ) -> Result<(), MemoryAccessError> {
        write_number(number, |bytes| self.write(store, offset, bytes))
    }

    /// So many numbers from `offset` on, where they stand.
    ///
    /// # Errors
    ///
    /// When not all of them are in the memory, a [`MemoryAccessError`]; when `offset` is not a multiple of their size.
    #[track_caller]
    pub fn numbers<'a, N: PlainNumber, T: 'static>(
        &self,
        store: impl Into<StoreContext<'a, T>>,
        offset: usize,
        count: usize,
    ) -> Result<&'a [N]> {
        let bytes = self.data(store);
        let length = count.saturating_mul(size_of::<N>());
        let error = MemoryAccessError { offset, length, size: bytes.len() };
        let bytes = bytes.get(offset..).and_then(|bytes| bytes.get(..length)).ok_or(error)?;
        plain_numbers(bytes)
            .ok_or_else(|| format_err!("numbers of {} bytes at 0x{offset:x} are not aligned", size_of::<N>()))
    }

    /// The size in pages.
    #[track_caller]
    pub fn size(&self, store: impl AsContext) -> u64 {
        store.as_context().0.vm.memory_size(self.0)
    }

    /// Bytes of a page: 65,536, or 1, as its type has it.
    ///
    /// ```
    /// # use gusset::core::{Memory, MemoryType};
    /// # use gusset::{Engine, Store};
    /// # let mut store = Store::new(&Engine::default(), ());
    /// let ty = MemoryType { minimum: 100, maximum: None, memory64: false, shared: false, page_size_log2: 0 };
    /// let memory = Memory::new(&mut store, ty)?;
    /// assert_eq!((memory.page_size(&store), memory.size(&store), memory.data(&store).len()), (1, 100, 100));
    /// # Ok::<(), gusset::Error>(())
    /// ```
    #[track_caller]
    pub fn page_size(&self, store: impl AsContext) -> u64 {
        1 << self.ty(store).page_size_log2
    }

    /// Grows the memory by a number of pages, zeroed; the size before, in pages.
    ///
    /// # Errors
    ///
    /// When it cannot grow by so much: beyond its maximum, beyond what it has [reserved](crate::Config::memory_reservation) (with
    /// addresses of 64 bits, [these](crate::Config::memory64_reservation)), or beyond what the [limiter](crate::Store::limiter) of the
    /// store allows. Its size is as before then.
    #[track_caller]
    pub fn grow(&self, mut store: impl AsContextMut, pages: u64) -> Result<u64> {
        let store = store.as_context_mut().0;
        let growth = store.memory_grow(self.0, pages)?;
        growth.for_host(|| format!("a memory of {} pages cannot grow by {pages}", store.vm.memory_size(self.0)))
    }

    pub(crate) fn from_handle(handle: MemoryHandle) -> Memory {
        Memory(handle)
    }

    pub(crate) fn handle(self, vm: &VmStore) -> Result<MemoryHandle> {
        if !self.0.belongs_to(vm.id()) {
            bail!("a memory of one store was used with another");
        }
        Ok(self.0)
    }
}

/// The host asked for bytes that are not in a memory: what [`Memory::read`] and [`Memory::write`] return.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct MemoryAccessError {
    /// Where the first byte was asked for.
    pub offset: usize,
    /// How many bytes were asked for.
    pub length: usize,
    /// How many bytes the memory has.
    pub size: usize,
}

impl fmt::Display for MemoryAccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let MemoryAccessError { offset, length, size } = self;
        write!(f, "{length} bytes at 0x{offset:x} are not all in a memory of {size} bytes")
    }
}

impl std::error::Error for MemoryAccessError {}
