//! `gusset run` of components: calls one of their functions.

use super::arguments::Invocation;
use super::limits::GuestLimits;
use super::unlinked;
use crate::error::WrongUsage;
use crate::output::print;
use crate::select::listing;
use crate::{guess, sample};
use anyhow::{Context, Result};
use gusset::{CallableExport, Component, Engine, Linker, Store, Val, WaveCall};
use std::process::ExitCode;

/// What the interface of programs is called, before its version.
pub(super) const WASI_RUN: &str = "wasi:cli/run@";

/// Whether the words can be a call of a component's function: what can be told before it is compiled.
pub(super) fn check(invocation: &Invocation) -> Result<()> {
    // A number that stands for itself is told what it could be given to.
    if invocation.options.invoke.is_some() || invocation.first_word().is_some_and(guess::is_name) {
        invocation.refuse_words(", as WAVE")?;
    }
    if let Some(grant) = invocation.first_grant() {
        let message = format!("{grant} is for programs that are core modules: components have no WASI yet");
        return Err(WrongUsage(message).into());
    }
    invocation.options.invoke.as_ref().map_or(Ok(()), |text| parse(invocation, text).map(drop))
}

/// Calls the function that is asked for and prints the result.
pub(super) fn run(
    invocation: &Invocation,
    engine: &Engine,
    shown: &str,
    component: &Component,
    limits: &GuestLimits<'_>,
) -> Result<ExitCode> {
    let path = &invocation.path;
    let Some(text) = &invocation.options.invoke else {
        return Err(invocation.nothing_called(what_to_call(invocation, shown, component)));
    };
    let call = parse(invocation, text)?;
    let function = component.find_func(call.name()).with_context(|| format!("cannot call a function of {shown}"))?;
    let name = function.name();
    let arguments = call.arguments(&function.ty).with_context(|| match sample::call(&name, &function.ty) {
        Some(example) => format!("cannot call `{name}` so; a call of it looks like {}", guess::in_shell(&example)),
        None => format!("cannot call `{name}`"),
    })?;
    let result = call_function(engine, component, &function, &arguments, limits);
    match result.map_err(|error| unlinked::explain(error, path, shown, component))? {
        Some(value) => print(format_args!("{value}\n"))?,
        None => print("()\n")?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The call that stands after `--invoke`.
fn parse<'a>(invocation: &Invocation, text: &'a str) -> Result<WaveCall<'a>> {
    WaveCall::parse(text).with_context(|| {
        let words: Vec<String> = text.split_whitespace().map(String::from).collect();
        match words.is_empty() || text.contains('(') {
            true => "cannot understand the call after --invoke".to_string(),
            false => {
                let command = guess::with_call(&invocation.typed_file(), &words);
                format!("cannot understand the call after --invoke; did you mean\n\n  {command}\n")
            }
        }
    })
}

/// What to say where nothing says what to call.
fn what_to_call(invocation: &Invocation, shown: &str, component: &Component) -> String {
    let functions = &component.funcs().collect::<Vec<_>>()[..];
    if functions.iter().any(|function| function.name().starts_with(WASI_RUN)) {
        return format!(
            "{shown} is a program that needs WASI 0.2, which is not supported yet; `--invoke` before the file calls other functions; {}",
            listing(functions)
        );
    }
    if functions.is_empty() {
        return format!("{shown} exports no functions, so there is nothing to call; `gusset inspect` shows what it is");
    }
    if let Some(advice) = unlinked::advice(&invocation.path, shown, component) {
        return format!("{advice}\n\n{}", listing(functions));
    }
    let file = invocation.typed_file();
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
    limits: &GuestLimits<'_>,
) -> Result<Option<Val>> {
    let mut store = Store::new(engine, limits.limiter());
    limits.begin(&mut store, |limiter| limiter)?;
    let instance = Linker::new(engine).instantiate(&mut store, component)?;
    let found = instance.get_func(&mut store, function);
    let func = found.context("internal error: a listed export is not there")?;
    let mut results = vec![Val::Bool(false); usize::from(function.ty.result().is_some())];
    func.call(&mut store, arguments, &mut results)?;
    Ok(results.pop())
}
