//! Growth and the bulk instructions on memories and tables, as the core specification has them: bounds are checked
//! before anything is written.

use super::memory::checked_range;
use super::store::VmStore;
use super::store_memory::StoreMemory;
use gusset_artifact::{DataIndex, ElemIndex, MEMORY_DEFINITION, MemoryIndex, TABLE_DEFINITION, TableIndex};
use gusset_types::{ArenaIndex, TrapCode};

type BulkResult = Result<(), TrapCode>;

const MEMORY: TrapCode = TrapCode::MemoryOutOfBounds;
const TABLE: TrapCode = TrapCode::TableOutOfBounds;

impl VmStore {
    /// The old size in pages; `None` when it cannot grow.
    pub(super) fn grow_memory(&mut self, number: usize, pages: u64) -> Option<u64> {
        let memory = &mut self.memories[number];
        let old = memory.memory.grow(pages)?;
        if let StoreMemory::Own(own) = &memory.memory {
            let (length, place) = (own.length() as u64, memory.definition);
            self.context_of(place).set(place.offset + MEMORY_DEFINITION.length, length);
        }
        Some(old)
    }

    pub(super) fn memory_fill(&mut self, of: usize, index: MemoryIndex, dst: u64, value: u8, len: u64) -> BulkResult {
        let number = self.memory_number(of, index);
        self.memories[number].memory.fill(dst, value, len).ok_or(MEMORY)
    }

    pub(super) fn memory_copy(
        &mut self,
        of: usize,
        to: MemoryIndex,
        from: MemoryIndex,
        dst: u64,
        src: u64,
        len: u64,
    ) -> BulkResult {
        let (to, from) = (self.memory_number(of, to), self.memory_number(of, from));
        if to == from {
            return self.memories[to].memory.copy_within(dst, src, len).ok_or(MEMORY);
        }
        let [to, from] = self.memories.get_disjoint_mut([to, from]).expect("memories of an instance exist");
        to.memory.copy_from(&from.memory, dst, src, len).ok_or(MEMORY)
    }

    pub(super) fn memory_init(
        &mut self,
        of: usize,
        index: MemoryIndex,
        segment: DataIndex,
        dst: u64,
        src: u64,
        len: u64,
    ) -> BulkResult {
        let number = self.memory_number(of, index);
        let instance = &self.instances[of];
        let data = instance.data_of(segment);
        let source = checked_range(src, len).and_then(|range| data.get(range)).ok_or(MEMORY)?;
        self.memories[number].memory.write(dst, source).ok_or(MEMORY)
    }

    pub(super) fn data_drop(&mut self, of: usize, segment: DataIndex) {
        self.instances[of].data.drop(segment.as_usize());
    }

    /// The old number of elements; `None` when it cannot grow.
    pub(super) fn grow_table(&mut self, number: usize, count: u64, value: u64) -> Option<u64> {
        let table = &mut self.tables[number];
        let old = table.table.grow(count, value)?;
        let (base, len) = (table.table.base() as u64, table.table.len() as u64);
        let place = table.definition;
        let context = self.context_of(place);
        context.set(place.offset + TABLE_DEFINITION.base, base);
        context.set(place.offset + TABLE_DEFINITION.length, len);
        Some(old)
    }

    pub(super) fn table_fill(&mut self, of: usize, index: TableIndex, dst: u64, value: u64, len: u64) -> BulkResult {
        let number = self.table_number(of, index);
        let table = &self.tables[number].table;
        let range = checked_range(dst, len).filter(|range| range.end <= table.len()).ok_or(TABLE)?;
        for at in range {
            table.set(at, value);
        }
        Ok(())
    }

    pub(super) fn table_copy(
        &mut self,
        of: usize,
        to: TableIndex,
        from: TableIndex,
        dst: u64,
        src: u64,
        len: u64,
    ) -> BulkResult {
        let (to, number) = (&self.tables[self.table_number(of, to)].table, self.table_number(of, from));
        let from = &self.tables[number].table;
        let source = checked_range(src, len).filter(|range| range.end <= from.len()).ok_or(TABLE)?;
        let target = checked_range(dst, len).filter(|range| range.end <= to.len()).ok_or(TABLE)?;
        let copy = |(source, target): (usize, usize)| {
            to.set(target, self.table_element(number, source).expect("checked above"));
        };
        let pairs = source.zip(target);
        // Towards lower indices from the start, towards higher ones from the end: the tables may be one.
        if dst <= src {
            pairs.for_each(copy);
        } else {
            pairs.rev().for_each(copy);
        }
        Ok(())
    }

    pub(super) fn table_init(
        &mut self,
        of: usize,
        index: TableIndex,
        segment: ElemIndex,
        dst: u64,
        src: u64,
        len: u64,
    ) -> BulkResult {
        let table = &self.tables[self.table_number(of, index)].table;
        let elements = self.instances[of].elements_of(segment);
        let source = checked_range(src, len).filter(|range| range.end <= elements).ok_or(TABLE)?;
        let target = checked_range(dst, len).filter(|range| range.end <= table.len()).ok_or(TABLE)?;
        for (to, from) in target.zip(source) {
            let value = self.segment_element(of, segment, from).expect("elements of valid modules have values");
            table.set(to, value);
        }
        Ok(())
    }

    pub(super) fn elem_drop(&mut self, of: usize, segment: ElemIndex) {
        self.instances[of].elements.drop(segment.as_usize());
    }

    // Whether all of what a bulk instruction works on is within bounds, before it does so in pieces.

    pub(super) fn check_memory(&self, of: usize, index: MemoryIndex, start: u64, len: u64) -> BulkResult {
        within(start, len, self.memories[self.memory_number(of, index)].memory.length()).ok_or(MEMORY)
    }

    pub(super) fn check_data(&self, of: usize, segment: DataIndex, start: u64, len: u64) -> BulkResult {
        within(start, len, self.instances[of].data_of(segment).len()).ok_or(MEMORY)
    }

    pub(super) fn check_table(&self, of: usize, index: TableIndex, start: u64, len: u64) -> BulkResult {
        within(start, len, self.tables[self.table_number(of, index)].table.len()).ok_or(TABLE)
    }

    pub(super) fn check_elements(&self, of: usize, segment: ElemIndex, start: u64, len: u64) -> BulkResult {
        within(start, len, self.instances[of].elements_of(segment)).ok_or(TABLE)
    }
}

/// Whether a range lies in what has a length.
fn within(start: u64, len: u64, length: usize) -> Option<()> {
    checked_range(start, len).filter(|range| range.end <= length).map(|_| ())
}
