//! [`HttpNetwork`]: requests over the network, each on a connection of its own. The policy layer is asked about a name before it is looked up, and about each
//! address before it is connected to.

use super::HttpBody;
use super::config::HttpConfig;
use super::connection_tasks::ConnectionTasks;
use super::tls;
use super::types::{DnsErrorPayload, HttpErrorCode};
use crate::net::{LookupSlots, Network, ResolvedNames, is_one_host};
use bytes::Bytes;
use http::header::{HOST, HeaderValue};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Request, Response, Uri};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper::rt::Executor;
use hyper_util::rt::TokioIo;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

/// The least that hyper reads a message's head into.
const LEAST_HEAD: usize = 8 << 10;

/// How much of a response by HTTP/2 may come before somebody reads it.
const HTTP_2_WINDOW: u32 = 1 << 20;

/// How long what may take.
#[derive(Clone, Copy)]
pub(super) struct Timeouts {
    pub(super) connect: Duration,
    pub(super) first_byte: Duration,
    pub(super) between_bytes: Duration,
}

/// The network, as far as the guest that has sent a request may use it: for [`HttpConfig::outgoing_handler`].
///
/// ```
/// use gusset_wasi::http::{HttpConfig, HttpNetwork};
/// use http::HeaderValue;
/// let config = HttpConfig::new()?.outgoing_handler(|mut request, network: HttpNetwork| async move {
///     request.headers_mut().insert("via", HeaderValue::from_static("1.1 sandbox"));
///     network.send(request).await
/// });
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Clone)]
pub struct HttpNetwork {
    pub(super) rules: Network,
    pub(super) lookups: LookupSlots,
    pub(super) config: HttpConfig,
    pub(super) timeouts: Timeouts,
}

/// The body of a response that came over the network. Its connection lasts as long as it does, and may be needed for the request beyond its end.
///
/// ```
/// use gusset_wasi::http::{HttpErrorCode, HttpNetworkBody};
/// use http::Response;
/// use http_body_util::{BodyExt, Limited};
/// async fn text(response: Response<HttpNetworkBody>) -> Result<String, HttpErrorCode> {
///     let whole = Limited::new(response.into_body(), 4096).collect().await;
///     let whole = whole.map_err(|_| HttpErrorCode::HttpResponseBodySize(Some(4096)))?;
///     Ok(String::from_utf8_lossy(&whole.to_bytes()).into_owned())
/// }
/// ```
pub struct HttpNetworkBody {
    received: Incoming,
    _tasks: ConnectionTasks,
}

/// Where a request goes.
pub(super) struct RequestTarget {
    is_secure: bool,
    authority: Authority,
    /// Of the authority; an address without brackets.
    host: String,
    port: u16,
}

/// What a request is sent through.
enum RequestSender {
    Http1(http1::SendRequest<HttpBody>),
    Http2(http2::SendRequest<HttpBody>),
}

impl HttpNetwork {
    /// Sends a request where its URI says, if the guest may reach that, and waits until the response begins. What is not in its headers is added: `Host`, and
    /// how long its body is.
    ///
    /// # Errors
    ///
    /// Those that a guest is told.
    pub async fn send<B>(&self, request: Request<B>) -> Result<Response<HttpNetworkBody>, HttpErrorCode>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<HttpErrorCode>,
    {
        let mut request = request.map(|body| body.map_err(Into::into).boxed_unsync());
        let destination = RequestTarget::of(request.uri())?;
        let deadline = deadline_in(self.timeouts.connect);
        let addresses = self.addresses(&destination, deadline).await?;
        let connected = timeout_at(deadline, self.connect(&destination, &addresses)).await;
        let (connection, tasks) = connected.unwrap_or(Err(HttpErrorCode::ConnectionTimeout))?;
        let path = request.uri().path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
        let RequestTarget { is_secure, authority, .. } = destination;
        let response = match connection {
            RequestSender::Http1(mut sender) => {
                let host = HeaderValue::from_str(authority.as_str());
                let host = host.map_err(|_| HttpErrorCode::HttpRequestUriInvalid)?;
                request.headers_mut().entry(HOST).or_insert(host);
                *request.uri_mut() = Uri::from(path);
                timeout(self.timeouts.first_byte, sender.send_request(request)).await
            }
            RequestSender::Http2(mut sender) => {
                let scheme = if is_secure { Scheme::HTTPS } else { Scheme::HTTP };
                let uri = Uri::builder().scheme(scheme).authority(authority).path_and_query(path).build();
                *request.uri_mut() = uri.map_err(|_| HttpErrorCode::HttpRequestUriInvalid)?;
                timeout(self.timeouts.first_byte, sender.send_request(request)).await
            }
        };
        let response = response.map_err(|_| HttpErrorCode::ConnectionReadTimeout)??;
        Ok(response.map(|received| HttpNetworkBody { received, _tasks: tasks }))
    }

    /// Whether the guest may look the host up.
    pub(super) fn check_lookup(&self, destination: &RequestTarget) -> Result<(), HttpErrorCode> {
        self.rules.check_lookup(&destination.host).map_err(|_| HttpErrorCode::HttpRequestDenied)
    }

