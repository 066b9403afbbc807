//! WASI 0.2, called by the host through a component that exports what it imports: in a thread that waits, and in a runtime.

/// Whether the guests of these modules wait in a runtime.
const IN_RUNTIME: bool = false;

mod channel;
mod clocks;
mod directories;
mod files;
mod filesystem;
mod generated;
mod guest;
#[cfg(feature = "async")]
mod in_runtime;
mod programs;
mod random;
mod sockets;
mod streams;
mod versions;
