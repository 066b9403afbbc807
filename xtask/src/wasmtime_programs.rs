//! `cargo xtask wasmtime-programs PATH`: runs wasmtime's own test programs, which are not part of this repository, each in the setting
//! that its test has. PATH is where they are built as modules for preview1: `cargo build --package test-programs --target wasm32-wasip1`
//! in a checkout of wasmtime, and then `target/wasm32-wasip1/debug`. Those of preview1 are run as modules, and all by way of the
//! preview1 adapter as components.

mod command_run;
mod differences;
mod echo_server;
mod service_run;
mod setting;
mod table;

use crate::program::{build, target};
use anyhow::{Context, Result, bail};
use command_run::ProgramForm;
use differences::why_otherwise;
use setting::PeerSetting;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const USAGE: &str = "usage: cargo xtask wasmtime-programs PATH [--filter TEXT] [--gusset PATH]";

/// Runs with the arguments that follow the chore's name.
pub(crate) fn run(root: &Path, arguments: &[&str]) -> Result<()> {
    let (mut folder, mut filter, mut gusset) = (None, "", None);
    let mut arguments = arguments.iter();
    while let Some(&argument) = arguments.next() {
        match argument {
            "--filter" => filter = arguments.next().context(USAGE)?,
            "--gusset" => gusset = Some(PathBuf::from(arguments.next().context(USAGE)?)),
            path if folder.is_none() && !path.starts_with('-') => folder = Some(Path::new(path)),
            _ => bail!(USAGE),
        }
    }
    let programs = programs(folder.context(USAGE)?)?;
    let gusset = match gusset {
        Some(path) => path,
        None => {
            build(root, "gusset-cli", false)?;
            target(root).join("debug/gusset")
        }
    };
    let mut report = PeerReport::default();
    for program in &programs {
        let name = program.file_stem().and_then(|name| name.to_str()).context("names of programs are UTF-8")?;
        if name.contains(filter) {
            report.program(&gusset, program, name);
        }
    }
    report.print()
}

/// The programs in a folder, in order of their names.
fn programs(folder: &Path) -> Result<Vec<PathBuf>> {
    let context = || format!("cannot list {}", folder.display());
    let entries = folder.read_dir().with_context(context)?;
    let paths: std::io::Result<Vec<PathBuf>> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths.with_context(context)?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "wasm"));
    paths.sort();
    if paths.is_empty() {
        bail!("there are no programs in {}", folder.display());
    }
    Ok(paths)
}

/// What became of the programs, by group.
#[derive(Default)]
struct PeerReport {
    groups: BTreeMap<&'static str, PeerTally>,
    left_out: BTreeMap<&'static str, usize>,
}

/// How many programs of a group did what.
#[derive(Default)]
struct PeerTally {
    passed: usize,
    failed: usize,
    /// They do otherwise, and it is known why.
    differ: usize,
    not_run: usize,
}

/// How a run ended.
enum PeerOutcome {
    Passed,
    Failed(String),
    NotRun(&'static str),
}

impl PeerReport {
    /// Runs a program in each form that it has.
    fn program(&mut self, gusset: &Path, program: &Path, name: &str) {
        if let Some((_, why)) = table::LEFT_OUT.iter().find(|(prefix, _)| name.starts_with(prefix)) {
            *self.left_out.entry(why).or_default() += 1;
            return;
        }
        if let Some(group) = group_of_modules(name) {
            self.run(gusset, program, name, ProgramForm::Module, group);
        }
        self.run(gusset, program, name, ProgramForm::Component, group_of_components(name));
    }

    fn run(&mut self, gusset: &Path, program: &Path, name: &str, form: ProgramForm, group: &'static str) {
        let outcome = outcome(gusset, program, name, form);
        let tally = self.groups.entry(group).or_default();
        match (outcome, why_otherwise(name, form)) {
            (PeerOutcome::Passed, None) => tally.passed += 1,
            (PeerOutcome::NotRun(why), _) => {
                tally.not_run += 1;
                println!("not run: {name} ({group}): {why}");
            }
            (PeerOutcome::Failed(fault), Some(why)) => {
                tally.differ += 1;
                println!("differs: {name} ({group}): {why} ({fault})");
            }
            (PeerOutcome::Failed(fault), None) => {
                tally.failed += 1;
                println!("FAILED {name} ({group}): {fault}");
            }
            (PeerOutcome::Passed, Some(why)) => {
                tally.failed += 1;
                println!("FAILED {name} ({group}): it passed, and is listed not to: {why}");
            }
        }
    }

