//! What crates hand out: no glob re-exports, and no public type name twice in the workspace.

use super::Violation;
use super::files::SourceFile;
use super::mask::{is_word, words};
use std::collections::BTreeMap;

/// Names that stand more than once, and why they may.
const SHARED_NAMES: &[(&str, &str)] = &[];

/// The public core API has its own `Module`, `Instance` and so on, beside the component types of the same crate's root.
const CORE_API: &str = "crates/runtime/src/core";

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

/// Public types and traits that share a name, across the workspace.
pub(crate) fn check_duplicates(tree: &[SourceFile]) -> Vec<Violation> {
    let mut places: BTreeMap<(bool, String), Vec<(&SourceFile, usize)>> = BTreeMap::new();
    let library = |file: &&SourceFile| file.is_rust() && file.path.starts_with("crates/") && !file.is_test();
    for file in tree.iter().filter(library) {
        for (name, line) in public_types(file) {
            let core = file.path.starts_with(CORE_API);
            places.entry((core, name)).or_default().push((file, line));
        }
    }
    let mut found = Vec::new();
    for ((_, name), places) in places {
        if places.len() < 2 || SHARED_NAMES.iter().any(|(shared, _)| *shared == name) {
            continue;
        }
        let (first, first_line) = places[0];
        for &(file, line) in &places[1..] {
            let message = format!("the type name `{name}` stands at {}:{first_line} too", first.path);
            found.push(Violation::new(file, line, message));
        }
    }
    found
}

/// The names and lines of `pub struct`, `pub enum`, `pub union` and `pub trait` in `file`.
fn public_types(file: &SourceFile) -> Vec<(String, usize)> {
    let masked = file.masked();
    let mut found = Vec::new();
    for at in words(masked, "pub") {
        let mut rest = masked[at + 3..].split_whitespace();
        let keyword = rest.next().unwrap_or_default();
        if !["struct", "enum", "union", "trait"].contains(&keyword) {
            continue;
        }
        let name = rest.next().unwrap_or_default();
        let name: String = name.bytes().take_while(|&byte| is_word(byte)).map(char::from).collect();
        if !name.is_empty() {
            found.push((name, file.line_of(at)));
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
            SourceFile::new("crates/a/src/x.rs", "pub struct Plan<'a>(&'a str);\nstruct Own;\n"),
            SourceFile::new("crates/b/src/y.rs", "pub(crate) struct Plan2;\npub enum Plan { A }\nstruct Own;\n"),
        ];
        let found = check_duplicates(&tree);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].path.as_str(), found[0].line), ("crates/b/src/y.rs", 2));
    }

    #[test]
    fn the_core_api_has_its_own_names() {
        let tree = [
            SourceFile::new("crates/runtime/src/core/linker.rs", "pub struct Linker;\n"),
            SourceFile::new("crates/runtime/src/linker.rs", "pub struct Linker;\n"),
        ];
        assert_eq!(check_duplicates(&tree), []);
    }
}
