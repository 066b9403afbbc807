//! Bodies, between a guest and whoever has the other end: how they end, and who waits for whom.

use super::guest::{HttpGuest, StreamEnding};
use bytes::Bytes;
use gusset::Resource;
use gusset_wasi::Network;
use gusset_wasi::http::{
    DnsErrorPayload, Fields, FutureTrailers, HttpConfig, HttpErrorCode, HttpScheme, IncomingBody, IncomingRequest,
    OutgoingBody, OutgoingHttpBody, OutgoingResponse, ResponseOutparam, WasiHttpView,
};
use gusset_wasi::p2::{InputStream, IoPollable, OutputStream};
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::{mpsc, oneshot};

pub(crate) type Sent = Result<Response<OutgoingHttpBody>, HttpErrorCode>;

/// A body whose sender the test has.
struct Fed(mpsc::Receiver<Result<Frame<Bytes>, HttpErrorCode>>);

impl Body for Fed {
    type Data = Bytes;
    type Error = HttpErrorCode;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpErrorCode>>> {
        self.0.poll_recv(task)
    }
}

type Feeder = mpsc::Sender<Result<Frame<Bytes>, HttpErrorCode>>;

fn data(bytes: &'static [u8]) -> Result<Frame<Bytes>, HttpErrorCode> {
    Ok(Frame::data(Bytes::from_static(bytes)))
}

/// The body of a request that the guest is sent.
fn incoming(guest: &mut HttpGuest) -> (Feeder, Resource<IncomingBody>, Resource<InputStream>) {
    let (feeder, fed) = mpsc::channel(4);
    let request: Resource<IncomingRequest> =
        guest.store.data_mut().http().new_incoming_request(HttpScheme::Http, Request::new(Fed(fed))).unwrap();
    let body: Result<Resource<IncomingBody>, ()> = guest.method("incoming-request.consume", (&request,));
    let body = body.unwrap();
    let stream: Result<Resource<InputStream>, ()> = guest.method("incoming-body.stream", (&body,));
    assert!(guest.method::<_, Result<Resource<InputStream>, ()>>("incoming-body.stream", (&body,)).is_err());
    (feeder, body, stream.unwrap())
}

/// The body of a response that the guest sends.
fn outgoing(
    guest: &mut HttpGuest,
    headers: &[(&str, &str)],
) -> (Response<OutgoingHttpBody>, Resource<OutgoingBody>, Resource<OutputStream>) {
    let headers = guest.fields(headers);
    let response: Resource<OutgoingResponse> = guest.call("types#[constructor]outgoing-response", (headers,));
    let body: Result<Resource<OutgoingBody>, ()> = guest.method("outgoing-response.body", (&response,));
    let body = body.unwrap();
    let stream: Result<Resource<OutputStream>, ()> = guest.method("outgoing-body.write", (&body,));
    assert!(guest.method::<_, Result<Resource<OutputStream>, ()>>("outgoing-body.write", (&body,)).is_err());
    (set(guest, Ok(response)).unwrap(), body, stream.unwrap())
}

pub(crate) fn set(guest: &mut HttpGuest, response: Result<Resource<OutgoingResponse>, HttpErrorCode>) -> Sent {
    let (sender, mut receiver) = oneshot::channel();
    let outparam: Resource<ResponseOutparam> = guest.store.data_mut().http().new_response_outparam(sender).unwrap();
    guest.try_call::<_, ()>("types#[static]response-outparam.set", (outparam, response)).unwrap();
    receiver.try_recv().expect("it was set")
}

fn trailers_of(
    guest: &mut HttpGuest,
    body: Resource<IncomingBody>,
) -> Result<Option<Vec<(String, String)>>, HttpErrorCode> {
    let future: Resource<FutureTrailers> = guest.call("types#[static]incoming-body.finish", (body,));
    let pollable: Resource<IoPollable> = guest.method("future-trailers.subscribe", (&future,));
    guest.block(pollable);
    type Got = Option<Result<Result<Option<Resource<Fields>>, HttpErrorCode>, ()>>;
    let got: Got = guest.method("future-trailers.get", (&future,));
    let again: Got = guest.method("future-trailers.get", (&future,));
    assert!(matches!(again, Some(Err(()))));
    let trailers = got.expect("they are there").expect("nobody has taken them")?;
    Ok(trailers.map(|trailers| guest.entries(trailers)))
}

fn trailer(name: &'static str, value: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(http::HeaderName::from_static(name), HeaderValue::from_static(value))])
}

