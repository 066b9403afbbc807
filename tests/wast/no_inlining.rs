//! The conformance run with functions that are never inlined.
#![forbid(unsafe_code)]

use std::error::Error;
use std::process::ExitCode;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    gusset_wast_tests::conformance(|config| {
        config.compiler_inlining(false);
    })
}
