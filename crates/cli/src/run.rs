//! `gusset run`: instantiates a component and calls one of its functions.

mod unlinked;

use crate::error::WrongUsage;
use crate::output::print;
use crate::select::listing;
use crate::{guess, input, sample};
use anyhow::{Context, Result, bail};
use clap::Args;
use gusset::{CallableExport, Component, Engine, Linker, Store, Val, WaveCall};
use gusset_wast::FeatureList;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What the interface of programs is called, before its version.
const WASI_RUN: &str = "wasi:cli/run@";

#[derive(Args)]
pub(crate) struct RunArguments {
    /// The component, as .wasm or .wat; `-` for standard input
    file: PathBuf,
    /// The call: a function's name and its arguments, written as WAVE values
    #[arg(long, value_name = "CALL")]
    invoke: Option<String>,
    /// Switch features on, or off with `-` before the name: names between commas, as for `gusset wast`
    #[arg(long, value_name = "LIST", allow_hyphen_values = true)]
    features: Vec<FeatureList>,
    /// What belongs into the call, so that its place can be told
    #[arg(hide = true, allow_negative_numbers = true)]
    words: Vec<String>,
}

/// Calls the function that is asked for and prints the result.
pub(crate) fn run(arguments: &RunArguments) -> Result<ExitCode> {
    let RunArguments { file: path, invoke, features, words } = arguments;
    if !words.is_empty() {
        let words: Vec<String> = invoke.iter().chain(words).cloned().collect();
        let command = guess::with_call(&guess::file_in_shell(path), &words);
        let message = format!("a call is one argument, with its values in parentheses, as WAVE:\n\n  {command}\n");
        return Err(WrongUsage(message).into());
    }
    // The call is read first: it is at hand, and a typing error should not have to wait for a compilation.
    let call = invoke.as_ref().map(|text| parse(path, text)).transpose()?;
    let engine = input::engine(features)?;
    let (shown, component) = input::component(&engine, path)?;
    let Some(call) = call else { bail!(what_to_call(path, &shown, &component)) };
    let function = component.find_func(call.name()).with_context(|| format!("cannot call a function of {shown}"))?;
    let name = function.name();
    let arguments = call.arguments(&function.ty).with_context(|| match sample::call(&name, &function.ty) {
        Some(example) => format!("cannot call `{name}` so; a call of it looks like {}", guess::in_shell(&example)),
        None => format!("cannot call `{name}`"),
    })?;
    let result = call_function(&engine, &component, &function, &arguments);
    match result.map_err(|error| unlinked::explain(error, path, &shown, &component))? {
        Some(value) => print(format_args!("{value}\n"))?,
        None => print("()\n")?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The call that stands after `--invoke`.
fn parse<'a>(path: &Path, text: &'a str) -> Result<WaveCall<'a>> {
    WaveCall::parse(text).with_context(|| {
        let words: Vec<String> = text.split_whitespace().map(String::from).collect();
        match words.is_empty() || text.contains('(') {
            true => "cannot understand the call after --invoke".to_string(),
            false => {
                let command = guess::with_call(&guess::file_in_shell(path), &words);
                format!("cannot understand the call after --invoke; did you mean\n\n  {command}\n")
            }
        }
    })
}

/// What to say where nothing says what to call.
fn what_to_call(path: &Path, shown: &str, component: &Component) -> String {
    let functions = &component.funcs().collect::<Vec<_>>()[..];
    if functions.iter().any(|function| function.name().starts_with(WASI_RUN)) {
        return format!(
            "{shown} is a program: running one needs WASI, which is not supported yet; `--invoke` calls other functions; {}",
            listing(functions)
        );
    }
    if functions.is_empty() {
        return format!("{shown} exports no functions, so there is nothing to call; `gusset inspect` shows what it is");
    }
    if let Some(advice) = unlinked::advice(path, shown, component) {
        return format!("{advice}\n\n{}", listing(functions));
    }
    let file = guess::file_in_shell(path);
    // A function of the component itself is told first: its name is short.
    let (own, others): (Vec<_>, Vec<_>) = functions.iter().partition(|function| !function.name().contains('#'));
    let example = own.into_iter().chain(others).find_map(|function| sample::call(&function.name(), &function.ty));
    let example = example.map(|call| format!("\n\n  gusset run {file} --invoke {}\n", guess::in_shell(&call)));
    let example = example.unwrap_or_else(|| " with --invoke 'name(arguments)'\n".into());
    format!("{shown} is a library: say which of its functions to call, for example{example}\n{}", listing(functions))
}

/// Instantiates the component with nothing to import and calls the function.
fn call_function(
    engine: &Engine,
    component: &Component,
    function: &CallableExport,
    arguments: &[Val],
) -> Result<Option<Val>> {
    let mut store = Store::new(engine, ());
    let instance = Linker::new(engine).instantiate(&mut store, component)?;
    let found = instance.get_func(&mut store, function);
    let func = found.context("internal error: a listed export is not there")?;
    let mut results = vec![Val::Bool(false); usize::from(function.ty.result().is_some())];
    func.call(&mut store, arguments, &mut results)?;
    Ok(results.pop())
}