    /// Where the host is, as far as the guest may go there.
    async fn addresses(
        &self,
        destination: &RequestTarget,
        deadline: Instant,
    ) -> Result<Vec<SocketAddr>, HttpErrorCode> {
        let RequestTarget { host, port, .. } = destination;
        self.check_lookup(destination)?;
        let mut found: Vec<SocketAddr> = match host.parse::<IpAddr>() {
            Ok(address) => vec![SocketAddr::new(address, *port)],
            Err(_) => {
                let looked_up = timeout_at(deadline, self.lookups.socket_addrs(host.clone(), *port)).await;
                let looked_up = looked_up.map_err(|_| HttpErrorCode::DnsTimeout)?;
                looked_up.map_err(|_| HttpErrorCode::DnsError(DnsErrorPayload::default()))?
            }
        };
        if found.is_empty() {
            return Err(HttpErrorCode::DestinationNotFound);
        }
        // An address is the same in whatever form.
        found.iter_mut().for_each(|address| address.set_ip(address.ip().to_canonical()));
        let mut resolved = ResolvedNames::default();
        resolved.add(&self.rules, host, &found.iter().map(SocketAddr::ip).collect::<Vec<_>>());
        found.retain(|address| self.rules.check_connect(*address, &resolved).is_ok());
        if found.is_empty() {
            return Err(HttpErrorCode::DestinationIpProhibited);
        }
        // Systems take some of the others for themselves.
        found.retain(|address| is_one_host(*address));
        if found.is_empty() { Err(HttpErrorCode::DestinationIpUnroutable) } else { Ok(found) }
    }

    /// Connects to the first that takes it; the tasks are what the connection goes on in.
    async fn connect(
        &self,
        destination: &RequestTarget,
        addresses: &[SocketAddr],
    ) -> Result<(RequestSender, ConnectionTasks), HttpErrorCode> {
        let mut failure = HttpErrorCode::DestinationUnavailable;
        for address in addresses {
            match TcpStream::connect(address).await {
                Ok(stream) => return self.shake_hands(destination, stream).await,
                Err(error) => failure = HttpErrorCode::of_connecting(&error),
            }
        }
        Err(failure)
    }

    async fn shake_hands(
        &self,
        destination: &RequestTarget,
        stream: TcpStream,
    ) -> Result<(RequestSender, ConnectionTasks), HttpErrorCode> {
        // It costs a little time where it fails, and nothing else.
        let _ = stream.set_nodelay(true);
        if !destination.is_secure {
            return self.begin_http_1(stream).await;
        }
        let name = ServerName::try_from(destination.host.clone()).map_err(|_| HttpErrorCode::HttpRequestUriInvalid)?;
        let connector = TlsConnector::from(self.config.tls.clone());
        let stream = connector.connect(name, stream).await.map_err(|error| tls::failure(&error))?;
        if tls::speaks_http_2(stream.get_ref().1) {
            self.begin_http_2(stream).await
        } else {
            self.begin_http_1(stream).await
        }
    }

    async fn begin_http_1<S>(&self, stream: S) -> Result<(RequestSender, ConnectionTasks), HttpErrorCode>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let mut builder = http1::Builder::new();
        builder.max_buf_size(self.config.max_fields_size.max(LEAST_HEAD));
        let (sender, connection) = builder.handshake(TokioIo::new(stream)).await?;
        let tasks = ConnectionTasks::new();
        // What it ends with, its request or response tells.
        tasks.executor().execute(async { drop(connection.await) });
        Ok((RequestSender::Http1(sender), tasks))
    }

    async fn begin_http_2<S>(&self, stream: S) -> Result<(RequestSender, ConnectionTasks), HttpErrorCode>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let tasks = ConnectionTasks::new();
        let mut builder = http2::Builder::new(tasks.executor());
        builder.max_header_list_size(u32::try_from(self.config.max_fields_size).unwrap_or(u32::MAX));
        builder.initial_stream_window_size(HTTP_2_WINDOW).initial_connection_window_size(HTTP_2_WINDOW);
        let (sender, connection) = builder.handshake(TokioIo::new(stream)).await?;
        tasks.executor().execute(async { drop(connection.await) });
        Ok((RequestSender::Http2(sender), tasks))
    }
}

impl RequestTarget {
    pub(super) fn of(uri: &Uri) -> Result<RequestTarget, HttpErrorCode> {
        let is_secure = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(HttpErrorCode::HttpProtocolError),
        };
        let authority = uri.authority().ok_or(HttpErrorCode::HttpRequestUriInvalid)?.clone();
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = authority.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
        Ok(RequestTarget { is_secure, authority, host, port })
    }
}

impl Body for HttpNetworkBody {
    type Data = Bytes;
    type Error = HttpErrorCode;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpErrorCode>>> {
        Pin::new(&mut self.received).poll_frame(task).map_err(HttpErrorCode::from)
    }

    fn is_end_stream(&self) -> bool {
        self.received.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.received.size_hint()
    }
}

/// A time that is not so far away that it cannot be told.
pub(super) fn deadline_in(time: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(60 * 60 * 24 * 365);
    Instant::now() + time.min(FAR)
}
