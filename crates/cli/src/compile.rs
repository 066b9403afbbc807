//! `gusset compile`: leaves what `gusset run --allow-precompiled` takes, and what a host deserialises.

use crate::error::WrongUsage;
use crate::input::{self, STDIN};
use crate::output_file;
use anyhow::{Context, Result};
use clap::Args;
use gusset::{Config, Engine, WasmBacktraceDetails};
use gusset_wast::FeatureList;
use std::path::PathBuf;
use std::process::ExitCode;

/// What names of precompiled files end with, unless another name is asked for.
const EXTENSION: &str = "gusset";

pub(crate) const EXAMPLES: &str = "\
Examples:
  gusset compile plugin.wasm
  gusset compile plugin.wasm -o out/plugin.gusset --target-cpu x86-64-v2
  gusset run --allow-precompiled out/plugin.gusset

What is written runs in this version of Gusset only, with the settings that it was compiled with, and on processors that have what
--target-cpu names. A file that somebody may be running is replaced, and never written to. Who copies one over it (cp, rsync --inplace)
ends what runs: copy it beside, and rename it (mv).
Nothing is printed but errors. Exit codes: 0 it is written, 1 it is not, 2 wrong usage.";

/// What `--target` takes, which is what was built in.
const TARGET_HELP: &str = if cfg!(feature = "cross-compile") {
    "The machine that it is for, such as `aarch64-unknown-linux-gnu` [default: this one]"
} else {
    "The machine that it is for, of this one's architecture: this program was built without Cargo's feature `cross-compile` \
     [default: this one]"
};

#[derive(Args)]
pub(crate) struct CompileArguments {
    /// The component or core module, as .wasm or .wat; `-` for standard input
    file: PathBuf,
    /// Where to write it; `-` for standard output [default: FILE with the ending .gusset]
    #[arg(short, long, value_name = "OUTPUT")]
    output: Option<PathBuf>,
    /// The machine that it is for [default: this one]
    #[arg(long, value_name = "TRIPLE", help = TARGET_HELP)]
    target: Option<String>,
    /// The processor that it is for, such as `x86-64-v2` or `baseline` [default: this one; of another --target, baseline]
    #[arg(long, value_name = "CPU")]
    target_cpu: Option<String>,
    /// Make code that `gusset run --timeout` can stop, and that runs with it only
    #[arg(long)]
    timeout: bool,
    /// Make code that `gusset run --fuel` can stop, and that runs with it only
    #[arg(long)]
    fuel: bool,
    /// Switch features on, or off with `-` before the name: names between commas, as for `gusset wast`
    #[arg(long, value_name = "LIST", allow_hyphen_values = true)]
    features: Vec<FeatureList>,
}

/// Compiles the file and writes what comes of it.
pub(crate) fn run(arguments: &CompileArguments) -> Result<ExitCode> {
    let output = output(arguments)?;
    output_file::check_differs(Some(&output), &arguments.file)?;
    let file = input::any(&arguments.file)?;
    let mut config = Config::new();
    arguments.features.iter().for_each(|list| list.apply(&mut config));
    if let Some(target) = &arguments.target {
        config.target(target);
    }
    if let Some(cpu) = &arguments.target_cpu {
        config.target_cpu(cpu);
    }
    config.epoch_interruption(arguments.timeout).consume_fuel(arguments.fuel);
    config.wasm_backtrace_details(WasmBacktraceDetails::Environment);
    let _bar = crate::progress::CompileBar::new(&mut config);
    let engine = Engine::new(&config).context("cannot compile with these options")?;
    let artifact = file.source.precompile(&engine).map_err(|error| file.refused(error))?;
    output_file::write_binary(Some(&output), "machine code", &artifact)?;
    Ok(ExitCode::SUCCESS)
}

fn output(arguments: &CompileArguments) -> Result<PathBuf, WrongUsage> {
    match &arguments.output {
        Some(output) => Ok(output.clone()),
        None if arguments.file.as_os_str() == STDIN => Err(WrongUsage(
            "what comes from standard input has no name: say where to write it, with `-o OUTPUT`".into(),
        )),
        None => Ok(arguments.file.with_extension(EXTENSION)),
    }
}
