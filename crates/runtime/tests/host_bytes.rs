//! What the runtime itself keeps for the guests of a store: whatever they can make it keep is counted, and has an end.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::core::{self, ExternRef, Ref, RefType, Table, TableType};
use gusset::{
    AsContextMut, Component, Config, Engine, Error, Instance, LimitExceeded, LimitKind, Linker, Resource, ResourceType,
    Result, Store, StoreContextMut, Val, WasmBacktrace,
};

const MIB: u64 = 1 << 20;

fn engine() -> Engine {
    Engine::new(Config::new().max_host_bytes(MIB)).unwrap()
}

fn component(engine: &Engine, text: &str) -> Component {
    Component::new(engine, text).unwrap_or_else(|error| panic!("{error:?}"))
}

/// Checks that it was the bytes of the host that were too many, and no more by far than there may be.
#[track_caller]
fn check_exceeded(error: &Error) {
    let Some(exceeded) = error.downcast_ref::<LimitExceeded>() else { panic!("{error:?} is about no limit") };
    assert_eq!((exceeded.kind, exceeded.limit), (LimitKind::HostBytes, Some(MIB)));
    assert!(exceeded.asked > MIB && exceeded.asked < 4 * MIB, "{exceeded:?}");
}

#[test]
fn external_references() -> Result<()> {
    let engine = engine();
    let text = r#"(module (import "" "make" (func $make (result externref))) (table $kept 0 externref)
        (func (export "drop") (param i32)
            (loop $next
                (drop (call $make))
                (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
        (func (export "make") (param i32)
            (loop $next
                (drop (table.grow $kept (call $make) (i32.const 1)))
                (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))"#;
    let mut linker = core::Linker::<()>::new(&engine);
    linker.func_wrap("", "make", |mut caller: core::Caller<'_, ()>| ExternRef::new(&mut caller, 7_u64).map(Some))?;
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &core::Module::new(&engine, text)?)?;
    let make = instance.get_typed_func::<i32, ()>(&mut store, "make")?;
    make.call(&mut store, 1)?;
    // Each is a place of 24 bytes, the eight bytes of the value, and four in the table.
    store.set_max_host_bytes(store.host_bytes() + 10 * 36);
    make.call(&mut store, 10)?;
    let error = make.call(&mut store, 1).unwrap_err();
    assert!(error.is::<LimitExceeded>() && WasmBacktrace::of(&error).is_some(), "{error:?}");
    store.set_max_host_bytes(MIB);
    // What is kept by nobody is given back.
    instance.get_typed_func::<i32, ()>(&mut store, "drop")?.call(&mut store, 1_000_000)?;
    check_exceeded(&make.call(&mut store, -1).unwrap_err());
    Ok(())
}

/// Makes resources of its own and keeps them, gives them to the host, or is given the host's.
const RESOURCES: &str = r#"(component
  (import "r" (type $host (sub resource)))
  (core module $dtor (func (export "dtor") (param i32)))
  (core instance $dtor (instantiate $dtor))
  (type $own (resource (rep i32) (dtor (core func $dtor "dtor"))))
  (export $own' "own" (type $own))
  (component $taking
    (import "own" (type $own (sub resource)))
    (import "take" (func $take (param "it" (own $own))))
    (export "take" (func $take)))
  (core func $new (canon resource.new $own))
  (core func $rep (canon resource.rep $own))
  (core module $m
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "rep" (func $rep (param i32) (result i32)))
    (func (export "make") (param i32)
      (loop $next
        (drop (call $new (local.get 0)))
        (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
    (func (export "give") (result i32) (call $new (i32.const 5)))
    (func (export "take") (param i32)))
  (core instance $m (instantiate $m (with "" (instance (export "new" (func $new)) (export "rep" (func $rep))))))
  (func (export "make") (param "n" u32) (canon lift (core func $m "make")))
  (func (export "give") (result (own $own')) (canon lift (core func $m "give")))
  (func (export "take") (param "it" (own $host)) (canon lift (core func $m "take"))))"#;

struct GivenResource;

fn resources(engine: &Engine) -> Result<(Store<()>, Instance)> {
    let mut linker = Linker::<()>::new(engine);
    linker.root().resource("r", ResourceType::host::<GivenResource>(), |_, _| Ok(()))?;
    let mut store = Store::new(engine, ());
    let instance = linker.instantiate(&mut store, &component(engine, RESOURCES))?;
    Ok((store, instance))
}

#[test]
fn tables_of_handles() -> Result<()> {
    let engine = engine();
    // The guest makes its own: an adapter adds them.
    let (mut store, instance) = resources(&engine)?;
    let make = instance.get_typed_func::<(u32,), ()>(&mut store, "make")?;
    make.call(&mut store, (10_000,))?;
    assert!(store.host_bytes() > 100_000, "{}", store.host_bytes());
    let error = make.call(&mut store, (100_000_000,)).unwrap_err();
    check_exceeded(&error);
    assert!(WasmBacktrace::of(&error).is_some(), "{error:?}");
    // The host adds them.
    let (mut store, instance) = resources(&engine)?;
    let take = instance.get_typed_func::<(Resource<GivenResource>,), ()>(&mut store, "take")?;
    let given = (0..).map(|rep| take.call(&mut store, (Resource::new_own(rep),)));
    let (count, error) = given.enumerate().find_map(|(count, given)| Some((count, given.err()?))).expect("it ends");
    check_exceeded(&error);
    assert!((10_000..100_000).contains(&count), "{count}");
    Ok(())
}

#[test]
fn handles_that_the_host_keeps() -> Result<()> {
    let engine = engine();
    let (mut store, instance) = resources(&engine)?;
    let give = instance.get_func(&mut store, "give").expect("it is exported");
    let mut kept = Vec::new();
    let error = loop {
        let mut results = [Val::Bool(false)];
        match give.call(&mut store, &[], &mut results) {
            Ok(()) => kept.extend(results),
            Err(error) => break error,
        }
        assert!(kept.len() < 1_000_000, "there is an end");
    };
    check_exceeded(&error);
    assert!(kept.len() > 1000, "{}", kept.len());
    // What it drops makes room.
    let (mut store, instance) = resources(&engine)?;
    let give = instance.get_func(&mut store, "give").expect("it is exported");
    let give_and_drop = |store: &mut Store<()>| -> Result<()> {
        let mut results = [Val::Bool(false)];
        give.call(&mut *store, &[], &mut results)?;
        let [Val::Resource(any)] = results else { panic!("{results:?}") };
        any.resource_drop(store)
    };
    give_and_drop(&mut store)?;
    store.set_max_host_bytes(store.host_bytes() + 200);
    (0..1000).try_for_each(|_| give_and_drop(&mut store))
}

/// Passes bytes to the host, which may call again.
const NESTED: &str = r#"(component
  (import "take" (func $take (param "bytes" (list u8)) (param "depth" u32)))
  (core module $libc (memory (export "mem") 16))
  (core instance $libc (instantiate $libc))
  (core func $take (canon lower (func $take) (memory (core memory $libc "mem"))))
  (core module $m
    (import "" "take" (func $take (param i32 i32 i32)))
    (func (export "run") (param i32) (call $take (i32.const 0) (i32.const 300000) (local.get 0))))
  (core instance $m (instantiate $m (with "" (instance (export "take" (func $take))))))
  (func (export "run") (param "depth" u32) (canon lift (core func $m "run"))))"#;

#[test]
fn values_of_calls_within_calls() -> Result<()> {
    let engine = engine();
    let component = component(&engine, NESTED);
    let run = |mut store: StoreContextMut<'_, Option<Instance>>, depth: u32| -> Result<()> {
        let instance = store.data().expect("it has been made");
        instance.get_typed_func::<(u32,), ()>(&mut store, "run")?.call(&mut store, (depth,))
    };
    for typed in [true, false] {
        let mut linker = Linker::<Option<Instance>>::new(&engine);
        match typed {
            true => linker.root().func_wrap("take", move |store, (_, depth): (Vec<u8>, u32)| match depth {
                0 => Ok(()),
                _ => run(store, depth - 1),
            })?,
            false => linker.root().func_new("take", move |store, params, _| match params {
                [_, Val::U32(0)] => Ok(()),
                [_, Val::U32(depth)] => run(store, depth - 1),
                _ => panic!("it takes bytes and a number"),
            })?,
        };
        let most = if typed { 2 } else { 1 };
        let mut store = Store::new(&engine, None);
        // A `Val` is larger than the byte that it stands for.
        if !typed {
            store.set_max_host_bytes(5 * 300_000 * size_of::<Val>() as u64 / 2);
        }
        let instance = linker.instantiate(&mut store, &component)?;
        *store.data_mut() = Some(instance);
        let before = store.host_bytes();
        run(store.as_context_mut(), most)?;
        assert!(store.host_bytes() < before + 1000, "what a call took is given back");
        let error = run(store.as_context_mut(), 20).unwrap_err();
        assert_eq!(error.downcast_ref::<LimitExceeded>().map(|exceeded| exceeded.kind), Some(LimitKind::HostBytes));
        assert!(store.host_bytes() < before + 1000, "what a call took is given back");
    }
    Ok(())
}

#[test]
fn tables_and_instances() -> Result<()> {
    let engine = engine();
    let text = r#"(module (table $t 1 funcref)
        (func (export "grow") (param i32) (result i32) (table.grow $t (ref.null func) (local.get 0))))"#;
    let module = core::Module::new(&engine, text)?;
    let mut store = Store::new(&engine, ());
    let instance = core::Instance::new(&mut store, &module, &[])?;
    let grow = instance.get_typed_func::<i32, i32>(&mut store, "grow")?;
    store.set_max_host_bytes(store.host_bytes() + 100 * 8);
    for (count, before) in [(101, -1), (99, 1), (2, -1), (1, 100), (1, -1), (0, 101)] {
        assert_eq!(grow.call(&mut store, count)?, before);
    }
    let ty = TableType { element: RefType::EXTERNREF, minimum: 1, maximum: None, table64: false };
    assert!(Table::new(&mut store, ty, Ref::Extern(None)).is_err_and(|error| error.is::<LimitExceeded>()));
    store.set_max_host_bytes(MIB);
    let table = Table::new(&mut store, ty, Ref::Extern(None))?;
    check_exceeded(&table.grow(&mut store, MIB / 4, Ref::Extern(None)).unwrap_err());
    let error = loop {
        if let Err(error) = core::Instance::new(&mut store, &module, &[]) {
            break error;
        }
    };
    check_exceeded(&error);
    assert_eq!(grow.call(&mut store, 0)?, 101);
    Ok(())
}
