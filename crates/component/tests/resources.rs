//! Resource types: which ones there are, and which of them the functions of each instance speak of.

use crate::common::translate;
use gusset_artifact::{ExternItem, Plan, RootExport, RootImport, Step, Trampoline};
use gusset_component::{TranslateErrorKind, TranslateSettings};
use gusset_types::{ComponentFeatures, ComponentInstanceIndex, DefinedType, ResourceTypeIndex, ValType};

fn plan(text: &str) -> Plan {
    let bytes = wat::parse_str(text).expect("the text is well-formed");
    translate(&bytes).expect("the component is accepted").plan
}

/// The resource type that is exported at `path`.
fn exported(plan: &Plan, path: &[&str]) -> ResourceTypeIndex {
    match plan.exports.find(path).map(|(_, item)| item) {
        Some(ExternItem::Item(RootExport::Resource(resource))) => *resource,
        other => panic!("{path:?} is {other:?}"),
    }
}

/// The resource type that is imported at `path`.
fn imported(plan: &Plan, path: &[&str]) -> ResourceTypeIndex {
    match plan.imports.find(path).map(|(_, item)| item) {
        Some(ExternItem::Item(RootImport::Resource(resource))) => *resource,
        other => panic!("{path:?} is {other:?}"),
    }
}

/// The resource types of the parameters of the function that is exported at `path`.
fn params(plan: &Plan, path: &[&str]) -> Vec<ResourceTypeIndex> {
    let Some(ExternItem::Item(RootExport::Func(func))) = plan.exports.find(path).map(|(_, item)| item) else {
        panic!("{path:?} is no function")
    };
    let func = plan.types.func(plan.exported_funcs[*func].ty);
    let resource = |ty| match ty {
        ValType::Defined(index) => match plan.types.defined(index) {
            DefinedType::Own(resource) | DefinedType::Borrow(resource) => *resource,
            other => panic!("{other:?} is no handle"),
        },
        other => panic!("{other:?} is no handle"),
    };
    func.param_types().map(resource).collect()
}

/// A component that defines a resource type and a function that takes a handle of it.
const LIB: &str = r#"(component $lib
    (type $r (resource (rep i32)))
    (export $e "r" (type $r))
    (core module $m (func (export "f") (param i32)))
    (core instance $i (instantiate $m))
    (func (export "take") (param "x" (own $e)) (canon lift (core func $i "f"))))"#;

#[test]
fn each_instance_of_a_component_has_its_own() {
    let plan = plan(&format!(
        r#"(component {LIB}
            (instance $a (instantiate $lib)) (instance $b (instantiate $lib)) (alias export $a "r" (type $r))
            (export "a" (instance $a)) (export "b" (instance $b)) (export "again" (type $r)))"#
    ));
    assert_eq!(plan.resources.len(), 2);
    let (a, b) = (exported(&plan, &["a", "r"]), exported(&plan, &["b", "r"]));
    assert_ne!(a, b);
    assert_eq!(exported(&plan, &["again"]), a);
    assert_eq!((params(&plan, &["a", "take"]), params(&plan, &["b", "take"])), (vec![a], vec![b]));
    let instances: Vec<_> = plan.resources.values().map(|resource| resource.instance).collect();
    assert_eq!(instances, [1, 2].map(|index| Some(ComponentInstanceIndex::from_u32(index))));
    assert!(plan.resources.values().all(|resource| &*resource.name == "r" && resource.dtor.is_none()));
    assert!(plan.uses_state);
}

/// What passes a type on, under whatever name, passes on the same one.
#[test]
fn a_type_is_the_same_wherever_it_is_passed() {
    let middle = r#"(component $middle
        (import "lib" (instance $lib (export "r" (type (sub resource))) (export "take" (func (param "x" (own 0))))))
        (alias export $lib "r" (type $r))
        (export $e "renamed" (type $r))
        (export "equal" (type $r) (type (eq $e)))
        (instance $inner (export "r" (type $r)) (export "take" (func $lib "take")))
        (instance $outer (export "inner" (instance $inner)))
        (export "outer" (instance $outer))
        (export "take" (func $lib "take") (func (param "x" (own $e)))))"#;
    let plan = plan(&format!(
        r#"(component {LIB} {middle}
            (instance $a (instantiate $lib)) (instance $b (instantiate $lib))
            (instance $m (instantiate $middle (with "lib" (instance $a))))
            (instance $n (instantiate $middle (with "lib" (instance $b))))
            (instance $o (instantiate $middle (with "lib" (instance $m "outer" "inner"))))
            (export "m" (instance $m)) (export "n" (instance $n)) (export "o" (instance $o)))"#
    ));
    assert_eq!(plan.resources.len(), 2);
    let [a, b] = [0, 1].map(ResourceTypeIndex::from_u32);
    for (name, resource) in [("m", a), ("n", b), ("o", a)] {
        for path in [vec!["renamed"], vec!["equal"], vec!["outer", "inner", "r"]] {
            let path: Vec<_> = [name].into_iter().chain(path).collect();
            assert_eq!(exported(&plan, &path), resource, "{path:?}");
        }
        for path in [vec!["take"], vec!["outer", "inner", "take"]] {
            let path: Vec<_> = [name].into_iter().chain(path).collect();
            assert_eq!(params(&plan, &path), [resource], "{path:?}");
        }
    }
}

