//! Every generated module is valid: each value type as parameter and result, flat and in memory, every pair of encodings and of
//! pointer widths, and types that would make code explode.

use crate::support::{ENCODINGS, Maker, WIDTHS, compile_functions, compile_valid};
use crate::traps::{SiteArgument, TrapCall, trap_calls};
use gusset_fact::{AdapterImport, AdapterSpec, FunctionSpec};
use gusset_types::{CanonBuiltin, DefinedType, PointerWidth, Transcode, TrapCode, ValType, type_text};

/// A value of each kind, and of kinds within kinds.
fn all_types(maker: &mut Maker) -> Vec<ValType> {
    use ValType::*;
    let mut all = vec![Bool, S8, U8, S16, U16, S32, U32, S64, U64, F32, F64, Char, String];
    all.extend([1, 7, 8, 9, 16, 17, 31, 32].map(|labels| maker.flags(labels)));
    all.extend([1, 2, 256, 257, 66_000].map(|cases| maker.enumeration(cases)));
    let simple = all.clone();
    for &ty in &simple {
        let tuple = maker.tuple(&[U8, ty, ty]);
        let record = maker.record(&[("first", ty), ("second", Bool)]);
        let fixed = maker.fixed(ty, 3);
        let long = maker.fixed(ty, 9);
        let list = maker.list(ty);
        let map = maker.map(ty, U64);
        let option = maker.option(ty);
        let results = [(Some(ty), None), (None, Some(ty)), (Some(ty), Some(F32)), (Some(F64), Some(ty)), (None, None)];
        all.extend([tuple, record, fixed, long, list, map, option]);
        all.extend(results.map(|(ok, err)| maker.result(ok, err)));
        all.push(maker.variant(&[
            ("a", Some(ty)),
            ("b", None),
            ("c", Some(F32)),
            ("d", Some(U64)),
            ("e", Some(tuple)),
        ]));
        all.push(maker.variant(&[("only", Some(ty))]));
    }
    for ty in all.clone().into_iter().skip(simple.len()) {
        let list = maker.list(ty);
        let option = maker.option(list);
        let nested = maker.variant(&[("x", Some(option)), ("y", Some(ty)), ("z", Some(F64))]);
        let pair = maker.tuple(&[nested, ty]);
        all.extend([list, option, nested, pair]);
        all.push(maker.fixed(nested, 5));
    }
    all
}

#[test]
fn every_type_in_parameters_and_results() {
    let mut maker = Maker::default();
    for ty in all_types(&mut maker) {
        let mut specs = vec![maker.spec(&[("p", ty)], Some(ty))];
        // Sixteen more make sure that it goes through memory.
        let mut spilled = vec![("p", ty)];
        spilled.extend((0..16).map(|_| ("q", ValType::U8)));
        specs.push(maker.spec(&spilled, None));
        compile_valid(&maker, &specs);
    }
}

#[test]
fn every_pair_of_encodings_and_widths() {
    let mut maker = Maker::default();
    let list = maker.list(ValType::String);
    let inner = maker.option(list);
    let result = maker.result(Some(inner), Some(ValType::F64));
    let mixed = maker.variant(&[("n", Some(ValType::F32)), ("s", Some(ValType::String))]);
    let plain = maker.list(ValType::U64);
    let mut specs = Vec::new();
    for (from, to) in ENCODINGS.into_iter().flat_map(|from| ENCODINGS.map(|to| (from, to))) {
        for (from_width, to_width) in WIDTHS.into_iter().flat_map(|from| WIDTHS.map(|to| (from, to))) {
            let params = [("s", ValType::String), ("m", mixed), ("p", plain)];
            let mut spec = maker.spec(&params, Some(result));
            spec.lower.string_encoding = from;
            spec.lift.string_encoding = to;
            spec.lower.pointer_width = from_width;
            spec.lift.pointer_width = to_width;
            spec.toggle_callee = true;
            spec.toggle_caller = true;
            compile_valid(&maker, &[spec.clone()]);
            if (from_width, to_width) == (PointerWidth::Memory32, PointerWidth::Memory32) {
                specs.push(spec);
            }
        }
    }
    let all = compile_valid(&maker, &specs);
    let transcoders = all.imports.iter().filter(|import| matches!(import, AdapterImport::Transcoder { .. })).count();
    let distinct: std::collections::HashSet<_> = all.imports.iter().collect();
    assert_eq!(distinct.len(), all.imports.len());
    assert_eq!(transcoders, 2 * Transcode::ALL.len(), "each operation once in each direction");
}

