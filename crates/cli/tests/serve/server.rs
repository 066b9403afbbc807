//! A server as a process of its own, and clients that speak to it byte by byte.

use super::reply::Reply;
use crate::program::NO_CACHE;
use socket2::{Domain, Socket, Type};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long anything may take on a machine that is busy with other tests.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// The service.
pub(super) const SERVICE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/serve/service.wat");

pub(super) struct ServeProcess {
    child: Child,
    pub(super) port: u16,
    pub(super) stdout: Arc<Mutex<String>>,
    pub(super) stderr: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

/// How it ended.
pub(super) struct Stopped {
    pub(super) code: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

/// `gusset serve` on a port of the system's choice, with these words behind.
pub(super) fn command(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gusset"));
    command.args(["serve", "--addr", "127.0.0.1:0"]).args(words).env(NO_CACHE.0, NO_CACHE.1);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl ServeProcess {
    /// One that serves the service with these options.
    pub(super) fn start(options: &[&str]) -> ServeProcess {
        ServeProcess::of(&mut command(&[options, &[SERVICE]].concat()))
    }

    pub(super) fn of(command: &mut Command) -> ServeProcess {
        let mut child = command.spawn().expect("the program starts");
        let mut errors = BufReader::new(child.stderr.take().expect("it was asked for"));
        let mut first = String::new();
        errors.read_line(&mut first).expect("it can be read");
        let port = first.strip_prefix("Serving HTTP on http://127.0.0.1:").and_then(|rest| rest.strip_suffix("/\n"));
        let port = port.and_then(|port| port.parse().ok());
        let Some(port) = port else {
            let _ = errors.read_to_string(&mut first);
            panic!("it says first where it serves: {first}");
        };
        let (stdout, stderr) = (Arc::default(), Arc::default());
        let readers = vec![collect(child.stdout.take().expect("it was asked for"), &stdout), collect(errors, &stderr)];
        ServeProcess { child, port, stdout, stderr, readers }
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it takes connections");
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// A connection of which the system keeps little for a client that does not read, on either side.
    pub(super) fn connect_with_little_room(&self) -> TcpStream {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("there are sockets");
        socket.set_recv_buffer_size(2 << 10).unwrap();
        // What is kept on its way counts segments.
        socket.set_tcp_mss(536).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.connect(&SocketAddr::from(([127, 0, 0, 1], self.port)).into()).expect("it takes connections");
        socket.into()
    }

    /// A connection on which that has been sent.
    pub(super) fn send(&self, bytes: impl AsRef<[u8]>) -> TcpStream {
        let mut stream = self.connect();
        stream.write_all(bytes.as_ref()).expect("it takes what it is sent");
        stream
    }

    /// What a `GET` is answered.
    #[track_caller]
    pub(super) fn get(&self, path: &str) -> Reply {
        self.ask(get(path))
    }

    /// What a request is answered after which the connection ends.
    #[track_caller]
    pub(super) fn ask(&self, request: impl AsRef<[u8]>) -> Reply {
        let (bytes, _) = read_all(&mut self.send(request));
        Reply::parse(&bytes)
    }

    pub(super) fn signal(&self, name: &str) {
        let kill = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(kill.expect("there is kill").success());
    }

    /// Waits until standard error has that.
    #[track_caller]
    pub(super) fn wait_for_error(&self, text: &str) {
        wait_for(
            || self.stderr.lock().unwrap().contains(text),
            || format!("{text:?} is missing in\n{}", self.stderr.lock().unwrap()),
        );
    }

    /// Waits for its end.
    #[track_caller]
    pub(super) fn ended(mut self) -> Stopped {
        let mut status = None;
        wait_for(
            || {
                status = self.child.try_wait().expect("it can be waited for");
                status.is_some()
            },
            || "it does not end".into(),
        );
        self.readers.drain(..).for_each(|reader| reader.join().expect("its output can be read"));
        let text = |text: &Mutex<String>| text.lock().unwrap().clone();
        let stopped = Stopped {
            code: status.and_then(|status| status.code()),
            stdout: text(&self.stdout),
            stderr: text(&self.stderr),
        };
        assert!(!stopped.stderr.contains("panicked"), "{}", stopped.stderr);
        stopped
    }

    /// Stops it, which it does at once where nothing is going on.
    #[track_caller]
    pub(super) fn stop(self) -> Stopped {
        self.signal("TERM");
        let stopped = self.ended();
        assert_eq!(stopped.code, Some(0), "{}", stopped.stderr);
        stopped
    }
}

/// A test that fails leaves none behind.
impl Drop for ServeProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A request after which the connection ends.
pub(super) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
}

/// The same after which it stays.
pub(super) fn get_and_stay(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n")
}

/// All that comes until the other side ends, and whether it tore the connection down.
pub(super) fn read_all(stream: &mut TcpStream) -> (Vec<u8>, bool) {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Ok(_) => (bytes, false),
        Err(error) if error.kind() == ErrorKind::ConnectionReset => (bytes, true),
        Err(error) => panic!("{error}, after {:?}", String::from_utf8_lossy(&bytes)),
    }
}

/// Reads until that has come.
#[track_caller]
pub(super) fn read_until(stream: &mut TcpStream, text: &str) -> String {
    let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let so_far = String::from_utf8_lossy(&bytes);
        if so_far.contains(text) {
            return so_far.into_owned();
        }
        match stream.read(&mut part) {
            Ok(count) if count > 0 => bytes.extend_from_slice(&part[..count]),
            end => panic!("{end:?} before {text:?}, after {so_far:?}"),
        }
    }
}

#[track_caller]
pub(super) fn wait_for(mut is_so: impl FnMut() -> bool, message: impl Fn() -> String) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "{}", message());
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn collect(from: impl Read + Send + 'static, into: &Arc<Mutex<String>>) -> JoinHandle<()> {
    let into = into.clone();
    std::thread::spawn(move || {
        let (mut from, mut line) = (BufReader::new(from), Vec::new());
        while from.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
            into.lock().unwrap().push_str(&String::from_utf8_lossy(&line));
            line.clear();
        }
    })
}
