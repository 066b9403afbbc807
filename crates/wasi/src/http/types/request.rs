//! [`OutgoingRequest`] and [`IncomingRequest`]: what a guest asks, and what it is asked.

use super::super::WasiHttpCtxView;
use super::super::outgoing_body::{Message, OutgoingHttpBody};
use super::body::{IncomingBody, OutgoingBody};
use super::fields::Fields;
use super::words::{HttpMethod, HttpScheme};
use crate::error::WasiResult;
use gusset::Resource;
use http::request::Parts;
use http::uri::{Authority, PathAndQuery};

/// The resource `outgoing-request` of `wasi:http/types`. Only guests make them.
pub struct OutgoingRequest {
    pub(in crate::http) method: HttpMethod,
    pub(in crate::http) path: Option<String>,
    pub(in crate::http) scheme: Option<HttpScheme>,
    pub(in crate::http) authority: Option<String>,
    pub(in crate::http) headers: Fields,
    pub(in crate::http) body: Option<OutgoingHttpBody>,
}

/// The resource `incoming-request` of `wasi:http/types`: see
/// [`new_incoming_request`](crate::http::WasiHttpCtxView::new_incoming_request).
pub struct IncomingRequest {
    method: HttpMethod,
    path: Option<String>,
    scheme: HttpScheme,
    authority: Option<String>,
    headers: Fields,
    body: Option<IncomingBody>,
}

impl IncomingRequest {
    pub(in crate::http) fn new(scheme: HttpScheme, parts: Parts, body: IncomingBody) -> IncomingRequest {
        let named = || parts.headers.get(http::header::HOST).and_then(|host| host.to_str().ok());
        let authority = parts.uri.authority().map(Authority::as_str).or_else(named);
        let authority = authority.filter(|authority| parse_authority(authority).is_some()).map(str::to_owned);
        IncomingRequest {
            method: HttpMethod::of(&parts.method),
            path: parts.uri.path_and_query().map(|path| path.as_str().to_owned()),
            scheme,
            authority,
            headers: Fields::received(parts.headers),
            body: Some(body),
        }
    }
}

/// What is sent for a path and query that a guest gave; `None` where it is none.
pub(in crate::http) fn parse_path(path: &str) -> Option<PathAndQuery> {
    let rooted = match path.as_bytes().first() {
        Some(b'/') => path.to_owned(),
        // The path is empty.
        None | Some(b'?') => format!("/{path}"),
        // All of the server, for `OPTIONS`.
        Some(b'*') if path.len() == 1 => path.to_owned(),
        Some(_) => return None,
    };
    // That would be cut off.
    if rooted.contains('#') { None } else { rooted.parse().ok() }
}

/// A host, and a port if it has one; `None` where the text is something else, or has more, such as the name of a user. So the header `Host` of a
/// request is to be ([RFC 9112, section 3.2]): guests are told no other authority.
///
/// ```
/// use gusset_wasi::http::parse_authority;
/// assert_eq!(parse_authority("example.com:8080").and_then(|authority| authority.port_u16()), Some(8080));
/// assert!(parse_authority("[::1]").is_some());
/// assert!(["", ":80", "a b", "user@a", "a/b", "[::1", "a:b"].iter().all(|text| parse_authority(text).is_none()));
/// ```
///
/// [RFC 9112, section 3.2]: https://www.rfc-editor.org/rfc/rfc9112#section-3.2
pub fn parse_authority(authority: &str) -> Option<Authority> {
    let parsed: Authority = authority.parse().ok()?;
    let port = parsed.as_str().strip_prefix(parsed.host())?;
    let has_port = matches!(port, "" | ":") || parsed.port_u16().is_some();
    (has_port && !parsed.host().is_empty()).then_some(parsed)
}

type View<'a, 'b> = &'a mut WasiHttpCtxView<'b>;
type Incoming = (Resource<IncomingRequest>,);
type Outgoing = (Resource<OutgoingRequest>,);
type Set = WasiResult<(Result<(), ()>,)>;

pub(super) fn incoming_method(view: View<'_, '_>, (request,): Incoming) -> WasiResult<(HttpMethod,)> {
    Ok((view.table.get(&request)?.method.clone(),))
}

pub(super) fn incoming_path(view: View<'_, '_>, (request,): Incoming) -> WasiResult<(Option<String>,)> {
    Ok((view.table.get(&request)?.path.clone(),))
}

