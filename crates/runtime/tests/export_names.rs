//! Exports are found by the names that people give them, where they can mean one thing only; an error lists what there is.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::{Component, Engine, ExportPath, Instance, Linker, Store};

/// Each function returns its own number.
const TEXT: &str = r#"(component
  (core module $m
    (func (export "1") (result i32) (i32.const 1))
    (func (export "2") (result i32) (i32.const 2))
    (func (export "3") (result i32) (i32.const 3))
    (func (export "4") (result i32) (i32.const 4))
    (func (export "5") (result i32) (i32.const 5))
    (func (export "6") (result i32) (i32.const 6))
    (func (export "7") (result i32) (i32.const 7))
    (func (export "take") (param i32)))
  (core instance $i (instantiate $m))
  (func $f1 (result u32) (canon lift (core func $i "1")))
  (func $f2 (result u32) (canon lift (core func $i "2")))
  (func $f3 (result u32) (canon lift (core func $i "3")))
  (func $f4 (result u32) (canon lift (core func $i "4")))
  (func $f5 (result u32) (canon lift (core func $i "5")))
  (func $f6 (result u32) (canon lift (core func $i "6")))
  (component $counters
    (core module $m
      (func (export "one") (result i32) (i32.const 1))
      (func (export "next") (param i32) (result i32) (i32.const 7)))
    (core instance $i (instantiate $m))
    (type $r (resource (rep i32)))
    (export $counter "counter" (type $r))
    (core func $new (canon resource.new $r))
    (core module $n
      (import "" "new" (func $new (param i32) (result i32)))
      (func (export "new") (result i32) (call $new (i32.const 1))))
    (core instance $n (instantiate $n (with "" (instance (export "new" (func $new))))))
    (func (export "[constructor]counter") (result (own $counter)) (canon lift (core func $n "new")))
    (func (export "[method]counter.next") (param "self" (borrow $counter)) (result u32)
      (canon lift (core func $i "next")))
    (func (export "[static]counter.largest") (result u32) (canon lift (core func $i "one"))))
  (instance $counters (instantiate $counters))
  (instance $parse (export "words" (func $f1)) (export "lines" (func $f2)) (export "run" (func $f3)))
  (instance $old (export "words" (func $f4)))
  (instance $render (export "lines" (func $f5)) (export "code" (core module $m)))
  (export "docs:text/parse@0.2.1" (instance $parse))
  (export "docs:old/parse@1.0.0" (instance $old))
  (export "docs:text/render" (instance $render))
  (export "docs:text/counters@0.1.0" (instance $counters))
  (export "run" (func $f6)))"#;

fn instance() -> (Store<()>, Instance) {
    let engine = Engine::default();
    let component = Component::new(&engine, TEXT).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine).instantiate(&mut store, &component).unwrap();
    (store, instance)
}

/// What the function that `path` means returns.
fn number(path: impl ExportPath) -> Option<u32> {
    let (mut store, instance) = instance();
    let func = instance.get_func(&mut store, path)?;
    Some(func.typed::<(), (u32,)>(&store).unwrap().call(&mut store, ()).unwrap().0)
}

fn error(path: impl ExportPath) -> String {
    let (mut store, instance) = instance();
    let error = instance.get_typed_func::<(), (u32,)>(&mut store, &path).expect_err("there is none").to_string();
    assert!(instance.get_func(&mut store, &path).is_none());
    let listed = instance.component(&store).find_func(&path).expect_err("there is none").to_string();
    assert_eq!(listed, error);
    error
}

#[test]
fn names_are_taken_as_people_give_them() {
    let cases = [
        // The very name.
        ("docs:text/parse@0.2.1#words", 1),
        ("docs:old/parse@1.0.0#words", 4),
        ("docs:text/render#lines", 5),
        // A compatible version.
        ("docs:text/parse@0.2.9#words", 1),
        ("docs:old/parse@1.7.0#words", 4),
        // No version, or one where there is none.
        ("docs:text/parse#words", 1),
        ("docs:old/parse#words", 4),
        ("docs:text/render@3.0.0#lines", 5),
        // The interface's short name.
        ("render#lines", 5),
        ("parse#lines", 2),
        ("parse@0.2.1#words", 1),
        ("parse@1.0.0#words", 4),
        // What is between them.
        ("docs:text/parse@0.2.1/words", 1),
        ("docs:text/parse@0.2.1.words", 1),
        ("docs:text/parse/words", 1),
        ("parse.lines", 2),
        ("render/lines", 5),
        // What a root function is called too: the very name wins.
        ("run", 6),
        ("parse#run", 3),
        // The name alone, and without what it is.
        ("[static]counter.largest", 1),
        ("counter.largest", 1),
        ("counters#counter.largest", 1),
        ("counters.counter.largest", 1),
    ];
    for (name, expected) in cases {
        assert_eq!(number(name), Some(expected), "{name}");
    }
}

#[test]
fn a_name_that_can_mean_several_or_none_means_none() {
    for name in ["words", "lines", "parse#words", "docs:text/parse@0.3.0#words", "text/parse#words", "#words", "", "#"]
    {
        assert_eq!(number(name), None, "{name}");
    }
    // The names in an array are the very names.
    assert_eq!(number(["docs:text/parse@0.2.1", "words"]), Some(1));
    assert_eq!(number(["docs:text/parse@0.2.7", "words"]), Some(1));
    assert_eq!(number(["parse", "lines"]), None);
    assert_eq!(number(["counter.largest"]), None);
}

