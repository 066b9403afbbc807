//! Where instances are allocated: [`InstanceAllocationStrategy`], with the settings of pools and the error of an empty one.

use crate::component::Component;
use gusset_artifact::PlanModule;
use std::error::Error;
use std::fmt;

/// Where an engine's instances get their memories, tables and contexts from; for
/// [`Config::allocation_strategy`](crate::Config::allocation_strategy).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum InstanceAllocationStrategy {
    /// From the system, when they are needed. What the last stores had is kept for the next ones, as far as it costs
    /// little: address space of 256 memories, 16 MiB of memory, and 64 stacks of calls that wait.
    #[default]
    OnDemand,
    /// From a pool, which the engine reserves when it is made.
    Pooling(PoolingConfig),
}

impl From<PoolingConfig> for InstanceAllocationStrategy {
    fn from(config: PoolingConfig) -> Self {
        InstanceAllocationStrategy::Pooling(config)
    }
}

/// The settings of an engine's pool: how many instances can live at once, and how large they may be.
///
/// All address space is reserved when the engine is made, and memory is used as instances touch it. An instance for which
/// nothing is left is a [`PoolExhausted`]; one that does not fit is an error that names the setting. Dropping a store gives
/// back what its instances had, and the next instance finds nothing of it.
///
/// Memories and tables that the host itself makes (`core::Memory::new`, `core::Table::new`) are not from the pool.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// use gusset::core::{Instance, Module};
/// use gusset::{Config, Engine, PoolExhausted, PoolingConfig, Store};
///
/// let mut pool = PoolingConfig::new();
/// pool.total_memories(2).max_memory_size(1 << 20);
/// let engine = Engine::new(Config::new().allocation_strategy(pool))?;
/// let module = Module::new(&engine, "(module (memory 1))")?;
/// let mut store = Store::new(&engine, ());
/// Instance::new(&mut store, &module, &[])?;
/// Instance::new(&mut store, &module, &[])?;
/// let error = Instance::new(&mut store, &module, &[]).unwrap_err();
/// assert!(error.is::<PoolExhausted>());
/// assert!(format!("{error:#}").contains("all 2 memories of the pool are in use; PoolingConfig::total_memories"));
///
/// drop(store);
/// Instance::new(&mut Store::new(&engine, ()), &module, &[])?;
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PoolingConfig {
    pub(crate) total_core_instances: u32,
    pub(crate) total_memories: u32,
    pub(crate) total_tables: u32,
    pub(crate) total_stacks: u32,
    pub(crate) max_memory_size: u64,
    pub(crate) table_elements: u64,
    pub(crate) max_core_instance_size: usize,
    pub(crate) linear_memory_keep_resident: usize,
    pub(crate) table_keep_resident: usize,
    pub(crate) async_stack_keep_resident: usize,
    pub(crate) max_unused_warm_slots: u32,
}

impl PoolingConfig {
    /// The defaults: 1,000 core instances, memories, tables and stacks.
    pub fn new() -> PoolingConfig {
        PoolingConfig {
            total_core_instances: 1000,
            total_memories: 1000,
            total_tables: 1000,
            total_stacks: 1000,
            max_memory_size: 4 << 30,
            table_elements: 20_000,
            max_core_instance_size: 1 << 20,
            linear_memory_keep_resident: 1 << 20,
            table_keep_resident: 64 << 10,
            async_stack_keep_resident: 64 << 10,
            max_unused_warm_slots: 100,
        }
    }

    /// How many instances of core modules may live at once (default 1,000). A component has one for each of its modules,
    /// adapters among them. Those of modules that it instantiates once, exports none of and links with one another count as one, up to
    /// 256 KiB together, where [`max_core_instance_size`](PoolingConfig::max_core_instance_size) is that large.
    pub fn total_core_instances(&mut self, count: u32) -> &mut PoolingConfig {
        self.total_core_instances = count;
        self
    }

    /// How many memories of instances may live at once (default 1,000). Each takes the address space of
    /// [`Config::memory_reservation`](crate::Config::memory_reservation), or of [`max_memory_size`] if that is more, and of
    /// [`Config::memory_guard`](crate::Config::memory_guard).
    ///
    /// A component whose instances have handles, or flags that somebody asks for, has one memory more, for these.
    ///
    /// [`max_memory_size`]: PoolingConfig::max_memory_size
    pub fn total_memories(&mut self, count: u32) -> &mut PoolingConfig {
        self.total_memories = count;
        self
    }

    /// How many tables of instances may live at once (default 1,000).
    pub fn total_tables(&mut self, count: u32) -> &mut PoolingConfig {
        self.total_tables = count;
        self
    }

    /// How many guests may wait or run at once that were entered by a `call_async` (default 1,000): each has a stack of
    /// [`Config::async_stack_size`](crate::Config::async_stack_size), and another one for each such call within it. A call for which there is
    /// none is an error.
    pub fn total_stacks(&mut self, count: u32) -> &mut PoolingConfig {
        self.total_stacks = count;
        self
    }

    /// How large a memory may be, in bytes (default 4 GiB). One that starts larger is an error at instantiation, and
    /// `memory.grow` beyond it fails.
    pub fn max_memory_size(&mut self, bytes: u64) -> &mut PoolingConfig {
        self.max_memory_size = bytes;
        self
    }

