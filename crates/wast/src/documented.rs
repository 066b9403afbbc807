//! Holds `docs/wast.md` against the tables of the runner, in both directions: what it lists is there, and all that is there is listed.

use crate::component_value::{self, FORMS};
use crate::core_value::{ARGUMENTS, RESULTS};
use crate::feature::{Feature, REMARKS};
use crate::report::DirectiveKind;
use crate::runner::{WastOptions, WastRunner};
use crate::{component_host, core_value, spectest};
use std::collections::BTreeSet;
use wast::parser::{ParseBuffer, parse};
use wast::{Wast, WastArg, WastDirective, WastRet};

const PAGE: &str = include_str!("../../../docs/wast.md");

/// The rows of the table below a heading of the page: the texts of their cells, without backquotes.
fn table(heading: &str) -> Vec<Vec<String>> {
    let start = PAGE.find(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("there is a section `{heading}`"));
    let section = PAGE[start + 4..].split("\n## ").next().unwrap_or_default();
    let lines = section.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
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
    assert_eq!(listed("The head of a script"), all(Feature::names().chain(REMARKS.iter().copied())));
}

/// The word that a value begins with.
fn word(value: &str) -> &str {
    value.trim_start_matches('(').split([' ', ')']).next().unwrap_or_default()
}

#[test]
fn component_values() {
    let examples = listed("Component values");
    assert_eq!(
        examples.iter().map(|value| word(value).to_string()).collect::<BTreeSet<_>>(),
        all(FORMS.iter().copied())
    );
    for example in examples {
        let script = format!("(assert_return (invoke \"f\" {example}) {example})");
        let buffer = ParseBuffer::new(&script).expect("it can be read");
        let wast = parse::<Wast<'_>>(&buffer).unwrap_or_else(|error| panic!("{example}: {error}"));
        let WastDirective::AssertReturn { exec, results, .. } = &wast.directives[0] else { panic!("{example}") };
        let wast::WastExecute::Invoke(call) = exec else { panic!("{example}") };
        let value = component_value::argument(&call.args[0]).unwrap_or_else(|text| panic!("{text} is a value"));
        assert_eq!(component_value::text(&value), example);
        assert!(component_value::matches(&results[0], &value).is_ok(), "{example}");
    }
}

#[test]
fn core_values() {
    let (arguments, results) = (table("Core values"), RESULTS.iter().chain(ARGUMENTS));
    let mut words = BTreeSet::new();
    for row in &arguments {
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
        assert!(call.args.iter().all(|argument| matches!(argument, WastArg::Core(_))), "{value}");
        let WastRet::Core(result) = &results[0] else { panic!("{value} is a core value") };
        // Of a float, the bits are shown too.
        let shown = core_value::expected_text(result);
        assert_eq!(shown.split(" ;;").next(), Some(&**value), "{shown}");
    }
    assert_eq!(words, all(results.copied()));
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
