//! [`Alarm`]: begins the next epoch of an engine at some time. One thread of the process waits for all of them; it is started by the first, and
//! ends when there have been none for a while.

use crate::engine::Engine;
use crate::error::{Context, Result};
use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long the thread stays when no alarm is set: a host that calls again and again need not start one each time.
const LINGER: Duration = Duration::from_secs(1);

/// The alarms that are set, by time.
struct AlarmClock {
    state: Mutex<AlarmState>,
    /// The thread is to look anew.
    changed: Condvar,
}

struct AlarmState {
    alarms: BTreeMap<AlarmKey, Engine>,
    next_number: u64,
    /// Until when the thread sleeps; `None` where there is none, or it is awake.
    asleep_until: Option<Instant>,
    /// The process that the thread runs in. In one that was forked there is none.
    running: Option<u32>,
}

type AlarmKey = (Instant, u64);

static CLOCK: AlarmClock = AlarmClock {
    state: Mutex::new(AlarmState { alarms: BTreeMap::new(), next_number: 0, asleep_until: None, running: None }),
    changed: Condvar::new(),
};

/// An alarm that is set until it has rung or is dropped.
pub(super) struct Alarm(AlarmKey);

impl Alarm {
    /// Sets an alarm.
    ///
    /// # Errors
    ///
    /// When the system starts no thread.
    pub(super) fn set(at: Instant, engine: &Engine) -> Result<Alarm> {
        let (mut state, process) = (CLOCK.lock(), std::process::id());
        if state.running != Some(process) {
            let thread = std::thread::Builder::new().name("gusset-deadlines".into()).spawn(|| CLOCK.run());
            thread.context("starting the thread that waits for deadlines")?;
            (state.running, state.asleep_until) = (Some(process), None);
        }
        let key = (at, state.next_number);
        state.next_number += 1;
        state.alarms.insert(key, engine.clone());
        if state.asleep_until.is_some_and(|until| at < until) {
            CLOCK.changed.notify_one();
        }
        Ok(Alarm(key))
    }

    /// When it rings.
    pub(super) fn at(&self) -> Instant {
        self.0.0
    }
}

/// Does something while no other thread sets an alarm or lets one ring: a process that is forked meanwhile finds nothing half done.
#[cfg(all(test, feature = "compile", feature = "wat"))]
pub(crate) fn while_none_rings<R>(work: impl FnOnce() -> R) -> R {
    let _state = CLOCK.lock();
    work()
}

impl Drop for Alarm {
    fn drop(&mut self) {
        let mut state = CLOCK.lock();
        let engine = state.alarms.remove(&self.0);
        // A thread that would sleep on for nothing ends.
        let idle_until = Instant::now() + LINGER;
        if state.alarms.is_empty() && state.asleep_until.is_some_and(|until| until > idle_until) {
            CLOCK.changed.notify_one();
        }
        drop(state);
        // What ends with its last engine is not for others to wait for.
        drop(engine);
    }
}

impl AlarmClock {
    fn lock(&self) -> MutexGuard<'_, AlarmState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the thread does.
    fn run(&self) {
        let mut state = self.lock();
        let mut idle_since = None;
        loop {
            let now = Instant::now();
            let mut rung = Vec::new();
            while let Some(first) = state.alarms.first_entry().filter(|first| first.key().0 <= now) {
                rung.push(first.remove());
            }
            if !rung.is_empty() {
                drop(state);
                rung.drain(..).for_each(|engine| engine.increment_epoch());
                state = self.lock();
                continue;
            }
            let until = match state.alarms.first_key_value() {
                Some((&(at, _), _)) => {
                    idle_since = None;
                    at
                }
                None => *idle_since.get_or_insert(now) + LINGER,
            };
            if until <= now {
                state.running = None;
                return;
            }
            state.asleep_until = Some(until);
            state = self.changed.wait_timeout(state, until - now).unwrap_or_else(PoisonError::into_inner).0;
            state.asleep_until = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alarms_ring_in_order_and_those_that_are_dropped_do_not() {
        let engines: Vec<Engine> = (0..4).map(|_| Engine::default()).collect();
        let start = Instant::now();
        let after = |millis| start + Duration::from_millis(millis);
        let late = Alarm::set(after(3_600_000), &engines[0]).unwrap();
        let kept = [(60, 1), (20, 2)].map(|(millis, engine)| Alarm::set(after(millis), &engines[engine]).unwrap());
        drop(Alarm::set(after(30), &engines[3]).unwrap());
        let rung = || engines.iter().map(Engine::epoch).collect::<Vec<_>>();
        while rung() != [0, 1, 1, 0] {
            assert!([[0, 0, 0, 0], [0, 0, 1, 0]].iter().any(|so_far| rung() == so_far), "{:?}", rung());
            assert!(start.elapsed().as_secs() < 60, "they ring");
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(start.elapsed() >= Duration::from_millis(60));
        drop((late, kept));
        // Of this process others may have alarms, but none of these.
        let mine =
            CLOCK.lock().alarms.values().filter(|engine| engines.iter().any(|mine| Engine::same(mine, engine))).count();
        assert_eq!(mine, 0);
    }
}
