//! How long it takes from the bytes of a component to its first answer: Gusset with lazy compilation, and without, beside Wasmtime without a
//! cache. What the component imports traps, but for what interpreters ask for when they start. Each answer comes from a process of its own, in turn; the table gives medians.
//!
//!     cargo run --release --bin first_answer -- FILE.wasm 'INTERFACE#FUNCTION(ARGUMENTS)' [ROUNDS]

use anyhow::{Context, Result, bail, ensure};
use gusset_benches::{median, median_upper_bound, stand_ins};
use std::process::Command;
use std::time::Instant;

const ENGINES: [&str; 3] = ["gusset, lazy", "gusset", "wasmtime"];

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().collect();
    match &args[1..] {
        [one, engine, file, call] if one == "--one" => answer(engine, file, call),
        [file, call] => compare(file, call, 11),
        [file, call, rounds] => compare(file, call, rounds.parse().context("ROUNDS is a number")?),
        _ => bail!("usage: first_answer FILE.wasm 'INTERFACE#FUNCTION(ARGUMENTS)' [ROUNDS]"),
    }
}

/// Prints how many seconds it took, and the answer.
fn answer(engine: &str, file: &str, call: &str) -> Result<()> {
    let bytes = std::fs::read(file)?;
    let call = gusset::WaveCall::parse(call)?;
    let (seconds, answer) = match engine {
        "gusset, lazy" => gusset_answer(&bytes, &call, true)?,
        "gusset" => gusset_answer(&bytes, &call, false)?,
        _ => wasmtime_answer(&bytes, &call)?,
    };
    println!("{seconds} {answer}");
    Ok(())
}

fn gusset_answer(bytes: &[u8], call: &gusset::WaveCall<'_>, lazy: bool) -> Result<(f64, String)> {
    let start = Instant::now();
    let engine = gusset::Engine::new(gusset::Config::new().lazy_compilation(lazy))?;
    let component = gusset::Component::new(&engine, bytes)?;
    let compiled = start.elapsed().as_secs_f64();
    let mut linker = gusset::Linker::<()>::new(&engine);
    stand_ins!(linker);
    linker.define_unknown_imports_as_traps(&component)?;
    let mut store = gusset::Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &component)?;
    let instantiated = start.elapsed().as_secs_f64();
    let func = instance.get_func(&mut store, call.name()).context("it is exported")?;
    let arguments = call.arguments(&func.ty(&store))?;
    let mut results = [gusset::Val::Bool(false)];
    func.call(&mut store, &arguments, &mut results)?;
    let seconds = start.elapsed().as_secs_f64();
    eprintln!("compiled at {compiled:.3}, instantiated at {instantiated:.3}, answered at {seconds:.3}");
    Ok((seconds, results[0].to_string()))
}

fn wasmtime_answer(bytes: &[u8], call: &gusset::WaveCall<'_>) -> Result<(f64, String)> {
    use wasmtime::component::{Component, Linker, Val};
    let arguments: Vec<Val> = arguments(bytes, call)?.iter().map(to_peer).collect::<Result<_>>()?;
    let start = Instant::now();
    let engine = wasmtime::Engine::default();
    let component = Component::new(&engine, bytes)?;
    let mut linker = Linker::<()>::new(&engine);
    stand_ins!(linker);
    linker.define_unknown_imports_as_traps(&component)?;
    let mut store = wasmtime::Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &component)?;
    let (interface, name) = match call.name().split_once('#') {
        Some((interface, name)) => (instance.get_export_index(&mut store, None, interface), name),
        None => (None, call.name()),
    };
    let export = instance.get_export_index(&mut store, interface.as_ref(), name).context("it is exported")?;
    let func = instance.get_func(&mut store, export).context("it is a function")?;
    let mut results = [Val::Bool(false)];
    func.call(&mut store, &arguments, &mut results)?;
    Ok((start.elapsed().as_secs_f64(), from_peer(&results[0])?.to_string()))
}

/// The arguments of a call, for which the type of the function must be known.
fn arguments(bytes: &[u8], call: &gusset::WaveCall<'_>) -> Result<Vec<gusset::Val>> {
    let engine = gusset::Engine::new(gusset::Config::new().lazy_compilation(true).compile_threads(1))?;
    let component = gusset::Component::new(&engine, bytes)?;
    let mut linker = gusset::Linker::<()>::new(&engine);
    linker.define_unknown_imports_as_traps(&component)?;
    let mut store = gusset::Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &component)?;
    let func = instance.get_func(&mut store, call.name()).context("it is exported")?;
    Ok(call.arguments(&func.ty(&store))?)
}

