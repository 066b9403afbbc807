//! Calls of a core module out to the host, which reads the module's memory, Gusset beside Wasmtime: typed closures, and those
//! over dynamic values.

use anyhow::{Context, Result};
use gusset_benches::{Contender, measure, print};
use std::hint::black_box;
use std::time::{Duration, Instant};

const HOST_CALL: &str = include_str!("../kernels/host-call.wat");
const CALLS: u32 = 1_000_000;
const ROUNDS: usize = 41;
const NO_MEMORY: &str = "the guest exports no memory";
const OUTSIDE: &str = "the number is outside of the memory";

/// What the host does in each call, whichever engine runs the guest: a number from memory, and three more.
fn mix(memory: &[u8], [at, b, c, d]: [u32; 4]) -> Option<u32> {
    let bytes = memory.get(at as usize..).and_then(|bytes| bytes.first_chunk())?;
    Some(u32::from_le_bytes(*bytes).wrapping_add(b).wrapping_mul(31) ^ c.wrapping_add(d))
}

/// What the kernel must return.
fn expected(n: u32) -> u32 {
    let memory: Vec<u8> = [0; 64].into_iter().chain((1..=4).flat_map(u32::to_le_bytes)).collect();
    (1..=n).rev().fold(0, |sum: u32, n| sum.wrapping_add(mix(&memory, [64 + (n & 3) * 4, sum, n, 7]).expect("in it")))
}

fn gusset<'a>(name: &str, linker: &gusset::core::Linker<()>) -> Result<Contender<'a>> {
    let mut store = gusset::Store::new(linker.engine(), ());
    let instance = linker.instantiate(&mut store, &gusset::core::Module::new(linker.engine(), HOST_CALL)?)?;
    let func = instance.get_typed_func::<u32, u32>(&mut store, "run")?;
    let run = move || timed(|| func.call(&mut store, CALLS).expect("the kernel returns"));
    Ok(Contender { name: name.into(), run: Box::new(run) })
}

fn gusset_typed<'a>() -> Result<Contender<'a>> {
    use gusset::core::Caller;
    let mut linker = gusset::core::Linker::new(&gusset::Engine::new(&gusset::Config::new())?);
    linker.func_wrap("host", "mix", |mut caller: Caller<'_, ()>, a: u32, b: u32, c: u32, d: u32| {
        let memory = caller.get_memory("memory").context(NO_MEMORY)?;
        mix(memory.data(&caller), [a, b, c, d]).context(OUTSIDE)
    })?;
    gusset("gusset, typed", &linker)
}

fn gusset_dynamic<'a>() -> Result<Contender<'a>> {
    use gusset::core::{Caller, FuncType, Val, ValType};
    let mut linker = gusset::core::Linker::new(&gusset::Engine::new(&gusset::Config::new())?);
    let ty = FuncType { params: [ValType::I32; 4].into(), results: [ValType::I32].into() };
    linker.func_new("host", "mix", ty, |mut caller: Caller<'_, ()>, params, results| {
        let memory = caller.get_export("memory").and_then(|export| export.into_memory());
        let [Val::I32(a), Val::I32(b), Val::I32(c), Val::I32(d)] = *params else { unreachable!("its type says so") };
        let memory = memory.context(NO_MEMORY)?;
        let result = mix(memory.data(&caller), [a, b, c, d].map(|value| value as u32)).context(OUTSIDE)?;
        results[0] = Val::I32(result as i32);
        Ok(())
    })?;
    gusset("gusset, dynamic", &linker)
}

fn wasmtime<'a>(name: &str, linker: &wasmtime::Linker<()>) -> Result<Contender<'a>> {
    let mut store = wasmtime::Store::new(linker.engine(), ());
    let instance = linker.instantiate(&mut store, &wasmtime::Module::new(linker.engine(), HOST_CALL)?)?;
    let func = instance.get_typed_func::<u32, u32>(&mut store, "run")?;
    let run = move || timed(|| func.call(&mut store, CALLS).expect("the kernel returns"));
    Ok(Contender { name: name.into(), run: Box::new(run) })
}

fn wasmtime_typed<'a>() -> Result<Contender<'a>> {
    use wasmtime::Caller;
    let mut linker = wasmtime::Linker::new(&wasmtime::Engine::default());
    linker.func_wrap("host", "mix", |mut caller: Caller<'_, ()>, a: u32, b: u32, c: u32, d: u32| {
        let memory = caller.get_export("memory").and_then(wasmtime::Extern::into_memory);
        let memory = memory.ok_or_else(|| wasmtime::Error::msg(NO_MEMORY))?;
        mix(memory.data(&caller), [a, b, c, d]).ok_or_else(|| wasmtime::Error::msg(OUTSIDE))
    })?;
    wasmtime("wasmtime, typed", &linker)
}

fn wasmtime_dynamic<'a>() -> Result<Contender<'a>> {
    use wasmtime::{Caller, FuncType, Val, ValType};
    let engine = wasmtime::Engine::default();
    let mut linker = wasmtime::Linker::new(&engine);
    let ty = FuncType::new(&engine, [ValType::I32, ValType::I32, ValType::I32, ValType::I32], [ValType::I32]);
    linker.func_new("host", "mix", ty, |mut caller: Caller<'_, ()>, params, results| {
        let memory = caller.get_export("memory").and_then(wasmtime::Extern::into_memory);
        let [Val::I32(a), Val::I32(b), Val::I32(c), Val::I32(d)] = *params else { unreachable!("its type says so") };
        let memory = memory.ok_or_else(|| wasmtime::Error::msg(NO_MEMORY))?;
        let result = mix(memory.data(&caller), [a, b, c, d].map(|value| value as u32));
        let result = result.ok_or_else(|| wasmtime::Error::msg(OUTSIDE))?;
        results[0] = Val::I32(result as i32);
        Ok(())
    })?;
    wasmtime("wasmtime, dynamic", &linker)
}

fn timed(run: impl FnOnce() -> u32) -> Duration {
    let start = Instant::now();
    let result = black_box(run());
    let time = start.elapsed();
    assert_eq!(result, expected(CALLS));
    time
}

fn main() -> Result<()> {
    let mut contenders = [gusset_typed()?, gusset_dynamic()?, wasmtime_typed()?, wasmtime_dynamic()?];
    print("call of a host function that reads memory, per call", &measure(&mut contenders, ROUNDS, CALLS.into()));
    Ok(())
}
