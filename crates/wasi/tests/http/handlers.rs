//! Hosts that answer what their guests ask, in place of the network.

use super::guest::HttpGuest;
use super::server::Server;
use bytes::Bytes;
use gusset::Resource;
use gusset_wasi::Network;
use gusset_wasi::http::{Fields, HttpConfig, HttpErrorCode, HttpMethod, HttpScheme, IncomingResponse};
use http::header::{HOST, HeaderValue};
use http::uri::{Authority, PathAndQuery};
use http::{Response, Uri};
use http_body_util::{BodyExt, Empty, Full};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

fn config() -> HttpConfig {
    HttpConfig::new().unwrap()
}

fn text(guest: &mut HttpGuest, response: &Resource<IncomingResponse>) -> (String, Option<HttpErrorCode>) {
    let (_, stream) = guest.body_of(response);
    let (bytes, end) = guest.read_all(&stream);
    (String::from_utf8(bytes).unwrap(), end)
}

#[test]
fn a_guest_that_reaches_nothing_is_answered_by_its_host() {
    let config = config().outgoing_handler(|request, _| async move {
        let (head, body) = request.into_parts();
        let asked = body.collect().await?.to_bytes();
        let said = format!("{} {} {:?} {}", head.method, head.uri, head.headers.get("x-a"), asked.escape_ascii());
        Ok(Response::builder().status(299).header("x-b", "2").body(Full::new(Bytes::from(said))).unwrap())
    });
    let mut guest = HttpGuest::of(Network::none(), &config);
    let request = guest.request(HttpMethod::Put, HttpScheme::Https, "db.example:81", "/a?b=c", &[("x-a", "1")]);
    let (body, stream) = guest.body_for(&request);
    let future = guest.handle(request, None).unwrap();
    guest.write(&stream, b"asked").unwrap();
    guest.finish(body, stream, None).unwrap();
    let response = guest.response(&future).unwrap();
    assert_eq!(guest.method::<_, u16>("incoming-response.status", (&response,)), 299);
    let headers: Resource<Fields> = guest.method("incoming-response.headers", (&response,));
    assert_eq!(guest.entries(headers), [("x-b".into(), "2".into())]);
    let (said, end) = text(&mut guest, &response);
    assert_eq!((&*said, end), ("PUT https://db.example:81/a?b=c Some(\"1\") asked", None));
}

/// What is refused of any guest never gets to a host's function.
#[test]
fn what_cannot_be_asked_is_refused_before() {
    let config = config().outgoing_handler(|_, _| async { Ok(Response::new(Empty::new())) });
    let mut guest = HttpGuest::of(Network::none(), &config.max_connections(1));
    let request = guest.request(HttpMethod::Get, HttpScheme::Other("ftp".to_owned()), "a.example", "/", &[]);
    assert_eq!(guest.handle(request, None).unwrap_err(), HttpErrorCode::HttpProtocolError);
    let request = guest.request(HttpMethod::Connect, HttpScheme::Http, "a.example", "/", &[]);
    assert_eq!(guest.handle(request, None).unwrap_err(), HttpErrorCode::HttpRequestMethodInvalid);
    let request = guest.get("a.example", "/");
    let response = guest.ask(request).unwrap();
    // One at a time, as long as the response is there.
    let request = guest.get("a.example", "/");
    assert_eq!(guest.handle(request, None).unwrap_err(), HttpErrorCode::ConnectionLimitReached);
    guest.store.data_mut().table.delete(response).map(drop).unwrap();
    let request = guest.get("a.example", "/");
    assert!(guest.ask(request).is_ok());
}

#[test]
fn a_host_may_look_at_what_goes_through() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let config = config().outgoing_handler(move |request, network| {
        count.fetch_add(1, Ordering::Relaxed);
        async move { network.send(request).await }
    });
    let mut guest = HttpGuest::of(Network::none().allow("127.0.0.1:*".parse().unwrap()), &config);
    let server = Server::plain(&guest.runtime);
    // The connection lasts as long as the request needs it.
    let request = guest.request(HttpMethod::Post, HttpScheme::Http, &server.authority(), "/echo", &[]);
    let (body, sent) = guest.body_for(&request);
    let future = guest.handle(request, None).unwrap();
    guest.write(&sent, b"first").unwrap();
    let response = guest.response(&future).unwrap();
    let (_, received) = guest.body_of(&response);
    assert_eq!(guest.read(&received), Ok(b"first".to_vec()));
    guest.finish(body, sent, None).unwrap();
    assert_eq!(guest.read_all(&received), (Vec::new(), None));
    // The rules are those of the guest.
    let request = guest.get(&format!("localhost:{}", server.port), "/");
    assert_eq!(guest.ask(request).unwrap_err(), HttpErrorCode::HttpRequestDenied);
    let request = guest.get("127.0.0.2:80", "/");
    assert_eq!(guest.ask(request).unwrap_err(), HttpErrorCode::DestinationIpProhibited);
    assert_eq!((asked.load(Ordering::Relaxed), server.accepted.load(Ordering::Relaxed)), (3, 1));
}

