//! What fuel and epochs cost: each kernel plain, counting fuel, and looking for epochs, Gusset beside Wasmtime in the same rounds.
//! A ratio is that of the first row to the others: the metered run to the plain one, and to the peer's metered run.

use anyhow::{Result, bail};
use gusset_benches::{Contender, measure, print};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// A kernel, how often it does its work, and what it is then called with and returns.
struct Kernel {
    name: &'static str,
    wat: &'static str,
    n: u32,
}

macro_rules! kernels {
    ($($name:literal: $n:expr),* $(,)?) => {
        [$(Kernel { name: $name, wat: include_str!(concat!("../kernels/metering/", $name, ".wat")), n: $n }),*]
    };
}

const KERNELS: &[Kernel] = &kernels! {
    "sieve": 3,
    "fib": 26,
    "hash": 3,
    "matrix": 1,
    "calls": 100_000,
    "machine": 50_000,
    "copy": 100,
    "text": 5_000,
};

/// A run is so short that a machine which does other work leaves most of them alone.
const ROUNDS: usize = 301;

/// What the code looks at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Metering {
    Plain,
    Fuel,
    Epochs,
}

impl Metering {
    fn name(self) -> &'static str {
        match self {
            Metering::Plain => "plain",
            Metering::Fuel => "fuel",
            Metering::Epochs => "epochs",
        }
    }
}

/// More than any kernel uses.
const FUEL: u64 = u64::MAX / 2;

fn gusset<'a>(kernel: &Kernel, metering: Metering) -> Result<Contender<'a>> {
    let mut config = gusset::Config::new();
    config.consume_fuel(metering == Metering::Fuel).epoch_interruption(metering == Metering::Epochs);
    let engine = gusset::Engine::new(&config)?;
    let mut store = gusset::Store::new(&engine, ());
    if metering == Metering::Fuel {
        store.set_fuel(FUEL)?;
    }
    store.set_epoch_deadline(1);
    let n = kernel.n;
    let mut call: Box<dyn FnMut() -> u32> = if is_component(kernel) {
        let component = gusset::Component::new(&engine, kernel.wat)?;
        let instance = gusset::Linker::new(&engine).instantiate(&mut store, &component)?;
        let func = instance.get_typed_func::<(u32,), (u32,)>(&mut store, "run")?;
        Box::new(move || func.call(&mut store, (n,)).expect("the kernel returns").0)
    } else {
        let module = gusset::core::Module::new(&engine, kernel.wat)?;
        let instance = gusset::core::Instance::new(&mut store, &module, &[])?;
        let func = instance.get_typed_func::<u32, u32>(&mut store, "run")?;
        Box::new(move || func.call(&mut store, n).expect("the kernel returns"))
    };
    let run = move || timed(&mut call);
    Ok(Contender { name: format!("gusset, {}", metering.name()), run: Box::new(run) })
}

fn wasmtime<'a>(kernel: &Kernel, metering: Metering) -> Result<Contender<'a>> {
    let mut config = wasmtime::Config::new();
    config.consume_fuel(metering == Metering::Fuel).epoch_interruption(metering == Metering::Epochs);
    let engine = wasmtime::Engine::new(&config)?;
    let mut store = wasmtime::Store::new(&engine, ());
    if metering == Metering::Fuel {
        store.set_fuel(FUEL)?;
    }
    store.set_epoch_deadline(1);
    let n = kernel.n;
    let mut call: Box<dyn FnMut() -> u32> = if is_component(kernel) {
        let component = wasmtime::component::Component::new(&engine, kernel.wat)?;
        let instance = wasmtime::component::Linker::new(&engine).instantiate(&mut store, &component)?;
        let func = instance.get_typed_func::<(u32,), (u32,)>(&mut store, "run")?;
        Box::new(move || func.call(&mut store, (n,)).expect("the kernel returns").0)
    } else {
        let module = wasmtime::Module::new(&engine, kernel.wat)?;
        let instance = wasmtime::Instance::new(&mut store, &module, &[])?;
        let func = instance.get_typed_func::<u32, u32>(&mut store, "run")?;
        Box::new(move || func.call(&mut store, n).expect("the kernel returns"))
    };
    let run = move || timed(&mut call);
    Ok(Contender { name: format!("wasmtime, {}", metering.name()), run: Box::new(run) })
}

fn is_component(kernel: &Kernel) -> bool {
    kernel.wat.contains("(component")
}

fn timed(call: &mut dyn FnMut() -> u32) -> Duration {
    let start = Instant::now();
    black_box(call());
    start.elapsed()
}

/// Both engines must compute the same.
fn check(kernel: &Kernel) -> Result<()> {
    let small = Kernel { n: kernel.n.min(10), ..*kernel };
    let mut results = Vec::new();
    {
        let engine = gusset::Engine::new(&gusset::Config::new())?;
        let mut store = gusset::Store::new(&engine, ());
        if is_component(&small) {
            return Ok(());
        }
        let module = gusset::core::Module::new(&engine, small.wat)?;
        let instance = gusset::core::Instance::new(&mut store, &module, &[])?;
        results.push(instance.get_typed_func::<u32, u32>(&mut store, "run")?.call(&mut store, small.n)?);
    }
    {
        let engine = wasmtime::Engine::default();
        let mut store = wasmtime::Store::new(&engine, ());
        let module = wasmtime::Module::new(&engine, small.wat)?;
        let instance = wasmtime::Instance::new(&mut store, &module, &[])?;
        results.push(instance.get_typed_func::<u32, u32>(&mut store, "run")?.call(&mut store, small.n)?);
    }
    if results[0] != results[1] {
        bail!("{}: gusset computes {}, wasmtime {}", kernel.name, results[0], results[1]);
    }
    Ok(())
}

fn main() -> Result<()> {
    let only: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    for kernel in KERNELS.iter().filter(|kernel| only.is_empty() || only.iter().any(|name| name == kernel.name)) {
        check(kernel)?;
        for metering in [Metering::Fuel, Metering::Epochs] {
            let mut contenders = [
                gusset(kernel, metering)?,
                gusset(kernel, Metering::Plain)?,
                wasmtime(kernel, metering)?,
                wasmtime(kernel, Metering::Plain)?,
            ];
            print(&format!("{}, {}", kernel.name, metering.name()), &measure(&mut contenders, ROUNDS, 1));
        }
    }
    Ok(())
}
