//! [`ChunkTable`]: from an address to the code around it, for code that is still being added to. Signal handlers ask it, so that nothing
//! is locked where it is read.

use gusset_codegen::CodeChunk;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A chunk of code that has been placed.
pub(super) struct PlacedChunk {
    /// Where it starts, in bytes from the start of the unit's text.
    pub(super) start: u32,
    /// Without its text.
    pub(super) chunk: CodeChunk,
}

/// The chunks of a unit, by page.
pub(super) struct ChunkTable {
    pages: Box<[AtomicPtr<PlacedChunk>]>,
    page_size: usize,
    /// Keeps alive what the pages point to.
    chunks: Mutex<Vec<Arc<PlacedChunk>>>,
}

impl ChunkTable {
    /// For so many bytes of address space.
    pub(super) fn new(bytes: usize, page_size: usize) -> ChunkTable {
        let pages = std::iter::repeat_with(AtomicPtr::default).take(bytes.div_ceil(page_size)).collect();
        ChunkTable { pages, page_size, chunks: Mutex::default() }
    }

    /// Adds a chunk, which has `len` bytes, in whole pages.
    pub(super) fn insert(&self, chunk: PlacedChunk, len: usize) -> Arc<PlacedChunk> {
        let chunk = Arc::new(chunk);
        self.chunks.lock().unwrap_or_else(PoisonError::into_inner).push(chunk.clone());
        let first = chunk.start as usize / self.page_size;
        for page in &self.pages[first..first + len.div_ceil(self.page_size)] {
            let before = page.swap(Arc::as_ptr(&chunk).cast_mut(), Ordering::Release);
            assert!(before.is_null(), "a page is of one chunk");
        }
        chunk
    }

    /// The chunk around an offset from the start of the unit's text.
    pub(super) fn get(&self, offset: u32) -> Option<&PlacedChunk> {
        let chunk = self.pages.get(offset as usize / self.page_size)?.load(Ordering::Acquire);
        // SAFETY: V14: a page points to nothing, or to a chunk that the table owns and never changes or drops before itself.
        unsafe { chunk.as_ref() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_found_by_every_page() {
        let table = ChunkTable::new(10 * 4096, 4096);
        table.insert(PlacedChunk { start: 3 * 4096, chunk: CodeChunk::default() }, 2 * 4096);
        let start = |page: u32| Some(table.get(page * 4096 + 17)?.start);
        assert_eq!([2, 3, 4, 5, 10, 100].map(start), [None, Some(3 * 4096), Some(3 * 4096), None, None, None]);
    }
}
