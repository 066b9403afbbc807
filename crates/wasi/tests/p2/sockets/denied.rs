//! A guest reaches what its host lets it reach, and nothing else: the host's sockets hear of nothing.

use super::super::guest::P2Guest;
use super::{Family, NetCode, any, families, guest, loopback, place};
use gusset::ResourceAny;
use gusset_wasi::{Network, NetworkRule, WasiConfig};
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, UdpSocket};

const DENIED: Option<NetCode> = Some(NetCode::AccessDenied);

fn rule(text: impl ToString) -> NetworkRule {
    text.to_string().parse().unwrap()
}

/// Sockets of the host's that nobody is to reach.
struct Target {
    tcp: TcpListener,
    udp: UdpSocket,
}

impl Target {
    fn new(family: Family) -> Target {
        let tcp = TcpListener::bind(loopback(family, 0)).unwrap();
        let udp = UdpSocket::bind(loopback(family, 0)).unwrap();
        tcp.set_nonblocking(true).unwrap();
        udp.set_nonblocking(true).unwrap();
        Target { tcp, udp }
    }

    fn tcp_at(&self) -> SocketAddr {
        self.tcp.local_addr().unwrap()
    }

    fn udp_at(&self) -> SocketAddr {
        self.udp.local_addr().unwrap()
    }