#[test]
fn methods_and_constructors_are_found_by_the_resource() {
    let (mut store, instance) = instance();
    let func = |store: &mut Store<()>, name: &str| instance.get_func(store, name).expect(name);
    let constructor = func(&mut store, "docs:text/counters@0.1.0#[constructor]counter");
    assert_eq!(func(&mut store, "counter"), constructor);
    assert_eq!(func(&mut store, "counters#counter"), constructor);
    assert_eq!(func(&mut store, "counter.next"), func(&mut store, "[method]counter.next"));
    // A resource type has the same name.
    let ty = instance.get_resource(&mut store, "docs:text/counters@0.1.0#counter");
    assert!(ty.is_some());
    for name in ["counter", "counters#counter", "counters.counter", "docs:text/counters#counter"] {
        assert_eq!(instance.get_resource(&mut store, name), ty, "{name}");
    }
}

#[test]
fn modules_are_found_the_same_way() {
    let (store, instance) = instance();
    let component = instance.component(&store);
    for name in ["docs:text/render#code", "render#code", "code", "render.code"] {
        assert!(instance.get_module(&store, name).is_some(), "{name}");
        assert!(component.get_module(name).is_some(), "{name}");
    }
    assert!(component.get_module("lines").is_none());
}

#[test]
fn an_error_lists_what_there_is_the_nearest_first() {
    let all = [
        "docs:text/parse@0.2.1#words: func() -> u32",
        "docs:text/parse@0.2.1#lines: func() -> u32",
        "docs:text/parse@0.2.1#run: func() -> u32",
        "docs:old/parse@1.0.0#words: func() -> u32",
        "docs:text/render#lines: func() -> u32",
        "docs:text/counters@0.1.0#[constructor]counter: func() -> own<counter>",
        "docs:text/counters@0.1.0#[method]counter.next: func(self: borrow<counter>) -> u32",
        "docs:text/counters@0.1.0#[static]counter.largest: func() -> u32",
        "run: func() -> u32",
    ];
    let near = [
        ("wrods", "docs:text/parse@0.2.1#words", 0),
        ("docs:text/parse@0.3.1#words", "docs:text/parse@0.2.1#words", 0),
        ("docs:text/render#liness", "docs:text/render#lines", 4),
        ("rendr#lines", "docs:text/render#lines", 4),
        ("counter.nxet", "docs:text/counters@0.1.0#[method]counter.next", 6),
        ("something:else/entirely@9.0.0#largest-counter.run", "", 0),
        ("something:else/entirely@9.0.0#run", "docs:text/parse@0.2.1#run", 2),
    ];
    for (name, meant, at) in near {
        let mut lines = all;
        lines[..=at].rotate_right(1);
        let guess = if meant.is_empty() { String::new() } else { format!(" (did you mean `{meant}`?)") };
        let expected =
            format!("no exported function is called `{name}`{guess}; the component exports\n  {}", lines.join("\n  "));
        assert_eq!(error(name), expected);
    }
    assert_eq!(
        error(["parse", "lines"]).lines().next(),
        Some(
            "no exported function is called `parse#lines` (did you mean `docs:text/parse@0.2.1#lines`?); the component exports"
        )
    );
}

#[test]
fn an_error_says_what_else_a_name_can_mean() {
    assert_eq!(
        error("lines"),
        "`lines` is ambiguous; it can mean\n  docs:text/parse@0.2.1#lines: func() -> u32\n  \
         docs:text/render#lines: func() -> u32"
    );
    assert_eq!(
        error("render"),
        "`render` is an instance, not a function; it exports\n  docs:text/render#lines: func() -> u32"
    );
    assert_eq!(
        error("docs:old/parse@1.0.0"),
        "`docs:old/parse@1.0.0` is an instance, not a function; it exports\n  docs:old/parse@1.0.0#words: func() -> u32"
    );
}

#[test]
fn a_list_of_many_exports_is_cut() {
    let funcs: String = (0..2000).map(|n| format!(r#"(export "f{n}" (func $f))"#)).collect();
    let text = format!(
        r#"(component (core module $m (func (export "f"))) (core instance $i (instantiate $m))
            (func $f (canon lift (core func $i "f"))) {funcs})"#
    );
    let component = Component::new(&Engine::default(), text).unwrap();
    assert_eq!(component.find_func("f12").unwrap().name(), "f12");
    let error = component.find_func("f-12").expect_err("there is none").to_string();
    let listed: String = (0..20).filter(|n| *n != 12).map(|n| format!("\n  f{n}: func()")).collect();
    let first = "no exported function is called `f-12` (did you mean `f12`?); the component exports\n  f12: func()";
    assert_eq!(error, format!("{first}{listed}\n  and 1980 more"));
}

#[test]
fn a_component_without_such_exports_says_so() {
    let component = Component::new(&Engine::default(), "(component)").unwrap();
    let error = component.find_func("add").expect_err("there is none").to_string();
    assert_eq!(error, "no exported function is called `add`; the component exports no functions");
}
