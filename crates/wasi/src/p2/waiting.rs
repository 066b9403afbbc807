//! [`Waits`]: how a function waits, and does what takes its time. Functions are written over it once.

use crate::ctx::WasiCtx;
use crate::error::WasiResult;
use crate::wait::{Interest, Pollable, Ready};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// What is waited for.
pub(crate) type Sources = Vec<(Arc<dyn Pollable>, Interest)>;

/// A way to wait.
pub(crate) trait Waits: Copy + Send + Sync + 'static {
    /// Whether the thread is the guest's own, which may be kept in the system.
    const KEEPS_THREAD: bool;

    /// Waits as [`WasiCtx::wait`] does.
    fn wait(
        self,
        ctx: &mut WasiCtx,
        sources: Sources,
        deadline: Option<Duration>,
    ) -> impl Future<Output = WasiResult<Vec<(usize, Ready)>>> + Send;

    /// Does what may keep a thread for as long as a disk takes.
    fn work<R: Send + 'static>(
        self,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> impl Future<Output = WasiResult<R>> + Send;
}

/// Waits in the thread: nothing is ever pending.
#[derive(Clone, Copy)]
pub(crate) struct OnThread;

impl Waits for OnThread {
    const KEEPS_THREAD: bool = true;

    async fn wait(
        self,
        ctx: &mut WasiCtx,
        sources: Sources,
        deadline: Option<Duration>,
    ) -> WasiResult<Vec<(usize, Ready)>> {
        let sources: Vec<_> = sources.iter().map(|(source, interest)| (&**source, *interest)).collect();
        ctx.wait(&sources, deadline)
    }

    async fn work<R: Send + 'static>(self, work: impl FnOnce() -> R + Send + 'static) -> WasiResult<R> {
        Ok(work())
    }
}

/// Waits in a Tokio runtime.
#[cfg(feature = "async")]
#[derive(Clone, Copy)]
pub(crate) struct OnExecutor;

#[cfg(feature = "async")]
impl Waits for OnExecutor {
    const KEEPS_THREAD: bool = false;

    async fn wait(
        self,
        ctx: &mut WasiCtx,
        sources: Sources,
        deadline: Option<Duration>,
    ) -> WasiResult<Vec<(usize, Ready)>> {
        ctx.wait_async(&sources, deadline).await
    }

    async fn work<R: Send + 'static>(self, work: impl FnOnce() -> R + Send + 'static) -> WasiResult<R> {
        crate::wait::keep_thread(work).await
    }
}

/// What a future gives that waits [`OnThread`].
#[inline]
pub(crate) fn at_once<R>(future: impl Future<Output = R>) -> R {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => unreachable!("what waits in its thread is never pending"),
    }
}
