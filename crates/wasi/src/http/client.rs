//! [`Exchange`]: one request on a connection of its own. The policy layer is asked about each address before it is connected to, and has been asked about the
//! name before it is looked up.

use super::config::HttpConfig;
use super::incoming_body::{BodyLimits, Connected, IncomingSource};
use super::outgoing_body::OutgoingHttpBody;
use super::response_slot::{Outcome, ResponseTask};
use super::tls;
use super::types::{DnsErrorPayload, Fields, HttpErrorCode, IncomingBody, IncomingResponse, size_of};
use crate::net::{Network, ResolvedNames};
use http::header::{HOST, HeaderValue};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Request, Response, Uri};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

/// The least that hyper reads a message's head into.
const LEAST_HEAD: usize = 8 << 10;

/// How long what may take.
pub(super) struct Timeouts {
    pub(super) connect: Duration,
    pub(super) first_byte: Duration,
    pub(super) between_bytes: Duration,
}

/// A request, where it goes, and what of that is allowed.
pub(super) struct Exchange {
    pub(super) request: Request<OutgoingHttpBody>,
    pub(super) is_secure: bool,
    pub(super) authority: Authority,
    pub(super) path: PathAndQuery,
    /// Of the authority; an address without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) timeouts: Timeouts,
    pub(super) network: Network,
    pub(super) config: HttpConfig,
    pub(super) permit: OwnedSemaphorePermit,
}

/// What a request is sent through.
enum RequestSender {
    Http1(http1::SendRequest<OutgoingHttpBody>),
    Http2(http2::SendRequest<OutgoingHttpBody>),
}

impl Exchange {
    /// From looking the host up to the head of its response.
    pub(super) async fn run(self) -> Outcome {
        let deadline = deadline_in(self.timeouts.connect);
        let addresses = self.addresses(deadline).await?;
        let connected = timeout_at(deadline, self.connect(&addresses)).await;
        let (connection, driver) = connected.unwrap_or(Err(HttpErrorCode::ConnectionTimeout))?;
        let Exchange { mut request, authority, path, is_secure, timeouts, config, permit, .. } = self;
        let response = match connection {
            RequestSender::Http1(mut sender) => {
                let host = HeaderValue::from_str(authority.as_str());
                request.headers_mut().insert(HOST, host.map_err(|_| HttpErrorCode::HttpRequestUriInvalid)?);
                *request.uri_mut() = Uri::from(path);
                timeout(timeouts.first_byte, sender.send_request(request)).await
            }
            RequestSender::Http2(mut sender) => {
                let scheme = if is_secure { Scheme::HTTPS } else { Scheme::HTTP };
                let uri = Uri::builder().scheme(scheme).authority(authority).path_and_query(path).build();
                *request.uri_mut() = uri.map_err(|_| HttpErrorCode::HttpRequestUriInvalid)?;
                timeout(timeouts.first_byte, sender.send_request(request)).await
            }
        };
        let response = response.map_err(|_| HttpErrorCode::ConnectionReadTimeout)??;
        receive(response, timeouts.between_bytes, &config, driver, permit)
    }

    /// Where the host is, as far as the guest may go there.
    async fn addresses(&self, deadline: Instant) -> Result<Vec<SocketAddr>, HttpErrorCode> {
        let found: Vec<SocketAddr> = match self.host.parse::<IpAddr>() {
            Ok(address) => vec![SocketAddr::new(address, self.port)],
            Err(_) => {
                let looked_up = timeout_at(deadline, lookup_host((self.host.as_str(), self.port))).await;
                let looked_up = looked_up.map_err(|_| HttpErrorCode::DnsTimeout)?;
                looked_up.map_err(|_| HttpErrorCode::DnsError(DnsErrorPayload::default()))?.collect()
            }
        };
        if found.is_empty() {
            return Err(HttpErrorCode::DestinationNotFound);
        }
        let mut resolved = ResolvedNames::default();
        resolved.add(&self.network, &self.host, &found.iter().map(SocketAddr::ip).collect::<Vec<_>>());
        let allowed: Vec<SocketAddr> =
            found.into_iter().filter(|address| self.network.check_connect(*address, &resolved).is_ok()).collect();
        if allowed.is_empty() { Err(HttpErrorCode::DestinationIpProhibited) } else { Ok(allowed) }
    }

    /// Connects to the first that takes it; the task is what drives the connection.
    async fn connect(&self, addresses: &[SocketAddr]) -> Result<(RequestSender, ResponseTask), HttpErrorCode> {
        let mut failure = HttpErrorCode::DestinationUnavailable;
        for address in addresses {
            match TcpStream::connect(address).await {
                Ok(stream) => return self.shake_hands(stream).await,
                Err(error) => failure = HttpErrorCode::of_connecting(&error),
            }
        }
        Err(failure)
    }

    async fn shake_hands(&self, stream: TcpStream) -> Result<(RequestSender, ResponseTask), HttpErrorCode> {
        // It costs a little time where it fails, and nothing else.
        let _ = stream.set_nodelay(true);
        if !self.is_secure {
            return self.begin_http_1(stream).await;
        }
        let name = ServerName::try_from(self.host.clone()).map_err(|_| HttpErrorCode::HttpRequestUriInvalid)?;
        let connector = TlsConnector::from(self.config.tls.clone());
        let stream = connector.connect(name, stream).await.map_err(|error| tls::failure(&error))?;
        if tls::speaks_http_2(stream.get_ref().1) {
            self.begin_http_2(stream).await
        } else {
            self.begin_http_1(stream).await
        }
    }

    async fn begin_http_1<S>(&self, stream: S) -> Result<(RequestSender, ResponseTask), HttpErrorCode>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let mut builder = http1::Builder::new();
        builder.max_buf_size(self.config.max_fields_size.max(LEAST_HEAD));
        let (sender, connection) = builder.handshake(TokioIo::new(stream)).await?;
        // What it ends with, its request or response tells.
        Ok((RequestSender::Http1(sender), ResponseTask(tokio::spawn(async { drop(connection.await) }))))
    }

    async fn begin_http_2<S>(&self, stream: S) -> Result<(RequestSender, ResponseTask), HttpErrorCode>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder.max_header_list_size(u32::try_from(self.config.max_fields_size).unwrap_or(u32::MAX));
        let (sender, connection) = builder.handshake(TokioIo::new(stream)).await?;
        Ok((RequestSender::Http2(sender), ResponseTask(tokio::spawn(async { drop(connection.await) }))))
    }
}

/// A time that is not so far away that it cannot be told.
fn deadline_in(time: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(60 * 60 * 24 * 365);
    Instant::now() + time.min(FAR)
}

/// What a guest is given of a response.
fn receive(
    response: Response<Incoming>,
    between_bytes: Duration,
    config: &HttpConfig,
    driver: ResponseTask,
    permit: OwnedSemaphorePermit,
) -> Outcome {
    let (head, body) = response.into_parts();
    let size = size_of(&head.headers);
    if size > config.max_fields_size {
        return Err(HttpErrorCode::HttpResponseHeaderSectionSize(u32::try_from(size).ok()));
    }
    let limits = BodyLimits {
        between_bytes: Some((Handle::current(), between_bytes)),
        size: config.max_body_size,
        too_long: HttpErrorCode::HttpResponseBodySize(Some(config.max_body_size)),
    };
    let connected = Connected { _driver: driver, _permit: permit };
    let body = body.map_err(HttpErrorCode::from).boxed_unsync();
    let body = IncomingBody::new(IncomingSource::new(body, limits, Some(connected)));
    Ok(IncomingResponse::new(head.status, Fields::received(head.headers), body))
}
