//! How adapters are spread over modules.

use crate::common::translate;
use gusset_artifact::Trampoline;
use gusset_component::TranslateSettings;
use gusset_types::MAX_TRAP_INDICES;
use std::fmt::Write;
use wasmparser::Validator;

/// A composition whose root calls a function of each of `callees` instances, all with memories of their own.
fn star(callees: usize) -> Vec<u8> {
    let mut text = String::from(
        r#"(component
          (component $callee
            (core module $m
              (memory (export "memory") 1)
              (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 8))
              (func (export "f") (param i32 i32)))
            (core instance $i (instantiate $m))
            (func (export "f") (param "text" string)
              (canon lift (core func $i "f") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))
          (core module $libc (memory (export "memory") 1))
          (core instance $libc (instantiate $libc))"#,
    );
    let (mut imports, mut exports) = (String::new(), String::new());
    for n in 0..callees {
        write!(
            text,
            "(instance $c{n} (instantiate $callee))\
             (core func $f{n} (canon lower (func $c{n} \"f\") (memory (core memory $libc \"memory\"))))"
        )
        .unwrap();
        write!(imports, "(import \"\" \"f{n}\" (func (param i32 i32)))").unwrap();
        write!(exports, "(export \"f{n}\" (func $f{n}))").unwrap();
    }
    write!(text, "(core module $main {imports}) (core instance (instantiate $main (with \"\" (instance {exports})))))")
        .unwrap();
    wat::parse_str(text).expect("the text is well-formed")
}

#[test]
fn all_that_are_recorded_share_a_module() {
    let bytes = star(20);
    let translation = translate(&bytes).unwrap();
    assert_eq!(translation.plan.adapter_modules.len(), 1);
}

#[test]
fn no_module_gets_more_memories_than_it_may_have() {
    let bytes = star(150);
    let translation = translate(&bytes).unwrap();
    assert_eq!(translation.plan.adapter_modules.len(), 2);
    for (_, module) in translation.modules.iter().filter(|(_, module)| module.adapter) {
        Validator::new().validate_all(&module.wasm).unwrap();
    }
}

/// The adapter, as text, of a scalar call; the core module of the caller's component has `core` beside, and the component may lift a function with a `realloc`.
fn scalar_call(core: &str, caller_lifts: &str) -> String {
    let text = format!(
        r#"(component
          (component $callee
            (core module $m (func (export "f") (param i32) (result i32) (local.get 0)))
            (core instance $i (instantiate $m))
            (func (export "f") (param "x" u32) (result u32) (canon lift (core func $i "f"))))
          (component $caller
            (import "f" (func $f (param "x" u32) (result u32)))
            (core func $f (canon lower (func $f)))
            (core module $m
              (import "" "f" (func $f (param i32) (result i32)))
              (memory (export "m") 1)
              (func (export "r") (param i32 i32 i32 i32) (result i32) (i32.const 8))
              {core}
              (func (export "g") (param i32 i32)))
            (core instance $i (instantiate $m (with "" (instance (export "f" (func $f))))))
            {caller_lifts})
          (instance $callee (instantiate $callee))
          (instance (instantiate $caller (with "f" (func $callee "f")))))"#
    );
    let bytes = wat::parse_str(text).expect("the text is well-formed");
    let translation = translate(&bytes).unwrap();
    let [module] = translation.plan.adapter_modules.as_slice() else { panic!("there is one module of adapters") };
    wasmprinter::print_bytes(&translation.modules[module.module].wasm).unwrap()
}