    fn print(&self) -> Result<()> {
        for (why, count) in &self.left_out {
            println!("left out: {count} programs: {why}");
        }
        for (group, PeerTally { passed, failed, differ, not_run }) in &self.groups {
            println!("{group:<44} {passed:>4} passed {failed:>4} failed {differ:>4} differ {not_run:>4} not run");
        }
        let sum = |of: fn(&PeerTally) -> usize| self.groups.values().map(of).sum::<usize>();
        let failed = sum(|tally| tally.failed);
        if failed > 0 {
            bail!("wasmtime-programs: {failed} programs failed");
        }
        if sum(|tally| tally.passed) == 0 {
            bail!("wasmtime-programs: no program was run");
        }
        Ok(())
    }
}

/// The group of those that are run as modules: what is there of preview1, and what is told to either.
fn group_of_modules(name: &str) -> Option<&'static str> {
    let is_either = matches!(name, "p2_cli_argv0" | "p2_cli_large_env" | "p2_cli_sleep" | "p2_cli_sleep_forever");
    match name {
        _ if name.starts_with("p1_") => Some("preview1, as modules"),
        _ if is_either || name == "p2_cli_stdio_write_flushes" => Some("commands, as modules"),
        _ => None,
    }
}

fn group_of_components(name: &str) -> &'static str {
    let begins = |prefix: &&str| name.starts_with(*prefix);
    match name {
        _ if begins(&"p1_") => "preview1, by way of the adapter",
        _ if ["p2_cli_serve_", "p2_api_proxy"].iter().any(begins) => "services",
        _ if begins(&"p2_cli_") => "commands",
        _ if begins(&"p2_api_") => "hosts",
        _ if begins(&"p2_http_") => "outgoing requests",
        _ if ["p2_tcp_", "p2_udp_", "p2_ip_"].iter().any(begins) => "sockets",
        _ if begins(&"piped_") => "pipes",
        _ if begins(&"p2_") => "files, streams, clocks, random bytes",
        _ => "wasi:config, wasi:keyvalue",
    }
}

/// Runs a program as its setting says.
fn outcome(gusset: &Path, program: &Path, name: &str, form: ProgramForm) -> PeerOutcome {
    let fault = match table::setting(name) {
        None => Ok(Some("its setting is not known".to_owned())),
        Some(PeerSetting::NotRun(why)) => return PeerOutcome::NotRun(why),
        Some(PeerSetting::Piped) => command_run::run_piped(gusset, program),
        Some(PeerSetting::Service(service)) => service_run::run(gusset, program, &service),
        Some(PeerSetting::Commands(commands)) => {
            let mut runs = commands.iter().map(|command| command_run::run(gusset, program, form, command));
            runs.find_map(Result::transpose).transpose()
        }
    };
    match fault.unwrap_or_else(|error| Some(format!("{error:#}"))) {
        None => PeerOutcome::Passed,
        Some(fault) => PeerOutcome::Failed(fault),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_arguments_are_told() {
        for arguments in [&[][..], &["--filter", "x"], &["a", "b"], &["a", "--gusset"], &["a", "--other"]] {
            assert_eq!(run(Path::new("."), arguments).unwrap_err().to_string(), USAGE);
        }
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
        let error = run(Path::new("."), &[folder]).unwrap_err().to_string();
        assert_eq!(error, format!("there are no programs in {folder}"));
    }

    #[test]
    fn programs_are_in_groups_by_their_names() {
        for (name, modules, components) in [
            ("p1_stdio", Some("preview1, as modules"), "preview1, by way of the adapter"),
            ("p2_cli_sleep", Some("commands, as modules"), "commands"),
            ("p2_cli_env", None, "commands"),
            ("p2_cli_serve_sleep", None, "services"),
            ("p2_udp_bind", None, "sockets"),
            ("p2_random", None, "files, streams, clocks, random bytes"),
            ("config_get", None, "wasi:config, wasi:keyvalue"),
        ] {
            assert_eq!((group_of_modules(name), group_of_components(name)), (modules, components), "{name}");
            assert!(table::setting(name).is_some(), "{name}");
        }
        assert!(table::setting("p2_cli_new").is_none() && table::setting("p4_new").is_none());
    }

    #[test]
    fn what_programs_do_is_counted() {
        let mut report = PeerReport::default();
        let (missing, program) = (Path::new("/there/is/no/gusset"), Path::new("p.wasm"));
        for name in ["p3_random", "p2_tcp_bind", "keyvalue_main", "p2_cli_stdout_epipe"] {
            report.program(missing, program, name);
        }
        let counts = |group| {
            let PeerTally { passed, failed, differ, not_run } = report.groups[group];
            [passed, failed, differ, not_run]
        };
        assert_eq!(counts("sockets"), [0, 1, 0, 0]);
        assert_eq!(counts("commands"), [0, 0, 1, 0]);
        assert_eq!(counts("wasi:config, wasi:keyvalue"), [0, 0, 0, 1]);
        assert_eq!(report.left_out.values().sum::<usize>(), 1);
        assert_eq!(report.print().unwrap_err().to_string(), "wasmtime-programs: 1 programs failed");
    }
}
