//! All tests of the crate, in one program.

mod common;
mod errors;
mod image;
mod lazy;
mod memory_images;
mod operators;
mod shapes;
mod transcoders;
