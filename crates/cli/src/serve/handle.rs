//! From a request to its answer: what is refused, whose turn it is, and the guest's call until its response begins.

use super::answer::OwnAnswer;
use super::body::{GuestFuture, ServedBody};
use super::connection::ConnectionState;
use super::expectation::{AskedBody, WaitingClient};
use super::guest;
use super::record::{RequestOutcome, RequestRecord};
use super::service::{RequestLimits, Service};
use super::turns::poll_guest;
use gusset::Result;
use gusset_wasi::Exit;
use gusset_wasi::http::{HttpErrorCode, HttpScheme, OutgoingHttpBody, WasiHttpView, parse_authority};
use http::header::{CONNECTION, CONTENT_TYPE, HOST, HeaderValue, RETRY_AFTER};
use http::{Method, Request, Response, StatusCode, Version};
use http_body::Body;
use hyper::body::Incoming;
use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use tokio::sync::oneshot;

/// When a client that found no room may come again, in seconds.
const COME_AGAIN: HeaderValue = HeaderValue::from_static("1");

/// What a connection is told that ends.
const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// What a guest has set.
type SetResponse = Result<Response<OutgoingHttpBody>, HttpErrorCode>;

/// What there is to send.
enum RequestAnswer {
    Own(OwnAnswer),
    /// The guest may go on; what it failed with has no consequence for the response.
    Guest(Response<OutgoingHttpBody>, Option<GuestFuture>),
}

/// Answers a request. It is dropped where its client leaves, perhaps before anybody has looked at it.
pub(super) fn handle(
    connection: Arc<ConnectionState>,
    request: Request<Incoming>,
) -> impl Future<Output = Result<Response<ServedBody>, Infallible>> {
    let record = RequestRecord::new(&connection.service, connection.client, &request);
    connection.begin_request(record.start, !request.body().is_end_stream());
    answered(connection, request, record)
}

