//! A component that cannot be made leaves nothing in its store nor in the pool, unless somebody may have seen some of it.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::{
    Component, Config, Engine, Error, Func, Instance, LimitExceeded, LimitKind, Linker, PoolExhausted, PoolingConfig,
    Result, Store, StoreContextMut, StoreLimits, StoreLimitsBuilder, Trap, TrapCode,
};

/// An engine with so many of everything, and adapters of links or none.
fn engine(count: u32, link_adapters: bool) -> Result<Engine> {
    let mut pool = PoolingConfig::new();
    pool.total_core_instances(count).total_memories(count).total_tables(count);
    Engine::new(Config::new().allocation_strategy(pool).link_adapters(link_adapters))
}

fn is_out_of_bounds(error: &Error) -> bool {
    error.downcast_ref::<Trap>().map(Trap::code) == Some(TrapCode::MemoryOutOfBounds)
}

/// A module whose memory and table another one writes to, before a segment of that one does not fit. `before` stands before it, and `start`
/// is run when the first one is made.
fn failing(before: &str, start: &str) -> String {
    format!(
        r#"(component {before}
          (type $r (resource (rep i32)))
          (core func $new (canon resource.new $r))
          (core module $a
            (memory (export "m") 1) (table (export "t") 4 funcref) (global (export "g") (mut i32) (i32.const 0))
            (func $f (export "f")) (elem (table 0) (i32.const 0) func $f) {start})
          (core instance $a (instantiate $a))
          (core module $b
            (import "a" "m" (memory 1)) (import "a" "t" (table 4 funcref)) (import "a" "f" (func $f))
            (import "a" "g" (global (mut i32))) (import "" "new" (func (param i32) (result i32)))
            (memory 1) (table 3 funcref)
            (func $g) (elem (table 0) (i32.const 1) func $g $f) (data (memory 0) (i32.const 65535) "ab"))
          (core instance $b (instantiate $b (with "a" (instance $a)) (with "" (instance (export "new" (func $new)))))))"#
    )
}

/// Takes a text by `realloc`.
const SERVICE: &str = r#"(component
  (core module $m
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 16))
    (func (export "length") (param i32 i32) (result i32) (local.get 1)))
  (core instance $i (instantiate $m))
  (func (export "length") (param "text" string) (result u32)
    (canon lift (core func $i "length") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))"#;

/// Passes texts to the service; at the end comes `after`.
fn program(after: &str) -> String {
    format!(
        r#"(component
          (import "length" (func $length (param "text" string) (result u32)))
          (type $own (resource (rep i32)))
          (core module $libc (memory (export "memory") 1))
          (core instance $libc (instantiate $libc))
          (core func $length (canon lower (func $length) (memory (core memory $libc "memory"))))
          (core module $m
            (import "" "length" (func $length (param i32 i32) (result i32)))
            (func (export "run") (param i32) (result i32) (call $length (i32.const 0) (local.get 0))))
          (core instance $m (instantiate $m (with "" (instance (export "length" (func $length))))))
          {after}
          (func (export "run") (param "n" u32) (result u32) (canon lift (core func $m "run"))))"#
    )
}

/// A module that cannot be made.
const TOO_LONG: &str =
    r#"(core module $bad (memory 1) (data (i32.const 65535) "ab")) (core instance (instantiate $bad))"#;

fn number<T: 'static>(store: &mut Store<T>, instance: Instance, name: &str, n: u32) -> Result<u32> {
    Ok(instance.get_typed_func::<(u32,), (u32,)>(&mut *store, name)?.call(&mut *store, (n,))?.0)
}

#[test]
fn a_store_that_tries_again_keeps_its_pool() -> Result<()> {
    let engine = engine(8, true)?;
    let fails = Linker::new(&engine).instantiate_pre(&Component::new(&engine, failing("", ""))?)?;
    let works = Linker::new(&engine).instantiate_pre(&Component::new(&engine, SERVICE)?)?;
    let mut store = Store::new(&engine, ());
    let service = works.instantiate(&mut store)?;
    let before = store.host_bytes();
    for round in 0..1000 {
        let error = fails.instantiate(&mut store).unwrap_err();
        assert!(is_out_of_bounds(&error), "{round}: {error:?}");
        assert_eq!(store.host_bytes(), before, "{round}");
    }
    // What is left of the pool is all but what the service has.
    for _ in 1..8 {
        works.instantiate(&mut store)?;
    }
    assert!(works.instantiate(&mut store).is_err_and(|error| error.is::<PoolExhausted>()));
    let length = service.get_typed_func::<(String,), (u32,)>(&mut store, "length")?;
    assert_eq!(length.call(&mut store, ("text".into(),))?, (4,));
    Ok(())
}

