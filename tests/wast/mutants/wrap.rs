//! Makes a component of a mutant that `gusset run` can call: a module is put into one that instantiates it and calls one of its
//! functions, as far as what it was before the damage says that this can be done.

use crate::extract::{Specimen, SpecimenKind};
use crate::mutate::Random;
use wasmparser::{FuncType, ValType};
use wast::parser::{ParseBuffer, parse};

/// What modules of scripts import.
const SPECTEST: &str = r#"
    (core module $spectest
      (global (export "global_i32") i32 (i32.const 666)) (global (export "global_i64") i64 (i64.const 666))
      (global (export "global_f32") f32 (f32.const 666.6)) (global (export "global_f64") f64 (f64.const 666.6))
      (table (export "table") 10 20 funcref) (memory (export "memory") 1 2)
      (func (export "print")) (func (export "print_i32") (param i32)) (func (export "print_i64") (param i64))
      (func (export "print_f32") (param f32)) (func (export "print_f64") (param f64))
      (func (export "print_i32_f32") (param i32 f32)) (func (export "print_f64_f64") (param f64 f64)))
    (core instance $spectest (instantiate $spectest))"#;

/// The component to run, and what to call.
pub fn component(random: &mut Random, specimen: &Specimen, mutant: Vec<u8>) -> (Vec<u8>, String) {
    let SpecimenKind::Module { can_be_instantiated, functions } = &specimen.kind else {
        let SpecimenKind::Component { functions } = &specimen.kind else { unreachable!("there are two kinds") };
        let name = if functions.is_empty() { "f" } else { random.pick(functions) };
        return (mutant, format!("{name}()"));
    };
    let callable: Vec<&(String, FuncType)> = functions.iter().filter(|(name, ty)| can_be_called(name, ty)).collect();
    let call = if callable.is_empty() { None } else { Some(*random.pick(&callable)) };
    let template = template(*can_be_instantiated, call);
    (put_in(&template, &mutant), "f()".into())
}

fn can_be_called(name: &str, ty: &FuncType) -> bool {
    let plain = |ty: &ValType| matches!(ty, ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64);
    name.chars().all(|char| char.is_ascii_graphic() && !['"', '\\'].contains(&char))
        && ty.params().iter().chain(ty.results()).all(plain)
}

/// A component around an empty module, which is its first section.
fn template(instantiate: bool, call: Option<&(String, FuncType)>) -> Vec<u8> {
    let mut text = "(component (core module)".to_string();
    let mut driver = r#"(core module $d (func (export "f")))"#.to_string();
    let mut given = String::new();
    if instantiate {
        text.push_str(SPECTEST);
        text.push_str(r#"(core instance $m (instantiate 0 (with "spectest" (instance $spectest))))"#);
        if let Some((name, ty)) = call {
            driver = calling(name, ty);
            given = r#"(with "m" (instance $m))"#.into();
        }
    }
    text.push_str(&format!(
        r#"{driver} (core instance $d (instantiate $d {given})) (func (export "f") (canon lift (core func $d "f"))))"#
    ));
    let buffer = ParseBuffer::new(&text).expect("the template is text");
    parse::<wast::Wat<'_>>(&buffer).expect("the template is WAT").encode().expect("the template's names are there")
}

/// A module that calls a function of the mutant's and drops what it returns.
fn calling(name: &str, ty: &FuncType) -> String {
    let list = |word: &str, types: &[ValType]| types.iter().map(|ty| format!(" ({word} {ty})")).collect::<String>();
    let arguments: String = ty.params().iter().map(|ty| format!(" ({ty}.const 3)")).collect();
    let (params, results, drops) = (list("param", ty.params()), list("result", ty.results()), ty.results().len());
    let drops = " drop".repeat(drops);
    format!(
        r#"(core module $d (import "m" "{name}" (func $g{params}{results})) (func (export "f"){arguments} call $g{drops}))"#
    )
}

/// The template with `module` in place of its first section's contents.
fn put_in(template: &[u8], module: &[u8]) -> Vec<u8> {
    const HEADER: usize = 8;
    const EMPTY_MODULE: usize = 8;
    let (header, rest) = template.split_at(HEADER);
    assert_eq!(rest[..2], [1, EMPTY_MODULE as u8], "the first section is an empty module");
    let mut wasm = [header, &[1]].concat();
    let mut length = module.len();
    while length >= 0x80 {
        wasm.push(length as u8 | 0x80);
        length >>= 7;
    }
    wasm.push(length as u8);
    wasm.extend_from_slice(module);
    wasm.extend_from_slice(&rest[2 + EMPTY_MODULE..]);
    wasm
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_damaged_can_be_run() {
        let ty = FuncType::new([ValType::I32, ValType::F64], [ValType::I64]);
        let buffer = ParseBuffer::new(
            "(module (import \"spectest\" \"print\" (func)) (func (export \"g\") (param i32 f64) (result i64) (i64.const 1)))",
        )
        .unwrap();
        let wasm = parse::<wast::Wat<'_>>(&buffer).unwrap().encode().unwrap();
        for (instantiate, call) in [(false, None), (true, None), (true, Some(&("g".to_string(), ty)))] {
            let component = put_in(&template(instantiate, call), &wasm);
            wasmparser::Validator::new().validate_all(&component).expect("it is a component");
        }
        let long = put_in(&template(false, None), &[0; 300]);
        assert_eq!(long[8..11], [1, 0xac, 0x02]);
    }
}
