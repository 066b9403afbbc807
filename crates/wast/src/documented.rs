//! Holds `docs/wast.md` against the tables of the runner, in both directions: what it lists is there, and all that is there is listed.

use crate::feature::{Feature, REMARKS};
use crate::header::WASI;
use crate::report::DirectiveKind;
use crate::runner::{WastOptions, WastRunner};
use crate::{component_host, component_value, core_value, spectest};
use gusset::Config;
use std::collections::BTreeSet;
use wast::component::WastVal;
use wast::core::{WastArgCore, WastRetCore};
use wast::parser::{ParseBuffer, parse};
use wast::{Wast, WastArg, WastDirective, WastRet};

const PAGE: &str = include_str!("../../../docs/wast.md");

/// What stands below a heading of the page.
fn section(heading: &str) -> &'static str {
    let start = PAGE.find(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("there is a section `{heading}`"));
    PAGE[start + 4..].split("\n## ").next().unwrap_or_default()
}

/// The rows of the table below a heading of the page: the texts of their cells, without backquotes.
fn table(heading: &str) -> Vec<Vec<String>> {
    let lines =
        section(heading).lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = |line: &str| line.trim_matches('|').split(" | ").map(|cell| cell.trim().replace('`', "")).collect();
    let rows: Vec<Vec<String>> = lines.skip(2).map(cells).collect();
    assert!(rows.len() > 1, "`{heading}` has a table");
    rows
}

/// The first cells of a table.
fn listed(heading: &str) -> BTreeSet<String> {
    let rows = table(heading);
    let names: BTreeSet<String> = rows.iter().map(|row| row[0].clone()).collect();
    assert_eq!(names.len(), rows.len(), "nothing is listed twice in `{heading}`");
    names
}

fn all<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    names.into_iter().map(String::from).collect()
}

#[test]
fn directives() {
    let kinds: Vec<String> = DirectiveKind::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(listed("Directives"), all(kinds.iter().map(|kind| &**kind)));
}

#[test]
fn features() {
    assert_eq!(listed("The head of a script"), all(Feature::names().chain(REMARKS.iter().copied()).chain([WASI])));
    let default = format!("{:?}", Config::new());
    for row in table("The head of a script") {
        if row[0] == WASI {
            assert!(row[1].starts_with("not given") && Feature::from_name(WASI).is_none());
            continue;
        }
        let feature = Feature::from_name(&row[0]).expect("it is a feature");
        let with = |enabled| {
            let mut config = Config::new();
            feature.set(&mut config, enabled);
            format!("{config:?}") == default
        };
        let expected = match row[1].split(';').next() {
            Some("on") => (true, false),
            Some("off") => (false, true),
            _ => (true, true),
        };
        assert_eq!((with(true), with(false)), expected, "`{}` is {} by default", row[0], row[1]);
    }
}

/// A function that tells the word that a value begins with, and the list of these words. The match is exhaustive: a kind of value
/// that is new in the text format is not overlooked.
macro_rules! words {
    ($function:ident, $list:ident, $value:ty, { $($pattern:pat => $word:literal,)* }) => {
        fn $function(value: &$value) -> &'static str {
            match value {
                $($pattern => $word,)*
            }
        }

        const $list: &[&str] = &[$($word),*];
    };
}

words!(component_word, COMPONENT_WORDS, WastVal<'_>, {
    WastVal::Bool(_) => "bool.const",
    WastVal::S8(_) => "s8.const",
    WastVal::U8(_) => "u8.const",
    WastVal::S16(_) => "s16.const",
    WastVal::U16(_) => "u16.const",
    WastVal::S32(_) => "s32.const",
    WastVal::U32(_) => "u32.const",
    WastVal::S64(_) => "s64.const",
    WastVal::U64(_) => "u64.const",
    WastVal::F32(_) => "f32.const",
    WastVal::F64(_) => "f64.const",
    WastVal::Char(_) => "char.const",
    WastVal::String(_) => "str.const",
    WastVal::List(_) => "list.const",
    WastVal::Map(_) => "map.const",
    WastVal::Record(_) => "record.const",
    WastVal::Tuple(_) => "tuple.const",
    WastVal::Variant(..) => "variant.const",
    WastVal::Enum(_) => "enum.const",
    WastVal::Option(Some(_)) => "option.some",
    WastVal::Option(None) => "option.none",
    WastVal::Result(Ok(_)) => "result.ok",
    WastVal::Result(Err(_)) => "result.err",
    WastVal::Flags(_) => "flags.const",
});

words!(argument_word, ARGUMENT_WORDS, WastArgCore<'_>, {
    WastArgCore::I32(_) => "i32.const",
    WastArgCore::I64(_) => "i64.const",
    WastArgCore::F32(_) => "f32.const",
    WastArgCore::F64(_) => "f64.const",
    WastArgCore::V128(_) => "v128.const",
    WastArgCore::RefNull(_) => "ref.null",
    WastArgCore::RefExtern(_) => "ref.extern",
    WastArgCore::RefHost(_) => "ref.host",
});

words!(result_word, RESULT_WORDS, WastRetCore<'_>, {
    WastRetCore::I32(_) => "i32.const",
    WastRetCore::I64(_) => "i64.const",
    WastRetCore::F32(_) => "f32.const",
    WastRetCore::F64(_) => "f64.const",
    WastRetCore::V128(_) => "v128.const",
    WastRetCore::RefNull(_) => "ref.null",
    WastRetCore::RefExtern(_) => "ref.extern",
    WastRetCore::RefHost(_) => "ref.host",
    WastRetCore::RefFunc(_) => "ref.func",
    WastRetCore::RefAny => "ref.any",
    WastRetCore::RefEq => "ref.eq",
    WastRetCore::RefArray => "ref.array",
    WastRetCore::RefStruct => "ref.struct",
    WastRetCore::RefI31 => "ref.i31",
    WastRetCore::RefI31Shared => "ref.i31_shared",
    WastRetCore::Either(_) => "either",
});

