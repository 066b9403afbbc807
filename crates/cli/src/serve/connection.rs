//! A connection: hyper's state machine in one task, with the guests that answer its requests within it, and one timer for all that may take too long.

use super::handle::handle;
use super::listen::Accepted;
use super::service::Service;
use super::socket::WatchedSocket;
use http_body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::TokioIo;
use std::error::Error;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::io::ReadBuf;
use tokio::net::TcpStream;
use tokio::time::sleep_until;

/// The least that hyper reads a head into.
const LEAST_HEAD: usize = 8 << 10;

/// A time that nobody waits for.
const FAR: Duration = Duration::from_secs(60 * 60 * 24 * 365);

/// How long nothing goes to a client that has ended its side: most of them are gone, and some only have said all.
const HALF_CLOSED: Duration = Duration::from_secs(5);

/// What a connection and its requests tell one another.
pub(super) struct ConnectionState {
    pub(super) service: Arc<Service>,
    pub(super) client: SocketAddr,
    clock: Mutex<ConnectionClock>,
    /// The time of the request is up.
    late: AtomicBool,
    /// The answer is to be seen not to be whole.
    broken_off: AtomicBool,
    /// The last request had a body, which may not all have been read.
    has_body: AtomicBool,
}

/// When what may take too long has begun.
struct ConnectionClock {
    phase: Phase,
    since: Instant,
    /// Of the guest.
    deadline: Option<Instant>,
    /// Since when the client takes nothing.
    stalled: Option<Instant>,
    /// Since when the client has ended its side and got nothing.
    half_closed: Option<Instant>,
    /// Of an answer that is over, some may be waiting to be sent.
    unsent: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// No request has come.
    Idle,
    /// Something of one has.
    Head,
    /// It is being answered.
    Request,
    /// The answer has begun.
    Response,
}

/// What is to be done when the timer rings.
enum Ringing {
    /// It has rung too early.
    Nothing,
    /// The request is answered that it took too long.
    Answer,
    Close,
}

impl ConnectionState {
    pub(super) fn new(service: Arc<Service>, client: SocketAddr) -> ConnectionState {
        let clock = ConnectionClock {
            phase: Phase::Idle,
            since: Instant::now(),
            deadline: None,
            stalled: None,
            half_closed: None,
            unsent: false,
        };
        ConnectionState {
            service,
            client,
            clock: Mutex::new(clock),
            late: AtomicBool::new(false),
            broken_off: AtomicBool::new(false),
            has_body: AtomicBool::new(false),
        }
    }

    /// Something has come.
    pub(super) fn note_read(&self) {
        let mut clock = self.lock();
        if clock.phase == Phase::Idle {
            (clock.phase, clock.since) = (Phase::Head, Instant::now());
        }
    }

    /// The client takes something, or nothing.
    pub(super) fn note_write(&self, is_taken: bool) {
        let mut clock = self.lock();
        if is_taken {
            clock.stalled = None;
            clock.half_closed = clock.half_closed.map(|_| Instant::now());
            if clock.unsent && clock.phase == Phase::Idle {
                // It is not idle before it has all of its answer.
                clock.since = Instant::now();
            }
        } else if clock.stalled.is_none() {
            clock.stalled = Some(Instant::now());
        }
    }

    /// The client has ended its side.
    fn note_half_closed(&self) {
        self.lock().half_closed.get_or_insert_with(Instant::now);
    }

    /// Whether a request is being answered.
    fn is_answering(&self) -> bool {
        matches!(self.lock().phase, Phase::Request | Phase::Response)
    }

    /// Nothing waits to be sent.
    pub(super) fn note_flush(&self) {
        let mut clock = self.lock();
        clock.unsent &= clock.phase == Phase::Response;
    }

    pub(super) fn begin_request(&self, now: Instant, has_body: bool) {
        let deadline = self.service.limits.timeout.and_then(|timeout| now.checked_add(timeout));
        let mut clock = self.lock();
        (clock.phase, clock.since, clock.deadline, clock.half_closed) = (Phase::Request, now, deadline, None);
        self.has_body.store(has_body, Ordering::Relaxed);
    }

