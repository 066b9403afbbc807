//! How many instructions an operation of the bench `canonical` takes in each contender, counted by valgrind's callgrind. Each count is of a
//! process, and of nothing in it but the run of the operations: what starts, compiles and checks does not count, and a call by the host counts
//! once for all of them. The engines are as the bench has them, but compile on one thread.
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

/// What callgrind is told: it counts while this function is called, and keeps nothing but the sum.
const CALLGRIND: [&str; 3] =
    ["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=*gusset_benches*canonical*counted*"];

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--run", contender, name] => run(contender.parse()?, name),
        [] => count_all(&DEFAULT_PARTS),
        ref parts => count_all(parts),
    }
}

/// What a process does that is counted.
fn run(contender: usize, name: &str) -> Result<()> {
    let row = rows().into_iter().find(|row| row.name == name).context("there is no such row")?;
    row.count(&CanonicalEngines::to_count(contender)?, contender, OPERATIONS)
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
    let output = Command::new("valgrind")
        .args(CALLGRIND)
        .arg(std::env::current_exe()?)
        .args(["--run", &contender.to_string(), name])
        .output()
        .context("valgrind does not start")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{name}, {}, under valgrind: {said}", CONTENDERS[contender]);
    let collected =
        said.lines().find_map(|line| line.split_once("Collected : ")).context("callgrind says its count")?;
    let collected: u64 = collected.1.trim().parse()?;
    ensure!(collected > 0, "{name}, {}: callgrind did not find what it should count", CONTENDERS[contender]);
    Ok(collected as f64 / f64::from(OPERATIONS))
}
