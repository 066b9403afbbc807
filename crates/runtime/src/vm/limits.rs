//! Where the limits of a store stand: what an instance will have is asked about before anything of it is made, and growth before it
//! happens, so that whatever meets a limit leaves the store as it was.

use super::allocator::InstanceAllocator;
use super::budget::HostBudget;
use super::handle::{MemoryHandle, TableHandle};
use super::instance::InstanceRecord;
use super::raw_value::RawValue;
use super::store::VmStore;
use super::table::TableStorage;
use crate::erased_store::ErasedStore;
use crate::error::{Error, Result, format_err};
use crate::limits::{LimitExceeded, LimitKind, ResourceLimiter};
use crate::store::StoreInner;
use gusset_artifact::{MemoryType, ModuleImage, TableType};
use std::sync::Arc;

/// The limiter of a store, if it has one.
pub(crate) type Limiter<'a> = Option<&'a mut dyn ResourceLimiter>;

/// What a store has of what its limiter is asked about.
#[derive(Clone, Default)]
pub(super) struct LimitedTotals {
    instances: usize,
    memories: usize,
    tables: usize,
    /// Of memories and tables.
    bytes: u64,
}

/// What is to be made.
#[derive(Default)]
pub(crate) struct WantedItems {
    instances: usize,
    memories: Vec<MemoryType>,
    tables: Vec<TableType>,
}

/// What became of a wish to grow.
pub(crate) enum Growth {
    /// The size before.
    Grown(u64),
    /// It is as it was; by which limit, if it was a limit of the store's.
    Refused(Option<LimitExceeded>),
}

impl Growth {
    /// What a guest is told whose wish was refused.
    pub(super) const REFUSED: u64 = u64::MAX;

    fn of(grown: Option<u64>) -> Growth {
        grown.map_or(Growth::Refused(None), Growth::Grown)
    }

    /// What a guest is told.
    pub(super) fn for_guest(self) -> u64 {
        match self {
            Growth::Grown(before) => before,
            Growth::Refused(_) => Growth::REFUSED,
        }
    }

    /// What the host is told; `failed` says what could not be done.
    pub(crate) fn for_host(self, failed: impl FnOnce() -> String) -> Result<u64> {
        match self {
            Growth::Grown(before) => Ok(before),
            Growth::Refused(Some(exceeded)) => Err(Error::new(exceeded).context(failed())),
            Growth::Refused(None) => Err(Error::msg(failed())),
        }
    }
}

impl WantedItems {
    /// How many instances, memories and tables an instance of a module is.
    pub(crate) fn counts(image: &ModuleImage) -> [usize; 3] {
        let module = &image.module;
        let memories = module.memories.len() - module.imported_memories as usize;
        [1, memories, module.tables.len() - module.imported_tables as usize]
    }

    /// What an instance of a module will have of its own.
    fn of_module(image: &ModuleImage) -> WantedItems {
        let module = &image.module;
        WantedItems {
            instances: 1,
            memories: module.memories.values().skip(module.imported_memories as usize).copied().collect(),
            tables: module.tables.values().skip(module.imported_tables as usize).copied().collect(),
        }
    }
}

fn bytes_of_memory(ty: &MemoryType, pages: u64) -> usize {
    let bytes = pages.checked_mul(1 << ty.page_size_log2);
    bytes.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(usize::MAX)
}

fn bytes_of_table(ty: &TableType, elements: u64) -> u64 {
    elements.saturating_mul(if ty.element.heap.is_func() { 8 } else { 4 })
}

