//! `sock_accept`, `sock_recv`, `sock_send`, `sock_shutdown`, on the sockets that the guest was given.

use super::guest::{Guest, MEMORY_SIZE, Version};
use gusset_wasi::preview1::Errno;
use gusset_wasi::{SocketListener, SocketStream, WasiConfig};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

/// The first descriptor after the standard streams.
const FIRST: u64 = 3;
const NONBLOCK: u64 = 4;
const PEEK: u64 = 1;
const WAITALL: u64 = 2;
const RD: u64 = 1;
const WR: u64 = 2;

/// Where addresses of ranges are written, and the two ranges.
const VECTORS: u64 = 1024;
const RANGES: [(u32, u32); 2] = [(0, 3), (8, 5)];
/// Where the number of bytes goes, and the flags.
const COUNT: u64 = 64;
const FLAGS: u64 = 68;

/// Guests of both versions with a connection whose other end is ours.
fn connected(test: impl Fn(&mut Guest, &UnixStream)) {
    let ours = Mutex::new(None);
    let config = || {
        let (host, guest) = UnixStream::pair().unwrap();
        *ours.lock().unwrap() = Some(host);
        WasiConfig::builder().system_time().preopened_stream(SocketStream::unix(guest)).build().unwrap()
    };
    Guest::each(config, |guest| {
        guest.write_vectors(VECTORS as u32, &RANGES);
        test(guest, &ours.lock().unwrap().take().unwrap());
    });
}

fn receive(guest: &mut Guest, flags: u64) -> (Errno, Vec<u8>) {
    let errno = guest.call("sock_recv", [FIRST, VECTORS, 2, flags, COUNT, FLAGS]);
    let received = if errno == Errno::Success {
        assert_eq!(guest.u16(FLAGS as u32), 0, "nothing is cut off");
        [guest.bytes(0, 3), guest.bytes(8, 5)].concat()[..guest.u32(COUNT as u32) as usize].to_vec()
    } else {
        Vec::new()
    };
    (errno, received)
}

#[test]
fn what_is_sent_is_received() {
    connected(|guest, mut ours| {
        ours.write_all(b"to guest").unwrap();
        assert_eq!(receive(guest, PEEK), (Errno::Success, b"to guest".to_vec()));
        assert_eq!(receive(guest, 0), (Errno::Success, b"to guest".to_vec()));
        guest.write(0, b"to\0..... host");
        guest.succeed("sock_send", [FIRST, VECTORS, 2, 0, COUNT]);
        assert_eq!(guest.u32(COUNT as u32), 8);
        let mut received = [0; 8];
        ours.read_exact(&mut received).unwrap();
        assert_eq!(&received, b"to\0 host");
    });
}

#[test]
fn receiving_waits_for_something_or_for_all() {
    connected(|guest, mut ours| {
        let writing = ours.try_clone().unwrap();
        let writer = thread::spawn(move || {
            let mut writing = writing;
            for piece in ["ab", "cd", "efgh", "ij"] {
                thread::sleep(Duration::from_millis(20));
                writing.write_all(piece.as_bytes()).unwrap();
            }
        });
        let (errno, first) = receive(guest, 0);
        assert_eq!(errno, Errno::Success);
        assert!((1..=8).contains(&first.len()), "something: {first:?}");
        let (errno, all) = receive(guest, WAITALL);
        assert_eq!((errno, all.len()), (Errno::Success, 10 - first.len().max(2)), "{first:?}, {all:?}");
        writer.join().unwrap();
        // The end comes before all have.
        ours.write_all(b"x").unwrap();
        ours.shutdown(Shutdown::Write).unwrap();
        let (errno, rest) = receive(guest, WAITALL);
        assert_eq!((errno, rest.last()), (Errno::Success, Some(&b'x')));
        assert_eq!(receive(guest, WAITALL), (Errno::Success, Vec::new()));
        assert_eq!(receive(guest, 0), (Errno::Success, Vec::new()));
        assert_eq!(receive(guest, PEEK), (Errno::Success, Vec::new()));
    });
}

#[test]
fn a_guest_that_does_not_want_to_wait_is_told() {
    connected(|guest, mut ours| {
        guest.succeed("fd_fdstat_set_flags", [FIRST, NONBLOCK]);
        for flags in [0, PEEK, WAITALL] {
            assert_eq!(receive(guest, flags).0, Errno::Again);
        }
        ours.write_all(b"few").unwrap();
        assert_eq!(receive(guest, WAITALL), (Errno::Success, b"few".to_vec()));
        // Until the other side has no more room.
        guest.write_vectors(VECTORS as u32, &[(0, MEMORY_SIZE)]);
        let full = (0..10_000).find_map(|_| {
            let errno = guest.call("sock_send", [FIRST, VECTORS, 1, 0, COUNT]);
            (errno != Errno::Success).then_some(errno)
        });
        assert_eq!(full, Some(Errno::Again));
    });
}

#[test]
fn either_direction_ends() {
    connected(|guest, mut ours| {
        guest.succeed("sock_shutdown", [FIRST, WR]);
        assert_eq!(ours.read(&mut [0; 8]).unwrap(), 0);
        assert_eq!(guest.call("sock_send", [FIRST, VECTORS, 2, 0, COUNT]), Errno::Pipe);
        guest.succeed("sock_shutdown", [FIRST, RD]);
        assert_eq!(receive(guest, 0), (Errno::Success, Vec::new()));
        guest.succeed("sock_shutdown", [FIRST, RD | WR]);
    });
}

