//! Reading and compiling the component that a command is given.

use anyhow::{Context, Result, bail};
use gusset::{Component, Config, Engine};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The largest binary component that is read, in bytes.
const MAX_BINARY: u64 = 512 << 20;

/// The largest component that is read as text, in bytes: parsing takes many times as much memory.
const MAX_TEXT: u64 = 64 << 20;

/// How many bytes are looked at before the rest is read.
const FIRST_BYTES: u64 = 4096;

/// The engine with the program's settings.
pub(crate) fn engine() -> Result<Engine> {
    Engine::new(&Config::new()).context("this machine cannot run the engine")
}

/// The component in the file at `path`, text or binary.
pub(crate) fn component(engine: &Engine, path: &Path) -> Result<Component> {
    let bytes = read(path)?;
    let shown = path.display();
    if bytes.is_empty() {
        bail!("{shown} is empty: it holds no component");
    }
    Component::new(engine, &bytes).with_context(|| format!("cannot compile {shown}"))
}

/// The bytes of the file at `path`.
fn read(path: &Path) -> Result<Vec<u8>> {
    let shown = path.display();
    let mut file = File::open(path).with_context(|| format!("cannot read {shown}"))?;
    let metadata = file.metadata().with_context(|| format!("cannot read {shown}"))?;
    if metadata.is_dir() {
        bail!("cannot read {shown}: it is a directory");
    }
    let mut bytes = Vec::new();
    let mut read = |bytes: &mut Vec<u8>, most: u64| {
        (&mut file).take(most).read_to_end(bytes).with_context(|| format!("cannot read {shown}"))
    };
    read(&mut bytes, FIRST_BYTES)?;
    let limit = limit(&bytes).with_context(|| format!("cannot read {shown}"))?;
    // Devices and pipes do not tell their size.
    if metadata.len() <= limit {
        let rest = limit + 1 - bytes.len() as u64;
        read(&mut bytes, rest)?;
    }
    if metadata.len().max(bytes.len() as u64) > limit {
        bail!("{shown} is larger than {} MiB, the limit for such a file", limit >> 20);
    }
    Ok(bytes)
}

/// How large a file with these first bytes may be. What cannot be a component has no need to be read.
fn limit(first_bytes: &[u8]) -> Result<u64> {
    if is_core_module(first_bytes) {
        bail!(
            "expected a component, found a core module; `wasm-tools component new` makes a component of one whose imports \
             and exports fit"
        );
    }
    if first_bytes.starts_with(b"\0asm") {
        return Ok(MAX_BINARY);
    }
    // A comment may hold zeros, but no text starts with one.
    if first_bytes.first() == Some(&0) {
        bail!("it is neither a binary component nor text");
    }
    Ok(MAX_TEXT)
}

/// Whether the bytes open a binary core module: its version has the layer 0, a component's the layer 1.
fn is_core_module(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\0asm\x01\0\0\0")
}
