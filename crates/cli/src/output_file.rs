//! Writing a file that is there whole, or as it was before: somebody may be using what lies there.

use rustix::process::{Resource, getrlimit};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{Error, Result, Write};
use std::path::{Path, PathBuf};

/// Writes `bytes` to another file first, beside the one at `path`, which then takes its name. A link stays one, and what is no file (a device,
/// a pipe) is written to.
///
/// # Errors
///
/// When that cannot be done; then nothing is left of it.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
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

/// A new file in the folder of `path`, of a name that nobody can foretell.
fn beside(path: &Path) -> Result<(PathBuf, File)> {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{:016x}.tmp", RandomState::new().hash_one(path)));
    let temporary = path.with_file_name(name);
    // One that is there is somebody's, and is not followed where it is a link.
    let file = OpenOptions::new().write(true).create_new(true).open(&temporary)?;
    Ok((temporary, file))
}
