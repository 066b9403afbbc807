//! Tests of the crate from outside, in one program.

mod network;
mod sockets;
mod waiting;
