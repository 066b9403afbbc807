//! Every operator that traps does so at its own place, whatever stands behind it: what uses its value is often one instruction with it.
//! Which operators there are, the parser says, so that none is forgotten.
#![cfg(all(feature = "compile", feature = "wat"))]

mod accesses;
mod crowded;
mod operators;
mod others;
mod users;

use gusset::core::{FuncType, Linker, Module, Ref, Val};
use gusset::{Config, Engine, OptLevel, Result, Store, Trap, TrapCode};
use operators::{OPERATORS, ParserOperator};
use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;
use wasmparser::{Parser, Payload};

/// A function in which the first of these operators traps.
#[derive(Clone)]
struct PlacedTrap {
    /// As the parser calls it.
    operator: &'static str,
    code: TrapCode,
    /// What the function does, and the type of what that leaves.
    body: String,
    result: &'static str,
}

/// What memories and tables are indexed by.
#[derive(Clone, Copy, PartialEq)]
enum AddressType {
    I32,
    I64,
}

impl AddressType {
    fn name(self) -> &'static str {
        match self {
            AddressType::I32 => "i32",
            AddressType::I64 => "i64",
        }
    }
}

/// A module with a function for each case, `0`, `1` and so on, before what they use.
fn module(index: AddressType, cases: &[PlacedTrap]) -> String {
    let (at, limits) = match index {
        AddressType::I32 => ("i32", ""),
        AddressType::I64 => ("i64", "i64 "),
    };
    let shared = if cases.iter().any(|case| case.operator.contains("Atomic")) { "shared" } else { "" };
    let mut text = format!(
        r#"(module
        (type $none (func))
        (type $id (func (param i32) (result i32)))
        (memory {limits}1 2 {shared})
        (data $bytes "0123456789abcdef")
        (global $g32 (mut i32) (i32.const 0))
        (global $g64 (mut i64) (i64.const 0))
        (table $functions {limits}4 4 funcref)
        (table $typed {limits}4 4 (ref null $none))
        (table $externs {limits}4 4 externref)
        (elem $some func $none $none $none)
        (elem (table $functions) ({at}.const 1) func $id)
        (tag $tag)
        "#
    );
    for (number, PlacedTrap { body, result, .. }) in cases.iter().enumerate() {
        let results = if result.is_empty() { String::new() } else { format!("(result {result})") };
        // `$at` is outside of everything, and no float is a number.
        writeln!(
            text,
            r#"(func (export "{number}") (param $at {at}) (param $x i32) (param $y i64) (param $f f32) (param $d f64) (param $v v128)
                (param $zero i32) (param $e externref) {results} {body})"#
        )
        .expect("a text takes all");
    }
    text.push_str("(func $none (type $none)) (func $id (type $id) (local.get 0)) (elem declare func $none))");
    text
}

fn params(index: AddressType) -> [Val; 8] {
    // A multiple of 16, so that atomic accesses are aligned.
    let at = match index {
        AddressType::I32 => Val::I32(-16),
        AddressType::I64 => Val::I64(1 << 40),
    };
    let (f, d) = (Val::F32(f32::NAN.to_bits()), Val::F64(f64::NAN.to_bits()));
    [at, Val::I32(5), Val::I64(6), f, d, Val::V128(7), Val::I32(0), Val::Ref(Ref::Extern(None))]
}

/// The offset of the first of these operators in each function.
fn expected(wasm: &[u8], cases: &[PlacedTrap]) -> Vec<u32> {
    let bodies = Parser::new(0).parse_all(wasm).filter_map(|payload| match payload.expect("it is valid") {
        Payload::CodeSectionEntry(body) => Some(body),
        _ => None,
    });
    let offset = |(body, case): (wasmparser::FunctionBody<'_>, &PlacedTrap)| {
        let mut operators = body.get_operators_reader().expect("it is valid").into_iter_with_offsets();
        let found = operators.find_map(|operator| {
            let (operator, offset) = operator.expect("it is valid");
            let text = format!("{operator:?}");
            let name = text.split([' ', '{', '(']).next().expect("it has a name");
            (name == case.operator).then_some(offset as u32)
        });
        found.unwrap_or_else(|| panic!("there is no {} in {}", case.operator, case.body))
    };
    bodies.zip(cases).map(offset).collect()
}

/// What is wrong with the places of traps in an engine.
fn wrong_places(
    engine: &Engine,
    index: AddressType,
    wasm: &[u8],
    cases: &[PlacedTrap],
    offsets: &[u32],
) -> Result<Vec<String>> {
    let module = Module::new(engine, wasm)?;
    let mut store = Store::new(engine, ());
    let instance = Linker::new(engine).instantiate(&mut store, &module)?;
    let names: HashMap<u32, &str> = operator_names(wasm);
    let mut wrong = Vec::new();
    for (number, (case, &offset)) in cases.iter().zip(offsets).enumerate() {
        let func = instance.get_func(&mut store, &number.to_string()).expect("it is exported");
        let FuncType { results, .. } = func.ty(&store)?;
        let mut results = vec![Val::I32(0); results.len()];
        let found = match func.call(&mut store, &params(index), &mut results) {
            Ok(()) => "no trap".into(),
            Err(error) => match error.downcast_ref::<Trap>() {
                None => format!("{error:#}"),
                Some(trap) => {
                    let frame = &trap.backtrace().frames()[0];
                    if (trap.code(), frame.function, frame.offset) == (case.code, number as u32, Some(offset)) {
                        continue;
                    }
                    let place = frame.offset.map(|offset| names.get(&offset).copied().unwrap_or("no operator"));
                    format!("{:?} at {place:?} of {}", trap.code(), frame.function)
                }
            },
        };
        wrong.push(format!("{:?} at {} in {}: {found}", case.code, case.operator, case.body));
    }
    Ok(wrong)
}

