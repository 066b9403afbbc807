//! What stands in an image: tables, stubs, links. Nothing is run here.

use crate::common::*;
use gusset_artifact::*;
use gusset_codegen::{Compiler, CompilerSettings, LinkUnit, OptimizationLevel, UnitModule};
use gusset_types::TrapCode;

const SIGNATURE: SignatureIndex = SignatureIndex::from_u32(0);

#[test]
fn tables_are_sorted_and_disjoint() {
    let image = compile(
        r#"(module
            (import "host" "f" (func $f (param externref) (result i32)))
            (memory 1) (table 4 funcref) (elem (i32.const 0) $g $h)
            (func $g (export "g") (param externref i32) (result i32)
              (i32.div_s (call $f (local.get 0)) (i32.load (call $f (local.get 0)))))
            (func $h (export "h") (param i32) (call_indirect (param i32) (local.get 0) (local.get 0)) unreachable))"#,
    );
    let functions: Vec<_> = image.tables.functions.iter().map(|range| range.code).collect();
    assert!(functions.windows(2).all(|two| two[0].start + two[0].len <= two[1].start));
    assert!(image.tables.traps.iter().map(|trap| trap.offset).is_sorted_by(|a, b| a < b));
    assert!(image.tables.addresses.iter().map(|entry| entry.offset).is_sorted_by(|a, b| a < b));
    assert!(image.tables.stack_maps.iter().map(|map| map.return_offset).is_sorted_by(|a, b| a < b));
    assert!(image.tables.call_sites.iter().map(|site| site.return_offset).is_sorted_by(|a, b| a < b));
    let last = image.tables.functions.last().expect("there is code").code;
    assert!((last.start + last.len) as usize <= image.text.len());
    for index in [1, 2] {
        let code = image.code_of(MODULE, func(index)).expect("it is defined");
        assert_eq!(image.tables.function_at(code.start), Some((MODULE, func(index))));
        assert_eq!(image.tables.function_at(code.start + code.len - 1), Some((MODULE, func(index))));
        assert_eq!(code.start % 16, 0);
    }
    assert_eq!(image.code_of(MODULE, func(0)), None, "an import has no code");
}

