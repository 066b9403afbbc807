//! [`Cells`]: an array that compiled code works on in place. However long it is, what has not been written costs nothing.

use super::mapping::{Mapping, round_up};
use super::slot_pool::PoolSlot;
use std::cell::Cell;

/// Up to this many bytes stand on the heap: an array that is smaller is written faster than it is mapped.
const MAX_ON_HEAP: usize = 64 << 10;

/// A number, whose default is 0.
pub(super) trait Number: Copy + Default + PartialEq {}

impl Number for u32 {}
impl Number for u64 {}

/// An array of numbers. Its address changes when it grows.
pub(super) struct Cells<N> {
    place: CellPlace<N>,
    /// How long it may become.
    limit: usize,
}

enum CellPlace<N> {
    Heap(Vec<Cell<N>>),
    /// Address space for as many as there may be; the system zeroes what is touched.
    Mapped(Mapping, usize),
    /// In a slot of a pool.
    Pool(PoolSlot, usize),
}

impl<N: Number> Cells<N> {
    pub(super) fn new(limit: usize) -> Cells<N> {
        Cells { place: CellPlace::Heap(Vec::new()), limit }
    }

    /// The same in a slot of a pool, which is as long as the array can become.
    pub(super) fn in_pool(limit: usize, slot: PoolSlot) -> Cells<N> {
        let limit = limit.min(slot.len() / size_of::<N>());
        Cells { place: CellPlace::Pool(slot, 0), limit }
    }

    pub(super) fn as_slice(&self) -> &[Cell<N>] {
        match &self.place {
            CellPlace::Heap(cells) => cells,
            // SAFETY: V5, V12: the mapping is this value's; so many cells of it are accessible, and all bytes of theirs are of
            // numbers. Who has a cell only reads and writes whole numbers, as compiled code does.
            CellPlace::Mapped(mapping, len) => unsafe { std::slice::from_raw_parts(mapping.base().cast(), *len) },
            // SAFETY: V5, V12: the same of a slot of a pool.
            CellPlace::Pool(slot, len) => unsafe { std::slice::from_raw_parts(slot.base().cast(), *len) },
        }
    }

    /// Appends so many cells with that number in them; `None` when it would be longer than it may be or there is no memory,
    /// and then nothing has changed.
    pub(super) fn grow(&mut self, count: usize, number: N) -> Option<()> {
        let old = self.as_slice().len();
        let new = old.checked_add(count).filter(|&new| new <= self.limit)?;
        let bytes = new.checked_mul(size_of::<N>())?;
        match &mut self.place {
            CellPlace::Heap(cells) if bytes <= MAX_ON_HEAP && old == 0 && number == N::default() => {
                *cells = zeroed(new);
                return Some(());
            }
            CellPlace::Heap(cells) if bytes <= MAX_ON_HEAP => {
                cells.try_reserve(count).ok()?;
                cells.resize(new, Cell::new(number));
                return Some(());
            }
            CellPlace::Heap(cells) => {
                let most = round_up(u64::try_from(self.limit.checked_mul(size_of::<N>())?).ok()?)?;
                let mut mapping = Mapping::reserve(most).ok()?;
                mapping.make_accessible(bytes).ok()?;
                let moved = CellPlace::Mapped(mapping, new);
                let cells = std::mem::take(cells);
                self.place = moved;
                self.as_slice().iter().zip(&cells).for_each(|(to, from)| to.set(from.get()));
            }
            CellPlace::Mapped(mapping, len) => {
                mapping.make_accessible(bytes).ok()?;
                *len = new;
            }
            CellPlace::Pool(slot, len) => {
                slot.use_first(bytes)?;
                *len = new;
            }
        }
        if number != N::default() {
            self.as_slice()[old..].iter().for_each(|cell| cell.set(number));
        }
        Some(())
    }
}

/// Cells from memory that the allocator says is zero, and that need not be touched for it.
fn zeroed<N: Number>(len: usize) -> Vec<Cell<N>> {
    let numbers = Box::into_raw(vec![N::default(); len].into_boxed_slice());
    // SAFETY: V12: a cell is laid out as the number in it, and the box was given up for this one.
    unsafe { Box::from_raw(numbers as *mut [Cell<N>]) }.into_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_keeps_what_is_there() {
        const FEW: usize = MAX_ON_HEAP / 8;
        let mut cells = Cells::<u64>::new(10 * FEW);
        let numbers =
            |cells: &Cells<u64>, at: &[usize]| at.iter().map(|at| cells.as_slice()[*at].get()).collect::<Vec<_>>();
        assert_eq!((cells.grow(0, 0), cells.grow(3, 0), cells.grow(FEW - 3, 7)), (Some(()), Some(()), Some(())));
        assert_eq!(numbers(&cells, &[0, 2, 3, FEW - 1]), [0, 0, 7, 7]);
        let mut cells = Cells::<u64>::new(10 * FEW);
        assert_eq!((cells.grow(FEW - 1, 7), cells.grow(1, 0)), (Some(()), Some(())));
        assert!(matches!(cells.place, CellPlace::Heap(_)));
        assert_eq!(cells.grow(2, 8), Some(()));
        assert!(matches!(cells.place, CellPlace::Mapped(..)));
        assert_eq!(cells.grow(FEW, 0), Some(()));
        assert_eq!(numbers(&cells, &[0, FEW - 2, FEW - 1, FEW, FEW + 1, FEW + 2, 2 * FEW + 1]), [7, 7, 0, 8, 8, 0, 0]);
        cells.as_slice()[2 * FEW].set(5);
        assert_eq!((cells.grow(FEW, 9), numbers(&cells, &[2 * FEW, 2 * FEW + 2])), (Some(()), vec![5, 9]));
        assert_eq!((cells.grow(8 * FEW, 0), cells.grow(usize::MAX, 0)), (None, None));
        assert_eq!(cells.as_slice().len(), 3 * FEW + 2);
    }

    #[test]
    fn no_more_than_there_is_memory() {
        let mut cells = Cells::<u64>::new(usize::MAX);
        assert_eq!((cells.grow(1, 1), cells.grow(usize::MAX / 16, 0), cells.grow(1 << 20, 0)), (Some(()), None, None));
        assert_eq!(cells.as_slice().len(), 1);
    }
}
