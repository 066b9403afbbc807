//! Running instances linked with one another: what passes between them, what a failure locks, circles, and what cannot be linked.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::Config;
use gusset::core::Module;
use gusset::{
    AsContextMut, Component, Engine, Error, Instance, LinkError, Linker, Store, StoreContextMut, Trap, TrapCode, Val,
    WasmBacktrace,
};
use std::cell::Cell;
use std::sync::OnceLock;

thread_local! {
    /// Whether the test that runs compiles adapters for links.
    static ADAPTERS: Cell<bool> = const { Cell::new(true) };
}

fn engine() -> &'static Engine {
    static ENGINES: [OnceLock<Engine>; 2] = [const { OnceLock::new() }; 2];
    let adapters = ADAPTERS.get();
    ENGINES[usize::from(adapters)]
        .get_or_init(|| Engine::new(Config::new().link_adapters(adapters)).expect("the settings are supported"))
}

/// Runs a test with adapters between instances, and with calls that the host relays.
fn in_both_ways(test: impl Fn()) {
    for adapters in [true, false] {
        ADAPTERS.set(adapters);
        test();
    }
}

fn component(text: &str) -> Component {
    Component::new(engine(), text).unwrap_or_else(|error| panic!("{error:?}"))
}

fn trap_code(error: &Error) -> Option<TrapCode> {
    error.downcast_ref::<Trap>().map(Trap::code)
}

/// A memory with an allocator that only moves forward, starting at 1024.
const LIBC: &str = r#"
    (core module $libc
      (memory (export "mem") 1)
      (global $next (mut i32) (i32.const 1024))
      (func (export "realloc") (param i32 i32 i32 i32) (result i32)
        (global.set $next (i32.and (i32.add (global.get $next) (i32.sub (local.get 2) (i32.const 1)))
                                   (i32.sub (i32.const 0) (local.get 2))))
        (memory.copy (global.get $next) (local.get 0) (local.get 1))
        (global.get $next)
        (global.set $next (i32.add (global.get $next) (local.get 3)))))
    (core instance $libc (instantiate $libc))
    (alias core export $libc "mem" (core memory $mem))
    (alias core export $libc "realloc" (core func $realloc))"#;

/// Functions of a service: `shout` makes a text end with `!`, `next` a character, `fail` traps.
fn service(encoding: &str) -> Component {
    component(&format!(
        r#"(component $service
          {LIBC}
          (core module $service
            (import "libc" "mem" (memory 1))
            (func (export "shout") (param i32 i32) (result i32)
              ;; One byte or code unit more, which the allocator has left free: it begins at the next 1024.
              (i32.store (i32.const 16) (local.get 0))
              (i32.store (i32.const 20) (i32.add (local.get 1) (i32.const 1)))
              (i32.store16 (i32.add (local.get 0) (i32.mul (local.get 1) (i32.const {unit}))) (i32.const 0x21))
              (i32.const 16))
            (func (export "next") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
            (func (export "fail") unreachable))
          (core instance $i (instantiate $service (with "libc" (instance $libc))))
          (func (export "shout") (param "text" string) (result string)
            (canon lift (core func $i "shout") (memory $mem) (realloc $realloc) {encoding}))
          (func (export "next") (param "c" char) (result char) (canon lift (core func $i "next")))
          (func (export "fail") (canon lift (core func $i "fail"))))"#,
        unit = if encoding.contains("utf16") { 2 } else { 1 },
    ))
}

/// A program over a service: it exports `say`, `next` and `fail`, which go to the service.
fn program() -> Component {
    component(&format!(
        r#"(component $program
          (import "service" (instance $service
            (export "shout" (func (param "text" string) (result string)))
            (export "next" (func (param "c" char) (result char)))
            (export "fail" (func))))
          {LIBC}
          (core func $shout (canon lower (func $service "shout") (memory $mem) (realloc $realloc)))
          (core func $next (canon lower (func $service "next")))
          (core func $fail (canon lower (func $service "fail")))
          (core module $program
            (import "" "shout" (func $shout (param i32 i32 i32)))
            (import "" "next" (func $next (param i32) (result i32)))
            (import "" "fail" (func $fail))
            (func (export "say") (param i32 i32) (result i32)
              (call $shout (local.get 0) (local.get 1) (i32.const 32))
              (i32.const 32))
            (func (export "next") (param i32) (result i32) (call $next (local.get 0)))
            (func (export "fail") (call $fail))
            (func (export "fine") (result i32) (i32.const 1)))
          (core instance $i (instantiate $program (with "" (instance
            (export "shout" (func $shout)) (export "next" (func $next)) (export "fail" (func $fail))))))
          (func (export "say") (param "text" string) (result string)
            (canon lift (core func $i "say") (memory $mem) (realloc $realloc)))
          ;; It takes any number for a character.
          (func (export "next") (param "c" u32) (result u32) (canon lift (core func $i "next")))
          (func (export "fail") (canon lift (core func $i "fail")))
          (func (export "fine") (result u32) (canon lift (core func $i "fine"))))"#
    ))
}

