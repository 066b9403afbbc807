//! How long a guest may run: fuel, and deadlines by epochs. What compiled code does for it stands in the code generator; here is
//! what a host says, and what a store does when a guest has used up what it was given.

use crate::async_call::yield_now;
use crate::deadline::ClockVerdict;
use crate::error::{Result, bail};
use crate::store::{Store, StoreContext, StoreContextMut, StoreInner};
use crate::trap::Trap;
use gusset_types::{ADAPTER_FUEL, BYTE_FUEL, TrapCode};

/// What a guest does whose deadline has come: the answer of [`Store::epoch_deadline_callback`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum UpdateDeadline {
    /// It goes on, and its next deadline is so many epochs after the present one.
    Continue(u64),
    /// The same, after others that are polled by the same executor have had their turn: as
    /// [`Store::epoch_deadline_async_yield_and_update`] has it.
    Yield(u64),
}

/// A host's callback.
type DeadlineCallback<T> = Box<dyn FnMut(StoreContextMut<'_, T>) -> Result<UpdateDeadline> + Send + Sync>;

/// What happens when the epoch of the deadline has come.
pub(crate) enum OnEpoch<T: 'static> {
    /// The guest is stopped.
    Trap,
    /// The guest lets others have their turn, and its next deadline is so many epochs later.
    Yield(u64),
    /// The host decides.
    Callback(DeadlineCallback<T>),
    /// The host is deciding.
    Asking,
}

