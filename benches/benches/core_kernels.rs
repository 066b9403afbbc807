//! How fast the code of core modules runs, Gusset beside Wasmtime: kernels in C, Zig and by hand, with masks against Spectre in both engines,
//! and without in both.
//!
//!     cargo bench --bench core_kernels -- [KERNEL...]

use anyhow::{Context, Result, ensure};
use gusset::CoreFeature;
use gusset_benches::{Contender, Row, measure};
use std::hint::black_box;
use std::time::Instant;

/// What a kernel's ratio may be, and that of all of them (the geometric mean). A bound may be `TOLERANCE` above.
const BAR: f64 = 1.03;
const MEAN_BAR: f64 = 1.00;
const TOLERANCE: f64 = 0.03;

/// A run is so short that a machine which does other work leaves most of them alone.
const ROUNDS: usize = 151;

/// A kernel, and how often it does its work in a run: some milliseconds.
struct CoreKernel {
    name: &'static str,
    module: &'static [u8],
    n: u32,
}

macro_rules! kernels {
    ($($file:literal: $n:expr),* $(,)?) => {
        [$(CoreKernel { name: $file, module: include_bytes!(concat!("../kernels/core/", $file)), n: $n }),*]
    };
}

const KERNELS: &[CoreKernel] = &kernels! {
    "matmul.wasm": 2,
    "matmul_simd.wasm": 4,
    "sha256.wasm": 20,
    "json.wasm": 2,
    "regex.wasm": 1,
    "sort.wasm": 1,
    "hashmap.wasm": 1,
    "mandelbrot.wasm": 2,
    "nbody.wasm": 10_000,
    "lz.wasm": 8,
    "interp.wasm": 4,
    "search.wasm": 3,
    "search_simd.wasm": 8,
    "callgraph.wasm": 400,
    "exceptions_thrown.wat": 1_000,
    "exceptions_not_thrown.wat": 200_000,
    "atomics.wat": 20_000,
};

/// An instance in one of the engines: calls `run`.
type Call = Box<dyn FnMut(u32) -> Result<i64>>;

fn gusset(kernel: &CoreKernel, masks: bool) -> Result<Call> {
    let mut config = gusset::Config::new();
    config.heap_access_spectre_mitigation(masks).table_access_spectre_mitigation(masks);
    config.wasm_feature(CoreFeature::Threads, kernel.name == "atomics.wat");
    let engine = gusset::Engine::new(&config)?;
    let mut store = gusset::Store::new(&engine, ());
    let module = gusset::core::Module::new(&engine, kernel.module)?;
    let instance = gusset::core::Instance::new(&mut store, &module, &[])?;
    let func = instance.get_typed_func::<u32, i64>(&mut store, "run")?;
    Ok(Box::new(move |n| func.call(&mut store, n)))
}

fn wasmtime(kernel: &CoreKernel, masks: bool) -> Result<Call> {
    let mut config = wasmtime::Config::new();
    config.shared_memory(kernel.name == "atomics.wat");
    let masks = if masks { "true" } else { "false" };
    // SAFETY: these flags only decide about masks.
    unsafe {
        config.cranelift_flag_set("enable_heap_access_spectre_mitigation", masks);
        config.cranelift_flag_set("enable_table_access_spectre_mitigation", masks);
    }
    let engine = wasmtime::Engine::new(&config)?;
    let mut store = wasmtime::Store::new(&engine, ());
    let module = wasmtime::Module::new(&engine, kernel.module)?;
    let instance = wasmtime::Instance::new(&mut store, &module, &[])?;
    let func = instance.get_typed_func::<u32, i64>(&mut store, "run")?;
    Ok(Box::new(move |n| Ok(func.call(&mut store, n)?)))
}