    /// How many elements a table may have (default 20,000). One that starts larger is an error at instantiation, and
    /// `table.grow` beyond it fails. [`Config::max_table_elements`](crate::Config::max_table_elements) holds too.
    pub fn table_elements(&mut self, elements: u64) -> &mut PoolingConfig {
        self.table_elements = elements;
        self
    }

    /// How many bytes what the runtime itself keeps of a core instance may take (default 1 MiB): 16 to 24 for each import,
    /// global and function that can be referred to. Those of a component that count as one need as many as all of them do. Of one that is
    /// free, what was written stays in memory, up to 1 MiB.
    pub fn max_core_instance_size(&mut self, bytes: usize) -> &mut PoolingConfig {
        self.max_core_instance_size = bytes;
        self
    }

    /// How many bytes that were written stay in memory in each memory that is free (default 1 MiB), to be written again
    /// with what the next instance finds in them: that is faster than giving them back to the system and getting others.
    ///
    /// It takes a system that tells which pages have been written (Linux since 6.7); elsewhere everything is given back.
    pub fn linear_memory_keep_resident(&mut self, bytes: usize) -> &mut PoolingConfig {
        self.linear_memory_keep_resident = bytes;
        self
    }

    /// How many bytes of each free table stay in memory (default 64 KiB).
    pub fn table_keep_resident(&mut self, bytes: usize) -> &mut PoolingConfig {
        self.table_keep_resident = bytes;
        self
    }

    /// How many bytes of each free stack stay in memory (default 64 KiB), rounded up to whole pages.
    pub fn async_stack_keep_resident(&mut self, bytes: usize) -> &mut PoolingConfig {
        self.async_stack_keep_resident = bytes;
        self
    }

    /// How many free memories are kept as the last instance's module needs them, and keep what
    /// [`linear_memory_keep_resident`](PoolingConfig::linear_memory_keep_resident) says (default 100). Beyond these, those that
    /// have been free for longest are given back to the system, but for their address space.
    pub fn max_unused_warm_slots(&mut self, count: u32) -> &mut PoolingConfig {
        self.max_unused_warm_slots = count;
        self
    }
}

impl Default for PoolingConfig {
    fn default() -> PoolingConfig {
        PoolingConfig::new()
    }
}

/// What one instance of a component takes from a pool: [`Component::pool_demand`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct PoolDemand {
    /// Instances of core modules: of [`PoolingConfig::total_core_instances`].
    pub core_instances: u32,
    /// Memories, with that of its handles: of [`PoolingConfig::total_memories`].
    pub memories: u32,
    /// Tables: of [`PoolingConfig::total_tables`].
    pub tables: u32,
    /// How many elements the largest of these has at first: at most [`PoolingConfig::table_elements`].
    pub table_elements: u64,
}

impl Component {
    /// What each instance of it takes from a pool. Core modules that it imports are not known, and count as an instance each.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// use gusset::{Component, Engine};
    /// let demand = Component::new(&Engine::default(), r#"(component
    ///     (core module $m (memory 1) (table 7 funcref))
    ///     (core instance (instantiate $m))
    ///     (core instance (instantiate $m)))"#)?.pool_demand();
    /// assert_eq!((demand.core_instances, demand.memories, demand.tables, demand.table_elements), (2, 2, 2, 7));
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub fn pool_demand(&self) -> PoolDemand {
        let plan = self.plan();
        let mut demand = PoolDemand { memories: u32::from(plan.uses_state), ..PoolDemand::default() };
        for module in plan.core_instances.values() {
            demand.core_instances += 1;
            let PlanModule::Unit(index) = *module else { continue };
            let module = &self.code().image().modules[index].module;
            demand.memories += module.memories.len() as u32 - module.imported_memories;
            let tables = module.tables.values().skip(module.imported_tables as usize);
            demand.tables += tables.len() as u32;
            demand.table_elements = tables.map(|table| table.minimum).fold(demand.table_elements, u64::max);
        }
        demand
    }
}

/// What pools have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum PooledResource {
    /// Instances of core modules; [`PoolingConfig::total_core_instances`].
    CoreInstances,
    /// Memories; [`PoolingConfig::total_memories`].
    Memories,
    /// Tables; [`PoolingConfig::total_tables`].
    Tables,
    /// Stacks of calls that may wait; [`PoolingConfig::total_stacks`].
    Stacks,
}

impl fmt::Display for PooledResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PooledResource::CoreInstances => "core instances",
            PooledResource::Memories => "memories",
            PooledResource::Tables => "tables",
            PooledResource::Stacks => "stacks",
        })
    }
}

/// Nothing is left in a pool for another instance: the payload of the [`Error`](crate::Error). It goes on once a store has been dropped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PoolExhausted {
    pub(crate) resource: PooledResource,
    pub(crate) total: u32,
}

impl PoolExhausted {
    /// What nothing is left of.
    pub fn resource(&self) -> PooledResource {
        self.resource
    }

    /// How many of it the pool has.
    pub fn total(&self) -> u32 {
        self.total
    }
}

impl fmt::Display for PoolExhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PoolExhausted { resource, total } = self;
        let setting = match resource {
            PooledResource::CoreInstances => "total_core_instances",
            PooledResource::Memories => "total_memories",
            PooledResource::Tables => "total_tables",
            PooledResource::Stacks => "total_stacks",
        };
        write!(f, "all {total} {resource} of the pool are in use; PoolingConfig::{setting} says how many there are")
    }
}

impl Error for PoolExhausted {}
