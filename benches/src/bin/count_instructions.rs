//! How many instructions an operation of the bench `canonical` takes in each contender, counted by valgrind's callgrind. Each count is the
//! difference of two processes that do the same, but that the longer one runs the operations more often: what starts, compiles and checks does
//! not count. Both engines compile on one thread, and else are as the bench has them. Counts of the same differ by less than an instruction, since
//! processes do not start quite alike.
//!
//!     cargo run --release --bin count_instructions -- [PART OF A ROW'S NAME...]
//!
//! It wants valgrind. Without parts of names the rows of numbers, resources and compound values are counted.

use anyhow::{Context, Result, ensure};
use gusset_benches::canonical::{CONTENDERS, CanonicalEngines, rows};
use std::process::Command;

/// What is counted where no row is named.
const DEFAULT_PARTS: [&str; 3] = ["scalars: ", "resources: ", "compound: "];

/// The operations of a run.
const OPERATIONS: u32 = 20_000;

/// How often the shorter and the longer process run them. What the operations come to is worked out in the first run, and counts in neither.
const RUNS: [u32; 2] = [1, 11];

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--run", contender, name, runs] => run(contender.parse()?, name, runs.parse()?),
        [] => count_all(&DEFAULT_PARTS),
        ref parts => count_all(parts),
    }
}

/// What a process does that is counted.
fn run(contender: usize, name: &str, runs: u32) -> Result<()> {
    let row = rows().into_iter().find(|row| row.name == name).context("there is no such row")?;
    row.repeat(&CanonicalEngines::on_one_thread()?, contender, OPERATIONS, runs)
}

fn count_all(parts: &[&str]) -> Result<()> {
    let names: Vec<String> = rows().into_iter().map(|row| row.name).collect();
    let names: Vec<&String> = names.iter().filter(|name| parts.iter().any(|part| name.contains(part))).collect();
    ensure!(!names.is_empty(), "there is no such row");
    println!("row | {} | ratio to the last", CONTENDERS.join(" | "));
    for name in names {
        let mut counts = [0.0; CONTENDERS.len()];
        for (contender, count) in counts.iter_mut().enumerate() {
            *count = per_operation(contender, name)?;
        }
        let [ours, default, best] = counts;
        println!("{name} | {ours:.1} | {default:.1} | {best:.1} | {:.3}", ours / best);
    }
    Ok(())
}

/// The instructions of one operation.
fn per_operation(contender: usize, name: &str) -> Result<f64> {
    let [short, long] = RUNS.map(|runs| instructions(contender, name, runs));
    Ok((long? as f64 - short? as f64) / f64::from((RUNS[1] - RUNS[0]) * OPERATIONS))
}

/// The instructions of a process.
fn instructions(contender: usize, name: &str, runs: u32) -> Result<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe()?)
        .args(["--run", &contender.to_string(), name, &runs.to_string()])
        .output()
        .context("valgrind does not start")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{name}, {}, under valgrind: {said}", CONTENDERS[contender]);
    let collected =
        said.lines().find_map(|line| line.split_once("Collected : ")).context("callgrind says its count")?;
    Ok(collected.1.trim().parse()?)
}
