//! How long files take to compile, and how much memory, Gusset beside Wasmtime: modules and components, both engines with their default
//! settings and all processors. Each compilation has a process of its own, in turn; the table gives medians.
//!
//!     cargo run --release --bin compile_modules -- [--rounds ROUNDS] FILE.wasm...

use anyhow::{Context, Result, bail};
use gusset_benches::compilations::{compare, compile_and_print, print_head};
use std::path::Path;

const USAGE: &str = "usage: compile_modules [--rounds ROUNDS] FILE.wasm...";

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().collect();
    match &args[1..] {
        [one, engine, file] if one == "--one" => compile_one(engine, file),
        [flag, rounds, files @ ..] if flag == "--rounds" && !files.is_empty() => {
            compare_all(files, rounds.parse().context("ROUNDS is a number")?)
        }
        files if !files.is_empty() && !files[0].starts_with('-') => compare_all(files, 5),
        _ => bail!(USAGE),
    }
}

fn compile_one(engine: &str, file: &str) -> Result<()> {
    let wasm = std::fs::read(file)?;
    // The version of the binary format: components have one of their own.
    let is_component = wasm.get(4..8).is_some_and(|version| version != [1, 0, 0, 0]);
    compile_and_print(|| {
        match (engine, is_component) {
            ("gusset", false) => drop(gusset::core::Module::new(&gusset::Engine::default(), &wasm)?),
            ("gusset", true) => drop(gusset::Component::new(&gusset::Engine::default(), &wasm)?),
            (_, false) => drop(wasmtime::Module::new(&wasmtime::Engine::default(), &wasm)?),
            (_, true) => drop(wasmtime::component::Component::new(&wasmtime::Engine::default(), &wasm)?),
        }
        Ok(())
    })
}

fn compare_all(files: &[String], rounds: usize) -> Result<()> {
    if rounds == 0 {
        bail!("ROUNDS is at least 1");
    }
    print_head();
    for file in files {
        let bytes = std::fs::metadata(file).with_context(|| format!("there is no {file}"))?.len();
        let name = Path::new(file).file_name().and_then(|name| name.to_str()).context("names of files are UTF-8")?;
        compare(&format!("{name}, {:.2} MB", bytes as f64 / 1e6), file, rounds)?;
    }
    Ok(())
}
