//! What the calls of `trap` in an adapter module stand for, read back from its code.
#![allow(dead_code, reason = "each test program uses its part")]

use gusset_fact::{AdapterImport, AdapterModule};
use gusset_types::TrapCode;
use std::collections::HashSet;
use std::fmt::Write;
use wasmparser::{FunctionBody, Operator, Parser, Payload};

/// The site that a call of `trap` passes.
#[derive(Clone, Copy)]
pub enum SiteArgument {
    Number(i32),
    /// This one for the first case of a variant, those that follow for the other cases.
    OfCase(i32),
    OfCaller,
}

/// A call of `trap`.
pub struct TrapCall {
    /// The number of the function among those that the module defines.
    pub func: usize,
    pub site: SiteArgument,
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
            Operator::I32Const { value } => pushed.push(SiteArgument::Number(value)),
            Operator::LocalGet { .. } => pushed.push(SiteArgument::OfCaller),
            Operator::I32Add => {
                pushed.pop();
                if let Some(SiteArgument::Number(first)) = pushed.pop() {
                    pushed.push(SiteArgument::OfCase(first));
                }
            }
            Operator::LocalSet { .. } => drop(pushed.pop()),
            Operator::Call { function_index } if traps.contains(&function_index) => {
                let SiteArgument::Number(code) = pushed[1] else { panic!("the second argument is a code") };
                let code = TrapCode::from_u8(code as u8).expect("it is known");
                calls.push(TrapCall { func, site: pushed[0], code });
            }
            _ => {}
        }
    }
}

/// A line for each call of `trap`.
pub fn traps_text(module: &AdapterModule) -> String {
    let mut text = String::new();
    for call in trap_calls(module) {
        let site = match call.site {
            SiteArgument::Number(site) => format!("site {site}"),
            SiteArgument::OfCase(first) => format!("a case's site from {first} on"),
            SiteArgument::OfCaller => "its caller's site".into(),
        };
        writeln!(text, ";; trap of function {} at {site}: {}", call.func, call.code).expect("strings can be written");
    }
    text
}
