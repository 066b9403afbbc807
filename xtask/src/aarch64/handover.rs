//! What one machine compiles for the other: it is what the other compiles itself, runs there, and is refused where it does not.

use super::TARGET;
use super::tools::Tools;
use crate::program::{host, target};
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A component or program, what is asked of it, and what comes on its standard input.
struct HandedOver {
    file: &'static str,
    arguments: &'static [&'static str],
    input: &'static str,
}

const GUESTS: &[HandedOver] = &[
    HandedOver {
        file: "examples/text-pipeline/pipeline.wasm",
        arguments: &["--invoke", r##"render("# Hello, {who}!\n\n@who = *world* 🌍\n\nIt \"works\".")"##],
        input: "",
    },
    HandedOver { file: "tests/wasi-programs/built/tour.wasm", arguments: &["lines"], input: "1\n2\n39\n" },
];

/// The program for both machines.
struct Programs<'a> {
    root: &'a Path,
    tools: &'a Tools,
    host: PathBuf,
    other: PathBuf,
}

/// Hands each guest over, and says which.
pub(super) fn run(root: &Path, tools: &Tools) -> Result<()> {
    let programs = build(root, tools)?;
    let scratch = target(root).join("aarch64-handover");
    fs::create_dir_all(&scratch)?;
    for guest in GUESTS {
        programs.hand_over(guest, &scratch).with_context(|| format!("aarch64: {}, handed over", guest.file))?;
        println!("aarch64: {} is compiled here, and runs there", guest.file);
    }
    Ok(())
}

/// This machine's program must have the other's code generator; the other's is the one that was tested.
fn build<'a>(root: &'a Path, tools: &'a Tools) -> Result<Programs<'a>> {
    let mut here = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // With the target named, it is not built where the program without that feature is.
    let (host, folder) = (host()?, target(root));
    here.args(["build", "--package", "gusset-cli", "--features", "cross-compile", "--target", &host]).current_dir(root);
    let mut there = tools.cargo(root);
    there.args(["build", "--workspace", "--bins", "--target", TARGET]);
    for command in [&mut here, &mut there] {
        ensure!(command.status().context("cannot start cargo")?.success(), "aarch64: the program does not build");
    }
    let program = |triple: &str| folder.join(triple).join("debug/gusset");
    Ok(Programs { root, tools, host: program(&host), other: program(TARGET) })
}

impl Programs<'_> {
    fn hand_over(&self, guest: &HandedOver, scratch: &Path) -> Result<()> {
        let file = self.root.join(guest.file);
        let [from_here, from_there, native] =
            ["here", "there", "native"].map(|name| scratch.join(name).with_extension("gusset"));
        let compile = |mut command: Command, output: &Path, target: &str| {
            command.arg("compile").arg(&file).arg("-o").arg(output).args(["--target", target]);
            said(command.args(["--target-cpu", "baseline"]), "")
        };
        compile(Command::new(&self.host), &from_here, TARGET)?;
        compile(self.tools.emulated(&self.other), &from_there, TARGET)?;
        ensure!(fs::read(&from_here)? == fs::read(&from_there)?, "the machine itself compiles something else");
        compile(Command::new(&self.host), &native, &host()?)?;

        let run = |mut command: Command, artefact: &Path| {
            command.args(["run", "--allow-precompiled"]).arg(artefact).args(guest.arguments);
            output(&mut command, guest.input)
        };
        let expected = run(Command::new(&self.host), &native)?;
        let found = run(self.tools.emulated(&self.other), &from_here)?;
        ensure!(expected.status.success() && found.status.success(), "it fails: {expected:?}, {found:?}");
        ensure!(expected.stdout == found.stdout, "it answers {found:?}, and here {expected:?}");

        refused(&run(Command::new(&self.host), &from_here)?, "aarch64-linux")?;
        refused(&run(self.tools.emulated(&self.other), &native)?, "x86_64-linux")
    }
}

/// It failed, and named the machine that the code is for.
fn refused(output: &Output, machine: &str) -> Result<()> {
    let message = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(1), "code of another machine ends with {}: {message}", output.status);
    ensure!(message.contains(machine), "it does not say that the code is for {machine}: {message}");
    Ok(())
}

/// What a program says that must end well.
fn said(command: &mut Command, input: &str) -> Result<Vec<u8>> {
    let output = output(command, input)?;
    if !output.status.success() {
        bail!("{command:?} ends with {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(output.stdout)
}

fn output(command: &mut Command, input: &str) -> Result<Output> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
    // Who does not read it has ended.
    let _ = child.stdin.take().context("the pipe was asked for")?.write_all(input.as_bytes());
    Ok(child.wait_with_output()?)
}
