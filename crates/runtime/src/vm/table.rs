//! [`TableStorage`]: the elements of a table. Compiled code reads and writes them in place.

use super::cells::Cells;
use super::slot_pool::PoolSlot;
use crate::error::{Result, bail};
use gusset_artifact::{ElemIndex, NULL_ELEMENT, TableType};
use std::cell::Cell;

/// A table. Elements go in and out as compiled code holds references, widened to 64 bits.
///
/// What a segment of functions gives a table is not written when the segment is applied: a word of a table of functions is 0 until its
/// element is asked for, and means what the last segment says that was applied there, or null.
pub(super) struct TableStorage {
    elements: TableElements,
    ty: TableType,
    /// In the order in which they were applied.
    segments: Vec<AppliedSegment>,
    /// Whether all words are 0, as far as the host knows. It does not see what guests write.
    pristine: Cell<bool>,
}

enum TableElements {
    /// Addresses of function references, [`NULL_ELEMENT`] for null, 0 for what nothing has been written to.
    Functions(Cells<u64>),
    /// Indices into the store, 0 for null.
    Indices(Cells<u32>),
}

/// An active element segment of functions and where it was applied.
#[derive(Clone, Copy, Debug)]
pub(super) struct AppliedSegment {
    /// Whose segment it is.
    pub(super) instance: usize,
    pub(super) segment: ElemIndex,
    /// Where its first element went.
    pub(super) start: usize,
    pub(super) len: usize,
}

/// What stands at an index.
#[derive(Clone, Copy, Debug)]
pub(super) enum TableElement {
    Reference(u64),
    /// So many elements behind the start of a segment of that instance, and still to be written.
    OfSegment {
        instance: usize,
        segment: ElemIndex,
        at: usize,
    },
}

