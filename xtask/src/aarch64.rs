//! `cargo xtask aarch64`: builds all tests for aarch64 and runs them under emulation, and what is compiled here for that machine; on
//! such a machine `cargo test` does it. What it needs and does not find, it says; it installs nothing.

mod handover;
mod left_out;
mod tools;

use crate::tally::TestTally;
use anyhow::{Result, bail};
use left_out::{LEFT_OUT, START_PROGRAMS, STARTS_PROGRAMS};
use std::path::Path;
use tools::{Tools, system_runs_programs};

const TARGET: &str = "aarch64-unknown-linux-gnu";

/// How many times as long as usual programs may take.
const SLOWNESS: &str = "20";

/// Runs with the arguments that follow the chore's name: `handover` for what is compiled here alone, or those of `cargo test`; without
/// any, all is run.
pub(crate) fn run(root: &Path, arguments: &[&str]) -> Result<()> {
    let tools = Tools::find()?;
    if arguments == ["handover"] {
        return handover::run(root, &tools);
    }
    let (of_cargo, of_tests) = match arguments.iter().position(|&argument| argument == "--") {
        Some(at) => (&arguments[..at], &arguments[at + 1..]),
        None => (arguments, &[][..]),
    };
    let mut command = tools.cargo(root);
    command.args(["test", "--workspace", "--no-fail-fast", "--target", TARGET]);
    let mut left_out: Vec<(&str, &str)> = LEFT_OUT.to_vec();
    if !system_runs_programs() {
        let reason = "it starts a program, and the system does not know how to run one (binfmt_misc)";
        left_out.extend(START_PROGRAMS.iter().map(|&test| (test, reason)));
        command.args(["--exclude", STARTS_PROGRAMS]);
        println!("aarch64: the package {STARTS_PROGRAMS} is left out: {reason}");
    }
    // Not the documentation's examples: each would be a program to link.
    command.args(if of_cargo.is_empty() { &["--tests"] } else { of_cargo });
    command.arg("--").args(of_tests).env("GUSSET_TEST_SLOWNESS", SLOWNESS);
    left_out.iter().for_each(|(test, _)| _ = command.args(["--skip", test]));

    let mut tally = TestTally::default();
    let tests_pass = tally.run(&mut command)?;
    let handed_over = if arguments.is_empty() { handover::run(root, &tools) } else { Ok(()) };
    for (test, reason) in left_out {
        println!("aarch64: `{test}` is left out: {reason}");
    }
    println!("aarch64: {tally}");
    if !tests_pass {
        bail!("aarch64: not all tests pass");
    }
    handed_over
}
