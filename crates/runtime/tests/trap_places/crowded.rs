//! Functions with more accesses than there are codes to tell them apart by, and branches of which one way only is nothing but a trap.

use gusset::core::{Linker, Module};
use gusset::{Config, Engine, OptLevel, Result, Store, Trap};
use std::fmt::Write;
use wasmparser::{Parser, Payload};

/// A load whose user is moved before a loop of so many others.
fn hoisted(user: &str) -> String {
    let mut text = String::from(
        "(module (memory 1) (func (export \"f\") (param $p i32) (param $x i32) (param $n i32) (result i32)
            (local $v i32) (local $s i32)
            (local.set $v (i32.load (local.get $p)))
            (loop $l ",
    );
    add_loads(&mut text, 120);
    write!(
        text,
        "(i32.store (local.get $n) ({user} (local.get $x) (local.get $v)))
         (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
         (local.get $s)))"
    )
    .expect("a text takes all");
    text
}

/// A load whose user has a constant that was used before, so that the optimiser makes a copy of the user.
fn copied() -> String {
    let mut text = String::from(
        "(module (memory 1) (func (export \"f\") (param $p i32) (param $x i32) (param $n i32) (result i32) (local $s i32)
            (i32.store offset=8 (i32.const 0) (i32.mul (local.get $x) (i32.const 77)))
            (if (local.get $n) (then
                (i32.store offset=12 (i32.const 0) (i32.mul (i32.load (local.get $p)) (i32.const 77))))) ",
    );
    add_loads(&mut text, 130);
    text.push_str("(local.get $s)))");
    text
}

fn add_loads(text: &mut String, count: u32) {
    for at in 0..count {
        let load = format!("(i32.load offset={} (local.get $n))", 4 * at);
        writeln!(text, "(local.set $s (i32.add (local.get $s) {load}))").expect("a text takes all");
    }
}

/// The second way of the second branch is taken; the first way is not only a trap.
const BRANCHES: &str = r#"(module (memory 1) (func (export "f") (param $p i32) (param $x i32) (param $n i32) (result i32)
    (block $l (block $m
        (br_if $m (i32.add (local.get $p) (i32.const 1)))
        (br_if $l (local.get $x))
        (i32.store (i32.const 0) (i32.const 1))
        unreachable)
        unreachable)
    unreachable))"#;

/// Where the operators stand that the parser calls so.
fn offsets_of(wasm: &[u8], name: &str) -> Vec<u32> {
    let mut offsets = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let Payload::CodeSectionEntry(body) = payload.expect("it is valid") else { continue };
        for operator in body.get_operators_reader().expect("it is valid").into_iter_with_offsets() {
            let (operator, offset) = operator.expect("it is valid");
            if format!("{operator:?}").split([' ', '{']).next() == Some(name) {
                offsets.push(offset as u32);
            }
        }
    }
    offsets
}

/// Calls `f(-1, 1, 3)`, which traps in the operator of that name that stands there among those of its name.
fn check(text: &str, name: &str, position: usize) -> Result<()> {
    let wasm = wat::parse_str(text)?;
    let expected = offsets_of(&wasm, name)[position];
    for (form, level) in [(false, OptLevel::Speed), (false, OptLevel::None), (true, OptLevel::Speed)] {
        let engine = Engine::new(Config::new().frame_form(form).opt_level(level))?;
        let mut store = Store::new(&engine, ());
        let instance = Linker::new(&engine).instantiate(&mut store, &Module::new(&engine, &wasm)?)?;
        let func = instance.get_typed_func::<(i32, i32, i32), i32>(&mut store, "f")?;
        let error = func.call(&mut store, (-1, 1, 3)).unwrap_err();
        let trap = error.downcast_ref::<Trap>().expect("it traps");
        assert_eq!(trap.backtrace().frames()[0].offset, Some(expected), "frame form: {form}, {level:?}: {text}");
    }
    Ok(())
}

#[test]
fn a_load_that_shares_its_code_is_told_from_others() -> Result<()> {
    for user in ["i32.mul", "i32.add", "i32.sub", "i32.and"] {
        check(&hoisted(user), "I32Load", 0)?;
    }
    check(&copied(), "I32Load", 0)
}

#[test]
fn a_branch_leads_to_its_own_unreachable() -> Result<()> {
    check(BRANCHES, "Unreachable", 2)
}
