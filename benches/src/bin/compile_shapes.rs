//! How long compositions with many types or functions take to compile, and how much memory, Gusset beside Wasmtime with its
//! default settings. Each compilation has a process of its own, in turn; the table gives medians.
//!
//!     cargo run --release --bin compile_shapes -- [ROUNDS]

use anyhow::{Context, Result, bail};
use gusset_benches::compilations::{compare, compile_and_print, print_head};
use gusset_benches::shapes::shapes;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().collect();
    match &args[1..] {
        [one, engine, shape] if one == "--one" => compile_one(engine, shape.parse()?),
        [] => compare_all(15),
        [rounds] => compare_all(rounds.parse().context("ROUNDS is a number")?),
        _ => bail!("usage: compile_shapes [ROUNDS]"),
    }
}

fn compile_one(engine: &str, shape: usize) -> Result<()> {
    let wasm = wat::parse_str(&shapes()[shape].text)?;
    compile_and_print(|| {
        match engine {
            "gusset" => drop(gusset::Component::new(&gusset::Engine::default(), &wasm)?),
            _ => drop(wasmtime::component::Component::new(&wasmtime::Engine::default(), &wasm)?),
        }
        Ok(())
    })
}

fn compare_all(rounds: usize) -> Result<()> {
    print_head();
    for (number, shape) in shapes().iter().enumerate() {
        compare(shape.name, &number.to_string(), rounds)?;
    }
    Ok(())
}