    /// The answer begins, and the guest goes on with it or not.
    pub(super) fn begin_response(&self, guest_goes_on: bool) {
        let mut clock = self.lock();
        (clock.phase, clock.unsent) = (Phase::Response, true);
        self.late.store(false, Ordering::Relaxed);
        if !guest_goes_on {
            clock.deadline = None;
        }
    }

    /// The guest has ended before its answer was gone.
    pub(super) fn end_guest(&self) {
        self.lock().deadline = None;
    }

    /// The answer is gone.
    pub(super) fn end_request(&self) {
        let mut clock = self.lock();
        (clock.phase, clock.since, clock.deadline, clock.half_closed) = (Phase::Idle, Instant::now(), None, None);
    }

    pub(super) fn guest_deadline(&self) -> Option<Instant> {
        self.lock().deadline
    }

    /// Whether the time of the request is up.
    pub(super) fn is_late(&self) -> bool {
        self.late.load(Ordering::Relaxed)
    }

    /// What is sent of the answer must not be taken for the whole.
    pub(super) fn break_off(&self) {
        self.broken_off.store(true, Ordering::Relaxed);
    }

    /// Whether the client has not got all of an answer.
    pub(super) fn lacks_something(&self) -> bool {
        let clock = self.lock();
        self.broken_off.load(Ordering::Relaxed) || clock.phase == Phase::Response || clock.unsent
    }

    fn lock(&self) -> MutexGuard<'_, ConnectionClock> {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the first of it has taken too long.
    fn due(&self) -> Option<Instant> {
        let (clock, limits) = (self.lock(), &self.service.limits);
        let phase = match clock.phase {
            Phase::Idle => clock.since.checked_add(limits.idle_timeout),
            Phase::Head => clock.since.checked_add(limits.header_timeout),
            Phase::Request if self.is_late() => None,
            Phase::Request | Phase::Response => clock.deadline,
        };
        let stalled = clock.stalled.and_then(|since| since.checked_add(limits.idle_timeout));
        phase.into_iter().chain(stalled).chain(self.left(&clock)).min()
    }

    /// When a client that has ended its side is taken to have left.
    fn left(&self, clock: &ConnectionClock) -> Option<Instant> {
        // One that has not taken something yet has its time for that.
        let since = clock.half_closed.filter(|_| clock.stalled.is_none())?;
        since.checked_add(HALF_CLOSED.min(self.service.limits.idle_timeout))
    }

    fn ring(&self) -> Ringing {
        let now = Instant::now();
        if self.due().is_none_or(|due| due > now) {
            return Ringing::Nothing;
        }
        let clock = self.lock();
        let stalled = clock.stalled.and_then(|since| since.checked_add(self.service.limits.idle_timeout));
        if stalled.is_some_and(|due| due <= now) {
            self.break_off();
            return Ringing::Close;
        }
        if self.left(&clock).is_some_and(|due| due <= now) {
            return Ringing::Close;
        }
        match clock.phase {
            Phase::Idle | Phase::Head => Ringing::Close,
            Phase::Request => {
                self.late.store(true, Ordering::Relaxed);
                Ringing::Answer
            }
            Phase::Response => {
                self.late.store(true, Ordering::Relaxed);
                Ringing::Close
            }
        }
    }
}

