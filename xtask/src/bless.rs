//! `cargo xtask bless`: runs the golden tests with `GUSSET_BLESS` set, so that they rewrite their files instead of comparing.

use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Command;

/// The packages that hold golden tests.
const GOLDEN: &[&str] = &["gusset-fact", "gusset-component", "gusset", "gusset-cli"];

/// Rewrites the golden files of every package that has some.
pub(crate) fn run(root: &Path) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.arg("test").current_dir(root).env("GUSSET_BLESS", "1");
    for package in GOLDEN {
        command.args(["--package", package]);
    }
    let status = command.status().context("cannot start cargo")?;
    if !status.success() {
        bail!("the golden tests failed although they were told to rewrite their files");
    }
    println!("the golden files are rewritten; `git diff` shows what changed");
    Ok(())
}
