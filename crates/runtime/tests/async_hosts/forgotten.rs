//! Calls that are forgotten while they wait (`std::mem::forget`): nobody goes on with them, and nothing of them is given back but what the
//! store has. All else is as it was.

use super::{Pauses, block_on, hop, poll_once, waiting_guest};
use gusset::{
    Component, Config, Engine, Linker, PoolExhausted, PooledResource, PoolingConfig, Resource, ResourceAny,
    ResourceType, Result, Store, Trap,
};

/// A stack of a pool is gone with each; memories and instances are the store's, and come back with it.
#[test]
fn a_forgotten_call_keeps_its_stack_alone() -> Result<()> {
    let mut pool = PoolingConfig::new();
    pool.total_stacks(2).total_memories(1).total_core_instances(1).total_tables(0).max_memory_size(1 << 20);
    let engine = Engine::new(Config::new().memory_reservation(1 << 20).memory_guard(0).allocation_strategy(pool))?;
    for forgotten in 0..2 {
        let (mut store, instance) = waiting_guest(&engine)?;
        let sum = instance.get_typed_func::<u32, u32>(&mut store, "sum")?;
        assert_eq!(block_on(sum.call_async(&mut store, 4))?, 10, "{forgotten} of two stacks are gone");
        let mut call = Box::pin(sum.call_async(&mut store, 4));
        assert!(poll_once(call.as_mut()).is_pending());
        std::mem::forget(call);
    }
    let (mut store, instance) = waiting_guest(&engine)?;
    let sum = instance.get_typed_func::<u32, u32>(&mut store, "sum")?;
    let error = block_on(sum.call_async(&mut store, 4)).unwrap_err();
    let exhausted = error.downcast_ref::<PoolExhausted>().expect("both stacks are gone");
    assert_eq!((exhausted.resource(), exhausted.total()), (PooledResource::Stacks, 2));
    // Calls that do not wait need none.
    let error = sum.call(&mut store, 4).unwrap_err();
    assert!(error.root_cause().to_string().starts_with("`host::wait` is a function of the host that waits"), "{error}");
    Ok(())
}

struct LentThing;

/// The instance is as one whose host function has not come back: it can be entered, and what it was lent stays lent.
#[test]
fn an_instance_in_a_forgotten_call_can_be_entered_and_keeps_what_it_was_lent() -> Result<()> {
    let engine = Engine::default();
    let component = Component::new(
        &engine,
        r#"(component
            (import "thing" (type $thing (sub resource)))
            (import "wait" (func $wait (param "x" (borrow $thing))))
            (core func $wait' (canon lower (func $wait)))
            (core func $drop (canon resource.drop $thing))
            (core module $m
                (import "" "wait" (func $wait (param i32))) (import "" "drop" (func $drop (param i32)))
                (func (export "use") (param i32) (call $wait (local.get 0)) (call $drop (local.get 0))))
            (core instance $i (instantiate $m (with "" (instance
                (export "wait" (func $wait')) (export "drop" (func $drop))))))
            (func (export "use") (param "x" (borrow $thing)) (canon lift (core func $i "use"))))"#,
    )?;
    let mut linker = Linker::<()>::new(&engine);
    linker.root().resource("thing", ResourceType::host::<LentThing>(), |_, _| Ok(()))?;
    linker.root().func_wrap_async("wait", |_, (_,): (Resource<LentThing>,)| {
        Box::new(async {
            Pauses(2).await;
            Ok(())
        })
    })?;
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &component)?;
    let lend = instance.get_typed_func::<(ResourceAny,), ()>(&mut store, "use")?;
    let [forgotten, other] = [7, 8].map(|rep| Resource::<LentThing>::new_own(rep).try_into_resource_any(&mut store));
    let (forgotten, other) = (forgotten?, other?);
    let mut call = Box::pin(lend.call_async(&mut store, (forgotten,)));
    assert!(poll_once(call.as_mut()).is_pending());
    std::mem::forget(call);

    for thing in [other, forgotten, other] {
        hop(lend.call_async(&mut store, (thing,)))?;
    }
    other.resource_drop(&mut store)?;
    let error = forgotten.resource_drop(&mut store).unwrap_err();
    assert!(error.to_string().contains("lent"), "{error}");
    assert!(error.downcast_ref::<Trap>().is_none_or(|trap| trap.locked_by().is_none()), "{error}");
    Ok(())
}

/// Its store, and then all else of the engine, can be gone before it would have gone on.
#[test]
fn a_forgotten_call_is_of_no_store_any_more() -> Result<()> {
    let engine = Engine::default();
    for thread in [false, true] {
        let (mut store, instance) = waiting_guest(&engine)?;
        let deep = instance.get_typed_func::<u32, u32>(&mut store, "deep")?;
        let mut call = Box::pin(deep.call_async(&mut store, 20));
        match thread {
            false => assert!(poll_once(call.as_mut()).is_pending()),
            true => std::thread::scope(|scope| {
                let poll = scope.spawn(|| poll_once(call.as_mut()).is_pending()).join();
                assert!(poll.expect("it does not panic"));
            }),
        }
        std::mem::forget(call);
        drop(store);
        let (mut store, instance) = waiting_guest(&engine)?;
        let deep = instance.get_typed_func::<u32, u32>(&mut store, "deep")?;
        assert_eq!(hop(deep.call_async(&mut store, 20))?, 22);
    }
    drop(engine);
    Ok(())
}