#[test]
fn what_comes_is_read_and_then_its_trailers() {
    let mut guest = HttpGuest::new();
    let (feeder, body, stream) = incoming(&mut guest);
    let empty: Result<Vec<u8>, StreamEnding> = guest.call("streams#[method]input-stream.read", (&stream, 9_u64));
    assert_eq!(empty.unwrap(), b"");
    feeder.try_send(data(b"one ")).unwrap();
    assert_eq!(guest.read(&stream), Ok(b"one ".to_vec()));
    guest.runtime.spawn(async move {
        for frame in [data(b""), data(b"two "), data(b"three"), Ok(Frame::trailers(trailer("x-sum", "6")))] {
            feeder.send(frame).await.unwrap();
        }
    });
    assert_eq!(guest.read_all(&stream), (b"two three".to_vec(), None));
    guest.store.data_mut().table.delete(stream).map(drop).unwrap();
    assert_eq!(trailers_of(&mut guest, body), Ok(Some(vec![("x-sum".into(), "6".into())])));
}

#[test]
fn what_nobody_reads_is_forgotten() {
    let mut guest = HttpGuest::new();
    let (feeder, body, stream) = incoming(&mut guest);
    guest.store.data_mut().table.delete(stream).map(drop).unwrap();
    guest.runtime.spawn(async move {
        for _ in 0..1000 {
            feeder.send(data(b"unread")).await.unwrap();
        }
    });
    assert_eq!(trailers_of(&mut guest, body), Ok(None));
}

#[test]
fn a_failure_is_told_where_it_is_met() {
    let mut guest = HttpGuest::new();
    let (feeder, body, stream) = incoming(&mut guest);
    feeder.try_send(data(b"one")).unwrap();
    feeder.try_send(Err(HttpErrorCode::HttpProtocolError)).unwrap();
    assert_eq!(guest.read_all(&stream), (b"one".to_vec(), Some(HttpErrorCode::HttpProtocolError)));
    assert_eq!(guest.read(&stream), Err(None), "it is told once");
    guest.store.data_mut().table.delete(stream).map(drop).unwrap();
    assert_eq!(trailers_of(&mut guest, body), Err(HttpErrorCode::HttpProtocolError));
}

/// Whatever it is, with all that it says: by each function that reads.
#[test]
fn what_a_body_fails_with_is_what_its_stream_tells() {
    let dns = DnsErrorPayload { rcode: Some("SERVFAIL".to_owned()), info_code: Some(2) };
    for error in [
        HttpErrorCode::ConnectionReadTimeout,
        HttpErrorCode::HttpRequestTrailerSectionSize(Some(9)),
        HttpErrorCode::DnsError(dns),
        HttpErrorCode::HttpResponseTransferCoding(Some("gzip".to_owned())),
        HttpErrorCode::InternalError(Some("told by a test".to_owned())),
    ] {
        for function in ["read", "blocking-read", "skip", "blocking-skip"] {
            let mut guest = HttpGuest::new();
            let (feeder, _body, stream) = incoming(&mut guest);
            feeder.try_send(Err(error.clone())).unwrap();
            let function = format!("streams#[method]input-stream.{function}");
            let end = if function.ends_with("read") {
                guest.call::<_, Result<Vec<u8>, StreamEnding>>(&function, (&stream, 9_u64)).unwrap_err()
            } else {
                guest.call::<_, Result<u64, StreamEnding>>(&function, (&stream, 9_u64)).unwrap_err()
            };
            let StreamEnding::LastOperationFailed(told) = &end else { panic!("{function}: {end:?}") };
            let text: String = guest.call("error#[method]error.to-debug-string", (told,));
            assert!(text.ends_with(&error.to_string()), "{text}");
            assert_eq!(guest.code(end), Some(error.clone()), "{function}");
        }
    }
}

