//! Resources of guests in the hands of a host; handles inside other values, both ways; calls of a component to itself; and what
//! instances and traps do to handles.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::types::{ComponentItem, TypeKind};
use gusset::{
    AsContextMut, Component, Engine, Error, Func, Instance, Linker, Resource, ResourceAny, ResourceType, Store,
    StoreContextMut, Trap, TrapCode, Val,
};
use std::sync::OnceLock;

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(Engine::default)
}

fn component(text: &str) -> Component {
    Component::new(engine(), text).unwrap_or_else(|error| panic!("{error:?}"))
}

fn code<R: std::fmt::Debug>(result: Result<R, Error>) -> TrapCode {
    let error = result.unwrap_err();
    error.downcast_ref::<Trap>().unwrap_or_else(|| panic!("{error:?}")).code()
}

/// A component that defines a resource type: its representation is a number, and its destructor adds that to a sum, or traps at 13.
fn counters() -> Component {
    component(
        r#"(component
  (core module $dtor
    (global $sum (export "sum") (mut i32) (i32.const 0))
    (func (export "drop") (param i32)
      (if (i32.eq (local.get 0) (i32.const 13)) (then unreachable))
      (global.set $sum (i32.add (global.get $sum) (local.get 0)))))
  (core instance $dtor (instantiate $dtor))
  (type $counter' (resource (rep i32) (dtor (core func $dtor "drop"))))
  (export $counter "counter" (type $counter'))
  (core func $new (canon resource.new $counter'))
  (core func $rep (canon resource.rep $counter'))
  (core func $drop (canon resource.drop $counter'))
  (core module $m
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "rep" (func $rep (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (import "dtor" "sum" (global $sum (mut i32)))
    (func (export "make") (param i32) (result i32) (call $new (local.get 0)))
    (func (export "value") (param i32) (result i32) (local.get 0))
    (func (export "take") (param i32) (result i32)
      (call $rep (local.get 0))
      (call $drop (local.get 0)))
    (func (export "sum") (result i32) (global.get $sum)))
  (core instance $m (instantiate $m
    (with "" (instance (export "new" (func $new)) (export "rep" (func $rep)) (export "drop" (func $drop))))
    (with "dtor" (instance (export "sum" (global $dtor "sum"))))))
  (func (export "make") (param "value" u32) (result (own $counter)) (canon lift (core func $m "make")))
  (func (export "value") (param "counter" (borrow $counter)) (result u32) (canon lift (core func $m "value")))
  (func (export "take") (param "counter" (own $counter)) (result u32) (canon lift (core func $m "take")))
  (func (export "sum") (result u32) (canon lift (core func $m "sum"))))"#,
    )
}

fn start(store: &mut Store<()>) -> Instance {
    Linker::new(engine()).instantiate(store, &counters()).unwrap_or_else(|error| panic!("{error:?}"))
}

fn make(store: &mut Store<()>, instance: Instance, value: u32) -> ResourceAny {
    let make = instance.get_typed_func::<(u32,), (ResourceAny,)>(&mut *store, "make").unwrap();
    make.call(store, (value,)).unwrap().0
}

fn with_handle(store: &mut Store<()>, instance: Instance, name: &str, any: ResourceAny) -> Result<u32, Error> {
    let func = instance.get_typed_func::<(ResourceAny,), (u32,)>(&mut *store, name)?;
    Ok(func.call(store, (any,))?.0)
}

fn sum(store: &mut Store<()>, instance: Instance) -> u32 {
    instance.get_typed_func::<(), (u32,)>(&mut *store, "sum").unwrap().call(store, ()).unwrap().0
}

#[test]
fn a_host_owns_lends_gives_back_and_drops_what_a_guest_defines() {
    let mut store = Store::new(engine(), ());
    let instance = start(&mut store);
    let counter = make(&mut store, instance, 40);
    assert_eq!(Some(counter.ty()), instance.get_resource(&mut store, "counter"));
    // Its definer gets the representation itself for a borrow.
    assert_eq!(with_handle(&mut store, instance, "value", counter).unwrap(), 40);
    assert_eq!(with_handle(&mut store, instance, "take", counter).unwrap(), 40);
    assert_eq!(sum(&mut store, instance), 40);
    let counter = make(&mut store, instance, 2);
    counter.resource_drop(&mut store).unwrap();
    assert_eq!(sum(&mut store, instance), 42);
    assert!(counter.resource_drop(&mut store).is_err());
    assert!(with_handle(&mut store, instance, "value", counter).is_err());
    assert_eq!(sum(&mut store, instance), 42);
}

#[test]
fn two_instances_of_a_component_have_two_types() {
    let mut store = Store::new(engine(), ());
    let [one, other] = [start(&mut store), start(&mut store)];
    let [a, b] = [one, other].map(|instance| instance.get_resource(&mut store, "counter").unwrap());
    assert_ne!(a, b);
    let counter = make(&mut store, one, 1);
    assert_eq!(counter.ty(), a);
    let error = format!("{:#}", with_handle(&mut store, other, "value", counter).unwrap_err());
    assert!(error.contains("of another resource type"), "{error}");
    let func = other.get_func(&mut store, "value").unwrap();
    let error = format!("{:#}", func.call(&mut store, &[Val::Resource(counter)], &mut [Val::Bool(false)]).unwrap_err());
    assert!(error.contains("another resource type"), "{error}");
    assert_eq!(with_handle(&mut store, one, "value", counter).unwrap(), 1);
    counter.resource_drop(&mut store).unwrap();
    assert_eq!((sum(&mut store, one), sum(&mut store, other)), (1, 0));
}

#[test]
fn a_destructor_that_traps_locks_its_instance() {
    let mut store = Store::new(engine(), ());
    let [one, other] = [start(&mut store), start(&mut store)];
    let [unlucky, lost, kept] = [(one, 13), (one, 1), (other, 2)].map(|(i, value)| make(&mut store, i, value));
    assert_eq!(code(unlucky.resource_drop(&mut store)), TrapCode::Unreachable);
    let error = lost.resource_drop(&mut store).unwrap_err();
    let trap = error.downcast_ref::<Trap>().unwrap();
    assert_eq!(trap.code(), TrapCode::CannotEnter);
    assert_eq!(trap.site().unwrap().adapter.to_string(), "host -> component 0 destructor of counter");
    // It is gone nevertheless.
    assert!(lost.resource_drop(&mut store).unwrap_err().to_string().contains("dropped or given away"));
    assert_eq!(code(with_handle(&mut store, one, "value", lost)), TrapCode::CannotEnter);
    kept.resource_drop(&mut store).unwrap();
    assert_eq!(sum(&mut store, other), 2);
}

#[test]
fn types_say_which_resources_they_are_of() {
    let component = counters();
    let own = |func: &gusset::types::ComponentFunc| match func.result().map(|ty| ty.kind()) {
        Some(TypeKind::Own(ty)) => ty,
        other => panic!("it is an own handle: {other:?}"),
    };
    let exports: Vec<_> = component.exports().collect();
    let ComponentItem::Resource(declared) = exports[0].1 else { panic!("it is a resource type") };
    let ComponentItem::Func(make) = &exports[1].1 else { panic!("it is a function") };
    assert_eq!(own(make), declared);
    let mut store = Store::new(engine(), ());
    let instance = start(&mut store);
    let ty = instance.get_resource(&mut store, "counter").unwrap();
    assert_ne!(ty, declared);
    let [make, value] = ["make", "value"].map(|name| instance.get_func(&mut store, name).unwrap().ty(&store));
    assert_eq!(own(&make), ty);
    let (_, param) = value.params().next().unwrap();
    assert!(matches!(param.kind(), TypeKind::Borrow(borrowed) if borrowed == ty));
}

struct Thing;

/// A component with a function that passes what it gets to the host's function, and one that passes on what the host's gives.
fn aggregates() -> Component {
    component(
        r#"(component
  (import "thing" (type $thing (sub resource)))
  (type $item' (record (field "name" string) (field "thing" (own $thing))))
  (import "item" (type $item (eq $item')))
  (type $choice' (variant (case "none") (case "one" (own $thing)) (case "two" (tuple (own $thing) (own $thing)))))
  (import "choice" (type $choice (eq $choice')))
  (import "pass" (func $pass
    (param "items" (list $item)) (param "maybe" (option (own $thing))) (param "choice" $choice)
    (param "lent" (list (borrow $thing)))
    (result (result (list (own $thing)) (error $item)))))
  (core module $libc
    (memory (export "mem") 1)
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.get $next)
      (global.set $next (i32.and (i32.add (i32.add (global.get $next) (local.get 3)) (i32.const 7)) (i32.const -8)))))
  (core instance $libc (instantiate $libc))
  (core func $pass (canon lower (func $pass)
    (memory (core memory $libc "mem")) (realloc (core func $libc "realloc"))))
  (core func $drop (canon resource.drop $thing))
  (core module $m
    (import "libc" "mem" (memory 1))
    (import "" "pass" (func $pass (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
    (import "" "drop" (func $drop (param i32)))
    (func (export "pass") (param i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
      (call $pass (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5) (local.get 6)
        (local.get 7) (local.get 8) (i32.const 16))
      (block $done
        (loop $next
          (br_if $done (i32.eqz (local.get 8)))
          (call $drop (i32.load (local.get 7)))
          (local.set 7 (i32.add (local.get 7) (i32.const 4)))
          (local.set 8 (i32.sub (local.get 8) (i32.const 1)))
          (br $next)))
      (i32.const 16)))
  (core instance $m (instantiate $m
    (with "libc" (instance $libc))
    (with "" (instance (export "pass" (func $pass)) (export "drop" (func $drop))))))
  (func (export "pass")
    (param "items" (list $item)) (param "maybe" (option (own $thing))) (param "choice" $choice)
    (param "lent" (list (borrow $thing)))
    (result (result (list (own $thing)) (error $item)))
    (canon lift (core func $m "pass") (memory (core memory $libc "mem")) (realloc (core func $libc "realloc")))))"#,
    )
}

/// The representations that a value's handles stand for, owned ones first taken out of it.
fn reps(store: &mut StoreContextMut<'_, Vec<u32>>, val: &Val, found: &mut Vec<(u32, bool)>) {
    let mut each = |vals: &mut dyn Iterator<Item = &Val>| vals.for_each(|val| reps(store, val, found));
    match val {
        Val::Resource(any) => {
            let thing = any.try_into_resource::<Thing>(store).unwrap();
            found.push((thing.rep(), thing.owned()));
        }
        Val::List(items) | Val::Tuple(items) => each(&mut items.iter()),
        Val::Record(fields) => each(&mut fields.iter().map(|(_, val)| val)),
        Val::Variant(_, payload) | Val::Option(payload) => each(&mut payload.iter().map(|val| &**val)),
        _ => {}
    }
}

fn pass_linker(give: fn(&mut StoreContextMut<'_, Vec<u32>>) -> Val) -> Linker<Vec<u32>> {
    let mut linker = Linker::<Vec<u32>>::new(engine());
    let drop = |mut store: StoreContextMut<'_, Vec<u32>>, rep| {
        store.data_mut().push(1000 + rep);
        Ok(())
    };
    linker.root().resource("thing", ResourceType::host::<Thing>(), drop).unwrap();
    linker
        .root()
        .func_new("pass", move |mut store, params, results| {
            let mut found = Vec::new();
            params.iter().for_each(|val| reps(&mut store, val, &mut found));
            store.data_mut().extend(found.iter().map(|(rep, owned)| rep + if *owned { 100 } else { 0 }));
            results[0] = give(&mut store);
            Ok(())
        })
        .unwrap();
    linker
}

fn own(store: impl AsContextMut, rep: u32) -> Val {
    Val::Resource(Resource::<Thing>::new_own(rep).try_into_resource_any(store).unwrap())
}

fn item(name: &str, thing: Val) -> Val {
    Val::Record(vec![("name".into(), Val::String(name.into())), ("thing".into(), thing)])
}

#[test]
fn handles_pass_inside_of_every_kind_of_value() {
    let linker = pass_linker(|store| {
        let things = vec![own(&mut *store, 8), own(&mut *store, 9)];
        Val::Result(Ok(Some(Box::new(Val::List(things)))))
    });
    let mut store = Store::new(engine(), Vec::new());
    let instance = linker.instantiate(&mut store, &aggregates()).unwrap_or_else(|error| panic!("{error:?}"));
    let pass = instance.get_func(&mut store, "pass").unwrap();
    let items = Val::List(vec![item("a", own(&mut store, 1)), item("b", own(&mut store, 2))]);
    let maybe = Val::Option(Some(Box::new(own(&mut store, 3))));
    let two = Val::Tuple(vec![own(&mut store, 4), own(&mut store, 5)]);
    let choice = Val::Variant("two".into(), Some(Box::new(two)));
    let lent = [own(&mut store, 6), own(&mut store, 7)];
    let mut results = [Val::Bool(false)];
    let params = [items, maybe, choice, Val::List(lent.to_vec())];
    pass.call(&mut store, &params, &mut results).unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(*store.data(), [101, 102, 103, 104, 105, 6, 7]);
    let Val::Result(Ok(Some(things))) = &results[0] else { panic!("{:?}", results[0]) };
    let Val::List(things) = &**things else { panic!("it is a list") };
    store.data_mut().clear();
    for thing in things.iter().chain(&lent) {
        let Val::Resource(any) = thing else { panic!("it is a handle") };
        any.resource_drop(&mut store).unwrap();
    }
    // Those that came from the guest have a destructor; those that the host made itself have none.
    assert_eq!(*store.data(), [1008, 1009]);
    // The owned parameters are gone, and that is said with the place.
    let error = format!("{:#}", pass.call(&mut store, &params, &mut results).unwrap_err());
    assert!(error.contains("param \"items\"[0].thing"), "{error}");
}

#[test]
fn what_is_wrong_in_an_aggregate_is_named() {
    // The host gives one handle twice.
    let linker = pass_linker(|store| {
        let thing = own(store, 8);
        Val::Result(Ok(Some(Box::new(Val::List(vec![thing.clone(), thing])))))
    });
    let mut store = Store::new(engine(), Vec::new());
    let instance = linker.instantiate(&mut store, &aggregates()).unwrap();
    let pass = instance.get_func(&mut store, "pass").unwrap();
    let empty = || Val::List(Vec::new());
    let params = [empty(), Val::Option(None), Val::Variant("none".into(), None), empty()];
    let error = format!("{:#}", pass.call(&mut store, &params, &mut [Val::Bool(false)]).unwrap_err());
    assert!(error.contains("result.ok[1]") && error.contains("given away"), "{error}");
    // A borrow where an own is needed does not even begin.
    let (mut store, linker) = (Store::new(engine(), Vec::new()), pass_linker(|_| Val::Result(Err(None))));
    let instance = linker.instantiate(&mut store, &aggregates()).unwrap();
    let pass = instance.get_func(&mut store, "pass").unwrap();
    let borrow = Resource::<Thing>::new_borrow(3).try_into_resource_any(&mut store).unwrap();
    let params =
        [empty(), Val::Option(Some(Box::new(Val::Resource(borrow)))), Val::Variant("none".into(), None), empty()];
    let error = format!("{:#}", pass.call(&mut store, &params, &mut [Val::Bool(false)]).unwrap_err());
    assert!(error.contains("param \"maybe\".some") && error.contains("found borrow"), "{error}");
}

/// A component that lowers what it lifts itself: `run` makes a handle and calls `inner` with it, which says what it got.
fn own_caller(param: &str, result: &str, inner: &str, run: &str) -> (Store<()>, Instance) {
    let component = component(&format!(
        r#"(component
  (type $r' (resource (rep i32)))
  (export $r "r" (type $r'))
  (core func $new (canon resource.new $r'))
  (core func $drop (canon resource.drop $r'))
  (core func $rep (canon resource.rep $r'))
  (core module $inner
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (import "" "rep" (func $rep (param i32) (result i32)))
    (func (export "inner") {inner}))
  (core instance $inner (instantiate $inner (with "" (instance
    (export "new" (func $new)) (export "drop" (func $drop)) (export "rep" (func $rep))))))
  (func $inner {param} {result} (canon lift (core func $inner "inner")))
  (core func $lowered (canon lower (func $inner)))
  (core module $outer
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (import "" "rep" (func $rep (param i32) (result i32)))
    (import "" "inner" (func $inner {inner_type}))
    (func (export "run") (result i32) {run}))
  (core instance $outer (instantiate $outer (with "" (instance
    (export "new" (func $new)) (export "drop" (func $drop)) (export "rep" (func $rep))
    (export "inner" (func $lowered))))))
  (func (export "run") (result u32) (canon lift (core func $outer "run"))))"#,
        inner_type = "(param i32) (result i32)",
    ));
    let mut store = Store::new(engine(), ());
    let instance =
        Linker::new(engine()).instantiate(&mut store, &component).unwrap_or_else(|error| panic!("{error:?}"));
    (store, instance)
}

fn run(store: &mut Store<()>, instance: Instance) -> Result<u32, Error> {
    let func: Func = instance.get_func(&mut *store, "run").unwrap();
    let mut results = [Val::Bool(false)];
    func.call(store, &[], &mut results)?;
    match results[0] {
        Val::U32(result) => Ok(result),
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn a_component_may_call_itself_with_handles() {
    // The index is free again when the callee's handle is made: it gets the same one.
    let (mut store, instance) = own_caller(
        r#"(param "r" (own $r))"#,
        "(result u32)",
        "(param i32) (result i32) (i32.add (i32.mul (local.get 0) (i32.const 100)) (call $rep (local.get 0)))",
        "(drop (call $new (i32.const 5))) (call $inner (call $new (i32.const 6)))",
    );
    assert_eq!(run(&mut store, instance).unwrap(), 206);
    // The definer gets the representation itself for a borrow, also from itself; and the handle is lent meanwhile.
    let (mut store, instance) = own_caller(
        r#"(param "r" (borrow $r))"#,
        "(result u32)",
        "(param i32) (result i32) (local.get 0)",
        "(local i32) (local.set 0 (call $new (i32.const 77))) (call $inner (local.get 0)) (call $drop (local.get 0))",
    );
    assert_eq!(run(&mut store, instance).unwrap(), 77);
    let (mut store, instance) = own_caller(
        r#"(param "r" (borrow $r))"#,
        "(result u32)",
        "(param i32) (result i32) (call $drop (i32.const 1)) (local.get 0)",
        "(call $inner (call $new (i32.const 77)))",
    );
    assert_eq!(code(run(&mut store, instance)), TrapCode::HandleLent);
    // A result.
    let (mut store, instance) = own_caller(
        r#"(param "x" u32)"#,
        "(result (own $r))",
        "(param i32) (result i32) (drop (call $new (i32.const 1))) (call $new (local.get 0))",
        "(call $rep (call $inner (i32.const 9)))",
    );
    assert_eq!(run(&mut store, instance).unwrap(), 9);
    // No handle at all.
    let (mut store, instance) = own_caller(
        r#"(param "r" (own $r))"#,
        "(result u32)",
        "(param i32) (result i32) (local.get 0)",
        "(call $inner (i32.const 5))",
    );
    let error = run(&mut store, instance).unwrap_err();
    let trap = error.downcast_ref::<Trap>().unwrap();
    assert_eq!(trap.code(), TrapCode::UnknownHandle);
    assert_eq!(trap.site().map(|site| &*site.path), Some("param \"r\""));
    assert!(trap.to_string().contains("unknown handle index 5"), "{trap}");
}

/// A component that lowers what it lifts itself, with a handle of a type that it only imports: it is lent a new handle, which it has
/// to drop.
fn own_caller_of_imported(inner: &str) -> Component {
    component(&format!(
        r#"(component
  (import "thing" (type $thing (sub resource)))
  (core func $drop (canon resource.drop $thing))
  (core module $inner
    (import "" "drop" (func $drop (param i32)))
    (func (export "inner") (param i32) (result i32) {inner} (local.get 0)))
  (core instance $inner (instantiate $inner (with "" (instance (export "drop" (func $drop))))))
  (func $inner (param "lent" (borrow $thing)) (result u32) (canon lift (core func $inner "inner")))
  (core func $lowered (canon lower (func $inner)))
  (func (export "run") (param "own-index" u32) (result u32) (canon lift (core func $lowered)))
  (core module $id (func (export "id") (param i32) (result i32) (local.get 0)))
  (core instance $id (instantiate $id))
  (func (export "put") (param "thing" (own $thing)) (result u32) (canon lift (core func $id "id"))))"#
    ))
}

#[test]
fn a_borrow_of_an_imported_type_is_a_new_handle_also_from_oneself() {
    for (inner, expected) in [("(call $drop (local.get 0))", None), ("", Some(TrapCode::BorrowsRemain))] {
        let mut linker = Linker::<()>::new(engine());
        linker.root().resource("thing", ResourceType::host::<Thing>(), |_, _| Ok(())).unwrap();
        let mut store = Store::new(engine(), ());
        let text = own_caller_of_imported(inner);
        let instance = linker.instantiate(&mut store, &text).unwrap_or_else(|error| panic!("{error:?}"));
        let put = instance.get_typed_func::<(Resource<Thing>,), (u32,)>(&mut store, "put").unwrap();
        assert_eq!(put.call(&mut store, (Resource::new_own(5),)).unwrap(), (1,));
        let run = instance.get_typed_func::<(u32,), (u32,)>(&mut store, "run").unwrap();
        match (run.call(&mut store, (1,)), expected) {
            (Ok(result), None) => {
                assert_eq!(result, (2,));
                // It is not lent any more, and its borrow's index is free.
                assert_eq!(run.call(&mut store, (1,)).unwrap(), (2,));
            }
            (result, expected) => assert_eq!(Some(code(result)), expected),
        }
    }
}

/// A result with an own handle and then a `char` that is none: the handle is in nobody's hands, and takes no place.
#[test]
fn handles_of_values_that_could_not_be_lifted_take_no_place() {
    let text = r#"(component
  (import "thing" (type $thing (sub resource)))
  (core module $m
    (memory (export "mem") 1)
    (func (export "put") (param i32) (result i32) (i32.store (i32.const 16) (local.get 0)) (i32.const 16))
    (func (export "bad") (param i32) (result i32)
      (i32.store (i32.const 16) (local.get 0)) (i32.store (i32.const 20) (i32.const 0xd800)) (i32.const 16)))
  (core instance $m (instantiate $m))
  (type $pair (tuple (own $thing) char))
  (func (export "put") (param "thing" (own $thing)) (result $pair)
    (canon lift (core func $m "put") (memory (core memory $m "mem"))))
  (func (export "bad") (param "thing" (own $thing)) (result $pair)
    (canon lift (core func $m "bad") (memory (core memory $m "mem")))))"#;
    let mut linker = Linker::<()>::new(engine());
    linker.root().resource("thing", ResourceType::host::<Thing>(), |_, _| Ok(())).unwrap();
    let mut store = Store::new(engine(), ());
    let component = component(text);
    let call = |name: &str, store: &mut Store<()>| -> Result<ResourceAny, Error> {
        let instance = linker.instantiate(&mut *store, &component)?;
        let func = instance.get_typed_func::<(Resource<Thing>,), ((ResourceAny, char),)>(&mut *store, name)?;
        Ok(func.call(store, (Resource::new_own(5),))?.0.0)
    };
    let first = call("put", &mut store).unwrap();
    first.resource_drop(&mut store).unwrap();
    // Handles are equal when their slots and the numbers of their uses are: one more use for each that was there.
    assert_eq!(code(call("bad", &mut store)), TrapCode::InvalidChar);
    let next = call("put", &mut store).unwrap();
    assert_ne!(first, next);
    assert_eq!(format!("{next:?}"), format!("{first:?}").replace("generation: 0", "generation: 2"));
}

/// Two instances: the first one's call of the host is passed on to the second.
#[test]
fn a_borrow_can_be_lent_on_to_another_guest_and_no_longer() {
    let text = r#"(component
  (import "thing" (type $thing (sub resource)))
  (import "host" (func $host (param "thing" (borrow $thing)) (result u32)))
  (core func $host (canon lower (func $host)))
  (core func $drop (canon resource.drop $thing))
  (core module $m
    (import "" "host" (func $host (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (func (export "call") (param i32) (result i32) (call $host (local.get 0)))
    (func (export "callee") (param i32) (result i32) (call $drop (local.get 0)) (local.get 0)))
  (core instance $m (instantiate $m (with "" (instance (export "host" (func $host)) (export "drop" (func $drop))))))
  (func (export "call") (param "thing" (own $thing)) (result u32) (canon lift (core func $m "call")))
  (func (export "callee") (param "thing" (borrow $thing)) (result u32) (canon lift (core func $m "callee"))))"#;
    type Data = (Option<Instance>, Vec<ResourceAny>);
    let mut linker = Linker::<Data>::new(engine());
    linker.root().resource("thing", ResourceType::host::<Thing>(), |_, _| Ok(())).unwrap();
    linker
        .root()
        .func_wrap("host", |mut store: StoreContextMut<'_, Data>, (thing,): (ResourceAny,)| {
            let callee = store.data().0.expect("it is known");
            let callee = callee.get_typed_func::<(ResourceAny,), (u32,)>(&mut store, "callee")?;
            let (index,) = callee.call(&mut store, (thing,))?;
            store.data_mut().1.push(thing);
            let typed = thing.try_into_resource::<Thing>(&mut store)?;
            assert_eq!((typed.rep(), typed.owned()), (5, false));
            Ok((index,))
        })
        .unwrap();
    let (component, mut store) = (component(text), Store::new(engine(), Data::default()));
    let [caller, callee] = [(); 2].map(|()| linker.instantiate(&mut store, &component).unwrap());
    store.data_mut().0 = Some(callee);
    let call = caller.get_typed_func::<(Resource<Thing>,), (u32,)>(&mut store, "call").unwrap();
    assert_eq!(call.call(&mut store, (Resource::new_own(5),)).unwrap(), (1,));
    let after = store.data_mut().1.pop().unwrap();
    let lent = callee.get_typed_func::<(ResourceAny,), (u32,)>(&mut store, "callee").unwrap();
    let error = format!("{:#}", lent.call(&mut store, (after,)).unwrap_err());
    assert!(error.contains("after the call that it was lent for"), "{error}");
    // The host's function calls the very instance that called it.
    store.data_mut().0 = Some(caller);
    assert_eq!(call.call(&mut store, (Resource::new_own(5),)).unwrap(), (3,));
}

/// A component that exports what it imports: handles change hands between the host and itself.
#[test]
fn handles_pass_through_a_component_that_exports_what_it_imports() {
    let text = r#"(component
  (import "thing" (type $thing (sub resource)))
  (import "pass" (func $pass (param "own" (own $thing)) (param "lent" (borrow $thing)) (result (own $thing))))
  (import "keep" (func $keep (param "lent" (borrow $thing)) (result u32)))
  (export "pass" (func $pass)) (export "keep" (func $keep)))"#;
    type Data = Vec<Resource<Thing>>;
    let mut linker = Linker::<Data>::new(engine());
    linker.root().resource("thing", ResourceType::host::<Thing>(), |_, _| Ok(())).unwrap();
    linker
        .root()
        .func_wrap("pass", |_: StoreContextMut<'_, Data>, (own, lent): (Resource<Thing>, Resource<Thing>)| {
            assert_eq!((own.owned(), own.rep(), lent.owned(), lent.rep()), (true, 1, false, 2));
            Ok((own,))
        })
        .unwrap();
    linker
        .root()
        .func_wrap("keep", |mut store: StoreContextMut<'_, Data>, (lent,): (Resource<Thing>,)| {
            store.data_mut().push(lent);
            Ok((0_u32,))
        })
        .unwrap();
    let mut store = Store::new(engine(), Data::default());
    let instance = linker.instantiate(&mut store, &component(text)).unwrap_or_else(|error| panic!("{error:?}"));
    let [pass, keep] = ["pass", "keep"].map(|name| instance.get_func(&mut store, name).unwrap());
    let [own, lent] = [1, 2].map(|rep| Resource::<Thing>::new_own(rep).try_into_resource_any(&mut store).unwrap());
    let mut results = [Val::Bool(false)];
    pass.call(&mut store, &[Val::Resource(own), Val::Resource(lent)], &mut results).unwrap();
    let Val::Resource(back) = results[0] else { panic!("it is a handle") };
    assert_ne!(back, own);
    assert_eq!(back.try_into_resource::<Thing>(&mut store).unwrap().rep(), 1);
    let error = pass.call(&mut store, &[Val::Resource(own), Val::Resource(lent)], &mut results).unwrap_err();
    assert!(
        format!("{error:#}").contains("given away") && format!("{error:#}").contains("the call of `pass` failed"),
        "{error}"
    );
    // What is refused is refused before anything is given away.
    let [kept, gone] = [3, 1].map(|rep| Resource::<Thing>::new_own(rep).try_into_resource_any(&mut store).unwrap());
    gone.resource_drop(&mut store).unwrap();
    let error = pass.call(&mut store, &[Val::Resource(kept), Val::Resource(gone)], &mut results).unwrap_err();
    assert!(format!("{error:#}").contains("param \"lent\""), "{error}");
    kept.resource_drop(&mut store).unwrap();
    // What was lent to a function is not to be used after it.
    keep.call(&mut store, &[Val::Resource(lent)], &mut results).unwrap();
    let kept = store.data_mut().pop().unwrap();
    assert!(kept.try_into_resource_any(&mut store).unwrap_err().to_string().contains("after the call"));
    lent.resource_drop(&mut store).unwrap();
}
