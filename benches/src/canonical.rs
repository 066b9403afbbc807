//! The rows of the bench `canonical`: what calls by the canonical ABI cost, between components and between a component and its host. A row
//! is checked in every engine before it is timed, and each run of it is: a wrong result panics.

pub mod chains;
pub mod compound;
pub mod guest_loop;
pub mod guests;
pub mod host;
pub mod host_guests;
pub mod lists;
pub mod resources;
pub mod scalars;
pub mod strings;
pub mod text;

use crate::{Contender, Row, measure};
use anyhow::{Context, Result};
use std::rc::Rc;
use std::time::Duration;

/// What the contenders are called, in the order of all that there is one of for each.
pub const CONTENDERS: [&str; 3] = ["gusset", "wasmtime, default", "wasmtime, inlining on, async support off"];

/// Runs so many operations, checks what they come to, and says how long they took.
pub type TimedRun = Box<dyn FnMut(u32) -> Duration>;

/// Makes the contenders' runs.
type PrepareRuns = Box<dyn FnOnce(&CanonicalEngines) -> Result<[TimedRun; 3]>>;

/// What so many operations come to, where of each value every element counts whose position is a multiple of the second number away from the
/// first that does.
pub type ExpectedSum = Rc<dyn Fn(u32, u32) -> u64>;

/// The time of the slowest contender's run.
const RUN: Duration = Duration::from_millis(20);

/// Where one operation takes a second or more, that many rounds must do.
const ROUNDS_OF_SECONDS: usize = 11;

/// An engine for each contender.
pub struct CanonicalEngines {
    /// Gusset's.
    pub gusset: gusset::Engine,
    /// The peer's, as its users get it and as it is fastest.
    pub wasmtime: [wasmtime::Engine; 2],
    /// The one contender that loops of guests are prepared for, where not all are.
    only: Option<usize>,
}

impl CanonicalEngines {
    /// The engines, with masks against Spectre as they have them by default.
    pub fn new() -> Result<CanonicalEngines> {
        CanonicalEngines::configured(gusset::Config::new(), wasmtime::Config::new())
    }

    /// The same engines for a process that is counted. They compile on one thread, and what else is prepared than the contender would take
    /// address space, of which valgrind has less.
    pub fn to_count(contender: usize) -> Result<CanonicalEngines> {
        let (mut gusset, mut wasmtime) = (gusset::Config::new(), wasmtime::Config::new());
        gusset.compile_threads(1);
        wasmtime.parallel_compilation(false);
        Ok(CanonicalEngines { only: Some(contender), ..CanonicalEngines::configured(gusset, wasmtime)? })
    }

    /// The run of a contender, if it is wanted.
    fn run(&self, contender: usize, prepare: impl FnOnce() -> Result<TimedRun>) -> Result<TimedRun> {
        match self.only {
            Some(only) if only != contender => Ok(Box::new(|_| panic!("this contender is not prepared"))),
            _ => prepare().context(CONTENDERS[contender]),
        }
    }

    fn configured(gusset: gusset::Config, default: wasmtime::Config) -> Result<CanonicalEngines> {
        let mut best = default.clone();
        best.compiler_inlining(wasmtime::Inlining::Yes).concurrency_support(false);
        let wasmtime = [wasmtime::Engine::new(&default)?, wasmtime::Engine::new(&best)?];
        Ok(CanonicalEngines { gusset: gusset::Engine::new(&gusset)?, wasmtime, only: None })
    }
}

/// A row that nothing has been done for yet.
pub struct CanonicalRow {
    /// The group and what is measured.
    pub name: String,
    /// Makes the contenders' runs.
    prepare: PrepareRuns,
}

impl CanonicalRow {
    /// A row of the group.
    pub fn new(
        group: &str,
        name: &str,
        prepare: impl FnOnce(&CanonicalEngines) -> Result<[TimedRun; 3]> + 'static,
    ) -> CanonicalRow {
        CanonicalRow { name: format!("{group}: {name}"), prepare: Box::new(prepare) }
    }

    /// Prepares it, and runs so many operations in one of the contenders: twice, and only the second run is [`counted`].
    pub fn count(self, engines: &CanonicalEngines, contender: usize, operations: u32) -> Result<()> {
        let run = &mut (self.prepare)(engines)?[contender];
        run(operations);
        counted(run, operations);
        Ok(())
    }

    /// Prepares and measures it.
    pub fn measure(self, engines: &CanonicalEngines, rounds: usize) -> Result<Vec<Row>> {
        let mut runs = (self.prepare)(engines)?;
        let (operations, slowest) = operations(&mut runs);
        let rounds = if slowest < Duration::from_secs(1) { rounds } else { rounds.min(ROUNDS_OF_SECONDS) };
        let contender = |(name, mut run): (&str, TimedRun)| Contender {
            name: name.to_owned(),
            run: Box::new(move || run(operations)),
        };
        let mut contenders: Vec<Contender<'_>> = CONTENDERS.into_iter().zip(runs).map(contender).collect();
        Ok(measure(&mut contenders, rounds, operations.into()))
    }
}

/// A run whose instructions are counted: callgrind knows it by this name. What the operations come to is worked out in a run before it.
#[inline(never)]
pub fn counted(run: &mut TimedRun, operations: u32) {
    run(operations);
}

/// All rows, by group.
pub fn rows() -> Vec<CanonicalRow> {
    let mut rows = scalars::rows();
    rows.extend(resources::rows());
    rows.extend(compound::rows());
    rows.extend(lists::rows());
    rows.extend(strings::rows());
    rows.extend(host::rows());
    rows.extend(chains::rows());
    rows.extend(guests::rows());
    rows
}

/// How many operations take the slowest of the runs about as long as a run should, and what a trial took.
fn operations(runs: &mut [TimedRun; 3]) -> (u32, Duration) {
    let mut operations = 1;
    loop {
        let slowest = runs.iter_mut().map(|run| run(operations)).max().expect("there are runs");
        if slowest * 4 >= RUN || operations >= 1 << 24 {
            let scale = RUN.as_secs_f64() / slowest.as_secs_f64();
            return (((f64::from(operations) * scale) as u32).max(1), slowest);
        }
        operations *= 4;
    }
}

/// What the answers of `n` calls come to after a call 0, where a callee answers by what it keeps of the call before and by `hash` of this call,
/// which it keeps then; `seen` is what the caller makes of the call's number and the answer.
pub fn checksum(n: u32, hash: impl Fn(u32) -> u64, seen: impl Fn(u32, u64) -> u64) -> u64 {
    let mut last = hash(0);
    (1..=n).fold(0u64, |sum, i| {
        let this = hash(i);
        let answer = last.wrapping_mul(31).wrapping_add(this);
        last = this;
        sum.rotate_left(7) ^ seen(i, answer)
    })
}

/// Spreads the bits of a small number, as guests do it by a multiplication.
pub fn spread(x: u64) -> u64 {
    x.wrapping_mul(SPREAD)
}

/// What [`spread`] multiplies by. It is odd, so that the lowest bit stays.
pub const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
