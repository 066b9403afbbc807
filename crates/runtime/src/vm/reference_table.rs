//! [`ReferenceTable`]: what the references of one kind refer to. A place that becomes free is used again, in another generation.

/// What is referred to, by reference. A reference is the number of a place, of which 1 is the first, with the bit of its kind: so compiled
/// code has no kind beside it, and what stands on its stack says of which kind it is.
pub(super) struct ReferenceTable<T> {
    places: Vec<ReferencePlace<T>>,
    /// The first of the free places, or 0.
    free: u32,
    kind: u32,
    /// Whether free places stay free: for tests, which then find every reference to what is gone.
    keep_apart: bool,
}

struct ReferencePlace<T> {
    value: Option<T>,
    /// How often it has been free.
    generation: u32,
    /// Where there is a value, whether it has been [marked](ReferenceTable::mark); else the next free place.
    link: u32,
}

/// The bit that references to exceptions have, and those to values of the host's have not.
pub(super) const EXCEPTION_KIND: u32 = 1 << 31;

const MARKED: u32 = 1;

impl<T> ReferenceTable<T> {
    /// Bytes of a place.
    pub(super) const PLACE_SIZE: u64 = size_of::<ReferencePlace<T>>() as u64;

    /// A table whose references have this bit, or none.
    pub(super) fn new(kind: u32, keep_apart: bool) -> ReferenceTable<T> {
        ReferenceTable { places: Vec::new(), free: 0, kind, keep_apart }
    }

    fn number(&self, reference: u32) -> Option<usize> {
        let is_of_kind = reference & EXCEPTION_KIND == self.kind;
        ((reference & !EXCEPTION_KIND) as usize).checked_sub(1).filter(|_| is_of_kind)
    }

    /// Whether free places stay free, as tests want it that reclaim whenever it is possible.
    #[inline]
    pub(super) fn keeps_apart(&self) -> bool {
        self.keep_apart
    }

    /// How many places there are, free or not.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether the next value has a place already.
    pub(super) fn has_room(&self) -> bool {
        self.free != 0
    }

    /// A reference to a new value; `None` when there are too many.
    pub(super) fn insert(&mut self, value: T) -> Option<u32> {
        let number = match self.free {
            0 => {
                let number = u32::try_from(self.places.len() + 1).ok().filter(|number| number & EXCEPTION_KIND == 0)?;
                self.places.push(ReferencePlace { value: None, generation: 0, link: 0 });
                number
            }
            number => number,
        };
        let place = &mut self.places[number as usize - 1];
        self.free = std::mem::replace(&mut place.link, 0);
        place.value = Some(value);
        Some(number | self.kind)
    }

    pub(super) fn get(&self, reference: u32) -> Option<&T> {
        self.places.get(self.number(reference)?)?.value.as_ref()
    }

    pub(super) fn get_mut(&mut self, reference: u32) -> Option<&mut T> {
        let number = self.number(reference)?;
        self.places.get_mut(number)?.value.as_mut()
    }

    /// Which of the values it is that have stood in that place.
    pub(super) fn generation(&self, reference: u32) -> Option<u32> {
        let place = self.places.get(self.number(reference)?)?;
        place.value.is_some().then_some(place.generation)
    }

    /// Frees a place.
    pub(super) fn remove(&mut self, reference: u32) -> Option<T> {
        let number = self.number(reference)?;
        let value = self.places.get_mut(number)?.value.take()?;
        self.let_go(number);
        Some(value)
    }

    /// A place has become free.
    fn let_go(&mut self, number: usize) {
        let place = &mut self.places[number];
        place.link = 0;
        // A generation that was the last one is never used again.
        if let (Some(next), false) = (place.generation.checked_add(1), self.keep_apart) {
            place.generation = next;
            place.link = std::mem::replace(&mut self.free, number as u32 + 1);
        }
    }

    /// Marks what a reference refers to; whether it is there and has not been marked before.
    pub(super) fn mark(&mut self, reference: u32) -> bool {
        let Some(place) = self.number(reference).and_then(|number| self.places.get_mut(number)) else { return false };
        place.value.is_some() && std::mem::replace(&mut place.link, MARKED) != MARKED
    }

    /// Frees all places of what has not been marked, and forgets the marks.
    pub(super) fn sweep(&mut self, mut reclaimed: impl FnMut(T)) {
        for number in 0..self.places.len() {
            let place = &mut self.places[number];
            if place.value.is_none() {
                continue;
            }
            if std::mem::replace(&mut place.link, 0) != MARKED {
                place.value.take().into_iter().for_each(&mut reclaimed);
                self.let_go(number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_marked_makes_room_for_another_generation() {
        let mut table = ReferenceTable::new(EXCEPTION_KIND, false);
        let references = ["a", "b", "c"].map(|value| table.insert(value).unwrap());
        assert_eq!(references, [1, 2, 3].map(|number| number | EXCEPTION_KIND));
        assert!(table.mark(references[1]) && !table.mark(references[1]) && !table.mark(2) && !table.mark(0));
        let mut gone = Vec::new();
        table.sweep(|value| gone.push(value));
        assert_eq!((gone, table.get(references[0]), table.get(references[1])), (vec!["a", "c"], None, Some(&"b")));
        let again = [table.insert("d").unwrap(), table.insert("e").unwrap(), table.insert("f").unwrap()];
        assert_eq!(again, [3, 1, 4].map(|number| number | EXCEPTION_KIND));
        assert_eq!(again.map(|reference| table.generation(reference)), [Some(1), Some(1), Some(0)]);
        assert_eq!(
            (table.remove(again[0]), table.remove(again[0]), table.generation(again[0])),
            (Some("d"), None, None)
        );
        // No mark is left of the first time.
        table.sweep(|_| {});
        assert!(table.get(references[1]).is_none() && table.len() == 4);
    }

    #[test]
    fn a_place_whose_generations_are_used_up_stays_free() {
        let mut table = ReferenceTable::new(0, false);
        assert_eq!(table.insert(1), Some(1));
        table.places[0].generation = u32::MAX;
        assert_eq!((table.remove(1), table.insert(2), table.insert(3)), (Some(1), Some(2), Some(3)));
        let mut table = ReferenceTable::new(0, true);
        assert_eq!((table.insert(1), table.remove(1), table.insert(2)), (Some(1), Some(1), Some(2)));
    }
}
