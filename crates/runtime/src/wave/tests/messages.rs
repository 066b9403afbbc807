//! What is said of wrong texts, word for word: `messages.txt`, which `GUSSET_BLESS=1` rewrites.

use super::shapes;
use crate::val::Val;
use crate::wave::{WaveCall, WaveError};
use gusset_types::{DefinedType, DefinedTypeIndex, Field, ValType};
use std::fmt::Write;
use std::path::Path;

/// Wrong texts, each with the name of the type that it should be of.
pub(super) const VALUES: &[(&str, &[&str])] = &[
    (
        "u8",
        &[
            "256", "-1", "1.0", "1.5", "1e2", "\"7\"", "true", "x", "0x10", "0b101", "1_0", "+5", "007", "5u8", "nan",
            "(1)", "[1]", "null", "1 2", "", "-",
        ],
    ),
    ("s64", &["9223372036854775808", "1e3", "-0.0"]),
    ("f32", &["1,5", ".5", "5.", "1e", "NaN", "Infinity", "\"1.5\"", "-nan", "0x1p3", "1_000.5"]),
    ("bool", &["True", "yes", "1", "\"true\"", "TRUE"]),
    ("char", &["\"a\"", "a", "'ab'", "''", "'\\q'", "'\\u{d800}'", "'a", "5", "\"ab\""]),
    (
        "string",
        &[
            "world",
            "hello world",
            "Hello",
            "it's",
            "'abc'",
            "'a'",
            "\"abc",
            "abc\"",
            "“abc”",
            "‘abc’",
            "`abc`",
            "«a»",
            "\"a\" \"b\"",
            "5",
            "true",
            "\"C:\\dir\"",
            "\"a\nb\"",
            "\"\\u{110000}\"",
            "\"\"\"a\"\"\"",
            "\"\"\"\n  a\n b\n  \"\"\"",
            "\"\"\"abc",
            "a.txt",
            "foo_bar",
            "http://x",
            "a\u{1b}[31mb",
            "// note",
        ],
    ),
    (
        "bytes",
        &[
            "[1, 2",
            "[1 2]",
            "1, 2",
            "[1, 2)",
            "[1, 2]]",
            "(1, 2)",
            "[1,, 2]",
            "[,]",
            "[1, 256]",
            "[1, 0x10]",
            "{}",
            "1",
            "[1; 2]",
            "[1, \"2\"]",
        ],
    ),
    ("names", &["[a, b]", "[\"a\" \"b\"]", "[hello world]", "[\"a, \"b\"]", "[\"a]", "['abc']"]),
    ("three", &["[1, 2]", "[1, 2, 3, 4]", "(1, 2, 3)"]),
    (
        "scores",
        &[
            "{a: 1}",
            "{\"a\" 1}",
            "{\"a\"}",
            "{\"a\": }",
            "{\"a\": -1}",
            "{1: 1}",
            "[]",
            "{\"a\"=1}",
            "{\"a\": 1 \"b\": 2}",
        ],
    ),
    ("switches", &["{yes: 1}", "{true: 200}", "{1: 1}"]),
    ("pair", &["(1)", "(1, \"a\", 2)", "[1, \"a\"]", "1", "(1, a)", "()", "(1 \"a\")", "(256, \"a\")"]),
    (
        "color",
        &["blue", "gren", "darkBlue", "dark_blue", "\"red\"", "none", "true", "red(1)", "5", "Red", "%blue", "yellow"],
    ),
    (
        "rights",
        &["{raed}", "read", "[read, write]", "{read, read}", "{read write}", "{read: true}", "{\"read\"}", "{5}"],
    ),
    (
        "maybe",
        &[
            "null",
            "nil",
            "None",
            "some",
            "some()",
            "some 1",
            "some(1, 2)",
            "some(-1)",
            "-1",
            "Some(1)",
            "some(1",
            "ok(1)",
        ],
    ),
    ("maybe-name", &["bob", "some(bob)", "null"]),
    ("maybe-maybe", &["1", "some(x)"]),
    ("outcome", &["ok", "ok(300)", "error(\"x\")", "err(x)", "err", "Ok(1)", "300", "ok()"]),
    ("done", &["ok(1)", "err(rde)", "5", "err"]),
    (
        "shape",
        &[
            "none",
            "some((1, \"a\"))",
            "%some(1)",
            "circle",
            "dot(1)",
            "circel(1)",
            "circle(\"1\")",
            "square",
            "circle()",
            "\"dot\"",
        ],
    ),
    (
        "item",
        &[
            "{name: \"a\", unitPrice: 1, shape: dot}",
            "{name: \"a\", unit-pirce: 1, shape: dot}",
            "{name: \"a\"}",
            "{name: \"a\", unit-price: 1, shape: dot, name: \"b\"}",
            "{name: \"a\", unit-price: 70000, shape: dot}",
            "{\"name\": \"a\"}",
            "{name: a b, unit-price: 1}",
            "{name = \"a\"}",
            "{name, unit-price}",
            "{name \"a\"}",
            "[]",
            "{}",
            "(\"a\", 1)",
            "{name: \"a\", unit-price: 1, shape: dot, colour: red}",
            "{name: \"a\", unit-price: 1, shape: %some((1, 2))}",
            "{name: \"a\", unit-price: , shape: dot}",
            "{name: \"a\", unit-price: 1, shape: dot",
        ],
    ),
    (
        "items",
        &[
            "[{name: \"a\", unit-price: 1, shape: dot}, {name: \"b\", unit-price: \"2\", shape: dot}]",
            "[{name: \"a\", unit-price: 0x2}]",
            "[\n  {name: \"a\", unit-price: 1, shape: dot},\n  {name: \"b\", unit-price: 1, shape: dot, note: 5},\n]",
        ],
    ),
    ("all-optional", &["{}", "{c: 1}"]),
    ("own", &["1"]),
    ("handles", &["[1]"]),
    ("error-context", &["1"]),
];

