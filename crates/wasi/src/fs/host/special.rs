//! [`HostStream`]: a named pipe or a device of the host's. The system never waits for one here.

use crate::error::{ErrorCode, WasiResult};
use crate::fs::{FileType, OpenOptions};
use crate::stream::Stream;
use crate::wait::{Interest, Pollable, Ready, Waiter};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
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

    /// What the system says of it now.
    fn events(&self, interest: Interest) -> PollFlags {
        let flags = if interest == Interest::Read { PollFlags::IN } else { PollFlags::OUT };
        let mut fds = [PollFd::from_borrowed_fd(self.fd.as_fd(), flags)];
        match poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) {
            Ok(_) => fds[0].revents(),
            // The operation will tell.
            Err(_) => PollFlags::ERR,
        }
    }
}

impl Pollable for HostStream {
    fn poll_ready<'a>(&'a self, interest: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
        let events = self.events(interest);
        if events.is_empty() {
            waiter.on_fd(self.fd.as_fd(), interest);
            return Poll::Pending;
        }
        let bytes = if interest == Interest::Read { rustix::io::ioctl_fionread(&self.fd).unwrap_or(0) } else { 0 };
        Poll::Ready(Ready { bytes, hung_up: events.intersects(PollFlags::HUP | PollFlags::ERR) })
    }
}

impl Stream for HostStream {
    fn file_type(&self) -> FileType {
        self.file_type
    }

    fn read(&self, bytes: &mut [u8]) -> WasiResult<usize> {
        if !self.readable {
            return Err(ErrorCode::BadDescriptor.into());
        }
        let count = rustix::io::read(&self.fd, &mut *bytes)?;
        // A pipe ends when its writers are gone, of which the system tells only if there was one.
        if count == 0 && !bytes.is_empty() && self.awaits_writer && self.events(Interest::Read).is_empty() {
            return Err(ErrorCode::WouldBlock.into());
        }
        Ok(count)
    }

    fn write(&self, bytes: &[u8]) -> WasiResult<usize> {
        Ok(rustix::io::write(&self.fd, bytes)?)
    }
}
