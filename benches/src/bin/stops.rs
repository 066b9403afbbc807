//! How long after the epoch of its deadline a guest is stopped: endless loops and calls, bulk instructions on 4 GiB, long strings.
//!
//! `cargo run --release --bin stops`: for each guest the median and the longest of some runs, in milliseconds; it fails where a median is
//! beyond 10 ms. A machine that does other work shows how long its threads wait for a processor. What the host lifts at once is bounded by
//! `Config::max_lifted_bytes`, and not interrupted: the last line shows what most of that takes, and may be beyond.

use anyhow::{Result, ensure};
use gusset::core;
use gusset::{Component, Config, Engine, Linker, Store, Trap, TrapCode};
use gusset_benches::median;
use std::thread;
use std::time::{Duration, Instant};

const RUNS: usize = 21;

/// Milliseconds within which a guest is to be stopped.
const BOUND: f64 = 10.0;

/// Bytes of a string that is short, of one that is long, and of the longest that the host lifts.
const SHORT: u32 = 1_000;
const LONG: u32 = 250 << 20;
const LONGEST_LIFTED: u32 = 127 << 20;

/// How long a guest runs before.
const BEFORE: Duration = Duration::from_millis(30);

const LOOPS: &str = r#"(module
    (memory 65536)
    (table 4096 funcref)
    (type $f (func (param i32)))
    (elem (i32.const 0) $tree)
    (func (export "loop") (loop (br 0)))
    (func $tree (param i32)
        (if (local.get 0) (then
            (call_indirect (type $f) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0))
            (call_indirect (type $f) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0)))))
    (func (export "recursion") (call_indirect (type $f) (i32.const 1000) (i32.const 0)))
    (func (export "fill") (loop
        (memory.fill (i32.const 0) (i32.const 1) (i32.const -1)) (br 0)))
    (func (export "copy") (loop
        (memory.copy (i32.const 0) (i32.const 1) (i32.const -2)) (br 0)))
    (table $large 10000000 funcref)
    (func (export "table fill") (loop
        (table.fill $large (i32.const 0) (ref.func $tree) (i32.const 10000000)) (br 0)))
    ;; More and more elements, until the table is full; then anew in the next one.
    (table $t0 0 funcref) (table $t1 0 funcref) (table $t2 0 funcref) (table $t3 0 funcref)
    (func (export "table grow")
        (drop (table.grow $t0 (ref.func $tree) (i32.const 9000000)))
        (drop (table.grow $t1 (ref.func $tree) (i32.const 9000000)))
        (drop (table.grow $t2 (ref.func $tree) (i32.const 9000000)))
        (drop (table.grow $t3 (ref.func $tree) (i32.const 9000000)))
        (loop (br 0))))"#;

const CALLEE: &str = r#"
    (core module $m (memory (export "m") 4100)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
        (func (export "f") (param i32 i32)))
    (core instance $i (instantiate $m))
    (func (export "f") (param "s" string)
        (canon lift (core func $i "f") (memory (core memory $i "m")) (realloc (core func $i "realloc"))))"#;

const CALLER: &str = r#"
    (core module $libc (memory (export "m") 4100))
    (core instance $libc (instantiate $libc))
    (core func $f (canon lower (func $f) (memory (core memory $libc "m"))))
    (core module $m (import "" "f" (func $f (param i32 i32)))
        (func (export "run") (param $length i32) (loop (call $f (i32.const 0) (local.get $length)) (br 0))))
    (core instance $i (instantiate $m (with "" (instance (export "f" (func $f))))))
    (func (export "run") (param "length" u32) (canon lift (core func $i "run")))"#;

/// Milliseconds from the epoch to the end of the call.
fn late(store: &mut Store<()>, call: impl FnOnce(&mut Store<()>) -> Result<()>) -> Result<f64> {
    store.set_epoch_deadline(1);
    let engine = store.engine().clone();
    let clock = thread::spawn(move || {
        thread::sleep(BEFORE);
        let now = Instant::now();
        engine.increment_epoch();
        now
    });
    let result = call(store);
    let end = Instant::now();
    let epoch = clock.join().expect("it only sleeps");
    let code = result.unwrap_err().downcast_ref::<Trap>().map(Trap::code);
    ensure!(code == Some(TrapCode::Interrupt), "the guest ended with {code:?}");
    Ok(end.duration_since(epoch).as_secs_f64() * 1e3)
}

/// Shows the times; whether they are within the bound.
fn show(name: &str, times: &[f64]) -> bool {
    let (median, longest) = (median(times), times.iter().copied().fold(0.0, f64::max));
    println!("{name:34} median {median:8.3} ms, longest {longest:8.3} ms");
    median <= BOUND
}

fn core_guests(engine: &Engine) -> Result<bool> {
    let module = core::Module::new(engine, LOOPS)?;
    let mut within = true;
    for name in ["loop", "recursion", "fill", "copy", "table fill", "table grow"] {
        let mut times = Vec::new();
        for _ in 0..RUNS {
            let mut store = Store::new(engine, ());
            let instance = core::Instance::new(&mut store, &module, &[])?;
            let func = instance.get_typed_func::<(), ()>(&mut store, name)?;
            times.push(late(&mut store, |store| func.call(store, ()))?);
        }
        within &= show(name, &times);
    }
    Ok(within)
}

/// Calls between two components that pass so many bytes: each run in a new store, since a failed one loses its instances.
fn components(name: &str, engine: &Engine, linked: bool, length: u32) -> Result<bool> {
    let composed = format!(
        r#"(component (component $callee {CALLEE})
            (component $caller (import "f" (func $f (param "s" string))) {CALLER})
            (instance $callee (instantiate $callee))
            (instance $caller (instantiate $caller (with "f" (func $callee "f"))))
            (export "run" (func $caller "run")))"#
    );
    let alone = format!(
        r#"(component (import "callee" (instance $c (export "f" (func (param "s" string)))))
            (alias export $c "f" (func $f)) {CALLER})"#
    );
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let mut store = Store::new(engine, ());
        store.set_epoch_deadline(u64::MAX);
        let mut linker = Linker::new(engine);
        let component = if linked {
            let callee = Component::new(engine, format!("(component {CALLEE})"))?;
            let callee = linker.instantiate(&mut store, &callee)?;
            linker.root().define_instance(&mut store, "callee", callee)?;
            Component::new(engine, &alone)?
        } else {
            Component::new(engine, &composed)?
        };
        let instance = linker.instantiate(&mut store, &component)?;
        let run = instance.get_typed_func::<(u32,), ()>(&mut store, "run")?;
        times.push(late(&mut store, |store| run.call(store, (length,)))?);
    }
    Ok(show(name, &times))
}

fn main() -> Result<()> {
    let mut config = Config::new();
    config.epoch_interruption(true);
    let engine = Engine::new(&config)?;
    let relays = Engine::new(config.link_adapters(false))?;
    let within = [
        core_guests(&engine)?,
        components("calls through adapters", &engine, false, SHORT)?,
        components("calls of linked instances", &engine, true, SHORT)?,
        components("calls that the host relays", &relays, true, SHORT)?,
        components("long strings through adapters", &engine, false, LONG)?,
        components("long strings to linked instances", &engine, true, LONG)?,
    ];
    components("the longest that the host relays", &relays, true, LONGEST_LIFTED)?;
    ensure!(within.iter().all(|&within| within), "a guest was stopped later than {BOUND} ms after its deadline");
    Ok(())
}
