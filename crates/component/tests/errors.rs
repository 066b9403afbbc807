//! Bad input: each kind of error, with what it says and where.

use crate::common::translate;
use gusset_component::{TranslateError, TranslateErrorKind, TranslateSettings, validate};
use gusset_types::{ComponentFeature, ComponentFeatures};

fn encode(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("the test's text is well-formed")
}

fn error(text: &str) -> TranslateError {
    let bytes = encode(text);
    let error = translate(&bytes).expect_err("the test's component is not accepted");
    let offset = error.offset().expect("each error has a place");
    assert!(offset <= bytes.len(), "{offset} is in the input");
    error
}

/// Asserts that the text needs `feature`, and that the message says `what`.
fn assert_unsupported(text: &str, feature: &'static str, what: &str) {
    let error = error(text);
    assert_eq!(error.kind(), TranslateErrorKind::Unsupported(feature), "{error}");
    let expected = format!("not supported: {feature} ({what})");
    assert_eq!(error.message(), expected);
    assert!(error.to_string().starts_with(&expected) && error.to_string().contains("at offset 0x"), "{error}");
}

#[test]
fn a_core_module_is_no_component() {
    let bytes = encode("(module)");
    for error in [translate(&bytes).map(drop), validate(&bytes, ComponentFeatures::default())].map(Result::unwrap_err) {
        assert_eq!(error.kind(), TranslateErrorKind::CoreModule);
        assert_eq!(
            error.to_string(),
            "expected a component, found a core module; `gusset::core::Module` takes those (at offset 0x0)"
        );
    }
}

#[test]
fn bytes_that_are_no_wasm() {
    for bytes in [&b""[..], b"\0asm", b"not wasm at all", b"\0asm\x0d\0\x01"] {
        let error = translate(bytes).unwrap_err();
        assert_eq!(error.kind(), TranslateErrorKind::Malformed, "{error}");
        assert!(error.to_string().starts_with("malformed component: "), "{error}");
    }
}

#[test]
fn every_truncation_is_an_error() {
    let bytes = encode(include_str!("golden/interface.wat"));
    let mut whole = 0;
    for end in 0..bytes.len() {
        // Between two sections of the root, what is there may be whole.
        let valid = end >= 8 && wasmparser::Validator::new().validate_all(&bytes[..end]).is_ok();
        match translate(&bytes[..end]) {
            Ok(_) => assert!(valid, "the first {end} bytes"),
            Err(error) => {
                assert!(!valid, "the first {end} bytes: {error}");
                assert!(error.offset().is_some_and(|offset| offset <= end), "{error}");
            }
        }
        whole += usize::from(valid);
    }
    assert!((2..100).contains(&whole), "{whole} prefixes are components");
}

#[test]
fn a_changed_byte_is_an_error_only_where_it_makes_one() {
    for text in [
        include_str!("golden/parent-and-child.wat"),
        include_str!("golden/resources.wat"),
        include_str!("golden/imported-resources.wat"),
        include_str!("golden/handles-within-an-instance.wat"),
    ] {
        let bytes = encode(text);
        let mut refused = 0;
        for at in 8..bytes.len() {
            for flip in [0x01, 0x02, 0x80, 0xff] {
                let mut bytes = bytes.clone();
                bytes[at] ^= flip;
                let Err(error) = translate(&bytes) else { continue };
                let lacking = matches!(error.kind(), TranslateErrorKind::Unsupported(_) | TranslateErrorKind::Limit(_));
                let valid = wasmparser::Validator::new().validate_all(&bytes).is_ok();
                assert!(lacking || !valid, "byte {at} ^ {flip:#x}: {error}");
                refused += 1;
            }
        }
        assert!(refused > bytes.len(), "{refused} changes are refused");
    }
}

#[test]
fn an_index_out_of_range_is_invalid() {
    let error = error("(component (component (core instance (instantiate 7))))");
    assert_eq!(error.kind(), TranslateErrorKind::Invalid);
    assert_eq!(error.offset(), Some(0x15));
    let text = error.to_string();
    assert!(text.starts_with("invalid component: ") && text.contains("7"), "{text}");
    assert!(text.contains(", in component 0 (at offset 0x15)"), "the nested component is named: {text}");
}

#[test]
fn function_bodies_are_validated_on_request_only() {
    let bytes = encode("(component (core module (func i32.add)))");
    assert_eq!(validate(&bytes, ComponentFeatures::default()).unwrap_err().kind(), TranslateErrorKind::Invalid);
    assert!(translate(&bytes).is_ok(), "the code generator finds it");
}

#[test]
fn a_component_that_is_never_instantiated_may_need_anything() {
    let text = r#"(component
        (component $unused (core func (canon subtask.drop)))
        (type (stream u8)))"#;
    assert!(translate(&encode(text)).is_ok());
    let used = text.replace("(type (stream u8))", "(instance $named (instantiate $unused))");
    let error = error(&used);
    assert_eq!(error.kind(), TranslateErrorKind::Unsupported("async"));
    assert!(error.to_string().contains(", in component `named` "), "{error}");
}

