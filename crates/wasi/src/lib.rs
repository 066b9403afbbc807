//! WASI for hosts that embed Gusset.
//!
//! What a guest may do is one [`WasiConfig`], which knows no version of WASI; a [`WasiCtx`] is one guest's state of it, in the data of its
//! store. The interfaces of the versions stand upon that: 0.2 for components; preview1 and, as conversions onto it, preview0 for core modules.
//!
//! Files are what implements [`Directory`] and [`File`], pipes and the like what implements [`Stream`]; hosts can bring their own.
//!
//! # Waiting
//!
//! A guest that waits, for a timer, a pipe, a connection, a response, does so in one of two ways, which the linker's functions decide:
//!
//! | | [`p2::add_to_linker`], preview1, preview0 | `p2::add_to_linker_async` (feature `async`) |
//! | --- | --- | --- |
//! | it is entered by | `call`, or `call_async` | `call_async`, within a Tokio runtime |
//! | while it waits | its thread waits in the system | its fiber is put aside, and the thread runs others |
//! | its work on files | is done in its thread | in threads for what keeps one; the guest waits for that |
//! | what else is needed | nothing | a runtime with timers and I/O |
//! | what ends the wait | what was waited for, or the store's deadline | these, or that the call's future is dropped |
//!
//! The first is for a host that has a thread for each guest; within a runtime it keeps a thread of it, on which nothing else runs meanwhile, and a runtime of one
//! thread stands still. The second costs a switch of stacks where a guest really waits, and nothing where it does not. In both, guests wait for as many
//! things at once as they like, and one never waits for another but by what they share: a pipe, a lock of the host's own.
//!
//! `http::add_to_linker` goes with either. Requests are on their way in the runtime that the guest is called in, or, where there is none, in a thread
//! of this crate's own.
//!
//! A guest that computes gives nothing up by itself: epochs and fuel of the engine are for that.
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
pub use stream::{FailureCause, Listener, Stream};
pub use wait::{Interest, Pollable, Ready, Waiter};

/// The README's examples are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct WasiReadme;
