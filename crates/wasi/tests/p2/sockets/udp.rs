//! Datagrams.

use super::super::guest::P2Guest;
use super::{Family, NetCode, SocketPlace, any, families, free, guest, loopback, place};
use gusset::{ComponentType, Lift, Lower, Resource, ResourceAny};
use gusset_wasi::Network;
use gusset_wasi::p2::IoPollable;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

/// `incoming-datagram`.
#[derive(Clone, PartialEq, Eq, Debug, ComponentType, Lift)]
#[component(record)]
pub(super) struct Arrived {
    pub(super) data: Vec<u8>,
    remote_address: SocketPlace,
}

impl Arrived {
    pub(super) fn from(&self) -> SocketAddr {
        self.remote_address.into()
    }
}

/// `outgoing-datagram`.
#[derive(Clone, ComponentType, Lower)]
#[component(record)]
pub(super) struct Departing {
    data: Vec<u8>,
    remote_address: Option<SocketPlace>,
}

pub(super) type Pair = (ResourceAny, ResourceAny);

pub(super) fn to(data: &[u8], remote: impl Into<Option<SocketAddr>>) -> Departing {
    Departing { data: data.to_vec(), remote_address: remote.into().map(SocketPlace::from) }
}

impl P2Guest {
    #[track_caller]
    pub(super) fn start_udp_bind(&mut self, socket: ResourceAny, at: SocketAddr) -> Result<(), NetCode> {
        self.start("udp-socket.start-bind", socket, at)
    }

    #[track_caller]
    pub(super) fn finish_udp_bind(&mut self, socket: ResourceAny) -> Result<(), NetCode> {
        self.call("udp#[method]udp-socket.finish-bind", (socket,))
    }

    #[track_caller]
    pub(super) fn udp_bind(&mut self, socket: ResourceAny, at: SocketAddr) -> Result<(), NetCode> {
        self.start_udp_bind(socket, at)?;
        self.finish_udp_bind(socket)
    }

    #[track_caller]
    pub(super) fn udp_stream(
        &mut self,
        socket: ResourceAny,
        remote: impl Into<Option<SocketAddr>>,
    ) -> Result<Pair, NetCode> {
        self.call("udp#[method]udp-socket.stream", (socket, remote.into().map(SocketPlace::from)))
    }

    /// A socket at the loopback, where it is, and its streams.
    #[track_caller]
    pub(super) fn udp_at_loopback(&mut self, family: Family) -> (ResourceAny, SocketAddr, Pair) {
        let socket = self.udp(family);
        self.udp_bind(socket, loopback(family, 0)).unwrap();
        let at = self.udp_local(socket).unwrap();
        let streams = self.udp_stream(socket, None).unwrap();
        (socket, at, streams)
    }

    #[track_caller]
    fn udp_local(&mut self, socket: ResourceAny) -> Result<SocketAddr, NetCode> {
        let local: Result<SocketPlace, NetCode> = self.call("udp#[method]udp-socket.local-address", (socket,));
        local.map(Into::into)
    }

    #[track_caller]
    fn udp_remote(&mut self, socket: ResourceAny) -> Result<SocketAddr, NetCode> {
        let remote: Result<SocketPlace, NetCode> = self.call("udp#[method]udp-socket.remote-address", (socket,));
        remote.map(Into::into)
    }

    #[track_caller]
    pub(super) fn check_send(&mut self, stream: ResourceAny) -> Result<u64, NetCode> {
        self.call("udp#[method]outgoing-datagram-stream.check-send", (stream,))
    }

    /// Sends what is permitted.
    #[track_caller]
    pub(super) fn send(&mut self, stream: ResourceAny, datagrams: Vec<Departing>) -> Result<u64, NetCode> {
        self.check_send(stream).unwrap();
        self.call("udp#[method]outgoing-datagram-stream.send", (stream, datagrams))
    }

    #[track_caller]
    pub(super) fn send_to(
        &mut self,
        stream: ResourceAny,
        data: &[u8],
        remote: impl Into<Option<SocketAddr>>,
    ) -> Result<u64, NetCode> {
        self.send(stream, vec![to(data, remote)])
    }

