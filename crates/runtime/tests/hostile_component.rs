//! Components that pass what nobody should pass across the canonical ABI, and hosts that fail in the middle of it.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::{Component, Engine, Error, HostPanic, Instance, Linker, Store, StoreContextMut, Trap, TrapCode, Val};
use std::sync::OnceLock;

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(Engine::default)
}

fn component(text: &str) -> Component {
    Component::new(engine(), text).unwrap_or_else(|error| panic!("{error:?}"))
}

fn call<T>(store: &mut Store<T>, instance: Instance, name: &str, params: &[Val]) -> Result<Val, Error> {
    let func = instance.get_func(&mut *store, name).expect("it is exported");
    let mut results = vec![Val::Bool(false); usize::from(func.result(&*store).is_some())];
    func.call(store, params, &mut results)?;
    Ok(results.pop().unwrap_or(Val::Tuple(Vec::new())))
}

fn trap_of<V: std::fmt::Debug>(result: Result<V, Error>) -> Option<TrapCode> {
    result.expect_err("it fails").downcast_ref::<Trap>().map(Trap::code)
}

fn texts(count: usize) -> Val {
    Val::List((0..count).map(|i| Val::String(format!("text {i}"))).collect())
}

/// A component that passes lists of strings, to itself and through the host; what its allocator does is given.
fn guest(realloc: &str) -> String {
    format!(
        r#"(component
          (import "host" (func $host (param "x" (list string)) (result (list string))))
          (import "out" (func $out))
          (core module $libc
            (import "" "out" (func $out))
            (memory (export "mem") 1)
            (global $next (mut i32) (i32.const 1024))
            (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $at i32) {realloc}))
          (core module $m
            (import "" "mem" (memory 1))
            (import "" "host" (func $host (param i32 i32 i32)))
            (func (export "echo") (param i32 i32) (result i32)
              (i32.store (i32.const 8) (local.get 0)) (i32.store (i32.const 12) (local.get 1)) (i32.const 8))
            (func (export "through") (param i32 i32) (result i32)
              (call $host (local.get 0) (local.get 1) (i32.const 16)) (i32.const 16))
            (func (export "make") (param i32 i32 i32) (result i32)
              (i32.store (i32.const 32) (local.get 0)) (i32.store (i32.const 36) (local.get 1)) (local.get 2)))
          (core func $out (canon lower (func $out)))
          (core instance $libc (instantiate $libc (with "" (instance (export "out" (func $out))))))
          (alias core export $libc "mem" (core memory $mem))
          (alias core export $libc "realloc" (core func $realloc))
          (core func $host (canon lower (func $host) (memory $mem) (realloc $realloc)))
          (core instance $m (instantiate $m (with "" (instance
            (export "mem" (memory $mem)) (export "host" (func $host))))))
          (func (export "echo") (param "x" (list string)) (result (list string))
            (canon lift (core func $m "echo") (memory $mem) (realloc $realloc)))
          (func (export "through") (param "x" (list string)) (result (list string))
            (canon lift (core func $m "through") (memory $mem) (realloc $realloc)))
          (func (export "numbers") (param "at" u32) (param "len" u32) (param "result" u32) (result (list u64))
            (canon lift (core func $m "make") (memory $mem) (realloc $realloc)))
          (func (export "text") (param "at" u32) (param "len" u32) (param "result" u32) (result string)
            (canon lift (core func $m "make") (memory $mem) (realloc $realloc)))
          (func (export "wide") (param "at" u32) (param "len" u32) (param "result" u32) (result string)
            (canon lift (core func $m "make") (memory $mem) (realloc $realloc) string-encoding=utf16)))"#
    )
}

/// How often the host was called, and what it calls.
struct Host {
    calls: u32,
    panics: bool,
    instance: Option<Instance>,
}

fn instantiate(text: &str) -> (Store<Host>, Instance) {
    let mut linker = Linker::<Host>::new(engine());
    let host = |mut store: StoreContextMut<'_, Host>, (x,): (Vec<String>,)| {
        store.data_mut().calls += 1;
        assert!(!store.data().panics, "the host panics");
        Ok((x,))
    };
    linker.root().func_wrap("host", host).unwrap();
    let out = |mut store: StoreContextMut<'_, Host>, (): ()| {
        store.data_mut().calls += 1;
        match store.data().instance {
            Some(instance) => {
                instance.get_func(&mut store, "echo").unwrap().call(&mut store, &[texts(1)], &mut [Val::Bool(false)])
            }
            None => Ok(()),
        }
    };
    linker.root().func_wrap("out", out).unwrap();
    let mut store = Store::new(engine(), Host { calls: 0, panics: false, instance: None });
    let instance = linker.instantiate(&mut store, &component(text)).unwrap();
    (store, instance)
}

