//! Resources of the host in guests: constructors, methods and statics; handles inside other values; the rules of owning and
//! lending, on both sides; what goes wrong, with its code and its place.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::{
    AsContextMut, Component, Engine, Error, Instance, LinkError, Linker, Resource, ResourceAny, ResourceTable,
    ResourceType, Store, StoreContextMut, Trap, TrapCode, Val,
};
use std::sync::OnceLock;

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(Engine::default)
}

fn component(text: &str) -> Component {
    Component::new(engine(), text).unwrap_or_else(|error| panic!("{error:?}"))
}

/// What the host knows a number by.
struct Widget(u32);

/// Another type of the host.
struct Other;

#[derive(Default)]
struct WidgetHost {
    table: ResourceTable,
    /// Representations that were dropped.
    dropped: Vec<u32>,
    kept: Option<Resource<Widget>>,
    kept_any: Option<ResourceAny>,
    instance: Option<Instance>,
}

type Context<'a> = StoreContextMut<'a, WidgetHost>;

fn linker() -> Linker<WidgetHost> {
    let mut linker = Linker::<WidgetHost>::new(engine());
    let mut host = linker.instance("host").unwrap();
    for name in ["thing", "thing-again"] {
        let drop = |mut store: Context<'_>, rep| {
            store.data_mut().dropped.push(rep);
            store.data_mut().table.delete(Resource::<Widget>::new_own(rep))?;
            Ok(())
        };
        host.resource(name, ResourceType::host::<Widget>(), drop).unwrap();
    }
    host.resource("other", ResourceType::host::<Other>(), |_, _| Err(Error::msg("others cannot be dropped"))).unwrap();
    let new = |mut store: Context<'_>, (x,): (u32,)| Ok((store.data_mut().table.push(Widget(x))?,));
    host.func_wrap("[constructor]thing", new).unwrap();
    host.func_wrap("new-other", |_: Context<'_>, (): ()| Ok((Resource::<Other>::new_own(7),))).unwrap();
    let value = |store: Context<'_>, (thing,): (Resource<Widget>,)| {
        assert!(!thing.owned());
        Ok((store.data().table.get(&thing)?.0,))
    };
    host.func_wrap("[method]thing.value", value).unwrap();
    host.func_wrap("value-again", value).unwrap();
    let take = |mut store: Context<'_>, (thing,): (Resource<Widget>,)| {
        assert!(thing.owned());
        Ok((store.data_mut().table.delete(thing)?.0,))
    };
    host.func_wrap("[static]thing.take", take).unwrap();
    let keep = |mut store: Context<'_>, (thing,): (Resource<Widget>,)| {
        store.data_mut().kept = Some(thing);
        Ok(())
    };
    host.func_wrap("keep", keep).unwrap();
    host.func_new("keep-any", |mut store, params, _| {
        let Val::Resource(any) = params[0] else { panic!("it is a handle") };
        assert_eq!((any.owned(), any.ty()), (false, ResourceType::host::<Widget>()));
        store.data_mut().kept_any = Some(any);
        Ok(())
    })
    .unwrap();
    let give_kept = |mut store: Context<'_>, (): ()| Ok((store.data_mut().kept.take().expect("one is kept"),));
    host.func_wrap("give-kept", give_kept).unwrap();
    let call_back = |mut store: Context<'_>, (_, index): (Resource<Widget>, u32)| {
        let instance = store.data().instance.expect("it is known");
        instance.get_typed_func::<(u32,), ()>(&mut store, "drop")?.call(&mut store, (index,))
    };
    host.func_wrap("call-back", call_back).unwrap();
    linker
}

