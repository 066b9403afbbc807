//! The conformance run: every script is a test, and at the end stands how many directives passed, failed and were skipped. A
//! suite that is not there is shown as not run, never as passed.

use crate::suites::{COMPONENT_SUITE, ScriptText, SuiteScript, component_suite, core_suite, local_suite};
use crate::write_list::expected_failures;
use gusset::{ComponentFeature, Config, CoreFeature};
use gusset_wast::{Counts, KnownFailures, Report, Tally, WastOptions, WastRunner};
use libtest_mimic::{Arguments, Failed, Trial};
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

/// The lists of directives that are known not to hold: of this engine, then of any.
const EXPECTED: (&str, &str) = ("expected-failures.txt", include_str!("expected-failures.txt"));
const SUPERSEDED: (&str, &str) = ("superseded.txt", include_str!("superseded.txt"));

/// The environment variable that makes the run write [`EXPECTED`] anew instead of holding scripts against it.
const WRITE_LIST: &str = "GUSSET_WRITE_KNOWN_FAILURES";

/// What all tests share.
struct Run {
    /// By the features that are off.
    runners: BTreeMap<&'static [CoreFeature], WastRunner>,
    known: KnownFailures,
    totals: Mutex<Totals>,
    /// Of all scripts, where a list is to be written of them.
    reports: Option<Mutex<Vec<Report>>>,
}

/// What the scripts that were run add up to.
#[derive(Default)]
struct Totals {
    counts: Counts,
    /// The same by the folder that scripts are in.
    folders: BTreeMap<String, Tally>,
    /// Failures that the lists know.
    expected: u64,
}

impl Totals {
    fn add(&mut self, script: &str, counts: &Counts, expected: u64) {
        let folder = script.rsplit_once('/').map_or("", |(folder, _)| folder);
        self.folders.entry(folder.into()).or_default().add(counts.total());
        self.counts.add(counts);
        self.expected += expected;
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<40}{:>9}{:>9}{:>9}", "folder", "passed", "failed", "skipped")?;
        for (folder, tally) in &self.folders {
            writeln!(f, "{folder:<40}{:>9}{:>9}{:>9}", tally.passed, tally.failed, tally.skipped)?;
        }
        write!(f, "\n{}", self.counts)
    }
}

/// The run, as a test program that reads its arguments: with the default settings, but for what `configure` changes.
///
/// # Errors
///
/// When a suite or list cannot be read or an engine not be made. What scripts fail with is told in the report.
pub fn conformance(configure: impl Fn(&mut Config)) -> Result<ExitCode, Box<dyn Error>> {
    let arguments = Arguments::from_args();
    let mut known = KnownFailures::default();
    let component_folder = std::env::var_os(COMPONENT_SUITE);
    let scripts = all_scripts()?;
    let write_list = std::env::var_os(WRITE_LIST).is_some();
    known.add(SUPERSEDED.0, SUPERSEDED.1)?;
    if !write_list {
        known.add(EXPECTED.0, EXPECTED.1)?;
    }
    let reports = write_list.then(Mutex::default);
    let run = Arc::new(Run { runners: runners(&scripts, configure)?, known, totals: Mutex::default(), reports });
    let mut tests = vec![lists_test(&run, &scripts)];
    tests.extend(scripts.into_iter().map(|script| script_test(&run, script)));
    if component_folder.is_none() {
        let name = format!("component-model (not run: {COMPONENT_SUITE} is not set)");
        tests.push(Trial::test(name, || Err(Failed::from("there are no scripts to run"))).with_ignored_flag(true));
    }

    let conclusion = libtest_mimic::run(&arguments, tests);
    if let Some(reports) = &run.reports {
        if component_folder.is_none() {
            return Err(format!("the list is of all suites: set {COMPONENT_SUITE}").into());
        }
        write_expected(&mut reports.lock().unwrap_or_else(PoisonError::into_inner))?;
        return Ok(ExitCode::SUCCESS);
    }
    if !arguments.list {
        let totals = run.totals.lock().unwrap_or_else(PoisonError::into_inner);
        print!("{totals}");
        println!(
            "wast: {} failures are expected, scripts that cannot be read among them (expected-failures.txt, superseded.txt)",
            totals.expected
        );
        if component_folder.is_none() {
            println!(
                "wast: the component model's suite was NOT run: set {COMPONENT_SUITE} to the folder that holds it"
            );
        }
    }
    Ok(conclusion.exit_code())
}