/// A body that is spliced fails as one that is read; what is wrong with where it goes is told as such.
#[test]
fn a_body_that_is_spliced_tells_whose_failure_it_is() {
    type Spliced = Result<u64, StreamEnding>;
    const SPLICE: &str = "streams#[method]output-stream.blocking-splice";
    let mut guest = HttpGuest::new();
    let (feeder, _body, input) = incoming(&mut guest);
    let (_response, _sent, output) = outgoing(&mut guest, &[("content-length", "3")]);
    feeder.try_send(data(b"one")).unwrap();
    assert_eq!(guest.call::<_, Spliced>(SPLICE, (&output, &input, 9_u64)).unwrap(), 3);
    feeder.try_send(Err(HttpErrorCode::HttpResponseBodySize(Some(7)))).unwrap();
    let end = guest.call::<_, Spliced>(SPLICE, (&output, &input, 9_u64)).unwrap_err();
    assert_eq!(guest.code(end), Some(HttpErrorCode::HttpResponseBodySize(Some(7))));

    let (feeder, _body, input) = incoming(&mut guest);
    feeder.try_send(data(b"four")).unwrap();
    let end = guest.call::<_, Spliced>(SPLICE, (&output, &input, 9_u64)).unwrap_err();
    assert_eq!(guest.code(end), Some(HttpErrorCode::HttpResponseBodySize(Some(7))), "3 were written before");
}

#[test]
fn a_body_beyond_the_limit_fails() {
    let mut guest = HttpGuest::of(Network::none(), &HttpConfig::new().unwrap().max_body_size(5));
    let (feeder, body, stream) = incoming(&mut guest);
    feeder.try_send(data(b"12345")).unwrap();
    feeder.try_send(data(b"6")).unwrap();
    assert_eq!(guest.read_all(&stream), (b"12345".to_vec(), Some(HttpErrorCode::HttpRequestBodySize(Some(5)))));
    guest.store.data_mut().table.delete(stream).map(drop).unwrap();
    assert_eq!(trailers_of(&mut guest, body), Err(HttpErrorCode::HttpRequestBodySize(Some(5))));
}

#[test]
fn streams_go_before_their_bodies() {
    let mut guest = HttpGuest::new();
    let (_feeder, body, _stream) = incoming(&mut guest);
    let finished = guest.try_call::<_, (Resource<FutureTrailers>,)>("types#[static]incoming-body.finish", (body,));
    assert_eq!(finished.unwrap_err().downcast_ref(), Some(&gusset::ResourceTableError::HasChildren));
    let mut guest = HttpGuest::new();
    let (_response, body, _stream) = outgoing(&mut guest, &[]);
    let nothing: Option<Resource<Fields>> = None;
    let finish = "types#[static]outgoing-body.finish";
    let finished = guest.try_call::<_, (Result<(), HttpErrorCode>,)>(finish, (body, nothing));
    assert_eq!(finished.unwrap_err().downcast_ref(), Some(&gusset::ResourceTableError::HasChildren));
}

#[test]
fn what_a_guest_writes_is_sent_with_its_trailers() {
    let mut guest = HttpGuest::new();
    let (response, body, stream) = outgoing(&mut guest, &[("x-a", "1")]);
    assert_eq!((response.status(), response.headers().len()), (http::StatusCode::OK, 1));
    let received = guest.runtime.spawn(response.into_body().collect());
    guest.write(&stream, b"one ").unwrap();
    guest.write(&stream, b"two").unwrap();
    let trailers = guest.fields(&[("x-sum", "3")]);
    guest.finish(body, stream, Some(trailers)).unwrap();
    let received = guest.runtime.block_on(received).unwrap().unwrap();
    assert_eq!(received.trailers(), Some(&trailer("x-sum", "3")));
    assert_eq!(received.to_bytes(), "one two");
}

#[test]
fn a_guest_waits_for_its_reader() {
    let mut guest = HttpGuest::new();
    let (response, body, stream) = outgoing(&mut guest, &[]);
    let check = |guest: &mut HttpGuest| -> u64 {
        let permit: Result<u64, StreamEnding> = guest.call("streams#[method]output-stream.check-write", (&stream,));
        permit.unwrap()
    };
    let (mut written, part) = (0, [7_u8; 40_000]);
    while check(&mut guest) >= part.len() as u64 {
        let told: Result<(), StreamEnding> =
            guest.call("streams#[method]output-stream.write", (&stream, part.as_slice()));
        told.unwrap();
        written += part.len();
        assert!(written <= 128 << 10, "nobody reads it");
    }
    let reader = guest.runtime.spawn(response.into_body().collect());
    let pollable: Resource<IoPollable> = guest.call("streams#[method]output-stream.subscribe", (&stream,));
    guest.block(pollable);
    assert_eq!(check(&mut guest), 64 << 10);
    guest.finish(body, stream, None).unwrap();
    assert_eq!(guest.runtime.block_on(reader).unwrap().unwrap().to_bytes().len(), written);
}

