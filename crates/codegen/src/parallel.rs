//! Work on several threads: the caller's, and helpers that last as long as one piece of work; and threads that go on with a unit by
//! themselves, which count as helpers.
//!
//! Nothing here runs what it was not given: a pool that others share would let a thread that waits take up another's job, and with
//! it locks that it holds already.

use crate::compiler::Compiler;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Bytes of a helper's stack.
const STACK: usize = 2 << 20;

/// How many more helpers may run at once, whoever they help.
pub(crate) struct Helpers {
    free: AtomicUsize,
}

/// One that runs.
struct Helper<'a>(&'a AtomicUsize);

impl Helpers {
    /// So many that one caller and all helpers are `threads` together.
    pub(crate) fn new(threads: usize) -> Helpers {
        Helpers { free: AtomicUsize::new(threads.saturating_sub(1)) }
    }

    /// What `work` makes of each item, in the items' order. They are begun in that order, on the caller's thread and at most
    /// `worthwhile` others, fewer where the system gives no more; each thread has a `state` of its own.
    ///
    /// # Panics
    ///
    /// When `work` panics.
    pub(crate) fn map<I: Send, S, R: Send>(
        &self,
        items: Vec<I>,
        worthwhile: usize,
        state: impl Fn() -> S + Sync,
        work: impl Fn(&mut S, usize, I) -> R + Sync,
    ) -> Vec<R> {
        let worthwhile = worthwhile.min(items.len().saturating_sub(1));
        let queue = Mutex::new(items.into_iter().enumerate());
        let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
        let run = || {
            let (mut state, mut done) = (state(), Vec::new());
            while let Some((at, item)) = next() {
                done.push((at, work(&mut state, at, item)));
            }
            done
        };
        let mut done = thread::scope(|scope| {
            let start = || {
                let helper = self.take()?;
                let builder = thread::Builder::new().name("gusset-compiler".into()).stack_size(STACK);
                let run = &run;
                let started = builder.spawn_scoped(scope, move || {
                    let _helper = helper;
                    run()
                });
                started.ok()
            };
            let helpers: Vec<_> = (0..worthwhile).map_while(|_| start()).collect();
            let mut done = run();
            for helper in helpers {
                done.extend(helper.join().unwrap_or_else(|payload| resume_unwind(payload)));
            }
            done
        });
        done.sort_unstable_by_key(|(at, _)| *at);
        done.into_iter().map(|(_, result)| result).collect()
    }

    fn take(&self) -> Option<Helper<'_>> {
        self.reserve().then(|| Helper(&self.free))
    }

    fn reserve(&self) -> bool {
        let one_less = |free: usize| free.checked_sub(1);
        self.free.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok()
    }
}

impl Drop for Helper<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A thread that goes on with a unit by itself.
struct BackgroundHelper(Arc<Compiler>);

impl Compiler {
    /// Starts a thread for `work`, which is one of the helpers until it ends. Whether there is one: not when as many helpers as there may
    /// be are at work, or when the system gives no thread.
    pub fn in_background(self: &Arc<Compiler>, work: impl FnOnce() + Send + 'static) -> bool {
        if !self.helpers.reserve() {
            return false;
        }
        let helper = BackgroundHelper(self.clone());
        let builder = thread::Builder::new().name("gusset-compiler".into()).stack_size(STACK);
        let started = builder.spawn(move || {
            let _helper = helper;
            work();
        });
        started.is_ok()
    }
}

impl Drop for BackgroundHelper {
    fn drop(&mut self) {
        self.0.helpers.free.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::sync::Barrier;

    #[test]
    fn results_are_in_order_whoever_made_them() {
        for threads in [0, 1, 2, 5] {
            let helpers = Helpers::new(threads);
            let doubled = helpers.map((0..1000).collect(), 100, || (), |(), at, item: usize| (at, 2 * item));
            assert_eq!(doubled, (0..1000).map(|item| (item, 2 * item)).collect::<Vec<_>>());
            assert_eq!(helpers.free.into_inner(), threads.saturating_sub(1), "all have ended");
        }
        assert!(Helpers::new(4).map(Vec::<u8>::new(), 9, || (), |(), _, item| item).is_empty());
    }

    /// Three items meet at a barrier: it takes three threads, and there are no more.
    #[test]
    fn as_many_threads_as_there_may_be() {
        let (helpers, barrier) = (Helpers::new(3), Barrier::new(3));
        let threads = helpers.map(
            (0..30).collect(),
            100,
            || (),
            |(), _, _: u8| {
                barrier.wait();
                thread::current().id()
            },
        );
        assert_eq!(threads.into_iter().collect::<HashSet<_>>().len(), 3);
    }

    #[test]
    fn one_thread_is_the_callers() {
        let here = thread::current().id();
        for (threads, worthwhile) in [(1, 100), (4, 0)] {
            let ids = Helpers::new(threads).map(vec![(); 20], worthwhile, || (), |(), _, ()| thread::current().id());
            assert!(ids.into_iter().all(|id| id == here));
        }
    }

    /// Those who wait help nobody else: a caller may hold a lock that another's work wants.
    #[test]
    fn callers_do_no_work_of_others() {
        let (helpers, lock) = (Helpers::new(2), Mutex::new(()));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let _held = lock.lock().expect("nothing panics");
                        helpers.map(vec![(); 4], 4, || (), |(), _, ()| thread::yield_now());
                    }
                });
            }
        });
    }

    #[test]
    fn a_panic_arrives_and_frees_the_helpers() {
        let helpers = Helpers::new(4);
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            helpers.map(vec![(); 100], 4, || (), |(), at, ()| assert!(at != 50, "our own bug"))
        }));
        assert!(outcome.is_err());
        assert_eq!(helpers.free.into_inner(), 3);
    }
}
