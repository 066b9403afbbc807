//! Lists that imported functions return: where they go, which `cabi_import_realloc` says.
//!
//! A list of bytes that the guest wants goes where the guest wants it. All else goes to bytes that are lent for the time of one call: a page
//! that was found to be all zeros, or behind the end of the memory, which grows for that. It is zeros again afterwards, so nobody can tell,
//! and whoever takes it for his own, as allocators do, may: it is then not zeros the next time, or the guest names something in it.

use crate::memory::{self, PAGE};
use crate::words::{DESTINATION, DESTINATION_SIZE, EARLIER, EARLIER_END, LENT, LIMIT, NEXT};

/// Bytes that are lent until it is dropped.
pub(crate) struct Lent(());

/// Says where a list of bytes goes, up to which length.
#[inline(always)]
pub(crate) fn to(at: u32, length: u32) {
    DESTINATION.set(at.into());
    DESTINATION_SIZE.set(length.into());
}

impl Lent {
    /// Lends bytes for lists, behind all that the guest named.
    #[inline(always)]
    pub(crate) fn above(end: u64) -> Lent {
        lend(end);
        Lent(())
    }

    /// Where the lent bytes start.
    #[inline(always)]
    pub(crate) fn start(&self) -> u64 {
        LENT.get()
    }

    /// Takes bytes that no imported function fills.
    #[inline(always)]
    pub(crate) fn take(&self, size: u32, align: u32) -> u32 {
        take(size, align)
    }
}

impl Drop for Lent {
    #[inline(always)]
    fn drop(&mut self) {
        give_back();
    }
}

fn lend(end: u64) {
    let (size, lent) = (memory::size(), LENT.get());
    let last = size.saturating_sub(PAGE);
    let start = if is_free(lent, end, size) {
        lent
    } else if is_free(last, end, size) {
        last
    } else {
        size
    };
    LENT.set(start);
    NEXT.set(start);
    LIMIT.set(if start == size { size } else { start + PAGE });
    EARLIER.set(0);
    EARLIER_END.set(0);
    to(0, 0);
}

/// Whether there is a page at an address that is all zeros, and behind all that the guest named. The first page is not: results go there.
fn is_free(start: u64, end: u64, size: u64) -> bool {
    if start < PAGE || start < end || start + PAGE > size {
        return false;
    }
    let mut at = start;
    while at < start + PAGE {
        if memory::load64(at as u32) != 0 {
            return false;
        }
        at += 8;
    }
    true
}

fn take(size: u32, align: u32) -> u32 {
    if NEXT.get() == 0 {
        // More than was asked for.
        core::arch::wasm32::unreachable()
    }
    let mask = u64::from(align) - 1;
    let mut start = (NEXT.get() + mask) & !mask;
    let mut end = start + u64::from(size);
    if end > LIMIT.get() {
        let all = memory::size();
        if LIMIT.get() != all {
            // What follows is the guest's: this is behind its end, so this happens once.
            EARLIER.set(LENT.get());
            EARLIER_END.set(NEXT.get());
            LENT.set(all);
            start = all;
            end = start + u64::from(size);
        }
        memory::grow(end - all);
        LIMIT.set(memory::size());
    }
    NEXT.set(end);
    start as u32
}

fn give_back() {
    let (start, earlier) = (LENT.get(), EARLIER.get());
    memory::fill_with_zeros(start as u32, (NEXT.get() - start) as u32);
    memory::fill_with_zeros(earlier as u32, (EARLIER_END.get() - earlier) as u32);
    NEXT.set(0);
    to(0, 0);
}

/// Finds bytes for what an imported function returns, or more of them; as the canonical ABI calls it.
#[unsafe(no_mangle)]
extern "C" fn cabi_import_realloc(old: u32, old_size: u32, align: u32, size: u32) -> u32 {
    if size <= old_size {
        return if old_size == 0 { align } else { old };
    }
    let at = if size <= DESTINATION_SIZE.get32() { DESTINATION.get32() } else { take(size, align) };
    if old_size > 0 && at != old {
        memory::copy(old, at, old_size);
    }
    at
}
