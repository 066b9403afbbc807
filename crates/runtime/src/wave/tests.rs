//! What is read and written, and what errors say.

use super::*;
use crate::type_scope::TypeTables;
use crate::types::ComponentFunc;
use gusset_artifact::Plan;
use gusset_types::{Case, DefinedType, Field, ResourceType, ResultType, ValType};
use shapes::func;
use std::sync::Arc;

mod messages;
mod shapes;
mod sweep;

fn round_trip(ty: &Type, text: &str) -> Val {
    let val = Val::from_wave(ty, text).unwrap();
    assert_eq!(val.check(ty), Ok(()));
    assert_eq!(val.to_wave().as_deref(), Ok(text));
    val
}

fn types(defined: &[DefinedType]) -> Vec<Type> {
    let mut plan = Plan::default();
    let types: Vec<ValType> = defined.iter().map(|ty| plan.types.intern(ty.clone())).collect();
    let tables = Arc::new(TypeTables::new(Arc::new(plan)));
    types.into_iter().map(|ty| Type::new(&tables, ty)).collect()
}

#[test]
fn values_round_trip() {
    let field = |name: &str, ty| Field { name: name.into(), ty };
    let case = |name: &str, ty| Case { name: name.into(), ty };
    let tys = types(&[
        DefinedType::List(ValType::S16),
        DefinedType::Record([field("a", ValType::String), field("b", ValType::Char)].into()),
        DefinedType::Variant([case("none", None), case("some-text", Some(ValType::String))].into()),
        DefinedType::Flags(["x".into(), "y".into(), "z".into()].into()),
        DefinedType::Option(ValType::F64),
        DefinedType::Tuple([ValType::Bool, ValType::U64].into()),
    ]);
    round_trip(&tys[0], "[-1, 2, 3]");
    round_trip(&tys[1], "{a: \"x\\\"\\n\", b: 'é'}");
    round_trip(&tys[2], "%none");
    round_trip(&tys[2], "some-text(\"t\")");
    assert_eq!(round_trip(&tys[3], "{x, z}"), Val::Flags(vec!["x".into(), "z".into()]));
    round_trip(&tys[4], "some(-inf)");
    round_trip(&tys[5], "(true, 18446744073709551615)");
}

