//! WASI for hosts that embed Gusset.
//!
//! What a guest may do is one [`WasiConfig`], which knows no version of WASI; a [`WasiCtx`] is one guest's state of it, in the data of its
//! store. The interfaces of the versions stand upon that: 0.2 for components; preview1 and, as conversions onto it, preview0 for core modules.
//!
//! Files are what implements [`Directory`] and [`File`], pipes and the like what implements [`Stream`]; hosts can bring their own.
#![forbid(unsafe_code)]

#[cfg(not(target_os = "linux"))]
compile_error!(
    "gusset-wasi is written for Linux: directories of the host, listings and appending have no other form yet"
);

mod clock;
mod config;
mod ctx;
mod error;
mod exit;
mod fs;
#[cfg(feature = "http")]
pub mod http;
mod net;
pub mod p2;
pub mod preview0;
pub mod preview1;
mod random;
mod stdio;
mod stream;
mod wait;

pub use clock::{MonotonicClock, SystemClock, VirtualClock, WallClock};
pub use config::{WasiConfig, WasiConfigBuilder};
pub use ctx::WasiCtx;
pub use error::{ErrorCode, WasiError, WasiResult};
pub use exit::Exit;
pub use fs::{
    Advice, ArchiveBytes, ArchiveDirectory, Descriptor, Directory, DirectoryEntries, DirectoryEntry, File, FileTree,
    FileType, HostDirectory, LastLink, LastPart, MemoryDirectory, MemoryFileSystem, MemoryFileSystemBuilder, Metadata,
    OpenOptions, Overlay, ReadOnly, RelativePath, ResolvedPath, SetTime, SetTimes, resolve,
};
pub use net::{Network, NetworkRule, SocketListener, SocketStream};
pub use random::{RandomSource, SeededRandom, SystemRandom};
pub use stdio::{Input, Output, OutputBuffer};
pub use stream::{Listener, Stream};
pub use wait::{Interest, Pollable, Ready, Waiter};

/// The README's examples are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct WasiReadme;