    #[track_caller]
    pub(super) fn receive(&mut self, stream: ResourceAny, most: u64) -> Result<Vec<Arrived>, NetCode> {
        self.call("udp#[method]incoming-datagram-stream.receive", (stream, most))
    }

    #[track_caller]
    fn udp_pollable(&mut self, of: &str, resource: ResourceAny) -> Resource<IoPollable> {
        self.call(&format!("udp#[method]{of}.subscribe"), (resource,))
    }

    #[track_caller]
    fn wait_for_datagram(&mut self, stream: ResourceAny) {
        let pollable = self.udp_pollable("incoming-datagram-stream", stream);
        self.block(pollable);
    }

    #[track_caller]
    fn drop_pair(&mut self, (incoming, outgoing): Pair) {
        self.drop(incoming);
        self.drop(outgoing);
    }
}

#[test]
fn datagrams_go_both_ways() {
    for family in families() {
        let (mut guest, ours) = (free(), UdpSocket::bind(loopback(family, 0)).unwrap());
        let remote = ours.local_addr().unwrap();
        let (socket, at, (incoming, outgoing)) = guest.udp_at_loopback(family);
        assert_eq!(guest.call::<_, Family>("udp#[method]udp-socket.address-family", (socket,)), family);
        assert!(at.port() != 0);
        assert_eq!(guest.udp_remote(socket), Err(NetCode::InvalidState));
        let pollable = guest.udp_pollable("incoming-datagram-stream", incoming);
        assert_eq!(guest.receive(incoming, 8), Ok(vec![]), "nothing has come");
        assert!(!guest.is_ready(&pollable));
        assert_eq!(guest.send_to(outgoing, b"question", remote), Ok(1));
        let mut bytes = [0; 16];
        assert_eq!(ours.recv_from(&mut bytes).unwrap(), (8, at));
        assert_eq!(&bytes[..8], b"question");
        for answer in [&b"one"[..], b"", b"three"] {
            ours.send_to(answer, at).unwrap();
        }
        guest.try_call::<_, ()>("poll#[method]pollable.block", (&pollable,)).unwrap();
        assert_eq!(guest.receive(incoming, 0), Ok(vec![]));
        let answers = guest.receive(incoming, 2).unwrap();
        assert!(answers.iter().all(|answer| answer.from() == remote));
        let data: Vec<&[u8]> = answers.iter().map(|answer| &*answer.data).collect();
        assert_eq!(data, [&b"one"[..], b""]);
        assert_eq!(guest.receive(incoming, u64::MAX).unwrap().len(), 1);
        let pollable = guest.udp_pollable("outgoing-datagram-stream", outgoing);
        assert!(guest.is_ready(&pollable));
        let pollable = guest.udp_pollable("udp-socket", socket);
        assert!(guest.is_ready(&pollable));
    }
}

#[test]
fn a_socket_goes_through_its_states() {
    for family in families() {
        let mut guest = free();
        let socket = guest.udp(family);
        let tell = |guest: &mut P2Guest| {
            (guest.udp_local(socket).map(drop), guest.udp_stream(socket, None).map(|pair| guest.drop_pair(pair)))
        };
        let invalid = Err(NetCode::InvalidState);
        assert_eq!(guest.finish_udp_bind(socket), Err(NetCode::NotInProgress));
        assert_eq!(tell(&mut guest), (invalid, invalid));
        guest.start_udp_bind(socket, any(family)).unwrap();
        assert_eq!(guest.start_udp_bind(socket, any(family)), Err(NetCode::ConcurrencyConflict));
        assert_eq!(tell(&mut guest), (invalid, invalid));
        assert_eq!(guest.finish_udp_bind(socket), Ok(()));
        assert_eq!(guest.finish_udp_bind(socket), Err(NetCode::NotInProgress));
        assert_eq!(guest.start_udp_bind(socket, any(family)), Err(NetCode::InvalidState));
        assert_eq!(tell(&mut guest), (Ok(()), Ok(())));
        assert_eq!(guest.udp_remote(socket), Err(NetCode::InvalidState));
    }
}

