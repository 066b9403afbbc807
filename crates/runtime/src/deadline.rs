//! Deadlines by the clock, on top of epochs: an alarm begins the next epoch when the time has come, and whoever looks at an epoch looks at
//! the clock then. So a guest that runs pays for epochs alone, however often anybody looks.

mod alarm;

#[cfg(all(test, feature = "compile", feature = "wat"))]
pub(crate) use alarm::while_none_rings;

use crate::error::{Result, bail};
use crate::store::{Store, StoreContext, StoreContextMut, StoreInner};
use alarm::Alarm;
use std::time::{Duration, Instant};

/// The deadlines of a store: one by the clock, one by epochs.
#[derive(Default)]
pub(crate) struct StoreDeadlines {
    clock: Option<ClockDeadline>,
    /// The first epoch in which guests do not run; `None` where the host has not said.
    epoch: Option<u64>,
    /// By how much deadlines by the clock have been put off so far.
    put_off: Duration,
}

struct ClockDeadline {
    at: Instant,
    /// What begins an epoch at that time, or earlier where it has been put off; gone with the deadline.
    alarm: Alarm,
}

impl ClockDeadline {
    fn put_off(&mut self, by: Duration) {
        // What does not fit is later than anybody lives to see, and stays so.
        self.at = self.at.checked_add(by).unwrap_or(self.at);
    }
}

/// What the clock says to a guest that looks.
pub(crate) enum ClockVerdict {
    /// There is no deadline by the clock, or that by epochs has come too.
    AskEpochs,
    /// It goes on.
    GoOn,
    /// It is too late.
    Late,
}

impl StoreDeadlines {
    /// The first epoch that a guest is to look at the deadlines in, if `present` is the one that was before anybody looked at the clock: an
    /// alarm that has rung since has begun a later one.
    fn next_look(&self, present: u64) -> u64 {
        match &self.clock {
            Some(_) => self.epoch.unwrap_or(u64::MAX).min(present.saturating_add(1)),
            None => self.epoch.unwrap_or(0),
        }
    }
}

impl<T: 'static> StoreInner<T> {
    /// When guests are stopped by the clock.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadlines.clock.as_ref().map(|clock| clock.at)
    }

    fn set_deadline(&mut self, deadline: Option<Instant>) -> Result<()> {
        let engine = self.vm.engine();
        if deadline.is_some() && !engine.config().epoch_interruption {
            bail!("guests of this engine look for no deadline; Config::epoch_interruption makes them");
        }
        if deadline == self.deadline() {
            return Ok(());
        }
        // Before the alarm is set, so that it is not missed.
        let present = self.vm.epoch();
        let clock = |at| Ok::<_, crate::Error>(ClockDeadline { at, alarm: Alarm::set(at, engine)? });
        self.deadlines.clock = deadline.map(clock).transpose()?;
        self.vm.set_epoch_of_next_look(self.deadlines.next_look(present));
        Ok(())
    }

    /// Puts the deadline by epochs so many after the present one.
    pub(crate) fn set_epoch_deadline(&mut self, ticks: u64) {
        let present = self.vm.epoch();
        self.deadlines.epoch = Some(present.saturating_add(ticks));
        self.vm.set_epoch_of_next_look(self.deadlines.next_look(present));
    }

    /// An epoch has come in which the guest that is running is to look: what the clock says.
    pub(crate) fn look_at_clock(&mut self) -> ClockVerdict {
        let present = self.vm.epoch();
        let Some(clock) = &mut self.deadlines.clock else { return ClockVerdict::AskEpochs };
        let now = Instant::now();
        if clock.at <= now {
            return ClockVerdict::Late;
        }
        if clock.alarm.at() <= now {
            // It has rung, and the deadline was put off. Without another one nobody would look again.
            match Alarm::set(clock.at, self.vm.engine()) {
                Ok(alarm) => clock.alarm = alarm,
                Err(_) => return ClockVerdict::Late,
            }
        }
        if self.deadlines.epoch.is_some_and(|epoch| epoch <= present) {
            return ClockVerdict::AskEpochs;
        }
        self.vm.set_epoch_of_next_look(self.deadlines.next_look(present));
        ClockVerdict::GoOn
    }

    /// Time has passed that is not the guest's: its deadline by the clock, and those around it, come so much later.
    #[cfg(any(feature = "compile", test))]
    pub(crate) fn put_off_deadline(&mut self, by: Duration) {
        let deadlines = &mut self.deadlines;
        deadlines.put_off = deadlines.put_off.saturating_add(by);
        if let Some(clock) = &mut deadlines.clock {
            clock.put_off(by);
        }
    }

    fn with_deadline<R>(
        &mut self,
        deadline: Instant,
        call: impl FnOnce(StoreContextMut<'_, T>) -> Result<R>,
    ) -> Result<R> {
        /// Puts the deadline back that was there before, however the call ends.
        struct Outer<'a, T: 'static> {
            store: &'a mut StoreInner<T>,
            clock: Option<ClockDeadline>,
            put_off: Duration,
        }
        impl<T: 'static> Drop for Outer<'_, T> {
            fn drop(&mut self) {
                let deadlines = &mut self.store.deadlines;
                deadlines.clock = self.clock.take();
                if let Some(clock) = &mut deadlines.clock {
                    clock.put_off(deadlines.put_off.saturating_sub(self.put_off));
                }
                // Its alarm may have rung meanwhile.
                let next_look = if deadlines.clock.is_some() { 0 } else { deadlines.next_look(0) };
                self.store.vm.set_epoch_of_next_look(next_look);
            }
        }
        let earlier = self.deadline().map_or(deadline, |outer| outer.min(deadline));
        let (clock, put_off) = (self.deadlines.clock.take(), self.deadlines.put_off);
        let outer = Outer { store: self, clock, put_off };
        outer.store.set_deadline(Some(earlier))?;
        call(StoreContextMut(&mut *outer.store))
    }
}

