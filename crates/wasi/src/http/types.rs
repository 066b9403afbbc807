//! `wasi:http/types`: the table of its functions, which stand in a file for each group.

mod body;
mod error_code;
mod fields;
mod options;
mod request;
mod response;
mod words;

pub use body::{FutureTrailers, IncomingBody, OutgoingBody};
pub use error_code::{DnsErrorPayload, FieldSizePayload, HttpErrorCode, TlsAlertReceivedPayload};
pub use fields::Fields;
pub use options::RequestOptions;
pub use request::{IncomingRequest, OutgoingRequest, parse_authority};
pub use response::{FutureIncomingResponse, IncomingResponse, OutgoingResponse, ResponseOutparam};
pub use words::{HttpMethod, HttpScheme};

pub(super) use fields::size_of;
pub(super) use request::parse_path;

use super::{WasiHttpView, enter};
use crate::p2::interface;

interface! { "wasi:http/types@0.2.12" for WasiHttpView, by enter {
    resource "fields": Fields;
    function "[constructor]fields": fields::new;
    function "[static]fields.from-list": fields::from_list;
    function "[method]fields.get": fields::get;
    function "[method]fields.has": fields::has;
    function "[method]fields.set": fields::set;
    function "[method]fields.delete": fields::delete;
    function "[method]fields.append": fields::append;
    function "[method]fields.entries": fields::entries;
    function "[method]fields.clone": fields::clone;
    resource "incoming-request": IncomingRequest;
    function "[method]incoming-request.method": request::incoming_method;
    function "[method]incoming-request.path-with-query": request::incoming_path;
    function "[method]incoming-request.scheme": request::incoming_scheme;
    function "[method]incoming-request.authority": request::incoming_authority;
    function "[method]incoming-request.headers": request::incoming_headers;
    function "[method]incoming-request.consume": request::consume;
    resource "outgoing-request": OutgoingRequest;
    function "[constructor]outgoing-request": request::new;
    function "[method]outgoing-request.body": request::body;
    function "[method]outgoing-request.method": request::method;
    function "[method]outgoing-request.set-method": request::set_method;
    function "[method]outgoing-request.path-with-query": request::path;
    function "[method]outgoing-request.set-path-with-query": request::set_path;
    function "[method]outgoing-request.scheme": request::scheme;
    function "[method]outgoing-request.set-scheme": request::set_scheme;
    function "[method]outgoing-request.authority": request::authority;
    function "[method]outgoing-request.set-authority": request::set_authority;
    function "[method]outgoing-request.headers": request::headers;
    resource "request-options": RequestOptions;
    function "[constructor]request-options": options::new;
    function "[method]request-options.connect-timeout": options::connect_timeout;
    function "[method]request-options.set-connect-timeout": options::set_connect_timeout;
    function "[method]request-options.first-byte-timeout": options::first_byte_timeout;
    function "[method]request-options.set-first-byte-timeout": options::set_first_byte_timeout;
    function "[method]request-options.between-bytes-timeout": options::between_bytes_timeout;
    function "[method]request-options.set-between-bytes-timeout": options::set_between_bytes_timeout;
    resource "response-outparam": ResponseOutparam;
    function "[static]response-outparam.set": response::set_outparam;
    resource "incoming-response": IncomingResponse;
    function "[method]incoming-response.status": response::incoming_status;
    function "[method]incoming-response.headers": response::incoming_headers;
    function "[method]incoming-response.consume": response::consume;
    resource "incoming-body": IncomingBody;
    function "[method]incoming-body.stream": body::stream;
    function "[static]incoming-body.finish": body::finish_incoming;
    resource "future-trailers": FutureTrailers;
    function "[method]future-trailers.subscribe": body::subscribe_to_trailers;
    function "[method]future-trailers.get": body::get_trailers;
    resource "outgoing-response": OutgoingResponse;
    function "[constructor]outgoing-response": response::new;
    function "[method]outgoing-response.status-code": response::status;
    function "[method]outgoing-response.set-status-code": response::set_status;
    function "[method]outgoing-response.headers": response::headers;
    function "[method]outgoing-response.body": response::body;
    resource "outgoing-body": OutgoingBody;
    function "[method]outgoing-body.write": body::write;
    function "[static]outgoing-body.finish": body::finish_outgoing;
    resource "future-incoming-response": FutureIncomingResponse;
    function "[method]future-incoming-response.subscribe": response::subscribe;
    function "[method]future-incoming-response.get": response::get;
    function "http-error-code": error_code::http_error_code;
} }
