//! [`ResponseSlot`]: where the response of a request that is on its way comes to be, for the guest that waits for it.

use super::types::{HttpErrorCode, IncomingResponse};
use crate::wait::{Interest, Pollable, Ready, Waiter, WakerSet};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use tokio::task::JoinHandle;

/// A response, or why there is none.
pub(super) type Outcome = Result<IncomingResponse, HttpErrorCode>;

#[derive(Default)]
pub(super) struct ResponseSlot(Mutex<SlotState>);

#[derive(Default)]
struct SlotState {
    outcome: SlotOutcome,
    waiting: WakerSet,
}

#[derive(Default)]
enum SlotOutcome {
    #[default]
    Awaited,
    There(Box<Outcome>),
    Taken,
}

/// What puts it there. One that is dropped before tells that nobody will.
pub(super) struct SlotWriter(Arc<ResponseSlot>);

/// Ends what it stands for when it is dropped.
pub(super) struct ResponseTask(pub(super) JoinHandle<()>);

impl ResponseSlot {
    /// A slot, and what fills it.
    pub(super) fn new() -> (Arc<ResponseSlot>, SlotWriter) {
        let slot = Arc::<ResponseSlot>::default();
        (slot.clone(), SlotWriter(slot))
    }

    /// `None` before it is there, an error where it has been taken.
    pub(super) fn take(&self) -> Option<Result<Outcome, ()>> {
        let mut state = self.lock();
        match mem::replace(&mut state.outcome, SlotOutcome::Taken) {
            SlotOutcome::Awaited => {
                state.outcome = SlotOutcome::Awaited;
                None
            }
            SlotOutcome::There(outcome) => Some(Ok(*outcome)),
            SlotOutcome::Taken => Some(Err(())),
        }
    }

    fn fill(&self, outcome: Outcome) {
        let mut state = self.lock();
        if matches!(state.outcome, SlotOutcome::Awaited) {
            state.outcome = SlotOutcome::There(Box::new(outcome));
        }
        let mut waiting = mem::take(&mut state.waiting);
        drop(state);
        waiting.wake_all();
    }

    fn lock(&self) -> MutexGuard<'_, SlotState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pollable for ResponseSlot {
    fn poll_ready<'a>(&'a self, _: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
        let mut state = self.lock();
        if !matches!(state.outcome, SlotOutcome::Awaited) {
            return Poll::Ready(Ready::default());
        }
        let mut forgotten = state.waiting.insert(waiter.waker());
        drop(state);
        forgotten.wake_all();
        Poll::Pending
    }
}

impl SlotWriter {
    pub(super) fn fill(self, outcome: Outcome) {
        self.0.fill(outcome);
    }
}

/// The runtime was shut down, say.
impl Drop for SlotWriter {
    fn drop(&mut self) {
        self.0.fill(Err(HttpErrorCode::InternalError(Some("the request was given up by the host".to_owned()))));
    }
}

impl Drop for ResponseTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}
