//! [`ResourceLimiter`]: how large a host lets the guests of a store become, with [`StoreLimits`] for hosts that only have numbers. The
//! store asks before it makes or grows anything; what it asks about, and when, stands in `vm/limits.rs`.

use crate::error::{Error, Result};
use std::fmt;

/// How many instances, memories or tables a store may have whose limiter does not say.
const DEFAULT_COUNT: usize = 10_000;

/// Decides what the guests of a store may have of linear memories, tables and instances: [`Store::limiter`](crate::Store::limiter)
/// makes a store ask one.
///
/// It is asked before a memory or table is made or grows, whoever asks for that: a guest's `memory.grow`, a `realloc` that an adapter or
/// the host calls, the host itself. It is part of the host's data, and cannot reach the store. What Gusset adds on its own to what
/// components say, adapters and the tables of their handles, it is not asked about: [`Config::max_host_bytes`](crate::Config::max_host_bytes)
/// bounds that.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// use gusset::core::{Instance, Module};
/// use gusset::{Engine, ResourceLimiter, Result, Store};
///
/// /// Lets the guests of a store have what the host has to spare. What they have is counted once, by the store.
/// struct Spare {
///     left: u64,
///     taken: u64,
/// }
///
/// impl ResourceLimiter for Spare {
///     fn memory_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool> {
///         Ok(true)
///     }
///     fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> Result<bool> {
///         Ok(desired <= 1000)
///     }
///     fn total_growing(&mut self, current: u64, desired: u64) -> Result<bool> {
///         // What was allowed before and did not come about is not in `current`.
///         let spare = self.left + self.taken - current;
///         let Some(left) = spare.checked_sub(desired - current) else { return Ok(false) };
///         (self.left, self.taken) = (left, desired);
///         Ok(true)
///     }
/// }
///
/// let engine = Engine::default();
/// let module = Module::new(&engine, r#"(module
///     (memory 1) (func (export "grow") (result i32) (memory.grow (i32.const 1))))"#)?;
/// let mut store = Store::new(&engine, Spare { left: 2 << 16, taken: 0 });
/// store.limiter(|spare| spare);
/// let instance = Instance::new(&mut store, &module, &[])?;
/// let grow = instance.get_typed_func::<(), i32>(&mut store, "grow")?;
/// assert_eq!((grow.call(&mut store, ())?, grow.call(&mut store, ())?), (1, -1));
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
pub trait ResourceLimiter {
    /// Whether a linear memory may grow from `current` to `desired` bytes, or be made with so many (from 0). `maximum` is what its type
    /// says; the memory cannot grow beyond that whatever is returned here, nor beyond what it has
    /// [reserved](crate::Config::memory_reservation).
    ///
    /// With `Ok(false)`, `memory.grow` returns -1, and what the host asked for is an error.
    ///
    /// # Errors
    ///
    /// An error stops the guest, and its caller gets it as it was.
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool>;

    /// A memory that may grow did not: there is no memory left, it is beyond its maximum, or
    /// [`total_growing`](ResourceLimiter::total_growing) did not allow it. It is told once, too, for each memory that may have been made
    /// and was not, since the instance that was to have it could not be made, or went with a component that could not.
    ///
    /// # Errors
    ///
    /// An error stops the guest. Where nothing was made, it changes nothing: the host gets the error that there was before.
    fn memory_grow_failed(&mut self, error: Error) -> Result<()> {
        drop(error);
        Ok(())
    }

    /// Whether a table may grow from `current` to `desired` elements, or be made with so many (from 0); otherwise as
    /// [`memory_growing`](ResourceLimiter::memory_growing).
    ///
    /// # Errors
    ///
    /// An error stops the guest, and its caller gets it as it was.
    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool>;

    /// A table that may grow did not, or was not made; otherwise as [`memory_grow_failed`](ResourceLimiter::memory_grow_failed).
    ///
    /// # Errors
    ///
    /// An error stops the guest.
    fn table_grow_failed(&mut self, error: Error) -> Result<()> {
        drop(error);
        Ok(())
    }