/// A component whose exports pass what they get to the host's function of the same name, handles as they are, and two that take
/// indices: `drop`, and `poke` for any function of one handle.
fn passing() -> Component {
    component(
        r#"(component
  (import "host" (instance $host
    (export "thing" (type $thing (sub resource)))
    (export "thing-again" (type $thing-again (sub resource)))
    (export "other" (type $other (sub resource)))
    (export "[constructor]thing" (func (param "x" u32) (result (own $thing))))
    (export "new-other" (func (result (own $other))))
    (export "[method]thing.value" (func (param "self" (borrow $thing)) (result u32)))
    (export "value-again" (func (param "self" (borrow $thing-again)) (result u32)))
    (export "[static]thing.take" (func (param "thing" (own $thing)) (result u32)))
    (export "keep" (func (param "thing" (borrow $thing))))
    (export "keep-any" (func (param "thing" (borrow $thing))))
    (export "give-kept" (func (result (own $thing))))
    (export "call-back" (func (param "thing" (borrow $thing)) (param "index" u32)))))
  (alias export $host "thing" (type $thing))
  (alias export $host "other" (type $other))
  (core func $new (canon lower (func $host "[constructor]thing")))
  (core func $new-other (canon lower (func $host "new-other")))
  (core func $value (canon lower (func $host "[method]thing.value")))
  (core func $value-again (canon lower (func $host "value-again")))
  (core func $take (canon lower (func $host "[static]thing.take")))
  (core func $keep (canon lower (func $host "keep")))
  (core func $keep-any (canon lower (func $host "keep-any")))
  (core func $give-kept (canon lower (func $host "give-kept")))
  (core func $call-back (canon lower (func $host "call-back")))
  (core func $drop (canon resource.drop $thing))
  (core func $drop-other (canon resource.drop $other))
  (core module $m
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "new-other" (func $new-other (result i32)))
    (import "" "value" (func $value (param i32) (result i32)))
    (import "" "value-again" (func $value-again (param i32) (result i32)))
    (import "" "take" (func $take (param i32) (result i32)))
    (import "" "keep" (func $keep (param i32)))
    (import "" "keep-any" (func $keep-any (param i32)))
    (import "" "give-kept" (func $give-kept (result i32)))
    (import "" "call-back" (func $call-back (param i32 i32)))
    (import "" "drop" (func $drop (param i32)))
    (import "" "drop-other" (func $drop-other (param i32)))
    (func (export "id") (param i32) (result i32) (local.get 0))
    (func (export "forget") (param i32))
    (func (export "lent-value") (param i32) (result i32)
      (call $value (local.get 0))
      (call $drop (local.get 0)))
    (func (export "call-back") (param i32) (call $call-back (local.get 0) (local.get 0)))
    (export "new" (func $new)) (export "new-other" (func $new-other)) (export "value" (func $value))
    (export "value-again" (func $value-again)) (export "take" (func $take)) (export "keep" (func $keep))
    (export "keep-any" (func $keep-any)) (export "give-kept" (func $give-kept)) (export "drop" (func $drop))
    (export "drop-other" (func $drop-other)))
  (core instance $m (instantiate $m (with "" (instance
    (export "new" (func $new)) (export "new-other" (func $new-other)) (export "value" (func $value))
    (export "value-again" (func $value-again)) (export "take" (func $take)) (export "keep" (func $keep))
    (export "keep-any" (func $keep-any)) (export "give-kept" (func $give-kept))
    (export "call-back" (func $call-back)) (export "drop" (func $drop)) (export "drop-other" (func $drop-other))))))
  (func (export "new") (param "x" u32) (result (own $thing)) (canon lift (core func $m "new")))
  (func (export "new-index") (param "x" u32) (result u32) (canon lift (core func $m "new")))
  (func (export "new-other-index") (result u32) (canon lift (core func $m "new-other")))
  (func (export "index") (param "thing" (own $thing)) (result u32) (canon lift (core func $m "id")))
  (func (export "borrow-index") (param "thing" (borrow $thing)) (result u32) (canon lift (core func $m "id")))
  (func (export "out") (param "index" u32) (result (own $thing)) (canon lift (core func $m "id")))
  (func (export "forget") (param "thing" (borrow $thing)) (canon lift (core func $m "forget")))
  (func (export "lent-value") (param "thing" (borrow $thing)) (result u32) (canon lift (core func $m "lent-value")))
  (func (export "value") (param "index" u32) (result u32) (canon lift (core func $m "value")))
  (func (export "value-again") (param "index" u32) (result u32) (canon lift (core func $m "value-again")))
  (func (export "take") (param "index" u32) (result u32) (canon lift (core func $m "take")))
  (func (export "keep") (param "index" u32) (canon lift (core func $m "keep")))
  (func (export "keep-any") (param "index" u32) (canon lift (core func $m "keep-any")))
  (func (export "give-kept") (result u32) (canon lift (core func $m "give-kept")))
  (func (export "call-back") (param "index" u32) (canon lift (core func $m "call-back")))
  (func (export "drop") (param "index" u32) (canon lift (core func $m "drop")))
  (func (export "drop-other") (param "index" u32) (canon lift (core func $m "drop-other"))))"#,
    )
}