/// To another server, which is told whom the guest has asked.
#[test]
fn a_host_may_send_it_elsewhere() {
    let mut target = HttpGuest::new();
    let (server, mut heard) =
        Server::hearing(&target.runtime, b"\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood");
    let authority: Authority = server.authority().parse().unwrap();
    let rule = server.authority().parse().unwrap();
    let config = config().outgoing_handler(move |mut request, network| {
        let authority = authority.clone();
        async move {
            let asked = request.uri().authority().unwrap().as_str();
            let host = HeaderValue::from_str(asked).unwrap();
            request.headers_mut().insert(HOST, host);
            let path = PathAndQuery::from_static("/elsewhere");
            let uri = Uri::builder().scheme("http").authority(authority).path_and_query(path).build();
            *request.uri_mut() = uri.unwrap();
            network.send(request).await
        }
    });
    let mut guest = HttpGuest::of(Network::none().allow(rule), &config);
    let request = guest.get("api.example", "/a");
    let response = guest.ask(request).unwrap();
    assert_eq!(text(&mut guest, &response), ("good".to_owned(), None));
    let heard = String::from_utf8(target.runtime.block_on(heard.recv()).unwrap()).unwrap();
    assert!(heard.starts_with("GET /elsewhere HTTP/1.1\r\n") && heard.contains("host: api.example\r\n"), "{heard}");
    // What no URI is of a server goes nowhere.
    let config = HttpConfig::new().unwrap().outgoing_handler(|mut request, network| async move {
        *request.uri_mut() = Uri::from_static("/a");
        network.send(request).await
    });
    target = HttpGuest::of(Network::all(), &config);
    let request = target.get("api.example", "/a");
    assert_eq!(target.ask(request).unwrap_err(), HttpErrorCode::HttpProtocolError);
}

#[test]
fn a_host_is_bounded_as_a_server_is() {
    let short = Duration::from_millis(50);
    let error = HttpErrorCode::DnsError(Default::default());
    let told = error.clone();
    let config = config()
        .connect_timeout(short)
        .first_byte_timeout(short)
        .between_bytes_timeout(short)
        .max_fields_size(1_000)
        .max_body_size(5)
        .outgoing_handler(move |request, _| {
            let told = told.clone();
            async move {
                let answer = |said: &'static str| {
                    Response::new(Full::new(Bytes::from(said)).map_err(|never| match never {}).boxed_unsync())
                };
                match request.uri().path() {
                    "/never" => std::future::pending().await,
                    "/fails" => Err(told),
                    "/fields" => {
                        let mut response = answer("");
                        response.headers_mut().insert("x-a", "x".repeat(2_000).parse().unwrap());
                        Ok(response)
                    }
                    "/long" => Ok(answer("123456")),
                    "/upgrade" => {
                        let mut response = answer("");
                        *response.status_mut() = http::StatusCode::SWITCHING_PROTOCOLS;
                        Ok(response)
                    }
                    _ => Ok(Response::new(Silence.boxed_unsync())),
                }
            }
        });
    let mut guest = HttpGuest::of(Network::none(), &config);
    let mut ask = |path: &str| {
        let request = guest.get("a.example", path);
        let response = guest.ask(request)?;
        text(&mut guest, &response).1.map_or(Ok(()), Err)
    };
    assert_eq!(ask("/never"), Err(HttpErrorCode::ConnectionReadTimeout));
    assert_eq!(ask("/fails"), Err(error));
    assert!(matches!(ask("/fields"), Err(HttpErrorCode::HttpResponseHeaderSectionSize(Some(2_000..)))));
    assert_eq!(ask("/long"), Err(HttpErrorCode::HttpResponseBodySize(Some(5))));
    assert_eq!(ask("/upgrade"), Err(HttpErrorCode::HttpUpgradeFailed));
    assert_eq!(ask("/silence"), Err(HttpErrorCode::ConnectionReadTimeout));
}

/// Nothing comes of it.
struct Silence;

impl http_body::Body for Silence {
    type Data = Bytes;
    type Error = HttpErrorCode;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, HttpErrorCode>>> {
        std::task::Poll::Pending
    }
}

#[test]
fn a_guest_that_gives_up_ends_what_its_host_does() {
    struct EndTeller(tokio::sync::mpsc::UnboundedSender<()>);
    impl Drop for EndTeller {
        fn drop(&mut self) {
            let _ = self.0.send(());
        }
    }
    let (ends, mut ended) = tokio::sync::mpsc::unbounded_channel();
    let (begins, mut begun) = tokio::sync::mpsc::unbounded_channel();
    let config = config().outgoing_handler(move |_, _| {
        let ended = EndTeller(ends.clone());
        let begins = begins.clone();
        async move {
            let _ended = ended;
            let _ = begins.send(());
            std::future::pending::<Result<Response<Empty<Bytes>>, HttpErrorCode>>().await
        }
    });
    let mut guest = HttpGuest::of(Network::none(), &config);
    let request = guest.get("a.example", "/");
    let future = guest.handle(request, None).unwrap();
    guest.runtime.block_on(begun.recv()).unwrap();
    assert!(ended.try_recv().is_err());
    guest.store.data_mut().table.delete(future).map(drop).unwrap();
    let waited = guest.runtime.block_on(async { tokio::time::timeout(Duration::from_secs(60), ended.recv()).await });
    assert_eq!(waited, Ok(Some(())));
}
