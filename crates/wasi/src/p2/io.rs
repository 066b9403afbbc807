//! `wasi:io`: errors, pollables and streams, which all other interfaces give out.

mod error;
mod input;
mod output;
mod poll;
mod streams;

pub use error::IoError;
pub use input::InputStream;
pub use output::OutputStream;
pub(crate) use output::{FileSync, Sink};
pub use poll::IoPollable;

use super::WasiView;
use gusset::{Linker, Result};

pub(super) fn add_to_linker<T: WasiView + 'static>(linker: &mut Linker<T>) -> Result<()> {
    error::add_to_linker(linker)?;
    poll::add_to_linker(linker)?;
    streams::add_to_linker(linker)
}