/// A function for each way to trap; the second divides.
const TRAPPING: &str = r#"(module (memory 1) (table $t 4 8 funcref) (table $e 1 externref)
    (func unreachable)
    (func (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
    (func (param f32) (result i32) (i32.trunc_f32_s (local.get 0)))
    (func (param i32) (result i32) (i32.load (local.get 0)))
    (func (param i32) (call_indirect $t (local.get 0)))
    (func (param i32) (result externref) (table.get $e (local.get 0))))"#;

#[test]
fn each_trap_has_its_code() {
    let image = compile(TRAPPING);
    for (index, codes) in [
        (0, vec![TrapCode::Unreachable]),
        (1, vec![TrapCode::IntegerDivideByZero, TrapCode::IntegerOverflow]),
        (2, vec![TrapCode::InvalidConversionToInteger, TrapCode::IntegerOverflow]),
        (3, vec![TrapCode::MemoryOutOfBounds]),
        (4, vec![TrapCode::UndefinedElement, TrapCode::UninitializedElement, TrapCode::IndirectCallTypeMismatch]),
        (5, vec![TrapCode::TableOutOfBounds]),
    ] {
        for code in codes {
            assert!(has_trap(&image, index, code), "function {index}: {code:?}");
        }
    }
    assert!(has_trap(&image, 4, TrapCode::StackOverflow), "a function that calls checks the stack");
}

/// Behind each call that raises a trap stands an instruction that is never reached; dividing is checked before.
#[test]
fn without_signals_nothing_faults() {
    let settings = CompilerSettings { signals_based_traps: false, ..Default::default() };
    let image = compile_with(&settings, &[(&wasm(TRAPPING), &[])], 0).expect("it is valid");
    for function in [0, 2, 3, 4, 5] {
        let traps = traps_of(&image, function);
        assert!(traps.iter().all(|trap| trap.code == TrapCode::Unreachable), "function {function}: {traps:?}");
    }
    for trap in traps_of(&image, 1) {
        assert_ne!(trap.code, TrapCode::StackOverflow, "the stack is checked without a fault");
    }
}

/// Whether a function selects between addresses without a branch.
fn has_conditional_move(image: &CodeImage, function: u32) -> bool {
    let code = image.code_of(ModuleIndex::from_u32(0), FuncIndex::from_u32(function)).expect("it has code");
    let code = &image.text[code.start as usize..][..code.len as usize];
    code.windows(3)
        .any(|bytes| (0x48..0x50).contains(&bytes[0]) && bytes[1] == 0x0f && (0x40..0x50).contains(&bytes[2]))
}

#[test]
fn what_is_checked_is_masked() {
    if !cfg!(target_arch = "x86_64") {
        return;
    }
    for signals in [true, false] {
        for mask in [true, false] {
            let settings = CompilerSettings {
                signals_based_traps: signals,
                memory_reservation: 1 << 20,
                heap_access_spectre_mitigation: mask,
                table_access_spectre_mitigation: mask,
                ..Default::default()
            };
            let image = compile_with(&settings, &[(&wasm(TRAPPING), &[])], 0).expect("it is valid");
            for function in [3, 4, 5] {
                let found = has_conditional_move(&image, function);
                assert_eq!(found, mask, "function {function}, by signals {signals}");
            }
        }
    }
}

#[test]
fn code_knows_where_it_comes_from() {
    let wasm =
        wasm("(module (func (param i32) (global.set 0 (local.get 0)) unreachable) (global (mut i32) (i32.const 0)))");
    let offset = 0x1000;
    let image = compile_with(&CompilerSettings::default(), &[(&wasm, &[])], offset).expect("it is valid");
    let trap = traps_of(&image, 0).into_iter().find(|trap| trap.code == TrapCode::Unreachable);
    let trap = trap.expect("it can trap");
    // `global.set 0`, `unreachable`, `end`.
    let set = wasm.windows(4).position(|bytes| bytes == [0x24, 0x00, 0x00, 0x0b]).expect("it stands there");
    assert_eq!(image.tables.wasm_offset_at(trap.offset), Some((set + 2 + offset) as u32));
    let stub = image.tables.functions.iter().find(|range| range.function.is_none());
    assert!(stub.is_none(), "nothing meets the host");
}

#[test]
fn a_narrow_load_keeps_its_place_when_its_value_is_extended_again() {
    let bodies = [
        "(drop (memory.grow (i32.load16_u (local.get 0))))",
        "(drop (memory.grow (i32.load8_u (local.get 0))))",
        "(i64.store (i32.const 0) (i64.extend_i32_s (i32.load8_s (local.get 0))))",
        "(i64.store (i32.const 0) (i64.extend_i32_s (i32.load16_s (local.get 0))))",
    ];
    for body in bodies {
        let wasm = wasm(&format!("(module (memory 1) (func (param i32) {body}))"));
        for optimization in [OptimizationLevel::None, OptimizationLevel::Speed, OptimizationLevel::SpeedAndSize] {
            let settings = CompilerSettings { optimization, ..Default::default() };
            let image = compile_with(&settings, &[(&wasm, &[])], 0).expect("it is valid");
            for trap in traps_of(&image, 0).into_iter().filter(|trap| trap.code == TrapCode::MemoryOutOfBounds) {
                let place = image
                    .tables
                    .wasm_offset_at(trap.offset)
                    .unwrap_or_else(|| panic!("{body}: a trap without a place"));
                // `i32.load8_s` to `i32.load16_u`, or `i64.store`.
                assert!(matches!(wasm[place as usize], 0x2c..=0x2f | 0x37), "{body}: the place is of another operator");
            }
        }
    }
}

/// What is done with a loaded value may be one instruction with the load: it traps in that operator's name or the load's.
#[test]
fn a_vector_access_keeps_its_place() {
    let binary = |load: &str| {
        format!("(v128.store (i32.const 0) (f32x4.add (f32x4.add (local.get 1) ({load} (local.get 0))) (local.get 1)))")
    };
    let lane = |load: &str| {
        format!("(v128.store (i32.const 0) (i32x4.add ({load} 1 (local.get 0) (local.get 1)) (local.get 1)))")
    };
    let twice = |ty: &str, splat: &str| {
        format!(
            "(local ${ty} {ty}) (local.set ${ty} ({ty}.load (local.get 0))) (v128.store (i32.const 0) ({splat} (local.get ${ty})))
                (if (local.get 0) (then (v128.store (i32.const 16) ({splat} (local.get ${ty})))))"
        )
    };
    let mut bodies = Vec::new();
    let loads = ["load", "load8x8_s", "load16x4_u", "load32x2_s", "load8_splat", "load16_splat", "load32_splat"];
    bodies.extend(
        loads.iter().chain(&["load64_splat", "load32_zero", "load64_zero"]).map(|load| binary(&format!("v128.{load}"))),
    );
    bodies
        .extend(["load8_lane", "load16_lane", "load32_lane", "load64_lane"].map(|load| lane(&format!("v128.{load}"))));
    bodies.extend(
        ["store8_lane", "store16_lane", "store32_lane", "store64_lane"]
            .map(|store| format!("(v128.{store} 1 (local.get 0) (local.get 1))")),
    );
    bodies.extend(
        [("i32", "i32x4.splat"), ("f32", "f32x4.splat"), ("f64", "f64x2.splat")].map(|(ty, splat)| twice(ty, splat)),
    );
    for body in bodies {
        let wasm = wasm(&format!("(module (memory 1) (func (param i32 v128) {body}))"));
        for (optimization, frame_form) in
            [(OptimizationLevel::None, true), (OptimizationLevel::None, false), (OptimizationLevel::Speed, false)]
        {
            let settings = CompilerSettings { optimization, frame_form, ..Default::default() };
            let image = compile_with(&settings, &[(&wasm, &[])], 0).expect("it is valid");
            let traps = traps_of(&image, 0).into_iter().filter(|trap| trap.code == TrapCode::MemoryOutOfBounds);
            let places: Vec<_> = traps.map(|trap| image.tables.wasm_offset_at(trap.offset)).collect();
            assert!(!places.is_empty(), "{body}: it cannot trap");
            for place in places {
                let place = place.unwrap_or_else(|| panic!("{body}: a trap without a place"));
                // A vector operator, or a load of a number.
                assert!(matches!(wasm[place as usize], 0xfd | 0x28..=0x2b), "{body}: the place is of another operator");
            }
        }
    }
}

#[test]
fn stubs_come_from_no_wasm() {
    let image = compile(r#"(module (func (export "f") unreachable))"#);
    let entry = image.tables.entries.at(SIGNATURE).expect("an exported function can be called");
    assert_eq!(image.tables.wasm_offset_at(entry), None);
    assert_eq!(image.tables.function_at(entry), None);
    assert!(image.tables.functions.iter().any(|range| range.code.start == entry && range.function.is_none()));
}

#[test]
fn entries_and_host_stubs_cover_what_meets_the_host() {
    let image = compile(
        r#"(module
            (type $imported (func (param i32)))
            (type $exported (func (param i64)))
            (type $indirect (func (param f32)))
            (type $internal (func (param f64)))
            (type $start (func))
            (import "host" "f" (func (type $imported)))
            (table 1 funcref)
            (func (export "e") (type $exported) (call_indirect (type $indirect) (f32.const 0) (i32.const 0)))
            (func (type $internal))
            (func $s (type $start))
            (start $s))"#,
    );
    let present = |table: &PodTable<_, Option<u32>>| table.iter().map(|offset| offset.is_some()).collect::<Vec<_>>();
    // The host calls what is exported, what starts, and what may be in a table; its own functions may be imported, or in a table.
    assert_eq!(present(&image.tables.entries), [false, true, true, false, true]);
    assert_eq!(present(&image.tables.host_stubs), [true, false, true, false, false]);
    // The landing pad of each entry is in the tables.
    for entry in image.tables.entries.iter().flatten() {
        let range = image.tables.functions.iter().find(|range| range.code.start == entry).expect("it has a range");
        let mut sites = image.tables.call_sites.iter().filter(|site| contains(range.code, site.return_offset));
        let site = sites.next().expect("it calls");
        assert!(contains(range.code, site.landing_pad));
        assert!(sites.next().is_none());
    }
}

#[test]
fn functions_escape_by_export_element_global_and_declaration() {
    let image = compile(
        r#"(module
            (import "host" "f" (func $import))
            (func $exported (export "e"))
            (func $active) (func $passive) (func $declared) (func $in_global) (func $in_expression) (func $inside)
            (table 2 funcref)
            (elem (i32.const 0) $active)
            (elem func $passive $import)
            (elem declare func $declared)
            (elem funcref (item (ref.func $in_expression)))
            (global funcref (ref.func $in_global))
            (func (result funcref) (ref.func $declared)))"#,
    );
    let image = &image.modules[MODULE];
    assert_eq!(image.module.escaping.iter().collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6].map(func));
    assert!(image.layout.func_ref(func(4)).is_some());
    assert_eq!(image.layout.func_ref(func(7)), None);
}

