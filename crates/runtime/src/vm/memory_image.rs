//! [`MemoryImage`]: what a memory holds at first, in a file that all instances of a module map privately: they share what
//! they only read, and copy a page when they write it.

use super::code::CodeMemory;
use super::mapping::page_size;
use super::memory_pool::MemoryPool;
use gusset_artifact::{CodeImage, MEMORY_IMAGE_ALIGNMENT, MemoryImageRange, MemoryIndex, ModuleIndex};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};

/// What a memory of an instance holds at first.
#[derive(Clone, Copy)]
pub(super) struct InitialContents<'a> {
    code: &'a CodeMemory,
    module: ModuleIndex,
    range: &'a MemoryImageRange,
}

impl<'a> InitialContents<'a> {
    /// What a memory of a module holds at first; `None` for zeros.
    pub(super) fn of(code: &'a CodeMemory, module: ModuleIndex, memory: MemoryIndex) -> Option<InitialContents<'a>> {
        let images = &code.image().modules[module].module.memory_images;
        let range = images.iter().find(|range| range.memory == memory)?;
        Some(InitialContents { code, module, range })
    }

    /// As what can be mapped, if the system has room for it.
    pub(super) fn image(&self) -> Option<&'a Arc<MemoryImage>> {
        self.code.memory_images().get(self.code.image(), self.module, self.range.memory)
    }

    /// Copies it into a memory that is zero. Pages that are zero are not touched.
    pub(super) fn copy_to(&self, memory: &mut [u8]) {
        let range = &self.range.bytes;
        let bytes = &self.code.image().data[range.start as usize..range.end as usize];
        let start = self.range.offset as usize;
        for (at, page) in bytes.chunks(page_size()).enumerate() {
            if page.iter().any(|&byte| byte != 0) {
                let at = start + at * page_size();
                memory[at..at + page.len()].copy_from_slice(page);
            }
        }
    }
}

/// First contents of a memory that can be mapped.
pub(crate) struct MemoryImage {
    /// A number that no other image of the process has.
    id: u64,
    /// What it covers of the memory, in whole pages.
    range: Range<usize>,
    file: Arc<ImageFile>,
    /// Where it starts in the file.
    at: usize,
    /// Where free memories may still hold it.
    pool: OnceLock<Weak<MemoryPool>>,
}

impl MemoryImage {
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    pub(super) fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.file.bytes()[self.at..self.at + self.range.len()]
    }

    /// Once the image goes, a pool that it has been mapped in forgets it.
    pub(super) fn is_used_in(&self, pool: &Arc<MemoryPool>) {
        self.pool.get_or_init(|| Arc::downgrade(pool));
    }

    #[cfg(target_os = "linux")]
    pub(super) fn file(&self) -> (rustix::fd::BorrowedFd<'_>, u64) {
        (self.file.fd(), self.at as u64)
    }
}

impl Drop for MemoryImage {
    fn drop(&mut self) {
        if let Some(pool) = self.pool.get().and_then(Weak::upgrade) {
            pool.forget(self.id);
        }
    }
}

/// The images of a unit's memories. The file is made when the first one is wanted.
#[derive(Default)]
pub(super) struct MemoryImages(OnceLock<BTreeMap<(u32, u32), Arc<MemoryImage>>>);

impl MemoryImages {
    pub(super) fn get(&self, code: &CodeImage, module: ModuleIndex, memory: MemoryIndex) -> Option<&Arc<MemoryImage>> {
        let images = self.0.get_or_init(|| make(code).unwrap_or_default());
        images.get(&(module.as_u32(), memory.as_u32()))
    }
}

/// Files of memory are there; a page of the system is no larger than what images are aligned to.
fn make(code: &CodeImage) -> Option<BTreeMap<(u32, u32), Arc<MemoryImage>>> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    if !(MEMORY_IMAGE_ALIGNMENT as usize).is_multiple_of(page_size()) {
        return None;
    }
    let ranges = code.modules.iter().flat_map(|(module, image)| {
        let ranges = image.module.memory_images.iter();
        ranges.map(move |range| ((module.as_u32(), range.memory.as_u32()), range))
    });
    let ranges: Vec<_> = ranges.collect();
    // The compiler puts images first.
    let end = ranges.iter().map(|(_, range)| range.bytes.end).max()? as usize;
    let file = Arc::new(ImageFile::new(code.data.get(..end)?)?);
    let image = |range: &MemoryImageRange| MemoryImage {
        id: NEXT.fetch_add(1, Ordering::Relaxed),
        range: range.offset as usize..range.offset as usize + range.bytes.len(),
        file: file.clone(),
        at: range.bytes.start as usize,
        pool: OnceLock::new(),
    };
    Some(ranges.into_iter().map(|(key, range)| (key, Arc::new(image(range)))).collect())
}

#[cfg(target_os = "linux")]
use linux::ImageFile;

#[cfg(target_os = "linux")]
mod linux {
    use super::super::mapping::FileMapping;
    use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
    use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

    /// A file in memory that nobody can change, nor make shorter.
    pub(super) struct ImageFile {
        fd: OwnedFd,
        view: FileMapping,
    }

    impl ImageFile {
        /// `None` where the system does not have it, or no room for it.
        pub(super) fn new(bytes: &[u8]) -> Option<ImageFile> {
            let fd = memfd_create("gusset-memory", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).ok()?;
            let mut written = 0;
            while written < bytes.len() {
                match rustix::io::write(&fd, &bytes[written..]) {
                    Ok(0) => return None,
                    Ok(count) => written += count,
                    Err(rustix::io::Errno::INTR) => {}
                    Err(_) => return None,
                }
            }
            let seals = SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE | SealFlags::SEAL;
            fcntl_add_seals(&fd, seals).ok()?;
            let view = FileMapping::new(fd.as_fd(), bytes.len()).ok()?;
            Some(ImageFile { fd, view })
        }

        pub(super) fn fd(&self) -> BorrowedFd<'_> {
            self.fd.as_fd()
        }

        pub(super) fn bytes(&self) -> &[u8] {
            self.view.bytes()
        }
    }
}

/// There is none: memories are written when they are made.
#[cfg(not(target_os = "linux"))]
enum ImageFile {}

#[cfg(not(target_os = "linux"))]
impl ImageFile {
    fn new(_: &[u8]) -> Option<ImageFile> {
        None
    }

    fn bytes(&self) -> &[u8] {
        match *self {}
    }
}
