//! Many wrong texts for values of every kind of type: what is said of them names the place and the type, in words that are none of the
//! parser's. And what is read is what the parser's own conversion reads, of any text.

use super::messages::VALUES;
use super::shapes;
use crate::types::{Type, TypeKind};
use crate::val::Val;
use crate::wave::{WaveCall, WaveError, terminated};
use gusset_types::{DefinedType, DefinedTypeIndex, Printable, ValType};
use wasm_wave::value::{Type as PeerType, Value as PeerValue};

/// Values of each type.
const RIGHT: &[(&str, &[&str])] = &[
    ("bool", &["true", "false"]),
    ("s8", &["-128", "127"]),
    ("u64", &["18446744073709551615"]),
    ("f32", &["-1.5e-3", "nan", "-inf", "3"]),
    ("char", &["'a'", "'\\''", "'\\u{1f980}'"]),
    ("string", &["\"a b\"", "\"\\u{e9}\\n\\\"\"", "\"\"\"\n  a\n  \\tb\n  \"\"\"", "\"// \""]),
    ("bytes", &["[1, 2, 3,]", "[]"]),
    ("names", &["[\"a\", \"b\"]"]),
    ("three", &["[1, 2, 3]"]),
    ("scores", &["{\"a\": 1, \"b\": 2, \"\\u{61}\": 3}", "{:}", "{}"]),
    ("switches", &["{true: 1, false: -1}"]),
    ("pair", &["(1, \"a\")"]),
    ("color", &["red", "%none", "%green"]),
    ("rights", &["{execute, read, ok}", "{}"]),
    ("maybe", &["some(1)", "none", "5"]),
    ("maybe-maybe", &["some(some(1))", "some(2)", "none"]),
    ("outcome", &["ok(1)", "err(\"x\")", "7"]),
    ("done", &["ok", "err(red)"]),
    ("either", &["ok(ok(1))", "err"]),
    ("shape", &["dot", "circle(0.5)", "%some((1, \"a\"))"]),
    (
        "item",
        &["{name: \"a\", %unit-price: 1, shape: dot}", "{note: \"n\", shape: circle(1), unit-price: 2, name: \"b\"}"],
    ),
    ("items", &["[{name: \"a\", unit-price: 1, shape: %none}, // one\n]"]),
    ("all-optional", &["{:}", "{b: \"x\", a: none}"]),
    ("order", &["{data: [1], color: red, result: err(\"e\")}"]),
    ("handles", &["[]"]),
];

const PIECES: &[&str] = &[
    "", "(", ")", "[", "]", "{", "}", ":", ",", "'", "\"", "\\", "\n", "é", "-", "1", "%", "//", "a", "=", "“", "_",
    ".", "0x1", "None", " ",
];

/// The words of the parser's enums, and what it says itself.
const PARSERS: &[&str] = &[
    "UnexpectedToken",
    "InvalidToken",
    "InvalidType",
    "InvalidValue",
    "UnexpectedEnd",
    "ParenOpen",
    "ParenClose",
    "BracketOpen",
    "BracketClose",
    "BraceOpen",
    "BraceClose",
    "LabelOrKeyword",
    "MultilineString",
    "TupleSet",
    "EmptySet",
    "OptionSome",
    "ResultOk",
    "BoolTrue",
    "WasmValue",
    "unexpected token",
    "invalid token",
    "invalid value",
    "error converting",
    "trailing characters",
    "Token::",
];

