//! [`HostStream`]: a named pipe or a device of the host's. The system never waits for one here.

use crate::error::{ErrorCode, WasiResult};
use crate::fs::{FileType, Metadata, OpenOptions, metadata_of};
use crate::stream::Stream;
use crate::wait::{Interest, Pollable, Ready, Waiter, poll_fd};
use rustix::io::retry_on_intr;
use std::fs;
use std::os::fd::AsFd;
use std::task::Poll;

pub(super) struct HostStream {
    /// Opened not to wait.
    fd: fs::File,
    file_type: FileType,
    readable: bool,
    /// The first writer of a pipe is waited for.
    awaits_writer: bool,
}

impl HostStream {
    pub(super) fn new(fd: fs::File, file_type: FileType, options: OpenOptions) -> HostStream {
        let awaits_writer = file_type == FileType::Fifo && !options.nonblocking;
        HostStream { fd, file_type, readable: options.read, awaits_writer }
    }
}

impl Pollable for HostStream {
    fn poll_ready<'a>(&'a self, interest: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
        let ready = poll_fd(self.fd.as_fd(), interest);
        if ready.is_pending() {
            waiter.on_fd(self.fd.as_fd(), interest);
        }
        ready
    }
}

impl Stream for HostStream {
    fn file_type(&self) -> FileType {
        self.file_type
    }

    fn metadata(&self) -> WasiResult<Metadata> {
        Ok(metadata_of(&rustix::fs::fstat(&self.fd)?))
    }

    fn read(&self, bytes: &mut [u8]) -> WasiResult<usize> {
        if !self.readable {
            return Err(ErrorCode::BadDescriptor.into());
        }
        if bytes.is_empty() {
            return Ok(0);
        }
        let mut read = || retry_on_intr(|| rustix::io::read(&self.fd, &mut *bytes));
        let count = read()?;
        if count > 0 || !self.awaits_writer {
            return Ok(count);
        }
        // A pipe ends when its writers are gone, of which the system tells only if there was one.
        match poll_fd(self.fd.as_fd(), Interest::Read) {
            Poll::Pending => Err(ErrorCode::WouldBlock.into()),
            // One came and went meanwhile.
            Poll::Ready(ready) if ready.bytes > 0 => Ok(read()?),
            Poll::Ready(_) => Ok(0),
        }
    }

    fn write(&self, bytes: &[u8]) -> WasiResult<usize> {
        Ok(retry_on_intr(|| rustix::io::write(&self.fd, bytes))?)
    }
}
