//! How much memory and time references take.

use super::values::{IMPORTS, linker, new_store};
use gusset::core::Module;
use gusset::{Config, Engine, LimitExceeded, Result};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What takes much memory or looks at it is done one after the other.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many of each are made: in a build that is not optimised a part, unless `GUSSET_MANY` says how many.
fn many() -> i32 {
    let wanted = std::env::var("GUSSET_MANY").ok().and_then(|many| many.parse().ok());
    wanted.unwrap_or(if cfg!(debug_assertions) { 500_000 } else { 10_000_000 })
}

/// Bytes of the process that are in memory, where the system says.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? << 10)
}

/// Other tests of this program run at the same time, and none has much.
const LITTLE: u64 = 64 << 20;

#[test]
fn many_values_are_made_in_little_memory() -> Result<()> {
    let _alone = alone();
    let engine = Engine::default();
    let mut store = new_store(&engine)?;
    let text = format!(
        r#"(module {IMPORTS} (table $t 100 externref) (global $g (mut externref) (ref.null extern))
        (func (export "run") (param $count i32) (local $kept externref) (local $at i32)
            (local.set $kept (call $make (i32.const -1)))
            (loop $next
                (global.set $g (call $make (local.get $at)))
                (table.set $t (i32.rem_u (local.get $at) (i32.const 100)) (global.get $g))
                (local.set $at (i32.add (local.get $at) (i32.const 1)))
                (br_if $next (i32.lt_u (local.get $at) (local.get $count))))
            (call $is (local.get $kept) (i32.const -1))))"#
    );
    let module = Module::new(&engine, &text)?;
    let instance = linker(&engine, &mut store)?.instantiate(&mut store, &module)?;
    let run = instance.get_typed_func::<i32, ()>(&mut store, "run")?;
    let (before, resident_before) = (store.host_bytes(), resident());
    run.call(&mut store, many())?;
    assert!(resident() <= resident_before.map(|before| before + LITTLE));
    let drops = store.data().clone();
    assert_eq!(drops.made.load(Ordering::Relaxed), many() as u64 + 1);
    assert!(drops.most.load(Ordering::Relaxed) < 10_000, "{:?} were alive at once", drops.most);
    assert!(store.host_bytes() < before + (1 << 20));
    store.gc()?;
    assert_eq!(drops.alive(), 100);
    drop(store);
    assert_eq!(drops.alive(), 0);
    Ok(())
}

#[test]
fn many_exceptions_are_kept_in_little_memory() -> Result<()> {
    let _alone = alone();
    let engine = Engine::default();
    let mut store = new_store(&engine)?;
    let text = format!(
        r#"(module {IMPORTS} (table $t 100 exnref) (global $g (mut exnref) (ref.null exn))
        (func $throw (throw $tag (ref.null extern)))
        (func (export "run") (param $count i32) (local $at i32)
            (loop $next
                (global.set $g (block $caught (result exnref)
                    (try_table (catch_all_ref $caught) (call $throw)) unreachable))
                (table.set $t (i32.rem_u (local.get $at) (i32.const 100)) (global.get $g))
                (local.set $at (i32.add (local.get $at) (i32.const 1)))
                (br_if $next (i32.lt_u (local.get $at) (local.get $count))))))"#
    );
    let module = Module::new(&engine, &text)?;
    let instance = linker(&engine, &mut store)?.instantiate(&mut store, &module)?;
    let run = instance.get_typed_func::<i32, ()>(&mut store, "run")?;
    let (before, resident_before) = (store.host_bytes(), resident());
    run.call(&mut store, many())?;
    assert!(resident() <= resident_before.map(|before| before + LITTLE));
    assert!(store.host_bytes() < before + (2 << 20), "{} bytes more", store.host_bytes() - before);
    store.gc()?;
    // A hundred of 32 bytes each; places stay.
    assert!(store.host_bytes() < before + (1 << 20), "{} bytes more", store.host_bytes() - before);
    Ok(())
}

