//! Accesses to memory, each with much that may use what it loads.

use super::operators::{OPERATORS, ParserOperator};
use super::users;
use super::{AddressType, PlacedTrap};
use gusset::TrapCode;

/// Loads and stores.
pub(super) fn cases(index: AddressType) -> Vec<PlacedTrap> {
    let operators = OPERATORS.iter().filter(|operator| operator.is_access() && operator.is_of_the_engine());
    operators.filter(|operator| !operator.is_atomic()).flat_map(|operator| cases_of(operator, index)).collect()
}

/// What accesses memory atomically, outside of it and at addresses that are not aligned.
pub(super) fn atomic_cases(index: AddressType) -> Vec<PlacedTrap> {
    let operators = OPERATORS.iter().filter(|operator| operator.is_access() && operator.is_atomic());
    let mut cases: Vec<PlacedTrap> = Vec::new();
    for operator in operators {
        cases.extend(cases_of(operator, index));
        // Bytes are always aligned.
        if !operator.name.contains('8') {
            let at = format!("({}.const 1)", index.name());
            let text = access(operator, &at, &operands(operator), "");
            let result = result_of(operator).unwrap_or("");
            cases.push(PlacedTrap { operator: operator.name, code: TrapCode::UnalignedAtomic, body: text, result });
        }
    }
    cases
}

fn cases_of(operator: &ParserOperator, index: AddressType) -> Vec<PlacedTrap> {
    let case = |(body, result): (String, &'static str)| PlacedTrap {
        operator: operator.name,
        code: TrapCode::MemoryOutOfBounds,
        body,
        result,
    };
    let mut bodies: Vec<(String, &'static str)> = Vec::new();
    match result_of(operator) {
        Some(ty) => {
            let load = access(operator, "(local.get $at)", &operands(operator), "");
            bodies.extend(users::of(ty, &load, index));
            let far = access(operator, "(local.get $at)", &operands(operator), "offset=4096");
            bodies.extend(users::of(ty, &far, index).into_iter().take(6));
        }
        None => {
            for value in values(operands(operator)[0]) {
                bodies.push((access_with(operator, "(local.get $at)", &[value], ""), ""));
            }
            let plain = access(operator, "(local.get $at)", &operands(operator), "");
            // The second one does not happen, nor can the first one be left out for it.
            bodies.push((format!("{plain} {plain}"), ""));
            bodies.push((access(operator, "(local.get $at)", &operands(operator), "offset=65536"), ""));
        }
    }
    bodies.into_iter().map(case).collect()
}

/// The type of what it leaves.
fn result_of(operator: &ParserOperator) -> Option<&'static str> {
    if operator.name.contains("Store") {
        return None;
    }
    Some(match operator.text().split('.').next() {
        Some("i64") => "i64",
        Some("f32") => "f32",
        Some("f64") => "f64",
        Some("v128") => "v128",
        // Those that wait and notify.
        _ => "i32",
    })
}

/// The types of what it takes beside the address.
fn operands(operator: &ParserOperator) -> Vec<&'static str> {
    let text = operator.text();
    let ty = match text.split('.').next() {
        Some("i64") => "i64",
        Some("f32") => "f32",
        Some("f64") => "f64",
        Some("v128") => "v128",
        _ => "i32",
    };
    match operator.name {
        "MemoryAtomicNotify" => vec!["i32"],
        "MemoryAtomicWait32" => vec!["i32", "i64"],
        "MemoryAtomicWait64" => vec!["i64", "i64"],
        name if name.contains("Cmpxchg") => vec![ty, ty],
        name if name.contains("Rmw") || name.contains("Store") || name.ends_with("Lane") => vec![ty],
        _ => vec![],
    }
}

fn access(operator: &ParserOperator, at: &str, operands: &[&str], offset: &str) -> String {
    let values: Vec<_> = operands.iter().map(|ty| values(ty)[0]).collect();
    access_with(operator, at, &values, offset)
}

fn access_with(operator: &ParserOperator, at: &str, values: &[&str], offset: &str) -> String {
    let lane = if operator.name.ends_with("Lane") { "1" } else { "" };
    format!("({} {offset} {lane} {at} {})", operator.text(), values.join(" "))
}

/// Values of a type.
fn values(ty: &str) -> &'static [&'static str] {
    match ty {
        "i32" => &[
            "(local.get $x)",
            "(i32.const 7)",
            "(i32.add (local.get $x) (i32.const 1))",
            "(i32.wrap_i64 (local.get $y))",
        ],
        "i64" => &["(local.get $y)", "(i64.const 7)", "(i64.extend_i32_u (local.get $x))"],
        "f32" => &["(local.get $f)", "(f32.const 0)", "(f32x4.extract_lane 0 (local.get $v))"],
        "f64" => &["(local.get $d)", "(f64.const 0)", "(f64x2.extract_lane 0 (local.get $v))"],
        _ => &["(local.get $v)", "(v128.const i64x2 1 2)", "(i32x4.splat (local.get $x))"],
    }
}
