//! The layers of `crates/wasi`: what a guest may do knows no version of WASI. Only the interfaces themselves, the crate's root, and the type that
//! holds one guest's state may name one.

use super::Violation;
use super::files::SourceFile;
use super::mask::words;

const CRATE: &str = "crates/wasi/src/";
/// What may name a version: below [`CRATE`], by how it begins.
const INTERFACES: &[&str] = &["lib.rs", "ctx.rs", "preview0", "preview1"];

/// Words in the code of the policy layer that are of one version.
pub(crate) fn check(tree: &[SourceFile]) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in tree.iter().filter(|file| file.is_rust()) {
        let Some(path) = file.path.strip_prefix(CRATE) else { continue };
        if INTERFACES.iter().any(|interface| path.starts_with(interface)) {
            continue;
        }
        for version in ["preview0", "preview1"] {
            for at in words(file.masked(), version) {
                found.push(Violation::new(file, file.line_of(at), format!("the policy layer must not know {version}")));
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
        assert_eq!(check_at("crates/wasi/src/preview0/convert.rs"), []);
        assert_eq!(check_at("crates/runtime/src/fs.rs"), []);
    }
}
