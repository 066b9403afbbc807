//! What the conformance run needs beside the runner itself: which scripts there are, and which of their lines are known not
//! to hold. Judging is here and tested; running is in `main.rs`.
#![forbid(unsafe_code)]

mod lists;
mod suites;

pub use lists::{KnownFailures, ListError};
pub use suites::{COMPONENT_SUITE, Script, ScriptText, component_suite, core_suite, local_suite};
