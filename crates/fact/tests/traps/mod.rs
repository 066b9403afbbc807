//! What the calls of `trap` in an adapter module stand for, read back from its code.
#![allow(dead_code, reason = "each test program uses its part")]

use gusset_fact::{AdapterImport, AdapterModule};
use gusset_types::TrapCode;
use std::collections::HashSet;
use std::fmt::Write;
use wasmparser::{FunctionBody, Operator, Parser, Payload};

/// A call of `trap`.
pub struct TrapCall {
    /// The number of the function among those that the module defines.
    pub func: usize,
    /// The site, unless it is the caller's.
    pub site: Option<i32>,
    pub code: TrapCode,
}

/// Every call of `trap`, in the order of the code.
pub fn trap_calls(module: &AdapterModule) -> Vec<TrapCall> {
    let functions = module.imports.iter().filter(|import| {
        matches!(import, AdapterImport::Func(_) | AdapterImport::Transcoder { .. } | AdapterImport::Trap { .. })
    });
    let is_trap = |(i, import): (u32, &AdapterImport)| matches!(import, AdapterImport::Trap { .. }).then_some(i);
    let traps: HashSet<u32> = (0..).zip(functions).filter_map(is_trap).collect();
    let mut calls = Vec::new();
    let mut func = 0;
    for payload in Parser::new(0).parse_all(&module.wasm) {
        if let Payload::CodeSectionEntry(body) = payload.expect("it is valid") {
            calls_of(func, &body, &traps, &mut calls);
            func += 1;
        }
    }
    calls
}

/// What is pushed since control flow last split begins with the site and the code.
fn calls_of(func: usize, body: &FunctionBody<'_>, traps: &HashSet<u32>, calls: &mut Vec<TrapCall>) {
    let mut pushed = Vec::new();
    for operator in body.get_operators_reader().expect("it is valid") {
        match operator.expect("it is valid") {
            Operator::If { .. } | Operator::End | Operator::Else => pushed.clear(),
            Operator::I32Const { value } => pushed.push(Some(value)),
            Operator::LocalGet { .. } => pushed.push(None),
            Operator::LocalSet { .. } => drop(pushed.pop()),
            Operator::Call { function_index } if traps.contains(&function_index) => {
                let code = pushed[1].and_then(|code| TrapCode::from_u8(code as u8));
                calls.push(TrapCall { func, site: pushed[0], code: code.expect("the second argument is a code") });
            }
            _ => {}
        }
    }
}

/// A line for each call of `trap`.
pub fn traps_text(module: &AdapterModule) -> String {
    let mut text = String::new();
    for call in trap_calls(module) {
        let site = call.site.map_or("its caller's site".into(), |site| format!("site {site}"));
        writeln!(text, ";; trap of function {} at {site}: {}", call.func, call.code).expect("strings can be written");
    }
    text
}
