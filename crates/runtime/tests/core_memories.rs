//! Memories as host functions reach them: beside the host's data, by ranges, and as what the calling instance exports.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::core::{Caller, Func, Instance, Linker, Memory, MemoryAccessError, MemoryType, Module};
use gusset::{Context, Engine, Result, Store};

fn memory(store: &mut Store<String>) -> Result<Memory> {
    Memory::new(store, MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: 16 })
}

#[test]
fn bytes_and_data_at_once() -> Result<()> {
    let mut store = Store::new(&Engine::default(), String::from("host"));
    let memory = memory(&mut store)?;
    let (bytes, data) = memory.data_and_store_mut(&mut store);
    bytes[..4].copy_from_slice(data.as_bytes());
    data.push_str(" function");
    let copy = Func::wrap(&mut store, move |mut caller: Caller<'_, String>, at: u32| {
        let (bytes, data) = memory.data_and_store_mut(&mut caller);
        bytes[at as usize..][..data.len()].copy_from_slice(data.as_bytes());
        data.clear();
    });
    copy.typed::<u32, ()>(&store)?.call(&mut store, 8)?;
    assert_eq!((&memory.data(&store)[..22], store.data().as_str()), (&b"host\0\0\0\0host function\0"[..], ""));
    Ok(())
}

#[test]
fn ranges_are_in_the_memory_or_an_error() -> Result<()> {
    let mut store = Store::new(&Engine::default(), String::new());
    let memory = memory(&mut store)?;
    let size = 1 << 16;
    memory.write(&mut store, size - 3, b"end")?;
    for (offset, length) in [(size - 3, 3), (size - 1, 1), (size, 0), (0, 0)] {
        let mut buffer = vec![0; length];
        memory.read(&store, offset, &mut buffer)?;
        assert_eq!(buffer, memory.data(&store)[offset..][..length]);
        memory.write(&mut store, offset, &buffer)?;
    }
    for (offset, length) in [(size - 2, 3), (size, 1), (size + 1, 0), (usize::MAX, 1), (0, size + 1)] {
        let mut buffer = vec![7; length];
        let error = memory.read(&store, offset, &mut buffer).unwrap_err();
        assert_eq!((error.offset, error.length, error.size), (offset, length, size));
        assert!(buffer.iter().all(|&byte| byte == 7));
        assert_eq!(memory.write(&mut store, offset, &buffer), Err(error));
        let error = gusset::Error::from(error);
        assert!(error.is::<MemoryAccessError>());
        assert_eq!(error.to_string(), format!("{length} bytes at 0x{offset:x} are not all in a memory of 65536 bytes"));
    }
    assert_eq!(memory.data(&store)[size - 4..], *b"\0end");
    memory.grow(&mut store, 1)?;
    memory.write(&mut store, size - 2, b"more")?;
    Ok(())
}

