//! [`Mapping`]: a piece of address space, of which a growing part at the start can be used. The only place that maps
//! memory.

use crate::error::{Error, Result};
use rustix::io::Errno;
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap, mmap_anonymous, mprotect, munmap};
use std::ops::Range;
use std::ptr::{NonNull, null_mut};
use std::sync::Arc;

/// Reserved address space. Its first bytes are zeroed memory once they are made accessible; touching the rest is a
/// fault.
pub(super) struct Mapping {
    base: NonNull<u8>,
    len: usize,
    accessible: usize,
    /// What it is a part of: that unmaps all of it.
    whole: Option<Arc<Mapping>>,
}

// SAFETY: V5: the mapping is owned by this value alone, wherever it is.
unsafe impl Send for Mapping {}
// SAFETY: V5: shared references only read.
unsafe impl Sync for Mapping {}

/// All of an artefact is read at once, for its hash; so its pages are wanted at once.
#[cfg(target_os = "linux")]
const POPULATE: MapFlags = MapFlags::POPULATE;
#[cfg(not(target_os = "linux"))]
const POPULATE: MapFlags = MapFlags::empty();

/// Bytes of a page of this system.
pub(super) fn page_size() -> usize {
    // Not rustix's, which reads what valgrind hides from programs.
    // SAFETY: V5: it only asks.
    let bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(bytes).expect("a system knows the size of its pages")
}

/// `bytes` in whole pages; `None` when there is no such number.
pub(super) fn round_up(bytes: u64) -> Option<usize> {
    usize::try_from(bytes).ok()?.checked_next_multiple_of(page_size())
}

impl Mapping {
    /// Reserves `len` bytes, in whole pages, none of them accessible and none of them committed.
    pub(super) fn reserve(len: usize) -> Result<Mapping> {
        assert!(len.is_multiple_of(page_size()) && isize::try_from(len).is_ok());
        let len = len.max(page_size());
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        // SAFETY: V5: a new mapping, at an address that the system chooses, replaces nothing.
        let base = unsafe { mmap_anonymous(null_mut(), len, ProtFlags::empty(), flags) };
        let base = base.map_err(|error| explain(error, format!("reserving {len} bytes of address space")))?;
        let base = NonNull::new(base.cast()).expect("no mapping is at address 0");
        Ok(Mapping { base, len, accessible: 0, whole: None })
    }

    /// Parts of `len` bytes each, one after the other, of which all is accessible or nothing, as it is here. Each of them is
    /// on its own; they are unmapped when none is left.
    pub(super) fn split(self, len: usize) -> Vec<Mapping> {
        assert!(len > 0 && len.is_multiple_of(page_size()), "parts are whole pages");
        assert!(self.accessible == 0 || self.accessible == self.len, "parts are alike");
        let accessible = if self.accessible == 0 { 0 } else { len };
        let whole = Arc::new(self);
        let part = |at: usize| {
            let base = NonNull::new(whole.base.as_ptr().wrapping_add(at * len)).expect("parts are in the mapping");
            Mapping { base, len, accessible, whole: Some(whole.clone()) }
        };
        (0..whole.len / len).map(part).collect()
    }

    /// Makes the first `len` bytes readable and writable, in whole pages. It never takes accessibility away.
    pub(super) fn make_accessible(&mut self, len: usize) -> Result<()> {
        let len = len.next_multiple_of(page_size());
        assert!(len <= self.len, "only what is reserved becomes accessible");
        if len > self.accessible {
            let (start, more) = (self.base.as_ptr().wrapping_add(self.accessible), len - self.accessible);
            // SAFETY: V5: the pages are of this mapping, and nothing refers to them yet.
            let changed = unsafe { mprotect(start.cast(), more, MprotectFlags::READ | MprotectFlags::WRITE) };
            changed.map_err(|error| explain(error, format!("committing {more} bytes of memory")))?;
            self.accessible = len;
        }
        Ok(())
    }

    /// Makes all but the first `len` bytes inaccessible, in whole pages. What is in them stays.
    pub(super) fn hide_from(&mut self, len: usize) -> Result<()> {
        let len = len.next_multiple_of(page_size());
        if len < self.accessible {
            let (start, less) = (self.base.as_ptr().wrapping_add(len), self.accessible - len);
            // SAFETY: V5, V6: the pages are of this mapping, which is borrowed exclusively.
            let changed = unsafe { mprotect(start.cast(), less, MprotectFlags::empty()) };
            changed.map_err(|error| explain(error, format!("protecting {less} bytes of memory")))?;
            self.accessible = len;
        }
        Ok(())
    }

