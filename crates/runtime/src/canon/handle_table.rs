//! [`HandleTable`]: the table of handles of a component instance, as the host works on it. Adapters work on the same bytes, so what
//! is done here to the state memory is what theirs does: layout, order of checks and codes are shared.

use super::{CanonError, CanonResult};
use crate::error::{Result, format_err};
use crate::vm::{MemoryHandle, VmStore};
use gusset_types::{
    BORROW_SCOPE, CELL, FIRST_HANDLES, HANDLE_ENTRY, HANDLE_KIND_BITS, HandleKind, INSTANCE_STATE, MAX_HANDLES,
    STATE_HEADER, TrapCode, handle_tag, mismatched_tags,
};

/// The bytes of a state memory.
pub(crate) trait StateMemory {
    fn bytes(&self) -> &[u8];
    fn bytes_mut(&mut self) -> &mut [u8];
    /// Makes it at least `length` bytes long; false where it cannot.
    ///
    /// # Errors
    ///
    /// When it would take more of the host's memory than the store may.
    fn grow_to(&mut self, length: u64) -> Result<bool>;
}

/// A state memory that does not grow: for what adds nothing.
impl StateMemory for &mut [u8] {
    fn bytes(&self) -> &[u8] {
        self
    }
    fn bytes_mut(&mut self) -> &mut [u8] {
        self
    }
    fn grow_to(&mut self, length: u64) -> Result<bool> {
        Ok(length <= self.len() as u64)
    }
}

/// The state memory of an instance in a store.
pub(crate) struct StoreState<'a> {
    pub(crate) vm: &'a mut VmStore,
    pub(crate) memory: MemoryHandle,
}

impl StateMemory for StoreState<'_> {
    fn bytes(&self) -> &[u8] {
        self.vm.memory(self.memory)
    }
    fn bytes_mut(&mut self) -> &mut [u8] {
        self.vm.memory_mut(self.memory)
    }
    fn grow_to(&mut self, length: u64) -> Result<bool> {
        const PAGE: u64 = 1 << 16;
        let missing = length.saturating_sub(self.bytes().len() as u64);
        Ok(missing == 0 || self.vm.grow_runtime_memory(self.memory, missing.div_ceil(PAGE))?)
    }
}

/// The handles of a component instance (`ComponentInstance.handles`). Resource types are told apart by the numbers that handle
/// tags have.
pub(crate) struct HandleTable<M> {
    memory: M,
    /// The address of the instance's record.
    record: u32,
}

/// What a handle was found to be.
struct FoundHandle {
    /// The address of its entry.
    entry: u32,
    kind: HandleKind,
}

impl<M: StateMemory> HandleTable<M> {
    pub(crate) fn new(memory: M, record: u32) -> HandleTable<M> {
        HandleTable { memory, record }
    }

    /// Adds an own handle; its index.
    pub(crate) fn add_own(&mut self, number: u32, rep: u32) -> CanonResult<u32> {
        self.add(handle_tag(HandleKind::Own, number), rep, 0)
    }

    /// Adds a borrow handle of the call whose [scope](HandleTable::new_scope) is at `scope`; its index.
    pub(crate) fn add_borrow(&mut self, number: u32, rep: u32, scope: u32) -> CanonResult<u32> {
        let index = self.add(handle_tag(HandleKind::Borrow, number), rep, scope)?;
        let count = self.scope_count(scope)?;
        self.write(scope + BORROW_SCOPE.count, count + 1)?;
        Ok(index)
    }

    /// Takes an own handle away; the representation that it stood for (`lift_own`).
    pub(crate) fn remove_own(&mut self, index: u32, number: u32) -> CanonResult<u32> {
        let found = self.find(index, handle_tag(HandleKind::Own, number))?;
        let lends = self.read(found.entry + HANDLE_ENTRY.lends)?;
        if lends != 0 {
            return Err(TrapCode::HandleLent.with(index.into(), lends.into()).into());
        }
        if found.kind != HandleKind::Own {
            return Err(TrapCode::HandleNotOwned.with(index.into(), 0).into());
        }
        let rep = self.read(found.entry + HANDLE_ENTRY.rep)?;
        self.free(index, found.entry)?;
        Ok(rep)
    }

