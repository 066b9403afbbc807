//! The text of a composition of instances that run programs over handles: each is an interpreter of the tape that its host has, with
//! a resource type of its own.

use crate::programs::{DESTROYED, Op};
use std::fmt::Write;

/// The functions by which instances call one another, each for one resource type: name, and its type with `R` for that type.
const FUNCS: [(&str, &str); 6] = [
    ("own", r#"(param "a" (own R))"#),
    ("borrow", r#"(param "a" (borrow R))"#),
    ("give", "(result (own R))"),
    ("swap", r#"(param "a" (own R)) (result (own R))"#),
    ("many", r#"(param "a" (tuple (borrow R) (own R))) (param "b" (borrow R))"#),
    ("list", r#"(param "a" (list (borrow R)))"#),
];

/// The text for so many instances: the root imports `next: func() -> u32`, `note: func(x: u32)` and `enter: func(x: u32)`, and exports
/// `runJ` for each.
pub(crate) fn program_composition(instances: usize) -> String {
    let mut text = String::from(
        "(component\n  (import \"next\" (func $next (result u32)))\n  (import \"note\" (func $note (param \"x\" u32)))\n\
         \x20 (import \"enter\" (func $enter (param \"x\" u32)))\n",
    );
    for j in 0..instances {
        text += &component(j, instances);
        let mut with =
            String::from("(with \"next\" (func $next)) (with \"note\" (func $note)) (with \"enter\" (func $enter))");
        for t in 0..j {
            write!(with, " (with \"r{t}\" (type $r{t}))").expect("strings can be written to");
        }
        for (i, t, name, _) in callees(j).filter(|callee| callee.0 < j) {
            write!(with, " (with \"{name}{i}-{t}\" (func $w{i} \"{name}{t}\"))").expect("strings can be written to");
        }
        text += &format!("  (instance $w{j} (instantiate $w{j} {with}))\n  (alias export $w{j} \"r\" (type $r{j}))\n");
        text += &format!("  (func (export \"run{j}\") (alias export $w{j} \"run\"))\n");
    }
    text + ")\n"
}

/// The functions that instance `j` calls, of instances before it and its own: instance, resource type, name and type.
fn callees(j: usize) -> impl Iterator<Item = (usize, usize, &'static str, &'static str)> {
    let each = (0..=j).flat_map(|i| (0..=i).map(move |t| (i, t)));
    each.flat_map(|(i, t)| FUNCS.map(|(name, ty)| (i, t, name, ty)))
}

fn with_type(ty: &str, resource: &str) -> String {
    ty.replace('R', resource)
}

/// The core type of one of [`FUNCS`].
fn core_type(name: &str) -> &'static str {
    match name {
        "own" | "borrow" => "(param i32)",
        "give" => "(result i32)",
        "swap" => "(param i32) (result i32)",
        "many" => "(param i32 i32 i32)",
        _ => "(param i32 i32)",
    }
}

/// The options of a lift.
fn lift(name: &str) -> &'static str {
    if name == "list" { " (memory (core memory $l \"memory\")) (realloc (core func $l \"realloc\"))" } else { "" }
}

fn component(j: usize, instances: usize) -> String {
    let mut imports = String::new();
    for t in 0..j {
        imports += &format!("    (import \"r{t}\" (type $r{t} (sub resource)))\n");
    }
    imports += "    (import \"next\" (func $next (result u32)))\n    (import \"note\" (func $note (param \"x\" u32)))\n\
         \x20 (import \"enter\" (func $enter (param \"x\" u32)))\n";
    let mut lowered = String::new();
    let mut given = String::new();
    for (i, t, name, ty) in callees(j) {
        let ty = with_type(ty, &format!("$r{t}"));
        if i == j {
            // Its own, lifted from what reaches the interpreter through a table.
            lowered +=
                &format!("    (func ${name}{i}-{t} {ty} (canon lift (core func $l \"{name}\"){}))\n", lift(name));
        } else {
            imports += &format!("    (import \"{name}{i}-{t}\" (func ${name}{i}-{t} {ty}))\n");
        }
        let memory = if name == "list" { " (memory (core memory $l \"memory\"))" } else { "" };
        lowered += &format!("    (core func ${name}{i}-{t} (canon lower (func ${name}{i}-{t}){memory}))\n");
        given += &format!("\n      (export \"{name}{i}-{t}\" (func ${name}{i}-{t}))");
    }
    for t in 0..=j {
        let resource = if t == j { "$own".into() } else { format!("$r{t}") };
        lowered += &format!("    (core func $drop{t} (canon resource.drop {resource}))\n");
        given += &format!("\n      (export \"drop{t}\" (func $drop{t}))");
    }
    let mut exports = String::new();
    for t in 0..=j {
        for (name, ty) in FUNCS {
            let ty = with_type(ty, &format!("$r{t}"));
            let options = lift(name);
            exports +=
                &format!("    (func (export \"{name}{t}\") {ty} (canon lift (core func $m \"{name}\"){options}))\n");
        }
    }
    format!(
        r#"  (component $w{j}
{imports}{LIBC}    (type $own (resource (rep i32) (dtor (core func $l "destroy"))))
    (export $r{j} "r" (type $own))
    (core func $next (canon lower (func $next)))
    (core func $note (canon lower (func $note)))
    (core func $enter (canon lower (func $enter)))
    (core func $new (canon resource.new $own))
    (core func $rep (canon resource.rep $own))
{lowered}{main}    (core instance $m (instantiate $main (with "l" (instance $l)) (with "" (instance
      (export "next" (func $next)) (export "note" (func $note)) (export "enter" (func $enter))
      (export "new" (func $new)) (export "rep" (func $rep)){given}))))
    (func (export "run") (canon lift (core func $m "run")))
{exports}  )
"#,
        main = interpreter(j, instances)
    )
}

/// Memory, and the destructor and functions that the interpreter puts into a table when it is there.
const LIBC: &str = r#"    (core module $libc
      (memory (export "memory") 4)
      (table (export "table") 7 funcref)
      (type $one (func (param i32)))
      (type $two (func (param i32 i32)))
      (type $three (func (param i32 i32 i32)))
      (type $give (func (result i32)))
      (type $swap (func (param i32) (result i32)))
      (global $next (mut i32) (i32.const 1024))
      (func (export "destroy") (param i32) (call_indirect (type $one) (local.get 0) (i32.const 0)))
      (func (export "own") (param i32) (call_indirect (type $one) (local.get 0) (i32.const 1)))
      (func (export "borrow") (param i32) (call_indirect (type $one) (local.get 0) (i32.const 2)))
      (func (export "give") (result i32) (call_indirect (type $give) (i32.const 3)))
      (func (export "swap") (param i32) (result i32) (call_indirect (type $swap) (local.get 0) (i32.const 4)))
      (func (export "many") (param i32 i32 i32)
        (call_indirect (type $three) (local.get 0) (local.get 1) (local.get 2) (i32.const 5)))
      (func (export "list") (param i32 i32)
        (call_indirect (type $two) (local.get 0) (local.get 1) (i32.const 6)))
      (func (export "realloc") (param i32 i32 i32 i32) (result i32)
        (global.set $next (i32.add (global.get $next) (local.get 3)))
        (i32.sub (global.get $next) (local.get 3))))
    (core instance $l (instantiate $libc))
"#;

/// The core module that interprets the tape.
fn interpreter(j: usize, instances: usize) -> String {
    let mut imports = String::new();
    let mut ops = String::new();
    let mut op = |op: Op, body: &str| {
        ops += &format!("\n          (if (i32.eq (local.get $op) (i32.const {})) (then {body} (br $loop)))", op.code());
    };
    op(Op::New, "(call $note (call $new (call $next)))");
    op(Op::Rep, "(call $note (call $rep (call $next)))");
    for i in 0..instances {
        op(Op::Enter { i }, &format!("(call $enter (i32.const {i}))"));
    }
    for t in 0..=j {
        imports += &format!("      (import \"\" \"drop{t}\" (func $drop{t} (param i32)))\n");
        op(Op::Drop { t }, &format!("(call $drop{t} (call $next))"));
    }
    for (i, t, name, _) in callees(j) {
        imports += &format!("      (import \"\" \"{name}{i}-{t}\" (func ${name}{i}-{t} {}))\n", core_type(name));
        let call = format!("call ${name}{i}-{t}");
        match name {
            "own" => op(Op::Own { i, t }, &format!("({call} (call $next))")),
            "borrow" => op(Op::Borrow { i, t }, &format!("({call} (call $next))")),
            "give" => op(Op::Give { i, t }, &format!("(call $note ({call}))")),
            "swap" => op(Op::Swap { i, t }, &format!("(call $note ({call} (call $next)))")),
            "many" => op(Op::Many { i, t }, &format!("({call} (call $next) (call $next) (call $next))")),
            // Reading a list leaves its length in a global.
            _ => op(Op::List { i, t }, &format!("({call} (call $read) (global.get $length))")),
        }
    }
    format!(
        r#"    (core module $main
      (import "l" "memory" (memory 1))
      (import "l" "table" (table 7 funcref))
      (import "l" "realloc" (func $realloc (param i32 i32 i32 i32) (result i32)))
      (import "" "next" (func $next (result i32)))
      (import "" "note" (func $note (param i32)))
      (import "" "enter" (func $enter (param i32)))
      (import "" "new" (func $new (param i32) (result i32)))
      (import "" "rep" (func $rep (param i32) (result i32)))
{imports}      (global $length (mut i32) (i32.const 0))
      (elem (i32.const 0) func $destroyed $own $borrow $give $swap $many $list)
      (func $destroyed (param i32) (call $note (i32.const {DESTROYED})) (call $note (local.get 0)) (call $run))
      (func $read (result i32) (local $at i32) (local $n i32)
        (global.set $length (call $next))
        (local.set $at (call $realloc (i32.const 0) (i32.const 0) (i32.const 4) (i32.mul (global.get $length) (i32.const 4))))
        (loop $loop
          (if (i32.lt_u (local.get $n) (global.get $length)) (then
            (i32.store (i32.add (local.get $at) (i32.mul (local.get $n) (i32.const 4))) (call $next))
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br $loop))))
        (local.get $at))
      (func $run (export "run") (local $op i32)
        (loop $loop
          (local.set $op (call $next)){ops}))
      (func $own (export "own") (param i32) (call $note (local.get 0)) (call $run))
      (func $borrow (export "borrow") (param i32) (call $note (local.get 0)) (call $run))
      (func $give (export "give") (result i32) (call $run) (call $next))
      (func $swap (export "swap") (param i32) (result i32) (call $note (local.get 0)) (call $run) (call $next))
      (func $many (export "many") (param i32 i32 i32)
        (call $note (local.get 0)) (call $note (local.get 1)) (call $note (local.get 2)) (call $run))
      (func $list (export "list") (param i32 i32) (local $n i32)
        (loop $loop
          (if (i32.lt_u (local.get $n) (local.get 1)) (then
            (call $note (i32.load (i32.add (local.get 0) (i32.mul (local.get $n) (i32.const 4)))))
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br $loop))))
        (call $run)))
"#
    )
}
