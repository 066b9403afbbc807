//! How long a connection by HTTP/2 lasts: as its server sees it.

use super::guest::HttpGuest;
use super::hostile_frames::{END_HEADERS, HEADERS, SETTINGS, STATUS_200, frame, frames_of_kind};
use super::server::Server;
use super::tls::{authority, guest_of, server_config};
use gusset::Resource;
use gusset_wasi::http::{FutureIncomingResponse, HttpMethod, HttpScheme, OutgoingBody};
use gusset_wasi::p2::OutputStream;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_rustls::TlsAcceptor;

const END_STREAM: u8 = 1;

/// A request on its way, whose body could go on.
struct BegunRequest {
    guest: HttpGuest,
    future: Resource<FutureIncomingResponse>,
    body: Resource<OutgoingBody>,
    sent: Resource<OutputStream>,
    /// What its server hears: an empty part is the connection's end.
    heard: UnboundedReceiver<Vec<u8>>,
}

/// To a server that answers so, once it is asked.
fn begin(answer: &[u8]) -> BegunRequest {
    let issuer = authority();
    let mut guest = guest_of(&issuer);
    let acceptor = TlsAcceptor::from(Arc::new(server_config("localhost", &issuer, &[b"h2"])));
    let said = [&frame(SETTINGS, 0, 0, b""), answer].concat();
    let (hears, heard) = unbounded_channel();
    let server = Server::start(&guest.runtime, move |stream| {
        let (acceptor, said, hears) = (acceptor.clone(), said.clone(), hears.clone());
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            let mut asked = Vec::<u8>::new();
            // After the preface.
            while frames_of_kind(asked.get(24..).unwrap_or_default(), HEADERS) == 0 {
                if stream.read_buf(&mut asked).await.unwrap_or(0) == 0 {
                    return;
                }
            }
            let _ = hears.send(asked);
            let _ = stream.write_all(&said).await;
            let _ = stream.flush().await;
            let mut part = [0; 4096];
            while let Ok(count @ 1..) = stream.read(&mut part).await {
                let _ = hears.send(part[..count].to_vec());
            }
            let _ = hears.send(Vec::new());
        }
    });
    let authority = format!("localhost:{}", server.port);
    let request = guest.request(HttpMethod::Post, HttpScheme::Https, &authority, "/", &[]);
    let (body, sent) = guest.body_for(&request);
    let future = guest.handle(request, None).unwrap();
    BegunRequest { guest, future, body, sent, heard }
}

/// Waits until the server has heard this; without it, until its connection has ended.
fn wait_for(guest: &HttpGuest, heard: &mut UnboundedReceiver<Vec<u8>>, text: Option<&[u8]>) {
    let hearing = async {
        let mut all = Vec::<u8>::new();
        loop {
            let part = heard.recv().await.expect("the server is there");
            if part.is_empty() {
                assert_eq!(text, None, "the connection has ended");
                return;
            }
            all.extend(part);
            if text.is_some_and(|text| all.windows(text.len()).any(|part| part == text)) {
                return;
            }
        }
    };
    let waited = guest.runtime.block_on(async { tokio::time::timeout(Duration::from_secs(60), hearing).await });
    waited.expect("the server does not hear it");
}

#[test]
fn a_request_by_http_2_that_is_dropped_ends_its_connection() {
    let BegunRequest { mut guest, future, mut heard, .. } = begin(b"");
    wait_for(&guest, &mut heard, Some(b"PRI * HTTP/2.0"));
    guest.store.data_mut().table.delete(future).map(drop).unwrap();
    wait_for(&guest, &mut heard, None);
}

#[test]
fn a_response_by_http_2_that_is_dropped_ends_its_connection() {
    let answer = frame(HEADERS, END_HEADERS, 1, STATUS_200);
    let BegunRequest { mut guest, future, sent, mut heard, .. } = begin(&answer);
    let response = guest.response(&future).unwrap();
    guest.write(&sent, b"early").unwrap();
    wait_for(&guest, &mut heard, Some(b"early"));
    guest.store.data_mut().table.delete(response).map(drop).unwrap();
    wait_for(&guest, &mut heard, None);
}

#[test]
fn a_request_by_http_2_goes_on_after_its_response() {
    let answer = frame(HEADERS, END_HEADERS | END_STREAM, 1, STATUS_200);
    let BegunRequest { mut guest, future, body, sent, mut heard } = begin(&answer);
    let response = guest.response(&future).unwrap();
    let (_, received) = guest.body_of(&response);
    assert_eq!(guest.read_all(&received), (Vec::new(), None));
    guest.write(&sent, b"late").unwrap();
    wait_for(&guest, &mut heard, Some(b"late"));
    guest.finish(body, sent, None).unwrap();
}
