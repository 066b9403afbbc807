//! Servers that mean ill, in plain text: a guest is told an error, within the time and the memory that its host allows.

use super::guest::HttpGuest;
use super::server::Server;
use gusset::Resource;
use gusset_wasi::Network;
use gusset_wasi::http::{Fields, HttpConfig, HttpErrorCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// One who waits a quarter of a second for whatever, and is given 16 KiB of fields, and as much of a body.
pub(crate) fn config() -> HttpConfig {
    let short = Duration::from_millis(250);
    let config = HttpConfig::new().unwrap().first_byte_timeout(short).between_bytes_timeout(short);
    config.max_fields_size(16 << 10).max_body_size(16 << 10)
}

fn guest() -> HttpGuest {
    HttpGuest::of(Network::all(), &config())
}

/// What becomes of a request for `/` and its response.
pub(crate) fn outcome(guest: &mut HttpGuest, server: &Server) -> Result<Vec<u8>, HttpErrorCode> {
    let request = guest.get(&server.authority(), "/");
    let response = guest.ask(request)?;
    let (_, stream) = guest.body_of(&response);
    match guest.read_all(&stream) {
        (bytes, None) => Ok(bytes),
        (_, Some(error)) => Err(error),
    }
}

#[test]
fn heads_without_an_end_are_too_large() {
    let too_large = Err(HttpErrorCode::HttpResponseHeaderSectionSize(None));
    for (first, then, told) in [
        // Many fields, one long one, a long name, a long status.
        (b"HTTP/1.1 200 OK\r\n".as_slice(), b"x-a: 1\r\n".as_slice(), too_large.clone()),
        (b"HTTP/1.1 200 OK\r\nx-a: ", b"aaaaaaaaaaaaaaaa", too_large.clone()),
        (b"HTTP/1.1 200 OK\r\n", b"aaaaaaaaaaaaaaaa", too_large.clone()),
        (b"HTTP/1.1 200 ", b"aaaaaaaaaaaaaaaa", too_large),
        // Heads before the head: each has an end.
        (b"", b"HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n", Err(HttpErrorCode::ConnectionReadTimeout)),
    ] {
        let mut guest = guest();
        let server = Server::repeating(&guest.runtime, first, then);
        assert_eq!(outcome(&mut guest, &server), told, "{} {}", first.escape_ascii(), then.escape_ascii());
    }
}

/// Each part comes in time, and the whole never does.
#[test]
fn a_head_that_comes_slowly_is_waited_for_as_long_as_any() {
    let mut guest = guest();
    let server = Server::start(&guest.runtime, |mut stream| async move {
        use tokio::io::AsyncWriteExt;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nx-a: ").await;
        while stream.write_all(b"a").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    assert_eq!(outcome(&mut guest, &server), Err(HttpErrorCode::ConnectionReadTimeout));
}

#[test]
fn bodies_without_an_end_are_too_long() {
    let too_long = Err(HttpErrorCode::HttpResponseBodySize(Some(16 << 10)));
    for (first, then, told) in [
        (b"HTTP/1.1 200 OK\r\n\r\n".as_slice(), [b'a'; 4096].as_slice(), &too_long),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9223372036854775807\r\n\r\n", &[b'a'; 4096], &too_long),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"1\r\na\r\n", &too_long),
        // What belongs to no part of it: extensions of a chunk, leading zeroes, trailers.
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;",
            b"aaaaaaaaaaaaaaaa",
            &Err(HttpErrorCode::HttpProtocolError),
        ),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n",
            b"x-a: 1\r\n",
            &Err(HttpErrorCode::HttpProtocolError),
        ),
    ] {
        let mut guest = guest();
        let then: &'static [u8] = then.to_vec().leak();
        let server = Server::repeating(&guest.runtime, first, then);
        assert_eq!(&outcome(&mut guest, &server), told, "{}", first.escape_ascii());
    }
}

/// However fast it comes.
#[test]
fn what_a_guest_does_not_read_is_not_taken() {
    let mut guest = HttpGuest::new();
    let written = Arc::new(AtomicUsize::new(0));
    let count = written.clone();
    let server = Server::start(&guest.runtime, move |mut stream| {
        let count = count.clone();
        async move {
            use tokio::io::AsyncWriteExt;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
            while stream.write_all(&[7; 16 << 10]).await.is_ok() {
                count.fetch_add(16 << 10, Ordering::Relaxed);
            }
        }
    });
    let request = guest.get(&server.authority(), "/");
    let response = guest.ask(request).unwrap();
    let (_, stream) = guest.body_of(&response);
    guest.read(&stream).unwrap();
    let mut before = usize::MAX;
    while before != written.load(Ordering::Relaxed) {
        before = written.load(Ordering::Relaxed);
        assert!(before < 64 << 20, "nobody holds it up");
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn what_is_no_head_is_told() {
    let told = |said: &[u8]| {
        let mut guest = guest();
        let server = Server::saying(&guest.runtime, said.to_vec().leak());
        outcome(&mut guest, &server)
    };
    for said in [
        b"garbage\r\n\r\n".as_slice(),
        b"\x16\x03\x01\x02\x00",
        b"\0\0\0\0\0\0\0\0",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 099 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nname with spaces: 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx-a: a\0b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx-\xff: 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n: 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n12345",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n12345",
    ] {
        assert_eq!(told(said), Err(HttpErrorCode::HttpProtocolError), "{}", said.escape_ascii());
    }
    for chunks in [b"zz\r\n".as_slice(), b"-1\r\n", b"11111111111111111\r\n", b"1\r\nab\r\n", b"0\r\nno colon\r\n\r\n"]
    {
        let said = [b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", chunks].concat();
        assert_eq!(told(&said), Err(HttpErrorCode::HttpProtocolError), "{}", chunks.escape_ascii());
    }
}

/// Values are bytes: a guest is given those that are no text as they are, and they get no further than a field.
#[test]
fn values_that_are_no_text_are_bytes() {
    let mut guest = guest();
    let said = b"HTTP/1.1 200 OK\r\nx-a: \xff\xfe\xc3\r\nx-b: a\tb\r\ncontent-length: 0\r\n\r\n";
    let server = Server::saying(&guest.runtime, said);
    let request = guest.get(&server.authority(), "/");
    let response = guest.ask(request).unwrap();
    let headers: Resource<Fields> = guest.method("incoming-response.headers", (&response,));
    let values: Vec<Vec<u8>> = guest.method("fields.get", (&headers, "x-a"));
    assert_eq!(values, [b"\xff\xfe\xc3"]);
    let values: Vec<Vec<u8>> = guest.method("fields.get", (&headers, "x-b"));
    assert_eq!(values, [b"a\tb"]);
}
