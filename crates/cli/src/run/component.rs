//! `gusset run` of components: runs commands, and calls functions of libraries. Both have WASI.

use super::arguments::Invocation;
use super::limits::{GuestLimiter, GuestLimits};
use super::{exit_code, grants, unlinked};
use crate::output::print;
use crate::select::listing;
use crate::{guess, sample};
use anyhow::{Context, Error, Result, bail};
use gusset::{CallableExport, Component, Engine, Linker, ResourceTable, Store, Val, WaveCall};
use gusset_wasi::http::{self, HttpConfig, WasiHttpCtx, WasiHttpCtxView, WasiHttpView};
use gusset_wasi::p2::{self, WasiCtxView, WasiView};
use gusset_wasi::{Exit, WasiCtx};
use std::process::ExitCode;

/// What the interface of commands is called, before its version.
pub(super) const WASI_RUN: &str = "wasi:cli/run@";

/// The same, of the versions that are run.
const RUN_0_2: &str = "wasi:cli/run@0.2.";

/// Whether the words can be a call of a component's function: what can be told before it is compiled.
pub(super) fn check(invocation: &Invocation) -> Result<()> {
    // A number that stands for itself is told what it could be given to.
    if invocation.options.invoke.is_some() || invocation.first_word().is_some_and(guess::is_name) {
        invocation.refuse_words(", as WAVE")?;
    }
    match &invocation.options.invoke {
        // What could stand behind it is known when the function is.
        Some(text) if is_bare_name(text) => Ok(()),
        Some(text) => parse(invocation, text, None).map(drop),
        None => Ok(()),
    }
}

/// Whether the parentheses behind a function's name were left out, with all that stands in them.
fn is_bare_name(text: &str) -> bool {
    guess::is_name(text) && !text.contains(|char: char| char.is_whitespace() || char == '(')
}

/// What is done with a component.
enum ComponentTask {
    /// Its `run` is called.
    Command(CallableExport),
    Call(CallableExport, Vec<Val>),
}

/// A guest's state.
struct ComponentGuest {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    table: ResourceTable,
    limiter: GuestLimiter,
}

impl WasiView for ComponentGuest {
    fn wasi(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for ComponentGuest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { http: &mut self.http, ctx: &mut self.wasi, table: &mut self.table }
    }
}

/// A component on its way, with what it can import.
struct ComponentRun<'a> {
    invocation: &'a Invocation,
    shown: &'a str,
    component: &'a Component,
    linker: Linker<ComponentGuest>,
    store: Store<ComponentGuest>,
    limits: &'a GuestLimits<'a>,
}

/// Runs the command, or calls the function that is asked for and prints the result.
pub(super) fn run(
    invocation: &Invocation,
    engine: &Engine,
    shown: &str,
    component: &Component,
    limits: &GuestLimits<'_>,
) -> Result<ExitCode> {
    let mut linker = Linker::new(engine);
    p2::add_to_linker(&mut linker)?;
    http::add_to_linker(&mut linker)?;
    let guest = ComponentGuest {
        wasi: WasiCtx::new(&grants::config(invocation)?),
        http: WasiHttpCtx::new(&HttpConfig::new()?),
        table: ResourceTable::new(),
        limiter: limits.limiter(),
    };
    let store = Store::new(engine, guest);
    let mut run = ComponentRun { invocation, shown, component, linker, store, limits };
    let task = run.task()?;
    match run.perform(&task) {
        Ok(code) => Ok(code),
        Err(error) => match error.downcast_ref::<Exit>() {
            Some(exit) => Ok(exit_code(*exit)),
            None => Err(unlinked::explain(error, &invocation.path, shown)),
        },
    }
}

/// The call that stands after `--invoke`; what is said of one that is none depends on the component, if that is known.
fn parse<'a>(invocation: &Invocation, text: &'a str, component: Option<&Component>) -> Result<WaveCall<'a>> {
    WaveCall::parse(text).with_context(|| {
        let named = component.filter(|_| is_bare_name(text)).and_then(|component| component.find_func(text).ok());
        let words: Vec<String> = match named.and_then(|function| sample::call(text, &function.ty)) {
            Some(call) => {
                let command = format!("gusset run {} --invoke {}", invocation.typed_file(), guess::in_shell(&call));
                return format!("cannot understand the call after --invoke; a call looks like\n\n  {command}\n");
            }
            None => text.split_whitespace().map(String::from).collect(),
        };
        match words.is_empty() || text.contains('(') {
            true => "cannot understand the call after --invoke".to_string(),
            false => {
                let command = guess::with_call(&invocation.typed_file(), &words);
                format!("cannot understand the call after --invoke; did you mean\n\n  {command}\n")
            }
        }
    })
}

