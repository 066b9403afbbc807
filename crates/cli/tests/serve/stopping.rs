//! How a server ends: by signals, and by itself.

use super::reply::Reply;
use super::server::{ServeProcess, get, get_and_stay, read_all, read_until, wait_for};
use std::io::Write;
use std::net::TcpStream;

#[test]
fn a_request_ends_before_the_server_does() {
    for signal in ["TERM", "INT"] {
        let server = ServeProcess::start(&[]);
        let idle = server.send(get_and_stay("/hello"));
        let mut running = server.send(get_and_stay("/Behind"));
        read_until(&mut running, "hello\n");
        let mut waiting = server.connect();
        waiting
            .write_all(
                get_and_stay("/echo")
                    .replace("GET", "POST")
                    .replace("\r\n\r\n", "\r\ncontent-length: 2\r\n\r\na")
                    .as_bytes(),
            )
            .unwrap();
        read_until(&mut waiting, "a");
        server.signal(signal);
        let port = server.port;
        wait_for(|| TcpStream::connect(("127.0.0.1", port)).is_err(), || "it still takes connections".into());
        waiting.write_all(b"b").unwrap();
        let (rest, _) = read_all(&mut waiting);
        assert!(String::from_utf8_lossy(&rest).contains('b'));
        drop((idle, running));
        // The guest behind its answer is what is left.
        server.signal(signal);
        let stopped = server.ended();
        assert_eq!(stopped.code, Some(if signal == "TERM" { 143 } else { 130 }), "{}", stopped.stderr);
        assert!(stopped.stderr.contains("are broken off: another signal came"), "{}", stopped.stderr);
    }
}

#[test]
fn idle_connections_keep_nobody() {
    let server = ServeProcess::start(&[]);
    let mut kept = server.send(get_and_stay("/hello"));
    read_until(&mut kept, "hello\n");
    let mut fresh = server.connect();
    server.stop();
    assert_eq!((read_all(&mut kept).0, read_all(&mut fresh).0), (Vec::new(), Vec::new()));
}

#[test]
fn there_is_an_end_to_patience() {
    let server = ServeProcess::start(&["--shutdown-timeout", "200ms", "--timeout", "none"]);
    let mut running = server.send(get("/Never"));
    read_until(&mut running, "hello\n");
    let mut looping = server.send("GET /Loop HTTP/1.0\r\n\r\n");
    read_until(&mut looping, "hello\n");
    let stopped = server.stop();
    assert!(stopped.stderr.contains("are broken off: --shutdown-timeout is over"), "{}", stopped.stderr);
    read_all(&mut running);
    assert!(read_all(&mut looping).1, "its client does not take it for whole");
}

#[test]
fn so_many_requests_are_answered() {
    let server = ServeProcess::start(&["--max-requests", "3", "--healthz"]);
    let mut stream = server.connect();
    for _ in 0..2 {
        stream.write_all(get_and_stay("/hello").as_bytes()).unwrap();
        read_until(&mut stream, "hello\n");
    }
    assert_eq!(server.get("/healthz").text(), "ok\n");
    stream.write_all(get_and_stay("/wait").as_bytes()).unwrap();
    let reply = Reply::parse(&read_all(&mut stream).0);
    assert_eq!((reply.status, reply.text(), reply.header("connection")), (200, "hello\n", Some("close")));
    let stopped = server.ended();
    assert_eq!((stopped.code, &*stopped.stderr), (Some(0), ""));
}
