//! `wasi:sockets/network`: addresses and errors, which the other interfaces use.

use crate::error::{ErrorCode, WasiResult};
use crate::net::IpFamily;
use crate::p2::{Failure, IoError, WasiCtxView, interface};
use gusset::{ComponentType, Lift, Lower, Resource};
use std::net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// `network`: what a guest shows that it may use it. What it may, each function asks.
pub(super) struct NetworkHandle;

/// `error-code`.
#[derive(Clone, Copy, PartialEq, Eq, ComponentType, Lower)]
#[component(enum)]
pub(super) enum SocketErrorCode {
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
    #[allow(dead_code, reason = "of a name that is not found nobody tells why")]
    PermanentResolverFailure,
}

/// What functions of these interfaces return.
pub(super) type Attempt<R> = Result<R, Failure<SocketErrorCode>>;

/// `ip-address-family`.
#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(enum)]
pub(super) enum IpAddressFamily {
    Ipv4,
    Ipv6,
}

/// `ipv4-address`.
type Ipv4Parts = (u8, u8, u8, u8);

/// `ipv6-address`.
type Ipv6Parts = (u16, u16, u16, u16, u16, u16, u16, u16);

/// `ip-address`.
#[derive(Clone, Copy, ComponentType, Lower)]
#[component(variant)]
pub(super) enum IpAddress {
    Ipv4(Ipv4Parts),
    Ipv6(Ipv6Parts),
}

/// `ipv4-socket-address`.
#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(record)]
pub(super) struct Ipv4SocketAddress {
    port: u16,
    address: Ipv4Parts,
}

/// `ipv6-socket-address`.
#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(record)]
pub(super) struct Ipv6SocketAddress {
    port: u16,
    flow_info: u32,
    address: Ipv6Parts,
    scope_id: u32,
}

/// `ip-socket-address`.
#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(variant)]
pub(super) enum IpSocketAddress {
    Ipv4(Ipv4SocketAddress),
    Ipv6(Ipv6SocketAddress),
}

interface! { "wasi:sockets/network@0.2.12" {
    resource "network": NetworkHandle;
    function "network-error-code": network_error_code;
} }

/// Other failures of streams have other interfaces' words.
fn network_error_code(
    view: &mut WasiCtxView<'_>,
    (error,): (Resource<IoError>,),
) -> WasiResult<(Option<SocketErrorCode>,)> {
    let code = SocketErrorCode::from(view.table.get(&error)?.code());
    Ok(((code != SocketErrorCode::Unknown).then_some(code),))
}

impl From<ErrorCode> for SocketErrorCode {
    fn from(code: ErrorCode) -> SocketErrorCode {
        match code {
            ErrorCode::Access | ErrorCode::NotPermitted => SocketErrorCode::AccessDenied,
            ErrorCode::NotSupported => SocketErrorCode::NotSupported,
            ErrorCode::Invalid => SocketErrorCode::InvalidArgument,
            ErrorCode::InsufficientMemory => SocketErrorCode::OutOfMemory,
            ErrorCode::TimedOut => SocketErrorCode::Timeout,
            ErrorCode::Already => SocketErrorCode::ConcurrencyConflict,
            ErrorCode::WouldBlock => SocketErrorCode::WouldBlock,
            ErrorCode::IsConnected | ErrorCode::NotConnected => SocketErrorCode::InvalidState,
            ErrorCode::TooManyFiles => SocketErrorCode::NewSocketLimit,
            ErrorCode::AddressNotAvailable => SocketErrorCode::AddressNotBindable,
            ErrorCode::AddressInUse => SocketErrorCode::AddressInUse,
            ErrorCode::HostUnreachable
            | ErrorCode::NetworkUnreachable
            | ErrorCode::NetworkDown
            | ErrorCode::NetworkReset => SocketErrorCode::RemoteUnreachable,
            ErrorCode::ConnectionRefused => SocketErrorCode::ConnectionRefused,
            ErrorCode::ConnectionReset => SocketErrorCode::ConnectionReset,
            ErrorCode::ConnectionAborted => SocketErrorCode::ConnectionAborted,
            ErrorCode::MessageSize => SocketErrorCode::DatagramTooLarge,
            // What looking a name up says: there is none, or too many are looked up.
            ErrorCode::NoEntry => SocketErrorCode::NameUnresolvable,
            ErrorCode::Busy => SocketErrorCode::TemporaryResolverFailure,
            _ => SocketErrorCode::Unknown,
        }
    }
}

impl From<SocketErrorCode> for Failure<SocketErrorCode> {
    fn from(code: SocketErrorCode) -> Failure<SocketErrorCode> {
        Failure::Told(code)
    }
}

impl From<IpAddressFamily> for IpFamily {
    fn from(family: IpAddressFamily) -> IpFamily {
        match family {
            IpAddressFamily::Ipv4 => IpFamily::V4,
            IpAddressFamily::Ipv6 => IpFamily::V6,
        }
    }
}

impl From<IpFamily> for IpAddressFamily {
    fn from(family: IpFamily) -> IpAddressFamily {
        match family {
            IpFamily::V4 => IpAddressFamily::Ipv4,
            IpFamily::V6 => IpAddressFamily::Ipv6,
        }
    }
}

impl From<IpAddr> for IpAddress {
    fn from(address: IpAddr) -> IpAddress {
        match address {
            IpAddr::V4(v4) => IpAddress::Ipv4(v4.octets().into()),
            IpAddr::V6(v6) => IpAddress::Ipv6(v6.segments().into()),
        }
    }
}

impl From<SocketAddr> for IpSocketAddress {
    fn from(address: SocketAddr) -> IpSocketAddress {
        match address {
            SocketAddr::V4(v4) => {
                IpSocketAddress::Ipv4(Ipv4SocketAddress { port: v4.port(), address: v4.ip().octets().into() })
            }
            SocketAddr::V6(v6) => IpSocketAddress::Ipv6(Ipv6SocketAddress {
                port: v6.port(),
                flow_info: v6.flowinfo(),
                address: v6.ip().segments().into(),
                scope_id: v6.scope_id(),
            }),
        }
    }
}

impl From<IpSocketAddress> for SocketAddr {
    fn from(address: IpSocketAddress) -> SocketAddr {
        match address {
            IpSocketAddress::Ipv4(v4) => SocketAddrV4::new(<[u8; 4]>::from(v4.address).into(), v4.port).into(),
            IpSocketAddress::Ipv6(v6) => {
                let address = <[u16; 8]>::from(v6.address).into();
                SocketAddrV6::new(address, v6.port, v6.flow_info, v6.scope_id).into()
            }
        }
    }
}
