//! Core modules that a component imports: instantiated by it, passed on within it, exported again; and which modules may stand
//! for an import.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::core::Module;
use gusset::{Component, Engine, LinkError, Linker, Store, Trap, TrapCode};
use std::sync::OnceLock;

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(Engine::default)
}

fn component(text: &str) -> Component {
    Component::new(engine(), text).unwrap_or_else(|error| panic!("{error:?}"))
}

fn module(text: &str) -> Module {
    Module::new(engine(), text).unwrap_or_else(|error| panic!("{error:?}"))
}

/// A linker in which `m` of the instance `host` is a module.
fn linker(text: &str) -> Linker<()> {
    let mut linker = Linker::new(engine());
    linker.instance("host").unwrap().module("m", &module(text)).unwrap();
    linker
}

/// What linking a component that imports `m` of `host` at this type says.
fn link(given: &str, ty: &str) -> Result<(), String> {
    let text = format!(r#"(component (import "host" (instance (export "m" (core module {ty})))))"#);
    match linker(given).instantiate_pre(&component(&text)) {
        Ok(_) => Ok(()),
        Err(error) => {
            assert!(error.is::<LinkError>(), "{error}");
            let text = error.to_string();
            let prefix = "import \"host\": core module \"m\": ";
            Err(text.strip_prefix(prefix).unwrap_or_else(|| panic!("{text}")).to_string())
        }
    }
}

/// Calls an exported function without parameters that returns a number.
fn call(store: &mut Store<()>, instance: gusset::Instance, path: &str) -> u32 {
    instance.get_typed_func::<(), (u32,)>(&mut *store, path).unwrap().call(store, ()).unwrap().0
}

const WHOLE: &str = r#"(module
  (import "env" "base" (global $base i32))
  (import "env" "twice" (func $twice (param i32) (result i32)))
  (memory (export "mem") 1)
  (func (export "unused") (param f64))
  (func (export "get") (result i32) (call $twice (i32.add (global.get $base) (i32.load (i32.const 0)))))
  (func (export "set") (param i32) (i32.store (i32.const 0) (local.get 0))))"#;

/// Its type declares imports and exports in another order, and imports that no module here wants.
const WHOLE_TYPE: &str = r#"(core module
  (export "set" (func (param i32)))
  (export "get" (func (result i32)))
  (import "env" "twice" (func (param i32) (result i32)))
  (import "other" "table" (table 1 funcref))
  (import "env" "base" (global i32))
  (export "mem" (memory 0)))"#;

#[test]
fn an_imported_module_is_instantiated_as_often_as_wanted() {
    let text = format!(
        r#"(component
          (import "host" (instance $host (export "m" {WHOLE_TYPE})))
          (alias export $host "m" (core module $m))
          (core module $env
            (global (export "base") i32 (i32.const 5))
            (table (export "table") 1 funcref)
            (func (export "twice") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2))))
          (core instance $env (instantiate $env))
          (core instance $a (instantiate $m (with "env" (instance $env)) (with "other" (instance $env))))
          (core instance $b (instantiate $m (with "env" (instance $env)) (with "other" (instance $env))))
          ;; A module of the component that imports what an imported one exports.
          (core module $uses
            (import "a" "get" (func $get (result i32)))
            (import "a" "mem" (memory 0))
            (func (export "sum") (result i32) (i32.add (call $get) (i32.load (i32.const 0)))))
          (core instance $uses (instantiate $uses (with "a" (instance $a))))
          (func (export "get-a") (result u32) (canon lift (core func $a "get")))
          (func (export "get-b") (result u32) (canon lift (core func $b "get")))
          (func (export "set-b") (param "n" u32) (canon lift (core func $b "set")))
          (func (export "set-a") (param "n" u32) (canon lift (core func $a "set")))
          (func (export "sum") (result u32) (canon lift (core func $uses "sum"))))"#
    );
    let mut store = Store::new(engine(), ());
    let instance = linker(WHOLE).instantiate(&mut store, &component(&text)).unwrap();
    for (name, value) in [("set-a", 1), ("set-b", 100)] {
        instance.get_typed_func::<(u32,), ()>(&mut store, name).unwrap().call(&mut store, (value,)).unwrap();
    }
    assert_eq!(call(&mut store, instance, "get-a"), 12);
    assert_eq!(call(&mut store, instance, "get-b"), 210);
    assert_eq!(call(&mut store, instance, "sum"), 13);
}

