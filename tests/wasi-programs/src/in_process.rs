//! Runs a case with a program of the command line: `gusset run`, or another runtime's that has the same flags.

use crate::case::{CaseEnd, ProgramCase};
use crate::ended::EndedProgram;
use anyhow::{Context, Result, bail};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// What a runtime exits with when its guest traps.
const TRAPPED: i32 = 134;

/// Runs a case; `runner` is a runtime's program with all that comes before flags of ours.
///
/// # Errors
///
/// Where it cannot be run at all.
pub fn run_in_process(case: &ProgramCase, program: &Path, runner: &[&str]) -> Result<EndedProgram> {
    let [name, options @ ..] = runner else { bail!("no program to run it with") };
    let scratch = tempfile::tempdir()?;
    let mut command = Command::new(name);
    command.args(options);
    let folders = case.write_mounts(scratch.path())?;
    for (mount, folder) in case.mounts.iter().zip(&folders) {
        let rights = if mount.read_only { ":ro" } else { "" };
        command.arg("--dir").arg(format!("{}::{}{rights}", folder.display(), mount.guest));
    }
    for (name, value) in &case.env {
        command.arg("--env").arg(format!("{name}={value}"));
    }
    command.arg(program).args(&case.args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("cannot start {name}"))?;
    let (stdin, input) = (child.stdin.take(), case.stdin.clone());
    // A program may end without reading all of it.
    let writer = std::thread::spawn(move || stdin.map(|mut pipe| pipe.write_all(&input)));
    let output = child.wait_with_output()?;
    let _ = writer.join();
    let files = case.read_mounts(&folders)?;
    let trapped = output.status.code() == Some(TRAPPED);
    let end = match output.status.code() {
        Some(TRAPPED) => CaseEnd::Trap(String::from_utf8_lossy(&output.stderr).into_owned()),
        Some(code) => CaseEnd::Exit(code.cast_unsigned()),
        None => bail!("{name} was ended: {}", output.status),
    };
    Ok(EndedProgram { stdout: output.stdout, stderr: output.stderr, stderr_has_trap: trapped, end, files })
}
