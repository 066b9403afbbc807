//! Clients that are slow, leave, or send what is no request: they have what they ask for, and others are not disturbed.

use super::reply::Reply;
use super::server::{ServeProcess, get, get_and_stay, read_all, read_until, wait_for};
use std::io::{Read, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};

/// The memory of a process that is in use, in KiB.
fn memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse().expect("it is a number")
}

#[test]
fn a_connection_serves_many_requests_and_some_at_once() {
    let server = ServeProcess::start(&[]);
    let mut stream = server.connect();
    for _ in 0..20 {
        stream.write_all(get_and_stay("/hello").as_bytes()).unwrap();
        read_until(&mut stream, "hello\n");
    }
    let post = "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc";
    let all = [&get_and_stay("/hello"), post, &get_and_stay("/trap"), post, &get("/hello")].map(String::from).concat();
    stream.write_all(all.as_bytes()).unwrap();
    let (mut rest, _) = read_all(&mut stream);
    for (status, text) in
        [(200, "hello\n"), (200, "abc"), (500, "500 Internal Server Error\n"), (200, "abc"), (200, "hello\n")]
    {
        let reply = Reply::parse(&rest);
        assert_eq!((reply.status, reply.text(), reply.is_whole), (status, text, true));
        rest = reply.rest;
    }
    assert!(rest.is_empty());
    server.stop();
}

#[test]
fn what_is_no_request_is_refused() {
    let server = ServeProcess::start(&[]);
    for garbage in [
        &b"\0\x01\x02\x03 nothing of the kind\r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"GET /hello HTTP/9.9\r\n\r\n",
        b"GET /hello HTTP/1.1\r\nhost: a\r\nbad header\r\n\r\n",
        b"GET /hello HTTP/1.1\r\nhost: a\r\nx: a\0b\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let mut stream = server.send(garbage);
        stream.shutdown(Shutdown::Write).unwrap();
        let (bytes, _) = read_all(&mut stream);
        if !bytes.is_empty() {
            assert_eq!(Reply::parse(&bytes).status, 400, "{}", garbage.escape_ascii());
        }
    }
    // What comes behind a request is none of its affair.
    let mut stream = server.send([get_and_stay("/hello").as_bytes(), b"\0\0\0garbage\r\n\r\n"].concat());
    let reply = Reply::parse(&read_all(&mut stream).0);
    assert_eq!((reply.status, reply.text()), (200, "hello\n"));
    assert!(reply.rest.starts_with(b"HTTP/1.1 400"));
    assert_eq!(server.get("/hello").status, 200);
    server.stop();
}

#[test]
fn a_guest_whose_client_has_left_is_ended() {
    // One guest at a time: the next one has its turn when the one before has ended.
    let options = ["--max-concurrent-requests", "1", "--timeout", "none", "--access-log", "-", "--idle-timeout", "1s"];
    let server = ServeProcess::start(&options);
    for path in ["/never", "/loop", "/Never", "/Loop", "/flood"] {
        let mut stream = server.send(get(path));
        if path != "/never" && path != "/loop" {
            read_until(&mut stream, "HTTP/1.1 200");
        }
        drop(stream);
        assert_eq!(server.get("/hello").status, 200, "{path}");
    }
    let upload = "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\nbegins";
    for abort in [Shutdown::Write, Shutdown::Both] {
        let stream = server.send(upload);
        stream.shutdown(abort).unwrap();
        drop(stream);
        assert_eq!(server.get("/hello").status, 200, "{abort:?}");
    }
    let stopped = server.stop();
    let aborted = stopped.stdout.lines().filter(|line| line.contains("\"outcome\": \"aborted\"")).count();
    // Some may leave before their request is seen, and of an upload that is broken off the guest may hear first.
    assert!((3..=7).contains(&aborted), "{}", stopped.stdout);
}

