//! All tests of the crate, in one program.

mod adapters;
mod common;
mod errors;
mod forms;
mod golden;
mod limits;
mod names;
mod outline;
mod outside;
mod resources;
mod scripts;
