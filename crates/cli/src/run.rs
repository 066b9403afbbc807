//! `gusset run`: runs a program, or calls one function of a library. What each kind of file needs stands in its own file below.

mod arguments;
mod component;
mod core_call;
mod grants;
mod limits;
mod module;
mod stack;
pub(crate) mod unlinked;
mod unlinked_module;

pub(crate) use arguments::RunArguments;
pub(crate) use grants::GrantOptions;
pub(crate) use limits::{GuestLimiter, LimitReached, Refused, SizeOptions};

use crate::component::{EncodingOptions, encode};
use crate::engine::{self, CommandEngine};
use crate::error::WrongUsage;
use crate::input::{self, Compiled, InputFile, RunnableKind};
use crate::{precompiled, usage};
use anyhow::Result;
use arguments::{ALLOW_PRECOMPILED, Invocation, VIA_ADAPTER};
use gusset::core::ExternType;
use gusset::{CoreItemOutline, OutlineItem, OutlineItemKind, OutlineWorld, Precompiled};
use gusset_wasi::Exit;
use limits::GuestLimits;
use std::path::Path;
use std::process::ExitCode;

/// What the command does, in a line.
pub(crate) const ABOUT: &str = "Runs a program, or calls one function of a library and prints its result";

pub(crate) const EXAMPLES: &str = "\
Examples:
  gusset run hello.wasm
  gusset run --dir . --env LANG=C wc.wasm -l notes.txt
  gusset run --dir photos::/in:ro --dir out::/out resize.wasm /in /out
  gusset run --allow-net example.com:443 fetch.wasm
  gusset run --via-adapter hello.wasm
  gusset run math.wasm --invoke 'add(1, 2)'
  gusset run --invoke add math.wasm 1 2
  gusset run text.wasm --invoke 'docs:text/parse#parse(\"a b\", {lower-case: true})'

A program is a component that exports `wasi:cli/run`, which is a command, or a core module that exports `_start`. All words after it are its
own, options too. It has standard input and output, real clocks and secure random bytes; directories, variables and the network only as the
options say. Components have WASI 0.2 with wasi:http, core modules preview1 and preview0.

A library is anything else. It takes no arguments, so options may stand after it, and has what programs have. A component's function of an
exported interface is named `namespace:package/interface#function`; the function's own name is enough where only one export has it.

What is compiled is kept for the next time, where `gusset cache info` tells. A precompiled file is used where it lies: who replaces it
while it runs renames another one (mv), and does not write to it (cp).

A time is a number of seconds, or has a unit: ns, us, ms, s, m, h. A size is a number of bytes, or has one: KiB, MiB, GiB, TiB, or K, M, G,
T, which mean the same. Fuel is the same each time for a program that sees the same: --deterministic and --argv0 (else it sees the name of
the file) see to that. Tables, and all else that is kept for a guest beside its memories, have 1 GiB together.

Exit codes: the program's own, 0 if it says none; 0 a call returned, 1 an error, 2 wrong usage, 134 the guest trapped, 141 nobody
reads the program's output any more. The guest met a limit: 120 --fuel, 121 --max-memory (it trapped after it got no more, or did not
start), 122 --max-instances, 123 --max-table-elements, 124 --timeout.";

/// What is known of such a file before it is compiled.
struct RunnableOutline {
    kind: RunnableKind,
    program: bool,
    /// The functions that a module exports.
    functions: Vec<String>,
}

/// Runs the program, or calls the function that is asked for.
pub(crate) fn run(arguments: RunArguments) -> Result<ExitCode> {
    let invocation = arguments.into_invocation();
    let allowed = invocation.options.allow_precompiled;
    let precompiled =
        (allowed || invocation.allows_too_late()).then(|| precompiled::detect(&invocation.path)).flatten();
    match precompiled {
        Some(_) if !allowed => Err(invocation.too_late(ALLOW_PRECOMPILED).into()),
        Some(_) if invocation.options.via_adapter => {
            let message = "is precompiled, and --via-adapter is for core modules: give it to `gusset component new`, and what that makes to \
                           `gusset compile`";
            Err(WrongUsage(format!("{} {message}", invocation.path.display())).into())
        }
        Some(kind) => run_precompiled(invocation, kind),
        None => run_source(invocation),
    }
}

fn run_source(mut invocation: Invocation) -> Result<ExitCode> {
    let via_adapter = invocation.options.via_adapter;
    let mut file = input::runnable(&invocation.path)?;
    if via_adapter {
        let component = encode(&file, &EncodingOptions::default())?;
        file = file.into_component(component);
    }
    // Whose the words are depends on what the file is. That is told without compiling it, so that nobody waits to hear of a typing error;
    // and without reading all of it where that is not needed.
    match (invocation.words.is_empty(), invocation.options.invoke.is_some(), file.binary_kind) {
        (true, false, _) | (true, true, Some(RunnableKind::Module)) => {}
        (true, true, Some(RunnableKind::Component)) => component::check(&invocation)?,
        _ => {
            if let Some(outline) = RunnableOutline::of(&file) {
                invocation = read_words(invocation, &outline)?;
            }
        }
    }
    if invocation.options.via_adapter && !via_adapter {
        return Err(invocation.too_late(VIA_ADAPTER).into());
    }
    let engine = invocation.engine(false)?;
    let compiled = input::compiled(&engine.engine, &file)?;
    run_compiled(&invocation, engine, &file.name, &compiled)
}