#[test]
fn live_externrefs_are_in_stack_maps() {
    let source = |ty: &str| {
        format!(
            r#"(module (import "host" "f" (func $f))
                (func (param {ty}) (result {ty}) (call $f) (local.get 0))
                (func (param {ty}) (call $f))
                (func (param {ty} {ty} i32) (result {ty})
                  (call $f) (select (result {ty}) (local.get 0) (local.get 1) (local.get 2))))"#
        )
    };
    let image = compile(&source("externref"));
    let maps_in = |index: u32| -> Vec<StackMap> {
        let code = image.code_of(MODULE, func(index)).expect("it is defined");
        image.tables.stack_maps.iter().filter(|map| contains(code, map.return_offset)).collect()
    };
    let live = |index: u32| maps_in(index).iter().map(|map| map.slots.len()).sum::<usize>();
    assert_eq!((live(1), live(2), live(3)), (1, 0, 2), "what is used after the call");
    for map in image.tables.stack_maps.iter() {
        assert!(map.slots.iter().all(|slot| slot + 4 <= map.frame_size), "{map:?}");
    }
    assert!(
        compile(&source("i32")).tables.stack_maps.iter().all(|map| map.slots.is_empty()),
        "numbers are not references"
    );
    assert!(
        compile(&source("funcref")).tables.stack_maps.iter().all(|map| map.slots.is_empty()),
        "neither are pointers"
    );
}

