//! `wasi:clocks`: the time that a guest sees, and waiting for it. Zones of time are no stable part of it.

mod monotonic_clock;
mod wall_clock;

pub(super) use wall_clock::Datetime;

crate::p2::interfaces! { monotonic_clock, wall_clock }