/// What the file holds can be told only by loading it, for which the options before the file have to do.
fn run_precompiled(mut invocation: Invocation, kind: Precompiled) -> Result<ExitCode> {
    let mut engine = invocation.engine(true)?;
    let mut compiled = precompiled::load_to_run(&engine.engine, kind, &invocation.path)?;
    if !invocation.words.is_empty() || invocation.options.invoke.is_some() {
        let words = invocation.words.len();
        invocation = read_words(invocation, &RunnableOutline::of_compiled(&compiled))?;
        if invocation.words.len() < words {
            // There were options behind the file.
            engine = invocation.engine(true)?;
            compiled = precompiled::load_to_run(&engine.engine, kind, &invocation.path)?;
        }
    }
    let shown = invocation.path.display().to_string();
    run_compiled(&invocation, engine, &shown, &compiled)
}

/// The code of a guest that has exited: as much of it as a process can tell, and 1 where that would be success.
fn exit_code(exit: Exit) -> ExitCode {
    ExitCode::from(match exit.code() as u8 {
        0 if exit.code() != 0 => 1,
        code => code,
    })
}

fn run_compiled(invocation: &Invocation, engine: CommandEngine, shown: &str, compiled: &Compiled) -> Result<ExitCode> {
    let (engine, limits) = (engine.compiled(), GuestLimits::new(&invocation.options.limits));
    let run = || match compiled {
        Compiled::Component(component) => component::run(invocation, &engine, shown, component, &limits),
        Compiled::Module(module) => module::run(invocation, &engine, shown, module, &limits),
    };
    let outcome = match invocation.options.limits.max_wasm_stack() {
        Some(bytes) => stack::with_room(bytes, run),
        None => run(),
    };
    outcome.map_err(|error| engine::explain_room(limits.explain(error)))
}

/// Tells our own words behind the file from those of a program and of a call.
fn read_words(mut invocation: Invocation, outline: &RunnableOutline) -> Result<Invocation> {
    let RunnableOutline { kind, program, functions } = outline;
    let called = invocation.options.invoke.is_some();
    let all_ours = match kind {
        RunnableKind::Component => called || !*program,
        // What stands behind the name of a function and the file are its arguments.
        RunnableKind::Module => !called && !*program,
    };
    if !all_ours {
        return Ok(invocation);
    }
    if !invocation.words.is_empty() {
        invocation = Invocation::of_library().unwrap_or_else(|error| usage::explained(error).exit());
    }
    let names_function = |word: &str| {
        let name = word.split_once('(').map_or(word, |(name, _)| name);
        functions.iter().any(|known| known == name)
    };
    match kind {
        RunnableKind::Component => component::check(&invocation)?,
        RunnableKind::Module if invocation.options.invoke.is_some() => {}
        // Which functions there are is told once it is compiled.
        RunnableKind::Module if !invocation.first_word().is_some_and(names_function) => {}
        RunnableKind::Module => invocation.refuse_words("")?,
    }
    Ok(invocation)
}

/// Whether the file at `path` is a program, whose words are its own.
pub(crate) fn is_program(path: &Path) -> bool {
    let outline = input::any(path).ok().and_then(|file| RunnableOutline::of(&file));
    outline.is_some_and(|outline| outline.program)
}

impl RunnableOutline {
    /// What was compiled.
    fn of_compiled(compiled: &Compiled) -> RunnableOutline {
        match compiled {
            Compiled::Component(component) => {
                let program = component.exports().any(|(name, _)| name.starts_with(component::WASI_RUN));
                RunnableOutline { kind: RunnableKind::Component, program, functions: Vec::new() }
            }
            Compiled::Module(module) => {
                let functions = module.exports().filter(|(_, ty)| matches!(ty, ExternType::Func(_)));
                let functions: Vec<String> = functions.map(|(name, _)| name.into()).collect();
                let program = functions.iter().any(|name| name == module::START);
                RunnableOutline { kind: RunnableKind::Module, program, functions }
            }
        }
    }

    /// What the file is; `None` if it is neither component nor module, which compiling it will tell.
    fn of(file: &InputFile) -> Option<RunnableOutline> {
        let runs = |item: &OutlineItem| {
            item.name.starts_with(component::WASI_RUN) && matches!(item.kind, OutlineItemKind::Instance(_))
        };
        let is_function = |export: &CoreItemOutline| export.ty.starts_with("func");
        Some(match file.source.outline().ok()?.world {
            OutlineWorld::Component(component) => {
                let program = component.exports.iter().any(runs);
                RunnableOutline { kind: RunnableKind::Component, program, functions: Vec::new() }
            }
            OutlineWorld::CoreModule(module) => {
                let functions: Vec<String> =
                    module.exports.into_iter().filter(is_function).map(|export| export.name).collect();
                let program = functions.iter().any(|name| name == module::START);
                RunnableOutline { kind: RunnableKind::Module, program, functions }
            }
            _ => return None,
        })
    }
}
