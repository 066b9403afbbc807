//! `clock_res_get`, `clock_time_get`. There are no clocks of the CPU's time.

use super::exports;
use crate::area::{Area, Two};
use crate::errno::ErrorNumber;
use crate::imports::clocks;
use crate::memory::{check, store64};
use crate::outcome::NumberOrError;
use crate::words::{PAUSED, PAUSED_TIME};

pub(super) const REALTIME: u32 = 0;
pub(super) const MONOTONIC: u32 = 1;
/// In nanoseconds.
const SECOND: u64 = 1_000_000_000;
/// Of the process and of the thread.
const CPU_TIMES: core::ops::RangeInclusive<u32> = 2..=3;

/// Why there is no such clock.
#[inline(always)]
fn no_clock(id: u32) -> ErrorNumber {
    if CPU_TIMES.contains(&id) { ErrorNumber::BADF } else { ErrorNumber::INVAL }
}

exports! {
    fn clock_res_get(id: u32, to: u32) {
        check(to, 8, 8)?;
        let resolution = match id {
            REALTIME => wall(|to| clocks::wall_resolution(to)).get()?,
            MONOTONIC => clocks::monotonic_resolution(),
            _ => return Err(no_clock(id)),
        };
        store64(to, resolution);
        Ok(())
    }

    fn clock_time_get(id: u32, _precision: u64, to: u32) {
        check(to, 8, 8)?;
        let time = match id {
            REALTIME => wall_now().get()?,
            MONOTONIC if PAUSED.get() != 0 => PAUSED_TIME.get(),
            MONOTONIC => clocks::monotonic_now(),
            _ => return Err(no_clock(id)),
        };
        store64(to, time);
        Ok(())
    }
}

/// What the calendar shows, in nanoseconds.
pub(super) fn wall_now() -> NumberOrError {
    wall(|to| clocks::wall_now(to))
}

#[inline(always)]
fn wall(read: impl FnOnce(u32)) -> NumberOrError {
    NumberOrError::of(|| {
        let (seconds, nanoseconds) = {
            let area = Area::<Two>::new();
            read(area.at);
            (area.u64(0), area.u32(8))
        };
        self::nanoseconds(seconds, nanoseconds).ok_or(ErrorNumber::OVERFLOW)
    })
}

/// How many nanoseconds these are, if they are fewer than 2^63: a checked product would be one of 128 bits.
#[inline(always)]
pub(super) fn nanoseconds(seconds: u64, more: u32) -> Option<u64> {
    if seconds < i64::MAX as u64 / SECOND { Some(seconds * SECOND + u64::from(more)) } else { None }
}
