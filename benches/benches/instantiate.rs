//! How long it takes to make a store with an instance and to drop both, Gusset beside Wasmtime: medians, and the slowest of a
//! thousand; on one thread, and on as many as there are processors. And what a thousand live instances keep of the machine's memory.
//!
//!     GUSSET_BENCH_COMPONENT=FILE.wasm cargo bench --bench instantiate -- [module|chain|component|resident]...
//!
//! Unknown imports of the component trap. For resident memory each engine has a process of its own.

use anyhow::{Context, Result, bail, ensure};
use gusset_benches::instances::{self, Allocation, Make, Subject};
use gusset_benches::{Contender, measure, percentile, print};
use std::hint::black_box;
use std::process::Command;
use std::sync::Barrier;
use std::time::{Duration, Instant};

const ROUNDS: usize = 41;
/// What a run takes, about.
const RUN: Duration = Duration::from_millis(40);
/// Samples of single instantiations of each engine, fewer where they would take too long.
const SAMPLES: usize = 20_000;
const MOST_SAMPLING: Duration = Duration::from_secs(20);
/// Taken in turn, so many at a time.
const BATCH: usize = 50;
const LIVE: usize = 1000;
/// Instances are made no longer where less is left of the machine's memory.
const MIN_AVAILABLE: u64 = 8 << 30;
const RESIDENT: &str = "--resident-of";
const COMPONENT: &str = "GUSSET_BENCH_COMPONENT";

/// Both engines' ways to make an instance, the first one Gusset's.
type Pair = [(&'static str, Make); 2];

/// Makes and drops `count` instances on each of `threads` threads, which start at once.
fn run(make: &Make, count: usize, threads: usize) -> Duration {
    let work = || (0..count).for_each(|_| drop(black_box(make())));
    if threads == 1 {
        let start = Instant::now();
        work();
        return start.elapsed();
    }
    let barrier = Barrier::new(threads + 1);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                barrier.wait();
                work();
                barrier.wait();
            });
        }
        barrier.wait();
        let start = Instant::now();
        barrier.wait();
        start.elapsed()
    })
}

/// Times of single instantiations, in nanoseconds, on each of `threads` threads.
fn samples(make: &Make, count: usize, threads: usize) -> Vec<f64> {
    let sample = || {
        let times = (0..count).map(|_| {
            let start = Instant::now();
            drop(black_box(make()));
            start.elapsed().as_secs_f64() * 1e9
        });
        times.collect::<Vec<_>>()
    };
    if threads == 1 {
        return sample();
    }
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(sample)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("samples are taken")).collect()
    })
}

fn print_tails(pair: &Pair, threads: usize) {
    let mut times = [Vec::new(), Vec::new()];
    let start = Instant::now();
    while times[0].len() < SAMPLES && start.elapsed() < MOST_SAMPLING {
        for ((_, make), times) in pair.iter().zip(&mut times) {
            times.extend(samples(make, BATCH, threads));
        }
    }
    let [ours, theirs] = times.map(|times| [0.5, 0.99, 0.999].map(|part| percentile(&times, part)));
    println!("{:44} {:>10} {:>10} {:>10}", "single ones, ns", "median", "p99", "p99.9");
    for ((name, _), [half, p99, p999]) in pair.iter().zip([ours, theirs]) {
        println!("{name:44} {half:>10.0} {p99:>10.0} {p999:>10.0}");
    }
    println!(
        "{:44} {:>10.3} {:>10.3} {:>10.3}",
        "gusset / wasmtime",
        ours[0] / theirs[0],
        ours[1] / theirs[1],
        ours[2] / theirs[2]
    );
}

