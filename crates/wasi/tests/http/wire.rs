//! What goes over the wire in HTTP/1.1 for what a guest asks, and what a guest is given of what came.

use super::guest::HttpGuest;
use super::server::Server;
use gusset::Resource;
use gusset_wasi::http::{
    Fields, FutureTrailers, HttpErrorCode, HttpMethod, HttpScheme, IncomingBody, IncomingResponse, OutgoingResponse,
};
use gusset_wasi::p2::IoPollable;
use tokio::sync::mpsc::UnboundedReceiver;

const HEAD: &[u8] = b"\r\n\r\n";
const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

/// What the server was asked, a line each.
fn lines(guest: &HttpGuest, heard: &mut UnboundedReceiver<Vec<u8>>) -> Vec<String> {
    let heard = String::from_utf8(guest.runtime.block_on(heard.recv()).unwrap()).unwrap();
    heard.split("\r\n").map(str::to_owned).collect()
}

fn status(guest: &mut HttpGuest, response: &Resource<IncomingResponse>) -> u16 {
    guest.method("incoming-response.status", (response,))
}

fn trailers(
    guest: &mut HttpGuest,
    body: Resource<IncomingBody>,
) -> Result<Option<Vec<(String, String)>>, HttpErrorCode> {
    let future: Resource<FutureTrailers> = guest.call("types#[static]incoming-body.finish", (body,));
    let pollable: Resource<IoPollable> = guest.method("future-trailers.subscribe", (&future,));
    guest.block(pollable);
    type Got = Option<Result<Result<Option<Resource<Fields>>, HttpErrorCode>, ()>>;
    let got: Got = guest.method("future-trailers.get", (&future,));
    Ok(got.unwrap().unwrap()?.map(|trailers| guest.entries(trailers)))
}

#[test]
fn a_server_is_named_as_it_was_asked_for() {
    let mut guest = HttpGuest::new();
    for (method, path, line) in [
        (HttpMethod::Get, None, "GET / HTTP/1.1"),
        (HttpMethod::Get, Some(""), "GET / HTTP/1.1"),
        (HttpMethod::Get, Some("?q=1"), "GET /?q=1 HTTP/1.1"),
        (HttpMethod::Delete, Some("/a/../b?c=d&e"), "DELETE /a/../b?c=d&e HTTP/1.1"),
        (HttpMethod::Options, Some("*"), "OPTIONS * HTTP/1.1"),
        (HttpMethod::Other("PURGE".to_owned()), Some("/a"), "PURGE /a HTTP/1.1"),
    ] {
        let (server, mut heard) = Server::hearing(&guest.runtime, HEAD, OK);
        let request = guest.request(method, HttpScheme::Http, &server.authority(), "/", &[("x-a", "1")]);
        let set: Result<(), ()> = guest.method("outgoing-request.set-path-with-query", (&request, path));
        set.unwrap();
        guest.ask(request).unwrap();
        let lines = lines(&guest, &mut heard);
        assert_eq!(lines[0], line);
        let host = format!("host: {}", server.authority());
        let mut fields = lines[1..].to_vec();
        fields.sort();
        assert_eq!(fields, ["", "", &host, "x-a: 1"], "nothing else is said for it");
    }
}

/// Where it is not known when the request begins, how long that is.
#[test]
fn a_body_is_as_long_as_is_said_or_comes_in_chunks() {
    let mut guest = HttpGuest::new();
    for (fields, end, said, body) in [
        (&[("content-length", "5")] as &[(&str, &str)], b"hello".as_slice(), "content-length: 5", "hello"),
        (&[], b"hello\r\n", "transfer-encoding: chunked", "5\r\nhello\r\n"),
    ] {
        let (server, mut heard) = Server::hearing(&guest.runtime, end, OK);
        let request = guest.request(HttpMethod::Post, HttpScheme::Http, &server.authority(), "/", fields);
        let (sent, stream) = guest.body_for(&request);
        let future = guest.handle(request, None).unwrap();
        guest.write(&stream, b"hello").unwrap();
        let heard = guest.runtime.block_on(heard.recv()).unwrap();
        guest.finish(sent, stream, None).unwrap();
        guest.response(&future).unwrap();
        let heard = String::from_utf8(heard).unwrap();
        let (head, sent) = heard.split_once("\r\n\r\n").unwrap();
        assert_eq!((head.contains(said), sent), (true, body), "{heard}");
        assert_eq!(head.contains("content-length"), !head.contains("transfer-encoding"), "{heard}");
    }
}