    /// Forgets all that is in it: nothing of it is accessible, and what becomes so is zero.
    ///
    /// When this fails nothing is known of the mapping any more: it must not be used, and not be given back to the system.
    pub(super) fn clear(&mut self) -> Result<()> {
        if self.accessible > 0 {
            let flags = MapFlags::PRIVATE | MapFlags::NORESERVE | MapFlags::FIXED;
            // SAFETY: V5, V6: the pages are of this mapping, which is borrowed exclusively.
            let mapped =
                unsafe { mmap_anonymous(self.base.as_ptr().cast(), self.accessible, ProtFlags::empty(), flags) };
            mapped.map_err(|error| explain(error, "clearing memory".to_string()))?;
            self.accessible = 0;
        }
        Ok(())
    }

    /// Makes what has been written in a range what it was when it was mapped: zero, or the bytes of a file. Says whether
    /// that could be done: only Linux does it, and not with memory that is locked.
    pub(super) fn discard(&mut self, range: Range<usize>) -> bool {
        assert!(range.end <= self.accessible);
        self.discard_within(range)
    }

    /// The same of pages that are accessible, wherever they are.
    fn discard_within(&mut self, range: Range<usize>) -> bool {
        assert!(range.start <= range.end && range.end <= self.len && range.start.is_multiple_of(page_size()));
        // Elsewhere it is only a hint.
        #[cfg(target_os = "linux")]
        if !range.is_empty() {
            use rustix::mm::{Advice, madvise};
            let start = self.base.as_ptr().wrapping_add(range.start);
            // SAFETY: V5, V6: the pages are of this mapping, which is borrowed exclusively.
            return unsafe { madvise(start.cast(), range.len(), Advice::LinuxDontNeed) }.is_ok();
        }
        range.is_empty()
    }

    /// Maps bytes of a file, whole pages, over the accessible bytes that start at `at`. They can be written; the file stays
    /// as it is. Nothing that is mapped there ever makes the file shorter or changes it.
    ///
    /// When this fails, [`clear`](Mapping::clear) makes the mapping usable again.
    #[cfg(target_os = "linux")]
    pub(super) fn map_file(&mut self, at: usize, file: &std::fs::File, from: u64, len: usize) -> Result<()> {
        assert!(at.is_multiple_of(page_size()) && at.checked_add(len).is_some_and(|end| end <= self.accessible));
        let start = self.base.as_ptr().wrapping_add(at);
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE | MapFlags::FIXED;
        // SAFETY: V5, V6: the pages are of this mapping, which is borrowed exclusively.
        let mapped = unsafe { mmap(start.cast(), len, protection, flags, file, from) };
        mapped.map_err(|error| explain(error, format!("mapping {len} bytes of a memory's first contents")))?;
        Ok(())
    }

    /// Makes all but the first page readable and writable: a stack, which grows down to a fault.
    pub(super) fn into_stack(self) -> Result<StackMapping> {
        self.try_into_stack().map_err(|(_, error)| error)
    }

    /// The same, which gives the mapping back where it fails: that can be asked again.
    pub(super) fn try_into_stack(self) -> Result<StackMapping, (Mapping, Error)> {
        let guard = page_size();
        let (start, len) = (self.base.as_ptr().wrapping_add(guard), self.len - guard);
        // SAFETY: V5: the pages are of this mapping, and nothing refers to them yet.
        let changed = unsafe { mprotect(start.cast(), len, MprotectFlags::READ | MprotectFlags::WRITE) };
        match changed {
            Ok(()) => Ok(StackMapping(self)),
            Err(error) => Err((self, Error::from(error).context(format!("committing {len} bytes of stack")))),
        }
    }

    /// Makes all of it readable and executable, and never writable again.
    pub(super) fn into_executable(self) -> Result<ExecutableMapping> {
        super::icache::flush(self.base.as_ptr(), self.len);
        // SAFETY: V5: the pages are of this mapping, and this function consumes what could still write to them.
        let changed =
            unsafe { mprotect(self.base.as_ptr().cast(), self.len, MprotectFlags::READ | MprotectFlags::EXEC) };
        changed.map_err(|error| Error::from(error).context("making code executable"))?;
        Ok(ExecutableMapping(self))
    }

    /// The first `len` bytes of a file, more than none, readable. What is written to the file later may be seen or not; what is cut off
    /// from it is a fault.
    pub(super) fn of_file(file: &std::fs::File, len: usize) -> Result<Mapping> {
        let size = round_up(len as u64).filter(|len| isize::try_from(*len).is_ok());
        let size = size.ok_or_else(|| Error::msg("a file that is larger than the address space"))?;
        let flags = MapFlags::PRIVATE | POPULATE;
        // SAFETY: V5: a new mapping, at an address that the system chooses, replaces nothing.
        let base = unsafe { mmap(null_mut(), len, ProtFlags::READ, flags, file, 0) };
        let base = base.map_err(|error| Error::from(error).context(format!("mapping {len} bytes of a file")))?;
        Ok(Mapping {
            base: NonNull::new(base.cast()).expect("no mapping is at address 0"),
            len: size,
            accessible: len,
            whole: None,
        })
    }