/// A service and programs over it.
fn linked(store: &mut Store<()>, service: &Component, programs: usize) -> (Instance, Vec<Instance>) {
    let mut linker = Linker::new(engine());
    let service = linker.instantiate(&mut *store, service).unwrap();
    linker.root().define_instance(&*store, "service", service).unwrap();
    let program = program();
    let programs = (0..programs).map(|_| linker.instantiate(&mut *store, &program).unwrap()).collect();
    (service, programs)
}

fn call(store: &mut Store<()>, instance: Instance, name: &str, args: &[Val]) -> Result<Option<Val>, Error> {
    let func = instance.get_func(&mut *store, name).unwrap();
    let mut results = vec![Val::Bool(false); usize::from(func.result(&*store).is_some())];
    func.call(store, args, &mut results)?;
    Ok(results.pop())
}

#[test]
fn values_pass_between_instances() {
    in_both_ways(|| {
        for encoding in ["", "string-encoding=utf16"] {
            let mut store = Store::new(engine(), ());
            let (_, programs) = linked(&mut store, &service(encoding), 2);
            for program in programs {
                let said = call(&mut store, program, "say", &[Val::String("né".into())]).unwrap();
                // The last code unit of UTF-8 is where `n` and two bytes of `é` end.
                assert_eq!(said, Some(Val::String("né!".into())), "{encoding}");
                assert_eq!(call(&mut store, program, "next", &[Val::U32(0x41)]).unwrap(), Some(Val::U32(0x42)));
            }
        }
    });
}

#[test]
fn a_failure_locks_both_instances_and_later_calls_of_others_trap() {
    in_both_ways(|| {
        let mut store = Store::new(engine(), ());
        let (service, programs) = linked(&mut store, &service(""), 3);
        let error = call(&mut store, programs[0], "fail", &[]).unwrap_err();
        assert_eq!(trap_code(&error), Some(TrapCode::Unreachable));
        let names: Vec<_> = WasmBacktrace::of(&error)
            .expect("a guest was running")
            .frames()
            .iter()
            .map(|frame| frame.module.as_str())
            .collect();
        match ADAPTERS.get() {
            true => assert_eq!(names, ["service", "adapters", "program"]),
            false => assert_eq!(names, ["service", "program"]),
        }
        for instance in [service, programs[0]] {
            let name = if instance == service { "next" } else { "fine" };
            let args: &[Val] = if instance == service { &[Val::Char('a')] } else { &[] };
            let error = call(&mut store, instance, name, args).unwrap_err();
            assert_eq!(trap_code(&error), Some(TrapCode::CannotEnter), "{name}");
        }
        // Another program is well until it calls what is locked.
        assert_eq!(call(&mut store, programs[1], "fine", &[]).unwrap(), Some(Val::U32(1)));
        let error = call(&mut store, programs[1], "next", &[Val::U32(1)]).unwrap_err();
        assert_eq!(trap_code(&error), Some(TrapCode::CannotEnter));
        let error = call(&mut store, programs[1], "fine", &[]).unwrap_err();
        assert_eq!(trap_code(&error), Some(TrapCode::CannotEnter));
        assert_eq!(call(&mut store, programs[2], "fine", &[]).unwrap(), Some(Val::U32(1)));
    });
}

#[test]
fn a_bad_value_is_named_with_both_instances() {
    in_both_ways(|| {
        for (code, args, name, path) in
            [(TrapCode::InvalidChar, 0xd800, "next", "param \"c\""), (TrapCode::InvalidChar, 0xd7ff, "next", "result")]
        {
            let mut store = Store::new(engine(), ());
            let (service, programs) = linked(&mut store, &service(""), 1);
            let error = call(&mut store, programs[0], name, &[Val::U32(args)]).unwrap_err();
            let trap = error.downcast_ref::<Trap>().expect("the guest was stopped");
            let site = trap.site().expect("a value was wrong");
            let names = [&site.adapter.caller, &site.adapter.callee, &site.adapter.function].map(|name| &**name);
            assert_eq!((trap.code(), names, &*site.path), (code, ["program", "service", "next"], path));
            // The call had begun on both sides.
            let error = call(&mut store, service, "next", &[Val::Char('a')]).unwrap_err();
            assert_eq!(trap_code(&error), Some(TrapCode::CannotEnter));
        }
    });
}

/// A component whose `count(n)` asks `other` for `n - 1` and adds one.
fn counter() -> Component {
    component(
        r#"(component $counter
          (import "other" (func $other (param "n" u32) (result u32)))
          (core func $other (canon lower (func $other)))
          (core module $counter
            (import "" "other" (func $other (param i32) (result i32)))
            (func (export "count") (param i32) (result i32)
              (if (result i32) (local.get 0)
                (then (i32.add (i32.const 1) (call $other (i32.sub (local.get 0) (i32.const 1)))))
                (else (i32.const 0)))))
          (core instance $i (instantiate $counter (with "" (instance (export "other" (func $other))))))
          (func (export "count") (param "n" u32) (result u32) (canon lift (core func $i "count"))))"#,
    )
}