/// Those that are announced: HTTP/1.1 has it so.
#[test]
fn trailers_go_both_ways() {
    let mut guest = HttpGuest::new();
    let answer =
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-end\r\n\r\n2\r\nhi\r\n0\r\nx-end: 1\r\n\r\n";
    let (server, mut heard) = Server::hearing(&guest.runtime, b"x-sum: 5\r\n\r\n", answer);
    let request = guest.request(HttpMethod::Post, HttpScheme::Http, &server.authority(), "/", &[("trailer", "x-sum")]);
    let (sent, stream) = guest.body_for(&request);
    let future = guest.handle(request, None).unwrap();
    guest.write(&stream, b"hello").unwrap();
    let fields = guest.fields(&[("x-sum", "5")]);
    guest.finish(sent, stream, Some(fields)).unwrap();
    let response = guest.response(&future).unwrap();
    let heard = String::from_utf8(guest.runtime.block_on(heard.recv()).unwrap()).unwrap();
    assert!(heard.ends_with("5\r\nhello\r\n0\r\nx-sum: 5\r\n\r\n"), "{heard}");
    let (body, stream) = guest.body_of(&response);
    assert_eq!(guest.read_all(&stream), (b"hi".to_vec(), None));
    guest.store.data_mut().table.delete(stream).map(drop).unwrap();
    assert_eq!(trailers(&mut guest, body), Ok(Some(vec![("x-end".into(), "1".into())])));
}

/// What is not as long as was said is never taken for whole by the server, and the request is told the same as the body.
#[test]
fn a_body_of_another_length_is_broken_off() {
    type Sent = Result<(), HttpErrorCode>;
    type Write = fn(&mut HttpGuest, &Resource<gusset_wasi::p2::OutputStream>);
    let short: Write = |guest, stream| guest.write(stream, b"123").unwrap();
    let long: Write = |guest, stream| {
        // All at once: who has the five that were announced may take them for whole.
        let told = guest.write(stream, b"123456");
        assert_eq!(told, Err(Some(HttpErrorCode::HttpRequestBodySize(Some(6)))));
    };
    let none: Write = |_, _| ();
    for (write, finished, told) in [
        (short, Err(HttpErrorCode::HttpRequestBodySize(Some(3))), HttpErrorCode::HttpRequestBodySize(Some(3))),
        (long, Err(HttpErrorCode::HttpRequestBodySize(Some(6))), HttpErrorCode::HttpRequestBodySize(Some(6))),
        (none, Err(HttpErrorCode::HttpRequestBodySize(Some(0))), HttpErrorCode::HttpRequestBodySize(Some(0))),
    ] as [(Write, Sent, HttpErrorCode); 3]
    {
        let mut guest = HttpGuest::new();
        let (server, mut heard) = Server::hearing(&guest.runtime, b"nothing ends so", OK);
        let request =
            guest.request(HttpMethod::Post, HttpScheme::Http, &server.authority(), "/", &[("content-length", "5")]);
        let (sent, stream) = guest.body_for(&request);
        let future = guest.handle(request, None).unwrap();
        write(&mut guest, &stream);
        assert_eq!(guest.finish(sent, stream, None), finished);
        let heard = guest.runtime.block_on(heard.recv()).unwrap();
        assert!(!heard.ends_with(b"123456"), "{}", heard.escape_ascii());
        assert_eq!(guest.response(&future).unwrap_err(), told);
    }
}

#[test]
fn a_body_that_is_left_breaks_its_request_off() {
    let mut guest = HttpGuest::new();
    let (server, mut heard) = Server::hearing(&guest.runtime, b"nothing ends so", OK);
    let request = guest.request(HttpMethod::Post, HttpScheme::Http, &server.authority(), "/", &[]);
    let (sent, stream) = guest.body_for(&request);
    let future = guest.handle(request, None).unwrap();
    guest.write(&stream, b"some").unwrap();
    guest.store.data_mut().table.delete(stream).map(drop).unwrap();
    guest.store.data_mut().table.delete(sent).map(drop).unwrap();
    let heard = guest.runtime.block_on(heard.recv()).unwrap();
    assert!(!heard.ends_with(b"0\r\n\r\n"), "{}", heard.escape_ascii());
    let error = guest.response(&future).unwrap_err();
    assert!(matches!(error, HttpErrorCode::InternalError(Some(_))), "{error}");
}

