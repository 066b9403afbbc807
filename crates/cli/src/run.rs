//! `gusset run`: runs a program, or calls one function of a library. What each kind of file needs stands in its own file below.

mod arguments;
mod component;
mod core_call;
mod grants;
mod module;
mod unlinked;
mod unlinked_module;

pub(crate) use arguments::RunArguments;

use crate::input::{self, Compiled, InputFile};
use crate::usage;
use anyhow::Result;
use arguments::Invocation;
use gusset::{CoreItemOutline, OutlineItem, OutlineItemKind, OutlineWorld};
use std::path::Path;
use std::process::ExitCode;

/// What the command does, in a line.
pub(crate) const ABOUT: &str = "Runs a program, or calls one function of a library and prints its result";

pub(crate) const EXAMPLES: &str = "\
Examples:
  gusset run hello.wasm
  gusset run --dir . --env LANG=C wc.wasm -l notes.txt
  gusset run --dir photos::/in:ro --dir out::/out resize.wasm /in /out
  gusset run math.wasm --invoke 'add(1, 2)'
  gusset run --invoke add math.wasm 1 2
  gusset run text.wasm --invoke 'docs:text/parse#parse(\"a b\", {lower-case: true})'

A program is a core module that exports `_start`. All words after it are its own, options too. It has standard input and output, real
clocks and secure random bytes; directories and variables only as the options say; no network.

A library is anything else. It takes no arguments, so options may stand after it. A component's function of an exported interface
is named `namespace:package/interface#function`; the function's own name is enough where only one export has it.

Exit codes: the program's own, 0 if it says none; 0 a call returned, 1 an error, 2 wrong usage, 134 the guest trapped, 141 nobody
reads the program's output any more.";

/// What a file is that can be run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RunnableKind {
    Component,
    Module,
}

/// What is known of such a file before it is compiled.
struct RunnableOutline {
    kind: RunnableKind,
    program: bool,
    /// The functions that a module exports.
    functions: Vec<String>,
}

/// Runs the program, or calls the function that is asked for.
pub(crate) fn run(arguments: RunArguments) -> Result<ExitCode> {
    let mut invocation = arguments.into_invocation();
    let file = input::any(&invocation.path)?;
    // Whose the words are depends on what the file is. That is told without compiling it, so that nobody waits to hear of a typing error.
    if (!invocation.words.is_empty() || invocation.options.invoke.is_some())
        && let Some(outline) = RunnableOutline::of(&file)
    {
        invocation = read_words(invocation, &outline)?;
    }
    let engine = input::engine(&invocation.options.features)?;
    match input::compiled(&engine, &file)? {
        Compiled::Component(component) => component::run(&invocation, &engine, &file.name, &component),
        Compiled::Module(module) => module::run(&invocation, &engine, &file.name, &module),
    }
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
    outline.is_some_and(|outline| outline.kind == RunnableKind::Module && outline.program)
}

impl RunnableOutline {
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
