//! Small input that asks for much: an error within a moment.

use crate::common::translate;
use gusset_component::{TranslateError, TranslateErrorKind, validate};
use gusset_types::ComponentFeatures;
use std::fmt::Write;
use std::time::{Duration, Instant};

fn assert_limit(bytes: &[u8], what: &'static str) -> TranslateError {
    let start = Instant::now();
    let error = translate(bytes).expect_err("it is beyond a limit");
    assert_eq!(error.kind(), TranslateErrorKind::Limit(what), "{error}");
    assert!(error.offset().is_some(), "{error}");
    assert!(error.to_string().starts_with(&format!("too many {what}: the limit is ")), "{error}");
    assert!(start.elapsed() < Duration::from_secs(20), "it took {:?}", start.elapsed());
    error
}

/// A component that holds a component that holds a component ...
fn nested(levels: usize) -> Vec<u8> {
    const HEADER: [u8; 8] = [0, b'a', b's', b'm', 0x0d, 0, 1, 0];
    let mut bytes = HEADER.to_vec();
    for _ in 0..levels {
        let mut outer = HEADER.to_vec();
        outer.push(4);
        let mut size = bytes.len();
        loop {
            let byte = (size & 0x7f) as u8;
            size >>= 7;
            outer.push(if size == 0 { byte } else { byte | 0x80 });
            if size == 0 {
                break;
            }
        }
        outer.extend_from_slice(&bytes);
        bytes = outer;
    }
    bytes
}

#[test]
fn nested_components() {
    assert!(translate(&nested(100)).is_ok());
    assert!(validate(&nested(100), ComponentFeatures::default()).is_ok());
    let bytes = nested(10_000);
    assert_limit(&bytes, "levels of nested components");
    let error = validate(&bytes, ComponentFeatures::default()).unwrap_err();
    assert_eq!(error.kind(), TranslateErrorKind::Limit("levels of nested components"));
}

/// Components of which each instantiates the one before it `copies` times, `levels` deep; the innermost is `inner`.
fn tower(levels: usize, copies: usize, inner: &str) -> Vec<u8> {
    let mut text = format!("(component (component $c0 {inner})");
    for level in 1..=levels {
        let _ = write!(text, "(component $c{level} (alias outer 1 $c{} (component $c))", level - 1);
        text.push_str(&"(instance (instantiate $c))".repeat(copies));
        text.push(')');
    }
    let _ = write!(text, "(instance (instantiate $c{levels})))");
    wat::parse_str(text).expect("the text is well-formed")
}

#[test]
fn instances() {
    assert!(translate(&tower(10, 2, "")).is_ok());
    assert_limit(&tower(40, 2, ""), "component instances");
    assert_limit(&tower(200, 1, ""), "levels of nested component instances");
}

#[test]
fn core_instances() {
    let inner = format!("(core module $m) {}", "(core instance (instantiate $m))".repeat(1000));
    assert!(translate(&tower(5, 2, &inner)).is_ok());
    assert_limit(&tower(10, 2, &inner), "core instances");
}

/// A module is instantiated with few bytes, whatever an instance of it takes.
#[test]
fn bytes_of_core_instances() {
    let many = |what: &str| what.repeat(1000);
    for contents in [
        many("(global i32 (i32.const 0))"),
        many("(table 1 funcref)"),
        format!("(func $f) (elem func {})", many("$f ")),
        many("(func)"),
        many("(data)"),
        format!("(global i32 (i32.const 1) {})", many("(i32.const 1) i32.add ")),
        format!("(memory 10) (data (i32.const 0) \"{}\")", "x".repeat(9000)),
    ] {
        let inner = format!("(core module $m {contents}) {}", "(core instance (instantiate $m))".repeat(1000));
        let inner = |outer: usize| format!("(component $c0 {inner}) {}", "(instance (instantiate $c0))".repeat(outer));
        let wat = |outer| wat::parse_str(format!("(component {})", inner(outer))).expect("the text is well-formed");
        assert_limit(&wat(60), "bytes of core instances");
    }
    let once = "(core module (func) (data) (global i32 (i32.const 0))) (core instance (instantiate 0))";
    assert!(translate(&wat::parse_str(format!("(component {once})")).unwrap()).is_ok());
}

