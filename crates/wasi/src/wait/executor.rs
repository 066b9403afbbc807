//! The other place where guests wait: a Tokio runtime, whose threads they leave to others. Nothing else here knows of one.

use super::{ASK_AGAIN, Interest, Waiter};
use crate::error::{WasiError, WasiResult};
use gusset::Error;
use rustix::fd::{AsRawFd, OwnedFd};
use std::future::poll_fn;
use std::mem;
use std::panic::resume_unwind;
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::unix::AsyncFd;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

/// A descriptor that the runtime watches, and what for.
struct WatchedFd {
    fd: AsyncFd<OwnedFd>,
    reads: bool,
    writes: bool,
}

impl WatchedFd {
    fn is_ready(&self, task: &mut Context<'_>) -> bool {
        self.reads && self.fd.poll_read_ready(task).is_ready()
            || self.writes && self.fd.poll_write_ready(task).is_ready()
    }
}

/// As [`block`](super::block), for a waiter that has the waker of this task: waits until something that it was told of may be ready, or the task is
/// woken, or for so long; whether the time was up. It may return too early.
pub(crate) async fn pause(waiter: &Waiter<'_>, timeout: Option<Duration>) -> WasiResult<bool> {
    if Handle::try_current().is_err() {
        return Err(no_runtime());
    }
    let watched = watch(waiter);
    let asks_again = waiter.asks_again || watched.is_none();
    let shortened = if asks_again { Some(timeout.unwrap_or(ASK_AGAIN).min(ASK_AGAIN)) } else { timeout };
    let watched = watched.unwrap_or_default();
    let mut timer = pin!(shortened.map(sleep));
    let mut was_asked = false;
    let time_is_up = poll_fn(|task| {
        let is_up = timer.as_mut().as_pin_mut().is_some_and(|timer| timer.poll(task).is_ready());
        // Who comes back has been woken, by the timer, by a descriptor or by one of those that have the waker.
        let is_woken = mem::replace(&mut was_asked, true) || watched.iter().any(|watched| watched.is_ready(task));
        if is_up || is_woken { Poll::Ready(is_up) } else { Poll::Pending }
    })
    .await;
    Ok(time_is_up && shortened == timeout)
}

/// Each descriptor once. It is duplicated, since others may wait for the same. `None` where the system has none to give, or cannot watch one.
fn watch(waiter: &Waiter<'_>) -> Option<Vec<WatchedFd>> {
    let mut fds = waiter.fds.clone();
    fds.sort_by_key(|(fd, _)| fd.as_raw_fd());
    fds.chunk_by(|(one, _), (other, _)| one.as_raw_fd() == other.as_raw_fd())
        .map(|same| {
            let has = |interest| same.iter().any(|(_, of)| *of == interest);
            let (reads, writes) = (has(Interest::Read), has(Interest::Write));
            let interest = match (reads, writes) {
                (true, true) => tokio::io::Interest::READABLE | tokio::io::Interest::WRITABLE,
                (true, false) => tokio::io::Interest::READABLE,
                (false, _) => tokio::io::Interest::WRITABLE,
            };
            let own = same[0].0.try_clone_to_owned().ok()?;
            #[allow(deprecated, reason = "what owns its descriptor cannot lose it, and the newer form is unsafe")]
            let fd = AsyncFd::with_interest(own, interest).ok()?;
            Some(WatchedFd { fd, reads, writes })
        })
        .collect()
}

/// Does in a thread of its own what may keep one. It goes on where nobody waits for it any more.
pub(crate) async fn keep_thread<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> WasiResult<R> {
    if Handle::try_current().is_err() {
        return Err(no_runtime());
    }
    spawn_blocking(work).await.map_err(|error| match error.try_into_panic() {
        Ok(panic) => resume_unwind(panic),
        Err(error) => {
            WasiError::Stop(Error::new(error).context("the runtime that a guest waits in has been shut down"))
        }
    })
}

#[cold]
fn no_runtime() -> WasiError {
    WasiError::Stop(Error::msg("a guest waits, and there is no Tokio runtime: its calls must be polled within one"))
}
