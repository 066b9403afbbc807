//! `clock_res_get`, `clock_time_get`.

use super::guest::{Guest, MEMORY_SIZE};
use gusset_wasi::preview1::Errno;
use gusset_wasi::{VirtualClock, WasiConfig};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const REALTIME: u64 = 0;
const MONOTONIC: u64 = 1;

#[test]
fn clocks_show_what_the_host_gave() {
    let config = || {
        let wall = VirtualClock::new(Duration::from_secs(1_000), Duration::from_micros(5));
        let monotonic = VirtualClock::new(Duration::ZERO, Duration::from_nanos(7));
        WasiConfig::builder().wall_clock(wall).monotonic_clock(monotonic).build().unwrap()
    };
    Guest::each(config, |guest| {
        for (clock, resolution, readings) in
            [(REALTIME, 5_000, [1_000_000_000_000, 1_000_000_005_000]), (MONOTONIC, 7, [0, 7])]
        {
            guest.succeed("clock_res_get", [clock, 8]);
            assert_eq!(guest.u64(8), resolution);
            for reading in readings {
                guest.succeed("clock_time_get", [clock, 1, 8]);
                assert_eq!(guest.u64(8), reading);
            }
        }
    });
}

#[test]
fn the_systems_clocks_go_on() {
    Guest::each(
        || WasiConfig::builder().system_time().build().unwrap(),
        |guest| {
            guest.succeed("clock_time_get", [REALTIME, 0, 0]);
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            let shown = Duration::from_nanos(guest.u64(0));
            assert!(now.abs_diff(shown) < Duration::from_secs(3600), "{shown:?} is not {now:?}");
            guest.succeed("clock_time_get", [MONOTONIC, u64::MAX, 8]);
            std::thread::sleep(Duration::from_millis(1));
            guest.succeed("clock_time_get", [MONOTONIC, 0, 16]);
            assert!(guest.u64(16) - guest.u64(8) >= 1_000_000);
            guest.succeed("clock_res_get", [MONOTONIC, 0]);
            assert!(guest.u64(0) > 0);
        },
    );
}

#[test]
fn other_clocks_are_refused() {
    Guest::each(WasiConfig::default, |guest| {
        for (clock, errno) in [(2, Errno::Badf), (3, Errno::Badf), (4, Errno::Inval), (u32::MAX.into(), Errno::Inval)] {
            guest.refused("clock_res_get", [clock, 8], errno);
            guest.refused("clock_time_get", [clock, 0, 8], errno);
        }
        for (at, errno) in [(u64::from(MEMORY_SIZE) - 7, Errno::Fault), (4, Errno::Inval)] {
            guest.refused("clock_res_get", [REALTIME, at], errno);
            guest.refused("clock_time_get", [REALTIME, 0, at], errno);
        }
    });
}
