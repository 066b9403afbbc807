//! The files that the checks read: Rust sources, manifests and Markdown of the tree, without what builds leave behind.

use super::mask::mask;
use anyhow::{Context, Result};
use std::cell::OnceCell;
use std::path::Path;

/// A text file of the tree.
#[derive(Debug)]
pub(crate) struct SourceFile {
    /// Relative to the workspace's folder, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
    masked: OnceCell<String>,
}

impl SourceFile {
    pub(crate) fn new(path: &str, text: &str) -> SourceFile {
        SourceFile { path: path.into(), text: text.into(), masked: OnceCell::new() }
    }

    /// Whether the house rules for Rust apply. Guests follow their toolchain's rules.
    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs") && !GUESTS.iter().any(|folder| self.path.starts_with(folder))
    }

    /// Whether the file holds only tests.
    pub(crate) fn is_test(&self) -> bool {
        self.path.split('/').any(|part| part == "tests") || self.path.ends_with("/tests.rs")
    }

    /// The text with comments and literals blanked out, byte for byte.
    pub(crate) fn masked(&self) -> &str {
        self.masked.get_or_init(|| mask(&self.text))
    }

    /// The line (from 1) that holds the byte at `offset`.
    pub(crate) fn line_of(&self, offset: usize) -> usize {
        1 + self.text.as_bytes()[..offset].iter().filter(|&&byte| byte == b'\n').count()
    }
}

/// Folders and files of what is no part of the workspace: it is built for other machines.
pub(super) const GUESTS: &[&str] = &["examples/", "tests/guests/", "crates/runtime/tests/source_lines/list.rs"];

/// Folders that hold what was built or fetched.
const SKIPPED: &[&str] = &["target", "node_modules", "corpus", "artifacts"];

/// Reads the files below `root` that some check looks at, sorted by path.
pub(crate) fn read_tree(root: &Path) -> Result<Vec<SourceFile>> {
    let mut found = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        let here = root.join(&folder);
        for entry in std::fs::read_dir(&here).with_context(|| format!("cannot list {}", here.display()))? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            let kind = entry.file_type()?;
            if kind.is_dir() && !name.starts_with('.') && !SKIPPED.contains(&name.as_str()) {
                folders.push(path);
            } else if kind.is_file() && (name.ends_with(".rs") || name.ends_with(".md") || name == "Cargo.toml") {
                let text = std::fs::read_to_string(entry.path()).with_context(|| format!("cannot read {path}"))?;
                found.push(SourceFile::new(&path, &text));
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_of_this_workspace_is_read() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let tree = read_tree(root).unwrap();
        assert!(tree.iter().any(|file| file.path == "xtask/src/tidy/files.rs"));
        assert!(tree.iter().any(|file| file.path == "crates/types/Cargo.toml"));
        assert!(!tree.iter().any(|file| file.path.starts_with("target/")));
    }

    #[test]
    fn lines_count_from_one() {
        let file = SourceFile::new("a.rs", "a\nb\n");
        assert_eq!((file.line_of(0), file.line_of(2)), (1, 2));
    }
}
