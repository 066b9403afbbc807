//! Servers over loopback, in the runtime of the guest that asks them.

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

pub(crate) struct Server {
    pub(crate) port: u16,
    /// How many have come.
    pub(crate) accepted: Arc<AtomicUsize>,
}

type Answer = Response<UnsyncBoxBody<Bytes, hyper::Error>>;

impl Server {
    /// One that answers as [`answer`] does, in plain text.
    pub(crate) fn plain(runtime: &Runtime) -> Server {
        Server::start(runtime, |stream| async { drop(serve_http_1(stream).await) })
    }

    /// The same over TLS, by the protocol that is agreed upon.
    pub(crate) fn secure(runtime: &Runtime, config: ServerConfig) -> Server {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Server::start(runtime, move |stream| {
            let acceptor = acceptor.clone();
            async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                    let server = http2::Builder::new(TokioExecutor::new());
                    drop(server.serve_connection(TokioIo::new(stream), service_fn(answer)).await);
                } else {
                    drop(serve_http_1(stream).await);
                }
            }
        })
    }

    /// One that says this, whatever it is asked, and then waits for the other side to end.
    pub(crate) fn saying(runtime: &Runtime, said: &'static [u8]) -> Server {
        Server::start(runtime, move |mut stream| async move {
            let mut asked = [0; 4096];
            let _ = stream.read(&mut asked).await;
            let _ = stream.write_all(said).await;
            while stream.read(&mut asked).await.is_ok_and(|count| count > 0) {}
        })
    }

    /// The same, and then ends itself.
    pub(crate) fn saying_and_ending(runtime: &Runtime, said: &'static [u8]) -> Server {
        Server::start(runtime, move |mut stream| async move {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(said).await;
        })
    }

    /// One that tells what it has heard, once that ends so or the other side has ended, says this, and waits for the end.
    pub(crate) fn hearing(
        runtime: &Runtime,
        end: &'static [u8],
        said: &'static [u8],
    ) -> (Server, mpsc::UnboundedReceiver<Vec<u8>>) {
        let (hears, heard) = mpsc::unbounded_channel();
        let server = Server::start(runtime, move |mut stream| {
            let hears = hears.clone();
            async move {
                let mut bytes = Vec::new();
                while !bytes.ends_with(end) && stream.read_buf(&mut bytes).await.is_ok_and(|count| count > 0) {}
                let _ = hears.send(bytes);
                let _ = stream.write_all(said).await;
                while stream.read(&mut [0; 4096]).await.is_ok_and(|count| count > 0) {}
            }
        });
        (server, heard)
    }

    /// One that says first this, and then that again and again.
    pub(crate) fn repeating(runtime: &Runtime, first: &'static [u8], then: &'static [u8]) -> Server {
        Server::start(runtime, move |mut stream| async move {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(first).await;
            while stream.write_all(then).await.is_ok() {}
        })
    }

    pub(crate) fn start<F>(runtime: &Runtime, serve: impl Fn(tokio::net::TcpStream) -> F + Send + 'static) -> Server
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let accepted = Arc::new(AtomicUsize::new(0));
        let count = accepted.clone();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(stream));
            }
        });
        Server { port, accepted }
    }

    pub(crate) fn authority(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

async fn serve_http_1(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> hyper::Result<()> {
    http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)).await
}

/// Sends back what it was sent (`/echo`, with a trailer), nothing ever (`/silence`), a few bytes and then no more (`/stall`), or how it was asked.
async fn answer(request: Request<Incoming>) -> Result<Answer, Infallible> {
    let (head, body) = request.into_parts();
    let mut answer = match head.uri.path() {
        "/echo" => {
            let trailers = HeaderMap::from_iter([("x-end".parse().unwrap(), "1".parse().unwrap())]);
            Response::new(body.with_trailers(async { Some(Ok(trailers)) }).boxed_unsync())
        }
        "/silence" => std::future::pending().await,
        "/stall" => Response::new(Stalled(Some(Bytes::from_static(b"some"))).boxed_unsync()),
        "/big" => {
            let mut answer = Response::new(whole("big"));
            answer.headers_mut().insert("x-big", "x".repeat(2_000).parse().unwrap());
            answer
        }
        _ => {
            let host = head.headers.get("host").map(|host| host.to_str().unwrap().to_owned());
            let said = format!("{} {} {:?} {}", head.method, head.uri.path(), head.version, host.is_some());
            let mut answer = Response::new(whole(&said));
            *answer.status_mut() = StatusCode::IM_A_TEAPOT;
            answer
        }
    };
    answer.headers_mut().insert("x-a", "1".parse().unwrap());
    Ok(answer)
}

fn whole(said: &str) -> UnsyncBoxBody<Bytes, hyper::Error> {
    Full::new(Bytes::copy_from_slice(said.as_bytes())).map_err(|never| match never {}).boxed_unsync()
}

/// Some bytes, and never an end.
struct Stalled(Option<Bytes>);

impl Body for Stalled {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.0.take().map_or(Poll::Pending, |bytes| Poll::Ready(Some(Ok(Frame::data(bytes)))))
    }
}
