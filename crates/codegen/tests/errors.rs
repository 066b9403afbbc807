//! What is refused: of which kind, where, and in which words.

use crate::common::*;
use gusset_artifact::{CoreFuncType, CoreValType, ImportLink};
use gusset_codegen::{CodegenErrorKind, Compiler, CompilerSettings, LinkUnit, UnitModule};
use gusset_types::{Arena, CoreFeature};

#[test]
fn proposals_that_are_not_supported_are_named() {
    for (what, wat) in
        [("gc", "(module (type (struct)))"), ("gc", "(module (type $a (array i8)) (func (param (ref null $a))))")]
    {
        let error = error(wat);
        assert_eq!(error.kind(), CodegenErrorKind::Unsupported, "{what}: {error}");
        assert!(error.message().starts_with("not supported: "), "{error}");
        assert!(error.offset().is_some(), "{error}");
        assert!(error.message().to_lowercase().contains(&what.to_lowercase()), "{error}");
        // It does not sound as if there were a switch.
        assert!(!error.message().contains("enabled") && !error.message().contains("feature"), "{error}");
    }
}

/// A module with this body of its only function, of no parameters and results; the memory is there to be accessed.
fn module_with_body(body: &[u8]) -> Vec<u8> {
    let size = |bytes: &[u8]| u8::try_from(bytes.len()).expect("it is small");
    let body: Vec<u8> = [&[0], body, &[0x0b]].concat();
    let code: Vec<u8> = [&[1, size(&body)], &body[..]].concat();
    let head = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x05\x03\x01\0\x01\x0a";
    [&head[..], &[size(&code)], &code].concat()
}

#[test]
fn what_only_proposals_without_a_standard_read_is_invalid() {
    compile_unit(&[(&module_with_body(&[0x01]), &[])]).expect("a `nop` is valid");
    for (what, body) in [
        ("legacy exceptions: try", &[0x06, 0x40, 0x19, 0x0b][..]),
        ("legacy exceptions: catch_all without try", &[0x19]),
        ("shared-everything threads: an alignment of 2^32", &[0x41, 0, 0x28, 0x20, 0, 0x1a]),
        ("acquire-release atomics: a load's ordering", &[0x41, 0, 0xfe, 0x10, 0x22, 1, 0, 0x1a]),
        ("acquire-release atomics: pause", &[0xfe, 0x04]),
        ("multibyte array access", &[0x41, 0, 0x28, 0x82, 0x01, 0, 0, 0x1a]),
        ("stack switching: suspend", &[0xe2, 0]),
        ("custom descriptors: ref.get_desc", &[0x00, 0xfb, 0x22, 0]),
        ("memory control: memory.discard", &[0x41, 0, 0x41, 0, 0xfc, 0x12, 0]),
    ] {
        let error = compile_unit(&[(&module_with_body(body), &[])]).expect_err(what);
        assert_eq!(error.kind(), CodegenErrorKind::Invalid, "{what}: {error}");
        assert!(error.to_string().starts_with("function 0 of core module `test`: "), "{error}");
    }
}

#[test]
fn pages_have_1_or_65536_bytes() {
    for (log2, valid) in [(0, true), (16, true), (1, false), (12, false), (17, false), (64, false)] {
        let pages = [&b"\0asm\x01\0\0\0\x05\x04\x01\x08\x01"[..], &[log2]].concat();
        match compile_unit(&[(&pages, &[])]) {
            Ok(_) => assert!(valid, "2^{log2}"),
            Err(error) => {
                assert!(!valid, "2^{log2}: {error}");
                assert_eq!(error.kind(), CodegenErrorKind::Invalid, "{error}");
            }
        }
    }
}