#[test]
fn instances_call_one_another_in_circles() {
    in_both_ways(|| {
        let counter = counter();
        let mut store = Store::new(engine(), ());
        let mut linker = Linker::new(engine());
        let slot = linker.root().func_slot("other").unwrap();
        let ping = linker.instantiate(&mut store, &counter).unwrap();
        // An empty slot is an error, and locks the caller like any failure of a host function.
        let error = call(&mut store, ping, "count", &[Val::U32(1)]).unwrap_err();
        assert_eq!(error.root_cause().to_string(), "import `other` is called before it has a function");
        assert!(error.is::<LinkError>());
        let [ping, pong] = [(); 2].map(|()| linker.instantiate(&mut store, &counter).unwrap());
        let count = pong.get_func(&mut store, "count").unwrap();
        slot.set(&store, count).unwrap();
        // From `pong` the slot leads to itself.
        for instance in [ping, pong] {
            assert_eq!(call(&mut store, instance, "count", &[Val::U32(100)]).unwrap(), Some(Val::U32(100)));
        }
        let error = format!("{:#}", slot.set(&store, count).unwrap_err());
        assert_eq!(error, "import `other` has a function");
        // Without end, the stack ends it, and both are locked.
        let error = call(&mut store, ping, "count", &[Val::U32(u32::MAX)]).unwrap_err();
        assert_eq!(trap_code(&error), Some(TrapCode::StackOverflow), "{error}");
        for instance in [ping, pong] {
            let error = call(&mut store, instance, "count", &[Val::U32(0)]).unwrap_err();
            assert_eq!(trap_code(&error), Some(TrapCode::CannotEnter));
        }
    });
}

#[test]
fn an_outer_frame_of_an_instance_that_was_locked_meanwhile_is_not_returned_to() {
    in_both_ways(|| {
        // `outer` calls `inner`, which calls the host, which makes `outer` fail and keeps that to itself.
        let outer = component(
            r#"(component $outer
          (import "inner" (func $inner (result u32)))
          (core func $inner (canon lower (func $inner)))
          (core module $outer
            (import "" "inner" (func $inner (result i32)))
            (func (export "run") (result i32) (call $inner))
            (func (export "fail") unreachable))
          (core instance $i (instantiate $outer (with "" (instance (export "inner" (func $inner))))))
          (func (export "run") (result u32) (canon lift (core func $i "run")))
          (func (export "fail") (canon lift (core func $i "fail"))))"#,
        );
        let inner = component(
            r#"(component $inner
          (import "host" (func $host))
          (core func $host (canon lower (func $host)))
          (core module $inner
            (import "" "host" (func $host))
            (func (export "inner") (result i32) (call $host) (i32.const 7))
            (func (export "fine") (result i32) (i32.const 1)))
          (core instance $i (instantiate $inner (with "" (instance (export "host" (func $host))))))
          (func (export "inner") (result u32) (canon lift (core func $i "inner")))
          (func (export "fine") (result u32) (canon lift (core func $i "fine"))))"#,
        );
        let mut linker = Linker::<Option<Instance>>::new(engine());
        linker
            .root()
            .func_wrap("host", |mut store: StoreContextMut<'_, Option<Instance>>, (): ()| {
                let outer = store.data().unwrap();
                let fail = outer.get_typed_func::<(), ()>(store.as_context_mut(), "fail")?;
                assert!(fail.call(&mut store, ()).is_err());
                Ok(())
            })
            .unwrap();
        let mut store = Store::new(engine(), None);
        let inner = linker.instantiate(&mut store, &inner).unwrap();
        let func = inner.get_func(&mut store, "inner").unwrap();
        linker.root().define_func(&store, "inner", func).unwrap();
        let outer = linker.instantiate(&mut store, &outer).unwrap();
        *store.data_mut() = Some(outer);
        let run = outer.get_typed_func::<(), (u32,)>(&mut store, "run").unwrap();
        assert_eq!(trap_code(&run.call(&mut store, ()).unwrap_err()), Some(TrapCode::CannotEnter));
        // What went wrong did so while the callee's task was running, whichever way the call went.
        let fine = inner.get_typed_func::<(), (u32,)>(&mut store, "fine").unwrap();
        assert_eq!(trap_code(&fine.call(&mut store, ()).unwrap_err()), Some(TrapCode::CannotEnter));
    });
}

#[test]
fn a_guest_that_may_not_leave_does_not_call_through_a_link() {
    in_both_ways(|| {
        let caller = component(
            r#"(component $caller
          (import "f" (func $f))
          (core func $f (canon lower (func $f)))
          (core module $m
            (import "" "f" (func $f))
            (func (export "run"))
            (func (export "post") (call $f)))
          (core instance $i (instantiate $m (with "" (instance (export "f" (func $f))))))
          (func (export "run") (canon lift (core func $i "run") (post-return (core func $i "post")))))"#,
        );
        let mut store = Store::new(engine(), ());
        let mut linker = Linker::new(engine());
        let service = linker.instantiate(&mut store, &service("")).unwrap();
        let next = service.get_func(&mut store, "fail").unwrap();
        linker.root().define_func(&store, "f", next).unwrap();
        let caller = linker.instantiate(&mut store, &caller).unwrap();
        let error = call(&mut store, caller, "run", &[]).unwrap_err();
        assert_eq!(trap_code(&error), Some(TrapCode::CannotLeave), "{error}");
        // The service was not entered.
        assert!(call(&mut store, service, "next", &[Val::Char('a')]).is_ok());
    });
}