#[test]
fn imports_are_types_of_their_own_but_for_those_that_equal_another() {
    let plan = plan(
        r#"(component
            (type $t (instance
                (export "r" (type $r (sub resource)))
                (export "same" (type (eq $r)))
                (export "take" (func (param "x" (own $r))))))
            (import "a" (instance $a (type $t)))
            (import "b" (instance $b (type $t)))
            (import "r" (type $r (sub resource)))
            (import "s" (type (eq $r)))
            (alias export $a "r" (type $ar))
            (import "of-a" (type (eq $ar)))
            (export "take" (func $b "take"))
            (export "r" (type $r)))"#,
    );
    assert_eq!(plan.resources.len(), 3);
    let (a, b, r) = (imported(&plan, &["a", "r"]), imported(&plan, &["b", "r"]), imported(&plan, &["r"]));
    assert!(a != b && b != r && r != a);
    assert_eq!(imported(&plan, &["a", "same"]), a);
    assert_eq!((imported(&plan, &["s"]), imported(&plan, &["of-a"])), (r, a));
    assert_eq!((params(&plan, &["take"]), exported(&plan, &["r"])), (vec![b], r));
    let names: Vec<_> = plan.resources.values().map(|resource| &*resource.name).collect();
    assert_eq!(names, ["a#r", "b#r", "r"]);
    // Each has the host's destructor, made before it.
    for (index, resource) in plan.resources.iter() {
        assert_eq!(resource.instance, None);
        let at = plan.steps.iter().position(|step| *step == Step::DefineResource(index)).expect("it is defined");
        let Step::DefineTrampoline(trampoline) = plan.steps[at - 1] else { panic!("its destructor comes first") };
        assert_eq!(plan.trampolines[trampoline], Trampoline::DropImportedResource(index));
        assert!(resource.dtor.is_some());
    }
}

/// Components are passed as arguments, and instantiated with what they were not made for.
#[test]
fn components_that_are_imported_define_types_too() {
    let plan = plan(&format!(
        r#"(component {LIB}
            (component $maker
                (import "c" (component $c
                    (export "r" (type $r (sub resource)))
                    (export "take" (func (param "x" (own $r))))))
                (instance $x (instantiate $c))
                (instance $y (instantiate $c))
                (export "x" (instance $x))
                (export "y" (instance $y)))
            (instance $made (instantiate $maker (with "c" (component $lib))))
            (export "made" (instance $made)))"#
    ));
    assert_eq!(plan.resources.len(), 2);
    let [x, y] = ["x", "y"].map(|name| exported(&plan, &["made", name, "r"]));
    assert_ne!(x, y);
    assert_eq!(params(&plan, &["made", "x", "take"]), [x]);
    assert_eq!(params(&plan, &["made", "y", "take"]), [y]);
}

#[test]
fn a_destructor_is_made_before_its_type() {
    let plan = plan(
        r#"(component
            (core module $m (func (export "drop") (param i32)))
            (core instance $i (instantiate $m))
            (type $named (resource (rep i32) (dtor (core func $i "drop"))))
            (type (resource (rep i32) (dtor (core func $i "drop")))))"#,
    );
    let [named, other] = plan.resources.as_slice() else { panic!("there are two types") };
    assert_eq!((&*named.name, &*other.name), ("named", "resource 1"));
    assert!(named.dtor.is_some() && named.dtor == other.dtor);
    let made = |step: &Step| matches!(step, Step::InstantiateModule { .. });
    let defined = |step: &Step| matches!(step, Step::DefineResource(_));
    assert!(plan.steps.iter().position(made) < plan.steps.iter().position(defined));
}

/// A function that is lifted and lowered in one instance: the runtime lifts and lowers, since both sides use one table.
#[test]
fn handles_within_one_instance_take_no_adapter() {
    let text = |ty: &str| {
        format!(
            r#"(component
                (type $r (resource (rep i32)))
                (core module $m (func (export "f") (param i32)))
                (core instance $i (instantiate $m))
                (func $f (param "x" {ty}) (canon lift (core func $i "f")))
                (core func $l (canon lower (func $f)))
                (core module $n (import "" "f" (func (param i32))))
                (core instance (instantiate $n (with "" (instance (export "f" (func $l)))))))"#
        )
    };
    let lowered =
        |plan: &Plan| plan.trampolines.values().any(|trampoline| matches!(trampoline, Trampoline::LowerLifted { .. }));
    let with = plan(&text("(own $r)"));
    assert!(lowered(&with) && with.adapter_modules.is_empty(), "{}", with.to_text());
    let without = plan(&text("u32"));
    assert!(!lowered(&without) && without.adapter_modules.len() == 1);
}

#[test]
fn resources_of_64_bits_are_named() {
    let bytes = wat::parse_str(r#"(component (type $big (resource (rep i64))))"#).unwrap();
    let settings = TranslateSettings { features: ComponentFeatures::specified(), ..TranslateSettings::default() };
    let error = gusset_component::translate(&bytes, &settings).unwrap_err();
    assert_eq!(error.kind(), TranslateErrorKind::Unsupported("memory64"));
    assert_eq!(error.message(), "not supported: memory64 (resource type `big`, which an `i64` represents)");
}

/// An export may be given a type that says less of it.
#[test]
fn an_ascribed_type_is_the_type_that_it_hides() {
    let plan = plan(&format!(
        r#"(component {LIB}
            (instance $a (instantiate $lib))
            (alias export $a "r" (type $r))
            (export $x "x" (instance $a) (instance (export "r" (type (eq $r)))))
            (alias export $x "r" (type $s))
            (export "r" (type $s)))"#
    ));
    assert_eq!(plan.resources.len(), 1);
    assert_eq!(exported(&plan, &["x", "r"]), exported(&plan, &["r"]));
    assert!(plan.exports.find(&["x", "take"]).is_none());
}
