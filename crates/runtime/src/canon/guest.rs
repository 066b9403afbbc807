//! The two guests that values are lowered into: an instance's memory and `realloc` in a store, and a scratch memory of the host.

use super::budget::LiftBudget;
use super::context::{Guest, LiftContext};
use super::handle_table::{HandleTable, StoreState};
use super::handles::{HandleSide, LiftHandles, LowerHandles, UsedHandles, no_handles};
use super::values::{LowerPlace, lift_values, lower_values};
use super::{CanonResult, FlatReader, FlatWriter, LiftList, LowerContext, LowerList, TypeList};
use crate::component_instance::InstanceResource;
use crate::error::{Error, Result, format_err};
use crate::instance::Instance;
use crate::resource::{HeldHandles, HeldMark};
use crate::store::StoreInner;
use crate::type_scope::TypeScope;
use crate::vm::{FuncHandle, GuestCalls, LendsMemory, MemoryHandle, RawValue, VmStore};
use gusset_types::{ComponentInstanceIndex, FLAG_CANNOT_LEAVE, INSTANCE_STATE, PointerWidth, StringEncoding, TrapCode};

/// Canonical options whose references have been resolved to parts of a store.
#[derive(Clone, Copy)]
pub(crate) struct ResolvedOptions {
    pub(crate) memory: Option<MemoryHandle>,
    pub(crate) realloc: Option<FuncHandle>,
    pub(crate) post_return: Option<FuncHandle>,
    /// The state of the component instance; `None` where nobody could see it.
    pub(crate) state: Option<InstanceState>,
    pub(crate) encoding: StringEncoding,
    pub(crate) width: PointerWidth,
    pub(crate) page_size_log2: u8,
}

/// The flag in the byte that it is in.
const CANNOT_LEAVE: u8 = FLAG_CANNOT_LEAVE as u8;

/// Where the state of a component instance is.
#[derive(Clone, Copy)]
pub(crate) struct InstanceState {
    /// The state memory.
    pub(crate) memory: MemoryHandle,
    /// The root instance that it is in.
    pub(crate) root: Instance,
    pub(crate) instance: ComponentInstanceIndex,
    /// The address of its record.
    pub(crate) record: u32,
}

impl InstanceState {
    /// The instance's handles.
    fn table(self, vm: &mut VmStore) -> HandleTable<StoreState<'_>> {
        HandleTable::new(StoreState { vm, memory: self.memory }, self.record)
    }

    /// The byte of its flags that says whether it may call out.
    #[inline]
    fn flags(self) -> usize {
        (self.record + INSTANCE_STATE.flags) as usize
    }

    /// Whether the instance may call out.
    #[inline]
    fn may_leave(self, vm: &VmStore) -> bool {
        vm.memory(self.memory)[self.flags()] & CANNOT_LEAVE == 0
    }

    /// Replaces the flags by what `change` makes of them; what they were.
    #[inline]
    fn change_flags(self, vm: &mut VmStore, change: impl FnOnce(u8) -> u8) -> u8 {
        let flags = &mut vm.memory_mut(self.memory)[self.flags()];
        let before = *flags;
        *flags = change(before);
        before
    }
}

