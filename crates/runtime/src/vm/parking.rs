//! [`ParkingPlace`]: where threads wait at addresses of a shared memory until others wake them. As many wait as there are threads, and
//! guests on stacks of their own, that run guests: each keeps one entry.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often one that waits looks whether its guest's deadline has come.
const LOOK_INTERVAL: Duration = Duration::from_millis(10);

/// How a wait ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ParkOutcome {
    /// It was woken.
    Woken,
    /// Something else stood at the address than what was expected.
    NotEqual,
    /// The time was up.
    TimedOut,
    /// The guest is to be stopped.
    Stopped,
}

/// Those who wait, by the address at which they do, in the order in which they came.
#[derive(Default)]
pub(super) struct ParkingPlace(Mutex<Queues>);

#[derive(Default)]
struct Sleeper {
    /// Written while the place is locked.
    woken: AtomicBool,
    condition: Condvar,
}

type Queues = BTreeMap<u64, VecDeque<Arc<Sleeper>>>;

impl ParkingPlace {
    fn lock(&self) -> MutexGuard<'_, Queues> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits at an address, if what is expected still stands there, which is asked while nobody can wake anyone. `goes_on` is asked
    /// again and again, where there is one, without a lock, and may take its time.
    pub(super) fn wait(
        &self,
        address: u64,
        is_expected: impl FnOnce() -> bool,
        timeout: Option<Duration>,
        mut goes_on: Option<&mut dyn FnMut() -> bool>,
    ) -> ParkOutcome {
        // What is later than any time that there is never comes.
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut queues = self.lock();
        if !is_expected() {
            return ParkOutcome::NotEqual;
        }
        let sleeper = Arc::<Sleeper>::default();
        queues.entry(address).or_default().push_back(sleeper.clone());
        loop {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                leave(&mut queues, address, &sleeper);
                return ParkOutcome::TimedOut;
            }
            let span = match goes_on {
                Some(_) => Some(left.map_or(LOOK_INTERVAL, |left| left.min(LOOK_INTERVAL))),
                None => left,
            };
            queues = match span {
                Some(span) => sleeper.condition.wait_timeout(queues, span).unwrap_or_else(PoisonError::into_inner).0,
                None => sleeper.condition.wait(queues).unwrap_or_else(PoisonError::into_inner),
            };
            if sleeper.woken.load(Ordering::Relaxed) {
                return ParkOutcome::Woken;
            }
            if let Some(goes_on) = &mut goes_on {
                drop(queues);
                let goes_on = goes_on();
                queues = self.lock();
                match (goes_on, sleeper.woken.load(Ordering::Relaxed)) {
                    (true, true) => return ParkOutcome::Woken,
                    (true, false) => {}
                    (false, true) => {
                        // Who woke it meant somebody who goes on.
                        wake_first(&mut queues, address, 1);
                        return ParkOutcome::Stopped;
                    }
                    (false, false) => {
                        leave(&mut queues, address, &sleeper);
                        return ParkOutcome::Stopped;
                    }
                }
            }
        }
    }

    /// Wakes up to `count` of those who have waited longest at an address; how many.
    pub(super) fn wake(&self, address: u64, count: u32) -> u32 {
        wake_first(&mut self.lock(), address, count)
    }

    /// How many wait.
    #[cfg(test)]
    pub(super) fn sleepers(&self) -> usize {
        self.lock().values().map(VecDeque::len).sum()
    }
}

/// Wakes up to `count` of those who have waited longest at an address; how many.
fn wake_first(queues: &mut Queues, address: u64, count: u32) -> u32 {
    let Some(queue) = queues.get_mut(&address) else { return 0 };
    let count = queue.len().min(usize::try_from(count).unwrap_or(usize::MAX));
    for sleeper in queue.drain(..count) {
        sleeper.woken.store(true, Ordering::Relaxed);
        sleeper.condition.notify_one();
    }
    if queue.is_empty() {
        queues.remove(&address);
    }
    count as u32
}

/// Takes one out who has not been woken.
fn leave(queues: &mut Queues, address: u64, sleeper: &Arc<Sleeper>) {
    if let Some(queue) = queues.get_mut(&address) {
        queue.retain(|other| !Arc::ptr_eq(other, sleeper));
        if queue.is_empty() {
            queues.remove(&address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    fn wait_for(what: impl Fn() -> bool) {
        let start = Instant::now();
        while !what() {
            assert!(start.elapsed() < Duration::from_secs(20), "it takes too long");
            thread::yield_now();
        }
    }

    #[test]
    fn who_came_first_is_woken_first_and_nothing_is_left_behind() {
        let place = ParkingPlace::default();
        let (first, second) = (AtomicBool::new(false), AtomicBool::new(false));
        let wait = |done: &AtomicBool| {
            assert_eq!(place.wait(8, || true, None, None), ParkOutcome::Woken);
            done.store(true, Ordering::Relaxed);
        };
        thread::scope(|scope| {
            scope.spawn(|| wait(&first));
            wait_for(|| place.sleepers() == 1);
            scope.spawn(|| wait(&second));
            wait_for(|| place.sleepers() == 2);
            assert_eq!((place.wake(16, 1), place.wake(8, 0), place.wake(8, 1)), (0, 0, 1));
            wait_for(|| first.load(Ordering::Relaxed));
            assert!(!second.load(Ordering::Relaxed));
            assert_eq!((place.wake(8, u32::MAX), place.wake(8, 1)), (1, 0));
        });
        assert!(place.lock().is_empty());
    }

    #[test]
    fn a_wait_ends_by_time_by_its_guest_and_at_once() {
        let place = ParkingPlace::default();
        assert_eq!(place.wait(0, || false, None, None), ParkOutcome::NotEqual);
        assert_eq!(place.wait(0, || true, Some(Duration::ZERO), None), ParkOutcome::TimedOut);
        assert_eq!(place.wait(0, || true, Some(Duration::from_millis(3)), None), ParkOutcome::TimedOut);
        let mut asked = 0;
        let mut goes_on = || {
            asked += 1;
            asked < 3
        };
        assert_eq!(place.wait(0, || true, Some(Duration::MAX), Some(&mut goes_on)), ParkOutcome::Stopped);
        assert_eq!((asked, place.sleepers()), (3, 0));
        // Woken while the guest is asked.
        let mut wakes = || place.wake(0, 1) == 1;
        assert_eq!(place.wait(0, || true, None, Some(&mut wakes)), ParkOutcome::Woken);
        assert!(place.lock().is_empty());
    }

    #[test]
    fn who_is_woken_and_stopped_wakes_the_next() {
        let place = ParkingPlace::default();
        thread::scope(|scope| {
            let next = scope.spawn(|| {
                wait_for(|| place.sleepers() == 1);
                place.wait(0, || true, None, None)
            });
            let mut stops = || {
                wait_for(|| place.sleepers() == 2);
                assert_eq!(place.wake(0, 1), 1);
                false
            };
            assert_eq!(place.wait(0, || true, None, Some(&mut stops)), ParkOutcome::Stopped);
            assert_eq!(next.join().unwrap(), ParkOutcome::Woken);
        });
        assert!(place.lock().is_empty());
    }
}