#[test]
fn every_pair_of_widths_for_every_type() {
    let mut maker = Maker::default();
    let types = all_types(&mut maker);
    for (from_width, to_width) in WIDTHS.into_iter().flat_map(|from| WIDTHS.map(|to| (from, to))) {
        let mut specs = Vec::new();
        for &ty in types.iter().step_by(5) {
            let mut spec = maker.spec(&[("p", ty), ("q", ValType::String)], Some(ty));
            spec.lower.pointer_width = from_width;
            spec.lift.pointer_width = to_width;
            specs.push(spec);
        }
        compile_valid(&maker, &specs);
    }
}

#[test]
fn checks_and_toggles() {
    let mut maker = Maker::default();
    let mut spec = maker.spec(&[("s", ValType::String)], Some(ValType::String));
    spec.check_may_leave = true;
    spec.toggle_callee = true;
    spec.toggle_caller = true;
    let module = compile_valid(&maker, &[spec]);
    let codes: Vec<TrapCode> = trap_calls(&module).iter().map(|call| call.code).collect();
    assert_eq!(codes[0], TrapCode::CannotLeave);
    assert!(!codes.contains(&TrapCode::CannotEnter), "whoever may leave may enter anybody");
    assert!(module.imports.contains(&AdapterImport::State));
}

/// Between two root instances each side has its own state.
#[test]
fn links_between_root_instances() {
    let mut maker = Maker::default();
    let mut spec = maker.spec(&[("s", ValType::String)], Some(ValType::String));
    (spec.toggle_callee, spec.toggle_caller) = (true, true);
    // The same number in both roots.
    spec.lift.instance = spec.lower.instance;
    let module = gusset_fact::compile_link(&maker.types, &spec);
    wasmparser::Validator::new_with_features(wasmparser::WasmFeatures::all()).validate_all(&module.wasm).unwrap();
    for state in [AdapterImport::State, AdapterImport::CalleeState] {
        assert_eq!(module.imports.iter().filter(|import| **import == state).count(), 1, "{state:?}");
    }
    let [functions] = &module.functions[..] else { panic!("there is one adapter") };
    assert!(module.sites.iter().all(|site| site.adapter == 0) && functions.call > 0);
    // Scalars need neither.
    let spec = maker.spec(&[("n", ValType::U8)], Some(ValType::U8));
    let module = gusset_fact::compile_link(&maker.types, &spec);
    assert!(module.imports.iter().all(|import| matches!(import, AdapterImport::Func(_))), "{:?}", module.imports);
}

/// Types that share their parts have few definitions but many leaves; functions must stay within what engines accept.
#[test]
fn shared_types_do_not_explode() {
    let mut maker = Maker::default();
    let mut ty = maker.tuple(&[ValType::Bool, ValType::Char]);
    for _ in 0..16 {
        ty = maker.tuple(&[ty, ty]);
    }
    let list = maker.list(ty);
    let specs: Vec<AdapterSpec> = (0..50).map(|_| maker.spec(&[("t", ty), ("l", list)], Some(list))).collect();
    let module = compile_valid(&maker, &specs);
    assert!(module.wasm.len() < 100_000, "{}", module.wasm.len());

    let mut deep = maker.list(ValType::String);
    for i in 0..90 {
        deep = match i % 3 {
            0 => maker.variant(&[("a", Some(deep)), ("b", Some(deep)), ("c", None)]),
            1 => maker.list(deep),
            _ => maker.record(&[("x", deep), ("y", deep)]),
        };
    }
    let spec = maker.spec(&[("d", deep)], Some(deep));
    let module = compile_valid(&maker, &[spec]);
    assert!(module.wasm.len() < 400_000, "{}", module.wasm.len());
}

