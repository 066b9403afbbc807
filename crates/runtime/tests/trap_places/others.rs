//! What traps but for accesses to memory.

use super::{AddressType, PlacedTrap};
use gusset::TrapCode;

/// An operator that traps: how the parser calls it, why it traps, how it is written, and the type of what it leaves.
type TrapRow = (&'static str, TrapCode, &'static str, &'static str);

const UNREACHABLE: &[TrapRow] = &[
    ("Unreachable", TrapCode::Unreachable, "unreachable", ""),
    ("Unreachable", TrapCode::Unreachable, "(if (local.get $x) (then unreachable))", ""),
    ("Unreachable", TrapCode::Unreachable, "(if (i32.eqz (local.get $x)) (then) (else unreachable))", ""),
    ("Unreachable", TrapCode::Unreachable, "(if (local.get $x) (then unreachable) (else unreachable))", ""),
    (
        "Unreachable",
        TrapCode::Unreachable,
        "(if (local.get $x) (then (drop (i32.add (local.get $x) (i32.const 1))) unreachable))",
        "",
    ),
    ("Unreachable", TrapCode::Unreachable, "(if (i32.const 1) (then unreachable))", ""),
    ("Unreachable", TrapCode::Unreachable, "(block $b (br_if $b (local.get $x)) return) unreachable", ""),
    (
        "Unreachable",
        TrapCode::Unreachable,
        "(block $b (br_if $b (i64.gt_u (local.get $y) (i64.const 2))) return) unreachable",
        "",
    ),
    ("Unreachable", TrapCode::Unreachable, "(block $b (br_table $b $b (local.get $x))) unreachable", ""),
    ("Unreachable", TrapCode::Unreachable, "(block $b (br_on_null $b (local.get $e)) (drop)) unreachable", ""),
    (
        "Unreachable",
        TrapCode::Unreachable,
        "(block $a (block $b (br_if $b (local.get $x)) (br_if $a (local.get $zero)) return) unreachable) unreachable",
        "",
    ),
    (
        "Unreachable",
        TrapCode::Unreachable,
        "(if (result i32) (local.get $x) (then unreachable) (else (i32.const 1)))",
        "i32",
    ),
    ("Unreachable", TrapCode::Unreachable, "(loop $l (if (local.get $x) (then unreachable)) (br $l))", ""),
];

/// Each with all the users of its type.
const ARITHMETIC: &[TrapRow] = &[
    ("I32DivS", TrapCode::IntegerDivideByZero, "(i32.div_s (local.get $x) (local.get $zero))", "i32"),
    ("I32DivS", TrapCode::IntegerDivideByZero, "(i32.div_s (local.get $x) (i32.const 0))", "i32"),
    ("I32DivS", TrapCode::IntegerOverflow, "(i32.div_s (i32.shl (local.get $x) (i32.const 31)) (i32.const -1))", "i32"),
    (
        "I32DivS",
        TrapCode::IntegerOverflow,
        "(i32.div_s (i32.const 0x80000000) (i32.sub (local.get $zero) (i32.const 1)))",
        "i32",
    ),
    ("I32DivU", TrapCode::IntegerDivideByZero, "(i32.div_u (local.get $x) (local.get $zero))", "i32"),
    ("I32DivU", TrapCode::IntegerDivideByZero, "(i32.div_u (local.get $x) (i32.const 0))", "i32"),
    ("I32DivU", TrapCode::IntegerDivideByZero, "(i32.div_u (local.get $x) (i32.load (memory.size)))", "i32"),
    ("I32RemS", TrapCode::IntegerDivideByZero, "(i32.rem_s (local.get $x) (local.get $zero))", "i32"),
    ("I32RemS", TrapCode::IntegerDivideByZero, "(i32.rem_s (local.get $x) (i32.load (memory.size)))", "i32"),
    ("I32RemU", TrapCode::IntegerDivideByZero, "(i32.rem_u (local.get $x) (local.get $zero))", "i32"),
    ("I32RemU", TrapCode::IntegerDivideByZero, "(i32.rem_u (local.get $x) (i32.const 0))", "i32"),
    (
        "I64DivS",
        TrapCode::IntegerDivideByZero,
        "(i64.div_s (local.get $y) (i64.extend_i32_u (local.get $zero)))",
        "i64",
    ),
    ("I64DivS", TrapCode::IntegerOverflow, "(i64.div_s (i64.const 0x8000000000000000) (i64.const -1))", "i64"),
    (
        "I64DivU",
        TrapCode::IntegerDivideByZero,
        "(i64.div_u (local.get $y) (i64.extend_i32_s (local.get $zero)))",
        "i64",
    ),
    ("I64DivU", TrapCode::IntegerDivideByZero, "(i64.div_u (local.get $y) (i64.load (memory.size)))", "i64"),
    (
        "I64RemS",
        TrapCode::IntegerDivideByZero,
        "(i64.rem_s (local.get $y) (i64.extend_i32_u (local.get $zero)))",
        "i64",
    ),
    (
        "I64RemU",
        TrapCode::IntegerDivideByZero,
        "(i64.rem_u (local.get $y) (i64.extend_i32_u (local.get $zero)))",
        "i64",
    ),
    ("I32TruncF32S", TrapCode::InvalidConversionToInteger, "(i32.trunc_f32_s (local.get $f))", "i32"),
    (
        "I32TruncF32S",
        TrapCode::IntegerOverflow,
        "(i32.trunc_f32_s (f32.convert_i32_u (i32.shl (local.get $x) (i32.const 31))))",
        "i32",
    ),
    ("I32TruncF32S", TrapCode::IntegerOverflow, "(i32.trunc_f32_s (f32.const 1e30))", "i32"),
    ("I32TruncF32U", TrapCode::InvalidConversionToInteger, "(i32.trunc_f32_u (local.get $f))", "i32"),
    (
        "I32TruncF32U",
        TrapCode::IntegerOverflow,
        "(i32.trunc_f32_u (f32.neg (f32.convert_i32_u (local.get $x))))",
        "i32",
    ),
    ("I32TruncF64S", TrapCode::InvalidConversionToInteger, "(i32.trunc_f64_s (local.get $d))", "i32"),
    ("I32TruncF64S", TrapCode::IntegerOverflow, "(i32.trunc_f64_s (f64.const -1e30))", "i32"),
    ("I32TruncF64U", TrapCode::InvalidConversionToInteger, "(i32.trunc_f64_u (local.get $d))", "i32"),
    ("I64TruncF32S", TrapCode::InvalidConversionToInteger, "(i64.trunc_f32_s (local.get $f))", "i64"),
    ("I64TruncF32U", TrapCode::InvalidConversionToInteger, "(i64.trunc_f32_u (local.get $f))", "i64"),
    ("I64TruncF64S", TrapCode::InvalidConversionToInteger, "(i64.trunc_f64_s (local.get $d))", "i64"),
    ("I64TruncF64U", TrapCode::InvalidConversionToInteger, "(i64.trunc_f64_u (local.get $d))", "i64"),
    ("I64TruncF64U", TrapCode::IntegerOverflow, "(i64.trunc_f64_u (f64.const 1e30))", "i64"),
];

/// `AT` is an index outside of everything, `NULL` of an element that is null, `ID` of one that is of another type than `$none`.
const REFERENCES: &[TrapRow] = &[
    ("CallIndirect", TrapCode::UndefinedElement, "(call_indirect $functions (type $none) AT)", ""),
    ("CallIndirect", TrapCode::UndefinedElement, "(call_indirect $functions (type $id) (local.get $x) AT)", "i32"),
    ("CallIndirect", TrapCode::UninitializedElement, "(call_indirect $functions (type $none) NULL)", ""),
    ("CallIndirect", TrapCode::UninitializedElement, "(call_indirect $typed (type $none) NULL)", ""),
    ("CallIndirect", TrapCode::IndirectCallTypeMismatch, "(call_indirect $functions (type $none) ID)", ""),
    ("ReturnCallIndirect", TrapCode::UndefinedElement, "(return_call_indirect $functions (type $none) AT)", ""),
    ("ReturnCallIndirect", TrapCode::UninitializedElement, "(return_call_indirect $functions (type $none) NULL)", ""),
    ("ReturnCallIndirect", TrapCode::IndirectCallTypeMismatch, "(return_call_indirect $functions (type $none) ID)", ""),
    ("CallRef", TrapCode::NullFunctionReference, "(call_ref $none (ref.null $none))", ""),
    ("CallRef", TrapCode::NullFunctionReference, "(call_ref $none (table.get $typed NULL))", ""),
    ("ReturnCallRef", TrapCode::NullFunctionReference, "(return_call_ref $none (ref.null $none))", ""),
    ("ReturnCallRef", TrapCode::NullFunctionReference, "(return_call_ref $none (table.get $typed NULL))", ""),
    ("RefAsNonNull", TrapCode::NullReference, "(drop (ref.as_non_null (local.get $e)))", ""),
    ("RefAsNonNull", TrapCode::NullReference, "(drop (ref.as_non_null (table.get $externs NULL)))", ""),
    ("RefAsNonNull", TrapCode::NullReference, "(call_ref $none (ref.as_non_null (table.get $typed NULL)))", ""),
    ("RefAsNonNull", TrapCode::NullReference, "(table.set $externs NULL (ref.as_non_null (local.get $e)))", ""),
    ("ThrowRef", TrapCode::NullReference, "(throw_ref (ref.null exn))", ""),
    ("ThrowRef", TrapCode::NullReference, "(block $h (try_table (catch_all $h) (throw_ref (ref.null exn))))", ""),
    ("TableGet", TrapCode::TableOutOfBounds, "(drop (table.get $externs AT))", ""),
    ("TableGet", TrapCode::TableOutOfBounds, "(ref.is_null (table.get $externs AT))", "i32"),
    ("TableGet", TrapCode::TableOutOfBounds, "(i32.add (local.get $x) (ref.is_null (table.get $externs AT)))", "i32"),
    ("TableGet", TrapCode::TableOutOfBounds, "(table.get $externs AT)", "externref"),
    ("TableGet", TrapCode::TableOutOfBounds, "(table.set $externs NULL (table.get $externs AT))", ""),
    ("TableGet", TrapCode::TableOutOfBounds, "(drop (ref.as_non_null (table.get $externs AT)))", ""),
    (
        "TableGet",
        TrapCode::TableOutOfBounds,
        "(select (result externref) (local.get $e) (table.get $externs AT) (local.get $x))",
        "externref",
    ),
    ("TableGet", TrapCode::TableOutOfBounds, "(if (ref.is_null (table.get $externs AT)) (then unreachable))", ""),
    ("TableGet", TrapCode::TableOutOfBounds, "(block $b (drop (br_on_null $b (table.get $externs AT))))", ""),
    ("TableGet", TrapCode::TableOutOfBounds, "(ref.is_null (table.get $functions AT))", "i32"),
    ("TableGet", TrapCode::TableOutOfBounds, "(table.get $functions AT)", "funcref"),
    ("TableGet", TrapCode::TableOutOfBounds, "(call_ref $none (table.get $typed AT))", ""),
    ("TableSet", TrapCode::TableOutOfBounds, "(table.set $externs AT (local.get $e))", ""),
    ("TableSet", TrapCode::TableOutOfBounds, "(table.set $functions AT (ref.func $none))", ""),
    (
        "TableSet",
        TrapCode::TableOutOfBounds,
        "(table.set $functions AT (ref.null func)) (table.set $functions AT (ref.null func))",
        "",
    ),
    ("TableFill", TrapCode::TableOutOfBounds, "(table.fill $externs AT (local.get $e) NULL)", ""),
    ("TableFill", TrapCode::TableOutOfBounds, "(table.fill $functions AT (ref.func $none) ID)", ""),
    ("TableCopy", TrapCode::TableOutOfBounds, "(table.copy $functions $functions AT NULL ID)", ""),
    ("TableCopy", TrapCode::TableOutOfBounds, "(table.copy $functions $functions NULL AT ID)", ""),
    ("TableInit", TrapCode::TableOutOfBounds, "(table.init $functions $some AT (i32.const 0) (i32.const 1))", ""),
    ("TableInit", TrapCode::TableOutOfBounds, "(table.init $functions $some NULL (i32.const 3) (i32.const 1))", ""),
    ("MemoryFill", TrapCode::MemoryOutOfBounds, "(memory.fill AT (local.get $x) ID)", ""),
    ("MemoryCopy", TrapCode::MemoryOutOfBounds, "(memory.copy AT NULL ID)", ""),
    ("MemoryCopy", TrapCode::MemoryOutOfBounds, "(memory.copy NULL AT ID)", ""),
    ("MemoryInit", TrapCode::MemoryOutOfBounds, "(memory.init $bytes AT (i32.const 0) (i32.const 1))", ""),
    ("MemoryInit", TrapCode::MemoryOutOfBounds, "(memory.init $bytes NULL (i32.const 16) (i32.const 1))", ""),
];

pub(super) fn cases(index: AddressType) -> Vec<PlacedTrap> {
    let case = |operator, code, body, result| PlacedTrap { operator, code, body, result };
    let number = |number: u32| format!("({}.const {number})", index.name());
    let text = |text: &str| text.replace("AT", "(local.get $at)").replace("NULL", &number(0)).replace("ID", &number(1));
    let rows = UNREACHABLE.iter().chain(REFERENCES);
    let mut cases: Vec<PlacedTrap> =
        rows.map(|&(name, code, body, result)| case(name, code, text(body), result)).collect();
    for &(operator, code, body, ty) in ARITHMETIC {
        for (body, result) in super::users::of(ty, body, index) {
            cases.push(case(operator, code, body, result));
        }
    }
    cases
}
