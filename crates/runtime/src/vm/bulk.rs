//! Growth and the bulk instructions on memories and tables, as the core specification has them: bounds are checked
//! before anything is written.

use super::handle::TableHandle;
use super::import::is_subtype;
use super::memory::checked_range;
use super::raw_value::RawValue;
use super::shared_memory::Outgrown;
use super::store::VmStore;
use super::store_memory::StoreMemory;
use crate::core_text::describe_value;
use crate::error::{Error, Result, bail, format_err};
use gusset_artifact::{
    CoreValType, DataIndex, ElemIndex, MEMORY_DEFINITION, MemoryIndex, TABLE_DEFINITION, TableIndex,
};
use gusset_types::{ArenaIndex, TrapCode};

type BulkResult = Result<(), TrapCode>;

const MEMORY: TrapCode = TrapCode::MemoryOutOfBounds;
const TABLE: TrapCode = TrapCode::TableOutOfBounds;

impl VmStore {
    /// The old size in pages; `None` when it cannot grow.
    pub(super) fn grow_memory(&mut self, number: usize, pages: u64) -> Option<u64> {
        let old = self.memories[number].memory.grow(pages)?;
        self.publish_length(number);
        Some(old)
    }

    /// The same if the memory still has so many bytes; `Err` if another thread has grown it, and then nothing has changed.
    pub(super) fn grow_memory_from(
        &mut self,
        number: usize,
        length: usize,
        pages: u64,
    ) -> std::result::Result<Option<u64>, Outgrown> {
        let old = self.memories[number].memory.grow_from(length, pages)?;
        if old.is_some() {
            self.publish_length(number);
        }
        Ok(old)
    }

    /// Lets compiled code see how long a memory is.
    fn publish_length(&mut self, number: usize) {
        let memory = &self.memories[number];
        if let StoreMemory::Own(own) = &memory.memory {
            let (length, place) = (own.length() as u64, memory.definition);
            self.context_of(place).set(place.offset + MEMORY_DEFINITION.length, length);
        }
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

    /// The same for the host.
    ///
    /// # Errors
    ///
    /// When not all of that is in the table, or `value` is not of its type.
    #[track_caller]
    pub(crate) fn fill_table(&mut self, table: TableHandle, start: u64, value: RawValue, count: u64) -> Result<()> {
        let number = self.check_element(table, value)?;
        let table = &self.tables[number].table;
        within(start, count, table.len()).ok_or_else(|| outside(start, count, table.len()))?;
        (start..start + count).for_each(|at| _ = table.set(at as usize, value.u64()));
        Ok(())
    }

    /// Copies elements for the host, from and to these indices; both tables may be one.
    ///
    /// # Errors
    ///
    /// When not all of that is in the tables, or elements of one are not of the other's type.
    #[track_caller]
    pub(crate) fn copy_table(
        &mut self,
        (to, start): (TableHandle, u64),
        (from, first): (TableHandle, u64),
        count: u64,
    ) -> Result<()> {
        let (to, from) = (to.index(self.id()), from.index(self.id()));
        let ty = |number: usize| CoreValType::Ref(self.tables[number].table.declared_type().element);
        if !is_subtype(ty(from), ty(to)) {
            let (to, from) = (describe_value(&ty(to)), describe_value(&ty(from)));
            bail!("elements of type {from} cannot be copied to a table of {to}");
        }
        for (number, start) in [(from, first), (to, start)] {
            let len = self.tables[number].table.len();
            within(start, count, len).ok_or_else(|| outside(start, count, len))?;
        }
        let target = &self.tables[to].table;
        for at in 0..count {
            let at = if start <= first { at } else { count - 1 - at };
            let element = self.table_element(from, (first + at) as usize).expect("checked above");
            target.set((start + at) as usize, element);
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

fn outside(start: u64, count: u64, len: usize) -> Error {
    format_err!("{count} elements from index {start} on are not all in a table of {len} elements")
}
