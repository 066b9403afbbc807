//! [`Admission`]: how many guests run at a time, and how many requests wait for their turn.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub(super) struct Admission {
    running: Arc<Semaphore>,
    waiting: AtomicUsize,
    max_waiting: usize,
}

/// A request that waits, until this is dropped.
struct Queued<'a>(&'a Admission);

impl Admission {
    pub(super) fn new(max_running: usize, max_waiting: usize) -> Admission {
        let running = Arc::new(Semaphore::new(max_running.min(Semaphore::MAX_PERMITS)));
        Admission { running, waiting: AtomicUsize::new(0), max_waiting }
    }

    /// Waits for a turn, which lasts until what is returned is dropped; `None` where too many wait already.
    pub(super) async fn enter(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = self.running.clone().try_acquire_owned() {
            return Some(permit);
        }
        let one_more = |count: usize| (count < self.max_waiting).then_some(count + 1);
        self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).ok()?;
        let _queued = Queued(self);
        self.running.clone().acquire_owned().await.ok()
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