/// What lists of fixed length cost does not depend on their length, however they are nested.
#[test]
fn fixed_lengths_cost_nothing() {
    let mut maker = Maker::default();
    let longest = (1 << 28) - 1;
    let bytes = maker.fixed(ValType::U8, longest);
    let bools = maker.fixed(ValType::Bool, longest);
    let strings = maker.fixed(ValType::String, 1 << 24);
    let mut nested = vec![bytes, bools, strings];
    for (element, length, depth) in
        [(ValType::Char, 2, 27), (ValType::U64, 1, 90), (ValType::Bool, 16, 6), (ValType::S8, 255, 3)]
    {
        nested.push((0..depth).fold(element, |ty, _| maker.fixed(ty, length)));
    }
    let around: Vec<ValType> = nested
        .iter()
        .flat_map(|&ty| {
            let record = maker.record(&[("a", ty), ("b", ValType::U8)]);
            let variant = maker.variant(&[("a", Some(ty)), ("b", Some(record)), ("c", None)]);
            [record, variant, maker.list(ty), maker.map(ValType::String, ty), maker.option(variant)]
        })
        .collect();
    nested.extend(around);
    let before = std::time::Instant::now();
    for ty in nested {
        let spec = maker.spec(&[("p", ty)], Some(ty));
        let module = compile_valid(&maker, &[spec]);
        assert!(module.wasm.len() < 20_000, "{}: {}", type_text(&maker.types, ty), module.wasm.len());
    }
    assert!(before.elapsed().as_secs() < 10, "{:?}", before.elapsed());
}

/// Handles of types that the caller, the callee, another instance or the host defines, in values of every shape.
#[test]
fn handles_in_every_shape() {
    let mut maker = Maker::default();
    let definers = [Some(0), Some(1), Some(2), None];
    let resources = definers.map(|instance| maker.resource("r", instance, Some(1_000_000)));
    let mut shapes = Vec::new();
    for resource in resources {
        for handle in [maker.own(resource), maker.borrow(resource)] {
            let list = maker.list(handle);
            let record = maker.record(&[("h", handle), ("l", list), ("c", ValType::Char)]);
            let variant = maker.variant(&[("a", Some(handle)), ("b", Some(record)), ("c", Some(ValType::F64))]);
            let long = maker.fixed(handle, 20);
            let several = [handle, list, record, variant, long, maker.fixed(handle, 3), maker.option(handle)];
            shapes.extend(several);
            shapes.extend([
                maker.map(ValType::U32, variant),
                maker.result(Some(long), Some(handle)),
                maker.list(record),
            ]);
        }
    }
    let mut all = Vec::new();
    for (from_width, to_width) in WIDTHS.into_iter().flat_map(|from| WIDTHS.map(|to| (from, to))) {
        for &ty in &shapes {
            let borrows = type_text(&maker.types, ty).contains("borrow");
            let mut spec = maker.spec(&[("p", ty), ("q", ty)], (!borrows).then_some(ty));
            (spec.lower.pointer_width, spec.lift.pointer_width) = (from_width, to_width);
            compile_valid(&maker, &[spec.clone()]);
            if from_width == to_width && to_width == PointerWidth::Memory32 {
                all.push(FunctionSpec::Call(spec));
            }
        }
    }
    for resource in resources {
        let builtins = [CanonBuiltin::ResourceNew, CanonBuiltin::ResourceRep, CanonBuiltin::ResourceDrop];
        all.extend(builtins.map(|builtin| maker.builtin(builtin(resource), true)));
    }
    let module = compile_functions(&maker, &all);
    assert!(module.imports.contains(&AdapterImport::ResourceType(resources[3])));
    assert_eq!(module.imports.iter().filter(|import| matches!(import, AdapterImport::ResourceType(_))).count(), 1);
}

/// Many handles make neither huge functions nor many locals.
#[test]
fn many_handles_are_outlined() {
    let mut maker = Maker::default();
    let resource = maker.resource("r", Some(1), None);
    let (own, borrow) = (maker.own(resource), maker.borrow(resource));
    let mut ty = maker.tuple(&[own, borrow]);
    for _ in 0..14 {
        ty = maker.tuple(&[ty, ty]);
    }
    let list = maker.list(ty);
    let many: Vec<(&str, ValType)> = (0..2_000).map(|_| ("p", borrow)).collect();
    let specs = [maker.spec(&[("t", ty), ("l", list)], None), maker.spec(&many, None)];
    let module = compile_valid(&maker, &specs);
    assert!(module.wasm.len() < 400_000, "{}", module.wasm.len());
}

