//! What a host is told while something is compiled.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::core::Module;
use gusset::{CompilePhase, CompileProgress, Component, Config, Engine, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// A module with enough code for several threads.
fn module(functions: usize) -> String {
    let body = "(local.set 0 (i32.mul (local.get 0) (i32.const 3)))".repeat(10);
    format!("(module {})", format!("(func (param i32) {body})").repeat(functions))
}

/// An engine, and what it told.
fn engine(threads: usize) -> Result<(Engine, Arc<Mutex<Vec<CompileProgress>>>)> {
    let told = Arc::new(Mutex::new(Vec::new()));
    let observed = told.clone();
    let mut config = Config::new();
    config.compile_threads(threads).compile_progress(move |progress| observed.lock().unwrap().push(progress));
    Ok((Engine::new(&config)?, told))
}

#[test]
fn all_phases_are_told_and_every_function_is_counted() -> Result<()> {
    for threads in [0, 1, 2, 8] {
        let (engine, told) = engine(threads)?;
        let module = module(1000);
        Component::new(&engine, format!("(component (core {})", &module[1..]))?;
        let told = std::mem::take(&mut *told.lock().unwrap());
        assert!(told.len() <= 300, "{} reports", told.len());
        let first = told.first().expect("something was told");
        assert_eq!((first.phase, first.total_functions), (CompilePhase::Parse, 0));
        assert!(first.total_bytes > 50_000);
        let last = told.last().expect("something was told");
        assert_eq!((last.phase, last.functions, last.total_functions), (CompilePhase::Finish, 1000, 1000));
        assert_eq!(last.bytes, last.total_bytes);
        assert!(last.bytes > 50_000);
        assert!(told.iter().all(|progress| progress.functions <= progress.total_functions));
        assert!(told.windows(2).all(|two| two[0].phase <= two[1].phase));
        let steps = told.iter().filter(|progress| progress.phase == CompilePhase::Compile).count();
        assert!(steps >= 200, "{steps} reports of functions");
    }
    Ok(())
}

#[test]
fn modules_without_functions_are_told_too() -> Result<()> {
    let (engine, told) = engine(2)?;
    Module::new(&engine, "(module)")?;
    let phases: Vec<_> = told.lock().unwrap().iter().map(|progress| progress.phase).collect();
    assert_eq!(phases, [CompilePhase::Parse, CompilePhase::Compile, CompilePhase::Finish]);
    Ok(())
}

/// The panic is the caller's, whatever thread it was on, and the engine goes on.
#[test]
fn a_panic_arrives_and_poisons_nothing() -> Result<()> {
    for threads in [1, 4] {
        let armed = Arc::new(AtomicBool::new(true));
        let fuse = armed.clone();
        let mut config = Config::new();
        config.compile_threads(threads).compile_progress(move |progress| {
            assert!(progress.functions < 100 || !fuse.load(Ordering::Relaxed), "the bar is broken");
        });
        let engine = Engine::new(&config)?;
        let text = module(200);
        let panic = catch_unwind(AssertUnwindSafe(|| Module::new(&engine, &text).map(drop))).expect_err("it panics");
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"the bar is broken"));
        armed.store(false, Ordering::Relaxed);
        Module::new(&engine, &text)?;
    }
    Ok(())
}