async fn answered(
    connection: Arc<ConnectionState>,
    request: Request<Incoming>,
    mut record: RequestRecord,
) -> Result<Response<ServedBody>, Infallible> {
    let is_head = request.method() == Method::HEAD;
    let (client, request) = WaitingClient::of(request);
    let answer = answer(&connection, request, &mut record).await;
    let goes_on = matches!(answer, RequestAnswer::Guest(_, Some(_)));
    if let Some(client) = client.as_ref().filter(|_| goes_on) {
        client.give_leave().await;
    }
    // Nobody will ask for the body: hyper closes the connection, and its client is told.
    let closes = client.is_some_and(|client| !goes_on && !client.is_asked());
    let mut response = match answer {
        RequestAnswer::Own(own) => send_own(own, record, connection),
        RequestAnswer::Guest(response, guest) => {
            let (head, body) = response.into_parts();
            record.status = Some(head.status.as_u16());
            let has_none = is_head || matches!(head.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
            let body = ServedBody::of_guest(body, guest, has_none, record, connection);
            Response::from_parts(head, body)
        }
    };
    if closes {
        response.headers_mut().insert(CONNECTION, CLOSE);
    }
    Ok(response)
}

async fn answer(
    connection: &Arc<ConnectionState>,
    request: Request<AskedBody>,
    record: &mut RequestRecord,
) -> RequestAnswer {
    let service = &connection.service;
    if let Some(own) = answer_alone(service, &request) {
        return RequestAnswer::Own(own);
    }
    let Some(number) = service.number() else {
        let stops = OwnAnswer::refused(StatusCode::SERVICE_UNAVAILABLE, "the server stops");
        return RequestAnswer::Own(stops);
    };
    record.number = Some(number);
    let permit = match before_deadline(connection, service.admission.enter()).await {
        Some(Some(permit)) => permit,
        Some(None) => {
            let report = "all guests that --max-concurrent-requests allows are busy, and as many requests wait as --max-queued-requests \
                          allows";
            return RequestAnswer::Own(OwnAnswer::refused(StatusCode::SERVICE_UNAVAILABLE, report));
        }
        None => return RequestAnswer::Own(OwnAnswer::never_entered()),
    };
    let (sender, receiver) = oneshot::channel();
    let of_guest = service.clone();
    let guest = Box::pin(async move {
        let ended = call(&of_guest, number, request, sender).await;
        // What it had is free when another one may begin.
        drop(permit);
        ended
    });
    enter(connection, record, guest, receiver).await
}

/// What the guest is not asked for.
fn answer_alone(service: &Service, request: &Request<AskedBody>) -> Option<OwnAnswer> {
    let is_health = service.healthz.as_deref().is_some_and(|path| path == request.uri().path());
    if is_health && matches!(*request.method(), Method::GET | Method::HEAD) {
        return Some(OwnAnswer { status: StatusCode::OK, outcome: RequestOutcome::Health, report: None });
    }
    let (status, what) = refusal(&service.limits, request)?;
    Some(OwnAnswer::refused(status, what))
}

/// Why a request is refused, if it is.
fn refusal(limits: &RequestLimits, request: &Request<AskedBody>) -> Option<(StatusCode, String)> {
    let hosts = request.headers().get_all(HOST);
    let count = hosts.iter().count();
    if count > 1 || (count == 0 && request.version() == Version::HTTP_11) {
        return Some((StatusCode::BAD_REQUEST, "a request has one header `host`".into()));
    }
    let is_host = |text: &str| text.is_empty() || parse_authority(text).is_some();
    let named = hosts.iter().all(|host| host.to_str().is_ok_and(is_host));
    if !named || request.uri().authority().is_some_and(|authority| !is_host(authority.as_str())) {
        return Some((StatusCode::BAD_REQUEST, "its host is none: a name or an address, and perhaps a port".into()));
    }
    if request.method() == Method::CONNECT {
        return Some((StatusCode::METHOD_NOT_ALLOWED, "this is no proxy".into()));
    }
    let lower = request.body().size_hint().lower();
    if lower > limits.max_body_size {
        let most = limits.max_body_size;
        return Some((
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("its body has {lower} bytes, and --max-body-size allows {most}"),
        ));
    }
    None
}

/// Polls what is waited for, until the time of the request is up: `None` then.
async fn before_deadline<F: Future>(connection: &ConnectionState, waited: F) -> Option<F::Output> {
    let mut waited = pin!(waited);
    poll_fn(|task| match waited.as_mut().poll(task) {
        Poll::Ready(result) => Poll::Ready(Some(result)),
        Poll::Pending if connection.is_late() => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    })
    .await
}

/// The guest's call, from its instance to its end.
async fn call(
    service: &Service,
    number: u64,
    request: Request<AskedBody>,
    sender: oneshot::Sender<SetResponse>,
) -> Result<()> {
    let _running = service.ticks.begin();
    let (mut store, refused) = guest::store(service, number);
    let ended = async {
        let mut view = store.data_mut().http();
        let request = view.new_incoming_request(HttpScheme::Http, request)?;
        let outparam = view.new_response_outparam(sender)?;
        let proxy = service.pre.instantiate_async(&mut store).await?;
        proxy.call_handle(&mut store, request, outparam).await
    };
    ended.await.or_else(|error| match service.sizes.reached(&error, &refused) {
        // It has said that nothing went wrong.
        None if error.downcast_ref::<Exit>().is_some_and(|exit| exit.code() == 0) => Ok(()),
        None => Err(error),
        Some(limit) => Err(error.context(limit)),
    })
}

/// Lets the guest run until there is something to send.
async fn enter(
    connection: &ConnectionState,
    record: &RequestRecord,
    mut guest: GuestFuture,
    mut receiver: oneshot::Receiver<SetResponse>,
) -> RequestAnswer {
    let (ended, set) = poll_fn(|task| {
        let ended = poll_guest(&mut guest, task);
        match (ended, Pin::new(&mut receiver).poll(task)) {
            (Poll::Ready(ended), Poll::Ready(set)) => Poll::Ready((Some(ended), Some(set.ok()))),
            // What would set it has gone with the guest.
            (Poll::Ready(ended), Poll::Pending) => Poll::Ready((Some(ended), Some(None))),
            (Poll::Pending, Poll::Ready(Ok(set))) => Poll::Ready((None, Some(Some(set)))),
            (Poll::Pending, Poll::Ready(Err(_))) => Poll::Ready((None, Some(None))),
            (Poll::Pending, Poll::Pending) if connection.is_late() => Poll::Ready((None, None)),
            (Poll::Pending, Poll::Pending) => Poll::Pending,
        }
    })
    .await;
    let own = match (ended, set) {
        (_, None) => OwnAnswer::late(&connection.service.limits),
        (None, Some(Some(Ok(response)))) => return RequestAnswer::Guest(response, Some(guest)),
        (Some(Ok(())), Some(Some(Ok(response)))) => return RequestAnswer::Guest(response, None),
        (Some(Err(error)), Some(Some(Ok(response)))) => {
            let own = OwnAnswer::failed(&error);
            if !response.body().is_finished() {
                return RequestAnswer::Own(own);
            }
            // All of it is there.
            own.report.iter().for_each(|report| record.report(report));
            return RequestAnswer::Guest(response, None);
        }
        (_, Some(Some(Err(code)))) => OwnAnswer::of_guest(&code),
        (Some(Err(error)), Some(None)) => OwnAnswer::failed(&error),
        (Some(Ok(())) | None, Some(None)) => OwnAnswer::absent(),
    };
    RequestAnswer::Own(own)
}

fn send_own(own: OwnAnswer, mut record: RequestRecord, connection: Arc<ConnectionState>) -> Response<ServedBody> {
    let OwnAnswer { status, outcome, report } = own;
    record.status = Some(status.as_u16());
    record.outcome = outcome;
    report.iter().for_each(|report| record.report(report));
    let text = match outcome {
        RequestOutcome::Health => "ok\n".into(),
        _ => format!("{} {}\n", status.as_u16(), status.canonical_reason().unwrap_or_default()),
    };
    let mut response = Response::new(ServedBody::own(text, record, connection));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(RETRY_AFTER, COME_AGAIN);
    }
    response
}