impl<T: 'static> Store<T> {
    /// Stops the guests of this store at a time by the clock, with [`TrapCode::Interrupt`](crate::TrapCode::Interrupt); `None` for
    /// never. A guest that waits, for what WASI gives it for example, is stopped too; a function of the host's that runs is not, and its
    /// guest is stopped when it returns.
    ///
    /// It stands beside the deadline [by epochs](Store::set_epoch_deadline), and whichever comes first counts. Where none by epochs has
    /// been set, there is none as long as there is one by the clock. As long as stores have such deadlines, the process has one thread that
    /// waits for the next; in a process that was forked it is started with the first one that is set there.
    ///
    /// Where functions are compiled when they are first called ([`Config::lazy_compilation`](crate::Config::lazy_compilation)), the
    /// time that a call waits for that is not the guest's: the deadline is put off by as much.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// use gusset::{Config, Engine, Store, Trap, TrapCode, core::{Instance, Module}};
    /// use std::time::{Duration, Instant};
    ///
    /// let engine = Engine::new(Config::new().epoch_interruption(true))?;
    /// let module = Module::new(&engine, r#"(module (func (export "spin") (loop (br 0))))"#)?;
    /// let mut store = Store::new(&engine, ());
    /// store.set_deadline(Some(Instant::now() + Duration::from_millis(20)))?;
    /// let instance = Instance::new(&mut store, &module, &[])?;
    /// let spin = instance.get_typed_func::<(), ()>(&mut store, "spin")?;
    /// let error = spin.call(&mut store, ()).unwrap_err();
    /// assert_eq!(error.downcast_ref::<Trap>().map(Trap::code), Some(TrapCode::Interrupt));
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the engine's guests do not look: [`Config::epoch_interruption`](crate::Config::epoch_interruption). When the system starts no
    /// thread: the store keeps the deadline that it had.
    pub fn set_deadline(&mut self, deadline: Option<Instant>) -> Result<()> {
        self.0.set_deadline(deadline)
    }

    /// When guests are stopped by the clock; it may have been put off since it was set.
    pub fn deadline(&self) -> Option<Instant> {
        self.0.deadline()
    }

    /// Does something before a deadline by the clock, or the store's own if that is earlier, and puts the store's own back, whatever was set
    /// meanwhile.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// # use gusset::{Component, Config, Engine, Linker, Store};
    /// use std::time::{Duration, Instant};
    /// # let engine = Engine::new(Config::new().epoch_interruption(true))?;
    /// # let component = Component::new(&engine, r#"(component
    /// #     (core module $m (func (export "double") (param i32) (result i32) (i32.shl (local.get 0) (i32.const 1))))
    /// #     (core instance $i (instantiate $m))
    /// #     (func (export "double") (param "x" u32) (result u32) (canon lift (core func $i "double"))))"#)?;
    /// # let mut store = Store::new(&engine, ());
    /// let soon = Instant::now() + Duration::from_secs(10);
    /// let doubled = store.with_deadline(soon, |mut store| {
    ///     let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
    ///     instance.get_typed_func::<(u32,), (u32,)>(&mut store, "double")?.call(&mut store, (21,))
    /// })?;
    /// assert_eq!((doubled, store.deadline()), ((42,), None));
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `call` fails with, and as [`set_deadline`](Store::set_deadline).
    pub fn with_deadline<R>(
        &mut self,
        deadline: Instant,
        call: impl FnOnce(StoreContextMut<'_, T>) -> Result<R>,
    ) -> Result<R> {
        self.0.with_deadline(deadline, call)
    }
}

