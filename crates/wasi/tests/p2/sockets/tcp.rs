//! Connecting and taking connections.

use super::super::guest::P2Guest;
use super::{Family, NetCode, any, families, free, loopback, place};
use gusset::{Resource, ResourceAny};
use gusset_wasi::p2::IoPollable;
use gusset_wasi::{Network, WasiConfig};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

#[test]
fn a_guest_connects_and_talks() {
    for family in families() {
        let listener = TcpListener::bind(loopback(family, 0)).unwrap();
        let (mut guest, at) = (free(), listener.local_addr().unwrap());
        let socket = guest.tcp(family);
        let (input, output) = guest.connect(socket, at).unwrap();
        let (mut ours, from) = listener.accept().unwrap();
        assert_eq!(guest.tcp_local(socket), Ok(from));
        assert_eq!(guest.tcp_remote(socket), Ok(at));
        assert_eq!(guest.tcp_get::<Family>("address-family", socket), family);
        assert!(!guest.tcp_get::<bool>("is-listening", socket));

        assert_eq!(guest.read(&input, 8), Ok(vec![]), "nothing has come");
        guest.write_and_flush(&output, b"question").unwrap();
        let mut bytes = [0; 8];
        ours.read_exact(&mut bytes).unwrap();
        assert_eq!(&bytes, b"question");
        ours.write_all(b"answer").unwrap();
        assert_eq!(guest.blocking_read(&input, 16), Ok(b"answer".to_vec()));
        drop(ours);
        assert_eq!(guest.blocking_read(&input, 16), Err(None), "the other side has ended");
        assert_eq!(guest.read(&input, 0), Err(None));
    }
}

#[test]
fn a_guest_takes_connections() {
    for family in families() {
        let mut guest = free();
        let (listener, at) = guest.listener(family);
        assert!(at.port() != 0 && guest.tcp_get::<bool>("is-listening", listener));
        assert_eq!(guest.accept(listener).err(), Some(NetCode::WouldBlock));
        assert!(!guest.tcp_is_ready(listener));
        let mut ours = TcpStream::connect(at).unwrap();
        guest.wait_for_tcp(listener);
        assert!(guest.tcp_is_ready(listener));
        let (socket, (input, output)) = guest.accept(listener).unwrap();
        assert_eq!(guest.tcp_remote(socket), Ok(ours.local_addr().unwrap()));
        assert_eq!(guest.tcp_local(socket), Ok(at));
        assert_eq!(guest.tcp_get::<Family>("address-family", socket), family);
        ours.write_all(b"request").unwrap();
        assert_eq!(guest.blocking_read(&input, 16), Ok(b"request".to_vec()));
        guest.write_and_flush(&output, b"response").unwrap();
        let mut bytes = [0; 8];
        ours.read_exact(&mut bytes).unwrap();
        assert_eq!(&bytes, b"response");
        // What was accepted does not need who accepted it.
        guest.drop(listener);
        guest.write_and_flush(&output, b"more").unwrap();
        assert_eq!(ours.read(&mut bytes).unwrap(), 4);
    }
}

#[test]
fn a_guest_connects_to_itself_from_where_it_likes() {
    for family in families() {
        let mut guest = free();
        let (listener, at) = guest.listener(family);
        for from in [loopback(family, 0), any(family)] {
            let socket = guest.tcp(family);
            guest.bind(socket, from).unwrap();
            let bound = guest.tcp_local(socket).unwrap();
            assert!(bound.ip() == from.ip() && bound.port() != 0);
            guest.connect(socket, at).unwrap();
            guest.wait_for_tcp(listener);
            let (accepted, _) = guest.accept(listener).unwrap();
            assert_eq!(guest.tcp_remote(accepted), Ok(loopback(family, bound.port())));
        }
    }
}

/// An address at the loopback where nobody is.
fn nobody(family: Family) -> SocketAddr {
    TcpListener::bind(loopback(family, 0)).unwrap().local_addr().unwrap()
}

#[test]
fn where_nobody_listens_nobody_connects() {
    for family in families() {
        let mut guest = free();
        let socket = guest.tcp(family);
        assert_eq!(guest.connect(socket, nobody(family)).err(), Some(NetCode::ConnectionRefused));
        // Nothing can be done with it any more.
        assert_eq!(guest.connect(socket, nobody(family)).err(), Some(NetCode::InvalidState));
        guest.drop(socket);
    }
}

