//! Clocks and random bytes, which both are what the host gave.

use super::guest::{MEMORY_SIZE, OUT, for_each, for_each_with};
use gusset_wasi::preview1::Errno;
use gusset_wasi::{ErrorCode, RandomSource, VirtualClock, WasiConfigBuilder, WasiResult};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const REALTIME: u64 = 0;
const MONOTONIC: u64 = 1;
/// Those of how long process and thread have been running, and what is no clock.
const OTHERS: [(u64, Errno); 4] =
    [(2, Errno::Badf), (3, Errno::Badf), (4, Errno::Inval), (u32::MAX as u64, Errno::Inval)];
const BAD_PLACES: [(u64, Errno); 2] = [(MEMORY_SIZE as u64 - 7, Errno::Fault), (4, Errno::Inval)];

fn slow_clocks(config: &mut WasiConfigBuilder) {
    let wall = VirtualClock::new(Duration::from_secs(1_000), Duration::from_micros(5));
    config.wall_clock(wall).monotonic_clock(VirtualClock::new(Duration::ZERO, Duration::from_nanos(7)));
}

#[test]
fn clock_res_get_means() {
    for_each_with(slow_clocks, |guest| {
        for (clock, resolution) in [(REALTIME, 5_000), (MONOTONIC, 7)] {
            guest.ok("clock_res_get", &[clock, OUT.into()]);
            assert_eq!(guest.u64_at(OUT), resolution);
        }
    });
    for_each_with(
        |config| _ = config.system_time(),
        |guest| {
            guest.ok("clock_res_get", &[MONOTONIC, OUT.into()]);
            assert!(guest.u64_at(OUT) > 0);
        },
    );
}

#[test]
fn clock_res_get_refuses() {
    for_each(|guest| {
        for (clock, errno) in OTHERS {
            guest.fails(errno, "clock_res_get", &[clock, OUT.into()]);
        }
        for (at, errno) in BAD_PLACES {
            guest.fails(errno, "clock_res_get", &[REALTIME, at]);
        }
    });
}

#[test]
fn clock_time_get_means() {
    for_each_with(slow_clocks, |guest| {
        for (clock, readings) in [(REALTIME, [1_000_000_000_000, 1_000_000_005_000]), (MONOTONIC, [0, 7])] {
            for reading in readings {
                guest.ok("clock_time_get", &[clock, 1, OUT.into()]);
                assert_eq!(guest.u64_at(OUT), reading);
            }
        }
    });
    for_each_with(
        |config| _ = config.system_time(),
        |guest| {
            guest.ok("clock_time_get", &[REALTIME, 0, OUT.into()]);
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            let shown = Duration::from_nanos(guest.u64_at(OUT));
            assert!(now.abs_diff(shown) < Duration::from_secs(3600), "{shown:?} is not {now:?}");
            guest.ok("clock_time_get", &[MONOTONIC, u64::MAX, OUT.into()]);
            let before = guest.u64_at(OUT);
            std::thread::sleep(Duration::from_millis(1));
            guest.ok("clock_time_get", &[MONOTONIC, 0, OUT.into()]);
            assert!(guest.u64_at(OUT) - before >= 1_000_000);
        },
    );
}

#[test]
fn clock_time_get_refuses() {
    for_each(|guest| {
        for (clock, errno) in OTHERS {
            guest.fails(errno, "clock_time_get", &[clock, 0, OUT.into()]);
        }
        for (at, errno) in BAD_PLACES {
            guest.fails(errno, "clock_time_get", &[REALTIME, 0, at]);
        }
    });
}

#[test]
fn random_get_means() {
    for_each(|guest| {
        guest.ok("random_get", &[100, 1000]);
        let (before, bytes, after) = (guest.read(0, 100), guest.read(100, 1000), guest.read(1100, 100));
        assert!(before == [0; 100] && after == [0; 100], "no others are");
        assert!(bytes.chunks(50).all(|chunk| chunk != [0; 50]), "some were left out");
        guest.ok("random_get", &[2000, 1000]);
        assert_ne!(guest.read(2000, 1000), bytes);
        guest.ok("random_get", &[0, MEMORY_SIZE.into()]);
        guest.ok("random_get", &[MEMORY_SIZE.into(), 0]);
    });
}

#[test]
fn random_get_refuses() {
    struct Dry;
    impl RandomSource for Dry {
        fn fill(&self, _: &mut [u8]) -> WasiResult<()> {
            Err(ErrorCode::Io.into())
        }
    }
    for_each_with(
        |config| _ = config.secure_random(Dry),
        |guest| {
            for (at, length) in [(1, MEMORY_SIZE), (MEMORY_SIZE, 1), (MEMORY_SIZE + 1, 0), (0, u32::MAX)] {
                guest.fails(Errno::Fault, "random_get", &[at.into(), length.into()]);
            }
            guest.fails(Errno::Io, "random_get", &[0, 64]);
        },
    );
}
