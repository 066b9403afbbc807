//! Compositions whose types or functions are many: what an adapter compiler could blow up on.

use std::fmt::Write;

/// A component by name, as text: a component `$app` that calls what `$lib` exports.
pub struct Shape {
    /// For the table.
    pub name: &'static str,
    /// The text.
    pub text: String,
}

/// All shapes.
pub fn shapes() -> Vec<Shape> {
    vec![
        Shape { name: "variant of 1,001 cases", text: call_with(&variant(1001), NAMED, "$t") },
        Shape { name: "types nested 96 deep, all that validates", text: call_with(&nested(95), UNNAMED, "$t94") },
        Shape { name: "record of 1,000 fields", text: call_with(&record(1000), NAMED, "$t") },
        Shape { name: "10,000 lifted functions", text: lifted(10_000) },
    ]
}

/// Cases that have payloads of four kinds in turn.
fn variant(cases: u32) -> String {
    let payload = |n| ["u8", "string", "(tuple u32 f64)", "(list u16)"][n as usize % 4];
    let cases: String = (0..cases).map(|n| format!("(case \"c{n}\" {}) ", named(payload(n)))).collect();
    format!("{PARTS}(type $t' (variant {cases}))")
}

fn record(fields: u32) -> String {
    let ty = |n| ["u8", "string", "(tuple u32 f64)", "(list u16)", "bool"][n as usize % 5];
    let fields: String = (0..fields).map(|n| format!("(field \"f{n}\" {}) ", named(ty(n)))).collect();
    format!("{PARTS}(type $t' (record {fields}))")
}

/// Options, lists, results and tuples in turn.
fn nested(depth: u32) -> String {
    let mut text = "(type $t0 (tuple u8 string))".to_string();
    for n in 1..depth {
        let inner = n - 1;
        let ty = match n % 4 {
            0 => format!("(option $t{inner})"),
            1 => format!("(list $t{inner})"),
            2 => format!("(result $t{inner} (error string))"),
            _ => format!("(tuple u32 $t{inner})"),
        };
        writeln!(text, "(type $t{n} {ty})").expect("strings take everything");
    }
    text
}

const PARTS: &str = "(type $pair (tuple u32 f64)) (type $words (list u16)) ";

fn named(ty: &str) -> &str {
    match ty {
        "(tuple u32 f64)" => "$pair",
        "(list u16)" => "$words",
        primitive => primitive,
    }
}

const MODULE: &str = r#"(core module $m
    (memory (export "m") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
    (func (export "f") (param i32 i32) (result i32) (local.get 0)))
  (core instance $i (instantiate $m))"#;

/// How a component, and an instance type, give a type a name: records and variants need one to be exported.
type Naming = [&'static str; 2];
const NAMED: Naming = [r#"(export $t "t" (type $t'))"#, r#"(export "t" (type $t (eq $t')))"#];
const UNNAMED: Naming = ["", ""];

/// A function that takes and gives a list of `ty`, which `types` define.
fn call_with(types: &str, [in_component, in_type]: Naming, ty: &str) -> String {
    format!(
        r#"(component
  (component $lib
    {types} {in_component}
    {MODULE}
    (func (export "f") (param "x" (list {ty})) (result (list {ty}))
      (canon lift (core func $i "f") (memory (core memory $i "m")) (realloc (core func $i "realloc")))))
  (component $app
    (import "lib" (instance $l {types} {in_type} (export "f" (func (param "x" (list {ty})) (result (list {ty}))))))
    (core module $libc (memory (export "m") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
    (core instance $libc (instantiate $libc))
    (core func $f (canon lower (func $l "f") (memory (core memory $libc "m")) (realloc (core func $libc "realloc"))))
    (core module $m (import "" "f" (func $f (param i32 i32 i32)))
      (func (export "run") (call $f (i32.const 16) (i32.const 1) (i32.const 16))))
    (core instance $i (instantiate $m (with "" (instance (export "f" (func $f))))))
    (func (export "run") (canon lift (core func $i "run"))))
  (instance $lib (instantiate $lib))
  (instance $app (instantiate $app (with "lib" (instance $lib))))
  (export "run" (func $app "run")))"#
    )
}

fn lifted(count: u32) -> String {
    let funcs: String = (0..count)
        .map(|n| {
            format!(
                r#"(func (export "f{n}") (param "x" string) (result u32)
  (canon lift (core func $i "f{n}") (memory (core memory $i "m")) (realloc (core func $i "realloc"))))
"#
            )
        })
        .collect();
    let bodies: String = (0..count)
        .map(|n| {
            format!("(func (export \"f{n}\") (param i32 i32) (result i32) (i32.add (local.get 1) (i32.const {n})))\n")
        })
        .collect();
    format!(
        r#"(component (core module $m (memory (export "m") 1)
  (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)) {bodies})
(core instance $i (instantiate $m)) {funcs})"#
    )
}
