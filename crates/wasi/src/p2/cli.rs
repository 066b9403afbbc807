//! `wasi:cli`: what a program is given when it starts, and how it ends. `wasi:cli/run` is the program's own.

mod environment;
mod exit;
mod stdio;
mod terminal;

use super::WasiView;
use gusset::{Linker, Result};

pub(super) fn add_to_linker<T: WasiView + 'static>(linker: &mut Linker<T>) -> Result<()> {
    environment::add_to_linker(linker)?;
    exit::add_to_linker(linker)?;
    stdio::add_to_linker(linker)?;
    terminal::add_to_linker(linker)
}