/// The validator compares all that a component or module imports and exports for each instance.
#[test]
fn items_of_instances() {
    let exports: String = (0..5000).map(|at| format!("(export \"t{at}\" (type $t))")).collect();
    let component =
        format!("(component (component $c (type $t u8) {exports}) {})", "(instance (instantiate $c))".repeat(1000));
    assert_limit(&wat::parse_str(component).expect("the text is well-formed"), "imports and exports of instances");
    let items: String = (0..5000).map(|at| format!("(export \"f{at}\" (func))")).collect();
    let argument = format!(
        "(component (import \"i\" (instance $i {items})) (component $c (import \"i\" (instance {items}))) {})",
        "(instance (instantiate $c (with \"i\" (instance $i))))".repeat(1000)
    );
    assert_limit(&wat::parse_str(argument).expect("the text is well-formed"), "imports and exports of instances");
    let items: String = (0..5000).map(|at| format!("(import \"i\" \"g{at}\" (global i32))")).collect();
    let provided: String = (0..5000).map(|at| format!("(global (export \"g{at}\") i32 (i32.const 0))")).collect();
    let core = format!(
        "(component (core module $p {provided}) (core module $m {items}) (core instance $p (instantiate $p)) {})",
        "(core instance (instantiate $m (with \"i\" (instance $p))))".repeat(1000)
    );
    assert_limit(&wat::parse_str(core).expect("the text is well-formed"), "imports and exports of instances");
}

#[test]
fn steps() {
    let inner = "(type u8)".repeat(2000);
    assert_limit(&tower(12, 2, &inner), "steps of instantiation");
}

