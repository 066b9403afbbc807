//! The conformance run without signal handlers: any fault of compiled code ends the process.
#![forbid(unsafe_code)]

use std::error::Error;
use std::process::ExitCode;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let before = caught_signals()?;
    let code = gusset_wast_tests::conformance(|config| {
        config.signals_based_traps(false);
    })?;
    let after = caught_signals()?;
    if after != before {
        return Err(format!("the run has changed for which signals there are handlers: {before:x?}, {after:x?}").into());
    }
    Ok(code)
}

/// For which of the signals of faults the process has handlers, where the system says.
fn caught_signals() -> Result<Option<u64>, Box<dyn Error>> {
    if !cfg!(target_os = "linux") {
        return Ok(None);
    }
    const FAULTS: u64 = 1 << (4 - 1) | 1 << (7 - 1) | 1 << (8 - 1) | 1 << (11 - 1);
    let status = std::fs::read_to_string("/proc/self/status")?;
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).ok_or("there is no line about handlers")?;
    Ok(Some(u64::from_str_radix(mask.trim(), 16)? & FAULTS))
}