fn elements(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// What the runtime keeps for an instance of a module: its context, its record, and where its tables, memories, globals and tags stand.
pub(super) fn bytes_of_instance(image: &ModuleImage) -> u64 {
    let module = &image.module;
    let items = module.tables.len() + module.memories.len() + module.globals.len() + module.tags.len();
    size_of::<InstanceRecord>() as u64 + u64::from(image.layout.size()) + 4 * items as u64
}

/// The error for what the limiter does not allow.
fn refused(limiter: &dyn ResourceLimiter, kind: LimitKind, asked: u64) -> LimitExceeded {
    LimitExceeded::new(kind, asked, limiter.limit_of(kind))
}

/// Tells a limiter that so many memories and tables that it has allowed are not made, or are gone with the instance that was to have them.
/// What it says to that changes nothing: there is an error already.
fn tell_not_made(limiter: &mut dyn ResourceLimiter, memories: usize, tables: usize, error: &Error) {
    let not_made = |what| format_err!("a {what} was not made: {error:#}");
    for _ in 0..memories {
        let _ = limiter.memory_grow_failed(not_made("memory"));
    }
    for _ in 0..tables {
        let _ = limiter.table_grow_failed(not_made("table"));
    }
}

impl VmStore {
    /// What the runtime keeps for guests is counted there.
    pub(crate) fn budget(&self) -> &Arc<HostBudget> {
        &self.budget
    }

    /// A memory of so many bytes has been made.
    pub(super) fn count_memory(&mut self, bytes: u64) {
        self.totals.memories += 1;
        self.totals.bytes = self.totals.bytes.saturating_add(bytes);
    }

    /// An instance that was admitted has not been made.
    pub(super) fn discount_instance(&mut self) {
        self.totals.instances -= 1;
    }

    /// A table has been made.
    pub(super) fn count_table(&mut self, ty: &TableType) {
        self.totals.tables += 1;
        self.totals.bytes = self.totals.bytes.saturating_add(bytes_of_table(ty, ty.minimum));
    }

    /// Has a table made whose elements are charged.
    ///
    /// # Errors
    ///
    /// When there is no room for it.
    pub(super) fn charged_table(
        &self,
        ty: &TableType,
        make: impl FnOnce(&InstanceAllocator) -> Result<TableStorage>,
    ) -> Result<TableStorage> {
        let bytes = bytes_of_table(ty, ty.minimum.min(self.engine().config().max_table_elements));
        self.budget.charge(bytes)?;
        make(self.engine().allocator()).inspect_err(|_| self.budget.release(bytes))
    }

    /// Checks that so many more may be made, whatever their sizes.
    ///
    /// # Errors
    ///
    /// A [`LimitExceeded`].
    pub(crate) fn check_counts(
        &self,
        [instances, memories, tables]: [usize; 3],
        limiter: &dyn ResourceLimiter,
    ) -> Result<()> {
        let totals = &self.totals;
        for (kind, have, more, most) in [
            (LimitKind::Instances, totals.instances, instances, limiter.instances()),
            (LimitKind::Memories, totals.memories, memories, limiter.memories()),
            (LimitKind::Tables, totals.tables, tables, limiter.tables()),
        ] {
            let asked = have.saturating_add(more);
            if more != 0 && asked > most {
                return Err(LimitExceeded::new(kind, asked as u64, Some(most as u64)).into());
            }
        }
        Ok(())
    }

    /// Asks whether `wanted` may be made. Only the instances are counted by this; memories and tables are as they are made.
    ///
    /// # Errors
    ///
    /// A [`LimitExceeded`], or what the limiter fails with. What it has allowed until then, it is told, is not made.
    fn admit(&mut self, wanted: &WantedItems, limiter: Limiter<'_>) -> Result<()> {
        if let Some(limiter) = limiter {
            let (mut memories, mut tables) = (0, 0);
            self.ask(wanted, limiter, &mut memories, &mut tables)
                .inspect_err(|error| tell_not_made(limiter, memories, tables, error))?;
        }
        self.totals.instances += wanted.instances;
        Ok(())
    }

    /// The same, without counting. `memories` and `tables` say how many of these the limiter has allowed.
    fn ask(
        &self,
        wanted: &WantedItems,
        limiter: &mut dyn ResourceLimiter,
        memories: &mut usize,
        tables: &mut usize,
    ) -> Result<()> {
        self.check_counts([wanted.instances, wanted.memories.len(), wanted.tables.len()], limiter)?;
        let mut total = self.totals.bytes;
        let mut admit_total = |limiter: &mut dyn ResourceLimiter, more: u64| -> Result<()> {
            let desired = total.saturating_add(more);
            let allowed = limiter.total_growing(total, desired)?;
            total = desired;
            if allowed { Ok(()) } else { Err(refused(limiter, LimitKind::TotalBytes, desired).into()) }
        };
        for ty in &wanted.memories {
            let desired = bytes_of_memory(ty, ty.minimum);
            if !limiter.memory_growing(0, desired, ty.maximum.map(|pages| bytes_of_memory(ty, pages)))? {
                return Err(refused(limiter, LimitKind::MemoryBytes, desired as u64).into());
            }
            *memories += 1;
            admit_total(limiter, desired as u64)?;
        }
        for ty in &wanted.tables {
            if !limiter.table_growing(0, elements(ty.minimum), ty.maximum.map(elements))? {
                return Err(refused(limiter, LimitKind::TableElements, ty.minimum).into());
            }
            *tables += 1;
            admit_total(limiter, bytes_of_table(ty, ty.minimum))?;
        }
        Ok(())
    }

    /// Grows a memory, if the limiter lets it.
    ///
    /// # Errors
    ///
    /// What the limiter fails with, which stops a guest; a [`LimitExceeded`] where the memory is the runtime's own.
    pub(super) fn grow_memory_within(&mut self, number: usize, pages: u64, limiter: Limiter<'_>) -> Result<Growth> {
        let record = &self.memories[number];
        let ty = record.memory.declared_type();
        let current = record.memory.length();
        // A shared one may grow meanwhile.
        let desired = bytes_of_memory(&ty, (current as u64 >> ty.page_size_log2).saturating_add(pages));
        let more = (desired - current) as u64;
        if record.of_runtime {
            self.budget.charge(more)?;
            let grown = self.grow_memory(number, pages);
            if grown.is_none() {
                self.budget.release(more);
            }
            return Ok(Growth::of(grown));
        }
        if let Some(limiter) = limiter.filter(|_| pages != 0) {
            return self.grow_memory_as_allowed(number, pages, limiter);
        }
        let grown = self.grow_memory(number, pages);
        if grown.is_some() {
            self.totals.bytes += more;
        }
        Ok(Growth::of(grown))
    }

    /// Asks the limiter, and again where another thread has grown a shared memory since: it speaks of how large the memory becomes.
    fn grow_memory_as_allowed(
        &mut self,
        number: usize,
        pages: u64,
        limiter: &mut dyn ResourceLimiter,
    ) -> Result<Growth> {
        loop {
            let record = &self.memories[number];
            let (ty, current) = (record.memory.declared_type(), record.memory.length());
            let desired = bytes_of_memory(&ty, (current as u64 >> ty.page_size_log2).saturating_add(pages));
            let more = (desired - current) as u64;
            let maximum = ty.maximum.map(|pages| bytes_of_memory(&ty, pages));
            if !limiter.memory_growing(current, desired, maximum)? {
                return Ok(Growth::Refused(Some(refused(limiter, LimitKind::MemoryBytes, desired as u64))));
            }
            if let Some(exceeded) = self.total_exceeded(more, limiter)? {
                limiter.memory_grow_failed(exceeded.clone().into())?;
                return Ok(Growth::Refused(Some(exceeded)));
            }
            let Ok(grown) = self.grow_memory_from(number, current, pages) else { continue };
            match grown {
                Some(_) => self.totals.bytes += more,
                None => limiter
                    .memory_grow_failed(format_err!("a memory of {current} bytes cannot grow to {desired} bytes"))?,
            }
            return Ok(Growth::of(grown));
        }
    }

    /// Grows a memory that is the runtime's own: what it takes is the host's. Whether it could.
    ///
    /// # Errors
    ///
    /// A [`LimitExceeded`].
    #[track_caller]
    pub(crate) fn grow_runtime_memory(&mut self, memory: MemoryHandle, pages: u64) -> Result<bool> {
        let growth = self.grow_memory_within(memory.index(self.id()), pages, None)?;
        Ok(matches!(growth, Growth::Grown(_)))
    }

    /// Whether null is an element of the type of a table.
    pub(super) fn is_nullable(&self, table: usize) -> bool {
        self.tables[table].table.declared_type().element.nullable
    }

    /// Grows a table, if the limiter lets it. `value` is of its type.
    ///
    /// # Errors
    ///
    /// What the limiter fails with, which stops a guest.
    pub(super) fn grow_table_within(
        &mut self,
        number: usize,
        count: u64,
        value: u64,
        limiter: Limiter<'_>,
    ) -> Result<Growth> {
        let table = &self.tables[number].table;
        let (ty, current) = (table.declared_type(), table.len());
        let desired = elements((current as u64).saturating_add(count));
        let more = bytes_of_table(&ty, (desired - current) as u64);
        let mut limiter = limiter.filter(|_| count != 0);
        if let Some(limiter) = &mut limiter {
            if !limiter.table_growing(current, desired, ty.maximum.map(elements))? {
                return Ok(Growth::Refused(Some(refused(*limiter, LimitKind::TableElements, desired as u64))));
            }
            if let Some(exceeded) = self.total_exceeded(more, *limiter)? {
                limiter.table_grow_failed(exceeded.clone().into())?;
                return Ok(Growth::Refused(Some(exceeded)));
            }
        }
        let grown = match self.budget.charge(more) {
            Ok(()) => self.grow_table(number, count, value).ok_or(None),
            Err(exceeded) => Err(Some(exceeded)),
        };
        match grown {
            Ok(before) => {
                self.totals.bytes += more;
                Ok(Growth::Grown(before))
            }
            Err(exceeded) => {
                if exceeded.is_none() {
                    self.budget.release(more);
                }
                if let Some(limiter) = limiter {
                    let failed = || format_err!("a table of {current} elements cannot grow to {desired} elements");
                    limiter.table_grow_failed(exceeded.clone().map_or_else(failed, Error::new))?;
                }
                Ok(Growth::Refused(exceeded))
            }
        }
    }

    /// Whether so many more bytes are too many.
    fn total_exceeded(&self, more: u64, limiter: &mut dyn ResourceLimiter) -> Result<Option<LimitExceeded>> {
        let (current, desired) = (self.totals.bytes, self.totals.bytes.saturating_add(more));
        let allowed = limiter.total_growing(current, desired)?;
        Ok((!allowed).then(|| refused(limiter, LimitKind::TotalBytes, desired)))
    }
}

impl<T: 'static> StoreInner<T> {
    /// Asks whether `wanted` may be made, and counts its instances.
    ///
    /// # Errors
    ///
    /// A [`LimitExceeded`], or what the limiter fails with.
    fn admit(&mut self, wanted: &WantedItems) -> Result<()> {
        let (vm, limiter) = self.vm_and_limiter();
        vm.admit(wanted, limiter)
    }

    /// Tells the limiter that so many memories and tables that it has allowed are not there.
    pub(crate) fn tell_not_made(&mut self, memories: usize, tables: usize, error: &Error) {
        if let (_, Some(limiter)) = self.vm_and_limiter() {
            tell_not_made(limiter, memories, tables, error);
        }
    }

    /// Asks whether an instance of a module may be made, and counts it.
    pub(super) fn admit_module(&mut self, image: &ModuleImage) -> Result<()> {
        match self.has_limiter() {
            true => self.admit(&WantedItems::of_module(image)),
            false => self.admit(&WantedItems { instances: 1, ..WantedItems::default() }),
        }
    }

    /// A memory of the host's.
    ///
    /// # Errors
    ///
    /// When there is no room for it, its type is not supported, or the store's limits do not allow it.
    pub(crate) fn new_memory(&mut self, ty: MemoryType) -> Result<MemoryHandle> {
        self.admit(&WantedItems { memories: vec![ty], ..WantedItems::default() })?;
        let made = self.vm.new_memory(ty);
        made.inspect_err(|error| self.tell_not_made(1, 0, error))
    }

    /// A table of the host's, filled with `value`.
    ///
    /// # Errors
    ///
    /// When there is no room for it, `value` is not of its type, or the store's limits do not allow it.
    pub(crate) fn new_table(&mut self, ty: TableType, value: RawValue) -> Result<TableHandle> {
        self.admit(&WantedItems { tables: vec![ty], ..WantedItems::default() })?;
        let made = self.vm.new_table(ty, value);
        made.inspect_err(|error| self.tell_not_made(0, 1, error))
    }

    /// Grows a memory for the host.
    ///
    /// # Errors
    ///
    /// What the limiter fails with.
    #[track_caller]
    pub(crate) fn memory_grow(&mut self, memory: MemoryHandle, pages: u64) -> Result<Growth> {
        let (vm, limiter) = self.vm_and_limiter();
        vm.grow_memory_within(memory.index(vm.id()), pages, limiter)
    }

    /// Grows a table for the host.
    ///
    /// # Errors
    ///
    /// When `value` is not of its type; what the limiter fails with.
    #[track_caller]
    pub(crate) fn table_grow(&mut self, table: TableHandle, count: u64, value: RawValue) -> Result<Growth> {
        let (vm, limiter) = self.vm_and_limiter();
        let number = vm.check_element(table, value)?;
        vm.grow_table_within(number, count, value.u64(), limiter)
    }
}
