//! `cargo xtask oracle`: builds what compares Gusset with the specification's reference implementation, and runs it.

use crate::program::{build, target};
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Command;

/// Runs with the arguments that follow the chore's name: `PATH [TYPES PROGRAMS]`, where PATH is a `definitions.py`.
pub(crate) fn run(root: &Path, arguments: &[&str]) -> Result<()> {
    build(root, "gusset-oracle", false)?;
    let mut command = Command::new(target(root).join("debug/reference"));
    command.args(arguments);
    if !command.status().context("cannot start the comparison")?.success() {
        bail!("oracle: not all was compared, or something differs");
    }
    Ok(())
}
