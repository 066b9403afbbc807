//! How a module's memories and tables are accessed: what follows from their types and the settings, decided once for each of them.
//! [`bounds`](crate::bounds) makes addresses by it, [`op`](crate::op) operands.

use crate::settings::CompilerSettings;
use gusset_artifact::{CoreModule, MemoryIndex, MemoryType, TableIndex, TableType};
use gusset_types::Arena;

/// The type of a memory's addresses or of a table's indices, and so of sizes and counts too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum IndexType {
    I32,
    I64,
}

impl IndexType {
    fn of(wide: bool) -> IndexType {
        if wide { IndexType::I64 } else { IndexType::I32 }
    }
}

/// What must be checked of an access before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BoundsCheck {
    /// Nothing: what is outside of the memory faults.
    None,
    /// That the index is not beyond the end of the memory: what is outside then faults.
    Index,
    /// That the index is so many bytes or more before the end of the memory, which has that many at least.
    Before(u64),
    /// That the access ends within the memory: so many bytes behind where its index points.
    End(u64),
    /// It is outside of any memory.
    Outside,
}

/// Which accesses fault outside of a memory, by where they end: so many bytes, or fewer, behind where their index points.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Faults {
    Never,
    /// Whatever the index is: all of them are in the memory's address space.
    AnyIndex(u64),
    /// Where the index is not beyond the memory's end: they are in the guard then.
    IndexWithin(u64),
}

/// The log2 of the size of a page that is so many pages of any system.
const WHOLE_PAGES_LOG2: u8 = 16;

/// How a memory is accessed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct MemoryPlan {
    pub(crate) index: IndexType,
    pub(crate) page_size_log2: u8,
    /// Whether other threads may have it too: its definition is not in the context of the module that defines it either.
    pub(crate) shared: bool,
    faults: Faults,
    /// Bytes that the memory has at least.
    least: u64,
}

impl MemoryPlan {
    fn new(ty: &MemoryType, settings: &CompilerSettings) -> MemoryPlan {
        let reach = settings.memory_reservation.saturating_add(settings.memory_guard);
        // The last page of the system that a memory of smaller pages has can be accessed to its end.
        let faults = match ty.memory64 {
            _ if !settings.signals_based_traps || ty.page_size_log2 < WHOLE_PAGES_LOG2 => Faults::Never,
            true => Faults::IndexWithin(settings.memory_guard),
            false if settings.full_reservation() => Faults::AnyIndex(reach - u64::from(u32::MAX)),
            false => Faults::Never,
        };
        // What has more bytes than 64 bits can count is never made.
        let least = ty.minimum.checked_mul(1 << ty.page_size_log2).unwrap_or(0);
        let (index, shared) = (IndexType::of(ty.memory64), ty.shared);
        MemoryPlan { index, page_size_log2: ty.page_size_log2, shared, faults, least }
    }

    /// What must be checked of an access of `size` bytes at this offset from where its index points.
    pub(crate) fn check(&self, offset: u64, size: u8) -> BoundsCheck {
        match (offset.checked_add(size.into()), self.faults) {
            (None, _) => BoundsCheck::Outside,
            (Some(end), Faults::AnyIndex(most)) if end <= most => BoundsCheck::None,
            (Some(end), Faults::IndexWithin(most)) if end <= most => BoundsCheck::Index,
            // The sum with an index of 64 bits could overflow.
            (Some(end), _) if self.index == IndexType::I64 && end <= self.least => BoundsCheck::Before(end),
            (Some(end), _) => BoundsCheck::End(end),
        }
    }
}

/// How a table is accessed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TablePlan {
    pub(crate) index: IndexType,
    /// The log2 of the bytes of an element.
    pub(crate) element_size_log2: u8,
    /// Whether elements are function references.
    pub(crate) functions: bool,
    /// The number of elements, of a table that has always as many.
    pub(crate) fixed_length: Option<u64>,
}

impl TablePlan {
    /// `own` says that the module defines the table: one that is imported may have more elements than its type says.
    fn new(ty: &TableType, own: bool) -> TablePlan {
        let functions = ty.element.heap.is_func();
        TablePlan {
            index: IndexType::of(ty.table64),
            element_size_log2: if functions { 3 } else { 2 },
            functions,
            fixed_length: (own && ty.maximum == Some(ty.minimum)).then_some(ty.minimum),
        }
    }
}

/// The plans of a module, by the index spaces of its memories and tables.
#[derive(Clone)]
pub(crate) struct AccessPlans {
    pub(crate) memories: Arena<MemoryIndex, MemoryPlan>,
    pub(crate) tables: Arena<TableIndex, TablePlan>,
}

impl AccessPlans {
    pub(crate) fn new(module: &CoreModule, settings: &CompilerSettings) -> AccessPlans {
        let table =
            |(index, ty): (TableIndex, &TableType)| TablePlan::new(ty, index.as_u32() >= module.imported_tables);
        AccessPlans {
            memories: module.memories.values().map(|ty| MemoryPlan::new(ty, settings)).collect(),
            tables: module.tables.iter().map(table).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: MemoryType =
        MemoryType { minimum: 0, maximum: None, memory64: false, shared: false, page_size_log2: 16 };

    fn check(ty: MemoryType, settings: &CompilerSettings, offset: u64) -> BoundsCheck {
        MemoryPlan::new(&ty, settings).check(offset, 4)
    }

    #[test]
    fn what_faults_by_itself_is_not_checked() {
        let settings = CompilerSettings::default();
        let large = MemoryType { memory64: true, ..SMALL };
        // The last access of a 32-bit memory that ends within the guard, and the first one that does not.
        let last = (2 << 30) + 1 - 4;
        assert_eq!(check(SMALL, &settings, last), BoundsCheck::None);
        assert_eq!(check(SMALL, &settings, last + 1), BoundsCheck::End(last + 5));
        let last = (2 << 30) - 4;
        assert_eq!(check(large, &settings, last), BoundsCheck::Index);
        assert_eq!(check(large, &settings, last + 1), BoundsCheck::End(last + 5));
        assert_eq!(check(large, &settings, u64::MAX - 4), BoundsCheck::End(u64::MAX));
        assert_eq!(check(large, &settings, u64::MAX - 3), BoundsCheck::Outside);
    }

    #[test]
    fn what_never_faults_is_checked() {
        let large = MemoryType { memory64: true, ..SMALL };
        let bytes = |ty| MemoryType { page_size_log2: 0, ..ty };
        let settings = CompilerSettings::default();
        let without = CompilerSettings { signals_based_traps: false, ..settings.clone() };
        for (ty, settings) in
            [(bytes(SMALL), &settings), (bytes(large), &settings), (SMALL, &without), (large, &without)]
        {
            assert_eq!(check(ty, settings, 0), BoundsCheck::End(4), "{ty:?}");
        }
        let page = MemoryType { minimum: 1, ..large };
        assert_eq!(check(page, &without, (1 << 16) - 4), BoundsCheck::Before(1 << 16));
        assert_eq!(check(page, &without, (1 << 16) - 3), BoundsCheck::End((1 << 16) + 1));
        assert_eq!(check(MemoryType { memory64: false, ..page }, &without, 0), BoundsCheck::End(4));
        let small = CompilerSettings { memory_reservation: 1 << 20, ..settings };
        assert_eq!((check(SMALL, &small, 0), check(large, &small, 0)), (BoundsCheck::End(4), BoundsCheck::Index));
    }
}