#[test]
fn async_is_named_with_what_needs_it() {
    let module = r#"(core module $m (func (export "f") (param i32) (result i32) unreachable) (func (export "g")))
        (core instance $i (instantiate $m))"#;
    assert_unsupported("(component (core func (canon subtask.drop)))", "async", "canon subtask.drop");
    assert_unsupported(
        &format!(
            r#"(component {module} (func async (param "x" u32) (canon lift (core func $i "f") async
            (callback (core func $i "cb")))))"#
        )
        .replace(r#"(func (export "g"))"#, r#"(func (export "cb") (param i32 i32 i32) (result i32) unreachable)"#),
        "async",
        "canon lift with async",
    );
    assert_unsupported(
        r#"(component (import "f" (func $f async)) (core func (canon lower (func $f) async)))"#,
        "async",
        "canon lower with async",
    );
    let lowered = |ty: &str| {
        format!(r#"(component (import "f" (func $f (param "x" (option {ty})))) (core func (canon lower (func $f))))"#)
    };
    assert_unsupported(&lowered("(tuple u8 (stream u8))"), "async", "the type stream");
    assert_unsupported(&lowered("(result (error (future)))"), "async", "the type future");
    // What is only imported or exported says no more than that it is there.
    let declared = r#"(component
        (import "f" (func $f (param "x" (stream u8)) (result (future))))
        (type $t (future string))
        (export "t" (type $t))
        (export "f" (func $f)))"#;
    let plan = translate(&encode(declared)).unwrap().plan.to_text();
    assert!(plan.contains("func(x: stream<u8>) -> future = import 0") && plan.contains("future<string>"), "{plan}");
}

#[test]
fn what_needs_a_feature_that_is_off_names_it() {
    let gated = error("(component (core func (canon thread.index)))");
    assert_eq!(gated.kind(), TranslateErrorKind::Invalid, "{gated}");
    assert!(gated.message().ends_with(" (switched off, and not supported: component_model_threading)"), "{gated}");
    assert_eq!(
        gated.to_string().split(" (at").next(),
        Some("not supported: built-ins for threads (component_model_threading)")
    );
}

