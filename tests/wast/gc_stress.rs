//! The conformance run in which references are reclaimed whenever that is possible.
#![forbid(unsafe_code)]

use std::error::Error;
use std::process::ExitCode;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    gusset_wast_tests::conformance(|config| {
        config.gc_stress(true);
    })
}
