//! `wasi:http/outgoing-handler`: a guest asks a server. What can be refused at once is; the rest goes on in a task of the runtime.

use super::client::{Exchange, Timeouts};
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
use http::Request;
use std::time::Duration;
use tokio::runtime::Handle;

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
    let runtime = Handle::try_current()
        .map_err(|_| stop("a guest asks a server, and there is no Tokio runtime: it must be called within one"))?;
    let (slot, writer) = ResponseSlot::new();
    let task = runtime.spawn(async move { writer.fill(exchange.run().await) });
    let future = FutureIncomingResponse::new(slot, ResponseTask(task));
    Ok((Ok(view.table.push(future)?),))
}

/// What is to be sent where, if the guest may.
fn prepare(
    view: &WasiHttpCtxView<'_>,
    request: OutgoingRequest,
    options: RequestOptions,
) -> Result<Exchange, HttpErrorCode> {
    let is_secure = match request.scheme {
        Some(HttpScheme::Http) => false,
        Some(HttpScheme::Https) | None => true,
        Some(HttpScheme::Other(_)) => return Err(HttpErrorCode::HttpProtocolError),
    };
    if request.method == HttpMethod::Connect {
        return Err(HttpErrorCode::HttpRequestMethodInvalid);
    }
    let method = request.method.to_sent().ok_or(HttpErrorCode::HttpRequestMethodInvalid)?;
    let authority =
        request.authority.as_deref().and_then(parse_authority).ok_or(HttpErrorCode::HttpRequestUriInvalid)?;
    let path = parse_path(request.path.as_deref().unwrap_or_default()).ok_or(HttpErrorCode::HttpRequestUriInvalid)?;
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = authority.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
    view.ctx.check_lookup(&host).map_err(|_| HttpErrorCode::HttpRequestDenied)?;
    let permit = view.http.connection_permit().ok_or(HttpErrorCode::ConnectionLimitReached)?;

    let length = request.headers.content_length();
    let mut sent = Request::new(request.body.unwrap_or_else(|| OutgoingHttpBody::absent(Message::Request, length)));
    *sent.method_mut() = method;
    *sent.headers_mut() = request.headers.into_headers();
    let config = view.http.config.clone();
    let shorter = |asked: Option<Duration>, longest: Duration| asked.map_or(longest, |asked| asked.min(longest));
    Ok(Exchange {
        request: sent,
        is_secure,
        authority,
        path,
        host,
        port,
        timeouts: Timeouts {
            connect: shorter(options.connect_timeout, config.connect_timeout),
            first_byte: shorter(options.first_byte_timeout, config.first_byte_timeout),
            between_bytes: shorter(options.between_bytes_timeout, config.between_bytes_timeout),
        },
        network: view.ctx.settings().network.clone(),
        config,
        permit,
    })
}