#[test]
fn what_is_no_flag_or_out_of_bounds_is_refused() {
    connected(|guest, _| {
        guest.refused("sock_recv", [FIRST, VECTORS, 2, 4, COUNT, FLAGS], Errno::Inval);
        guest.refused("sock_send", [FIRST, VECTORS, 2, 1, COUNT], Errno::Inval);
        for how in [0, 4, 256] {
            guest.refused("sock_shutdown", [FIRST, how], Errno::Inval);
        }
        let end = u64::from(MEMORY_SIZE);
        guest.refused("sock_recv", [FIRST, end - 8, 2, 0, COUNT, FLAGS], Errno::Fault);
        guest.refused("sock_recv", [FIRST, VECTORS, 2, 0, end - 3, FLAGS], Errno::Fault);
        guest.refused("sock_recv", [FIRST, VECTORS, 2, 0, COUNT, end - 1], Errno::Fault);
        guest.refused("sock_send", [FIRST, VECTORS, 2, 0, end], Errno::Fault);
        guest.refused("sock_recv", [FIRST, VECTORS + 2, 2, 0, COUNT, FLAGS], Errno::Inval);
        guest.refused("sock_recv", [FIRST, VECTORS, 2, 0, COUNT, FLAGS + 1], Errno::Inval);
        guest.write_vectors(VECTORS as u32, &[(0, 1), (MEMORY_SIZE - 1, 2)]);
        guest.refused("sock_recv", [FIRST, VECTORS, 2, 0, COUNT, FLAGS], Errno::Fault);
    });
}

#[test]
fn what_is_no_socket_is_refused() {
    connected(|guest, _| {
        for (fd, errno) in [(0, Errno::Notsock), (1, Errno::Notsock), (4, Errno::Badf), (u32::MAX.into(), Errno::Badf)]
        {
            guest.refused("sock_recv", [fd, VECTORS, 2, 0, COUNT, FLAGS], errno);
            guest.refused("sock_send", [fd, VECTORS, 2, 0, COUNT], errno);
            guest.refused("sock_shutdown", [fd, WR], errno);
            if guest.version == Version::Preview1 {
                guest.refused("sock_accept", [fd, 0, COUNT], errno);
            }
        }
    });
    connected(|guest, _| {
        // Without the right to write.
        guest.succeed("fd_fdstat_set_rights", [FIRST, 1 << 1, 0]);
        guest.refused("sock_send", [FIRST, VECTORS, 2, 0, COUNT], Errno::Notcapable);
        guest.refused("sock_shutdown", [FIRST, WR], Errno::Notcapable);
    });
}

fn listening(max_descriptors: u32) -> (Guest, std::net::SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut config = WasiConfig::builder();
    config.system_time().max_descriptors(max_descriptors).preopened_listener(SocketListener::tcp(listener).unwrap());
    let mut guest = Guest::new(&config.build().unwrap());
    guest.write_vectors(VECTORS as u32, &RANGES);
    (guest, address)
}

#[test]
fn a_connection_is_accepted() {
    let (mut guest, address) = listening(100);
    let client = thread::spawn(move || {
        thread::sleep(Duration::from_millis(20));
        let mut client = TcpStream::connect(address).unwrap();
        client.write_all(b"by TCP..").unwrap();
        let mut answer = [0; 8];
        client.read_exact(&mut answer).unwrap();
        answer
    });
    guest.succeed("sock_accept", [FIRST, 0, COUNT]);
    assert_eq!(guest.u32(COUNT as u32), 4, "the lowest number that is free");
    guest.succeed("sock_recv", [4, VECTORS, 2, WAITALL, COUNT, FLAGS]);
    guest.succeed("sock_send", [4, VECTORS, 2, 0, COUNT]);
    assert_eq!(&client.join().unwrap(), b"by TCP..");
    guest.succeed("fd_fdstat_get", [4, 128]);
    assert_eq!((guest.bytes(128, 1)[0], guest.u16(130)), (6, 0), "a stream socket without flags");
    guest.succeed("fd_close", [4]);
}

#[test]
fn accepting_refuses_what_it_cannot_do() {
    let (mut guest, address) = listening(5);
    guest.refused("sock_accept", [FIRST, 1, COUNT], Errno::Inval);
    guest.refused("sock_accept", [FIRST, 32, COUNT], Errno::Inval);
    guest.refused("sock_accept", [FIRST, 0, u64::from(MEMORY_SIZE) - 3], Errno::Fault);
    guest.refused("sock_recv", [FIRST, VECTORS, 2, 0, COUNT, FLAGS], Errno::Notconn);
    guest.succeed("fd_fdstat_set_flags", [FIRST, NONBLOCK]);
    guest.refused("sock_accept", [FIRST, 0, COUNT], Errno::Again);
    let _clients = [TcpStream::connect(address).unwrap(), TcpStream::connect(address).unwrap()];
    guest.succeed("fd_fdstat_set_flags", [FIRST, 0]);
    guest.succeed("sock_accept", [FIRST, NONBLOCK, COUNT]);
    assert_eq!(guest.u32(COUNT as u32), 4);
    // There is a connection, and no number for it. It is not lost.
    guest.refused("sock_accept", [FIRST, 0, COUNT], Errno::Mfile);
    guest.refused("sock_recv", [4, VECTORS, 2, 0, COUNT, FLAGS], Errno::Again);
    guest.refused("sock_accept", [4, 0, COUNT], Errno::Inval);
    guest.succeed("fd_close", [4]);
    guest.succeed("sock_accept", [FIRST, 0, COUNT]);
    assert_eq!(guest.u32(COUNT as u32), 4);
}
