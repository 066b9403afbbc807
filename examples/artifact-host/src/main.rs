//! Runs artefacts: `artifact-host FILE.gusset 'name(arguments)'` calls an export of a component, `artifact-host FILE.gusset ARGUMENT..` runs
//! a core module for WASI preview1.

use gusset::core::{self, Module};
use gusset::{Component, Context, Engine, Linker, Precompiled, Result, Store, Val, WaveCall, bail};
use gusset_wasi::{Exit, WasiConfig, WasiCtx, preview1};
use std::env;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    match run(&args) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Result<ExitCode> {
    let [file, rest @ ..] = args else { bail!("usage: artifact-host FILE.gusset 'name(arguments)' or ARGUMENT..") };
    let path = Path::new(file);
    let engine = Engine::default();
    match Engine::detect_precompiled_file(path)? {
        Some(Precompiled::Component) => call(&engine, path, rest),
        Some(Precompiled::Module) => program(&engine, path, args),
        None => bail!("{file} is no artefact of Gusset; `gusset compile` makes one of it"),
    }
}

/// Calls an export of a component and prints what it returns. `host.log` is the one function that the host has for it.
fn call(engine: &Engine, path: &Path, rest: &[String]) -> Result<ExitCode> {
    let [call] = rest else { bail!("a component is given one call: 'name(arguments)'") };
    // SAFETY: whoever starts this program says by it that the file is what Gusset made.
    let component = unsafe { Component::deserialize_file(engine, path)? };
    let mut linker = Linker::<()>::new(engine);
    linker.instance("host")?.func_wrap("log", |_, (text,): (String,)| {
        println!("{text}");
        Ok(())
    })?;
    let mut store = Store::new(engine, ());
    let instance = linker.instantiate(&mut store, &component)?;
    let call = WaveCall::parse(call)?;
    let func = instance.get_func(&mut store, call.name()).with_context(|| format!("no export `{}`", call.name()))?;
    let arguments = call.arguments(&func.ty(&store))?;
    let mut results = vec![Val::Bool(false); func.ty(&store).result().is_some().into()];
    func.call(&mut store, &arguments, &mut results)?;
    for result in results {
        println!("{}", result.to_wave()?);
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs a program with its arguments and the standard streams, and nothing else.
fn program(engine: &Engine, path: &Path, args: &[String]) -> Result<ExitCode> {
    // SAFETY: as above.
    let module = unsafe { Module::deserialize_file(engine, path)? };
    let mut linker = core::Linker::<WasiCtx>::new(engine);
    preview1::add_to_linker(&mut linker, |ctx| ctx)?;
    let config = WasiConfig::builder().args(args).inherit_stdio().build()?;
    let mut store = Store::new(engine, WasiCtx::new(&config));
    let instance = linker.instantiate(&mut store, &module)?;
    let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
    let exit = Exit::of(start.call(&mut store, ()))?;
    Ok(ExitCode::from(exit.code() as u8))
}