/// The instance that it was linked with stays as it was, adapters or not.
#[test]
fn the_instances_that_it_was_linked_with_stay() -> Result<()> {
    for link_adapters in [true, false] {
        let engine = engine(12, link_adapters)?;
        let mut store = Store::new(&engine, ());
        let service = Linker::new(&engine).instantiate(&mut store, &Component::new(&engine, SERVICE)?)?;
        let mut linker = Linker::new(&engine);
        let length = service.get_func(&mut store, "length").expect("it is exported");
        linker.root().define_func(&store, "length", length)?;
        let fails = linker.instantiate_pre(&Component::new(&engine, program(TOO_LONG))?)?;
        let works = linker.instantiate_pre(&Component::new(&engine, program(""))?)?;
        let before = store.host_bytes();
        let mut made = Vec::new();
        for _ in 0..2 {
            for _ in 0..50 {
                assert!(is_out_of_bounds(&fails.instantiate(&mut store).unwrap_err()), "{link_adapters}");
            }
            if made.is_empty() {
                assert_eq!(store.host_bytes(), before, "{link_adapters}");
            }
            made.push(works.instantiate(&mut store)?);
            for (&instance, n) in made.iter().zip([300, 7]) {
                assert_eq!(number(&mut store, instance, "run", n)?, n, "{link_adapters}");
            }
            let length = service.get_typed_func::<(String,), (u32,)>(&mut store, "length")?;
            assert_eq!(length.call(&mut store, ("text".into(),))?, (4,));
        }
    }
    Ok(())
}

/// Somebody may have seen something: what there is of it stays, until the store ends.
#[test]
fn what_has_run_stays_until_its_store_ends() -> Result<()> {
    let host = r#"(import "hello" (func $hello)) (core func $hello (canon lower (func $hello)))
        (core module $asks (import "" "hello" (func $hello)) (memory 1) (start $hello))
        (core instance (instantiate $asks (with "" (instance (export "hello" (func $hello))))))"#;
    for (text, hellos) in [(failing("", "(start $f)"), 0), (failing(host, ""), 1)] {
        let engine = engine(5, true)?;
        let mut linker = Linker::<u32>::new(&engine);
        linker.root().func_wrap("hello", |mut store: StoreContextMut<'_, u32>, (): ()| {
            *store.data_mut() += 1;
            Ok(())
        })?;
        let fails = linker.instantiate_pre(&Component::new(&engine, text)?)?;
        for _ in 0..2 {
            let mut store = Store::new(&engine, 0);
            assert!(is_out_of_bounds(&fails.instantiate(&mut store).unwrap_err()));
            assert_eq!(*store.data(), hellos);
            assert!(fails.instantiate(&mut store).unwrap_err().is::<PoolExhausted>());
        }
    }
    Ok(())
}

/// A slot that is still empty does not remember at which type an instance wanted its function that was not made.
#[test]
fn a_slot_forgets_who_was_not_made() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let mut linker = Linker::new(&engine);
    let slot = linker.root().func_slot("length")?;
    let text =
        program(TOO_LONG).replace(r#"(param "text" string) (result u32)"#, r#"(param "text" (list u8)) (result u32)"#);
    for _ in 0..3 {
        assert!(is_out_of_bounds(&linker.instantiate(&mut store, &Component::new(&engine, &text)?).unwrap_err()));
    }
    let program = linker.instantiate(&mut store, &Component::new(&engine, program(""))?)?;
    let service = Linker::new(&engine).instantiate(&mut store, &Component::new(&engine, SERVICE)?)?;
    let length: Func = service.get_func(&mut store, "length").expect("it is exported");
    slot.set(&store, length)?;
    assert_eq!(number(&mut store, program, "run", 9)?, 9);
    Ok(())
}

/// Neither does a limit see it, however often it is tried, and wherever it fails: here at a limit.
#[test]
fn what_was_rolled_back_does_not_count() -> Result<()> {
    let engine = Engine::default();
    let works = Linker::new(&engine).instantiate_pre(&Component::new(&engine, SERVICE)?)?;
    let large = failing("", "").replace("(memory 1) (table 3 funcref)", "(memory 9) (table 3 funcref)");
    let fails = Linker::new(&engine).instantiate_pre(&Component::new(&engine, large)?)?;
    let limits = StoreLimitsBuilder::new().memory_size(8 << 16).instances(3).memories(3).tables(3);
    let mut store = Store::new(&engine, limits.build());
    store.limiter(|limits: &mut StoreLimits| limits);
    for _ in 0..20 {
        let error = fails.instantiate(&mut store).unwrap_err();
        let exceeded = error.downcast_ref::<LimitExceeded>().expect("a memory is too large");
        assert_eq!((exceeded.kind, exceeded.asked), (LimitKind::MemoryBytes, 9 << 16));
    }
    for _ in 0..3 {
        works.instantiate(&mut store)?;
    }
    assert!(works.instantiate(&mut store).is_err_and(|error| error.is::<LimitExceeded>()));
    Ok(())
}
