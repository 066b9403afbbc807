//! Servers that mean ill in HTTP/2: frames by hand, over TLS.

use super::guest::HttpGuest;
use super::hostile::config;
use super::server::Server;
use super::tls::{ask, authority, server_config};
use gusset_wasi::Network;
use gusset_wasi::http::HttpErrorCode;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
const PUSH_PROMISE: u8 = 5;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

pub(crate) const END_HEADERS: u8 = 4;

/// `:status: 200`, as HPACK has it.
pub(crate) const STATUS_200: &[u8] = b"\x88";

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A field that is not indexed.
fn field(name: &str, value: &str) -> Vec<u8> {
    [&[0, name.len() as u8], name.as_bytes(), &[value.len() as u8], value.as_bytes()].concat()
}

/// What becomes of a request to a server that says first these and then those frames, again and again if there are any. The request has stream 1.
fn outcome(first: &[Vec<u8>], then: &[u8]) -> Result<Vec<u8>, HttpErrorCode> {
    let issuer = authority();
    let config = config().root_certificates([issuer.der().to_vec()]).unwrap();
    let mut guest = HttpGuest::of(Network::all(), &config);
    let acceptor = TlsAcceptor::from(Arc::new(server_config("localhost", &issuer, &[b"h2"])));
    let (first, then) = ([&frame(SETTINGS, 0, 0, b""), &*first.concat()].concat(), then.to_vec());
    let server = Server::start(&guest.runtime, move |stream| {
        let (acceptor, first, then) = (acceptor.clone(), first.clone(), then.clone());
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            // Until the request is there: the preface, settings and a frame of headers.
            let (mut asked, mut count) = (Vec::new(), 0);
            while count < 2 {
                if stream.read_buf(&mut asked).await.unwrap_or(0) == 0 {
                    return;
                }
                count = frames_of_kind(asked.get(24..).unwrap_or_default(), HEADERS) * 2;
            }
            let _ = stream.write_all(&first).await;
            let _ = stream.flush().await;
            if then.is_empty() {
                while stream.read(&mut [0; 4096]).await.is_ok_and(|count| count > 0) {}
                return;
            }
            let (mut reads, mut writes) = tokio::io::split(stream);
            // What is answered is read, so that nobody waits for that.
            let reader =
                tokio::spawn(async move { while reads.read(&mut [0; 4096]).await.is_ok_and(|count| count > 0) {} });
            while writes.write_all(&then).await.is_ok() {}
            reader.abort();
        }
    });
    let response = ask(&mut guest, &server, "localhost")?;
    let (_, stream) = guest.body_of(&response);
    match guest.read_all(&stream) {
        (bytes, None) => Ok(bytes),
        (_, Some(error)) => Err(error),
    }
}

pub(crate) fn frames_of_kind(mut bytes: &[u8], kind: u8) -> usize {
    let mut count = 0;
    while let Some((head, rest)) = bytes.split_first_chunk::<9>() {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        count += usize::from(head[3] == kind);
        let Some(left) = rest.get(length..) else { break };
        bytes = left;
    }
    count
}

#[test]
fn frames_are_what_a_guest_is_told() {
    let answer = [frame(HEADERS, END_HEADERS, 1, STATUS_200), frame(DATA, 1, 1, b"hello")];
    assert_eq!(outcome(&answer, b""), Ok(b"hello".to_vec()));
}

#[test]
fn a_stream_or_connection_that_is_ended_is_told() {
    let head = || frame(HEADERS, END_HEADERS, 1, STATUS_200);
    for (name, frames) in [
        ("reset", vec![frame(RST_STREAM, 0, 1, &2_u32.to_be_bytes())]),
        ("reset without an error", vec![frame(RST_STREAM, 0, 1, &0_u32.to_be_bytes())]),
        ("reset in a body", vec![head(), frame(DATA, 0, 1, b"some"), frame(RST_STREAM, 0, 1, &8_u32.to_be_bytes())]),
        ("going away", vec![frame(GOAWAY, 0, 0, &[0, 0, 0, 0, 0, 0, 0, 11])]),
        ("trailers that are none", vec![head(), frame(HEADERS, END_HEADERS, 1, STATUS_200)]),
        ("no status", vec![frame(HEADERS, END_HEADERS, 1, &field("x-a", "1"))]),
        ("upper case", vec![frame(HEADERS, END_HEADERS, 1, &[STATUS_200, &field("X-A", "1")].concat())]),
        ("no compression", vec![frame(HEADERS, END_HEADERS, 1, b"\xff\xff\xff\xff\xff\xff\xff")]),
        ("no frame", vec![b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()]),
        ("a frame that is too long", vec![vec![0xff, 0xff, 0xff, DATA, 0, 0, 0, 0, 1]]),
        ("a stream that nobody began", vec![frame(DATA, 0, 9, b"some")]),
        ("a push", vec![frame(PUSH_PROMISE, END_HEADERS, 1, &[&2_u32.to_be_bytes(), STATUS_200].concat())]),
        ("a window that is too wide", vec![frame(WINDOW_UPDATE, 0, 0, &0x7fff_ffff_u32.to_be_bytes())]),
    ] {
        let error = outcome(&frames, b"").expect_err(name);
        let is_told = matches!(error, HttpErrorCode::HttpProtocolError | HttpErrorCode::ConnectionTerminated);
        assert!(is_told, "{name}: {error}");
    }
}

/// More fields than are allowed, in one frame or in ever more.
#[test]
fn heads_have_an_end() {
    let fields: Vec<u8> = (0..200).flat_map(|_| field("x-a", &"a".repeat(100))).collect();
    let head = [STATUS_200, &fields[..10_000]].concat();
    let all = [frame(HEADERS, 0, 1, &head), frame(CONTINUATION, END_HEADERS, 1, &fields[10_000..])];
    outcome(&all, b"").expect_err("there are too many");
    let begun = [frame(HEADERS, 0, 1, STATUS_200)];
    outcome(&begun, &frame(CONTINUATION, 0, 1, &field("x-a", "1"))).expect_err("there is no end");
    outcome(&begun, &frame(CONTINUATION, 0, 1, b"")).expect_err("nothing comes of it");
}

/// Whatever comes again and again is no response, and keeps nobody longer than is waited for one.
#[test]
fn floods_are_no_response() {
    for (name, then) in [
        ("pings", frame(PING, 0, 0, b"01234567")),
        ("settings", frame(SETTINGS, 0, 0, b"")),
        ("windows", frame(WINDOW_UPDATE, 0, 0, &1_u32.to_be_bytes())),
        ("resets of what is not there", frame(RST_STREAM, 0, 1, &8_u32.to_be_bytes())),
        ("frames that nobody knows", frame(0xee, 0, 0, &[0; 1000])),
        ("heads before the head", frame(HEADERS, END_HEADERS, 1, b"\x08\x03103")),
    ] {
        outcome(&[], &then).expect_err(name);
    }
}

/// A part of a body that is empty is no part.
#[test]
fn bodies_have_an_end() {
    let head = [frame(HEADERS, END_HEADERS, 1, STATUS_200)];
    let error = outcome(&head, &frame(DATA, 0, 1, b"")).unwrap_err();
    let is_told = matches!(error, HttpErrorCode::ConnectionReadTimeout | HttpErrorCode::HttpProtocolError);
    assert!(is_told, "{error}");
    let told = outcome(&head, &frame(DATA, 0, 1, &[7; 1000]));
    assert_eq!(told, Err(HttpErrorCode::HttpResponseBodySize(Some(16 << 10))));
}