    /// Makes an entry the free one that is taken next.
    fn free(&mut self, index: u32, entry: u32) -> CanonResult<()> {
        let free = self.field(INSTANCE_STATE.free)?;
        self.write(entry + HANDLE_ENTRY.tag, handle_tag(HandleKind::Free, 0))?;
        self.write(entry + HANDLE_ENTRY.rep, free)?;
        self.set_field(INSTANCE_STATE.free, index)
    }

    /// Lends a handle until it is [released](HandleTable::release); the representation that it stands for (`lift_borrow`).
    pub(crate) fn lend(&mut self, index: u32, number: u32) -> CanonResult<u32> {
        let found = self.find(index, handle_tag(HandleKind::Borrow, number))?;
        let lends = self.read(found.entry + HANDLE_ENTRY.lends)?;
        self.write(found.entry + HANDLE_ENTRY.lends, lends + 1)?;
        self.read(found.entry + HANDLE_ENTRY.rep)
    }

    /// Ends a loan. What is lent cannot be taken away, so its index stands for it.
    pub(crate) fn release(&mut self, index: u32) -> CanonResult<()> {
        let entry = self.entry(index)?;
        let lends = self.read(entry + HANDLE_ENTRY.lends)?;
        self.write(entry + HANDLE_ENTRY.lends, lends.checked_sub(1).ok_or_else(damaged)?)
    }

    /// A cell that counts the borrows of a call; its address.
    pub(crate) fn new_scope(&mut self) -> CanonResult<u32> {
        let free = self.read(STATE_HEADER.free_cells)?;
        if free == 0 {
            return self.allocate(CELL.size.into());
        }
        let next = self.read(free + CELL.next_free)?;
        self.write(STATE_HEADER.free_cells, next)?;
        (0..CELL.size).step_by(4).try_for_each(|at| self.write(free + at, 0))?;
        Ok(free)
    }

    /// How many borrow handles of a scope there are (`num_borrows`).
    pub(crate) fn scope_count(&self, scope: u32) -> CanonResult<u32> {
        self.read(scope + BORROW_SCOPE.count)
    }

    /// Gives the cell of a scope back that has no borrow handles any more.
    pub(crate) fn end_scope(&mut self, scope: u32) -> CanonResult<()> {
        let next = self.read(STATE_HEADER.free_cells)?;
        self.write(scope + CELL.next_free, next)?;
        self.write(STATE_HEADER.free_cells, scope)
    }

    /// Takes all borrow handles of a scope away, whose call will not be, and ends it.
    pub(crate) fn abandon_scope(&mut self, scope: u32) -> CanonResult<()> {
        for index in (1..self.field(INSTANCE_STATE.length)?).rev() {
            if self.scope_count(scope)? == 0 {
                break;
            }
            let entry = self.entry(index)?;
            let kind = HandleKind::of_tag(self.read(entry + HANDLE_ENTRY.tag)?);
            if kind == Some(HandleKind::Borrow) && self.read(entry + HANDLE_ENTRY.scope)? == scope {
                self.free(index, entry)?;
                self.write(scope + BORROW_SCOPE.count, self.scope_count(scope)? - 1)?;
            }
        }
        self.end_scope(scope)
    }

    /// The handle at `index`, if it is of the resource type in the tag that is wanted.
    fn find(&self, index: u32, wanted: u32) -> CanonResult<FoundHandle> {
        let unknown = || CanonError::from(TrapCode::UnknownHandle.with(index.into(), 0));
        if index == 0 || index >= self.field(INSTANCE_STATE.length)? {
            return Err(unknown());
        }
        let entry = self.entry(index)?;
        let tag = self.read(entry + HANDLE_ENTRY.tag)?;
        let kind = HandleKind::of_tag(tag).ok_or_else(damaged)?;
        match kind {
            HandleKind::Free => Err(unknown()),
            HandleKind::Own | HandleKind::Borrow if tag >> HANDLE_KIND_BITS == wanted >> HANDLE_KIND_BITS => {
                Ok(FoundHandle { entry, kind })
            }
            _ => Err(TrapCode::HandleTypeMismatch.with(index.into(), mismatched_tags(wanted, tag)).into()),
        }
    }

