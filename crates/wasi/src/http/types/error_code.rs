//! `error-code` of `wasi:http/types`, and the tables between it and what else goes wrong: codes of streams, of the system's network, hyper's errors.

use super::super::WasiHttpCtxView;
use crate::error::{ErrorCode, WasiResult};
use crate::p2::IoError;
use gusset::{ComponentType, Lift, Lower, Resource};
use std::convert::Infallible;
use std::error::Error;
use std::{fmt, io};

/// `error-code` of `wasi:http/types`.
///
/// ```
/// use gusset_wasi::http::HttpErrorCode;
/// assert_eq!(HttpErrorCode::HttpResponseBodySize(Some(9)).to_string(), "HttpResponseBodySize(Some(9))");
/// ```
#[derive(Clone, PartialEq, Eq, Debug, ComponentType, Lift, Lower)]
#[component(variant)]
#[allow(missing_docs, reason = "the interface has no more to say of them than their names")]
pub enum HttpErrorCode {
    #[component(name = "DNS-timeout")]
    DnsTimeout,
    #[component(name = "DNS-error")]
    DnsError(DnsErrorPayload),
    DestinationNotFound,
    DestinationUnavailable,
    #[component(name = "destination-IP-prohibited")]
    DestinationIpProhibited,
    #[component(name = "destination-IP-unroutable")]
    DestinationIpUnroutable,
    ConnectionRefused,
    ConnectionTerminated,
    ConnectionTimeout,
    ConnectionReadTimeout,
    ConnectionWriteTimeout,
    ConnectionLimitReached,
    #[component(name = "TLS-protocol-error")]
    TlsProtocolError,
    #[component(name = "TLS-certificate-error")]
    TlsCertificateError,
    #[component(name = "TLS-alert-received")]
    TlsAlertReceived(TlsAlertReceivedPayload),
    #[component(name = "HTTP-request-denied")]
    HttpRequestDenied,
    #[component(name = "HTTP-request-length-required")]
    HttpRequestLengthRequired,
    #[component(name = "HTTP-request-body-size")]
    HttpRequestBodySize(Option<u64>),
    #[component(name = "HTTP-request-method-invalid")]
    HttpRequestMethodInvalid,
    #[component(name = "HTTP-request-URI-invalid")]
    HttpRequestUriInvalid,
    #[component(name = "HTTP-request-URI-too-long")]
    HttpRequestUriTooLong,
    #[component(name = "HTTP-request-header-section-size")]
    HttpRequestHeaderSectionSize(Option<u32>),
    #[component(name = "HTTP-request-header-size")]
    HttpRequestHeaderSize(Option<FieldSizePayload>),
    #[component(name = "HTTP-request-trailer-section-size")]
    HttpRequestTrailerSectionSize(Option<u32>),
    #[component(name = "HTTP-request-trailer-size")]
    HttpRequestTrailerSize(FieldSizePayload),
    #[component(name = "HTTP-response-incomplete")]
    HttpResponseIncomplete,
    #[component(name = "HTTP-response-header-section-size")]
    HttpResponseHeaderSectionSize(Option<u32>),
    #[component(name = "HTTP-response-header-size")]
    HttpResponseHeaderSize(FieldSizePayload),
    #[component(name = "HTTP-response-body-size")]
    HttpResponseBodySize(Option<u64>),
    #[component(name = "HTTP-response-trailer-section-size")]
    HttpResponseTrailerSectionSize(Option<u32>),
    #[component(name = "HTTP-response-trailer-size")]
    HttpResponseTrailerSize(FieldSizePayload),
    #[component(name = "HTTP-response-transfer-coding")]
    HttpResponseTransferCoding(Option<String>),
    #[component(name = "HTTP-response-content-coding")]
    HttpResponseContentCoding(Option<String>),
    #[component(name = "HTTP-response-timeout")]
    HttpResponseTimeout,
    #[component(name = "HTTP-upgrade-failed")]
    HttpUpgradeFailed,
    #[component(name = "HTTP-protocol-error")]
    HttpProtocolError,
    LoopDetected,
    ConfigurationError,
    InternalError(Option<String>),
}

/// `DNS-error-payload` of `wasi:http/types`.
///
/// ```
/// use gusset_wasi::http::{DnsErrorPayload, HttpErrorCode};
/// let error = HttpErrorCode::DnsError(DnsErrorPayload { rcode: Some("NXDOMAIN".to_owned()), info_code: None });
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default, ComponentType, Lift, Lower)]
#[component(record)]
#[allow(missing_docs, reason = "the interface has no more to say of them than their names")]
pub struct DnsErrorPayload {
    pub rcode: Option<String>,
    pub info_code: Option<u16>,
}

