//! How long it takes a process to start, take up a component and give an answer: Gusset beside its peer, each from the component's bytes
//! without a cache, from its cache, and from a precompiled file. Each run is a process of its own (this program, which holds both
//! engines), in turn; the tables give medians, and the 99th percentiles below them. What a component imports traps, but for what interpreters ask for when they start.
//!
//!     cargo run --release --bin start_component -- FILE.wasm INTERFACE FUNCTION [ARGUMENT IN WAVE]... [--rounds N] [--with-compiling]

use anyhow::{Context, Result, bail, ensure};
use gusset_benches::{Contender, measure, percentile, print, stand_ins};
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// The first argument of a process that answers; then come engine, mode, scratch folder, and the call.
const CHILD: &str = "--answer";

/// How long a run that is not measured is left alone, for what a cache does behind it.
const REST: Duration = Duration::from_millis(300);

/// Where code comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mode {
    /// It is compiled.
    Compile,
    /// It is in the engine's cache.
    Cache,
    /// It was compiled to a file before.
    Artifact,
    /// That file is made.
    Precompile,
}

impl Mode {
    const ALL: [Mode; 4] = [Mode::Compile, Mode::Cache, Mode::Artifact, Mode::Precompile];

    fn name(self) -> &'static str {
        match self {
            Mode::Compile => "compile",
            Mode::Cache => "cache",
            Mode::Artifact => "artifact",
            Mode::Precompile => "precompile",
        }
    }
}

/// What is asked of a component.
struct ComponentCall {
    file: PathBuf,
    interface: String,
    function: String,
    arguments: Vec<String>,
}

impl ComponentCall {
    fn parse(words: &[String]) -> Result<ComponentCall> {
        let [file, interface, function, arguments @ ..] = words else {
            bail!("usage: start_component FILE.wasm INTERFACE FUNCTION [ARGUMENT]... [--rounds N] [--with-compiling]");
        };
        let (interface, function, arguments) = (interface.clone(), function.clone(), arguments.to_vec());
        Ok(ComponentCall { file: file.into(), interface, function, arguments })
    }
}

fn main() -> Result<()> {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    if words.first().is_some_and(|word| word == CHILD) {
        return answer(&words[1..]);
    }
    let (mut rounds, mut modes) = (41, vec![Mode::Cache, Mode::Artifact]);
    if let Some(at) = words.iter().position(|word| word == "--rounds") {
        rounds = words.get(at + 1).context("--rounds has a number")?.parse()?;
        words.drain(at..at + 2);
    }
    if let Some(at) = words.iter().position(|word| word == "--with-compiling") {
        modes.insert(0, Mode::Compile);
        words.remove(at);
    }
    ComponentCall::parse(&words)?;
    let scratch = std::env::temp_dir().join(format!("start-component-{}", std::process::id()));
    std::fs::create_dir(&scratch)?;
    let outcome = compare(&scratch, &words, &modes, rounds);
    std::fs::remove_dir_all(&scratch)?;
    outcome
}

fn compare(scratch: &Path, words: &[String], modes: &[Mode], rounds: usize) -> Result<()> {
    for engine in ["gusset", "wasmtime"] {
        run(engine, Mode::Precompile, scratch, words)?;
        // Twice, since a cache may do something with what is asked for again.
        for _ in 0..3 {
            run(engine, Mode::Cache, scratch, words)?;
            std::thread::sleep(REST);
        }
    }
    for mode in modes {
        let answers = ["gusset", "wasmtime"].map(|engine| run(engine, *mode, scratch, words).map(|(_, answer)| answer));
        let [ours, theirs] = answers;
        let (ours, theirs) = (ours?, theirs?);
        ensure!(ours == theirs, "the two answer different things:\n{ours}{theirs}");
        let times = ["gusset", "wasmtime"].map(|engine| (engine, RefCell::new(Vec::new())));
        let mut contenders = times.each_ref().map(|(engine, times)| {
            let run = || {
                let (time, _) = run(engine, *mode, scratch, words).expect("it ran before");
                times.borrow_mut().push(time.as_secs_f64() * 1e3);
                time
            };
            Contender { name: (*engine).into(), run: Box::new(run) }
        });
        let rows = measure(&mut contenders, rounds, 1);
        drop(contenders);
        print(&format!("{}: start to end of {}, whole process", mode.name(), words[0]), &rows);
        for (engine, times) in &times {
            // The first round is not counted.
            println!("{engine:44} {:>10.2} ms is the 99th percentile", percentile(&times.borrow()[1..], 0.99));
        }
    }
    Ok(())
}

