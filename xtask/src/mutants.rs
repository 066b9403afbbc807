//! `cargo xtask mutants`: builds the program and what damages binaries, and lets the one loose on the other.

use crate::program::{build, target};
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Command;

/// Runs with the arguments that follow the chore's name: `--count N [--seed S] [--gusset PATH]`.
pub(crate) fn run(root: &Path, arguments: &[&str]) -> Result<()> {
    let given = arguments.contains(&"--gusset");
    // The program is built only where none is given.
    if !given {
        build(root, "gusset-cli", true)?;
    }
    build(root, "gusset-wast-tests", false)?;
    let target = target(root);
    let mut command = Command::new(target.join("debug/mutants"));
    command.args(arguments).arg("--keep").arg(target.join("mutants"));
    if !given {
        command.arg("--gusset").arg(target.join("release/gusset"));
    }
    if !command.status().context("cannot start the mutants")?.success() {
        bail!("mutants: the program did not stand them all");
    }
    Ok(())
}