pub(super) fn incoming_scheme(view: View<'_, '_>, (request,): Incoming) -> WasiResult<(Option<HttpScheme>,)> {
    Ok((Some(view.table.get(&request)?.scheme.clone()),))
}

pub(super) fn incoming_authority(view: View<'_, '_>, (request,): Incoming) -> WasiResult<(Option<String>,)> {
    Ok((view.table.get(&request)?.authority.clone(),))
}

pub(super) fn incoming_headers(view: View<'_, '_>, (request,): Incoming) -> WasiResult<(Resource<Fields>,)> {
    let headers = view.table.get(&request)?.headers.clone();
    Ok((view.table.push(headers)?,))
}

pub(super) fn consume(view: View<'_, '_>, (request,): Incoming) -> WasiResult<(Result<Resource<IncomingBody>, ()>,)> {
    let body = view.table.get_mut(&request)?.body.take();
    Ok((body.map(|body| view.table.push(body)).transpose()?.ok_or(()),))
}

pub(super) fn new(view: View<'_, '_>, (headers,): (Resource<Fields>,)) -> WasiResult<(Resource<OutgoingRequest>,)> {
    let headers = view.table.delete(headers)?.immutable();
    let request =
        OutgoingRequest { method: HttpMethod::Get, path: None, scheme: None, authority: None, headers, body: None };
    Ok((view.table.push(request)?,))
}

pub(super) fn body(view: View<'_, '_>, (request,): Outgoing) -> WasiResult<(Result<Resource<OutgoingBody>, ()>,)> {
    let request = view.table.get_mut(&request)?;
    let Some((guests, sent)) = OutgoingBody::of_message(Message::Request, &request.headers, request.body.is_some())
    else {
        return Ok((Err(()),));
    };
    request.body = Some(sent);
    Ok((Ok(view.table.push(guests)?),))
}

pub(super) fn method(view: View<'_, '_>, (request,): Outgoing) -> WasiResult<(HttpMethod,)> {
    Ok((view.table.get(&request)?.method.clone(),))
}

pub(super) fn set_method(view: View<'_, '_>, (request, method): (Resource<OutgoingRequest>, HttpMethod)) -> Set {
    let request = view.table.get_mut(&request)?;
    let Some(sent) = method.to_sent() else { return Ok((Err(()),)) };
    request.method = HttpMethod::of(&sent);
    Ok((Ok(()),))
}

pub(super) fn path(view: View<'_, '_>, (request,): Outgoing) -> WasiResult<(Option<String>,)> {
    Ok((view.table.get(&request)?.path.clone(),))
}

pub(super) fn set_path(view: View<'_, '_>, (request, path): (Resource<OutgoingRequest>, Option<String>)) -> Set {
    let request = view.table.get_mut(&request)?;
    if path.as_deref().is_some_and(|path| parse_path(path).is_none()) {
        return Ok((Err(()),));
    }
    request.path = path;
    Ok((Ok(()),))
}

pub(super) fn scheme(view: View<'_, '_>, (request,): Outgoing) -> WasiResult<(Option<HttpScheme>,)> {
    Ok((view.table.get(&request)?.scheme.clone(),))
}

pub(super) fn set_scheme(
    view: View<'_, '_>,
    (request, scheme): (Resource<OutgoingRequest>, Option<HttpScheme>),
) -> Set {
    let request = view.table.get_mut(&request)?;
    if scheme.as_ref().is_some_and(|scheme| !scheme.is_valid()) {
        return Ok((Err(()),));
    }
    request.scheme = scheme;
    Ok((Ok(()),))
}

pub(super) fn authority(view: View<'_, '_>, (request,): Outgoing) -> WasiResult<(Option<String>,)> {
    Ok((view.table.get(&request)?.authority.clone(),))
}

pub(super) fn set_authority(
    view: View<'_, '_>,
    (request, authority): (Resource<OutgoingRequest>, Option<String>),
) -> Set {
    let request = view.table.get_mut(&request)?;
    if authority.as_deref().is_some_and(|authority| parse_authority(authority).is_none()) {
        return Ok((Err(()),));
    }
    request.authority = authority;
    Ok((Ok(()),))
}

pub(super) fn headers(view: View<'_, '_>, (request,): Outgoing) -> WasiResult<(Resource<Fields>,)> {
    let headers = view.table.get(&request)?.headers.clone();
    Ok((view.table.push(headers)?,))
}
