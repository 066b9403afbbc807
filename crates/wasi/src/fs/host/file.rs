//! [`HostRegularFile`]: a regular file of the host's.

use crate::error::{ErrorCode, WasiResult};
use crate::fs::host::convert::{metadata_of, timestamps_of};
use crate::fs::host::resolve::path_of;
use crate::fs::{Advice, File, Metadata, OpenOptions, SetTimes, grow};
use crate::wait::Pollable;
use rustix::fs::{CWD, FallocateFlags, Mode, OFlags, SeekFrom};
use rustix::io::{Errno, ReadWriteFlags, retry_on_intr};
use std::fs;
use std::io::IoSlice;
use std::num::NonZeroU64;
use std::sync::{Mutex, PoisonError};

/// An offset that stands for the descriptor's own position.
const OWN_POSITION: u64 = u64::MAX;

pub(super) struct HostRegularFile {
    /// Opened to be read where it was opened to be neither read nor written.
    fd: fs::File,
    readable: bool,
    writable: bool,
    /// Who appends. The descriptor's position, which nothing else uses, is where the last one ended.
    appending: Mutex<()>,
}

impl HostRegularFile {
    pub(super) fn new(fd: fs::File, options: OpenOptions) -> HostRegularFile {
        HostRegularFile { fd, readable: options.read, writable: options.write, appending: Mutex::new(()) }
    }

    /// Appends by another descriptor of the file, since one that always appends cannot write anywhere else.
    fn append_by_another(&self, bytes: &[u8]) -> WasiResult<(usize, u64)> {
        let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(CWD, path_of(&self.fd), flags, Mode::empty())?;
        let written = retry_on_intr(|| rustix::io::write(&fd, bytes))?;
        let end = if written == 0 { SeekFrom::End(0) } else { SeekFrom::Current(0) };
        Ok((written, rustix::fs::seek(&fd, end)?))
    }

    /// What the system would say by other names, or not at all.
    fn check_writable(&self) -> WasiResult<()> {
        if self.writable { Ok(()) } else { Err(ErrorCode::BadDescriptor.into()) }
    }
}

impl Pollable for HostRegularFile {}

impl File for HostRegularFile {
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
        let flags = ReadWriteFlags::APPEND;
        match retry_on_intr(|| rustix::io::pwritev2(&self.fd, &[IoSlice::new(bytes)], OWN_POSITION, flags)) {
            // Of nothing the system takes no notice.
            Ok(0) => Ok((0, rustix::fs::seek(&self.fd, SeekFrom::End(0))?)),
            Ok(written) => Ok((written, rustix::fs::seek(&self.fd, SeekFrom::Current(0))?)),
            // Before Linux 4.16, and in systems that are only like it.
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => self.append_by_another(bytes),
            Err(error) => Err(error.into()),
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Seek, Write};

    #[test]
    fn both_ways_of_appending_are_the_same() {
        let mut fd = tempfile::tempfile().unwrap();
        fd.write_all(b"abc").unwrap();
        fd.rewind().unwrap();
        let file = HostRegularFile::new(fd, OpenOptions { read: true, write: true, ..OpenOptions::default() });
        assert_eq!(file.append_by_another(b"de").unwrap(), (2, 5));
        assert_eq!(file.append(b"f").unwrap(), (1, 6));
        assert_eq!(file.append_by_another(b"").unwrap(), (0, 6));
        assert_eq!(file.append(b"").unwrap(), (0, 6));
        file.write_at(b"X", 0).unwrap();
        assert_eq!(file.append_by_another(b"g").unwrap(), (1, 7));
        let mut bytes = [0; 10];
        assert_eq!(file.read_at(&mut bytes, 0).unwrap(), 7);
        assert_eq!(bytes[..7], *b"Xbcdefg");
    }
}
