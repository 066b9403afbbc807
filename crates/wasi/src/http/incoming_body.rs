//! [`IncomingSource`]: the body of a message, from hyper that receives it to the guest that reads it. It is asked for more only when the guest reads or waits,
//! so that a sender waits for its reader.

use super::HttpBody;
use super::types::HttpErrorCode;
use crate::error::{ErrorCode, WasiResult};
use crate::fs::FileType;
use crate::stream::{FailureCause, Stream};
use crate::wait::{Interest, Pollable, Ready, Waiter, WakerSet};
use bytes::{Buf, Bytes};
use http::HeaderMap;
use http_body::Body;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Sleep;

/// How many parts of a body are forgotten in a row, before others have their turn.
const MANY_PARTS: u32 = 64;

/// How a body may be.
pub(super) struct BodyLimits {
    /// How long each part may take, in which runtime.
    pub(super) between_bytes: Option<(Handle, Duration)>,
    pub(super) size: u64,
    /// What it fails with that is longer.
    pub(super) too_long: HttpErrorCode,
}

/// The guest's end.
pub(super) struct IncomingSource {
    state: Mutex<SourceState>,
    /// Those who wait. Who sends keeps one waker, for all of them.
    waiting: Arc<Waiting>,
    /// What counts it among the guest's.
    _permit: Option<OwnedSemaphorePermit>,
}

struct SourceState {
    /// Until it has failed. At its end it is kept: its connection may still be needed for the request.
    body: Option<HttpBody>,
    has_ended: bool,
    /// What has come and was not read.
    part: Bytes,
    trailers: Option<HeaderMap>,
    failure: Option<HttpErrorCode>,
    limits: BodyLimits,
    timer: Option<Pin<Box<Sleep>>>,
    /// Nobody reads it.
    is_forgotten: bool,
}

#[derive(Default)]
struct Waiting(Mutex<WakerSet>);

impl Wake for Waiting {
    fn wake(self: Arc<Waiting>) {
        let mut wakers = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        wakers.wake_all();
    }
}

impl IncomingSource {
    pub(super) fn new(body: HttpBody, limits: BodyLimits, permit: Option<OwnedSemaphorePermit>) -> IncomingSource {
        let state = SourceState {
            body: Some(body),
            has_ended: false,
            part: Bytes::new(),
            trailers: None,
            failure: None,
            limits,
            timer: None,
            is_forgotten: false,
        };
        IncomingSource { state: Mutex::new(state), waiting: Arc::default(), _permit: permit }
    }

    /// Nobody will read what is left.
    pub(super) fn forget_rest(&self) {
        let mut state = self.lock();
        state.is_forgotten = true;
        state.part = Bytes::new();
    }

    /// How it has ended, once it has.
    pub(super) fn end(&self) -> Option<Result<Option<HeaderMap>, HttpErrorCode>> {
        let mut state = self.lock();
        let _ = state.advance(&self.waiting);
        match &state.failure {
            Some(error) => Some(Err(error.clone())),
            None if state.has_ended => Some(Ok(state.trailers.take())),
            None => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, SourceState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SourceState {
    /// Gets the next part, unless there is one; ready with a part, or at the end.
    fn advance(&mut self, waiting: &Arc<Waiting>) -> Poll<()> {
        let waker = Waker::from(waiting.clone());
        let mut task = Context::from_waker(&waker);
        for _ in 0..MANY_PARTS {
            if !self.part.is_empty() || self.has_ended {
                return Poll::Ready(());
            }
            let Some(body) = &mut self.body else { return Poll::Ready(()) };
            match Pin::new(body).poll_frame(&mut task) {
                Poll::Pending => return self.watch_time(&mut task),
                Poll::Ready(None) => self.has_ended = true,
                Poll::Ready(Some(Err(error))) => self.fail(error),
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(part) => self.receive(part),
                    Err(frame) => self.trailers = frame.into_trailers().ok(),
                },
            }
        }
        // There may be more at once: whoever waits asks again.
        let waited = self.watch_time(&mut task);
        waker.wake();
        waited
    }

    fn receive(&mut self, part: Bytes) {
        // What says nothing is no sign of life.
        if !part.is_empty() {
            self.timer = None;
        }
        match self.limits.size.checked_sub(part.len() as u64) {
            Some(left) => {
                self.limits.size = left;
                self.part = if self.is_forgotten { Bytes::new() } else { part };
            }
            None => self.fail(self.limits.too_long.clone()),
        }
    }

    fn watch_time(&mut self, task: &mut Context<'_>) -> Poll<()> {
        let Some((runtime, timeout)) = &self.limits.between_bytes else { return Poll::Pending };
        let timer = self.timer.get_or_insert_with(|| {
            let _entered = runtime.enter();
            Box::pin(tokio::time::sleep(*timeout))
        });
        if timer.as_mut().poll(task).is_pending() {
            return Poll::Pending;
        }
        self.fail(HttpErrorCode::ConnectionReadTimeout);
        Poll::Ready(())
    }

    fn fail(&mut self, error: HttpErrorCode) {
        self.failure = Some(error);
        self.has_ended = true;
        self.body = None;
        self.timer = None;
    }
}

impl Pollable for IncomingSource {
    fn poll_ready<'a>(&'a self, _: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
        let mut forgotten = self.waiting.0.lock().unwrap_or_else(PoisonError::into_inner).insert(waiter.waker());
        forgotten.wake_all();
        let mut state = self.lock();
        state.advance(&self.waiting).map(|()| Ready { bytes: state.part.len() as u64, hung_up: state.has_ended })
    }
}

impl Stream for IncomingSource {
    fn file_type(&self) -> FileType {
        FileType::Fifo
    }

    fn read(&self, bytes: &mut [u8]) -> WasiResult<usize> {
        let mut state = self.lock();
        if state.advance(&self.waiting).is_pending() {
            return Err(ErrorCode::WouldBlock.into());
        }
        if let Some(error) = state.failure.as_ref().filter(|_| state.part.is_empty()) {
            return Err(error.stream_code().into());
        }
        let count = bytes.len().min(state.part.len());
        bytes[..count].copy_from_slice(&state.part[..count]);
        state.part.advance(count);
        Ok(count)
    }

    fn failure(&self) -> Option<FailureCause> {
        let failure = self.lock().failure.clone()?;
        Some(Arc::new(failure))
    }
}
