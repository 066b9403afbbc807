//! The tests of a crate are one program, whose modules `tests/main.rs` names: no file beside it is forgotten.

use super::Violation;
use super::files::SourceFile;
use super::mask::{is_word, words};

/// Files beside a `tests/main.rs` which it does not name, and which are no program of their own by the manifest.
pub(crate) fn check(tree: &[SourceFile]) -> Vec<Violation> {
    let mut found = Vec::new();
    for main in tree.iter().filter(|file| file.path.ends_with("/tests/main.rs")) {
        let folder = main.path.trim_end_matches("main.rs");
        let modules: Vec<String> = words(main.masked(), "mod").map(|at| module(main, at)).collect();
        let manifest = format!("{}Cargo.toml", folder.trim_end_matches("tests/"));
        let manifest = tree.iter().find(|file| file.path == manifest).map_or("", |file| &file.text);
        for file in tree.iter().filter(|file| file.path != main.path) {
            let Some(name) = file.path.strip_prefix(folder).and_then(|name| name.strip_suffix(".rs")) else { continue };
            let named = modules.iter().any(|module| module == name) || manifest.contains(&format!("name = \"{name}\""));
            if !name.contains('/') && !named {
                found.push(Violation::new(file, 0, format!("nobody runs it: {} has no `mod {name};`", main.path)));
            }
        }
    }
    found
}

fn module(main: &SourceFile, at: usize) -> String {
    let rest = main.masked()[at + "mod".len()..].trim_start();
    rest.bytes().take_while(|&byte| is_word(byte)).map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_no_program_names_is_found() {
        let tree = [
            SourceFile::new("crates/a/Cargo.toml", "[[test]]\nname = \"alone\"\n"),
            SourceFile::new("crates/a/tests/alone.rs", ""),
            SourceFile::new("crates/a/tests/gone.rs", ""),
            SourceFile::new("crates/a/tests/links.rs", ""),
            SourceFile::new("crates/a/tests/main.rs", "//! Tests.\n\nmod common;\nmod links;\n// mod gone;\n"),
            SourceFile::new("crates/a/tests/common/mod.rs", ""),
            SourceFile::new("crates/b/tests/each.rs", ""),
        ];
        let found: Vec<_> = check(&tree).into_iter().map(|found| found.path).collect();
        assert_eq!(found, ["crates/a/tests/gone.rs"]);
    }
}
