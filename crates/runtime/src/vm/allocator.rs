//! [`InstanceAllocator`]: where the memories, tables and contexts of an engine's instances come from, and the stacks of its fibers. Whatever it gives out
//! goes back by being dropped, so that nothing is lost when an instance fails halfway.

use super::context::{Context, JointContexts};
use super::memory::LinearMemory;
use super::memory_image::InitialContents;
use super::memory_pool::{MemoryLayout, MemoryPool};
use super::slot_pool::SlotPool;
use super::stack_pool::{PooledStack, StackPool};
use super::table::TableStorage;
use crate::config::Config;
use crate::error::{Result, bail, format_err};
use crate::pooling::{InstanceAllocationStrategy, PooledResource, PoolingConfig};
use gusset_artifact::{MemoryType, TableType};
use std::sync::Arc;

/// What an engine's instances are allocated from.
pub(crate) struct InstanceAllocator {
    memories: Arc<MemoryPool>,
    /// Of what the host makes.
    host_memories: Arc<MemoryPool>,
    max_table_elements: u64,
    slots: Option<PooledSlots>,
    stacks: Arc<StackPool>,
}

/// What a pool has beside memories.
struct PooledSlots {
    tables: Arc<SlotPool>,
    table_elements: u64,
    contexts: Arc<SlotPool>,
    max_core_instance_size: usize,
}

/// Bytes of each free context that stay in memory. To give some back to the system and get others costs much more than clearing them,
/// and most of all where other threads run, which hear of it.
const CONTEXT_KEPT: usize = 1 << 20;

impl InstanceAllocator {
    /// # Errors
    ///
    /// When there is no room for the pool that the settings ask for.
    pub(crate) fn new(config: &Config) -> Result<InstanceAllocator> {
        let &Config { memory_reservation, memory64_reservation, memory_guard, max_table_elements, .. } = config;
        let layout = MemoryLayout {
            reservation: memory_reservation,
            reservation64: memory64_reservation,
            guard: memory_guard,
            map_images: config.memory_init_cow,
        };
        let host_memories = Arc::new(MemoryPool::on_demand(layout));
        let (memories, slots) = match &config.allocation_strategy {
            InstanceAllocationStrategy::OnDemand => (host_memories.clone(), None),
            InstanceAllocationStrategy::Pooling(pool) => {
                (Arc::new(MemoryPool::pooled(pool, layout)?), Some(PooledSlots::new(pool)?))
            }
        };
        let stacks = Arc::new(StackPool::new(config)?);
        Ok(InstanceAllocator { memories, host_memories, max_table_elements, slots, stacks })
    }

    /// A stack for a fiber.
    ///
    /// # Errors
    ///
    /// When there is none left.
    pub(super) fn stack(&self) -> Result<PooledStack> {
        self.stacks.take()
    }

    /// A memory of an instance, with what it holds at first, or zeros.
    ///
    /// # Errors
    ///
    /// When there is no room for it, or its type is not supported.
    pub(super) fn memory(&self, ty: MemoryType, contents: Option<InitialContents<'_>>) -> Result<LinearMemory> {
        LinearMemory::new(&self.memories, ty, contents)
    }

    /// A memory that the host makes.
    ///
    /// # Errors
    ///
    /// When there is no room for it, or its type is not supported.
    pub(super) fn host_memory(&self, ty: MemoryType) -> Result<LinearMemory> {
        LinearMemory::new(&self.host_memories, ty, None)
    }

    /// Whether the engine's guests may define shared memories.
    ///
    /// # Errors
    ///
    /// Where there is a pool, beyond which guests are to have nothing.
    pub(super) fn check_shared_memories_of_guests(&self) -> Result<()> {
        match self.slots {
            Some(_) => bail!(
                "not supported: a shared memory that a module defines, where instances are made from a pool; one that the host makes \
                 (SharedMemory::new) can be imported"
            ),
            None => Ok(()),
        }
    }

    /// A memory that several stores have, with what it holds at first, or zeros. It is none of a pool's: it may outlive those who have it.
    ///
    /// # Errors
    ///
    /// When there is no room for all that it may become, or its type cannot be.
    pub(super) fn shared_memory(&self, ty: MemoryType, contents: Option<InitialContents<'_>>) -> Result<LinearMemory> {
        LinearMemory::new(&self.host_memories, ty, contents)
    }

    /// A table of an instance that holds `value` everywhere.
    ///
    /// # Errors
    ///
    /// When there is no room for it.
    pub(super) fn table(&self, ty: TableType, value: u64) -> Result<TableStorage> {
        let Some(PooledSlots { tables, table_elements, .. }) = &self.slots else { return self.host_table(ty, value) };
        if ty.minimum > *table_elements {
            bail!(
                "a table of {} elements is larger than those of the pool: {table_elements} elements \
                 (PoolingConfig::table_elements)",
                ty.minimum
            );
        }
        TableStorage::new(self.max_table_elements.min(*table_elements), ty, value, Some(tables.take()?))
    }

    /// A table that the host makes.
    ///
    /// # Errors
    ///
    /// When there is no room for it.
    pub(super) fn host_table(&self, ty: TableType, value: u64) -> Result<TableStorage> {
        TableStorage::new(self.max_table_elements, ty, value, None)
    }

    /// The context of an instance: zeroed words. Contexts of host functions and of what the host defines are the store's own.
    ///
    /// # Errors
    ///
    /// When there is no room for it.
    pub(super) fn context(&self, bytes: u32) -> Result<Context> {
        self.context_of("a core instance", bytes)
    }

    /// The contexts of a component instance whose distances its code knows.
    ///
    /// # Errors
    ///
    /// When there is no room for them.
    pub(super) fn joint_contexts(&self, bytes: u32) -> Result<JointContexts> {
        self.context_of("a group of core instances of a component", bytes).map(JointContexts::new)
    }

    fn context_of(&self, whose: &str, bytes: u32) -> Result<Context> {
        let Some(PooledSlots { contexts, max_core_instance_size, .. }) = &self.slots else {
            return Ok(Context::new(bytes));
        };
        let fits = bytes as usize <= *max_core_instance_size;
        let context = if fits { Context::in_pool(bytes, contexts.take()?) } else { None };
        context.ok_or_else(|| {
            format_err!(
                "{whose} of {bytes} bytes is larger than those of the pool: {max_core_instance_size} bytes \
                 (PoolingConfig::max_core_instance_size)"
            )
        })
    }
}

impl PooledSlots {
    fn new(config: &PoolingConfig) -> Result<PooledSlots> {
        let &PoolingConfig { total_tables, table_elements, total_core_instances, max_core_instance_size, .. } = config;
        let table = table_elements.saturating_mul(size_of::<u64>() as u64);
        let tables = SlotPool::new(PooledResource::Tables, total_tables, table, config.table_keep_resident)?;
        let context = max_core_instance_size as u64;
        let contexts = SlotPool::new(PooledResource::CoreInstances, total_core_instances, context, CONTEXT_KEPT)?;
        let (tables, contexts) = (Arc::new(tables), Arc::new(contexts));
        Ok(PooledSlots { tables, table_elements, contexts, max_core_instance_size })
    }
}