impl<T: 'static> StoreContext<'_, T> {
    /// [`Store::deadline`].
    pub fn deadline(&self) -> Option<Instant> {
        self.0.deadline()
    }
}

impl<T: 'static> StoreContextMut<'_, T> {
    /// [`Store::set_deadline`]; in a host function, for the guest that calls it.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn set_deadline(&mut self, deadline: Option<Instant>) -> Result<()> {
        self.0.set_deadline(deadline)
    }

    /// [`Store::deadline`].
    pub fn deadline(&self) -> Option<Instant> {
        self.0.deadline()
    }

    /// [`Store::with_deadline`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn with_deadline<R>(
        &mut self,
        deadline: Instant,
        call: impl FnOnce(StoreContextMut<'_, T>) -> Result<R>,
    ) -> Result<R> {
        self.0.with_deadline(deadline, call)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, Engine};

    #[test]
    fn deadlines_by_epochs_and_by_the_clock_do_not_hide_one_another() {
        let engine = Engine::new(Config::new().epoch_interruption(true)).unwrap();
        let mut store = Store::new(&engine, ());
        let store = &mut *store.0;
        let far = Instant::now() + Duration::from_secs(3600);
        assert!(store.vm.is_late(), "a new store's deadline has come");
        store.set_deadline(Some(far)).unwrap();
        assert!(!store.vm.is_late());
        engine.increment_epoch();
        assert!(store.vm.is_late() && matches!(store.look_at_clock(), ClockVerdict::GoOn) && !store.vm.is_late());
        store.set_epoch_deadline(2);
        for verdict in [false, true] {
            engine.increment_epoch();
            assert!(store.vm.is_late());
            assert_eq!(matches!(store.look_at_clock(), ClockVerdict::AskEpochs), verdict);
        }
        store.set_epoch_deadline(1);
        assert!(!store.vm.is_late());
        store.set_deadline(Some(Instant::now())).unwrap();
        assert!(matches!(store.look_at_clock(), ClockVerdict::Late));
        store.set_deadline(None).unwrap();
        engine.increment_epoch();
        assert!(store.vm.is_late() && matches!(store.look_at_clock(), ClockVerdict::AskEpochs));
    }

    #[test]
    fn what_was_there_before_a_call_is_put_back() {
        let engine = Engine::new(Config::new().epoch_interruption(true)).unwrap();
        let mut store = Store::new(&engine, ());
        let hours = |hours: u64| Instant::now() + Duration::from_secs(3600 * hours);
        let (soon, late) = (hours(1), hours(2));
        for outer in [None, Some(soon), Some(late)] {
            store.set_deadline(outer).unwrap();
            for (deadline, inner) in [(soon, soon), (late, outer.unwrap_or(late))] {
                let set = |mut store: StoreContextMut<'_, ()>| {
                    assert_eq!(store.deadline(), Some(inner));
                    store.set_deadline(None)
                };
                store.with_deadline(deadline, set).unwrap();
                assert_eq!(store.deadline(), outer);
            }
        }
    }

    /// The alarm of a deadline that was put off rings too early, and is followed by another one.
    #[test]
    fn deadlines_can_be_put_off() {
        let engine = Engine::new(Config::new().epoch_interruption(true)).unwrap();
        let mut store = Store::new(&engine, ());
        let (hour, now) = (Duration::from_secs(3600), Instant::now());
        store.set_deadline(Some(now + hour)).unwrap();
        let before = engine.epoch();
        let put_off = |mut store: StoreContextMut<'_, ()>| {
            store.0.put_off_deadline(hour);
            assert_eq!(store.deadline(), Some(now + hour));
            while engine.epoch() == before {
                std::thread::yield_now();
            }
            assert!(matches!(store.0.look_at_clock(), ClockVerdict::GoOn));
            assert_eq!(store.0.deadlines.clock.as_ref().map(|clock| clock.alarm.at()), Some(now + hour));
            store.set_deadline(None)
        };
        store.with_deadline(now, put_off).unwrap();
        assert_eq!(store.deadline(), Some(now + hour * 2), "what is around it is put off too");
    }
}
