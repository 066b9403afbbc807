//! The way from the host into a guest and back.

use super::context::{RawStoreContext, SavedActivation};
use super::function::{CallRecord, CallTarget};
use super::handle::FuncHandle;
use super::host::SharedHostRecord;
use super::raw_value::RawValue;
use super::signals::prepare_thread;
use super::stack::{EnteredBy, StackLimit};
use super::store::VmStore;
use crate::backtrace::{BacktraceGap, WasmBacktrace, WasmFrame};
use crate::core::Exception;
use crate::error::{Error, Result, format_err, with_backtrace};
use crate::store::{StoreContextMut, StoreInner};
use crate::trap::Trap;
use gusset_artifact::CoreValType;
use gusset_types::TrapCode;
use std::cell::Cell;

/// An entry trampoline: `(context, code, values) -> u8`, 1 for a return and 0 for a failure.
type EntryTrampoline = unsafe extern "C" fn(usize, usize, *mut RawValue) -> u8;

impl<T: 'static> StoreInner<T> {
    /// Calls a function, of a guest or of the host. `values` holds its parameters and then its results; it has room for
    /// the more numerous of the two.
    ///
    /// # Errors
    ///
    /// What a host function returned, as it was, its panic, or a [`Trap`](crate::Trap).
    ///
    /// # Panics
    ///
    /// When `func` is itself a host function, and panics: no guest is in between.
    ///
    /// Whoever calls more than once from one function, or in a loop, takes [`StoreInner::call_core_by`].
    pub(crate) fn call_core(&mut self, func: FuncHandle, values: &mut [RawValue]) -> Result<()> {
        self.call_in_place(EnteredBy::Host, func, values)
    }

    /// The same, for whom it says.
    ///
    /// It is never made a part of who calls it: after a call on a fiber he may be on another thread, and must not remember where the first
    /// one had its limits (V15).
    ///
    /// # Errors
    ///
    /// As [`StoreInner::call_core`].
    #[inline(never)]
    pub(crate) fn call_core_by(&mut self, by: EnteredBy, func: FuncHandle, values: &mut [RawValue]) -> Result<()> {
        self.call_in_place(by, func, values)
    }

    #[inline(always)]
    fn call_in_place(&mut self, by: EnteredBy, func: FuncHandle, values: &mut [RawValue]) -> Result<()> {
        let (target, values) = self.vm.begin_call(func, values)?;
        match target {
            CallTarget::Wasm { code, context, entry } => {
                // SAFETY: V2, V3: all three are of one record of this store; the values are of its signature.
                unsafe { enter(self, by, entry, context, code, values) }
            }
            CallTarget::Host(at) => self.call_host(at, by, values),
        }
    }

    /// Calls the closure at that position.
    fn call_host(&mut self, at: usize, by: EnteredBy, values: &mut [RawValue]) -> Result<()> {
        let Some(record) = self.vm.hosts[at].record.downcast_ref::<SharedHostRecord<T>>().cloned() else {
            return Err(Error::msg("internal error: a host function is of a store with other data"));
        };
        // A guest that it calls is within it.
        let _limit = self.vm.limit_stack(by)?;
        let mark = self.vm.root_mark();
        let outcome = record.call(self, values);
        // An exception's values are the caller's.
        if !matches!(&outcome, Err(error) if error.is::<Exception>()) {
            self.vm.unroot_since(mark);
        }
        outcome
    }

    /// Has `work` call functions one after the other, in one activation.
    pub(crate) fn with_calls<R>(&mut self, by: EnteredBy, work: impl FnOnce(&mut GuestCalls<'_, T>) -> R) -> R {
        let room = ActivationRoom { saved: Cell::new(SavedActivation::NONE), limit: Cell::new(None) };
        let mut calls = GuestCalls { store: self, by, room: &room, has_begun: false };
        work(&mut calls)
    }
}

/// Calls of a store's functions, one after the other. Those of guests share one activation, which begins with the first of them: so a call
/// that needs `realloc` before and `post-return` behind is entered once. Between them the host runs, and has the store.
pub(crate) struct GuestCalls<'a, T: 'static> {
    store: &'a mut StoreInner<T>,
    by: EnteredBy,
    room: &'a ActivationRoom,
    has_begun: bool,
}

