//! What crates hand out, and what things are called: no glob re-exports, and no type name twice in the workspace.

use super::Violation;
use super::files::SourceFile;
use super::mask::{is_word, words};
use std::collections::BTreeMap;

/// Names of the public core API that stand beside those of the component API, and of what is below both.
const CORE_NAMES: &[&str] = &["Func", "Instance", "InstancePre", "Linker", "Memory", "Table", "TypedFunc", "Val"];

/// Names that embedders expect, and that what is stored has too: one each in the public API and in the shared vocabulary.
const SHARED_NAMES: &[&str] = &["ResourceType"];

/// Where the public core API is.
const CORE_API: &str = "crates/runtime/src/core/";

/// `pub use path::*`, at any visibility.
pub(crate) fn check_globs(file: &SourceFile) -> Vec<Violation> {
    let masked = file.masked();
    let mut found = Vec::new();
    for at in words(masked, "use") {
        let before = masked[..at].trim_end();
        let public = before.ends_with("pub") || (before.ends_with(')') && before.contains("pub("));
        let is_public = public && before.rfind("pub").is_some_and(|pub_at| !before[pub_at..].contains([';', '{', '}']));
        let statement = masked[at..].split(';').next().unwrap_or_default();
        if is_public && statement.contains("::*") {
            let message = "a glob re-export hides what the crate offers; name the items";
            found.push(Violation::new(file, file.line_of(at), message));
        }
    }
    found
}

/// Types and traits that share a name, across the workspace and at any visibility: who looks for a name finds one thing.
pub(crate) fn check_duplicates(tree: &[SourceFile]) -> Vec<Violation> {
    let mut places: BTreeMap<String, Vec<(&SourceFile, usize)>> = BTreeMap::new();
    let ours = |file: &&SourceFile| {
        file.is_rust() && ["crates/", "tests/", "xtask/"].iter().any(|part| file.path.starts_with(part))
    };
    for file in tree.iter().filter(ours) {
        for (name, line) in types(file) {
            places.entry(name).or_default().push((file, line));
        }
    }
    let mut found = Vec::new();
    for (name, places) in places {
        let (first, first_line) = places[0];
        for &(file, line) in &places[1..] {
            if !may_share(&name, &places) {
                let message = format!("the type name `{name}` stands at {}:{first_line} too", first.path);
                found.push(Violation::new(file, line, message));
            }
        }
    }
    found
}

/// Whether a name may stand at all these places: in the core API and once beside it.
fn may_share(name: &str, places: &[(&SourceFile, usize)]) -> bool {
    let of_core = places.iter().filter(|(file, _)| file.path.starts_with(CORE_API)).count();
    let of = |folder: &str| places.iter().filter(|(file, _)| file.path.starts_with(folder)).count() == 1;
    let shared = SHARED_NAMES.contains(&name) && of("crates/runtime/src/") && of("crates/types/src/");
    (CORE_NAMES.contains(&name) && of_core == 1 || shared) && places.len() == 2
}

/// The names and lines of the structs, enums, unions and traits that `file` declares. Those that a macro makes have no name yet.
fn types(file: &SourceFile) -> Vec<(String, usize)> {
    let masked = file.masked();
    let mut found = Vec::new();
    for keyword in ["struct", "enum", "union", "trait"] {
        for at in words(masked, keyword) {
            let rest = masked[at + keyword.len()..].trim_start();
            let name: String = rest.bytes().take_while(|&byte| is_word(byte)).map(char::from).collect();
            if name.starts_with(|char: char| char.is_ascii_uppercase()) {
                found.push((name, file.line_of(at)));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glob_re_exports_are_found() {
        let text = "use a::*;\npub use b::{C, D};\npub use e::*;\npub(crate) use f::{g::*, h};\n// pub use x::*;\n";
        let found = check_globs(&SourceFile::new("a.rs", text));
        assert_eq!(found.iter().map(|violation| violation.line).collect::<Vec<_>>(), [3, 4]);
    }

    #[test]
    fn a_name_that_stands_twice_is_found() {
        let tree = [
            SourceFile::new("crates/a/src/x.rs", "pub struct Plan<'a>(&'a str);\nstruct Own;\n// struct Gone;\n"),
            SourceFile::new(
                "crates/b/src/y.rs",
                "pub(crate) struct Plan2;\npub(super) enum Plan { A }\nstruct Gone;\n",
            ),
            SourceFile::new(
                "tests/c/z.rs",
                "macro_rules! m { ($n:ident) => { struct $n; } }\nmod t {\n    trait Own {}\n}\n",
            ),
            SourceFile::new("xtask/src/z.rs", "fn f(a: Set) { a.union(Own) }\n"),
            SourceFile::new("fuzz/src/z.rs", "struct Own;\n"),
        ];
        let found: Vec<_> = check_duplicates(&tree).into_iter().map(|found| (found.path, found.line)).collect();
        assert_eq!(found, [("tests/c/z.rs".into(), 3), ("crates/b/src/y.rs".into(), 2)]);
    }

    #[test]
    fn the_core_api_has_its_own_names_once() {
        let core = SourceFile::new("crates/runtime/src/core/linker.rs", "pub struct Linker;\n");
        let component = SourceFile::new("crates/runtime/src/linker.rs", "pub struct Linker;\n");
        let other = SourceFile::new("crates/wast/src/linker.rs", "struct Linker;\n");
        let found = |paths: [&SourceFile; 2]| {
            check_duplicates(&paths.map(|file| SourceFile::new(&file.path, &file.text))).len()
        };
        assert_eq!(found([&core, &component]), 0);
        assert_eq!(found([&component, &other]), 1);
        assert_eq!(check_duplicates(&[core, component, other]).len(), 2);
    }
}