/// Both engines must compute the same, and of all its work none of what a kernel returns when it finds its own result wrong: of less, 0 may
/// be right.
fn check(kernel: &CoreKernel, ours: &mut Call, theirs: &mut Call) -> Result<()> {
    for n in [kernel.n, 1, 2, kernel.n] {
        let (our, their) = (ours(n)?, theirs(n)?);
        ensure!(our == their, "{} of {n}: gusset computes {our}, wasmtime {their}", kernel.name);
        ensure!(n != kernel.n || !matches!(our, -2..=0), "{} of {n} says {our}: its own check fails", kernel.name);
    }
    Ok(())
}

fn contender(name: &str, n: u32, mut call: Call) -> Contender<'static> {
    let run = move || {
        let start = Instant::now();
        black_box(call(black_box(n)).expect("the kernel returned before"));
        start.elapsed()
    };
    Contender { name: name.to_owned(), run: Box::new(run) }
}

/// The peer's row, which has the ratio of Gusset to it, after Gusset's; or why Gusset does not run the kernel.
fn compare(kernel: &CoreKernel, masks: bool) -> Result<Result<[Row; 2], String>> {
    let mut theirs = wasmtime(kernel, masks).with_context(|| format!("wasmtime does not run {}", kernel.name))?;
    let mut ours = match gusset(kernel, masks) {
        Ok(ours) => ours,
        Err(error) => return Ok(Err(format!("{error:#}"))),
    };
    check(kernel, &mut ours, &mut theirs)?;
    let mut contenders = [contender("gusset", kernel.n, ours), contender("wasmtime", kernel.n, theirs)];
    let rows = measure(&mut contenders, ROUNDS, 1);
    rows.try_into().map(Ok).map_err(|_| anyhow::anyhow!("there is a row for each contender"))
}

/// What all kernels come to with one setting of the masks.
#[derive(Default)]
struct KernelTally {
    logarithms: Vec<f64>,
    passed: usize,
}

impl KernelTally {
    fn add(&mut self, row: &Row) {
        self.logarithms.push(row.ratio.ln());
        self.passed += usize::from(row.ratio_bound <= BAR + TOLERANCE);
    }

    fn print(&self, name: &str, kernels: usize) {
        let mean = (self.logarithms.iter().sum::<f64>() / self.logarithms.len() as f64).exp();
        println!(
            "{name}: geometric mean of {} kernels {mean:.3}, wanted {MEAN_BAR:.2}; {} of {kernels} within {BAR}",
            self.logarithms.len(),
            self.passed
        );
    }
}

fn main() -> Result<()> {
    let only: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let is_wanted = |kernel: &&CoreKernel| {
        let stem = kernel.name.split('.').next();
        only.is_empty() || only.iter().any(|name| name == kernel.name || Some(name.as_str()) == stem)
    };
    let kernels: Vec<&CoreKernel> = KERNELS.iter().filter(is_wanted).collect();
    ensure!(!kernels.is_empty(), "there is no such kernel");
    println!("{:26} {:^40} {:^40}", "", "with masks", "without");
    let columns = format!("{:>10} {:>10} {:>8} {:>9}", "gusset µs", "wasmtime", "ratio", "95% bound");
    println!("{:26} {columns} {columns}", "");
    let mut tallies = [KernelTally::default(), KernelTally::default()];
    for kernel in &kernels {
        print!("{:26}", kernel.name);
        for (masks, tally) in [true, false].into_iter().zip(&mut tallies) {
            match compare(kernel, masks)? {
                Ok([ours, theirs]) => {
                    let times = [ours.median_ns / 1e3, theirs.median_ns / 1e3];
                    print!(" {:>10.1} {:>10.1} {:>8.3} {:>9.3}", times[0], times[1], theirs.ratio, theirs.ratio_bound);
                    tally.add(&theirs);
                }
                Err(why) => print!(" not run: {why}"),
            }
        }
        println!();
    }
    for (tally, name) in tallies.iter().zip(["with masks", "without masks"]) {
        tally.print(name, kernels.len());
    }
    Ok(())
}
