//! What clients may ask of a server: heads, time, connections, guests at a time.

use super::reply::Reply;
use super::server::{PATIENCE, ServeProcess, get, get_and_stay, read_all, read_until};
use rustix::process::{Resource, Rlimit, prlimit};
use std::io::{Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

#[test]
fn heads_may_be_so_large() {
    let server = ServeProcess::start(&["--max-header-size", "4KiB"]);
    let with = |value: usize| {
        format!("GET /hello HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx: {}\r\n\r\n", "x".repeat(value))
    };
    assert_eq!(server.ask(with(3_900)).status, 200);
    assert_eq!(server.ask(with(4_100)).status, 431);
    // What nobody reads to its end is refused all the same.
    assert_eq!(server.ask(with(4 << 20)).status, 431);
    let many = "a: b\r\n".repeat(300);
    assert_eq!(server.ask(format!("GET /hello HTTP/1.1\r\nhost: a\r\n{many}\r\n")).status, 431);
    let path = format!("/hello{}", "o".repeat(70_000));
    assert_eq!(server.get(&path).status, 431);
    assert_eq!(server.get("/hello").status, 200);
    server.stop();
}

#[test]
fn heads_may_take_so_long_and_connections_may_be_idle_for_so_long() {
    let server = ServeProcess::start(&["--header-timeout", "200ms", "--idle-timeout", "400ms"]);
    // A head that does not come to its end, byte by byte.
    let mut slow = server.connect();
    let mut alive = 0;
    for byte in "GET /hello HTTP/1.1\r\nhost: a\r\nx: ".bytes().chain(std::iter::repeat(b'x')) {
        if slow.write_all(&[byte]).is_err() {
            break;
        }
        alive += 1;
        assert!(alive < 100_000, "it takes what never ends");
        std::thread::sleep(Duration::from_millis(10));
    }
    let mut idle = server.connect();
    assert_eq!(read_all(&mut idle), (Vec::new(), false));
    let mut kept = server.send(get_and_stay("/hello"));
    assert!(Reply::parse(&read_all(&mut kept).0).is_whole);
    server.stop();
}

#[test]
fn so_many_guests_run_and_so_many_requests_wait() {
    let options = ["--max-concurrent-requests", "1", "--max-queued-requests", "1", "--timeout", "none"];
    let server = ServeProcess::start(&options);
    let mut running = server.send(get("/Never"));
    read_until(&mut running, "hello");
    // One of them waits, and the other is refused.
    let mut both = [server.send(get("/hello")), server.send(get("/hello"))];
    server.wait_for_error("503: all guests that --max-concurrent-requests allows are busy");
    drop(running);
    let mut replies = both.each_mut().map(|stream| Reply::parse(&read_all(stream).0));
    replies.sort_by_key(|reply| reply.status);
    let [answered, refused] = replies;
    assert_eq!((answered.status, answered.text()), (200, "hello\n"));
    assert_eq!((refused.status, refused.header("retry-after"), refused.is_whole), (503, Some("1"), true));
    server.stop();
}

#[test]
fn who_waits_for_too_long_is_told() {
    let server = ServeProcess::start(&["--max-concurrent-requests", "1", "--timeout", "500ms"]);
    let mut running = server.send(get("/Never"));
    read_until(&mut running, "hello");
    let reply = server.get("/hello");
    // The guest that runs has its time too, and may end first.
    assert!(matches!(reply.status, 200 | 503), "{reply:?}");
    assert_eq!(server.get("/hello").status, 200);
    server.stop();
}

#[test]
fn so_many_connections_are_taken() {
    let server = ServeProcess::start(&["--max-concurrent-connections", "2"]);
    let one = server.send(get_and_stay("/hello"));
    let mut other = server.send(get_and_stay("/hello"));
    read_until(&mut other, "hello");
    let mut third = server.send(get("/hello"));
    third.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    assert!(third.read(&mut [0]).is_err(), "nobody has taken it");
    drop(one);
    third.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(Reply::parse(&read_all(&mut third).0).status, 200);
    drop(other);
    server.stop();
}

#[test]
fn guests_that_compute_do_not_keep_others() {
    let server = ServeProcess::start(&["--timeout", "20s"]);
    let _loops: Vec<_> = (0..8).map(|_| server.send(get("/loop"))).collect();
    let answered = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| {
                let reply = server.get("/hello");
                assert_eq!((reply.status, reply.text()), (200, "hello\n"));
                answered.fetch_add(1, Ordering::Relaxed);
            });
        }
    });
    assert_eq!(answered.into_inner(), 50);
}

#[test]
fn guests_may_have_so_many_instances() {
    let server = ServeProcess::start(&["--max-instances", "1"]);
    assert_eq!(server.get("/hello").status, 500);
    server.wait_for_error("500: the guest has more core instances than --max-instances allows, 1");
    server.stop();
}

#[test]
fn without_a_pool_all_is_the_same() {
    let server = ServeProcess::start(&["--no-pool", "--max-memory", "1MiB", "--max-wasm-stack", "4MiB"]);
    assert_eq!(server.get("/hello").text(), "hello\n");
    assert_eq!(server.get("/grow").status, 500);
    assert_eq!(server.get("/trap").status, 500);
    server.stop();
}

#[test]
fn clients_leave_descriptors_for_others() {
    let mut command = std::process::Command::new("sh");
    let program = env!("CARGO_BIN_EXE_gusset");
    let line = format!(
        "ulimit -n 80; exec {program} serve --addr 127.0.0.1:0 --max-concurrent-connections 1000 {}",
        super::server::SERVICE
    );
    command.args(["-c", &line]).stdin(std::process::Stdio::null());
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let server = ServeProcess::of(&mut command);
    let idle: Vec<_> = (0..100).map(|_| server.connect()).collect();
    let mut waiting = server.send(get("/hello"));
    drop(idle);
    assert_eq!(Reply::parse(&read_all(&mut waiting).0).status, 200);
    assert_eq!(server.stop().stderr, "", "it has never run out of them");
}

#[test]
fn descriptors_may_run_out() {
    let server = ServeProcess::start(&[]);
    let process = rustix::process::Pid::from_raw(server.id() as i32);
    let few = Rlimit { current: Some(3), maximum: Some(1000) };
    prlimit(process, Resource::Nofile, few).unwrap();
    let mut waiting = server.send(get("/hello"));
    server.wait_for_error("warning: no connection can be taken now: ");
    // It asks again, and is not busy with that.
    let before = busy(server.id());
    std::thread::sleep(Duration::from_millis(300));
    assert!(busy(server.id()) - before < 20, "in hundredths of a second");
    prlimit(process, Resource::Nofile, Rlimit { current: Some(1000), maximum: Some(1000) }).unwrap();
    assert_eq!(Reply::parse(&read_all(&mut waiting).0).status, 200);
    assert_eq!(server.stop().stderr.matches("warning: ").count(), 1);
}

/// How long a process has computed, in hundredths of a second.
fn busy(process: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ').skip(11).take(2);
    fields.filter_map(|field| field.parse::<u64>().ok()).sum()
}
