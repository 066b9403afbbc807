//! `cargo xtask aarch64`: builds all tests for aarch64 and runs them under emulation; on such a machine `cargo test` does it.
//! What it needs and does not find, it says; it installs nothing.

use crate::program::in_path;
use anyhow::{Context, Result, bail};
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const TARGET: &str = "aarch64-unknown-linux-gnu";

/// Tests that tell time, which is another one under emulation, or want what emulation does not have. Each with its reason.
const LEFT_OUT: &[(&str, &str)] = &[];

/// Tests that start programs, which the system must know how to run.
const START_PROGRAMS: &[&str] = &[];

/// What the tests are built and run with.
struct Tools {
    linker: PathBuf,
    emulator: PathBuf,
    /// Where the libraries of that machine are.
    system: PathBuf,
}

/// Runs with the arguments that follow the chore's name, which are those of `cargo test`.
pub(crate) fn run(root: &Path, arguments: &[&str]) -> Result<()> {
    let tools = find_tools()?;
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    let (of_cargo, of_tests) = match arguments.iter().position(|&argument| argument == "--") {
        Some(at) => (&arguments[..at], &arguments[at + 1..]),
        None => (arguments, &[][..]),
    };
    command.args(["test", "--workspace", "--tests", "--no-fail-fast", "--target", TARGET]).args(of_cargo).arg("--");
    command.args(of_tests).current_dir(root);
    let mut left_out: Vec<(&str, &str)> = LEFT_OUT.to_vec();
    if !runs_programs() {
        let reason = "it starts a program, and the system does not know how to run one (binfmt_misc)";
        left_out.extend(START_PROGRAMS.iter().map(|&test| (test, reason)));
    }
    for (test, reason) in left_out {
        println!("aarch64: `{test}` is left out: {reason}");
        command.args(["--skip", test]);
    }
    let name = TARGET.replace('-', "_").to_uppercase();
    let mut runner = tools.emulator.into_os_string();
    runner.push(" -L ");
    runner.push(&tools.system);
    command.env(format!("CARGO_TARGET_{name}_LINKER"), tools.linker);
    command.env(format!("CARGO_TARGET_{name}_RUNNER"), runner);
    // For programs that tests start.
    command.env("QEMU_LD_PREFIX", tools.system);
    if !command.status().context("cannot start cargo")?.success() {
        bail!("aarch64: not all tests pass");
    }
    Ok(())
}

/// All that is needed, or an error that names all that is missing.
fn find_tools() -> Result<Tools> {
    let mut missing = Vec::new();
    if !has_standard_library()? {
        missing.push(format!("Rust's standard library for it: rustup target add {TARGET}"));
    }
    let mut tool = |variable: &str, names: &[&str], install: &str| {
        let found = env::var_os(variable).map(PathBuf::from).or_else(|| names.iter().find_map(|name| in_path(name)));
        found.unwrap_or_else(|| {
            missing.push(format!("{}, in PATH or named by {variable}: {install}", names.join(" or ")));
            PathBuf::new()
        })
    };
    let linker = tool(
        "GUSSET_AARCH64_LINKER",
        &["aarch64-linux-gnu-gcc"],
        "apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross",
    );
    let emulator =
        tool("GUSSET_AARCH64_EMULATOR", &["qemu-aarch64-static", "qemu-aarch64"], "apt-get install qemu-user-static");
    let system = env::var_os("GUSSET_AARCH64_SYSTEM").unwrap_or_else(|| OsString::from("/usr/aarch64-linux-gnu"));
    let system = PathBuf::from(system);
    if !system.join("lib").is_dir() {
        missing.push(format!(
            "its C library in {}, or in the folder named by GUSSET_AARCH64_SYSTEM: apt-get install libc6-arm64-cross",
            system.display()
        ));
    }
    if !missing.is_empty() {
        bail!("aarch64: nothing is run, for this is missing:\n- {}", missing.join("\n- "));
    }
    Ok(Tools { linker, emulator, system })
}

fn has_standard_library() -> Result<bool> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output =
        Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET]).stderr(Stdio::null()).output();
    let output = output.context("cannot start rustc")?;
    Ok(output.status.success() && Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir())
}

/// Whether a program for that machine can be started as any other.
fn runs_programs() -> bool {
    let handlers = std::fs::read_dir("/proc/sys/fs/binfmt_misc").into_iter().flatten().flatten();
    handlers.into_iter().any(|handler| handler.file_name().to_string_lossy().contains("aarch64"))
}
