//! Where `unsafe` may stand, that each block cites an invariant, and that every crate's root forbids the rest.

use super::Violation;
use super::files::SourceFile;
use super::mask::words;
use std::collections::BTreeSet;

/// Folders in which unsafe code lives.
const UNSAFE_FOLDERS: &[&str] =
    &["crates/runtime/src/vm/", "crates/runtime/src/vm.rs", "crates/capi/", "crates/wasi-adapter/", "benches/"];

/// Crates in which it may stand everywhere: another language's, and a guest's.
const UNSAFE_CRATES: &[&str] = &["crates/capi/", "crates/wasi-adapter/"];

/// Files that deserialize artefacts, which is unsafe, and do nothing else of the kind.
const DESERIALIZING: &[&str] = &[
    "crates/cli/src/precompiled.rs",
    "crates/runtime/tests/artifacts.rs",
    "crates/runtime/tests/source_lines.rs",
    "crates/runtime/tests/without_compiler/",
];

/// Crates whose root denies unsafe code, so that a part of them can allow it.
const DENYING: &[&str] = &["crates/cli/", "crates/runtime/"];

/// The folder whose comments cite numbered invariants.
const VM: &str = "crates/runtime/src/vm/";

/// `unsafe` outside its folders.
pub(crate) fn check_unsafe(file: &SourceFile) -> Vec<Violation> {
    if UNSAFE_FOLDERS.iter().chain(DESERIALIZING).any(|folder| file.path.starts_with(folder)) {
        return Vec::new();
    }
    let places = words(file.masked(), "unsafe");
    places.map(|at| Violation::new(file, file.line_of(at), "`unsafe` lives in crates/runtime/src/vm only")).collect()
}

/// Each `SAFETY:` comment of the vm cites an invariant that its `mod.rs` states.
pub(crate) fn check_citations(tree: &[SourceFile]) -> Vec<Violation> {
    let is_root = |file: &&SourceFile| file.path == format!("{VM}mod.rs") || file.path == "crates/runtime/src/vm.rs";
    let stated: BTreeSet<u32> = tree.iter().filter(is_root).flat_map(|file| stated_invariants(&file.text)).collect();
    let mut found = Vec::new();
    for file in tree.iter().filter(|file| file.path.starts_with(VM) && file.is_rust()) {
        for (line, comment) in safety_comments(&file.text) {
            let cited = cited_invariants(&comment);
            if cited.is_empty() {
                found.push(Violation::new(file, line, "this SAFETY comment cites no invariant (`V1`, `V2` ...)"));
            }
            for number in cited.difference(&stated) {
                let message = format!("invariant V{number} is not stated at the top of {VM}mod.rs");
                found.push(Violation::new(file, line, message));
            }
        }
    }
    found
}

/// The root of every crate forbids unsafe code, or denies it, so that one part of it alone can allow it.
pub(crate) fn check_crate_roots(tree: &[SourceFile]) -> Vec<Violation> {
    let mut found = Vec::new();
    for manifest in tree.iter().filter(|file| file.path.ends_with("Cargo.toml")) {
        let folder = manifest.path.trim_end_matches("Cargo.toml");
        let is_ours = ["crates/", "tests/", "xtask/"].iter().any(|part| folder.starts_with(part));
        if !is_ours || UNSAFE_CRATES.contains(&folder) {
            continue;
        }
        let wanted = if DENYING.contains(&folder) { "#![deny(unsafe_code)]" } else { "#![forbid(unsafe_code)]" };
        let names = ["src/lib.rs", "src/main.rs", "lib.rs"].map(|name| format!("{folder}{name}"));
        for root in tree.iter().filter(|file| names.contains(&file.path)) {
            if !root.text.contains(wanted) {
                found.push(Violation::new(root, 0, format!("the crate's root says `{wanted}`")));
            }
        }
    }
    found
}

/// The numbers that a file's opening comment states: lines that begin with `V<number>`, whatever list marks stand before.
fn stated_invariants(text: &str) -> BTreeSet<u32> {
    let opening = text.lines().take_while(|line| line.starts_with("//"));
    opening
        .filter_map(|line| leading_invariant(line.trim_start_matches(['/', '!', ' ', '*', '-', '#', '|', '`'])))
        .collect()
}

fn leading_invariant(text: &str) -> Option<u32> {
    let digits: String = text.strip_prefix('V')?.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn cited_invariants(comment: &str) -> BTreeSet<u32> {
    comment.split(|c: char| !c.is_ascii_alphanumeric()).filter_map(leading_invariant).collect()
}

/// Each `SAFETY:` comment with the line where it starts, joined to the comment lines that follow.
fn safety_comments(text: &str) -> Vec<(usize, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let Some(at) = line.find("// SAFETY:") else { continue };
        let mut comment = line[at..].to_string();
        for next in lines[index + 1..].iter().map(|next| next.trim_start()) {
            if !next.starts_with("//") || next.starts_with("// SAFETY:") {
                break;
            }
            comment.push_str(next);
        }
        found.push((index + 1, comment));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_elsewhere_is_found_and_in_comments_it_is_not() {
        let text = "// unsafe\nlet s = \"unsafe\";\n#![forbid(unsafe_code)]\nunsafe { f() }\n";
        let found = check_unsafe(&SourceFile::new("crates/fact/src/a.rs", text));
        assert_eq!(found.iter().map(|violation| violation.line).collect::<Vec<_>>(), [4]);
        assert_eq!(check_unsafe(&SourceFile::new("crates/runtime/src/vm/code.rs", text)), []);
    }

    #[test]
    fn citations_must_exist() {
        let tree = [
            SourceFile::new(
                "crates/runtime/src/vm/mod.rs",
                "//! Invariants:\n//! - **V1**: so.\n//! V2. And so.\nmod code;\n",
            ),
            SourceFile::new(
                "crates/runtime/src/vm/code.rs",
                "// SAFETY: V1 and V3.\nunsafe {}\n// SAFETY: it is fine.\nunsafe {}\n// SAFETY: by\n// V2.\nunsafe {}\n",
            ),
        ];
        let found = check_citations(&tree);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(found[0].line, 1);
        assert!(found[0].message.contains("V3"));
        assert_eq!(found[1].line, 3);
        assert!(found[1].message.contains("cites no invariant"));
    }

    #[test]
    fn crate_roots_forbid_unsafe_code() {
        let tree = |root: &str, text: &str| {
            [SourceFile::new(&format!("{root}Cargo.toml"), ""), SourceFile::new(&format!("{root}src/lib.rs"), text)]
        };
        assert_eq!(check_crate_roots(&tree("crates/fact/", "//! F.\n")).len(), 1);
        assert_eq!(check_crate_roots(&tree("crates/fact/", "//! F.\n#![forbid(unsafe_code)]\n")), []);
        assert_eq!(check_crate_roots(&tree("crates/runtime/", "//! R.\n")).len(), 1);
        assert_eq!(check_crate_roots(&tree("crates/runtime/", "//! R.\n#![deny(unsafe_code)]\n")), []);
    }
}
