//! What `crates/wasi-adapter` is built to, as bytes: core modules that stand for `wasi_snapshot_preview1` in a component of WASI 0.2.
//!
//! **Internal.** No promise is made of this crate; it is a package for what depends on it.
#![forbid(unsafe_code)]

/// For a program, which exports `_start`: the component exports `wasi:cli/run`.
pub const COMMAND: &[u8] = include_bytes!("../command.wasm");

/// For a library.
pub const REACTOR: &[u8] = include_bytes!("../reactor.wasm");

/// For a library that may import only what `wasi:http/proxy` has.
pub const PROXY: &[u8] = include_bytes!("../proxy.wasm");
