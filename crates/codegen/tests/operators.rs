//! Every operator of every proposal that is supported compiles, in both forms of code and by every setting that changes what
//! operators become. The parser lists them all, so that one that is forgotten fails here by its name.

use crate::common::*;
use gusset_codegen::{
    CodeTarget, CodegenErrorKind, Compiler, CompilerSettings, LinkUnit, OptimizationLevel, UnitModule,
};
use gusset_types::{Arena, CoreFeature};
use wasmparser::{Validator, WasmFeatures};

/// The proposals whose operators are translated.
const TRANSLATED: &[&str] = &[
    "mvp",
    "sign_extension",
    "saturating_float_to_int",
    "bulk_memory",
    "reference_types",
    "simd",
    "relaxed_simd",
    "wide_arithmetic",
    "tail_call",
    "function_references",
    "exceptions",
    "legacy_exceptions",
    "threads",
];

/// An operator, as the parser lists it.
struct OperatorRow {
    proposal: &'static str,
    /// The name of its method in the parser's visitors.
    visit: &'static str,
    immediates: &'static [&'static str],
    /// How many operands it takes and leaves; `None` where that depends.
    arity: Option<(usize, usize)>,
}

macro_rules! rows {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $ty:ty),* })? => $visit:ident ($($arity:tt)*))*) => {
        vec![$(OperatorRow {
            proposal: stringify!($proposal),
            visit: stringify!($visit),
            immediates: &[$($(stringify!($arg)),*)?],
            arity: rows!(arity $($arity)*),
        }),*]
    };
    (arity arity custom) => { None };
    (arity arity memarg $params:literal -> $results:literal) => { Some(($params, $results)) };
    (arity arity $params:literal -> $results:literal) => { Some(($params, $results)) };
}

fn rows() -> Vec<OperatorRow> {
    wasmparser::for_each_operator!(rows)
}

/// Functions for the operators whose operands depend on more than themselves.
const CUSTOM: &[(&str, &str)] = &[
    ("visit_block", "(func (param v128) (result v128) (block (result v128) (local.get 0)))"),
    ("visit_loop", "(func (param v128) (result v128) (local.get 0) (loop (param v128) (result v128)))"),
    ("visit_if", "(func (param i32) (if (local.get 0) (then)))"),
    (
        "visit_else",
        "(func (param i32 v128 f32) (result v128)
            (if (result v128) (local.get 0) (then (local.get 1)) (else (f32x4.splat (local.get 2)))))",
    ),
    ("visit_end", "(func)"),
    ("visit_br", "(func (param f32) (result v128) (block (result v128) (br 0 (f32x4.splat (local.get 0)))))"),
    (
        "visit_br_if",
        "(func (param i64 i32) (result v128) (block (result v128) (br_if 0 (i64x2.splat (local.get 0)) (local.get 1))))",
    ),
    (
        "visit_br_table",
        "(func (param f64 i32) (result v128)
            (block (result v128) (br_table 0 1 0 (f64x2.splat (local.get 0)) (local.get 1))))",
    ),
    ("visit_return", "(func (param i32) (result v128) (return (i16x8.splat (local.get 0))))"),
    ("visit_call", "(func (param f32) (drop (call $v (f32x4.splat (local.get 0)))))"),
    (
        "visit_call_indirect",
        "(func (param f32 i32)
            (drop (call_indirect $t (param v128) (result v128) (f32x4.splat (local.get 0)) (local.get 1))))",
    ),
    ("visit_return_call", "(func (return_call $f))"),
    ("visit_return_call_indirect", "(func (param i32) (return_call_indirect $t (local.get 0)))"),
    ("visit_call_ref", "(func (param (ref null $none)) (call_ref $none (local.get 0)))"),
    ("visit_return_call_ref", "(func (param (ref null $none)) (return_call_ref $none (local.get 0)))"),
    (
        "visit_br_on_null",
        "(func (param externref) (result externref) (block (return (br_on_null 0 (local.get 0)))) (ref.null extern))",
    ),
    (
        "visit_br_on_non_null",
        "(func (param funcref) (result funcref)
            (block (result (ref func)) (br_on_non_null 0 (local.get 0)) (unreachable)))",
    ),
    ("visit_try_table", "(func (result i32) (block (result i32) (try_table (catch $x 0) (call $f)) (i32.const 1)))"),
    ("visit_throw", "(func (throw $x (i32.const 1)))"),
    ("visit_throw_ref", "(func (param exnref) (throw_ref (local.get 0)))"),
    ("visit_try", "(func try call $f end)"),
    ("visit_catch", "(func (result i32) try (result i32) call $f i32.const 1 catch $x end)"),
    ("visit_catch_all", "(func try call $f catch_all end)"),
    ("visit_rethrow", "(func try call $f catch_all rethrow 0 end)"),
    ("visit_delegate", "(func try call $f delegate 0)"),
];

