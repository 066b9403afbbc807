//! What every package in `crates/` says of itself, so that it could be published: `cargo package` warns of some of it, and fails
//! for some, long after the commit.

use super::Violation;
use super::files::SourceFile;

/// The packages for people. The documentation of all others says that they are internal.
const PUBLIC: &[&str] = &["gusset", "gusset-wasi", "gusset-wast", "gusset-cli"];

/// What a manifest has to say.
const KEYS: &[&str] = &["description", "keywords", "categories", "readme", "include", "license"];

/// Manifests in `crates/` that lack something, and internal crates that do not say that they are. `exists` is asked for paths
/// relative to the workspace's folder.
pub(crate) fn check(tree: &[SourceFile], exists: impl Fn(&str) -> bool) -> Vec<Violation> {
    let mut found = Vec::new();
    for manifest in tree.iter().filter(|file| file.path.starts_with("crates/") && file.path.ends_with("/Cargo.toml")) {
        let folder = manifest.path.trim_end_matches("/Cargo.toml");
        let value = |key: &str| {
            let is_key = |line: &&str| line.strip_prefix(key).is_some_and(|rest| rest.starts_with([' ', '.', '=']));
            manifest.text.lines().find(is_key).map(|line| line.split_once('=').map_or("", |(_, value)| value.trim()))
        };
        for key in KEYS.iter().filter(|key| value(key).is_none()) {
            found.push(Violation::new(manifest, 0, format!("a package has `{key}`")));
        }
        if value("keywords").is_some_and(|keywords| keywords.matches(',').count() >= 5) {
            found.push(Violation::new(manifest, 0, "a package has five keywords at most"));
        }
        if value("publish").is_some() {
            found.push(Violation::new(
                manifest,
                0,
                "`publish` keeps `cargo package` from packaging what depends on it",
            ));
        }
        for file in ["README.md", "LICENSE"].map(|name| format!("{folder}/{name}")) {
            if !exists(&file) {
                found.push(Violation::new(manifest, 0, format!("a package has a file {file}")));
            }
        }
        let internal = value("name").is_some_and(|name| !PUBLIC.contains(&name.trim_matches('"')));
        let library = tree.iter().find(|file| file.path == format!("{folder}/src/lib.rs"));
        if let Some(library) = library.filter(|library| internal && !library.text.contains("//! **Internal.**")) {
            found.push(Violation::new(library, 1, "an internal crate says so: `//! **Internal.** ..`"));
        }
    }
    let workspace = tree.iter().find(|file| file.path == "Cargo.toml");
    for (line, text) in workspace.into_iter().flat_map(|file| (1..).zip(file.text.lines())) {
        if text.starts_with("gusset") && text.contains("path = \"crates/") && !text.contains("version = ") {
            found.extend(workspace.map(|file| Violation::new(file, line, "what is packaged depends on versions")));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[package]\nname = \"gusset-x\"\ndescription = \"d\"\nkeywords = [\"a\"]\ncategories.workspace = true\n\
        readme = \"README.md\"\ninclude.workspace = true\nlicense.workspace = true\n";

    fn lines_of(manifest: &str, library: &str, workspace: &str, files: bool) -> Vec<(String, usize)> {
        let tree = [
            SourceFile::new("Cargo.toml", workspace),
            SourceFile::new("crates/x/Cargo.toml", manifest),
            SourceFile::new("crates/x/src/lib.rs", library),
        ];
        check(&tree, |_| files).into_iter().map(|found| (found.path, found.line)).collect()
    }

    #[test]
    fn what_a_package_lacks_is_found() {
        let library = "//! Does x.\n//!\n//! **Internal.** No promise.\n";
        assert_eq!(lines_of(GOOD, library, "", true), []);
        assert_eq!(lines_of(GOOD, library, "", false).len(), 2);
        assert_eq!(lines_of(&GOOD.replace("readme", "readne"), library, "", true).len(), 1);
        assert_eq!(lines_of(&GOOD.replace("[\"a\"]", "[1, 2, 3, 4, 5, 6]"), library, "", true).len(), 1);
        assert_eq!(lines_of(&format!("{GOOD}publish = false\n"), library, "", true).len(), 1);
        assert_eq!(lines_of(GOOD, "//! Does x.\n", "", true), [("crates/x/src/lib.rs".into(), 1)]);
        assert_eq!(lines_of(&GOOD.replace("gusset-x", "gusset-wast"), "", "", true), []);
    }

    #[test]
    fn a_dependency_without_a_version_is_found() {
        let library = "//! **Internal.**\n";
        let workspace = "[workspace.dependencies]\ngusset = { path = \"crates/runtime\" }\n\
            gusset-x = { path = \"crates/x\", version = \"1\" }\n";
        assert_eq!(lines_of(GOOD, library, workspace, true), [("Cargo.toml".into(), 2)]);
    }
}