#[test]
fn an_address_that_is_taken_or_not_there_is_not_to_be_had() {
    for (family, elsewhere) in families().into_iter().zip(["192.0.2.1:0", "[2001:db8::1]:0"]) {
        let (mut guest, ours) = (free(), UdpSocket::bind(loopback(family, 0)).unwrap());
        let taken = ours.local_addr().unwrap();
        let socket = guest.udp(family);
        assert_eq!(guest.udp_bind(socket, taken), Err(NetCode::AddressInUse));
        assert_eq!(guest.udp_bind(socket, place(elsewhere)), Err(NetCode::AddressNotBindable));
        drop(ours);
        assert_eq!(guest.udp_bind(socket, taken), Ok(()));
        assert_eq!(guest.udp_local(socket), Ok(taken));
    }
}

#[test]
fn addresses_of_another_family_and_of_nobody_are_refused() {
    for (family, binds, addresses) in [
        (Family::Ipv4, false, &["[::1]:80"][..]),
        (Family::Ipv4, true, &["0.0.0.0:80", "127.0.0.1:0"]),
        (Family::Ipv6, false, &["127.0.0.1:80", "[::ffff:127.0.0.1]:80", "[::127.0.0.1]:80"]),
        (Family::Ipv6, true, &["[::]:80", "[::1]:0"]),
    ] {
        for address in addresses.iter().filter(|_| families().contains(&family)) {
            let (mut guest, address) = (free(), place(address));
            let socket = guest.udp(family);
            if !binds {
                assert_eq!(guest.udp_bind(socket, address), Err(NetCode::InvalidArgument), "{address}");
            }
            guest.udp_bind(socket, any(family)).unwrap();
            assert_eq!(guest.udp_stream(socket, address).err(), Some(NetCode::InvalidArgument), "{address}");
            let (_, outgoing) = guest.udp_stream(socket, None).unwrap();
            assert_eq!(guest.send_to(outgoing, b"x", address), Err(NetCode::InvalidArgument), "{address}");
            assert_eq!(guest.send_to(outgoing, b"x", None), Err(NetCode::InvalidArgument), "to nobody");
        }
    }
}

#[test]
fn a_socket_that_is_associated_hears_of_nobody_else() {
    for family in families() {
        let mut guest = free();
        let [one, other] = [(); 2].map(|()| UdpSocket::bind(loopback(family, 0)).unwrap());
        let [one_at, other_at] = [&one, &other].map(|socket| socket.local_addr().unwrap());
        let (socket, at, pair) = guest.udp_at_loopback(family);
        // What has come before is not heard either.
        one.send_to(b"early", at).unwrap();
        other.send_to(b"wanted", at).unwrap();
        guest.wait_for_datagram(pair.0);
        guest.drop_pair(pair);
        let pair = guest.udp_stream(socket, other_at).unwrap();
        assert_eq!((guest.udp_local(socket), guest.udp_remote(socket)), (Ok(at), Ok(other_at)));
        one.send_to(b"late", at).unwrap();
        other.send_to(b"more", at).unwrap();
        let heard = guest.receive(pair.0, 16).unwrap();
        let data: Vec<&[u8]> = heard.iter().map(|datagram| &*datagram.data).collect();
        assert_eq!(data, [&b"wanted"[..], b"more"]);
        // It sends to nobody else.
        assert_eq!(guest.send_to(pair.1, b"x", one_at), Err(NetCode::InvalidArgument));
        assert_eq!(guest.send_to(pair.1, b"to", other_at), Ok(1));
        assert_eq!(guest.send_to(pair.1, b"to too", None), Ok(1));
        let mut bytes = [0; 16];
        assert_eq!(other.recv_from(&mut bytes).unwrap(), (2, at));
        assert_eq!(other.recv_from(&mut bytes).unwrap(), (6, at));
        guest.drop_pair(pair);
        // To another, and to none.
        let pair = guest.udp_stream(socket, one_at).unwrap();
        assert_eq!(guest.udp_remote(socket), Ok(one_at));
        guest.drop_pair(pair);
        let pair = guest.udp_stream(socket, None).unwrap();
        assert_eq!((guest.udp_local(socket), guest.udp_remote(socket)), (Ok(at), Err(NetCode::InvalidState)));
        for ours in [&one, &other] {
            ours.send_to(b"x", at).unwrap();
        }
        assert_eq!(guest.receive(pair.0, 16).unwrap().len(), 2);
    }
}

