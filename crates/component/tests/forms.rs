//! Forms of components that flattening takes apart: where names, types and exports may stand.

use crate::common::translate;
use gusset_artifact::{ExternItem, Plan, RootExport, RootImport};
use gusset_component::TranslateSettings;
use gusset_types::{ComponentFeature, ComponentFeatures};

fn plan(text: &str) -> Plan {
    let bytes = wat::parse_str(text).expect("the text is well-formed");
    translate(&bytes).expect("the component is accepted").plan
}

#[test]
fn components_modules_and_instances_are_exported() {
    let plan = plan(
        r#"(component
            (core module $m (func (export "f")))
            (component $c (import "i" (instance (export "f" (func)))))
            (component $made (core module $inner) (export "m" (core module $inner)) (component $d) (export "d" (component $d)))
            (instance $i (instantiate $made))
            (export "m" (core module $m))
            (export "c" (component $c))
            (export "i" (instance $i)))"#,
    );
    let item = |path: &[&str]| plan.exports.find(path).map(|(_, item)| item).expect("it is exported");
    assert!(matches!(item(&["m"]), ExternItem::Item(RootExport::Module(_))));
    assert_eq!(*item(&["c"]), ExternItem::Item(RootExport::Component));
    assert!(matches!(item(&["i", "m"]), ExternItem::Item(RootExport::Module(_))));
    assert_eq!(*item(&["i", "d"]), ExternItem::Item(RootExport::Component));
}

/// All types of the root, as text.
fn types(body: &str) -> String {
    let bytes = wat::parse_str(format!("(component {body})")).expect("the text is well-formed");
    let mut features = ComponentFeatures::default();
    features.set(ComponentFeature::FixedLengthLists, true);
    let settings = TranslateSettings { features, ..TranslateSettings::default() };
    gusset_component::translate(&bytes, &settings).expect("the component is accepted").plan.to_text()
}

#[test]
fn types_of_imports_are_as_they_were_written() {
    for (ty, text) in [
        ("(map string (list u8))", "map<string, list<u8>>"),
        ("(list u8 4)", "list<u8, 4>"),
        ("(list (list char 2) 3)", "list<list<char, 2>, 3>"),
        ("(option (map char (list bool 1)))", "option<map<char, list<bool, 1>>>"),
    ] {
        let plan = types(&format!(r#"(import "f" (func (param "x" {ty}) (result {ty})))"#));
        assert!(plan.contains(&format!("func(x: {text}) -> {text}")), "{plan}");
    }
    let plan = types(
        r#"(import "file" (type $file (sub resource)))
            (import "[constructor]file" (func (result (own $file))))
            (import "[method]file.read" (func (param "self" (borrow $file)) (result (list u8))))
            (import "[static]file.open" (func (result (result (own $file) (error string)))))"#,
    );
    for text in [
        r#"import "[constructor]file" func() -> own<file>"#,
        r#"import "[method]file.read" func(self: borrow<file>) -> list<u8>"#,
        r#"import "[static]file.open" func() -> result<own<file>, string>"#,
    ] {
        assert!(plan.contains(text), "{text} in {plan}");
    }
}

/// An outer alias refers to the instance around the component's definition, whoever instantiates it.
#[test]
fn outer_aliases_of_every_sort() {
    let plan = plan(
        r#"(component
            (core type $ct (func))
            (type $t (record (field "x" u8)))
            (core module $m (func (export "f") (param i32) (result i32) (local.get 0)))
            (component $c (core module $own) (export "own" (core module $own)))
            (component $user
                (core type $l (module (alias outer 2 $ct (type)) (import "" "" (func (type 0)))))
                (alias outer 1 $t (type $mine))
                (export $e "t" (type $mine))
                (component $deeper
                    (alias outer 2 $m (core module $m))
                    (alias outer 2 $c (component $c))
                    (instance $c (instantiate $c))
                    (core instance $i (instantiate $m))
                    (func $f (param "x" u32) (result u32) (canon lift (core func $i "f")))
                    (export "c" (instance $c))
                    (export "f" (func $f)))
                (instance $d (instantiate $deeper))
                (export "d" (instance $d)))
            (instance $u (instantiate $user))
            (export "u" (instance $u)))"#,
    );
    assert!(matches!(
        plan.exports.find(&["u", "d", "c", "own"]).map(|(_, item)| item),
        Some(ExternItem::Item(RootExport::Module(_)))
    ));
    assert!(matches!(
        plan.exports.find(&["u", "d", "f"]).map(|(_, item)| item),
        Some(ExternItem::Item(RootExport::Func(_)))
    ));
    assert!(matches!(
        plan.exports.find(&["u", "t"]).map(|(_, item)| item),
        Some(ExternItem::Item(RootExport::Type(Some(_))))
    ));
}

/// Types that are no value types need nothing of the host.
#[test]
fn imports_of_component_and_instance_types() {
    let plan = plan(
        r#"(component
            (type $i (instance (export "f" (func))))
            (type $c (component (import "a" (instance (type $i))) (export "b" (func))))
            (import "i" (type $ii (eq $i)))
            (import "c" (type (eq $c)))
            (import "given" (instance (type $ii)))
            (export "i" (type $i))
            (export "c" (type $c)))"#,
    );
    let names: Vec<&str> = plan.imports.items.keys().map(|name| &**name).collect();
    assert_eq!(names, ["given"]);
    assert!(matches!(
        plan.imports.find(&["given", "f"]).map(|(_, item)| item),
        Some(ExternItem::Item(RootImport::Func(_)))
    ));
    assert_eq!(plan.exports.find(&["c"]).map(|(_, item)| item), Some(&ExternItem::Item(RootExport::Type(None))));
}