/// Always a page of its own, at the very end of the memory, which moves further away each time.
const GROWS: &str = "(local.set $at (memory.grow (i32.const 2)))
    (if (i32.eq (local.get $at) (i32.const -1)) (then unreachable))
    (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.mul (local.get 2) (i32.div_u
        (i32.add (local.get 3) (i32.sub (local.get 2) (i32.const 1))) (local.get 2))))";

#[test]
fn an_allocator_that_grows_the_memory_each_time() {
    let (mut store, instance) = instantiate(&guest(GROWS));
    for round in 0..3 {
        for name in ["echo", "through"] {
            assert_eq!(call(&mut store, instance, name, &[texts(100)]).unwrap(), texts(100), "{name} {round}");
        }
    }
    assert_eq!(store.data().calls, 3);
    // It ends where the memory does.
    assert_eq!(trap_of(call(&mut store, instance, "echo", &[texts(40_000)])), Some(TrapCode::Unreachable));
    assert_eq!(trap_of(call(&mut store, instance, "echo", &[texts(0)])), Some(TrapCode::CannotEnter));
}

#[test]
fn an_allocator_that_calls_out_traps() {
    for enters in [false, true] {
        let (mut store, instance) = instantiate(&guest("(call $out) (i32.const 1024)"));
        store.data_mut().instance = enters.then_some(instance);
        assert_eq!(trap_of(call(&mut store, instance, "echo", &[texts(1)])), Some(TrapCode::CannotLeave));
        assert_eq!(store.data().calls, 0);
        assert_eq!(trap_of(call(&mut store, instance, "echo", &[texts(1)])), Some(TrapCode::CannotEnter));
    }
}

/// The parameters arrive; the allocator fails when the host's result is to be lowered, in each way.
#[test]
fn an_allocator_that_fails_for_a_result_of_the_host() {
    let cases = [
        ("unreachable", TrapCode::Unreachable),
        ("(drop (i32.load (i32.const -4)))", TrapCode::MemoryOutOfBounds),
        ("(call $out)", TrapCode::CannotLeave),
        ("(return (i32.const -4))", TrapCode::ReallocOutOfBounds),
        ("(return (i32.const 2))", TrapCode::ReallocUnaligned),
        ("(drop (call $again (local.get 0)))", TrapCode::StackOverflow),
    ];
    for (fails, code) in cases {
        let realloc = format!(
            "(global.set $next (i32.add (global.get $next) (i32.const 256)))
             (if (i32.eq (global.get $next) (i32.const 1792)) (then {fails}))
             (global.get $next))
             (func $again (param i32) (result i32) (i32.add (i32.const 1) (call $again (local.get 0)))"
        );
        let (mut store, instance) = instantiate(&guest(&realloc));
        assert_eq!(trap_of(call(&mut store, instance, "through", &[texts(1)])), Some(code), "{fails}");
        assert_eq!(store.data().calls, 1, "{fails}");
        assert_eq!(trap_of(call(&mut store, instance, "through", &[texts(1)])), Some(TrapCode::CannotEnter));
    }
}

#[test]
fn results_with_wild_addresses_and_lengths_trap() {
    let max = u32::MAX;
    let cases = [
        ("numbers", [0, max, 32], TrapCode::ListTooLong),
        ("numbers", [0, 1 << 29, 32], TrapCode::ListTooLong),
        ("numbers", [0, 8193, 32], TrapCode::ListPointerOutOfBounds),
        ("numbers", [65536, 1, 32], TrapCode::ListPointerOutOfBounds),
        ("numbers", [max - 7, 1, 32], TrapCode::ListPointerOutOfBounds),
        ("numbers", [max - 7, 2, 32], TrapCode::ListPointerOutOfBounds),
        ("numbers", [4, 1, 32], TrapCode::UnalignedPointer),
        ("numbers", [0, 0, 65532], TrapCode::PointerOutOfBounds),
        ("numbers", [0, 0, max - 3], TrapCode::PointerOutOfBounds),
        ("numbers", [0, 0, max], TrapCode::UnalignedPointer),
        ("text", [0, max, 32], TrapCode::StringTooLong),
        ("text", [1, 65536, 32], TrapCode::StringPointerOutOfBounds),
        ("text", [max, 1, 32], TrapCode::StringPointerOutOfBounds),
        ("wide", [0, max, 32], TrapCode::StringTooLong),
        ("wide", [0, 1 << 31, 32], TrapCode::StringTooLong),
        ("wide", [1, 1, 32], TrapCode::UnalignedPointer),
        ("wide", [65534, 2, 32], TrapCode::StringPointerOutOfBounds),
    ];
    for (name, params, code) in cases {
        let (mut store, instance) = instantiate(&guest(GROWS));
        let params = params.map(Val::U32);
        assert_eq!(trap_of(call(&mut store, instance, name, &params)), Some(code), "{name} {params:?}");
    }
    let (mut store, instance) = instantiate(&guest(GROWS));
    for (name, params) in [("numbers", [65536, 0, 32]), ("numbers", [0, 8192, 32]), ("text", [65536, 0, 32])] {
        call(&mut store, instance, name, &params.map(Val::U32)).unwrap();
    }
}