#[test]
fn a_client_that_has_said_all_and_ends_its_side_has_its_answer() {
    let options = ["--max-concurrent-requests", "1", "--timeout", "none", "--access-log", "-", "--idle-timeout", "1s"];
    let server = ServeProcess::start(&options);
    let end_with = |request: &str| {
        let mut stream = server.send(request);
        stream.shutdown(Shutdown::Write).unwrap();
        read_all(&mut stream).0
    };
    let upload = "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc";
    for (request, expected) in [(get_and_stay("/hello"), "hello\n"), (upload.into(), "abc"), (get("/many"), "")] {
        let reply = Reply::parse(&end_with(&request));
        assert_eq!((reply.status, reply.is_whole), (200, true), "{request}");
        assert!(expected.is_empty() || reply.text() == expected, "{request}");
    }
    let both = Reply::parse(&end_with(&(get_and_stay("/hello") + &get_and_stay("/hello"))));
    assert_eq!(Reply::parse(&both.rest).text(), "hello\n");
    // Most of them are gone, and their guests do not go on for ever.
    for path in ["/never", "/loop", "/Never"] {
        let bytes = end_with(&get(path));
        assert_eq!(bytes.is_empty(), path != "/Never", "{path}");
        assert_eq!(server.get("/hello").status, 200);
    }
    let stopped = server.stop();
    let count = |outcome: &str| stopped.stdout.matches(&format!("\"outcome\": \"{outcome}\"")).count();
    assert_eq!((count("ok"), count("aborted")), (8, 3), "{}", stopped.stdout);
}

#[test]
fn a_guest_waits_for_a_client_that_does_not_read() {
    let server = ServeProcess::start(&["--timeout", "none", "--idle-timeout", "60s"]);
    assert_eq!(server.get("/hello").status, 200);
    let before = memory(server.id());
    let mut slow: Vec<_> = (0..16).map(|_| server.send(get("/flood"))).collect();
    slow.iter_mut().for_each(|stream| drop(read_until(stream, "HTTP/1.1 200")));
    // Others go on, however long it is not read.
    for _ in 0..200 {
        assert_eq!(server.get("/hello").status, 200);
    }
    let after = memory(server.id());
    assert!(after < before + (32 << 10), "{before} KiB, and then {after} KiB");
    // It goes on where it is read.
    for stream in &mut slow {
        let mut left = 8 << 20;
        let mut part = vec![0; 64 << 10];
        while left > 0 {
            let count = Read::read(stream, &mut part).unwrap();
            assert!(count > 0);
            left -= count.min(left);
        }
    }
    let after = memory(server.id());
    assert!(after < before + (32 << 10), "{before} KiB, and then {after} KiB");
}

#[test]
fn a_sender_waits_for_a_guest_that_does_not_read() {
    let server = ServeProcess::start(&["--timeout", "none"]);
    assert_eq!(server.get("/hello").status, 200);
    let before = memory(server.id());
    let mut sender = server.send("POST /never HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000000\r\n\r\n");
    sender.set_nonblocking(true).unwrap();
    let (part, mut sent, mut waits) = (vec![0; 1 << 20], 0_usize, 0);
    while waits < 50 {
        match sender.write(&part) {
            Ok(count) => (sent, waits) = (sent + count, 0),
            Err(_) => {
                waits += 1;
                std::thread::sleep(Duration::from_millis(2));
            }
        }
    }
    assert!(sent < 100 << 20, "{sent} bytes were taken");
    assert!(memory(server.id()) < before + (32 << 10));
    drop(sender);
    wait_for(|| server.get("/hello").status == 200, || "others are not served".into());
}

