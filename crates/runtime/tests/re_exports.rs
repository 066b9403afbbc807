//! Functions that a component imports and exports as they are, called with Rust types: of the host, of another instance, and given
//! later; with handles of the host's resources and of a guest's.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::{
    Component, Engine, Instance, LinkError, Linker, Resource, ResourceAny, ResourceType, Store, StoreContextMut, Trap,
    TrapCode, TypedFunc, Val,
};

/// Counters of a guest, that count by the step they were made with.
const COUNTERS: &str = r#"(component
  (type $r (resource (rep i32) ))
  (core func $new (canon resource.new $r))
  (core func $drop (canon resource.drop $r))
  (core module $m
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (memory (export "mem") 1)
    (global $count (mut i32) (i32.const 0))
    (func (export "make") (param i32) (result i32) (call $new (local.get 0)))
    (func (export "next") (param i32) (result i32)
      (global.set $count (i32.add (global.get $count) (local.get 0)))
      (global.get $count))
    (func (export "merge") (param i32 i32) (result i32) (call $drop (local.get 0)) (local.get 1))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 16))
    (func (export "greet") (param i32 i32) (result i32)
      (i32.store (i32.const 0) (local.get 0))
      (i32.store (i32.const 4) (local.get 1))
      (i32.const 0))
    (func (export "fail") unreachable))
  (core instance $i (instantiate $m (with "" (instance
    (export "new" (func $new)) (export "drop" (func $drop))))))
  (component $shim
    (import "r" (type $r (sub resource)))
    (import "make" (func $make (param "step" u32) (result (own $r))))
    (import "next" (func $next (param "self" (borrow $r)) (result u32)))
    (import "merge" (func $merge (param "a" (own $r)) (param "b" (own $r)) (result (own $r))))
    (import "greet" (func $greet (param "name" string) (result string)))
    (import "fail" (func $fail))
    (export $counter "counter" (type $r))
    (export "[constructor]counter" (func $make) (func (param "step" u32) (result (own $counter))))
    (export "[method]counter.next" (func $next) (func (param "self" (borrow $counter)) (result u32)))
    (export "[static]counter.merge" (func $merge)
      (func (param "a" (own $counter)) (param "b" (own $counter)) (result (own $counter))))
    (export "greet" (func $greet))
    (export "fail" (func $fail)))
  (func $make (param "step" u32) (result (own $r)) (canon lift (core func $i "make")))
  (func $next (param "self" (borrow $r)) (result u32) (canon lift (core func $i "next")))
  (func $merge (param "a" (own $r)) (param "b" (own $r)) (result (own $r)) (canon lift (core func $i "merge")))
  (func $greet (param "name" string) (result string) (canon lift (core func $i "greet")
    (memory (core memory $i "mem")) (realloc (core func $i "realloc"))))
  (func $fail (canon lift (core func $i "fail")))
  (instance $counters (instantiate $shim (with "r" (type $r)) (with "make" (func $make)) (with "next" (func $next))
    (with "merge" (func $merge)) (with "greet" (func $greet)) (with "fail" (func $fail))))
  (export "docs:demo/counters@1.0.0" (instance $counters)))"#;

/// Imports the same, and exports it as it is.
const PASSING: &str = r#"(component
  (import "docs:demo/counters@1.0.0" (instance $counters
    (export "counter" (type $counter (sub resource)))
    (export "[constructor]counter" (func (param "step" u32) (result (own $counter))))
    (export "[method]counter.next" (func (param "self" (borrow $counter)) (result u32)))
    (export "[static]counter.merge" (func
      (param "a" (own $counter)) (param "b" (own $counter)) (result (own $counter))))
    (export "greet" (func (param "name" string) (result string)))
    (export "fail" (func))))
  (export "docs:demo/counters@1.0.0" (instance $counters)))"#;

fn instance<T>(linker: &Linker<T>, store: &mut Store<T>, text: &str) -> Instance {
    let component = Component::new(store.engine(), text).unwrap_or_else(|error| panic!("{error:?}"));
    linker.instantiate(store, &component).unwrap_or_else(|error| panic!("{error:?}"))
}

/// A component that passes the functions of another instance on, as `links` components between them.
fn passed_on(links: usize) -> (Store<()>, Instance) {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let mut last = instance(&Linker::new(&engine), &mut store, COUNTERS);
    for _ in 0..links {
        let mut linker = Linker::new(&engine);
        linker.root().define_exports(&store, last).unwrap();
        last = instance(&linker, &mut store, PASSING);
    }
    (store, last)
}