/// The targets of direct calls in a function, on x86-64.
#[cfg(target_arch = "x86_64")]
fn direct_calls(image: &CodeImage, module: ModuleIndex, index: u32) -> Vec<u32> {
    let code = image.code_of(module, func(index)).expect("it is defined");
    let starts: Vec<u32> = image.tables.functions.iter().map(|range| range.code.start).collect();
    let bytes = &image.text[code.start as usize..(code.start + code.len) as usize];
    let calls = bytes.windows(5).enumerate().filter(|(_, bytes)| bytes[0] == 0xe8);
    let targets = calls.map(|(at, bytes)| {
        let distance = i32::from_le_bytes([bytes[1], bytes[2], bytes[3], bytes[4]]);
        (code.start + at as u32 + 5).wrapping_add_signed(distance)
    });
    targets.filter(|target| starts.contains(target)).collect()
}

#[cfg(target_arch = "x86_64")]
#[test]
fn linked_imports_are_called_directly() {
    // Where they are called at all.
    let settings = CompilerSettings { inlining: false, ..Default::default() };
    let compile_unit = |modules: &[(&[u8], &[ImportLink])]| compile_with(&settings, modules, 0);
    let callee = wasm("(module (func) (func $f (export \"f\") (param i32) (result i32) (local.get 0)))");
    let caller = wasm(
        r#"(module (import "a" "m" (memory 1)) (import "a" "f" (func $f (param i32) (result i32)))
            (func (export "g") (result i32) (i32.add (call $f (i32.const 1)) (call $f (i32.const 2)))))"#,
    );
    let link = ImportLink::Func { module: MODULE, func: func(1) };
    let second = ModuleIndex::from_u32(1);
    let linked = compile_unit(&[(&callee, &[]), (&caller, &[ImportLink::Unknown, link])]).expect("it is valid");
    let target = linked.code_of(MODULE, func(1)).expect("it is defined").start;
    assert_eq!(direct_calls(&linked, second, 1), [target, target]);
    let unlinked = compile_unit(&[(&callee, &[]), (&caller, &[])]).expect("it is valid");
    assert_eq!(direct_calls(&unlinked, second, 1), []);
    // The other way round: the callee comes later in the unit.
    let link = ImportLink::Func { module: second, func: func(1) };
    let linked = compile_unit(&[(&caller, &[ImportLink::Unknown, link]), (&callee, &[])]).expect("it is valid");
    let target = linked.code_of(second, func(1)).expect("it is defined").start;
    assert_eq!(direct_calls(&linked, MODULE, 1), [target, target]);
}

#[cfg(target_arch = "x86_64")]
#[test]
fn own_functions_are_called_directly() {
    let image = compile("(module (func $f (export \"f\") (call $g)) (func $g (call $f)))");
    let start = |index| image.code_of(MODULE, func(index)).expect("it is defined").start;
    assert_eq!(direct_calls(&image, MODULE, 0), [start(1)]);
    assert_eq!(direct_calls(&image, MODULE, 1), [start(0)]);
}

#[test]
fn signatures_are_shared_in_the_unit() {
    let first = wasm("(module (type (func)) (type (func (param i32))) (func (type 1) nop))");
    let second =
        wasm("(module (type (func (param i32))) (type (func (result i64))) (import \"a\" \"f\" (func (type 0))))");
    let image = compile_unit(&[(&first, &[]), (&second, &[])]).expect("it is valid");
    assert_eq!(image.signatures.len(), 3);
    let import = image.modules[ModuleIndex::from_u32(1)].module.functions.at(func(0));
    assert_eq!(import, image.modules[MODULE].module.functions.at(func(0)));
}

#[test]
fn data_and_names_are_kept() {
    let wat = r#"(module $mod (memory 1) (memory $two 1)
        (data (i32.const 3) "abc") (data "de") (data (memory $two) (i32.const 0) "f")
        (func $first) (func (export "second")) (func $third))"#;
    let image = compile_unit(&[(&wasm(wat), &[]), (&wasm(wat), &[])]).expect("it is valid");
    let module = &image.modules[ModuleIndex::from_u32(1)].module;
    assert_eq!(module.name.as_deref(), Some("mod"));
    assert_eq!(module.function_names.get(func(0)), Some("first"));
    assert_eq!(module.function_names.get(func(1)), None);
    assert_eq!(module.function_names.get(func(2)), Some("third"));
    let segments: Vec<_> = module.data.iter().map(|(_, segment)| segment).collect();
    let bytes = segments.iter().map(|segment| &image.data[segment.bytes.start as usize..segment.bytes.end as usize]);
    assert_eq!(bytes.collect::<Vec<_>>(), [&b"abc"[..], b"de", b"f"]);
    assert!(matches!(&segments[0].mode, SegmentMode::Active { target, offset }
        if target.as_u32() == 0 && *offset.ops == [ConstOp::I32Const(3)]));
    assert_eq!(segments[1].mode, SegmentMode::Passive);
    assert!(matches!(&segments[2].mode, SegmentMode::Active { target, .. } if target.as_u32() == 1));
}

