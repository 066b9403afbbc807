//! The conformance run with functions that are compiled when they are first called.
#![forbid(unsafe_code)]

use std::error::Error;
use std::process::ExitCode;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    gusset_wast_tests::conformance(|config| {
        config.lazy_compilation(true);
    })
}
