//! Contexts that code reaches from one another: whatever state they hold is that of the instance that is meant.
#![cfg(all(feature = "compile", feature = "wat"))]

use crate::artifacts::deserialize;
use crate::own_code::everywhere;
use gusset::{
    Component, Config, Engine, InstanceAllocationStrategy, LimitExceeded, Linker, PoolingConfig, Result, Store,
};

/// A counter in a global and one in a memory, which may grow.
const COUNTER: &str = r#"(memory (export "memory") 1 3) (global $n (mut i32) (i32.const 0))
    (func $add (export "add") (param i32) (result i32)
        (global.set $n (i32.add (global.get $n) (local.get 0)))
        (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.const 1)))
        (global.get $n))
    (func (export "grow") (result i32) (memory.grow (i32.const 1)))"#;

/// Imports of two of them, and what calls them: `run` adds what it is given to both and returns the sums, and how often they have been called,
/// by their memories; the first one grows each time.
const USER: &str = r#"
    (import "a" "add" (func $a (param i32) (result i32))) (import "b" "add" (func $b (param i32) (result i32)))
    (import "a" "grow" (func $grow (result i32)))
    (import "a" "memory" (memory $ma 1)) (import "b" "memory" (memory $mb 1))
    (global $calls (mut i32) (i32.const 0))
    (func (export "run") (param i32) (result i32)
        (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
        (drop (call $grow))
        (i32.store $ma (i32.sub (i32.shl (memory.size $ma) (i32.const 16)) (i32.const 4)) (global.get $calls))
        (i32.add (i32.mul (call $a (local.get 0)) (i32.const 1000000))
            (i32.add (i32.mul (call $b (i32.add (local.get 0) (i32.const 1))) (i32.const 10000))
                (i32.add (i32.mul (i32.load $ma (i32.const 8)) (i32.const 1000))
                    (i32.add (i32.mul (i32.load $mb (i32.const 8)) (i32.const 100))
                        (i32.add (i32.mul (memory.size $ma) (i32.const 10)) (memory.size $mb)))))))"#;

/// An instance of each of two modules.
const ONCE: &str = "(core instance $a (instantiate $first)) (core instance $b (instantiate $second))";

/// What the calls of `run` in a fresh instance return: the arguments are 1, 2 and 3.
const RETURNED: [u32; 3] = [
    1_000_000 + 2 * 10_000 + 1_000 + 100 + 20 + 1,
    3_000_000 + 5 * 10_000 + 2_000 + 200 + 30 + 1,
    6_000_000 + 9 * 10_000 + 3_000 + 300 + 30 + 1,
];

/// A component whose `instances` are `$a` and `$b`; `after` comes last.
fn component(instances: &str, after: &str) -> String {
    format!(
        r#"(component (core module $first {COUNTER}) (core module $second {COUNTER}) (core module $user {USER})
            {instances}
            (core instance $user (instantiate $user (with "a" (instance $a)) (with "b" (instance $b))))
            (func (export "run") (param "x" u32) (result u32) (canon lift (core func $user "run"))) {after})"#
    )
}

/// Calls of two instances of a component take turns.
fn check(store: &mut Store<()>, component: &Component) -> Result<()> {
    let ready = Linker::new(store.engine()).instantiate_pre(component)?;
    let mut make = || {
        let instance = ready.instantiate(&mut *store)?;
        instance.get_typed_func::<(u32,), (u32,)>(&mut *store, "run")
    };
    let funcs = [make()?, make()?];
    for (argument, returned) in (1..).zip(RETURNED) {
        for func in &funcs {
            assert_eq!(func.call(&mut *store, (argument,))?.0, returned);
        }
    }
    Ok(())
}

#[test]
fn modules_are_instantiated_once() -> Result<()> {
    everywhere(&component(ONCE, ""), check)
}

#[test]
fn a_module_is_instantiated_twice() -> Result<()> {
    let instances = "(core instance $a (instantiate $first)) (core instance $b (instantiate $first))";
    everywhere(&component(instances, ""), check)?;
    let user = r#"(core instance $other (instantiate $user (with "a" (instance $b)) (with "b" (instance $a))))"#;
    everywhere(&component(ONCE, user), check)
}

