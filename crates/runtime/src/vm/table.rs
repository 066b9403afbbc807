//! [`TableStorage`]: the elements of a table. Compiled code reads and writes them in place.

use super::cells::Cells;
use super::slot_pool::PoolSlot;
use crate::error::{Result, bail};
use gusset_artifact::TableType;
use std::cell::Cell;

/// A table. Elements go in and out as compiled code holds references, widened to 64 bits.
pub(super) struct TableStorage {
    elements: TableElements,
    ty: TableType,
}

enum TableElements {
    /// Addresses of function references, 0 for null.
    Functions(Cells<u64>),
    /// Indices into the store, 0 for null.
    Indices(Cells<u32>),
}

impl TableStorage {
    /// A table that holds `value` everywhere, of at most so many elements, in a slot of a pool or on its own.
    pub(super) fn new(most: u64, ty: TableType, value: u64, slot: Option<PoolSlot>) -> Result<TableStorage> {
        let limit = ty.maximum.unwrap_or(u64::MAX).min(most).min(u32::MAX as u64);
        if ty.minimum > limit {
            bail!("a table of {} elements is larger than the limit of {limit}", ty.minimum);
        }
        let elements = match (ty.element.heap.is_func(), slot) {
            (true, None) => TableElements::Functions(Cells::new(limit as usize)),
            (true, Some(slot)) => TableElements::Functions(Cells::in_pool(limit as usize, slot)),
            (false, None) => TableElements::Indices(Cells::new(limit as usize)),
            (false, Some(slot)) => TableElements::Indices(Cells::in_pool(limit as usize, slot)),
        };
        let mut table = TableStorage { elements, ty };
        if table.grow(ty.minimum, value).is_none() {
            bail!("no memory for a table of {} elements", ty.minimum);
        }
        Ok(table)
    }

    pub(super) fn declared_type(&self) -> TableType {
        self.ty
    }

    /// The address of the elements. It changes on growth.
    pub(super) fn base(&self) -> usize {
        match &self.elements {
            TableElements::Functions(cells) => cells.as_slice().as_ptr() as usize,
            TableElements::Indices(cells) => cells.as_slice().as_ptr() as usize,
        }
    }

    pub(super) fn len(&self) -> usize {
        match &self.elements {
            TableElements::Functions(cells) => cells.as_slice().len(),
            TableElements::Indices(cells) => cells.as_slice().len(),
        }
    }

    pub(super) fn get(&self, index: usize) -> Option<u64> {
        match &self.elements {
            TableElements::Functions(cells) => cells.as_slice().get(index).map(Cell::get),
            TableElements::Indices(cells) => cells.as_slice().get(index).map(|cell| cell.get().into()),
        }
    }

    /// Whether there is such an element; then it has been written.
    pub(super) fn set(&self, index: usize, value: u64) -> bool {
        match &self.elements {
            TableElements::Functions(cells) => cells.as_slice().get(index).map(|cell| cell.set(value)),
            TableElements::Indices(cells) => cells.as_slice().get(index).map(|cell| cell.set(value as u32)),
        }
        .is_some()
    }

    /// The number of elements before; `None` when it cannot grow by so much, and then nothing has changed.
    pub(super) fn grow(&mut self, count: u64, value: u64) -> Option<u64> {
        let (old, count) = (self.len() as u64, usize::try_from(count).ok()?);
        match &mut self.elements {
            TableElements::Functions(cells) => cells.grow(count, value)?,
            TableElements::Indices(cells) => cells.grow(count, value as u32)?,
        }
        Some(old)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gusset_artifact::RefType;

    const MOST: u64 = 10_000_000;

    #[test]
    fn growth_fills_and_stops_at_the_limit() {
        let ty = TableType { element: RefType::EXTERNREF, minimum: 2, maximum: Some(4), table64: false };
        let mut table = TableStorage::new(MOST, ty, 0, None).unwrap();
        assert_eq!((table.grow(3, 7), table.grow(2, 7), table.len()), (None, Some(2), 4));
        assert_eq!((table.get(1), table.get(3), table.get(4)), (Some(0), Some(7), None));
        assert!(table.set(0, 9) && !table.set(4, 9));
        let unbounded = TableType { maximum: None, ..ty };
        let mut table = TableStorage::new(MOST, unbounded, 0, None).unwrap();
        assert_eq!(table.grow(u64::MAX, 0), None);
        assert_eq!(table.grow(u32::MAX as u64 - 2, 0), None);
        let large = TableType { minimum: u32::MAX as u64, ..unbounded };
        assert!(TableStorage::new(MOST, large, 0, None).is_err());
    }
}
