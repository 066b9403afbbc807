//! `sock_accept`, `sock_recv`, `sock_send`, `sock_shutdown`, on the sockets that the guest was given.

use super::guest::{MEMORY_SIZE, TestGuest, for_each_with};
use gusset_wasi::preview1::{Errno, Rights};
use gusset_wasi::{SocketListener, SocketStream};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

/// The socket, which comes after the directory.
const SOCKET: u64 = 4;
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
fn connected(test: impl Fn(&mut TestGuest, &UnixStream)) {
    let ours = Mutex::new(None);
    for_each_with(
        |config| {
            let (host, guest) = UnixStream::pair().unwrap();
            *ours.lock().unwrap() = Some(host);
            config.system_time().preopened_stream(SocketStream::unix(guest));
        },
        |guest| {
            write_ranges(guest, &RANGES);
            test(guest, &ours.lock().unwrap().take().unwrap());
        },
    );
}

fn write_ranges(guest: &mut TestGuest, ranges: &[(u32, u32)]) {
    let [at, _] = guest.vectors(ranges);
    let bytes = guest.read(at as u32, 8 * ranges.len());
    guest.write(VECTORS as u32, &bytes);
}

fn receive(guest: &mut TestGuest, flags: u64) -> (Errno, Vec<u8>) {
    let errno = guest.call("sock_recv", &[SOCKET, VECTORS, 2, flags, COUNT, FLAGS]);
    let received = if errno == Errno::Success {
        assert_eq!(guest.u16_at(FLAGS as u32), 0, "nothing is cut off");
        [guest.read(0, 3), guest.read(8, 5)].concat()[..guest.u32_at(COUNT as u32) as usize].to_vec()
    } else {
        Vec::new()
    };
    (errno, received)
}

#[test]
fn sock_recv_means() {
    connected(|guest, mut ours| {
        ours.write_all(b"to guest").unwrap();
        assert_eq!(receive(guest, PEEK), (Errno::Success, b"to guest".to_vec()));
        assert_eq!(receive(guest, 0), (Errno::Success, b"to guest".to_vec()));
    });
}

#[test]
fn a_look_ahead_goes_so_far() {
    connected(|guest, mut ours| {
        write_ranges(guest, &[(4096, 60_000), (4096, 20_000)]);
        ours.write_all(&[7; 80_000]).unwrap();
        for (flags, count) in [(PEEK, 64 << 10), (0, 80_000)] {
            guest.ok("sock_recv", &[SOCKET, VECTORS, 2, flags, COUNT, FLAGS]);
            assert_eq!(guest.u32_at(COUNT as u32), count);
        }
    });
}

#[test]
fn sock_send_means() {
    connected(|guest, mut ours| {
        guest.write(0, b"to\0..... host");
        guest.ok("sock_send", &[SOCKET, VECTORS, 2, 0, COUNT]);
        assert_eq!(guest.u32_at(COUNT as u32), 8);
        let mut received = [0; 8];
        ours.read_exact(&mut received).unwrap();
        assert_eq!(&received, b"to\0 host");
    });
}

#[test]
fn sock_recv_waits_for_something_or_for_all() {
    connected(|guest, mut ours| {
        ours.write_all(b"ab").unwrap();
        assert_eq!(receive(guest, 0), (Errno::Success, b"ab".to_vec()));
        let mut writing = ours.try_clone().unwrap();
        let writer = thread::spawn(move || {
            for piece in ["cd", "efgh", "ij"] {
                thread::sleep(Duration::from_millis(10));
                writing.write_all(piece.as_bytes()).unwrap();
            }
        });
        assert_eq!(receive(guest, WAITALL), (Errno::Success, b"cdefghij".to_vec()));
        writer.join().unwrap();
        // The end comes before all have.
        ours.write_all(b"x").unwrap();
        ours.shutdown(Shutdown::Write).unwrap();
        assert_eq!(receive(guest, WAITALL), (Errno::Success, b"x".to_vec()));
        assert_eq!(receive(guest, WAITALL), (Errno::Success, Vec::new()));
        assert_eq!(receive(guest, 0), (Errno::Success, Vec::new()));
        assert_eq!(receive(guest, PEEK), (Errno::Success, Vec::new()));
    });
}