#[test]
fn an_imported_module_is_passed_on_and_exported() {
    let text = r#"(component
      (import "code" (core module $code (export "one" (func (result i32)))))
      (component $inner
        (import "given" (core module $given (export "one" (func (result i32)))))
        (core instance $i (instantiate $given))
        (func (export "one") (result u32) (canon lift (core func $i "one"))))
      ;; An outer alias, of a module that the root imports.
      (component $aliases
        (core instance $i (instantiate $code))
        (func (export "one") (result u32) (canon lift (core func $i "one"))))
      (core module $own (func (export "one") (result i32) (i32.const 7)) (memory (export "more") 1))
      (instance $a (instantiate $inner (with "given" (core module $code))))
      (instance $b (instantiate $inner (with "given" (core module $own))))
      (instance $c (instantiate $aliases))
      (export "a" (func $a "one"))
      (export "b" (func $b "one"))
      (export "c" (func $c "one"))
      (instance $both (export "imported" (core module $code)) (export "own" (core module $own)))
      (export "modules" (instance $both)))"#;
    let component = component(text);
    let mut linker = Linker::new(engine());
    let given = module(r#"(module $given (func (export "one") (result i32) (i32.const 1)))"#);
    linker.root().module("code", &given).unwrap();
    let mut store = Store::new(engine(), ());
    let instance = linker.instantiate(&mut store, &component).unwrap();
    for (name, value) in [("a", 1), ("b", 7), ("c", 1)] {
        assert_eq!(call(&mut store, instance, name), value, "{name}");
    }
    let exported = instance.get_module(&store, "modules#imported").expect("it is exported");
    assert_eq!(exported.name(), Some("given"));
    assert_eq!(instance.get_module(&store, "modules#own").expect("it is exported").exports().len(), 2);
    assert!(instance.get_module(&store, "a").is_none(), "a function is no module");
    assert!(component.get_module("modules#own").is_some());
    assert!(component.get_module("modules#imported").is_none(), "it is known of instances only");
}

#[test]
fn components_call_one_another_through_imported_modules() {
    // Strings between memories of imported modules: the adapter's memories and allocator are theirs.
    let text = r#"(component
      (import "libc" (core module $libc
        (export "mem" (memory 1))
        (export "realloc" (func (param i32 i32 i32 i32) (result i32)))))
      (component $lib
        (core instance $libc (instantiate $libc))
        (core module $m
          (import "libc" "mem" (memory 1))
          (func (export "first") (param i32 i32) (result i32) (i32.load8_u (local.get 0))))
        (core instance $m (instantiate $m (with "libc" (instance $libc))))
        (func (export "first") (param "s" string) (result u32)
          (canon lift (core func $m "first") (memory (core memory $libc "mem")) (realloc (core func $libc "realloc")))))
      (component $app
        (import "first" (func $first (param "s" string) (result u32)))
        (core instance $libc (instantiate $libc))
        (core func $first (canon lower (func $first) (memory (core memory $libc "mem"))))
        (core module $m
          (import "libc" "mem" (memory 1))
          (import "" "first" (func $first (param i32 i32) (result i32)))
          (data (i32.const 8) "xyz")
          (func (export "run") (param i32) (result i32) (call $first (local.get 0) (i32.const 2))))
        (core instance $m (instantiate $m
          (with "libc" (instance $libc)) (with "" (instance (export "first" (func $first))))))
        (func (export "run") (param "at" u32) (result u32) (canon lift (core func $m "run"))))
      (instance $lib (instantiate $lib))
      (instance $app (instantiate $app (with "first" (func $lib "first"))))
      (export "run" (func $app "run")))"#;
    let mut linker = Linker::new(engine());
    let libc = module(
        r#"(module (memory (export "mem") 1)
          (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 4096)))"#,
    );
    linker.root().module("libc", &libc).unwrap();
    let mut store = Store::new(engine(), ());
    let instance = linker.instantiate(&mut store, &component(text)).unwrap();
    let run = instance.get_typed_func::<(u32,), (u32,)>(&mut store, "run").unwrap();
    assert_eq!(run.call(&mut store, (9,)).unwrap(), (u32::from(b'y'),));
    let error = run.call(&mut store, (65_535,)).unwrap_err();
    assert_eq!(error.downcast_ref().map(Trap::code), Some(TrapCode::StringOutOfBounds), "{error}");
}

