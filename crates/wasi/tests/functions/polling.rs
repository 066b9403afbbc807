//! `poll_oneoff`: several subscriptions, laid out as each version has them.

use super::guest::{MEMORY_SIZE, ROOT, TestGuest, for_each, for_each_with};
use gusset_wasi::preview1::{Errno, Rights};
use gusset_wasi::{Input, SocketListener, SocketStream, VirtualClock};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

const IN: u64 = 0;
const OUT: u64 = 4096;
const COUNT: u64 = 8192;

const REALTIME: u32 = 0;
const MONOTONIC: u32 = 1;
const ABSTIME: u16 = 1;
const MILLISECOND: u64 = 1_000_000;

#[derive(Clone, Copy, Debug)]
enum Wanted {
    Clock { id: u32, timeout: u64, flags: u16 },
    Read(u32),
    Write(u32),
}
use Wanted::{Clock, Read, Write as WriteTo};

fn after(timeout: u64) -> Wanted {
    Clock { id: MONOTONIC, timeout, flags: 0 }
}

/// What an event says: user data, error, type, bytes, flags.
type Event = (u64, Errno, u8, u64, u16);

fn timer(userdata: u64) -> Event {
    (userdata, Errno::Success, 0, 0, 0)
}

/// A subscription as the witness of each version has it, with rubbish where nothing counts.
fn encode(preview0: bool, userdata: u64, wanted: Wanted) -> Vec<u8> {
    let mut bytes = vec![0xee; if preview0 { 56 } else { 48 }];
    bytes[..8].copy_from_slice(&userdata.to_le_bytes());
    match wanted {
        Clock { id, timeout, flags } => {
            bytes[8] = 0;
            let at = if preview0 { 24 } else { 16 };
            bytes[at..at + 4].copy_from_slice(&id.to_le_bytes());
            bytes[at + 8..at + 16].copy_from_slice(&timeout.to_le_bytes());
            bytes[at + 24..at + 26].copy_from_slice(&flags.to_le_bytes());
        }
        Read(fd) | WriteTo(fd) => {
            bytes[8] = if matches!(wanted, Read(_)) { 1 } else { 2 };
            bytes[16..20].copy_from_slice(&fd.to_le_bytes());
        }
    }
    bytes
}

fn subscribe(guest: &mut TestGuest, wanted: &[Wanted]) {
    let bytes: Vec<u8> =
        (100..).zip(wanted).flat_map(|(userdata, &wanted)| encode(guest.is_preview0(), userdata, wanted)).collect();
    guest.write(IN as u32, &bytes);
}

fn event(guest: &TestGuest, at: u32) -> Event {
    let errno = Errno::from_code(guest.u16_at(at + 8)).expect("an errno");
    let padding = [guest.read(at + 11, 5), guest.read(at + 26, 6)].concat();
    assert_eq!(padding, [0; 11]);
    (guest.u64_at(at), errno, guest.read(at + 10, 1)[0], guest.u64_at(at + 16), guest.u16_at(at + 24))
}

/// Waits for what is wanted, whose user data are 100 and so on.
#[track_caller]
fn poll(guest: &mut TestGuest, wanted: &[Wanted]) -> Vec<Event> {
    subscribe(guest, wanted);
    guest.write(OUT as u32, &[0xff; 4096]);
    guest.ok("poll_oneoff", &[IN, OUT, wanted.len() as u64, COUNT]);
    let count = guest.u32_at(COUNT as u32);
    assert!(count >= 1 && count <= wanted.len() as u32);
    assert_eq!(guest.read(OUT as u32 + 32 * count, 32), [0xff; 32], "no more events than are counted");
    (0..count).map(|at| event(guest, OUT as u32 + 32 * at)).collect()
}

/// Guests with the system's clocks and, as descriptor 4, a connection whose other end is ours.
fn connected(test: impl Fn(&mut TestGuest, UnixStream)) {
    let ours = Mutex::new(None);
    for_each_with(
        |config| {
            let (host, guest) = UnixStream::pair().unwrap();
            *ours.lock().unwrap() = Some(host);
            config.system_time().preopened_stream(SocketStream::unix(guest));
        },
        |guest| test(guest, ours.lock().unwrap().take().unwrap()),
    );
}

