//! The `gusset` program: argument parsing, exit codes, and how errors are shown. What the commands do stands in their own
//! files; nothing here panics on any input.
#![forbid(unsafe_code)]

mod adapters;
mod error;
mod input;
mod output;
mod run;
mod select;
mod wast;

use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Runs WebAssembly components and looks into them
#[derive(Parser)]
#[command(name = "gusset", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Calls an exported function of a component and prints its result as WAVE
    #[command(after_help = RUN_EXAMPLES)]
    Run {
        /// The component, as .wasm or .wat
        file: PathBuf,
        /// The call: a function's name and its arguments, written as WAVE values
        #[arg(long, value_name = "CALL")]
        invoke: Option<String>,
    },
    /// Runs .wast scripts and reports each directive that does not hold
    #[command(after_help = WAST_EXAMPLES)]
    Wast(wast::WastArguments),
    /// Prints the adapter modules that Gusset makes for a component, as WAT
    #[command(after_help = ADAPTERS_EXAMPLES)]
    Adapters {
        /// The component, as .wasm or .wat
        file: PathBuf,
    },
}

const RUN_EXAMPLES: &str = "\
Examples:
  gusset run math.wasm --invoke 'add(1, 2)'
  gusset run text.wasm --invoke 'docs:text/parse#parse(\"a b\", {lower-case: true})'

A function of an exported interface is named `namespace:package/interface#function`. The function's own name is enough
where only one export has it.

Exit codes: 0 the call returned, 1 an error, 2 wrong usage, 134 the guest trapped.";

const WAST_EXAMPLES: &str = "\
Examples:
  gusset wast test.wast
  gusset wast tests/ --jobs 4 --compare-messages
  gusset wast tests/ --known-failures known.txt
  gusset wast tests/ --features -multi-memory,extended-const
  gusset wast tests/ --format junit > report.xml

A listed path means every script whose path ends in it. A listed line that passes, or at which no directive starts, fails
the run like a failure that is not listed; scripts that are not run are not asked about.

Lines `;;! feature = false` at the head of a script switch features off, such as multi_memory, and come on top of those that
--features switches. A script that names a feature which is not known is skipped, unless there is --no-skip.

The members of JSON and the elements of JUnit's XML are described in docs/wast-reports.md.

Folders are searched recursively. Exit codes: 0 all directives held or failed as listed, 1 not so or nothing ran, 2 wrong
usage.";

const ADAPTERS_EXAMPLES: &str = "\
Example:
  gusset adapters composed.wasm

Each module is preceded by a comment line `caller -> callee function` for each of its adapters.";

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Run { file, invoke } => run::run(&file, invoke.as_deref()),
        Command::Wast(arguments) => wast::run(&arguments),
        Command::Adapters { file } => adapters::run(&file),
    };
    outcome.unwrap_or_else(|error| error::report(&error))
}