impl<T: 'static> Store<T> {
    /// Sets how much fuel the guests of this store may use from now on; a new store has none. What uses how much is told at
    /// [`Config::consume_fuel`](crate::Config::consume_fuel).
    ///
    /// # Errors
    ///
    /// When the engine's guests count no fuel: [`Config::consume_fuel`](crate::Config::consume_fuel).
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// use gusset::{Config, Engine, Store, Trap, TrapCode, core::{Instance, Module}};
    /// let engine = Engine::new(Config::new().consume_fuel(true))?;
    /// let module = Module::new(&engine, r#"(module
    ///     (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    ///     (func (export "spin") (loop (br 0))))"#)?;
    /// let mut store = Store::new(&engine, ());
    /// store.set_fuel(1_000)?;
    /// let instance = Instance::new(&mut store, &module, &[])?;
    /// let add = instance.get_typed_func::<(i32, i32), i32>(&mut store, "add")?;
    /// assert_eq!(add.call(&mut store, (2, 3))?, 5);
    /// assert_eq!(store.get_fuel()?, 996, "one for the call and one for each operator");
    /// let spin = instance.get_typed_func::<(), ()>(&mut store, "spin")?;
    /// let error = spin.call(&mut store, ()).unwrap_err();
    /// assert_eq!(error.downcast_ref::<Trap>().map(Trap::code), Some(TrapCode::OutOfFuel));
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub fn set_fuel(&mut self, fuel: u64) -> Result<()> {
        self.0.set_fuel(fuel)
    }

    /// How much fuel the guests of this store may still use.
    ///
    /// After a trap other than `unreachable` it may be up to 10,000 more than what was left: code counts in shares of that size, and a trap
    /// loses the count of the last one.
    ///
    /// # Errors
    ///
    /// As [`set_fuel`](Store::set_fuel).
    pub fn get_fuel(&self) -> Result<u64> {
        self.0.get_fuel()
    }

    /// Stops guests of this store `ticks` epochs after the present one of the engine, or asks the
    /// [callback](Store::epoch_deadline_callback) then. A new store's deadline has come already.
    ///
    /// An engine whose code does not look for it ([`Config::epoch_interruption`](crate::Config::epoch_interruption)) ignores it.
    pub fn set_epoch_deadline(&mut self, ticks: u64) {
        self.0.set_epoch_deadline(ticks);
    }

    /// A guest whose deadline has come is stopped with [`TrapCode::Interrupt`](crate::TrapCode::Interrupt); so it is unless a
    /// callback is set.
    pub fn epoch_deadline_trap(&mut self) {
        self.0.on_epoch = OnEpoch::Trap;
    }

    /// Has a guest whose deadline has come let others have their turn: its call is pending once, and its waker is woken at once. When it is
    /// polled again it goes on, with a deadline `delta` epochs after the one that there is then. So one thread serves many guests that run
    /// for long.
    ///
    /// It must have been entered by a `call_async`, as for functions of the host that
    /// [wait](crate::LinkerInstance::func_wrap_async); else its deadline is an error that says so.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// use gusset::{Config, Engine, Store, core::{Instance, Module}};
    /// use std::task::{Context, Poll, Waker};
    /// let engine = Engine::new(Config::new().epoch_interruption(true))?;
    /// let module = Module::new(&engine, r#"(module (func (export "spin") (loop (br 0))))"#)?;
    /// let mut store = Store::new(&engine, ());
    /// store.set_epoch_deadline(1);
    /// store.epoch_deadline_async_yield_and_update(1);
    /// let instance = Instance::new(&mut store, &module, &[])?;
    /// let spin = instance.get_typed_func::<(), ()>(&mut store, "spin")?;
    /// std::thread::spawn(move || loop {
    ///     std::thread::sleep(std::time::Duration::from_millis(1));
    ///     engine.increment_epoch();
    /// });
    /// let mut call = std::pin::pin!(spin.call_async(&mut store, ()));
    /// for _ in 0..3 {
    ///     assert!(matches!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Pending));
    /// }
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub fn epoch_deadline_async_yield_and_update(&mut self, delta: u64) {
        self.0.on_epoch = OnEpoch::Yield(delta);
    }

    /// Has guests let others have their turn each time they have used so much fuel, as
    /// [`epoch_deadline_async_yield_and_update`](Store::epoch_deadline_async_yield_and_update) has it for epochs; `None` for never.
    ///
    /// # Errors
    ///
    /// When the engine's guests count no fuel, or the interval is 0.
    pub fn fuel_async_yield_interval(&mut self, interval: Option<u64>) -> Result<()> {
        self.0.set_fuel_yield_interval(interval)
    }

    /// Asks `callback` when the deadline of a guest has come, on the guest's thread. It may say that the guest goes on, with a
    /// new deadline; what it fails with is what the guest is stopped with.
    ///
    /// It may use the store, and call guests of it; these are stopped if their deadline, which is the same, has come.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// use gusset::{Config, Engine, Store, UpdateDeadline, core::{Instance, Module}};
    /// let engine = Engine::new(Config::new().epoch_interruption(true))?;
    /// let module = Module::new(&engine, r#"(module (func (export "spin") (loop (br 0))))"#)?;
    /// let mut store = Store::new(&engine, 0);
    /// store.set_epoch_deadline(1);
    /// store.epoch_deadline_callback(|mut store| {
    ///     *store.data_mut() += 1;
    ///     match store.data() {
    ///         3 => Err(gusset::Error::msg("three times is enough")),
    ///         _ => Ok(UpdateDeadline::Continue(0)),
    ///     }
    /// });
    /// let instance = Instance::new(&mut store, &module, &[])?;
    /// let spin = instance.get_typed_func::<(), ()>(&mut store, "spin")?;
    /// engine.increment_epoch();
    /// assert!(format!("{:#}", spin.call(&mut store, ()).unwrap_err()).contains("three times is enough"));
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub fn epoch_deadline_callback(
        &mut self,
        callback: impl FnMut(StoreContextMut<'_, T>) -> Result<UpdateDeadline> + Send + Sync + 'static,
    ) {
        self.0.on_epoch = OnEpoch::Callback(Box::new(callback));
    }
}

impl<T: 'static> StoreContext<'_, T> {
    /// [`Store::get_fuel`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn get_fuel(&self) -> Result<u64> {
        self.0.get_fuel()
    }
}

impl<T: 'static> StoreContextMut<'_, T> {
    /// [`Store::set_fuel`]; in a host function, for the guest that calls it.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn set_fuel(&mut self, fuel: u64) -> Result<()> {
        self.0.set_fuel(fuel)
    }

    /// [`Store::get_fuel`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn get_fuel(&self) -> Result<u64> {
        self.0.get_fuel()
    }

    /// [`Store::set_epoch_deadline`].
    pub fn set_epoch_deadline(&mut self, ticks: u64) {
        self.0.set_epoch_deadline(ticks);
    }

    /// [`Store::epoch_deadline_trap`].
    pub fn epoch_deadline_trap(&mut self) {
        self.0.on_epoch = OnEpoch::Trap;
    }

    /// [`Store::epoch_deadline_async_yield_and_update`].
    pub fn epoch_deadline_async_yield_and_update(&mut self, delta: u64) {
        self.0.on_epoch = OnEpoch::Yield(delta);
    }

    /// [`Store::fuel_async_yield_interval`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn fuel_async_yield_interval(&mut self, interval: Option<u64>) -> Result<()> {
        self.0.set_fuel_yield_interval(interval)
    }

    /// [`Store::epoch_deadline_callback`].
    pub fn epoch_deadline_callback(
        &mut self,
        callback: impl FnMut(StoreContextMut<'_, T>) -> Result<UpdateDeadline> + Send + Sync + 'static,
    ) {
        self.0.on_epoch = OnEpoch::Callback(Box::new(callback));
    }
}

