//! What `crates/wasi-adapter/build.sh` makes adapters of, out of what the compiler leaves, and whether they are ones then.

#![forbid(unsafe_code)]

mod finish;
mod names;
mod shape;
mod words;
mod world;

pub use finish::finish;
pub use shape::{AdapterShape, shape};

use std::path::{Path, PathBuf};

/// Where the adapter's sources are.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/wasi-adapter")
}

/// The adapters, by the names of their files and of their worlds.
pub const ADAPTERS: [&str; 3] = ["command", "reactor", "proxy"];
