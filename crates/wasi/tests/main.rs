//! Tests of the crate from outside, in one program.

mod file_systems;
mod folder;
mod host_directory;
mod network;
mod sockets;
mod waiting;
