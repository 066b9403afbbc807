//! `wasi:http/outgoing-handler`: asking servers in plain text.

use super::guest::{Got, HttpGuest, StreamEnding};
use super::server::Server;
use gusset::Resource;
use gusset_wasi::Network;
use gusset_wasi::http::{
    Fields, FutureIncomingResponse, HttpConfig, HttpErrorCode, HttpMethod, HttpScheme, IncomingResponse, RequestOptions,
};
use gusset_wasi::p2::OutputStream;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

fn text(guest: &mut HttpGuest, response: &Resource<IncomingResponse>) -> String {
    let (_, stream) = guest.body_of(response);
    let (bytes, end) = guest.read_all(&stream);
    assert_eq!(end, None);
    String::from_utf8(bytes).unwrap()
}

fn options(guest: &mut HttpGuest, name: &str, time: Duration) -> Resource<RequestOptions> {
    let options: Resource<RequestOptions> = guest.call("types#[constructor]request-options", ());
    let nanoseconds = Some(time.as_nanos() as u64);
    let set: Result<(), ()> = guest.method(&format!("request-options.set-{name}"), (&options, nanoseconds));
    set.unwrap();
    options
}

#[test]
fn a_server_answers() {
    let mut guest = HttpGuest::new();
    let server = Server::plain(&guest.runtime);
    let request = guest.request(HttpMethod::Put, HttpScheme::Http, &server.authority(), "/a?b", &[("x-b", "2")]);
    let response = guest.ask(request).unwrap();
    assert_eq!(guest.method::<_, u16>("incoming-response.status", (&response,)), 418);
    let headers: Resource<Fields> = guest.method("incoming-response.headers", (&response,));
    assert!(guest.entries(headers).contains(&("x-a".into(), "1".into())));
    assert_eq!(text(&mut guest, &response), "PUT /a HTTP/1.1 true");
}

#[test]
fn a_response_is_taken_once() {
    let mut guest = HttpGuest::new();
    let server = Server::plain(&guest.runtime);
    let request = guest.get(&server.authority(), "/");
    let future = guest.handle(request, None).unwrap();
    guest.response(&future).unwrap();
    let again: Got<Resource<IncomingResponse>> = guest.method("future-incoming-response.get", (&future,));
    assert!(matches!(again, Some(Err(()))));
}

/// The server sends back what it was sent, part by part.
#[test]
fn bodies_go_both_ways_at_once() {
    let mut guest = HttpGuest::new();
    let server = Server::plain(&guest.runtime);
    let request = guest.request(HttpMethod::Post, HttpScheme::Http, &server.authority(), "/echo", &[]);
    let (body, sent) = guest.body_for(&request);
    let future = guest.handle(request, None).unwrap();
    guest.write(&sent, b"first").unwrap();
    let response = guest.response(&future).unwrap();
    let (_, received) = guest.body_of(&response);
    for part in [b"first".as_slice(), b"second", b"third"] {
        if part != b"first" {
            guest.write(&sent, part).unwrap();
        }
        assert_eq!(guest.read(&received), Ok(part.to_vec()));
    }
    guest.finish(body, sent, None).unwrap();
    assert_eq!(guest.read_all(&received), (Vec::new(), None));
}

/// The server has answered, and goes on reading.
#[test]
fn a_request_goes_on_after_its_response() {
    let mut guest = HttpGuest::new();
    let (heard, mut hears) = tokio::sync::mpsc::channel(8);
    let server = Server::start(&guest.runtime, move |mut stream| {
        let heard = heard.clone();
        async move {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            let mut bytes = Vec::new();
            stream.read_buf(&mut bytes).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
            while !bytes.ends_with(b"late\r\n0\r\n\r\n") && stream.read_buf(&mut bytes).await.unwrap() > 0 {}
            heard.send(bytes.ends_with(b"0\r\n\r\n")).await.unwrap();
        }
    });
    let request = guest.request(HttpMethod::Post, HttpScheme::Http, &server.authority(), "/", &[]);
    let (body, sent) = guest.body_for(&request);
    let future = guest.handle(request, None).unwrap();
    guest.write(&sent, b"early").unwrap();
    let response = guest.response(&future).unwrap();
    assert_eq!(text(&mut guest, &response), "");
    guest.write(&sent, b"late").unwrap();
    guest.finish(body, sent, None).unwrap();
    let waited = guest.runtime.block_on(async { tokio::time::timeout(Duration::from_secs(60), hears.recv()).await });
    assert_eq!(waited, Ok(Some(true)));
}

