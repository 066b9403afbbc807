//! [`OutgoingPipe`]: the body of a message, from the guest that writes it to hyper that sends it, with room for a little so that the guest waits
//! for its reader.

use super::types::HttpErrorCode;
use crate::error::{ErrorCode, WasiResult};
use crate::fs::FileType;
use crate::stream::{FailureCause, Stream};
use crate::wait::{Interest, Pollable, Ready, Waiter, WakerSet};
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use std::fmt;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// From when on a guest may not write more.
const ENOUGH: usize = 64 << 10;
/// What is kept at most: what was permitted while there was not yet enough always has room.
const ROOM: usize = ENOUGH + (64 << 10);

/// Whose body it is, as its failures say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Message {
    Request,
    Response,
}

/// The guest's end.
pub(super) struct OutgoingPipe {
    message: Message,
    /// How long it is to be.
    length: Option<u64>,
    state: Mutex<PipeState>,
}

#[derive(Default)]
struct PipeState {
    bytes: BytesMut,
    written: u64,
    /// Why nothing more can be written.
    failure: Option<HttpErrorCode>,
    end: Option<PipeEnd>,
    reader_is_gone: bool,
    reader: Option<Waker>,
    writers: WakerSet,
}

enum PipeEnd {
    Finished(Option<HeaderMap>),
    BrokenOff(HttpErrorCode),
}

/// The body of a message that a guest makes, as it is sent. One that the guest leaves unfinished ends with an error, so that nobody takes it for whole.
///
/// ```
/// use gusset_wasi::http::OutgoingHttpBody;
/// use http_body::Body;
/// assert!(OutgoingHttpBody::default().is_end_stream()); // what a message has that the guest gives none
/// ```
#[derive(Default)]
pub struct OutgoingHttpBody(Option<Arc<OutgoingPipe>>);

impl OutgoingPipe {
    /// Both ends.
    pub(super) fn new(message: Message, length: Option<u64>) -> (Arc<OutgoingPipe>, OutgoingHttpBody) {
        let pipe = Arc::new(OutgoingPipe { message, length, state: Mutex::default() });
        (pipe.clone(), OutgoingHttpBody(Some(pipe)))
    }

    /// All has been written.
    pub(super) fn finish(&self, trailers: Option<HeaderMap>) -> Result<(), HttpErrorCode> {
        let (written, failure) = {
            let state = self.lock();
            (state.written, state.failure.clone())
        };
        // One that became too long was broken off by then.
        if let Some(error @ (HttpErrorCode::HttpRequestBodySize(_) | HttpErrorCode::HttpResponseBodySize(_))) = failure
        {
            return Err(error);
        }
        match self.length {
            Some(length) if length != written => {
                let error = self.wrong_size(written);
                self.end(PipeEnd::BrokenOff(error.clone()));
                Err(error)
            }
            _ => {
                self.end(PipeEnd::Finished(trailers));
                Ok(())
            }
        }
    }

    /// Nothing more will be written; where all has been, nothing happens.
    pub(super) fn break_off(&self) {
        self.end(PipeEnd::BrokenOff(HttpErrorCode::InternalError(Some("a guest left a body unfinished".to_owned()))));
    }

    fn end(&self, end: PipeEnd) {
        let mut state = self.lock();
        state.end.get_or_insert(end);
        let reader = state.reader.take();
        drop(state);
        reader.into_iter().for_each(Waker::wake);
    }

