//! Sockets that a host has opened, as [`Stream`]s and [`Listener`]s.

use crate::error::{ErrorCode, WasiResult};
use crate::fs::FileType;
use crate::stream::{Listener, Stream};
use crate::wait::{Interest, Pollable, Ready, Waiter, poll_fd};
use gusset::Result;
use rustix::fd::{AsFd, OwnedFd};
use rustix::io::retry_on_intr;
use rustix::net::{RecvFlags, SendFlags, Shutdown, SocketFlags};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::task::Poll;

/// No signal for writing to nobody.
const SEND: SendFlags = SendFlags::DONTWAIT.union(SendFlags::NOSIGNAL);

/// A connection.
///
/// ```
/// use gusset_wasi::{SocketStream, WasiConfig};
/// let (ours, guests) = std::os::unix::net::UnixStream::pair()?;
/// let config = WasiConfig::builder().preopened_stream(SocketStream::unix(guests)).build()?;
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Debug)]
pub struct SocketStream(OwnedFd);

/// A socket that takes connections.
///
/// ```
/// use gusset_wasi::{SocketListener, WasiConfig};
/// let listener = SocketListener::tcp(std::net::TcpListener::bind("127.0.0.1:0")?)?;
/// let config = WasiConfig::builder().preopened_listener(listener).build()?;
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Debug)]
pub struct SocketListener(OwnedFd);

impl SocketStream {
    /// A TCP connection.
    pub fn tcp(stream: TcpStream) -> SocketStream {
        SocketStream(stream.into())
    }

    /// A connection within the system.
    pub fn unix(stream: UnixStream) -> SocketStream {
        SocketStream(stream.into())
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
        Ok(SocketListener(listener.into()))
    }

    /// A socket within the system, which is set not to wait.
    ///
    /// # Errors
    ///
    /// What the system says to setting it so.
    pub fn unix(listener: UnixListener) -> Result<SocketListener> {
        listener.set_nonblocking(true)?;
        Ok(SocketListener(listener.into()))
    }
}

fn poll_socket<'a>(fd: &'a OwnedFd, interest: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
    let ready = poll_fd(fd.as_fd(), interest);
    if ready.is_pending() {
        waiter.on_fd(fd.as_fd(), interest);
    }
    ready
}

impl Pollable for SocketStream {
    fn poll_ready<'a>(&'a self, interest: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
        poll_socket(&self.0, interest, waiter)
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
        poll_socket(&self.0, interest, waiter)
    }
}

impl Listener for SocketListener {
    fn accept(&self) -> WasiResult<Arc<dyn Stream>> {
        // No program is to have it that the host starts at the same time.
        let accept = || rustix::net::accept_with(&self.0, SocketFlags::CLOEXEC);
        Ok(Arc::new(SocketStream(retry_on_intr(accept)?)))
    }
}