impl ResolvedOptions {
    /// Lifts from the instance as it stands; handles only if `with_handles`.
    #[inline]
    pub(crate) fn lift<'a, T: 'static>(
        &self,
        store: &'a mut StoreInner<T>,
        types: TypeScope<'a>,
        with_handles: bool,
    ) -> LiftContext<'a> {
        let budget = LiftBudget::within(store.vm.engine().config().max_lifted_bytes, store.vm.budget());
        let Some(state) = self.state.filter(|_| with_handles) else {
            let memory = self.memory.map_or(&[][..], |memory| store.vm.memory(memory));
            let cx = LiftContext::new(types, memory, self.encoding, self.width, budget, None);
            return cx.in_guest(self.memory);
        };
        let StoreInner { vm, components, held, .. } = store;
        let resources = &components[state.root.index(vm.id())].resources;
        let (memory, bytes) = vm.memory_beside(self.memory, state.memory);
        let table = HandleTable::new(bytes, state.record);
        let side = HandleSide::Guest { table, instance: state.instance, scope: None };
        let handles = LiftHandles { side, resources, held };
        LiftContext::new(types, memory, self.encoding, self.width, budget, Some(handles)).in_guest(self.memory)
    }

    /// Ends a call whose borrows are counted in the cell at `scope`.
    ///
    /// # Errors
    ///
    /// The trap that says that some have not been dropped.
    pub(crate) fn end_scope<T: 'static>(&self, store: &mut StoreInner<T>, scope: u32) -> CanonResult<()> {
        let mut table = self.state.ok_or_else(no_handles)?.table(&mut store.vm);
        match table.scope_count(scope)? {
            0 => table.end_scope(scope),
            count => Err(TrapCode::BorrowsRemain.with(count.into(), 0).into()),
        }
    }

    /// Ends a call that will not be, as the host gave what cannot be lowered: what it has lent by then, the instance loses.
    pub(crate) fn abandon_scope<T: 'static>(&self, store: &mut StoreInner<T>, scope: u32) -> CanonResult<()> {
        self.state.ok_or_else(no_handles)?.table(&mut store.vm).abandon_scope(scope)
    }

    /// Ends the loans of handles that the instance has lent to the host.
    pub(crate) fn release<T: 'static>(&self, store: &mut StoreInner<T>, mark: HeldMark) -> CanonResult<()> {
        let StoreInner { vm, held, .. } = store;
        let lenders = held.lenders_since(mark);
        if lenders.is_empty() {
            return Ok(());
        }
        let mut table = self.state.ok_or_else(no_handles)?.table(vm);
        lenders.iter().try_for_each(|&index| table.release(index))
    }

    /// Checks the handles in `values`, which are about to be lowered to `place`: nothing changes, neither of the guest's nor of the
    /// host's, though `flat` is written to.
    ///
    /// # Errors
    ///
    /// That the host cannot give or lend one of them. What else is wrong comes out when they are lowered.
    pub(crate) fn check_handles<T: 'static>(
        &self,
        store: &mut StoreInner<T>,
        types: TypeScope<'_>,
        values: &impl LowerList,
        list: TypeList<'_>,
        place: LowerPlace,
        flat: &mut FlatWriter<'_>,
    ) -> CanonResult<()> {
        let StoreInner { vm, components, held, .. } = store;
        // Without a table, the first handle will not be lowered either.
        let Some(state) = self.state else { return Ok(()) };
        let resources = &components[state.root.index(vm.id())].resources;
        check_handles(types, resources, held, self.width, values, list, place, flat)
    }

    /// Whether the instance may call out.
    #[inline]
    pub(crate) fn may_leave(&self, vm: &VmStore) -> bool {
        self.state.is_none_or(|state| state.may_leave(vm))
    }

    /// Calls a function of the instance that may not call out: `realloc` and `post-return`.
    #[inline]
    pub(crate) fn call_without_leaving<T: 'static>(
        &self,
        calls: &mut GuestCalls<'_, T>,
        func: FuncHandle,
        values: &mut [RawValue],
    ) -> Result<()> {
        let Some(state) = self.state else { return calls.call(func, values) };
        let before = state.change_flags(&mut calls.store().vm, |flags| flags | CANNOT_LEAVE);
        // After a failure the whole instance is locked, and nobody reads its flags again.
        calls.call(func, values)?;
        state.change_flags(&mut calls.store().vm, |flags| flags & !CANNOT_LEAVE | before & CANNOT_LEAVE);
        Ok(())
    }
}

/// An instance as a guest.
pub(crate) struct StoreGuest<'a, 's, T: 'static> {
    /// By which its `realloc` is called.
    pub(crate) calls: &'a mut GuestCalls<'s, T>,
    pub(crate) options: &'a ResolvedOptions,
    /// The address of the call's cell for borrows; 0 before it has one.
    pub(crate) scope: u32,
}

