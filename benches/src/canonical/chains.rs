//! Chains of components, each of which calls the next: how long they take to compile, and to make an instance of.

use super::text::run;
use super::{CONTENDERS, CanonicalEngines, CanonicalRow, TimedRun};
use anyhow::Result;
use std::fmt::Write;
use std::rc::Rc;
use std::time::Instant;

/// The rows.
pub fn rows() -> Vec<CanonicalRow> {
    let mut rows = Vec::new();
    for components in [2, 20, 200] {
        let name = format!("{components} components, compiled");
        rows.push(CanonicalRow::new("chains", &name, move |engines| compiled(components, engines)));
        let name = format!("{components} components, an instance");
        rows.push(CanonicalRow::new("chains", &name, move |engines| instantiated(components, engines)));
    }
    rows
}

/// A chain of so many components, the first of which exports `run`. The others keep what they were called with, in a memory and in a global
/// by turns.
pub fn text(components: u32) -> String {
    let ty = "(param \"x\" u32) (param \"y\" u32) (result u32)";
    let mut text = String::from("(component ");
    for n in (0..components).rev() {
        let (import, core_import, link) = match n + 1 < components {
            true => (
                format!("(import \"f\" (func $f {ty})) (core func $f (canon lower (func $f)))"),
                "(import \"next\" \"f\" (func $f (param i32 i32) (result i32)))",
                "(with \"next\" (instance (export \"f\" (func $f))))",
            ),
            false => (String::new(), "", ""),
        };
        let (core, export) = match n {
            0 => (first(), "(func (export \"run\") (param \"n\" u32) (param \"step\" u32) (result u64) (canon lift (core func $i \"run\")))".into()),
            _ => (later(n, n + 1 == components), format!("(func (export \"f\") {ty} (canon lift (core func $i \"f\")))")),
        };
        let arguments =
            if n + 1 < components { format!("(with \"f\" (func $i{} \"f\"))", n + 1) } else { String::new() };
        write!(
            text,
            "(component $c{n} {import}
              (core module $m {core_import} {core})
              (core instance $i (instantiate $m {link}))
              {export})
            (instance $i{n} (instantiate $c{n} {arguments}))\n"
        )
        .expect("strings grow");
    }
    text + "(export \"run\" (func $i0 \"run\")))"
}

fn first() -> String {
    let once =
        "(i64.extend_i32_u (call $f (i32.mul (local.get $i) (i32.const 3)) (i32.xor (local.get $i) (i32.const 5))))";
    run("run", "", once)
}

fn later(n: u32, is_last: bool) -> String {
    let (state, load, store) = match n % 2 {
        0 => ("(memory 1)", "(i32.load (i32.const 8))", "(i32.store (i32.const 8) (local.get $x))"),
        _ => ("(global $last (mut i32) (i32.const 0))", "(global.get $last)", "(global.set $last (local.get $x))"),
    };
    let result = match is_last {
        true => "(i32.add (local.get $x) (i32.mul (local.get $y) (i32.const 7)))".to_owned(),
        false => format!(
            "(call $f (i32.add (i32.mul (local.get $x) (i32.const 3)) (i32.const {n})) (i32.xor (local.get $y) (local.get $x)))"
        ),
    };
    format!(
        "{state} (func (export \"f\") (param $x i32) (param $y i32) (result i32) (local $before i32)
          (local.set $before {load})
          {store}
          (i32.add {result} (i32.mul (local.get $before) (i32.const 31))))"
    )
}

/// What `run` of a chain returns for `n`.
pub fn expected(components: u32, n: u32) -> u64 {
    let mut last = vec![0; components as usize];
    let mut call = |i: u32| {
        let (mut x, mut y) = (i.wrapping_mul(3), i ^ 5);
        let mut result = 0u32;
        for component in 1..components {
            let before = std::mem::replace(&mut last[component as usize], x);
            result = result.wrapping_add(before.wrapping_mul(31));
            if component + 1 < components {
                (x, y) = (x.wrapping_mul(3).wrapping_add(component), y ^ x);
            }
        }
        u64::from(result.wrapping_add(x).wrapping_add(y.wrapping_mul(7)))
    };
    call(0);
    (1..=n).fold(0u64, |sum, i| sum.rotate_left(7) ^ call(i))
}

fn compiled(components: u32, engines: &CanonicalEngines) -> Result<[TimedRun; 3]> {
    let bytes: Rc<[u8]> = wat::parse_str(text(components))?.into();
    let ours = {
        let (engine, bytes) = (engines.gusset.clone(), bytes.clone());
        repeated(move || gusset::Component::new(&engine, &bytes).expect("it is valid"))
    };
    let [default, best] = engines.wasmtime.clone().map(|engine| {
        let bytes = bytes.clone();
        repeated(move || wasmtime::component::Component::new(&engine, &bytes).expect("it is valid"))
    });
    Ok([ours, default, best])
}

fn instantiated(components: u32, engines: &CanonicalEngines) -> Result<[TimedRun; 3]> {
    let bytes = wat::parse_str(text(components))?;
    let ours = {
        let engine = engines.gusset.clone();
        let component = gusset::Component::new(&engine, &bytes)?;
        let ready = gusset::Linker::new(&engine).instantiate_pre(&component)?;
        let mut store = gusset::Store::new(&engine, ());
        let func = ready.instantiate(&mut store)?.get_typed_func::<(u32, u32), (u64,)>(&mut store, "run")?;
        assert_eq!(func.call(&mut store, (17, 1))?.0, expected(components, 17), "{}", CONTENDERS[0]);
        repeated(move || {
            let mut store = gusset::Store::new(&engine, ());
            ready.instantiate(&mut store).expect("it was instantiated before");
            store
        })
    };
    let theirs = |engine: &wasmtime::Engine, name: &str| -> Result<TimedRun> {
        let engine = engine.clone();
        let component = wasmtime::component::Component::new(&engine, &bytes)?;
        let ready = wasmtime::component::Linker::new(&engine).instantiate_pre(&component)?;
        let mut store = wasmtime::Store::new(&engine, ());
        let func = ready.instantiate(&mut store)?.get_typed_func::<(u32, u32), (u64,)>(&mut store, "run")?;
        assert_eq!(func.call(&mut store, (17, 1))?.0, expected(components, 17), "{name}");
        Ok(repeated(move || {
            let mut store = wasmtime::Store::new(&engine, ());
            ready.instantiate(&mut store).expect("it was instantiated before");
            store
        }))
    };
    Ok([ours, theirs(&engines.wasmtime[0], CONTENDERS[1])?, theirs(&engines.wasmtime[1], CONTENDERS[2])?])
}

/// Makes something so many times. To drop it is part of it.
fn repeated<T>(make: impl Fn() -> T + 'static) -> TimedRun {
    Box::new(move |n| {
        let start = Instant::now();
        for _ in 0..n {
            drop(make());
        }
        start.elapsed()
    })
}
