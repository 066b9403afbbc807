//! Whether the built adapters are what their sources make, wherever there is a compiler that can tell.

use crate::adapter;
use gusset_wasi_adapter_tests::{ADAPTERS, folder, shape};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Whether a compiler has the core library for the adapters' target.
fn has_target(compiler: &str) -> bool {
    let mut command = Command::new(compiler);
    command.args(["--print", "target-libdir", "--target", "wasm32-unknown-unknown"]);
    let Ok(output) = command.output() else { return false };
    let libraries = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success() && Path::new(&libraries).is_dir()
}

#[test]
fn sources_make_what_is_built() {
    let compiler = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    if !has_target(&compiler) {
        println!("not run: {compiler} has no core library for wasm32-unknown-unknown");
        return;
    }
    let made = tempfile::tempdir().unwrap();
    let mut build = Command::new("sh");
    build.arg("./build.sh").current_dir(folder()).env("RUSTC", &compiler).env("OUT", made.path());
    // What tests are run with is not for guests.
    build
        .env("FINISH", env!("CARGO_BIN_EXE_wasi-adapter-finish"))
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    let output = build.output().expect("there is sh");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let version = |of: &Path| fs::read_to_string(of.join("compiler.txt")).unwrap();
    let same_compiler = version(made.path()) == version(&folder().join("built"));
    for name in ADAPTERS {
        let rebuilt = fs::read(made.path().join(format!("{name}.wasm"))).unwrap();
        if same_compiler {
            assert!(rebuilt == adapter(name), "{name}.wasm is not what its sources make: run build.sh");
        }
        // Another compiler makes other code of the same functions.
        let [of_sources, built] = [&rebuilt, &adapter(name)].map(|bytes| shape(bytes).unwrap());
        let sorted = |mut names: Vec<String>| {
            names.sort();
            names
        };
        assert_eq!(sorted(of_sources.imports), sorted(built.imports), "{name}");
        assert_eq!(sorted(of_sources.exports), sorted(built.exports), "{name}");
        assert_eq!(of_sources.globals, built.globals, "{name}");
    }
}