/// Runs a process that answers: how long that took, and the answer.
fn run(engine: &str, mode: Mode, scratch: &Path, words: &[String]) -> Result<(Duration, String)> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args([CHILD, engine, mode.name()]).arg(scratch).args(words);
    let start = Instant::now();
    let output = command.output()?;
    let time = start.elapsed();
    ensure!(output.status.success(), "{engine}: {}", String::from_utf8_lossy(&output.stderr));
    Ok((time, String::from_utf8(output.stdout)?))
}

/// What such a process does.
fn answer(words: &[String]) -> Result<()> {
    let [engine, mode, scratch, call @ ..] = words else { bail!("there are too few words") };
    let mode = Mode::ALL.into_iter().find(|known| known.name() == mode).context("no such mode")?;
    let (scratch, call) = (Path::new(scratch), ComponentCall::parse(call)?);
    let answer = match &**engine {
        "gusset" => gusset_answer(mode, scratch, &call)?,
        "wasmtime" => wasmtime_answer(mode, scratch, &call)?,
        _ => bail!("no such engine"),
    };
    println!("{answer}");
    Ok(())
}

fn gusset_answer(mode: Mode, scratch: &Path, call: &ComponentCall) -> Result<String> {
    use gusset::{Cache, CacheConfig, Component, Config, Engine, Linker, Store, Val};
    let mut config = Config::new();
    if mode == Mode::Cache {
        config.cache(Some(Cache::new(CacheConfig::new().with_directory(scratch.join("gusset-cache")))?));
    }
    let engine = Engine::new(&config)?;
    let artifact = scratch.join("component.gusset");
    let component = match mode {
        Mode::Precompile => {
            std::fs::write(&artifact, engine.precompile_component(std::fs::read(&call.file)?)?)?;
            return Ok(String::new());
        }
        // SAFETY: this program wrote the file a moment ago.
        Mode::Artifact => unsafe { Component::deserialize_file(&engine, &artifact)? },
        Mode::Compile | Mode::Cache => Component::from_file(&engine, &call.file)?,
    };
    let mut linker = Linker::new(&engine);
    stand_ins!(linker);
    linker.define_unknown_imports_as_traps(&component)?;
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &component)?;
    let path = [&*call.interface, &*call.function];
    let func = instance.get_func(&mut store, path).context("no such function")?;
    let ty = func.ty(&store);
    let types = ty.params().map(|(_, ty)| ty);
    let arguments = types.zip(&call.arguments).map(|(ty, text)| Ok(Val::from_wave(&ty, text)?));
    let arguments = arguments.collect::<Result<Vec<Val>>>()?;
    let mut results = vec![Val::Bool(false); usize::from(ty.result().is_some())];
    func.call(&mut store, &arguments, &mut results)?;
    results.first().map_or_else(|| Ok(String::new()), |value| Ok(value.to_wave()?))
}

fn wasmtime_answer(mode: Mode, scratch: &Path, call: &ComponentCall) -> Result<String> {
    use wasmtime::component::{Component, Linker, Val};
    use wasmtime::{Cache, CacheConfig, Config, Engine, Store};
    let mut config = Config::new();
    if mode == Mode::Cache {
        let mut cache = CacheConfig::new();
        cache.with_directory(scratch.join("wasmtime-cache"));
        config.cache(Some(Cache::new(cache)?));
    }
    let engine = Engine::new(&config)?;
    let artifact = scratch.join("component.cwasm");
    let component = match mode {
        Mode::Precompile => {
            std::fs::write(&artifact, engine.precompile_component(&std::fs::read(&call.file)?)?)?;
            return Ok(String::new());
        }
        // SAFETY: this program wrote the file a moment ago.
        Mode::Artifact => unsafe { Component::deserialize_file(&engine, &artifact)? },
        Mode::Compile | Mode::Cache => Component::from_file(&engine, &call.file)?,
    };
    let mut linker = Linker::new(&engine);
    stand_ins!(linker);
    linker.define_unknown_imports_as_traps(&component)?;
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &component)?;
    let interface = instance.get_export_index(&mut store, None, &call.interface).context("no such interface")?;
    let index = instance.get_export_index(&mut store, Some(&interface), &call.function).context("no such function")?;
    let func = instance.get_func(&mut store, index).context("no such function")?;
    let ty = func.ty(&store);
    let types = ty.params().map(|(_, ty)| ty);
    let arguments = types.zip(&call.arguments).map(|(ty, text)| Ok(Val::from_wave(&ty, text)?));
    let arguments = arguments.collect::<Result<Vec<Val>>>()?;
    let mut results = vec![Val::Bool(false); ty.results().len()];
    func.call(&mut store, &arguments, &mut results)?;
    results.first().map_or_else(|| Ok(String::new()), |value| Ok(value.to_wave()?))
}