/// Names are looked up each time that a definition is carried out: long ones count for more.
#[test]
fn long_names() {
    let name = "n".repeat(90_000);
    let inner = format!(
        r#"(instance $i) {}"#,
        (0..20).map(|n| format!(r#"(instance (export "{name}{n}" (instance $i)))"#)).collect::<String>()
    );
    assert!(translate(&tower(3, 2, &inner)).is_ok());
    assert_limit(&tower(12, 2, &inner), "steps of instantiation");
}

/// Instances of which each exports the one before it twice: a tree of 2^`levels` functions, in the type of an import or as an
/// export.
fn doubling(levels: usize, import: bool) -> Vec<u8> {
    let mut text = String::from("(component ");
    if import {
        text.push_str(r#"(type $t0 (instance (export "f" (func))))"#);
    } else {
        text.push_str(
            r#"(core module $m (func (export "f"))) (core instance $i (instantiate $m))
            (func $f (canon lift (core func $i "f"))) (instance $i0 (export "f" (func $f)))"#,
        );
    }
    for level in 1..=levels {
        let inner = level - 1;
        let _ = if import {
            write!(
                text,
                r#"(type $t{level} (instance (alias outer 1 $t{inner} (type $t)) (export "a" (instance (type $t))) (export "b" (instance (type $t)))))"#
            )
        } else {
            write!(text, r#"(instance $i{level} (export "a" (instance $i{inner})) (export "b" (instance $i{inner})))"#)
        };
    }
    let _ = if import {
        write!(text, r#"(import "x" (instance (type $t{levels}))))"#)
    } else {
        write!(text, r#"(export "x" (instance $i{levels})))"#)
    };
    wat::parse_str(text).expect("the text is well-formed")
}

#[test]
fn imports_and_exports_of_the_root() {
    for (import, what) in [(true, "imports of the root component"), (false, "exports of the root component")] {
        assert!(translate(&doubling(15, import)).is_ok());
        assert_limit(&doubling(17, import), what);
    }
}

/// Adapters of which each calls the one before it: each is a module of its own.
fn chain(length: usize) -> Vec<u8> {
    let mut text = String::from(
        r#"(component
            (core module $m (func (export "f") (param i32) (result i32) (local.get 0)))
            (core instance $m (instantiate $m))
            (type $t (func (param "x" u32) (result u32)))
            (func $f0 (type $t) (canon lift (core func $m "f")))"#,
    );
    for n in 0..length {
        let next = n + 1;
        let _ = write!(
            text,
            "(core func $l{n} (canon lower (func $f{n}))) (func $f{next} (type $t) (canon lift (core func $l{n})))"
        );
    }
    text.push(')');
    wat::parse_str(text).expect("the text is well-formed")
}

#[test]
fn modules_of_adapters() {
    let bytes = chain(2000);
    assert_eq!(translate(&bytes).unwrap().plan.adapter_modules.len(), 2000);
    assert_limit(&chain(10_001), "modules of adapters");
}

/// The validator's own limits: what is beyond them is invalid for it.
#[test]
fn what_the_validator_limits() {
    let deep = |levels: usize| {
        let next = |n: usize| format!("(type $t{} (option $t{n}))", n + 1);
        format!("(component (type $t0 (list u8)) {})", (0..levels).map(next).collect::<String>())
    };
    let record = |fields: usize| {
        let fields: String = (0..fields).map(|n| format!(r#"(field "f{n}" u8)"#)).collect();
        format!("(component (type (record {fields})))")
    };
    let modules = |count: usize| format!("(component {})", "(core module)".repeat(count));
    let name = |bytes: usize| format!(r#"(component (import "{}" (func)))"#, "n".repeat(bytes));
    for (most, text) in [(98, &deep as &dyn Fn(usize) -> String), (10_000, &record), (999, &modules), (100_000, &name)]
    {
        let bytes = |size: usize| wat::parse_str(text(size)).expect("the text is well-formed");
        assert!(translate(&bytes(most)).is_ok(), "{most}");
        let error = translate(&bytes(most + 2)).expect_err("it is beyond the limit");
        let judged = [TranslateErrorKind::Invalid, TranslateErrorKind::Malformed].contains(&error.kind());
        assert!(judged && error.offset().is_some(), "{most}: {error}");
    }
}

/// Few bytes of type can be much code: a tuple takes a byte for each `char`, and each of them is checked.
#[test]
fn code_of_adapters() {
    let memory = r#"(memory (core memory $i "m")) (realloc (core func $i "r"))"#;
    let mut text = String::from(
        r#"(component
            (core module $m
                (memory (export "m") 1)
                (func (export "r") (param i32 i32 i32 i32) (result i32) unreachable)
                (func (export "f") (param i32)))
            (core instance $i (instantiate $m))"#,
    );
    let (mut imports, mut exports) = (String::new(), String::new());
    for n in 0..300 {
        let _ = write!(
            text,
            r#"(type $t{n} (tuple {}))
            (func $f{n} (param "x" $t{n}) (canon lift (core func $i "f") {memory}))
            (core func $l{n} (canon lower (func $f{n}) {memory}))"#,
            "char ".repeat(700 + n)
        );
        let _ = write!(imports, r#"(import "" "{n}" (func (param i32)))"#);
        let _ = write!(exports, r#"(export "{n}" (func $l{n}))"#);
    }
    let _ = write!(
        text,
        r#"(core module $user {imports}) (core instance (instantiate $user (with "" (instance {exports})))))"#
    );
    assert_limit(&wat::parse_str(text).expect("the text is well-formed"), "bytes of code and trap sites in adapters");
}

/// Cases that share code have a site each, which says the case's name.
#[test]
fn trap_sites_of_adapters() {
    let with_names = |padding: &str| {
        let cases: String = (0..1000).map(|n| format!(r#"(case "{padding}c{n}" char)"#)).collect();
        let params: String = (0..12).map(|n| format!(r#"(param "p{n}" $t)"#)).collect();
        let memory = r#"(memory (core memory $i "m")) (realloc (core func $i "r"))"#;
        let mut text = format!(
            r#"(component
                (core module $m
                    (memory (export "m") 1)
                    (func (export "r") (param i32 i32 i32 i32) (result i32) unreachable)
                    (func (export "f") (param i32)))
                (core instance $i (instantiate $m))
                (type $t (variant {cases}))
                (func $f {params} (canon lift (core func $i "f") {memory}))"#
        );
        let (mut imports, mut exports) = (String::new(), String::new());
        for n in 0..8 {
            let _ = write!(text, "(core func $l{n} (canon lower (func $f) {memory}))");
            let _ = write!(imports, r#"(import "" "{n}" (func (param i32)))"#);
            let _ = write!(exports, r#"(export "{n}" (func $l{n}))"#);
        }
        let _ = write!(
            text,
            r#"(core module $user {imports}) (core instance (instantiate $user (with "" (instance {exports})))))"#
        );
        wat::parse_str(text).expect("the text is well-formed")
    };
    assert!(translate(&with_names("")).is_ok());
    assert_limit(&with_names(&"n".repeat(150)), "bytes of code and trap sites in adapters");
}

#[test]
fn adapters() {
    // Each level of the type has 30 fields of the level before: large for a function, and it is lowered many times.
    let mut types = String::from("(type $t0 (tuple ");
    let _ = write!(types, "{}))", "u8 ".repeat(30));
    for level in 1..3 {
        let _ = write!(types, "(type $t{level} (tuple {}))", format!("$t{} ", level - 1).repeat(30));
    }
    let memory = r#"(memory (core memory $i "m")) (realloc (core func $i "r"))"#;
    let text = format!(
        r#"(component {types}
            (core module $m
                (memory (export "m") 1)
                (func (export "r") (param i32 i32 i32 i32) (result i32) unreachable)
                (func (export "f") (param i32)))
            (core instance $i (instantiate $m))
            (func $f (param "x" $t2) (canon lift (core func $i "f") {memory}))
            {})"#,
        format!("(core func (canon lower (func $f) {memory}))").repeat(200)
    );
    assert_limit(&wat::parse_str(text).expect("the text is well-formed"), "types in calls between components");
}

/// A component of one resource type is instantiated with few bytes.
#[test]
fn resource_types() {
    let inner = r#"(type (resource (rep i32)))"#.repeat(200);
    assert!(translate(&tower(6, 2, &inner)).is_ok());
    assert_limit(&tower(12, 2, &inner), "resource types");
}

/// Each instance has its own of what holds a resource type, and pays for it; of everything else there is one.
#[test]
fn types_of_instances() {
    let wide = |ty: &str| {
        let fields: String = (0..1000).map(|n| format!(r#"(field "f{n}" {ty})"#)).collect();
        format!(
            r#"(type $r (resource (rep i32))) (type $own (own $r)) (type $wide (record {fields}))
            (core module $m (memory (export "m") 1) (func (export "f") (param i32))
                (func (export "r") (param i32 i32 i32 i32) (result i32) unreachable))
            (core instance $i (instantiate $m)) (func (param "x" $wide) (canon lift (core func $i "f") {MEMORY}))"#
        )
    };
    assert!(translate(&tower(10, 2, &wide("u8"))).is_ok());
    assert!(translate(&tower(8, 2, &wide("$own"))).is_ok());
    assert_limit(&tower(10, 2, &wide("$own")), "steps of instantiation");
}

const MEMORY: &str = r#"(memory (core memory $i "m")) (realloc (core func $i "r"))"#;

/// Instances of which each exports the one before it twice, with a resource type in the innermost: what enters a component is
/// looked at once, however many paths lead to it.
#[test]
fn resource_types_in_instances_of_instances() {
    let text = |levels: usize, imported: bool| {
        let mut text = String::from(
            r#"(component (component $lib (type $r (resource (rep i32))) (export "r" (type $r)))
                (instance $i0 (instantiate $lib))"#,
        );
        let mut ty = String::from(r#"(type $t0 (instance (export "r" (type (sub resource)))))"#);
        for level in 1..=levels {
            let inner = level - 1;
            let _ = write!(
                text,
                r#"(instance $i{level} (export "a" (instance $i{inner})) (export "b" (instance $i{inner})))"#
            );
            let _ = write!(
                ty,
                r#"(type $t{level} (instance (alias outer 1 $t{inner} (type $t)) (export "a" (instance (type $t))) (export "b" (instance (type $t)))))"#
            );
        }
        if imported {
            let _ = write!(text, r#"(component $c {ty} (import "x" (instance (type $t{levels}))))"#);
            let _ = write!(text, r#"(instance (instantiate $c (with "x" (instance $i{levels}))))"#);
        } else {
            let _ = write!(text, r#"(component $c (import "x" (instance)))"#);
            let _ = write!(text, r#"(instance (instantiate $c (with "x" (instance $i{levels}))))"#);
        }
        text.push(')');
        wat::parse_str(text).expect("the text is well-formed")
    };
    assert_eq!(translate(&text(16, false)).unwrap().plan.resources.len(), 1);
    // Here each path is a resource type of its own for the validator.
    assert_eq!(translate(&text(8, true)).unwrap().plan.resources.len(), 1);
}
