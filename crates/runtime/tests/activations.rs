//! Calls within calls: a host may enter the instance that is calling it; what a failure locks, it locks for good, and nobody
//! returns into it.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::{
    AsContextMut, Component, Engine, Error, HostPanic, Instance, Linker, Store, StoreContextMut, Trap, TrapCode, Val,
};
use std::sync::OnceLock;

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(Engine::default)
}

/// What a store's host functions do.
#[derive(Default)]
struct HostState {
    instances: Vec<Instance>,
    /// What `host` does; set anew for each part of a test.
    action: Option<Action>,
    /// How often a guest went on after `host` had returned to it, by what it says of itself.
    went_on: Vec<u32>,
}

type Action = fn(StoreContextMut<'_, HostState>, u32) -> Result<u32, Error>;

/// `run` calls the host, says that it goes on, and adds 1 to what the host returned. The others fail, each in its way.
const GUEST: &str = r#"
    (import "host" (func $host (param "x" u32) (result u32)))
    (import "went-on" (func $went-on (param "x" u32)))
    (core func $host' (canon lower (func $host)))
    (core func $went-on' (canon lower (func $went-on)))
    (core module $m
      (import "" "host" (func $host (param i32) (result i32)))
      (import "" "went-on" (func $went-on (param i32)))
      (memory (export "mem") 1)
      (func (export "run") (param i32) (result i32) (local i32)
        (local.set 1 (call $host (local.get 0)))
        (call $went-on (local.get 0))
        (i32.add (local.get 1) (i32.const 1)))
      (func (export "trap") unreachable)
      (func (export "one") (result i32) (i32.const 1))
      (func (export "bounds") (result i32) (i32.const 65536))
      (func (export "text") (param i32 i32))
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable)
      (func (export "post-return") (param i32) unreachable))
    (core instance $i (instantiate $m (with "" (instance
      (export "host" (func $host')) (export "went-on" (func $went-on'))))))
    (func $run (export "run") (param "x" u32) (result u32) (canon lift (core func $i "run")))
    (func (export "trap") (canon lift (core func $i "trap")))
    (func (export "one") (result u32) (canon lift (core func $i "one")))
    (func (export "realloc") (param "x" string)
      (canon lift (core func $i "text") (memory (core memory $i "mem")) (realloc (core func $i "realloc"))))
    (func (export "post-return") (result u32)
      (canon lift (core func $i "one") (post-return (core func $i "post-return"))))
    (func (export "bounds") (result string) (canon lift (core func $i "bounds") (memory (core memory $i "mem"))))
    (func (export "direct") (param "x" u32) (result u32) (canon lift (core func $host')))"#;

/// A component whose `run` calls the guest's through an adapter. Its other functions are the guest's own.
fn composition() -> String {
    format!(
        r#"(component
          (import "host" (func $host (param "x" u32) (result u32)))
          (import "went-on" (func $went-on (param "x" u32)))
          (component $inner {GUEST})
          (component $outer
            (import "run" (func $run (param "x" u32) (result u32)))
            (import "went-on" (func $went-on (param "x" u32)))
            (core func $run (canon lower (func $run)))
            (core func $went-on (canon lower (func $went-on)))
            (core module $m
              (import "" "run" (func $run (param i32) (result i32)))
              (import "" "went-on" (func $went-on (param i32)))
              (func (export "run") (param i32) (result i32)
                (call $run (local.get 0))
                (call $went-on (i32.const 1000))))
            (core instance $i (instantiate $m (with "" (instance
              (export "run" (func $run)) (export "went-on" (func $went-on))))))
            (func (export "run") (param "x" u32) (result u32) (canon lift (core func $i "run"))))
          (instance $inner (instantiate $inner (with "host" (func $host)) (with "went-on" (func $went-on))))
          (instance $outer (instantiate $outer (with "run" (func $inner "run")) (with "went-on" (func $went-on))))
          (export "run" (func $outer "run"))
          (export "trap" (func $inner "trap"))
          (export "one" (func $inner "one")))"#
    )
}

fn store_of(text: &str, instances: usize) -> Store<HostState> {
    let component = Component::new(engine(), text).unwrap_or_else(|error| panic!("{error:?}"));
    let mut linker = Linker::<HostState>::new(engine());
    let host = |store: StoreContextMut<'_, HostState>, (x,): (u32,)| {
        let action = store.data().action.expect("the test says what the host does");
        Ok((action(store, x)?,))
    };
    linker.root().func_wrap("host", host).unwrap();
    let went_on = |mut store: StoreContextMut<'_, HostState>, params: &[Val], _: &mut [Val]| {
        let [Val::U32(x)] = params else { panic!("it takes a number") };
        store.data_mut().went_on.push(*x);
        Ok(())
    };
    linker.root().func_new("went-on", went_on).unwrap();
    let mut store = Store::new(engine(), HostState::default());
    for _ in 0..instances {
        let instance = linker.instantiate(&mut store, &component).unwrap();
        store.data_mut().instances.push(instance);
    }
    store
}

fn guest(instances: usize) -> Store<HostState> {
    store_of(&format!("(component {GUEST})"), instances)
}

fn run(mut store: impl AsContextMut<Data = HostState>, instance: usize, x: u32) -> Result<u32, Error> {
    let instance = store.as_context_mut().data().instances[instance];
    let run = instance.get_typed_func::<(u32,), (u32,)>(&mut store, "run")?;
    Ok(run.call(&mut store, (x,))?.0)
}

/// Calls a function with dynamic values.
fn call(
    mut store: impl AsContextMut<Data = HostState>,
    instance: usize,
    name: &str,
    params: &[Val],
) -> Result<Val, Error> {
    let instance = store.as_context_mut().data().instances[instance];
    let func = instance.get_func(&mut store, name).expect("it is exported");
    let mut results = vec![Val::Bool(false); usize::from(func.result(&store).is_some())];
    func.call(&mut store, params, &mut results)?;
    Ok(results.pop().unwrap_or(Val::Bool(true)))
}

fn code<V: std::fmt::Debug>(result: Result<V, Error>) -> Option<TrapCode> {
    result.expect_err("it fails").downcast_ref().map(Trap::code)
}

#[test]
fn the_host_enters_what_is_calling_it() {
    for text in [format!("(component {GUEST})"), composition()] {
        let mut store = store_of(&text, 1);
        store.data_mut().action = Some(|store, x| if x == 0 { Ok(1000) } else { run(store, 0, x - 1) });
        assert_eq!(run(&mut store, 0, 0).unwrap(), 1001);
        store.data_mut().went_on.clear();
        // Each level has its own frames: they end from the inside out.
        assert_eq!(run(&mut store, 0, 40).unwrap(), 1041);
        let went_on: Vec<u32> = store.data().went_on.iter().copied().filter(|x| *x < 1000).collect();
        assert_eq!(went_on, Vec::from_iter(0..=40));
        assert_eq!(call(&mut store, 0, "one", &[]).unwrap(), Val::U32(1));
    }
}

#[test]
fn recursion_without_end_is_a_trap() {
    let mut store = guest(1);
    store.data_mut().action = Some(|store, x| run(store, 0, x));
    assert_eq!(code(run(&mut store, 0, 1)), Some(TrapCode::StackOverflow));
    assert_eq!(store.data().went_on, []);
    assert_eq!(code(run(&mut store, 0, 1)), Some(TrapCode::CannotEnter));
}

/// The ways in which a call of the instance that calls the host fails there, while the host keeps it to itself.
const FAILURES: [Action; 7] = [
    |mut store, _| {
        assert_eq!(code(call(&mut store, 0, "trap", &[])), Some(TrapCode::Unreachable));
        Ok(1)
    },
    |mut store, _| {
        assert_eq!(code(call(&mut store, 0, "realloc", &[Val::String("x".into())])), Some(TrapCode::Unreachable));
        Ok(1)
    },
    |mut store, _| {
        assert_eq!(code(call(&mut store, 0, "post-return", &[])), Some(TrapCode::Unreachable));
        Ok(1)
    },
    |mut store, _| {
        assert_eq!(code(call(&mut store, 0, "bounds", &[])), Some(TrapCode::PointerOutOfBounds));
        Ok(1)
    },
    |mut store, x| {
        if x == 1 {
            return Err(std::io::Error::other("the host fails").into());
        }
        let error = run(&mut store, 0, 1).unwrap_err();
        assert!(error.is::<std::io::Error>());
        Ok(1)
    },
    |mut store, x| {
        assert!(x != 1, "the host panics");
        let error = run(&mut store, 0, 1).unwrap_err();
        assert_eq!(error.downcast_ref().and_then(HostPanic::message), Some("the host panics"));
        Ok(1)
    },
    // What came in between and went well unlocks nothing: it is not even begun.
    |mut store, _| {
        assert_eq!(code(call(&mut store, 0, "trap", &[])), Some(TrapCode::Unreachable));
        assert_eq!(code(call(&mut store, 0, "one", &[])), Some(TrapCode::CannotEnter));
        Ok(1)
    },
];

#[test]
fn nobody_returns_into_a_locked_instance() {
    for (i, action) in FAILURES.into_iter().enumerate() {
        let mut store = guest(1);
        store.data_mut().action = Some(action);
        let error = run(&mut store, 0, 0).expect_err("it is locked");
        let trap = error.downcast_ref::<Trap>().expect("it is a trap");
        assert_eq!(trap.code(), TrapCode::CannotEnter, "failure {i}");
        assert_eq!(trap.backtrace().frames().len(), 1, "failure {i}: {trap}");
        assert_eq!(store.data().went_on, [], "failure {i}");
        for name in ["one", "trap"] {
            assert_eq!(code(call(&mut store, 0, name, &[])), Some(TrapCode::CannotEnter), "failure {i}");
        }
    }
}

/// The same where an adapter is between the function that was entered and the one that calls the host.
#[test]
fn nobody_returns_into_a_locked_instance_below_an_adapter() {
    let mut store = store_of(&composition(), 1);
    store.data_mut().action = Some(FAILURES[0]);
    let error = run(&mut store, 0, 0).expect_err("it is locked");
    let trap = error.downcast_ref::<Trap>().expect("it is a trap");
    assert_eq!(trap.code(), TrapCode::CannotEnter);
    assert!(trap.backtrace().frames().len() >= 2, "{trap}");
    assert_eq!(store.data().went_on, []);
    assert_eq!(code(call(&mut store, 0, "one", &[])), Some(TrapCode::CannotEnter));
}

/// A lifted function that is a lowered one of the host: no code of a guest is between them.
#[test]
fn a_host_function_that_is_lifted_as_it_is() {
    let mut store = guest(2);
    store.data_mut().action = Some(|_, x| Ok(x));
    assert_eq!(call(&mut store, 0, "direct", &[Val::U32(5)]).unwrap(), Val::U32(5));
    store.data_mut().action = Some(FAILURES[0]);
    assert_eq!(code(call(&mut store, 0, "direct", &[Val::U32(5)])), Some(TrapCode::CannotEnter));
    // A panic goes through to the embedder, which may catch it: the call has failed all the same.
    store.data_mut().action = Some(|_, _| panic!("the host panics"));
    let call_it = std::panic::AssertUnwindSafe(|| call(&mut store, 1, "direct", &[Val::U32(5)]));
    assert!(std::panic::catch_unwind(call_it).is_err());
    assert_eq!(code(call(&mut store, 1, "one", &[])), Some(TrapCode::CannotEnter));
}

#[test]
fn a_failure_locks_those_that_lost_a_frame_and_no_others() {
    let mut store = guest(2);
    // Another instance fails: this one goes on.
    store.data_mut().action = Some(|mut store, _| {
        assert_eq!(code(call(&mut store, 1, "trap", &[])), Some(TrapCode::Unreachable));
        Ok(1)
    });
    assert_eq!(run(&mut store, 0, 7).unwrap(), 2);
    assert_eq!(store.data().went_on, [7]);
    assert_eq!(call(&mut store, 0, "one", &[]).unwrap(), Val::U32(1));
    assert_eq!(code(call(&mut store, 1, "one", &[])), Some(TrapCode::CannotEnter));

    // 0 calls the host, which enters 1, which calls the host, which enters 0: that fails and is kept from 1, which goes on.
    let mut store = guest(2);
    store.data_mut().action = Some(|mut store, x| match x {
        0 => run(store, 1, 1),
        _ => {
            assert_eq!(code(call(&mut store, 0, "trap", &[])), Some(TrapCode::Unreachable));
            Ok(1)
        }
    });
    assert_eq!(code(run(&mut store, 0, 0)), Some(TrapCode::CannotEnter));
    assert_eq!(store.data().went_on, [1]);
    assert_eq!(call(&mut store, 1, "one", &[]).unwrap(), Val::U32(1));
    assert_eq!(code(call(&mut store, 0, "one", &[])), Some(TrapCode::CannotEnter));

    // The same, but nobody keeps it: all on the stack are lost, and the third is not.
    let mut store = guest(3);
    store.data_mut().action = Some(|mut store, x| match x {
        0 => run(store, 1, 1),
        _ => call(&mut store, 0, "trap", &[]).map(|_| 1),
    });
    assert_eq!(code(run(&mut store, 0, 0)), Some(TrapCode::Unreachable));
    assert_eq!(store.data().went_on, []);
    let locked = [0, 1, 2].map(|instance| call(&mut store, instance, "one", &[]).is_err());
    assert_eq!(locked, [true, true, false]);
}

#[test]
fn a_call_that_was_never_begun_locks_nothing() {
    let mut store = guest(1);
    store.data_mut().action = Some(|mut store, _| {
        assert!(call(&mut store, 0, "realloc", &[Val::U8(1)]).is_err());
        Ok(1)
    });
    assert_eq!(run(&mut store, 0, 0).unwrap(), 2);
    assert_eq!(call(&mut store, 0, "one", &[]).unwrap(), Val::U32(1));
}

/// Core instances have no lock: whoever enters one by the core API answers for it.
#[test]
fn core_instances_go_on_after_a_trap() {
    use gusset::core::{FuncType, Linker, Module, Val, ValType};
    let text = r#"(module
        (import "" "host" (func $host (result i32)))
        (func (export "run") (result i32) (i32.add (call $host) (i32.const 1)))
        (func (export "trap") unreachable))"#;
    let module = Module::new(engine(), text).unwrap();
    let mut linker = Linker::<Option<gusset::core::Instance>>::new(engine());
    let ty = FuncType { params: [].into(), results: [ValType::I32].into() };
    linker
        .func_new("", "host", ty, |mut store, _, results| {
            let instance = store.data().expect("it is made");
            let trap = instance.get_func(&mut store, "trap").expect("it is exported");
            assert_eq!(code(trap.call(&mut store, &[], &mut [])), Some(TrapCode::Unreachable));
            results[0] = Val::I32(1);
            Ok(())
        })
        .unwrap();
    let mut store = Store::new(engine(), None);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    *store.data_mut() = Some(instance);
    let run = instance.get_func(&mut store, "run").unwrap();
    for _ in 0..2 {
        let mut results = [Val::I32(0)];
        run.call(&mut store, &[], &mut results).unwrap();
        assert!(matches!(results[0], Val::I32(2)));
    }
}

/// A destructor of the host keeps a failure of the guest that drops to itself: the guest does not go on.
#[test]
fn a_destructor_of_the_host_does_not_return_into_a_locked_instance() {
    struct Held;
    let text = r#"(component
      (import "held" (type $held (sub resource)))
      (import "went-on" (func $went-on (param "x" u32)))
      (core func $went-on (canon lower (func $went-on)))
      (core func $drop (canon resource.drop $held))
      (core module $m
        (import "" "drop" (func $drop (param i32)))
        (import "" "went-on" (func $went-on (param i32)))
        (func (export "run") (param i32) (call $drop (local.get 0)) (call $went-on (i32.const 1)))
        (func (export "trap") unreachable))
      (core instance $i (instantiate $m (with "" (instance
        (export "drop" (func $drop)) (export "went-on" (func $went-on))))))
      (func (export "run") (param "held" (own $held)) (canon lift (core func $i "run")))
      (func (export "trap") (canon lift (core func $i "trap"))))"#;
    for (rep, expected) in [(0, None), (1, Some(TrapCode::CannotEnter))] {
        let mut linker = Linker::<HostState>::new(engine());
        let drop = |mut store: StoreContextMut<'_, HostState>, rep| {
            if rep == 1 {
                assert_eq!(code(call(&mut store, 0, "trap", &[])), Some(TrapCode::Unreachable));
            }
            Ok(())
        };
        linker.root().resource("held", gusset::ResourceType::host::<Held>(), drop).unwrap();
        let went_on = |mut store: StoreContextMut<'_, HostState>, (x,): (u32,)| {
            store.data_mut().went_on.push(x);
            Ok(())
        };
        linker.root().func_wrap("went-on", went_on).unwrap();
        let mut store = Store::new(engine(), HostState::default());
        let instance = linker.instantiate(&mut store, &Component::new(engine(), text).unwrap()).unwrap();
        store.data_mut().instances.push(instance);
        let run = instance.get_typed_func::<(gusset::Resource<Held>,), ()>(&mut store, "run").unwrap();
        let called = run.call(&mut store, (gusset::Resource::new_own(rep),));
        assert_eq!(called.err().and_then(|error| error.downcast_ref().map(Trap::code)), expected);
        assert_eq!(store.data().went_on.len(), usize::from(expected.is_none()));
    }
}