#[test]
fn bad_name_sections_are_ignored() {
    let mut wasm = wasm("(module (func))");
    // A function map that claims 200 names and holds none.
    wasm.extend([0, 9, 4, b'n', b'a', b'm', b'e', 1, 2, 0xc8, 0x01]);
    let image = compile_unit(&[(&wasm, &[])]).expect("it is valid");
    assert!(image.modules[MODULE].module.function_names.is_empty());
}

#[test]
fn equal_units_give_equal_images() {
    let functions: String = (0..200)
        .map(|n| format!("(func (export \"f{n}\") (param i32) (result i32) (i32.add (local.get 0) (i32.const {n})))"))
        .collect();
    let wasm = wasm(&format!("(module (memory 1) {functions})"));
    let images = [(); 3].map(|()| compile_unit(&[(&wasm, &[])]).expect("it is valid"));
    assert!(images.iter().all(|image| *image == images[0]));
}

#[test]
fn metering_leaves_no_trace_where_it_is_off() {
    let module = wasm(
        r#"(module (memory 1)
            (func $f (param i32) (result i32) (call $f (local.get 0)))
            (func (param i32) (loop (br_if 0 (local.get 0)) (br 0))))"#,
    );
    let compile = |fuel, epochs| {
        let settings = CompilerSettings { consume_fuel: fuel, epoch_interruption: epochs, ..Default::default() };
        compile_with(&settings, &[(&module, &[])], 0).expect("it is valid")
    };
    let plain = compile(false, false);
    let stubs = |image: &CodeImage| image.tables.functions.iter().filter(|range| range.function.is_none()).count();
    assert_eq!(stubs(&plain), 0, "nothing is exported, and nothing of the runtime is called");
    assert_eq!([compile(true, false), compile(false, true), compile(true, true)].map(|image| stubs(&image)), [1, 1, 2]);
    assert_eq!(format!("{plain:?}"), format!("{:?}", compile_unit(&[(&module, &[])]).expect("it is valid")));
}

#[test]
fn small_reservations_are_checked() {
    let wat = "(module (memory 1) (func (param i32) (result i32) (i32.load8_u (local.get 0))))";
    let full = CompilerSettings { heap_access_spectre_mitigation: false, ..Default::default() };
    let small = CompilerSettings { memory_reservation: 1 << 20, memory_guard: 1 << 16, ..full.clone() };
    let compile = |wat: &str| compile_with(&full, &[(&wasm(wat), &[])], 0).expect("it is valid");
    let image = compile_with(&small, &[(&wasm(wat), &[])], 0).expect("it is valid");
    let explicit = |image: &CodeImage| {
        let is_ud2 = |trap: &TrapRecord| image.text[trap.offset as usize..].starts_with(&[0x0f, 0x0b]);
        let mut traps = traps_of(image, 0).into_iter().filter(|trap| trap.code == TrapCode::MemoryOutOfBounds);
        traps.any(|trap| is_ud2(&trap))
    };
    if cfg!(target_arch = "x86_64") {
        assert!(explicit(&image), "a small reservation needs a check");
        assert!(!explicit(&compile(wat)), "a full reservation needs none");
        let far = "(module (memory 1) (func (param i32) (result i32) (i32.load8_u offset=0x80000001 (local.get 0))))";
        assert!(explicit(&compile(far)), "an offset beyond the guard needs a check");
        let near = "(module (memory 1) (func (param i32) (result i32) (i32.load8_u offset=0x80000000 (local.get 0))))";
        assert!(!explicit(&compile(near)), "an offset within the guard needs none");
    }
}

#[test]
fn many_params_and_results_compile_at_every_level() {
    let types = |ty: &str, count| format!(" {ty}").repeat(count);
    let (params, results) = (types("i64", 300) + &types("f32", 300), types("f64", 300) + &types("externref", 300));
    let wat = format!(
        r#"(module (type $t (func (param{params}) (result{results})))
            (import "host" "f" (func $f (type $t)))
            (table 1 funcref)
            (func (export "g") (type $t) {} (call $f))
            (func (type $t) {} (call_indirect (type $t) (i32.const 0))))"#,
        (0..600).map(|at| format!("(local.get {at})")).collect::<String>(),
        (0..600).map(|at| format!("(local.get {at})")).collect::<String>(),
    );
    for optimization in [OptimizationLevel::None, OptimizationLevel::Speed, OptimizationLevel::SpeedAndSize] {
        let settings = CompilerSettings { optimization, nan_canonicalization: true, ..Default::default() };
        let image = compile_with(&settings, &[(&wasm(&wat), &[])], 0).unwrap_or_else(|error| panic!("{error}"));
        assert!(image.tables.entries.at(SIGNATURE).is_some() && image.tables.host_stubs.at(SIGNATURE).is_some());
    }
}

