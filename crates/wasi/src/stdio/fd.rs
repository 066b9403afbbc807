//! Streams of the system: the host's own standard streams, and files that it has opened. Reading never waits here; writing waits in the
//! system, where that takes its time, unless it is asked not to. Not to wait is no property of what is inherited: other processes that have
//! the same would not wait either.

use super::StandardOutput;
use crate::error::{ErrorCode, WasiResult};
use crate::fs::{FileType, Metadata, metadata_of};
use crate::stream::Stream;
use crate::wait::{Interest, Pollable, Ready, Waiter, poll_fd};
use rustix::fd::{AsFd, AsRawFd, BorrowedFd};
use rustix::fs::{Mode, OFlags, major, minor};
use rustix::io::{Errno, ReadWriteFlags, retry_on_intr};
use std::io::{IoSlice, IsTerminal, SeekFrom};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::task::Poll;

/// What a pipe that is ready takes without waiting, if nobody else writes to it (POSIX has at least 512).
const PIPE_BUF: usize = 4096;

/// Linux' number of the device by which terminals are made.
const PTMX: (u32, u32) = (5, 2);

/// An offset that stands for the descriptor's own position.
const OWN_POSITION: u64 = u64::MAX;

/// What the system reads and writes by a descriptor, wherever its position is.
pub(super) struct FdStream<F> {
    fd: F,
    file_type: FileType,
    /// Whether a descriptor that is opened once more is of the same thing, at the same place of it: pipes and terminals have none.
    reopens: bool,
    /// Held between seeing that there is something to read and reading it, so that of several guests that read one stream none is left
    /// waiting in the system for what another one has taken. Another process can still take it; then all that read it wait in the system until
    /// something comes: not to wait for one reading alone is something that terminals, and the pipes of older systems, cannot be asked.
    reading: Arc<Mutex<()>>,
}

impl FdStream<BorrowedFd<'static>> {
    pub(super) fn stdin() -> FdStream<BorrowedFd<'static>> {
        static READING: LazyLock<Arc<Mutex<()>>> = LazyLock::new(Arc::default);
        FdStream { reading: READING.clone(), ..FdStream::new(rustix::stdio::stdin()) }
    }

    pub(super) fn output(which: StandardOutput) -> FdStream<BorrowedFd<'static>> {
        FdStream::new(match which {
            StandardOutput::Stdout => rustix::stdio::stdout(),
            StandardOutput::Stderr => rustix::stdio::stderr(),
        })
    }
}

impl<F: AsFd + Send + Sync> FdStream<F> {
    pub(super) fn new(fd: F) -> FdStream<F> {
        // One that is closed shows when it is used.
        let status = rustix::fs::fstat(&fd);
        let kind = status.as_ref().map(|stat| rustix::fs::FileType::from_raw_mode(stat.st_mode));
        let file_type = match kind.map_or(FileType::Unknown, FileType::from) {
            // What guests take for a terminal must be one.
            FileType::CharacterDevice if !fd.as_fd().is_terminal() => FileType::Unknown,
            file_type => file_type,
        };
        let reopens = match file_type {
            FileType::Fifo => true,
            // To open the other end of one, by which terminals are made, makes another.
            FileType::CharacterDevice => {
                let device = status.map_or((0, 0), |stat| (major(stat.st_rdev as _), minor(stat.st_rdev as _)));
                device != PTMX
            }
            _ => false,
        };
        FdStream { fd, file_type, reopens, reading: Arc::default() }
    }

    /// Writes without waiting where the system can be asked for that of a single call: sockets, and pipes from Linux 6.5 on.
    fn write_at_once(&self, bytes: &[u8]) -> Result<usize, Errno> {
        let (bytes, flags) = ([IoSlice::new(bytes)], ReadWriteFlags::NOWAIT);
        retry_on_intr(|| rustix::io::pwritev2(&self.fd, &bytes, OWN_POSITION, flags))
    }

    /// Writes without waiting where it cannot.
    pub(super) fn write_if_ready(&self, bytes: &[u8]) -> WasiResult<usize> {
        if poll_fd(self.fd.as_fd(), Interest::Write).is_pending() {
            return Err(ErrorCode::WouldBlock.into());
        }
        if !self.reopens {
            return self.write(&bytes[..bytes.len().min(PIPE_BUF)]);
        }
        // A terminal is ready when it takes a single byte, and others may write at the same time. Opened once more, it does not wait.
        let path = format!("/proc/self/fd/{}", self.fd.as_fd().as_raw_fd());
        let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        match rustix::fs::open(path, flags, Mode::empty()) {
            Ok(own) => Ok(retry_on_intr(|| rustix::io::write(&own, bytes))?),
            // It is another user's, or there is no such path here.
            Err(_) => self.write(&bytes[..bytes.len().min(PIPE_BUF)]),
        }
    }
}

impl<F: AsFd + Send + Sync> Pollable for FdStream<F> {
    fn poll_ready<'a>(&'a self, interest: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
        let ready = poll_fd(self.fd.as_fd(), interest);
        if ready.is_pending() {
            waiter.on_fd(self.fd.as_fd(), interest);
        }
        ready
    }
}

impl<F: AsFd + Send + Sync> Stream for FdStream<F> {
    fn file_type(&self) -> FileType {
        self.file_type
    }

    fn metadata(&self) -> WasiResult<Metadata> {
        Ok(Metadata { file_type: self.file_type, ..metadata_of(&rustix::fs::fstat(&self.fd)?) })
    }

    fn read(&self, bytes: &mut [u8]) -> WasiResult<usize> {
        // Reading nothing from a terminal waits as well.
        if bytes.is_empty() {
            return Ok(0);
        }
        // A regular file never makes anybody wait.
        if self.file_type == FileType::RegularFile {
            return Ok(retry_on_intr(|| rustix::io::read(&self.fd, &mut *bytes))?);
        }
        let _reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        match poll_fd(self.fd.as_fd(), Interest::Read) {
            Poll::Pending => Err(ErrorCode::WouldBlock.into()),
            Poll::Ready(_) => Ok(retry_on_intr(|| rustix::io::read(&self.fd, &mut *bytes))?),
        }
    }

    fn write(&self, bytes: &[u8]) -> WasiResult<usize> {
        Ok(retry_on_intr(|| rustix::io::write(&self.fd, bytes))?)
    }

    fn write_without_waiting(&self, bytes: &[u8]) -> WasiResult<usize> {
        if matches!(self.file_type, FileType::RegularFile | FileType::BlockDevice) || bytes.is_empty() {
            return self.write(bytes);
        }
        match self.write_at_once(bytes) {
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => self.write_if_ready(bytes),
            outcome => Ok(outcome?),
        }
    }

    fn keeps_thread(&self) -> bool {
        matches!(self.file_type, FileType::RegularFile | FileType::BlockDevice)
    }

    fn seek(&self, to: SeekFrom) -> WasiResult<u64> {
        let to = match to {
            SeekFrom::Start(offset) => rustix::fs::SeekFrom::Start(offset),
            SeekFrom::Current(delta) => rustix::fs::SeekFrom::Current(delta),
            SeekFrom::End(delta) => rustix::fs::SeekFrom::End(delta),
        };
        Ok(rustix::fs::seek(&self.fd, to)?)
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> WasiResult<usize> {
        Ok(retry_on_intr(|| rustix::io::pread(&self.fd, &mut *bytes, offset))?)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> WasiResult<usize> {
        Ok(retry_on_intr(|| rustix::io::pwrite(&self.fd, bytes, offset))?)
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