#[test]
fn what_has_no_body_has_none() {
    let mut guest = HttpGuest::new();
    for (method, said, code) in [
        (HttpMethod::Head, b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n".as_slice(), 200),
        (HttpMethod::Head, b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", 200),
        (HttpMethod::Get, b"HTTP/1.1 204 No Content\r\n\r\n", 204),
        (HttpMethod::Get, b"HTTP/1.1 304 Not Modified\r\ncontent-length: 7\r\n\r\n", 304),
        (HttpMethod::Get, OK, 200),
    ] {
        let server = Server::saying(&guest.runtime, said);
        let request = guest.request(method, HttpScheme::Http, &server.authority(), "/", &[]);
        let response = guest.ask(request).unwrap();
        assert_eq!(status(&mut guest, &response), code);
        let (body, stream) = guest.body_of(&response);
        assert_eq!(guest.read_all(&stream), (Vec::new(), None), "{}", said.escape_ascii());
        guest.store.data_mut().table.delete(stream).map(drop).unwrap();
        assert_eq!(trailers(&mut guest, body), Ok(None));
    }
}

/// What comes before the response proper is no response; another protocol than HTTP is none that a guest can speak.
#[test]
fn a_response_is_the_final_one() {
    let mut guest = HttpGuest::new();
    let said = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";
    let (server, mut heard) = Server::hearing(&guest.runtime, b"hello", said);
    let fields = [("expect", "100-continue"), ("content-length", "5")];
    let request = guest.request(HttpMethod::Post, HttpScheme::Http, &server.authority(), "/", &fields);
    let (sent, stream) = guest.body_for(&request);
    let future = guest.handle(request, None).unwrap();
    guest.write(&stream, b"hello").unwrap();
    guest.finish(sent, stream, None).unwrap();
    let response = guest.response(&future).unwrap();
    assert_eq!(status(&mut guest, &response), 200);
    let headers: Resource<Fields> = guest.method("incoming-response.headers", (&response,));
    assert_eq!(guest.entries(headers), [("content-length".into(), "2".into())]);
    let (_, stream) = guest.body_of(&response);
    assert_eq!(guest.read_all(&stream), (b"hi".to_vec(), None));
    assert!(lines(&guest, &mut heard).contains(&"expect: 100-continue".to_owned()), "a guest's own affair");

    let said = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n";
    let server = Server::saying(&guest.runtime, said);
    let request = guest.get(&server.authority(), "/");
    assert_eq!(guest.ask(request).unwrap_err(), HttpErrorCode::HttpUpgradeFailed);
}

/// A response to `HEAD` says how long the body would be.
#[test]
fn a_service_answers_head_with_the_length_of_what_it_does_not_send() {
    use hyper::service::service_fn;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    for (method, is_whole) in [("HEAD", true), ("GET", false)] {
        let mut guest = HttpGuest::new();
        let headers = guest.fields(&[("content-length", "5")]);
        let response: Resource<OutgoingResponse> = guest.call("types#[constructor]outgoing-response", (headers,));
        let response = super::bodies::set(&mut guest, Ok(response)).unwrap();
        let response = std::sync::Mutex::new(Some(response));
        let (mut client, server) = tokio::io::duplex(4096);
        let heard = guest.runtime.block_on(async {
            let answer = service_fn(move |_| {
                let response = response.lock().unwrap().take().expect("it is asked once");
                async { Ok::<_, std::convert::Infallible>(response) }
            });
            let server = hyper_util::rt::TokioIo::new(server);
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(server, answer));
            let head = format!("{method} / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
            client.write_all(head.as_bytes()).await.unwrap();
            let mut heard = String::new();
            client.read_to_string(&mut heard).await.map(|_| heard)
        });
        let heard = heard.unwrap();
        assert_eq!(heard.contains("content-length: 5\r\n"), is_whole, "{method}: {heard}");
    }
}
