//! Stacks of calls that may wait: how deep guests may go, how many there are, and what one leaves to the next.

use super::{block_on, hop, poll_once, waiting_guest};
use gusset::core::{Func, Instance, Module};
use gusset::{Config, Engine, PoolExhausted, PooledResource, PoolingConfig, Result, Store, Trap, TrapCode};

/// How often a guest can call itself before the trap, by what its host function counts.
fn depth(config: &Config, run: impl FnOnce(&mut Store<u32>, Instance) -> Result<()>) -> Result<u32> {
    let engine = Engine::new(config)?;
    let mut store = Store::new(&engine, 0);
    let count = Func::wrap(&mut store, |mut caller: gusset::core::Caller<'_, u32>| *caller.data_mut() += 1);
    let module = Module::new(
        &engine,
        r#"(module (import "" "" (func $count)) (func $f (export "f") (call $count) (call $f) (call $count)))"#,
    )?;
    let instance = Instance::new(&mut store, &module, &[count.into()])?;
    let error = run(&mut store, instance).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>().map(Trap::code), Some(TrapCode::StackOverflow), "{error:?}");
    Ok(*store.data())
}

fn depth_of_call(config: &Config) -> Result<u32> {
    depth(config, |store, instance| instance.get_typed_func::<(), ()>(&mut *store, "f")?.call(store, ()))
}

fn depth_of_async_call(config: &Config) -> Result<u32> {
    depth(config, |store, instance| {
        let f = instance.get_typed_func::<(), ()>(&mut *store, "f")?;
        hop(f.call_async(store, ()))
    })
}

/// Guests may go as deep as the settings say, on a fiber as on a thread's stack.
#[test]
fn guests_go_as_deep_as_on_a_stack_of_a_thread() -> Result<()> {
    for bytes in [64 << 10, 512 << 10] {
        let mut config = Config::new();
        config.max_wasm_stack(bytes);
        let (plain, waiting) = (depth_of_call(&config)?, depth_of_async_call(&config)?);
        assert!(plain > 500 && plain.abs_diff(waiting) <= plain / 50, "{plain} {waiting}");
    }
    Ok(())
}

/// Where the stack has less than the settings allow guests, it is what counts.
#[test]
fn a_small_stack_is_the_limit() -> Result<()> {
    let mut config = Config::new();
    config.max_wasm_stack(64 << 20).async_stack_size(1 << 20);
    let small = depth_of_async_call(&config)?;
    let large = depth_of_async_call(config.async_stack_size(2 << 20))?;
    assert!(small > 500 && large > small + small / 2, "{small} {large}");
    assert!(Engine::new(config.async_stack_size(64 << 10)).is_err(), "no guest would have room");
    Ok(())
}

/// Recursion through a function that waits ends as any other, after it has waited at each level.
#[test]
fn recursion_that_waits_ends_in_a_trap() -> Result<()> {
    let engine = Engine::new(Config::new().max_wasm_stack(16 << 10))?;
    let (mut store, instance) = waiting_guest(&engine)?;
    let endless = instance.get_typed_func::<(), u32>(&mut store, "endless")?;
    for _ in 0..2 {
        let error = block_on(endless.call_async(&mut store, ())).unwrap_err();
        assert_eq!(error.downcast_ref::<Trap>().map(Trap::code), Some(TrapCode::StackOverflow));
    }
    assert!(*store.data() > 100);
    Ok(())
}

#[test]
fn a_pool_has_so_many_stacks() -> Result<()> {
    let mut pool = PoolingConfig::new();
    pool.total_stacks(2).total_memories(8).total_core_instances(8).total_tables(8).max_memory_size(1 << 20);
    let engine = Engine::new(Config::new().allocation_strategy(pool).async_stack_zeroing(true))?;
    let mut guests = (0..3).map(|_| waiting_guest(&engine)).collect::<Result<Vec<_>>>()?;
    let mut calls = Vec::new();
    for (store, instance) in &mut guests {
        let sum = instance.get_typed_func::<u32, u32>(&mut *store, "sum")?;
        calls.push(Box::pin(async move { sum.call_async(store, 3).await }));
    }
    let last = calls.pop().expect("there are three");
    for call in &mut calls {
        assert!(poll_once(call.as_mut()).is_pending());
    }
    let error = block_on(last).unwrap_err();
    let exhausted = error.downcast_ref::<PoolExhausted>().expect("there are two stacks");
    assert_eq!((exhausted.resource(), exhausted.total()), (PooledResource::Stacks, 2));
    for call in calls {
        assert_eq!(hop(call)?, 6);
    }
    // All of them are back: of calls that ended, and of one that was dropped.
    for _ in 0..5 {
        let mut calls = Vec::new();
        for (store, instance) in &mut guests[..2] {
            let sum = instance.get_typed_func::<u32, u32>(&mut *store, "sum")?;
            calls.push(Box::pin(async move { sum.call_async(store, 2).await }));
        }
        assert!(calls.iter_mut().all(|call| poll_once(call.as_mut()).is_pending()));
    }
    Ok(())
}
