//! `wasi:http/incoming-handler`: services that a host has behind a server of its own.

use super::guest::{HttpData, IMPORTS, engine, linker};
use bytes::Bytes;
use gusset::{Component, Store};
use gusset_wasi::Network;
use gusset_wasi::http::{HttpConfig, HttpErrorCode, HttpScheme, OutgoingHttpBody, Proxy, ProxyPre, WasiHttpView};
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1 as client;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// One that sends back what it is sent. It can do other things too.
const SERVICE: &str = include_str!("service.wat");

type Service = Arc<ProxyPre<HttpData>>;

fn service(handle: &str, version: &str) -> Service {
    let handler = |version: &str| format!("wasi:http/incoming-handler@{version}");
    let lifted = |handle: &str| format!("(core func $main \"{handle}\")");
    let text = SERVICE.replace(&handler("0.2.12"), &handler(version)).replace(&lifted("echo"), &lifted(handle));
    let component = Component::new(engine(), text).unwrap();
    Arc::new(ProxyPre::new(linker().instantiate_pre(&component).unwrap()).unwrap())
}

type Answered = (Result<Response<OutgoingHttpBody>, ()>, JoinHandle<gusset::Result<()>>);

/// What a guest that reaches nothing has set, if it has, and the rest of its call.
async fn answer<B>(service: &Service, request: Request<B>) -> gusset::Result<Answered>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<HttpErrorCode>,
{
    answer_with(service, request, Network::none()).await
}

pub(crate) async fn answer_with<B>(service: &Service, request: Request<B>, network: Network) -> gusset::Result<Answered>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<HttpErrorCode>,
{
    let (sender, receiver) = oneshot::channel();
    let mut store = Store::new(engine(), HttpData::new(network, &HttpConfig::new()?));
    let mut view = store.data_mut().http();
    let request = view.new_incoming_request(HttpScheme::Http, request)?;
    let outparam = view.new_response_outparam(sender)?;
    let proxy = service.instantiate_async(&mut store).await?;
    let guest = tokio::spawn(async move { proxy.call_handle(&mut store, request, outparam).await });
    let response = receiver.await.map(|response| response.expect("it is no error")).map_err(drop);
    Ok((response, guest))
}

/// Answers connections by the service.
async fn listen(service: Service) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = service.clone();
            tokio::spawn(http1::Builder::new().serve_connection(
                TokioIo::new(stream),
                service_fn(move |request: Request<Incoming>| {
                    let service = service.clone();
                    async move {
                        let (response, _guest) = answer(&service, request).await.map_err(HttpErrorFrom)?;
                        response.map_err(|()| HttpErrorFrom(gusset::Error::msg("no response")))
                    }
                }),
            ));
        }
    });
    port
}

/// What hyper takes for an error.
#[derive(Debug)]
struct HttpErrorFrom(gusset::Error);

impl std::fmt::Display for HttpErrorFrom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:#}", self.0)
    }
}

impl std::error::Error for HttpErrorFrom {}

/// A body whose parts the test has not sent yet.
struct SentParts(mpsc::Receiver<Bytes>);

impl Body for SentParts {
    type Data = Bytes;
    type Error = HttpErrorCode;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<hyper::body::Frame<Bytes>, HttpErrorCode>>> {
        self.0.poll_recv(task).map(|part| part.map(|part| Ok(hyper::body::Frame::data(part))))
    }
}

fn nothing() -> UnsyncBoxBody<Bytes, HttpErrorCode> {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

/// The response begins before the request has ended, and each part comes back before the next is sent.
#[tokio::test]
async fn a_service_streams_what_it_is_sent() {
    let port = listen(service("echo", "0.2.12")).await;
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let (mut sender, connection) = client::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    for _ in 0..2 {
        let (parts, body) = mpsc::channel(1);
        let request = Request::post("/").header("host", "localhost").body(SentParts(body)).unwrap();
        let response = sender.send_request(request).await.unwrap();
        assert_eq!(response.status(), 200);
        let mut body = response.into_body();
        for part in ["first", "second"] {
            parts.send(Bytes::from_static(part.as_bytes())).await.unwrap();
            assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), part);
        }
        drop(parts);
        assert!(body.frame().await.is_none());
    }
}

/// Whoever waits for leave to send a body has it as soon as the guest reads.
#[tokio::test]
async fn a_client_may_ask_whether_to_go_on() {
    let port = listen(service("echo", "0.2.12")).await;
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let head = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    while !heard.ends_with(b"\r\n\r\n") {
        assert!(stream.read_buf(&mut heard).await.unwrap() > 0);
    }
    assert!(heard.starts_with(b"HTTP/1.1 100 Continue\r\n"), "{}", heard.escape_ascii());
    stream.write_all(b"hello").await.unwrap();
    stream.read_to_end(&mut heard).await.unwrap();
    let heard = String::from_utf8(heard).unwrap();
    assert!(heard.contains("HTTP/1.1 200 OK\r\n") && heard.contains("\r\n5\r\nhello\r\n0\r\n\r\n"), "{heard}");
}

/// Far more than anybody keeps.
#[tokio::test]
async fn a_service_sends_back_all_of_a_large_body() {
    let service = service("echo", "0.2.0");
    let (parts, body) = mpsc::channel(1);
    let (response, guest) = answer(&service, Request::new(SentParts(body))).await.unwrap();
    let mut received = response.unwrap().into_body();
    let sender = tokio::spawn(async move {
        for at in 0..200_u8 {
            parts.send(Bytes::from(vec![at; 20_000])).await.unwrap();
        }
    });
    let mut count = 0_usize;
    while let Some(frame) = received.frame().await {
        for byte in frame.unwrap().into_data().unwrap() {
            assert_eq!(usize::from(byte), count / 20_000);
            count += 1;
        }
    }
    assert_eq!(count, 4_000_000);
    sender.await.unwrap();
    guest.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_client_that_leaves_ends_what_the_guest_writes() {
    let service = service("echo", "0.2.12");
    let (parts, body) = mpsc::channel(1);
    let (response, guest) = answer(&service, Request::new(SentParts(body))).await.unwrap();
    drop(response);
    parts.send(Bytes::from_static(b"unread")).await.unwrap();
    guest.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_guest_without_a_response_is_told_from_one_that_traps() {
    let (response, guest) = answer(&service("nothing", "0.2.3"), Request::new(nothing())).await.unwrap();
    assert!(response.is_err());
    guest.await.unwrap().unwrap();
    let (response, guest) = answer(&service("trap", "0.2.3"), Request::new(nothing())).await.unwrap();
    assert!(response.is_err());
    let error = guest.await.unwrap().unwrap_err();
    assert!(error.downcast_ref::<gusset::Trap>().is_some(), "{error:?}");
}

#[tokio::test]
async fn what_is_no_service_says_so() {
    let component = Component::new(engine(), IMPORTS).unwrap();
    let pre = linker().instantiate_pre(&component).unwrap();
    let mut store = Store::new(engine(), HttpData::new(Network::none(), &HttpConfig::new().unwrap()));
    let instance = pre.instantiate_async(&mut store).await.unwrap();
    let errors = [ProxyPre::new(pre).err(), Proxy::new(&mut store, instance).err()];
    for error in errors.map(|error| error.expect("it is none")) {
        assert_eq!(error.to_string(), "the component is no HTTP service");
        assert!(format!("{error:#}").contains("wasi:http/incoming-handler#handle"), "{error:#}");
    }
}
