//! All tests of the crate, in one program.

mod golden;
mod support;
mod traps;
mod validate;
