//! A call of an instance that is lost says what failed before, and where.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::{AsContextMut, Component, Engine, Error, Instance, Linker, Store, StoreContextMut, Trap, TrapCode};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What `host` does is up to the test; `run` calls it, `fail` traps, `fine` does nothing.
const GUEST: &str = r#"(component
  (import "host" (func $host))
  (core func $host (canon lower (func $host)))
  (core module $m
    (import "" "host" (func $host))
    (func $run (export "run") (call $host))
    (func $fail (export "fail") (drop (i32.div_u (i32.const 1) (i32.const 0))))
    (func (export "fine")))
  (core instance $i (instantiate $m (with "" (instance (export "host" (func $host))))))
  (func (export "run") (canon lift (core func $i "run")))
  (func (export "fail") (canon lift (core func $i "fail")))
  (func (export "fine") (canon lift (core func $i "fine"))))"#;

type Data = Option<Instance>;

fn instance(host: fn(StoreContextMut<'_, Data>) -> gusset::Result<()>) -> (Store<Data>, Instance) {
    let engine = Engine::default();
    let mut linker = Linker::<Data>::new(&engine);
    linker.root().func_wrap("host", move |store: StoreContextMut<'_, Data>, (): ()| host(store)).unwrap();
    let mut store = Store::new(&engine, None);
    let instance = linker.instantiate(&mut store, &Component::new(&engine, GUEST).unwrap()).unwrap();
    *store.data_mut() = Some(instance);
    (store, instance)
}

fn call(mut store: impl AsContextMut<Data = Data>, instance: Instance, name: &str) -> Result<(), Error> {
    instance.get_typed_func::<(), ()>(&mut store, name).unwrap().call(&mut store, ())
}

/// The first line of what a call of `fine` is told, after the code.
fn told(store: &mut Store<Data>, instance: Instance) -> String {
    let error = call(store, instance, "fine").unwrap_err();
    let trap = error.downcast_ref::<Trap>().expect("the instance is lost");
    assert_eq!(trap.code(), TrapCode::CannotEnter);
    let text = trap.to_string();
    let line = text.lines().next().unwrap();
    line.strip_prefix("wasm trap: cannot enter component instance").expect("it starts with the code").to_string()
}

#[test]
fn a_trap_is_told_with_its_function_and_place() {
    let (mut store, lost) = instance(|_| Ok(()));
    call(&mut store, lost, "fail").unwrap_err();
    assert_eq!(
        told(&mut store, lost),
        ": an earlier call of `fail` trapped: integer divide by zero, at m!fail (<text>:7:39)"
    );
    // It stays what it is, whatever is called after it.
    call(&mut store, lost, "run").unwrap_err();
    assert_eq!(
        told(&mut store, lost),
        ": an earlier call of `fail` trapped: integer divide by zero, at m!fail (<text>:7:39)"
    );
}

#[test]
fn an_error_of_the_host_is_told() {
    let (mut store, lost) = instance(|_| Err(Error::from(std::io::Error::other("the disk\nis full"))));
    call(&mut store, lost, "run").unwrap_err();
    assert_eq!(told(&mut store, lost), ": an earlier call of `run` failed: the disk, at m!run (<text>:6:31)");
    let error = call(&mut store, lost, "fine").unwrap_err();
    let failure = error.downcast_ref::<Trap>().unwrap().locked_by().unwrap();
    assert_eq!((failure.function(), failure.code(), failure.text()), ("run", None, "the disk"));
    assert_eq!(failure.frame().and_then(|frame| frame.name.as_deref()), Some("run"));
}

#[test]
fn the_causes_of_an_error_are_told_once() {
    let (mut store, lost) = instance(|_| {
        let error = Error::from(std::io::Error::other("the disk is full"));
        Err(error.context("writing the log").context("saying hello"))
    });
    call(&mut store, lost, "run").unwrap_err();
    let expected =
        ": an earlier call of `run` failed: saying hello: writing the log: the disk is full, at m!run (<text>:6:31)";
    assert_eq!(told(&mut store, lost), expected);
}

#[test]
fn a_panic_of_the_host_is_told() {
    let (mut store, lost) = instance(|_| panic!("out of ideas"));
    call(&mut store, lost, "run").unwrap_err();
    assert_eq!(
        told(&mut store, lost),
        ": an earlier call of `run` failed: a host function panicked: out of ideas, at m!run (<text>:6:31)"
    );
}

/// The host keeps the failure of a nested call to itself; the outer call is lost by that.
#[test]
fn the_innermost_failure_is_told() {
    let (mut store, lost) = instance(|mut store| {
        let instance = store.data().expect("it is known");
        assert!(call(&mut store, instance, "fail").is_err());
        Ok(())
    });
    let error = call(&mut store, lost, "run").unwrap_err();
    let failure = error.downcast_ref::<Trap>().and_then(Trap::locked_by).expect("a nested call failed");
    assert_eq!((failure.function(), failure.code()), ("fail", Some(TrapCode::IntegerDivideByZero)));
    assert_eq!(
        told(&mut store, lost),
        ": an earlier call of `fail` trapped: integer divide by zero, at m!fail (<text>:7:39)"
    );
}

/// An instance that calls one that is lost is lost too.
#[test]
fn a_chain_of_failures_is_told() {
    let (mut store, inner) = instance(|_| Ok(()));
    let engine = store.engine().clone();
    let mut linker = Linker::<Data>::new(&engine);
    let fine = inner.get_func(&mut store, "fine").unwrap();
    linker.root().define_func(&store, "host", fine).unwrap();
    let outer = linker.instantiate(&mut store, &Component::new(&engine, GUEST).unwrap()).unwrap();
    call(&mut store, inner, "fail").unwrap_err();
    call(&mut store, outer, "run").unwrap_err();
    assert_eq!(
        told(&mut store, outer),
        ": an earlier call of `run` trapped: cannot enter component instance: an earlier call of `fail` trapped: \
         integer divide by zero, at m!fail (<text>:7:39), at m!run (<text>:6:31)"
    );
}

#[test]
fn what_is_told_is_short() {
    let (mut store, lost) = instance(|_| Err(Error::msg("x".repeat(1_000_000))));
    call(&mut store, lost, "run").unwrap_err();
    let told = told(&mut store, lost);
    assert!(told.len() < 500 && told.contains("xxx…, at m!run"), "{told}");
}

/// What the host unwinds is no error that could be told.
#[test]
fn a_call_that_the_host_unwound_is_told_without_a_cause() {
    let (mut store, lost) = instance(|_| Ok(()));
    let fine = lost.get_typed_func::<(), ()>(&mut store, "fine").unwrap();
    let unwound = catch_unwind(AssertUnwindSafe(|| fine.call_with(&mut store, (), |_, ()| panic!("looked away"))));
    assert!(unwound.is_err());
    assert_eq!(told(&mut store, lost), "");
    let error = call(&mut store, lost, "fine").unwrap_err();
    assert!(error.downcast_ref::<Trap>().unwrap().locked_by().is_none());
}