fn to_peer(value: &gusset::Val) -> Result<wasmtime::component::Val> {
    use gusset::Val;
    use wasmtime::component::Val as Peer;
    let boxed = |value: &Option<Box<Val>>| value.as_ref().map(|value| to_peer(value).map(Box::new)).transpose();
    Ok(match value {
        Val::Bool(value) => Peer::Bool(*value),
        Val::U8(value) => Peer::U8(*value),
        Val::U32(value) => Peer::U32(*value),
        Val::S32(value) => Peer::S32(*value),
        Val::U64(value) => Peer::U64(*value),
        Val::F64(value) => Peer::Float64(*value),
        Val::String(value) => Peer::String(value.to_string()),
        Val::List(values) => Peer::List(values.iter().map(to_peer).collect::<Result<_>>()?),
        Val::Tuple(values) => Peer::Tuple(values.iter().map(to_peer).collect::<Result<_>>()?),
        Val::Enum(case) => Peer::Enum(case.to_string()),
        Val::Variant(case, payload) => Peer::Variant(case.to_string(), boxed(payload)?),
        Val::Option(value) => Peer::Option(boxed(value)?),
        Val::Flags(names) => Peer::Flags(names.iter().map(ToString::to_string).collect()),
        other => bail!("no argument like {other:?} is passed here"),
    })
}

fn from_peer(value: &wasmtime::component::Val) -> Result<gusset::Val> {
    use gusset::Val;
    use wasmtime::component::Val as Peer;
    let boxed = |value: &Option<Box<Peer>>| value.as_ref().map(|value| from_peer(value).map(Box::new)).transpose();
    Ok(match value {
        Peer::Bool(value) => Val::Bool(*value),
        Peer::U8(value) => Val::U8(*value),
        Peer::U32(value) => Val::U32(*value),
        Peer::S32(value) => Val::S32(*value),
        Peer::U64(value) => Val::U64(*value),
        Peer::Float64(value) => Val::F64(*value),
        Peer::String(value) => Val::String(value.as_str().into()),
        Peer::List(values) => Val::List(values.iter().map(from_peer).collect::<Result<_>>()?),
        Peer::Tuple(values) => Val::Tuple(values.iter().map(from_peer).collect::<Result<_>>()?),
        Peer::Record(fields) => {
            let field = |(name, value): &(String, Peer)| Ok((name.as_str().into(), from_peer(value)?));
            Val::Record(fields.iter().map(field).collect::<Result<_>>()?)
        }
        Peer::Enum(case) => Val::Enum(case.as_str().into()),
        Peer::Variant(case, payload) => Val::Variant(case.as_str().into(), boxed(payload)?),
        Peer::Option(value) => Val::Option(boxed(value)?),
        Peer::Flags(names) => Val::Flags(names.iter().map(|name| name.as_str().into()).collect()),
        other => bail!("no result like {other:?} is compared here"),
    })
}

fn compare(file: &str, call: &str, rounds: usize) -> Result<()> {
    let mut times = ENGINES.map(|_| Vec::new());
    let mut expected = None;
    for round in 0..=rounds {
        for (engine, times) in ENGINES.iter().zip(&mut times) {
            let output = Command::new(std::env::current_exe()?).args(["--one", engine, file, call]).output()?;
            let text = String::from_utf8(output.stdout)?;
            let Some((seconds, answer)) = text.trim().split_once(' ') else {
                bail!("{engine}: {}", String::from_utf8_lossy(&output.stderr))
            };
            let expected = expected.get_or_insert_with(|| answer.to_string());
            ensure!(expected == answer, "{engine} answers {answer}, and not {expected}");
            if round > 0 {
                times.push(seconds.parse::<f64>()? * 1e3);
            }
        }
    }
    println!("{file}, {call}: {}", expected.unwrap_or_default());
    println!("{:20} {:>12} {:>18} {:>10}", "", "median ms", "this / wasmtime", "95% bound");
    let peer = &times[ENGINES.len() - 1];
    for (engine, times) in ENGINES.iter().zip(&times) {
        let ratios: Vec<f64> = times.iter().zip(peer).map(|(ours, theirs)| ours / theirs).collect();
        println!("{engine:20} {:>12.1} {:>18.3} {:>10.3}", median(times), median(&ratios), median_upper_bound(&ratios));
    }
    Ok(())
}