#[test]
fn an_event_is_32_bytes() {
    for_each(|guest| {
        let mut bytes = encode(guest.is_preview0(), 0x0807_0605_0403_0201, after(3_600_000 * MILLISECOND));
        bytes.extend(encode(guest.is_preview0(), 0x1817_1615_1413_1211, Read(77)));
        guest.write(IN as u32, &bytes);
        guest.write(OUT as u32, &[0xff; 64]);
        guest.ok("poll_oneoff", &[IN, OUT, 2, COUNT]);
        let expected = [
            0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, // User data.
            8, 0, 1, 0, 0, 0, 0, 0, // EBADF, fd_read.
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        ];
        assert_eq!((guest.u32_at(COUNT as u32), guest.read(OUT as u32, 32)), (1, expected.to_vec()));
        guest.write(OUT as u32, &[0xff; 64]);
        guest.ok("poll_oneoff", &[IN, OUT, 1, COUNT]);
        let expected = [
            1, 2, 3, 4, 5, 6, 7, 8, // User data.
            0, 0, 0, 0, 0, 0, 0, 0, // No error, clock.
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        ];
        assert_eq!(guest.read(OUT as u32, 32), expected);
        assert_eq!(guest.read(OUT as u32 + 32, 32), [0xff; 32]);
    });
}

#[test]
fn the_earliest_timer_ends_the_wait() {
    connected(|guest, _ours| {
        let start = Instant::now();
        assert_eq!(poll(guest, &[after(20 * MILLISECOND)]), [timer(100)]);
        assert!(start.elapsed() >= Duration::from_millis(20));
        let day = 86_400_000 * MILLISECOND;
        let never = Clock { id: MONOTONIC, timeout: u64::MAX, flags: ABSTIME };
        let wanted = [after(day), after(20 * MILLISECOND), Read(4), never, after(20 * MILLISECOND), after(u64::MAX)];
        assert_eq!(poll(guest, &wanted), [timer(101), timer(104)]);
        assert!(start.elapsed() >= Duration::from_millis(40));
        assert_eq!(poll(guest, &[after(day), after(0)]), [timer(101)]);
    });
}

#[test]
fn times_are_distances_or_absolute_by_either_clock() {
    let wall = VirtualClock::new(Duration::from_secs(1_000), Duration::ZERO);
    for_each_with(
        |config| _ = config.wall_clock(wall.clone()),
        |guest| {
            const SECOND: u64 = 1000 * MILLISECOND;
            for (id, timeout, flags, slept) in [
                (MONOTONIC, 5 * SECOND, 0, 5),
                (REALTIME, 5 * SECOND, 0, 5),
                (REALTIME, 1_007 * SECOND, ABSTIME, 7),
                (REALTIME, 999 * SECOND, ABSTIME, 0),
                (MONOTONIC, SECOND, ABSTIME, 0),
            ] {
                let before = guest.store.data().monotonic_now();
                assert_eq!(poll(guest, &[Clock { id, timeout, flags }]), [timer(100)]);
                // Each reading lets a millisecond pass.
                assert_eq!((guest.store.data().monotonic_now() - before).as_secs(), slept, "{id} {timeout} {flags}");
            }
            let noon = Clock { id: MONOTONIC, timeout: 43_200 * SECOND, flags: ABSTIME };
            assert_eq!(poll(guest, &[noon]), [timer(100)]);
            assert_eq!(guest.store.data().monotonic_now().as_secs(), 43_200);
        },
    );
}

