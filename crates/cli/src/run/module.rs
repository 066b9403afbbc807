//! `gusset run` of core modules: programs, which have WASI, and calls of what libraries export.

use super::arguments::Invocation;
use super::core_call::{self, CoreCall};
use super::{grants, unlinked_module};
use crate::guess;
use crate::output::print;
use anyhow::{Context, Error, Result, bail};
use gusset::core::{ExternType, FuncType, Instance, Linker, Module, Val};
use gusset::{Engine, LinkError, Store};
use gusset_wasi::{Exit, WasiCtx, preview0, preview1};

use std::process::ExitCode;

/// What a program exports for its host to call.
pub(super) const START: &str = "_start";

/// What a library exports that has to be called before anything else of it: then it is a reactor.
const INITIALIZE: &str = "_initialize";

/// What is done with a module.
enum ModuleTask {
    /// It is a program.
    Program,
    /// Its start function is all there is.
    Instantiate,
    Call(CoreCall),
}

/// Runs the module, or calls the function that is asked for and prints its results.
pub(super) fn run(invocation: &Invocation, engine: &Engine, shown: &str, module: &Module) -> Result<ExitCode> {
    let linker = linker(engine)?;
    let mut store = Store::new(engine, WasiCtx::new(&grants::config(invocation)?));
    let task = match &invocation.options.invoke {
        Some(text) => {
            let words = invocation.call_words();
            ModuleTask::Call(CoreCall::parse(module, shown, &invocation.typed_file(), text, &words[1..])?)
        }
        None if exports_function(module, START) => ModuleTask::Program,
        None if core_call::functions(module).next().is_none() && module.has_start_function() => ModuleTask::Instantiate,
        None => bail!(what_to_call(invocation, shown, module, &linker, &mut store)),
    };
    let outcome = perform(&task, &linker, &mut store, module);
    let exit = Exit::of(outcome).map_err(|error| explain(error, shown, module, &linker, &mut store))?;
    // As much of it as a process can tell.
    Ok(ExitCode::from(exit.code() as u8))
}

/// `error`, which came of running the module, with what to do if something was not there to import.
fn explain(error: Error, shown: &str, module: &Module, linker: &Linker<WasiCtx>, store: &mut Store<WasiCtx>) -> Error {
    if let Some(link_error) = error.downcast_ref::<LinkError>()
        && let Some(advice) = unlinked_module::advice(shown, module, linker, store)
    {
        // It lists all that the error does.
        let place = link_error.location().map_or_else(String::new, |place| format!("\n{}", place.excerpt()));
        return Error::msg(format!("{advice}{place}"));
    }
    error.context(format!("cannot run {shown}"))
}

/// Everything that a core module can import here.
fn linker(engine: &Engine) -> Result<Linker<WasiCtx>> {
    let mut linker = Linker::new(engine);
    preview1::add_to_linker(&mut linker, |ctx| ctx)?;
    preview0::add_to_linker(&mut linker, |ctx| ctx)?;
    Ok(linker)
}

pub(super) fn exports_function(module: &Module, name: &str) -> bool {
    core_call::functions(module).any(|(known, _)| known == name)
}

fn perform(task: &ModuleTask, linker: &Linker<WasiCtx>, store: &mut Store<WasiCtx>, module: &Module) -> Result<()> {
    let instance = linker.instantiate(&mut *store, module)?;
    match task {
        ModuleTask::Instantiate => Ok(()),
        ModuleTask::Program => call_plain(store, instance, START),
        ModuleTask::Call(call) => {
            if call.name != INITIALIZE && exports_function(module, INITIALIZE) {
                call_plain(store, instance, INITIALIZE)?;
            }
            let func = instance.get_func(&mut *store, &call.name);
            let func = func.context("internal error: a listed export is not there")?;
            let mut results = vec![Val::I32(0); call.ty.results.len()];
            func.call(&mut *store, &call.arguments, &mut results)?;
            results.iter().try_for_each(|value| print(format_args!("{}\n", core_call::result_text(value))))
        }
    }
}

/// Calls an export that takes nothing and returns nothing.
fn call_plain(store: &mut Store<WasiCtx>, instance: Instance, name: &str) -> Result<()> {
    let func = instance.get_func(&mut *store, name).context("internal error: a listed export is not there")?;
    let ty = func.ty(&*store)?;
    if ty != (FuncType { params: [].into(), results: [].into() }) {
        bail!("`{name}` is a {}, and not a (func) as it should be", ExternType::Func(ty));
    }
    func.call(store, &[], &mut [])
}

/// What to say where nothing says what to call.
fn what_to_call(
    invocation: &Invocation,
    shown: &str,
    module: &Module,
    linker: &Linker<WasiCtx>,
    store: &mut Store<WasiCtx>,
) -> String {
    let functions: Vec<_> = core_call::functions(module).filter(|(name, _)| *name != INITIALIZE).collect();
    let reactor = exports_function(module, INITIALIZE);
    let kind = if reactor { "a reactor: a library whose `_initialize` is called first" } else { "a library" };
    if functions.is_empty() {
        let what = if reactor { "is a reactor, but exports no other functions" } else { "exports no functions" };
        return format!("{shown} {what}, so there is nothing to call; `gusset inspect` shows what it is");
    }
    if let Some(advice) = unlinked_module::advice(shown, module, linker, store) {
        return format!("{advice}\n\n{}", core_call::listing(&functions));
    }
    let file = invocation.typed_file();
    let example = functions.iter().find_map(|(name, ty)| core_call::sample(name, ty));
    let example = example.map(|call| format!("\n\n  gusset run {file} --invoke {}\n", guess::in_shell(&call)));
    let example = example.unwrap_or_else(|| " with --invoke 'name(numbers)'\n".into());
    let listing = core_call::listing(&functions);
    format!("{shown} is {kind}, with no `{START}`; say which of its functions to call, for example{example}\n{listing}")
}