/// The port is the socket's for good, also where the system chose it.
#[test]
fn the_port_stays_that_the_system_has_chosen() {
    for family in families() {
        let (mut guest, ours) = (free(), UdpSocket::bind(loopback(family, 0)).unwrap());
        let socket = guest.udp(family);
        guest.udp_bind(socket, any(family)).unwrap();
        let at = guest.udp_local(socket).unwrap();
        let pair = guest.udp_stream(socket, ours.local_addr().unwrap()).unwrap();
        assert_eq!(guest.udp_local(socket).unwrap().port(), at.port());
        guest.drop_pair(pair);
        let (incoming, _) = guest.udp_stream(socket, None).unwrap();
        assert_eq!(guest.udp_local(socket), Ok(at));
        ours.send_to(b"still there", loopback(family, at.port())).unwrap();
        guest.wait_for_datagram(incoming);
        assert_eq!(guest.receive(incoming, 1).unwrap()[0].data, b"still there");
    }
}

#[test]
fn whoever_sends_to_nobody_is_told() {
    for family in families() {
        let mut guest = free();
        let nobody = UdpSocket::bind(loopback(family, 0)).unwrap().local_addr().unwrap();
        let socket = guest.udp(family);
        guest.udp_bind(socket, loopback(family, 0)).unwrap();
        let (incoming, outgoing) = guest.udp_stream(socket, nobody).unwrap();
        assert_eq!(guest.send_to(outgoing, b"hello?", None), Ok(1));
        guest.wait_for_datagram(incoming);
        assert_eq!(guest.receive(incoming, 1), Err(NetCode::ConnectionRefused));
        assert_eq!(guest.receive(incoming, 1), Ok(vec![]));
    }
}

#[test]
fn what_is_sent_is_what_was_permitted() {
    let (mut guest, ours) = (free(), UdpSocket::bind("127.0.0.1:0").unwrap());
    let remote = ours.local_addr().unwrap();
    let (_, _, (_, outgoing)) = guest.udp_at_loopback(Family::Ipv4);
    let function = "udp#[method]outgoing-datagram-stream.send";
    let error = guest.stop::<_, (Result<u64, NetCode>,)>(function, (outgoing, vec![to(b"x", remote)]));
    assert_eq!(error.to_string(), "1 datagrams were sent where `check-send` permits 0");
    let permit = guest.check_send(outgoing).unwrap();
    assert!(permit >= 2);
    assert_eq!(guest.call::<_, Result<u64, NetCode>>(function, (outgoing, Vec::<Departing>::new())), Ok(0));
    let many = vec![to(b"x", remote); permit as usize];
    assert_eq!(guest.call::<_, Result<u64, NetCode>>(function, (outgoing, many.clone())), Ok(permit));
    // Each permit is for one call.
    guest.stop::<_, (Result<u64, NetCode>,)>(function, (outgoing, many.clone()));
    assert_eq!(guest.check_send(outgoing), Ok(permit));
    let too_many = vec![to(b"x", remote); permit as usize + 1];
    guest.stop::<_, (Result<u64, NetCode>,)>(function, (outgoing, too_many));
}