/// The 64-bit proposal gives all limits room for 64 bits, also those of 32-bit memories.
#[test]
fn long_limits_are_malformed_where_64_bit_memories_are_off() {
    let mut without = CompilerSettings::default();
    without.features.set(CoreFeature::Memory64, false);
    let long = b"\0asm\x01\0\0\0\x05\x08\x01\0\x82\x80\x80\x80\x80\0";
    assert!(compile_unit(&[(long, &[])]).is_ok());
    let error = compile_with(&without, &[(long, &[])], 0).expect_err("the integer is too long");
    assert_eq!(error.kind(), CodegenErrorKind::Invalid, "{error}");
    assert!(error.message().ends_with("integer representation too long"), "{error}");
    for wat in [
        "(module (memory i64 0x1000_0000))",
        "(module (table i64 0 0xffff_ffff_ffff_ffff funcref))",
        "(module (import \"a\" \"b\" (memory i64 0xffff_ffff_ff)))",
        "(module (import \"a\" \"b\" (table i64 0xffff_ffff_ff funcref)))",
    ] {
        let error = compile_with(&without, &[(&wasm(wat), &[])], 0).expect_err(wat);
        assert!(error.message().ends_with("(switched off: memory64)"), "{wat}: {error}");
    }
}

#[test]
fn a_module_that_needs_what_is_not_supported_can_be_invalid_all_the_same() {
    let error = error("(module $m (func (drop (ref.i31 (i32.const 0)))) (func) (func (result i32) (i64.const 1)))");
    assert_eq!(error.kind(), CodegenErrorKind::Invalid, "{error}");
    assert!(error.to_string().starts_with("function 2 of core module `test`: type mismatch"), "{error}");
    let error = compile_unit(&[(&module_with_body(&[0xfb, 0x1c, 0x1a]), &[])]).expect_err("an operand is missing");
    assert_eq!(error.kind(), CodegenErrorKind::Invalid, "{error}");
    assert!(error.message().starts_with("type mismatch"), "{error}");
}

/// A module for each feature that needs it and no other.
const NEEDS: &[(CoreFeature, &str)] = &[
    (CoreFeature::MutableGlobal, "(module (global (import \"a\" \"b\") (mut i32)))"),
    (CoreFeature::SignExtension, "(module (func (drop (i32.extend8_s (i32.const 1)))))"),
    (CoreFeature::SaturatingFloatToInt, "(module (func (drop (i32.trunc_sat_f32_s (f32.const 1)))))"),
    (CoreFeature::MultiValue, "(module (func (result i32 i32) (i32.const 1) (i32.const 2)))"),
    (CoreFeature::BulkMemory, "(module (memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 1))))"),
    (CoreFeature::ReferenceTypes, "(module (func (param externref)))"),
    (CoreFeature::ReferenceTypes, "(module (table 1 funcref) (table 1 funcref))"),
    (CoreFeature::MultiMemory, "(module (memory 1) (memory 1))"),
    (CoreFeature::MultiMemory, "(module (import \"a\" \"b\" (memory 1)) (memory 1) (func (drop (memory.size 1))))"),
    (CoreFeature::ExtendedConst, "(module (global i32 (i32.add (i32.const 1) (i32.const 2))))"),
    (CoreFeature::FunctionReferences, "(module (type $t (func)) (func (param (ref $t)) (call_ref $t (local.get 0))))"),
    (CoreFeature::Exceptions, "(module (tag) (func (throw 0)))"),
    (CoreFeature::LegacyExceptions, "(module (func try catch_all end))"),
    (CoreFeature::TailCall, "(module (func $f (return_call $f)))"),
    (CoreFeature::Simd, "(module (func (drop (v128.const i64x2 0 0))))"),
    (CoreFeature::Simd, "(module (func (param v128)))"),
    (CoreFeature::RelaxedSimd, "(module (func (drop (i8x16.relaxed_swizzle (unreachable) (unreachable)))))"),
    (CoreFeature::WideArithmetic, "(module (func (drop (drop (i64.mul_wide_s (i64.const 1) (i64.const 2))))))"),
    (CoreFeature::Memory64, "(module (memory i64 1))"),
    (CoreFeature::Memory64, "(module (table i64 1 funcref) (func (call_indirect (i64.const 0))))"),
    (CoreFeature::Memory64, "(module (import \"a\" \"b\" (memory i64 0 0x1_0000_0000_0000)))"),
    (CoreFeature::CustomPageSizes, "(module (memory 1 (pagesize 1)))"),
    (CoreFeature::Threads, "(module (memory 1 1 shared))"),
    (CoreFeature::Threads, "(module (func (atomic.fence)))"),
];

