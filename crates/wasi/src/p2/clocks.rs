//! `wasi:clocks`: the time that a guest sees, and waiting for it. Zones of time are no stable part of it.

mod monotonic_clock;
mod wall_clock;

pub(super) use wall_clock::Datetime;

use super::WasiView;
use gusset::{Linker, Result};

pub(super) fn add_to_linker<T: WasiView + 'static>(linker: &mut Linker<T>) -> Result<()> {
    monotonic_clock::add_to_linker(linker)?;
    wall_clock::add_to_linker(linker)
}