    /// Whether all memories and tables of the store together may grow from `current` to `desired` bytes. It is asked after the memory or
    /// table by itself may; the store counts, so that nothing is to be given back here: what was allowed and then not made, or given
    /// back because a component failed, is not in the next `current`. So it is here that an account is kept.
    ///
    /// # Errors
    ///
    /// An error stops the guest, and its caller gets it as it was.
    fn total_growing(&mut self, current: u64, desired: u64) -> Result<bool> {
        let _ = (current, desired);
        Ok(true)
    }

    /// How many core instances the store may have (10,000): those of modules, by themselves and within components.
    fn instances(&self) -> usize {
        DEFAULT_COUNT
    }

    /// How many linear memories the store may have (10,000).
    fn memories(&self) -> usize {
        DEFAULT_COUNT
    }

    /// How many tables the store may have (10,000).
    fn tables(&self) -> usize {
        DEFAULT_COUNT
    }

    /// The largest number that is allowed of something, for the error that says that there should be more; `None` if there is no such
    /// number.
    fn limit_of(&self, kind: LimitKind) -> Option<u64> {
        let _ = kind;
        None
    }
}

/// What of a store has a limit; see [`LimitExceeded`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum LimitKind {
    /// The bytes of one linear memory.
    MemoryBytes,
    /// The elements of one table.
    TableElements,
    /// The bytes of all memories and tables.
    TotalBytes,
    /// Core instances.
    Instances,
    /// Linear memories.
    Memories,
    /// Tables.
    Tables,
    /// Bytes that the runtime itself keeps for guests.
    HostBytes,
}

/// A store was to become larger than its limits allow. The payload of the [`Error`] with which an instance is not made, the host's own
/// growth fails, or a guest is stopped.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// use gusset::core::{Instance, Module};
/// use gusset::{Engine, LimitExceeded, LimitKind, Store, StoreLimits, StoreLimitsBuilder};
/// let engine = Engine::default();
/// let mut store = Store::new(&engine, StoreLimitsBuilder::new().memory_size(1 << 16).build());
/// store.limiter(|limits: &mut StoreLimits| limits);
/// let error = Instance::new(&mut store, &Module::new(&engine, "(module (memory 2))")?, &[]).unwrap_err();
/// let exceeded = error.downcast_ref::<LimitExceeded>().expect("it has 128 KiB");
/// assert_eq!((exceeded.kind, exceeded.asked, exceeded.limit), (LimitKind::MemoryBytes, 131072, Some(65536)));
/// assert_eq!(exceeded.to_string(), "a memory of 131072 bytes: the limit is 65536");
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct LimitExceeded {
    /// What was to be more than it may be.
    pub kind: LimitKind,
    /// How much there would have been.
    pub asked: u64,
    /// How much there may be, if the limiter says so.
    pub limit: Option<u64>,
}

impl LimitExceeded {
    pub(crate) fn new(kind: LimitKind, asked: u64, limit: Option<u64>) -> LimitExceeded {
        LimitExceeded { kind, asked, limit }
    }
}

impl fmt::Display for LimitExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let asked = self.asked;
        match self.kind {
            LimitKind::MemoryBytes => write!(f, "a memory of {asked} bytes"),
            LimitKind::TableElements => write!(f, "a table of {asked} elements"),
            LimitKind::TotalBytes => write!(f, "memories and tables of {asked} bytes in all"),
            LimitKind::Instances => write!(f, "{asked} core instances"),
            LimitKind::Memories => write!(f, "{asked} memories"),
            LimitKind::Tables => write!(f, "{asked} tables"),
            LimitKind::HostBytes => write!(f, "{asked} bytes of the host for the guests of a store"),
        }?;
        match self.limit {
            Some(limit) => write!(f, ": the limit is {limit}"),
            None => f.write_str(": the host's limiter does not allow it"),
        }
    }
}

impl std::error::Error for LimitExceeded {}

/// A [`ResourceLimiter`] with a number for each limit. [`StoreLimitsBuilder`] makes it; by default nothing but the counts has one.
#[derive(Clone, Debug)]
pub struct StoreLimits {
    memory_size: Option<usize>,
    table_elements: Option<usize>,
    total_memory: Option<u64>,
    instances: usize,
    memories: usize,
    tables: usize,
    trap_on_grow_failure: bool,
}

impl Default for StoreLimits {
    fn default() -> StoreLimits {
        StoreLimits {
            memory_size: None,
            table_elements: None,
            total_memory: None,
            instances: DEFAULT_COUNT,
            memories: DEFAULT_COUNT,
            tables: DEFAULT_COUNT,
            trap_on_grow_failure: false,
        }
    }
}

