//! Hashes the sources that decide what artefacts and compiled code look like: `SOURCES` in `src/artifact.rs`, by which builds of one version
//! are told apart. Where this crate is compiled as a package, there is its own source only, and its version, which wants exactly its own
//! of the others.

use std::path::{Path, PathBuf};
use std::{env, fs, io};
use twox_hash::XxHash3_128;

/// The crates beside this one whose sources decide, by their folders.
const PARTS: &[&str] = &["artifact", "codegen", "component", "fact", "types"];

fn main() {
    let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("Cargo tells"));
    let roots = roots(&package);
    for (_, path) in &roots {
        println!("cargo::rerun-if-changed={}", path.display());
    }
    println!("cargo::rerun-if-changed={}", package.join("build.rs").display());
    let hash = hash(&roots).unwrap_or_else(|error| panic!("the sources cannot be read: {error}"));
    println!("cargo::rustc-env=GUSSET_SOURCES={hash:032x}");
}

/// Files and folders that are hashed, each under a name that does not depend on where they lie.
pub fn roots(package: &Path) -> Vec<(String, PathBuf)> {
    let mut roots = vec![("runtime".to_string(), package.join("src"))];
    for part in PARTS {
        let folder = package.join("..").join(part);
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
        // Something else may have that name where packages lie side by side.
        if manifest.contains(&format!("name = \"gusset-{part}\"")) {
            roots.push((part.to_string(), folder.join("src")));
        }
    }
    // What they are built with. Whoever depends on them from elsewhere has versions of his own, but sees the same sources.
    let lock = package.join("../../Cargo.lock");
    if roots.len() > 1 && lock.is_file() {
        roots.push(("Cargo.lock".to_string(), lock));
    }
    roots
}

/// A hash over the names and contents of all files.
pub fn hash(roots: &[(String, PathBuf)]) -> io::Result<u128> {
    let mut files = Vec::new();
    for (name, path) in roots {
        collect(name, path, &mut files)?;
    }
    files.sort();
    let mut hasher = XxHash3_128::new();
    for (name, path) in files {
        let contents = fs::read(path)?;
        // Where each part ends is told, so that no two sets of files are the same bytes.
        for part in [name.as_bytes(), &contents] {
            hasher.write(&(part.len() as u64).to_le_bytes());
            hasher.write(part);
        }
    }
    Ok(hasher.finish_128())
}

/// Adds a file, or all sources of a folder: what an editor leaves beside them is none.
fn collect(name: &str, path: &Path, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    if !path.is_dir() {
        files.push((name.to_string(), path.to_path_buf()));
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        if path.is_dir() || path.extension().is_some_and(|extension| extension == "rs") {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            collect(&format!("{name}/{file}"), &path, files)?;
        }
    }
    Ok(())
}