#[test]
fn a_guest_waits_for_a_server_that_does_not_read() {
    let mut guest = HttpGuest::new();
    let server = Server::start(&guest.runtime, |stream| async move {
        let _stream = stream;
        std::future::pending().await
    });
    let request = guest.request(HttpMethod::Post, HttpScheme::Http, &server.authority(), "/", &[]);
    let (_body, stream) = guest.body_for(&request);
    let _future = guest.handle(request, None).unwrap();
    let part = [7_u8; 64 << 10];
    let (mut written, mut idle) = (0, 0);
    while idle < 20 {
        assert!(written < 64 << 20, "nobody holds it up");
        let permit = check_write(&mut guest, &stream);
        if permit == 0 {
            idle += 1;
            std::thread::sleep(Duration::from_millis(5));
            continue;
        }
        idle = 0;
        let told: Result<(), StreamEnding> =
            guest.call("streams#[method]output-stream.write", (&stream, &part[..permit as usize]));
        told.unwrap();
        written += permit;
    }
}

fn check_write(guest: &mut HttpGuest, stream: &Resource<OutputStream>) -> u64 {
    let permit: Result<u64, StreamEnding> = guest.call("streams#[method]output-stream.check-write", (stream,));
    permit.unwrap()
}

#[test]
fn what_cannot_be_asked_is_refused_at_once() {
    let mut guest = HttpGuest::new();
    let refused = |guest: &mut HttpGuest, method: HttpMethod, scheme: HttpScheme| {
        let request = guest.request(method, scheme, "127.0.0.1:1", "/", &[]);
        guest.handle(request, None).unwrap_err()
    };
    let ftp = HttpScheme::Other("ftp".to_owned());
    assert_eq!(refused(&mut guest, HttpMethod::Get, ftp), HttpErrorCode::HttpProtocolError);
    let connect = refused(&mut guest, HttpMethod::Connect, HttpScheme::Http);
    assert_eq!(connect, HttpErrorCode::HttpRequestMethodInvalid);
    let request = guest.get("127.0.0.1:1", "/");
    let nothing: Option<&str> = None;
    let set: Result<(), ()> = guest.method("outgoing-request.set-authority", (&request, nothing));
    set.unwrap();
    assert_eq!(guest.handle(request, None).unwrap_err(), HttpErrorCode::HttpRequestUriInvalid);
}

#[test]
fn a_guest_reaches_what_it_may_and_nothing_else() {
    let config = HttpConfig::new().unwrap();
    for network in [Network::none(), Network::none().allow("10.0.0.0/8:*".parse().unwrap())] {
        let mut guest = HttpGuest::of(network, &config);
        let server = Server::plain(&guest.runtime);
        let request = guest.get(&server.authority(), "/");
        assert_eq!(guest.ask(request).unwrap_err(), HttpErrorCode::DestinationIpProhibited);
        let request = guest.get(&format!("localhost:{}", server.port), "/");
        assert_eq!(guest.ask(request).unwrap_err(), HttpErrorCode::HttpRequestDenied);
        assert_eq!(server.accepted.load(Ordering::Relaxed), 0);
    }
    // A name, and the port that goes with it.
    let server = HttpGuest::new();
    let port = Server::plain(&server.runtime).port;
    let mut guest = HttpGuest::of(Network::none().allow(format!("localhost:{port}").parse().unwrap()), &config);
    let request = guest.get(&format!("localhost:{port}"), "/");
    assert!(guest.ask(request).is_ok());
    let request = guest.get(&format!("127.0.0.1:{port}"), "/");
    assert_eq!(guest.ask(request).unwrap_err(), HttpErrorCode::DestinationIpProhibited);
    let request = guest.get("localhost:1", "/");
    assert_eq!(guest.ask(request).unwrap_err(), HttpErrorCode::DestinationIpProhibited);
}

/// That a name may be looked up does not say where it may lead.
#[test]
fn a_name_leads_nowhere_where_its_addresses_may_not_be_reached() {
    let mut guest = HttpGuest::of(Network::none().allow("*:1".parse().unwrap()), &HttpConfig::new().unwrap());
    let server = Server::plain(&guest.runtime);
    let request = guest.get(&format!("localhost:{}", server.port), "/");
    assert_eq!(guest.ask(request).unwrap_err(), HttpErrorCode::DestinationIpProhibited);
    assert_eq!(server.accepted.load(Ordering::Relaxed), 0);
}

