//! [`InstanceAllocator`]: where the memories, tables and contexts of an engine's instances come from. Whatever it gives out
//! goes back by being dropped, so that nothing is lost when an instance fails halfway.

use super::context::Context;
use super::memory::LinearMemory;
use super::table::TableStorage;
use crate::config::Config;
use crate::error::Result;
use gusset_artifact::{MemoryType, TableType};

/// What an engine's instances are allocated from.
pub(crate) struct InstanceAllocator {
    memory_reservation: u64,
    memory_guard: u64,
    max_table_elements: u64,
}

impl InstanceAllocator {
    pub(crate) fn new(config: &Config) -> Result<InstanceAllocator> {
        let &Config { memory_reservation, memory_guard, max_table_elements, .. } = config;
        Ok(InstanceAllocator { memory_reservation, memory_guard, max_table_elements })
    }

    /// A memory of an instance.
    ///
    /// # Errors
    ///
    /// When there is no room for it, or its type is not supported.
    pub(super) fn memory(&self, ty: MemoryType) -> Result<LinearMemory> {
        self.host_memory(ty)
    }

    /// A memory that the host makes.
    ///
    /// # Errors
    ///
    /// When there is no room for it, or its type is not supported.
    pub(super) fn host_memory(&self, ty: MemoryType) -> Result<LinearMemory> {
        LinearMemory::new(self.memory_reservation, self.memory_guard, ty)
    }

    /// A table of an instance that holds `value` everywhere.
    ///
    /// # Errors
    ///
    /// When there is no room for it.
    pub(super) fn table(&self, ty: TableType, value: u64) -> Result<TableStorage> {
        self.host_table(ty, value)
    }

    /// A table that the host makes.
    ///
    /// # Errors
    ///
    /// When there is no room for it.
    pub(super) fn host_table(&self, ty: TableType, value: u64) -> Result<TableStorage> {
        TableStorage::new(self.max_table_elements, ty, value)
    }

    /// The context of an instance: zeroed words. Contexts of host functions and of what the host defines are the store's own.
    ///
    /// # Errors
    ///
    /// When there is no room for it.
    pub(super) fn context(&self, bytes: u32) -> Result<Context> {
        Ok(Context::new(bytes))
    }
}
