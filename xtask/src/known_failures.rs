//! `cargo xtask known-failures`: runs the conformance suites and rewrites `tests/wast/expected-failures.txt` from what fails.

use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Command;

/// Rewrites the list.
pub(crate) fn run(root: &Path) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // With the features of the whole workspace, so that nothing is built twice.
    command.args(["test", "--workspace", "--test", "wast", "--", "--quiet"]);
    let status =
        command.current_dir(root).env("GUSSET_WRITE_KNOWN_FAILURES", "1").status().context("cannot start cargo")?;
    if !status.success() {
        bail!("the list was not written");
    }
    println!("`git diff` shows what changed; the list should only shrink, and each reason name what is missing");
    Ok(())
}