fn start() -> (Store<WidgetHost>, Instance) {
    let mut store = Store::new(engine(), WidgetHost::default());
    let instance = linker().instantiate(&mut store, &passing()).unwrap_or_else(|error| panic!("{error:?}"));
    store.data_mut().instance = Some(instance);
    (store, instance)
}

/// Calls an export of a number, or of nothing where it has no parameter.
fn call(store: &mut Store<WidgetHost>, instance: Instance, name: &str, arg: u32) -> Result<u32, Error> {
    let func = instance.get_func(&mut *store, name).expect("it is exported");
    let params = vec![Val::U32(arg); func.ty(&*store).params().len()];
    let mut results = vec![Val::U32(0); usize::from(func.result(&*store).is_some())];
    func.call(&mut *store, &params, &mut results)?;
    match results.first() {
        Some(Val::U32(result)) => Ok(*result),
        _ => Ok(0),
    }
}

/// The code, the path and the first line of a trap.
fn trapped(error: &Error) -> (TrapCode, String, String) {
    let trap = error.downcast_ref::<Trap>().unwrap_or_else(|| panic!("{error:?}"));
    let path = trap.site().map(|site| site.path.clone()).unwrap_or_default();
    (trap.code(), path, trap.to_string().lines().next().unwrap_or_default().to_string())
}

fn trap_of<R: std::fmt::Debug>(result: Result<R, Error>) -> (TrapCode, String, String) {
    trapped(&result.unwrap_err())
}

#[test]
fn constructors_methods_and_statics_in_both_directions() {
    let (mut store, instance) = start();
    let new = instance.get_typed_func::<(u32,), (Resource<Widget>,)>(&mut store, "new").unwrap();
    let (thing,) = new.call(&mut store, (42,)).unwrap();
    assert!(thing.owned());
    assert_eq!(store.data().table.get(&thing).unwrap().0, 42);
    let value = instance.get_typed_func::<(&Resource<Widget>,), (u32,)>(&mut store, "lent-value").unwrap();
    assert_eq!(value.call(&mut store, (&thing,)).unwrap(), (42,));
    assert_eq!(value.call(&mut store, (&thing,)).unwrap(), (42,));
    let index = instance.get_typed_func::<(Resource<Widget>,), (u32,)>(&mut store, "index").unwrap();
    let (index,) = index.call(&mut store, (thing,)).unwrap();
    assert_eq!(index, 1);
    assert_eq!(call(&mut store, instance, "value", index).unwrap(), 42);
    assert_eq!(call(&mut store, instance, "take", index).unwrap(), 42);
    assert!(store.data().table.is_empty());
}

#[test]
fn indices_are_those_of_the_specification() {
    let (mut store, instance) = start();
    for index in 1..=20 {
        assert_eq!(call(&mut store, instance, "new-index", 100 + index).unwrap(), index);
    }
    for index in [3, 17, 5] {
        call(&mut store, instance, "drop", index).unwrap();
    }
    for index in [5, 17, 3, 21] {
        assert_eq!(call(&mut store, instance, "new-index", index).unwrap(), index);
    }
    assert_eq!(call(&mut store, instance, "value", 20).unwrap(), 120);
    assert_eq!(store.data().dropped.len(), 3);
}

