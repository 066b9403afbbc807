//! Generated cases with fixed seeds; the fuzz target `adapters` goes on from here.

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

#[test]
fn generated_values_pass_through_generated_adapters() {
    let engine = gusset_oracle::engine();
    let mut values = 0;
    for seed in 0..300 {
        let mut bytes = Bytes(seed);
        let input: Vec<u8> = (0..256).flat_map(|_| bytes.next().to_le_bytes()).collect();
        match gusset_oracle::check(&engine, &input) {
            Ok(ran) => values += ran.unwrap_or(0),
            Err(difference) => panic!("seed {seed}: {difference}"),
        }
    }
    assert!(values > 500, "only {values} values were passed");
}