/// A component with a resource type: `log` counts the destructor's calls.
const RESOURCES: &str = r#"(component $resources
    (core module $dtor
      (global $dropped (mut i32) (i32.const 0))
      (func (export "drop") (param i32) (global.set $dropped (i32.add (global.get $dropped) (local.get 0))))
      (func (export "dropped") (result i32) (global.get $dropped)))
    (core instance $dtor (instantiate $dtor))
    (type $own-r (resource (rep i32) (dtor (core func $dtor "drop"))))
    (core func $new (canon resource.new $own-r))
    (core module $m
      (import "" "new" (func $new (param i32) (result i32)))
      (func (export "make") (param i32) (result i32) (call $new (local.get 0)))
      (func (export "get") (param i32) (result i32)
        (if (i32.eqz (local.get 0)) (then unreachable))
        (local.get 0)))
    (core instance $m (instantiate $m (with "" (instance (export "new" (func $new))))))
    (export $r "r" (type $own-r))
    (func (export "[constructor]r") (param "n" u32) (result (own $r)) (canon lift (core func $m "make")))
    (func (export "[method]r.get") (param "self" (borrow $r)) (result u32) (canon lift (core func $m "get")))
    (func (export "dropped") (result u32) (canon lift (core func $dtor "dropped"))))"#;

/// Makes a resource, asks it, and keeps it or drops it.
const USES_RESOURCES: &str = r#"(component $uses
    (import "lib" (instance $lib
      (export "r" (type $r (sub resource)))
      (export "[constructor]r" (func (param "n" u32) (result (own $r))))
      (export "[method]r.get" (func (param "self" (borrow $r)) (result u32)))))
    (alias export $lib "r" (type $r))
    (core func $make (canon lower (func $lib "[constructor]r")))
    (core func $get (canon lower (func $lib "[method]r.get")))
    (core func $drop (canon resource.drop $r))
    (core module $m
      (import "" "make" (func $make (param i32) (result i32)))
      (import "" "get" (func $get (param i32) (result i32)))
      (import "" "drop" (func $drop (param i32)))
      (func (export "keep") (param i32) (result i32) (call $make (local.get 0)))
      (func (export "get") (param i32) (result i32) (call $get (local.get 0)))
      (func (export "drop") (param i32) (call $drop (local.get 0)))
      (func (export "once") (param i32) (result i32) (local $h i32)
        (local.set $h (call $make (local.get 0)))
        (call $get (local.get $h))
        (call $drop (local.get $h))))
    (core instance $i (instantiate $m (with "" (instance
      (export "make" (func $make)) (export "get" (func $get)) (export "drop" (func $drop))))))
    (func (export "keep") (param "n" u32) (result u32) (canon lift (core func $i "keep")))
    (func (export "get") (param "h" u32) (result u32) (canon lift (core func $i "get")))
    (func (export "drop") (param "h" u32) (canon lift (core func $i "drop")))
    (func (export "once") (param "n" u32) (result u32) (canon lift (core func $i "once"))))"#;

#[test]
fn resources_pass_through_links() {
    in_both_ways(|| {
        let mut store = Store::new(engine(), ());
        let mut linker = Linker::new(engine());
        let lib = linker.instantiate(&mut store, &component(RESOURCES)).unwrap();
        linker.root().define_instance(&store, "lib", lib).unwrap();
        let uses = component(USES_RESOURCES);
        let [a, b] = [(); 2].map(|()| linker.instantiate(&mut store, &uses).unwrap());
        let number = |store: &mut Store<()>, instance, name, n| match call(store, instance, name, &[Val::U32(n)]) {
            Ok(Some(Val::U32(n))) => n,
            other => panic!("{name}({n}): {other:?}"),
        };
        // Each has a table of its own, whose first index is 1.
        assert_eq!(number(&mut store, a, "once", 40), 40);
        for (instance, n) in [(a, 50), (b, 60)] {
            assert_eq!(number(&mut store, instance, "keep", n), 1);
            assert_eq!(number(&mut store, instance, "get", 1), n);
        }
        assert_eq!(call(&mut store, lib, "dropped", &[]).unwrap(), Some(Val::U32(40)));
        let error = call(&mut store, a, "get", &[Val::U32(2)]).unwrap_err();
        assert_eq!(trap_code(&error), Some(TrapCode::UnknownHandle), "{error}");
    });
}

