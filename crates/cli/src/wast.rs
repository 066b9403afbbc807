//! `gusset wast`: runs scripts and prints what did not hold, then the counts by directive.

use crate::error::EngineError;
use crate::output::print;
use anyhow::{Context, Result, bail};
use gusset_wast::{Counts, KnownFailures, WastOptions, WastRunner, read_text};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// How deeply folders are searched; links can make circles.
const MAX_DEPTH: usize = 64;

/// Runs every script among `paths` and holds it against `lists` of known failures.
pub(crate) fn run(paths: &[PathBuf], compare_messages: bool, lists: &[PathBuf]) -> Result<ExitCode> {
    let known = known_failures(lists)?;
    let mut scripts = Vec::new();
    for path in paths {
        collect(path, 0, &mut scripts)?;
    }
    if scripts.is_empty() {
        bail!("nothing to run: no .wast files among {}", list(paths));
    }
    let runner = WastRunner::new(WastOptions { compare_messages }).map_err(EngineError::from)?;
    let mut counts = Counts::default();
    let (mut failed, mut expected) = (0, 0);
    for script in &scripts {
        let report = runner.run_file(script).map_err(EngineError::from)?;
        // Lists name scripts by the end of their paths, however the script was named here.
        let full = std::path::absolute(script).unwrap_or_else(|_| script.clone());
        let verdict = known.judge(&full.to_string_lossy(), &report);
        print(&verdict)?;
        counts.add(&report.counts);
        expected += verdict.expected();
        failed += usize::from(!verdict.passed());
    }
    let forgiven = if expected > 0 { format!("wast: {expected} failures are expected\n") } else { String::new() };
    print(format_args!("\n{counts}{forgiven}{} of {} scripts passed\n", scripts.len() - failed, scripts.len()))?;
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Reads the lists of known failures.
fn known_failures(lists: &[PathBuf]) -> Result<KnownFailures> {
    let mut known = KnownFailures::default();
    for list in lists {
        let text = read_text(list).map_err(EngineError::from)?;
        known.add(&list.display().to_string(), &text)?;
    }
    Ok(known)
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
        // What is neither folder nor file, such as a pipe, might never end.
        if entry.is_dir() || (entry.is_file() && entry.extension().is_some_and(|extension| extension == "wast")) {
            collect(&entry, depth + 1, scripts)?;
        }
    }
    Ok(())
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}