/// What can be parsed, and is never valid.
const NEVER_VALID: &[&str] = &["visit_typed_select_multi"];

/// What operators are tried with.
const OPERANDS: &[&str] = &["i32", "i64", "f32", "f64", "v128", "externref", "funcref"];

/// Its name in the text format.
fn text_name(visit: &str) -> String {
    let name = visit.trim_start_matches("visit_");
    if let Some((ty, access)) = name.split_once("_atomic_") {
        let access = match access.split_once('_') {
            Some((width, change)) if width.starts_with("rmw") => format!("{width}.{change}"),
            _ => access.into(),
        };
        return format!("{ty}.atomic.{access}");
    }
    match name {
        "typed_select" => "select".into(),
        "drop" | "nop" | "select" | "unreachable" => name.into(),
        _ => name.replacen('_', ".", 1),
    }
}

fn immediates(row: &OperatorRow) -> String {
    let one = |name: &&str| match (row.visit, *name) {
        ("visit_typed_select", _) => "(result i32)",
        ("visit_ref_null", _) => "extern",
        ("visit_memory_init", "mem") => "",
        ("visit_table_init", "elem_index") => "$t $e",
        ("visit_table_init", _) => "",
        ("visit_v128_const", _) => "i64x2 1 2",
        (_, "lanes") => "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31",
        (_, "memarg" | "ordering") => "",
        (_, "local_index") => "$l",
        (_, "global_index") => "$g",
        (_, "function_index") => "$f",
        (_, "data_index") => "$d",
        (_, "elem_index") => "$e",
        (_, "table" | "dst_table" | "src_table") => "$t",
        _ => "0",
    };
    row.immediates.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// A module of these functions, with what operators refer to.
fn module(functions: &str) -> String {
    format!(
        r#"(module (memory 1) (table $t 4 funcref) (global $g (mut i32) (i32.const 0)) (data $d "a") (elem $e func $f)
            (type $none (func)) (tag $x (param i32))
            (func $f) (func $v (param v128) (result v128) (local.get 0)) {functions})"#
    )
}

fn is_valid(function: &str) -> bool {
    let Ok(bytes) = wat::parse_str(module(function)) else { return false };
    Validator::new_with_features(WasmFeatures::all()).validate_all(&bytes).is_ok()
}

/// A valid function with the operator in it, by trying operands. Locals are given, so that nothing is known of them.
fn function(row: &OperatorRow) -> Option<String> {
    if let Some((_, text)) = CUSTOM.iter().find(|(visit, _)| *visit == row.visit) {
        return Some((*text).into());
    }
    let (params, results) = row.arity?;
    let (name, immediates) = (text_name(row.visit), immediates(row));
    let gets: String = (0..params).map(|at| format!("local.get {at} ")).collect();
    let drops = " drop".repeat(results);
    (0..OPERANDS.len().pow(params as u32)).find_map(|mut number| {
        let mut types = Vec::new();
        for _ in 0..params {
            types.push(OPERANDS[number % OPERANDS.len()]);
            number /= OPERANDS.len();
        }
        let types = types.join(" ");
        let text = format!("(func (param {types}) (local $l i32) {gets}{name} {immediates}{drops})");
        is_valid(&text).then_some(text)
    })
}

fn named(row: &OperatorRow, function: &str) -> String {
    function.replacen("(func", &format!("(func ${}", row.visit.trim_start_matches("visit_")), 1)
}

/// A module with a function for each operator that is translated.
fn all_operators() -> String {
    let rows = rows();
    let mut functions = String::new();
    for row in rows.iter().filter(|row| TRANSLATED.contains(&row.proposal) && !NEVER_VALID.contains(&row.visit)) {
        let function = function(row).unwrap_or_else(|| panic!("no function is known for {}", row.visit));
        functions += &named(row, &function);
        functions.push('\n');
    }
    assert!(functions.lines().count() > 450, "operators are missing");
    module(&functions)
}

