//! The components of the official suite: what is valid is translated, but for what only async and the like need; what is not is
//! refused for what it is, but for what the list of superseded directives names. It runs where `GUSSET_SPEC_TESTS` names the suite.

use gusset_component::{TranslateError, TranslateErrorKind, TranslateSettings};
use gusset_types::{ComponentFeature, ComponentFeatures};
use std::path::Path;
use wast::lexer::Lexer;
use wast::parser::{self, ParseBuffer};
use wast::{QuoteWat, Wast, WastDirective, WastExecute, Wat};

/// What a later change of the specification overtook.
const SUPERSEDED: &str = include_str!("../../../tests/wast/superseded.txt");

/// What the suite may need that is not there. Everything else has to be translated.
const MISSING: &[&str] = &["async", "threads", "error-context", "values", "imports of components"];

fn translate(mut wat: QuoteWat<'_>) -> Option<Result<(), TranslateError>> {
    let component = matches!(wat, QuoteWat::Wat(Wat::Component(_)) | QuoteWat::QuoteComponent(..));
    // Text that cannot be read says nothing of the translation.
    let bytes = wat.encode().ok().filter(|_| component)?;
    // The suite takes nested names for future syntax.
    let mut features = ComponentFeatures::specified();
    features.set(ComponentFeature::NestedNames, false);
    let settings = TranslateSettings { features, ..TranslateSettings::default() };
    let translated = gusset_component::translate(&bytes, &settings).map(drop);
    // Bodies of functions are validated where they are compiled.
    Some(translated.and_then(|()| gusset_component::validate(&bytes, features)))
}

/// What is wrong with one directive, if something is.
fn judge(directive: WastDirective<'_>) -> Option<String> {
    let (wat, valid) = match directive {
        WastDirective::Module(wat) | WastDirective::ModuleDefinition(wat) => (wat, true),
        WastDirective::AssertTrap { exec: WastExecute::Wat(wat), .. } => (QuoteWat::Wat(wat), true),
        WastDirective::AssertUnlinkable { module, .. } => (QuoteWat::Wat(module), true),
        WastDirective::AssertInvalid { module, .. } | WastDirective::AssertMalformed { module, .. } => (module, false),
        _ => return None,
    };
    match (translate(wat)?, valid) {
        (Ok(()), true) => None,
        (Ok(()), false) => Some("it is accepted".into()),
        (Err(error), valid) => {
            let holds = match error.kind() {
                TranslateErrorKind::Unsupported(feature) => valid && MISSING.contains(&feature),
                TranslateErrorKind::Malformed | TranslateErrorKind::Invalid => !valid,
                _ => false,
            };
            (!holds).then(|| error.to_string())
        }
    }
}

/// Hands each directive of a script to `visit`, with its line.
fn each_directive(path: &Path, mut visit: impl FnMut(usize, WastDirective<'_>)) -> wast::parser::Result<()> {
    let text = std::fs::read_to_string(path).expect("a script can be read");
    let mut lexer = Lexer::new(&text);
    lexer.allow_confusing_unicode(true);
    let buffer = ParseBuffer::new_with_lexer(lexer).expect("a script can be read");
    let script: Wast<'_> = parser::parse(&buffer)?;
    for directive in script.directives {
        visit(directive.span().linecol_in(&text).0 + 1, directive);
    }
    Ok(())
}

/// What is wrong with a script, which the lists call `name`.
fn check(path: &Path, name: &str) -> Vec<String> {
    let mut faults = Vec::new();
    each_directive(path, |line, directive| {
        faults.extend(judge(directive).map(|fault| (format!("{name}:{line}"), fault)));
    })
    .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let superseded = |place: &str| SUPERSEDED.lines().any(|known| known.starts_with(&format!("{place} ")));
    faults
        .into_iter()
        .filter(|(place, _)| !superseded(place))
        .map(|(place, fault)| format!("{place}: {fault}"))
        .collect()
}

#[test]
fn components_of_the_official_suite_are_translated() {
    let Some(folder) = std::env::var_os("GUSSET_SPEC_TESTS") else {
        eprintln!("not run: GUSSET_SPEC_TESTS does not name the official suite");
        return;
    };
    let mut faults = Vec::new();
    for group in ["validation", "binary", "linking", "resources", "values"] {
        let folder = Path::new(&folder).join("component-model").join(group);
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("a folder can be read").path();
            let file = path.file_name().expect("it is a file").to_string_lossy().into_owned();
            faults.extend(check(&path, &format!("component-model/{group}/{file}")));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Also what cannot be run yet.
#[test]
fn what_the_official_suite_holds_has_an_outline() {
    let Some(folder) = std::env::var_os("GUSSET_SPEC_TESTS") else {
        eprintln!("not run: GUSSET_SPEC_TESTS does not name the official suite");
        return;
    };
    let mut outlined = 0;
    for group in ["async", "validation", "binary", "linking", "resources", "values"] {
        let folder = Path::new(&folder).join("component-model").join(group);
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("a folder can be read").path();
            // A script in a syntax of yesterday is not read.
            let _ = each_directive(&path, |line, directive| {
                let (WastDirective::Module(mut wat) | WastDirective::ModuleDefinition(mut wat)) = directive else {
                    return;
                };
                let Ok(bytes) = wat.encode() else { return };
                // Some are not valid any more.
                if bytes[6] == 1 && gusset_component::validate(&bytes, ComponentFeatures::specified()).is_err() {
                    return;
                }
                let outline = gusset_component::outline(&bytes);
                let outline = outline.unwrap_or_else(|error| panic!("{}:{line}: {error}", path.display()));
                assert!(outline.to_string().ends_with('\n') && !outline.left_out);
                outlined += 1;
            });
        }
    }
    assert!(outlined > 100, "{outlined}");
}