fn compare(subject: &Subject) -> Result<()> {
    for (allocation, name) in [(Allocation::OnDemand, "on demand"), (Allocation::Pooled, "pooled")] {
        let (ours, theirs) = (instances::gusset(subject, allocation)?, instances::wasmtime(subject, allocation)?);
        let pair: Pair = [("gusset", ours), ("wasmtime", theirs)];
        let processors = std::thread::available_parallelism()?.get();
        let mut threads = vec![1, processors];
        threads.dedup();
        for threads in threads {
            let once = pair.iter().map(|(_, make)| run(make, 10, threads) / 10).max().expect("there are two");
            let count = (RUN.as_nanos() / once.as_nanos().max(1)).clamp(1, 10_000) as usize;
            let mut contenders = pair.each_ref().map(|(name, make)| Contender {
                name: (*name).into(),
                run: Box::new(move || run(make, count, threads)),
            });
            let title = format!("{}, {name}, {threads} threads: make and drop", subject.title);
            print(&title, &measure(&mut contenders, ROUNDS, (count * threads) as u64));
            print_tails(&pair, threads);
        }
    }
    Ok(())
}

/// A number of kB in a file of `/proc`, in bytes.
fn kilobytes(file: &str, name: &str) -> Result<u64> {
    let text = std::fs::read_to_string(file)?;
    let line =
        text.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("{file} has no {name}"))?;
    let number = line.split_whitespace().next().context("no number")?;
    Ok(number.parse::<u64>()? << 10)
}

/// What a process of its own does: keeps instances, and prints how many and what they keep.
fn resident(engine: &str, path: &str) -> Result<()> {
    let subject = instances::file(path)?;
    let make = match engine {
        "gusset" => instances::gusset(&subject, Allocation::OnDemand)?,
        "wasmtime" => instances::wasmtime(&subject, Allocation::OnDemand)?,
        _ => bail!("no such engine"),
    };
    drop(subject);
    drop(make());
    let rollup = "/proc/self/smaps_rollup";
    let before = kilobytes(rollup, "Rss:")?;
    let mut live = Vec::new();
    while live.len() < LIVE && kilobytes("/proc/meminfo", "MemAvailable:")? > MIN_AVAILABLE {
        live.push(make());
    }
    let after = kilobytes(rollup, "Rss:")?;
    println!("{} {} {}", live.len(), after.saturating_sub(before), after);
    Ok(())
}

fn compare_resident(path: &str) -> Result<()> {
    println!("\n{path}: resident memory of live instances, on demand");
    println!("{:44} {:>10} {:>22} {:>12}", "", "instances", "KiB for each", "process MiB");
    let mut each = Vec::new();
    for engine in ["gusset", "wasmtime"] {
        let output = Command::new(std::env::current_exe()?).args([RESIDENT, engine, path]).output()?;
        ensure!(output.status.success(), "{engine}: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout)?;
        let numbers = text.split_whitespace().map(str::parse).collect::<Result<Vec<u64>, _>>()?;
        let &[count, bytes, process] = &numbers[..] else { bail!("{engine}: {text}") };
        each.push(bytes as f64 / count as f64 / 1024.0);
        println!("{engine:44} {count:>10} {:>22.1} {:>12}", each[each.len() - 1], process >> 20);
        if count < LIVE as u64 {
            println!("{:44} no more: the machine's memory would not have held them", "");
        }
    }
    println!("{:44} {:>10} {:>22.3}", "gusset / wasmtime", "", each[0] / each[1]);
    Ok(())
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, engine, path] = &args[..]
        && flag == RESIDENT
    {
        return resident(engine, path);
    }
    let asked: Vec<&str> = args.iter().map(String::as_str).filter(|arg| !arg.starts_with('-')).collect();
    let wanted = |name: &str| asked.is_empty() || asked.contains(&name);
    if wanted("module") {
        compare(&instances::module())?;
    }
    if wanted("chain") {
        compare(&instances::chain())?;
    }
    let Ok(path) = std::env::var(COMPONENT) else {
        println!("\na component in a file: not measured, since {COMPONENT} names none");
        return Ok(());
    };
    if wanted("component") {
        compare(&instances::file(&path)?)?;
    }
    if wanted("resident") {
        compare_resident(&path)?;
    }
    Ok(())
}
