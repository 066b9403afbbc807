//! Works on several things at once and hands on what comes of them in their own order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::Builder;

/// The native stack of a worker: what a main thread has as a rule.
const STACK: usize = 8 << 20;

/// Hands `work(item)` of each item to `each`, in the order of the items; up to `jobs` threads work at once. After an error of
/// `each` no work is begun any more, and that error is returned.
pub(crate) fn in_order<I: Sync, T: Send, E>(
    items: &[I],
    jobs: usize,
    work: impl Fn(&I) -> T + Sync,
    mut each: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let jobs = jobs.min(items.len());
    if jobs < 2 {
        return items.iter().try_for_each(|item| each(work(item)));
    }
    let next = AtomicUsize::new(0);
    let worker = |done: Sender<(usize, T)>| {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            // Nobody wants more after an error.
            if items.get(number).is_none_or(|item| done.send((number, work(item))).is_err()) {
                return;
            }
        }
    };
    std::thread::scope(|scope| {
        let (sender, done) = channel();
        let start = |sender: Sender<(usize, T)>| {
            Builder::new().stack_size(STACK).spawn_scoped(scope, || worker(sender)).is_ok()
        };
        let started = (0..jobs).take_while(|_| start(sender.clone())).count();
        drop(sender);
        // Where the system starts no threads, the work is done here.
        let outcome = match started {
            0 => items.iter().try_for_each(|item| each(work(item))),
            _ => deliver(&done, &mut each),
        };
        next.store(items.len(), Ordering::Relaxed);
        outcome
    })
}

/// Hands on what is done as soon as all before it is.
fn deliver<T, E>(done: &Receiver<(usize, T)>, each: &mut impl FnMut(T) -> Result<(), E>) -> Result<(), E> {
    let (mut waiting, mut next) = (BTreeMap::new(), 0);
    for (number, outcome) in done {
        waiting.insert(number, outcome);
        while let Some(outcome) = waiting.remove(&next) {
            each(outcome)?;
            next += 1;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_is_done_early_waits_its_turn() {
        for jobs in [0, 1, 2, 7, 100] {
            let items: Vec<u64> = (0..20).collect();
            let mut seen = Vec::new();
            let work = |item: &u64| {
                std::thread::sleep(Duration::from_millis((20 - item) % 5));
                *item
            };
            let outcome: Result<(), ()> = in_order(&items, jobs, work, |item| {
                seen.push(item);
                Ok(())
            });
            assert_eq!((outcome, seen), (Ok(()), items), "{jobs} jobs");
        }
        assert_eq!(in_order(&[], 4, |item: &u8| *item, |_| Err("nothing is handed on")), Ok(()));
    }

    #[test]
    fn an_error_ends_the_work() {
        for jobs in [1, 3] {
            let begun = AtomicUsize::new(0);
            let items = [(); 1000];
            let work = |_: &()| {
                std::thread::sleep(Duration::from_millis(1));
                begun.fetch_add(1, Ordering::Relaxed)
            };
            let outcome = in_order(&items, jobs, work, |number| if number < 5 { Ok(()) } else { Err("enough") });
            assert_eq!(outcome, Err("enough"));
            assert!(begun.into_inner() < 500, "{jobs} jobs");
        }
    }

    #[test]
    fn work_is_done_at_once() {
        let running = std::sync::Barrier::new(3);
        let work = |_: &()| running.wait().is_leader();
        let mut leaders = 0;
        let outcome: Result<(), ()> = in_order(&[(); 3], 3, work, |leader| {
            leaders += usize::from(leader);
            Ok(())
        });
        assert_eq!((outcome, leaders), (Ok(()), 1));
    }
}
