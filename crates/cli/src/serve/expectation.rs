//! Clients that wait for leave to send a body (`Expect: 100-continue`, [RFC 9110, section 10.1.1]). Hyper sends 100 when the body is asked for, unless the
//! answer has begun by then: for a client that waits on, having an answer and no leave, this sees to it that a guest which answers and then reads is heard in
//! time.
//!
//! [RFC 9110, section 10.1.1]: https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1

use bytes::Bytes;
use http::header::EXPECT;
use http::{Request, Version};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use tokio::task::yield_now;

/// A client that waits for leave, as far as is known.
pub(super) struct WaitingClient {
    is_asked: Arc<AtomicBool>,
}

/// The body of a request, of which it is known whether the guest has asked for it.
pub(super) struct AskedBody {
    body: Incoming,
    /// Told of it, where somebody waits for that.
    is_asked: Option<Arc<AtomicBool>>,
}

impl WaitingClient {
    /// The client of a request, if it waits, and the request for the guest.
    pub(super) fn of(request: Request<Incoming>) -> (Option<WaitingClient>, Request<AskedBody>) {
        let expects =
            request.headers().get(EXPECT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"));
        // To others it means nothing.
        let waits = expects && request.version() >= Version::HTTP_11 && !request.body().is_end_stream();
        let is_asked = waits.then(Arc::<AtomicBool>::default);
        let client = is_asked.clone().map(|is_asked| WaitingClient { is_asked });
        (client, request.map(|body| AskedBody { body, is_asked }))
    }

    /// Has hyper give leave before it is given the answer, if the guest has asked for the body by now.
    pub(super) async fn give_leave(&self) {
        if self.is_asked() {
            yield_now().await;
        }
    }

    /// Whether the guest has asked for the body.
    pub(super) fn is_asked(&self) -> bool {
        self.is_asked.load(Ordering::Relaxed)
    }
}

impl Body for AskedBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let this = self.get_mut();
        if let Some(is_asked) = &this.is_asked {
            is_asked.store(true, Ordering::Relaxed);
        }
        Pin::new(&mut this.body).poll_frame(task)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