#[test]
fn dynamic_handles_are_checked_where_they_are_used() {
    let (mut store, instance) = start();
    let [new, index, lent] = ["new", "index", "lent-value"].map(|name| instance.get_func(&mut store, name).unwrap());
    let results = &mut [Val::Bool(false)];
    new.call(&mut store, &[Val::U32(5)], results).unwrap();
    let Val::Resource(any) = results[0] else { panic!("it is a handle") };
    assert_eq!((any.owned(), any.ty()), (true, ResourceType::host::<Widget>()));
    assert_eq!(results[0].to_string(), "<own>");
    lent.call(&mut store, &[Val::Resource(any)], results).unwrap();
    assert_eq!(results[0], Val::U32(5));
    index.call(&mut store, &[Val::Resource(any)], results).unwrap();
    assert_eq!(results[0], Val::U32(1));
    // It has been given away. Saying so is no fault of the guest's, which goes on.
    for func in [index, lent] {
        let error = format!("{:#}", func.call(&mut store, &[Val::Resource(any)], results).unwrap_err());
        assert!(error.contains("param \"thing\"") && error.contains("after it was dropped or given away"), "{error}");
    }
    let error = format!("{:#}", any.resource_drop(&mut store).unwrap_err());
    assert!(error.contains("after it was dropped or given away"), "{error}");
    assert_eq!(call(&mut store, instance, "value", 1).unwrap(), 5);
    // Of another store.
    new.call(&mut store, &[Val::U32(6)], results).unwrap();
    let Val::Resource(foreign) = results[0] else { panic!("it is a handle") };
    let (mut other_store, other) = start();
    let index = other.get_func(&mut other_store, "index").unwrap();
    let error = format!("{:#}", index.call(&mut other_store, &[Val::Resource(foreign)], results).unwrap_err());
    assert!(error.contains("with a store that it is not of"), "{error}");
    assert!(foreign.resource_drop(&mut other_store).is_err());
    foreign.resource_drop(&mut store).unwrap();
    assert_eq!(store.data().dropped, [1]);
}

#[test]
fn typed_handles_are_checked_where_they_are_used() {
    let (mut store, instance) = start();
    let thing = store.data_mut().table.push(Widget(1)).unwrap();
    let index = instance.get_typed_func::<(&Resource<Widget>,), (u32,)>(&mut store, "index").unwrap();
    assert_eq!(index.call(&mut store, (&thing,)).unwrap(), (1,));
    let error = format!("{:#}", index.call(&mut store, (&thing,)).unwrap_err());
    assert!(error.contains("used after it was given away"), "{error}");
    let borrowed = Resource::new_borrow(thing.rep());
    let error = format!("{:#}", index.call(&mut store, (&borrowed,)).unwrap_err());
    assert!(error.contains("a borrowed Resource<") && error.contains("param \"thing\""), "{error}");
    assert_eq!(call(&mut store, instance, "value", 1).unwrap(), 1);
    let error = instance.get_typed_func::<(Resource<Other>,), (u32,)>(&mut store, "index").err().unwrap().to_string();
    assert!(error.contains("own<Other> or borrow<Other>"), "{error}");
}

#[test]
fn borrows_end_with_the_call_that_they_came_with() {
    let (mut store, instance) = start();
    let index = call(&mut store, instance, "new-index", 9).unwrap();
    call(&mut store, instance, "keep", index).unwrap();
    let kept = store.data_mut().kept.take().unwrap();
    let lent = instance.get_typed_func::<(&Resource<Widget>,), (u32,)>(&mut store, "lent-value").unwrap();
    let error = format!("{:#}", lent.call(&mut store, (&kept,)).unwrap_err());
    assert!(error.contains("after the call that it was lent for"), "{error}");
    call(&mut store, instance, "keep-any", index).unwrap();
    let kept = store.data_mut().kept_any.take().unwrap();
    let lent = instance.get_func(&mut store, "lent-value").unwrap();
    let error = format!("{:#}", lent.call(&mut store, &[Val::Resource(kept)], &mut [Val::Bool(false)]).unwrap_err());
    assert!(error.contains("after the call that it was lent for"), "{error}");
    // The guest has it back: what was lent can be dropped.
    call(&mut store, instance, "drop", index).unwrap();
    // A borrow that a host function gives as an own is its fault.
    let index = call(&mut store, instance, "new-index", 9).unwrap();
    call(&mut store, instance, "keep", index).unwrap();
    let error = format!("{:#}", call(&mut store, instance, "give-kept", 0).unwrap_err());
    assert!(error.contains("a borrowed Resource<"), "{error}");
}