/// The scripts of all suites that are there.
pub(crate) fn all_scripts() -> Result<Vec<SuiteScript>, Box<dyn Error>> {
    let mut scripts = core_suite();
    scripts.extend(local_suite()?);
    if let Some(folder) = std::env::var_os(COMPONENT_SUITE) {
        let suite = component_suite(Path::new(&folder));
        scripts.extend(suite.map_err(|error| format!("{COMPONENT_SUITE}={}: {error}", folder.display()))?);
    }
    Ok(scripts)
}

/// The environment variable that makes all code be compiled in the form of functions that the optimiser could not afford.
const FRAME_FORM: &str = "GUSSET_FRAME_FORM";

/// A runner for each set of features that scripts do without.
pub(crate) fn runners(
    scripts: &[SuiteScript],
    configure: impl Fn(&mut Config),
) -> Result<BTreeMap<&'static [CoreFeature], WastRunner>, Box<dyn Error>> {
    let mut runners = BTreeMap::new();
    for without in scripts.iter().map(|script| script.without).collect::<BTreeSet<_>>() {
        let mut config = Config::new();
        config.frame_form(std::env::var_os(FRAME_FORM).is_some());
        configure(&mut config);
        for &feature in without {
            config.wasm_feature(feature, false);
        }
        // The official suite is for all that its revision specifies, but tells that nested names are refused. Getters and setters
        // came later (pull request 701).
        for &feature in ComponentFeature::ALL {
            use ComponentFeature::{Accessors, Gc, NestedNames};
            config.component_feature(feature, !matches!(feature, Accessors | Gc | NestedNames));
        }
        let runner = WastRunner::with_config(&config, WastOptions::default()).map_err(|error| error.to_string())?;
        runners.insert(without, runner);
    }
    Ok(runners)
}

/// Runs one script and holds it against the lists.
fn script_test(run: &Arc<Run>, script: SuiteScript) -> Trial {
    let run = run.clone();
    Trial::test(script.name.clone(), move || {
        let runner = &run.runners[script.without];
        let report = match &script.text {
            ScriptText::Inline(text) => runner.run_text(&script.name, text),
            ScriptText::File(path) => runner.run_file(path).map_err(|error| error.to_string())?,
        };
        if let Some(reports) = &run.reports {
            let report = Report { file: script.name.clone(), ..report };
            reports.lock().unwrap_or_else(PoisonError::into_inner).push(report);
            return Ok(());
        }
        let verdict = run.known.judge(&script.name, &report);
        let mut totals = run.totals.lock().unwrap_or_else(PoisonError::into_inner);
        totals.add(&script.name, &report.counts, verdict.expected());
        drop(totals);
        if verdict.passed() { Ok(()) } else { Err(Failed::from(verdict.to_string())) }
    })
}

/// Writes the list of expected failures anew.
fn write_expected(reports: &mut [Report]) -> Result<(), Box<dyn Error>> {
    reports.sort_by(|a, b| a.file.cmp(&b.file));
    let mut superseded = KnownFailures::default();
    superseded.add(SUPERSEDED.0, SUPERSEDED.1)?;
    let list = expected_failures(reports, |script, line| superseded.lists(script, line));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(EXPECTED.0);
    std::fs::write(&path, &list)?;
    println!("wast: wrote {} lines to {}", list.lines().count(), path.display());
    Ok(())
}

/// The lists name only scripts that are there. Those of a suite that is not run cannot be checked.
fn lists_test(run: &Run, scripts: &[SuiteScript]) -> Trial {
    let names: BTreeSet<&str> = scripts.iter().map(|script| &*script.name).collect();
    let component_suite_runs = names.iter().any(|name| name.starts_with("component-model/"));
    let checkable = |name: &&str| component_suite_runs || !name.starts_with("component-model/");
    let unknown: Vec<&str> = run.known.scripts().filter(checkable).filter(|name| !names.contains(name)).collect();
    let text =
        (!unknown.is_empty()).then(|| format!("the lists name scripts that are not run: {}", unknown.join(", ")));
    Trial::test("lists", move || text.map_or(Ok(()), |text| Err(Failed::from(text))))
}