#[test]
fn a_module_is_exported() -> Result<()> {
    for module in ["first", "user"] {
        let export = format!(r#"(export "module" (core module ${module}))"#);
        everywhere(&component(ONCE, &export), check)?;
    }
    Ok(())
}

/// Functions and memories that are handed on are those of the instance that defines them.
#[test]
fn what_is_imported_is_exported_again() -> Result<()> {
    let instances = r#"(core instance $b (instantiate $second)) (core instance $defines (instantiate $first))
        (core module $hand (import "a" "add" (func $add (param i32) (result i32))) (import "a" "grow" (func $grow (result i32)))
            (import "a" "memory" (memory $memory 1))
            (export "add" (func $add)) (export "grow" (func $grow)) (export "memory" (memory $memory)))
        (core instance $a (instantiate $hand (with "a" (instance $defines))))"#;
    everywhere(&component(instances, ""), check)
}

/// What does not fit beside the others stands by itself.
#[test]
fn contexts_are_large() -> Result<()> {
    let globals = "(global (mut i64) (i64.const 7))".repeat(20_000);
    let second = component(ONCE, "").replacen("(core module $second ", &format!("(core module $second {globals} "), 1);
    everywhere(&second, check)
}

/// In a pool they share a slot, which must have room for them.
#[test]
fn a_pool_has_one_slot_for_them() -> Result<()> {
    let text = component(ONCE, "");
    let engine = |slots: u32, bytes: usize| {
        let mut pool = PoolingConfig::new();
        pool.total_core_instances(slots)
            .total_memories(8)
            .total_tables(0)
            .max_memory_size(3 << 16)
            .max_core_instance_size(bytes);
        let mut config = Config::new();
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        Engine::new(&config)
    };
    let pooled = engine(2, 1 << 20)?;
    let component = Component::new(&pooled, &text)?;
    for _ in 0..3 {
        check(&mut Store::new(&pooled, ()), &component)?;
    }
    let mut store = Store::new(&pooled, ());
    let ready = Linker::new(&pooled).instantiate_pre(&component)?;
    for _ in 0..2 {
        ready.instantiate(&mut store)?;
    }
    let error = ready.instantiate(&mut store).unwrap_err();
    assert!(format!("{error:#}").contains("all 2 core instances of the pool are in use"), "{error:#}");

    // Where it has not, each has one, unless the code was made for another engine.
    let small = engine(3, 256)?;
    Linker::new(&small).instantiate(&mut Store::new(&small, ()), &Component::new(&small, &text)?)?;
    let ready = Linker::new(&small).instantiate_pre(&deserialize(&small, &component.serialize()?)?)?;
    for _ in 0..4 {
        let error = ready.instantiate(&mut Store::new(&small, ())).unwrap_err();
        let told = format!("{error:#}");
        assert!(told.contains("a group of core instances of a component of "), "{told}");
        assert!(told.contains("max_core_instance_size"), "{told}");
    }
    Ok(())
}

/// They are charged before they are made, and given back where nobody has seen them.
#[test]
fn they_are_bytes_of_the_host() -> Result<()> {
    let globals = "(global (mut i64) (i64.const 7))".repeat(10_000);
    let text = component(ONCE, "").replacen("(core module $second ", &format!("(core module $second {globals} "), 1);
    let failing = text.replacen("(global $calls ", "(data (memory 1) (i32.const 70000) \"x\") (global $calls ", 1);
    let starting = text.replacen("(core module $first ", "(core module $first (func $no unreachable) (start $no) ", 1);
    let engine = Engine::default();
    let [good, failing, starting] = [&text, &failing, &starting].map(|text| Component::new(&engine, text));
    let linker = Linker::new(&engine);
    let mut store = Store::new(&engine, ());
    linker.instantiate(&mut store, &good?)?;
    let one = store.host_bytes();
    assert!(one > 160_000, "{one}");
    linker.instantiate(&mut store, &failing?).unwrap_err();
    assert_eq!(store.host_bytes(), one);
    let starting = starting?;
    for times in 1..4 {
        linker.instantiate(&mut store, &starting).unwrap_err();
        // What has run is kept, and with it what stands beside it.
        assert!(store.host_bytes() > one + times * 160_000, "{times}");
    }
    store.set_max_host_bytes(store.host_bytes() + 100_000);
    let before = store.host_bytes();
    let error = linker.instantiate(&mut store, &starting).unwrap_err();
    assert!(error.is::<LimitExceeded>(), "{error:#}");
    assert_eq!(store.host_bytes(), before);
    Ok(())
}

/// An instance that cannot be made leaves nothing, also where others beside it had been made.
#[test]
fn an_instance_fails_halfway() -> Result<()> {
    let text = component(ONCE, "");
    let failing = text.replacen("(global $calls ", "(data (memory 1) (i32.const 70000) \"x\") (global $calls ", 1);
    let engine = Engine::default();
    let (good, bad) = (Component::new(&engine, text)?, Component::new(&engine, failing)?);
    let mut store = Store::new(&engine, ());
    for _ in 0..3 {
        let error = Linker::new(&engine).instantiate(&mut store, &bad).unwrap_err();
        assert!(format!("{error:#}").contains("data segment 0"), "{error:#}");
        check(&mut store, &good)?;
    }
    Ok(())
}
