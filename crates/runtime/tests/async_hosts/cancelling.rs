//! Calls that are dropped while they wait: whatever they wait for is dropped, the guests are locked, and nothing is left of them.

use super::{Pauses, block_on, poll_once};
use gusset::{
    Accessor, Component, Config, Engine, InstancePre, Linker, PoolingConfig, Result, Store, StoreContextMut, Trap,
    TrapCode,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// `run` calls another component `n` times, which calls `wait`, `log` and `wait` again.
const PROGRAM: &str = r#"(component
    (import "wait" (func $wait (param "x" u32) (result u32)))
    (import "log" (func $log (param "text" string)))
    (component $lib
        (import "wait" (func $wait (param "x" u32) (result u32)))
        (import "log" (func $log (param "text" string)))
        (core module $memory (memory (export "memory") 1) (data (i32.const 16) "step"))
        (core instance $memory (instantiate $memory))
        (core func $wait' (canon lower (func $wait)))
        (core func $log' (canon lower (func $log) (memory (core memory $memory "memory"))))
        (core module $m
            (import "" "wait" (func $wait (param i32) (result i32)))
            (import "" "log" (func $log (param i32 i32)))
            (func (export "step") (param i32) (result i32) (local $sum i32)
                (local.set $sum (call $wait (local.get 0)))
                (call $log (i32.const 16) (i32.const 4))
                (i32.add (local.get $sum) (call $wait (i32.const 1)))))
        (core instance $i (instantiate $m (with "" (instance (export "wait" (func $wait')) (export "log" (func $log'))))))
        (func (export "step") (param "x" u32) (result u32) (canon lift (core func $i "step"))))
    (component $app
        (import "step" (func $step (param "x" u32) (result u32)))
        (core func $step' (canon lower (func $step)))
        (core module $m
            (import "" "step" (func $step (param i32) (result i32)))
            (func (export "run") (param $n i32) (result i32) (local $sum i32)
                (loop $again
                    (local.set $sum (i32.add (local.get $sum) (call $step (local.get $n))))
                    (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
                (local.get $sum)))
        (core instance $i (instantiate $m (with "" (instance (export "step" (func $step'))))))
        (func (export "run") (param "n" u32) (result u32) (canon lift (core func $i "run"))))
    (instance $lib (instantiate $lib (with "wait" (func $wait)) (with "log" (func $log))))
    (instance $app (instantiate $app (with "step" (func $lib "step"))))
    (export "run" (func $app "run")))"#;

/// What has been made by functions of the host, and what is gone.
#[derive(Default)]
pub(super) struct WaitCounts {
    begun: AtomicU32,
    gone: AtomicU32,
}

/// WaitCounts itself.
struct Counted(Arc<WaitCounts>);

impl Counted {
    fn new(counts: &Arc<WaitCounts>) -> Counted {
        counts.begun.fetch_add(1, Ordering::Relaxed);
        Counted(counts.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.gone.fetch_add(1, Ordering::Relaxed);
    }
}

/// The settings of an engine that has room for one run of the program at a time.
pub(super) fn room_for_one() -> Config {
    let mut pool = PoolingConfig::new();
    pool.total_stacks(1).total_memories(2).total_core_instances(16).total_tables(0).max_memory_size(1 << 20);
    Config::new().memory_reservation(1 << 20).memory_guard(0).allocation_strategy(pool).clone()
}

/// The program, and its engine.
pub(super) fn program(config: &Config) -> Result<(Engine, InstancePre<Arc<WaitCounts>>)> {
    let engine = Engine::new(config)?;
    let mut linker = Linker::<Arc<WaitCounts>>::new(&engine);
    linker.root().func_wrap_async("wait", |store: StoreContextMut<'_, Arc<WaitCounts>>, (x,): (u32,)| {
        Box::new(async move {
            let counted = Counted::new(store.data());
            Pauses(x).await;
            drop(counted);
            Ok((x,))
        })
    })?;
    linker.root().func_wrap_concurrent("log", |accessor: &Accessor<Arc<WaitCounts>>, (text,): (String,)| {
        Box::pin(async move {
            let _counted = accessor.with(|store| Counted::new(store.data()));
            Pauses(1).await;
            assert_eq!(text, "step");
            Ok(())
        })
    })?;
    let pre = linker.instantiate_pre(&Component::new(&engine, PROGRAM)?)?;
    Ok((engine, pre))
}

/// Runs the program and drops the call after so many polls; whether it was done by then.
pub(super) fn drop_after(engine: &Engine, pre: &InstancePre<Arc<WaitCounts>>, n: u32, polls: u32) -> Result<bool> {
    let counts = Arc::new(WaitCounts::default());
    let mut store = Store::new(engine, counts.clone());
    let instance = pre.instantiate(&mut store)?;
    let run = instance.get_typed_func::<(u32,), (u32,)>(&mut store, "run")?;
    let mut call = Box::pin(run.call_async(&mut store, (n,)));
    let done = (0..polls).any(|_| poll_once(call.as_mut()).is_ready());
    drop(call);
    let (begun, gone) = (counts.begun.load(Ordering::Relaxed), counts.gone.load(Ordering::Relaxed));
    assert_eq!(begun, gone, "what waited is dropped");
    let again = block_on(run.call_async(&mut store, (1,)));
    match done || polls == 0 {
        true => assert_eq!(again?, (2,)),
        false => {
            let error = again.unwrap_err();
            let trap = error.downcast_ref::<Trap>().expect("the instance is locked");
            assert_eq!(trap.code(), TrapCode::CannotEnter);
            let failure = trap.locked_by().expect("a call failed").to_string();
            assert!(failure.contains("the call was dropped while the host function waited"), "{failure}");
        }
    }
    Ok(done)
}

/// At each point that a run waits at.
#[test]
fn a_call_can_be_dropped_wherever_it_waits() -> Result<()> {
    let (engine, pre) = program(&room_for_one())?;
    // 3 + 1 + 1, 2 + 1 + 1, 1 + 1 + 1, and the last poll.
    let points = 5 + 4 + 3 + 1;
    for polls in 0..points + 3 {
        assert_eq!(drop_after(&engine, &pre, 3, polls)?, polls >= points, "{polls}");
    }
    Ok(())
}

/// Numbers that seem to be random, below the one that is given.
pub(super) fn random() -> impl FnMut(u32) -> u32 {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) as u32 % below
    }
}

/// At many; the pool has no more than one run takes, so nothing of any is left.
#[test]
fn a_call_can_be_dropped_at_random_points() -> Result<()> {
    let (engine, pre) = program(&room_for_one())?;
    let (mut random, mut done) = (random(), 0);
    for _ in 0..2_000 {
        let n = 1 + random(3);
        done += u32::from(drop_after(&engine, &pre, n, random(16))?);
    }
    assert!((200..1_800).contains(&done), "{done}");
    Ok(())
}

/// A panic of what is dropped stays within the call; and whoever is dropped may wait no more.
#[test]
fn what_is_dropped_may_panic() -> Result<()> {
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }
    let engine = Engine::default();
    let mut linker = Linker::<()>::new(&engine);
    linker.root().func_wrap_async("wait", |_, (x,): (u32,)| {
        Box::new(async move {
            let _panics = Panics;
            Pauses(5).await;
            Ok((x,))
        })
    })?;
    linker.root().func_wrap("log", |_, (_,): (String,)| Ok(()))?;
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &Component::new(&engine, PROGRAM)?)?;
    let run = instance.get_typed_func::<(u32,), (u32,)>(&mut store, "run")?;
    let mut call = Box::pin(run.call_async(&mut store, (1,)));
    assert!(poll_once(call.as_mut()).is_pending());
    drop(call);
    let error = block_on(run.call_async(&mut store, (1,))).unwrap_err();
    assert!(error.to_string().contains("a host function panicked: dropped"), "{error}");
    Ok(())
}

/// An instantiation that is dropped is as one that failed.
#[test]
fn an_instantiation_can_be_dropped() -> Result<()> {
    let engine = Engine::default();
    let component = Component::new(
        &engine,
        r#"(component (import "wait" (func $wait))
            (core func $wait' (canon lower (func $wait)))
            (core module $m (import "" "wait" (func $wait)) (memory 1) (start $wait))
            (core instance (instantiate $m (with "" (instance (export "wait" (func $wait')))))))"#,
    )?;
    let mut linker = Linker::<Arc<WaitCounts>>::new(&engine);
    linker.root().func_wrap_async("wait", |store: StoreContextMut<'_, Arc<WaitCounts>>, (): ()| {
        Box::new(async move {
            let _counted = Counted::new(store.data());
            Pauses(1).await;
            Ok(())
        })
    })?;
    let counts = Arc::new(WaitCounts::default());
    let mut store = Store::new(&engine, counts.clone());
    let mut instantiation = Box::pin(linker.instantiate_async(&mut store, &component));
    assert!(poll_once(instantiation.as_mut()).is_pending());
    assert_eq!((counts.begun.load(Ordering::Relaxed), counts.gone.load(Ordering::Relaxed)), (1, 0));
    drop(instantiation);
    assert_eq!(counts.gone.load(Ordering::Relaxed), 1);
    block_on(linker.instantiate_async(&mut store, &component))?;
    Ok(())
}