#[test]
#[should_panic(expected = "handles are passed between two instances")]
fn handles_within_one_instance_are_refused() {
    let mut maker = Maker::default();
    let resource = maker.resource("r", Some(2), None);
    let own = maker.own(resource);
    let mut spec = maker.spec(&[("h", own)], None);
    spec.lift.instance = spec.lower.instance;
    compile_valid(&maker, &[spec]);
}

#[test]
fn wide_types_fit_a_function() {
    let mut maker = Maker::default();
    let inner = maker.variant(&[("a", Some(ValType::String)), ("b", Some(ValType::Char)), ("c", None)]);
    let inner = maker.record(&[("v", inner), ("l", ValType::String)]);
    let names: Vec<String> = (0..10_000).map(|i| format!("n{i}")).collect();
    let fields: Vec<(&str, ValType)> = names.iter().map(|name| (name.as_str(), inner)).collect();
    let cases: Vec<(&str, Option<ValType>)> = names.iter().map(|name| (name.as_str(), Some(inner))).collect();
    let (record, variant) = (maker.record(&fields), maker.variant(&cases));
    let spec = maker.spec(&[("r", record), ("v", variant)], Some(record));
    compile_valid(&maker, &[spec.clone(), spec]);
}

/// The payloads of a variant of many cases, and the fields of a record of many, that are of one type have one translation.
#[test]
fn many_cases_and_fields_share_code() {
    let mut maker = Maker::default();
    let pair = maker.tuple(&[ValType::U32, ValType::F64]);
    let words = maker.list(ValType::U16);
    let kinds = [ValType::U8, ValType::String, pair, words, ValType::Bool];
    let names: Vec<String> = (0..2_002).map(|i| format!("n{i}")).collect();
    let mut size = |count, record: bool| {
        let items = names[..count].iter().zip(kinds.into_iter().cycle());
        let ty = match record {
            true => maker.record(&items.map(|(name, ty)| (name.as_str(), ty)).collect::<Vec<_>>()),
            false => maker.variant(&items.map(|(name, ty)| (name.as_str(), Some(ty))).collect::<Vec<_>>()),
        };
        let list = maker.list(ty);
        let spec = maker.spec(&[("x", list)], Some(list));
        let module = compile_valid(&maker, &[spec]);
        assert!(module.sites.len() < 10 * count, "{} sites", module.sites.len());
        module.code_size
    };
    // A case takes a byte of each jump table, and a field a load, a store, a call or some of each.
    let (once, twice) = (size(1_001, false), size(2_002, false));
    assert!(once < 2 * 1_001 + 4_000 && twice - once <= 2 * 1_001 + 10, "{once} and {twice} bytes");
    let record = size(1_000, true);
    assert!(record < 2 * 40 * 1_000, "{record} bytes");
}

/// A function that has become long leaves what is heavy to others.
#[test]
fn many_parameters_share_code() {
    let mut maker = Maker::default();
    let lists = [ValType::Char, ValType::U16, ValType::String, ValType::Bool].map(|ty| maker.list(ty));
    let params: Vec<(&str, ValType)> = ["p"; 1_000].into_iter().zip(lists.into_iter().cycle()).collect();
    let spec = maker.spec(&params, None);
    let module = compile_valid(&maker, &[spec]);
    assert!(module.code_size < 40_000, "{} bytes", module.code_size);
}

