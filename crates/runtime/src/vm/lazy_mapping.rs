//! [`LazyMapping`]: the address space of a lazily compiled unit. In order: its text, its slots, and room for code that comes later, in
//! whole pages.

use super::icache;
use super::mapping::{Mapping, page_size};
use crate::error::{Error, Result, bail};
use rustix::mm::{MprotectFlags, mprotect};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A reservation of which the text and what has been [filled](LazyMapping::fill) can run, and the slots can be written.
pub(super) struct LazyMapping {
    mapping: Mapping,
    text: usize,
    slots: Range<usize>,
    /// Where the next code goes.
    next: AtomicUsize,
}

/// Pages that nobody else has been given.
pub(super) struct ChunkPages(Range<usize>);

impl ChunkPages {
    /// The first byte, from the start of the text.
    pub(super) fn offset(&self) -> usize {
        self.0.start
    }

    /// Bytes.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl LazyMapping {
    /// Places `text`, and reserves so many bytes for code. `slots` are behind the text, not on one of its pages.
    pub(super) fn new(text: &[u8], slots: Range<usize>, room: usize) -> Result<LazyMapping> {
        let page = page_size();
        let end = slots.end.next_multiple_of(page);
        assert!(slots.start.is_multiple_of(page) && text.len() <= slots.start, "slots have pages of their own");
        let mapping = Mapping::reserve(end + room.next_multiple_of(page))?;
        let lazy = LazyMapping { mapping, text: text.len(), slots: slots.start..end, next: AtomicUsize::new(end) };
        lazy.fill(ChunkPages(0..text.len().next_multiple_of(page)), text).map_err(|(_, error)| error)?;
        lazy.protect(&lazy.slots, MprotectFlags::READ | MprotectFlags::WRITE)?;
        Ok(lazy)
    }

    /// The address of the first byte.
    pub(super) fn start(&self) -> usize {
        self.mapping.base() as usize
    }

    /// Bytes of address space.
    pub(super) fn len(&self) -> usize {
        self.mapping.len()
    }

    /// Bytes of the text.
    pub(super) fn text(&self) -> usize {
        self.text
    }

    /// A word among the slots, at an offset from the start of the text.
    pub(super) fn word(&self, offset: usize) -> &AtomicUsize {
        assert!(self.slots.contains(&offset) && offset.is_multiple_of(align_of::<AtomicUsize>()), "it is a slot");
        // SAFETY: V14: the word is of the slots, which can be read and written, and whoever does so takes it for atomic.
        unsafe { &*self.mapping.base().wrapping_add(offset).cast::<AtomicUsize>() }
    }

    /// Pages for so many bytes of code.
    ///
    /// # Errors
    ///
    /// When there are none left.
    pub(super) fn take(&self, bytes: usize) -> Result<ChunkPages> {
        let bytes = bytes.next_multiple_of(page_size());
        let fits = |next: usize| next.checked_add(bytes).filter(|&end| end <= self.mapping.len());
        match self.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits) {
            Ok(start) => Ok(ChunkPages(start..start + bytes)),
            Err(_) => {
                bail!("the code of a lazily compiled unit needs more than the {} bytes that it may have", self.len())
            }
        }
    }

    /// Takes back pages that have not been filled. They are given again if none were taken since.
    pub(super) fn give_back(&self, ChunkPages(range): ChunkPages) {
        let _ = self.next.compare_exchange(range.end, range.start, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Makes the pages executable, with `code` in them; with an error, they are not filled, and come back.
    pub(super) fn fill(&self, pages: ChunkPages, code: &[u8]) -> Result<(), (ChunkPages, Error)> {
        self.write(&pages.0, code).map_err(|error| (pages, error))
    }

    /// Writes code to pages that are the caller's alone, and can be executed only after that.
    fn write(&self, range: &Range<usize>, code: &[u8]) -> Result<()> {
        assert!(code.len() <= range.len(), "the code fits");
        self.protect(range, MprotectFlags::READ | MprotectFlags::WRITE)?;
        let start = self.mapping.base().wrapping_add(range.start);
        // SAFETY: V14: the pages are this call's alone, were made writable just now, and hold nothing that anybody refers to.
        unsafe { std::ptr::copy_nonoverlapping(code.as_ptr(), start, code.len()) };
        icache::flush(start, code.len());
        self.protect(range, MprotectFlags::READ | MprotectFlags::EXEC)
    }

    fn protect(&self, range: &Range<usize>, flags: MprotectFlags) -> Result<()> {
        if range.is_empty() {
            return Ok(());
        }
        assert!(range.end <= self.mapping.len());
        let start = self.mapping.base().wrapping_add(range.start);
        // SAFETY: V14: the pages are of this mapping. Slots are made writable once; others by whom they were given to, who makes them
        // executable and gives up the right to touch them.
        let changed = unsafe { mprotect(start.cast(), range.len(), flags) };
        changed.map_err(|error| Error::from(error).context("placing code of a lazily compiled unit"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_come_back_are_given_again() {
        let page = page_size();
        let mapping = LazyMapping::new(&[0; 10], page..page + 16, 3 * page).unwrap();
        let start = |pages: &Result<ChunkPages>| pages.as_ref().ok().map(|pages| pages.offset() / page);
        let first = mapping.take(10);
        assert_eq!(start(&first), Some(2));
        mapping.give_back(first.unwrap());
        let (first, second) = (mapping.take(2 * page), mapping.take(1));
        assert_eq!((start(&first), start(&second), start(&mapping.take(1))), (Some(2), Some(4), None));
        // Not while others stand behind them.
        mapping.give_back(first.unwrap());
        assert!(mapping.take(1).is_err());
        mapping.give_back(second.unwrap());
        assert_eq!(start(&mapping.take(1)), Some(4));
    }
}