/// The word that a value begins with.
fn word(value: &str) -> &str {
    value.trim_start_matches('(').split([' ', ')']).next().unwrap_or_default()
}

#[test]
fn component_values() {
    let examples = listed("Component values");
    assert_eq!(
        examples.iter().map(|value| word(value).to_string()).collect::<BTreeSet<_>>(),
        all(COMPONENT_WORDS.iter().copied())
    );
    for example in examples {
        let script = format!("(assert_return (invoke \"f\" {example}) {example})");
        let buffer = ParseBuffer::new(&script).expect("it can be read");
        let wast = parse::<Wast<'_>>(&buffer).unwrap_or_else(|error| panic!("{example}: {error}"));
        let WastDirective::AssertReturn { exec, results, .. } = &wast.directives[0] else { panic!("{example}") };
        let wast::WastExecute::Invoke(call) = exec else { panic!("{example}") };
        let value = component_value::argument(&call.args[0]).unwrap_or_else(|text| panic!("{text} is a value"));
        match &call.args[0] {
            WastArg::Component(value) => assert_eq!(component_word(value), word(&example)),
            WastArg::Core(value) => assert_eq!(argument_word(value), word(&example)),
            _ => panic!("{example} is a value"),
        }
        assert_eq!(component_value::text(&value), example);
        assert!(component_value::matches(&results[0], &value).is_ok(), "{example}");
    }
}

#[test]
fn core_values() {
    let (mut words, mut arguments) = (BTreeSet::new(), BTreeSet::new());
    for row in &table("Core values") {
        let [value, place, ..] = &row[..] else { panic!("{row:?} has two cells") };
        words.insert(word(value).to_string());
        let script = match &**place {
            "both" => format!("(assert_return (invoke \"f\" {value}) {value})"),
            "result" => format!("(assert_return (invoke \"f\") {value})"),
            other => panic!("{value} is for both or a result, not {other}"),
        };
        let buffer = ParseBuffer::new(&script).expect("it can be read");
        let wast = parse::<Wast<'_>>(&buffer).unwrap_or_else(|error| panic!("{value}: {error}"));
        let WastDirective::AssertReturn { exec, results, .. } = &wast.directives[0] else { panic!("{value}") };
        let wast::WastExecute::Invoke(call) = exec else { panic!("{value}") };
        for argument in &call.args {
            let WastArg::Core(argument) = argument else { panic!("{value} is a core value") };
            assert_eq!(argument_word(argument), word(value));
            arguments.insert(word(value).to_string());
        }
        let WastRet::Core(result) = &results[0] else { panic!("{value} is a core value") };
        assert_eq!(result_word(result), word(value));
        // Of a float, the bits are shown too.
        let shown = core_value::expected_text(result);
        assert_eq!(shown.split(" ;;").next(), Some(&**value), "{shown}");
    }
    assert_eq!(words, all(RESULT_WORDS.iter().copied()));
    assert_eq!(arguments, all(ARGUMENT_WORDS.iter().copied()));
}

#[test]
fn the_module_spectest() {
    let defined = spectest::DEFINED.iter().map(|(kind, name, what)| (name.to_string(), format!("({kind} {what})")));
    let printers = spectest::PRINTERS.iter().map(|(name, params)| {
        let params: String = params.iter().map(|ty| format!(" {ty:?}").to_lowercase()).collect();
        let func = if params.is_empty() { "(func)".to_string() } else { format!("(func (param{params}))") };
        (name.to_string(), func)
    });
    let rows: BTreeSet<(String, String)> =
        table("The module `spectest`").into_iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    assert_eq!(rows, defined.chain(printers).collect());
}

#[test]
fn the_host_of_components() {
    let rows = table("The host of components");
    let names: BTreeSet<String> = rows.iter().map(|row| row[0].clone()).collect();
    let root = component_host::ROOT.iter().map(|(name, _)| name.to_string());
    let host = component_host::HOST.iter().map(|(name, _)| format!("host: {name}"));
    assert_eq!(names, root.chain(host).collect());
    // With the types that the page gives them, all can be imported.
    let (mut imports, mut exports) = (String::new(), String::new());
    for row in &rows {
        match row[0].strip_prefix("host: ") {
            Some(name) => exports.push_str(&format!("(export \"{name}\" {})\n", row[1])),
            None => imports.push_str(&format!("(import \"{}\" {})\n", row[0], row[1])),
        }
    }
    let script = format!("(component {imports} (import \"host\" (instance {exports})))");
    let report = WastRunner::new(WastOptions::default()).expect("it runs").run_text("host.wast", &script);
    assert!(report.passed(), "{report}\n{script}");
}

/// The script of the page holds, and not without its head.
#[test]
fn wasi() {
    let section = section("WASI");
    let lines = section.lines().filter_map(|line| line.strip_prefix("    "));
    let script: String = lines.map(|line| format!("{line}\n")).collect();
    let run = |script: &str| WastRunner::new(WastOptions::default()).expect("it runs").run_text("wasi.wast", script);
    let report = run(&script);
    assert!(report.passed() && report.counts.total().passed > 3, "{report}\n{script}");
    let (head, rest) = script.split_once('\n').expect("there are lines");
    assert_eq!(head, ";;! wasi = true");
    assert!(run(rest).to_string().contains("wasi_snapshot_preview1::proc_exit"));
}