#[test]
fn poll_oneoff_means() {
    connected(|guest, mut ours| {
        let mut writing = ours.try_clone().unwrap();
        let writer = thread::spawn(move || {
            thread::sleep(Duration::from_millis(20));
            writing.write_all(b"seven b").unwrap();
        });
        let day = 86_400_000 * MILLISECOND;
        let events = poll(guest, &[after(day), Read(4), Read(4)]);
        writer.join().unwrap();
        assert_eq!(events, [(101, Errno::Success, 1, 7, 0), (102, Errno::Success, 1, 7, 0)]);
        // The null device's end, room to write, and a timer in between.
        let events = poll(guest, &[Read(4), WriteTo(1), after(0), WriteTo(4), Read(0)]);
        let userdata: Vec<u64> = events.iter().map(|event| event.0).collect();
        assert_eq!(userdata, [100, 101, 102, 103, 104]);
        assert_eq!(events[3], (103, Errno::Success, 2, 0, 0));
        assert_eq!(events[4], (104, Errno::Success, 1, 0, 1), "the end of the input");
        ours.write_all(b"!").unwrap();
        drop(ours);
        assert_eq!(poll(guest, &[Read(4)]), [(100, Errno::Success, 1, 8, 1)]);
    });
}

#[test]
fn an_input_that_never_comes_holds_up_no_timer() {
    let writer = Mutex::new(None);
    for input in [Input::reader, |reader| Input::file(std::os::fd::OwnedFd::from(reader).into())] {
        let input: fn(std::io::PipeReader) -> Input = input;
        for_each_with(
            |config| {
                let (reader, to_reader) = std::io::pipe().unwrap();
                *writer.lock().unwrap() = Some(to_reader);
                config.system_time().stdin(input(reader));
            },
            |guest| {
                assert_eq!(poll(guest, &[Read(0), after(20 * MILLISECOND)]), [timer(101)]);
                writer.lock().unwrap().as_mut().unwrap().write_all(b"late").unwrap();
                assert_eq!(poll(guest, &[Read(0), after(u64::MAX)]), [(100, Errno::Success, 1, 4, 0)]);
            },
        );
    }
}

#[test]
fn a_regular_file_is_always_ready_with_what_is_left_of_it() {
    for_each(|guest| {
        let file = guest.file("file", "0123456789");
        let fd = file as u32;
        let end = guest.whence("end");
        for (back, left, flags) in [(10_i64, 10, 0), (3, 3, 0), (0, 0, 1)] {
            guest.ok("fd_seek", &[file, i64::cast_unsigned(-back), end, COUNT]);
            assert_eq!(poll(guest, &[Read(fd), after(u64::MAX)]), [(100, Errno::Success, 1, left, flags)]);
        }
        assert_eq!(poll(guest, &[WriteTo(fd)]), [(100, Errno::Success, 2, 0, 0)]);
        guest.drop_rights(file, Rights::POLL_FD_READWRITE);
        assert_eq!(poll(guest, &[Read(fd)]), [(100, Errno::Notcapable, 1, 0, 0)]);
        assert_eq!(poll(guest, &[Read(ROOT as u32)]), [(100, Errno::Isdir, 1, 0, 0)]);
    });
}

#[test]
fn a_listener_is_ready_when_somebody_connects() {
    let address = Mutex::new(None);
    for_each_with(
        |config| {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            *address.lock().unwrap() = Some(listener.local_addr().unwrap());
            config.system_time().preopened_listener(SocketListener::tcp(listener).unwrap());
        },
        |guest| {
            assert_eq!(poll(guest, &[Read(4), after(MILLISECOND)]), [timer(101)]);
            let _client = TcpStream::connect(address.lock().unwrap().unwrap()).unwrap();
            assert_eq!(poll(guest, &[Read(4), after(u64::MAX)]), [(100, Errno::Success, 1, 0, 0)]);
            assert_eq!(poll(guest, &[WriteTo(4)]), [(100, Errno::Notconn, 2, 0, 0)]);
        },
    );
}

