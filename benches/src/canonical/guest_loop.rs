//! Rows whose loop runs in a guest: each engine gets the same component, and is called once for a run.

use super::{CONTENDERS, CanonicalEngines, ExpectedSum, TimedRun};
use anyhow::Result;
use std::hint::black_box;
use std::time::Instant;

/// A component that exports a loop, a function of the number of turns and of a step (see [`ExpectedSum`]).
pub struct GuestLoop {
    /// The component, as text or in binary.
    pub component: Vec<u8>,
    /// What its function `prepare` is called with before the loop is, where it has one.
    pub prepare: Option<u32>,
    /// The loop's name.
    pub export: &'static str,
    /// The step in what is timed. All elements are looked at once before.
    pub step: u32,
    /// What the loop returns.
    pub expected: ExpectedSum,
}

impl GuestLoop {
    /// The loop `run` of a component in text.
    pub fn new(text: String, step: u32, expected: ExpectedSum) -> GuestLoop {
        GuestLoop { component: text.into_bytes(), prepare: None, export: "run", step, expected }
    }

    /// Makes an instance in each engine.
    pub fn runs(self, engines: &CanonicalEngines) -> Result<[TimedRun; 3]> {
        let bytes = wat::parse_bytes(&self.component)?;
        let theirs = |n: usize| self.wasmtime(&engines.wasmtime[n - 1], CONTENDERS[n], &bytes);
        let ours = engines.run(0, || self.gusset(&engines.gusset, &bytes))?;
        let default = engines.run(1, || theirs(1))?;
        let best = engines.run(2, || theirs(2))?;
        Ok([ours, default, best])
    }

    fn gusset(&self, engine: &gusset::Engine, bytes: &[u8]) -> Result<TimedRun> {
        let component = gusset::Component::new(engine, bytes)?;
        let mut store = gusset::Store::new(engine, ());
        let instance = gusset::Linker::new(engine).instantiate(&mut store, &component)?;
        if let Some(argument) = self.prepare {
            instance.get_typed_func::<(u32,), ()>(&mut store, "prepare")?.call(&mut store, (argument,))?;
        }
        let func = instance.get_typed_func::<(u32, u32), (u64,)>(&mut store, self.export)?;
        let call = move |n, step| Ok(func.call(&mut store, (n, step))?.0);
        timed(CONTENDERS[0], call, self.step, self.expected.clone())
    }

    fn wasmtime(&self, engine: &wasmtime::Engine, name: &'static str, bytes: &[u8]) -> Result<TimedRun> {
        use wasmtime::component::{Component, Linker};
        let component = Component::new(engine, bytes)?;
        let mut store = wasmtime::Store::new(engine, ());
        let instance = Linker::new(engine).instantiate(&mut store, &component)?;
        if let Some(argument) = self.prepare {
            instance.get_typed_func::<(u32,), ()>(&mut store, "prepare")?.call(&mut store, (argument,))?;
        }
        let func = instance.get_typed_func::<(u32, u32), (u64,)>(&mut store, self.export)?;
        let call = move |n, step| Ok(func.call(&mut store, (n, step))?.0);
        timed(name, call, self.step, self.expected.clone())
    }
}

/// Runs of a loop that a guest exports, after a few turns in which every element counts.
pub fn timed(
    engine: &'static str,
    mut call: impl FnMut(u32, u32) -> Result<u64> + 'static,
    step: u32,
    expected: ExpectedSum,
) -> Result<TimedRun> {
    for n in [1, 2, 17] {
        let (found, expected) = (call(n, 1)?, expected(n, 1));
        assert_eq!(found, expected, "{engine}: {n} turns over all elements come to something else");
    }
    let mut expected = remembered(move |n| expected(n, step));
    Ok(Box::new(move |n| {
        let start = Instant::now();
        let found = black_box(call(black_box(n), black_box(step)).expect("it returned before"));
        let time = start.elapsed();
        assert_eq!(found, expected(n), "{engine}: {n} turns come to something else");
        time
    }))
}

/// Runs of a loop of the host around `once`, one turn of it. Turn 0 does not count.
pub fn looped(
    engine: &'static str,
    mut once: impl FnMut(u32) -> Result<u64> + 'static,
    expected: ExpectedSum,
) -> Result<TimedRun> {
    once(0)?;
    let mut expected = remembered(move |n| expected(n, 1));
    Ok(Box::new(move |n| {
        once(0).expect("it returned before");
        let start = Instant::now();
        let mut sum = 0u64;
        for i in 1..=n {
            sum = sum.rotate_left(7) ^ once(black_box(i)).expect("it returned before");
        }
        let time = start.elapsed();
        assert_eq!(sum, expected(n), "{engine}: {n} calls come to something else");
        time
    }))
}

/// The function, which is asked the same again and again.
fn remembered(function: impl Fn(u32) -> u64) -> impl FnMut(u32) -> u64 {
    let mut last = None;
    move |n| match last {
        Some((of, result)) if of == n => result,
        _ => last.insert((n, function(n))).1,
    }
}
