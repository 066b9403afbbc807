//! Bytes to make cases from, for tests and for the comparison with the reference implementation.

/// A small deterministic generator (splitmix64), so that no seed depends on the platform.
struct Bytes(u64);

impl Bytes {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// So many bytes for one case.
pub fn input(seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = Bytes(seed);
    (0..length.div_ceil(8)).flat_map(|_| bytes.next().to_le_bytes()).collect()
}
