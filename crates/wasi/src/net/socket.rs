//! Sockets of the system, as [`Stream`]s and [`Listener`]s: those that a host has opened, and connections that a guest has made.

use crate::ctx::DescriptorPermit;
use crate::error::{ErrorCode, WasiResult};
use crate::fs::FileType;
use crate::stream::{Listener, Stream};
use crate::wait::{Interest, Pollable, Ready, Waiter, poll_fd};
use gusset::Result;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::retry_on_intr;
use rustix::net::{RecvFlags, SendFlags, Shutdown, SocketFlags};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::task::Poll;

/// No signal for writing to nobody.
pub(super) const SEND: SendFlags = SendFlags::DONTWAIT.union(SendFlags::NOSIGNAL);

/// A socket of the system; one that a guest has opened is one of its descriptors.
#[derive(Debug)]
pub(crate) struct SystemSocket {
    fd: OwnedFd,
    _permit: Option<DescriptorPermit>,
}

impl SystemSocket {
    pub(super) fn new(fd: OwnedFd, permit: Option<DescriptorPermit>) -> Arc<SystemSocket> {
        Arc::new(SystemSocket { fd, _permit: permit })
    }
}

impl AsFd for SystemSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Pollable for SystemSocket {
    fn poll_ready<'a>(&'a self, interest: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
        let ready = poll_fd(self.as_fd(), interest);
        if ready.is_pending() {
            waiter.on_fd(self.as_fd(), interest);
        }
        ready
    }
}

/// A connection.
///
/// ```
/// use gusset_wasi::{SocketStream, WasiConfig};
/// let (ours, guests) = std::os::unix::net::UnixStream::pair()?;
/// let config = WasiConfig::builder().preopened_stream(SocketStream::unix(guests)).build()?;
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Debug)]
pub struct SocketStream(Arc<SystemSocket>);

/// A socket that takes connections.
///
/// ```
/// use gusset_wasi::{SocketListener, WasiConfig};
/// let listener = SocketListener::tcp(std::net::TcpListener::bind("127.0.0.1:0")?)?;
/// let config = WasiConfig::builder().preopened_listener(listener).build()?;
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Debug)]
pub struct SocketListener(Arc<SystemSocket>);

impl SocketStream {
    /// A TCP connection.
    pub fn tcp(stream: TcpStream) -> SocketStream {
        SocketStream(SystemSocket::new(stream.into(), None))
    }

    /// A connection within the system.
    pub fn unix(stream: UnixStream) -> SocketStream {
        SocketStream(SystemSocket::new(stream.into(), None))
    }

    /// A connection that a guest has made.
    pub(super) fn of(socket: Arc<SystemSocket>) -> SocketStream {
        SocketStream(socket)
    }

    fn receive(&self, bytes: &mut [u8], flags: RecvFlags) -> WasiResult<usize> {
        Ok(retry_on_intr(|| rustix::net::recv(&self.0, &mut *bytes, flags | RecvFlags::DONTWAIT))?.0)
    }
}

impl SocketListener {
    /// A TCP socket, which is set not to wait.
    ///
    /// # Errors
    ///
    /// What the system says to setting it so.
    pub fn tcp(listener: TcpListener) -> Result<SocketListener> {
        listener.set_nonblocking(true)?;
        Ok(SocketListener(SystemSocket::new(listener.into(), None)))
    }

    /// A socket within the system, which is set not to wait.
    ///
    /// # Errors
    ///
    /// What the system says to setting it so.
    pub fn unix(listener: UnixListener) -> Result<SocketListener> {
        listener.set_nonblocking(true)?;
        Ok(SocketListener(SystemSocket::new(listener.into(), None)))
    }
}

impl Pollable for SocketStream {
    fn poll_ready<'a>(&'a self, interest: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
        self.0.poll_ready(interest, waiter)
    }
}

impl Stream for SocketStream {
    fn file_type(&self) -> FileType {
        FileType::SocketStream
    }

    fn read(&self, bytes: &mut [u8]) -> WasiResult<usize> {
        self.receive(bytes, RecvFlags::empty())
    }

    fn write(&self, bytes: &[u8]) -> WasiResult<usize> {
        Ok(retry_on_intr(|| rustix::net::send(&self.0, bytes, SEND))?)
    }

    fn shutdown(&self, read: bool, write: bool) -> WasiResult<()> {
        let which = match (read, write) {
            (true, true) => Shutdown::Both,
            (true, false) => Shutdown::Read,
            (false, true) => Shutdown::Write,
            (false, false) => return Err(ErrorCode::Invalid.into()),
        };
        Ok(rustix::net::shutdown(&self.0, which)?)
    }

    fn peek(&self, bytes: &mut [u8]) -> WasiResult<usize> {
        self.receive(bytes, RecvFlags::PEEK)
    }
}

impl Pollable for SocketListener {
    fn poll_ready<'a>(&'a self, interest: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
        self.0.poll_ready(interest, waiter)
    }
}

impl Listener for SocketListener {
    fn accept(&self) -> WasiResult<Arc<dyn Stream>> {
        // No program is to have it that the host starts at the same time.
        let accept = || rustix::net::accept_with(&self.0, SocketFlags::CLOEXEC);
        Ok(Arc::new(SocketStream(SystemSocket::new(retry_on_intr(accept)?, None))))
    }
}
