//! Requests, responses and options: what they are at first, and what they may be made.

use super::guest::HttpGuest;
use gusset::Resource;
use gusset_wasi::ErrorCode;
use gusset_wasi::http::{
    Fields, HttpErrorCode, HttpMethod, HttpScheme, IncomingBody, IncomingRequest, OutgoingBody, OutgoingRequest,
    OutgoingResponse, RequestOptions, WasiHttpView,
};
use http_body_util::{BodyExt, Empty};

type Set = Result<(), ()>;

#[test]
fn a_request_says_what_it_was_told() {
    let mut guest = HttpGuest::new();
    let headers = guest.fields(&[("x-a", "1")]);
    let request: Resource<OutgoingRequest> = guest.call("types#[constructor]outgoing-request", (headers,));
    assert_eq!(guest.method::<_, HttpMethod>("outgoing-request.method", (&request,)), HttpMethod::Get);
    for name in ["path-with-query", "authority"] {
        assert_eq!(guest.method::<_, Option<String>>(&format!("outgoing-request.{name}"), (&request,)), None);
    }
    assert_eq!(guest.method::<_, Option<HttpScheme>>("outgoing-request.scheme", (&request,)), None);

    for (method, set) in [
        (HttpMethod::Patch, Ok(())),
        (HttpMethod::Other("PROPFIND".to_owned()), Ok(())),
        (HttpMethod::Other("two words".to_owned()), Err(())),
        (HttpMethod::Other(String::new()), Err(())),
    ] {
        assert_eq!(guest.method::<_, Set>("outgoing-request.set-method", (&request, method)), set);
    }
    let method: HttpMethod = guest.method("outgoing-request.method", (&request,));
    assert_eq!(method, HttpMethod::Other("PROPFIND".to_owned()));
    // One that has a name of its own is that.
    let set: Set = guest.method("outgoing-request.set-method", (&request, HttpMethod::Other("PUT".to_owned())));
    set.unwrap();
    assert_eq!(guest.method::<_, HttpMethod>("outgoing-request.method", (&request,)), HttpMethod::Put);

    for (scheme, set) in [
        (Some(HttpScheme::Other("ftp".to_owned())), Ok(())),
        (Some(HttpScheme::Other("f t p".to_owned())), Err(())),
        (Some(HttpScheme::Https), Ok(())),
        (None, Ok(())),
        (Some(HttpScheme::Http), Ok(())),
    ] {
        assert_eq!(guest.method::<_, Set>("outgoing-request.set-scheme", (&request, scheme)), set);
    }
    let scheme: Option<HttpScheme> = guest.method("outgoing-request.scheme", (&request,));
    assert_eq!(scheme, Some(HttpScheme::Http));
    let headers: Resource<Fields> = guest.method("outgoing-request.headers", (&request,));
    assert_eq!(guest.entries(headers), [("x-a".into(), "1".into())]);
}

#[test]
fn paths_and_authorities_are_checked() {
    let mut guest = HttpGuest::new();
    let request = guest.get("example.com", "/");
    for (path, set) in [
        ("/a/b?c=d", Ok(())),
        ("?c=d", Ok(())),
        ("", Ok(())),
        ("*", Ok(())),
        ("a/b", Err(())),
        ("/a b", Err(())),
        ("/a#b", Err(())),
        ("/\r\nHost: x", Err(())),
        (&*format!("/{}", "a".repeat(70_000)), Err(())),
    ] {
        assert_eq!(guest.method::<_, Set>("outgoing-request.set-path-with-query", (&request, Some(path))), set);
    }
    let path: Option<String> = guest.method("outgoing-request.path-with-query", (&request,));
    assert_eq!(path.as_deref(), Some("*"));
    for (authority, set) in [
        ("example.com", Ok(())),
        ("example.com:", Ok(())),
        ("[::1]:80", Ok(())),
        ("127.0.0.1:8080", Ok(())),
        ("", Err(())),
        (":80", Err(())),
        ("example.com:99999", Err(())),
        ("user@example.com", Err(())),
        ("user:word@example.com", Err(())),
        ("example.com/path", Err(())),
        ("a b", Err(())),
    ] {
        let told: Set = guest.method("outgoing-request.set-authority", (&request, Some(authority)));
        assert_eq!(told, set, "{authority}");
    }
    let authority: Option<String> = guest.method("outgoing-request.authority", (&request,));
    assert_eq!(authority.as_deref(), Some("127.0.0.1:8080"));
}