#[test]
fn a_destructor_in_a_locked_instance_traps() {
    in_both_ways(|| {
        let mut store = Store::new(engine(), ());
        let mut linker = Linker::new(engine());
        let lib = linker.instantiate(&mut store, &component(RESOURCES)).unwrap();
        linker.root().define_instance(&store, "lib", lib).unwrap();
        let uses = component(USES_RESOURCES);
        let [a, b] = [(); 2].map(|()| linker.instantiate(&mut store, &uses).unwrap());
        for (instance, n) in [(a, 7), (a, 8), (b, 0)] {
            call(&mut store, instance, "keep", &[Val::U32(n)]).unwrap();
        }
        call(&mut store, a, "drop", &[Val::U32(1)]).unwrap();
        assert_eq!(call(&mut store, lib, "dropped", &[]).unwrap(), Some(Val::U32(7)));
        let error = call(&mut store, b, "get", &[Val::U32(1)]).unwrap_err();
        assert_eq!(trap_code(&error), Some(TrapCode::Unreachable), "{error}");
        let error = call(&mut store, a, "drop", &[Val::U32(2)]).unwrap_err();
        assert_eq!(trap_code(&error), Some(TrapCode::CannotEnter), "{error}");
    });
}

#[test]
fn each_instance_has_its_own_resource_types() {
    in_both_ways(|| {
        let lib = component(RESOURCES);
        let mut store = Store::new(engine(), ());
        let mut linker = Linker::new(engine());
        let [one, two] = [(); 2].map(|()| linker.instantiate(&mut store, &lib).unwrap());
        let mut names = linker.instance("lib").unwrap();
        let make = one.get_func(&mut store, "[constructor]r").unwrap();
        names.define_func(&store, "[constructor]r", make).unwrap();
        linker.instance("two").unwrap().define_exports(&store, two).unwrap();
        // The resource type of one, and a function of the other.
        linker.root().define_instance(&store, "one", one).unwrap();
        let text = USES_RESOURCES.replace(r#"(import "lib""#, r#"(import "mixed""#);
        let mut mixed = linker.instance("mixed").unwrap();
        mixed.define_exports(&store, one).unwrap();
        linker.allow_shadowing(true);
        let get = two.get_func(&mut store, "[method]r.get").unwrap();
        linker.instance("mixed").unwrap().define_func(&store, "[method]r.get", get).unwrap();
        let error = linker.instantiate_pre(&component(&text)).expect_err("types differ").to_string();
        assert!(error.starts_with("import \"mixed\": function \"[method]r.get\": its type is "), "{error}");
    });
}

#[test]
fn instances_and_modules_are_handed_on() {
    in_both_ways(|| {
        let lib = component(
            r#"(component $lib
          (core module $m (func (export "one") (result i32) (i32.const 1)))
          (core instance $i (instantiate $m))
          (func $one (result u32) (canon lift (core func $i "one")))
          (instance $inner (export "one" (func $one)) (export "code" (core module $m)))
          (export "a:b/c@1.2.0" (instance $inner)))"#,
        );
        let user = component(
            r#"(component $user
          (import "a:b/c@1.0.0" (instance $lib
            (export "one" (func (result u32)))
            (export "code" (core module (export "one" (func (result i32)))))))
          (alias export $lib "code" (core module $code))
          (core instance $i (instantiate $code))
          (func (export "mine") (result u32) (canon lift (core func $i "one")))
          (export "theirs" (func $lib "one")))"#,
        );
        let mut store = Store::new(engine(), ());
        let mut linker = Linker::new(engine());
        let lib = linker.instantiate(&mut store, &lib).unwrap();
        linker.root().define_exports(&store, lib).unwrap();
        let user = linker.instantiate(&mut store, &user).unwrap();
        for name in ["mine", "theirs"] {
            assert_eq!(call(&mut store, user, name, &[]).unwrap(), Some(Val::U32(1)), "{name}");
        }
        // What passes a function on can be linked, too.
        linker.root().define_instance(&store, "user", user).unwrap();
        let text = r#"(component
      (import "user" (instance $user (export "theirs" (func (result u32)))))
      (core func $f (canon lower (func $user "theirs")))
      (core module $m (import "" "f" (func $f (result i32))) (func (export "g") (result i32) (call $f)))
      (core instance $i (instantiate $m (with "" (instance (export "f" (func $f))))))
      (func (export "g") (result u32) (canon lift (core func $i "g"))))"#;
        let last = linker.instantiate(&mut store, &component(text)).unwrap();
        assert_eq!(call(&mut store, last, "g", &[]).unwrap(), Some(Val::U32(1)));
        let error = format!("{:#}", linker.root().define_exports(&store, lib).unwrap_err());
        assert_eq!(error, "`a:b/c@1.2.0` is already defined as an instance");
    });
}