/// Features that there cannot be without another one.
const BUILT_ON: &[(CoreFeature, CoreFeature)] = &[(CoreFeature::FunctionReferences, CoreFeature::ReferenceTypes)];

#[test]
fn what_needs_a_feature_that_is_off_is_invalid_and_the_feature_is_named() {
    for &feature in CoreFeature::ALL {
        assert!(NEEDS.iter().any(|&(needed, _)| needed == feature), "{feature:?}");
        let mut settings = CompilerSettings::default();
        settings.features.set(feature, false);
        for &(needed, wat) in NEEDS {
            if needed != feature {
                settings.features.set(CoreFeature::LegacyExceptions, needed == CoreFeature::LegacyExceptions);
            }
            let result = compile_with(&settings, &[(&wasm(wat), &[])], 0);
            if BUILT_ON.contains(&(needed, feature)) {
                result.expect_err(wat);
            } else if needed == feature {
                let error = result.expect_err(wat);
                assert_eq!(error.kind(), CodegenErrorKind::Invalid, "{error}");
                let hint = format!("(switched off: {})", feature.name());
                assert!(error.message().ends_with(&hint), "{error}");
                assert!(error.offset().is_some(), "{error}");
            } else if let Err(error) = result {
                panic!("without {feature:?}, {wat}: {error}");
            }
        }
    }
}

/// Which feature it is, is found out by validating anew for each: not for what is large.
#[test]
fn what_is_large_is_not_searched_for_the_feature_that_it_needs() {
    let mut settings = CompilerSettings::default();
    CoreFeature::ALL.iter().for_each(|&feature| settings.features.set(feature, false));
    let wasm = wasm("(module (func (drop (i32.extend8_s (i32.const 1)))))");
    for (size, hint) in [(1 << 20, "(switched off: sign_extension)"), (5 << 20, "mutable_global, sign_extension, ")] {
        // A custom section of this size, with an empty name.
        let length: [u8; 4] = std::array::from_fn(|i| (size >> (7 * i)) as u8 & 0x7f | if i < 3 { 0x80 } else { 0 });
        let custom = [&[0], &length[..], &vec![0; size]].concat();
        let large = [&wasm[..8], &custom, &wasm[8..]].concat();
        let error = compile_with(&settings, &[(&large, &[])], 0).expect_err("it needs what is off");
        assert!(error.message().contains(hint), "{error}");
    }
}

#[test]
fn a_feature_that_is_off_hides_no_other_error() {
    let mut settings = CompilerSettings::default();
    CoreFeature::ALL.iter().for_each(|&feature| settings.features.set(feature, false));
    for (wat, kind) in [
        ("(module (func (result i32)))", CodegenErrorKind::Invalid),
        ("(module (func (drop (ref.i31 (i32.const 0)))))", CodegenErrorKind::Unsupported),
    ] {
        let error = compile_with(&settings, &[(&wasm(wat), &[])], 0).expect_err(wat);
        assert_eq!(error.kind(), kind, "{error}");
        assert!(!error.message().contains("switched off"), "{error}");
    }
    let both = wasm("(module (table 1 externref) (func (table.fill (i32.const 0) (ref.null extern) (i32.const 1))))");
    let error = compile_with(&settings, &[(&both, &[])], 0).expect_err("it needs what is off");
    assert_eq!(error.kind(), CodegenErrorKind::Invalid, "{error}");
    assert!(error.message().contains("reference_types"), "{error}");
}