    fn wrong_size(&self, size: u64) -> HttpErrorCode {
        match self.message {
            Message::Request => HttpErrorCode::HttpRequestBodySize(Some(size)),
            Message::Response => HttpErrorCode::HttpResponseBodySize(Some(size)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, PipeState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pollable for OutgoingPipe {
    fn poll_ready<'a>(&'a self, _: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
        let mut state = self.lock();
        if state.bytes.len() < ENOUGH || state.reader_is_gone {
            return Poll::Ready(Ready { bytes: 0, hung_up: state.reader_is_gone });
        }
        let mut forgotten = state.writers.insert(waiter.waker());
        drop(state);
        forgotten.wake_all();
        Poll::Pending
    }
}

impl Stream for OutgoingPipe {
    fn file_type(&self) -> FileType {
        FileType::Fifo
    }

    fn write(&self, bytes: &[u8]) -> WasiResult<usize> {
        let mut state = self.lock();
        let left = self.length.map_or(u64::MAX, |length| length - state.written);
        if bytes.len() as u64 > left {
            let error = self.wrong_size(state.written.saturating_add(bytes.len() as u64));
            state.failure = Some(error.clone());
            drop(state);
            let code = error.stream_code();
            self.end(PipeEnd::BrokenOff(error));
            return Err(code.into());
        }
        // Who has all that was announced may be gone, so this is asked last.
        if state.reader_is_gone {
            let error = state.failure.get_or_insert(HttpErrorCode::ConnectionTerminated);
            return Err(error.stream_code().into());
        }
        let count = bytes.len().min(ROOM - state.bytes.len());
        if count == 0 && !bytes.is_empty() {
            return Err(ErrorCode::WouldBlock.into());
        }
        state.bytes.extend_from_slice(&bytes[..count]);
        state.written += count as u64;
        let reader = state.reader.take();
        drop(state);
        reader.into_iter().for_each(Waker::wake);
        Ok(count)
    }

    fn failure(&self) -> Option<FailureCause> {
        let failure = self.lock().failure.clone()?;
        Some(Arc::new(failure))
    }
}

impl Body for OutgoingHttpBody {
    type Data = Bytes;
    type Error = HttpErrorCode;

    fn poll_frame(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, HttpErrorCode>>> {
        let this = self.get_mut();
        let Some(pipe) = &this.0 else { return Poll::Ready(None) };
        let mut state = pipe.lock();
        if !state.bytes.is_empty() && !matches!(state.end, Some(PipeEnd::BrokenOff(_))) {
            let bytes = state.bytes.split().freeze();
            let mut writers = mem::take(&mut state.writers);
            drop(state);
            writers.wake_all();
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        let frame = match state.end.take() {
            None => {
                state.reader = Some(task.waker().clone());
                return Poll::Pending;
            }
            Some(PipeEnd::Finished(trailers)) => trailers.map(|trailers| Ok(Frame::trailers(trailers))),
            Some(PipeEnd::BrokenOff(error)) => Some(Err(error)),
        };
        drop(state);
        this.close();
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let Some(pipe) = &self.0 else { return SizeHint::with_exact(0) };
        let state = pipe.lock();
        let left = match (&state.end, pipe.length) {
            (Some(PipeEnd::Finished(None)), _) => Some(0),
            (_, length) => length.map(|length| length - state.written),
        };
        left.map_or_else(SizeHint::default, |left| SizeHint::with_exact(left + state.bytes.len() as u64))
    }
}

impl fmt::Debug for OutgoingHttpBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OutgoingHttpBody")
    }
}

impl OutgoingHttpBody {
    /// What a message has that its guest has given none, with what its headers say of the length (an error: nothing proper). Where that is not 0, whoever is
    /// sent it would take what comes next for it: only an answer to `HEAD` may be so, whose body is not asked for.
    pub(super) fn absent(message: Message, length: Result<Option<u64>, ()>) -> OutgoingHttpBody {
        if matches!(length, Ok(None | Some(0))) {
            return OutgoingHttpBody(None);
        }
        let (pipe, body) = OutgoingPipe::new(message, length.ok().flatten());
        pipe.end(PipeEnd::BrokenOff(pipe.wrong_size(0)));
        body
    }

    /// Whether all has been written that is to be sent, or there is nothing: nothing that the guest does now can break it off.
    pub fn is_finished(&self) -> bool {
        self.0.as_ref().is_none_or(|pipe| matches!(pipe.lock().end, Some(PipeEnd::Finished(_))))
    }

    fn close(&mut self) {
        let Some(pipe) = self.0.take() else { return };
        let mut state = pipe.lock();
        state.reader_is_gone = true;
        state.bytes = BytesMut::new();
        let mut writers = mem::take(&mut state.writers);
        drop(state);
        writers.wake_all();
    }
}

impl Drop for OutgoingHttpBody {
    fn drop(&mut self) {
        self.close();
    }
}
