//! The host's own standard streams. Reading never waits here; writing waits in the system, where it takes its time.

use super::StandardOutput;
use crate::error::{ErrorCode, WasiResult};
use crate::fs::FileType;
use crate::stream::Stream;
use crate::wait::{Interest, Pollable, Ready, Waiter};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::BorrowedFd;
use std::task::Poll;

/// A standard stream of this process.
pub(super) struct InheritedStream {
    fd: BorrowedFd<'static>,
    file_type: FileType,
}

impl InheritedStream {
    pub(super) fn stdin() -> InheritedStream {
        InheritedStream::new(rustix::stdio::stdin())
    }

    pub(super) fn output(which: StandardOutput) -> InheritedStream {
        InheritedStream::new(match which {
            StandardOutput::Stdout => rustix::stdio::stdout(),
            StandardOutput::Stderr => rustix::stdio::stderr(),
        })
    }

    fn new(fd: BorrowedFd<'static>) -> InheritedStream {
        let kind = rustix::fs::fstat(fd).map(|stat| rustix::fs::FileType::from_raw_mode(stat.st_mode));
        InheritedStream { fd, file_type: kind.map_or(FileType::Unknown, FileType::from) }
    }

    fn is_ready(&self, interest: Interest) -> Option<Ready> {
        let flags = if interest == Interest::Read { PollFlags::IN } else { PollFlags::OUT };
        let mut fds = [PollFd::from_borrowed_fd(self.fd, flags)];
        match poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) {
            Ok(0) => None,
            Ok(_) => {
                let hung_up = fds[0].revents().intersects(PollFlags::HUP | PollFlags::ERR);
                let bytes =
                    if interest == Interest::Read { rustix::io::ioctl_fionread(self.fd).unwrap_or(0) } else { 0 };
                Some(Ready { bytes, hung_up })
            }
            // Reading will tell.
            Err(_) => Some(Ready::default()),
        }
    }
}

impl Pollable for InheritedStream {
    fn poll_ready<'a>(&'a self, interest: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
        match self.is_ready(interest) {
            Some(ready) => Poll::Ready(ready),
            None => {
                waiter.on_fd(self.fd, interest);
                Poll::Pending
            }
        }
    }
}

impl Stream for InheritedStream {
    fn file_type(&self) -> FileType {
        self.file_type
    }

    fn read(&self, bytes: &mut [u8]) -> WasiResult<usize> {
        // A regular file never makes anybody wait.
        if self.file_type != FileType::RegularFile && self.is_ready(Interest::Read).is_none() {
            return Err(ErrorCode::WouldBlock.into());
        }
        Ok(rustix::io::read(self.fd, bytes)?)
    }

    fn write(&self, bytes: &[u8]) -> WasiResult<usize> {
        Ok(rustix::io::write(self.fd, bytes)?)
    }
}

impl From<rustix::fs::FileType> for FileType {
    fn from(ty: rustix::fs::FileType) -> FileType {
        match ty {
            rustix::fs::FileType::RegularFile => FileType::RegularFile,
            rustix::fs::FileType::Directory => FileType::Directory,
            rustix::fs::FileType::Symlink => FileType::SymbolicLink,
            rustix::fs::FileType::Fifo => FileType::Fifo,
            rustix::fs::FileType::Socket => FileType::SocketStream,
            rustix::fs::FileType::CharacterDevice => FileType::CharacterDevice,
            rustix::fs::FileType::BlockDevice => FileType::BlockDevice,
            _ => FileType::Unknown,
        }
    }
}
