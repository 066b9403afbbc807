//! How long compositions with many types or functions take to compile, and how much memory, Gusset beside Wasmtime with its
//! default settings. Each compilation has a process of its own, in turn; the table gives medians.
//!
//!     cargo run --release --bin compile_shapes -- [ROUNDS]

use anyhow::{Context, Result, bail};
use gusset_benches::shapes::shapes;
use gusset_benches::{median, median_upper_bound};
use std::process::Command;
use std::time::Instant;

const ENGINES: [&str; 2] = ["gusset", "wasmtime"];

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().collect();
    match &args[1..] {
        [one, engine, shape] if one == "--one" => compile_one(engine, shape.parse()?),
        [] => compare(15),
        [rounds] => compare(rounds.parse().context("ROUNDS is a number")?),
        _ => bail!("usage: compile_shapes [ROUNDS]"),
    }
}

/// Compiles a shape in this process, and prints seconds and the most memory in KiB.
fn compile_one(engine: &str, shape: usize) -> Result<()> {
    let wasm = wat::parse_str(&shapes()[shape].text)?;
    let before = peak_memory()?;
    let start = Instant::now();
    match engine {
        "gusset" => drop(gusset::Component::new(&gusset::Engine::default(), &wasm)?),
        _ => drop(wasmtime::component::Component::new(&wasmtime::Engine::default(), &wasm)?),
    }
    println!("{} {}", start.elapsed().as_secs_f64(), peak_memory()? - before);
    Ok(())
}

/// The most memory that this process has had, in KiB.
fn peak_memory() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("the system tells it")?;
    Ok(line.trim().trim_end_matches(" kB").trim().parse()?)
}

fn compare(rounds: usize) -> Result<()> {
    println!(
        "{:40} {:>12} {:>12} {:>8} {:>10} {:>12} {:>12}",
        "", "gusset ms", "wasmtime ms", "ratio", "95% bound", "gusset MiB", "wasmtime MiB"
    );
    for (number, shape) in shapes().iter().enumerate() {
        let mut figures = [(Vec::new(), Vec::new()), (Vec::new(), Vec::new())];
        for _ in 0..rounds {
            for (engine, (times, memory)) in ENGINES.iter().zip(&mut figures) {
                let output =
                    Command::new(std::env::current_exe()?).args(["--one", engine, &number.to_string()]).output()?;
                let text = String::from_utf8(output.stdout)?;
                let Some((time, peak)) = text.trim().split_once(' ') else {
                    bail!("{engine}, {}: {}", shape.name, String::from_utf8_lossy(&output.stderr))
                };
                times.push(time.parse::<f64>()? * 1e3);
                memory.push(peak.parse::<f64>()? / 1024.0);
            }
        }
        let [(ours, our_memory), (theirs, their_memory)] = &figures;
        let ratios: Vec<f64> = ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect();
        println!(
            "{:40} {:>12.1} {:>12.1} {:>8.2} {:>10.2} {:>12.1} {:>12.1}",
            shape.name,
            median(ours),
            median(theirs),
            median(&ratios),
            median_upper_bound(&ratios),
            median(our_memory),
            median(their_memory),
        );
    }
    Ok(())
}