/// Room for an activation that goes on between calls: what is put back at its end, and the limit of the stack, which ends after it.
struct ActivationRoom {
    saved: Cell<SavedActivation>,
    limit: Cell<Option<StackLimit>>,
}

impl<T: 'static> GuestCalls<'_, T> {
    /// The store, for what is done between calls.
    #[inline]
    pub(crate) fn store(&mut self) -> &mut StoreInner<T> {
        self.store
    }

    /// [`StoreInner::call_core`], in this activation.
    ///
    /// # Errors
    ///
    /// As there.
    pub(crate) fn call(&mut self, func: FuncHandle, values: &mut [RawValue]) -> Result<()> {
        let (target, values) = self.store.vm.begin_call(func, values)?;
        match target {
            CallTarget::Wasm { code, context, entry } => {
                check_fuel(&self.store.vm)?;
                if !self.has_begun {
                    self.begin()?;
                }
                // SAFETY: V2, V3: all three are of one record of this store; the values are of its signature. The activation has begun.
                unsafe { self.enter(entry, context, code, values) }
            }
            CallTarget::Host(at) => self.store.call_host(at, self.by, values),
        }
    }

    /// Begins the activation. It is never made a part of who calls it, as he may begin another one on another thread (V15).
    #[inline(never)]
    fn begin(&mut self) -> Result<()> {
        if self.store.vm.engine().config().signals_based_traps {
            prepare_thread()?;
        }
        let limit = self.store.vm.limit_stack(self.by)?;
        let raw: *const RawStoreContext = self.store.vm.context_pointer();
        let owner: *mut StoreInner<T> = self.store;
        // SAFETY: V1: as in `enter` below; each call derives the pointers anew before a guest runs.
        let (raw, vm) = unsafe { (&*raw, &raw mut (*owner).vm) };
        self.room.saved.set(raw.begin(owner.cast(), vm, limit.address()));
        raw.link(self.room.saved.as_ptr());
        // There was none.
        std::mem::forget(self.room.limit.replace(Some(limit)));
        self.has_begun = true;
        Ok(())
    }

    /// Runs a guest's function in the activation that has begun.
    ///
    /// # Safety
    ///
    /// As for [`enter`].
    #[inline]
    unsafe fn enter(&mut self, entry: usize, context: usize, code: usize, values: &mut [RawValue]) -> Result<()> {
        let raw: *const RawStoreContext = self.store.vm.context_pointer();
        let owner: *mut StoreInner<T> = self.store;
        // SAFETY: V1: until the guest returns the store is reached through `owner` only, as in `enter` below.
        let (raw, vm) = unsafe { (&*raw, &raw mut (*owner).vm) };
        raw.go_on(owner.cast(), vm);
        // SAFETY: V2, V9: the caller says so.
        let returned = unsafe { run(raw, entry, context, code, values) };
        raw.pause();
        if returned { Ok(()) } else { Err(take_failure(&mut self.store.vm)) }
    }
}

impl<T: 'static> Drop for GuestCalls<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if self.has_begun {
            self.store.vm.context().end(self.room.saved.get());
        }
    }
}

impl<T: 'static> StoreContextMut<'_, T> {
    /// [`StoreInner::call_core_by`].
    pub(crate) fn call_core_by(&mut self, by: EnteredBy, func: FuncHandle, values: &mut [RawValue]) -> Result<()> {
        self.0.call_core_by(by, func, values)
    }
}

impl VmStore {
    /// What a call of `func` does, and as many of `values` as it needs, which have been checked.
    #[inline(always)]
    fn begin_call<'v>(
        &mut self,
        func: FuncHandle,
        values: &'v mut [RawValue],
    ) -> Result<(CallTarget, &'v mut [RawValue])> {
        let number = func.index(self.id());
        self.calls_begun += 1;
        let &CallRecord { target, values: count, takes_references } = self.call_of(number)?;
        let given = values.len();
        let Some(values) = values.get_mut(..count) else { return Err(too_few_values(count, given)) };
        if takes_references {
            let ty = self.func_type(func).clone();
            self.check_values(&ty.params, values)?;
        }
        Ok((target, values))
    }

    /// Whether values can be handed to compiled code as those of these types.
    pub(super) fn check_values(&mut self, types: &[CoreValType], values: &[RawValue]) -> Result<()> {
        types.iter().zip(values).try_for_each(|(&ty, &value)| self.check_value(ty, value))
    }
}

