//! `wasi:filesystem`: what a guest does with files and directories. Whether they can be changed is their file system's affair.

mod descriptor;
mod error_code;
mod files;
mod metadata_hash;
mod names;
mod preopens;
mod records;
mod types;

pub(crate) use metadata_hash::MetadataHasher;

use super::WasiView;
use gusset::{Linker, Result};

pub(super) fn add_to_linker<T: WasiView + 'static>(linker: &mut Linker<T>) -> Result<()> {
    types::add_to_linker(linker)?;
    preopens::add_to_linker(linker)
}