#[test]
fn no_form_of_an_address_leads_past_a_rule() {
    let rules = |text: &str| Network::none().allow(text.parse().unwrap());
    for (rule, host, error) in [
        // One of IPv4 that is written as one of IPv6.
        ("[::]/0:*", "[::ffff:127.0.0.1]", HttpErrorCode::DestinationIpProhibited),
        ("127.0.0.2:*", "[::ffff:127.0.0.1]", HttpErrorCode::DestinationIpProhibited),
        // No address, which systems take for their own.
        ("0.0.0.0/1:*", "0.0.0.0", HttpErrorCode::DestinationIpUnroutable),
        ("*:*", "[::]", HttpErrorCode::DestinationIpUnroutable),
        ("*:*", "[::127.0.0.1]", HttpErrorCode::DestinationIpUnroutable),
        ("*:*", "224.0.0.1", HttpErrorCode::DestinationIpUnroutable),
        // What is none to us, and would be to some resolvers.
        ("*:*", "127.1", HttpErrorCode::HttpRequestDenied),
        ("*:*", "0x7f.0x1", HttpErrorCode::HttpRequestDenied),
        ("*:*", "2130706433", HttpErrorCode::HttpRequestDenied),
        // A network of the host's own that is chosen by the guest.
        ("*:*", "[fe80::1%25lo]", HttpErrorCode::HttpRequestDenied),
    ] {
        let mut guest = HttpGuest::of(rules(rule), &HttpConfig::new().unwrap());
        let server = Server::plain(&guest.runtime);
        let request = guest.get("a", "/");
        let authority = format!("{host}:{}", server.port);
        let set: Result<(), ()> = guest.method("outgoing-request.set-authority", (&request, Some(authority)));
        if set.is_ok() {
            assert_eq!(guest.ask(request).unwrap_err(), error, "{host}");
        } else {
            assert!(host.contains('%'), "{host}");
        }
        assert_eq!(server.accepted.load(Ordering::Relaxed), 0, "{host}");
    }
    // The form as such is no harm.
    let mut guest = HttpGuest::of(rules("127.0.0.1:*"), &HttpConfig::new().unwrap());
    let server = Server::plain(&guest.runtime);
    let request = guest.get(&format!("[::ffff:127.0.0.1]:{}", server.port), "/");
    assert!(guest.ask(request).is_ok());
    let request = guest.get("127.0.0.1:0", "/");
    assert_eq!(guest.ask(request).unwrap_err(), HttpErrorCode::DestinationIpUnroutable);
}

/// Where a server says to go instead, the guest must ask, and may go.
#[test]
fn redirections_are_not_followed() {
    let mut guest = HttpGuest::new();
    let target = Server::plain(&guest.runtime);
    let said = format!("HTTP/1.1 302 Found\r\nlocation: http://{}/\r\ncontent-length: 0\r\n\r\n", target.authority());
    let server = Server::saying(&guest.runtime, said.leak().as_bytes());
    let request = guest.get(&server.authority(), "/");
    let response = guest.ask(request).unwrap();
    assert_eq!(guest.method::<_, u16>("incoming-response.status", (&response,)), 302);
    assert_eq!(target.accepted.load(Ordering::Relaxed), 0);
}

