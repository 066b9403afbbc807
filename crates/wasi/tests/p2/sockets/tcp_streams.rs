//! What connections carry, and how they end.

use super::super::guest::{P2Guest, StreamFailure};
use super::{Family, Half, NetCode, free};
use gusset::{Resource, ResourceAny};
use gusset_wasi::ErrorCode;
use gusset_wasi::p2::{InputStream, OutputStream};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

struct Connection {
    socket: ResourceAny,
    input: Resource<InputStream>,
    output: Resource<OutputStream>,
}

/// The guest's end of a connection, and ours.
fn connected(guest: &mut P2Guest) -> (Connection, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = guest.tcp(Family::Ipv4);
    guest.tcp_set("set-send-buffer-size", socket, 4096_u64).unwrap();
    let (input, output) = guest.connect(socket, listener.local_addr().unwrap()).unwrap();
    (Connection { socket, input, output }, listener.accept().unwrap().0)
}

/// Writes as much as a guest may until the system takes no more; how much that is. Some of it is kept for later.
fn fill(guest: &mut P2Guest, output: &Resource<OutputStream>) -> usize {
    let mut written = 0;
    loop {
        let permit = guest.check_write(output).unwrap() as usize;
        if permit == 0 {
            return written;
        }
        guest.write(output, &vec![7; permit]).unwrap();
        written += permit;
    }
}

fn read_all(mut ours: TcpStream, after: Duration) -> thread::JoinHandle<usize> {
    thread::spawn(move || {
        thread::sleep(after);
        let mut all = Vec::new();
        ours.read_to_end(&mut all).unwrap();
        assert!(all.iter().all(|byte| *byte == 7));
        all.len()
    })
}

const A_MOMENT: Duration = Duration::from_millis(20);

#[test]
fn a_direction_that_the_guest_ends_is_closed() {
    let mut guest = free();
    let (connection, mut ours) = connected(&mut guest);
    let Connection { socket, input, output } = &connection;
    ours.write_all(b"never read").unwrap();
    let pollable = guest.subscribe_to_input(input);
    guest.block(pollable);
    guest.tcp_set("shutdown", *socket, Half::Receive).unwrap();
    assert_eq!(guest.read(input, 16), Err(None), "what had come is gone");
    assert_eq!(guest.blocking_read(input, 16), Err(None));
    let pollable = guest.subscribe_to_input(input);
    assert!(guest.is_ready(&pollable));

    // The other one still goes.
    assert!(guest.check_write(output).is_ok_and(|permit| permit >= 16));
    guest.write(output, b"hello").unwrap();
    guest.tcp_set("shutdown", *socket, Half::Send).unwrap();
    assert_eq!(guest.write(output, b"more"), Err(None), "permitted before");
    assert_eq!(guest.check_write(output), Err(None));
    assert_eq!(guest.done("flush", output), Err(None));
    assert_eq!(guest.done("blocking-flush", output), Err(None));
    assert_eq!(guest.write_and_flush(output, b"more"), Err(None));
    let pollable = guest.subscribe_to_output(output);
    assert!(guest.is_ready(&pollable));
    let mut all = Vec::new();
    ours.read_to_end(&mut all).unwrap();
    assert_eq!(all, b"hello");
}

#[test]
fn the_end_of_one_side_leaves_it_the_other_direction() {
    let mut guest = free();
    let (connection, mut ours) = connected(&mut guest);
    ours.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(guest.blocking_read(&connection.input, 16), Err(None));
    guest.write_and_flush(&connection.output, b"still here").unwrap();
    let mut bytes = [0; 10];
    ours.read_exact(&mut bytes).unwrap();
    assert_eq!(&bytes, b"still here");
}

#[test]
fn nothing_is_lost_that_was_written_before_the_end() {
    let mut guest = free();
    let (connection, ours) = connected(&mut guest);
    let written = fill(&mut guest, &connection.output);
    guest.tcp_set("shutdown", connection.socket, Half::Send).unwrap();
    assert_eq!(guest.check_write(&connection.output), Err(None));
    let reader = read_all(ours, A_MOMENT);
    // It goes on while the guest waits for something else: here that the reader ends, which waits for the rest.
    assert_eq!(guest.blocking_read(&connection.input, 16), Err(None));
    assert_eq!(reader.join().unwrap(), written);
}