#[test]
fn sending_ends_where_it_fails() {
    let (mut guest, ours) = (free(), UdpSocket::bind("127.0.0.1:0").unwrap());
    let remote = ours.local_addr().unwrap();
    let (_, _, (_, outgoing)) = guest.udp_at_loopback(Family::Ipv4);
    let huge = vec![0; 65_508];
    assert_eq!(guest.send_to(outgoing, &huge, remote), Err(NetCode::DatagramTooLarge));
    assert_eq!(guest.send_to(outgoing, &huge[1..], remote), Ok(1));
    let mut bytes = vec![0; 1 << 16];
    assert_eq!(ours.recv(&mut bytes).unwrap(), 65_507);
    let some = vec![to(b"one", remote), to(&huge, remote), to(b"three", remote)];
    assert_eq!(guest.send(outgoing, some), Ok(1));
    assert_eq!(ours.recv(&mut bytes).unwrap(), 3);
    ours.set_nonblocking(true).unwrap();
    assert!(ours.recv(&mut bytes).is_err(), "nothing is sent behind it");
}

#[test]
fn a_guest_that_asks_for_all_gets_a_bounded_part() {
    let (mut guest, ours) = (free(), UdpSocket::bind("127.0.0.1:0").unwrap());
    let (_, at, (incoming, _)) = guest.udp_at_loopback(Family::Ipv4);
    for _ in 0..20 {
        ours.send_to(b"x", at).unwrap();
    }
    assert_eq!(guest.receive(incoming, u64::MAX).unwrap().len(), 16);
    assert_eq!(guest.receive(incoming, u64::MAX).unwrap().len(), 4);
    for _ in 0..3 {
        ours.send_to(&[0; 50_000], at).unwrap();
    }
    assert_eq!(guest.receive(incoming, u64::MAX).unwrap().len(), 2, "that is enough at once");
}

#[test]
fn a_pair_of_streams_is_the_only_one() {
    let mut guest = free();
    let (socket, _, (incoming, outgoing)) = guest.udp_at_loopback(Family::Ipv4);
    let function = "udp#[method]udp-socket.stream";
    for stream in [incoming, outgoing] {
        let error = guest.stop::<_, (Result<Pair, NetCode>,)>(function, (socket, None::<SocketPlace>));
        let said = "`udp-socket.stream` was called while streams of the call before were still open";
        assert_eq!(error.to_string(), said);
        guest.drop(stream);
    }
    // It stays as long as they do, and its pollables.
    let (with_streams, ..) = guest.udp_at_loopback(Family::Ipv4);
    assert!(with_streams.resource_drop(&mut guest.store).is_err());
    let _pollable = guest.udp_pollable("udp-socket", socket);
    assert!(socket.resource_drop(&mut guest.store).is_err());
}

#[test]
fn options_are_what_they_were_set_to() {
    for family in families() {
        let mut guest = free();
        let socket = guest.udp(family);
        let method = |function: &str| format!("udp#[method]udp-socket.{function}");
        let mut set = |hops: u8, receive: u64, send: u64| -> [Result<(), NetCode>; 3] {
            [
                guest.call(&method("set-unicast-hop-limit"), (socket, hops)),
                guest.call(&method("set-receive-buffer-size"), (socket, receive)),
                guest.call(&method("set-send-buffer-size"), (socket, send)),
            ]
        };
        assert_eq!(set(0, 0, 0), [Err(NetCode::InvalidArgument); 3]);
        assert_eq!(set(255, u64::MAX, u64::MAX), [Ok(()); 3]);
        assert_eq!(set(1, 1, 1), [Ok(()); 3]);
        assert_eq!(set(42, 0x10000, 0x11000), [Ok(()); 3]);
        assert_eq!(guest.call::<_, Result<u8, NetCode>>(&method("unicast-hop-limit"), (socket,)), Ok(42));
        assert_eq!(guest.call::<_, Result<u64, NetCode>>(&method("receive-buffer-size"), (socket,)), Ok(0x10000));
        assert_eq!(guest.call::<_, Result<u64, NetCode>>(&method("send-buffer-size"), (socket,)), Ok(0x11000));
    }
}

