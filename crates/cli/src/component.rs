//! `gusset component`: makes components of core modules, and shows the WIT of components and packages. Neither compiles anything.

mod encode;
mod new;
mod tools;
mod wit;

pub(crate) use encode::{EncodingOptions, encode};

use anyhow::Result;
use clap::Subcommand;
use std::process::ExitCode;

#[derive(Subcommand)]
pub(crate) enum ComponentCommand {
    /// Makes a component of a core module
    #[command(after_help = new::EXAMPLES)]
    New(new::NewArguments),
    /// Prints the WIT of a component, of a package, or of WIT files
    #[command(after_help = wit::EXAMPLES)]
    Wit(wit::WitArguments),
}

pub(crate) fn run(command: &ComponentCommand) -> Result<ExitCode> {
    match command {
        ComponentCommand::New(arguments) => new::run(arguments),
        ComponentCommand::Wit(arguments) => wit::run(arguments),
    }
}