    /// `Table.add`: at the index that was freed last, or at the end.
    fn add(&mut self, tag: u32, rep: u32, scope: u32) -> CanonResult<u32> {
        let free = self.field(INSTANCE_STATE.free)?;
        let index = if free != 0 {
            let next = self.read(self.entry(free)? + HANDLE_ENTRY.rep)?;
            self.set_field(INSTANCE_STATE.free, next)?;
            free
        } else {
            let length = self.field(INSTANCE_STATE.length)?.max(1);
            if length >= self.field(INSTANCE_STATE.capacity)? {
                self.grow(length)?;
            }
            self.set_field(INSTANCE_STATE.length, length + 1)?;
            length
        };
        let entry = self.entry(index)?;
        for (at, value) in
            [(HANDLE_ENTRY.tag, tag), (HANDLE_ENTRY.rep, rep), (HANDLE_ENTRY.lends, 0), (HANDLE_ENTRY.scope, scope)]
        {
            self.write(entry + at, value)?;
        }
        Ok(index)
    }

    /// Moves the table, `length` entries long, to where there is room for twice as many.
    fn grow(&mut self, length: u32) -> CanonResult<()> {
        if length >= MAX_HANDLES {
            return Err(full(length));
        }
        let capacity = (2 * self.field(INSTANCE_STATE.capacity)?).clamp(FIRST_HANDLES, MAX_HANDLES);
        let bytes = u64::from(capacity) * u64::from(HANDLE_ENTRY.size);
        let old = self.field(INSTANCE_STATE.handles)? as usize;
        let new = self.allocate(bytes)?;
        if old != 0 {
            let end = old + (length * HANDLE_ENTRY.size) as usize;
            self.memory.bytes_mut().copy_within(old..end, new as usize);
        }
        self.set_field(INSTANCE_STATE.handles, new)?;
        self.set_field(INSTANCE_STATE.capacity, capacity)
    }

    /// Takes zeroed bytes from the end of the heap.
    fn allocate(&mut self, bytes: u64) -> CanonResult<u32> {
        let top = self.read(STATE_HEADER.heap_top)?;
        let end = u64::from(top) + bytes;
        let grown = match u32::try_from(end) {
            Ok(top) if self.memory.grow_to(end)? => top,
            _ => return Err(full(self.field(INSTANCE_STATE.length)?)),
        };
        self.write(STATE_HEADER.heap_top, grown)?;
        Ok(top)
    }

    fn entry(&self, index: u32) -> CanonResult<u32> {
        let offset = index.checked_mul(HANDLE_ENTRY.size).ok_or_else(damaged)?;
        self.field(INSTANCE_STATE.handles)?.checked_add(offset).ok_or_else(damaged)
    }

    fn field(&self, offset: u32) -> CanonResult<u32> {
        self.read(self.record + offset)
    }

    fn set_field(&mut self, offset: u32, value: u32) -> CanonResult<()> {
        self.write(self.record + offset, value)
    }

    fn read(&self, at: u32) -> CanonResult<u32> {
        let bytes = self.memory.bytes().get(at as usize..).and_then(|rest| rest.first_chunk());
        bytes.map(|bytes| u32::from_le_bytes(*bytes)).ok_or_else(damaged)
    }

    fn write(&mut self, at: u32, value: u32) -> CanonResult<()> {
        let bytes = self.memory.bytes_mut().get_mut(at as usize..).and_then(|rest| rest.first_chunk_mut());
        *bytes.ok_or_else(damaged)? = value.to_le_bytes();
        Ok(())
    }
}

