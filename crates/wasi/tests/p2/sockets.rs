//! `wasi:sockets` over the loopback: the types of its interfaces, and calls of its functions.

#[path = "sockets/denied.rs"]
mod denied;
#[path = "sockets/lookup.rs"]
mod lookup;
#[path = "sockets/tcp.rs"]
mod tcp;
#[path = "sockets/tcp_options.rs"]
mod tcp_options;
#[path = "sockets/tcp_states.rs"]
mod tcp_states;
#[path = "sockets/tcp_streams.rs"]
mod tcp_streams;
#[path = "sockets/udp.rs"]
mod udp;

use super::guest::P2Guest;
use gusset::{ComponentType, Lift, LiftList, Lower, LowerList, Resource, ResourceAny, ValueList};
use gusset_wasi::p2::{InputStream, IoPollable, OutputStream};
use gusset_wasi::{Network, WasiConfig};
use std::net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// `error-code`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ComponentType, Lift)]
#[component(enum)]
enum NetCode {
    Unknown,
    AccessDenied,
    NotSupported,
    InvalidArgument,
    OutOfMemory,
    Timeout,
    ConcurrencyConflict,
    NotInProgress,
    WouldBlock,
    InvalidState,
    NewSocketLimit,
    AddressNotBindable,
    AddressInUse,
    RemoteUnreachable,
    ConnectionRefused,
    ConnectionReset,
    ConnectionAborted,
    DatagramTooLarge,
    NameUnresolvable,
    TemporaryResolverFailure,
    PermanentResolverFailure,
}

/// `ip-address-family`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ComponentType, Lift, Lower)]
#[component(enum)]
enum Family {
    Ipv4,
    Ipv6,
}

/// Those that the system has.
fn families() -> Vec<Family> {
    let has = |family: &Family| std::net::UdpSocket::bind(loopback(*family, 0)).is_ok();
    [Family::Ipv4, Family::Ipv6].into_iter().filter(has).collect()
}

type V4 = (u8, u8, u8, u8);
type V6 = (u16, u16, u16, u16, u16, u16, u16, u16);

/// `ip-address`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ComponentType, Lift)]
#[component(variant)]
enum Ip {
    Ipv4(V4),
    Ipv6(V6),
}

/// `ipv4-socket-address`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ComponentType, Lift, Lower)]
#[component(record)]
struct V4Place {
    port: u16,
    address: V4,
}

/// `ipv6-socket-address`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ComponentType, Lift, Lower)]
#[component(record)]
struct V6Place {
    port: u16,
    flow_info: u32,
    address: V6,
    scope_id: u32,
}

/// `ip-socket-address`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ComponentType, Lift, Lower)]
#[component(variant)]
enum SocketPlace {
    Ipv4(V4Place),
    Ipv6(V6Place),
}

impl From<SocketAddr> for SocketPlace {
    fn from(address: SocketAddr) -> SocketPlace {
        match address {
            SocketAddr::V4(v4) => SocketPlace::Ipv4(V4Place { port: v4.port(), address: v4.ip().octets().into() }),
            SocketAddr::V6(v6) => SocketPlace::Ipv6(V6Place {
                port: v6.port(),
                flow_info: v6.flowinfo(),
                address: v6.ip().segments().into(),
                scope_id: v6.scope_id(),
            }),
        }
    }
}

impl From<SocketPlace> for SocketAddr {
    fn from(place: SocketPlace) -> SocketAddr {
        match place {
            SocketPlace::Ipv4(v4) => SocketAddrV4::new(<[u8; 4]>::from(v4.address).into(), v4.port).into(),
            SocketPlace::Ipv6(v6) => {
                SocketAddrV6::new(<[u16; 8]>::from(v6.address).into(), v6.port, v6.flow_info, v6.scope_id).into()
            }
        }
    }
}

impl From<Ip> for IpAddr {
    fn from(ip: Ip) -> IpAddr {
        match ip {
            Ip::Ipv4(v4) => <[u8; 4]>::from(v4).into(),
            Ip::Ipv6(v6) => <[u16; 8]>::from(v6).into(),
        }
    }
}