impl<T: 'static> LendsMemory for StoreGuest<'_, '_, T> {
    #[inline]
    fn memory(&mut self) -> &mut [u8] {
        match self.options.memory {
            Some(memory) => self.calls.store().vm.memory_mut(memory),
            None => &mut [],
        }
    }
}

impl<T: 'static> Guest for StoreGuest<'_, '_, T> {
    #[inline]
    fn realloc(&mut self, old: u64, old_size: u64, align: u32, new_size: u64) -> Result<u64, Error> {
        let Some(realloc) = self.options.realloc else { return Err(no_realloc()) };
        let mut values = [old, old_size, u64::from(align), new_size].map(RawValue::from_u64);
        self.options.call_without_leaving(self.calls, realloc, &mut values)?;
        Ok(match self.options.width {
            PointerWidth::Memory32 => u64::from(values[0].u32()),
            PointerWidth::Memory64 => values[0].u64(),
        })
    }

    fn handles(&mut self) -> CanonResult<LowerHandles<'_>> {
        let state = self.options.state.ok_or_else(no_handles)?;
        let StoreInner { vm, components, held, .. } = self.calls.store();
        let resources = &components[state.root.index(vm.id())].resources;
        let side = HandleSide::Guest { table: state.table(vm), instance: state.instance, scope: Some(&mut self.scope) };
        Ok(LowerHandles { side, resources, held })
    }
}

#[cold]
fn no_realloc() -> Error {
    format_err!("a value needs memory, but there is no `realloc`")
}

/// A guest without a memory, for values that need none.
pub(crate) struct NoMemory;

impl LendsMemory for NoMemory {
    #[inline]
    fn memory(&mut self) -> &mut [u8] {
        &mut []
    }
}

impl Guest for NoMemory {
    fn realloc(&mut self, _: u64, _: u64, _: u32, _: u64) -> Result<u64, Error> {
        Err(no_realloc())
    }
}

/// A memory that nobody runs in: values of the host pass through it where one side is typed and the other is not.
#[derive(Default)]
pub(crate) struct ScratchGuest {
    pub(crate) bytes: Vec<u8>,
}

