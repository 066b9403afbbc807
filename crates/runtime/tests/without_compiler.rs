//! A host without a compiler: what it depends on, and that it runs what was compiled elsewhere. It is a package of its own, made of
//! `without_compiler/checks.rs` and of the example `examples/artifact-host`.
#![cfg(all(feature = "compile", feature = "wat"))]

use crate::artifacts::COMPOSITION;
use gusset::{Engine, Result};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// `realloc` that only moves forward, and a memory.
const LIBC: &str = r#"
    (core module $libc
      (memory (export "mem") 1)
      (global $next (mut i32) (i32.const 1024))
      (func (export "realloc") (param i32 i32 i32 i32) (result i32)
        (global.get $next) (global.set $next (i32.add (global.get $next) (i32.add (local.get 3) (i32.const 1))))))
    (core instance $libc (instantiate $libc))
    (alias core export $libc "mem" (core memory $mem))
    (alias core export $libc "realloc" (core func $realloc))"#;

/// A byte behind each text is free: `shout` puts an exclamation mark there.
fn lib() -> String {
    format!(
        r#"(component {LIBC}
          (core module $m
            (import "" "mem" (memory 1))
            (func (export "shout") (param i32 i32) (result i32)
              (i32.store (i32.const 16) (local.get 0))
              (i32.store (i32.const 20) (i32.add (local.get 1) (i32.const 1)))
              (i32.store8 (i32.add (local.get 0) (local.get 1)) (i32.const 0x21))
              (i32.const 16)))
          (core instance $i (instantiate $m (with "" (instance (export "mem" (memory $mem))))))
          (func (export "shout") (param "text" string) (result string)
            (canon lift (core func $i "shout") (memory $mem) (realloc $realloc))))"#
    )
}

fn app() -> String {
    format!(
        r#"(component
          (import "shout" (func $shout (param "text" string) (result string)))
          {LIBC}
          (core func $shout (canon lower (func $shout) (memory $mem) (realloc $realloc)))
          (core module $m
            (import "" "shout" (func $shout (param i32 i32 i32)))
            (func (export "run") (param i32 i32) (result i32)
              (call $shout (local.get 0) (local.get 1) (i32.const 32)) (i32.const 32)))
          (core instance $i (instantiate $m (with "" (instance (export "shout" (func $shout))))))
          (func (export "run") (param "text" string) (result string)
            (canon lift (core func $i "run") (memory $mem) (realloc $realloc))))"#
    )
}

/// A component whose one import the example has.
fn logging() -> String {
    format!(
        r#"(component
          (import "host" (instance $host (export "log" (func (param "text" string)))))
          {LIBC}
          (core func $log (canon lower (func $host "log") (memory $mem)))
          (core module $m
            (import "" "log" (func $log (param i32 i32)))
            (func (export "say") (param i32 i32) (result i32) (call $log (local.get 0) (local.get 1)) (local.get 1)))
          (core instance $i (instantiate $m (with "" (instance (export "log" (func $log))))))
          (func (export "say") (param "text" string) (result u32)
            (canon lift (core func $i "say") (memory $mem) (realloc $realloc))))"#
    )
}

const CALLER: &str = r#"(module
  (type $op (func (param i64 f64) (result f64)))
  (import "host" "table" (table 2 funcref))
  (func (export "call") (param i32 i64 f64) (result f64)
    (call_indirect (type $op) (local.get 1) (local.get 2) (local.get 0))))"#;

/// A program for WASI preview1 that prints, and exits with 7.
const PROGRAM: &str = r#"(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\10\00\00\00\06\00\00\00") (data (i32.const 16) "hello\0a")
  (func (export "_start")
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    (call $exit (i32.const 7))))"#;

/// The folder of the workspace.
fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Writes a package of both programs, with a `target` of its own.
fn package() -> PathBuf {
    let (runtime, workspace) = (Path::new(env!("CARGO_MANIFEST_DIR")), workspace());
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("without-compiler");
    fs::create_dir_all(&package).unwrap();
    let mut manifest = String::from("[package]\nname = \"without-compiler\"\nedition = \"2024\"\n\n[workspace]\n\n");
    let _ = write!(
        manifest,
        "[dependencies]\ngusset = {{ path = {runtime:?}, default-features = false }}\ngusset-wasi = {{ path = {:?} }}\n\n",
        runtime.join("../wasi")
    );
    let checks = runtime.join("tests/without_compiler/checks.rs");
    for (name, path) in [("checks", checks), ("artifact-host", workspace.join("examples/artifact-host/src/main.rs"))] {
        let _ = write!(manifest, "[[bin]]\nname = {name:?}\npath = {path:?}\n\n");
    }
    // Whoever builds is not kept waiting by what is as it was.
    if fs::read_to_string(package.join("Cargo.toml")).ok().as_ref() != Some(&manifest) {
        fs::write(package.join("Cargo.toml"), manifest).unwrap();
    }
    fs::copy(workspace.join("Cargo.lock"), package.join("Cargo.lock")).unwrap();
    package
}

/// Runs a program to its end: its exit code, and what it printed.
fn run(command: &mut Command) -> (Option<i32>, String, String) {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn artefacts_run_without_a_compiler() -> Result<()> {
    let package = package();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--offline", "--color=never", "--manifest-path"]).arg(package.join("Cargo.toml"));
    let (built, _, said) = run(cargo.arg("--target-dir").arg(package.join("target")));
    assert_eq!(built, Some(0), "{said}");

    let engine = Engine::default();
    let (lib, app, logging) = (lib(), app(), logging());
    for (name, text) in [("composition", COMPOSITION), ("lib", &*lib), ("app", &*app), ("logging", &*logging)] {
        fs::write(package.join(format!("{name}.gusset")), engine.precompile_component(text)?)?;
    }
    for (name, text) in [("caller", CALLER), ("program", PROGRAM)] {
        fs::write(package.join(format!("{name}.gusset")), engine.precompile_module(text)?)?;
    }
    let (ended, _, said) = run(Command::new(package.join("target/debug/checks")).arg(&package));
    assert_eq!(ended, Some(0), "{said}");

    let host = || Command::new(package.join("target/debug/artifact-host"));
    let outcome = run(host().arg(package.join("logging.gusset")).arg(r#"say("good morning")"#));
    assert_eq!(outcome, (Some(0), "good morning\n12\n".into(), String::new()));
    let outcome = run(host().arg(package.join("program.gusset")).arg("ignored"));
    assert_eq!(outcome, (Some(7), "hello\n".into(), String::new()));
    let (ended, _, said) = run(host().arg(package.join("Cargo.toml")));
    assert!(ended == Some(1) && said.contains("is no artefact of Gusset"), "{said}");
    Ok(())
}

#[test]
fn nothing_that_parses_encodes_or_compiles_is_needed() {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args([
        "tree",
        "--offline",
        "--prefix=none",
        "--no-dedupe",
        "--package=gusset",
        "--package=gusset-wasi",
        "--no-default-features",
        "--edges=normal",
    ]);
    let (ended, tree, said) = run(cargo.current_dir(workspace()));
    assert_eq!(ended, Some(0), "{said}");
    let crates: Vec<&str> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(crates.contains(&"gusset-artifact"), "{tree}");
    let unwanted = |name: &&&str| {
        let families = ["cranelift", "regalloc", "wasmparser", "wasm-encoder", "wasmprinter"];
        let own = ["wat", "wast", "gusset-codegen", "gusset-component", "gusset-fact", "gusset-text"];
        families.iter().any(|family| name.starts_with(family)) || own.contains(*name)
    };
    assert_eq!(crates.iter().find(unwanted), None, "{tree}");
}