/// Right and wrong texts, each with the name of the type that it is nearest to.
fn each_text(visit: &mut dyn FnMut(&'static str, &str)) {
    for (name, texts) in RIGHT {
        for text in *texts {
            visit(name, text);
            for (at, char) in text.char_indices() {
                for piece in PIECES {
                    visit(name, &format!("{}{piece}{}", &text[..at], &text[at..]));
                    visit(name, &format!("{}{piece}{}", &text[..at], &text[at + char.len_utf8()..]));
                }
            }
        }
    }
    for (name, texts) in VALUES {
        texts.iter().for_each(|text| visit(name, text));
    }
}

#[test]
fn any_wrong_text_is_told_with_its_place_and_type() {
    let types = shapes::all();
    let (mut wrong, mut turn) = (0, 0);
    each_text(&mut |name, text| {
        turn += 1;
        for (index, (other, ty)) in types.iter().enumerate() {
            // Each text is read as what it nearly is, and in turn as all else.
            let picked = *other == name || index == turn % types.len();
            if let Some(error) = picked.then(|| Val::from_wave(ty, text).err()).flatten() {
                wrong += 1;
                check(&error, ty, text);
            }
        }
    });
    assert!(wrong > 20_000, "{wrong}");
}

fn check(error: &WaveError, ty: &Type, text: &str) {
    let message = error.message();
    let said = |text: &str| message.contains(&text.chars().take(40).collect::<String>());
    assert!(message.starts_with(error.path()), "{text:?}: {message}");
    let kinds = kinds_at(ty, error.path());
    assert!(kinds.iter().any(|ty| said(&ty.to_string())), "{text:?} as {ty}: {message}");
    check_words(error, text);
}

fn check_words(error: &WaveError, text: &str) {
    let message = error.message();
    let word = PARSERS.iter().find(|word| message.contains(**word) && !text.contains(**word));
    assert_eq!(word, None, "{text:?}: {message}");
    assert!(!message.contains(Printable::misleads) && message.len() < 2000, "{text:?}: {message}");
    let span = error.span();
    assert!(span.start <= span.end && span.end <= text.len() && text.get(span).is_some(), "{text:?}: {message}");
}

/// What a part of a value may be: an option is also what it holds, and a result what it is if all went well.
fn kinds_at(ty: &Type, path: &str) -> Vec<Type> {
    let segments: Vec<&str> = path.split(['.', '[', ']']).filter(|segment| !segment.is_empty()).collect();
    let mut found = Vec::new();
    walk(ty, &segments, &mut found);
    found
}

fn walk(ty: &Type, path: &[&str], found: &mut Vec<Type>) {
    if path.is_empty() {
        found.push(ty.clone());
    }
    let mut go = |ty: Option<Type>, taken: usize| ty.iter().for_each(|ty| walk(ty, &path[taken..], found));
    match (ty.kind(), path) {
        (TypeKind::List(element) | TypeKind::FixedLengthList(element, _), [_, ..]) => go(Some(element), 1),
        // The key of an entry is `0`, its value `1`.
        (TypeKind::Map(key, value), [_, part, ..]) => go(Some(if *part == "0" { key } else { value }), 2),
        (TypeKind::Tuple(types), [index, ..]) => go(index.parse().ok().and_then(|at: usize| types.get(at).cloned()), 1),
        (TypeKind::Record(fields), [name, ..]) => go(fields.into_iter().find(|it| *it.0 == **name).map(|it| it.1), 1),
        (TypeKind::Variant(cases), [name, ..]) => {
            go(cases.into_iter().find(|it| *it.0 == **name).and_then(|it| it.1), 1)
        }
        (TypeKind::Option(some), ["some", ..]) => go(Some(some), 1),
        (TypeKind::Result { ok, .. }, ["ok", ..]) => go(ok, 1),
        (TypeKind::Result { err, .. }, ["error", ..]) => go(err, 1),
        (TypeKind::Option(some), _) => go(Some(some), 0),
        (TypeKind::Result { ok, .. }, _) => go(ok, 0),
        _ => {}
    }
}

/// The arguments of a call are told by their names, where they are values; what is no value, by their places.
#[test]
fn any_wrong_call_is_told_in_plain_words() {
    let index = |index| ValType::Defined(DefinedTypeIndex::from_u32(index));
    let defined = [DefinedType::List(ValType::U8), DefinedType::Option(ValType::String)];
    let func = shapes::func(&[("name", ValType::String), ("bytes", index(0)), ("note", index(1))], &defined);
    let mut wrong = 0;
    each_text(&mut |_, text| {
        for call in [format!("f({text})"), format!("f(\"x\", {text})"), format!("f({text}, [1])"), text.to_string()] {
            if let Err(error) = WaveCall::parse(&call).and_then(|call| call.arguments(&func)) {
                wrong += 1;
                check_words(&error, &call);
                let known = ["", "argument", "name", "bytes", "note"];
                let head = error.path().split(['.', '[', ' ']).next().unwrap_or_default();
                assert!(known.contains(&head), "{call:?}: {error}");
            }
        }
    });
    assert!(wrong > 20_000, "{wrong}");
}

/// The parser's own idea of a type. It has no lists of fixed length, nor handles.
fn peer_type(ty: &Type) -> Option<PeerType> {
    Some(match ty.kind() {
        TypeKind::Bool => PeerType::BOOL,
        TypeKind::S8 => PeerType::S8,
        TypeKind::U8 => PeerType::U8,
        TypeKind::S16 => PeerType::S16,
        TypeKind::U16 => PeerType::U16,
        TypeKind::S32 => PeerType::S32,
        TypeKind::U32 => PeerType::U32,
        TypeKind::S64 => PeerType::S64,
        TypeKind::U64 => PeerType::U64,
        TypeKind::F32 => PeerType::F32,
        TypeKind::F64 => PeerType::F64,
        TypeKind::Char => PeerType::CHAR,
        TypeKind::String => PeerType::STRING,
        TypeKind::List(element) => PeerType::list(peer_type(&element)?),
        TypeKind::Map(key, value) => PeerType::map(peer_type(&key)?, peer_type(&value)?)?,
        TypeKind::Tuple(types) => PeerType::tuple(types.iter().map(peer_type).collect::<Option<Vec<_>>>()?)?,
        TypeKind::Record(fields) => {
            let fields: Option<Vec<_>> = fields.iter().map(|(name, ty)| Some((&**name, peer_type(ty)?))).collect();
            PeerType::record(fields?)?
        }
        TypeKind::Variant(cases) => {
            let payload = |ty: &Option<Type>| ty.as_ref().map_or(Some(None), |ty| peer_type(ty).map(Some));
            let cases: Option<Vec<_>> = cases.iter().map(|(name, ty)| Some((&**name, payload(ty)?))).collect();
            PeerType::variant(cases?)?
        }
        TypeKind::Enum(labels) => PeerType::enum_ty(labels.iter().map(|label| &**label))?,
        TypeKind::Flags(labels) => PeerType::flags(labels.iter().map(|label| &**label))?,
        TypeKind::Option(some) => PeerType::option(peer_type(&some)?),
        TypeKind::Result { ok, err } => {
            let payload = |ty: Option<Type>| ty.map_or(Some(None), |ty| peer_type(&ty).map(Some));
            PeerType::result(payload(ok)?, payload(err)?)
        }
        _ => return None,
    })
}

#[test]
fn what_is_read_is_what_the_parser_reads() {
    let types: Vec<_> = shapes::all().into_iter().map(|(name, ty)| (name, peer_type(&ty), ty)).collect();
    assert!(types.iter().filter(|(_, peer, _)| peer.is_none()).count() == 4, "all that it has are compared");
    let (mut right, mut wrong) = (0, 0);
    each_text(&mut |name, text| {
        for (other, peer, ty) in &types {
            let Some(peer) = peer.as_ref().filter(|_| *other == name || (right + wrong) % 7 == 0) else { continue };
            let expected: Option<PeerValue> = wasm_wave::from_str(peer, &terminated(text)).ok();
            let read = Val::from_wave(ty, text).ok();
            *if read.is_some() { &mut right } else { &mut wrong } += 1;
            let expected = expected.map(|value| wasm_wave::to_string(&value).expect("it can be written"));
            assert_eq!(read.map(|val| val.to_string()), expected, "{text:?} as {ty}");
        }
    });
    assert!(right > 2_000 && wrong > 20_000, "{right} {wrong}");
}
