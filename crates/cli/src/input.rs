//! Reading and compiling the component that a command is given.

use crate::error::EngineError;
use anyhow::{Context, Result, bail};
use gusset::{Component, Config, Engine};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The largest input that is read: more is no component that anybody made.
const MAX_INPUT: u64 = 1 << 30;

/// The engine with the program's settings.
pub(crate) fn engine() -> Result<Engine> {
    Engine::new(&Config::new()).map_err(EngineError::from).context("this machine cannot run the engine")
}

/// The component in the file at `path`, text or binary.
pub(crate) fn component(engine: &Engine, path: &Path) -> Result<Component> {
    let bytes = read(path)?;
    let shown = path.display();
    if bytes.is_empty() {
        bail!("{shown} is empty: it holds no component");
    }
    if is_core_module(&bytes) {
        bail!("{shown}: expected a component, found a core module");
    }
    Component::new(engine, &bytes).map_err(EngineError::from).with_context(|| format!("cannot compile {shown}"))
}

/// The bytes of the file at `path`.
fn read(path: &Path) -> Result<Vec<u8>> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("cannot read {shown}"))?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        bail!("cannot read {shown}: it is a directory");
    }
    let mut bytes = Vec::new();
    file.take(MAX_INPUT + 1).read_to_end(&mut bytes).with_context(|| format!("cannot read {shown}"))?;
    if bytes.len() as u64 > MAX_INPUT {
        bail!("{shown} is larger than {MAX_INPUT} bytes");
    }
    Ok(bytes)
}

/// Whether the bytes open a binary core module: its version has the layer 0, a component's the layer 1.
fn is_core_module(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\0asm\x01\0\0\0")
}