#[test]
fn a_client_that_waits_for_leave_has_it_or_an_answer() {
    let server = ServeProcess::start(&["--max-body-size", "10", "--healthz"]);
    let head = |path: &str, length: usize| {
        format!("POST {path} HTTP/1.1\r\nhost: a\r\nexpect: 100-Continue\r\ncontent-length: {length}\r\n\r\n")
    };
    // The guest answers, and then reads.
    let mut stream = server.send(head("/echo", 5));
    let mut bytes = read_until(&mut stream, "\r\n\r\n").into_bytes();
    let leave = b"HTTP/1.1 100 Continue\r\n\r\n";
    assert!(bytes.starts_with(leave), "{}", String::from_utf8_lossy(&bytes));
    stream.write_all(b"abcde").unwrap();
    stream.write_all(get("/hello").as_bytes()).unwrap();
    bytes.extend(read_all(&mut stream).0);
    let reply = Reply::parse(&bytes[leave.len()..]);
    assert_eq!((reply.status, reply.text(), reply.is_whole), (200, "abcde", true));
    // The connection stays.
    assert_eq!(Reply::parse(&reply.rest).text(), "hello\n");
    // Nobody wants the body of others, which have their answers at once, and are told that the connection ends.
    for (path, length, status) in [("/hello", 5, 200), ("/trap", 5, 500), ("/echo", 11, 413)] {
        let reply = server.ask(head(path, length));
        assert_eq!((reply.status, reply.header("connection"), reply.is_whole), (status, Some("close"), true), "{path}");
    }
    // No body, no leave.
    let mut stream = server.send(head("/hello", 0));
    assert!(!read_until(&mut stream, "hello\n").contains("connection: close"));
    server.stop();
}

/// The server has all of the answer, and the client far from all: it is idle only when it takes nothing for that long.
#[test]
fn a_client_that_reads_slowly_has_all_of_its_answer() {
    const IDLE: Duration = Duration::from_millis(500);
    // Hyper may keep all of it.
    let server = ServeProcess::start(&["--idle-timeout", "500ms", "--max-header-size", "1MiB", "--access-log", "-"]);
    for over in 1..=20 {
        // The system keeps little.
        let mut slow = server.connect_with_little_room();
        slow.write_all(get_and_stay("/many").as_bytes()).unwrap();
        let is_over = || server.stdout.lock().unwrap().matches("\"outcome\": \"ok\"").count() == over;
        wait_for(is_over, || "its request is not over".into());
        let start = Instant::now();
        let (mut bytes, mut part, mut last, mut longest) = (Vec::new(), [0; 16 << 10], start, Duration::ZERO);
        let mut count = 1;
        while count > 0 && !bytes.ends_with(b"\r\n0\r\n\r\n") {
            // The system keeps more and more for one that is quick.
            if start.elapsed() < IDLE * 3 / 2 {
                std::thread::sleep(IDLE / 5);
            }
            let end = bytes.len() + part.len();
            while count > 0 && bytes.len() < end {
                let room = end - bytes.len();
                // It may be torn down.
                count = slow.read(&mut part[..room]).unwrap_or(0);
                bytes.extend_from_slice(&part[..count]);
            }
            longest = longest.max(last.elapsed());
            last = Instant::now();
        }
        // On a busy machine it may be slower than that, and reads again.
        if longest > IDLE / 2 {
            continue;
        }
        let reply = Reply::parse(&bytes);
        assert_eq!((reply.status, reply.body.len(), reply.is_whole), (200, 512 << 10, true), "{:?}", start.elapsed());
        assert!(start.elapsed() > IDLE, "it is slow");
        server.stop();
        return;
    }
    eprintln!("not run: the machine is too busy for slow clients");
}

#[test]
fn a_client_that_takes_nothing_has_its_time() {
    let server =
        ServeProcess::start(&["--timeout", "none", "--idle-timeout", "300ms", "--max-concurrent-requests", "1"]);
    let mut slow = server.send("GET /flood HTTP/1.0\r\n\r\n");
    read_until(&mut slow, "200 OK");
    assert_eq!(server.get("/hello").status, 200);
    // It knows that there was more.
    let mut part = vec![0; 1 << 20];
    let torn_down = loop {
        match Read::read(&mut slow, &mut part) {
            Ok(0) => break false,
            Ok(_) => {}
            Err(error) => break error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    };
    assert!(torn_down);
}
