//! [`ServedBody`]: what hyper sends of an answer. The guest that writes it goes on as hyper asks for more, so that it waits for who reads, in the task of
//! the connection; one whose answer is whole and that goes on after it has a task of its own.

use super::answer::{failure, too_long};
use super::connection::ConnectionState;
use super::record::{RequestOutcome, RequestRecord};
use super::stop::ActiveTask;
use super::turns::poll_guest;
use bytes::Bytes;
use gusset::Result;
use gusset_wasi::http::{HttpErrorCode, OutgoingHttpBody};
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout_at};

/// The call of a guest, with all that it holds.
pub(super) type GuestFuture = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

pub(super) struct ServedBody {
    content: BodyContent,
    /// What a whole one has in bytes, if that was said.
    expected: Option<u64>,
    /// There is nothing more to send.
    is_whole: bool,
    /// Why nothing more can be sent.
    failure: Option<HttpErrorCode>,
    record: RequestRecord,
    connection: Arc<ConnectionState>,
}

enum BodyContent {
    Own(Option<Bytes>),
    Guest {
        body: OutgoingHttpBody,
        /// Until it has ended.
        guest: Option<GuestFuture>,
    },
}

impl ServedBody {
    /// What the server says itself.
    pub(super) fn own(text: String, record: RequestRecord, connection: Arc<ConnectionState>) -> ServedBody {
        connection.begin_response(false);
        let content = BodyContent::Own((!text.is_empty()).then(|| text.into()));
        let mut body = ServedBody { content, expected: None, is_whole: false, failure: None, record, connection };
        body.expected = body.size_hint().exact();
        body
    }

    /// What a guest says that may go on; `has_none`: whatever the guest writes, it is not sent.
    pub(super) fn of_guest(
        body: OutgoingHttpBody,
        guest: Option<GuestFuture>,
        has_none: bool,
        record: RequestRecord,
        connection: Arc<ConnectionState>,
    ) -> ServedBody {
        connection.begin_response(guest.is_some());
        let expected = body.size_hint().exact();
        let content = BodyContent::Guest { body, guest };
        ServedBody { content, expected, is_whole: has_none, failure: None, record, connection }
    }
}

impl Body for ServedBody {
    type Data = Bytes;
    type Error = HttpErrorCode;

    fn poll_frame(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, HttpErrorCode>>> {
        let this = self.get_mut();
        if let Some(failure) = this.failure.take() {
            return Poll::Ready(Some(Err(failure)));
        }
        let frame = match &mut this.content {
            BodyContent::Own(text) => Poll::Ready(text.take().map(|text| Ok(Frame::data(text)))),
            BodyContent::Guest { body, guest } => {
                if let Some(running) = guest
                    && let Poll::Ready(ended) = poll_guest(running, task)
                {
                    *guest = None;
                    this.connection.end_guest();
                    if let Err(error) = ended {
                        this.record.outcome = RequestOutcome::Failed;
                        this.record.report(&failure(&error));
                    }
                }
                Pin::new(body).poll_frame(task)
            }
        };
        match frame {
            Poll::Ready(Some(Err(error))) => {
                if this.record.outcome != RequestOutcome::Failed {
                    this.record.outcome = RequestOutcome::Failed;
                    this.record.report(&format!("the answer was broken off: {error}"));
                }
                // What there is of the answer, its head at least, is to reach the client: hyper sends it when it is told to wait.
                this.failure = Some(error);
                task.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Pending => {}
            Poll::Ready(None) => this.is_whole = true,
            Poll::Ready(Some(Ok(ref frame))) => {
                this.record.bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
                // Of one whose length is known, nobody asks for the end.
                this.is_whole = frame.is_trailers() || this.expected == Some(this.record.bytes);
            }
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            BodyContent::Own(text) => text.is_none(),
            BodyContent::Guest { body, .. } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            BodyContent::Own(text) => SizeHint::with_exact(text.as_ref().map_or(0, |text| text.len() as u64)),
            BodyContent::Guest { body, .. } => body.size_hint(),
        }
    }
}

/// Hyper needs it no more: it has sent it, or cannot.
impl Drop for ServedBody {
    fn drop(&mut self) {
        self.is_whole |= self.expected == Some(self.record.bytes);
        if self.is_whole && self.record.outcome == RequestOutcome::Aborted {
            self.record.outcome = RequestOutcome::Answered;
        }
        if !self.is_whole {
            self.connection.break_off();
        }
        if !self.is_whole && self.connection.is_late() {
            self.record.outcome = RequestOutcome::TimedOut;
            self.record.report(&format!("{}: the answer was broken off", too_long(&self.connection.service.limits)));
        }
        if let BodyContent::Guest { guest, .. } = &mut self.content
            && let Some(guest) = guest.take_if(|_| self.is_whole)
        {
            go_on(guest, self.record.number, &self.connection);
        }
        self.connection.end_request();
    }
}

/// Lets a guest go on whose answer is gone, until its time is up.
fn go_on(guest: GuestFuture, number: Option<u64>, connection: &ConnectionState) {
    let Ok(runtime) = Handle::try_current() else { return };
    let (service, deadline) = (connection.service.clone(), connection.guest_deadline());
    // The server waits for it before its connection is gone.
    let active = ActiveTask::new(&service, Waker::noop().clone());
    runtime.spawn(async move {
        let _active = active;
        let ended = match deadline {
            Some(deadline) => timeout_at(Instant::from_std(deadline), guest).await,
            None => Ok(guest.await),
        };
        let said = match ended {
            Ok(Ok(())) => return,
            Ok(Err(error)) => failure(&error),
            Err(_) => too_long(&service.limits),
        };
        let number = number.unwrap_or_default();
        service.stderr.put(format!("error: request {number}: after its answer: {said}\n"));
    });
}
