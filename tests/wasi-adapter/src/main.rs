//! `wasi-adapter-finish WORLD FROM TO`: makes an adapter of what the compiler left in a file.

#![forbid(unsafe_code)]

use anyhow::{Context, Result, bail};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [world, from, to] = &arguments[..] else { bail!("usage: wasi-adapter-finish WORLD FROM TO") };
    let compiled = std::fs::read(from).with_context(|| format!("cannot read {from}"))?;
    let adapter = gusset_wasi_adapter_tests::finish(&compiled, world, &gusset_wasi_adapter_tests::folder())
        .with_context(|| format!("{from} does not become the adapter `{world}`"))?;
    println!("{}", gusset_wasi_adapter_tests::shape(&adapter)?);
    std::fs::write(to, adapter).with_context(|| format!("cannot write {to}"))
}
