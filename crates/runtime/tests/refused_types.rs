//! What the Rust compiler says of programs that pass the wrong types. Each file of `refused_types/` is one, and its lines `//~`
//! are what must be among that, in any order: the rest is the compiler's own, and changes with it.

use std::collections::HashMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The programs: name and text.
fn programs() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/refused_types");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &PathBuf| path.file_stem().unwrap().to_str().unwrap().to_string();
    let mut programs: Vec<_> = files.map(|path| (name(&path), fs::read_to_string(&path).unwrap())).collect();
    programs.sort();
    programs
}

/// Writes a package with an example for each program. It has a `target` of its own, and needs no compiler of wasm.
fn package(programs: &[(String, String)]) -> PathBuf {
    let runtime = Path::new(env!("CARGO_MANIFEST_DIR"));
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("refused-types");
    for folder in ["src", "examples"] {
        let _ = fs::remove_dir_all(package.join(folder));
        fs::create_dir_all(package.join(folder)).unwrap();
    }
    let mut manifest = String::from("[package]\nname = \"refused-types\"\nedition = \"2024\"\n\n[workspace]\n\n");
    let _ = write!(
        manifest,
        "[dependencies]\ngusset = {{ path = {runtime:?}, default-features = false, features = [\"derive\"] }}\n"
    );
    fs::write(package.join("Cargo.toml"), manifest).unwrap();
    fs::copy(runtime.join("../../Cargo.lock"), package.join("Cargo.lock")).unwrap();
    fs::write(package.join("src/lib.rs"), "").unwrap();
    for (name, text) in programs {
        fs::write(package.join(format!("examples/{name}.rs")), format!("{text}\nfn main() {{}}\n")).unwrap();
    }
    package
}

/// What the compiler says of each example of a package.
fn diagnostics(package: &Path) -> HashMap<String, String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["check", "--examples", "--keep-going", "--offline", "--color=never", "--manifest-path"]);
    cargo.arg(package.join("Cargo.toml")).arg("--target-dir").arg(package.join("target"));
    let said = String::from_utf8(cargo.output().unwrap().stderr).unwrap();
    let mut by_name: HashMap<String, String> = HashMap::new();
    for diagnostic in said.split("\n\n") {
        let place = diagnostic.split_once("--> examples/").and_then(|(_, place)| place.split_once(".rs:"));
        if let Some((name, _)) = place {
            by_name.entry(name.to_string()).or_default().push_str(diagnostic);
        }
    }
    assert!(!by_name.is_empty(), "{said}");
    by_name
}

#[test]
fn the_compiler_says_what_is_wanted_instead() {
    let programs = programs();
    let said = diagnostics(&package(&programs));
    let mut failures = String::new();
    for (name, text) in &programs {
        let said = said.get(name).map_or("", String::as_str);
        let wanted: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("//~ ")).collect();
        assert!(!wanted.is_empty(), "{name} says nothing of what is wanted");
        for wanted in wanted.iter().filter(|wanted| !said.contains(**wanted)) {
            let _ = writeln!(failures, "{name}: nothing says {wanted:?}, but:\n{said}");
        }
    }
    assert!(failures.is_empty(), "{failures}");
}
