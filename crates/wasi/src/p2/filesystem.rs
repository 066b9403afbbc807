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

crate::p2::interfaces! { types, preopens }