impl<T: 'static> StoreInner<T> {
    fn check_counts_fuel(&self) -> Result<()> {
        match self.vm.engine().config().consume_fuel {
            true => Ok(()),
            false => bail!("guests of this engine count no fuel; Config::consume_fuel makes them"),
        }
    }

    fn set_fuel(&mut self, fuel: u64) -> Result<()> {
        self.check_counts_fuel()?;
        self.vm.set_fuel(fuel);
        Ok(())
    }

    fn set_fuel_yield_interval(&mut self, interval: Option<u64>) -> Result<()> {
        self.check_counts_fuel()?;
        if interval == Some(0) {
            bail!("guests cannot let others have their turn after no fuel at all");
        }
        self.vm.set_fuel_yield_interval(interval);
        Ok(())
    }

    fn get_fuel(&self) -> Result<u64> {
        self.check_counts_fuel()?;
        Ok(self.vm.fuel())
    }

    /// Charges a call between components that the host relays, whose parameters have so many bytes in strings and lists.
    ///
    /// # Errors
    ///
    /// A trap, when there is not as much.
    pub(crate) fn charge_relayed_call(&mut self, copied: u64) -> Result<()> {
        self.charge(copied, ADAPTER_FUEL as u64)
    }

    /// Charges its result, which has so many.
    ///
    /// # Errors
    ///
    /// A trap, when there is not as much.
    pub(crate) fn charge_copied(&mut self, copied: u64) -> Result<()> {
        self.charge(copied, 0)
    }

    fn charge(&mut self, copied: u64, fixed: u64) -> Result<()> {
        let fuel = copied.saturating_mul(BYTE_FUEL as u64).saturating_add(fixed);
        if self.vm.engine().config().consume_fuel && fuel != 0 && !self.vm.use_fuel(fuel) {
            return Err(Trap::new(TrapCode::OutOfFuel).into());
        }
        Ok(())
    }

    /// The epoch of the deadline has come: whether the guest that is running goes on.
    ///
    /// # Errors
    ///
    /// What the host's callback failed with.
    pub(crate) fn deadline_reached(&mut self) -> Result<bool> {
        match self.look_at_clock() {
            ClockVerdict::Late => return Ok(false),
            ClockVerdict::GoOn => return Ok(true),
            ClockVerdict::AskEpochs => {}
        }
        let mut callback = match std::mem::replace(&mut self.on_epoch, OnEpoch::Asking) {
            OnEpoch::Callback(callback) => callback,
            OnEpoch::Yield(ticks) => {
                self.on_epoch = OnEpoch::Yield(ticks);
                return self.let_others_run(ticks);
            }
            // There is none, or it is being asked and has called a guest, which is stopped: it is asked again later.
            none => {
                self.on_epoch = none;
                return Ok(false);
            }
        };
        let locked = self.locked();
        let answer = callback(StoreContextMut(self));
        if let OnEpoch::Asking = self.on_epoch {
            self.on_epoch = OnEpoch::Callback(callback);
        }
        let answer = answer?;
        // Which instance is running is not known here: it may be one that the callback lost.
        if self.locked() != locked {
            return Err(Trap::new(TrapCode::CannotEnter).into());
        }
        match answer {
            UpdateDeadline::Continue(ticks) => {
                self.set_epoch_deadline(ticks);
                Ok(true)
            }
            UpdateDeadline::Yield(ticks) => self.let_others_run(ticks),
        }
    }

    /// Leaves the guest that is running until it is polled again, with another deadline then; whether it goes on.
    ///
    /// # Errors
    ///
    /// When nobody polls it, or nobody wants its result any more.
    fn let_others_run(&mut self, ticks: u64) -> Result<bool> {
        yield_now()?;
        // The clock does not stand still meanwhile.
        if let ClockVerdict::Late = self.look_at_clock() {
            return Ok(false);
        }
        self.set_epoch_deadline(ticks);
        Ok(true)
    }

    /// How many instances are locked.
    fn locked(&self) -> usize {
        if !self.any_locked {
            return 0;
        }
        self.components.iter().filter(|component| component.is_locked()).count()
    }
}