impl LendsMemory for ScratchGuest {
    #[inline]
    fn memory(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

impl Guest for ScratchGuest {
    #[inline]
    fn realloc(&mut self, old: u64, old_size: u64, align: u32, new_size: u64) -> Result<u64, Error> {
        let start = self.bytes.len().next_multiple_of(align as usize);
        let end = u32::try_from(start as u64 + new_size).map_err(|_| Error::msg("values of more than 4 GiB"))?;
        self.bytes.resize(end as usize, 0);
        let kept = old_size.min(new_size) as usize;
        self.bytes.copy_within(old as usize..old as usize + kept, start);
        Ok(start as u64)
    }
}

/// Makes other values of `values`, Rust values of dynamic ones or the other way round. They hold no handles.
pub(crate) fn pass_without_handles<L: LiftList>(
    types: TypeScope<'_>,
    values: &impl LowerList,
    list: TypeList<'_>,
) -> CanonResult<L> {
    let (encoding, width) = (StringEncoding::Utf8, PointerWidth::Memory32);
    let mut flat = [RawValue::default(); 2];
    let mut guest = ScratchGuest::default();
    let layout = list.layout(types.types, width);
    let mut cx = LowerContext::new(types, &mut guest, encoding, width);
    lower_values(&mut cx, values, list, LowerPlace::Allocated(layout), &mut FlatWriter::new(&mut flat))?;
    let mut cx = LiftContext::new(types, &guest.bytes, encoding, width, LiftBudget::unlimited(), None);
    lift_values(&mut cx, list, Some(layout), &mut FlatReader::new(&flat))
}

/// Values on the way from the host to itself, through a component that exports what it imports: dynamic ones become Rust values and
/// the other way round, and handles change hands.
pub(crate) struct HostPassage<'a> {
    pub(crate) types: TypeScope<'a>,
    pub(crate) resources: &'a [InstanceResource],
    pub(crate) held: &'a mut HeldHandles,
}

impl HostPassage<'_> {
    /// Lowers `values` and lifts what arrives. If a handle is refused, all of them are as before.
    pub(crate) fn pass<L: LiftList>(&mut self, values: &impl LowerList, types: TypeList<'_>) -> CanonResult<L> {
        let (encoding, width) = (StringEncoding::Utf8, PointerWidth::Memory32);
        let mut flat = [RawValue::default(); 2];
        let layout = types.layout(self.types.types, width);
        let (place, writer) = (LowerPlace::Allocated(layout), &mut FlatWriter::new(&mut flat));
        check_handles(self.types, self.resources, self.held, width, values, types, place, writer)?;
        let mut passed = Vec::new();
        let mut guest = HostGuest {
            scratch: ScratchGuest::default(),
            side: HostSide::Passage(&mut passed),
            resources: self.resources,
            held: &mut *self.held,
        };
        let mut cx = LowerContext::new(self.types, &mut guest, encoding, width);
        lower_values(&mut cx, values, types, place, &mut FlatWriter::new(&mut flat))?;
        let bytes = guest.scratch.bytes;
        let side = HandleSide::Passage(&mut passed);
        let handles = LiftHandles { side, resources: self.resources, held: &mut *self.held };
        let budget = LiftBudget::unlimited();
        let mut cx = LiftContext::new(self.types, &bytes, encoding, width, budget, Some(handles));
        lift_values(&mut cx, types, Some(layout), &mut FlatReader::new(&flat))
    }
}

/// Refuses values with a handle that the host cannot give or lend, and changes nothing.
#[expect(clippy::too_many_arguments, reason = "what values are lowered with, and where to")]
fn check_handles(
    types: TypeScope<'_>,
    resources: &[InstanceResource],
    held: &mut HeldHandles,
    width: PointerWidth,
    values: &impl LowerList,
    list: TypeList<'_>,
    place: LowerPlace,
    flat: &mut FlatWriter<'_>,
) -> CanonResult<()> {
    let mut used = UsedHandles::default();
    let side = HostSide::Check(&mut used);
    let mut guest = HostGuest { scratch: ScratchGuest::default(), side, resources, held };
    let mut cx = LowerContext::new(types, &mut guest, StringEncoding::Utf8, width);
    // What else is wrong comes out when they are lowered.
    lower_values(&mut cx, values, list, place, flat).or_else(|error| match error.is_refusal() {
        true => Err(error),
        false => Ok(()),
    })
}

/// A scratch memory, with handles that do not reach a guest.
struct HostGuest<'a> {
    scratch: ScratchGuest,
    side: HostSide<'a>,
    resources: &'a [InstanceResource],
    held: &'a mut HeldHandles,
}

/// Where the handles go.
enum HostSide<'a> {
    Passage(&'a mut Vec<u32>),
    Check(&'a mut UsedHandles),
}

impl LendsMemory for HostGuest<'_> {
    #[inline]
    fn memory(&mut self) -> &mut [u8] {
        self.scratch.memory()
    }
}

impl Guest for HostGuest<'_> {
    #[inline]
    fn realloc(&mut self, old: u64, old_size: u64, align: u32, new_size: u64) -> Result<u64, Error> {
        self.scratch.realloc(old, old_size, align, new_size)
    }

    fn handles(&mut self) -> CanonResult<LowerHandles<'_>> {
        let side = match &mut self.side {
            HostSide::Passage(passed) => HandleSide::Passage(passed),
            HostSide::Check(used) => HandleSide::Check(used),
        };
        Ok(LowerHandles { side, resources: self.resources, held: &mut *self.held })
    }
}