#[test]
fn functions_of_other_types_and_stores_are_told() {
    in_both_ways(|| {
        let mut store = Store::new(engine(), ());
        let mut linker = Linker::new(engine());
        let service = linker.instantiate(&mut store, &service("")).unwrap();
        let next = service.get_func(&mut store, "next").unwrap();
        linker.root().define_func(&store, "other", next).unwrap();
        let error = linker.instantiate_pre(&counter()).expect_err("types differ").to_string();
        assert_eq!(
            error,
            "import \"other\" (function): its type is func(n: u32) -> u32, but the function's is func(c: char) -> char"
        );
        // A slot compares when it is filled, with what has been made.
        let mut slotted = Linker::new(engine());
        let slot = slotted.instance("in").unwrap().func_slot("other").unwrap();
        slotted.instance("in").unwrap().alias("other", "again").unwrap();
        let text = r#"(component (import "in" (instance $in (export "other" (func (param "n" u32)))))
      (core func $f (canon lower (func $in "other"))))"#;
        slotted.instantiate(&mut store, &component(text)).unwrap();
        let error = format!("{:#}", slot.set(&store, next).unwrap_err());
        assert_eq!(error, "import `in#other`: its type is func(n: u32), but the function's is func(c: char) -> char");
        // Another store.
        let mut other = Store::new(engine(), ());
        let mut linker = Linker::new(engine());
        linker.root().define_instance(&store, "service", service).unwrap();
        let error = format!("{:#}", linker.instantiate(&mut other, &program()).unwrap_err());
        assert_eq!(error, "a component was linked with an instance of another store");
        let theirs = Linker::new(engine()).instantiate(&mut other, &self::service("")).unwrap();
        let mut mixed = Linker::new(engine());
        let mut names = mixed.instance("service").unwrap();
        names.define_exports(&store, service).unwrap();
        mixed.allow_shadowing(true);
        let fail = theirs.get_func(&mut other, "fail").unwrap();
        mixed.instance("service").unwrap().define_func(&other, "fail", fail).unwrap();
        let error = mixed.instantiate_pre(&program()).expect_err("stores differ").to_string();
        assert_eq!(error, "import \"service\": function \"fail\": it is of another store than other imports");
    });
}

#[test]
fn an_instance_takes_a_function_of_itself_through_a_module_of_the_host() {
    in_both_ways(|| {
        // Links, modules and host functions in one linker.
        let mut store = Store::new(engine(), ());
        let mut linker = Linker::new(engine());
        let module = Module::new(engine(), r#"(module (func (export "two") (result i32) (i32.const 2)))"#).unwrap();
        linker.root().module("code", &module).unwrap();
        linker.root().func_wrap("host", |_, (): ()| Ok((3_u32,))).unwrap();
        let slot = linker.root().func_slot("self").unwrap();
        let text = r#"(component
      (import "code" (core module $code (export "two" (func (result i32)))))
      (import "host" (func $host (result u32)))
      (import "self" (func $self (result u32)))
      (core instance $code (instantiate $code))
      (core func $host (canon lower (func $host)))
      (core func $self (canon lower (func $self)))
      (core module $m
        (import "" "two" (func $two (result i32)))
        (import "" "host" (func $host (result i32)))
        (import "" "self" (func $self (result i32)))
        (func (export "small") (result i32) (i32.mul (call $two) (call $host)))
        (func (export "large") (result i32) (i32.mul (call $self) (call $self))))
      (core instance $i (instantiate $m (with "" (instance
        (export "two" (func $code "two")) (export "host" (func $host)) (export "self" (func $self))))))
      (func (export "small") (result u32) (canon lift (core func $i "small")))
      (func (export "large") (result u32) (canon lift (core func $i "large"))))"#;
        let instance = linker.instantiate(&mut store, &component(text)).unwrap();
        let small = instance.get_func(&mut store, "small").unwrap();
        slot.set(&store, small).unwrap();
        assert_eq!(call(&mut store, instance, "large", &[]).unwrap(), Some(Val::U32(36)));
    });
}

/// A component that passes a list back, through a component within it, so that its flags are not the first of its root.
fn echo(name: &str, ty: &str) -> Component {
    component(&format!(
        r#"(component ${name}
          (import "host" (func $host))
          (component $inner
            (import "host" (func $host))
            (core func $host (canon lower (func $host)))
            (core module $libc
              (import "" "host" (func $host))
              (memory (export "mem") 1)
              (global $next (mut i32) (i32.const 1024))
              (global $calls (export "calls") (mut i32) (i32.const 0))
              (func (export "realloc") (param i32 i32 i32 i32) (result i32)
                (if (global.get $calls) (then (call $host)))
                (global.set $next (i32.and (i32.add (global.get $next) (i32.sub (local.get 2) (i32.const 1)))
                                           (i32.sub (i32.const 0) (local.get 2))))
                (memory.copy (global.get $next) (local.get 0) (local.get 1))
                (global.get $next)
                (global.set $next (i32.add (global.get $next) (local.get 3)))))
            (core instance $libc (instantiate $libc (with "" (instance (export "host" (func $host))))))
            (core module $m
              (import "libc" "mem" (memory 1))
              (import "libc" "calls" (global $calls (mut i32)))
              (func (export "echo") (param i32 i32) (result i32)
                (i32.store (i32.const 8) (local.get 0))
                (i32.store (i32.const 12) (local.get 1))
                (i32.const 8))
              (func (export "call-host") (global.set $calls (i32.const 1))))
            (core instance $m (instantiate $m (with "libc" (instance $libc))))
            {ty}
            (func (export "echo") (param "x" $t) (result $t)
              (canon lift (core func $m "echo") (memory (core memory $libc "mem")) (realloc (core func $libc "realloc"))))
            (func (export "call-host") (canon lift (core func $m "call-host"))))
          (instance $i (instantiate $inner (with "host" (func $host))))
          (export "echo" (func $i "echo"))
          (export "call-host" (func $i "call-host")))"#
    ))
}

