//! The functions of preview1 and preview0, called by a guest: of each what it means, and what it refuses.

mod args;
mod clocks;
mod guest;
mod polling;
mod preview0;
mod processes;
mod random;
mod sockets;
