//! What guests print, and what the server writes of its requests.

use super::server::{ServeProcess, get};
use crate::program::ScratchFolder;

#[test]
fn guests_write_lines_with_the_number_of_their_request() {
    let server = ServeProcess::start(&[]);
    assert_eq!(server.get("/print").status, 200);
    assert_eq!(server.get("/print").status, 200);
    let stopped = server.stop();
    let lines = |number| format!("stdout [{number}] :: one\nstdout [{number}] :: two\nstdout [{number}] :: three\n");
    assert_eq!(stopped.stdout, lines(0) + &lines(1));
    assert_eq!(stopped.stderr, "stderr [0] :: wrong\nstderr [1] :: wrong\n");
}

#[test]
fn lines_may_be_as_guests_write_them() {
    let server = ServeProcess::start(&["--no-logging-prefix"]);
    assert_eq!(server.get("/print").status, 200);
    let stopped = server.stop();
    assert_eq!((&*stopped.stdout, &*stopped.stderr), ("one\ntwo\nthree", "wrong\n"));
}

#[test]
fn lines_without_an_end_are_broken() {
    let server = ServeProcess::start(&[]);
    assert_eq!(server.get("/Print").status, 200);
    let expected = format!("stdout [0] :: {}\nstdout [0] :: {}\n", "z".repeat(8 << 10), "z".repeat(10));
    assert_eq!(server.stop().stdout, expected);
}

#[test]
fn output_that_nobody_takes_keeps_its_guest_alone() {
    let mut command = super::server::command(&["--timeout", "none", super::server::SERVICE]);
    let (unread, pipe) = std::io::pipe().unwrap();
    command.stdout(pipe);
    let mut child = command.spawn().unwrap();
    let mut first = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stderr.take().unwrap()), &mut first).unwrap();
    let address = first.trim().trim_start_matches("Serving HTTP on http://").trim_end_matches('/').to_owned();
    let ask = |path: &str| {
        let mut stream = std::net::TcpStream::connect(&address).unwrap();
        std::io::Write::write_all(&mut stream, get(path).as_bytes()).unwrap();
        stream
    };
    let talkers: Vec<_> = (0..4).map(|_| ask("/say")).collect();
    for path in ["/hello", "/print", "/hello", "/print"] {
        let (bytes, _) = super::server::read_all(&mut ask(path));
        assert!(bytes.starts_with(b"HTTP/1.1 200"), "{path}");
    }
    drop((talkers, unread));
    // Nor does what nobody reads any more.
    for path in ["/print", "/hello"] {
        let (bytes, _) = super::server::read_all(&mut ask(path));
        assert!(bytes.starts_with(b"HTTP/1.1 200"), "{path}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn each_request_has_a_line_that_nothing_can_break() {
    let scratch = ScratchFolder::new();
    let log = scratch.file("access.log", b"before\n");
    let server =
        ServeProcess::start(&["--access-log", &log, "--healthz=/up", "--timeout", "1s", "--max-header-size", "256KiB"]);
    for path in ["/hello", "/trap", "/up", "/Never", "/loop", "/hello?\u{7f}"] {
        drop(super::server::read_all(&mut server.send(get(path))));
    }
    drop(super::server::read_all(&mut server.send("GET /hello HTTP/1.1\r\nconnection: close\r\n\r\n")));
    assert_eq!(server.get(&format!("/hello{}", "o".repeat(70_000))).status, 414);
    server.stop();
    let text = std::fs::read_to_string(&log).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "before");
    let expected = [
        "\"request\": 0, ..., \"method\": \"GET\", \"path\": \"/hello\", \"status\": 200, \"bytes\": 6, ..., \"outcome\": \"ok\"}",
        "\"request\": 1, ..., \"method\": \"GET\", \"path\": \"/trap\", \"status\": 500, \"bytes\": 26, ..., \"outcome\": \"failed\"}",
        "\"request\": null, ..., \"method\": \"GET\", \"path\": \"/up\", \"status\": 200, \"bytes\": 3, ..., \"outcome\": \"health\"}",
        "\"request\": 2, ..., \"method\": \"GET\", \"path\": \"/Never\", \"status\": 200, \"bytes\": 6, ..., \"outcome\": \"timeout\"}",
        "\"request\": 3, ..., \"method\": \"GET\", \"path\": \"/loop\", \"status\": 504, \"bytes\": 20, ..., \"outcome\": \"timeout\"}",
    ];
    for (line, expected) in lines[1..].iter().zip(expected) {
        assert!(line.starts_with("{\"time\": \"20") && line.contains("Z\", "), "{line}");
        let parts = expected.split("...");
        assert!(parts.clone().all(|part| line.contains(part)), "{line} has not {expected}");
    }
    let malformed = lines[6];
    assert!(malformed.contains("\"method\": null") && malformed.contains("\"status\": 400"), "{malformed}");
    assert!(malformed.ends_with("\"outcome\": \"malformed\"}"), "{malformed}");
    let refused = lines[7];
    assert!(refused.contains("\"request\": null") && refused.contains("\"status\": 400"), "{refused}");
    assert!(refused.ends_with("\"outcome\": \"refused\"}"), "{refused}");
    let too_long = lines[8];
    assert!(too_long.contains("\"status\": 414") && too_long.ends_with("\"outcome\": \"malformed\"}"), "{too_long}");
    assert_eq!(lines.len(), 9, "{text}");
    assert!(text.bytes().all(|byte| byte == b'\n' || !byte.is_ascii_control()));
}

#[test]
fn a_full_disk_has_lost_lines_that_are_counted() {
    let server = ServeProcess::start(&["--access-log", "/dev/full"]);
    for _ in 0..3 {
        assert_eq!(server.get("/hello").status, 200);
    }
    server.wait_for_error("warning: the access log cannot be written: No space left on device");
    let stopped = server.stop();
    assert!(stopped.stderr.ends_with("warning: 3 lines of the access log were lost\n"), "{}", stopped.stderr);
}

#[test]
fn standard_error_that_takes_nothing_is_no_end() {
    for takes_nothing in ["/dev/full", "a pipe"] {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_gusset"));
        command.args(["serve", "--addr", &format!("127.0.0.1:{port}"), super::server::SERVICE]);
        command.env(crate::program::NO_CACHE.0, crate::program::NO_CACHE.1);
        match takes_nothing {
            "a pipe" => command.stderr(std::io::pipe().unwrap().1),
            file => command.stderr(std::fs::File::options().write(true).open(file).unwrap()),
        };
        let mut child = command.spawn().unwrap();
        let mut connected = None;
        super::server::wait_for(
            || {
                assert_eq!(child.try_wait().unwrap(), None, "{takes_nothing}");
                connected = std::net::TcpStream::connect(("127.0.0.1", port)).ok();
                connected.is_some()
            },
            || "nobody listens".into(),
        );
        let mut stream = connected.unwrap();
        std::io::Write::write_all(&mut stream, get("/trap").as_bytes()).unwrap();
        assert!(super::server::read_all(&mut stream).0.starts_with(b"HTTP/1.1 500"), "{takes_nothing}");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
