//! `gusset wast`: runs scripts and prints what did not hold, then the counts by directive.

use crate::error::EngineError;
use crate::output::print;
use anyhow::{Context, Result, bail};
use gusset_wast::{Counts, WastOptions, WastRunner};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// How deeply folders are searched; links can make circles.
const MAX_DEPTH: usize = 64;

/// Runs every script among `paths`.
pub(crate) fn run(paths: &[PathBuf], compare_messages: bool) -> Result<ExitCode> {
    let mut scripts = Vec::new();
    for path in paths {
        collect(path, 0, &mut scripts)?;
    }
    if scripts.is_empty() {
        bail!("nothing to run: no .wast files among {}", list(paths));
    }
    let runner = WastRunner::new(WastOptions { compare_messages }).map_err(EngineError::from)?;
    let mut counts = Counts::default();
    let mut failed = 0;
    for script in &scripts {
        let report = runner.run_file(script).map_err(EngineError::from)?;
        print(&report.to_string())?;
        counts.add(&report.counts);
        failed += usize::from(!report.passed());
    }
    print(&format!("\n{counts}{} of {} scripts passed\n", scripts.len() - failed, scripts.len()))?;
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Adds `path`, or the scripts below it, in order of their names.
fn collect(path: &Path, depth: usize, scripts: &mut Vec<PathBuf>) -> Result<()> {
    let metadata = path.metadata().with_context(|| format!("cannot read {}", path.display()))?;
    if !metadata.is_dir() {
        scripts.push(path.to_path_buf());
        return Ok(());
    }
    if depth == MAX_DEPTH {
        bail!("{} is nested too deeply", path.display());
    }
    let list = || -> std::io::Result<Vec<PathBuf>> { path.read_dir()?.map(|entry| Ok(entry?.path())).collect() };
    let mut entries = list().with_context(|| format!("cannot list {}", path.display()))?;
    entries.sort();
    for entry in entries {
        if entry.is_dir() || entry.extension().is_some_and(|extension| extension == "wast") {
            collect(&entry, depth + 1, scripts)?;
        }
    }
    Ok(())
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}
