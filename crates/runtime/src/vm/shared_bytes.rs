//! Bytes that other threads may read and write at the same time: what the host does with them. It never has them as a slice of `u8`, and
//! all it does is atomic, without order between one byte and the next, as the specification has it for accesses that are not atomic.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// Bytes of a shared memory as words: those before the first aligned one, the words, and what is left.
fn words(bytes: &[AtomicU8]) -> (&[AtomicU8], &[AtomicU64], &[AtomicU8]) {
    // SAFETY: V12, V16: every pattern of bits is a word, and who reads or writes a shared memory does so atomically, in units of any size.
    unsafe { bytes.align_to::<AtomicU64>() }
}

/// Writes `byte` everywhere.
pub(super) fn fill(to: &[AtomicU8], byte: u8) {
    let (head, words, tail) = words(to);
    head.iter().for_each(|cell| cell.store(byte, Ordering::Relaxed));
    words.iter().for_each(|word| word.store(u64::from_ne_bytes([byte; 8]), Ordering::Relaxed));
    tail.iter().for_each(|cell| cell.store(byte, Ordering::Relaxed));
}

/// Writes bytes of the host's, which are as many.
pub(super) fn store(to: &[AtomicU8], from: &[u8]) {
    assert_eq!(to.len(), from.len());
    let one = |(cell, &byte): (&AtomicU8, &u8)| cell.store(byte, Ordering::Relaxed);
    let (head, words, tail) = words(to);
    let (first, rest) = from.split_at(head.len());
    let (whole, last) = rest.as_chunks();
    head.iter().zip(first).for_each(one);
    words.iter().zip(whole).for_each(|(word, bytes)| word.store(u64::from_ne_bytes(*bytes), Ordering::Relaxed));
    tail.iter().zip(last).for_each(one);
}

/// Reads as many bytes for the host.
pub(super) fn load(from: &[AtomicU8], to: &mut [u8]) {
    assert_eq!(to.len(), from.len());
    let one = |(byte, cell): (&mut u8, &AtomicU8)| *byte = cell.load(Ordering::Relaxed);
    let (head, words, tail) = words(from);
    let (first, rest) = to.split_at_mut(head.len());
    let (whole, last) = rest.as_chunks_mut();
    first.iter_mut().zip(head).for_each(one);
    whole.iter_mut().zip(words).for_each(|(bytes, word)| *bytes = word.load(Ordering::Relaxed).to_ne_bytes());
    last.iter_mut().zip(tail).for_each(one);
}

/// Copies as many bytes, which may overlap: as if all had been read first.
pub(super) fn copy(to: &[AtomicU8], from: &[AtomicU8]) {
    assert_eq!(to.len(), from.len());
    fn all<N>(to: &[N], from: &[N], backwards: bool, one: impl Fn(&N, &N)) {
        match backwards {
            false => to.iter().zip(from).for_each(|(to, from)| one(to, from)),
            true => to.iter().zip(from).rev().for_each(|(to, from)| one(to, from)),
        }
    }
    let byte = |to: &AtomicU8, from: &AtomicU8| to.store(from.load(Ordering::Relaxed), Ordering::Relaxed);
    let word = |to: &AtomicU64, from: &AtomicU64| to.store(from.load(Ordering::Relaxed), Ordering::Relaxed);
    let backwards = to.as_ptr() as usize > from.as_ptr() as usize;
    let (to_parts, from_parts) = (words(to), words(from));
    // Only where both are aligned alike.
    if to_parts.0.len() != from_parts.0.len() || to_parts.1.len() != from_parts.1.len() {
        return all(to, from, backwards, byte);
    }
    if backwards {
        all(to_parts.2, from_parts.2, true, byte);
        all(to_parts.1, from_parts.1, true, word);
        return all(to_parts.0, from_parts.0, true, byte);
    }
    all(to_parts.0, from_parts.0, false, byte);
    all(to_parts.1, from_parts.1, false, word);
    all(to_parts.2, from_parts.2, false, byte);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(bytes: &[u8]) -> Vec<AtomicU8> {
        bytes.iter().map(|&byte| AtomicU8::new(byte)).collect()
    }

    fn plain(cells: &[AtomicU8]) -> Vec<u8> {
        cells.iter().map(|cell| cell.load(Ordering::Relaxed)).collect()
    }

    #[test]
    fn all_is_as_with_slices_however_it_is_aligned() {
        let first: Vec<u8> = (0..64).collect();
        for (start, len) in (0..10).flat_map(|start| (0..40).map(move |len| (start, len))) {
            let range = start..start + len;
            let (shared, mut expected) = (cells(&first), first.clone());
            fill(&shared[range.clone()], 0xab);
            expected[range.clone()].fill(0xab);
            assert_eq!(plain(&shared), expected);
            store(&shared[range.clone()], &first[..len]);
            expected[range.clone()].copy_from_slice(&first[..len]);
            assert_eq!(plain(&shared), expected);
            let mut read = vec![0; len];
            load(&shared[range.clone()], &mut read);
            assert_eq!(read, first[..len]);
            for from in 0..24 {
                let (shared, mut expected) = (cells(&first), first.clone());
                copy(&shared[range.clone()], &shared[from..from + len]);
                expected.copy_within(from..from + len, start);
                assert_eq!(plain(&shared), expected, "{len} bytes from {from} to {start}");
            }
        }
    }
}
