//! What can be set of sockets. Values beyond what the system takes are brought within it, as hosts of Linux do; 0 is refused everywhere.

use super::IpFamily;
use crate::error::{ErrorCode, WasiResult};
use rustix::fd::BorrowedFd;
use rustix::net::sockopt;
use std::time::Duration;

/// What Linux takes for times and counts of probes.
const LONGEST: Duration = Duration::from_secs(i16::MAX as u64);
const SHORTEST: Duration = Duration::from_secs(1);
const MOST_PROBES: u32 = i8::MAX as u32;

/// The options of a socket.
#[derive(Clone, Copy)]
pub(crate) struct SocketOptions<'a> {
    fd: BorrowedFd<'a>,
    family: IpFamily,
}

/// A value that is not 0.
fn some<T: PartialEq + Default>(value: T) -> WasiResult<T> {
    if value == T::default() { Err(ErrorCode::Invalid.into()) } else { Ok(value) }
}

fn buffer_size(bytes: u64) -> WasiResult<usize> {
    Ok(some(bytes)?.min(i32::MAX as u64) as usize)
}

/// Linux keeps as much again for itself, and tells it too.
fn without_overhead(bytes: usize) -> u64 {
    bytes as u64 / 2
}

impl<'a> SocketOptions<'a> {
    pub(super) fn new(fd: BorrowedFd<'a>, family: IpFamily) -> SocketOptions<'a> {
        SocketOptions { fd, family }
    }

    /// Over how many routers a packet goes.
    pub(crate) fn hop_limit(self) -> WasiResult<u8> {
        match self.family {
            IpFamily::V4 => u8::try_from(sockopt::ip_ttl(self.fd)?).map_err(|_| ErrorCode::NotSupported.into()),
            IpFamily::V6 => Ok(sockopt::ipv6_unicast_hops(self.fd)?),
        }
    }

    pub(crate) fn set_hop_limit(self, hops: u8) -> WasiResult<()> {
        match self.family {
            IpFamily::V4 => sockopt::set_ip_ttl(self.fd, some(hops)?.into())?,
            IpFamily::V6 => sockopt::set_ipv6_unicast_hops(self.fd, Some(some(hops)?))?,
        }
        Ok(())
    }

    /// In bytes.
    pub(crate) fn receive_buffer_size(self) -> WasiResult<u64> {
        Ok(without_overhead(sockopt::socket_recv_buffer_size(self.fd)?))
    }

    pub(crate) fn set_receive_buffer_size(self, bytes: u64) -> WasiResult<()> {
        Ok(sockopt::set_socket_recv_buffer_size(self.fd, buffer_size(bytes)?)?)
    }

    /// In bytes.
    pub(crate) fn send_buffer_size(self) -> WasiResult<u64> {
        Ok(without_overhead(sockopt::socket_send_buffer_size(self.fd)?))
    }

    pub(crate) fn set_send_buffer_size(self, bytes: u64) -> WasiResult<()> {
        Ok(sockopt::set_socket_send_buffer_size(self.fd, buffer_size(bytes)?)?)
    }

    /// Whether a connection that is idle is probed.
    pub(crate) fn keep_alive(self) -> WasiResult<bool> {
        Ok(sockopt::socket_keepalive(self.fd)?)
    }

    pub(crate) fn set_keep_alive(self, enabled: bool) -> WasiResult<()> {
        Ok(sockopt::set_socket_keepalive(self.fd, enabled)?)
    }

    /// How long it is idle before.
    pub(crate) fn keep_alive_idle_time(self) -> WasiResult<Duration> {
        Ok(sockopt::tcp_keepidle(self.fd)?)
    }

    pub(crate) fn set_keep_alive_idle_time(self, time: Duration) -> WasiResult<()> {
        Ok(sockopt::set_tcp_keepidle(self.fd, some(time)?.clamp(SHORTEST, LONGEST))?)
    }

    /// How long after one probe there is another.
    pub(crate) fn keep_alive_interval(self) -> WasiResult<Duration> {
        Ok(sockopt::tcp_keepintvl(self.fd)?)
    }

    pub(crate) fn set_keep_alive_interval(self, time: Duration) -> WasiResult<()> {
        Ok(sockopt::set_tcp_keepintvl(self.fd, some(time)?.clamp(SHORTEST, LONGEST))?)
    }

    /// How many probes nobody answers before the connection ends.
    pub(crate) fn keep_alive_count(self) -> WasiResult<u32> {
        Ok(sockopt::tcp_keepcnt(self.fd)?)
    }

    pub(crate) fn set_keep_alive_count(self, probes: u32) -> WasiResult<()> {
        Ok(sockopt::set_tcp_keepcnt(self.fd, some(probes)?.min(MOST_PROBES))?)
    }
}