#[test]
fn a_guest_that_does_not_want_to_wait_is_told() {
    connected(|guest, mut ours| {
        guest.ok("fd_fdstat_set_flags", &[SOCKET, NONBLOCK]);
        for flags in [0, PEEK, WAITALL] {
            assert_eq!(receive(guest, flags).0, Errno::Again);
        }
        ours.write_all(b"few").unwrap();
        assert_eq!(receive(guest, WAITALL), (Errno::Success, b"few".to_vec()));
        // Until the other side has no more room.
        write_ranges(guest, &[(0, MEMORY_SIZE)]);
        let full = (0..10_000).find_map(|_| {
            let errno = guest.call("sock_send", &[SOCKET, VECTORS, 1, 0, COUNT]);
            (errno != Errno::Success).then_some(errno)
        });
        assert_eq!(full, Some(Errno::Again));
    });
}

#[test]
fn sock_shutdown_means() {
    connected(|guest, mut ours| {
        guest.ok("sock_shutdown", &[SOCKET, WR]);
        assert_eq!(ours.read(&mut [0; 8]).unwrap(), 0);
        assert_eq!(guest.call("sock_send", &[SOCKET, VECTORS, 2, 0, COUNT]), Errno::Pipe);
        guest.ok("sock_shutdown", &[SOCKET, RD]);
        assert_eq!(receive(guest, 0), (Errno::Success, Vec::new()));
        guest.ok("sock_shutdown", &[SOCKET, RD | WR]);
    });
}

/// What is no socket, and what is nothing.
const NO_SOCKETS: [(u64, Errno); 5] =
    [(0, Errno::Notsock), (1, Errno::Notsock), (3, Errno::Notsock), (5, Errno::Badf), (u32::MAX as u64, Errno::Badf)];
const END: u64 = MEMORY_SIZE as u64;

#[test]
fn sock_recv_refuses() {
    connected(|guest, _| {
        for (fd, errno) in NO_SOCKETS {
            guest.fails(errno, "sock_recv", &[fd, VECTORS, 2, 0, COUNT, FLAGS]);
        }
        for (vectors, flags, count, out_flags, errno) in [
            (VECTORS, 4, COUNT, FLAGS, Errno::Inval),
            (END - 8, 0, COUNT, FLAGS, Errno::Fault),
            (VECTORS, 0, END - 3, FLAGS, Errno::Fault),
            (VECTORS, 0, COUNT, END - 1, Errno::Fault),
            (VECTORS + 2, 0, COUNT, FLAGS, Errno::Inval),
            (VECTORS, 0, COUNT, FLAGS + 1, Errno::Inval),
        ] {
            guest.fails(errno, "sock_recv", &[SOCKET, vectors, 2, flags, count, out_flags]);
        }
        write_ranges(guest, &[(0, 1), (MEMORY_SIZE - 1, 2)]);
        guest.fails(Errno::Fault, "sock_recv", &[SOCKET, VECTORS, 2, 0, COUNT, FLAGS]);
        guest.drop_rights(SOCKET, Rights::FD_READ);
        guest.fails(Errno::Badf, "sock_recv", &[SOCKET, VECTORS, 2, 0, COUNT, FLAGS]);
    });
}

#[test]
fn sock_send_refuses() {
    connected(|guest, _| {
        for (fd, errno) in NO_SOCKETS {
            guest.fails(errno, "sock_send", &[fd, VECTORS, 2, 0, COUNT]);
        }
        guest.fails(Errno::Inval, "sock_send", &[SOCKET, VECTORS, 2, 1, COUNT]);
        guest.fails(Errno::Fault, "sock_send", &[SOCKET, VECTORS, 2, 0, END]);
        guest.drop_rights(SOCKET, Rights::FD_WRITE);
        guest.fails(Errno::Badf, "sock_send", &[SOCKET, VECTORS, 2, 0, COUNT]);
    });
}

