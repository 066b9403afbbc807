//! WASI 0.2, called by the host through a component that exports what it imports.

mod channel;
mod clocks;
mod directories;
mod files;
mod filesystem;
mod generated;
mod guest;
mod programs;
mod random;
mod sockets;
mod streams;
mod versions;
