//! Open files that are, or were, of the lower layer: [`CopiedFile`] is still the one that it was there, and an [`OpenedLower`] turns into the
//! copy when there is one, so that who reads sees what others write.

use super::state::Identity;
use crate::error::{ErrorCode, WasiResult};
use crate::fs::lock::{reading, writing};
use crate::fs::{Advice, File, Metadata, SetTimes};
use crate::wait::{Interest, Pollable, Ready, Waiter};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};
use std::task::Poll;

pub(super) struct CopiedFile {
    pub(super) file: Arc<dyn File>,
    pub(super) origin: Identity,
}

impl Pollable for CopiedFile {
    fn poll_ready<'a>(&'a self, interest: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
        self.file.poll_ready(interest, waiter)
    }
}

impl File for CopiedFile {
    fn metadata(&self) -> WasiResult<Metadata> {
        let (device, inode) = self.origin;
        Ok(Metadata { device, inode, ..self.file.metadata()? })
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> WasiResult<usize> {
        self.file.read_at(bytes, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> WasiResult<usize> {
        self.file.write_at(bytes, offset)
    }

    fn append(&self, bytes: &[u8]) -> WasiResult<(usize, u64)> {
        self.file.append(bytes)
    }

    fn set_size(&self, size: u64) -> WasiResult<()> {
        self.file.set_size(size)
    }

    fn allocate(&self, offset: u64, length: u64) -> WasiResult<()> {
        self.file.allocate(offset, length)
    }

    fn set_times(&self, times: SetTimes) -> WasiResult<()> {
        self.file.set_times(times)
    }

    fn sync(&self, data_only: bool) -> WasiResult<()> {
        self.file.sync(data_only)
    }

    fn advise(&self, offset: u64, length: u64, advice: Advice) {
        self.file.advise(offset, length, advice);
    }
}

/// What all share who have a file of the lower layer open.
pub(super) struct LowerFile {
    /// Its bytes, opened to be read: the lower layer's, or the copy's.
    current: RwLock<Arc<dyn File>>,
    origin: Identity,
    unlinked: AtomicBool,
}

pub(super) struct OpenedLower {
    pub(super) file: Arc<LowerFile>,
    pub(super) readable: bool,
}

impl LowerFile {
    pub(super) fn new(file: Arc<dyn File>, origin: Identity) -> LowerFile {
        LowerFile { current: RwLock::new(file), origin, unlinked: AtomicBool::new(false) }
    }

    pub(super) fn turn_into(&self, copy: Arc<dyn File>) {
        *writing(&self.current) = copy;
    }

    /// Its name is gone, without a copy.
    pub(super) fn unlink(&self) {
        self.unlinked.store(true, Ordering::Relaxed);
    }

    fn current(&self) -> Arc<dyn File> {
        reading(&self.current).clone()
    }
}

/// Always ready: so are the regular files of the layers.
impl Pollable for OpenedLower {}

impl File for OpenedLower {
    fn metadata(&self) -> WasiResult<Metadata> {
        let (device, inode) = self.file.origin;
        let found = self.file.current().metadata()?;
        let gone = u64::from(self.file.unlinked.load(Ordering::Relaxed));
        Ok(Metadata { device, inode, link_count: found.link_count.saturating_sub(gone), ..found })
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> WasiResult<usize> {
        if !self.readable {
            return Err(ErrorCode::BadDescriptor.into());
        }
        self.file.current().read_at(bytes, offset)
    }

    fn allocate(&self, _: u64, _: u64) -> WasiResult<()> {
        Err(ErrorCode::BadDescriptor.into())
    }

    fn sync(&self, data_only: bool) -> WasiResult<()> {
        self.file.current().sync(data_only)
    }

    fn advise(&self, offset: u64, length: u64, advice: Advice) {
        self.file.current().advise(offset, length, advice);
    }
}
