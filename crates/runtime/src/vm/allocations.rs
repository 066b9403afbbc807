//! What calls between the host and a guest ask for of the host's memory: nothing but the strings and lists that the host gets, one block each.

use crate::{Component, Engine, Error, Linker, Store, Val};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, which counts what each thread asks for.
struct CountingAllocator;

// SAFETY: V7: the count is the thread's; the system's allocator does the rest.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: V7: as the caller says.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: V7: as the caller says.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// How many blocks ten calls ask for, after one that may prepare something.
fn blocks_of_ten(mut call: impl FnMut() -> Result<(), Error>) -> Result<usize, Error> {
    call()?;
    let before = ALLOCATIONS.get();
    for _ in 0..10 {
        call()?;
    }
    Ok(ALLOCATIONS.get() - before)
}

/// The same functions are exported, and imported and called: `add`, `pass` of a list, `give` of one.
const TEXT: &str = r#"(component
    (import "host-add" (func $add (param "a" u32) (param "b" u32) (result u32)))
    (import "host-pass" (func $pass (param "list" (list u8)) (result u32)))
    (import "host-give" (func $give (result string)))
    (core module $libc (memory (export "memory") 2)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
    (core instance $libc (instantiate $libc))
    (alias core export $libc "memory" (core memory $memory))
    (alias core export $libc "realloc" (core func $realloc))
    (core func $add (canon lower (func $add)))
    (core func $pass (canon lower (func $pass) (memory $memory)))
    (core func $give (canon lower (func $give) (memory $memory) (realloc $realloc)))
    (core module $m
      (import "libc" "memory" (memory 2))
      (import "host" "add" (func $add (param i32 i32) (result i32)))
      (import "host" "pass" (func $pass (param i32 i32) (result i32)))
      (import "host" "give" (func $give (param i32)))
      (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
      (func (export "pass") (param i32 i32) (result i32) (i32.load8_u (local.get 0)))
      (func (export "give") (result i32)
        (i64.store (i32.const 512) (i64.const 0x0000_0040_0000_0400)) (i32.const 512))
      (func (export "done") (param i32))
      (func (export "call-add") (result i32) (call $add (i32.const 40) (i32.const 2)))
      (func (export "call-pass") (result i32) (call $pass (i32.const 2048) (i32.const 100)))
      (func (export "call-give") (result i32) (call $give (i32.const 512)) (i32.load (i32.const 516))))
    (core instance $i (instantiate $m (with "libc" (instance $libc)) (with "host" (instance
      (export "add" (func $add)) (export "pass" (func $pass)) (export "give" (func $give))))))
    (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "add")))
    (func (export "pass") (param "list" (list u8)) (result u32)
      (canon lift (core func $i "pass") (memory $memory) (realloc $realloc)))
    (func (export "give") (result string)
      (canon lift (core func $i "give") (memory $memory) (post-return (core func $i "done"))))
    (func (export "call-add") (result u32) (canon lift (core func $i "call-add")))
    (func (export "call-pass") (result u32) (canon lift (core func $i "call-pass")))
    (func (export "call-give") (result u32) (canon lift (core func $i "call-give"))))"#;

#[test]
fn typed_calls_allocate_what_they_return_alone() -> Result<(), Error> {
    let engine = Engine::default();
    let component = Component::new(&engine, TEXT)?;
    let mut linker = Linker::<u32>::new(&engine);
    linker.root().func_wrap("host-add", |_, (a, b): (u32, u32)| Ok((a + b,)))?;
    linker.root().func_wrap("host-pass", |_, (list,): (Vec<u8>,)| Ok((list.len() as u32,)))?;
    // It has been made before.
    linker.root().func_wrap("host-give", |_, (): ()| Ok(("a text",)))?;
    let mut store = Store::new(&engine, 0);
    let instance = linker.instantiate(&mut store, &component)?;
    let add = instance.get_typed_func::<(u32, u32), (u32,)>(&mut store, "add")?;
    let pass = instance.get_typed_func::<(&[u8],), (u32,)>(&mut store, "pass")?;
    let give = instance.get_typed_func::<(), (String,)>(&mut store, "give")?;
    assert_eq!(blocks_of_ten(|| add.call(&mut store, (40, 2)).map(|sum| assert_eq!(sum, (42,))))?, 0);
    assert_eq!(blocks_of_ten(|| pass.call(&mut store, (&[7; 4096],)).map(|first| assert_eq!(first, (7,))))?, 0);
    assert_eq!(blocks_of_ten(|| give.call(&mut store, ()).map(|(text,)| assert_eq!(text.len(), 64)))?, 10);
    for (name, result, blocks) in [("call-add", 42, 0), ("call-pass", 100, 10), ("call-give", 6, 0)] {
        let func = instance.get_typed_func::<(), (u32,)>(&mut store, name)?;
        let found = blocks_of_ten(|| func.call(&mut store, ()).map(|found| assert_eq!(found, (result,))))?;
        assert_eq!(found, blocks, "{name}");
    }
    Ok(())
}

#[test]
fn numbers_by_value_allocate_nothing() -> Result<(), Error> {
    let engine = Engine::default();
    let component = Component::new(&engine, TEXT)?;
    let mut linker = Linker::<()>::new(&engine);
    linker.root().func_new("host-add", |_, params, results| {
        let [Val::U32(a), Val::U32(b)] = params else { unreachable!("linking compared the types") };
        results[0] = Val::U32(a + b);
        Ok(())
    })?;
    linker.define_unknown_imports_as_traps(&component)?;
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &component)?;
    let mut results = [Val::Bool(false)];
    let add = instance.get_func(&mut store, "add").expect("it is exported");
    assert_eq!(blocks_of_ten(|| add.call(&mut store, &[Val::U32(40), Val::U32(2)], &mut results))?, 0);
    assert_eq!(results, [Val::U32(42)]);
    let func = instance.get_typed_func::<(), (u32,)>(&mut store, "call-add")?;
    assert_eq!(blocks_of_ten(|| func.call(&mut store, ()).map(|found| assert_eq!(found, (42,))))?, 0);
    Ok(())
}
