//! [`ServerStop`]: how the server ends. Nobody is taken any more, connections end with their last answer, and all is over when nobody is left.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use tokio::sync::Notify;

/// What the server waits for at its end.
#[derive(Default)]
pub(super) struct ServerStop {
    begun: AtomicBool,
    requested: Notify,
    ended: Notify,
    active: Mutex<ActiveTasks>,
}

#[derive(Default)]
struct ActiveTasks {
    next: u64,
    /// Those who are to be told that it has begun.
    tasks: HashMap<u64, Waker>,
}

/// Something that the server waits for, until this is dropped.
pub(super) struct ActiveTask<S: AsRef<ServerStop>> {
    stop: Arc<S>,
    number: u64,
}

impl ServerStop {
    /// Begins it; whoever is active is told.
    pub(super) fn begin(&self) {
        if self.begun.swap(true, Ordering::SeqCst) {
            return;
        }
        self.requested.notify_one();
        let wakers: Vec<Waker> = self.lock().tasks.values().cloned().collect();
        wakers.into_iter().for_each(Waker::wake);
    }

    pub(super) fn has_begun(&self) -> bool {
        self.begun.load(Ordering::SeqCst)
    }

    /// Waits until it has begun. One waits for it.
    pub(super) async fn requested(&self) {
        while !self.has_begun() {
            self.requested.notified().await;
        }
    }

    /// Waits until nobody is active. One waits for it.
    pub(super) async fn ended(&self) {
        while self.active() > 0 {
            self.ended.notified().await;
        }
    }

    /// How many are active.
    pub(super) fn active(&self) -> usize {
        self.lock().tasks.len()
    }

    fn lock(&self) -> MutexGuard<'_, ActiveTasks> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: AsRef<ServerStop>> ActiveTask<S> {
    /// Enters somebody who is woken when it begins.
    pub(super) fn new(stop: &Arc<S>, waker: Waker) -> ActiveTask<S> {
        let mut active = (**stop).as_ref().lock();
        let number = active.next;
        active.next += 1;
        active.tasks.insert(number, waker);
        drop(active);
        ActiveTask { stop: stop.clone(), number }
    }

    /// Has another one woken. It is to look whether it has begun already.
    pub(super) fn set_waker(&self, waker: Waker) {
        (*self.stop).as_ref().lock().tasks.insert(self.number, waker);
    }
}

impl<S: AsRef<ServerStop>> Drop for ActiveTask<S> {
    fn drop(&mut self) {
        let stop = (*self.stop).as_ref();
        let mut active = stop.lock();
        active.tasks.remove(&self.number);
        let is_last = active.tasks.is_empty();
        drop(active);
        if is_last {
            stop.ended.notify_one();
        }
    }
}

/// What came first.
pub(super) enum First<A, B> {
    One(A),
    Other(B),
}

/// Waits for one of two; the other is dropped.
pub(super) async fn first<A, B>(one: impl Future<Output = A>, other: impl Future<Output = B>) -> First<A, B> {
    let (mut one, mut other) = (pin!(one), pin!(other));
    poll_fn(|task| match one.as_mut().poll(task) {
        Poll::Ready(one) => Poll::Ready(First::One(one)),
        Poll::Pending => other.as_mut().poll(task).map(First::Other),
    })
    .await
}
