//! Libraries and services: components that export functions of their own, which call preview1's.

use crate::command::CommandStore;
use crate::components::component;
use gusset::{Component, Engine, Linker, Store};
use gusset_wasi::{Input, MemoryFileSystem, Output, OutputBuffer, WasiConfig, p2};
use wit_component::StringEncoding;
use wit_parser::Resolve;

const WORLD: &str = "package a:b; world library { export echo: func() -> u32; }";

/// Copies what it reads to what it prints, up to 64 bytes, and returns how many, with the errors of what only some may do above.
const LIBRARY: &str = r#"(module
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $fd_prestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 1024) "\00\10\00\00\40\00\00\00")
  (func (export "echo") (result i32)
    (if (call $fd_read (i32.const 0) (i32.const 1024) (i32.const 1) (i32.const 1028)) (then (unreachable)))
    (if (call $fd_write (i32.const 1) (i32.const 1024) (i32.const 1) (i32.const 1032)) (then (unreachable)))
    (if (call $args_sizes_get (i32.const 1040) (i32.const 1044)) (then (unreachable)))
    (i32.or (i32.load (i32.const 1032)) (i32.or
      (i32.shl (call $fd_prestat_get (i32.const 3) (i32.const 1048)) (i32.const 8))
      (i32.shl (i32.load (i32.const 1040)) (i32.const 16))))))"#;

/// What the library returns and prints, given an argument and a directory.
fn echo(with: &str) -> (u32, String) {
    let mut module = wat::parse_str(LIBRARY).unwrap();
    let mut resolve = Resolve::default();
    let package = resolve.push_str("library.wit", WORLD).unwrap();
    let world = resolve.select_world(&[package], None).unwrap();
    wit_component::embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).unwrap();
    let engine = Engine::default();
    let component = Component::new(&engine, component(&module, with)).unwrap();
    let stdout = OutputBuffer::new(1 << 10);
    let mut config = WasiConfig::builder();
    config.arg("library").preopened_directory("/", MemoryFileSystem::new().root());
    config.stdin(Input::bytes("what is read")).stdout(Output::buffer(&stdout));
    let mut store = Store::new(&engine, CommandStore::new(&config.build().unwrap()));
    let mut linker = Linker::new(&engine);
    p2::add_to_linker(&mut linker).unwrap();
    let instance = linker.instantiate(&mut store, &component).unwrap();
    let echo = instance.get_typed_func::<(), (u32,)>(&mut store, "echo").unwrap();
    let (returned,) = echo.call(&mut store, ()).unwrap();
    (returned, String::from_utf8(stdout.contents()).unwrap())
}

#[test]
fn a_library_has_what_a_program_has() {
    assert_eq!(echo("reactor"), (12 | 1 << 16, "what is read".to_owned()));
}

#[test]
fn a_service_has_no_directories_and_no_arguments() {
    let badf = 8;
    assert_eq!(echo("proxy"), (12 | badf << 8, "what is read".to_owned()));
}
