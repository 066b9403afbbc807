//! What it costs to load a component from its artefact, beside the peer: only that, and with a first instance. Both compile FILE once and write
//! what they made beside it.
//!
//!     cargo run --release --bin artifacts -- FILE.wasm [ROUNDS]

use anyhow::{Context, Result};
use gusset_benches::{Contender, measure, print};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let file = args.next().context("usage: artifacts FILE.wasm [ROUNDS]")?;
    let rounds = args.next().map_or(Ok(41), |rounds| rounds.parse())?;
    let file = Path::new(&file);
    let (ours, theirs) = (file.with_extension("gusset"), file.with_extension("cwasm"));
    let engine = gusset::Engine::default();
    let peer = wasmtime::Engine::default();
    if !ours.exists() {
        fs::write(&ours, engine.precompile_component(fs::read(file)?)?)?;
    }
    if !theirs.exists() {
        fs::write(&theirs, peer.precompile_component(&fs::read(file)?)?)?;
    }
    println!("{} bytes, and the peer's {}", fs::metadata(&ours)?.len(), fs::metadata(&theirs)?.len());

    for instantiate in [false, true] {
        let (engine, peer, ours, theirs) = (engine.clone(), peer.clone(), ours.clone(), theirs.clone());
        let gusset = move || timed(|| load(&engine, &ours, instantiate));
        let wasmtime = move || timed(|| load_peer(&peer, &theirs, instantiate));
        let mut contenders = [
            Contender { name: "gusset".into(), run: Box::new(gusset) },
            Contender { name: "wasmtime".into(), run: Box::new(wasmtime) },
        ];
        let what = if instantiate { "deserialize_file, instantiate, drop both" } else { "deserialize_file, drop" };
        print(&format!("{what}: {}", file.display()), &measure(&mut contenders, rounds, 1));
    }
    Ok(())
}

fn timed(work: impl FnOnce() -> Result<()>) -> Duration {
    let start = Instant::now();
    work().unwrap_or_else(|error| panic!("{error:?}"));
    start.elapsed()
}

fn load(engine: &gusset::Engine, path: &Path, instantiate: bool) -> Result<()> {
    // SAFETY: `main` wrote the file, or an earlier run.
    let component = unsafe { gusset::Component::deserialize_file(engine, path)? };
    if instantiate {
        let mut linker = gusset::Linker::<()>::new(engine);
        linker.define_unknown_imports_as_traps(&component)?;
        linker.instantiate(gusset::Store::new(engine, ()), &component)?;
    }
    Ok(())
}

fn load_peer(engine: &wasmtime::Engine, path: &Path, instantiate: bool) -> Result<()> {
    // SAFETY: as above.
    let component = unsafe { wasmtime::component::Component::deserialize_file(engine, path)? };
    if instantiate {
        let mut linker = wasmtime::component::Linker::<()>::new(engine);
        linker.define_unknown_imports_as_traps(&component)?;
        linker.instantiate(wasmtime::Store::new(engine, ()), &component)?;
    }
    Ok(())
}
