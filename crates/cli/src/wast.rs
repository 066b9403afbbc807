//! `gusset wast`: runs scripts and reports what did not hold, for people or for programs.

mod jobs;
mod json;
mod junit;
mod scripts;
mod text;

use crate::engine::fit_address_space;
use crate::input::STDIN;
use crate::output::print;
use anyhow::Result;
use clap::{Args, ValueEnum};
use gusset::Config;
use gusset_wast::{
    Counts, FeatureList, KnownFailures, Messages, Report, Verdict, WastOptions, WastRunner, read_text, read_text_from,
};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
pub(crate) struct WastArguments {
    /// Scripts, and folders that are searched for them; `-` for standard input
    #[arg(required = true, value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
    /// Compare the messages of assert_invalid, assert_malformed and assert_unlinkable too
    #[arg(long)]
    compare_messages: bool,
    /// Compare no messages, those of assert_trap included: any trap is the right one
    #[arg(long, conflicts_with = "compare_messages")]
    ignore_messages: bool,
    /// Switch features on, or off with `-` before the name: names between commas, as at the head of scripts
    #[arg(long, value_name = "LIST", allow_hyphen_values = true)]
    features: Vec<FeatureList>,
    /// Run up to N scripts at once
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: u16,
    /// Expect the failures that this file lists, one `path:line reason` or `path:first-last reason` a line; can be repeated
    #[arg(long, value_name = "FILE")]
    known_failures: Vec<PathBuf>,
    /// How to report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// End with the counts of each script by kind of directive
    #[arg(long)]
    summary: bool,
    /// Show the adapters of what fails, as WAT
    #[arg(long)]
    show_adapters: bool,
    /// Print each call between components, with its arguments and result as WAVE; such calls go through the host then
    #[arg(long)]
    trace: bool,
    /// Run scripts that are for engines with other features too: what is lacking fails
    #[arg(long)]
    no_skip: bool,
    /// Let core modules import from named ones without `register`, as scripts of some engines do
    #[arg(long)]
    link_by_name: bool,
}

/// How reports are written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people, each script as it is done
    Text,
    /// One JSON document at the end
    Json,
    /// JUnit's XML at the end
    Junit,
}

/// What all scripts add up to.
#[derive(Default)]
struct Summary {
    counts: Counts,
    scripts: usize,
    passed: usize,
    skipped: usize,
    /// Failures that the lists know.
    expected: u64,
    /// The counts of each script, where they are asked for.
    by_script: Vec<(String, Counts)>,
}

impl Summary {
    fn add(&mut self, verdict: &Verdict<'_>) {
        self.counts.add(&verdict.report().counts);
        self.scripts += 1;
        self.expected += verdict.expected();
        self.passed += usize::from(verdict.passed());
        self.skipped += usize::from(verdict.skipped().is_some());
    }

    /// Whether the run as a whole has passed.
    fn held(&self) -> bool {
        self.passed > 0 && self.passed + self.skipped == self.scripts
    }
}

/// A script that was run, and the name by which lists know it.
struct Done {
    report: Report,
    name: String,
}

/// Runs every script that is named and holds it against the lists of known failures.
pub(crate) fn run(arguments: &WastArguments) -> Result<ExitCode> {
    let known = known_failures(&arguments.known_failures)?;
    let scripts = scripts::find(&arguments.paths)?;
    let runner = runner(arguments)?;
    let work = |script: &PathBuf| -> Result<Done> {
        let report = match script.as_os_str() == STDIN {
            true => runner.run_text("<stdin>", &read_text_from(std::io::stdin().lock(), "<stdin>")?),
            false => runner.run_file(script)?,
        };
        // Lists name scripts by the end of their paths, however the script was named here.
        let full = std::path::absolute(script).unwrap_or_else(|_| script.clone());
        Ok(Done { report, name: full.to_string_lossy().into_owned() })
    };
    let jobs = usize::from(arguments.jobs);
    let (mut summary, mut kept) = (Summary::default(), Vec::new());
    jobs::in_order(&scripts, jobs, work, |done| {
        let done = done?;
        let verdict = known.judge(&done.name, &done.report);
        summary.add(&verdict);
        if arguments.summary {
            summary.by_script.push((done.report.file.clone(), done.report.counts.clone()));
        }
        if arguments.format == Format::Text {
            print(text::Part(&verdict))?;
        } else {
            kept.push(done);
        }
        anyhow::Ok(())
    })?;
    let verdicts: Vec<Verdict<'_>> = kept.iter().map(|done| known.judge(&done.name, &done.report)).collect();
    match arguments.format {
        Format::Text => print(text::Ending(&summary))?,
        Format::Json => print(json::Document { summary: &summary, verdicts: &verdicts })?,
        Format::Junit => print(junit::Suites { verdicts: &verdicts })?,
    }
    Ok(if summary.held() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The runner with the settings that the arguments make.
fn runner(arguments: &WastArguments) -> Result<WastRunner> {
    let mut config = Config::new();
    arguments.features.iter().for_each(|list| list.apply(&mut config));
    fit_address_space(&mut config);
    let messages = match (arguments.ignore_messages, arguments.compare_messages) {
        (true, _) => Messages::Ignored,
        (false, false) => Messages::OfTraps,
        (false, true) => Messages::All,
    };
    let (show_adapters, run_all, trace) = (arguments.show_adapters, arguments.no_skip, arguments.trace);
    let link_by_name = arguments.link_by_name;
    let options = WastOptions { messages, show_adapters, run_all, trace, link_by_name };
    WastRunner::with_config(&config, options)
}

/// Reads the lists of known failures.
fn known_failures(lists: &[PathBuf]) -> Result<KnownFailures> {
    let mut known = KnownFailures::default();
    for list in lists {
        let text = read_text(list)?;
        known.add(&list.display().to_string(), &text)?;
    }
    Ok(known)
}