/// A component that hands a list on to `echo`, and its result back.
fn relay(ty: &str) -> Component {
    component(&format!(
        r#"(component $relay
          (import "host" (func $host))
          {ty}
          (import "echo" (func $echo (param "x" $t) (result $t)))
          (component $inner
            (alias outer $relay $t (type $t))
            (import "host" (func $host))
            (import "echo" (func $echo (param "x" $t) (result $t)))
            (core func $host (canon lower (func $host)))
            (core module $libc
              (import "" "host" (func $host))
              (memory (export "mem") 1)
              (global $next (mut i32) (i32.const 1024))
              (global $calls (export "calls") (mut i32) (i32.const 0))
              (func (export "realloc") (param i32 i32 i32 i32) (result i32)
                (if (global.get $calls) (then (call $host)))
                (global.set $next (i32.and (i32.add (global.get $next) (i32.sub (local.get 2) (i32.const 1)))
                                           (i32.sub (i32.const 0) (local.get 2))))
                (memory.copy (global.get $next) (local.get 0) (local.get 1))
                (global.get $next)
                (global.set $next (i32.add (global.get $next) (local.get 3)))))
            (core instance $libc (instantiate $libc (with "" (instance (export "host" (func $host))))))
            (core func $echo (canon lower (func $echo) string-encoding=utf16
              (memory (core memory $libc "mem")) (realloc (core func $libc "realloc"))))
            (core module $m
              (import "" "echo" (func $echo (param i32 i32 i32)))
              (import "libc" "calls" (global $calls (mut i32)))
              (func (export "go") (param i32 i32) (result i32)
                (call $echo (local.get 0) (local.get 1) (i32.const 8))
                (i32.const 8))
              (func (export "go-calling") (param i32 i32) (result i32)
                (global.set $calls (i32.const 1))
                (call $echo (local.get 0) (local.get 1) (i32.const 8))
                (i32.const 8)))
            (core instance $m (instantiate $m
              (with "" (instance (export "echo" (func $echo)))) (with "libc" (instance $libc))))
            (func (export "go") (param "x" $t) (result $t) (canon lift (core func $m "go") string-encoding=utf16
              (memory (core memory $libc "mem")) (realloc (core func $libc "realloc"))))
            (func (export "go-calling") (param "x" $t) (result $t)
              (canon lift (core func $m "go-calling") string-encoding=utf16
                (memory (core memory $libc "mem")) (realloc (core func $libc "realloc")))))
          (instance $i (instantiate $inner (with "host" (func $host)) (with "echo" (func $echo))))
          (export "go" (func $i "go"))
          (export "go-calling" (func $i "go-calling")))"#
    ))
}

/// An `echo` and a `relay` to it.
fn relayed(store: &mut Store<()>, ty: &str) -> (Instance, Instance) {
    let mut linker = Linker::new(engine());
    linker.root().func_wrap("host", |_, (): ()| Ok(())).unwrap();
    let echo = linker.instantiate(&mut *store, &echo("echo", ty)).unwrap();
    let func = echo.get_func(&mut *store, "echo").unwrap();
    linker.root().define_func(&*store, "echo", func).unwrap();
    let relay = linker.instantiate(&mut *store, &relay(ty)).unwrap();
    (echo, relay)
}

#[test]
fn lists_of_all_sorts_pass_back_and_forth() {
    in_both_ways(|| {
        let some = |n: u32| Val::Option(Some(Box::new(Val::U32(n))));
        let text = |text: &str| Val::String(text.into());
        let types: &[(&str, Vec<Val>)] = &[
            ("(type $t (list u8))", (0..200).map(Val::U8).collect()),
            ("(type $t (list string))", vec![text("né"), text(""), text("𝄞 and more")]),
            (
                "(type $e (tuple string (option u32) char)) (type $t (list $e))",
                vec![
                    Val::Tuple(vec![text("a"), some(7), Val::Char('☃')]),
                    Val::Tuple(vec![text("b"), Val::Option(None), Val::Char('x')]),
                ],
            ),
            (
                "(type $r (result u64 (error string))) (type $t (list $r))",
                vec![
                    Val::Result(Ok(Some(Box::new(Val::U64(u64::MAX))))),
                    Val::Result(Err(Some(Box::new(text("wrong"))))),
                ],
            ),
            ("(type $l (list s16)) (type $t (list $l))", vec![Val::List(vec![Val::S16(-1)]), Val::List(Vec::new())]),
        ];
        for (ty, items) in types {
            let mut store = Store::new(engine(), ());
            let (_, relay) = relayed(&mut store, ty);
            let list = Val::List(items.clone());
            assert_eq!(call(&mut store, relay, "go", std::slice::from_ref(&list)).unwrap(), Some(list), "{ty}");
        }
    });
}