impl ComponentRun<'_> {
    /// What the command line asks for.
    fn task(&self) -> Result<ComponentTask> {
        let ComponentRun { invocation, component, .. } = *self;
        let Some(text) = &invocation.options.invoke else {
            return match component.funcs().find(is_run) {
                Some(function) => Ok(ComponentTask::Command(function)),
                None => Err(invocation.nothing_called(self.what_to_call())),
            };
        };
        let call = parse(invocation, text, Some(component))?;
        let function =
            component.find_func(call.name()).with_context(|| format!("cannot call a function of {}", self.shown))?;
        let name = function.name();
        let arguments = call.arguments(&function.ty).with_context(|| match sample::call(&name, &function.ty) {
            Some(example) => format!("cannot call `{name}` so; a call of it looks like {}", guess::in_shell(&example)),
            None => format!("cannot call `{name}`"),
        })?;
        Ok(ComponentTask::Call(function, arguments))
    }

    fn perform(&mut self, task: &ComponentTask) -> Result<ExitCode> {
        match task {
            ComponentTask::Command(run) => match self.call(run, &[])? {
                Some(Val::Result(Ok(None))) => Ok(ExitCode::SUCCESS),
                Some(Val::Result(Err(None))) => Ok(ExitCode::FAILURE),
                _ => bail!("`{}` is a {}, and not a func() -> result as it should be", run.name(), run.ty),
            },
            ComponentTask::Call(function, arguments) => {
                match self.call(function, arguments)? {
                    Some(value) => print(format_args!("{value}\n"))?,
                    None => print("()\n")?,
                }
                Ok(ExitCode::SUCCESS)
            }
        }
    }

    /// Instantiates the component and calls the function.
    fn call(&mut self, function: &CallableExport, arguments: &[Val]) -> Result<Option<Val>> {
        self.limits.begin(&mut self.store, |guest| &mut guest.limiter)?;
        let instance = self.linker.instantiate(&mut self.store, self.component)?;
        let found = instance.get_func(&mut self.store, function);
        let func = found.context("internal error: a listed export is not there")?;
        let mut results = vec![Val::Bool(false); usize::from(function.ty.result().is_some())];
        func.call(&mut self.store, arguments, &mut results)?;
        Ok(results.pop())
    }

    /// What to say where nothing says what to call.
    fn what_to_call(&self) -> String {
        let ComponentRun { invocation, shown, component, .. } = *self;
        let functions = &component.funcs().collect::<Vec<_>>()[..];
        if functions.iter().any(|function| function.name().starts_with(WASI_RUN)) {
            return format!(
                "{shown} is a command of a version of WASI that is not supported yet: commands export `{RUN_0_2}x`; `--invoke` before the file \
                 calls other functions; {}",
                listing(functions)
            );
        }
        if functions.is_empty() {
            return format!(
                "{shown} exports no functions, so there is nothing to call; `gusset inspect` shows what it is"
            );
        }
        if let Some(advice) = self.advice() {
            return format!("{advice}\n\n{}", listing(functions));
        }
        let file = invocation.typed_file();
        // A function of the component itself is told first: its name is short.
        let (own, others): (Vec<_>, Vec<_>) = functions.iter().partition(|function| !function.name().contains('#'));
        let example = own.into_iter().chain(others).find_map(|function| sample::call(&function.name(), &function.ty));
        let example = example.map(|call| format!("\n\n  gusset run {file} --invoke {}\n", guess::in_shell(&call)));
        let example = example.unwrap_or_else(|| " with --invoke 'name(arguments)'\n".into());
        format!(
            "{shown} is a library: say which of its functions to call, for example{example}\n{}",
            listing(functions)
        )
    }

    /// What to say of imports that are not there, if there are any.
    fn advice(&self) -> Option<String> {
        let error: Error = self.linker.instantiate_pre(self.component).err()?;
        unlinked::advice(&error, &self.invocation.path, self.shown, "run")
    }
}

/// Whether that is the function by which a command is run.
fn is_run(function: &CallableExport) -> bool {
    matches!(&*function.path, [interface, name] if interface.starts_with(RUN_0_2) && **name == *"run")
}