/// A large table is not looked at again and again, and what it has no more does not pile up.
#[test]
fn reclaiming_costs_no_more_than_making() -> Result<()> {
    let _alone = alone();
    let engine = Engine::default();
    let mut store = new_store(&engine)?;
    let size = many() / 100;
    let text = format!(
        r#"(module {IMPORTS} (table $t {size} externref)
        (func (export "run") (param $count i32) (local $at i32)
            (loop $next
                (table.set $t (i32.rem_u (local.get $at) (i32.const {size})) (call $make (local.get $at)))
                (local.set $at (i32.add (local.get $at) (i32.const 1)))
                (br_if $next (i32.lt_u (local.get $at) (local.get $count))))))"#
    );
    let module = Module::new(&engine, &text)?;
    let instance = linker(&engine, &mut store)?.instantiate(&mut store, &module)?;
    instance.get_typed_func::<i32, ()>(&mut store, "run")?.call(&mut store, size * 20)?;
    let drops = store.data().clone();
    assert!(drops.most.load(Ordering::Relaxed) <= 3 * size as u64 + 10_000, "{:?} were alive at once", drops.most);
    store.gc()?;
    assert_eq!(drops.alive(), size as u64);
    Ok(())
}

#[test]
fn a_limit_is_met_by_what_is_in_use_only() -> Result<()> {
    let _alone = alone();
    let engine = Engine::new(Config::new().max_host_bytes(64 << 10))?;
    let mut store = new_store(&engine)?;
    let text = format!(
        r#"(module {IMPORTS} (table $t 0 externref)
        (func (export "drop") (param i32)
            (loop $next (drop (call $make (local.get 0)))
                (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
        (func (export "keep") (param i32)
            (loop $next (drop (table.grow $t (call $make (local.get 0)) (i32.const 1)))
                (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))"#
    );
    let module = Module::new(&engine, &text)?;
    let instance = linker(&engine, &mut store)?.instantiate(&mut store, &module)?;
    instance.get_typed_func::<i32, ()>(&mut store, "drop")?.call(&mut store, 20_000)?;
    let keep = instance.get_typed_func::<i32, ()>(&mut store, "keep")?;
    let error = keep.call(&mut store, 20_000).unwrap_err();
    assert!(error.is::<LimitExceeded>(), "{error:?}");
    assert!(store.host_bytes() <= 64 << 10 && store.data().alive() > 500);
    Ok(())
}

/// A guest that has used up what it may of the host's memory is told so, and does not have all that there is looked at for each exception.
#[test]
fn a_full_budget_is_not_looked_through_for_each_exception() -> Result<()> {
    let _alone = alone();
    let engine = Engine::new(Config::new().max_host_bytes(16 << 20))?;
    let mut store = new_store(&engine)?;
    let text = format!(
        r#"(module {IMPORTS} (table $t 0 externref) (tag $none)
        (func (export "fill") (local $step i32)
            (call $throw)
            (local.set $step (i32.const 0x100000))
            (loop $next
                (br_if $next (i32.ge_s (table.grow $t (ref.null extern) (local.get $step)) (i32.const 0)))
                (br_if $next (local.tee $step (i32.shr_u (local.get $step) (i32.const 1))))))
        (func $throw
            (drop (block $c (result exnref) (try_table (catch_all_ref $c) (throw $none)) unreachable)))
        (func (export "run") (param i32)
            (loop $next (call $throw) (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))"#
    );
    let instance = linker(&engine, &mut store)?.instantiate(&mut store, &Module::new(&engine, &text)?)?;
    instance.get_typed_func::<(), ()>(&mut store, "fill")?.call(&mut store, ())?;
    let run = instance.get_typed_func::<i32, ()>(&mut store, "run")?;
    // That many looks at millions of elements would take minutes.
    let error = run.call(&mut store, 1_000_000).unwrap_err();
    assert!(error.is::<LimitExceeded>(), "{error:?}");
    Ok(())
}