#[test]
fn a_guest_must_drop_what_it_borrows() {
    let (mut store, instance) = start();
    let thing = store.data_mut().table.push(Widget(1)).unwrap();
    let forget = instance.get_typed_func::<(&Resource<Widget>,), ()>(&mut store, "forget").unwrap();
    let (code, _, text) = trap_of(forget.call(&mut store, (&thing,)));
    assert_eq!(code, TrapCode::BorrowsRemain);
    assert!(text.contains("borrow handles still remain at the end of the call"), "{text}");
    let (code, ..) = trap_of(forget.call(&mut store, (&thing,)));
    assert_eq!(code, TrapCode::CannotEnter);
    // The host has it back all the same.
    let (mut store, instance) = start();
    let index = instance.get_typed_func::<(Resource<Widget>,), (u32,)>(&mut store, "index").unwrap();
    assert_eq!(index.call(&mut store, (thing,)).unwrap(), (1,));
}

#[test]
fn what_is_lent_cannot_be_dropped_meanwhile() {
    let (mut store, instance) = start();
    let index = call(&mut store, instance, "new-index", 9).unwrap();
    let (code, _, text) = trap_of(call(&mut store, instance, "call-back", index));
    assert_eq!(code, TrapCode::HandleLent);
    assert!(text.contains("cannot remove owned resource while borrowed"), "{text}");
    assert!(store.data().dropped.is_empty());
}