#[test]
fn what_is_wrong_with_one_is_an_event_and_nobody_waits() {
    connected(|guest, _ours| {
        let day = 86_400_000 * MILLISECOND;
        let cpu = |id| Clock { id, timeout: day, flags: 0 };
        let wanted = [Read(9), after(day), WriteTo(u32::MAX), Read(4), WriteTo(0), Read(1), cpu(2), cpu(3), after(0)];
        let failed = |userdata, errno, event_type| (userdata, errno, event_type, 0, 0);
        let expected = [
            failed(100, Errno::Badf, 1),
            failed(102, Errno::Badf, 2),
            failed(104, Errno::Badf, 2),
            failed(105, Errno::Badf, 1),
            failed(106, Errno::Inval, 0),
            failed(107, Errno::Inval, 0),
            timer(108),
        ];
        assert_eq!(poll(guest, &wanted), expected);
    });
}

#[test]
fn events_may_lie_over_subscriptions() {
    for_each(|guest| {
        let wanted = [Read(0), Read(50), Read(51), Read(52), WriteTo(2)];
        subscribe(guest, &wanted);
        guest.ok("poll_oneoff", &[IN, IN + 8, 5, COUNT]);
        let events: Vec<Event> = (0..5).map(|at| event(guest, IN as u32 + 8 + 32 * at)).collect();
        let (errors, userdata): (Vec<Errno>, Vec<u64>) = events.iter().map(|event| (event.1, event.0)).unzip();
        assert_eq!(errors, [Errno::Success, Errno::Badf, Errno::Badf, Errno::Badf, Errno::Success]);
        assert_eq!(userdata, [100, 101, 102, 103, 104]);
    });
}

#[test]
fn poll_oneoff_refuses() {
    for_each(|guest| {
        subscribe(guest, &[after(1), after(1)]);
        let (size, end) = (if guest.is_preview0() { 56 } else { 48 }, u64::from(MEMORY_SIZE));
        guest.fails(Errno::Inval, "poll_oneoff", &[IN, OUT, 0, COUNT]);
        for count in [u64::from(u32::MAX), 1 << 31, end / size + 1, 1 << 27] {
            guest.fails(Errno::Fault, "poll_oneoff", &[IN, OUT, count, COUNT]);
        }
        guest.fails(Errno::Fault, "poll_oneoff", &[end - size - 8, OUT, 2, COUNT]);
        guest.fails(Errno::Fault, "poll_oneoff", &[IN, end - 56, 2, COUNT]);
        guest.fails(Errno::Fault, "poll_oneoff", &[IN, OUT, 2, end]);
        guest.fails(Errno::Inval, "poll_oneoff", &[IN + 4, OUT, 1, COUNT]);
        guest.fails(Errno::Inval, "poll_oneoff", &[IN, OUT + 4, 1, COUNT]);
        guest.fails(Errno::Inval, "poll_oneoff", &[IN, OUT, 1, COUNT + 2]);
        for wanted in [
            Clock { id: 4, timeout: 0, flags: 0 },
            Clock { id: u32::MAX, timeout: 0, flags: 0 },
            Clock { id: MONOTONIC, timeout: 0, flags: 2 },
            Clock { id: MONOTONIC, timeout: 0, flags: 0x101 },
        ] {
            subscribe(guest, &[after(1), wanted]);
            guest.fails(Errno::Inval, "poll_oneoff", &[IN, OUT, 2, COUNT]);
        }
        subscribe(guest, &[after(1), Read(0)]);
        guest.write(IN as u32 + size as u32 + 8, &[3]);
        guest.fails(Errno::Inval, "poll_oneoff", &[IN, OUT, 2, COUNT]);
    });
}

#[test]
fn so_much_can_be_waited_for_at_once() {
    for_each(|guest| {
        guest.grow(126);
        // All of memory is zero: a timer of the calendar that is over.
        let (to, count) = (4 << 20, 65_536);
        guest.fails(Errno::Inval, "poll_oneoff", &[IN, to, count + 1, (8 << 20) - 8]);
        guest.ok("poll_oneoff", &[IN, to, count, (8 << 20) - 8]);
        assert_eq!(guest.u32_at((8 << 20) - 8), 65_536);
    });
}