    /// Whatever had been sent over the loopback would be there by now.
    #[track_caller]
    fn heard_nothing(&self) {
        assert_eq!(self.tcp.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
        assert_eq!(self.udp.recv(&mut [0; 16]).unwrap_err().kind(), ErrorKind::WouldBlock);
    }
}

#[test]
fn who_has_no_network_has_no_sockets_and_no_names() {
    for config in [WasiConfig::default(), WasiConfig::builder().network(Network::none()).build().unwrap()] {
        let mut guest = P2Guest::new(&config);
        for family in [Family::Ipv4, Family::Ipv6] {
            let tcp: Result<ResourceAny, NetCode> = guest.call("tcp-create-socket#create-tcp-socket", (family,));
            let udp: Result<ResourceAny, NetCode> = guest.call("udp-create-socket#create-udp-socket", (family,));
            assert_eq!((tcp.err(), udp.err()), (DENIED, DENIED));
        }
        for name in ["localhost", "example.com"] {
            assert_eq!(guest.start_lookup(name).err(), DENIED);
        }
    }
}

#[test]
fn who_may_reach_one_reaches_no_other() {
    for family in families() {
        let (allowed, denied) = (Target::new(family), Target::new(family));
        let network = Network::none().allow(rule(allowed.tcp_at())).allow(rule(allowed.udp_at()));
        let mut guest = guest(network);
        let socket = guest.tcp(family);
        for to in [denied.tcp_at(), denied.udp_at(), loopback(family, 1)] {
            assert_eq!(guest.start_connect(socket, to).err(), DENIED);
        }
        // What was refused was no attempt.
        assert!(guest.connect(socket, allowed.tcp_at()).is_ok());
        assert!(allowed.tcp.accept().is_ok());

        let socket = guest.udp(family);
        guest.udp_bind(socket, any(family)).unwrap();
        assert_eq!(guest.udp_stream(socket, denied.udp_at()).err(), DENIED);
        let (_, outgoing) = guest.udp_stream(socket, None).unwrap();
        assert_eq!(guest.send_to(outgoing, b"x", denied.udp_at()).err(), DENIED);
        assert_eq!(guest.send_to(outgoing, b"x", denied.tcp_at()).err(), DENIED);
        assert_eq!(guest.send_to(outgoing, b"hello", allowed.udp_at()), Ok(1));
        assert_eq!(allowed.udp.recv(&mut [0; 16]).unwrap(), 5);

        assert_eq!(guest.start_lookup("localhost").err(), DENIED);
        denied.heard_nothing();
        allowed.heard_nothing();
    }
}

/// A list of datagrams is asked about one by one.
#[test]
fn among_datagrams_those_are_sent_that_come_before_a_refused_one() {
    let (allowed, denied) = (Target::new(Family::Ipv4), Target::new(Family::Ipv4));
    let mut guest = guest(Network::none().allow(rule(allowed.udp_at())));
    let socket = guest.udp(Family::Ipv4);
    guest.udp_bind(socket, any(Family::Ipv4)).unwrap();
    let (_, outgoing) = guest.udp_stream(socket, None).unwrap();
    let to = [allowed.udp_at(), denied.udp_at(), allowed.udp_at()];
    let datagrams = to.map(|to| super::udp::to(b"x", to)).to_vec();
    assert_eq!(guest.send(outgoing, datagrams.clone()), Ok(1));
    assert_eq!(guest.send(outgoing, datagrams[1..].to_vec()).err(), DENIED);
    assert_eq!(allowed.udp.recv(&mut [0; 16]).unwrap(), 1);
    allowed.heard_nothing();
    denied.heard_nothing();
}

#[test]
fn addresses_of_everybody_have_rules_as_any_other() {
    let mut guest = guest(Network::none().allow(rule("127.0.0.0/8:*")));
    let socket = guest.udp(Family::Ipv4);
    guest.udp_bind(socket, any(Family::Ipv4)).unwrap();
    assert_eq!(guest.udp_stream(socket, place("224.0.0.1:80")).err(), DENIED);
    let (_, outgoing) = guest.udp_stream(socket, None).unwrap();
    for everybody in ["224.0.0.1:80", "255.255.255.255:80"] {
        assert_eq!(guest.send_to(outgoing, b"x", place(everybody)).err(), DENIED);
    }
}

/// The form in which IPv6 writes IPv4 addresses leads past no rule, whether it would be allowed or not.
#[test]
fn no_other_form_of_an_address_leads_past_a_rule() {
    if !families().contains(&Family::Ipv6) {
        return;
    }
    let target = Target::new(Family::Ipv4);
    for network in [Network::none().allow(rule("[::]/0:*")), Network::all()] {
        let mut guest = guest(network);
        let socket = guest.tcp(Family::Ipv6);
        let datagrams = guest.udp(Family::Ipv6);
        guest.udp_bind(datagrams, any(Family::Ipv6)).unwrap();
        for form in ["::ffff:127.0.0.1", "::127.0.0.1"] {
            let form = |port: u16| SocketAddr::new(form.parse().unwrap(), port);
            assert_eq!(guest.start_connect(socket, form(target.tcp_at().port())), Err(NetCode::InvalidArgument));
            let to = form(target.udp_at().port());
            assert_eq!(guest.udp_stream(datagrams, to).err(), Some(NetCode::InvalidArgument));
        }
    }
    target.heard_nothing();
}

#[test]
fn who_may_connect_may_not_listen() {
    for family in families() {
        let mut guest = guest(Network::none().allow(rule("*:80")));
        let socket = guest.tcp(family);
        for at in [loopback(family, 0), loopback(family, 8080), SocketAddr::new(any(family).ip(), 8080)] {
            assert_eq!(guest.start_bind(socket, at).err(), DENIED, "{at}");
        }
        // The address that the system chooses is for connecting only.
        guest.bind(socket, any(family)).unwrap();
        assert_eq!(guest.tcp_get::<Result<(), NetCode>>("start-listen", socket).err(), DENIED);
        assert!(!guest.tcp_get::<bool>("is-listening", socket));
        let datagrams = guest.udp(family);
        assert_eq!(guest.start_udp_bind(datagrams, loopback(family, 0)).err(), DENIED);
        assert_eq!(guest.start_udp_bind(datagrams, loopback(family, 53)).err(), DENIED);
    }
}

#[test]
fn who_may_listen_may_do_so_there_and_not_connect() {
    let target = Target::new(Family::Ipv4);
    let free_port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut guest = guest(Network::none().allow_listen(rule(free_port)));
    let socket = guest.tcp(Family::Ipv4);
    for at in ["127.0.0.1:0", "0.0.0.0:0", "127.0.0.2:80"] {
        assert_eq!(guest.start_bind(socket, place(at)).err(), DENIED, "{at}");
    }
    let everywhere = SocketAddr::new(any(Family::Ipv4).ip(), free_port.port());
    assert_eq!(guest.start_bind(socket, everywhere).err(), DENIED);
    assert_eq!(guest.start_connect(socket, target.tcp_at()).err(), DENIED);
    guest.bind(socket, free_port).unwrap();
    assert_eq!(guest.start_connect(socket, target.tcp_at()).err(), DENIED);
    guest.listen(socket).unwrap();
    let ours = std::net::TcpStream::connect(free_port).unwrap();
    guest.wait_for_tcp(socket);
    let (accepted, _) = guest.accept(socket).unwrap();
    assert_eq!(guest.tcp_remote(accepted), Ok(ours.local_addr().unwrap()));
    target.heard_nothing();
}
