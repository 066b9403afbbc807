//! Tests of the crate from outside, in one program.

mod folder;
mod host_directory;
mod hostile;
mod network;
mod sockets;
mod waiting;