/// Runs a guest's function.
///
/// # Safety
///
/// `code` and `context` are those of one function record of this store, and `entry` is an entry trampoline for its type.
/// `values` are its parameters, checked, with room for its results.
unsafe fn enter<T: 'static>(
    store: &mut StoreInner<T>,
    by: EnteredBy,
    entry: usize,
    context: usize,
    code: usize,
    values: &mut [RawValue],
) -> Result<()> {
    if store.vm.engine().config().signals_based_traps {
        prepare_thread()?;
    }
    check_fuel(&store.vm)?;
    let stack_limit = store.vm.limit_stack(by)?;
    let raw: *const RawStoreContext = store.vm.context_pointer();
    let owner: *mut StoreInner<T> = store;
    // SAFETY: V1: from here to the end of the activation the store is reached through `owner` only. The pointers are
    // derived from the exclusive borrow; the context does not move and is reached through shared references only.
    let (raw_context, vm) = unsafe { (&*raw, &raw mut (*owner).vm) };
    let saved = raw_context.begin(owner.cast(), vm, stack_limit.address());
    raw_context.link(&raw const saved);
    // SAFETY: V2, V9: the caller says so.
    let returned = unsafe { run(raw_context, entry, context, code, values) };
    raw_context.end(saved);
    drop(stack_limit);
    if returned { Ok(()) } else { Err(take_failure(&mut store.vm)) }
}

/// What is short does not look at its fuel, and hosts may call it for ever.
#[inline(always)]
fn check_fuel(vm: &VmStore) -> Result<()> {
    if vm.is_out_of_fuel() { Err(Trap::new(TrapCode::OutOfFuel).into()) } else { Ok(()) }
}

/// Runs compiled code in the activation that has begun, and says whether it returned.
///
/// # Safety
///
/// As for [`enter`]; `raw` is the context of the store.
#[inline(always)]
unsafe fn run(raw: &RawStoreContext, entry: usize, context: usize, code: usize, values: &mut [RawValue]) -> bool {
    raw.go_to_guest();
    // SAFETY: V2, V9: the caller says that `entry` is an entry trampoline for functions of `code`'s type and that
    // `context` is the context it runs in.
    let returned = unsafe {
        let entry = std::mem::transmute::<usize, EntryTrampoline>(entry);
        entry(context, code, values.as_mut_ptr())
    };
    raw.leave_guest();
    returned == 1
}

#[cold]
fn too_few_values(needed: usize, given: usize) -> Error {
    format_err!("a call of a function of {needed} values was given room for {given} only")
}

/// Why an activation was left, for its caller.
#[cold]
#[inline(never)]
fn take_failure(vm: &mut VmStore) -> Error {
    let thrown = vm.context().failure.take_exception();
    let thrown = thrown.map(|exception| Exception::of_guest(vm, exception).map_or_else(|error| error, Error::new));
    let context = vm.context();
    let failure = &context.failure;
    let error = match (thrown.or_else(|| failure.take_host()), failure.take_trap()) {
        (Some(error), _) => error,
        (None, Some((code, memory_offset))) => {
            Trap::new(code).with_memory_offset(memory_offset.map(|offset| offset as u64)).into()
        }
        (None, None) => format_err!("internal error: a guest was left without a reason"),
    };
    with_backtrace(error, backtrace(context, vm.engine().has_backtrace_details()))
}

/// Where the guest stood that was left: frames of stubs are not shown.
fn backtrace(context: &RawStoreContext, details: bool) -> WasmBacktrace {
    let (places, gap) = context.failure.frames();
    let mut kept: Vec<WasmFrame> = Vec::new();
    let mut position = 0;
    for (at, place) in places.enumerate() {
        if at == gap.position {
            position = kept.len();
        }
        kept.extend(context.with_code_at(place.pc, |code| code.frame_at(place.pc, place.number, details)));
    }
    WasmBacktrace::new(kept, BacktraceGap { position, ..gap })
}