/// `TLS-alert-received-payload` of `wasi:http/types`.
///
/// ```
/// use gusset_wasi::http::{HttpErrorCode, TlsAlertReceivedPayload};
/// let error = HttpErrorCode::TlsAlertReceived(TlsAlertReceivedPayload { alert_id: Some(40), alert_message: None });
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default, ComponentType, Lift, Lower)]
#[component(record)]
#[allow(missing_docs, reason = "the interface has no more to say of them than their names")]
pub struct TlsAlertReceivedPayload {
    pub alert_id: Option<u8>,
    pub alert_message: Option<String>,
}

/// `field-size-payload` of `wasi:http/types`.
///
/// ```
/// use gusset_wasi::http::{FieldSizePayload, HttpErrorCode};
/// let error = HttpErrorCode::HttpResponseHeaderSize(FieldSizePayload { field_name: None, field_size: Some(70_000) });
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default, ComponentType, Lift, Lower)]
#[component(record)]
#[allow(missing_docs, reason = "the interface has no more to say of them than their names")]
pub struct FieldSizePayload {
    pub field_name: Option<String>,
    pub field_size: Option<u32>,
}

impl HttpErrorCode {
    /// What reading or writing a body fails with: streams have the codes of the policy layer, and this as their failure.
    pub(in crate::http) fn stream_code(&self) -> ErrorCode {
        match self {
            HttpErrorCode::ConnectionReadTimeout => ErrorCode::TimedOut,
            HttpErrorCode::HttpRequestBodySize(_) => ErrorCode::MessageSize,
            HttpErrorCode::HttpResponseBodySize(_) => ErrorCode::Overflow,
            HttpErrorCode::HttpResponseIncomplete => ErrorCode::ConnectionAborted,
            HttpErrorCode::HttpProtocolError => ErrorCode::IllegalByteSequence,
            _ => ErrorCode::ConnectionReset,
        }
    }

    /// Why there is no connection.
    pub(in crate::http) fn of_connecting(error: &io::Error) -> HttpErrorCode {
        match ErrorCode::from(error) {
            ErrorCode::ConnectionRefused => HttpErrorCode::ConnectionRefused,
            ErrorCode::TimedOut => HttpErrorCode::ConnectionTimeout,
            ErrorCode::HostUnreachable | ErrorCode::NetworkUnreachable => HttpErrorCode::DestinationIpUnroutable,
            ErrorCode::ConnectionReset | ErrorCode::ConnectionAborted => HttpErrorCode::ConnectionTerminated,
            _ => HttpErrorCode::DestinationUnavailable,
        }
    }
}

impl fmt::Display for HttpErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl Error for HttpErrorCode {}

/// What does not fail is a body as any other.
impl From<Infallible> for HttpErrorCode {
    fn from(never: Infallible) -> HttpErrorCode {
        match never {}
    }
}

impl From<hyper::Error> for HttpErrorCode {
    fn from(error: hyper::Error) -> HttpErrorCode {
        // A body that a guest has given up is its own error.
        if let Some(own) = error.source().and_then(|source| source.downcast_ref::<HttpErrorCode>()) {
            return own.clone();
        }
        if error.is_parse_too_large() {
            HttpErrorCode::HttpResponseHeaderSectionSize(None)
        } else if error.is_incomplete_message() {
            HttpErrorCode::HttpResponseIncomplete
        } else if error.is_parse() {
            HttpErrorCode::HttpProtocolError
        } else if error.is_timeout() {
            HttpErrorCode::ConnectionReadTimeout
        } else if error.is_canceled() || error.is_closed() {
            HttpErrorCode::ConnectionTerminated
        } else {
            match error.source().and_then(|source| source.downcast_ref::<io::Error>()).map(io::Error::kind) {
                Some(io::ErrorKind::UnexpectedEof) => HttpErrorCode::HttpResponseIncomplete,
                Some(io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) | None => {
                    HttpErrorCode::HttpProtocolError
                }
                Some(_) => HttpErrorCode::ConnectionTerminated,
            }
        }
    }
}

pub(super) fn http_error_code(
    view: &mut WasiHttpCtxView<'_>,
    (error,): (Resource<IoError>,),
) -> WasiResult<(Option<HttpErrorCode>,)> {
    Ok((view.table.get(&error)?.cause().cloned(),))
}
