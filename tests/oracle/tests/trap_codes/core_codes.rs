//! Codes of core wasm: an instruction each.

use super::{Finder, TrapCase};
use gusset::TrapCode;

pub(crate) fn cases() -> Vec<TrapCase> {
    let case = |code, shown, body: &str| {
        let text = format!(
            r#"(component
  (core module $m
    (memory 1)
    (table $t 2 funcref)
    (elem (table $t) (i32.const 1) func $run)
    (type $none (func))
    (type $other (func (param f64)))
    (tag $thrown)
    (func $run (export "run") {body}))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))"#
        );
        TrapCase { code, side: Finder::Core, shown, path: "", names: String::new(), text, heavy: false }
    };
    vec![
        case(TrapCode::Unreachable, "wasm `unreachable` instruction executed", "unreachable"),
        case(
            TrapCode::MemoryOutOfBounds,
            "out of bounds memory access at 0x10000",
            "(drop (i32.load (i32.const 65533)))",
        ),
        case(TrapCode::TableOutOfBounds, "out of bounds table access", "(drop (table.get $t (i32.const 2)))"),
        case(
            TrapCode::UndefinedElement,
            "undefined element: out of bounds table access",
            "(call_indirect $t (type $none) (i32.const 2))",
        ),
        case(TrapCode::UninitializedElement, "uninitialized element", "(call_indirect $t (type $none) (i32.const 0))"),
        case(
            TrapCode::IndirectCallTypeMismatch,
            "indirect call type mismatch",
            "(call_indirect $t (type $other) (f64.const 0) (i32.const 1))",
        ),
        case(TrapCode::IntegerDivideByZero, "integer divide by zero", "(drop (i32.rem_u (i32.const 1) (i32.const 0)))"),
        case(TrapCode::IntegerOverflow, "integer overflow", "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))"),
        case(
            TrapCode::InvalidConversionToInteger,
            "invalid conversion to integer",
            "(drop (i32.trunc_f32_s (f32.const nan)))",
        ),
        case(TrapCode::StackOverflow, "call stack exhausted", "(call $run)"),
        case(TrapCode::NullReference, "null reference", "(drop (ref.as_non_null (ref.null func)))"),
        case(TrapCode::NullFunctionReference, "null function reference", "(call_ref $none (ref.null $none))"),
        case(TrapCode::UnalignedAtomic, "unaligned atomic", "(drop (i32.atomic.load (i32.const 2)))"),
        case(
            TrapCode::UnsharedWait,
            "expected shared memory",
            "(drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 0)))",
        ),
        case(TrapCode::UncaughtException, "uncaught exception", "(throw $thrown)"),
    ]
}
