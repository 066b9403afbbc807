//! How a module's memories and tables are accessed: what follows from their types and the settings, decided once for each of them.
//! [`bounds`](crate::bounds) makes addresses by it, [`op`](crate::op) operands.

use crate::settings::CompilerSettings;
use gusset_artifact::{CoreModule, MemoryIndex, MemoryType, TableIndex, TableType};
use gusset_types::Arena;

/// The type of a memory's addresses or of a table's indices, and so of sizes and counts too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum IndexType {
    I32,
}

/// What must be checked of an access before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BoundsCheck {
    /// Nothing: what is outside of the memory faults.
    None,
    /// That the access ends within the memory.
    End,
}

/// How a memory is accessed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct MemoryPlan {
    pub(crate) index: IndexType,
    pub(crate) page_size_log2: u8,
    /// Accesses that end at most so many bytes behind where an index points are in the memory's address space, whatever the index
    /// is, and fault outside of the memory.
    guarded: Option<u64>,
}

impl MemoryPlan {
    fn new(ty: &MemoryType, settings: &CompilerSettings) -> MemoryPlan {
        let reach = u128::from(settings.memory_reservation) + u128::from(settings.memory_guard);
        let whole = settings.full_reservation() && settings.signals_based_traps;
        let guarded = reach.checked_sub(u32::MAX.into()).filter(|_| whole);
        MemoryPlan {
            index: IndexType::I32,
            page_size_log2: ty.page_size_log2,
            guarded: guarded.map(|bytes| u64::try_from(bytes).unwrap_or(u64::MAX)),
        }
    }

    /// What must be checked of an access that ends so many bytes behind where its index points.
    pub(crate) fn check(&self, end: u64) -> BoundsCheck {
        match self.guarded {
            Some(guarded) if end <= guarded => BoundsCheck::None,
            _ => BoundsCheck::End,
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
            index: IndexType::I32,
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