#[test]
fn functions_of_another_instance_take_and_give_handles() {
    for links in 0..3 {
        let (mut store, passing) = passed_on(links);
        let make = passing.get_typed_func::<(u32,), (ResourceAny,)>(&mut store, "counter").unwrap();
        let next = passing.get_typed_func::<(ResourceAny,), (u32,)>(&mut store, "counter.next").unwrap();
        let merge =
            passing.get_typed_func::<(ResourceAny, ResourceAny), (ResourceAny,)>(&mut store, "counter.merge").unwrap();
        let [(one,), (ten,)] = [1, 10].map(|step| make.call(&mut store, (step,)).unwrap());
        assert_eq!(one.ty(), passing.get_resource(&mut store, "counter").unwrap());
        assert_eq!(next.call(&mut store, (one,)).unwrap(), (1,), "{links} links");
        assert_eq!(next.call(&mut store, (ten,)).unwrap(), (11,));
        let (merged,) = merge.call(&mut store, (one, ten)).unwrap();
        assert_eq!(next.call(&mut store, (merged,)).unwrap(), (21,));
        // What was given away is gone, and that is the host's mistake, which locks nothing.
        for gone in [one, ten] {
            let error = next.call(&mut store, (gone,)).unwrap_err();
            assert!(error.downcast_ref::<Trap>().is_none(), "{links} links: {error:?}");
        }
        merged.resource_drop(&mut store).unwrap();
        let error = next.call(&mut store, (merged,)).unwrap_err();
        assert!(error.downcast_ref::<Trap>().is_none(), "{links} links: {error:?}");
        let greet = passing.get_typed_func::<(&str,), (String,)>(&mut store, "greet").unwrap();
        assert_eq!(greet.call(&mut store, ("Grüße",)).unwrap().0, "Grüße");
    }
}

#[test]
fn a_failure_of_another_instance_comes_through() {
    for links in 0..3 {
        let (mut store, passing) = passed_on(links);
        let fail = passing.get_typed_func::<(), ()>(&mut store, "fail").unwrap();
        let make = passing.get_typed_func::<(u32,), (ResourceAny,)>(&mut store, "counter").unwrap();
        let error = fail.call(&mut store, ()).unwrap_err();
        assert_eq!(error.downcast_ref::<Trap>().map(Trap::code), Some(TrapCode::Unreachable), "{links} links");
        let error = make.call(&mut store, (1,)).unwrap_err();
        let failure = error.downcast_ref::<Trap>().and_then(Trap::locked_by).expect("the instance is lost");
        assert_eq!(failure.code(), Some(TrapCode::Unreachable));
    }
}

struct Counter(u32);

/// The host's counters: `typed` by Rust types, or else by `Val`s.
fn host(typed: bool) -> Linker<u32> {
    type Context<'a> = StoreContextMut<'a, u32>;
    let engine = Engine::default();
    let mut linker = Linker::<u32>::new(&engine);
    let mut counters = linker.instance("docs:demo/counters@1.0.0").unwrap();
    counters.resource("counter", ResourceType::host::<Counter>(), |_, _| Ok(())).unwrap();
    if typed {
        let make = |_: Context<'_>, (step,): (u32,)| Ok((Resource::<Counter>::new_own(step),));
        counters.func_wrap("[constructor]counter", make).unwrap();
        let next = |mut store: Context<'_>, (counter,): (Resource<Counter>,)| {
            *store.data_mut() += counter.rep();
            Ok((*store.data(),))
        };
        counters.func_wrap("[method]counter.next", next).unwrap();
        let merge = |_: Context<'_>, (_, b): (Resource<Counter>, Resource<Counter>)| Ok((b,));
        counters.func_wrap("[static]counter.merge", merge).unwrap();
        counters.func_wrap("greet", |_: Context<'_>, (name,): (String,)| Ok((name,))).unwrap();
        counters.func_wrap("fail", |_: Context<'_>, (): ()| -> gusset::Result<()> { Err(broken()) }).unwrap();
        return linker;
    }
    let make = |mut store: Context<'_>, params: &[Val], results: &mut [Val]| {
        let [Val::U32(step)] = params else { panic!("it has a parameter") };
        results[0] = Val::Resource(ResourceAny::try_from_resource(Resource::<Counter>::new_own(*step), &mut store)?);
        Ok(())
    };
    counters.func_new("[constructor]counter", make).unwrap();
    let next = |mut store: Context<'_>, params: &[Val], results: &mut [Val]| {
        let [Val::Resource(counter)] = params else { panic!("it has a parameter") };
        let counter = counter.try_into_resource::<Counter>(&mut store)?;
        *store.data_mut() += counter.rep();
        results[0] = Val::U32(*store.data());
        Ok(())
    };
    counters.func_new("[method]counter.next", next).unwrap();
    let merge = |_: Context<'_>, params: &[Val], results: &mut [Val]| {
        results.clone_from_slice(&params[1..]);
        Ok(())
    };
    counters.func_new("[static]counter.merge", merge).unwrap();
    let greet = |_: Context<'_>, params: &[Val], results: &mut [Val]| {
        results.clone_from_slice(params);
        Ok(())
    };
    counters.func_new("greet", greet).unwrap();
    counters.func_new("fail", |_, _, _| Err(broken())).unwrap();
    linker
}

