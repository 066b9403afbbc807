//! Handles that the host cannot give: whatever else a call passes, it leaves the guest and the host as they were.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::{
    Component, Engine, Error, Instance, Linker, LowerList, Resource, ResourceAny, ResourceType, Store, Val, ValueList,
};

struct Coin;

/// Each function returns a handle that it gets, or the next index that is free; `realloc` counts its calls.
const GUEST: &str = r#"(component
  (import "thing" (type $thing (sub resource)))
  (core func $drop (canon resource.drop $thing))
  (core module $m
    (import "" "drop" (func $drop (param i32)))
    (memory (export "memory") 1)
    (global $reallocs (mut i32) (i32.const 0))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.set $reallocs (i32.add (global.get $reallocs) (i32.const 1)))
      (i32.const 1024))
    (func (export "reallocs") (result i32) (global.get $reallocs))
    (func (export "one") (param i32) (result i32) (call $drop (local.get 0)) (local.get 0))
    (func (export "two") (param i32 i32) (result i32)
      (call $drop (local.get 0)) (call $drop (local.get 1)) (local.get 1))
    (func (export "named") (param i32 i32 i32) (result i32) (call $drop (local.get 2)) (local.get 2))
    (func (export "list") (param i32 i32) (result i32)
      (call $drop (i32.load (local.get 0))) (call $drop (i32.load offset=4 (local.get 0)))
      (i32.load offset=4 (local.get 0))))
  (core instance $m (instantiate $m (with "" (instance (export "drop" (func $drop))))))
  (alias core export $m "memory" (core memory $memory))
  (core func $realloc (alias core export $m "realloc"))
  (func (export "reallocs") (result u32) (canon lift (core func $m "reallocs")))
  (func (export "one") (param "a" (own $thing)) (result u32) (canon lift (core func $m "one")))
  (func (export "owns") (param "a" (own $thing)) (param "b" (own $thing)) (result u32) (canon lift (core func $m "two")))
  (func (export "lent") (param "a" (borrow $thing)) (param "b" (own $thing)) (result u32)
    (canon lift (core func $m "two")))
  (func (export "borrows") (param "a" (borrow $thing)) (param "b" (borrow $thing)) (result u32)
    (canon lift (core func $m "two")))
  (func (export "named") (param "name" string) (param "a" (own $thing)) (result u32)
    (canon lift (core func $m "named") (memory $memory) (realloc $realloc)))
  (func (export "list") (param "all" (list (own $thing))) (result u32)
    (canon lift (core func $m "list") (memory $memory) (realloc $realloc))))"#;

fn start() -> (Store<u32>, Instance) {
    let engine = Engine::default();
    let mut linker = Linker::<u32>::new(&engine);
    let dropped = |mut store: gusset::StoreContextMut<'_, u32>, _| {
        *store.data_mut() += 1;
        Ok(())
    };
    linker.root().resource("thing", ResourceType::host::<Coin>(), dropped).unwrap();
    let component = Component::new(&engine, GUEST).unwrap_or_else(|error| panic!("{error:?}"));
    let mut store = Store::new(&engine, 0);
    let instance = linker.instantiate(&mut store, &component).unwrap();
    (store, instance)
}

fn call<P: ValueList + LowerList>(
    store: &mut Store<u32>,
    instance: Instance,
    name: &str,
    params: P,
) -> Result<u32, Error> {
    Ok(instance.get_typed_func::<P, (u32,)>(&mut *store, name)?.call(store, params)?.0)
}

fn call_dynamic(store: &mut Store<u32>, instance: Instance, name: &str, params: &[Val]) -> Result<u32, Error> {
    let results = &mut [Val::Bool(false)];
    instance.get_func(&mut *store, name).unwrap().call(store, params, results)?;
    let Val::U32(result) = results[0] else { panic!("{results:?}") };
    Ok(result)
}

fn refused(result: Result<u32, Error>, place: &str, what: &str) {
    let error = result.unwrap_err();
    let text = format!("{error:#}");
    assert!(!error.is::<gusset::Trap>() && text.contains(place) && text.contains(what), "{text}");
}

/// Nothing has been lowered, `realloc` has not run, and nothing was dropped.
fn untouched(store: &mut Store<u32>, instance: Instance) {
    assert_eq!(call(store, instance, "reallocs", ()).unwrap(), 0);
    assert_eq!(*store.data(), 0);
}

#[test]
fn a_typed_handle_that_is_refused_changes_nothing() {
    let (mut store, instance) = start();
    let [a, b] = [1, 2].map(Resource::<Coin>::new_own);
    let borrowed = Resource::<Coin>::new_borrow(3);
    let gone = "a borrowed Resource<";
    refused(call(&mut store, instance, "owns", (&a, &borrowed)), "param \"b\"", gone);
    refused(call(&mut store, instance, "lent", (&a, &borrowed)), "param \"b\"", gone);
    refused(call(&mut store, instance, "named", ("name", &borrowed)), "param \"a\"", gone);
    refused(call(&mut store, instance, "list", (&[&a, &borrowed][..],)), "param \"all\"[1]", gone);
    for name in ["owns", "lent"] {
        refused(call(&mut store, instance, name, (&a, &a)), "param \"b\"", "used twice in one call");
    }
    refused(call(&mut store, instance, "list", (&[&a, &b, &a][..],)), "param \"all\"[2]", "used twice in one call");
    untouched(&mut store, instance);
    assert_eq!(call(&mut store, instance, "borrows", (&a, &a)).unwrap(), 2);
    // The index that was freed last is the first to be used again.
    assert_eq!(call(&mut store, instance, "owns", (&a, &b)).unwrap(), 1);
    refused(call(&mut store, instance, "one", (&a,)), "param \"a\"", "after it was given away");
}

#[test]
fn a_dynamic_handle_that_is_refused_changes_nothing() {
    let (mut store, instance) = start();
    let mut any = |rep| ResourceAny::try_from_resource(Resource::<Coin>::new_own(rep), &mut store).unwrap();
    let [a, b, stale] = [1, 2, 3].map(&mut any);
    stale.try_into_resource::<Coin>(&mut store).unwrap();
    let [a, b, stale] = [a, b, stale].map(Val::Resource);
    let gone = "after it was dropped or given away";
    for name in ["owns", "lent"] {
        let params = [a.clone(), stale.clone()];
        refused(call_dynamic(&mut store, instance, name, &params), "param \"b\"", gone);
        let params = [a.clone(), a.clone()];
        refused(call_dynamic(&mut store, instance, name, &params), "param \"b\"", "used twice in one call");
    }
    let params = [Val::String("name".into()), stale.clone()];
    refused(call_dynamic(&mut store, instance, "named", &params), "param \"a\"", gone);
    let list = |items: &[&Val]| [Val::List(items.iter().map(|&item| item.clone()).collect())];
    refused(call_dynamic(&mut store, instance, "list", &list(&[&a, &stale])), "param \"all\"[1]", gone);
    untouched(&mut store, instance);
    assert_eq!(call_dynamic(&mut store, instance, "list", &list(&[&a, &b])).unwrap(), 2);
    assert_eq!(*store.data(), 2);
    refused(call_dynamic(&mut store, instance, "one", &[a]), "param \"a\"", gone);
}
