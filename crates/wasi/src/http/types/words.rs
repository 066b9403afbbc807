//! [`HttpMethod`] and [`HttpScheme`]: what a guest says, and what is sent.

use gusset::{ComponentType, Lift, Lower};
use http::Method;
use http::uri::Scheme;

/// `method` of `wasi:http/types`.
///
/// ```
/// use gusset_wasi::http::HttpMethod;
/// assert_ne!(HttpMethod::Get, HttpMethod::Other("PROPFIND".to_owned()));
/// ```
#[derive(Clone, PartialEq, Eq, Debug, ComponentType, Lift, Lower)]
#[component(variant)]
#[allow(missing_docs, reason = "they are the methods of HTTP")]
pub enum HttpMethod {
    Get,
    Head,
    Post,
    Put,
    Delete,
    Connect,
    Options,
    Trace,
    Patch,
    /// Any other one.
    Other(String),
}

/// `scheme` of `wasi:http/types`.
///
/// ```
/// use gusset_wasi::http::HttpScheme;
/// assert_ne!(HttpScheme::Http, HttpScheme::Https);
/// ```
#[derive(Clone, PartialEq, Eq, Debug, ComponentType, Lift, Lower)]
#[component(variant)]
pub enum HttpScheme {
    /// In plain text.
    #[component(name = "HTTP")]
    Http,
    /// Over TLS.
    #[component(name = "HTTPS")]
    Https,
    /// Any other one.
    Other(String),
}

impl HttpMethod {
    pub(in crate::http) fn of(method: &Method) -> HttpMethod {
        match method.as_str() {
            "GET" => HttpMethod::Get,
            "HEAD" => HttpMethod::Head,
            "POST" => HttpMethod::Post,
            "PUT" => HttpMethod::Put,
            "DELETE" => HttpMethod::Delete,
            "CONNECT" => HttpMethod::Connect,
            "OPTIONS" => HttpMethod::Options,
            "TRACE" => HttpMethod::Trace,
            "PATCH" => HttpMethod::Patch,
            other => HttpMethod::Other(other.to_owned()),
        }
    }

    /// What is sent; `None` where that is no method.
    pub(in crate::http) fn to_sent(&self) -> Option<Method> {
        Some(match self {
            HttpMethod::Get => Method::GET,
            HttpMethod::Head => Method::HEAD,
            HttpMethod::Post => Method::POST,
            HttpMethod::Put => Method::PUT,
            HttpMethod::Delete => Method::DELETE,
            HttpMethod::Connect => Method::CONNECT,
            HttpMethod::Options => Method::OPTIONS,
            HttpMethod::Trace => Method::TRACE,
            HttpMethod::Patch => Method::PATCH,
            HttpMethod::Other(other) => Method::from_bytes(other.as_bytes()).ok()?,
        })
    }
}

impl HttpScheme {
    pub(in crate::http) fn is_valid(&self) -> bool {
        match self {
            HttpScheme::Http | HttpScheme::Https => true,
            HttpScheme::Other(other) => Scheme::try_from(other.as_str()).is_ok(),
        }
    }
}