/// Calls of small functions are gone, and it is known of which function the code is that stands there.
#[test]
fn small_functions_stand_in_the_place_of_calls() {
    let text = r#"(module (memory 1)
        (func $load (param i32) (result i32) (i32.load (local.get 0)))
        (func $next (param i32) (result i32) (i32.add (call $load (local.get 0)) (i32.const 1)))
        (func (param i32) (result i32) (i32.mul (call $next (local.get 0)) (call $load (i32.const 8)))))"#;
    let image = compile(text);
    let calls: Vec<_> = image.tables.inlined_calls.iter().collect();
    let callees: Vec<_> = calls.iter().map(|call| (call.callee.1.as_u32(), call.within)).collect();
    // Of `next` itself, then of the last function: each has numbers of its own.
    assert_eq!(callees, [(0, None), (1, None), (0, Some(1)), (0, None)]);
    let code = image.code_of(MODULE, func(2)).expect("it is defined");
    let traps = image.tables.traps.iter().filter(|trap| (code.start..code.start + code.len).contains(&trap.offset));
    let mut frames: Vec<Vec<u32>> = traps
        .map(|trap| image.tables.frames_at(trap.offset).map(|frame| frame.function.1.as_u32()).collect())
        .filter(|frames: &Vec<u32>| frames.len() > 1)
        .collect();
    frames.sort();
    assert_eq!(frames, [vec![0, 1, 2], vec![0, 2]]);
    assert_eq!(image.tables.inlined_at(code.start), 0);

    let settings = CompilerSettings { inlining: false, ..Default::default() };
    let image = compile_with(&settings, &[(&wasm(text), &[])], 0).expect("it is valid");
    assert_eq!((image.tables.inlined_calls.len(), image.tables.inlined.iter().count()), (0, 0));
}

/// What calls itself by way of others, loops, or is large is called.
#[test]
fn other_functions_are_called() {
    let large = "(local.set 0 (i32.mul (local.get 0) (local.get 0)))".repeat(30);
    let text = format!(
        r#"(module
        (func $a (param i32) (result i32) (call $b (local.get 0)))
        (func $b (param i32) (result i32) (call $a (local.get 0)))
        (func $self (param i32) (result i32) (call $self (local.get 0)))
        (func $loop (param i32) (result i32) (loop (br_if 0 (local.get 0))) (local.get 0))
        (func $large (param i32) (result i32) {large} (local.get 0))
        (func $tail (param i32) (result i32) (return_call $large (local.get 0)))
        (func (param i32) (result i32)
            (call $a (call $self (call $loop (call $large (call $tail (local.get 0))))))))"#
    );
    assert_eq!(compile(&text).tables.inlined_calls.len(), 0);
}

/// What whoever is linked with it inlines is not inlined into: a chain of calls is translated in one place. Where a chain is too long for that, it is
/// taken up where it was left.
#[test]
fn a_chain_of_calls_is_inlined_in_one_place() {
    let link = wasm(
        r#"(module (import "" "f" (func $f (param i32) (result i32)))
        (func (param i32) (result i32) (i32.add (call $f (i32.mul (local.get 0) (i32.const 3))) (local.get 0))))"#,
    );
    let last = wasm("(module (func (param i32) (result i32) (local.get 0)))");
    let inlined = |length: u32| {
        let next =
            |n: u32| [ImportLink::Func { module: ModuleIndex::from_u32(n + 1), func: func(u32::from(n + 2 < length)) }];
        let links: Vec<_> = (0..length - 1).map(next).collect();
        let mut modules: Vec<(&[u8], &[ImportLink])> = links.iter().map(|links| (&*link, &links[..])).collect();
        modules.push((&last, &[]));
        compile_unit(&modules).expect("they fit").tables.inlined_calls.len() as u32
    };
    assert_eq!(inlined(2), 1);
    assert_eq!(inlined(5), 4);
    let calls = 300;
    let long = inlined(calls + 1);
    assert!((calls * 3 / 4..calls).contains(&long), "{long}");
}

