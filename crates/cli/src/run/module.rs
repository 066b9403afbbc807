//! `gusset run` of core modules: programs, which have WASI, and calls of what libraries export.

use super::arguments::Invocation;
use super::core_call::{self, CoreCall};
use super::limits::{GuestLimiter, GuestLimits};
use super::{exit_code, grants, unlinked_module};
use crate::error::WrongUsage;
use crate::guess;
use crate::output::print;
use anyhow::{Context, Error, Result, bail};
use gusset::core::{ExternType, Func, FuncType, Instance, Linker, Module, Val};
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

/// A guest's state.
pub(super) struct ModuleGuest {
    wasi: WasiCtx,
    limiter: GuestLimiter,
}

/// A module on its way, with what it can import.
struct ModuleRun<'a> {
    shown: &'a str,
    module: &'a Module,
    linker: Linker<ModuleGuest>,
    store: Store<ModuleGuest>,
    limits: &'a GuestLimits<'a>,
}

/// Runs the module, or calls the function that is asked for and prints its results.
pub(super) fn run(
    invocation: &Invocation,
    engine: &Engine,
    shown: &str,
    module: &Module,
    limits: &GuestLimits<'_>,
) -> Result<ExitCode> {
    if let Some(option) = invocation.option_for_components() {
        let message =
            format!("{option} is for components: core modules have preview1, which has no word for what it gives");
        return Err(WrongUsage(message).into());
    }
    let mut linker = Linker::new(engine);
    preview1::add_to_linker(&mut linker, |guest: &mut ModuleGuest| &mut guest.wasi)?;
    preview0::add_to_linker(&mut linker, |guest: &mut ModuleGuest| &mut guest.wasi)?;
    let wasi = WasiCtx::new(&grants::config(invocation)?);
    let store = Store::new(engine, ModuleGuest { wasi, limiter: limits.limiter() });
    let mut run = ModuleRun { shown, module, linker, store, limits };
    let task = match &invocation.options.invoke {
        Some(text) => {
            let words = invocation.call_words();
            ModuleTask::Call(CoreCall::parse(module, shown, &invocation.typed_file(), text, &words[1..])?)
        }
        None if exports_function(module, START) => ModuleTask::Program,
        None if core_call::functions(module).next().is_none() && module.has_start_function() => ModuleTask::Instantiate,
        None => return Err(invocation.nothing_called(run.what_to_call(invocation))),
    };
    let outcome = run.perform(&task);
    let exit = Exit::of(outcome).map_err(|error| run.explain(error))?;
    Ok(exit_code(exit))
}

fn exports_function(module: &Module, name: &str) -> bool {
    core_call::functions(module).any(|(known, _)| known == name)
}

impl ModuleRun<'_> {
    fn perform(&mut self, task: &ModuleTask) -> Result<()> {
        self.limits.begin(&mut self.store, |guest| &mut guest.limiter)?;
        let instance = self.linker.instantiate(&mut self.store, self.module)?;
        match task {
            ModuleTask::Instantiate => Ok(()),
            ModuleTask::Program => self.call_plain(instance, START),
            ModuleTask::Call(call) => {
                if call.name != INITIALIZE && exports_function(self.module, INITIALIZE) {
                    self.call_plain(instance, INITIALIZE)?;
                }
                let func = self.exported(instance, &call.name)?;
                let mut results = vec![Val::I32(0); call.ty.results.len()];
                func.call(&mut self.store, &call.arguments, &mut results)?;
                results.iter().try_for_each(|value| print(format_args!("{}\n", core_call::result_text(value))))
            }
        }
    }

    /// Calls an export that takes nothing and returns nothing.
    fn call_plain(&mut self, instance: Instance, name: &str) -> Result<()> {
        let func = self.exported(instance, name)?;
        let ty = func.ty(&self.store)?;
        if ty != (FuncType { params: [].into(), results: [].into() }) {
            bail!("`{name}` is a {}, and not a (func) as it should be", ExternType::Func(ty));
        }
        func.call(&mut self.store, &[], &mut [])
    }

    fn exported(&mut self, instance: Instance, name: &str) -> Result<Func> {
        instance.get_func(&mut self.store, name).context("internal error: a listed export is not there")
    }

    /// What to say of imports that are not there, if there are any.
    fn advice(&self) -> Option<String> {
        unlinked_module::advice(self.shown, self.module, &self.linker)
    }

    /// `error`, which came of running the module, with what to do if something was not there to import.
    fn explain(&self, error: Error) -> Error {
        let shown = self.shown;
        let Some(link_error) = error.downcast_ref::<LinkError>() else {
            return error.context(format!("cannot run {shown}"));
        };
        let Some(advice) = self.advice() else {
            // There is nothing else to import.
            return error.context(format!(
                "cannot run {shown}: it imports a function of WASI with a type that is not that function's"
            ));
        };
        // It lists all that the error does.
        let place = link_error.location().map_or_else(String::new, |place| format!("\n{}", place.excerpt()));
        Error::msg(format!("{advice}{place}"))
    }

    /// What to say where nothing says what to call.
    fn what_to_call(&self, invocation: &Invocation) -> String {
        let shown = self.shown;
        let functions: Vec<_> = core_call::functions(self.module).filter(|(name, _)| *name != INITIALIZE).collect();
        let reactor = exports_function(self.module, INITIALIZE);
        if functions.is_empty() {
            let what = if reactor { "is a reactor, but exports no other functions" } else { "exports no functions" };
            return format!("{shown} {what}, so there is nothing to call; `gusset inspect` shows what it is");
        }
        let listing = core_call::listing(&functions);
        if let Some(advice) = self.advice() {
            return format!("{advice}\n\n{listing}");
        }
        let kind = if reactor { "a reactor: a library whose `_initialize` is called first" } else { "a library" };
        let example = core_call::fitting(&functions, &invocation.call_words())
            .or_else(|| functions.iter().find_map(|(name, ty)| core_call::sample(name, ty)));
        let file = invocation.typed_file();
        let example = example.map(|call| format!("\n\n  gusset run {file} --invoke {}\n", guess::in_shell(&call)));
        let example = example.unwrap_or_else(|| " with --invoke 'name(numbers)'\n".into());
        format!(
            "{shown} is {kind}, with no `{START}`; say which of its functions to call, for example{example}\n{listing}"
        )
    }
}
