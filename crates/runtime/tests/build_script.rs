//! The hash by which builds are told apart: each change of a source is another one, and nothing else is.

#[allow(dead_code, reason = "a build script has a `main`")]
#[path = "../build.rs"]
mod script;

use std::fs;
use std::path::Path;

/// The hash that this program should have been built with.
pub(crate) fn hash_of_these_sources() -> u128 {
    script::hash(&script::roots(Path::new(env!("CARGO_MANIFEST_DIR")))).expect("the sources are here")
}

/// Writes a workspace of two of the crates and something that is none.
fn workspace(root: &Path) {
    for (path, contents) in [
        ("Cargo.lock", "locked"),
        ("crates/runtime/src/lib.rs", "runtime"),
        ("crates/runtime/src/vm/mod.rs", "vm"),
        ("crates/codegen/Cargo.toml", "[package]\nname = \"gusset-codegen\"\n"),
        ("crates/codegen/src/lib.rs", "codegen"),
        ("crates/types/Cargo.toml", "[package]\nname = \"types\"\n"),
        ("crates/types/src/lib.rs", "of somebody else"),
    ] {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("folders can be made");
        fs::write(path, contents).expect("it can be written");
    }
}

fn hash(root: &Path) -> u128 {
    script::hash(&script::roots(&root.join("crates/runtime"))).expect("it can be read")
}

#[test]
fn each_change_of_a_source_is_another_hash() {
    let scratch = tempfile::tempdir().expect("a temporary folder can be made");
    let (root, copy) = (scratch.path().join("one"), scratch.path().join("another"));
    workspace(&root);
    let mut hashes = vec![hash(&root)];
    let at = |path: &str| root.join(path);
    fs::write(at("crates/runtime/src/vm/mod.rs"), "vn").expect("it is ours");
    hashes.push(hash(&root));
    fs::write(at("crates/codegen/src/lib.rs"), "codegen ").expect("it is ours");
    hashes.push(hash(&root));
    fs::rename(at("crates/codegen/src/lib.rs"), at("crates/codegen/src/main.rs")).expect("it is ours");
    hashes.push(hash(&root));
    fs::write(at("crates/runtime/src/new.rs"), "").expect("it is ours");
    hashes.push(hash(&root));
    fs::write(at("Cargo.lock"), "unlocked").expect("it is ours");
    hashes.push(hash(&root));
    // As a package, with nothing beside it.
    fs::remove_dir_all(at("crates/codegen")).expect("it is ours");
    hashes.push(hash(&root));
    let mut different = hashes.clone();
    different.sort_unstable();
    different.dedup();
    assert_eq!(different.len(), hashes.len(), "{hashes:032x?}");

    workspace(&root);
    fs::remove_file(at("crates/runtime/src/new.rs")).expect("it is ours");
    workspace(&copy);
    fs::write(copy.join("crates/types/src/lib.rs"), "of somebody else again").expect("it is ours");
    fs::write(copy.join("crates/runtime/src/lib.rs.swp"), "an editor's").expect("it is ours");
    assert_eq!((hash(&root), hash(&copy)), (hashes[0], hashes[0]), "only what is compiled counts, wherever it lies");
}
