//! `cargo xtask wasi-testsuite PATH`: runs the preview1 programs of a checkout of WebAssembly/wasi-testsuite (branch
//! `prod/testsuite-base`), which is not part of this repository. It writes to the checkout what the programs write: they leave
//! behind what ends in `.cleanup`, which is removed around each. With `--via-adapter` they are components, by way of the preview1 adapter.

mod inexpressible;
mod manifest;
mod program_run;

use crate::program::{build, target};
use anyhow::{Context, Result, bail};
use inexpressible::why_not_as_component;
use manifest::SuiteManifest;
use std::fmt;
use std::path::{Path, PathBuf};

/// The version, as suites name it, of what is run.
const VERSION: &str = "wasm32-wasip1";

const USAGE: &str = "usage: cargo xtask wasi-testsuite PATH [--filter TEXT] [--gusset PATH] [--via-adapter]";

/// The programs of one folder with a manifest.
#[derive(Debug, PartialEq, Eq)]
struct Suite {
    name: String,
    version: String,
    programs: Vec<PathBuf>,
}

/// Runs with the arguments that follow the chore's name.
pub(crate) fn run(root: &Path, arguments: &[&str]) -> Result<()> {
    let (mut checkout, mut filter, mut gusset, mut via_adapter) = (None, "", None, false);
    let mut arguments = arguments.iter();
    while let Some(&argument) = arguments.next() {
        match argument {
            "--filter" => filter = arguments.next().context(USAGE)?,
            "--via-adapter" => via_adapter = true,
            "--gusset" => gusset = Some(PathBuf::from(arguments.next().context(USAGE)?)),
            path if checkout.is_none() && !path.starts_with('-') => checkout = Some(Path::new(path)),
            _ => bail!(USAGE),
        }
    }
    let suites = suites(&checkout.context(USAGE)?.join("tests"))?;
    let gusset = match gusset {
        Some(path) => path,
        None => {
            build(root, "gusset-cli", false)?;
            target(root).join("debug/gusset")
        }
    };
    let (mut table, mut all) = (Vec::new(), SuiteTally::default());
    for suite in &suites {
        if suite.version != VERSION {
            table.push(format!("{:<44} not run: it is for {}", suite.name, suite.version));
            continue;
        }
        let tally = run_suite(&gusset, suite, filter, via_adapter)?;
        table.push(format!("{:<44} {tally}", suite.name));
        all.add(tally);
    }
    println!("{}", table.join("\n"));
    println!("{:<44} {all}", "all");
    if all.passed + all.failed == 0 {
        bail!("wasi-testsuite: no program was run");
    }
    if all.failed > 0 {
        bail!("wasi-testsuite: {} programs failed", all.failed);
    }
    Ok(())
}

/// How many programs did what.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
struct SuiteTally {
    passed: usize,
    failed: usize,
    /// Failed, and it is known why a component must.
    inexpressible: usize,
}

impl SuiteTally {
    fn add(&mut self, other: SuiteTally) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.inexpressible += other.inexpressible;
    }
}

impl fmt::Display for SuiteTally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>6} passed {:>6} failed", self.passed, self.failed)?;
        match self.inexpressible {
            0 => Ok(()),
            count => write!(f, " {count:>6} cannot be expressed"),
        }
    }
}

/// Runs the programs of a suite whose path in it has `filter`, and prints a line for each that fails.
fn run_suite(gusset: &Path, suite: &Suite, filter: &str, via_adapter: bool) -> Result<SuiteTally> {
    let mut tally = SuiteTally::default();
    for program in &suite.programs {
        if !program.to_string_lossy().contains(filter) {
            continue;
        }
        let known = if via_adapter { why_not_as_component(program) } else { None };
        match (program_run::run(gusset, program, via_adapter)?, known) {
            (None, None) => tally.passed += 1,
            (Some(why), Some(reason)) => {
                tally.inexpressible += 1;
                println!("cannot be expressed: {}: {reason} ({why})", program.display());
            }
            (Some(why), None) => {
                tally.failed += 1;
                println!("FAILED {}: {why}", program.display());
            }
            (None, Some(reason)) => {
                tally.failed += 1;
                println!("FAILED {}: it passed, and is listed not to: {reason}", program.display());
            }
        }
    }
    Ok(tally)
}

/// The suites in a checkout's folder of tests: `LANGUAGE/testsuite`, and in there every folder with a manifest of its own.
fn suites(tests: &Path) -> Result<Vec<Suite>> {
    let mut suites = Vec::new();
    for language in list(tests)? {
        let folder = language.join("testsuite");
        if folder.is_dir() {
            find(&folder, &mut suites)?;
        }
    }
    if suites.is_empty() {
        bail!("there is no suite in {}: it has no */testsuite/**/manifest.json", tests.display());
    }
    Ok(suites)
}

fn find(folder: &Path, suites: &mut Vec<Suite>) -> Result<()> {
    let (paths, manifest) = (list(folder)?, folder.join("manifest.json"));
    if manifest.exists() {
        let SuiteManifest { name, version } = SuiteManifest::read(&manifest)?;
        let is_program = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "wasm");
        suites.push(Suite { name, version, programs: paths.into_iter().filter(is_program).collect() });
        return Ok(());
    }
    paths.iter().filter(|path| path.is_dir()).try_for_each(|inner| find(inner, suites))
}

/// What is in a folder, in order of the names.
fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = folder.read_dir().with_context(|| format!("cannot list {}", folder.display()))?;
    let paths: std::io::Result<Vec<PathBuf>> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths.with_context(|| format!("cannot list {}", folder.display()))?;
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_are_found_with_their_programs() {
        let root = std::env::temp_dir().join(format!("gusset-wasi-suites-{}", std::process::id()));
        let manifest = |version: &str| format!(r#"{{ "name": "of {version}", "version": "{version}" }}"#);
        for (file, text) in [
            ("c/testsuite/wasm32-wasip1/manifest.json", manifest(VERSION)),
            ("c/testsuite/wasm32-wasip1/b.wasm", String::new()),
            ("c/testsuite/wasm32-wasip1/a.wasm", String::new()),
            ("c/testsuite/wasm32-wasip1/a.json", "{}".to_owned()),
            ("c/testsuite/wasm32-wasip1/fs.dir/no.wasm", String::new()),
            ("c/src/manifest.json", "no suite".to_owned()),
            ("rust/testsuite/wasm32-wasip3/manifest.json", manifest("wasm32-wasip3")),
        ] {
            let path = root.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let found = suites(&root);
        let none = suites(&root.join("c/src"));
        std::fs::remove_dir_all(&root).unwrap();
        let suite = |version: &str, programs: &[&str]| Suite {
            name: format!("of {version}"),
            version: version.to_owned(),
            programs: programs.iter().map(|program| root.join("c/testsuite/wasm32-wasip1").join(program)).collect(),
        };
        assert_eq!(found.unwrap(), [suite(VERSION, &["a.wasm", "b.wasm"]), suite("wasm32-wasip3", &[])]);
        assert!(none.unwrap_err().to_string().contains("c/src: it has no */testsuite/**/manifest.json"));
    }

    #[test]
    fn wrong_arguments_are_told() {
        for arguments in [&[][..], &["--filter", "x"], &["a", "b"], &["a", "--gusset"], &["a", "--other"]] {
            assert_eq!(run(Path::new("."), arguments).unwrap_err().to_string(), USAGE);
        }
    }
}