/// What stands where, for people.
fn operator_names(wasm: &[u8]) -> HashMap<u32, &'static str> {
    let known: HashMap<&str, &'static str> = OPERATORS.iter().map(|operator| (operator.name, operator.name)).collect();
    let mut names = HashMap::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let Payload::CodeSectionEntry(body) = payload.expect("it is valid") else { continue };
        for operator in body.get_operators_reader().expect("it is valid").into_iter_with_offsets() {
            let (operator, offset) = operator.expect("it is valid");
            let text = format!("{operator:?}");
            let name = text.split([' ', '{', '(']).next().expect("it has a name");
            names.extend(known.get(name).map(|&name| (offset as u32, name)));
        }
    }
    names
}

/// Engines that make different code, each with of how many cases it is held to one.
fn configs() -> Vec<(&'static str, usize, Config)> {
    let mut all = Vec::new();
    let mut add = |name, step, set: &dyn Fn(&mut Config)| {
        let mut config = Config::new();
        set(&mut config);
        all.push((name, step, config));
    };
    add("optimised", 1, &|_| {});
    add("not optimised", 1, &|config| _ = config.opt_level(OptLevel::None));
    add("baseline processor", 1, &|config| _ = config.target_cpu("baseline"));
    add("for speed and size", 11, &|config| _ = config.opt_level(OptLevel::SpeedAndSize));
    add("no signals", 3, &|config| _ = config.signals_based_traps(false));
    add("no signals, not optimised", 11, &|config| _ = config.signals_based_traps(false).opt_level(OptLevel::None));
    add("frame form", 11, &|config| _ = config.frame_form(true));
    add("frame form, no signals", 13, &|config| _ = config.frame_form(true).signals_based_traps(false));
    add("masked", 7, &|config| _ = config.memory_reservation(1 << 20).memory64_reservation(1 << 20));
    add("checked", 7, &|config| {
        config.memory_reservation(1 << 20).memory64_reservation(1 << 20);
        config.heap_access_spectre_mitigation(false).table_access_spectre_mitigation(false);
    });
    all
}

/// Holds all engines to the places of the cases. `GUSSET_TRAP_PLACES=1` holds each one to all of them.
fn check(index: AddressType, all: &[PlacedTrap]) -> Result<()> {
    let whole = std::env::var_os("GUSSET_TRAP_PLACES").is_some();
    let mut wrong = Vec::new();
    for (name, step, config) in configs() {
        let cases: Vec<PlacedTrap> = all.iter().step_by(if whole { 1 } else { step }).cloned().collect();
        let wasm = wat::parse_str(module(index, &cases)).map_err(gusset::Error::new)?;
        let offsets = expected(&wasm, &cases);
        let engine = Engine::new(&config)?;
        let found = wrong_places(&engine, index, &wasm, &cases, &offsets)?;
        wrong.extend(found.into_iter().map(|wrong| format!("{name}: {wrong}")));
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    Ok(())
}

#[test]
fn accesses_to_memories() -> Result<()> {
    for index in [AddressType::I32, AddressType::I64] {
        check(index, &accesses::cases(index))?;
    }
    Ok(())
}

#[test]
fn accesses_to_memories_by_atomics() -> Result<()> {
    for index in [AddressType::I32, AddressType::I64] {
        check(index, &accesses::atomic_cases(index))?;
    }
    Ok(())
}

#[test]
fn everything_else() -> Result<()> {
    for index in [AddressType::I32, AddressType::I64] {
        check(index, &others::cases(index))?;
    }
    Ok(())
}

/// There is a case of each operator, or it cannot trap.
#[test]
fn no_operator_is_forgotten() {
    let mut cases = accesses::cases(AddressType::I32);
    cases.extend(accesses::atomic_cases(AddressType::I32));
    cases.extend(others::cases(AddressType::I32));
    let mut shown: BTreeSet<&str> = cases.iter().map(|case| case.operator).collect();
    let mut missing = Vec::new();
    for operator @ ParserOperator { name, .. } in OPERATORS.iter().filter(|operator| operator.is_of_the_engine()) {
        match (shown.remove(name), operator.cannot_trap()) {
            (true, true) => missing.push(format!("{name} traps, and is said not to")),
            (false, false) => missing.push(format!("{name} has no case")),
            (true, false) | (false, true) => {}
        }
    }
    assert!(missing.is_empty() && shown.is_empty(), "{missing:?}, and no operators are {shown:?}");
}
