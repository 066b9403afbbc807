//! Epochs and fuel: the numbers that compiled code and the host share, and what compiled code asks when an epoch has come or
//! its share of fuel is used up. What the host wants then stands in `metering.rs`, above this module.

use super::context::RawStoreContext;
use super::handle::GlobalHandle;
use super::raw_value::RawValue;
use super::store::VmStore;
use crate::async_call::yield_now;
use crate::error::{Error, Result};
use crate::host_panic::HostPanic;
use crate::store::StoreInner;
use gusset_artifact::{CoreValType, GlobalType};
use gusset_types::TrapCode;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;

/// How much fuel compiled code takes at once. It counts that down in a register, and a trap other than `unreachable` loses the count: so
/// this is also the most that a call may use without being charged for it, if it ends with such a trap.
const SHARE: i64 = 10_000;

/// What a store of a type does when the epoch of its deadline has come.
pub(super) type OnDeadline = unsafe fn(&RawStoreContext) -> Result<bool>;

/// [`StoreInner::deadline_reached`] of the store around a context.
///
/// # Safety
///
/// A guest of a store with data of type `T` is running, whose context this is, and nobody holds a borrow of the store.
pub(super) unsafe fn on_deadline<T: 'static>(context: &RawStoreContext) -> Result<bool> {
    // SAFETY: V1, V8: the owner was borrowed exclusively by the entry, which does not touch it until the guest returns.
    unsafe { (*context.owner.get().cast::<StoreInner<T>>()).deadline_reached() }
}

impl RawStoreContext {
    /// Whether the epoch of the deadline has come.
    pub(super) fn is_late(&self) -> bool {
        self.epoch() >= self.epoch_deadline.get()
    }

    fn epoch(&self) -> u64 {
        // SAFETY: V4: the counter is the engine's, which the store keeps.
        unsafe { (*self.epoch_counter).load(Ordering::Relaxed) }
    }

    fn fuel_left(&self) -> u64 {
        let left = i128::from(self.fuel_behind.get()) + i128::from(self.fuel.get());
        left.clamp(0, u64::MAX.into()) as u64
    }

    fn begin_share(&self, fuel: u64) {
        let mut share = fuel.min(SHARE as u64);
        if self.fuel_yield_interval.get() != 0 {
            // Where the turn is over already, the least: code asks then.
            let until_yield = self.fuel_until_yield.get();
            share = share.min(until_yield.max(1));
            self.fuel_until_yield.set(until_yield.saturating_sub(share));
        }
        self.fuel.set(share as i64);
        self.fuel_behind.set(fuel - share);
    }

    /// Whether the guest has used so much that others are to have their turn; so much more is its next one.
    fn is_turn_over(&self) -> bool {
        let over = self.fuel_yield_interval.get() != 0 && self.fuel_until_yield.get() == 0;
        if over {
            self.fuel_until_yield.set(self.fuel_yield_interval.get());
        }
        over
    }

    /// Gives compiled code its next share.
    pub(super) fn refill_fuel(&self) -> Result<(), TrapCode> {
        match self.fuel_left() {
            0 => Err(TrapCode::OutOfFuel),
            fuel => {
                self.begin_share(fuel);
                Ok(())
            }
        }
    }
}

/// Gives compiled code its next share, after others have had their turn where that is over; whether it goes on. If not, why is recorded.
///
/// # Safety
///
/// Compiled code of the context's store calls, and nobody holds a borrow of it.
pub(super) unsafe fn next_share(context: &RawStoreContext) -> bool {
    let left = context.fuel_left();
    if left > 0 && context.is_turn_over() {
        // While the host runs, no fault of this thread is the guest's.
        context.leave_guest();
        let outcome = catch_unwind(AssertUnwindSafe(yield_now));
        context.go_to_guest();
        match outcome {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                context.failure.set_host(error);
                return false;
            }
            Err(payload) => {
                context.failure.set_host(Error::new(HostPanic::new(payload)));
                return false;
            }
        }
    }
    match context.refill_fuel() {
        Ok(()) => true,
        Err(code) => {
            context.failure.set_trap(code, None);
            false
        }
    }
}

