//! Sockets that a host has opened.

use gusset_wasi::{
    ErrorCode, FileType, Interest, Listener, SocketListener, SocketStream, Stream, WasiConfig, WasiCtx, WasiError,
};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

fn real_ctx() -> WasiCtx {
    WasiCtx::new(&WasiConfig::builder().system_time().build().unwrap())
}

fn code<T>(result: Result<T, WasiError>) -> ErrorCode {
    result.err().expect("it fails").code().expect("the guest is told")
}

/// What a guest does with one end of a connection whose other end is `ours`.
fn converse(mut ours: impl Read + Write, stream: &dyn Stream, end_ours: impl FnOnce()) {
    let ctx = real_ctx();
    assert_eq!(stream.file_type(), FileType::SocketStream);
    let mut bytes = [0; 16];
    assert_eq!(code(stream.read(&mut bytes)), ErrorCode::WouldBlock);
    assert_eq!(code(stream.peek(&mut bytes)), ErrorCode::WouldBlock);
    ours.write_all(b"hello").unwrap();
    assert_eq!(ctx.wait(&[(stream, Interest::Read)], None).unwrap()[0].1.bytes, 5);
    assert_eq!(stream.peek(&mut bytes[..3]).unwrap(), 3);
    assert_eq!(stream.read(&mut bytes).unwrap(), 5);
    assert_eq!(&bytes[..5], b"hello");
    // More than the other side has room for: it is taken in parts, and then it would wait.
    let mut sent = 0;
    let full = loop {
        match stream.write(&[7; 1 << 16]) {
            Ok(count) => sent += count,
            Err(error) => break error,
        }
    };
    assert!(full.would_block());
    stream.shutdown(false, true).unwrap();
    let mut received = Vec::new();
    ours.read_to_end(&mut received).unwrap();
    assert_eq!(received.len(), sent);
    assert_eq!(code(stream.write(b"after the end")), ErrorCode::Pipe);
    assert_eq!(code(stream.shutdown(false, false)), ErrorCode::Invalid);
    end_ours();
    drop(ours);
    ctx.wait(&[(stream, Interest::Read)], None).unwrap();
    assert_eq!(stream.read(&mut bytes).unwrap(), 0);
}

#[test]
fn a_tcp_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (ctx, guests) = (real_ctx(), SocketListener::tcp(listener).unwrap());
    assert_eq!(code(guests.accept()), ErrorCode::WouldBlock);
    assert!(ctx.wait(&[(&guests, Interest::Read)], Some(ctx.monotonic_now())).unwrap().is_empty());
    let ours = TcpStream::connect(address).unwrap();
    ctx.wait(&[(&guests, Interest::Read)], None).unwrap();
    let accepted = guests.accept().unwrap();
    converse(ours.try_clone().unwrap(), &*accepted, || ours.shutdown(std::net::Shutdown::Both).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (ours, guests) = (TcpStream::connect(listener.local_addr().unwrap()).unwrap(), listener.accept().unwrap().0);
    converse(ours.try_clone().unwrap(), &SocketStream::tcp(guests), || drop(ours));
}

#[test]
fn a_connection_within_the_system() {
    let (ours, guests) = UnixStream::pair().unwrap();
    converse(ours, &SocketStream::unix(guests), || {});
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let guests = SocketListener::unix(UnixListener::bind(&path).unwrap()).unwrap();
    assert_eq!(code(guests.accept()), ErrorCode::WouldBlock);
    let ours = UnixStream::connect(&path).unwrap();
    converse(ours, &*guests.accept().unwrap(), || {});
}

/// A program that the host starts while a guest's connection comes in has nothing of it.
#[test]
fn no_other_program_gets_what_is_accepted() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let guests = SocketListener::unix(UnixListener::bind(&path).unwrap()).unwrap();
    let sockets_of_another_program = || {
        let mut list = Command::new("ls");
        list.args(["-l", "/proc/self/fd"]).stdin(Stdio::null()).stderr(Stdio::null());
        String::from_utf8(list.output().unwrap().stdout).unwrap().matches("socket:").count()
    };
    let before = sockets_of_another_program();
    let ended = AtomicBool::new(false);
    let counts: Vec<usize> = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                let _ours = UnixStream::connect(&path).unwrap();
                guests.accept().unwrap();
            }
        });
        let counts = (0..50).map(|_| sockets_of_another_program()).collect();
        ended.store(true, Ordering::Relaxed);
        counts
    });
    assert_eq!(counts, [before; 50]);
}
