//! Bad input: each kind of error, with what it says and where.

use gusset_component::{TranslateError, TranslateErrorKind, translate, validate};

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
    for error in [translate(&bytes).map(drop), validate(&bytes)].map(Result::unwrap_err) {
        assert_eq!(error.kind(), TranslateErrorKind::CoreModule);
        assert_eq!(error.to_string(), "expected a component, found a core module (at offset 0x0)");
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
    let bytes = encode(include_str!("golden/parent-and-child.wat"));
    let mut refused = 0;
    for at in 8..bytes.len() {
        for flip in [0x01, 0x80, 0xff] {
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
    assert_eq!(validate(&bytes).unwrap_err().kind(), TranslateErrorKind::Invalid);
    assert!(translate(&bytes).is_ok(), "the code generator finds it");
}

#[test]
fn resources_are_named_and_placed() {
    assert_unsupported("(component (type (resource (rep i32))))", "resources", "the definition of a resource type");
    assert_unsupported(r#"(component (import "r" (type (sub resource))))"#, "resources", "a resource type");
    assert_unsupported(
        r#"(component (import "i" (instance
            (export "r" (type $r (sub resource)))
            (export "f" (func (param "x" (list (own $r))))))))"#,
        "resources",
        "a resource type",
    );
    assert_eq!(error("(component (type u8) (type (resource (rep i32))))").offset(), Some(0x0c));
}

#[test]
fn a_component_that_is_never_instantiated_may_need_anything() {
    let text = r#"(component
        (component $unused (type $r (resource (rep i32))) (core func (canon resource.drop $r)))
        (type (stream u8)))"#;
    assert!(translate(&encode(text)).is_ok());
    let used = text.replace("(type (stream u8))", "(instance $named (instantiate $unused))");
    let error = error(&used);
    assert_eq!(error.kind(), TranslateErrorKind::Unsupported("resources"));
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
    assert_unsupported(r#"(component (import "f" (func (param "x" (stream u8)))))"#, "async", "the type stream");
    assert_unsupported(r#"(component (import "f" (func (result (future)))))"#, "async", "the type future");
}

#[test]
fn gated_features_are_unsupported_rather_than_wrong() {
    let gated = error("(component (core func (canon thread.index)))");
    assert_eq!(gated.kind(), TranslateErrorKind::Unsupported("CM_THREADING"), "{gated}");
    assert!(gated.message().starts_with("not supported: "), "{gated}");
}

#[test]
fn what_only_proposals_without_a_standard_allow_is_invalid() {
    for text in [
        "(component (core module (memory 1 (pagesize 1))))",
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
    assert_unsupported(
        r#"(component (component $c) (export "c" (component $c)))"#,
        "exports of components",
        "a component as an export",
    );
}

#[test]
fn map_is_named() {
    assert_unsupported(r#"(component (import "f" (func (param "m" (map string u8)))))"#, "map", "the type map");
}
