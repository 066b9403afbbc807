//! Golden adapters: the text of typical adapter modules beside the spec that made them. `GUSSET_BLESS=1` rewrites the files.

mod support;
mod traps;

use gusset_fact::{AdapterImport, AdapterSpec};
use gusset_types::{StringEncoding, ValType, type_text};
use std::fmt::Write;
use support::{Maker, compile_valid};
use traps::traps_text;

/// Compares the module made of `spec` with `tests/golden/{name}.wat`, and returns its imports.
fn check(name: &str, maker: &Maker, spec: AdapterSpec) -> Vec<AdapterImport> {
    let module = compile_valid(&maker.types, std::slice::from_ref(&spec));
    let mut text = String::new();
    let types = maker.types.func(spec.lift_type);
    writeln!(text, ";; {}", spec.name).unwrap();
    let params = types.params.iter().map(|param| format!("{}: {}", param.name, type_text(&maker.types, param.ty)));
    writeln!(text, ";; func({})", params.collect::<Vec<_>>().join(", ")).unwrap();
    if let Some(result) = types.result {
        writeln!(text, ";;   -> {}", type_text(&maker.types, result)).unwrap();
    }
    let (lower, lift) = (spec.lower.string_encoding, spec.lift.string_encoding);
    writeln!(text, ";; {lower:?} to {lift:?}, {} bytes", module.wasm.len()).unwrap();
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
