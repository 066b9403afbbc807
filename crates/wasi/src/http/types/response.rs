//! Responses: [`IncomingResponse`] with the future of it, [`OutgoingResponse`] and where it goes.

use super::super::WasiHttpCtxView;
use super::super::outgoing_body::{Message, OutgoingHttpBody};
use super::super::proxy::ResponseSender;
use super::super::response_slot::{ResponseSlot, ResponseTask};
use super::body::{IncomingBody, OutgoingBody};
use super::error_code::HttpErrorCode;
use super::fields::Fields;
use crate::error::WasiResult;
use crate::p2::IoPollable;
use crate::wait::Interest;
use gusset::Resource;
use http::{Response, StatusCode};
use std::sync::Arc;

/// The resource `outgoing-response` of `wasi:http/types`. Only guests make them.
pub struct OutgoingResponse {
    status: StatusCode,
    headers: Fields,
    body: Option<OutgoingHttpBody>,
}

/// The resource `incoming-response` of `wasi:http/types`. Only servers that a guest asks make them.
pub struct IncomingResponse {
    status: StatusCode,
    headers: Fields,
    body: Option<IncomingBody>,
}

/// The resource `future-incoming-response` of `wasi:http/types`. A request whose future is dropped is given up.
pub struct FutureIncomingResponse {
    slot: Arc<ResponseSlot>,
    _task: ResponseTask,
}

/// The resource `response-outparam` of `wasi:http/types`: see
/// [`new_response_outparam`](crate::http::WasiHttpCtxView::new_response_outparam).
pub struct ResponseOutparam(pub(in crate::http) ResponseSender);

impl IncomingResponse {
    pub(in crate::http) fn new(status: StatusCode, headers: Fields, body: IncomingBody) -> IncomingResponse {
        IncomingResponse { status, headers, body: Some(body) }
    }
}

impl FutureIncomingResponse {
    pub(in crate::http) fn new(slot: Arc<ResponseSlot>, task: ResponseTask) -> FutureIncomingResponse {
        FutureIncomingResponse { slot, _task: task }
    }
}

impl OutgoingResponse {
    fn into_sent(self) -> Response<OutgoingHttpBody> {
        let length = self.headers.content_length();
        let body = self.body.unwrap_or_else(|| OutgoingHttpBody::absent(Message::Response, length));
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers.into_headers();
        response
    }
}

type View<'a, 'b> = &'a mut WasiHttpCtxView<'b>;
type Incoming = (Resource<IncomingResponse>,);
type Outgoing = (Resource<OutgoingResponse>,);

pub(super) fn set_outparam(
    view: View<'_, '_>,
    (outparam, response): (Resource<ResponseOutparam>, Result<Resource<OutgoingResponse>, HttpErrorCode>),
) -> WasiResult<()> {
    let ResponseOutparam(sender) = view.table.delete(outparam)?;
    let response = match response {
        Ok(response) => Ok(view.table.delete(response)?.into_sent()),
        Err(error) => Err(error),
    };
    // Where nobody waits for it any more, writing its body tells.
    let _ = sender.send(response);
    Ok(())
}

pub(super) fn incoming_status(view: View<'_, '_>, (response,): Incoming) -> WasiResult<(u16,)> {
    Ok((view.table.get(&response)?.status.as_u16(),))
}

pub(super) fn incoming_headers(view: View<'_, '_>, (response,): Incoming) -> WasiResult<(Resource<Fields>,)> {
    let headers = view.table.get(&response)?.headers.clone();
    Ok((view.table.push(headers)?,))
}

pub(super) fn consume(view: View<'_, '_>, (response,): Incoming) -> WasiResult<(Result<Resource<IncomingBody>, ()>,)> {
    let body = view.table.get_mut(&response)?.body.take();
    Ok((body.map(|body| view.table.push(body)).transpose()?.ok_or(()),))
}

pub(super) fn new(view: View<'_, '_>, (headers,): (Resource<Fields>,)) -> WasiResult<(Resource<OutgoingResponse>,)> {
    let headers = view.table.delete(headers)?.immutable();
    Ok((view.table.push(OutgoingResponse { status: StatusCode::OK, headers, body: None })?,))
}

pub(super) fn status(view: View<'_, '_>, (response,): Outgoing) -> WasiResult<(u16,)> {
    Ok((view.table.get(&response)?.status.as_u16(),))
}

/// What comes before the response proper is the host's own affair.
pub(super) fn set_status(
    view: View<'_, '_>,
    (response, status): (Resource<OutgoingResponse>, u16),
) -> WasiResult<(Result<(), ()>,)> {
    let response = view.table.get_mut(&response)?;
    let status = StatusCode::from_u16(status).ok().filter(|status| !status.is_informational());
    Ok((status.map(|status| response.status = status).ok_or(()),))
}

pub(super) fn headers(view: View<'_, '_>, (response,): Outgoing) -> WasiResult<(Resource<Fields>,)> {
    let headers = view.table.get(&response)?.headers.clone();
    Ok((view.table.push(headers)?,))
}

pub(super) fn body(view: View<'_, '_>, (response,): Outgoing) -> WasiResult<(Result<Resource<OutgoingBody>, ()>,)> {
    let response = view.table.get_mut(&response)?;
    let Some((guests, sent)) = OutgoingBody::of_message(Message::Response, &response.headers, response.body.is_some())
    else {
        return Ok((Err(()),));
    };
    response.body = Some(sent);
    Ok((Ok(view.table.push(guests)?),))
}

pub(super) fn subscribe(
    view: View<'_, '_>,
    (future,): (Resource<FutureIncomingResponse>,),
) -> WasiResult<(Resource<IoPollable>,)> {
    let slot = view.table.get(&future)?.slot.clone();
    Ok((view.table.push_child(IoPollable::new(slot, Interest::Read), &future)?,))
}

/// What a future gives: nothing yet; the response or why there is none; that it was given before.
type Got = Option<Result<Result<Resource<IncomingResponse>, HttpErrorCode>, ()>>;

pub(super) fn get(view: View<'_, '_>, (future,): (Resource<FutureIncomingResponse>,)) -> WasiResult<(Got,)> {
    Ok((match view.table.get(&future)?.slot.take() {
        None => None,
        Some(Ok(Ok(response))) => Some(Ok(Ok(view.table.push(response)?))),
        Some(Ok(Err(error))) => Some(Ok(Err(error))),
        Some(Err(())) => Some(Err(())),
    },))
}