/// After a panic nobody enters the instance again; others in the store live on.
#[test]
fn a_panic_of_the_host_locks_the_instance() {
    let bump = "(global.set $next (i32.add (global.get $next) (i32.const 256))) (global.get $next)";
    let (mut store, instance) = instantiate(&guest(bump));
    store.data_mut().panics = true;
    let panic = call(&mut store, instance, "through", &[texts(1)]).unwrap_err();
    assert_eq!(panic.downcast_ref().and_then(HostPanic::message), Some("the host panics"));
    store.data_mut().panics = false;
    for name in ["through", "echo"] {
        assert_eq!(trap_of(call(&mut store, instance, name, &[texts(1)])), Some(TrapCode::CannotEnter));
    }
}

/// What a guest returns is in use while `post-return` runs, and a trap in it is a trap of the call.
#[test]
fn a_post_return_that_traps() {
    let text = r#"(component
        (core module $m (memory (export "mem") 1) (data (i32.const 8) "\10\00\00\00\02\00\00\00hi")
            (func (export "f") (result i32) (i32.const 8))
            (func (export "post") (param i32) (memory.fill (i32.const 0) (i32.const 255) (i32.const 65536))
                (drop (i32.load (i32.load (i32.const 0))))))
        (core instance $i (instantiate $m))
        (func (export "f") (result string) (canon lift (core func $i "f") (memory (core memory $i "mem"))
            (post-return (core func $i "post")))))"#;
    let mut store = Store::new(engine(), ());
    let instance = Linker::new(engine()).instantiate(&mut store, &component(text)).unwrap();
    assert_eq!(trap_of(call(&mut store, instance, "f", &[])), Some(TrapCode::MemoryOutOfBounds));
    assert_eq!(trap_of(call(&mut store, instance, "f", &[])), Some(TrapCode::CannotEnter));
}

/// A host that calls another instance of the same component from within the first: recursion without end.
#[test]
fn recursion_through_instances_and_the_host_ends_in_a_trap() {
    type Pre = gusset::InstancePre<Option<std::sync::Arc<OnceLock<Shared>>>>;
    struct Shared(Pre);
    let text = r#"(component
        (import "again" (func $again (result u32)))
        (core func $again (canon lower (func $again)))
        (core module $m (import "" "again" (func $again (result i32)))
            (func (export "f") (result i32) (i32.add (i32.const 1) (call $again))))
        (core instance $i (instantiate $m (with "" (instance (export "again" (func $again))))))
        (func (export "f") (result u32) (canon lift (core func $i "f"))))"#;
    let mut linker = Linker::new(engine());
    let again = |mut store: StoreContextMut<'_, Option<std::sync::Arc<OnceLock<Shared>>>>, (): ()| {
        let shared = store.data().clone().unwrap();
        let instance = shared.get().unwrap().0.instantiate(&mut store)?;
        let f = instance.get_typed_func::<(), (u32,)>(&mut store, "f")?;
        f.call(&mut store, ())
    };
    linker.root().func_wrap("again", again).unwrap();
    let pre = linker.instantiate_pre(&component(text)).unwrap();
    let shared = std::sync::Arc::new(OnceLock::new());
    let _ = shared.set(Shared(pre.clone()));
    let mut store = Store::new(engine(), Some(shared));
    let instance = pre.instantiate(&mut store).unwrap();
    assert_eq!(trap_of(call(&mut store, instance, "f", &[])), Some(TrapCode::StackOverflow));
}
