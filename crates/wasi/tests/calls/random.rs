//! `random_get`.

use super::guest::{Guest, MEMORY_SIZE};
use gusset_wasi::preview1::Errno;
use gusset_wasi::{ErrorCode, RandomSource, WasiConfig, WasiResult};

#[test]
fn all_of_the_bytes_are_filled_and_no_others() {
    Guest::each(WasiConfig::default, |guest| {
        guest.succeed("random_get", [100, 1000]);
        let (before, bytes, after) = (guest.bytes(0, 100), guest.bytes(100, 1000), guest.bytes(1100, 100));
        assert!(before == [0; 100] && after == [0; 100]);
        assert!(bytes.chunks(50).all(|chunk| chunk != [0; 50]), "some were left out");
        guest.succeed("random_get", [2000, 1000]);
        assert_ne!(guest.bytes(2000, 1000), bytes);
        guest.succeed("random_get", [0, MEMORY_SIZE.into()]);
        guest.succeed("random_get", [MEMORY_SIZE.into(), 0]);
    });
}

#[test]
fn a_seed_gives_each_guest_the_same() {
    let bytes = |seed| {
        let mut guest = Guest::new(&WasiConfig::builder().seeded_random(seed).build().unwrap());
        guest.succeed("random_get", [0, 64]);
        guest.bytes(0, 64)
    };
    assert_eq!(bytes(7), bytes(7));
    assert_ne!(bytes(7), bytes(8));
}

#[test]
fn what_is_out_of_bounds_is_refused_and_a_source_may_fail() {
    struct Dry;
    impl RandomSource for Dry {
        fn fill(&self, _: &mut [u8]) -> WasiResult<()> {
            Err(ErrorCode::Io.into())
        }
    }
    Guest::each(
        || WasiConfig::builder().secure_random(Dry).build().unwrap(),
        |guest| {
            for (at, length) in [(1, MEMORY_SIZE), (MEMORY_SIZE, 1), (MEMORY_SIZE + 1, 0), (0, u32::MAX)] {
                guest.refused("random_get", [at.into(), length.into()], Errno::Fault);
            }
            guest.refused("random_get", [0, 64], Errno::Io);
        },
    );
}