#[test]
fn an_instance_passes_texts_to_itself() {
    in_both_ways(|| {
        let text = format!(
            r#"(component $self
              (import "self" (func $self (param "text" string) (result string)))
              {LIBC}
              (core func $self (canon lower (func $self) (memory $mem) (realloc $realloc)))
              (core module $m
                (import "libc" "mem" (memory 1))
                (import "" "self" (func $self (param i32 i32 i32)))
                (func (export "same") (param i32 i32) (result i32)
                  (i32.store (i32.const 8) (local.get 0))
                  (i32.store (i32.const 12) (local.get 1))
                  (i32.const 8))
                (func (export "twice") (param i32 i32) (result i32)
                  (call $self (local.get 0) (local.get 1) (i32.const 16))
                  (call $self (i32.load (i32.const 16)) (i32.load (i32.const 20)) (i32.const 24))
                  (i32.const 24)))
              (core instance $i (instantiate $m
                (with "libc" (instance $libc)) (with "" (instance (export "self" (func $self))))))
              (func (export "same") (param "text" string) (result string)
                (canon lift (core func $i "same") (memory $mem) (realloc $realloc)))
              (func (export "twice") (param "text" string) (result string)
                (canon lift (core func $i "twice") (memory $mem) (realloc $realloc))))"#
        );
        let component = component(&text);
        let mut store = Store::new(engine(), ());
        let mut linker = Linker::new(engine());
        let slot = linker.root().func_slot("self").unwrap();
        let first = linker.instantiate(&mut store, &component).unwrap();
        let same = first.get_func(&mut store, "same").unwrap();
        slot.set(&store, same).unwrap();
        // The second has an adapter to the first, which calls itself by way of the host.
        let second = linker.instantiate(&mut store, &component).unwrap();
        for instance in [first, second] {
            let said = call(&mut store, instance, "twice", &[Val::String("né".into())]).unwrap();
            assert_eq!(said, Some(Val::String("né".into())));
        }
    });
}

#[test]
fn allocators_on_either_side_may_not_leave() {
    in_both_ways(|| {
        let ty = "(type $t (list string))";
        let list = Val::List(vec![Val::String("a".into())]);
        // The callee's allocator calls the host.
        let mut store = Store::new(engine(), ());
        let (echo, relay) = relayed(&mut store, ty);
        call(&mut store, echo, "call-host", &[]).unwrap();
        let error = call(&mut store, relay, "go", std::slice::from_ref(&list)).unwrap_err();
        assert_eq!(trap_code(&error), Some(TrapCode::CannotLeave), "{error}");
        // The caller's, while the result is lowered.
        let mut store = Store::new(engine(), ());
        let (echo, relay) = relayed(&mut store, ty);
        let error = call(&mut store, relay, "go-calling", std::slice::from_ref(&list)).unwrap_err();
        assert_eq!(trap_code(&error), Some(TrapCode::CannotLeave), "{error}");
        for (instance, name) in [(echo, "call-host"), (relay, "go")] {
            let args = if instance == relay { std::slice::from_ref(&list) } else { &[] };
            let error = call(&mut store, instance, name, args).unwrap_err();
            assert_eq!(trap_code(&error), Some(TrapCode::CannotEnter), "{name}");
        }
    });
}

#[test]
fn types_too_large_for_an_adapter_are_relayed() {
    in_both_ways(|| {
        // A tuple of 2^n bytes is 2^(n+1) - 1 parts.
        for (levels, adapter) in [(4, true), (13, false)] {
            let mut ty = "(type $t0 (tuple u8 u8))".to_string();
            let mut value = Val::Tuple(vec![Val::U8(1), Val::U8(2)]);
            for level in 1..levels {
                let inner = level - 1;
                ty.push_str(&format!("(type $t{level} (tuple $t{inner} $t{inner}))"));
                value = Val::Tuple(vec![value; 2]);
            }
            ty.push_str(&format!("(type $t (list $t{}))", levels - 1));
            let mut store = Store::new(engine(), ());
            let (echo, relay) = relayed(&mut store, &ty);
            let list = Val::List(vec![value]);
            assert_eq!(call(&mut store, relay, "go", std::slice::from_ref(&list)).unwrap(), Some(list.clone()));
            call(&mut store, echo, "call-host", &[]).unwrap();
            let error = call(&mut store, relay, "go", &[list]).unwrap_err();
            let has = WasmBacktrace::of(&error)
                .expect("a guest was running")
                .frames()
                .iter()
                .any(|frame| frame.module == "adapters");
            assert_eq!(has, adapter && ADAPTERS.get(), "{levels}: {error}");
        }
    });
}

#[test]
fn adapters_of_links_stand_in_backtraces_where_they_are() {
    for adapters in [true, false] {
        ADAPTERS.set(adapters);
        let mut store = Store::new(engine(), ());
        let (_, programs) = linked(&mut store, &service(""), 1);
        let error = call(&mut store, programs[0], "fail", &[]).unwrap_err();
        let has = WasmBacktrace::of(&error)
            .expect("a guest was running")
            .frames()
            .iter()
            .any(|frame| frame.module == "adapters");
        assert_eq!(has, adapters, "{error}");
    }
}