/// What was permitted is kept, although nobody has read it by then.
#[test]
fn nothing_is_lost_that_was_written() {
    let mut guest = HttpGuest::new();
    let (response, body, stream) = outgoing(&mut guest, &[]);
    let mut written = 0;
    loop {
        let permit: Result<u64, StreamEnding> = guest.call("streams#[method]output-stream.check-write", (&stream,));
        let permit = permit.unwrap() as usize;
        if permit == 0 {
            break;
        }
        for part in [1, permit - 1] {
            let told: Result<(), StreamEnding> =
                guest.call("streams#[method]output-stream.write", (&stream, vec![7_u8; part].as_slice()));
            told.unwrap();
            written += part;
        }
    }
    guest.finish(body, stream, None).unwrap();
    let received = guest.runtime.block_on(response.into_body().collect()).unwrap();
    assert_eq!(received.to_bytes().len(), written);
}

#[test]
fn a_length_is_kept_to() {
    let received = |guest: &mut HttpGuest, response: Response<OutgoingHttpBody>| -> Result<Bytes, HttpErrorCode> {
        guest.runtime.block_on(response.into_body().collect()).map(http_body_util::Collected::to_bytes)
    };
    let mut guest = HttpGuest::new();
    let (response, body, stream) = outgoing(&mut guest, &[("content-length", "5")]);
    assert_eq!(response.body().size_hint().exact(), Some(5));
    guest.write(&stream, b"12345").unwrap();
    guest.finish(body, stream, None).unwrap();
    assert_eq!(received(&mut guest, response).unwrap(), "12345");

    let (response, body, stream) = outgoing(&mut guest, &[("content-length", "5")]);
    guest.write(&stream, b"123").unwrap();
    let error = HttpErrorCode::HttpResponseBodySize(Some(3));
    assert_eq!(guest.finish(body, stream, None), Err(error.clone()));
    assert_eq!(received(&mut guest, response), Err(error));

    let (response, body, stream) = outgoing(&mut guest, &[("content-length", "5")]);
    guest.write(&stream, b"1234").unwrap();
    assert_eq!(guest.write(&stream, b"56"), Err(Some(HttpErrorCode::HttpResponseBodySize(Some(6)))));
    assert_eq!(guest.finish(body, stream, None), Err(HttpErrorCode::HttpResponseBodySize(Some(4))));
    assert_eq!(received(&mut guest, response), Err(HttpErrorCode::HttpResponseBodySize(Some(6))));
}

#[test]
fn a_body_that_is_left_is_broken_off() {
    let mut guest = HttpGuest::new();
    let (response, body, stream) = outgoing(&mut guest, &[]);
    guest.write(&stream, b"one").unwrap();
    let table = &mut guest.store.data_mut().table;
    table.delete(stream).map(drop).unwrap();
    table.delete(body).map(drop).unwrap();
    let received = guest.runtime.block_on(response.into_body().collect());
    let left = HttpErrorCode::InternalError(Some("a guest left a body unfinished".to_owned()));
    assert_eq!(received.unwrap_err(), left);
}

#[test]
fn a_reader_that_is_gone_is_told() {
    let mut guest = HttpGuest::new();
    let (response, body, stream) = outgoing(&mut guest, &[]);
    drop(response);
    assert_eq!(guest.write(&stream, b"one"), Err(Some(HttpErrorCode::ConnectionTerminated)));
    guest.finish(body, stream, None).unwrap();
}

#[test]
fn a_response_can_be_an_error_or_have_no_body() {
    let mut guest = HttpGuest::new();
    assert_eq!(set(&mut guest, Err(HttpErrorCode::LoopDetected)).unwrap_err(), HttpErrorCode::LoopDetected);
    let headers = guest.fields(&[]);
    let response: Resource<OutgoingResponse> = guest.call("types#[constructor]outgoing-response", (headers,));
    assert_eq!(set(&mut guest, Ok(response)).unwrap().body().size_hint().exact(), Some(0));
    // What says that it has one would take the next message for it.
    for (length, size) in [("5", Some(5)), ("five", None)] {
        let headers = guest.fields(&[("content-length", length)]);
        let response: Resource<OutgoingResponse> = guest.call("types#[constructor]outgoing-response", (headers,));
        let response = set(&mut guest, Ok(response)).unwrap();
        assert_eq!(response.body().size_hint().exact(), size);
        let received = guest.runtime.block_on(response.into_body().collect());
        assert_eq!(received.unwrap_err(), HttpErrorCode::HttpResponseBodySize(Some(0)));
    }
}
