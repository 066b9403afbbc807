//! Names: what serves people is cut and shared, and however many names lead to an item, the plan holds it once.

use crate::common::translate;
use gusset_artifact::{ExternItem, RootExport};
use gusset_types::MAX_SHOWN_NAME;
use std::fmt::Write;
use std::sync::Arc;

fn encode(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("the test's text is well-formed")
}

/// One component calls a function of another through `count` lowerings, all of them used; names have `length` letters.
fn lowerings(count: usize, length: usize) -> Vec<u8> {
    let [lib, app, func] = ["l", "a", "f"].map(|letter| letter.repeat(length));
    let (mut lowered, mut imports, mut exports) = (String::new(), String::new(), String::new());
    for n in 0..count {
        let _ = write!(lowered, "(core func $l{n} (canon lower (func $f)))");
        let _ = write!(imports, r#"(import "" "{n}" (func (result i32)))"#);
        let _ = write!(exports, r#"(export "{n}" (func $l{n}))"#);
    }
    encode(&format!(
        r#"(component
            (component $lib
                (core module $m (func (export "f") (result i32) (i32.const 1)))
                (core instance $i (instantiate $m))
                (func (export "{func}") (result u32) (canon lift (core func $i "f"))))
            (component $app
                (import "{func}" (func $f (result u32)))
                {lowered}
                (core module $m {imports})
                (core instance (instantiate $m (with "" (instance {exports})))))
            (instance ${lib} (instantiate $lib))
            (instance ${app} (instantiate $app (with "{func}" (func ${lib} "{func}")))))"#
    ))
}

#[test]
fn names_of_adapters_are_cut_and_shared() {
    let bytes = lowerings(2000, 90_000);
    let translation = translate(&bytes).unwrap();
    let [module] = translation.plan.adapter_modules.as_slice() else { panic!("one module holds all adapters") };
    let [first, .., last] = &module.adapters[..] else { panic!("there are many adapters") };
    assert_eq!(module.adapters.len(), 2000);
    let shared = [(&first.caller, &last.caller), (&first.callee, &last.callee), (&first.function, &last.function)];
    for (first, last) in shared {
        assert!(Arc::ptr_eq(first, last), "equal names are one text");
        assert!(first.len() <= MAX_SHOWN_NAME && first.ends_with('…'), "{first}");
    }
    let instances = translation.plan.component_instances.values();
    assert!(instances.map(|instance| instance.name.len()).all(|length| length <= MAX_SHOWN_NAME));
    let size = translation.modules[module.module].wasm.len();
    assert!(size < 2000 * 2000, "the binary holds no more than the cut names: {size} bytes");
}

/// A root that exports an instance which exports another one twice, `levels` deep.
fn doubling_exports(levels: usize, length: usize) -> Vec<u8> {
    let (a, b) = ("a".repeat(length), "b".repeat(length));
    let mut text = String::from(
        r#"(component
            (core module $m (func (export "f") (result i32) (i32.const 1)))
            (core instance $i (instantiate $m))
            (func $f (result u32) (canon lift (core func $i "f")))
            (instance $i0 (export "f" (func $f)))"#,
    );
    for level in 1..=levels {
        let inner = level - 1;
        let _ = write!(
            text,
            r#"(instance $i{level} (export "{a}" (instance $i{inner})) (export "{b}" (instance $i{inner})))"#
        );
    }
    let _ = write!(text, r#"(export "x" (instance $i{levels})))"#);
    encode(&text)
}

#[test]
fn an_instance_that_is_exported_by_many_names_stands_once() {
    let bytes = doubling_exports(14, 4000);
    let plan = translate(&bytes).unwrap().plan;
    assert_eq!(plan.exports.instances.len(), 15);
    assert_eq!(plan.exported_funcs.len(), 1);
    assert!(plan.exported_funcs.values().all(|func| func.name.len() < 5 * MAX_SHOWN_NAME));
    let (a, b) = ("a".repeat(4000), "b".repeat(4000));
    let mut path = vec!["x"];
    path.extend((0..14).map(|level| if level % 3 == 0 { &*a } else { &*b }));
    path.push("f");
    assert!(matches!(plan.exports.find(&path).map(|(_, item)| item), Some(ExternItem::Item(RootExport::Func(_)))));
    path.swap(3, 15);
    assert!(plan.exports.find(&path).is_none());
}

#[test]
fn equal_names_of_imports_are_one_text() {
    let bytes = encode(
        r#"(component
            (import "a" (instance (export "name" (func))))
            (import "b" (instance (export "name" (func)))))"#,
    );
    let plan = translate(&bytes).unwrap().plan;
    let names: Vec<&Arc<str>> = plan.imports.instances.values().flat_map(|items| items.keys()).collect();
    let [first, second] = names[..] else { panic!("two names") };
    assert!(Arc::ptr_eq(first, second));
    let shown: Vec<&str> = plan.imported_funcs.values().map(|func| &*func.name).collect();
    assert_eq!(shown, ["a#name", "b#name"]);
}