#[test]
fn a_module_may_import_less_and_export_more() {
    let ok = [
        (r#"(module)"#, r#""#),
        (r#"(module)"#, r#"(import "a" "b" (func))"#),
        (r#"(module (func (export "f")) (func (export "g")))"#, r#"(export "g" (func))"#),
        (r#"(module (import "a" "b" (func)))"#, r#"(import "a" "c" (func)) (import "a" "b" (func))"#),
        // Limits: exports may promise less, imports may be given more.
        (r#"(module (memory (export "m") 2 3))"#, r#"(export "m" (memory 1 4))"#),
        (r#"(module (memory (export "m") 2 3))"#, r#"(export "m" (memory 2))"#),
        (r#"(module (table (export "t") 1 funcref))"#, r#"(export "t" (table 0 funcref))"#),
        (r#"(module (import "" "m" (memory 1)))"#, r#"(import "" "m" (memory 2 5))"#),
        (r#"(module (import "" "t" (table 1 externref)))"#, r#"(import "" "t" (table 2 externref))"#),
    ];
    for (given, ty) in ok {
        assert_eq!(link(given, ty), Ok(()), "{given} as {ty}");
    }
    let wrong = [
        (r#"(module)"#, r#"(export "f" (func))"#, "module export `f` not defined"),
        (r#"(module (import "a" "b" (func)))"#, r#"(import "a" "c" (func))"#, "module import `a::b` not defined"),
        (
            r#"(module (func (export "f") (param i32)))"#,
            r#"(export "f" (func (param i64)))"#,
            "module export `f` has the wrong type: expected (func (param i64)), found (func (param i32))",
        ),
        (
            r#"(module (memory (export "f") 1))"#,
            r#"(export "f" (func))"#,
            "module export `f` has the wrong type: expected (func), found (memory 1)",
        ),
        (
            r#"(module (memory (export "m") 1))"#,
            r#"(export "m" (memory 2))"#,
            "module export `m` has the wrong type: expected (memory 2), found (memory 1)",
        ),
        (
            r#"(module (memory (export "m") 1))"#,
            r#"(export "m" (memory 1 2))"#,
            "module export `m` has the wrong type: expected (memory 1 2), found (memory 1)",
        ),
        (
            r#"(module (global (export "g") (mut i32) (i32.const 0)))"#,
            r#"(export "g" (global i32))"#,
            "module export `g` has the wrong type: expected (global i32), found (global (mut i32))",
        ),
        (
            r#"(module (table (export "t") 1 funcref))"#,
            r#"(export "t" (table 1 externref))"#,
            "module export `t` has the wrong type: expected (table 1 externref), found (table 1 funcref)",
        ),
        // What is imported goes the other way.
        (
            r#"(module (import "" "m" (memory 2)))"#,
            r#"(import "" "m" (memory 1))"#,
            "module import `::m` has the wrong type: expected (memory 2), found (memory 1)",
        ),
        (
            r#"(module (import "" "f" (func (result i32))))"#,
            r#"(import "" "f" (func))"#,
            "module import `::f` has the wrong type: expected (func (result i32)), found (func)",
        ),
    ];
    for (given, ty, error) in wrong {
        assert_eq!(link(given, ty), Err(error.to_string()), "{given} as {ty}");
    }
}

#[test]
fn modules_that_are_missing_or_something_else_are_told() {
    let text = r#"(component
      (import "a" (core module (import "x" "y" (global i32)) (export "f" (func (param i32)))))
      (import "b" (instance (export "inner" (instance (export "m" (core module))))))
      (import "c" (core module))
      (import "d" (func)))"#;
    let mut linker = Linker::<()>::new(engine());
    linker.root().func_wrap("c", |_, (): ()| Ok(())).unwrap();
    linker.root().module("d", &module("(module)")).unwrap();
    // A function can stand in for functions only.
    linker.define_unknown_imports_as_traps(&component(text)).unwrap();
    let error = linker.instantiate_pre(&component(text)).expect_err("modules are missing").to_string();
    let expected = [
        "4 imports are not met:",
        r#"  import "a" (core module) is missing: (module (import "x" "y" (global i32)) (export "f" (func (param i32))))"#,
        r#"  import "b" "inner": core module "m" is missing: (module)"#,
        r#"  import "c" (core module) is defined as a function"#,
        r#"  import "d" (function) is defined as a core module"#,
    ];
    assert_eq!(error.lines().collect::<Vec<_>>(), expected);
    let error = Linker::<()>::new(engine()).instantiate_pre(&component(text)).expect_err("all is missing").to_string();
    assert!(error.contains("\n  import \"b\" (instance) is missing: \"m\": (module)"), "{error}");
}

#[test]
fn a_module_of_another_engine_is_told() {
    let other = Module::new(&Engine::default(), "(module)").unwrap();
    let mut linker = Linker::<()>::new(engine());
    linker.root().module("m", &other).unwrap();
    let error = linker.instantiate_pre(&component(r#"(component (import "m" (core module)))"#)).err().unwrap();
    assert_eq!(error.to_string(), "import \"m\" (core module): the module is of another engine");
}

#[test]
fn many_instances_of_an_imported_module_are_refused() {
    let component = |instances: usize| {
        let instances = "(core instance (instantiate $m))".repeat(instances);
        let text = format!(
            r#"(component
              (import "m" (core module $m))
              (component $c (import "m" (core module $m)) {instances})
              (instance (instantiate $c (with "m" (core module $m))))
              (instance (instantiate $c (with "m" (core module $m)))))"#
        );
        Component::new(engine(), text)
    };
    component(2000).map(drop).unwrap();
    let error = component(2100).unwrap_err().to_string();
    assert!(error.contains("bytes of core instances"), "{error}");
}