#[test]
fn sock_shutdown_refuses() {
    connected(|guest, _| {
        for (fd, errno) in NO_SOCKETS {
            guest.fails(errno, "sock_shutdown", &[fd, WR]);
        }
        for how in [0, 4, 256] {
            guest.fails(Errno::Inval, "sock_shutdown", &[SOCKET, how]);
        }
        guest.drop_rights(SOCKET, Rights::SOCK_SHUTDOWN);
        guest.fails(Errno::Notcapable, "sock_shutdown", &[SOCKET, WR]);
    });
}

/// Guests of preview1 that take connections, and where; they have so many descriptors at most.
fn listening(max_descriptors: u32, test: impl Fn(&mut TestGuest, SocketAddr)) {
    let address = Mutex::new(None);
    for_each_with(
        |config| {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            *address.lock().unwrap() = Some(listener.local_addr().unwrap());
            config.system_time().max_descriptors(max_descriptors);
            config.preopened_listener(SocketListener::tcp(listener).unwrap());
        },
        |guest| {
            write_ranges(guest, &RANGES);
            // Preview0 cannot accept.
            if !guest.is_preview0() {
                test(guest, address.lock().unwrap().unwrap());
            }
        },
    );
}

/// The number that the first connection gets.
const ACCEPTED: u64 = 5;

#[test]
fn sock_accept_means() {
    listening(100, |guest, address| {
        let client = thread::spawn(move || {
            thread::sleep(Duration::from_millis(10));
            let mut client = TcpStream::connect(address).unwrap();
            client.write_all(b"by TCP..").unwrap();
            let mut answer = [0; 8];
            client.read_exact(&mut answer).unwrap();
            answer
        });
        guest.ok("sock_accept", &[SOCKET, 0, COUNT]);
        assert_eq!(u64::from(guest.u32_at(COUNT as u32)), ACCEPTED, "the lowest number that is free");
        guest.ok("sock_recv", &[ACCEPTED, VECTORS, 2, WAITALL, COUNT, FLAGS]);
        guest.ok("sock_send", &[ACCEPTED, VECTORS, 2, 0, COUNT]);
        assert_eq!(&client.join().unwrap(), b"by TCP..");
        guest.ok("fd_fdstat_get", &[ACCEPTED, 128]);
        assert_eq!((guest.read(128, 1)[0], guest.u16_at(130)), (6, 0), "a stream socket without flags");
        guest.ok("fd_close", &[ACCEPTED]);
    });
}

#[test]
fn sock_accept_refuses() {
    listening(6, |guest, address| {
        for (fd, errno) in NO_SOCKETS {
            guest.fails(errno, "sock_accept", &[fd, 0, COUNT]);
        }
        for flags in [1, 32] {
            guest.fails(Errno::Inval, "sock_accept", &[SOCKET, flags, COUNT]);
        }
        guest.fails(Errno::Fault, "sock_accept", &[SOCKET, 0, END - 3]);
        guest.fails(Errno::Notconn, "sock_recv", &[SOCKET, VECTORS, 2, 0, COUNT, FLAGS]);
        guest.ok("fd_fdstat_set_flags", &[SOCKET, NONBLOCK]);
        guest.fails(Errno::Again, "sock_accept", &[SOCKET, 0, COUNT]);
        let _clients = [TcpStream::connect(address).unwrap(), TcpStream::connect(address).unwrap()];
        guest.ok("fd_fdstat_set_flags", &[SOCKET, 0]);
        guest.ok("sock_accept", &[SOCKET, NONBLOCK, COUNT]);
        // There is a connection, and no number for it. It is not lost.
        guest.fails(Errno::Mfile, "sock_accept", &[SOCKET, 0, COUNT]);
        guest.fails(Errno::Again, "sock_recv", &[ACCEPTED, VECTORS, 2, 0, COUNT, FLAGS]);
        guest.fails(Errno::Inval, "sock_accept", &[ACCEPTED, 0, COUNT]);
        guest.ok("fd_close", &[ACCEPTED]);
        guest.ok("sock_accept", &[SOCKET, 0, COUNT]);
        assert_eq!(u64::from(guest.u32_at(COUNT as u32)), ACCEPTED);
        guest.drop_rights(SOCKET, Rights::SOCK_ACCEPT);
        guest.fails(Errno::Notcapable, "sock_accept", &[SOCKET, 0, COUNT]);
    });
}
