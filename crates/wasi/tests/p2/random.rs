//! `wasi:random`.

use super::guest::P2Guest;
use gusset::{Config, Trap, TrapCode};
use gusset_wasi::{ErrorCode, RandomSource, SeededRandom, WasiConfig, WasiResult};
use std::time::{Duration, Instant};

#[test]
fn bytes_are_those_of_their_source() {
    let config = WasiConfig::builder()
        .secure_random(SeededRandom::new(1))
        .insecure_random(SeededRandom::new(2))
        .insecure_random_seed(0x1112_1314_1516_1718_0102_0304_0506_0708)
        .build()
        .unwrap();
    let mut guest = P2Guest::new(&config);
    let expected = |seed: u64, length: usize| {
        let mut bytes = vec![0; length];
        SeededRandom::new(seed).fill(&mut bytes).unwrap();
        bytes
    };
    let (secure, insecure) = (expected(1, 20), expected(2, 20));
    assert_eq!(guest.call::<_, Vec<u8>>("random#get-random-bytes", (12_u64,)), secure[..12]);
    assert_eq!(guest.call::<_, u64>("random#get-random-u64", ()).to_le_bytes(), secure[12..]);
    assert_eq!(guest.call::<_, Vec<u8>>("insecure#get-insecure-random-bytes", (12_u64,)), insecure[..12]);
    assert_eq!(guest.call::<_, u64>("insecure#get-insecure-random-u64", ()).to_le_bytes(), insecure[12..]);
    assert_eq!(guest.call::<_, Vec<u8>>("random#get-random-bytes", (0_u64,)), b"");
    let seed: (u64, u64) = guest.call("insecure-seed#insecure-seed", ());
    assert_eq!(seed, (0x0102_0304_0506_0708, 0x1112_1314_1516_1718));
}

#[test]
fn who_asks_for_too_many_is_ended() {
    let mut guest = P2Guest::new(&WasiConfig::default());
    for function in ["random#get-random-bytes", "insecure#get-insecure-random-bytes"] {
        let error = guest.stop::<_, (Vec<u8>,)>(function, (u64::MAX,));
        let name = &function[function.find('#').unwrap() + 1..];
        assert_eq!(
            error.to_string(),
            format!("`{name}` gives 67108864 bytes at most, and was asked for 18446744073709551615")
        );
    }
}

#[test]
fn a_source_that_has_none_ends_the_guest() {
    struct Empty;
    impl RandomSource for Empty {
        fn fill(&self, _: &mut [u8]) -> WasiResult<()> {
            Err(ErrorCode::Io.into())
        }
    }
    let mut guest = P2Guest::new(&WasiConfig::builder().secure_random(Empty).build().unwrap());
    let error = guest.stop::<_, (u64,)>("random#get-random-u64", ());
    assert_eq!(format!("{error:#}"), "`wasi:random/random@0.2.12#get-random-u64` failed: io");
    assert_eq!(error.downcast_ref::<ErrorCode>(), Some(&ErrorCode::Io));
}

/// Bytes are made in pieces, so that a deadline is seen between two.
#[test]
fn many_bytes_end_at_the_deadline() {
    struct SlowRandom;
    impl RandomSource for SlowRandom {
        fn fill(&self, _: &mut [u8]) -> WasiResult<()> {
            std::thread::sleep(Duration::from_millis(20));
            Ok(())
        }
    }
    let engine = gusset::Engine::new(Config::new().epoch_interruption(true)).unwrap();
    let config = WasiConfig::builder().secure_random(SlowRandom).insecure_random(SlowRandom).build().unwrap();
    for function in ["random#get-random-bytes", "insecure#get-insecure-random-bytes"] {
        let mut guest = P2Guest::in_engine(&engine, &config);
        guest.store.set_deadline(Some(Instant::now() + Duration::from_millis(30))).unwrap();
        let error = guest.stop::<_, (Vec<u8>,)>(function, (32_u64 << 20,));
        assert_eq!(error.downcast_ref::<Trap>().map(Trap::code), Some(TrapCode::Interrupt));
    }
}
