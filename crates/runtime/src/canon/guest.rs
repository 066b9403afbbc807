//! The two guests that values are lowered into: an instance's memory and `realloc` in a store, and a scratch memory of the host.

use super::budget::LiftBudget;
use super::context::{Guest, LiftContext};
use crate::error::{Error, Result, bail};
use crate::store::StoreContextMut;
use crate::type_scope::TypeScope;
use crate::vm::{FuncHandle, MemoryHandle, RawValue, VmStore};
use gusset_types::{FLAG_CANNOT_LEAVE, INSTANCE_STATE, PointerWidth, StringEncoding};

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
}

/// Where the state of a component instance is.
#[derive(Clone, Copy)]
pub(crate) struct InstanceState {
    /// The state memory.
    pub(crate) memory: MemoryHandle,
    /// The address of the instance's record.
    pub(crate) record: u32,
}

impl InstanceState {
    fn flags(self) -> std::ops::Range<usize> {
        let start = (self.record + INSTANCE_STATE.flags) as usize;
        start..start + 4
    }

    /// Whether the instance may call out.
    fn may_leave(self, vm: &VmStore) -> bool {
        vm.memory(self.memory)[self.flags()][0] & FLAG_CANNOT_LEAVE as u8 == 0
    }

    fn set_may_leave(self, vm: &mut VmStore, may_leave: bool) {
        let flags = &mut vm.memory_mut(self.memory)[self.flags()][0];
        *flags = *flags & !(FLAG_CANNOT_LEAVE as u8) | if may_leave { 0 } else { FLAG_CANNOT_LEAVE as u8 };
    }
}

impl ResolvedOptions {
    /// Lifts from the instance as it stands.
    pub(crate) fn lift<'a>(&self, vm: &'a VmStore, types: TypeScope<'a>) -> LiftContext<'a> {
        let memory = self.memory.map_or(&[][..], |memory| vm.memory(memory));
        let budget = LiftBudget::new(vm.engine().config().max_lifted_bytes);
        LiftContext::new(types, memory, self.encoding, self.width, budget)
    }

    /// Whether the instance may call out.
    pub(crate) fn may_leave(&self, vm: &VmStore) -> bool {
        self.state.is_none_or(|state| state.may_leave(vm))
    }

    /// Calls a function of the instance that may not call out: `realloc` and `post-return`.
    pub(crate) fn call_without_leaving<T: 'static>(
        &self,
        store: &mut StoreContextMut<'_, T>,
        func: FuncHandle,
        values: &mut [RawValue],
    ) -> Result<()> {
        let Some(state) = self.state else { return store.call_core(func, values) };
        let before = state.may_leave(&store.0.vm);
        state.set_may_leave(&mut store.0.vm, false);
        // After a failure the whole instance is locked, and nobody reads its flags again.
        store.call_core(func, values)?;
        state.set_may_leave(&mut store.0.vm, before);
        Ok(())
    }
}

/// An instance as a guest.
pub(crate) struct StoreGuest<'a, 's, T: 'static> {
    pub(crate) store: &'a mut StoreContextMut<'s, T>,
    pub(crate) options: ResolvedOptions,
}

impl<T: 'static> Guest for StoreGuest<'_, '_, T> {
    fn memory(&mut self) -> &mut [u8] {
        match self.options.memory {
            Some(memory) => self.store.0.vm.memory_mut(memory),
            None => &mut [],
        }
    }

    fn realloc(&mut self, old: u64, old_size: u64, align: u32, new_size: u64) -> Result<u64, Error> {
        let Some(realloc) = self.options.realloc else { bail!("a value needs memory, but there is no `realloc`") };
        let mut values = [old, old_size, u64::from(align), new_size].map(RawValue::from_u64);
        self.options.call_without_leaving(self.store, realloc, &mut values)?;
        Ok(match self.options.width {
            PointerWidth::Memory32 => u64::from(values[0].u32()),
            PointerWidth::Memory64 => values[0].u64(),
        })
    }
}

/// A memory that nobody runs in: values of the host pass through it where one side is typed and the other is not.
#[derive(Default)]
pub(crate) struct ScratchGuest {
    pub(crate) bytes: Vec<u8>,
}

impl Guest for ScratchGuest {
    fn memory(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    fn realloc(&mut self, old: u64, old_size: u64, align: u32, new_size: u64) -> Result<u64, Error> {
        let start = self.bytes.len().next_multiple_of(align as usize);
        let end = u32::try_from(start as u64 + new_size).map_err(|_| Error::msg("values of more than 4 GiB"))?;
        self.bytes.resize(end as usize, 0);
        let kept = old_size.min(new_size) as usize;
        self.bytes.copy_within(old as usize..old as usize + kept, start);
        Ok(start as u64)
    }
}