/// Asks the store whether the guest goes on; if not, why is recorded.
///
/// # Safety
///
/// As for [`on_deadline`], with the type that the context was made for.
#[cold]
pub(super) unsafe fn ask_whether_to_go_on(context: &RawStoreContext) -> bool {
    // While the host runs, no fault of this thread is the guest's.
    context.leave_guest();
    // SAFETY: V8: the context has the function for the type of its store's data; the rest is the caller's promise.
    let outcome = catch_unwind(AssertUnwindSafe(|| unsafe { (context.on_deadline)(context) }));
    context.go_to_guest();
    match outcome {
        Ok(Ok(true)) => return true,
        Ok(Ok(false)) => context.failure.set_trap(TrapCode::Interrupt, None),
        Ok(Err(error)) => context.failure.set_host(error),
        Err(payload) => context.failure.set_host(Error::new(HostPanic::new(payload))),
    }
    false
}

/// The same for code that looks at an epoch, and has written its fuel down for that. What the host uses and gives meanwhile counts; that it
/// was asked does not show in what is charged for a call that ends with a trap.
///
/// # Safety
///
/// As for [`ask_whether_to_go_on`].
pub(super) unsafe fn ask_at_epoch(context: &RawStoreContext) -> bool {
    let handed_over = context.fuel_at_epoch.get();
    let counted = context.fuel.replace(handed_over);
    // SAFETY: V1, V8: as the caller promises.
    let goes_on = unsafe { ask_whether_to_go_on(context) };
    if goes_on {
        let left = context.fuel.get();
        context.fuel_at_epoch.set(left);
        context.fuel.set(counted.saturating_add(left.saturating_sub(handed_over)));
    }
    goes_on
}

impl VmStore {
    /// The present epoch of the engine.
    pub(crate) fn epoch(&self) -> u64 {
        self.context().epoch()
    }

    /// From that epoch on, guests ask whether they go on.
    pub(crate) fn set_epoch_of_next_look(&self, epoch: u64) {
        self.context().epoch_deadline.set(epoch);
    }

    /// Whether the epoch of the deadline has come; never without epochs.
    pub(crate) fn is_late(&self) -> bool {
        self.engine().config().epoch_interruption && self.context().is_late()
    }

    /// How much fuel guests may use.
    pub(crate) fn fuel(&self) -> u64 {
        self.context().fuel_left()
    }

    /// Whether guests count fuel and have none.
    #[inline]
    pub(super) fn is_out_of_fuel(&self) -> bool {
        self.engine().config().consume_fuel && self.fuel() == 0
    }

    /// Sets how much fuel guests may use.
    pub(crate) fn set_fuel(&self, fuel: u64) {
        let context = self.context();
        context.fuel_until_yield.set(context.fuel_yield_interval.get());
        context.begin_share(fuel);
    }

    /// Sets after how much fuel guests let others have their turn.
    pub(crate) fn set_fuel_yield_interval(&self, interval: Option<u64>) {
        let context = self.context();
        context.fuel_yield_interval.set(interval.unwrap_or(0));
        context.fuel_until_yield.set(interval.unwrap_or(0));
        context.begin_share(context.fuel_left());
    }

    /// Uses fuel for a guest; whether some is left.
    pub(crate) fn use_fuel(&self, fuel: u64) -> bool {
        let share = &self.context().fuel;
        share.set(share.get().saturating_sub_unsigned(fuel));
        share.get() > 0 || self.context().refill_fuel().is_ok()
    }

    /// What stands for the fuel where adapters import it. Compiled code knows them, and uses what it has in a register.
    pub(crate) fn fuel_global(&mut self) -> GlobalHandle {
        if let Some(global) = self.fuel_import {
            return global;
        }
        let ty = GlobalType { content: CoreValType::I64, mutable: true };
        let global = self.new_global(ty, RawValue::default()).expect("a number is no reference");
        self.fuel_import = Some(global);
        global
    }
}
