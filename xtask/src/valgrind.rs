//! `cargo xtask valgrind`: the tests of the lower half of the runtime, and those without signals, under valgrind. What it needs and
//! does not find, it says; it installs nothing.

use crate::program::in_path;
use anyhow::{Context, Result, bail};
use std::env;
use std::path::Path;
use std::process::Command;

/// Code is written while the program runs; and a guest that faults is found by its registers, which must be exact then.
const VALGRIND: &str =
    "valgrind --quiet --error-exitcode=99 --smc-check=all-non-file --vex-iropt-register-updates=allregs-at-mem-access";

/// Tests that valgrind cannot follow. Each with its reason.
const LEFT_OUT: &[(&str, &str)] = &[];

/// The programs of tests, and which tests of them.
const PROGRAMS: &[(&[&str], &str)] = &[(&["--lib"], "vm::"), (&["--test", "no_signals"], "")];

pub(crate) fn run(root: &Path) -> Result<()> {
    if in_path("valgrind").is_none() {
        bail!("valgrind: nothing is run, for valgrind is missing: apt-get install valgrind");
    }
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    for (test, reason) in LEFT_OUT {
        println!("valgrind: `{test}` is left out: {reason}");
    }
    for (program, filter) in PROGRAMS {
        let mut command = Command::new(&cargo);
        command.args(["test", "--package", "gusset"]).args(*program).args(["--", "--test-threads=1", filter]);
        for (test, _) in LEFT_OUT {
            command.args(["--skip", test]);
        }
        command.env(format!("CARGO_TARGET_{}_RUNNER", host()?), VALGRIND).current_dir(root);
        if !command.status().context("cannot start cargo")?.success() {
            bail!("valgrind: it found something, or a test fails");
        }
    }
    Ok(())
}

/// This machine, as it stands in the names of cargo's variables.
fn host() -> Result<String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("-vV").output().context("cannot start rustc")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = text
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .context("rustc does not say for which machine it is")?;
    Ok(host.replace('-', "_").to_uppercase())
}
