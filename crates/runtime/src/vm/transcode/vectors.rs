//! What a processor's vectors can do that code for every processor of its kind cannot: move bytes within a vector by a table, and do that and the like
//! with 32 bytes at once.

#[cfg(target_arch = "x86_64")]
use super::avx2;

/// Says that this processor has what the functions here are compiled for: there is no value where it has not.
#[derive(Clone, Copy)]
pub(super) struct ByteShuffles(Detected);

#[cfg(target_arch = "x86_64")]
type Detected = ();
#[cfg(not(target_arch = "x86_64"))]
type Detected = std::convert::Infallible;

#[cfg(target_arch = "x86_64")]
impl ByteShuffles {
    /// Asks the processor.
    #[inline]
    pub(super) fn detect() -> Option<ByteShuffles> {
        #[cfg(test)]
        if tests::are_hidden() {
            return None;
        }
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("popcnt")).then_some(ByteShuffles(()))
    }

    /// Checks UTF-8 and makes it into UTF-16, of which there is room for as many units. How many it became, if it is a text.
    #[inline]
    pub(super) fn utf8_to_utf16(self, src: &[u8], dst: &mut [u16]) -> Option<usize> {
        // SAFETY: V19: that there is a value of this type says so.
        unsafe { avx2::utf8::to_utf16(src, dst) }
    }

    /// Makes UTF-8 of characters that are all Latin-1 into that, from the start on; how many bytes it read, and how many it wrote.
    #[inline]
    pub(super) fn utf8_to_latin1(self, src: &[u8], dst: &mut [u8]) -> (usize, usize) {
        // SAFETY: V19: as above.
        unsafe { avx2::utf8::to_latin1(src, dst) }
    }

    /// Checks UTF-16 and makes it into UTF-8, of which there is room for thrice as many bytes. How many it became, if it is a text.
    #[inline]
    pub(super) fn utf16_to_utf8(self, src: &[u16], dst: &mut [u8]) -> Option<usize> {
        // SAFETY: V19: as above.
        unsafe { avx2::utf16::to_utf8(src, dst) }
    }

    /// Makes Latin-1 into UTF-8, from the start on; how many bytes it read, and how many it wrote.
    #[inline]
    pub(super) fn latin1_to_utf8(self, src: &[u8], dst: &mut [u8]) -> (usize, usize) {
        // SAFETY: V19: as above.
        unsafe { avx2::utf16::from_latin1(src, dst) }
    }

    /// Writes bytes as so many units.
    #[inline]
    pub(super) fn widen(self, bytes: &[u8], units: &mut [u16]) {
        // SAFETY: V19: as above.
        unsafe { avx2::widen(bytes, units) }
    }
}

#[cfg(not(target_arch = "x86_64"))]
impl ByteShuffles {
    pub(super) fn detect() -> Option<ByteShuffles> {
        None
    }

    pub(super) fn utf8_to_utf16(self, _: &[u8], _: &mut [u16]) -> Option<usize> {
        match self.0 {}
    }

    pub(super) fn utf8_to_latin1(self, _: &[u8], _: &mut [u8]) -> (usize, usize) {
        match self.0 {}
    }

    pub(super) fn utf16_to_utf8(self, _: &[u16], _: &mut [u8]) -> Option<usize> {
        match self.0 {}
    }

    pub(super) fn latin1_to_utf8(self, _: &[u8], _: &mut [u8]) -> (usize, usize) {
        match self.0 {}
    }

    pub(super) fn widen(self, _: &[u8], _: &mut [u16]) {
        match self.0 {}
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::cell::Cell;

    thread_local! {
        static HIDDEN: Cell<bool> = const { Cell::new(false) };
    }

    #[cfg(target_arch = "x86_64")]
    pub(super) fn are_hidden() -> bool {
        HIDDEN.get()
    }

    /// Does something as on a processor that has none.
    pub(in super::super) fn without_byte_shuffles<R>(work: impl FnOnce() -> R) -> R {
        let before = HIDDEN.replace(true);
        let outcome = work();
        HIDDEN.set(before);
        outcome
    }
}