#[test]
fn what_is_kept_is_written_while_the_guest_waits_for_the_answer() {
    let mut guest = free();
    let (connection, mut ours) = connected(&mut guest);
    let written = fill(&mut guest, &connection.output);
    let server = thread::spawn(move || {
        thread::sleep(A_MOMENT);
        ours.read_exact(&mut vec![0; written]).unwrap();
        ours.write_all(b"all of it").unwrap();
        ours
    });
    assert_eq!(guest.blocking_read(&connection.input, 16), Ok(b"all of it".to_vec()));
    drop(server.join().unwrap());
}

#[test]
fn a_stream_that_is_dropped_is_written_to_its_end() {
    let mut guest = free();
    let (Connection { socket, input, output }, ours) = connected(&mut guest);
    let written = fill(&mut guest, &output);
    let reader = read_all(ours, A_MOMENT);
    guest.drop_output(output);
    guest.store.data_mut().table.delete(input).map(drop).unwrap();
    guest.drop(socket);
    assert_eq!(reader.join().unwrap(), written);
}

#[test]
fn back_pressure_reaches_the_guest_and_ends() {
    let mut guest = free();
    let (connection, mut ours) = connected(&mut guest);
    let output = &connection.output;
    let mut written = fill(&mut guest, output);
    let pollable = guest.subscribe_to_output(output);
    // The system may have passed on what it had, and then there is room for more.
    while guest.is_ready(&pollable) {
        written += fill(&mut guest, output);
    }
    let reader = thread::spawn(move || {
        thread::sleep(A_MOMENT);
        let mut all = Vec::new();
        ours.read_to_end(&mut all).unwrap();
        all.len()
    });
    for _ in 0..20 {
        guest.try_call::<_, ()>("poll#[method]pollable.block", (&pollable,)).unwrap();
        let permit = guest.check_write(output).unwrap() as usize;
        assert!(permit > 0, "it was ready");
        guest.write(output, &vec![7; permit]).unwrap();
        written += permit;
    }
    guest.done("blocking-flush", output).unwrap();
    guest.tcp_set("shutdown", connection.socket, Half::Send).unwrap();
    assert_eq!(reader.join().unwrap(), written);
}

#[test]
fn a_connection_that_is_torn_down_says_so() {
    let mut guest = free();
    let (connection, ours) = connected(&mut guest);
    guest.write_and_flush(&connection.output, b"unread").unwrap();
    // Linux says so to whoever has sent what nobody has read.
    thread::sleep(A_MOMENT);
    drop(ours);
    let read: Result<Vec<u8>, StreamFailure> =
        guest.call("streams#[method]input-stream.blocking-read", (&connection.input, 16_u64));
    assert_eq!(guest.net_code(read.unwrap_err()), Some(NetCode::ConnectionReset));
    assert_eq!(guest.read(&connection.input, 16), Err(None));
    // Nobody is there to write to, which is the end and no failure.
    assert_eq!(guest.write_and_flush(&connection.output, b"x"), Err(None));
    assert_eq!(guest.check_write(&connection.output), Err(None));
    assert_eq!(guest.tcp_set("shutdown", connection.socket, Half::Both), Ok(()));
}

#[test]
fn errors_of_other_streams_are_none_of_the_network() {
    let mut guest = free();
    let mut code_of = |code| {
        let error = guest.store.data_mut().table.push(gusset_wasi::p2::IoError::new(code)).unwrap();
        guest.net_code(StreamFailure::LastOperationFailed(error))
    };
    assert_eq!(code_of(ErrorCode::IsDirectory), None);
    assert_eq!(code_of(ErrorCode::TimedOut), Some(NetCode::Timeout));
    assert_eq!(code_of(ErrorCode::HostUnreachable), Some(NetCode::RemoteUnreachable));
    assert_eq!(code_of(ErrorCode::InsufficientMemory), Some(NetCode::OutOfMemory));
}