#[cold]
fn full(length: u32) -> CanonError {
    TrapCode::HandleTableFull.with(length.into(), 0).into()
}

#[cold]
fn damaged() -> CanonError {
    format_err!("internal error: a table of handles is not as it should be").into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gusset_types::{ComponentInstanceIndex, heap_start, instance_state};

    /// A state that can grow up to a limit.
    struct TestState {
        bytes: Vec<u8>,
        limit: usize,
    }

    impl StateMemory for TestState {
        fn bytes(&self) -> &[u8] {
            &self.bytes
        }
        fn bytes_mut(&mut self) -> &mut [u8] {
            &mut self.bytes
        }
        fn grow_to(&mut self, length: u64) -> Result<bool> {
            let fits = length <= self.limit as u64;
            if fits && length > self.bytes.len() as u64 {
                self.bytes.resize(length as usize, 0);
            }
            Ok(fits)
        }
    }

    fn table(instances: u32, limit: usize) -> HandleTable<TestState> {
        let heap = heap_start(instances);
        let mut bytes = vec![0; heap as usize];
        bytes[STATE_HEADER.heap_top as usize..][..4].copy_from_slice(&heap.to_le_bytes());
        HandleTable::new(TestState { bytes, limit }, instance_state(ComponentInstanceIndex::from_u32(0)))
    }

    fn code<R>(result: CanonResult<R>) -> TrapCode {
        result.err().expect("it traps").code().expect("it is a trap")
    }

    /// The specification's table, with what the host does to it.
    #[derive(Default)]
    struct TableModel {
        handles: Vec<Option<ModelHandle>>,
        free: Vec<usize>,
    }

    #[derive(Clone)]
    struct ModelHandle {
        number: u32,
        rep: u32,
        own: bool,
        lends: u32,
    }

    impl TableModel {
        fn add(&mut self, handle: ModelHandle) -> u32 {
            if self.handles.is_empty() {
                self.handles.push(None);
            }
            let index = self.free.pop().unwrap_or(self.handles.len());
            if index == self.handles.len() {
                self.handles.push(None);
            }
            self.handles[index] = Some(handle);
            index as u32
        }

        fn find(&mut self, index: u32, number: u32) -> Result<&mut ModelHandle, TrapCode> {
            let handle = self.handles.get_mut(index as usize).and_then(Option::as_mut);
            let handle = handle.ok_or(TrapCode::UnknownHandle)?;
            if handle.number == number { Ok(handle) } else { Err(TrapCode::HandleTypeMismatch) }
        }

        fn remove_own(&mut self, index: u32, number: u32) -> Result<u32, TrapCode> {
            let handle = self.find(index, number)?.clone();
            if handle.lends != 0 {
                return Err(TrapCode::HandleLent);
            }
            if !handle.own {
                return Err(TrapCode::HandleNotOwned);
            }
            self.handles[index as usize] = None;
            self.free.push(index as usize);
            Ok(handle.rep)
        }
    }

    /// A sequence of numbers without an outside source, so that every run is the same.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, bound: u32) -> u32 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((self.0 >> 33) as u32) % bound
        }
    }

    fn same<R: PartialEq + std::fmt::Debug>(real: CanonResult<R>, model: Result<R, TrapCode>) {
        assert_eq!(real.map_err(|error| error.code().expect("it is a trap")), model);
    }

    #[test]
    fn random_operations_do_what_the_specification_says() {
        for seed in 0..200 {
            let mut numbers = Numbers(seed);
            let (mut real, mut model) = (table(3, 1 << 20), TableModel::default());
            let (mut scopes, mut loans) = (Vec::new(), Vec::new());
            for step in 0..400 {
                let (index, number) = (numbers.below(40), 1 + numbers.below(3));
                match numbers.below(8) {
                    0..=2 => {
                        let handle = ModelHandle { number, rep: step, own: true, lends: 0 };
                        same(real.add_own(number, step), Ok(model.add(handle)));
                    }
                    3 => {
                        if scopes.is_empty() || numbers.below(3) == 0 {
                            scopes.push((real.new_scope().unwrap(), 0));
                        }
                        let (scope, count) = scopes.last_mut().expect("there is one");
                        let handle = ModelHandle { number, rep: step, own: false, lends: 0 };
                        same(real.add_borrow(number, step, *scope), Ok(model.add(handle)));
                        *count += 1;
                        same(real.scope_count(*scope), Ok(*count));
                    }
                    4 | 5 => same(real.remove_own(index, number), model.remove_own(index, number)),
                    6 => {
                        let lent = model.find(index, number).map(|handle| {
                            handle.lends += 1;
                            handle.rep
                        });
                        if lent.is_ok() {
                            loans.push(index);
                        }
                        same(real.lend(index, number), lent);
                    }
                    _ => {
                        if let Some(index) = loans.pop() {
                            real.release(index).unwrap();
                            model.handles[index as usize].as_mut().expect("it is lent").lends -= 1;
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_no_handle_traps_with_its_index() {
        let mut table = table(1, 1 << 16);
        assert_eq!(code(table.lend(1, 1)), TrapCode::UnknownHandle);
        assert_eq!(table.add_own(1, 7).unwrap(), 1);
        for index in [0, 2, 1 << 28, u32::MAX] {
            let error = table.remove_own(index, 1).unwrap_err();
            assert_eq!(format!("{error:?}"), format!("\"\": unknown handle index {index}"));
        }
        let error = table.remove_own(1, 2).unwrap_err();
        let text = "handle index 1 used with the wrong type, expected guest-defined resource but found a different \
            guest-defined resource";
        assert!(format!("{error:?}").contains(text), "{error:?}");
        assert_eq!(table.lend(1, 1).unwrap(), 7);
        assert_eq!(code(table.remove_own(1, 1)), TrapCode::HandleLent);
        table.release(1).unwrap();
        assert_eq!(table.remove_own(1, 1).unwrap(), 7);
        assert_eq!(code(table.remove_own(1, 1)), TrapCode::UnknownHandle);
    }

    #[test]
    fn a_full_table_traps_and_stays_as_it_is() {
        // Room for 16 and 32 entries; the table of 64 would need 1 KiB more.
        let mut table = table(1, heap_start(1) as usize + 48 * 16 + 100);
        let indices: Vec<u32> = (0..31).map(|rep| table.add_own(1, rep).unwrap()).collect();
        assert_eq!(indices, (1..32).collect::<Vec<_>>());
        assert_eq!(code(table.add_own(1, 31)), TrapCode::HandleTableFull);
        assert_eq!(table.remove_own(31, 1).unwrap(), 30);
        assert_eq!(table.add_own(1, 99).unwrap(), 31);
        assert_eq!(table.remove_own(1, 1).unwrap(), 0);
    }

    /// A table as long as any may be, as far as its record goes: what it is too long for is found before an entry is looked at.
    #[test]
    fn the_longest_table_is_full() {
        let mut table = table(1, 1 << 16);
        table.set_field(INSTANCE_STATE.length, MAX_HANDLES).unwrap();
        table.set_field(INSTANCE_STATE.capacity, MAX_HANDLES).unwrap();
        assert_eq!(code(table.add_own(1, 0)), TrapCode::HandleTableFull);
        assert_eq!(table.field(INSTANCE_STATE.length).unwrap(), MAX_HANDLES);
    }

    #[test]
    fn cells_are_used_again() {
        let mut table = table(1, 1 << 16);
        let first = table.new_scope().unwrap();
        let second = table.new_scope().unwrap();
        table.add_borrow(1, 5, second).unwrap();
        table.end_scope(first).unwrap();
        table.end_scope(second).unwrap();
        assert_eq!((table.new_scope().unwrap(), table.new_scope().unwrap()), (second, first));
        assert_eq!(table.scope_count(second).unwrap(), 0);
    }
}