fn with_all_features() -> CompilerSettings {
    let mut settings = CompilerSettings::default();
    CoreFeature::ALL.iter().for_each(|&feature| settings.features.set(feature, true));
    settings
}

#[test]
fn every_operator_of_every_supported_proposal_compiles() {
    let wasm = wasm(&all_operators());
    let default = with_all_features();
    let (none, all) = (OptimizationLevel::None, OptimizationLevel::SpeedAndSize);
    for settings in [
        default.clone(),
        CompilerSettings { frame_form: true, ..default.clone() },
        CompilerSettings { signals_based_traps: false, ..default.clone() },
        CompilerSettings { signals_based_traps: false, frame_form: true, consume_fuel: true, ..default.clone() },
        CompilerSettings { nan_canonicalization: true, memory_reservation: 1 << 20, ..default.clone() },
        CompilerSettings { optimization: none, consume_fuel: true, epoch_interruption: true, ..default.clone() },
        CompilerSettings { optimization: all, ..default },
    ] {
        compile_with(&settings, &[(&wasm, &[])], 0).unwrap_or_else(|error| panic!("{settings:?}: {error}"));
    }
}

fn compile_for(cpu: &str, settings: &CompilerSettings, wat: &str) -> Result<(), gusset_codegen::CodegenError> {
    let (wasm, mut modules) = (wasm(wat), Arena::default());
    modules.push(UnitModule {
        name: "test",
        wasm: &wasm,
        offset: 0,
        imports: &[],
        open_exports: None,
        single: false,
        generated: false,
    });
    let target = CodeTarget { triple: None, cpu: Some(cpu.into()) };
    Compiler::for_target(settings, &target)?.compile(&LinkUnit { modules }).map(drop)
}

/// Compiled code calls no library functions: what the least processor lacks is done with what it has.
#[test]
fn every_operator_compiles_for_the_least_processor() {
    compile_for("baseline", &with_all_features(), &all_operators()).unwrap_or_else(|error| panic!("{error}"));
}

/// Multiplying and adding with one rounding is an instruction or nothing.
#[test]
fn what_the_deterministic_profile_needs_of_the_processor_is_told() {
    let settings = CompilerSettings { relaxed_simd_deterministic: true, ..Default::default() };
    let one = |operator: &str, operands: usize| {
        let operands = "(local.get 0)".repeat(operands);
        format!("(module (func (param v128) (result v128) ({operator} {operands})))")
    };
    for (operator, operands) in [
        ("i8x16.relaxed_swizzle", 2),
        ("i32x4.relaxed_trunc_f32x4_s", 1),
        ("i32x4.relaxed_trunc_f64x2_u_zero", 1),
        ("i16x8.relaxed_laneselect", 3),
        ("f64x2.relaxed_max", 2),
        ("i32x4.relaxed_dot_i8x16_i7x16_add_s", 3),
    ] {
        compile_for("baseline", &settings, &one(operator, operands)).unwrap_or_else(|error| panic!("{error}"));
    }
    for operator in ["f32x4.relaxed_madd", "f64x2.relaxed_nmadd"] {
        let result = compile_for("baseline", &settings, &one(operator, 3));
        if cfg!(target_arch = "x86_64") {
            let error = result.expect_err("there is no FMA");
            assert_eq!(error.kind(), CodegenErrorKind::Unsupported);
            assert!(error.message().contains("machines without FMA") && error.offset().is_some(), "{error}");
            compile_for("x86-64-v3", &settings, &one(operator, 3)).unwrap_or_else(|error| panic!("{error}"));
        } else {
            result.unwrap_or_else(|error| panic!("{error}"));
        }
    }
}

/// Otherwise they would not be tried above.
#[test]
fn no_other_proposal_is_translated() {
    let rows = rows();
    let mut seen = Vec::new();
    for row in rows.iter().filter(|row| !TRANSLATED.contains(&row.proposal)) {
        if seen.contains(&row.proposal) || row.arity.is_none() {
            continue;
        }
        let Some(function) = function(row) else { continue };
        seen.push(row.proposal);
        let error = compile_unit(&[(&wasm(&module(&function)), &[])]).map(drop).expect_err(row.visit);
        assert_ne!(error.kind(), CodegenErrorKind::Internal, "{error}");
    }
    assert!(seen.contains(&"gc"), "{seen:?}");
}
