//! The `gusset` program: argument parsing, exit codes, and how errors are shown. What the commands do stands in their own
//! files; nothing here panics on any input.
#![deny(unsafe_code)]

mod adapters;
mod cache;
mod compile;
mod component;
mod engine;
mod error;
mod guess;
mod input;
mod inspect;
mod json_text;
mod output;
mod output_file;
mod precompiled;
mod progress;
mod quantity;
mod run;
mod sample;
mod select;
mod serve;
mod usage;
mod validate;
mod wast;

use clap::{Parser, Subcommand};
use gusset_wast::FeatureList;
use std::path::PathBuf;
use std::process::ExitCode;

/// Runs WebAssembly programs and components, and looks into them
#[derive(Parser)]
#[command(name = "gusset", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    #[command(about = run::ABOUT, after_help = run::EXAMPLES)]
    Run(run::RunArguments),
    #[command(about = serve::ABOUT, after_help = serve::EXAMPLES)]
    Serve(serve::ServeArguments),
    /// Compiles a component or core module ahead of time, to be run without compiling it
    #[command(after_help = compile::EXAMPLES)]
    Compile(compile::CompileArguments),
    /// Shows what a component or core module is: its imports and exports as WIT, and what is inside of it
    #[command(after_help = INSPECT_EXAMPLES)]
    Inspect {
        /// The component or core module, as .wasm or .wat; `-` for standard input
        file: PathBuf,
        /// Print JSON, as docs/inspect-json.md describes it
        #[arg(long)]
        json: bool,
    },
    /// Says whether a component or core module is valid: nothing but the exit code if it is
    #[command(after_help = VALIDATE_EXAMPLES)]
    Validate {
        /// The component or core module, as .wasm or .wat; `-` for standard input
        file: PathBuf,
        /// Ask also whether this program can run it, and print the first reason why not
        #[arg(long)]
        runnable: bool,
        /// Switch features on, or off with `-` before the name: names between commas, as for `gusset wast`
        #[arg(long, value_name = "LIST", allow_hyphen_values = true)]
        features: Vec<FeatureList>,
    },
    /// Makes components of core modules, and shows WIT
    Component {
        #[command(subcommand)]
        command: component::ComponentCommand,
    },
    /// Runs .wast scripts and reports each directive that does not hold
    #[command(after_help = WAST_EXAMPLES)]
    Wast(wast::WastArguments),
    /// Prints the adapter modules that Gusset makes for a component, as WAT
    #[command(after_help = ADAPTERS_EXAMPLES)]
    Adapters(adapters::AdaptersArguments),
    /// Shows or empties the cache of what `gusset run` has compiled
    #[command(after_help = cache::EXAMPLES)]
    Cache {
        #[command(subcommand)]
        command: cache::CacheCommand,
    },
}

const INSPECT_EXAMPLES: &str = "\
Examples:
  gusset inspect composed.wasm
  gusset inspect --json composed.wasm | jq '.exports[].name'

Nothing is compiled, so it also shows what this program cannot run. What WIT has no words for (core modules, components and
instances within instances) is written in its manner.";

const VALIDATE_EXAMPLES: &str = "\
Examples:
  gusset validate composed.wasm
  gusset validate --runnable composed.wasm
  gusset validate --features -async,-multi-memory composed.wasm

All that the specification has may be used unless --features switches it off. Exit codes: 0 it is valid (with --runnable, and can be
run), 1 it is not, 2 wrong usage.";

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
--features switches. A script that names a feature which is not known is skipped, unless there is --no-skip. `;;! wasi = true`
gives its core modules WASI.

The members of JSON and the elements of JUnit's XML are described in docs/wast-reports.md.

Folders are searched recursively. Exit codes: 0 all directives held or failed as listed, 1 not so or nothing ran, 2 wrong
usage.";

const ADAPTERS_EXAMPLES: &str = "\
Examples:
  gusset adapters composed.wasm
  gusset adapters --list composed.wasm
  gusset adapters --caller app --function parse composed.wasm

Each module is preceded by a comment line `caller -> callee function` for each of its adapters. Comments beside calls have their
offsets, as backtraces have them for frames within an adapter, and beside calls of trap functions which value is bad there, and why.";

fn main() -> ExitCode {
    let arguments = Arguments::try_parse().unwrap_or_else(|error| usage::explained(error).exit());
    let outcome = match arguments.command {
        Command::Run(arguments) => run::run(arguments),
        Command::Serve(arguments) => serve::run(arguments),
        Command::Compile(arguments) => compile::run(&arguments),
        Command::Component { command } => component::run(&command),
        Command::Wast(arguments) => wast::run(&arguments),
        Command::Inspect { file, json } => inspect::run(&file, json),
        Command::Validate { file, runnable, features } => validate::run(&file, &features, runnable),
        Command::Adapters(arguments) => adapters::run(&arguments),
        Command::Cache { command } => cache::run(&command),
    };
    outcome.unwrap_or_else(|error| error::report(&error))
}
