//! `cargo xtask mutants`: builds the program and what damages binaries, and lets the one loose on the other.

use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Command;

/// The packages and their programs.
const PACKAGES: &[&str] = &["gusset-cli", "gusset-wast-tests"];

/// Runs with the arguments that follow the chore's name: `--count N [--seed S] [--gusset PATH]`.
pub(crate) fn run(root: &Path, arguments: &[&str]) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let given = arguments.contains(&"--gusset");
    // The program is built only where none is given.
    for package in PACKAGES.iter().filter(|&&package| !given || package != "gusset-cli") {
        let mut command = Command::new(&cargo);
        command.args(["build", "--bins", "--package", package]).current_dir(root);
        if *package == "gusset-cli" {
            command.arg("--release");
        }
        if !command.status().context("cannot start cargo")?.success() {
            bail!("{package} does not build");
        }
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);
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
