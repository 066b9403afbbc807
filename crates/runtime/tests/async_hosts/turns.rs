//! Guests that run for long let others have their turn: by epochs, and by fuel.

use super::{Pauses, block_on, hop, poll_once};
use gusset::core::{Caller, Instance, Linker, Module};
use gusset::{Component, Config, Engine, Error, Result, Store, Trap, TrapCode, UpdateDeadline};
use std::time::{Duration, Instant};

/// `spin` counts as far as it is told, and calls the host for each step if there is one; `forever` does not end.
const GUEST: &str = r#"(module
    (import "" "tick" (func $tick))
    (func (export "spin") (param $n i32) (result i32) (local $i i32)
        (loop $again
            (call $tick)
            (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
        (local.get $i))
    (func (export "count") (param $n i32) (result i32) (local $i i32)
        (loop $again
            (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
        (local.get $i))
    (func (export "forever") (loop (br 0))))"#;

fn guest(config: &Config, tick: fn(&Engine)) -> Result<(Engine, Store<u32>, Instance)> {
    let engine = Engine::new(config)?;
    let mut linker = Linker::<u32>::new(&engine);
    linker.func_wrap("", "tick", move |caller: Caller<'_, u32>| tick(caller.engine()))?;
    let mut store = Store::new(&engine, 0);
    let instance = linker.instantiate(&mut store, &Module::new(&engine, GUEST)?)?;
    Ok((engine, store, instance))
}

fn code(error: &Error) -> Option<TrapCode> {
    error.downcast_ref::<Trap>().map(Trap::code)
}

/// Polls to the end, and counts how often that was.
fn polls<F: Future>(future: F) -> (F::Output, u32) {
    let mut future = std::pin::pin!(future);
    let mut polls = 0;
    let result = block_on(std::future::poll_fn(|task| {
        polls += 1;
        future.as_mut().poll(task)
    }));
    (result, polls)
}

#[test]
fn a_guest_whose_epoch_has_come_lets_others_run() -> Result<()> {
    let (_, mut store, instance) = guest(Config::new().epoch_interruption(true), Engine::increment_epoch)?;
    store.set_epoch_deadline(1);
    store.epoch_deadline_async_yield_and_update(1);
    let spin = instance.get_typed_func::<u32, u32>(&mut store, "spin")?;
    let (result, polls) = polls(spin.call_async(&mut store, 10));
    assert_eq!(result?, 10);
    assert!((9..=11).contains(&polls), "{polls}");
    store.set_epoch_deadline(1);
    assert_eq!(hop(spin.call_async(&mut store, 10))?, 10);
    // A call that nobody polls cannot.
    store.set_epoch_deadline(1);
    let error = spin.call(&mut store, 10).unwrap_err();
    assert!(error.root_cause().to_string().contains("has not been entered by `call_async`"), "{error:?}");
    Ok(())
}

/// The functions of a guest that lift and lower for it let others run too: those that the runtime calls for a function of the host that does
/// not wait itself.
#[test]
fn realloc_and_post_return_let_others_run() -> Result<()> {
    let engine = Engine::new(Config::new().epoch_interruption(true))?;
    let component = Component::new(
        &engine,
        r#"(component
            (import "text" (func $text (param "x" string) (result string)))
            (core module $memory
                (memory (export "memory") 1)
                (func $spin (local $i i32)
                    (loop $again (br_if $again
                        (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 50000)))))
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) (call $spin) (i32.const 1024))
                (func (export "post-return") (param i32) (call $spin)))
            (core instance $memory (instantiate $memory))
            (core func $text' (canon lower (func $text)
                (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
            (core module $m
                (import "" "text" (func $text (param i32 i32 i32)))
                (func (export "run") (param i32 i32) (result i32)
                    (call $text (local.get 0) (local.get 1) (i32.const 16)) (i32.const 16)))
            (core instance $i (instantiate $m (with "" (instance (export "text" (func $text'))))))
            (func (export "run") (param "x" string) (result string) (canon lift (core func $i "run")
                (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))
                (post-return (core func $memory "post-return")))))"#,
    )?;
    let mut linker = gusset::Linker::<()>::new(&engine);
    linker.root().func_wrap("text", |_, (x,): (String,)| Ok((x,)))?;
    let mut store = Store::new(&engine, ());
    store.set_epoch_deadline(1);
    let instance = linker.instantiate(&mut store, &component)?;
    let run = instance.get_typed_func::<(String,), (String,)>(&mut store, "run")?;
    // Each look is one too late, so that each function that loops is pending.
    store.epoch_deadline_async_yield_and_update(0);
    store.set_epoch_deadline(0);
    let (result, polls) = polls(run.call_async(&mut store, ("text".into(),)));
    assert_eq!(result?.0, "text");
    assert!(polls > 100_000, "{polls}");
    Ok(())
}

#[test]
fn a_callback_may_have_the_guest_yield() -> Result<()> {
    let (_, mut store, instance) = guest(Config::new().epoch_interruption(true), Engine::increment_epoch)?;
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|mut store| {
        *store.data_mut() += 1;
        Ok(if *store.data() % 2 == 0 { UpdateDeadline::Yield(1) } else { UpdateDeadline::Continue(1) })
    });
    let spin = instance.get_typed_func::<u32, u32>(&mut store, "spin")?;
    let (result, polls) = polls(spin.call_async(&mut store, 10));
    assert_eq!(result?, 10);
    assert_eq!(polls, 1 + *store.data() / 2);
    assert!(*store.data() >= 9);
    Ok(())
}

/// A deadline by the clock stops a guest that lets others run, and one whose host function has waited beyond it.
#[test]
fn the_clock_goes_on_while_guests_wait() -> Result<()> {
    let (engine, mut store, instance) = guest(Config::new().epoch_interruption(true), |_| {})?;
    store.epoch_deadline_async_yield_and_update(1);
    let forever = instance.get_typed_func::<(), ()>(&mut store, "forever")?;
    store.set_deadline(Some(Instant::now() + Duration::from_millis(30)))?;
    let error = block_on(forever.call_async(&mut store, ())).unwrap_err();
    assert_eq!(code(&error), Some(TrapCode::Interrupt));

    let mut linker = Linker::<u32>::new(&engine);
    linker.func_wrap_async("", "tick", |_: Caller<'_, u32>, (): ()| Box::new(Pauses(1)))?;
    let instance = linker.instantiate(&mut store, &Module::new(&engine, GUEST)?)?;
    let spin = instance.get_typed_func::<u32, u32>(&mut store, "spin")?;
    store.set_deadline(Some(Instant::now() + Duration::from_millis(20)))?;
    let mut call = Box::pin(spin.call_async(&mut store, u32::MAX));
    assert!(poll_once(call.as_mut()).is_pending());
    std::thread::sleep(Duration::from_millis(40));
    let error = block_on(call).unwrap_err();
    assert_eq!(code(&error), Some(TrapCode::Interrupt));
    Ok(())
}

#[test]
fn guests_take_turns_by_fuel() -> Result<()> {
    let (_, mut store, instance) = guest(Config::new().consume_fuel(true), |_| {})?;
    let count = instance.get_typed_func::<u32, u32>(&mut store, "count")?;
    store.set_fuel(1_000_000)?;
    count.call(&mut store, 10_000)?;
    let used = 1_000_000 - store.get_fuel()?;
    for interval in [1_000, 12_345, 70_000] {
        store.fuel_async_yield_interval(Some(interval))?;
        store.set_fuel(1_000_000)?;
        let (result, polls) = polls(count.call_async(&mut store, 10_000));
        assert_eq!(result?, 10_000);
        assert_eq!(1_000_000 - store.get_fuel()?, used, "turns cost nothing");
        let expected = (used / interval) as u32;
        assert!(polls.abs_diff(expected) <= 1 + expected / 20, "{interval}: {polls}, {expected}");
        let error = count.call(&mut store, 100_000).unwrap_err();
        assert!(error.root_cause().to_string().contains("has not been entered by `call_async`"), "{error:?}");
    }
    // Fuel ends as it does otherwise.
    store.set_fuel(5_000)?;
    let error = block_on(count.call_async(&mut store, 10_000)).unwrap_err();
    assert_eq!(code(&error), Some(TrapCode::OutOfFuel));
    store.fuel_async_yield_interval(None)?;
    store.set_fuel(1_000_000)?;
    assert_eq!(polls(count.call_async(&mut store, 10_000)).1, 1);
    assert!(store.fuel_async_yield_interval(Some(0)).is_err());
    let mut without = Store::new(&Engine::default(), ());
    assert!(without.fuel_async_yield_interval(Some(1)).is_err());
    Ok(())
}