#[test]
fn generated_modules_may_use_every_feature() {
    let mut settings = CompilerSettings::default();
    CoreFeature::ALL.iter().for_each(|&feature| settings.features.set(feature, false));
    let compiler = Compiler::new(&settings).expect("this machine is supported");
    for &(_, wat) in NEEDS {
        let (wasm, mut modules) = (wasm(wat), Arena::default());
        modules.push(UnitModule {
            name: "made",
            wasm: &wasm,
            offset: 0,
            imports: &[],
            open_exports: None,
            single: false,
            generated: true,
        });
        compiler.compile(&LinkUnit { modules }).unwrap_or_else(|error| panic!("{wat}: {error}"));
    }
}

#[test]
fn wrong_bodies_are_invalid_at_their_place() {
    let wasm = wasm("(module (func $good) (func $bad (result i32) (i64.const 1)))");
    let error = compile_with(&CompilerSettings::default(), &[(&wasm, &[])], 0x100).expect_err("it is invalid");
    assert_eq!(error.kind(), CodegenErrorKind::Invalid);
    let end = wasm.windows(3).position(|bytes| bytes == [0x42, 0x01, 0x0b]).expect("it stands there") + 2;
    assert_eq!(error.offset(), Some(0x100 + end));
    let text = error.to_string();
    assert!(text.starts_with("function 1 `bad` of core module `test`: type mismatch"), "{text}");
    assert!(text.ends_with(&format!("(at offset {:#x})", 0x100 + end)), "{text}");
}

#[test]
fn the_first_wrong_function_is_reported() {
    let functions: String = (0..300)
        .map(|n| if n >= 7 && n % 3 == 1 { "(func (result i32))" } else { "(func (result i32) (i32.const 1))" })
        .collect();
    let wasm = wasm(&format!("(module {functions})"));
    for _ in 0..5 {
        let error = compile_unit(&[(&wasm, &[])]).expect_err("it is invalid");
        assert!(error.to_string().starts_with("function 7 of core module `test`:"), "{error}");
    }
}

#[test]
fn malformed_modules_are_invalid() {
    for (wasm, offset) in [
        (&b""[..], 0),
        (b"\0asm", 4),
        (b"\0asm\x02\0\0\0", 4),
        (b"\0bad\x01\0\0\0", 0),
        (b"\0asm\x01\0\0\0\x01\x7f", 8),
        (b"\0asm\x01\0\0\0\x63\x00", 8),
    ] {
        let error = compile_unit(&[(wasm, &[])]).expect_err("it is malformed");
        assert_eq!(error.kind(), CodegenErrorKind::Invalid, "{wasm:?}: {error}");
        let at = error.offset().expect("it has a place");
        assert!((offset..=offset + 4).contains(&at), "{wasm:?}: {error}");
    }
}

#[test]
fn a_component_is_no_core_module() {
    let error = error("(component)");
    assert!(error.message().contains("a component stands where a core module is needed"), "{error}");
}

#[test]
fn damaged_modules_are_judged_as_the_validator_does() {
    let wasm = wasm(
        r#"(module (import "a" "b" (func (param externref))) (memory 1) (table 1 funcref) (global i32 (i32.const 1))
            (elem (i32.const 0) 1) (data (i32.const 0) "abc")
            (func $f (export "f") (param i32) (result i32)
              (block (result i32) (br_table 0 0 (local.get 0) (i32.load (local.get 0))))))"#,
    );
    let mut compiled = 0;
    let mut check = |what: &str, wasm: &[u8]| {
        let valid = wasmparser::Validator::new().validate_all(wasm).is_ok();
        match compile_unit(&[(wasm, &[])]) {
            Ok(_) => {
                assert!(valid, "{what} is accepted");
                compiled += 1;
            }
            Err(error) => {
                let expected = if valid { CodegenErrorKind::Unsupported } else { CodegenErrorKind::Invalid };
                assert_eq!(error.kind(), expected, "{what}: {error}");
                assert!(error.offset().is_some_and(|offset| offset <= wasm.len()), "{what}: {error}");
            }
        }
    };
    for end in 0..wasm.len() {
        // Only cuts between sections leave a module.
        check(&format!("a cut at {end}"), &wasm[..end]);
    }
    for at in 0..wasm.len() {
        for bit in 0..8 {
            let mut wasm = wasm.clone();
            wasm[at] ^= 1 << bit;
            check(&format!("bit {bit} of byte {at}"), &wasm);
        }
    }
    assert!(compiled > wasm.len(), "{compiled} are modules");
}

