//! Each way in which a request is answered: the status, what of the body comes, and what the log says.

use super::reply::Reply;
use super::server::{ServeProcess, get, read_all};
use std::io::Write;

#[test]
fn a_guest_answers() {
    let server = ServeProcess::start(&[]);
    let reply = server.get("/hello");
    assert_eq!((reply.status, reply.text(), reply.is_whole), (200, "hello\n", true));
    // On a busy machine its turn may end before it has written all of its body.
    let has_length = || server.get("/hello").header("content-length").map(String::from);
    assert!((0..50).any(|_| has_length().as_deref() == Some("6")));
    let reply = server.get("/?");
    assert_eq!((reply.status, reply.text()), (404, "wrong\n"));
    let stopped = server.stop();
    assert_eq!((&*stopped.stdout, &*stopped.stderr), ("", ""));
}

#[test]
fn a_head_has_no_body() {
    let server = ServeProcess::start(&[]);
    for path in ["/hello", "/flood", "/Behind", "/healthz"] {
        let (bytes, _) = read_all(&mut server.send(get(path).replace("GET", "HEAD")));
        assert!(bytes.starts_with(b"HTTP/1.1 200") || bytes.starts_with(b"HTTP/1.1 404"), "{path}");
        assert!(bytes.ends_with(b"\r\n\r\n"), "{path}: {}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn bodies_go_both_ways_at_a_time() {
    let server = ServeProcess::start(&[]);
    let mut stream =
        server.send("POST /echo HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n");
    let mut sender = stream.try_clone().unwrap();
    let sending = std::thread::spawn(move || {
        for at in 0..100_u8 {
            sender.write_all(b"8000\r\n").unwrap();
            sender.write_all(&[at; 0x8000]).unwrap();
            sender.write_all(b"\r\n").unwrap();
        }
        sender.write_all(b"0\r\n\r\n").unwrap();
    });
    let (bytes, _) = read_all(&mut stream);
    sending.join().unwrap();
    let reply = Reply::parse(&bytes);
    assert_eq!((reply.status, reply.is_whole, reply.body.len()), (200, true, 100 * 0x8000));
    assert!(reply.body.chunks(0x8000).enumerate().all(|(at, chunk)| chunk.iter().all(|byte| usize::from(*byte) == at)));
}

#[test]
fn what_a_guest_fails_with_has_a_status_and_a_line() {
    let server = ServeProcess::start(&["--timeout", "2s", "--max-memory", "1MiB"]);
    for (path, status, line) in [
        ("/trap", 500, "request 0: GET /trap: 500: the guest failed: "),
        ("/absent", 500, "request 1: GET /absent: 500: the guest has ended without a response"),
        ("/Unfinished", 500, "request 2: GET /Unfinished: 500: the guest failed: "),
        (
            "/grow",
            500,
            "request 3: GET /grow: 500: the guest wanted more memory than --max-memory allows, 1048576 bytes",
        ),
        ("/refused", 502, "request 4: GET /refused: 502: the guest answers with an error: ConnectionRefused"),
        ("/loop", 504, "request 5: GET /loop: 504: the guest ran for longer than --timeout allows, 2s"),
        ("/never", 504, "request 6: GET /never: 504: the guest ran for longer than --timeout allows, 2s"),
    ] {
        let reply = server.get(path);
        assert_eq!((reply.status, reply.is_whole), (status, true), "{path}");
        assert!(reply.text().starts_with(&status.to_string()), "{path}: {}", reply.text());
        server.wait_for_error(&format!("error: {line}"));
    }
    assert_eq!(server.get("/hello").status, 200);
    server.stop();
}

#[test]
fn an_answer_that_has_begun_is_broken_off() {
    let server = ServeProcess::start(&["--timeout", "1s"]);
    for (path, line) in [
        ("/Trap", "the guest failed: "),
        ("/Loop", "the guest ran for longer than --timeout allows, 1s: the answer was broken off"),
        ("/Never", "the guest ran for longer than --timeout allows, 1s: the answer was broken off"),
    ] {
        let (bytes, _) = read_all(&mut server.send(get(path)));
        if !bytes.is_empty() {
            let reply = Reply::parse(&bytes);
            assert_eq!((reply.status, reply.is_whole), (200, false), "{path}");
        }
        server.wait_for_error(&format!("GET {path}: 200: {line}"));
        // Where the end of the connection is the end of the body, it must not be seen.
        let (bytes, was_torn_down) = read_all(&mut server.send(format!("GET {path} HTTP/1.0\r\n\r\n")));
        assert!(was_torn_down, "{path}: {}", String::from_utf8_lossy(&bytes));
    }
    server.stop();
}

#[test]
fn of_an_answer_without_a_body_s_end_the_head_arrives() {
    let server = ServeProcess::start(&[]);
    let (bytes, _) = read_all(&mut server.send(get("/drop")));
    let reply = Reply::parse(&bytes);
    assert_eq!((reply.status, reply.is_whole, reply.body.len()), (500, false, 0));
    server.wait_for_error("error: request 0: GET /drop: 500: the answer was broken off: ");
    server.stop();
}

#[test]
fn a_guest_goes_on_when_its_answer_is_gone() {
    let server = ServeProcess::start(&["--timeout", "1s"]);
    let reply = server.get("/behind");
    assert_eq!((reply.status, reply.text(), reply.is_whole), (200, "hello\n", true));
    let reply = server.get("/Behind");
    assert_eq!((reply.status, reply.text(), reply.is_whole), (200, "hello\n", true));
    server.wait_for_error("error: request 1: after its answer: the guest ran for longer than --timeout allows");
    assert!(server.stop().stdout.contains("stdout [0] :: after\n"));
}

#[test]
fn some_requests_are_no_guests_affair() {
    let server = ServeProcess::start(&["--max-body-size", "10"]);
    for (request, status) in [
        ("GET /hello HTTP/1.1\r\nconnection: close\r\n\r\n", 400),
        ("GET /hello HTTP/1.1\r\nhost: a\r\nhost: b\r\nconnection: close\r\n\r\n", 400),
        ("CONNECT a:80 HTTP/1.1\r\nhost: a:80\r\nconnection: close\r\n\r\n", 405),
        ("POST /echo HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 11\r\n\r\n12345678901", 413),
        ("POST /echo HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 10\r\n\r\n1234567890", 200),
    ] {
        assert_eq!(server.ask(request).status, status, "{request}");
    }
    // What is too long and does not say so fails where it is read.
    let chunked = "POST /echo HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\nb\r\n12345678901\r\n0\r\n\r\n";
    let (bytes, _) = read_all(&mut server.send(chunked));
    assert!(bytes.is_empty() || Reply::parse(&bytes).status == 500 || !Reply::parse(&bytes).is_whole);
    server.wait_for_error("the guest failed");
    server.stop();
}

#[test]
fn a_host_is_a_name_or_an_address() {
    let server = ServeProcess::start(&[]);
    let ask = |host: &[u8]| {
        let request = [b"GET /hello HTTP/1.1\r\nconnection: close\r\nhost: ", host, b"\r\n\r\n"].concat();
        server.ask(request).status
    };
    for host in ["a b", "u@a", "a/b", "a?b#c", "[::1", "a, b", ":80", "a:b"] {
        assert_eq!(ask(host.as_bytes()), 400, "{host}");
    }
    assert_eq!(ask(b"\xff\xfe"), 400);
    assert_eq!(server.ask("GET http://u@a/hello HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").status, 400);
    for host in ["a", "a:80", "a:", "127.0.0.1:8080", "[::1]:80", "xn--bcher-kva.example", "a_b", ""] {
        assert_eq!(ask(host.as_bytes()), 200, "{host}");
    }
    server.wait_for_error("error: request: GET /hello: 400: its host is none");
    server.stop();
}
