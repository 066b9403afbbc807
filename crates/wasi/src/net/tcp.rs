//! [`TcpEndpoint`]: a TCP socket that a guest has opened. What may be done with it in which order is the affair of the interface.

use super::address::{IpFamily, is_unicast};
use super::options::SocketOptions;
use super::socket::{SocketStream, SystemSocket};
use super::{BoundFor, allowed};
use crate::ctx::WasiCtx;
use crate::error::{ErrorCode, WasiResult};
use crate::stream::Stream;
use crate::wait::{Interest, Pollable, Ready, Waiter, poll_fd};
use rustix::fd::AsFd;
use rustix::io::{Errno, retry_on_intr};
use rustix::net::{Shutdown, SocketFlags, SocketType, ipproto, sockopt};
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;

/// A TCP socket. It never waits.
#[derive(Debug)]
pub(crate) struct TcpEndpoint {
    socket: Arc<SystemSocket>,
    family: IpFamily,
}

/// An address of which the policy was asked.
pub(crate) struct AllowedRemote(SocketAddr);

/// What a guest's sockets are opened with: no program has them that the host starts.
pub(super) const OPENED: SocketFlags = SocketFlags::CLOEXEC.union(SocketFlags::NONBLOCK);

impl TcpEndpoint {
    /// Opens a socket, where the guest may reach or be anything at all.
    pub(crate) fn open(ctx: &WasiCtx, family: IpFamily) -> WasiResult<TcpEndpoint> {
        ctx.check_open_socket()?;
        let permit = ctx.descriptor_permit()?;
        let fd = rustix::net::socket_with(family.domain(), SocketType::STREAM, OPENED, Some(ipproto::TCP))?;
        if family == IpFamily::V6 {
            sockopt::set_ipv6_v6only(&fd, true)?;
        }
        Ok(TcpEndpoint { socket: SystemSocket::new(fd, Some(permit)), family })
    }

    /// Gives it an address; what it may be for.
    pub(crate) fn bind(&self, ctx: &WasiCtx, at: SocketAddr) -> WasiResult<BoundFor> {
        if !self.family.has(at.ip()) || !is_unicast(at.ip()) {
            return Err(ErrorCode::Invalid.into());
        }
        let bound_for = ctx.check_bind(at)?;
        // Connections that have ended a while ago keep no address.
        sockopt::set_socket_reuseaddr(&self.socket, true)?;
        rustix::net::bind(&self.socket, &at)?;
        Ok(bound_for)
    }

    /// An address to which it may connect.
    pub(crate) fn may_connect(&self, ctx: &WasiCtx, to: SocketAddr) -> WasiResult<AllowedRemote> {
        if !self.family.reaches(to) || !is_unicast(to.ip()) {
            return Err(ErrorCode::Invalid.into());
        }
        ctx.check_connect(to)?;
        Ok(AllowedRemote(to))
    }

    /// Begins to connect. [`connected`](TcpEndpoint::connected) tells how it ends, unless it fails at once.
    pub(crate) fn connect(&self, to: AllowedRemote) -> WasiResult<()> {
        match rustix::net::connect(&self.socket, &to.0) {
            // Interrupted, it goes on all the same.
            Ok(()) | Err(Errno::INPROGRESS | Errno::INTR) => Ok(()),
            // Of the system: no port is left for it.
            Err(Errno::ADDRNOTAVAIL) => Err(ErrorCode::AddressInUse.into()),
            Err(error) => Err(error.into()),
        }
    }

    /// How it ended that a connection was begun: [`ErrorCode::WouldBlock`] where it did not yet.
    pub(crate) fn connected(&self) -> WasiResult<()> {
        if poll_fd(self.socket.as_fd(), Interest::Write).is_pending() {
            return Err(ErrorCode::WouldBlock.into());
        }
        Ok(sockopt::socket_error(&self.socket)??)
    }

    /// Begins to take connections.
    pub(crate) fn listen(&self, bound_for: BoundFor, backlog: i32) -> WasiResult<()> {
        allowed(bound_for == BoundFor::Listening)?;
        Ok(rustix::net::listen(&self.socket, backlog)?)
    }

    /// The next connection.
    pub(crate) fn accept(&self, ctx: &WasiCtx) -> WasiResult<TcpEndpoint> {
        let permit = ctx.descriptor_permit()?;
        match retry_on_intr(|| rustix::net::accept_with(&self.socket, OPENED)) {
            Ok(fd) => Ok(TcpEndpoint { socket: SystemSocket::new(fd, Some(permit)), family: self.family }),
            // Linux tells what has come to the connection meanwhile, as if it were wrong with this socket.
            Err(
                Errno::CONNRESET
                | Errno::NETRESET
                | Errno::NETDOWN
                | Errno::NETUNREACH
                | Errno::HOSTDOWN
                | Errno::HOSTUNREACH
                | Errno::NONET
                | Errno::PROTO
                | Errno::NOPROTOOPT
                | Errno::OPNOTSUPP,
            ) => Err(ErrorCode::ConnectionAborted.into()),
            Err(error) => Err(error.into()),
        }
    }

    /// What its connection carries.
    pub(crate) fn stream(&self) -> Arc<dyn Stream> {
        Arc::new(SocketStream::of(self.socket.clone()))
    }

    /// Throws away what has come, and what will come.
    pub(crate) fn end_receiving(&self) -> WasiResult<()> {
        match rustix::net::shutdown(&self.socket, Shutdown::Read) {
            // It has ended by itself.
            Err(Errno::NOTCONN) => Ok(()),
            ended => Ok(ended?),
        }
    }

    pub(crate) fn local_address(&self) -> WasiResult<SocketAddr> {
        Ok(rustix::net::getsockname(&self.socket)?.try_into()?)
    }

    pub(crate) fn remote_address(&self) -> WasiResult<SocketAddr> {
        match rustix::net::getpeername(&self.socket)? {
            Some(address) => Ok(address.try_into()?),
            None => Err(ErrorCode::NotConnected.into()),
        }
    }

    pub(crate) fn family(&self) -> IpFamily {
        self.family
    }

    pub(crate) fn options(&self) -> SocketOptions<'_> {
        SocketOptions::new(self.socket.as_fd(), self.family)
    }
}

impl Pollable for TcpEndpoint {
    fn poll_ready<'a>(&'a self, interest: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
        self.socket.poll_ready(interest, waiter)
    }
}