/// The functions of which a unit has code: of a library, and of a module that imports its first function and whose second one is called by
/// others. `open` are the exports of the library of which that is true too.
fn with_code(library: &str, open: &[u32], user: &str) -> Vec<(u32, u32)> {
    let (library, user) = (wasm(library), wasm(user));
    let links = [ImportLink::Func { module: MODULE, func: func(0) }];
    let open: Vec<FuncIndex> = open.iter().copied().map(func).collect();
    let user_open = [func(1)];
    let module = |wasm, imports, open_exports| UnitModule {
        name: "test",
        wasm,
        offset: 0,
        imports,
        open_exports: Some(open_exports),
        single: false,
        generated: false,
    };
    let modules = [module(&library, &[], &open[..]), module(&user, &links, &user_open[..])];
    let compiler = Compiler::new(&CompilerSettings::default()).expect("the machine is supported");
    let image = compiler.compile(&LinkUnit { modules: modules.into_iter().collect() }).expect("it is valid");
    let placed: Vec<_> = image.tables.functions.iter().filter_map(|range| range.function).collect();
    for (module, functions) in image.modules.iter() {
        for at in functions.module.imported_functions..functions.module.functions.len() as u32 {
            assert_eq!(image.code_of(module, func(at)).is_some(), placed.contains(&(module, func(at))), "{at}");
        }
    }
    placed.into_iter().map(|(module, func)| (module.as_u32(), func.as_u32())).collect()
}

/// What nothing reaches but calls that are inlined has no code of its own, and all else has.
#[test]
fn what_is_inlined_everywhere_has_no_code() {
    const LIBRARY: &str = r#"(func $f (export "f") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 5)))"#;
    const IMPORT: &str = r#"(import "" "f" (func $f (param i32) (result i32)))"#;
    const CALL: &str = r#"(func (export "run") (param i32) (result i32) (call $f (local.get 0)))"#;
    let of = |more: &str, open: &[u32], fields: &str| {
        let codes =
            with_code(&format!("(module {LIBRARY} {more})"), open, &format!("(module {IMPORT} {CALL} {fields})"));
        assert!(codes.contains(&(1, 1)), "{codes:?}");
        codes.contains(&(0, 0))
    };
    assert!(!of("", &[], ""), "all calls are inlined");
    assert!(of("", &[0], ""), "it is open");
    assert!(of("(elem declare func $f)", &[], ""), "its module may refer to it");
    assert!(of("(global funcref (ref.func $f))", &[], ""), "and so does a global");
    assert!(of("", &[], "(elem declare func $f)"), "its importer may");
    assert!(of("", &[], "(func (param i32) (result i32) (return_call $f (local.get 0)))"), "a call is not inlined");
    assert!(!of("", &[], r#"(export "f" (func $f))"#), "nobody calls what is handed on");
    let idle = r#"(func (export "run") (param i32) (result i32) (local.get 0))"#;
    let codes = with_code(&format!("(module {LIBRARY})"), &[], &format!("(module {IMPORT} {idle})"));
    assert_eq!(codes, [(0, 0), (1, 1)], "what nobody calls is inlined nowhere");
}

/// A function that must have code calls others that need it for that reason alone, and so on.
#[test]
fn what_is_called_by_what_is_needed_has_code() {
    let links: Vec<[ImportLink; 1]> = (1..20)
        .map(|n| [ImportLink::Func { module: ModuleIndex::from_u32(n), func: func(u32::from(n < 19)) }])
        .collect();
    let link = wasm(
        r#"(module (import "" "f" (func $f (param i32) (result i32)))
        (func (export "f") (param i32) (result i32) (i32.add (call $f (i32.mul (local.get 0) (i32.const 3))) (local.get 0))))"#,
    );
    let last = wasm(r#"(module (func (export "f") (param i32) (result i32) (local.get 0)))"#);
    let compiled = |open: &[FuncIndex]| {
        let module = |at: usize| UnitModule {
            name: "test",
            wasm: if at < 19 { &link } else { &last },
            offset: 0,
            imports: links.get(at).map_or(&[][..], |links| links),
            open_exports: Some(if at == 1 { open } else { &[] }),
            single: false,
            generated: false,
        };
        let compiler = Compiler::new(&CompilerSettings::default()).expect("the machine is supported");
        let image = compiler.compile(&LinkUnit { modules: (0..20).map(module).collect() }).expect("it is valid");
        image.tables.functions.iter().filter(|range| range.function.is_some()).count()
    };
    assert_eq!(compiled(&[]), 1, "the chain is inlined");
    assert_eq!(compiled(&[func(1)]), 20, "a member of the chain is called by others, and so all behind it have code");
}

/// However small functions are and however many, all together are inlined into one to a limit.
#[test]
fn one_function_takes_in_so_much() {
    let calls = |count: usize| {
        let calls = "(call $f (local.get 0)) (local.set 0)".repeat(count);
        let text = format!(
            "(module (func $f (param i32) (result i32) {} (local.get 0)) (func (param i32) {calls}))",
            "(local.set 0 (i32.mul (local.get 0) (local.get 0)))".repeat(4)
        );
        compile(&text).tables.inlined_calls.len()
    };
    let most = calls(4_000);
    assert_eq!(calls(10), 10);
    assert!((100..4_000).contains(&most), "{most}");
}

/// A call through a table whose elements are known is one of the function that stands there, and is inlined as that. It does not matter how
/// large the table is: only what segments write is kept.
#[test]
fn calls_through_known_tables_are_calls() {
    for size in [1, 10_000_000] {
        calls_through_a_known_table_are_calls(size);
    }
}

fn calls_through_a_known_table_are_calls(size: u32) {
    let shim = wasm(&format!(
        r#"(module (type $f (func (param i32) (result i32))) (table (export "t") {size} {size} funcref)
        (func (export "0") (type $f) (call_indirect (type $f) (local.get 0) (i32.const 0))))"#,
    ));
    let main = wasm(
        r#"(module (import "shim" "0" (func $f (param i32) (result i32)))
        (func (param i32) (result i32) (call $f (local.get 0))))"#,
    );
    let callee = wasm("(module (func (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3))))");
    let fix = wasm(&format!(
        r#"(module (import "" "t" (table {size} {size} funcref)) (import "" "f" (func $f (param i32) (result i32)))
        (elem (i32.const 0) func $f))"#,
    ));
    let [shim_module, callee_module] = [0, 2].map(ModuleIndex::from_u32);
    let callees = |fix_links: &[ImportLink]| {
        let main_links = [ImportLink::Func { module: shim_module, func: func(0) }];
        let image =
            compile_unit(&[(&shim, &[]), (&main, &main_links), (&callee, &[]), (&fix, fix_links)]).expect("they fit");
        image.tables.inlined_calls.iter().map(|call| call.callee.0).collect::<Vec<_>>()
    };
    let table = ImportLink::Table { module: shim_module, table: TableIndex::from_u32(0) };
    let of_callee = ImportLink::Func { module: callee_module, func: func(0) };
    // Both into `main`, and so not into the shim itself.
    assert_eq!(callees(&[table, of_callee]), [shim_module, callee_module]);
    assert_eq!(callees(&[ImportLink::Unknown, of_callee]), [shim_module]);
    assert_eq!(callees(&[table, ImportLink::Unknown]), [shim_module]);
}

