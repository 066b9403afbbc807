//! What a process has after ten thousand calls were dropped while they waited: what it had before.
#![cfg(target_os = "linux")]

use super::cancelling::{drop_after, program, random, room_for_one};
use super::in_own_process;
use gusset::{Config, Result};
use std::fs;

/// How many calls are dropped.
const RUNS: u32 = 10_000;

/// What may come and go of mappings, and of bytes in memory, without anything being left behind: the system's allocator asks for more and
/// gives it back. What each run left would be far more.
const MAPPINGS: usize = 8;
const BYTES: u64 = 4 << 20;

/// What the process has.
#[derive(Debug)]
struct Belongings {
    mappings: usize,
    descriptors: usize,
    threads: usize,
    /// Bytes that are in memory.
    resident: u64,
}

impl Belongings {
    fn now() -> Result<Belongings> {
        let count = |directory| fs::read_dir(directory).map(Iterator::count);
        let statm = fs::read_to_string("/proc/self/statm")?;
        let pages = statm.split(' ').nth(1).expect("Linux tells");
        Ok(Belongings {
            mappings: fs::read_to_string("/proc/self/maps")?.lines().count(),
            descriptors: count("/proc/self/fd")?,
            threads: count("/proc/self/task")?,
            resident: pages.parse::<u64>()? * 4096,
        })
    }
}

fn nothing_is_left(config: &Config) -> Result<()> {
    let (engine, pre) = program(config)?;
    let mut random = random();
    let mut runs = |count| -> Result<u32> {
        let mut done = 0;
        for _ in 0..count {
            let n = 1 + random(3);
            done += u32::from(drop_after(&engine, &pre, n, random(16))?);
        }
        Ok(done)
    };
    // What is kept for the next ones is there from now on.
    runs(RUNS / 20)?;
    let before = Belongings::now()?;
    let done = runs(RUNS)?;
    let after = Belongings::now()?;
    println!("{} calls dropped while they waited: {before:?}, then {after:?}", RUNS - done);
    assert!(done < RUNS / 2, "{done} were done before they were dropped");
    assert_eq!((after.descriptors, after.threads), (before.descriptors, before.threads), "{before:?}, then {after:?}");
    assert!(after.mappings <= before.mappings + MAPPINGS, "{before:?}, then {after:?}");
    assert!(after.resident <= before.resident + BYTES, "{before:?}, then {after:?}");
    Ok(())
}

/// In a process of its own, since others make mappings too.
fn alone(test: &str, config: &Config) -> Result<()> {
    if let Some(output) = in_own_process(test, || nothing_is_left(config))? {
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        print!("{said}");
        assert!(output.status.success() && said.contains("1 passed"), "{}", output.status);
    }
    Ok(())
}

#[test]
fn nothing_is_left_of_dropped_calls_on_demand() -> Result<()> {
    alone(
        "async_hosts::leftovers::nothing_is_left_of_dropped_calls_on_demand",
        Config::new().memory_reservation(1 << 20),
    )
}

#[test]
fn nothing_is_left_of_dropped_calls_in_a_pool() -> Result<()> {
    alone("async_hosts::leftovers::nothing_is_left_of_dropped_calls_in_a_pool", &room_for_one())
}