/// Answers the requests of a connection until it ends.
pub(super) async fn serve(service: Arc<Service>, accepted: Accepted) {
    let Accepted { stream, client, permit: _permit, active } = accepted;
    active.set_waker(poll_fn(|task| Poll::Ready(task.waker().clone())).await);
    let state = Arc::new(ConnectionState::new(service.clone(), client));
    let of_requests = state.clone();
    let answering = service_fn(move |request| handle(of_requests.clone(), request));
    let mut builder = http1::Builder::new();
    let max_head = state.service.limits.max_header_size;
    builder.max_buf_size(max_head.max(LEAST_HEAD)).max_header_size(max_head).half_close(true);
    let stream = Arc::new(Mutex::new(stream));
    let socket = WatchedSocket::new(stream.clone(), state.clone());
    let mut connection = builder.serve_connection(TokioIo::new(socket), answering);
    let is_over = drive(&state, &stream, &mut connection).await;
    let socket = connection.into_parts().io.into_inner();
    // What was going on of a request ends here, before the client is told.
    match is_over {
        _ if state.lacks_something() => {}
        ConnectionEnd::Silent => {}
        ConnectionEnd::Over if state.has_body.load(Ordering::Relaxed) => socket.linger().await,
        ConnectionEnd::Over => {}
        ConnectionEnd::Malformed(error) => {
            if let Some(log) = &service.access_log {
                log.put_malformed(client, &error);
            }
            socket.linger().await;
        }
    }
}

/// How a connection ends.
enum ConnectionEnd {
    /// As HTTP has it.
    Over,
    /// The client has sent what is no request, and was told.
    Malformed(hyper::Error),
    /// Something took too long.
    Silent,
}

/// What is known of a client whose request is being answered.
enum ClientEnd {
    None,
    /// It says nothing more, and may listen.
    Half,
    Gone,
}

/// Looks whether the client has ended its side, and has the task woken when it does.
fn poll_end(stream: &Mutex<TcpStream>, task: &mut Context<'_>) -> ClientEnd {
    let mut byte = [0];
    let stream = stream.lock().unwrap_or_else(PoisonError::into_inner);
    match stream.poll_peek(task, &mut ReadBuf::new(&mut byte)) {
        Poll::Ready(Ok(0)) => ClientEnd::Half,
        Poll::Ready(Err(_)) => ClientEnd::Gone,
        Poll::Ready(Ok(_)) | Poll::Pending => ClientEnd::None,
    }
}

/// Has hyper go on until the connection ends, or something takes too long.
async fn drive<S>(
    state: &ConnectionState,
    stream: &Mutex<TcpStream>,
    connection: &mut http1::Connection<TokioIo<WatchedSocket>, S>,
) -> ConnectionEnd
where
    S: HttpService<Incoming>,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    S::ResBody: 'static,
    <S::ResBody as Body>::Error: Into<Box<dyn Error + Send + Sync>>,
    http1::Connection<TokioIo<WatchedSocket>, S>: Unpin,
{
    let mut armed = state.due().unwrap_or_else(|| Instant::now() + FAR);
    let mut timer = pin!(sleep_until(armed.into()));
    let mut told = false;
    poll_fn(|task| {
        loop {
            if !told && state.service.stop.has_begun() {
                told = true;
                Pin::new(&mut *connection).graceful_shutdown();
            }
            if let Poll::Ready(ended) = Pin::new(&mut *connection).poll(task) {
                return Poll::Ready(match ended {
                    Err(error) if error.is_parse() => ConnectionEnd::Malformed(error),
                    _ => ConnectionEnd::Over,
                });
            }
            // Hyper does not look for it before it has answered.
            if state.is_answering() {
                match poll_end(stream, task) {
                    ClientEnd::None => {}
                    ClientEnd::Half => state.note_half_closed(),
                    ClientEnd::Gone => return Poll::Ready(ConnectionEnd::Silent),
                }
            }
            // What is due later is looked at when the timer rings: most of it never is.
            if let Some(due) = state.due()
                && due < armed
            {
                armed = due;
                timer.as_mut().reset(armed.into());
            }
            if timer.as_mut().poll(task).is_pending() {
                return Poll::Pending;
            }
            if let Ringing::Close = state.ring() {
                return Poll::Ready(ConnectionEnd::Silent);
            }
            armed = state.due().unwrap_or_else(|| Instant::now() + FAR);
            timer.as_mut().reset(armed.into());
        }
    })
    .await
}
