//! Finds the scripts that a command names.

use crate::input::STDIN;
use anyhow::{Context, Result, bail};
use std::collections::HashSet;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// How deeply folders are searched.
const MAX_DEPTH: usize = 64;

/// The scripts that are among `paths` or in folders among them.
pub(crate) fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut scripts = Vec::new();
    for path in paths {
        if path.as_os_str() == STDIN {
            scripts.push(path.clone());
            continue;
        }
        collect(path, 0, &mut HashSet::new(), &mut scripts)?;
    }
    if scripts.is_empty() {
        bail!("nothing to run: no .wast files among {}", list(paths));
    }
    Ok(scripts)
}

/// Adds `path`, or the scripts below it, in order of their names. Links are followed to folders that were not `seen`: they can make circles.
fn collect(path: &Path, depth: usize, seen: &mut HashSet<(u64, u64)>, scripts: &mut Vec<PathBuf>) -> Result<()> {
    let metadata = path.metadata().with_context(|| format!("cannot read {}", path.display()))?;
    if !metadata.is_dir() {
        scripts.push(path.to_path_buf());
        return Ok(());
    }
    if depth == MAX_DEPTH {
        bail!("{} is nested too deeply", path.display());
    }
    let is_new = seen.insert((metadata.dev(), metadata.ino()));
    if depth > 0 && path.is_symlink() && !is_new {
        return Ok(());
    }
    let list = || -> std::io::Result<Vec<PathBuf>> { path.read_dir()?.map(|entry| Ok(entry?.path())).collect() };
    let mut entries = list().with_context(|| format!("cannot list {}", path.display()))?;
    entries.sort();
    for entry in entries {
        // What is neither folder nor file, such as a pipe, might never end.
        if entry.is_dir() || (entry.is_file() && entry.extension().is_some_and(|extension| extension == "wast")) {
            collect(&entry, depth + 1, seen, scripts)?;
        }
    }
    Ok(())
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}
