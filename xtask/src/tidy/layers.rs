//! The layers of `crates/wasi`: what a guest may do knows no version of WASI. Only the interfaces themselves, the crate's root, and the type that
//! holds one guest's state may name one; and what only preview1 has, the interfaces alone.

use super::Violation;
use super::files::SourceFile;
use super::mask::words;

const CRATE: &str = "crates/wasi/src/";
/// Below [`CRATE`], by how it begins.
const INTERFACES: &[&str] = &["preview0", "preview1"];
/// What may name a version beside them.
const NAMING: &[&str] = &["lib.rs", "ctx.rs"];
const VERSIONS: &[&str] = &["preview0", "preview1"];
/// Words for what only preview1 has. `Errno` is not among them, since the system has it too.
const OF_PREVIEW1: &[&str] = &["Rights", "rights", "cookie", "cookies", "Fdstat", "Filestat", "Whence", "prestat"];

/// Words in the code of the policy layer that are of one version.
pub(crate) fn check(tree: &[SourceFile]) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in tree.iter().filter(|file| file.is_rust()) {
        let Some(path) = file.path.strip_prefix(CRATE) else { continue };
        if INTERFACES.iter().any(|interface| path.starts_with(interface)) {
            continue;
        }
        let versions = if NAMING.contains(&path) { &[][..] } else { VERSIONS };
        for word in versions.iter().chain(OF_PREVIEW1) {
            for at in words(file.masked(), word) {
                found.push(Violation::new(file, file.line_of(at), format!("the policy layer must not know `{word}`")));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_of_wasi_in_the_policy_layer_is_found() {
        let text = "//! Not preview1.\nuse crate::preview1::Errno;\n";
        let check_at = |path: &str| check(&[SourceFile::new(path, text)]);
        assert_eq!(check_at("crates/wasi/src/fs.rs").len(), 1);
        assert_eq!(check_at("crates/wasi/src/ctx.rs"), []);
        assert_eq!(check_at("crates/wasi/src/preview0/convert.rs"), []);
        let rights = [SourceFile::new("crates/wasi/src/ctx.rs", "fn may(rights: u64) {}\n")];
        assert_eq!(check(&rights).len(), 1);
        assert_eq!(check_at("crates/runtime/src/fs.rs"), []);
    }
}
