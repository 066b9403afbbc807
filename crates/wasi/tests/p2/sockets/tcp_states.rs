//! Which function may follow which.

use super::super::guest::P2Guest;
use super::{Family, Half, NetCode, Streams, free, loopback};
use gusset::{Resource, ResourceAny};
use gusset_wasi::p2::IoPollable;
use std::net::{SocketAddr, TcpListener, TcpStream};

type Step = Result<(), NetCode>;

/// What each function says that changes a socket's state, or tells of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Answers {
    start_bind: Step,
    finish_bind: Step,
    start_connect: Step,
    finish_connect: Step,
    start_listen: Step,
    finish_listen: Step,
    accept: Step,
    shutdown: Step,
    local_address: Step,
    remote_address: Step,
    set_backlog: Step,
    set_option: Step,
    is_listening: bool,
}

const INVALID: Step = Err(NetCode::InvalidState);
const CONFLICT: Step = Err(NetCode::ConcurrencyConflict);
const NOT_IN_PROGRESS: Step = Err(NetCode::NotInProgress);

/// What they say where none of them fits.
const NOTHING: Answers = Answers {
    start_bind: INVALID,
    finish_bind: NOT_IN_PROGRESS,
    start_connect: INVALID,
    finish_connect: NOT_IN_PROGRESS,
    start_listen: INVALID,
    finish_listen: NOT_IN_PROGRESS,
    accept: INVALID,
    shutdown: INVALID,
    local_address: INVALID,
    remote_address: INVALID,
    set_backlog: Ok(()),
    set_option: Ok(()),
    is_listening: false,
};

/// Asks all, but for those that would change the state, of which the answer is known.
fn ask(guest: &mut P2Guest, socket: ResourceAny, known: &Answers) -> Answers {
    let unless = |known: Step, ask: &mut dyn FnMut() -> Step| if known.is_ok() { Ok(()) } else { ask() };
    let at = loopback(Family::Ipv4, 0);
    let to = loopback(Family::Ipv4, 1);
    Answers {
        start_bind: unless(known.start_bind, &mut || guest.start_bind(socket, at)),
        finish_bind: unless(known.finish_bind, &mut || guest.tcp_get("finish-bind", socket)),
        start_connect: unless(known.start_connect, &mut || guest.start_connect(socket, to)),
        finish_connect: unless(known.finish_connect, &mut || {
            guest.tcp_get::<Result<Streams, NetCode>>("finish-connect", socket).map(drop)
        }),
        start_listen: unless(known.start_listen, &mut || guest.tcp_get("start-listen", socket)),
        finish_listen: unless(known.finish_listen, &mut || guest.tcp_get("finish-listen", socket)),
        accept: guest.accept(socket).map(drop),
        shutdown: unless(known.shutdown, &mut || guest.tcp_set("shutdown", socket, Half::Both)),
        local_address: guest.tcp_local(socket).map(drop),
        remote_address: guest.tcp_remote(socket).map(drop),
        set_backlog: guest.tcp_set("set-listen-backlog-size", socket, 16_u64),
        set_option: guest.tcp_set("set-hop-limit", socket, 60_u8),
        is_listening: guest.tcp_get("is-listening", socket),
    }
}

#[track_caller]
fn check(guest: &mut P2Guest, socket: ResourceAny, expected: Answers) {
    for _ in 0..2 {
        assert_eq!(ask(guest, socket, &expected), expected);
    }
}

#[test]
fn a_socket_that_listens_goes_through_its_states() {
    let mut guest = free();
    let socket = guest.tcp(Family::Ipv4);
    check(&mut guest, socket, Answers { start_bind: Ok(()), start_connect: Ok(()), ..NOTHING });
    guest.start_bind(socket, loopback(Family::Ipv4, 0)).unwrap();
    let busy = Answers { start_bind: CONFLICT, start_connect: CONFLICT, start_listen: CONFLICT, ..NOTHING };
    assert!(guest.tcp_is_ready(socket));
    check(&mut guest, socket, Answers { finish_bind: Ok(()), ..busy });
    guest.tcp_get::<Step>("finish-bind", socket).unwrap();
    let bound = Answers { local_address: Ok(()), ..NOTHING };
    check(&mut guest, socket, Answers { start_connect: Ok(()), start_listen: Ok(()), ..bound });
    guest.tcp_get::<Step>("start-listen", socket).unwrap();
    assert!(guest.tcp_is_ready(socket));
    check(&mut guest, socket, Answers { finish_listen: Ok(()), local_address: Ok(()), ..busy });
    guest.tcp_get::<Step>("finish-listen", socket).unwrap();
    check(&mut guest, socket, Answers { accept: Err(NetCode::WouldBlock), is_listening: true, ..bound });
}

/// A listener that takes no connection more, so that those who connect wait.
fn busy_listener() -> (TcpListener, Vec<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    rustix::net::listen(&listener, 0).unwrap();
    let at = listener.local_addr().unwrap();
    (listener, vec![TcpStream::connect(at).unwrap()])
}

#[test]
fn a_socket_that_connects_goes_through_its_states() {
    let mut guest = free();
    let (listener, waiting) = busy_listener();
    let at = listener.local_addr().unwrap();
    let socket = guest.tcp(Family::Ipv4);
    let pollable: Resource<IoPollable> = guest.tcp_get("subscribe", socket);
    assert!(guest.is_ready(&pollable));
    guest.start_connect(socket, at).unwrap();
    assert!(!guest.is_ready(&pollable), "it is the same all the time");
    let busy = Answers {
        start_bind: CONFLICT,
        start_connect: CONFLICT,
        start_listen: CONFLICT,
        finish_connect: Err(NetCode::WouldBlock),
        set_backlog: INVALID,
        local_address: Ok(()),
        ..NOTHING
    };
    check(&mut guest, socket, busy);
    // There is room now, which the system finds out when it tries again.
    drop(listener.accept().unwrap());
    drop(waiting);
    guest.block(pollable);
    let (_input, _output): Streams =
        guest.tcp_get::<Result<_, NetCode>>("finish-connect", socket).expect("it is connected");
    let connected = Answers { local_address: Ok(()), remote_address: Ok(()), set_backlog: INVALID, ..NOTHING };
    check(&mut guest, socket, Answers { shutdown: Ok(()), ..connected });
    for which in [Half::Send, Half::Send, Half::Receive, Half::Both, Half::Both] {
        assert_eq!(guest.tcp_set("shutdown", socket, which), Ok(()));
    }
}

#[test]
fn a_socket_that_could_not_connect_is_closed() {
    let mut guest = free();
    let nobody: SocketAddr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let socket = guest.tcp(Family::Ipv4);
    assert_eq!(guest.connect(socket, nobody).err(), Some(NetCode::ConnectionRefused));
    assert!(guest.tcp_is_ready(socket));
    check(&mut guest, socket, Answers { set_backlog: INVALID, set_option: INVALID, ..NOTHING });
}