/// Modules that have one instance each stand beside one another if links lead from one to another, as far as there is room; others stand by
/// themselves.
#[test]
fn contexts_of_single_instances_are_joint() {
    let definer = wasm(r#"(module (global (mut i32) (i32.const 1)) (memory 1) (func (export "f")))"#);
    let user = wasm(r#"(module (import "" "f" (func)) (import "" "m" (memory 1)) (global (mut i32) (i32.const 1)))"#);
    let large = format!(r#"(module (import "" "f" (func)) {})"#, "(global (mut i64) (i64.const 1))".repeat(20_000));
    let large = wasm(&large);
    let module = |wasm, imports, single| UnitModule {
        name: "test",
        wasm,
        offset: 0,
        imports,
        open_exports: None,
        single,
        generated: false,
    };
    let function = ImportLink::Func { module: MODULE, func: func(0) };
    let memory = ImportLink::Memory { module: MODULE, memory: MemoryIndex::from_u32(0) };
    let (known, by_memory, by_function) =
        ([function, memory], [ImportLink::Unknown, memory], [function, ImportLink::Unknown]);
    let modules = [
        module(&definer, &[][..], true),
        module(&user, &known[..], false),
        module(&large, &known[..1], true),
        module(&user, &by_memory[..], true),
        module(&definer, &[][..], true),
        module(&user, &by_function[..], true),
        module(&user, &[][..], true),
    ];
    let compiler = Compiler::new(&CompilerSettings::default()).expect("the machine is supported");
    let image = compiler.compile(&LinkUnit { modules: modules.into_iter().collect() }).expect("it is valid");
    let size = |module: u32| image.modules[ModuleIndex::from_u32(module)].layout.size().next_multiple_of(16);
    let places: Vec<_> = image.modules.values().map(|module| module.joint).collect();
    assert_eq!(places, [Some(0), None, None, Some(size(0)), None, Some(size(0) + size(3)), None]);
    assert_eq!(image.joint_size, size(0) + size(3) + size(5));
}

/// A memory that is said to be another module's must be one.
#[test]
fn links_of_memories_are_not_trusted() {
    let definer = wasm("(module (memory 1) (memory i64 1))");
    let user = wasm(r#"(module (import "" "memory" (memory 1)))"#);
    let compile = |memory: u32| {
        let links = [ImportLink::Memory { module: MODULE, memory: MemoryIndex::from_u32(memory) }];
        let module = |wasm, imports| UnitModule {
            name: "test",
            wasm,
            offset: 0,
            imports,
            open_exports: None,
            single: true,
            generated: false,
        };
        let modules = [module(&definer, &[][..]), module(&user, &links[..])];
        let compiler = Compiler::new(&CompilerSettings::default()).expect("the machine is supported");
        compiler.compile(&LinkUnit { modules: modules.into_iter().collect() })
    };
    assert!(compile(0).is_ok());
    for memory in [1, 2] {
        let error = compile(memory).expect_err("it does not fit").to_string();
        assert!(error.contains("defines no memory"), "{error}");
    }
}