/// Where cases share code, sites follow each other in the order of cases, for each path within them.
#[test]
fn paths_name_the_case() {
    let mut maker = Maker::default();
    let pair = maker.tuple(&[ValType::Bool, ValType::Char]);
    let chars = maker.list(ValType::Char);
    let many = [ValType::Char; 90];
    let many = maker.tuple(&many);
    let names: Vec<String> = (0..50).map(|i| format!("c{i}")).collect();
    let kinds = [Some(ValType::Char), None, Some(pair), Some(chars), Some(many)];
    let cases: Vec<(&str, Option<ValType>)> = names.iter().map(String::as_str).zip(kinds.into_iter().cycle()).collect();
    let variant = maker.variant(&cases);
    let option = maker.option(variant);
    let spec = maker.spec(&[("v", option)], Some(variant));
    let module = compile_valid(&maker, &[spec]);
    let calls = trap_calls(&module);
    for (root, (n, name)) in
        ["param \"v\".some", "result"].into_iter().flat_map(|root| names.iter().enumerate().map(move |it| (root, it)))
    {
        let (code, part) = match n % 5 {
            0 => (TrapCode::InvalidChar, ""),
            2 => (TrapCode::InvalidChar, ".1"),
            3 => (TrapCode::InvalidChar, "[]"),
            _ => continue,
        };
        let path = format!("{root}.{name}{part}");
        let found = calls.iter().any(|call| match call.site {
            SiteArgument::OfCase(first) => call.code == code && *module.sites[first as usize + n].path == *path,
            _ => false,
        });
        assert!(found, "{path}");
    }
    let paths: Vec<&str> = module.sites.iter().map(|site| &*site.path).collect();
    for path in ["result.c4.0", "result.c49.50", "result.c49"] {
        assert!(paths.contains(&path), "{path}");
    }
    assert!(!paths.contains(&"result.c49.85"), "there are no more rows");

    // Two cases of many do not make rows for all.
    let payload = |n| if n % 40 == 0 { many } else { ValType::U8 };
    let cases: Vec<(&str, Option<ValType>)> =
        (0..).zip(&names).map(|(n, name)| (name.as_str(), Some(payload(n)))).collect();
    let variant = maker.variant(&cases);
    let spec = maker.spec(&[("v", variant)], None);
    let module = compile_valid(&maker, &[spec]);
    assert!(module.sites.iter().any(|site| &*site.path == "param \"v\".c40"));
    assert!(module.sites.len() < 60, "{} sites", module.sites.len());
}

#[test]
fn paths_name_the_value() {
    let mut maker = Maker::default();
    let item = maker.record(&[("name", ValType::Char), ("tags", ValType::String)]);
    let items = maker.list(item);
    let map = maker.map(ValType::Char, ValType::Char);
    let result = maker.result(Some(ValType::Char), Some(map));
    let tuple = maker.tuple(&[ValType::Bool, result]);
    let spec = maker.spec(&[("items", items)], Some(tuple));
    let module = compile_valid(&maker, &[spec]);
    let calls = trap_calls(&module);
    let site = |code, path: &str| {
        let at_path = |call: &TrapCall| match call.site {
            SiteArgument::Number(site) => &*module.sites[site as usize].path == path,
            _ => false,
        };
        calls.iter().any(|call| call.code == code && at_path(call))
    };
    assert!(site(TrapCode::ListOutOfBounds, "param \"items\""));
    assert!(site(TrapCode::InvalidChar, "param \"items\"[].name"));
    assert!(
        module.sites.iter().any(|site| &*site.path == "param \"items\"[].tags"),
        "the helper for strings is given it"
    );
    assert!(site(TrapCode::UnalignedPointer, "result"));
    assert!(site(TrapCode::InvalidDiscriminant, "result.1"));
    assert!(site(TrapCode::InvalidChar, "result.1.ok"));
    assert!(site(TrapCode::InvalidChar, "result.1.error[].1"));
}

#[test]
fn long_names_are_cut() {
    let mut maker = Maker::default();
    let name = "ä".repeat(90_000);
    let record = maker.record(&[(&name, ValType::Char), ("b", ValType::Char)]);
    let outer = maker.record(&[(&name, record)]);
    let mut spec = maker.spec(&[(&name, outer)], None);
    spec.name.function = name.into();
    let module = compile_valid(&maker, &[spec]);
    assert!(module.wasm.len() < 10_000);
    assert!(module.sites.iter().all(|site| site.path.len() < 300));
}

#[test]
fn unsupported_features_are_named() {
    let mut maker = Maker::default();
    let stream = maker.types.intern(DefinedType::Stream(None));
    let list = maker.list(stream);
    let mut check = |ty| {
        let spec = maker.spec(&[("a", ValType::String)], Some(ty));
        gusset_fact::unsupported(&maker.types, spec.lift_type)
    };
    assert_eq!(check(ValType::String), None);
    assert_eq!(check(list), Some("streams"));
    assert_eq!(check(ValType::ErrorContext), Some("error-context"));
}
