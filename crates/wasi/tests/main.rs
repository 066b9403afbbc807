//! Tests of the crate from outside, in one program.
#![allow(clippy::duplicate_mod, reason = "those of 0.2 are run in two ways")]

mod file_systems;
mod folder;
mod functions;
mod hammer;
mod host_directory;
mod hostile;
mod network;
mod p2;
mod sockets;
mod waiting;
#[cfg(feature = "async")]
mod waiting_async;
