//! What checks and masks cost, Gusset beside Wasmtime: with signals and without, with masks against Spectre and without.

use anyhow::Result;
use gusset_benches::{Contender, measure, print};
use std::hint::black_box;
use std::time::{Duration, Instant};

const CHECKS: &str = include_str!("../kernels/checks.wat");
const ROUNDS: usize = 41;

/// The kernels, what each is called with, and how many operations that is.
const KERNELS: &[(&str, u32, u64)] = &[
    ("indirect", 1_000_000, 1_000_000),
    ("elements", 1_000_000, 1_000_000),
    ("chase", 1_000_000, 1_000_000),
    ("sweep", 1_000_000, 1_000_000),
    ("divide", 1_000_000, 1_000_000),
    ("calls", 25, 242_785),
];

/// Bytes that memories reserve where all their accesses are checked.
const SMALL: u64 = 1 << 20;

/// The settings that are compared.
#[derive(Clone, Copy)]
struct Checks {
    signals: bool,
    masks: bool,
    reservation: u64,
}

impl Checks {
    fn name(self, engine: &str) -> String {
        let signals = if self.signals { "" } else { ", no signals" };
        let masks = if self.masks { "" } else { ", no masks" };
        format!("{engine}{signals}{masks}")
    }
}

fn gusset<'a>(checks: Checks, kernel: &str, n: u32) -> Result<Contender<'a>> {
    let mut config = gusset::Config::new();
    config.signals_based_traps(checks.signals).memory_reservation(checks.reservation);
    config.heap_access_spectre_mitigation(checks.masks).table_access_spectre_mitigation(checks.masks);
    let engine = gusset::Engine::new(&config)?;
    let mut store = gusset::Store::new(&engine, ());
    let module = gusset::core::Module::new(&engine, CHECKS)?;
    let instance = gusset::core::Linker::new(&engine).instantiate(&mut store, &module)?;
    let func = instance.get_typed_func::<u32, u32>(&mut store, kernel)?;
    let run = move || timed(|| func.call(&mut store, n).expect("the kernel returns"));
    Ok(Contender { name: checks.name("gusset"), run: Box::new(run) })
}

fn wasmtime<'a>(checks: Checks, kernel: &str, n: u32) -> Result<Contender<'a>> {
    let mut config = wasmtime::Config::new();
    config.signals_based_traps(checks.signals).memory_reservation(checks.reservation);
    let masks = if checks.masks && checks.signals { "true" } else { "false" };
    // SAFETY: these flags only decide about masks.
    unsafe {
        config.cranelift_flag_set("enable_heap_access_spectre_mitigation", masks);
        config.cranelift_flag_set("enable_table_access_spectre_mitigation", masks);
    }
    let engine = wasmtime::Engine::new(&config)?;
    let mut store = wasmtime::Store::new(&engine, ());
    let instance = wasmtime::Linker::new(&engine).instantiate(&mut store, &wasmtime::Module::new(&engine, CHECKS)?)?;
    let func = instance.get_typed_func::<u32, u32>(&mut store, kernel)?;
    let run = move || timed(|| func.call(&mut store, n).expect("the kernel returns"));
    Ok(Contender { name: checks.name("wasmtime"), run: Box::new(run) })
}

fn timed(run: impl FnOnce() -> u32) -> Duration {
    let start = Instant::now();
    black_box(run());
    start.elapsed()
}

fn main() -> Result<()> {
    for &(kernel, n, operations) in KERNELS {
        for reservation in [4 << 30, SMALL] {
            // Only memories care about the reservation.
            if reservation == SMALL && !matches!(kernel, "chase" | "sweep") {
                continue;
            }
            let checks = |signals, masks| Checks { signals, masks, reservation };
            let mut contenders = [
                gusset(checks(true, true), kernel, n)?,
                gusset(checks(true, false), kernel, n)?,
                gusset(checks(false, true), kernel, n)?,
                gusset(checks(false, false), kernel, n)?,
                wasmtime(checks(true, true), kernel, n)?,
                wasmtime(checks(true, false), kernel, n)?,
                // Without signals it has no masks.
                wasmtime(checks(false, false), kernel, n)?,
            ];
            let title = format!("{kernel}, {} MiB reserved, per operation", reservation >> 20);
            print(&title, &measure(&mut contenders, ROUNDS, operations));
        }
    }
    Ok(())
}
