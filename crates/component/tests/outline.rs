//! Outlines: golden files, each `outline/*.wat` beside its text, and what small inputs could unfold to. `GUSSET_BLESS=1` rewrites the
//! texts.

use gusset_component::{OutlineItemKind, OutlineWorld, outline};
use std::fmt::Write;
use std::path::Path;

#[test]
fn outlines_are_as_their_golden_files_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/outline");
    for name in ["beyond-wit", "core-module", "named-types"] {
        let wat = std::fs::read(folder.join(name).with_extension("wat")).expect("the golden file is there");
        let bytes = wat::parse_bytes(&wat).unwrap_or_else(|error| panic!("{name}: {error}"));
        let text = outline(&bytes).unwrap_or_else(|error| panic!("{name}: {error}")).to_string();
        let golden = folder.join(name).with_extension("txt");
        if std::env::var_os("GUSSET_BLESS").is_some() {
            std::fs::write(golden, text).expect("the golden file can be written");
            continue;
        }
        let expected = std::fs::read_to_string(golden).expect("the golden file is there");
        assert!(expected == text, "{name} differs (`cargo xtask bless` rewrites it); now:\n{text}");
    }
}

/// Two to the power of 15 parts.
#[test]
fn types_that_unfold_are_cut() {
    let mut text = String::from("(component (type $t0 (tuple u8 u8))");
    for depth in 1..15 {
        let _ = write!(text, "(type $t{depth} (tuple $t{0} $t{0}))", depth - 1);
    }
    text.push_str("(import \"f\" (func (param \"a\" $t14) (param \"b\" $t14))))");
    let text = outline(&wat::parse_str(text).unwrap()).unwrap().to_string();
    assert!(text.contains("import f: func(a: tuple<tuple<") && text.contains('…'), "{text}");
    assert!(text.len() < 4000, "{} bytes", text.len());
}

/// A hundred thousand functions of five hundred.
#[test]
fn instances_that_share_a_type_are_cut() {
    let mut text = String::from("(component (type $many (instance");
    (0..500).for_each(|number| {
        let _ = write!(text, "(export \"f{number}\" (func (param \"some-parameter\" (list (option string)))))");
    });
    text.push_str("))");
    (0..200).for_each(|number| {
        let _ = write!(text, "(import \"i{number}\" (instance (type $many)))");
    });
    let outline = outline(&wat::parse_str(text + ")").unwrap()).unwrap();
    assert!(outline.left_out);
    let text = outline.to_string();
    assert!(text.len() < 32 << 20, "{} bytes", text.len());
    assert!(text.ends_with("\nThere is more than is shown: it would fill pages.\n"));
}

/// Thirty thousand custom sections, each of them empty.
#[test]
fn many_parts_are_cut() {
    let sections = |count| [&b"\0asm\x0d\0\x01\0"[..], &b"\0\x02\x01a".repeat(count)].concat();
    let outlined = outline(&sections(1000)).unwrap();
    assert_eq!((outlined.left_out, outlined.root.custom_sections.len()), (false, 1000));
    let outlined = outline(&sections(30_000)).unwrap();
    assert_eq!((outlined.left_out, outlined.root.custom_sections.len()), (true, 20_000));
}

#[test]
fn what_is_no_component_or_module_has_no_outline() {
    for (bytes, message) in [
        (&b"\0asm\x0d\0\x01\0\x0b"[..], "malformed component: unexpected end-of-file (at offset 0x9)"),
        (b"\0asm\x01\0\0\0\x0b", "malformed core module: unexpected end-of-file (at offset 0x9)"),
        (b"\0asm\x07\0\0\0", "malformed core module: unknown binary version"),
        (b"", "unexpected end"),
    ] {
        let error = outline(bytes).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}

/// The body is wrong, and nobody asked.
#[test]
fn bodies_of_functions_are_not_looked_at() {
    let outline = outline(&wat::parse_str("(module (func (export \"f\") (result i32)))").unwrap()).unwrap();
    let OutlineWorld::CoreModule(module) = outline.world else { panic!("it is a core module") };
    assert_eq!((&*module.exports[0].name, &*module.exports[0].ty), ("f", "func (result i32)"));
    let component = wat::parse_str("(component (import \"f\" (func)))").unwrap();
    let OutlineWorld::Component(component) = gusset_component::outline(&component).unwrap().world else {
        panic!("it is a component")
    };
    assert!(matches!(component.imports[0].kind, OutlineItemKind::Func(_)));
}
