//! Project chores, run as `cargo xtask CHORE`. Nothing here is part of what users run, and no check writes to the tree: only
//! `bless` and `known-failures` do, and say what they rewrite.
#![forbid(unsafe_code)]

mod aarch64;
mod asan;
mod bless;
mod canonical_figures;
mod known_failures;
mod mutants;
mod oracle;
mod peer_scripts;
mod program;
mod public_api;
mod shapes;
mod tally;
mod tidy;
mod valgrind;
mod wasi_testsuite;
mod wasmtime_programs;
mod watch;

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask CHORE

chores:
  tidy     check the rules of the house: arrows between crates, lengths, SAFETY comments, exports, links
  bless    run the golden tests and rewrite their files; look at the diff before you commit it
  known-failures
           run the conformance suites and rewrite the list of what fails; it should only shrink
  mutants --count N [--seed S] [--gusset PATH]
           damage the suites' binaries and run each: nothing may panic, crash, hang or take much memory
  peer-scripts DIR [--gusset PATH]
           run the scripts of another engine in DIR, without those that need GC, stack switching or asynchronous functions;
           messages are ignored
  oracle PATH [TYPES PROGRAMS]
           compare with the specification's reference implementation: PATH is its canonical-abi/definitions.py, run by python3
  shapes [--gusset PATH] [NAME[:NxM[xK]]...]
           run components of 1 MB that ask for a product of N and M, or for K of them: each must end within 10 s of CPU time
           and 1 GiB; without sizes those of its table are run, without names all shapes
  wasi-testsuite PATH [--filter TEXT] [--gusset PATH]
           run the preview1 programs of a checkout of wasi-testsuite, branch prod/testsuite-base, that have TEXT in their paths
  wasmtime-programs PATH [--filter TEXT] [--gusset PATH]
           run the test programs of wasmtime that are built in PATH, and have TEXT in their names
  aarch64 [handover | ARGUMENTS OF CARGO TEST]
           build the tests for aarch64 and run them under emulation, and what is compiled here for it, or that alone; says what is
           missing for that
  valgrind
           run the tests of the lower half of the runtime under valgrind; says what is missing for that
  asan
           run the same tests under AddressSanitizer, which is built into them; says what is missing for that
  canonical-figures SUMMARY [--svg FILE] [--bar PART=RATIO]... [GROUP...]
           print what the bench `canonical` says at its end as tables in Markdown, and draw the ratios into FILE; rows with PART in
           their names have the mark of a bar
  public-api [PACKAGE...]
           print what the packages make public, for review
";

fn main() -> ExitCode {
    if let Some(ends) = asan::instead_of_rustc() {
        return ends;
    }
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["tidy"] => tidy::run(&root()?),
        ["bless"] => bless::run(&root()?),
        ["mutants", ref arguments @ ..] => mutants::run(&root()?, arguments),
        ["peer-scripts", ref arguments @ ..] => peer_scripts::run(&root()?, arguments),
        ["oracle", ref arguments @ ..] => oracle::run(&root()?, arguments),
        ["shapes", ref arguments @ ..] => shapes::run(&root()?, arguments),
        ["wasi-testsuite", ref arguments @ ..] => wasi_testsuite::run(&root()?, arguments),
        ["wasmtime-programs", ref arguments @ ..] => wasmtime_programs::run(&root()?, arguments),
        ["canonical-figures", ref arguments @ ..] => canonical_figures::run(arguments),
        ["public-api", ref packages @ ..] => public_api::run(&root()?, packages),
        ["aarch64", ref arguments @ ..] => aarch64::run(&root()?, arguments),
        ["valgrind"] => valgrind::run(&root()?),
        ["asan"] => asan::run(&root()?),
        ["known-failures"] => known_failures::run(&root()?),
        ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(())
        }
        _ => bail!("{USAGE}"),
    }
}

/// The workspace's folder: the parent of this package's.
fn root() -> Result<PathBuf> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = package.parent().context("this package lies in the workspace's folder")?;
    Ok(root.to_path_buf())
}
