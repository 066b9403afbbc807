//! Fuel under all settings, compared by script.
#![forbid(unsafe_code)]

use std::error::Error;
use std::process::ExitCode;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    gusset_wast_tests::same_fuel()
}