#[test]
fn a_message_has_one_body_of_one_length() {
    let mut guest = HttpGuest::new();
    for (length, is_one) in [("5", true), ("+5", false), ("-5", false), ("", false), ("99999999999999999999", false)] {
        let request = guest.request(HttpMethod::Post, HttpScheme::Http, "a", "/", &[("content-length", length)]);
        let body: Result<Resource<OutgoingBody>, ()> = guest.method("outgoing-request.body", (&request,));
        assert_eq!(body.is_ok(), is_one, "{length:?}");
        if body.is_ok() {
            let again: Result<Resource<OutgoingBody>, ()> = guest.method("outgoing-request.body", (&request,));
            assert!(again.is_err());
        }
    }
    let twice = [("content-length", "5"), ("content-length", "6")];
    let request = guest.request(HttpMethod::Post, HttpScheme::Http, "a", "/", &twice);
    assert!(guest.method::<_, Result<Resource<OutgoingBody>, ()>>("outgoing-request.body", (&request,)).is_err());
}

#[test]
fn options_are_kept() {
    let mut guest = HttpGuest::new();
    let options: Resource<RequestOptions> = guest.call("types#[constructor]request-options", ());
    for (at, name) in (1..).zip(["connect-timeout", "first-byte-timeout", "between-bytes-timeout"]) {
        let get =
            |guest: &mut HttpGuest| -> Option<u64> { guest.method(&format!("request-options.{name}"), (&options,)) };
        let set = |guest: &mut HttpGuest, time: Option<u64>| {
            let set: Set = guest.method(&format!("request-options.set-{name}"), (&options, time));
            set.unwrap();
        };
        assert_eq!(get(&mut guest), None);
        set(&mut guest, Some(at * 1_000));
        assert_eq!(get(&mut guest), Some(at * 1_000));
        set(&mut guest, None);
        assert_eq!(get(&mut guest), None);
        set(&mut guest, Some(u64::MAX));
        assert_eq!(get(&mut guest), Some(u64::MAX));
    }
}

#[test]
fn a_response_has_a_final_status() {
    let mut guest = HttpGuest::new();
    let headers = guest.fields(&[("x-a", "1")]);
    let response: Resource<OutgoingResponse> = guest.call("types#[constructor]outgoing-response", (headers,));
    assert_eq!(guest.method::<_, u16>("outgoing-response.status-code", (&response,)), 200);
    for (status, set) in [(404, Ok(())), (599, Ok(())), (999, Ok(())), (101, Err(())), (99, Err(())), (1000, Err(()))] {
        let told: Set = guest.method("outgoing-response.set-status-code", (&response, status as u16));
        assert_eq!(told, set, "{status}");
    }
    assert_eq!(guest.method::<_, u16>("outgoing-response.status-code", (&response,)), 999);
    let headers: Resource<Fields> = guest.method("outgoing-response.headers", (&response,));
    assert_eq!(guest.entries(headers), [("x-a".into(), "1".into())]);
    assert!(guest.method::<_, Result<Resource<OutgoingBody>, ()>>("outgoing-response.body", (&response,)).is_ok());
    assert!(guest.method::<_, Result<Resource<OutgoingBody>, ()>>("outgoing-response.body", (&response,)).is_err());
}

#[test]
fn a_guest_is_told_what_it_is_asked() {
    let mut guest = HttpGuest::new();
    let sent = http::Request::builder()
        .method("PROPFIND")
        .uri("/a?b=c")
        .header("host", "example.com:81")
        .header("x-a", "1")
        .header("connection", "close")
        .body(Empty::new().map_err(|never| -> HttpErrorCode { match never {} }))
        .unwrap();
    let request: Resource<IncomingRequest> =
        guest.store.data_mut().http().new_incoming_request(HttpScheme::Https, sent).unwrap();
    let method: HttpMethod = guest.method("incoming-request.method", (&request,));
    assert_eq!(method, HttpMethod::Other("PROPFIND".to_owned()));
    let path: Option<String> = guest.method("incoming-request.path-with-query", (&request,));
    assert_eq!(path.as_deref(), Some("/a?b=c"));
    let scheme: Option<HttpScheme> = guest.method("incoming-request.scheme", (&request,));
    assert_eq!(scheme, Some(HttpScheme::Https));
    let authority: Option<String> = guest.method("incoming-request.authority", (&request,));
    assert_eq!(authority.as_deref(), Some("example.com:81"));
    let headers: Resource<Fields> = guest.method("incoming-request.headers", (&request,));
    assert_eq!(guest.entries(headers), [("x-a".into(), "1".into())]);
    assert!(guest.method::<_, Result<Resource<IncomingBody>, ()>>("incoming-request.consume", (&request,)).is_ok());
    assert!(guest.method::<_, Result<Resource<IncomingBody>, ()>>("incoming-request.consume", (&request,)).is_err());
}

#[test]
fn what_files_and_sockets_fail_with_is_no_error_of_http() {
    let mut guest = HttpGuest::new();
    assert_eq!(guest.word_for(ErrorCode::NoEntry), None);
    assert_eq!(guest.word_for(ErrorCode::ConnectionReset), None);
}
