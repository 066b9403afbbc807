//! [`HostFile`]: a regular file of the host's.

use crate::error::{ErrorCode, WasiResult};
use crate::fs::host::convert::{metadata_of, timestamps_of};
use crate::fs::{Advice, File, Metadata, OpenOptions, SetTimes, grow};
use crate::wait::Pollable;
use rustix::fs::{FallocateFlags, SeekFrom};
use rustix::io::{Errno, ReadWriteFlags, retry_on_intr};
use std::fs;
use std::io::IoSlice;
use std::num::NonZeroU64;
use std::sync::{Mutex, PoisonError};

/// An offset that stands for the descriptor's own position.
const OWN_POSITION: u64 = u64::MAX;

pub(super) struct HostFile {
    /// Opened to be read where it was opened to be neither read nor written.
    fd: fs::File,
    readable: bool,
    writable: bool,
    /// Who appends. The descriptor's position, which nothing else uses, is where the last one ended.
    appending: Mutex<()>,
}

impl HostFile {
    pub(super) fn new(fd: fs::File, options: OpenOptions) -> HostFile {
        HostFile { fd, readable: options.read, writable: options.write, appending: Mutex::new(()) }
    }

    /// What the system would say by other names, or not at all.
    fn check_writable(&self) -> WasiResult<()> {
        if self.writable { Ok(()) } else { Err(ErrorCode::BadDescriptor.into()) }
    }
}

impl Pollable for HostFile {}

impl File for HostFile {
    fn metadata(&self) -> WasiResult<Metadata> {
        Ok(metadata_of(&rustix::fs::fstat(&self.fd)?))
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> WasiResult<usize> {
        if !self.readable {
            return Err(ErrorCode::BadDescriptor.into());
        }
        Ok(retry_on_intr(|| rustix::io::pread(&self.fd, &mut *bytes, offset))?)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> WasiResult<usize> {
        Ok(retry_on_intr(|| rustix::io::pwrite(&self.fd, bytes, offset))?)
    }

    fn append(&self, bytes: &[u8]) -> WasiResult<(usize, u64)> {
        self.check_writable()?;
        let _alone = self.appending.lock().unwrap_or_else(PoisonError::into_inner);
        let written = rustix::io::pwritev2(&self.fd, &[IoSlice::new(bytes)], OWN_POSITION, ReadWriteFlags::APPEND)?;
        // Of nothing the system takes no notice.
        let end = if written == 0 { SeekFrom::End(0) } else { SeekFrom::Current(0) };
        Ok((written, rustix::fs::seek(&self.fd, end)?))
    }

    fn set_size(&self, size: u64) -> WasiResult<()> {
        self.check_writable()?;
        Ok(rustix::fs::ftruncate(&self.fd, size)?)
    }

    fn allocate(&self, offset: u64, length: u64) -> WasiResult<()> {
        self.check_writable()?;
        match rustix::fs::fallocate(&self.fd, FallocateFlags::empty(), offset, length) {
            // The file system has no such thing.
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => grow(self, offset, length),
            result => Ok(result?),
        }
    }

    fn set_times(&self, times: SetTimes) -> WasiResult<()> {
        Ok(rustix::fs::futimens(&self.fd, &timestamps_of(times)?)?)
    }

    fn sync(&self, data_only: bool) -> WasiResult<()> {
        Ok(if data_only { rustix::fs::fdatasync(&self.fd) } else { rustix::fs::fsync(&self.fd) }?)
    }

    fn advise(&self, offset: u64, length: u64, advice: Advice) {
        let _ = rustix::fs::fadvise(&self.fd, offset, NonZeroU64::new(length), advice.into());
    }
}
