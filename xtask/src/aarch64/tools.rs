//! What tests for aarch64 are built and run with.

use super::TARGET;
use crate::program::in_path;
use anyhow::{Context, Result, bail};
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The first version of QEMU that reservations of terabytes cost nothing.
const LEAST_EMULATOR: u32 = 8;

pub(super) struct Tools {
    linker: PathBuf,
    emulator: PathBuf,
    /// Where the libraries of that machine are.
    system: PathBuf,
}

impl Tools {
    /// All that is needed, or an error that names all that is missing.
    pub(super) fn find() -> Result<Tools> {
        let mut missing = Vec::new();
        if !has_standard_library()? {
            missing.push(format!("Rust's standard library for it: rustup target add {TARGET}"));
        }
        let mut tool = |variable: &str, names: &[&str], install: &str| {
            let found =
                env::var_os(variable).map(PathBuf::from).or_else(|| names.iter().find_map(|name| in_path(name)));
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
        let emulator = tool(
            "GUSSET_AARCH64_EMULATOR",
            &["qemu-aarch64-static", "qemu-aarch64"],
            "apt-get install qemu-user-static",
        );
        if emulator.is_file() && version(&emulator).is_none_or(|major| major < LEAST_EMULATOR) {
            missing.push(format!(
                "QEMU {LEAST_EMULATOR} or newer, which {} is not: it keeps a book about each page that is reserved",
                emulator.display()
            ));
        }
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

    /// A command of cargo that builds for aarch64, and runs what it has built under emulation.
    pub(super) fn cargo(&self, root: &Path) -> Command {
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        let name = TARGET.replace('-', "_").to_uppercase();
        let mut runner = self.emulator.clone().into_os_string();
        runner.push(" -L ");
        runner.push(&self.system);
        command.env(format!("CARGO_TARGET_{name}_LINKER"), &self.linker);
        // The same compiles what dependencies have of C.
        let compiler = format!("CC_{}", TARGET.replace('-', "_"));
        if env::var_os(&compiler).is_none() {
            command.env(compiler, &self.linker);
        }
        command.env(format!("CARGO_TARGET_{name}_RUNNER"), runner);
        // For programs that tests start.
        command.env("QEMU_LD_PREFIX", &self.system).current_dir(root);
        command
    }

    /// A program for aarch64, run under emulation.
    pub(super) fn emulated(&self, program: &Path) -> Command {
        let mut command = Command::new(&self.emulator);
        command.arg("-L").arg(&self.system).arg(program);
        command
    }
}

fn has_standard_library() -> Result<bool> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output =
        Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET]).stderr(Stdio::null()).output();
    let output = output.context("cannot start rustc")?;
    Ok(output.status.success() && Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir())
}

/// The major version of an emulator.
fn version(emulator: &Path) -> Option<u32> {
    let output = Command::new(emulator).arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (_, version) = text.split_once("version ")?;
    version.split('.').next()?.parse().ok()
}

/// Whether a program for that machine can be started as any other.
pub(super) fn system_runs_programs() -> bool {
    let handlers = std::fs::read_dir("/proc/sys/fs/binfmt_misc").into_iter().flatten().flatten();
    handlers.into_iter().any(|handler| handler.file_name().to_string_lossy().contains("aarch64"))
}