/// Makes [`StoreLimits`].
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// use gusset::{Engine, Store, StoreLimits, StoreLimitsBuilder};
/// struct Request {
///     user: String,
///     limits: StoreLimits,
/// }
/// let limits = StoreLimitsBuilder::new().memory_size(64 << 20).total_memory(256 << 20).instances(100).build();
/// let mut store = Store::new(&Engine::default(), Request { user: "me".into(), limits });
/// store.limiter(|request| &mut request.limits);
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct StoreLimitsBuilder(StoreLimits);

impl StoreLimitsBuilder {
    /// The limits of [`StoreLimits::default`].
    pub fn new() -> StoreLimitsBuilder {
        StoreLimitsBuilder::default()
    }

    /// The largest linear memory, in bytes (default: any).
    #[must_use]
    pub fn memory_size(mut self, bytes: usize) -> Self {
        self.0.memory_size = Some(bytes);
        self
    }

    /// The largest table, in elements (default: any, as far as [`Config::max_table_elements`](crate::Config::max_table_elements) goes).
    #[must_use]
    pub fn table_elements(mut self, elements: usize) -> Self {
        self.0.table_elements = Some(elements);
        self
    }

    /// The bytes of all memories and tables together (default: any number).
    #[must_use]
    pub fn total_memory(mut self, bytes: u64) -> Self {
        self.0.total_memory = Some(bytes);
        self
    }

    /// The number of core instances (default 10,000).
    #[must_use]
    pub fn instances(mut self, count: usize) -> Self {
        self.0.instances = count;
        self
    }

    /// The number of linear memories (default 10,000).
    #[must_use]
    pub fn memories(mut self, count: usize) -> Self {
        self.0.memories = count;
        self
    }

    /// The number of tables (default 10,000).
    #[must_use]
    pub fn tables(mut self, count: usize) -> Self {
        self.0.tables = count;
        self
    }

    /// Whether growth that fails stops the guest, with a [`LimitExceeded`] where a limit here was met, in place of the -1 that the
    /// specification has (default: no).
    #[must_use]
    pub fn trap_on_grow_failure(mut self, trap: bool) -> Self {
        self.0.trap_on_grow_failure = trap;
        self
    }

    /// The limits.
    pub fn build(self) -> StoreLimits {
        self.0
    }
}

impl StoreLimits {
    /// Whether `desired` is within the limit of its kind. What is beyond a maximum of its own fails anyway.
    fn allows(&self, kind: LimitKind, desired: u64) -> Result<bool> {
        match self.limit_of(kind).filter(|&limit| desired > limit) {
            Some(limit) if self.trap_on_grow_failure => Err(LimitExceeded::new(kind, desired, Some(limit)).into()),
            Some(_) => Ok(false),
            None => Ok(true),
        }
    }

    fn failed(&self, error: Error) -> Result<()> {
        if self.trap_on_grow_failure { Err(error) } else { Ok(()) }
    }
}

impl ResourceLimiter for StoreLimits {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        self.allows(LimitKind::MemoryBytes, desired as u64)
    }

    fn memory_grow_failed(&mut self, error: Error) -> Result<()> {
        self.failed(error)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        self.allows(LimitKind::TableElements, desired as u64)
    }

    fn table_grow_failed(&mut self, error: Error) -> Result<()> {
        self.failed(error)
    }

    fn total_growing(&mut self, _: u64, desired: u64) -> Result<bool> {
        self.allows(LimitKind::TotalBytes, desired)
    }

    fn instances(&self) -> usize {
        self.instances
    }

    fn memories(&self) -> usize {
        self.memories
    }

    fn tables(&self) -> usize {
        self.tables
    }

    fn limit_of(&self, kind: LimitKind) -> Option<u64> {
        match kind {
            LimitKind::MemoryBytes => self.memory_size.map(|bytes| bytes as u64),
            LimitKind::TableElements => self.table_elements.map(|elements| elements as u64),
            LimitKind::TotalBytes => self.total_memory,
            LimitKind::Instances | LimitKind::Memories | LimitKind::Tables | LimitKind::HostBytes => None,
        }
    }
}
