//! The way from the host into a guest and back.

use super::context::RawStoreContext;
use super::function::CallTarget;
use super::handle::FuncHandle;
use super::host::HostRecord;
use super::raw_value::RawValue;
use super::signals::prepare_thread;
use super::stack::EnteredBy;
use super::store::VmStore;
use crate::backtrace::{BacktraceGap, WasmBacktrace, WasmFrame};
use crate::core::Exception;
use crate::error::{Error, Result, bail, format_err, with_backtrace};
use crate::store::{StoreContextMut, StoreInner};
use crate::trap::Trap;
use gusset_artifact::CoreValType;
use gusset_types::TrapCode;

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
        let number = func.index(self.vm.id());
        self.vm.calls_begun += 1;
        let record = self.vm.call_of(number)?;
        let Some(values) = values.get_mut(..record.values) else {
            bail!("a call of a function of {} values was given room for {} only", record.values, values.len());
        };
        if record.takes_references {
            let ty = self.vm.func_type(func).clone();
            self.vm.check_values(&ty.params, values)?;
        }
        match record.target {
            CallTarget::Wasm { code, context, entry } => {
                // SAFETY: V2, V3: all three are of one record of this store; the values are of its signature.
                unsafe { enter(self, by, entry, context, code, values) }
            }
            CallTarget::Host(at) => match self.vm.hosts[at].record.clone().downcast::<HostRecord<T>>() {
                Ok(record) => {
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
                Err(_) => Err(Error::msg("internal error: a host function is of a store with other data")),
            },
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
    let config = store.vm.engine().config();
    if config.signals_based_traps {
        prepare_thread()?;
    }
    // What is short does not look, and hosts may call it for ever.
    if store.vm.is_out_of_fuel() {
        return Err(Trap::new(TrapCode::OutOfFuel).into());
    }
    let stack_limit = store.vm.limit_stack(by)?;
    let raw: *const RawStoreContext = store.vm.context_pointer();
    let owner: *mut StoreInner<T> = store;
    // SAFETY: V1: from here to the end of the activation the store is reached through `owner` only. The pointers are
    // derived from the exclusive borrow; the context does not move and is reached through shared references only.
    let (raw_context, vm) = unsafe { (&*raw, &raw mut (*owner).vm) };
    let saved = raw_context.begin(owner.cast(), vm, stack_limit.address());
    raw_context.link(&raw const saved);
    raw_context.go_to_guest();
    // SAFETY: V2, V9: the caller says that `entry` is an entry trampoline for functions of `code`'s type and that
    // `context` is the context it runs in.
    let returned = unsafe {
        let entry = std::mem::transmute::<usize, EntryTrampoline>(entry);
        entry(context, code, values.as_mut_ptr())
    };
    raw_context.leave_guest();
    raw_context.end(saved);
    drop(stack_limit);
    if returned == 1 { Ok(()) } else { Err(take_failure(&mut store.vm)) }
}

/// Why an activation was left, for its caller.
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