#[test]
fn handles_that_are_none_trap_with_code_path_and_value() {
    let unknown = |index: u32| format!("wasm trap: unknown handle index {index}");
    for index in [0, 2, 1 << 28, u32::MAX] {
        for (name, path) in [
            ("value", "param \"self\""),
            ("take", "param \"thing\""),
            ("out", "result"),
            ("keep-any", "param \"thing\""),
        ] {
            let (mut store, instance) = start();
            call(&mut store, instance, "new-index", 9).unwrap();
            let found = trap_of(call(&mut store, instance, name, index));
            assert_eq!(found, (TrapCode::UnknownHandle, path.into(), unknown(index)), "{name}");
        }
        let (mut store, instance) = start();
        let (code, _, text) = trap_of(call(&mut store, instance, "drop", index));
        assert_eq!((code, text), (TrapCode::UnknownHandle, unknown(index)));
    }
    // Stale.
    let (mut store, instance) = start();
    call(&mut store, instance, "new-index", 9).unwrap();
    call(&mut store, instance, "take", 1).unwrap();
    assert_eq!(trap_of(call(&mut store, instance, "take", 1)).0, TrapCode::UnknownHandle);
    // Of another type, both of the host's.
    for name in ["value", "take", "out", "drop"] {
        let (mut store, instance) = start();
        assert_eq!(call(&mut store, instance, "new-other-index", 0).unwrap(), 1);
        let (code, _, text) = trap_of(call(&mut store, instance, name, 1));
        assert_eq!(code, TrapCode::HandleTypeMismatch, "{name}");
        let expected = "handle index 1 used with the wrong type, expected host-defined resource but found a different \
            host-defined resource";
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn one_type_of_the_host_may_have_two_names() {
    let (mut store, instance) = start();
    let index = call(&mut store, instance, "new-index", 9).unwrap();
    assert_eq!(call(&mut store, instance, "value-again", index).unwrap(), 9);
}

#[test]
fn destructors_of_the_host_run_and_may_fail() {
    let (mut store, instance) = start();
    call(&mut store, instance, "new-index", 9).unwrap();
    call(&mut store, instance, "drop", 1).unwrap();
    assert_eq!(store.data().dropped, [0]);
    assert!(store.data().table.is_empty());
    assert_eq!(call(&mut store, instance, "new-other-index", 0).unwrap(), 1);
    let error = call(&mut store, instance, "drop-other", 1).unwrap_err();
    assert!(format!("{error:#}").contains("others cannot be dropped"), "{error}");
    assert_eq!(trap_of(call(&mut store, instance, "drop", 1)).0, TrapCode::CannotEnter);
}

#[test]
fn a_linker_says_what_it_lacks_of_resource_types() {
    let text = r#"(component
        (import "a" (type $a (sub resource)))
        (import "b" (type $b (eq $a)))
        (import "f" (func (param "x" (own $b)))))"#;
    let component = component(text);
    let link = |linker: &Linker<WidgetHost>| linker.instantiate_pre(&component).map(|_| ());
    let mut linker = Linker::<WidgetHost>::new(engine());
    linker.root().func_wrap("f", |_, (_,): (Resource<Widget>,)| Ok(())).unwrap();
    let error = link(&linker).unwrap_err();
    assert!(error.is::<LinkError>());
    let text = format!("{error:#}");
    assert!(text.contains("import \"a\" (resource type) is missing"), "{text}");
    assert!(!text.contains("function"), "{text}");
    linker.root().resource("a", ResourceType::host::<Widget>(), |_, _| Ok(())).unwrap();
    let mut wrong = linker.clone();
    wrong.root().resource("b", ResourceType::host::<Other>(), |_, _| Ok(())).unwrap();
    let text = format!("{:#}", link(&wrong).unwrap_err());
    assert!(text.contains("import \"b\" (resource type): it must be the same type as `a`"), "{text}");
    linker.root().resource("b", ResourceType::host::<Widget>(), |_, _| Ok(())).unwrap();
    link(&linker).unwrap();
    let mut unknown = Linker::<WidgetHost>::new(engine());
    unknown.define_unknown_imports_as_traps(&component).unwrap();
    link(&unknown).unwrap();
    // Another type of the host does not stand for it.
    let mut other = Linker::<WidgetHost>::new(engine());
    for name in ["a", "b"] {
        other.root().resource(name, ResourceType::host::<Other>(), |_, _| Ok(())).unwrap();
    }
    other.root().func_wrap("f", |_, (_,): (Resource<Widget>,)| Ok(())).unwrap();
    let text = format!("{:#}", link(&other).unwrap_err());
    assert!(text.contains("own<Widget> or borrow<Widget>"), "{text}");
}

#[test]
fn handles_convert_between_typed_and_dynamic() {
    let (mut store, _) = start();
    let thing = store.data_mut().table.push(Widget(3)).unwrap();
    let any = thing.try_into_resource_any(&mut store).unwrap();
    assert!(any.owned());
    assert!(any.try_into_resource::<Other>(&mut store).is_err());
    let thing = any.try_into_resource::<Widget>(&mut store.as_context_mut()).unwrap();
    assert!(any.try_into_resource::<Widget>(&mut store).is_err());
    assert_eq!(store.data().table.get(&thing).unwrap().0, 3);
}

/// The specification's table of own handles: what they stand for, `None` where there is none, and the indices that are free, the
/// last one first.
#[derive(Default)]
struct GuestModel {
    handles: Vec<Option<(bool, u32)>>,
    free: Vec<usize>,
}

impl GuestModel {
    /// Adds a handle of a widget, or of the other type; its index.
    fn add(&mut self, widget: bool, rep: u32) -> u32 {
        if self.handles.is_empty() {
            self.handles.push(None);
        }
        let index = self.free.pop().unwrap_or(self.handles.len());
        if index == self.handles.len() {
            self.handles.push(None);
        }
        self.handles[index] = Some((widget, rep));
        index as u32
    }

    fn get(&self, index: u32, widget: bool) -> Result<u32, TrapCode> {
        match self.handles.get(index as usize).copied().flatten() {
            None => Err(TrapCode::UnknownHandle),
            Some((found, _)) if found != widget => Err(TrapCode::HandleTypeMismatch),
            Some((_, rep)) => Ok(rep),
        }
    }

    fn remove(&mut self, index: u32, widget: bool) -> Result<u32, TrapCode> {
        let rep = self.get(index, widget)?;
        self.handles[index as usize] = None;
        self.free.push(index as usize);
        Ok(rep)
    }
}

/// Numbers that are the same in every run.
fn below(state: &mut u64, bound: u32) -> u32 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    ((*state >> 33) as u32) % bound
}