/// A linker whose `host::first` returns the first byte of what the caller exports as "memory", and `host::other` of "other", or
/// -1 where that is no memory.
fn linker(engine: &Engine) -> Result<Linker<i32>> {
    let mut linker = Linker::new(engine);
    fn first(caller: &mut Caller<'_, i32>, name: &str) -> i32 {
        let memory = caller.get_memory(name);
        let exported = caller.get_export(name).and_then(|export| export.into_memory());
        assert_eq!(memory, exported);
        memory.map_or(-1, |memory| memory.data(&*caller)[0].into())
    }
    linker.func_wrap("host", "first", |mut caller: Caller<'_, i32>| first(&mut caller, "memory"))?;
    linker.func_wrap("host", "other", |mut caller: Caller<'_, i32>| first(&mut caller, "other"))?;
    linker.func_wrap("host", "both", |mut caller: Caller<'_, i32>| {
        let [memory, other] = ["memory", "other"].map(|name| first(&mut caller, name));
        100 * memory + other
    })?;
    linker.func_wrap("host", "keep", |mut caller: Caller<'_, i32>, value: i32| *caller.data_mut() = value)?;
    Ok(linker)
}

const IMPORTS: &str = r#"
    (import "host" "first" (func $first (result i32)))
    (import "host" "other" (func $other (result i32)))
    (import "host" "keep" (func $keep (param i32)))
    (func (export "call first") (result i32) (call $first))
    (func (export "call other") (result i32) (call $other))"#;

/// What the two functions say for an instance of a module with those imports and `rest`, three times each.
fn asked(store: &mut Store<i32>, linker: &Linker<i32>, rest: &str) -> Result<(Instance, [i32; 2])> {
    let module = Module::new(linker.engine(), format!("(module {IMPORTS} {rest})"))?;
    let instance = linker.instantiate(&mut *store, &module)?;
    let ask = |store: &mut Store<i32>, name: &str| -> Result<i32> {
        let func = instance.get_typed_func::<(), i32>(&mut *store, name)?;
        let answers = [func.call(&mut *store, ())?, func.call(&mut *store, ())?, func.call(&mut *store, ())?];
        assert_eq!(answers, [answers[0]; 3]);
        Ok(answers[0])
    };
    let answers = [ask(store, "call first")?, ask(store, "call other")?];
    Ok((instance, answers))
}

#[test]
fn a_closure_finds_the_memory_of_its_caller() -> Result<()> {
    let engine = Engine::default();
    let (mut store, linker) = (Store::new(&engine, 0), linker(&engine)?);
    let one = r#"(memory (export "memory") 1) (data (i32.const 0) "\01")"#;
    let two = r#"(memory (export "memory") 1) (data (i32.const 0) "\02") (export "other" (memory 0))"#;
    let (first, answers) = asked(&mut store, &linker, one)?;
    assert_eq!(answers, [1, -1]);
    let (_, answers) = asked(&mut store, &linker, two)?;
    assert_eq!(answers, [2, 2], "each instance has functions of its own");
    let again = first.get_typed_func::<(), i32>(&mut store, "call first")?;
    assert_eq!(again.call(&mut store, ())?, 1);
    first.get_memory(&mut store, "memory").context("it is exported")?.data_mut(&mut store)[0] = 9;
    assert_eq!(again.call(&mut store, ())?, 9);
    Ok(())
}

#[test]
fn what_is_no_memory_of_that_name_is_none() -> Result<()> {
    let engine = Engine::default();
    let (mut store, linker) = (Store::new(&engine, 0), linker(&engine)?);
    for rest in [
        "",
        "(memory 1)",
        r#"(memory 1) (global (export "memory") i32 (i32.const 1))"#,
        r#"(func (export "memory"))"#,
        r#"(table (export "memory") 1 funcref) (memory (export "mem") 1)"#,
    ] {
        let (_, answers) = asked(&mut store, &linker, rest)?;
        assert_eq!(answers, [-1, -1], "{rest}");
    }
    Ok(())
}

#[test]
fn an_imported_memory_that_is_exported_again() -> Result<()> {
    let engine = Engine::default();
    let (mut store, mut linker) = (Store::new(&engine, 0), linker(&engine)?);
    let rest = r#"(memory (export "memory") 1) (data (i32.const 0) "\05")"#;
    let (owner, _) = asked(&mut store, &linker, rest)?;
    let owned = owner.get_export(&mut store, "memory").context("it is exported")?;
    linker.define("owner", "memory", owned.clone())?;
    let module = Module::new(
        &engine,
        format!(r#"(module (import "owner" "memory" (memory 1)) {IMPORTS} (export "memory" (memory 0)))"#),
    )?;
    let instance = linker.instantiate(&mut store, &module)?;
    let first = instance.get_typed_func::<(), i32>(&mut store, "call first")?;
    assert_eq!(first.call(&mut store, ())?, 5);
    owned.into_memory().context("it is one")?.data_mut(&mut store)[0] = 6;
    assert_eq!(first.call(&mut store, ())?, 6);
    Ok(())
}

#[test]
fn a_start_function_finds_its_memory() -> Result<()> {
    let engine = Engine::default();
    let (mut store, linker) = (Store::new(&engine, 0), linker(&engine)?);
    let rest = r#"(memory (export "memory") 1) (data (i32.const 0) "\07")
        (func $start (call $keep (call $first)) (i32.store8 (i32.const 0) (i32.const 8)))
        (start $start)"#;
    let (_, answers) = asked(&mut store, &linker, rest)?;
    assert_eq!((*store.data(), answers), (7, [8, -1]));
    Ok(())
}

/// An instance whose start function fails has handed out functions before: they stand for it, and not for the next one.
#[test]
fn an_instance_that_was_never_finished_keeps_its_memory() -> Result<()> {
    let engine = Engine::default();
    let (mut store, mut linker) = (Store::new(&engine, 0), linker(&engine)?);
    let (table, _) = asked(
        &mut store,
        &linker,
        r#"(table (export "table") 1 funcref)
        (type $f (func (result i32)))
        (func (export "call") (result i32) (call_indirect (type $f) (i32.const 0)))"#,
    )?;
    let shared = table.get_export(&mut store, "table").context("it is exported")?;
    linker.define("owner", "table", shared)?;
    let module = |byte: u8, start: &str| {
        Module::new(
            &engine,
            format!(
                r#"(module (import "owner" "table" (table 1 funcref)) {IMPORTS}
            (memory (export "memory") 1) (data (i32.const 0) "\{byte:02x}") {start})"#
            ),
        )
    };
    let failing = module(3, r#"(elem (i32.const 0) $first) (func $fail unreachable) (start $fail)"#)?;
    assert!(linker.instantiate(&mut store, &failing).is_err());
    let next = linker.instantiate(&mut store, &module(4, "")?)?;
    let call = table.get_typed_func::<(), i32>(&mut store, "call")?;
    assert_eq!((call.call(&mut store, ())?, call.call(&mut store, ())?), (3, 3));
    assert_eq!(next.get_typed_func::<(), i32>(&mut store, "call first")?.call(&mut store, ())?, 4);
    Ok(())
}

#[test]
fn two_names_in_one_closure() -> Result<()> {
    let engine = Engine::default();
    let (mut store, linker) = (Store::new(&engine, 0), linker(&engine)?);
    let text = r#"(module (import "host" "both" (func $both (result i32)))
        (import "host" "keep" (func (param i32)))
        (memory (export "other") 1) (data (i32.const 0) "\03")
        (export "memory" (memory 0))
        (func (export "run") (result i32) (call $both)))"#;
    let instance = linker.instantiate(&mut store, &Module::new(&engine, text)?)?;
    let run = instance.get_typed_func::<(), i32>(&mut store, "run")?;
    assert_eq!((run.call(&mut store, ())?, run.call(&mut store, ())?), (303, 303));
    Ok(())
}

#[test]
fn who_is_made_for_no_instance_finds_none() -> Result<()> {
    let engine = Engine::default();
    let (mut store, linker) = (Store::new(&engine, 0), linker(&engine)?);
    let first = linker.get(&mut store, "host", "first")?.and_then(|item| item.into_func()).context("it is one")?;
    assert_eq!(first.typed::<(), i32>(&store)?.call(&mut store, ())?, -1);
    let wrapped = Func::wrap(&mut store, |mut caller: Caller<'_, i32>| {
        i32::from(caller.instance().is_none() && caller.get_memory("memory").is_none())
    });
    assert_eq!(wrapped.typed::<(), i32>(&store)?.call(&mut store, ())?, 1);
    Ok(())
}