/// Elements are looked for in the segments in turn, so there are few; what is applied later is written at once.
const NOTED_SEGMENTS: usize = 32;

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
        let mut table = TableStorage { elements, ty, segments: Vec::new(), pristine: Cell::new(true) };
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

    /// The elements, where they are references that the store reclaims: of a table of functions, none.
    pub(super) fn indices(&self) -> &[Cell<u32>] {
        match &self.elements {
            TableElements::Functions(_) => &[],
            TableElements::Indices(cells) => cells.as_slice(),
        }
    }

    pub(super) fn get(&self, index: usize) -> Option<TableElement> {
        let cells = match &self.elements {
            TableElements::Functions(cells) => cells.as_slice(),
            TableElements::Indices(cells) => {
                return cells.as_slice().get(index).map(|cell| TableElement::Reference(cell.get().into()));
            }
        };
        Some(match cells.get(index)?.get() {
            0 => self.unwritten(index),
            NULL_ELEMENT => TableElement::Reference(0),
            reference => TableElement::Reference(reference),
        })
    }

    /// What an element is that nothing was written to.
    fn unwritten(&self, index: usize) -> TableElement {
        let covers = |applied: &&AppliedSegment| (applied.start..applied.start + applied.len).contains(&index);
        match self.segments.iter().rev().find(covers) {
            Some(&AppliedSegment { instance, segment, start, .. }) => {
                TableElement::OfSegment { instance, segment, at: index - start }
            }
            None => TableElement::Reference(0),
        }
    }

    /// Whether there is such an element; then it has been written.
    pub(super) fn set(&self, index: usize, value: u64) -> bool {
        self.pristine.set(false);
        match &self.elements {
            TableElements::Functions(cells) => {
                cells.as_slice().get(index).map(|cell| cell.set(value.max(NULL_ELEMENT)))
            }
            TableElements::Indices(cells) => cells.as_slice().get(index).map(|cell| cell.set(value as u32)),
        }
        .is_some()
    }

    /// Makes the elements those of a segment, in a table of functions that has so many; whether that was done. `seen` says whether
    /// a guest may have written to the table.
    pub(super) fn apply(&mut self, applied: AppliedSegment, seen: bool) -> bool {
        let TableElements::Functions(cells) = &self.elements else { return false };
        if applied.len == 0 {
            return true;
        }
        if self.segments.len() == NOTED_SEGMENTS {
            return false;
        }
        if seen || !self.pristine.get() {
            // Words that are 0 already may be of pages that nobody has touched.
            let written = cells.as_slice()[applied.start..][..applied.len].iter().filter(|cell| cell.get() != 0);
            written.for_each(|cell| cell.set(0));
        }
        self.segments.push(applied);
        true
    }

    /// The number of elements before; `None` when it cannot grow by so much, and then nothing has changed.
    pub(super) fn grow(&mut self, count: u64, value: u64) -> Option<u64> {
        let (old, count) = (self.len() as u64, usize::try_from(count).ok()?);
        match &mut self.elements {
            // No segment was applied beyond the end, so 0 is null there.
            TableElements::Functions(cells) => cells.grow(count, value)?,
            TableElements::Indices(cells) => cells.grow(count, value as u32)?,
        }
        self.pristine.set(self.pristine.get() && value == 0);
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
        let get = |index| match table.get(index) {
            Some(TableElement::Reference(reference)) => Some(reference),
            Some(other) => panic!("{other:?}"),
            None => None,
        };
        assert_eq!((get(1), get(3), get(4)), (Some(0), Some(7), None));
        assert!(table.set(0, 9) && !table.set(4, 9));
        let unbounded = TableType { maximum: None, ..ty };
        let mut table = TableStorage::new(MOST, unbounded, 0, None).unwrap();
        assert_eq!(table.grow(u64::MAX, 0), None);
        assert_eq!(table.grow(u32::MAX as u64 - 2, 0), None);
        let large = TableType { minimum: u32::MAX as u64, ..unbounded };
        assert!(TableStorage::new(MOST, large, 0, None).is_err());
    }

    /// Of tables of functions: the place where the element comes from, or what was written.
    fn element(table: &TableStorage, index: usize) -> Result<(usize, usize), u64> {
        match table.get(index).expect("it is in the table") {
            TableElement::OfSegment { instance, at, .. } => Ok((instance, at)),
            TableElement::Reference(reference) => Err(reference),
        }
    }

    #[test]
    fn segments_are_found_until_something_is_written() {
        let ty = TableType { element: RefType::FUNCREF, minimum: 10, maximum: None, table64: false };
        let mut table = TableStorage::new(MOST, ty, 0, None).unwrap();
        let segment = ElemIndex::from_u32(0);
        assert!(table.apply(AppliedSegment { instance: 1, segment, start: 2, len: 4 }, false));
        assert!(table.apply(AppliedSegment { instance: 2, segment, start: 5, len: 5 }, false));
        let found = |table: &TableStorage| [0, 2, 4, 5, 9].map(|index| element(table, index));
        assert_eq!(found(&table), [Err(0), Ok((1, 0)), Ok((1, 2)), Ok((2, 0)), Ok((2, 4))]);
        assert!(table.set(2, 0) && table.set(9, 48));
        assert_eq!(found(&table), [Err(0), Err(0), Ok((1, 2)), Ok((2, 0)), Err(48)]);
        assert!(table.apply(AppliedSegment { instance: 3, segment, start: 2, len: 8 }, false));
        assert_eq!(found(&table), [Err(0), Ok((3, 0)), Ok((3, 2)), Ok((3, 3)), Ok((3, 7))]);
        assert_eq!((table.grow(1, 0), element(&table, 10)), (Some(10), Err(0)));
    }

    #[test]
    fn segments_beyond_the_limit_are_for_the_caller_to_write() {
        let ty = TableType { element: RefType::FUNCREF, minimum: 1, maximum: None, table64: false };
        let mut table = TableStorage::new(MOST, ty, 0, None).unwrap();
        let applied = AppliedSegment { instance: 0, segment: ElemIndex::from_u32(0), start: 0, len: 1 };
        assert!((0..NOTED_SEGMENTS).all(|_| table.apply(applied, true)));
        assert!(!table.apply(applied, true));
        let ty = TableType { element: RefType::EXTERNREF, ..ty };
        assert!(!TableStorage::new(MOST, ty, 0, None).unwrap().apply(applied, true));
    }
}