/// For each feature of the component model, a component that is valid only with it.
#[test]
fn each_feature_has_its_switch() {
    let module = r#"(core module $m (memory (export "m") 1) (func (export "f") (param i32)) (func (export "g")))
        (core instance $i (instantiate $m))"#;
    let of = |feature| match feature {
        ComponentFeature::Async => "(type (stream u8))".to_string(),
        ComponentFeature::Map => "(type (map string u8))".to_string(),
        ComponentFeature::Implements => r#"(import "a" (implements "a:b/c") (instance))"#.to_string(),
        ComponentFeature::Values => r#"(import "v" (value $v string)) (export "w" (value $v))"#.to_string(),
        ComponentFeature::NestedNames => r#"(import "a:b:c/d" (func))"#.to_string(),
        ComponentFeature::AsyncStackful => {
            format!(r#"{module} (func async (canon lift (core func $i "g") async))"#)
        }
        ComponentFeature::MoreAsyncBuiltins => "(core func (canon subtask.cancel async))".to_string(),
        ComponentFeature::Threading => "(core func (canon thread.index))".to_string(),
        ComponentFeature::ErrorContext => "(type (list error-context))".to_string(),
        ComponentFeature::FixedLengthLists => "(type (list u8 4))".to_string(),
        ComponentFeature::Memory64 => {
            r#"(core module $m (memory (export "m") i64 1)) (core instance $i (instantiate $m))
                (import "f" (func $f (param "x" string)))
                (core func (canon lower (func $f) (memory (core memory $i "m"))))"#
                .to_string()
        }
        ComponentFeature::CanonNames => r#"(import "a:b/c@1" (version-suffix ".2.3") (instance))"#.to_string(),
        ComponentFeature::Forward => "(type $s (stream u8)) (core func (canon stream.forward $s))".to_string(),
        ComponentFeature::Accessors => r#"(import "r" (type $r (sub resource)))
                (import "[method][get]r.x" (func (param "self" (borrow $r)) (result u8)))"#
            .to_string(),
        ComponentFeature::Gc => {
            r#"(import "f" (func $f)) (core type $t (func)) (core func (canon lower (func $f) gc (core-type $t)))"#
                .to_string()
        }
        other => panic!("{} is not tested", other.name()),
    };
    for &feature in ComponentFeature::ALL {
        let bytes = encode(&format!("(component {})", of(feature)));
        let mut features = ComponentFeatures::specified();
        features.set(ComponentFeature::Gc, true);
        let valid = validate(&bytes, features);
        assert!(valid.is_ok(), "{}: {valid:?}", feature.name());
        features.set(feature, false);
        let error = validate(&bytes, features).expect_err(feature.name());
        assert_eq!(error.kind(), TranslateErrorKind::Invalid, "{error}");
        let off = if feature.is_supported() { "switched off" } else { "switched off, and not supported" };
        let named = error.message().ends_with(&format!(" ({off}: {})", feature.name()));
        // Names that it does not allow are for the parser like any that nobody allows.
        assert_eq!(named, feature != ComponentFeature::NestedNames, "{error}");
    }
}

#[test]
fn what_only_proposals_without_a_standard_allow_is_invalid() {
    for text in [
        "(component (core module (type (func (param (ref (shared any)))))))",
        "(component (core module (type $t (func)) (type (cont $t))))",
    ] {
        let error = error(text);
        assert_eq!(error.kind(), TranslateErrorKind::Invalid, "{text}: {error}");
    }
}

#[test]
fn what_the_root_may_not_import_or_export() {
    assert_unsupported(r#"(component (import "c" (component)))"#, "imports of components", "component `c`");
    assert_unsupported(
        r#"(component (import "m" (core module (type $t (func (param (ref null any)))) (export "f" (func (type $t))))))"#,
        "core types",
        "`anyref` in the type of a core module",
    );
}

/// What is missing is told with the import, export or function that it is about, and the component around that.
#[test]
fn what_is_not_supported_is_named() {
    let module = r#"(core module $m (func (export "f") (param i32) (result i32) unreachable))
        (core instance $i (instantiate $m))"#;
    let deep = format!(
        r#"(component
            (component $c {module}
                (type $s (stream u8))
                (func (export "open") (param "s" $s) (result u32) (canon lift (core func $i "f"))))
            (instance $inner (instantiate $c)))"#
    );
    for (text, named) in [
        (
            r#"(component
                (import "wasi:io/streams" (instance $i (export "f" (func (param "x" (stream u8))))))
                (core func (canon lower (func $i "f"))))"#,
            "(the type stream), in function `wasi:io/streams#f` (at",
        ),
        (&*deep, "(the type stream), in function `open`, in component `inner` (at"),
        (
            r#"(component (import "f" (func $f async)) (core func (canon lower (func $f) async)))"#,
            "(canon lower with async), in function `f` (at",
        ),
        (r#"(component (import "a" (component)))"#, "(component `a`) (at"),
    ] {
        let error = error(text).to_string();
        assert!(error.starts_with("not supported: ") && error.contains(named), "{error}");
    }
}

/// Options that are not supported are told with the function that they are of.
#[test]
fn options_are_named_with_their_function() {
    let mut features = ComponentFeatures::default();
    features.set(ComponentFeature::Gc, true);
    let settings = TranslateSettings { features, ..TranslateSettings::default() };
    for (text, named) in [
        (
            r#"(component (import "f" (func $f)) (core type $t (func)) (core func (canon lower (func $f) gc (core-type $t))))"#,
            "in function `f` (at",
        ),
        (
            r#"(component
                (core module $m (func (export "f")))
                (core instance $i (instantiate $m))
                (func (export "run") (canon lift (core func $i "f") gc)))"#,
            "in function `run` (at",
        ),
    ] {
        let bytes = encode(text);
        let error = gusset_component::translate(&bytes, &settings).map(drop).unwrap_err();
        assert_eq!(error.kind(), TranslateErrorKind::Unsupported("gc"), "{error}");
        assert!(error.to_string().contains(named), "{error}");
    }
}

/// Values and start functions are decoded and validated, and refused where something is made of them.
#[test]
fn values_are_refused_only_where_they_are_used() {
    let start = r#"(import "v" (value $v string))
        (import "f" (func $f (param "x" string) (result string)))
        (start $f (value $v) (result (value $w)))
        (export "w" (value $w))"#;
    let mut features = ComponentFeatures::default();
    features.set(ComponentFeature::Values, true);
    let translate = |text: &str| {
        let bytes = encode(text);
        let settings = TranslateSettings { features, ..TranslateSettings::default() };
        gusset_component::translate(&bytes, &settings).map(drop)
    };
    assert!(translate(&format!("(component (component {start}))")).is_ok());
    let error = translate(&format!("(component {start})")).unwrap_err();
    assert_eq!(error.kind(), TranslateErrorKind::Unsupported("values"));
    assert!(error.to_string().contains("(a value), in import `v` (at offset"), "{error}");
    let error = translate(
        r#"(component $c
        (core module $m (func (export "f")))
        (core instance $i (instantiate $m))
        (func $f (canon lift (core func $i "f")))
        (start $f))"#,
    )
    .unwrap_err();
    assert_eq!(error.message(), "not supported: values (the start function of a component)");
    assert!(error.offset().is_some_and(|offset| offset > 0x20), "{error}");
    let unused = translate(r#"(component (import "v" (value string)))"#).unwrap_err();
    assert_eq!(unused.kind(), TranslateErrorKind::Invalid, "{unused}");
}