fn broken() -> gusset::Error {
    std::io::Error::other("broken").into()
}

#[test]
fn functions_of_the_host_take_and_give_handles() {
    for typed in [true, false] {
        let linker = host(typed);
        let mut store = Store::new(linker.engine(), 0);
        let passing = instance(&linker, &mut store, PASSING);
        let make = passing.get_typed_func::<(u32,), (Resource<Counter>,)>(&mut store, "counter").unwrap();
        let next: TypedFunc<(&Resource<Counter>,), (u32,)> =
            passing.get_typed_func(&mut store, "counter.next").unwrap();
        type Two<'a> = (&'a Resource<Counter>, &'a Resource<Counter>);
        let merge = passing.get_typed_func::<Two<'_>, (Resource<Counter>,)>(&mut store, "counter.merge").unwrap();
        let [(one,), (ten,)] = [1, 10].map(|step| make.call(&mut store, (step,)).unwrap());
        assert_eq!(next.call(&mut store, (&one,)).unwrap(), (1,), "typed: {typed}");
        assert_eq!(next.call(&mut store, (&ten,)).unwrap(), (11,));
        let (merged,) = merge.call(&mut store, (&one, &ten)).unwrap();
        assert_eq!(merged.rep(), 10);
        assert_eq!(next.call(&mut store, (&merged,)).unwrap(), (21,));
        assert!(next.call(&mut store, (&one,)).is_err(), "it has been given away");
        let greet = passing.get_typed_func::<(&str,), (String,)>(&mut store, "greet").unwrap();
        assert_eq!(greet.call(&mut store, ("Grüße",)).unwrap().0, "Grüße");
        // An error of the host is the host's, and locks nothing.
        let fail = passing.get_typed_func::<(), ()>(&mut store, "fail").unwrap();
        let error = fail.call(&mut store, ()).unwrap_err();
        assert!(error.downcast_ref::<std::io::Error>().is_some(), "{error:?}");
        assert_eq!(greet.call(&mut store, ("x",)).unwrap().0, "x");
        // The types are the import's, whoever stands for it.
        assert!(passing.get_typed_func::<(u64,), (Resource<Counter>,)>(&mut store, "counter").is_err());
        let _ = Counter(0).0;
    }
}

#[test]
fn a_function_that_is_given_later_is_called_by_its_types() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let mut linker = Linker::new(&engine);
    let slot = linker.root().func_slot("greet").unwrap();
    let text = r#"(component (import "greet" (func $greet (param "name" string) (result string)))
        (export "passed" (func $greet)))"#;
    let passing = instance(&linker, &mut store, text);
    let greet = passing.get_typed_func::<(&str,), (String,)>(&mut store, "passed").unwrap();
    let error = greet.call(&mut store, ("a",)).unwrap_err();
    assert!(error.downcast_ref::<LinkError>().is_some(), "{error:?}");
    let counters = instance(&Linker::new(&engine), &mut store, COUNTERS);
    let func = counters.get_func(&mut store, "greet").unwrap();
    slot.set(&store, func).unwrap();
    assert_eq!(greet.call(&mut store, ("b",)).unwrap().0, "b");
}
