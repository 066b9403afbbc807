//! [`MemoryImage`]: what a memory holds at first, in a file that all instances of a module map privately: they share what
//! they only read, and copy a page when they write it.

use super::code::CodeMemory;
use super::mapping::page_size;
use super::memory_pool::MemoryPool;
use gusset_artifact::{MEMORY_IMAGE_ALIGNMENT, MemoryImageRange, MemoryIndex, ModuleIndex, SharedBytes};
use std::collections::BTreeMap;
use std::fs::File;
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
        self.code.memory_images().get(self.code, self.module, self.range.memory)
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
    bytes: SharedBytes,
    /// Where the same bytes can be mapped from, and where they start there.
    file: Arc<File>,
    at: u64,
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
        &self.bytes
    }

    /// The file, which stays as it is, and where in it the image starts.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "images are mapped on Linux alone"))]
    pub(super) fn file(&self) -> (&File, u64) {
        (&self.file, self.at)
    }

    /// Once the image goes, a pool that it has been mapped in forgets it.
    pub(super) fn is_used_in(&self, pool: &Arc<MemoryPool>) {
        self.pool.get_or_init(|| Arc::downgrade(pool));
    }
}

impl Drop for MemoryImage {
    fn drop(&mut self) {
        if let Some(pool) = self.pool.get().and_then(Weak::upgrade) {
            pool.forget(self.id);
        }
    }
}

/// By module and memory.
type ImagesOfUnit = BTreeMap<(ModuleIndex, MemoryIndex), Arc<MemoryImage>>;

/// The images of a unit's memories. They are made when the first one is wanted, or later, where the system lacks something for a moment.
#[derive(Default)]
pub(super) struct MemoryImages(OnceLock<ImagesOfUnit>);

impl MemoryImages {
    fn get(&self, code: &CodeMemory, module: ModuleIndex, memory: MemoryIndex) -> Option<&Arc<MemoryImage>> {
        let images = match self.0.get() {
            Some(images) => images,
            None => {
                let made = make(code).ok()?.unwrap_or_default();
                self.0.get_or_init(|| made)
            }
        };
        images.get(&(module, memory))
    }
}

/// All images of a unit, where a page of the system is no larger than what images are aligned to: from the artefact's own file,
/// or else from one in memory. `None` where there will never be any.
///
/// # Errors
///
/// What the system lacks now and may have later.
fn make(code: &CodeMemory) -> std::io::Result<Option<ImagesOfUnit>> {
    if !cfg!(target_os = "linux") || !(MEMORY_IMAGE_ALIGNMENT as usize).is_multiple_of(page_size()) {
        return Ok(None);
    }
    let (data, modules) = (&code.image().data, code.image().modules.iter());
    let ranges =
        modules.flat_map(|(module, image)| image.module.memory_images.iter().map(move |range| (module, range)));
    let ranges: Vec<(ModuleIndex, &MemoryImageRange)> = ranges.collect();
    // The compiler puts images first.
    let end = ranges.iter().map(|(_, range)| range.bytes.end).max();
    let Some(bytes) = end.and_then(|end| data.get(..end as usize)) else { return Ok(None) };
    let (file, start) = match code.data_source() {
        Some((file, start)) => (file.clone(), start),
        None => match file_in_memory(bytes)? {
            Some(file) => (Arc::new(file), 0),
            None => return Ok(None),
        },
    };
    Ok(images_in(&ranges, data, &file, start))
}

fn images_in(
    ranges: &[(ModuleIndex, &MemoryImageRange)],
    data: &SharedBytes,
    file: &Arc<File>,
    start: u64,
) -> Option<ImagesOfUnit> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let image = |range: &MemoryImageRange| {
        Some(Arc::new(MemoryImage {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            range: range.offset as usize..range.offset as usize + range.bytes.len(),
            bytes: data.slice(range.bytes.start as usize..range.bytes.end as usize)?,
            file: file.clone(),
            at: start + u64::from(range.bytes.start),
            pool: OnceLock::new(),
        }))
    };
    ranges.iter().map(|&(module, range)| Some(((module, range.memory), image(range)?))).collect()
}

/// A file in memory that nobody can change, nor make shorter; `None` where the system does not have it.
///
/// # Errors
///
/// When it has no room, or no descriptor, for it at present.
#[cfg(target_os = "linux")]
pub(super) fn file_in_memory(bytes: &[u8]) -> std::io::Result<Option<File>> {
    use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
    use rustix::io::Errno;
    use rustix::process::{Resource, getrlimit};
    use std::io::Write;
    // Whoever writes beyond that limit gets a signal, which ends most programs.
    if getrlimit(Resource::Fsize).current.is_some_and(|limit| limit < bytes.len() as u64) {
        return Ok(None);
    }
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let create = |flags| memfd_create("gusset-memory", flags);
    // A system may be told to refuse those that could be executed; older ones do not know the question.
    let made = match create(flags | MemfdFlags::NOEXEC_SEAL) {
        Err(Errno::INVAL) => create(flags),
        made => made,
    };
    let mut file = match made {
        Ok(file) => File::from(file),
        Err(error) if is_momentary(error) => return Err(error.into()),
        Err(_) => return Ok(None),
    };
    file.write_all(bytes)?;
    let seals = SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE | SealFlags::SEAL;
    Ok(fcntl_add_seals(&file, seals).is_ok().then_some(file))
}

/// Whether what the system lacks may be there again later.
#[cfg(target_os = "linux")]
pub(super) fn is_momentary(error: rustix::io::Errno) -> bool {
    use rustix::io::Errno;
    matches!(error, Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::NOSPC | Errno::INTR | Errno::AGAIN)
}

#[cfg(not(target_os = "linux"))]
fn file_in_memory(_: &[u8]) -> std::io::Result<Option<File>> {
    Ok(None)
}