/// Whether a call did what the model says, which ends the program with a trap.
fn agrees(called: Result<u32, Error>, expected: Result<u32, TrapCode>) -> bool {
    match (called, expected) {
        (Ok(called), Ok(expected)) => {
            assert_eq!(called, expected);
            true
        }
        (Err(error), Err(expected)) => {
            assert_eq!(trapped(&error).0, expected);
            false
        }
        (called, expected) => panic!("{called:?}, but expected was {expected:?}"),
    }
}

/// Random programs of a host and two guests that pass handles around, until something traps.
#[test]
fn random_programs_do_what_the_specification_says() {
    let (linker, component) = (linker(), passing());
    let pre = linker.instantiate_pre(&component).unwrap();
    let mut steps = 0;
    for seed in 0..400 {
        let numbers = &mut (seed as u64);
        let mut store = Store::new(engine(), WidgetHost::default());
        let instances = [(); 2].map(|()| pre.instantiate(&mut store).unwrap());
        let mut models = [GuestModel::default(), GuestModel::default()];
        // What the host has in its own hands: values stand for themselves, their representations are the table's.
        let mut owned: Vec<Resource<Widget>> = Vec::new();
        for step in 0..60 {
            steps += 1;
            let at = below(numbers, 2) as usize;
            let (instance, model) = (instances[at], &mut models[at]);
            // Nearly always a handle of a widget, if there is one.
            let widgets = (0..model.handles.len() as u32).filter(|index| model.get(*index, true).is_ok());
            let widgets: Vec<u32> = widgets.collect();
            let index = match below(numbers, 40) {
                0 => Some(below(numbers, 40)),
                _ if widgets.is_empty() => None,
                _ => Some(widgets[below(numbers, widgets.len() as u32) as usize]),
            };
            let choice = below(numbers, if index.is_some() { 9 } else { 6 });
            let index = index.unwrap_or(0);
            let going_on = match choice {
                0 | 1 => {
                    let called = call(&mut store, instance, "new-index", step);
                    agrees(called, Ok(model.add(true, step)))
                }
                2 => agrees(call(&mut store, instance, "new-other-index", 0), Ok(model.add(false, 7))),
                3 => {
                    let widget = store.data_mut().table.push(Widget(step)).unwrap();
                    owned.push(widget);
                    true
                }
                4 | 5 => match owned.pop() {
                    Some(widget) => {
                        let value = store.data().table.get(&widget).unwrap().0;
                        let put = instance.get_typed_func::<(Resource<Widget>,), (u32,)>(&mut store, "index").unwrap();
                        let put = put.call(&mut store, (widget,)).map(|(index,)| index);
                        agrees(put, Ok(model.add(true, value)))
                    }
                    None => true,
                },
                6 => {
                    let out = instance.get_typed_func::<(u32,), (Resource<Widget>,)>(&mut store, "out").unwrap();
                    let out = out.call(&mut store, (index,)).map(|(widget,)| {
                        let value = store.data().table.get(&widget).unwrap().0;
                        owned.push(widget);
                        value
                    });
                    agrees(out, model.remove(index, true))
                }
                7 => agrees(call(&mut store, instance, "value", index), model.get(index, true)),
                _ => agrees(call(&mut store, instance, "take", index), model.remove(index, true)),
            };
            if !going_on {
                let next = trap_of(call(&mut store, instance, "new-index", 0)).0;
                assert_eq!(next, TrapCode::CannotEnter);
                break;
            }
        }
    }
    assert!(steps > 10_000, "only {steps} steps were taken");
}

