//! [`Area`]: a few bytes of the guest's memory that an imported function writes its results to, and that are as they were afterwards.

use crate::memory::{load8, load32, load64, store64};

/// Where results go: behind address 0, which some take for none.
const LOW: u32 = 16;

/// Where they go when what is read goes to the former: before the end of the first page.
const HIGH: u32 = (1 << 16) - LOW;

/// Words that are kept meanwhile, in locals.
pub(crate) trait Saved {
    const BYTES: u32;
    fn load(at: u32) -> Self;
    fn store(&self, at: u32);
}

impl Saved for () {
    const BYTES: u32 = 0;

    #[inline(always)]
    fn load(_: u32) {}

    #[inline(always)]
    fn store(&self, _: u32) {}
}

impl<Rest: Saved> Saved for (u64, Rest) {
    const BYTES: u32 = 8 + Rest::BYTES;

    #[inline(always)]
    fn load(at: u32) -> Self {
        (load64(at), Rest::load(at + 8))
    }

    #[inline(always)]
    fn store(&self, at: u32) {
        store64(at, self.0);
        self.1.store(at + 8);
    }
}

pub(crate) type One = (u64, ());
pub(crate) type Two = (u64, One);
#[cfg(feature = "filesystem")]
pub(crate) type Three = (u64, Two);
/// Two that together hold a `descriptor-stat` and what is around it: of more words at once the compiler makes an array in memory.
#[cfg(feature = "filesystem")]
pub(crate) type Six = (u64, (u64, (u64, Three)));
#[cfg(feature = "filesystem")]
pub(crate) type Seven = (u64, Six);

/// Bytes that are borrowed until it is dropped. What is read of them goes to memory only then: it might be the same.
pub(crate) struct Area<S: Saved> {
    pub(crate) at: u32,
    saved: S,
}

impl<S: Saved> Area<S> {
    #[inline(always)]
    pub(crate) fn new() -> Area<S> {
        Area { at: LOW, saved: S::load(LOW) }
    }

    /// One that is not where bytes go that are read. Those are fewer than asked for, if all of the first page was.
    #[inline(always)]
    pub(crate) fn beside(bytes: u32, length: &mut u32) -> Area<S> {
        let mut at = LOW;
        if bytes < LOW + S::BYTES {
            at = HIGH - S::BYTES;
            *length = (*length).min(at - bytes);
        }
        Area { at, saved: S::load(at) }
    }

    /// One behind another one, which is told apart from it only when they are dropped.
    #[cfg(feature = "filesystem")]
    #[inline(always)]
    pub(crate) fn behind<O: Saved>(other: &Area<O>) -> Area<S> {
        let at = other.at + O::BYTES;
        Area { at, saved: S::load(at) }
    }

    #[inline(always)]
    pub(crate) fn u8(&self, offset: u32) -> u8 {
        load8(self.at + offset)
    }

    #[inline(always)]
    pub(crate) fn u32(&self, offset: u32) -> u32 {
        load32(self.at + offset)
    }

    #[inline(always)]
    pub(crate) fn u64(&self, offset: u32) -> u64 {
        load64(self.at + offset)
    }
}

impl<S: Saved> Drop for Area<S> {
    #[inline(always)]
    fn drop(&mut self) {
        self.saved.store(self.at);
    }
}