    /// Makes what is accessible readable only: from here on nothing writes to it through this value.
    pub(super) fn make_read_only(&mut self) -> Result<()> {
        // SAFETY: V5: the pages are of this mapping, and nothing refers to them while it is borrowed exclusively.
        let changed = unsafe { mprotect(self.base.as_ptr().cast(), self.accessible, MprotectFlags::READ) };
        changed.map_err(|error| Error::from(error).context("protecting memory"))
    }

    /// Makes whole pages executable that are read only.
    pub(super) fn make_executable(&self, pages: Range<usize>) -> Result<()> {
        assert!(pages.start.is_multiple_of(page_size()) && pages.start <= pages.end && pages.end <= self.len);
        if pages.is_empty() {
            return Ok(());
        }
        let (start, len) = (self.base.as_ptr().wrapping_add(pages.start), pages.len());
        super::icache::flush(start, len);
        // SAFETY: V5: the pages are of this mapping, and whoever made it has taken away the right to write to them.
        let changed = unsafe { mprotect(start.cast(), len, MprotectFlags::READ | MprotectFlags::EXEC) };
        changed.map_err(|error| Error::from(error).context("making code executable"))
    }

    pub(super) fn base(&self) -> *mut u8 {
        self.base.as_ptr()
    }

    /// Bytes that can be used.
    pub(super) fn accessible(&self) -> usize {
        self.accessible
    }

    /// Bytes of address space.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The first `len` bytes, which must be accessible.
    #[inline]
    pub(super) fn bytes(&self, len: usize) -> &[u8] {
        assert!(len <= self.accessible);
        // SAFETY: V5: the bytes are accessible, initialised (zeroed by the system, or a file's) and, by V6, written by nobody else
        // while this value is borrowed.
        unsafe { std::slice::from_raw_parts(self.base.as_ptr(), len) }
    }

    /// The first `len` bytes, which must be accessible.
    #[inline]
    pub(super) fn bytes_mut(&mut self, len: usize) -> &mut [u8] {
        assert!(len <= self.accessible);
        // SAFETY: V5, V6: as above, and this value is borrowed exclusively.
        unsafe { std::slice::from_raw_parts_mut(self.base.as_ptr(), len) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        if self.whole.is_some() {
            return;
        }
        // SAFETY: V5: this value owns the mapping, and by V4 nothing that refers to it is left.
        let unmapped = unsafe { munmap(self.base.as_ptr().cast(), self.len) };
        debug_assert!(unmapped.is_ok(), "a mapping can be unmapped");
    }
}

/// Says what could not be done, and what there may be too little of.
fn explain(error: Errno, what: String) -> Error {
    let out_of_room = error == Errno::NOMEM;
    let error = Error::from(error).context(what);
    match out_of_room {
        true => error.context(
            "no room in the address space, or as many mappings as the system allows a process (vm.max_map_count): with a \
             smaller Config::memory_reservation (memory64_reservation) more memories fit",
        ),
        false => error,
    }
}

/// A mapping that is a stack.
pub(super) struct StackMapping(Mapping);

impl StackMapping {
    /// The lowest address that can be used.
    pub(super) fn start(&self) -> *mut u8 {
        self.0.base.as_ptr().wrapping_add(page_size())
    }

    /// Bytes that can be used.
    pub(super) fn len(&self) -> usize {
        self.0.len - page_size()
    }

    /// The page at the far end, which is not accessible.
    pub(super) fn guard(&self) -> *mut u8 {
        self.0.base()
    }

    /// What is on it, of a stack that nobody runs on.
    #[inline]
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: V5: the pages are accessible, of this mapping, which is borrowed exclusively, and were zeroed by the system or
        // written by who ran here.
        unsafe { std::slice::from_raw_parts_mut(self.start(), self.len()) }
    }

    /// Gives the memory of the first `len` bytes, whole pages, back to the system, of a stack that nobody runs on: they are zero then.
    /// Says whether that could be done, as [`Mapping::discard`] does.
    pub(super) fn discard(&mut self, len: usize) -> bool {
        assert!(len <= self.len() && len.is_multiple_of(page_size()));
        let guard = page_size();
        self.0.discard_within(guard..guard + len)
    }
}

/// A mapping that holds code.
pub(super) struct ExecutableMapping(Mapping);

impl AsRef<[u8]> for ExecutableMapping {
    fn as_ref(&self) -> &[u8] {
        self.0.bytes(self.0.accessible)
    }
}