#[test]
fn maps_and_lists_of_fixed_length_round_trip() {
    let tys = types(&[
        DefinedType::Map(ValType::String, ValType::U8),
        DefinedType::Map(ValType::Bool, ValType::Char),
        DefinedType::Map(ValType::S32, ValType::String),
        DefinedType::FixedLengthList(ValType::U8, 3),
    ]);
    round_trip(&tys[0], "{\"a b\": 1, \"true\": 2}");
    round_trip(&tys[1], "{true: 'x', false: '\\n'}");
    assert_eq!(round_trip(&tys[2], "{-1: \"\"}"), Val::Map(vec![(Val::S32(-1), Val::String(String::new()))]));
    assert_eq!(Val::from_wave(&tys[2], "{:}"), Ok(Val::Map(Vec::new())));
    assert_eq!(Val::from_wave(&tys[2], &Val::Map(Vec::new()).to_string()), Ok(Val::Map(Vec::new())));
    round_trip(&tys[3], "[1, 2, 3]");
    for (ty, text, expected) in [
        (&tys[0], "{a: 1}", "[0].0: expected string, found the word `a`"),
        (&tys[0], "{\"a\": 256}", "[0].1: expected u8 (0 to 255), found `256`"),
        (&tys[1], "{1: 'x'}", "[0].0: expected bool, found the number `1`"),
        (&tys[2], "[1]", "expected map<s32, string>, found the list `[1]`"),
        (&tys[2], "{1}", "`1` has no value"),
        (&tys[3], "[1, 2]", "expected 3 elements of list<u8, 3>, found 2"),
        (&tys[3], "[1, 2, 3, 4]", "expected 3 elements of list<u8, 3>, found 4"),
    ] {
        let error = Val::from_wave(ty, text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn as_deep_as_the_parser_goes() {
    let mut plan = Plan::default();
    let mut ty = ValType::U8;
    for _ in 0..100 {
        ty = plan.types.intern(DefinedType::List(ty));
    }
    let ValType::Defined(index) = ty else { unreachable!() };
    let tables = Arc::new(TypeTables::new(Arc::new(plan)));
    let inner = ValType::Defined(gusset_types::DefinedTypeIndex::from_u32(index.as_u32() - 1));
    let text = |depth| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    round_trip(&Type::new(&tables, inner), &text(99));
    let error = Val::from_wave(&Type::new(&tables, ty), &text(100)).unwrap_err().to_string();
    assert!(error.contains("values are nested more than 100 deep"), "{error}");
}

#[test]
fn what_has_no_syntax_is_named_with_its_path() {
    let mut plan = Plan::default();
    let resource = ResourceType { name: "file".into(), instance: None, dtor: None };
    let own = plan.types.intern(DefinedType::Own(plan.resources.push(resource)));
    let stream = plan.types.intern(DefinedType::Stream(None));
    let result = plan.types.intern(DefinedType::Result(ResultType { ok: Some(own), err: Some(ValType::String) }));
    let list = plan.types.intern(DefinedType::List(result));
    let map = plan.types.intern(DefinedType::Map(ValType::U8, list));
    let option = plan.types.intern(DefinedType::Option(stream));
    let fields = [("files", map), ("more", option)].map(|(name, ty)| Field { name: name.into(), ty });
    let record = plan.types.intern(DefinedType::Record(fields.into()));
    let tables = Arc::new(TypeTables::new(Arc::new(plan)));
    let (ty, own) = (Type::new(&tables, record), Type::new(&tables, own));
    let error = |text: &str| Val::from_wave(&ty, text).unwrap_err().message().to_string();
    let own = format!("WAVE has no syntax for a value of type {own}");
    assert_eq!(error("{files: {1: [], 7: [err(\"a\"), ok(1)]}}"), format!(".files[1].1[1].ok: {own}"));
    assert_eq!(error("{more: x, files: {1: [], 2: [err(\"a\"), x]}}"), format!(".files[1].1[1]: {own}"));
    let stream = ".more.some: WAVE has no syntax for a value of type stream";
    assert_eq!(error("{files: {1: []}, more: some(1)}"), stream);
    // What is there without a handle is WAVE.
    round_trip(&ty, "{files: {1: [err(\"a\")]}}");
}

#[test]
fn errors_say_what_and_where() {
    let tys = types(&[DefinedType::Enum(["red".into()].into()), DefinedType::List(ValType::U8)]);
    let error = |ty: &Type, text: &str| Val::from_wave(ty, text).unwrap_err().to_string();
    assert_eq!(error(&tys[0], "blue"), "unknown case `blue` of enum { red }\n  |\n1 | blue\n  | ^^^^");
    let out_of_range = "[1]: expected u8 (0 to 255), found `256`\n  |\n1 | [1, 256]\n  |     ^^^";
    assert_eq!(error(&tys[1], "[1, 256]"), out_of_range);
    let parts = Val::from_wave(&tys[1], "[1, 256]").unwrap_err();
    assert_eq!((parts.path(), parts.span(), parts.message()), ("[1]", 4..7, out_of_range.lines().next().unwrap()));
    // However long the text and its parts are, little is shown of them.
    let long = format!("[{}\"{}\"", "1, ".repeat(1000), "x\u{1b}".repeat(100_000));
    assert!(error(&tys[1], &long).chars().count() < 500 && !error(&tys[1], &long).contains('\u{1b}'));
    let deep = "[".repeat(100_000);
    assert!(error(&tys[1], &deep).contains("values are nested more than 100 deep"));
}

#[test]
fn calls_are_checked_for_number_and_types() {
    let list = ValType::Defined(gusset_types::DefinedTypeIndex::from_u32(0));
    let f = func(&[("name", ValType::String), ("counts", list)], &[DefinedType::List(ValType::U32)]);
    let call = WaveCall::parse("pkg:ns/iface@1.0.0#f(\"x\", [1,2])").unwrap();
    assert_eq!(call.name(), "pkg:ns/iface@1.0.0#f");
    let list = Val::List(vec![Val::U32(1), Val::U32(2)]);
    assert_eq!(call.arguments(&f), Ok(vec![Val::String("x".into()), list]));
    let error =
        |text: &str| WaveCall::parse(text).and_then(|call| call.arguments(&f)).unwrap_err().message().to_string();
    assert_eq!(error("f(\"x\")"), "`f` takes 2 arguments (name: string, counts: list<u32>), found 1");
    assert_eq!(error("f()"), "`f` takes 2 arguments (name: string, counts: list<u32>), found 0");
    assert!(error("f(1, [])").starts_with("name: expected string, found the number `1`;"));
    assert!(
        error("f(\"x\", [1, \"y\"])")
            .starts_with("counts[1]: expected u32 (0 to 4294967295), found the string `\"y\"`")
    );
    assert!(error("f").starts_with("expected a call such as"));
    assert_eq!(error("f("), "`(` is not closed: `)` is missing");
    assert_eq!(error("f(1) 2"), "the call ends before `2`");
    assert_eq!(error("(1)"), "expected a function's name before `(`");
}

#[test]
fn what_errors_quote_is_cut() {
    let error = |text: &str| WaveCall::parse(text).unwrap_err().message().to_string();
    for char in ["x", "é"] {
        let fits = char.repeat(60);
        assert!(error(&fits).ends_with(&format!(", found `{fits}`")), "{}", error(&fits));
        assert!(error(&fits.repeat(1000)).ends_with(&format!(", found `{fits}…`")));
    }
    let fields = (0..20).map(|i| Field { name: format!("field-{i:02}").into(), ty: ValType::U8 }).collect();
    let ty = &types(&[DefinedType::Record(fields)])[0];
    let error = |text: &str| Val::from_wave(ty, text).unwrap_err().message().to_string();
    let shown = &ty.to_string()[..100];
    let listed =
        "`field-00`, `field-01`, `field-02`, `field-03`, `field-04`, `field-05`, `field-06`, `field-07` and 12 more";
    assert_eq!(error("{x: 1}"), format!("unknown field `x` of {shown}…; there are {listed}"));
}

#[test]
fn comments_are_white_space_everywhere() {
    let list = ValType::Defined(gusset_types::DefinedTypeIndex::from_u32(0));
    let f = func(&[("name", ValType::String), ("counts", list)], &[DefinedType::List(ValType::U32)]);
    let nothing = func(&[], &[]);
    let call = |text: &str, ty: &ComponentFunc| {
        WaveCall::parse(text).and_then(|call| Ok((call.name().to_string(), call.arguments(ty)?)))
    };
    let name = "a:b/c@1.0.0#f";
    for text in [
        "a:b/c@1.0.0#f( // nothing\n)",
        "a:b/c@1.0.0#f(// nothing\n)",
        "// (before\n a:b/c@1.0.0#f()",
        "a:b/c@1.0.0#f // between (\n ()",
        "a:b/c@1.0.0#f// between\r\n//\n()",
        "a:b/c@1.0.0#f() // after )",
        "a:b/c@1.0.0#f(\t//)\n\n// second\n)//",
    ] {
        assert_eq!(call(text, &nothing), Ok((name.to_string(), Vec::new())), "{text:?}");
    }
    let arguments = vec![Val::String("http://x".into()), Val::List(vec![Val::U32(1), Val::U32(2)])];
    for text in [
        "a:b/c@1.0.0#f(\"http://x\", [1, 2])",
        "a:b/c@1.0.0#f(// (\n\"http://x\"// ,\n, // ]\n[// [\n1, // 3\n2 // 4\n] // )\n) // end",
    ] {
        assert_eq!(call(text, &f), Ok((name.to_string(), arguments.clone())), "{text:?}");
    }
    for text in ["f // ()", "// f()", "f(//)", "f() / /", "f() x // y", "f( // \n", "f / ()", "f g()"] {
        assert!(call(text, &nothing).is_err(), "{text:?}");
    }
    let tys = types(&[
        DefinedType::List(ValType::U8),
        DefinedType::Record([Field { name: "a".into(), ty: ValType::U8 }].into()),
        DefinedType::Flags(["x".into(), "y".into()].into()),
        DefinedType::Option(ValType::U8),
    ]);
    for (ty, text) in [
        (&tys[0], "// [\n[// 1\n1, // 2\n2 // 3\n]// end"),
        (&tys[1], "{ // a\na // :\n: // 2\n1 // }\n}"),
        (&tys[2], "{ // x\nx, // y\ny // }\n}"),
        (&tys[3], "some // (\n( // 1\n1 // )\n) //"),
    ] {
        assert!(Val::from_wave(ty, text).is_ok(), "{text:?}");
    }
    assert!(Val::from_wave(&tys[0], "// only").is_err());
}

#[test]
fn garbage_is_an_error_not_a_panic() {
    let f = func(&[("x", ValType::String)], &[]);
    let pieces = [
        "(",
        ")",
        "[",
        "{",
        "}",
        ":",
        ",",
        "'",
        "\"",
        "\\",
        "\"\"\"",
        "\n",
        "é",
        "-",
        "1e",
        "%",
        "some(",
        "//",
        "a",
        "\\u{110000}",
    ];
    let mut state = 1_u32;
    for _ in 0..20_000 {
        let mut text = String::from("f(");
        for _ in 0..state % 7 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            text.push_str(pieces[(state >> 16) as usize % pieces.len()]);
        }
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        if state & 1 == 0 {
            text.push(')');
        }
        let _ = WaveCall::parse(&text).and_then(|call| call.arguments(&f));
    }
}