#[test]
fn an_address_that_is_taken_or_not_there_is_not_to_be_had() {
    for (family, elsewhere) in families().into_iter().zip(["192.0.2.1:0", "[2001:db8::1]:0"]) {
        let mut guest = free();
        let taken = TcpListener::bind(loopback(family, 0)).unwrap().local_addr().unwrap();
        let holder = TcpListener::bind(taken).unwrap();
        let socket = guest.tcp(family);
        assert_eq!(guest.bind(socket, taken), Err(NetCode::AddressInUse));
        assert_eq!(guest.bind(socket, place(elsewhere)), Err(NetCode::AddressNotBindable));
        // It was tried in vain, and can be tried again.
        drop(holder);
        assert_eq!(guest.bind(socket, taken), Ok(()));
        assert_eq!(guest.tcp_local(socket), Ok(taken));
    }
}

#[test]
fn a_connection_that_has_ended_keeps_no_address() {
    let mut guest = free();
    let (listener, at) = guest.listener(Family::Ipv4);
    let ours = TcpStream::connect(at).unwrap();
    guest.wait_for_tcp(listener);
    let (socket, (input, output)) = guest.accept(listener).unwrap();
    // The guest ends it first, so that its side is the one that lingers.
    guest.drop_output(output);
    guest.store.data_mut().table.delete(input).map(drop).unwrap();
    guest.drop(socket);
    guest.drop(listener);
    drop(ours);
    let again = guest.tcp(Family::Ipv4);
    assert_eq!(guest.bind(again, at), Ok(()));
    assert_eq!(guest.listen(again), Ok(()));
}

#[test]
fn addresses_that_mean_no_single_host_of_the_family_are_refused() {
    for (family, address) in [
        (Family::Ipv4, "[::1]:80"),
        (Family::Ipv4, "224.0.0.1:80"),
        (Family::Ipv4, "255.255.255.255:80"),
        (Family::Ipv6, "127.0.0.1:80"),
        (Family::Ipv6, "[::ffff:127.0.0.1]:80"),
        (Family::Ipv6, "[::127.0.0.1]:80"),
        (Family::Ipv6, "[ff02::1]:80"),
    ] {
        let mut guest = free();
        let socket = guest.tcp(family);
        assert_eq!(guest.bind(socket, place(address)), Err(NetCode::InvalidArgument), "{address}");
        assert_eq!(guest.connect(socket, place(address)).err(), Some(NetCode::InvalidArgument), "{address}");
    }
    for (family, address) in [
        (Family::Ipv4, "127.0.0.1:0"),
        (Family::Ipv4, "0.0.0.0:80"),
        (Family::Ipv6, "[::1]:0"),
        (Family::Ipv6, "[::]:80"),
    ] {
        let (mut guest, listener) = (free(), TcpListener::bind(loopback(family, 0)).unwrap());
        let socket = guest.tcp(family);
        assert_eq!(guest.connect(socket, place(address)).err(), Some(NetCode::InvalidArgument), "{address}");
        assert!(guest.connect(socket, listener.local_addr().unwrap()).is_ok(), "it was no attempt");
    }
}

#[test]
fn a_guest_has_so_many_sockets() {
    let config = WasiConfig::builder().system_time().network(Network::all()).max_descriptors(3).build().unwrap();
    let mut guest = P2Guest::new(&config);
    let (listener, at) = guest.listener(Family::Ipv4);
    let client = guest.tcp(Family::Ipv4);
    guest.connect(client, at).unwrap();
    guest.wait_for_tcp(listener);
    let udp = guest.udp(Family::Ipv4);
    let tcp: Result<ResourceAny, NetCode> = guest.call("tcp-create-socket#create-tcp-socket", (Family::Ipv4,));
    assert_eq!(tcp.err(), Some(NetCode::NewSocketLimit));
    let another: Result<ResourceAny, NetCode> = guest.call("udp-create-socket#create-udp-socket", (Family::Ipv4,));
    assert_eq!(another.err(), Some(NetCode::NewSocketLimit));
    assert_eq!(guest.accept(listener).err(), Some(NetCode::NewSocketLimit));
    guest.drop(udp);
    let (accepted, (input, output)) = guest.accept(listener).unwrap();
    assert_eq!(guest.accept(listener).err(), Some(NetCode::NewSocketLimit));
    // The streams are the connection as well.
    let error = accepted.resource_drop(&mut guest.store).unwrap_err();
    assert_eq!(error.to_string(), "a `tcp-socket` of `wasi:sockets/tcp@0.2.12` cannot be dropped");
    guest.drop_output(output);
    guest.store.data_mut().table.delete(input).map(drop).unwrap();
}

#[test]
fn a_socket_stays_as_long_as_a_pollable_of_it() {
    let mut guest = free();
    let socket = guest.tcp(Family::Ipv4);
    let pollable: Resource<IoPollable> = guest.tcp_get("subscribe", socket);
    assert!(guest.is_ready(&pollable));
    assert!(socket.resource_drop(&mut guest.store).is_err());
}