#[test]
fn wrong_links_are_never_followed() {
    let callee = wasm("(module (import \"x\" \"y\" (func)) (func (param i32)) (func))");
    let caller = wasm("(module (import \"a\" \"f\" (func $f)) (func (call $f)))");
    for (module, func, fits) in [(0, 2, true), (0, 1, false), (0, 0, false), (0, 3, false), (7, 0, false)] {
        let link = ImportLink::Func {
            module: gusset_artifact::ModuleIndex::from_u32(module),
            func: gusset_artifact::FuncIndex::from_u32(func),
        };
        let result = compile_unit(&[(&callee, &[]), (&caller, &[link])]);
        assert_eq!(result.is_ok(), fits, "module {module} function {func}");
        if let Err(error) = result {
            assert_eq!(error.kind(), CodegenErrorKind::Internal);
        }
    }
    let error = compile_unit(&[(&caller, &[ImportLink::Unknown; 2])]).expect_err("there is one import");
    assert_eq!(error.kind(), CodegenErrorKind::Internal);
}

/// Small input that would cost the code generator much more than its size, in each form.
#[test]
fn what_costs_too_much_is_refused() {
    let table = format!("(block (br_table {} (i32.const 0)))", "0 ".repeat(60_000));
    let tables = |count: usize| format!("(module (func {}))", table.repeat(count));
    compile(&tables(4));
    let values = " i32".repeat(1000);
    let calls = format!(
        "(module (type $t (func (param{values}) (result{values}))) (func $f (type $t) unreachable)
            (func {} {} {}))",
        "i32.const 0 ".repeat(1000),
        "call $f ".repeat(1000),
        "drop ".repeat(1000)
    );
    let references = |end: &str| {
        format!(
            "(module (func $f (result externref) (loop) ref.null extern) (func $g (param externref) (loop)) (func {} {}))",
            "call $f ".repeat(5_000),
            end.repeat(5_000)
        )
    };
    // None of them is alive over a call.
    compile(&references("drop "));
    for (what, wat) in [
        ("name so many labels", tables(5)),
        ("passes so many values between blocks and calls", calls),
        ("so many references over so many calls", references("call $g ")),
    ] {
        let error = error(&wat);
        assert_eq!(error.kind(), CodegenErrorKind::Unsupported, "{error}");
        assert!(error.message().contains(what), "{error}");
        assert!(error.offset().is_some(), "{error}");
    }
}

/// Stubs between host and guest have a limit of their own, since a host may ask for any type.
#[test]
fn functions_of_the_host_have_so_many_values() {
    let compiler = Compiler::new(&CompilerSettings::default()).unwrap();
    let of = |params: usize, results: usize| CoreFuncType {
        params: vec![CoreValType::I32; params].into(),
        results: vec![CoreValType::I32; results].into(),
    };
    assert!(compiler.compile_trampolines(&of(1000, 1000)).is_ok());
    for ty in [of(1001, 0), of(0, 1001)] {
        let error = compiler.compile_trampolines(&ty).expect_err("it is beyond the limit");
        assert_eq!(error.kind(), CodegenErrorKind::Unsupported, "{error}");
        assert!(error.message().contains("more than 1000 parameters or results"), "{error}");
    }
}