/// What ARCHITECTURE.md promises of scalar calls.
#[test]
fn a_scalar_call_asks_for_may_leave_only_if_a_realloc_of_its_callers_component_may_ask_too() {
    let lift = |realloc: &str| {
        format!(
            r#"(func (export "g") (param "s" string) (canon lift (core func $i "g")
                 (memory (core memory $i "m")) (realloc (core func $i "{realloc}"))))"#
        )
    };
    // A `realloc` with such a body, beside other definitions of the module.
    let with = |body: &str, beside: &str| {
        let realloc = format!(r#"(func $r (export "r2") (param i32 i32 i32 i32) (result i32) {body} (i32.const 8))"#);
        scalar_call(&format!("{realloc} {beside}"), &lift("r2"))
    };
    let indirectly = "(drop (call_indirect (type $t) (i32.const 1) (i32.const 0)))";
    let unary = "(type $t (func (param i32) (result i32)))";
    let other = "(func $other (param i32) (result i32) (local.get 0))";
    let asked = [
        ("directly", with("(drop (call $f (i32.const 1)))", "")),
        ("by another", with("(call $h)", "(func $h (drop (call $f (i32.const 1))))")),
        ("in place of returning", with("(drop (call $h))", "(func $h (result i32) (return_call $f (i32.const 1)))")),
        ("by a table", with(indirectly, &format!("{unary} (table 1 funcref) (elem (i32.const 0) func $f)"))),
        ("a table of others", with(indirectly, &format!(r#"{unary} (table (export "t") 1 funcref)"#))),
        (
            "a segment of expressions",
            with(indirectly, &format!("{unary} (table 1 funcref) (elem (i32.const 0) funcref (ref.func $f))")),
        ),
        (
            "a reference of an export",
            with(
                indirectly,
                &format!(
                    r#"{unary} (table 1 funcref) (export "again" (func $f))
                   (func (export "set") (table.set (i32.const 0) (ref.func $f)))"#
                ),
            ),
        ),
        (
            "a reference that is given",
            with(
                indirectly,
                &format!(
                    r#"{unary} (table 1 funcref) (func (export "set") (param funcref)
                     (table.set (i32.const 0) (local.get 0)))"#
                ),
            ),
        ),
        (
            "a reference",
            with(
                "(drop (call_ref $t (i32.const 1) (global.get $g)))",
                &format!("{unary} (global $g (mut (ref $t)) (ref.func $f))"),
            ),
        ),
    ];
    for (how, text) in asked {
        assert!(text.contains("(import \"state\"") && !text.contains("memory of"), "{how}: {text}");
    }
    let never = [
        ("no `realloc`", scalar_call("", "")),
        ("one that calls nothing", scalar_call("", &lift("r"))),
        ("one that calls itself", with("(drop (call $r (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))", "")),
        (
            "by a table, another",
            with(indirectly, &format!("{unary} {other} (table 1 funcref) (elem (i32.const 0) func $other)")),
        ),
        (
            "by a table, another type",
            with("(call_indirect (i32.const 0))", "(table 1 funcref) (elem (i32.const 0) func $f)"),
        ),
    ];
    for (how, text) in never {
        assert!(!text.contains("state") && !text.contains("memory") && !text.contains("trap"), "{how}: {text}");
    }
}

/// A `realloc` that was handed on by many core instances is followed to where it is made, without a stack for it.
#[test]
fn a_realloc_that_is_handed_on_is_followed() {
    let text = |count: usize| {
        let mut handed = String::from(r#"(alias core export $i "r" (core func $f0))"#);
        for n in 0..count {
            handed += &format!(
                r#"(core instance $i{n} (export "r" (func $f{n}))) (alias core export $i{n} "r" (core func $f{}))"#,
                n + 1
            );
        }
        scalar_call(
            "",
            &format!(
                r#"{handed} (func (export "g") (param "s" string) (canon lift (core func $i "g")
                     (memory (core memory $i "m")) (realloc (core func $f{count}))))"#
            ),
        )
    };
    // No component has many more core instances.
    for count in [0, 100, 4_000] {
        assert!(!text(count).contains("state"), "{count}");
    }
}

/// A host that wants to see each call lifts and lowers itself.
#[test]
fn calls_go_through_the_host_where_it_says_so() {
    let bytes = star(3);
    let settings = TranslateSettings { calls_through_host: true, ..TranslateSettings::default() };
    let plan = gusset_component::translate(&bytes, &settings).unwrap().plan;
    assert!(plan.adapter_modules.is_empty());
    let through_host = plan.trampolines.values().filter(|made| matches!(made, Trampoline::LowerLifted { .. }));
    assert_eq!(through_host.count(), 3);
}

#[test]
fn a_trap_in_deep_lists_reports_the_outer_indices() {
    let depth = MAX_TRAP_INDICES + 4;
    let ty = format!("{}char{}", "(list ".repeat(depth), ")".repeat(depth));
    let memory = r#"(memory (core memory $i "memory")) (realloc (core func $i "realloc"))"#;
    let text = format!(
        r#"(component
            (core module $m
                (memory (export "memory") 1)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable)
                (func (export "f") (param i32 i32)))
            (core instance $i (instantiate $m))
            (func $f (param "x" {ty}) (canon lift (core func $i "f") {memory}))
            (core func $l (canon lower (func $f) {memory}))
            (core module $n (import "" "f" (func (param i32 i32))))
            (core instance (instantiate $n (with "" (instance (export "f" (func $l)))))))"#
    );
    let bytes = wat::parse_str(text).expect("the text is well-formed");
    let plan = translate(&bytes).unwrap().plan;
    let indices = plan.trampolines.values().filter_map(|made| match made {
        Trampoline::AdapterTrap { indices, .. } => Some(usize::from(*indices)),
        _ => None,
    });
    assert_eq!(indices.max(), Some(MAX_TRAP_INDICES));
}