const CALLS: &[&str] = &[
    "",
    "greet",
    "(\"x\")",
    "greet(\"x\"",
    "greet()",
    "greet(\"x\", [], 3, 4)",
    "greet(world, [])",
    "greet(hello world, [])",
    "greet(Hello, [])",
    "greet(\"x\", [{price: 1}, {price: 300}])",
    "greet(\"x\", [{price: 1}, {pirce: 3}])",
    "greet(fullName, [])",
    "greet(\"x\", [{unit_price: 1}])",
    "greet(\"x\" [])",
    "greet(\"x\", [{price: 1} {price: 2}])",
    "greet(\"x\", [{price 1}])",
    "greet(\"x\", []) now",
    "greet(\"x\", []))",
    "docs:demo/api@1.0.0#greet('x', [])",
    "  greet( // who\n    \"x\",\n    5)",
    "greet(\"x, [])",
    "greet \"x\" []",
    "greet(some, [])",
    "greet(\"x\", [{price: some}])",
    "greet(none(1), [])",
];

fn add(text: &mut String, given: &str, error: &WaveError) {
    let _ = writeln!(
        text,
        "  {}",
        given.replace('\n', "\n  ").escape_debug().to_string().replace("\\\"", "\"").replace("\\'", "'")
    );
    for line in error.to_string().lines() {
        let _ = writeln!(text, "      {line}");
    }
    text.push('\n');
}

#[test]
fn messages_are_as_their_file_says() {
    let mut text = String::new();
    for (name, texts) in VALUES {
        let ty = shapes::one(name);
        let _ = writeln!(text, "{name} = {ty}\n");
        for given in *texts {
            let error = Val::from_wave(&ty, given).expect_err(given);
            add(&mut text, given, &error);
        }
    }
    let index = |index| ValType::Defined(DefinedTypeIndex::from_u32(index));
    let item = DefinedType::Record([Field { name: "price".into(), ty: ValType::U8 }].into());
    let params = [("name", ValType::String), ("items", index(1)), ("note", index(2))];
    let defined = [item, DefinedType::List(index(0)), DefinedType::Option(ValType::String)];
    let greet = shapes::func(&params, &defined);
    let _ = writeln!(text, "greet: {greet}\n");
    for given in CALLS {
        let error = WaveCall::parse(given).and_then(|call| call.arguments(&greet)).expect_err(given);
        add(&mut text, given, &error);
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/wave/tests/messages.txt");
    if std::env::var_os("GUSSET_BLESS").is_some() {
        std::fs::write(path, text).expect("the file can be written");
        return;
    }
    let expected = std::fs::read_to_string(path).expect("the file is there");
    assert!(expected == text, "the messages have changed (`cargo xtask bless` rewrites them); now:\n{text}");
}
