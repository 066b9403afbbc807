//! The page of limits: each limit of the crates is named there, and each limit and test that it names exists.

use super::Violation;
use super::files::SourceFile;
use super::mask::{is_word, words};
use std::collections::HashSet;

/// The page.
const PAGE: &str = "docs/limits.md";

/// Constants called `MAX_..` that the page does not name, and those and tests on the page (`file.rs::test`) that are not there.
pub(crate) fn check(tree: &[SourceFile]) -> Vec<Violation> {
    let Some(page) = tree.iter().find(|file| file.path == PAGE) else { return Vec::new() };
    let mut found = Vec::new();
    let mut limits = HashSet::new();
    for file in tree.iter().filter(|file| file.path.starts_with("crates/") && file.is_rust() && !file.is_test()) {
        for (name, line) in constants(file) {
            if !page.text.contains(&format!("`{name}`")) {
                found.push(Violation::new(file, line, format!("{PAGE} does not name the limit `{name}`")));
            }
            limits.insert(name);
        }
    }
    for (line, text) in (1..).zip(page.text.lines()) {
        let code = || text.split('`').skip(1).step_by(2);
        for name in code().filter(|code| code.starts_with("MAX_") && !limits.contains(*code)) {
            found.push(Violation::new(page, line, format!("no constant of the crates is called `{name}`")));
        }
        for (path, test) in code().filter_map(|code| code.split_once("::")) {
            if path.ends_with(".rs") && !is_test_of(tree, path, test) {
                found.push(Violation::new(page, line, format!("there is no test `{test}` in crates/{path}")));
            }
        }
    }
    found
}

/// The names and lines of the constants that `file` calls `MAX_..`.
fn constants(file: &SourceFile) -> Vec<(String, usize)> {
    let masked = file.masked();
    let name = |at: usize| -> String {
        let rest = masked[at + "const".len()..].trim_start();
        rest.bytes().take_while(|&byte| is_word(byte)).map(char::from).collect()
    };
    let all = words(masked, "const").map(|at| (name(at), file.line_of(at)));
    all.filter(|(name, _)| name.starts_with("MAX_")).collect()
}

fn is_test_of(tree: &[SourceFile], path: &str, test: &str) -> bool {
    let path = format!("crates/{path}");
    tree.iter().any(|file| file.path == path && file.masked().contains(&format!("fn {test}(")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_that_are_not_named_and_tests_that_are_not_there_are_found() {
        let page = "| a | `MAX_A` in `a/src/x.rs` | `a/tests/t.rs::meets_a` |\n| a | `MAX_A` | `a/tests/t.rs::gone` |\n`MAX_B`\n";
        let tree = [
            SourceFile::new(
                "crates/a/src/x.rs",
                "const MAX_A: u8 = 1;\npub const MAX_C: u8 = 2;\nconst fn f() {}\nconst OTHER: u8 = 3;\n",
            ),
            SourceFile::new("crates/a/tests/t.rs", "const MAX_D: u8 = 1;\nfn meets_a() {}\n// fn gone()\n"),
            SourceFile::new(PAGE, page),
        ];
        let found: Vec<_> = check(&tree).into_iter().map(|found| (found.path, found.line)).collect();
        assert_eq!(found, [("crates/a/src/x.rs".into(), 2), (PAGE.into(), 2), (PAGE.into(), 3)]);
    }
}
