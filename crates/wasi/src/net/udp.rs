//! [`UdpEndpoint`]: a UDP socket that a guest has opened. Each datagram is asked about by its address: sent, before the system hears of it;
//! received, before the guest does. Who may listen may answer, too.

use super::BoundFor;
use super::address::IpFamily;
use super::options::SocketOptions;
use super::socket::{SEND, SystemSocket};
use super::tcp::OPENED;
use crate::ctx::WasiCtx;
use crate::error::{ErrorCode, WasiResult};
use crate::wait::{Interest, Pollable, Ready, Waiter};
use rustix::fd::AsFd;
use rustix::io::{Errno, retry_on_intr};
use rustix::net::{RecvFlags, SocketType, ipproto, sockopt};
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

/// More bytes than any datagram has.
pub(crate) const LONGEST_DATAGRAM: usize = 64 << 10;

/// How many of those who wrote to a socket it may answer without a rule: those who did so last.
const MAX_CORRESPONDENTS: usize = 1024;

/// A UDP socket. It never waits.
#[derive(Debug)]
pub(crate) struct UdpEndpoint {
    socket: Arc<SystemSocket>,
    family: IpFamily,
    correspondents: Mutex<Correspondents>,
}

/// Who has written to a socket that listens, and may not be written to otherwise.
#[derive(Debug, Default)]
struct Correspondents {
    /// When each wrote last.
    known: HashMap<SocketAddr, u64>,
    /// The same, by when.
    order: BTreeMap<u64, SocketAddr>,
    next: u64,
}

impl Correspondents {
    fn add(&mut self, from: SocketAddr) {
        let now = self.next;
        self.next += 1;
        if let Some(before) = self.known.insert(from, now) {
            self.order.remove(&before);
        } else if self.order.len() >= MAX_CORRESPONDENTS
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.known.remove(&oldest);
        }
        self.order.insert(now, from);
    }
}

/// Where a socket stands that has an address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UdpBinding {
    bound_for: BoundFor,
    local: SocketAddr,
    /// The only one that it sends to and receives from.
    pub(crate) remote: Option<SocketAddr>,
}

impl UdpEndpoint {
    /// Opens a socket, where the guest may reach or be anything at all.
    pub(crate) fn open(ctx: &WasiCtx, family: IpFamily) -> WasiResult<UdpEndpoint> {
        ctx.check_open_socket()?;
        let permit = ctx.descriptor_permit()?;
        let fd = rustix::net::socket_with(family.domain(), SocketType::DGRAM, OPENED, Some(ipproto::UDP))?;
        if family == IpFamily::V6 {
            sockopt::set_ipv6_v6only(&fd, true)?;
        }
        Ok(UdpEndpoint { socket: SystemSocket::new(fd, Some(permit)), family, correspondents: Mutex::default() })
    }

    /// Gives it an address.
    pub(crate) fn bind(&self, ctx: &WasiCtx, at: SocketAddr) -> WasiResult<UdpBinding> {
        if !self.family.has(at.ip()) {
            return Err(ErrorCode::Invalid.into());
        }
        let bound_for = ctx.check_bind(at)?;
        rustix::net::bind(&self.socket, &at)?;
        Ok(UdpBinding { bound_for, local: self.local_address()?, remote: None })
    }

    /// Sends to, and receives from, one address alone from now on, or whatever address.
    pub(crate) fn associate(
        &self,
        ctx: &WasiCtx,
        binding: &mut UdpBinding,
        remote: Option<SocketAddr>,
    ) -> WasiResult<()> {
        if let Some(remote) = remote {
            if !self.family.reaches(remote) {
                return Err(ErrorCode::Invalid.into());
            }
            self.check_send(ctx, remote)?;
        }
        if binding.remote.take().is_some() {
            rustix::net::connect_unspec(&self.socket)?;
            // Linux takes a port away with this that it had chosen.
            if self.local_address()?.port() == 0 {
                rustix::net::bind(&self.socket, &binding.local)?;
            }
        }
        if let Some(remote) = remote {
            rustix::net::connect(&self.socket, &remote)?;
            binding.remote = Some(remote);
        }
        Ok(())
    }

    /// Sends a datagram, to the one address that it is associated with, or to any other.
    pub(crate) fn send(
        &self,
        ctx: &WasiCtx,
        binding: &UdpBinding,
        data: &[u8],
        to: Option<SocketAddr>,
    ) -> WasiResult<()> {
        let to = match (to, binding.remote) {
            (Some(to), Some(remote)) if to != remote => return Err(ErrorCode::Invalid.into()),
            (None, None) => return Err(ErrorCode::Invalid.into()),
            (to, remote) => to.or(remote).filter(|to| self.family.reaches(*to)).ok_or(ErrorCode::Invalid)?,
        };
        self.check_send(ctx, to)?;
        retry_on_intr(|| match binding.remote {
            Some(_) => rustix::net::send(&self.socket, data, SEND),
            None => rustix::net::sendto(&self.socket, data, SEND, &to),
        })?;
        Ok(())
    }

    /// Reads the next datagram into the bytes; how many these are, and who sent them. Nothing, where the guest is to hear nothing of them.
    pub(crate) fn receive(
        &self,
        ctx: &WasiCtx,
        binding: &UdpBinding,
        bytes: &mut [u8; LONGEST_DATAGRAM],
    ) -> WasiResult<Option<(usize, SocketAddr)>> {
        let receive = || rustix::net::recvfrom(&self.socket, &mut bytes[..], RecvFlags::DONTWAIT);
        let (length, _, from) = retry_on_intr(receive)?;
        let from = SocketAddr::try_from(from.ok_or(Errno::AFNOSUPPORT)?)?;
        // The system associates what comes from then on; what had come before is still there.
        let is_wanted = binding.remote.is_none_or(|remote| remote == from);
        if !is_wanted {
            return Ok(None);
        }
        if ctx.check_connect(from).is_err() {
            if binding.bound_for == BoundFor::Sending {
                return Ok(None);
            }
            self.correspondents.lock().unwrap_or_else(PoisonError::into_inner).add(from);
        }
        Ok(Some((length, from)))
    }

    /// Whether a datagram may go there: by a rule, or as an answer.
    fn check_send(&self, ctx: &WasiCtx, to: SocketAddr) -> WasiResult<()> {
        let is_answer = || self.correspondents.lock().unwrap_or_else(PoisonError::into_inner).known.contains_key(&to);
        ctx.check_connect(to).or_else(|refused| if is_answer() { Ok(()) } else { Err(refused) })
    }

    pub(crate) fn local_address(&self) -> WasiResult<SocketAddr> {
        Ok(rustix::net::getsockname(&self.socket)?.try_into()?)
    }

    pub(crate) fn family(&self) -> IpFamily {
        self.family
    }

    pub(crate) fn options(&self) -> SocketOptions<'_> {
        SocketOptions::new(self.socket.as_fd(), self.family)
    }
}

impl Pollable for UdpEndpoint {
    fn poll_ready<'a>(&'a self, interest: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
        self.socket.poll_ready(interest, waiter)
    }
}
