//! Calls between two components, Gusset beside Wasmtime: its default build and its best settings.

use anyhow::Result;
use gusset_benches::{Contender, measure, print};
use std::hint::black_box;
use std::time::{Duration, Instant};

const SCALAR: &str = include_str!("../kernels/scalar-call.wat");
const CALLS: u32 = 1_000_000;
const ROUNDS: usize = 41;

/// What a kernel must return, whichever engine runs it.
fn expected(n: u32) -> u32 {
    (1..=n).rev().fold(0u32, |acc, n| acc.wrapping_mul(31).wrapping_add(n))
}

fn gusset<'a>(export: &str) -> Result<Contender<'a>> {
    let engine = gusset::Engine::new(&gusset::Config::new())?;
    let component = gusset::Component::new(&engine, SCALAR)?;
    let mut store = gusset::Store::new(&engine, ());
    let instance = gusset::Linker::new(&engine).instantiate(&mut store, &component)?;
    let func = instance.get_func(&mut store, export).expect("the kernel exports it");
    let func = func.typed::<(u32,), (u32,)>(&store)?;
    let run = move || timed(|| func.call(&mut store, (CALLS,)).expect("the kernel returns").0);
    Ok(Contender { name: "gusset".into(), run: Box::new(run) })
}

fn wasmtime<'a>(name: &str, export: &str, config: &wasmtime::Config) -> Result<Contender<'a>> {
    use wasmtime::component::{Component, Linker};
    let engine = wasmtime::Engine::new(config)?;
    let component = Component::new(&engine, SCALAR)?;
    let mut store = wasmtime::Store::new(&engine, ());
    let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
    let func = instance.get_typed_func::<(u32,), (u32,)>(&mut store, export)?;
    let run = move || timed(|| func.call(&mut store, (CALLS,)).expect("the kernel returns").0);
    Ok(Contender { name: name.into(), run: Box::new(run) })
}

fn timed(run: impl FnOnce() -> u32) -> Duration {
    let start = Instant::now();
    let result = black_box(run());
    let time = start.elapsed();
    assert_eq!(result, expected(CALLS));
    time
}

fn main() -> Result<()> {
    let default = wasmtime::Config::new();
    let mut best = wasmtime::Config::new();
    best.compiler_inlining(wasmtime::Inlining::Yes).concurrency_support(false);
    for (title, export) in [
        ("scalar call from one component to another, per call", "across"),
        ("plain call inside one module, per call", "within"),
    ] {
        let mut contenders = [
            gusset(export)?,
            wasmtime("wasmtime, default", export, &default)?,
            wasmtime("wasmtime, inlining on, async support off", export, &best)?,
        ];
        print(title, &measure(&mut contenders, ROUNDS, CALLS.into()));
    }
    Ok(())
}