fn place(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// The loopback's address of a family.
fn loopback(family: Family, port: u16) -> SocketAddr {
    match family {
        Family::Ipv4 => ([127, 0, 0, 1], port).into(),
        Family::Ipv6 => ([0, 0, 0, 0, 0, 0, 0, 1], port).into(),
    }
}

/// The address that the system chooses.
fn any(family: Family) -> SocketAddr {
    match family {
        Family::Ipv4 => place("0.0.0.0:0"),
        Family::Ipv6 => place("[::]:0"),
    }
}

fn guest(network: Network) -> P2Guest {
    P2Guest::new(&WasiConfig::builder().system_time().network(network).build().unwrap())
}

/// A guest that may use the network as the host may.
fn free() -> P2Guest {
    guest(Network::all())
}

/// `shutdown-type`.
#[derive(Clone, Copy, ComponentType, Lower)]
#[component(enum)]
enum Half {
    Receive,
    Send,
    Both,
}

type Streams = (Resource<InputStream>, Resource<OutputStream>);

impl P2Guest {
    fn network(&mut self) -> ResourceAny {
        self.call("instance-network#instance-network", ())
    }

    #[track_caller]
    fn tcp(&mut self, family: Family) -> ResourceAny {
        let socket: Result<ResourceAny, NetCode> = self.call("tcp-create-socket#create-tcp-socket", (family,));
        socket.unwrap()
    }

    #[track_caller]
    fn udp(&mut self, family: Family) -> ResourceAny {
        let socket: Result<ResourceAny, NetCode> = self.call("udp-create-socket#create-udp-socket", (family,));
        socket.unwrap()
    }

    /// Calls a method of a TCP socket with no parameters.
    #[track_caller]
    fn tcp_get<R>(&mut self, function: &str, socket: ResourceAny) -> R
    where
        R: Lift,
        (R,): ValueList + LiftList,
    {
        self.call(&format!("tcp#[method]tcp-socket.{function}"), (socket,))
    }

    /// Calls one with a parameter.
    #[track_caller]
    fn tcp_set<V: Lower>(&mut self, function: &str, socket: ResourceAny, value: V) -> Result<(), NetCode>
    where
        (ResourceAny, V): ValueList + LowerList,
    {
        self.call(&format!("tcp#[method]tcp-socket.{function}"), (socket, value))
    }

    #[track_caller]
    fn start(&mut self, function: &str, socket: ResourceAny, address: SocketAddr) -> Result<(), NetCode> {
        let network = self.network();
        let interface = if function.starts_with("udp") { "udp" } else { "tcp" };
        let function = format!("{interface}#[method]{function}");
        let started = self.call(&function, (socket, network, SocketPlace::from(address)));
        self.drop(network);
        started
    }

    #[track_caller]
    fn start_bind(&mut self, socket: ResourceAny, at: SocketAddr) -> Result<(), NetCode> {
        self.start("tcp-socket.start-bind", socket, at)
    }

    #[track_caller]
    fn bind(&mut self, socket: ResourceAny, at: SocketAddr) -> Result<(), NetCode> {
        self.start_bind(socket, at)?;
        self.tcp_get("finish-bind", socket)
    }

    #[track_caller]
    fn start_connect(&mut self, socket: ResourceAny, to: SocketAddr) -> Result<(), NetCode> {
        self.start("tcp-socket.start-connect", socket, to)
    }

    #[track_caller]
    fn connect(&mut self, socket: ResourceAny, to: SocketAddr) -> Result<Streams, NetCode> {
        self.start_connect(socket, to)?;
        self.wait_for_tcp(socket);
        self.tcp_get("finish-connect", socket)
    }

    #[track_caller]
    fn block(&mut self, pollable: Resource<IoPollable>) {
        self.try_call::<_, ()>("poll#[method]pollable.block", (&pollable,)).unwrap();
        self.store.data_mut().table.delete(pollable).map(drop).unwrap();
    }

    #[track_caller]
    fn wait_for_tcp(&mut self, socket: ResourceAny) {
        let pollable = self.tcp_get("subscribe", socket);
        self.block(pollable);
    }

    #[track_caller]
    fn tcp_is_ready(&mut self, socket: ResourceAny) -> bool {
        let pollable: Resource<IoPollable> = self.tcp_get("subscribe", socket);
        let is_ready = self.is_ready(&pollable);
        self.store.data_mut().table.delete(pollable).map(drop).unwrap();
        is_ready
    }

    #[track_caller]
    fn listen(&mut self, socket: ResourceAny) -> Result<(), NetCode> {
        self.tcp_get::<Result<(), NetCode>>("start-listen", socket)?;
        self.tcp_get("finish-listen", socket)
    }

    #[track_caller]
    fn tcp_local(&mut self, socket: ResourceAny) -> Result<SocketAddr, NetCode> {
        self.tcp_get::<Result<SocketPlace, NetCode>>("local-address", socket).map(Into::into)
    }

    #[track_caller]
    fn tcp_remote(&mut self, socket: ResourceAny) -> Result<SocketAddr, NetCode> {
        self.tcp_get::<Result<SocketPlace, NetCode>>("remote-address", socket).map(Into::into)
    }

    /// A socket that listens at the loopback, and where.
    #[track_caller]
    fn listener(&mut self, family: Family) -> (ResourceAny, SocketAddr) {
        let socket = self.tcp(family);
        self.bind(socket, loopback(family, 0)).unwrap();
        self.listen(socket).unwrap();
        let at = self.tcp_local(socket).unwrap();
        (socket, at)
    }

    #[track_caller]
    fn accept(&mut self, listener: ResourceAny) -> Result<(ResourceAny, Streams), NetCode> {
        type Accepted = (ResourceAny, Resource<InputStream>, Resource<OutputStream>);
        let accepted: Result<Accepted, NetCode> = self.tcp_get("accept", listener);
        accepted.map(|(socket, input, output)| (socket, (input, output)))
    }

    /// What the network's interface says of an error of a stream, which goes.
    #[track_caller]
    fn net_code(&mut self, error: super::guest::StreamFailure) -> Option<NetCode> {
        match error {
            super::guest::StreamFailure::LastOperationFailed(error) => {
                self.call("network#network-error-code", (&error,))
            }
            super::guest::StreamFailure::Closed => panic!("it is closed"),
        }
    }
}
