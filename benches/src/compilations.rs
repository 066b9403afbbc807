//! How long compilations take and how much memory, each in a process of its own, the engines in turn.

use crate::{median, median_upper_bound};
use anyhow::{Context, Result, bail};
use std::process::Command;
use std::time::Instant;

/// The engines that are compared, as processes are told which to use.
pub const ENGINES: [&str; 2] = ["gusset", "wasmtime"];

/// Compiles in this process, and prints for the one that began it seconds, and the most memory that compiling took, in KiB.
pub fn compile_and_print(compile: impl FnOnce() -> Result<()>) -> Result<()> {
    let before = peak_memory()?;
    let start = Instant::now();
    compile()?;
    println!("{} {}", start.elapsed().as_secs_f64(), peak_memory()? - before);
    Ok(())
}

/// The most memory that this process has had, in KiB.
fn peak_memory() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("the system tells it")?;
    Ok(line.trim().trim_end_matches(" kB").trim().parse()?)
}

/// The head of the table.
pub fn print_head() {
    println!(
        "{:40} {:>12} {:>12} {:>8} {:>10} {:>12} {:>12} {:>8}",
        "", "gusset ms", "wasmtime ms", "ratio", "95% bound", "gusset MiB", "wasmtime MiB", "ratio"
    );
}

/// Runs this program so often for each engine, as `--one ENGINE ARGUMENT`, and prints medians and their ratios.
pub fn compare(name: &str, argument: &str, rounds: usize) -> Result<()> {
    let mut figures = [(Vec::new(), Vec::new()), (Vec::new(), Vec::new())];
    for _ in 0..rounds {
        for (engine, (times, memory)) in ENGINES.iter().zip(&mut figures) {
            let output = Command::new(std::env::current_exe()?).args(["--one", engine, argument]).output()?;
            let text = String::from_utf8(output.stdout)?;
            let Some((time, peak)) = text.trim().split_once(' ') else {
                bail!("{engine}, {name}: {}", String::from_utf8_lossy(&output.stderr))
            };
            times.push(time.parse::<f64>()? * 1e3);
            memory.push(peak.parse::<f64>()? / 1024.0);
        }
    }
    let [(ours, our_memory), (theirs, their_memory)] = &figures;
    let ratios: Vec<f64> = ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect();
    println!(
        "{name:40} {:>12.1} {:>12.1} {:>8.2} {:>10.2} {:>12.1} {:>12.1} {:>8.2}",
        median(ours),
        median(theirs),
        median(&ratios),
        median_upper_bound(&ratios),
        median(our_memory),
        median(their_memory),
        median(our_memory) / median(their_memory),
    );
    Ok(())
}
