//! The hash over what is large in an artefact: of the hashes of its pieces, which two threads share, so that it is done by the time that the
//! rest has been read.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use twox_hash::XxHash3_128;

/// Bytes of a piece.
const PIECE: usize = 1 << 20;

/// Fewer pieces than this are hashed before another thread has started.
const MIN_PIECES: usize = 4;

/// The pieces of some bytes, to be taken one after another.
struct Pieces<'a> {
    bytes: &'a [u8],
    next: AtomicUsize,
}

impl Pieces<'_> {
    fn count(&self) -> usize {
        self.bytes.len().div_ceil(PIECE)
    }

    /// Takes pieces until there are no more: their numbers and hashes.
    fn hash(&self) -> Vec<(usize, u128)> {
        let mut hashes = Vec::with_capacity(self.count());
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(piece) = self.bytes.chunks(PIECE).nth(number) else { return hashes };
            hashes.push((number, XxHash3_128::oneshot(piece)));
        }
    }
}

/// Hashes `bytes`, and meanwhile does something else, whose result it returns as well.
pub(super) fn hash_beside<R>(bytes: &[u8], work: impl FnOnce() -> R) -> (u128, R) {
    let pieces = Pieces { bytes, next: AtomicUsize::new(0) };
    let (mut hashes, result) = thread::scope(|scope| {
        let builder = thread::Builder::new().name("gusset-hash".into());
        // Where there is no thread to be had, this one does it all.
        let helper = (pieces.count() >= MIN_PIECES).then(|| builder.spawn_scoped(scope, || pieces.hash()).ok());
        let result = work();
        let mut hashes = pieces.hash();
        if let Some(helper) = helper.flatten() {
            hashes.extend(helper.join().expect("hashing does not panic"));
        }
        (hashes, result)
    });
    hashes.sort_unstable();
    let hashes: Vec<u8> = hashes.iter().flat_map(|(_, hash)| hash.to_le_bytes()).collect();
    (XxHash3_128::oneshot(&hashes), result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_same_whoever_hashes_and_tells_any_two_strings_apart() {
        let bytes: Vec<u8> = (0..5 * PIECE + 7).map(|at| (at * at / 3) as u8).collect();
        let hash = |bytes: &[u8]| hash_beside(bytes, || ()).0;
        let whole = hash(&bytes);
        for _ in 0..20 {
            assert_eq!(hash(&bytes), whole);
        }
        let alone: Vec<u8> = bytes.chunks(PIECE).flat_map(|piece| XxHash3_128::oneshot(piece).to_le_bytes()).collect();
        assert_eq!(XxHash3_128::oneshot(&alone), whole);
        for at in [0, PIECE - 1, PIECE, 3 * PIECE, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_ne!(hash(&changed), whole, "byte {at}");
        }
        assert_ne!(hash(&bytes[..5 * PIECE]), whole);
        let mut swapped = bytes.clone();
        swapped[..2 * PIECE].rotate_left(PIECE);
        assert_ne!(hash(&swapped), whole);
        assert_eq!(hash_beside(&[], || 7).1, 7);
    }
}
