//! The addresses of names.

use super::super::guest::P2Guest;
use super::{Family, Ip, NetCode, free, guest};
use gusset::{Resource, ResourceAny};
use gusset_wasi::Network;
use gusset_wasi::p2::IoPollable;
use std::net::{IpAddr, TcpListener};

const NEXT: &str = "ip-name-lookup#[method]resolve-address-stream.resolve-next-address";

impl P2Guest {
    #[track_caller]
    pub(super) fn start_lookup(&mut self, name: &str) -> Result<ResourceAny, NetCode> {
        let network = self.network();
        let started = self.call("ip-name-lookup#resolve-addresses", (network, name));
        self.drop(network);
        started
    }

    #[track_caller]
    pub(super) fn look_up(&mut self, name: &str) -> Result<Vec<IpAddr>, NetCode> {
        let stream = self.start_lookup(name)?;
        let pollable: Resource<IoPollable> =
            self.call("ip-name-lookup#[method]resolve-address-stream.subscribe", (stream,));
        self.block(pollable);
        let mut addresses = Vec::new();
        while let Some(address) = self.call::<_, Result<Option<Ip>, NetCode>>(NEXT, (stream,))? {
            addresses.push(address.into());
        }
        assert_eq!(self.call::<_, Result<Option<Ip>, NetCode>>(NEXT, (stream,)), Ok(None));
        self.drop(stream);
        Ok(addresses)
    }
}

#[test]
fn an_address_is_what_it_is() {
    // Nobody is asked for it, so whoever has no network may ask.
    for mut guest in [free(), guest(Network::none())] {
        for (name, address) in [
            ("127.0.0.1", "127.0.0.1"),
            ("0.0.0.0", "0.0.0.0"),
            ("::1", "::1"),
            ("[::1]", "::1"),
            ("2001:0DB8:0:0:0:0:0:0", "2001:db8::"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
        ] {
            assert_eq!(guest.look_up(name), Ok(vec![address.parse().unwrap()]), "{name}");
        }
    }
}

#[test]
fn what_is_no_name_is_refused() {
    let long = format!("{}.example", "a".repeat(64));
    for name in [
        "",
        " ",
        ".",
        "a..b",
        "a b",
        "a.b<&>",
        "127.0.0.1:80",
        "[::]:80",
        "[127.0.0.1]",
        "127.1",
        "0x7f.1",
        "host:80",
        "http://example.com/",
        "a\0b",
        "*.example",
        &long,
    ] {
        assert_eq!(free().start_lookup(name).err(), Some(NetCode::InvalidArgument), "{name:?}");
    }
}

#[test]
fn a_name_has_addresses_or_is_not_found() {
    let mut guest = free();
    let addresses = guest.look_up("LocalHost").unwrap();
    assert!(!addresses.is_empty() && addresses.iter().all(IpAddr::is_loopback), "{addresses:?}");
    let mut different = addresses.clone();
    different.dedup();
    assert_eq!(different, addresses);
    // That name is reserved for there being none.
    assert_eq!(guest.look_up("nothing.invalid"), Err(NetCode::NameUnresolvable));
}

#[test]
fn a_failure_stays_what_it_is() {
    let mut guest = free();
    let stream = guest.start_lookup("nothing.invalid").unwrap();
    let pollable: Resource<IoPollable> =
        guest.call("ip-name-lookup#[method]resolve-address-stream.subscribe", (stream,));
    guest.try_call::<_, ()>("poll#[method]pollable.block", (&pollable,)).unwrap();
    for _ in 0..2 {
        let next: Result<Option<Ip>, NetCode> = guest.call(NEXT, (stream,));
        assert_eq!(next, Err(NetCode::NameUnresolvable));
    }
    assert!(stream.resource_drop(&mut guest.store).is_err(), "the pollable is its child");
}

#[test]
fn a_rule_by_name_allows_what_the_name_was_found_to_be() {
    let [listener, other] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let [at, elsewhere] = [&listener, &other].map(|listener| listener.local_addr().unwrap());
    let mut guest = guest(Network::none().allow(format!("localhost:{}", at.port()).parse().unwrap()));
    assert_eq!(guest.start_lookup("other.example").err(), Some(NetCode::AccessDenied));
    let connect = |guest: &mut P2Guest, to| {
        let socket = guest.tcp(Family::Ipv4);
        guest.connect(socket, to).map(drop)
    };
    assert_eq!(connect(&mut guest, at), Err(NetCode::AccessDenied), "nobody has looked it up");
    // That it was looked up is not enough: the guest has to know.
    let stream = guest.start_lookup("localhost").unwrap();
    assert_eq!(connect(&mut guest, at), Err(NetCode::AccessDenied));
    guest.drop(stream);
    assert!(guest.look_up("localhost").unwrap().contains(&at.ip()));
    assert_eq!(connect(&mut guest, at), Ok(()));
    assert_eq!(connect(&mut guest, elsewhere), Err(NetCode::AccessDenied));
    listener.accept().unwrap();
    other.set_nonblocking(true).unwrap();
    assert!(other.accept().is_err());
}
