//! What the derives say of input that is wrong. That it does not compile, the examples of `lib.rs` show.

use crate::expand;
use crate::flags::FlagsInput;
use crate::input::DerivedType;
use syn::{Error, parse_str};

/// The sentences of the errors of `derive(ComponentType, Lift)`.
fn errors(item: &str) -> Vec<String> {
    let derived = DerivedType::new(parse_str(item).expect("it is an item")).and_then(|input| expand::lift(&input));
    sentences(derived.err().unwrap_or_else(|| panic!("it is not wrong: {item}")))
}

fn flags_errors(flags: &str) -> Vec<String> {
    sentences(parse_str::<FlagsInput>(flags).err().unwrap_or_else(|| panic!("it is not wrong: {flags}")))
}

fn sentences(error: Error) -> Vec<String> {
    error.into_iter().map(|error| error.to_string()).collect()
}

#[track_caller]
fn check(item: &str, expected: &[&str]) {
    let found = errors(item);
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.contains(expected), "{found}");
    }
}

#[test]
fn the_kind_is_given_once_and_fits() {
    check("struct A { x: u32 }", &["say what it stands for: `#[component(record)]` for a struct"]);
    check("#[component(enum, variant)] enum A { B }", &["a type stands for one kind of type"]);
    check("#[component(record)] enum A { B }", &["a record is a `struct` with named fields"]);
    check("#[component(variant)] struct A { x: u32 }", &["a variant is an `enum`"]);
    check("#[component(enum)] union A { x: u32 }", &["an enum of the component model is an `enum`"]);
    check("#[component(flags)] struct A { x: u32 }", &["expected `record`, `variant`, `enum` or `crate = path`"]);
    check("#[component(record, crate)] struct A { x: u32 }", &["expected `=`"]);
    check("#[component(record, crate = 1)] struct A { x: u32 }", &["expected identifier"]);
}

#[test]
fn fields_and_cases_have_the_form_that_stands_for_something() {
    check("#[component(record)] struct A(u32);", &["the fields of a record have names"]);
    check("#[component(record)] struct A;", &["the fields of a record have names"]);
    check("#[component(record)] struct A {}", &["a record has at least one field"]);
    check("#[component(variant)] enum A {}", &["it has at least one case"]);
    check("#[component(variant)] enum A { B(u8, u8) }", &["give it a tuple, `B((A, B))`"]);
    check("#[component(variant)] enum A { B() }", &["a case has one payload or none"]);
    check("#[component(variant)] enum A { B { x: u8 } }", &["give it a record, `B(Record)`"]);
    check("#[component(enum)] enum A { B(u8), C }", &["a case of an enum has no payload"]);
}

#[test]
fn names_are_names_and_stand_once() {
    check(r#"#[component(record)] struct A { #[component(name = "a_b")] x: u32 }"#, &["\"a_b\" is no name"]);
    check("#[component(record)] struct A { _x: u32 }", &["`_x` stands for no name of the component model; give one"]);
    check(
        "#[component(record)] struct A { x: u32, #[component(name = \"X\")] y: u32 }",
        &["another field of the name `X`"],
    );
    check(
        "#[component(enum)] enum A { V1, V_1 }",
        &["another case of the name `v-1`: `v1` differs only in capitals or hyphens"],
    );
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    check(
        "#[component(variant)] enum A { B(u8, u8), #[component(renamed)] C, D { x: u8 } }",
        &["a case has one payload or none", "expected `name = \"a-name\"`", "the fields of a case have no names"],
    );
    let references = "#[component(record)] struct A<'a> { x: &'a str, y: u8, z: &'a [u8] }";
    check(references, &["`Lift` copies values out of a guest"; 2]);
    check("#[component(variant)] enum A<'a> { B(&'a str) }", &["`Lift` copies values out of a guest"]);
}

#[test]
fn flags_have_1_to_32_labels_of_different_names() {
    assert_eq!(flags_errors("A {}"), ["flags have at least one label: `const NAME;`"]);
    let many: String = (0..33).map(|i| format!("const L{i};")).collect();
    assert_eq!(flags_errors(&format!("A {{ {many} }}")), ["flags have at most 32 labels"]);
    assert_eq!(flags_errors("A { const B; const b; }"), ["there is another label of the name `b`"]);
    assert_eq!(
        flags_errors("A { const V1; const V_1; }"),
        ["there is another label of the name `v-1`: `v1` differs only in capitals or hyphens"]
    );
    assert_eq!(flags_errors("A { B }"), ["expected `const`"]);
    assert_eq!(flags_errors("#[component(record)] A { const B; }"), ["expected `crate = path`"]);
    assert!(parse_str::<FlagsInput>("#[component(crate = a::b)] pub(crate) A { const B; const C }").is_ok());
}
