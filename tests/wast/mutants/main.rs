//! `cargo xtask mutants`: damages the binaries that the suites' scripts contain and gives each to `gusset run`, in a process of
//! its own. Whatever the bytes, the program must end with an answer or an error: no panic, no signal, no internal error, not
//! more than 5 s and not more than 1 GB. Equal seeds give equal mutants.
#![forbid(unsafe_code)]

mod extract;
mod mutate;
mod process;
mod wrap;

use extract::Specimen;
use gusset_wast_tests::{COMPONENT_SUITE, component_suite, core_suite, local_suite};
use mutate::Random;
use process::{Finding, Program};
use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

const USAGE: &str = "usage: mutants --count N [--seed S] --gusset PATH --keep DIRECTORY";

/// What is to be done.
struct Order {
    count: u64,
    seed: u64,
    gusset: PathBuf,
    /// Where mutants are kept that the program did not stand.
    keep: PathBuf,
}

/// What has come of it so far, by the words for it.
#[derive(Default)]
struct MutantTally {
    ended: BTreeMap<&'static str, u64>,
    findings: Vec<String>,
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let order = order(std::env::args().skip(1))?;
    let specimens = specimens()?;
    std::fs::create_dir_all(&order.keep)?;
    let program = Program::new(&order.gusset);
    let (next, tally, start) = (AtomicU64::new(0), Mutex::<MutantTally>::default(), Instant::now());
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for worker in 0..workers {
            let (order, specimens, program, next, tally) = (&order, &specimens, &program, &next, &tally);
            scope.spawn(move || work(order, specimens, program, worker, next, tally, start));
        }
    });
    let tally = tally.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    println!("{} mutants of {} binaries in {:?}, seed {}", order.count, specimens.len(), start.elapsed(), order.seed);
    for (what, count) in &tally.ended {
        println!("{count:>8}  {what}");
    }
    for finding in &tally.findings {
        println!("{finding}");
    }
    println!("{} findings", tally.findings.len());
    Ok(if tally.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Makes and runs mutants until there are enough.
fn work(
    order: &Order,
    specimens: &[Specimen],
    program: &Program,
    worker: usize,
    next: &AtomicU64,
    tally: &Mutex<MutantTally>,
    start: Instant,
) {
    let file = order.keep.join(format!("worker-{worker}.wasm"));
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= order.count {
            // There is nothing to keep of the last one.
            let _ = std::fs::remove_file(&file);
            return;
        }
        let mut random = Random::new(order.seed.wrapping_add(number));
        let (specimen, other) = (pick(&mut random, specimens), pick(&mut random, specimens));
        let mutant = mutate::mutate(&mut random, &specimen.wasm, &other.wasm);
        let (wasm, call) = wrap::component(&mut random, specimen, mutant);
        let ended = std::fs::write(&file, &wasm).map_err(Finding::from).and_then(|()| program.run(&file, &call));
        let mut tally = tally.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match ended {
            Ok(what) => *tally.ended.entry(what).or_default() += 1,
            Err(finding) => {
                let kept = order.keep.join(format!("{number}.wasm"));
                let place = match std::fs::copy(&file, &kept) {
                    Ok(_) => kept.display().to_string(),
                    Err(error) => format!("cannot keep it: {error}"),
                };
                tally.findings.push(format!("mutant {number} of {}, `{call}`: {finding} ({place})", specimen.origin));
            }
        }
        if (number + 1).is_multiple_of(1000) {
            let findings = tally.findings.len();
            eprintln!("{} of {}, {findings} findings, {:?}", number + 1, order.count, start.elapsed());
        }
    }
}

/// A specimen: mostly a valid one, since what is refused at once reaches little, and components more often than there are of
/// them.
fn pick<'a>(random: &mut Random, specimens: &'a [Specimen]) -> &'a Specimen {
    let components = specimens.partition_point(|specimen| specimen.is_component());
    let specimens = if components > 0 && random.below(3) == 0 { &specimens[..components] } else { specimens };
    let candidates: [&Specimen; 4] = std::array::from_fn(|_| random.pick(specimens));
    candidates.into_iter().find(|specimen| specimen.valid).unwrap_or(candidates[0])
}

/// The binaries in the scripts of all suites that are there, components first.
fn specimens() -> Result<Vec<Specimen>, Box<dyn Error>> {
    let mut scripts = core_suite();
    scripts.extend(local_suite()?);
    match std::env::var_os(COMPONENT_SUITE) {
        Some(folder) => scripts.extend(component_suite(Path::new(&folder))?),
        None => println!("without the component model's suite: {COMPONENT_SUITE} is not set"),
    }
    let mut specimens = extract::specimens(&scripts)?;
    specimens.sort_by_key(|specimen| !specimen.is_component());
    if specimens.is_empty() {
        return Err("there are no binaries".into());
    }
    Ok(specimens)
}

fn order(mut arguments: impl Iterator<Item = String>) -> Result<Order, Box<dyn Error>> {
    let (mut count, mut seed, mut gusset, mut keep) = (None, 0, None, None);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or(USAGE)?;
        match name.as_str() {
            "--count" => count = Some(value.parse()?),
            "--seed" => seed = value.parse()?,
            "--gusset" => gusset = Some(value.into()),
            "--keep" => keep = Some(value.into()),
            _ => return Err(USAGE.into()),
        }
    }
    let (count, gusset, keep) = (count.ok_or(USAGE)?, gusset.ok_or(USAGE)?, keep.ok_or(USAGE)?);
    Ok(Order { count, seed, gusset, keep })
}
