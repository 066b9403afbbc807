//! `wasi:http/outgoing-handler`: a guest asks a server. What can be refused at once is; the rest goes on in a task of the runtime.

use super::client::{HttpNetwork, RequestTarget, Timeouts};
use super::exchange::Exchange;
use super::outgoing_body::{Message, OutgoingHttpBody};
use super::response_slot::{ResponseSlot, ResponseTask};
use super::types::{
    FutureIncomingResponse, HttpErrorCode, HttpMethod, HttpScheme, OutgoingRequest, RequestOptions, parse_authority,
    parse_path,
};
use super::{WasiHttpCtxView, WasiHttpView, enter};
use crate::error::WasiResult;
use crate::p2::{interface, stop};
use gusset::Resource;
use http::uri::Scheme;
use http::{Request, Uri};
use std::sync::OnceLock;
use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime};

interface! { "wasi:http/outgoing-handler@0.2.12" for WasiHttpView, by enter {
    function "handle": handle;
} }

type Handled = Result<Resource<FutureIncomingResponse>, HttpErrorCode>;

fn handle(
    view: &mut WasiHttpCtxView<'_>,
    (request, options): (Resource<OutgoingRequest>, Option<Resource<RequestOptions>>),
) -> WasiResult<(Handled,)> {
    let request = view.table.delete(request)?;
    let options = match options {
        Some(options) => view.table.delete(options)?,
        None => RequestOptions::default(),
    };
    let exchange = match prepare(view, request, options) {
        Ok(exchange) => exchange,
        Err(error) => return Ok((Err(error),)),
    };
    let (slot, writer) = ResponseSlot::new();
    let task = runtime()?.spawn(async move { writer.fill(exchange.run().await) });
    let future = FutureIncomingResponse::new(slot, ResponseTask(task));
    Ok((Ok(view.table.push(future)?),))
}

/// What is to be sent where, if the guest may.
fn prepare(
    view: &WasiHttpCtxView<'_>,
    request: OutgoingRequest,
    options: RequestOptions,
) -> Result<Exchange, HttpErrorCode> {
    let scheme = match request.scheme {
        Some(HttpScheme::Http) => Scheme::HTTP,
        Some(HttpScheme::Https) | None => Scheme::HTTPS,
        Some(HttpScheme::Other(_)) => return Err(HttpErrorCode::HttpProtocolError),
    };
    if request.method == HttpMethod::Connect {
        return Err(HttpErrorCode::HttpRequestMethodInvalid);
    }
    let method = request.method.to_sent().ok_or(HttpErrorCode::HttpRequestMethodInvalid)?;
    let authority =
        request.authority.as_deref().and_then(parse_authority).ok_or(HttpErrorCode::HttpRequestUriInvalid)?;
    let path = parse_path(request.path.as_deref().unwrap_or_default()).ok_or(HttpErrorCode::HttpRequestUriInvalid)?;
    let uri = Uri::builder().scheme(scheme).authority(authority).path_and_query(path).build();
    let uri = uri.map_err(|_| HttpErrorCode::HttpRequestUriInvalid)?;

    let config = view.http.config.clone();
    let shorter = |asked: Option<Duration>, longest: Duration| asked.map_or(longest, |asked| asked.min(longest));
    let timeouts = Timeouts {
        connect: shorter(options.connect_timeout, config.connect_timeout),
        first_byte: shorter(options.first_byte_timeout, config.first_byte_timeout),
        between_bytes: shorter(options.between_bytes_timeout, config.between_bytes_timeout),
    };
    let (rules, lookups) = (view.ctx.settings().network.clone(), view.ctx.lookups().clone());
    let network = HttpNetwork { rules, lookups, config, timeouts };
    if network.config.outgoing_handler.is_none() {
        network.check_lookup(&RequestTarget::of(&uri)?)?;
    }
    let permit = view.http.connection_permit().ok_or(HttpErrorCode::ConnectionLimitReached)?;

    let length = request.headers.content_length();
    let mut sent = Request::new(request.body.unwrap_or_else(|| OutgoingHttpBody::absent(Message::Request, length)));
    *sent.method_mut() = method;
    *sent.uri_mut() = uri;
    *sent.headers_mut() = request.headers.into_headers();
    Ok(Exchange { request: sent, network, permit })
}

/// The runtime that the guest is called in; where that is none, one of this crate's own, with a thread that starts when a guest first needs it.
fn runtime() -> WasiResult<Handle> {
    static OWN: OnceLock<Runtime> = OnceLock::new();
    if let Ok(current) = Handle::try_current() {
        return Ok(current);
    }
    if let Some(own) = OWN.get() {
        return Ok(own.handle().clone());
    }
    let made = Builder::new_multi_thread().worker_threads(1).thread_name("gusset http").enable_all().build();
    let made = made.map_err(|error| stop(format!("no thread can be had to ask servers in: {error}")))?;
    Ok(OWN.get_or_init(|| made).handle().clone())
}
