//! `gusset run`: instantiates a component and calls one of its functions.

use crate::input;
use crate::output::print;
use crate::select::{CallableExport, functions, listing, select};
use anyhow::{Context, Result, bail};
use gusset::{Component, Engine, Linker, Store, Val, WaveCall};
use std::path::Path;
use std::process::ExitCode;

/// Calls what `invoke` says and prints the result.
pub(crate) fn run(path: &Path, invoke: Option<&str>) -> Result<ExitCode> {
    let shown = path.display();
    // The call is read first: it is at hand, and a typing error should not have to wait for a compilation.
    let call =
        invoke.map(|text| WaveCall::parse(text).context("cannot understand the call after --invoke")).transpose()?;
    let engine = input::engine()?;
    let component = input::component(&engine, path)?;
    let functions = functions(&component);
    let Some(call) = call else {
        bail!(
            "{shown}: running a program needs wasi:cli, which is not supported yet; call a function with \
             --invoke 'name(arguments)'; {}",
            listing(functions.iter())
        );
    };
    let function = select(&functions, call.name()).with_context(|| format!("cannot call a function of {shown}"))?;
    let name = function.name();
    let arguments = call.arguments(&function.ty).with_context(|| format!("cannot call `{name}`"))?;
    let result =
        call_function(&engine, &component, function, &arguments).with_context(|| format!("cannot run {shown}"))?;
    match result {
        Some(value) => print(format_args!("{value}\n"))?,
        None => print("()\n")?,
    }
    Ok(ExitCode::SUCCESS)
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
    let found = instance.get_func(&mut store, &function.path);
    let func = found.context("internal error: a listed export is not there")?;
    let mut results = vec![Val::Bool(false); usize::from(function.ty.result().is_some())];
    func.call(&mut store, arguments, &mut results)?;
    Ok(results.pop())
}
