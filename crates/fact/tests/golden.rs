//! Golden adapters: the text of typical adapter modules beside the spec that made them. `GUSSET_BLESS=1` rewrites the files.

use crate::support::{ENCODINGS, Maker, compile_functions};
use crate::traps::traps_text;
use gusset_fact::{AdapterImport, AdapterSpec, FunctionSpec};
use gusset_types::{CanonBuiltin, PointerWidth, StringEncoding, ValType, type_text};
use std::fmt::Write;

/// Compares the module made of `spec` with `tests/golden/{name}.wat`, and returns its imports.
fn check(name: &str, maker: &Maker, spec: AdapterSpec) -> Vec<AdapterImport> {
    check_all(name, maker, &[FunctionSpec::Call(spec)])
}

/// The same for several functions.
fn check_all(name: &str, maker: &Maker, specs: &[FunctionSpec]) -> Vec<AdapterImport> {
    let module = compile_functions(maker, specs);
    let mut text = String::new();
    for spec in specs {
        writeln!(text, ";; {}", spec.name()).unwrap();
        if let FunctionSpec::Call(spec) = spec {
            write_call(&mut text, maker, spec);
        }
    }
    writeln!(text, ";; {} bytes", module.wasm.len()).unwrap();
    for (i, site) in module.sites.iter().enumerate() {
        writeln!(text, ";; site {i}: `{}`", site.path).unwrap();
    }
    text.push_str(&traps_text(&module));
    text.push_str(&wasmprinter::print_bytes(&module.wasm).expect("it is valid"));
    let path = format!("{}/tests/golden/{name}.wat", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("GUSSET_BLESS").is_some() {
        std::fs::write(&path, &text).expect("the golden file can be written");
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(golden == text, "{path} differs (GUSSET_BLESS=1 rewrites it); now:\n{text}");
    module.imports
}

fn write_call(text: &mut String, maker: &Maker, spec: &AdapterSpec) {
    let types = maker.types.func(spec.lift_type);
    let params = types.params.iter().map(|param| format!("{}: {}", param.name, type_text(&maker.types, param.ty)));
    writeln!(text, ";; func({})", params.collect::<Vec<_>>().join(", ")).unwrap();
    if let Some(result) = types.result {
        writeln!(text, ";;   -> {}", type_text(&maker.types, result)).unwrap();
    }
    let (lower, lift) = (spec.lower.string_encoding, spec.lift.string_encoding);
    writeln!(text, ";; {lower:?} to {lift:?}").unwrap();
}

/// Each value type, flat where it is, and in a list.
#[test]
fn value_types() {
    use ValType::*;
    let mut maker = Maker::default();
    let resource = maker.resource("file", Some(1), None);
    let all = [
        ("bool", Bool),
        ("s8", S8),
        ("u8", U8),
        ("s16", S16),
        ("u16", U16),
        ("s32", S32),
        ("u32", U32),
        ("s64", S64),
        ("u64", U64),
        ("f32", F32),
        ("f64", F64),
        ("char", Char),
        ("string", String),
        ("list", maker.list(Bool)),
        ("map", maker.map(String, Char)),
        ("fixed_length_list", maker.fixed(Bool, 3)),
        ("record", maker.record(&[("a", U8), ("b", U32)])),
        ("tuple", maker.tuple(&[U8, U32])),
        ("variant", maker.variant(&[("a", Some(F32)), ("b", None), ("c", Some(U64))])),
        ("enum", maker.enumeration(3)),
        ("option", maker.option(U8)),
        ("result", maker.result(Some(U8), None)),
        ("flags", maker.flags(9)),
        ("own", maker.own(resource)),
        ("borrow", maker.borrow(resource)),
    ];
    for (name, ty) in all {
        let list = maker.list(ty);
        let mut spec = maker.spec(&[("flat", ty), ("list", list)], None);
        spec.lift.post_return = None;
        check(&format!("type_{name}"), &maker, spec);
    }
}

/// Floats of the deterministic profile: flat, alone in a list, and beside what else has to be looked at.
#[test]
fn canonical_nans() {
    use ValType::*;
    let mut maker = Maker::default();
    let pair = maker.tuple(&[F64, F32, Bool]);
    let (pairs, floats) = (maker.list(pair), maker.list(F32));
    let mut spec = maker.spec(&[("f", F32), ("floats", floats), ("pairs", pairs)], Some(F64));
    spec.lift.post_return = None;
    spec.canonical_nans = true;
    check("canonical_nans", &maker, spec);
}

#[test]
fn pairs_of_encodings() {
    let name = |encoding| match encoding {
        StringEncoding::Utf8 => "utf8",
        StringEncoding::Utf16 => "utf16",
        StringEncoding::Latin1Utf16 => "latin1_utf16",
    };
    for (from, to) in ENCODINGS.into_iter().flat_map(|from| ENCODINGS.map(|to| (from, to))) {
        let mut maker = Maker::default();
        let mut spec = maker.spec(&[("text", ValType::String)], None);
        spec.lower.string_encoding = from;
        spec.lift.string_encoding = to;
        spec.lift.post_return = None;
        check(&format!("encoding_{}_to_{}", name(from), name(to)), &maker, spec);
    }
}

/// Handles go from one table to the other; nobody else is called.
#[test]
fn own_handles() {
    let mut maker = Maker::default();
    let file = maker.resource("file", Some(1), Some(70));
    let own = maker.own(file);
    let mut spec = maker.spec(&[("file", own)], Some(own));
    spec.lift.post_return = None;
    let callee = spec.callee;
    let imports = check("own_handles", &maker, spec);
    let trap = AdapterImport::Trap { indices: 0 };
    assert!([AdapterImport::State, AdapterImport::Func(callee), trap].iter().all(|import| imports.contains(import)));
    assert_eq!(imports.len(), 3);
}

/// Who defines a type is given the representation: there is no handle, and no scope.
#[test]
fn borrows_of_the_callee_s_type() {
    let mut maker = Maker::default();
    let file = maker.resource("file", Some(1), None);
    let borrow = maker.borrow(file);
    let either = maker.result(Some(borrow), Some(ValType::U32));
    let spec = maker.spec(&[("self", borrow), ("other", either)], None);
    check("borrows_of_the_callee_s_type", &maker, spec);
}

#[test]
fn borrows_of_an_imported_type() {
    let mut maker = Maker::default();
    let file = maker.resource("file", None, Some(70));
    let borrow = maker.borrow(file);
    let spec = maker.spec(&[("self", borrow)], Some(ValType::Char));
    check("borrows_of_an_imported_type", &maker, spec);
}

#[test]
fn borrows_in_a_list() {
    let mut maker = Maker::default();
    let file = maker.resource("file", Some(1), None);
    let borrow = maker.borrow(file);
    let list = maker.list(borrow);
    let spec = maker.spec(&[("files", list)], None);
    check("borrows_in_a_list", &maker, spec);
}

/// The value in so many tuples that it has a function of its own, which is no longer for it.
fn outlined(maker: &mut Maker, ty: ValType) -> ValType {
    let tuples = if ty == ValType::Char { 256 } else { 251 };
    (0..tuples).fold(ty, |ty, _| maker.tuple(&[ty]))
}

/// A function that adapters share is given the scope of the call.
#[test]
fn borrows_in_an_outlined_value() {
    let mut maker = Maker::default();
    let file = maker.resource("file", Some(2), None);
    let borrow = maker.borrow(file);
    let record = outlined(&mut maker, borrow);
    let list = maker.list(record);
    let spec = maker.spec(&[("one", record), ("many", list)], None);
    check("borrows_in_an_outlined_value", &maker, spec);
}

#[test]
fn builtins_of_a_local_type() {
    let mut maker = Maker::default();
    let file = maker.resource("file", Some(0), Some(70));
    let specs = [
        maker.builtin(CanonBuiltin::ResourceNew(file), true),
        maker.builtin(CanonBuiltin::ResourceRep(file), true),
        maker.builtin(CanonBuiltin::ResourceDrop(file), true),
    ];
    check_all("builtins_of_a_local_type", &maker, &specs);
}

#[test]
fn drops_of_other_types() {
    let mut maker = Maker::default();
    let types = [maker.resource("plain", Some(1), None), maker.resource("imported", None, Some(70))];
    let specs = types.map(|resource| maker.builtin(CanonBuiltin::ResourceDrop(resource), false));
    check_all("drops_of_other_types", &maker, &specs);
}

#[test]
fn outlined_values() {
    let mut maker = Maker::default();
    let ty = outlined(&mut maker, ValType::Char);
    let list = maker.list(ty);
    let spec = maker.spec(&[("one", ty), ("many", list)], None);
    check("outlined_values", &maker, spec);
}

/// However long they are: one copy, or loops.
#[test]
fn lists_of_fixed_length() {
    let mut maker = Maker::default();
    let plain = maker.fixed(ValType::U8, (1 << 28) - 1);
    let inner = maker.fixed(ValType::Bool, 4096);
    let nested = maker.fixed(inner, 4096);
    let flat = maker.fixed(ValType::Char, 2);
    let spec = maker.spec(&[("plain", plain), ("nested", nested)], None);
    let small = maker.spec(&[("flat", flat)], None);
    check_all("lists_of_fixed_length", &maker, &[FunctionSpec::Call(spec), FunctionSpec::Call(small)]);
}

/// A scalar adapter needs nothing but its callee: no memory, no flags, no realloc.
#[test]
fn scalars() {
    let mut maker = Maker::default();
    let point = maker.tuple(&[ValType::F64, ValType::S16]);
    let mut spec = maker.spec(&[("a", ValType::U8), ("b", ValType::U64), ("c", point)], Some(ValType::S8));
    spec.lift.post_return = None;
    let callee = spec.callee;
    assert_eq!(check("scalars", &maker, spec), [AdapterImport::Func(callee)]);
}

#[test]
fn checked_scalars() {
    let mut maker = Maker::default();
    let mut spec = maker.spec(&[("a", ValType::Char)], Some(ValType::Bool));
    spec.check_may_leave = true;
    check("checked_scalars", &maker, spec);
}

#[test]
fn utf8_to_utf16() {
    let mut maker = Maker::default();
    let mut spec = maker.spec(&[("text", ValType::String)], None);
    spec.lift.string_encoding = StringEncoding::Utf16;
    spec.toggle_callee = true;
    check("utf8_to_utf16", &maker, spec);
}

/// Pointers and lengths of 32 bits go where they have 64.
#[test]
fn utf8_to_utf16_in_a_memory_of_64_bits() {
    let mut maker = Maker::default();
    let bytes = maker.list(ValType::U8);
    let mut spec = maker.spec(&[("text", ValType::String)], Some(bytes));
    spec.lift.string_encoding = StringEncoding::Utf16;
    spec.lift.pointer_width = PointerWidth::Memory64;
    check("utf8_to_utf16_in_a_memory_of_64_bits", &maker, spec);
}

#[test]
fn latin1_or_utf16_to_utf8() {
    let mut maker = Maker::default();
    let mut spec = maker.spec(&[("text", ValType::String)], None);
    spec.lower.string_encoding = StringEncoding::Latin1Utf16;
    check("latin1_or_utf16_to_utf8", &maker, spec);
}

#[test]
fn list_of_records() {
    let mut maker = Maker::default();
    let tags = maker.list(ValType::Char);
    let item = maker.record(&[("id", ValType::U32), ("on", ValType::Bool), ("tags", tags), ("name", ValType::String)]);
    let items = maker.list(item);
    let spec = maker.spec(&[("items", items)], None);
    check("list_of_records", &maker, spec);
}

#[test]
fn result_through_memory() {
    let mut maker = Maker::default();
    let ok = maker.tuple(&[ValType::U32, ValType::Bool]);
    let err = maker.enumeration(3);
    let result = maker.result(Some(ok), Some(err));
    let spec = maker.spec(&[], Some(result));
    check("result_through_memory", &maker, spec);
}

#[test]
fn nested_variant() {
    let mut maker = Maker::default();
    let flags = maker.flags(5);
    let inner = maker.variant(&[("f", Some(ValType::F32)), ("none", None), ("flags", Some(flags))]);
    let middle = maker.result(Some(inner), Some(ValType::F64));
    let outer = maker.variant(&[("m", Some(middle)), ("d", Some(ValType::U64)), ("e", None)]);
    let option = maker.option(outer);
    let spec = maker.spec(&[("v", option)], None);
    check("nested_variant", &maker, spec);
}

#[test]
fn list_of_bytes() {
    let mut maker = Maker::default();
    let bytes = maker.list(ValType::U8);
    let spec = maker.spec(&[("data", bytes)], Some(bytes));
    check("list_of_bytes", &maker, spec);
}

#[test]
fn spilled_parameters() {
    let mut maker = Maker::default();
    let params: Vec<_> = (0..17).map(|i| ("p", if i % 2 == 0 { ValType::U8 } else { ValType::F32 })).collect();
    let spec = maker.spec(&params, None);
    check("spilled_parameters", &maker, spec);
}

/// Cases of the same payload share its code, and have sites of their own.
#[test]
fn many_cases() {
    let mut maker = Maker::default();
    let pair = maker.tuple(&[ValType::U8, ValType::Char]);
    let names: Vec<String> = (0..17).map(|i| format!("c{i}")).collect();
    let kinds = [Some(ValType::Char), None, Some(pair)];
    let mut cases: Vec<_> = names.iter().map(String::as_str).zip(kinds.into_iter().cycle()).collect();
    cases[16].1 = Some(ValType::Bool);
    let ty = maker.variant(&cases);
    let spec = maker.spec(&[("v", ty)], None);
    check("many_cases", &maker, spec);
}
