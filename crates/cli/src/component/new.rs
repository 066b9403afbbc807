//! `gusset component new`: writes the component that a core module becomes.

use super::encode::{EncodingOptions, NamedAdapter, Preview1Adapter, encode, lost_functions};
use crate::error::WrongUsage;
use crate::input::{self, InputFile, STDIN};
use crate::output_file::{check_differs, write_binary, write_text};
use anyhow::{Context, Result};
use clap::{ArgAction, Args};
use gusset::Printable;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub(crate) const EXAMPLES: &str = "\
Examples:
  gusset component new program.wasm -o command.wasm
  gusset component new library.wasm --adapt old_host=adapter.wasm -o component.wasm

The module says in custom sections which world it is for, as wit-bindgen and `wasm-tools component embed` leave them. What it imports beside
that world comes from adapters. For WASI preview1 this program has three of its own: a module that exports `_start` becomes a command, which
exports `wasi:cli/run`, any other one a component that exports what its world says. Exit codes: 0 it is written, 1 it is not, 2 wrong usage.";

const PREVIEW1_HELP: &str = "\
The adapter for WASI preview1, where --adapt names none: command, reactor, or proxy, which has what `wasi:http/proxy` has [default: \
command if the module exports `_start`, else reactor]";

#[derive(Args)]
pub(crate) struct NewArguments {
    /// The core module, as .wasm or .wat; `-` for standard input
    file: PathBuf,
    /// Where to write the component; `-` for standard output [default: standard output, unless that is a terminal]
    #[arg(short, long, value_name = "OUTPUT")]
    output: Option<PathBuf>,
    /// A core module for what is imported from NAME, which is else the file's name up to its first dot
    #[arg(long, value_name = "[NAME=]FILE", value_parser = AdapterArgument::parse)]
    adapt: Vec<AdapterArgument>,
    #[arg(long, value_name = "KIND", hide_possible_values = true, help = PREVIEW1_HELP)]
    preview1: Option<Preview1Adapter>,
    /// Write the component as text
    #[arg(short = 't', long)]
    wat: bool,
    /// Do not validate the component
    #[arg(long)]
    skip_validation: bool,
    /// Let adapters get memory by `memory.grow`, and not by the module's `cabi_realloc`
    #[arg(long)]
    realloc_via_memory_grow: bool,
    /// Whether imports of an interface in versions that fit one another become one [default: true]
    #[arg(
        long,
        value_name = "BOOL",
        action = ArgAction::Set,
        num_args = 0..=1,
        require_equals = true,
        default_value_t = true,
        default_missing_value = "true",
        hide_default_value = true
    )]
    merge_imports_based_on_semver: bool,
    /// Take only the names of core imports and exports that the component model's specification has
    #[arg(long)]
    reject_legacy_names: bool,
    /// Let the component import NEW where it would import the instance OLD
    #[arg(long, value_name = "OLD=NEW", value_parser = parse_renaming)]
    import_name: Vec<(String, String)>,
}

/// `[NAME=]FILE`.
#[derive(Clone)]
struct AdapterArgument {
    name: String,
    path: PathBuf,
}

impl AdapterArgument {
    fn parse(text: &str) -> Result<AdapterArgument, &'static str> {
        let file_name = |path| Path::new(path).file_name()?.to_str()?.split('.').next();
        let (name, path) = text.split_once('=').unwrap_or_else(|| (file_name(text).unwrap_or_default(), text));
        if name.is_empty() || path.is_empty() {
            return Err("expected `FILE` or `NAME=FILE`");
        }
        Ok(AdapterArgument { name: name.into(), path: path.into() })
    }

    fn read(&self) -> Result<NamedAdapter> {
        let file = input::any(&self.path)?;
        let wasm = file.source.to_wasm().with_context(|| file.refusal("cannot take as an adapter"))?.into_owned();
        Ok(NamedAdapter { name: self.name.clone(), wasm })
    }
}

fn parse_renaming(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((old, new)) if !old.is_empty() && !new.is_empty() => Ok((old.into(), new.into())),
        _ => Err("expected `OLD=NEW`"),
    }
}

pub(super) fn run(arguments: &NewArguments) -> Result<ExitCode> {
    let output = arguments.output.as_deref();
    let inputs = || arguments.adapt.iter().map(|adapter| &*adapter.path).chain([&*arguments.file]);
    inputs().try_for_each(|input| check_differs(output, input))?;
    if inputs().filter(|path| path.as_os_str() == STDIN).count() > 1 {
        return Err(WrongUsage("standard input, which is `-`, can be read only once".into()).into());
    }
    let file = input::any(&arguments.file)?;
    let component = encode(&file, &arguments.options()?)?;
    warn_of_lost(&file)?;
    match arguments.wat {
        false => write_binary(output, "a component", &component)?,
        true => write_text(output, &wasmprinter::print_bytes(&component).context("cannot write it as text")?)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Says which functions of the module are none of the component's, as nobody would expect.
fn warn_of_lost(file: &InputFile) -> Result<()> {
    let lost = lost_functions(file)?;
    let Some(first) = lost.first() else { return Ok(()) };
    let others = if lost.len() > 1 { format!(" and {} more", lost.len() - 1) } else { String::new() };
    let message = format!(
        "warning: {} does not say which world it is for, so that the component exports nothing of it: not `{}`{others}; `wasm-tools component embed` \
         writes a world into a module\n",
        file.name,
        Printable::name(first)
    );
    // When stderr is gone there is nobody to tell.
    let _ = std::io::stderr().write_all(message.as_bytes());
    Ok(())
}

impl NewArguments {
    fn options(&self) -> Result<EncodingOptions> {
        Ok(EncodingOptions {
            adapters: self.adapt.iter().map(AdapterArgument::read).collect::<Result<_>>()?,
            preview1: self.preview1,
            validate: !self.skip_validation,
            realloc_via_memory_grow: self.realloc_via_memory_grow,
            split_imports_of_other_versions: !self.merge_imports_based_on_semver,
            reject_legacy_names: self.reject_legacy_names,
            import_names: self.import_name.iter().cloned().collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adapters_are_named_or_called_as_their_file() {
        for (text, name, path) in [
            ("wasi_snapshot_preview1.reactor.wasm", "wasi_snapshot_preview1", "wasi_snapshot_preview1.reactor.wasm"),
            ("a/b.c/host.wat", "host", "a/b.c/host.wat"),
            ("env=a=b.wasm", "env", "a=b.wasm"),
        ] {
            let adapter = AdapterArgument::parse(text).expect(text);
            assert_eq!((&*adapter.name, &*adapter.path), (name, Path::new(path)), "{text}");
        }
        for text in ["", "=", "=a.wasm", "a=", ".wasm", ".."] {
            assert!(AdapterArgument::parse(text).is_err(), "{text}");
        }
    }
}
