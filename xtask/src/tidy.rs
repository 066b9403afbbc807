//! `cargo xtask tidy`: the rules of the house that a program can check. Each check is a pure function over the sources, so
//! that its tests can show it failing; none of them changes a file.

mod arrows;
mod exports;
mod files;
mod harness;
mod layers;
mod length;
mod limits;
mod links;
mod mask;
mod mentions;
mod packages;
mod safety;

use anyhow::{Result, bail};
use files::SourceFile;
use std::fmt;
use std::path::Path;

/// Something that breaks a rule.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Violation {
    path: String,
    /// From 1; 0 when the file as a whole is meant.
    line: usize,
    message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.message),
            line => write!(f, "{}:{line}: {}", self.path, self.message),
        }
    }
}

impl Violation {
    fn new(file: &SourceFile, line: usize, message: impl Into<String>) -> Violation {
        Violation { path: file.path.clone(), line, message: message.into() }
    }
}

/// Runs every check over the tree at `root` and prints what it finds.
pub(crate) fn run(root: &Path) -> Result<()> {
    let tree = files::read_tree(root)?;
    let mut found = Vec::new();
    for file in tree.iter().filter(|file| file.is_rust()) {
        found.extend(opens_with_purpose(file));
        found.extend(length::check(file));
        found.extend(exports::check_globs(file));
        found.extend(safety::check_unsafe(file));
    }
    found.extend(exports::check_duplicates(&tree));
    found.extend(safety::check_citations(&tree));
    found.extend(safety::check_crate_roots(&tree));
    found.extend(arrows::check(&tree));
    found.extend(limits::check(&tree));
    found.extend(harness::check(&tree));
    found.extend(layers::check(&tree));
    found.extend(arrows::check_runtime_tree(&arrows::runtime_tree(root)?));
    let exists = |path: &str| root.join(path).exists();
    found.extend(packages::check(&tree, exists));
    for file in tree.iter().filter(|file| file.path.ends_with(".md")) {
        found.extend(links::check(file, exists));
        found.extend(mentions::check(file, &tree, exists));
    }
    found.sort();
    for violation in &found {
        println!("{violation}");
    }
    if !found.is_empty() {
        bail!("tidy: {} violations", found.len());
    }
    println!("tidy: {} files hold to the rules", tree.len());
    Ok(())
}

/// Every Rust file opens by saying what it is for.
fn opens_with_purpose(file: &SourceFile) -> Option<Violation> {
    let opens = file.text.starts_with("//!");
    (!opens).then(|| Violation::new(file, 1, "a file opens with `//!`: what it is for and what it must never do"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_purpose_is_found() {
        let file = |text: &str| SourceFile::new("crates/x/src/a.rs", text);
        assert!(opens_with_purpose(&file("use std::fmt;\n")).is_some());
        assert!(opens_with_purpose(&file("//! Says why.\nuse std::fmt;\n")).is_none());
    }

    #[test]
    fn violations_name_file_and_line() {
        let file = SourceFile::new("crates/x/src/a.rs", "");
        assert_eq!(Violation::new(&file, 3, "bad").to_string(), "crates/x/src/a.rs:3: bad");
        assert_eq!(Violation::new(&file, 0, "bad").to_string(), "crates/x/src/a.rs: bad");
    }
}
