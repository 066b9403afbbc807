//! [`HttpConfig`]: what a host says of its guests' HTTP, and [`WasiHttpCtx`], one guest's state of it.

use super::client::HttpNetwork;
use super::exchange::OutgoingHandler;
use super::outgoing_body::OutgoingHttpBody;
use super::tls;
use super::types::HttpErrorCode;
use bytes::Bytes;
use gusset::Result;
use http::{Request, Response};
use http_body::Body;
use http_body_util::BodyExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::rustls::ClientConfig;

/// How HTTP is for guests, whichever they may reach: that is said by [`Network`](crate::Network). It is cheap to clone, and any number of guests can
/// have the same.
///
/// ```
/// use gusset_wasi::http::{HttpConfig, WasiHttpCtx};
/// use std::time::Duration;
/// let config = HttpConfig::new()?.connect_timeout(Duration::from_secs(5)).max_connections(4);
/// let ctx = WasiHttpCtx::new(&config);
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Clone)]
pub struct HttpConfig {
    pub(super) tls: Arc<ClientConfig>,
    pub(super) connect_timeout: Duration,
    pub(super) first_byte_timeout: Duration,
    pub(super) between_bytes_timeout: Duration,
    pub(super) max_fields_size: usize,
    pub(super) max_body_size: u64,
    max_request_body_size: Option<u64>,
    max_connections: usize,
    pub(super) outgoing_handler: Option<OutgoingHandler>,
}

/// One guest's state of HTTP. It belongs into the data of the guest's store.
pub struct WasiHttpCtx {
    pub(super) config: HttpConfig,
    connections: Arc<Semaphore>,
}

impl HttpConfig {
    /// The certificates that the web is signed by (Mozilla's list), ten minutes for whatever is waited for, 128 KiB of fields, bodies of any size and 64
    /// connections.
    ///
    /// # Errors
    ///
    /// When TLS cannot be set up.
    pub fn new() -> Result<HttpConfig> {
        let long = Duration::from_secs(600);
        Ok(HttpConfig {
            tls: tls::client_config(tls::web_roots())?,
            connect_timeout: long,
            first_byte_timeout: long,
            between_bytes_timeout: long,
            max_fields_size: 128 << 10,
            max_body_size: u64::MAX,
            max_request_body_size: None,
            max_connections: 64,
            outgoing_handler: None,
        })
    }

    /// Trusts whoever these certificates have signed, in DER, and nobody else.
    ///
    /// # Errors
    ///
    /// When one of them is none.
    pub fn root_certificates<C: Into<Vec<u8>>>(
        mut self,
        certificates: impl IntoIterator<Item = C>,
    ) -> Result<HttpConfig> {
        self.tls = tls::client_config(tls::own_roots(certificates.into_iter().map(Into::into))?)?;
        Ok(self)
    }

    /// How long it may take to find a server, to connect to it and to agree on a protocol, where the guest does not say less.
    pub fn connect_timeout(mut self, timeout: Duration) -> HttpConfig {
        self.connect_timeout = timeout;
        self
    }

    /// How long a response may take to begin, from when there is a connection, where the guest does not say less.
    pub fn first_byte_timeout(mut self, timeout: Duration) -> HttpConfig {
        self.first_byte_timeout = timeout;
        self
    }

    /// How long each further part of a response may take, where the guest does not say less.
    pub fn between_bytes_timeout(mut self, timeout: Duration) -> HttpConfig {
        self.between_bytes_timeout = timeout;
        self
    }

    /// How many bytes the names and values of all fields of a message may be, with 32 more for each field. A guest that makes more of them ends; a response that
    /// has more fails. What a service is sent is bounded by whoever serves it.
    pub fn max_fields_size(mut self, bytes: usize) -> HttpConfig {
        self.max_fields_size = bytes;
        self
    }

    /// How many bytes of a body a guest may be sent: what is longer fails where it is read.
    pub fn max_body_size(mut self, bytes: u64) -> HttpConfig {
        self.max_body_size = bytes;
        self
    }

    /// The same of the requests that a service is sent, where that is another number than for the responses that it gets.
    pub fn max_request_body_size(mut self, bytes: u64) -> HttpConfig {
        self.max_request_body_size = Some(bytes);
        self
    }

    /// How long the body of a request may be that a service is sent.
    pub(super) fn request_body_size(&self) -> u64 {
        self.max_request_body_size.unwrap_or(self.max_body_size)
    }

    /// How many connections each guest may have at a time. A request beyond is refused (`connection-limit-reached`).
    pub fn max_connections(mut self, connections: usize) -> HttpConfig {
        self.max_connections = connections.min(Semaphore::MAX_PERMITS);
        self
    }

    /// Has what guests ask answered by a function, in place of the network: as a server of the host's own, by sending it elsewhere, or as it is and looked at on
    /// its way. The function is given the request, whose URI is absolute, and the network.
    ///
    /// Whatever the guest may reach, the function is asked: the rules of its [`Network`](crate::Network) are about what the function sends by
    /// [`HttpNetwork::send`]. An answer is waited for as long as connecting and a response's beginning may take; its head and body are bounded as any. A
    /// guest that gives its request up drops the function's future.
    ///
    /// ```
    /// use gusset_wasi::http::HttpConfig;
    /// use http::Response;
    /// use http_body_util::{BodyExt, Full};
    /// let config = HttpConfig::new()?.outgoing_handler(|request, network| async move {
    ///     if request.uri().host() == Some("database.example") {
    ///         return Ok(Response::new(Full::from("no rows").map_err(|never| match never {}).boxed_unsync()));
    ///     }
    ///     Ok(network.send(request).await?.map(BodyExt::boxed_unsync))
    /// });
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub fn outgoing_handler<F, A, B>(mut self, handler: F) -> HttpConfig
    where
        F: Fn(Request<OutgoingHttpBody>, HttpNetwork) -> A + Send + Sync + 'static,
        A: Future<Output = std::result::Result<Response<B>, HttpErrorCode>> + Send + 'static,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<HttpErrorCode>,
    {
        self.outgoing_handler = Some(Arc::new(move |request, network| {
            let answer = handler(request, network);
            Box::pin(async { Ok(answer.await?.map(|body| body.map_err(Into::into).boxed_unsync())) })
        }));
        self
    }
}

impl WasiHttpCtx {
    /// The state of a guest that starts.
    pub fn new(config: &HttpConfig) -> WasiHttpCtx {
        WasiHttpCtx { config: config.clone(), connections: Arc::new(Semaphore::new(config.max_connections)) }
    }

    /// Lets the guest have one connection more, until what is returned is dropped; `None` where it has as many as it may.
    pub(super) fn connection_permit(&self) -> Option<OwnedSemaphorePermit> {
        self.connections.clone().try_acquire_owned().ok()
    }
}