/// A call that the host was not allowed to make leaves no borrow behind: neither in the guest's table nor in the state.
#[test]
fn a_refused_call_takes_back_what_it_has_lent() {
    let engine = engine();
    let component = component(
        r#"(component
  (import "thing" (type $thing (sub resource)))
  (import "new" (func $new (result (own $thing))))
  (core func $new (canon lower (func $new)))
  (core func $drop (canon resource.drop $thing))
  (core module $m
    (import "" "new" (func $new (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (func (export "three") (param i32 i32 i32) (result i32)
      (call $drop (local.get 0))
      (call $drop (local.get 1))
      (i32.add (i32.mul (local.get 0) (i32.const 100)) (local.get 1)))
    (func (export "new") (result i32) (call $new))
    (func (export "drop") (param i32) (call $drop (local.get 0))))
  (core instance $m (instantiate $m (with "" (instance (export "new" (func $new)) (export "drop" (func $drop))))))
  (func (export "three") (param "a" (borrow $thing)) (param "b" (borrow $thing)) (param "c" (own $thing)) (result u32)
    (canon lift (core func $m "three")))
  (func (export "new") (result u32) (canon lift (core func $m "new")))
  (func (export "drop") (param "index" u32) (canon lift (core func $m "drop"))))"#,
    );
    let mut linker = Linker::<()>::new(engine);
    linker.root().resource("thing", ResourceType::host::<Widget>(), |_, _| Ok(())).unwrap();
    let new = |_: StoreContextMut<'_, ()>, (): ()| Ok((Resource::<Widget>::new_own(9),));
    linker.root().func_wrap("new", new).unwrap();
    let mut store = Store::new(engine, ());
    let instance = linker.instantiate(&mut store, &component).unwrap();
    type Three<'a> = (&'a Resource<Widget>, &'a Resource<Widget>, &'a Resource<Widget>);
    let three = instance.get_typed_func::<Three<'_>, (u32,)>(&mut store, "three").unwrap();
    let new = instance.get_typed_func::<(), (u32,)>(&mut store, "new").unwrap();
    let drop = instance.get_typed_func::<(u32,), ()>(&mut store, "drop").unwrap();
    let [a, b, c] = [1, 2, 3].map(Resource::<Widget>::new_own);
    for _ in 0..3 {
        let error = format!("{:#}", three.call(&mut store, (&a, &b, &a)).unwrap_err());
        assert!(error.ends_with("that is given away was used twice in one call"), "{error}");
    }
    assert_eq!(new.call(&mut store, ()).unwrap(), (1,));
    assert_eq!(new.call(&mut store, ()).unwrap(), (2,));
    drop.call(&mut store, (1,)).unwrap();
    // One borrow where a handle was, and one at the end.
    three.call(&mut store, (&a, &b, &b)).unwrap_err();
    assert_eq!(three.call(&mut store, (&a, &b, &c)).unwrap(), (103,));
    let error = drop.call(&mut store, (3,)).unwrap_err();
    assert_eq!(trapped(&error).0, TrapCode::UnknownHandle);
}

/// A handle that came by way of an instance is no part of it: it can be dropped when the instance has been lost.
#[test]
fn handles_outlive_the_instance_that_passed_them_on() {
    let (mut store, instance) = start();
    assert_eq!(call(&mut store, instance, "new-index", 42).unwrap(), 1);
    let out = instance.get_func(&mut store, "out").unwrap();
    let mut results = [Val::Bool(false)];
    out.call(&mut store, &[Val::U32(1)], &mut results).unwrap();
    let [Val::Resource(any)] = results else { panic!("it is a handle") };
    call(&mut store, instance, "drop", 7).unwrap_err();
    assert_eq!(trap_of(call(&mut store, instance, "drop", 7)).0, TrapCode::CannotEnter);
    any.resource_drop(&mut store).unwrap();
    assert_eq!(store.data().dropped.len(), 1);
}

#[test]
fn a_borrow_that_the_host_vouches_for_converts_there_and_back() {
    let mut store = Store::new(engine(), ());
    let borrow = Resource::<Widget>::new_borrow(3).try_into_resource_any(&mut store).unwrap();
    let typed = borrow.try_into_resource::<Widget>(&mut store).unwrap();
    assert_eq!((typed.rep(), typed.owned()), (3, false));
    let again = typed.try_into_resource_any(&mut store).unwrap();
    for any in [borrow, again] {
        any.resource_drop(&mut store).unwrap();
    }
}
