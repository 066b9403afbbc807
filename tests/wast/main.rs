//! The conformance run with the default settings.
#![forbid(unsafe_code)]

use std::error::Error;
use std::process::ExitCode;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    gusset_wast_tests::conformance(|_| {})
}
