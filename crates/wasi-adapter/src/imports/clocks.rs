//! `wasi:clocks`.

use super::interface;

interface! {
    "wasi:clocks/monotonic-clock@0.2.0" {
        "now" => monotonic_now() -> u64;
        "resolution" => monotonic_resolution() -> u64;
        "subscribe-instant" => subscribe_to_instant(when: u64) -> u32;
        "subscribe-duration" => subscribe_to_duration(nanoseconds: u64) -> u32;
    }
}

interface! {
    "wasi:clocks/wall-clock@0.2.0" {
        /// Seconds, and nanoseconds from 8 on.
        "now" => wall_now(results: u32);
        /// As `now`.
        "resolution" => wall_resolution(results: u32);
    }
}
