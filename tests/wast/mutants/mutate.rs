//! Damage, by a generator of numbers that gives the same for the same seed.

/// SplitMix64: small, and good enough to choose bytes.
#[derive(Clone)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x2545_f491_4f6c_dd1d))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// One of `items`, which are not empty.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// Bytes that mean much: types, opcodes, ends, the first and last of an encoding.
const TELLING: &[u8] = &[
    0x00, 0x01, 0x02, 0x03, 0x04, 0x0b, 0x10, 0x1a, 0x20, 0x40, 0x41, 0x60, 0x64, 0x6f, 0x70, 0x7b, 0x7e, 0x7f, 0x80,
    0xfb, 0xfc, 0xfd, 0xfe, 0xff,
];

/// Numbers in their encoding: the largest, and some near the limits of what is checked.
const NUMBERS: &[&[u8]] = &[
    &[0xff, 0xff, 0xff, 0xff, 0x0f],
    &[0xff, 0xff, 0xff, 0xff, 0x07],
    &[0x80, 0x80, 0x04],
    &[0xff, 0xff, 0x03],
    &[0x80, 0x80, 0x80, 0x80, 0x78],
    &[0xff, 0x7f],
];

/// `wasm` with one or two places damaged; pieces of `other` may be put into it.
pub fn mutate(random: &mut Random, wasm: &[u8], other: &[u8]) -> Vec<u8> {
    let mut wasm = wasm.to_vec();
    for _ in 0..1 + random.below(4) / 2 {
        // The magic number and the version are left alone: without them nothing else is read.
        if wasm.len() <= 8 {
            break;
        }
        let at = 8 + random.below(wasm.len() - 8);
        let end = (at + 1 + random.below(8)).min(wasm.len());
        match random.below(20) {
            0..=5 => wasm[at] ^= 1 << random.below(8),
            6..=10 => wasm[at] = *random.pick(TELLING),
            11..=13 => wasm[at] = random.next() as u8,
            14 => {
                let number = random.pick(NUMBERS);
                let end = (at + number.len()).min(wasm.len());
                wasm[at..end].copy_from_slice(&number[..end - at]);
            }
            15 => drop(wasm.splice(at..at, random.pick(NUMBERS).iter().copied())),
            16 => drop(wasm.drain(at..end)),
            17 => drop(wasm.splice(at..at, wasm[at..end].to_vec())),
            18 if other.len() > 8 => {
                let from = 8 + random.below(other.len() - 8);
                let piece = &other[from..(from + end - at).min(other.len())];
                wasm[at..at + piece.len()].copy_from_slice(piece);
            }
            _ => {
                let to = 8 + random.below(wasm.len() - 8);
                wasm.swap(at, to);
            }
        }
    }
    wasm
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_give_equal_mutants_and_others_others() {
        let wasm: Vec<u8> = (0..200).collect();
        let of = |seed| mutate(&mut Random::new(seed), &wasm, &wasm);
        assert_eq!(of(1), of(1));
        let different = (0..100).filter(|&seed| of(seed) != wasm).count();
        assert!(different > 90, "{different}");
        assert!((0..100).all(|seed| of(seed).starts_with(&wasm[..8])));
        assert_eq!(mutate(&mut Random::new(1), &wasm[..8], &[]), wasm[..8]);
    }
}