#[test]
fn servers_that_fail_are_told_apart() {
    let told = |said: &'static [u8]| {
        let mut guest = HttpGuest::new();
        let server = Server::saying_and_ending(&guest.runtime, said);
        let request = guest.get(&server.authority(), "/");
        let response = guest.ask(request)?;
        let (_, stream) = guest.body_of(&response);
        guest.read_all(&stream).1.map_or(Ok(()), Err)
    };
    assert_eq!(told(b""), Err(HttpErrorCode::HttpResponseIncomplete));
    assert_eq!(told(b"HTTP/1.1 200 OK\r\nx-"), Err(HttpErrorCode::HttpResponseIncomplete));
    assert_eq!(told(b"SSH-2.0-OpenSSH_9.9\r\n"), Err(HttpErrorCode::HttpProtocolError));
    assert_eq!(told(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n12"), Err(HttpErrorCode::HttpResponseIncomplete));
    let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n12\r\nzz\r\n";
    assert_eq!(told(chunked), Err(HttpErrorCode::HttpProtocolError));
    assert_eq!(told(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n12"), Ok(()));
    // Nobody is there.
    let mut guest = HttpGuest::new();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let request = guest.get(&free.to_string(), "/");
    assert_eq!(guest.ask(request).unwrap_err(), HttpErrorCode::ConnectionRefused);
}

#[test]
fn a_guest_waits_as_long_as_it_says() {
    let mut guest = HttpGuest::new();
    let server = Server::plain(&guest.runtime);
    let short = Duration::from_millis(50);
    let begun = Instant::now();
    let (request, first) =
        (guest.get(&server.authority(), "/silence"), options(&mut guest, "first-byte-timeout", short));
    let future = guest.handle(request, Some(first)).unwrap();
    assert_eq!(guest.response(&future).unwrap_err(), HttpErrorCode::ConnectionReadTimeout);
    let (request, between) =
        (guest.get(&server.authority(), "/stall"), options(&mut guest, "between-bytes-timeout", short));
    let future = guest.handle(request, Some(between)).unwrap();
    let response = guest.response(&future).unwrap();
    let (_, stream) = guest.body_of(&response);
    assert_eq!(guest.read_all(&stream), (b"some".to_vec(), Some(HttpErrorCode::ConnectionReadTimeout)));
    assert!(begun.elapsed() >= 2 * short);
    // One that says nothing of TLS is not waited for either.
    let silent = Server::saying(&guest.runtime, b"");
    let request = guest.request(HttpMethod::Get, HttpScheme::Https, &silent.authority(), "/", &[]);
    let connect = options(&mut guest, "connect-timeout", short);
    let future = guest.handle(request, Some(connect)).unwrap();
    assert_eq!(guest.response(&future).unwrap_err(), HttpErrorCode::ConnectionTimeout);
}

#[test]
fn a_host_bounds_what_a_guest_may_ask_for() {
    let config = HttpConfig::new().unwrap().first_byte_timeout(Duration::from_millis(50)).max_fields_size(1_000);
    let mut guest = HttpGuest::of(Network::all(), &config.max_connections(1).max_body_size(3));
    let server = Server::plain(&guest.runtime);
    let (request, long) =
        (guest.get(&server.authority(), "/silence"), options(&mut guest, "first-byte-timeout", Duration::MAX / 2));
    let future = guest.handle(request, Some(long)).unwrap();
    let request = guest.get(&server.authority(), "/");
    assert_eq!(guest.handle(request, None).unwrap_err(), HttpErrorCode::ConnectionLimitReached);
    assert_eq!(guest.response(&future).unwrap_err(), HttpErrorCode::ConnectionReadTimeout);
    let request = guest.get(&server.authority(), "/big");
    let error = guest.ask(request).unwrap_err();
    assert!(matches!(error, HttpErrorCode::HttpResponseHeaderSectionSize(Some(2_000..))), "{error}");
    let request = guest.get(&server.authority(), "/");
    let response = guest.ask(request).unwrap();
    let (_, stream) = guest.body_of(&response);
    assert_eq!(guest.read_all(&stream).1, Some(HttpErrorCode::HttpResponseBodySize(Some(3))));
}

#[test]
fn a_request_that_is_dropped_is_given_up() {
    let mut guest = HttpGuest::new();
    let (ended, mut has_ended) = tokio::sync::mpsc::channel(1);
    let server = Server::start(&guest.runtime, move |mut stream| {
        let ended = ended.clone();
        async move {
            use tokio::io::AsyncReadExt;
            while stream.read(&mut [0; 4096]).await.is_ok_and(|count| count > 0) {}
            ended.send(()).await.unwrap();
        }
    });
    let request = guest.get(&server.authority(), "/");
    let future: Resource<FutureIncomingResponse> = guest.handle(request, None).unwrap();
    while server.accepted.load(Ordering::Relaxed) == 0 {
        std::thread::yield_now();
    }
    guest.store.data_mut().table.delete(future).map(drop).unwrap();
    let waited =
        guest.runtime.block_on(async { tokio::time::timeout(Duration::from_secs(60), has_ended.recv()).await });
    assert_eq!(waited, Ok(Some(())));
}
