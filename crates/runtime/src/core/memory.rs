//! [`Memory`]: a linear memory.

use crate::error::{Result, bail};
use crate::store::{AsContext, AsContextMut, StoreContext, StoreContextMut};
use crate::vm::{MemoryHandle, VmStore};
use gusset_artifact::MemoryType;

/// A linear memory of a store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Memory(MemoryHandle);

impl Memory {
    /// A memory of the host's, zeroed.
    ///
    /// # Errors
    ///
    /// When there is no room for it, or the type is not supported.
    pub fn new(mut store: impl AsContextMut, ty: MemoryType) -> Result<Memory> {
        Ok(Memory(store.as_context_mut().0.vm.new_memory(ty)?))
    }

    /// The type, with the present size as the minimum.
    ///
    /// # Panics
    ///
    /// Like all methods here: when the memory is of another store.
    pub fn ty(&self, store: impl AsContext) -> MemoryType {
        store.as_context().0.vm.memory_type(self.0)
    }

    /// The bytes.
    pub fn data<'a, T: 'static>(&self, store: impl Into<StoreContext<'a, T>>) -> &'a [u8] {
        store.into().0.vm.memory(self.0)
    }

    /// The bytes.
    pub fn data_mut<'a, T: 'static>(&self, store: impl Into<StoreContextMut<'a, T>>) -> &'a mut [u8] {
        store.into().0.vm.memory_mut(self.0)
    }

    /// The size in pages.
    pub fn size(&self, store: impl AsContext) -> u64 {
        store.as_context().0.vm.memory_size(self.0)
    }

    /// Grows the memory by a number of pages; the size before.
    ///
    /// # Errors
    ///
    /// When it cannot grow by so much.
    pub fn grow(&self, mut store: impl AsContextMut, pages: u64) -> Result<u64> {
        let vm = &mut store.as_context_mut().0.vm;
        match vm.memory_grow(self.0, pages) {
            Some(old) => Ok(old),
            None => bail!("a memory of {} pages cannot grow by {pages}", vm.memory_size(self.0)),
        }
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
