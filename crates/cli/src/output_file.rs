//! Writing a file that is there whole, or as it was before: somebody may be using what lies there. And where what a command makes goes.

use crate::error::WrongUsage;
use crate::output::print;
use anyhow::Context;
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{Error, IsTerminal, Result, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// How many links to a file are followed that is not there: as many as Linux follows.
const LINKS_FOLLOWED: usize = 40;

/// What stands for standard output.
const STDOUT: &str = "-";

/// That a command does not write over what it reads.
///
/// # Errors
///
/// When it would.
pub(crate) fn check_differs(output: Option<&Path>, input: &Path) -> anyhow::Result<()> {
    let file = |path: &Path| fs::canonicalize(path).ok().filter(|path| path.is_file());
    let Some(output) = output.filter(|output| file(output).is_some_and(|output| Some(output) == file(input))) else {
        return Ok(());
    };
    let shown = output.display();
    let message = format!("{shown} would be written over what it is made of: give another name with `-o OUTPUT`");
    Err(WrongUsage(message).into())
}

/// Writes what a person cannot read, `what`, to the file `output`, or to standard output where there is none.
///
/// # Errors
///
/// When that cannot be done, or is a terminal.
pub(crate) fn write_binary(output: Option<&Path>, what: &str, bytes: &[u8]) -> anyhow::Result<()> {
    if let Some(path) = file(output) {
        return write_named(path, bytes);
    }
    let mut stdout = std::io::stdout().lock();
    if stdout.is_terminal() {
        let message = format!("{what} is not shown on a terminal: say where to write it, with `-o OUTPUT`");
        return Err(WrongUsage(message).into());
    }
    stdout.write_all(bytes).and_then(|()| stdout.flush()).context("cannot write to standard output")
}

/// The same of text.
pub(crate) fn write_text(output: Option<&Path>, text: &str) -> anyhow::Result<()> {
    match file(output) {
        Some(path) => write_named(path, text.as_bytes()),
        None => print(text),
    }
}

fn file(output: Option<&Path>) -> Option<&Path> {
    output.filter(|path| path.as_os_str() != STDOUT)
}

fn write_named(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// Writes `bytes` to another file first, beside the one at `path`, which then takes its name. A link stays one, and what is no file (a device,
/// a pipe) is written to.
///
/// # Errors
///
/// When that cannot be done; then nothing is left of it.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let path = resolved(path)?;
    let replaced = fs::metadata(&path).ok();
    if replaced.as_ref().is_some_and(|metadata| !metadata.is_file()) {
        return fs::write(&path, bytes);
    }
    // Whoever writes beyond that gets a signal, which ends the program where it stands.
    if let Some(limit) = getrlimit(Resource::Fsize).current.filter(|limit| *limit < bytes.len() as u64) {
        let message = format!("{} bytes, and this process may write {limit} to a file (ulimit -f)", bytes.len());
        return Err(Error::other(message));
    }
    let (temporary, mut file) = beside(&path)?;
    let written = file.write_all(bytes).and_then(|()| match replaced {
        // Who could read the old one can read the new one, and nobody else.
        Some(replaced) => file.set_permissions(replaced.permissions()),
        None => Ok(()),
    });
    let written = written.and_then(|()| fs::rename(&temporary, &path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// What `path` leads to, which need not be there.
fn resolved(path: &Path) -> Result<PathBuf> {
    let mut path = path.to_path_buf();
    for _ in 0..LINKS_FOLLOWED {
        if let Ok(whole) = fs::canonicalize(&path) {
            return Ok(whole);
        }
        match fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
            // It is no link.
            Err(_) => return Ok(path),
        }
    }
    Err(Errno::LOOP.into())
}

/// A new file in the folder of `path`, of a name that nobody can foretell.
fn beside(path: &Path) -> Result<(PathBuf, File)> {
    let mut name = OsString::from(".");
    // Systems allow names of 255 bytes.
    let file_name = path.file_name().unwrap_or_default().as_bytes();
    name.push(OsStr::from_bytes(&file_name[..file_name.len().min(200)]));
    name.push(format!(".{:016x}.tmp", RandomState::new().hash_one(path)));
    let temporary = path.with_file_name(name);
    // One that is there is somebody's, and is not followed where it is a link.
    let file = OpenOptions::new().write(true).create_new(true).open(&temporary)?;
    Ok((temporary, file))
}