/// Who may send somewhere may hear from there, and from nowhere else.
#[test]
fn answers_come_from_where_questions_may_go() {
    let [known, stranger] = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").unwrap());
    let known_at = known.local_addr().unwrap();
    let mut asks = guest(Network::none().allow(known_at.to_string().parse().unwrap()));
    let socket = asks.udp(Family::Ipv4);
    asks.udp_bind(socket, any(Family::Ipv4)).unwrap();
    let (incoming, outgoing) = asks.udp_stream(socket, None).unwrap();
    assert_eq!(asks.send_to(outgoing, b"?", known_at), Ok(1));
    let from = known.recv_from(&mut [0; 8]).unwrap().1;
    for _ in 0..3 {
        stranger.send_to(b"unasked", from).unwrap();
    }
    known.send_to(b"!", from).unwrap();
    let heard = asks.receive(incoming, 8).unwrap();
    assert_eq!((heard.len(), &*heard[0].data, heard[0].from()), (1, &b"!"[..], known_at));
}

/// Who may listen may answer, and write to nobody else; not by another socket either.
#[test]
fn who_listens_may_answer() {
    let [asks, silent] = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").unwrap());
    let [asks_at, silent_at] = [&asks, &silent].map(|socket| socket.local_addr().unwrap());
    let mut guest = guest(Network::none().allow_listen("127.0.0.1:0".parse().unwrap()));
    let (socket, at, pair) = guest.udp_at_loopback(Family::Ipv4);
    let (incoming, outgoing) = pair;
    assert_eq!(guest.send_to(outgoing, b"x", asks_at), Err(NetCode::AccessDenied));
    asks.send_to(b"?", at).unwrap();
    assert_eq!(guest.receive(incoming, 8).unwrap()[0].from(), asks_at);
    assert_eq!(guest.send_to(outgoing, b"!", asks_at), Ok(1));
    assert_eq!(asks.recv_from(&mut [0; 8]).unwrap(), (1, at));
    assert_eq!(guest.send_to(outgoing, b"x", silent_at), Err(NetCode::AccessDenied));
    guest.drop_pair(pair);
    let pair = guest.udp_stream(socket, Some(asks_at)).unwrap();
    assert_eq!(guest.send_to(pair.1, b"!", None), Ok(1));
    guest.drop_pair(pair);
    assert_eq!(guest.udp_stream(socket, Some(silent_at)).err(), Some(NetCode::AccessDenied));
    let (_, _, (_, outgoing)) = guest.udp_at_loopback(Family::Ipv4);
    assert_eq!(guest.send_to(outgoing, b"x", asks_at), Err(NetCode::AccessDenied));
}

#[test]
fn who_wrote_long_ago_gets_no_answer() {
    let mut guest = guest(Network::none().allow_listen("127.0.0.1:0".parse().unwrap()));
    let (_, at, (incoming, outgoing)) = guest.udp_at_loopback(Family::Ipv4);
    // Each has an address of this machine for itself, which nobody else can get when it is closed.
    let hear_from = |guest: &mut P2Guest, number: u16| {
        let [high, low] = number.to_be_bytes();
        let asks = UdpSocket::bind((Ipv4Addr::new(127, 1, high, low), 0)).unwrap();
        asks.send_to(b"?", at).unwrap();
        assert_eq!(guest.receive(incoming, 8).unwrap().len(), 1);
        asks
    };
    let first = hear_from(&mut guest, 0);
    let first_at = first.local_addr().unwrap();
    let second = hear_from(&mut guest, 1);
    let second_at = second.local_addr().unwrap();
    (2..1024).for_each(|number| drop(hear_from(&mut guest, number)));
    // The first has written long ago, and just now.
    first.send_to(b"?", at).unwrap();
    assert_eq!(guest.receive(incoming, 8).unwrap().len(), 1);
    assert_eq!(guest.send_to(outgoing, b"!", second_at), Ok(1));
    hear_from(&mut guest, 1024);
    assert_eq!(guest.send_to(outgoing, b"!", first_at), Ok(1));
    assert_eq!(guest.send_to(outgoing, b"!", second_at), Err(NetCode::AccessDenied));
    second.send_to(b"?", at).unwrap();
    assert_eq!(guest.receive(incoming, 8).unwrap().len(), 1);
    assert_eq!(guest.send_to(outgoing, b"!", second_at), Ok(1));
}
