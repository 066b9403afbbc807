//! What calls by the canonical ABI cost, Gusset beside Wasmtime as it comes and at its best: between components, between a component and its
//! host, and what it takes to compile and instantiate chains of components.
//!
//!     cargo bench --bench canonical -- [--rounds N] [PART OF A ROW'S NAME...]

use anyhow::{Context, Result, ensure};
use gusset_benches::canonical::{CanonicalEngines, rows};
use gusset_benches::{Row, print};

const ROUNDS: usize = 41;

/// Which rows are wanted, and how often each is measured.
fn arguments() -> Result<(Vec<String>, usize)> {
    let (mut parts, mut rounds) = (Vec::new(), ROUNDS);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--rounds" => rounds = arguments.next().and_then(|n| n.parse().ok()).context("--rounds wants a number")?,
            "--bench" => {}
            _ => parts.push(argument),
        }
    }
    ensure!(rounds > 0, "there must be a round");
    Ok((parts, rounds))
}

/// A line for each row.
fn summary(measured: &[(String, Vec<Row>)]) {
    let width = measured.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    println!(
        "\n{:width$} | gusset ns | default ns | best ns | ratio to default (bound) | ratio to best (bound)",
        "row"
    );
    for (name, rows) in measured {
        let [ours, default, best] = rows.as_slice() else { unreachable!("there are three contenders") };
        println!(
            "{name:width$} | {:.2} | {:.2} | {:.2} | {:.3} ({:.3}) | {:.3} ({:.3})",
            ours.median_ns,
            default.median_ns,
            best.median_ns,
            default.ratio,
            default.ratio_bound,
            best.ratio,
            best.ratio_bound
        );
    }
}

fn main() -> Result<()> {
    let (parts, rounds) = arguments()?;
    let engines = CanonicalEngines::new()?;
    let is_wanted = |name: &str| parts.is_empty() || parts.iter().any(|part| name.contains(part.as_str()));
    let (mut measured, mut failed) = (Vec::new(), Vec::new());
    for row in rows().into_iter().filter(|row| is_wanted(&row.name)) {
        let name = row.name.clone();
        match row.measure(&engines, rounds) {
            Ok(rows) => {
                print(&format!("{name}, per operation"), &rows);
                measured.push((name, rows));
            }
            Err(error) => {
                println!("\n{name}: not run: {error:#}");
                failed.push(name);
            }
        }
    }
    summary(&measured);
    ensure!(!measured.is_empty() || !failed.is_empty(), "there is no such row");
    ensure!(failed.is_empty(), "not run: {}", failed.join("; "));
    Ok(())
}
