//! `gusset adapters`: shows the functions that join a component's lowerings to its liftings.

use crate::engine::{self, CommandEngine};
use crate::input;
use crate::output::print;
use anyhow::Result;
use clap::Args;
use gusset::{AdapterName, AdapterSource, Printable};
use gusset_wast::{FeatureList, adapter_sizes, some_adapters_text};
use std::path::PathBuf;
use std::process::ExitCode;

/// How much of a function's type a line shows, in characters. Types of interfaces can fill pages.
const TYPE_SHOWN: usize = 160;

#[derive(Args)]
pub(crate) struct AdaptersArguments {
    /// The component, as .wasm or .wat; `-` for standard input
    file: PathBuf,
    /// One line for each adapter: who calls which function of whom, its type, and how many bytes of core wasm the adapter is, without
    /// what adapters share
    #[arg(long)]
    list: bool,
    /// Only adapters whose caller has TEXT in its name
    #[arg(long, value_name = "TEXT")]
    caller: Option<String>,
    /// Only adapters whose callee has TEXT in its name
    #[arg(long, value_name = "TEXT")]
    callee: Option<String>,
    /// Only adapters whose function has TEXT in its name
    #[arg(long, value_name = "TEXT")]
    function: Option<String>,
    /// Switch features on, or off with `-` before the name: names between commas, as for `gusset wast`
    #[arg(long, value_name = "LIST", allow_hyphen_values = true)]
    features: Vec<FeatureList>,
}

impl AdaptersArguments {
    fn wants(&self, name: &AdapterName) -> bool {
        let wanted = [(&self.caller, &name.caller), (&self.callee, &name.callee), (&self.function, &name.function)];
        wanted.into_iter().all(|(text, name)| text.as_ref().is_none_or(|text| name.contains(text)))
    }
}

/// Prints the adapters of a component that are asked for, as WAT or a line each.
pub(crate) fn run(arguments: &AdaptersArguments) -> Result<ExitCode> {
    let engine = CommandEngine::new(engine::config(&arguments.features))?;
    let (shown, component) = input::component(&engine.engine, &arguments.file)?;
    drop(engine.compiled());
    let mut text = String::new();
    for (number, module) in component.adapters().iter().enumerate() {
        let part = match arguments.list {
            true => list(arguments, module)?,
            false => some_adapters_text(number, module, |name| arguments.wants(name))?,
        };
        if !text.is_empty() && !part.is_empty() && !arguments.list {
            text.push('\n');
        }
        text.push_str(&part);
    }
    if text.is_empty() {
        let shown = Printable::message(&shown);
        text = match component.adapters().is_empty() {
            true => format!(";; {shown} needs no adapters\n"),
            false => format!(";; no adapter of {shown} has such names; --list shows which there are\n"),
        };
    }
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// A line for each adapter of a module that is asked for.
fn list(arguments: &AdaptersArguments, module: &AdapterSource) -> Result<String> {
    let sizes = adapter_sizes(module)?;
    let mut lines = String::new();
    for ((name, ty), size) in module.names.iter().zip(&module.types).zip(sizes) {
        if arguments.wants(name) {
            let name = Printable::message(&name.to_string()).to_string();
            let ty = ty.as_ref().map(|ty| format!(": {}", brief(&ty.to_string()))).unwrap_or_default();
            lines.push_str(&format!("{name}{ty}, {size} bytes\n"));
        }
    }
    Ok(lines)
}

/// A type, cut where it gets long.
fn brief(ty: &str) -> String {
    match ty.char_indices().nth(TYPE_SHOWN) {
        Some((end, _)) => format!("{}…", Printable::message(&ty[..end])),
        None => Printable::message(ty).to_string(),
    }
}
