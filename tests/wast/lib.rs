//! What the conformance run needs beside the runner itself: which scripts there are, and which features they are run with.
//! Running is in `main.rs`.
#![forbid(unsafe_code)]

mod suites;

pub use suites::{COMPONENT_SUITE, Script, ScriptText, component_suite, core_suite, local_suite};
