//! Which addresses a socket can have, connect and send to. A guest's sockets are of one family each: one of IPv6 reaches no IPv4 address, in
//! whatever form, so that no rule can be passed by writing an address in another way.

use rustix::net::AddressFamily;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The family of a socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum IpFamily {
    V4,
    V6,
}

impl IpFamily {
    pub(super) fn domain(self) -> AddressFamily {
        match self {
            IpFamily::V4 => AddressFamily::INET,
            IpFamily::V6 => AddressFamily::INET6,
        }
    }

    /// Whether an address is one of the family's own: the forms in which IPv6 writes IPv4 addresses are not.
    pub(super) fn has(self, address: IpAddr) -> bool {
        match (self, address) {
            (IpFamily::V4, IpAddr::V4(_)) => true,
            (IpFamily::V6, IpAddr::V6(v6)) => v6.to_ipv4_mapped().is_none() && !is_ipv4_compatible(v6),
            _ => false,
        }
    }

    /// Whether a socket of the family can connect, or send, to an address.
    pub(super) fn reaches(self, remote: SocketAddr) -> bool {
        self.has(remote.ip()) && !remote.ip().is_unspecified() && remote.port() != 0
    }
}

/// `::a.b.c.d`, which nothing uses any more, and systems treat each in its own way.
fn is_ipv4_compatible(address: Ipv6Addr) -> bool {
    matches!(address.segments(), [0, 0, 0, 0, 0, 0, high, low] if (high, low) > (0, 1))
}

/// Whether a connection to an address can lead to one host, which is not this one for want of an address.
#[cfg(feature = "http")]
pub(crate) fn is_one_host(remote: SocketAddr) -> bool {
    let family = if remote.is_ipv4() { IpFamily::V4 } else { IpFamily::V6 };
    family.reaches(remote) && is_unicast(remote.ip())
}

/// Whether an address is of one host.
pub(super) fn is_unicast(address: IpAddr) -> bool {
    !address.is_multicast() && address != Ipv4Addr::BROADCAST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_have_their_own_addresses_only() {
        for (family, address, has) in [
            (IpFamily::V4, "127.0.0.1", true),
            (IpFamily::V4, "0.0.0.0", true),
            (IpFamily::V4, "::1", false),
            (IpFamily::V4, "::ffff:127.0.0.1", false),
            (IpFamily::V6, "::1", true),
            (IpFamily::V6, "::", true),
            (IpFamily::V6, "fe80::1", true),
            (IpFamily::V6, "127.0.0.1", false),
            (IpFamily::V6, "::ffff:127.0.0.1", false),
            (IpFamily::V6, "::127.0.0.1", false),
            (IpFamily::V6, "::2", false),
        ] {
            assert_eq!(family.has(address.parse().unwrap()), has, "{family:?} {address}");
        }
    }

    #[test]
    fn nobody_is_reached_at_no_address_or_port() {
        for (family, remote, reaches) in [
            (IpFamily::V4, "127.0.0.1:80", true),
            (IpFamily::V4, "224.0.0.1:80", true),
            (IpFamily::V4, "0.0.0.0:80", false),
            (IpFamily::V4, "127.0.0.1:0", false),
            (IpFamily::V6, "[::1]:80", true),
            (IpFamily::V6, "[::]:80", false),
            (IpFamily::V6, "[::1]:0", false),
            (IpFamily::V6, "127.0.0.1:80", false),
        ] {
            assert_eq!(family.reaches(remote.parse().unwrap()), reaches, "{family:?} {remote}");
        }
        for (address, one) in [
            ("127.0.0.1", true),
            ("0.0.0.0", true),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("ff02::1", false),
            ("fe80::1", true),
        ] {
            assert_eq!(is_unicast(address.parse().unwrap()), one, "{address}");
        }
    }
}
