//! [`ConnectionTasks`]: what a connection goes on in. By HTTP/2 that is more than one task: one has the connection itself, another sends a body, and
//! hyper begins them when it needs them.

use hyper::rt::Executor;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::task::JoinSet;

/// Ends them all when it is dropped, and lets none begin later.
pub(super) struct ConnectionTasks(ConnectionExecutor);

/// Begins them, until they have been ended.
#[derive(Clone)]
pub(super) struct ConnectionExecutor(Arc<Mutex<Option<JoinSet<()>>>>);

impl ConnectionTasks {
    /// None yet.
    pub(super) fn new() -> ConnectionTasks {
        ConnectionTasks(ConnectionExecutor(Arc::new(Mutex::new(Some(JoinSet::new())))))
    }

    pub(super) fn executor(&self) -> ConnectionExecutor {
        self.0.clone()
    }
}

impl ConnectionExecutor {
    fn lock(&self) -> MutexGuard<'_, Option<JoinSet<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F> Executor<F> for ConnectionExecutor
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, task: F) {
        if let Some(tasks) = &mut *self.lock() {
            tasks.spawn(task);
        }
    }
}

impl Drop for ConnectionTasks {
    fn drop(&mut self) {
        let tasks = self.0.lock().take();
        // What they hold may end others: not under the lock.
        drop(tasks);
    }
}
