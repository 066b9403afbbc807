//! Pools: an instance finds nothing of the one before, whatever that wrote and wherever; what does not fit or is not there
//! any more is an error that says so; everything goes back.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::core::{Global, Instance, Memory, MemoryType, Module, Ref, RefType, Table, TableType, Val};
use gusset::{
    AsContextMut, Component, Config, Engine, Linker, PoolExhausted, PooledResource, PoolingConfig, Result, Store, Trap,
    TrapCode,
};
use std::sync::atomic::{AtomicUsize, Ordering};

const PAGE: usize = 1 << 16;

fn engine(pool: &PoolingConfig) -> Result<Engine> {
    Engine::new(Config::new().allocation_strategy(pool.clone()))
}

/// One of everything.
fn pool_of(count: u32) -> PoolingConfig {
    let mut pool = PoolingConfig::new();
    pool.total_core_instances(count).total_memories(count).total_tables(count);
    pool
}

fn code<V: std::fmt::Debug>(result: Result<V>) -> Option<TrapCode> {
    result.unwrap_err().downcast_ref().map(Trap::code)
}

/// A module with a memory, tables and globals, and what its memory holds at first: from `start` on `count` bytes, each
/// `byte`.
struct Subject {
    module: Module,
    pages: usize,
    start: usize,
    count: usize,
    byte: u8,
}

impl Subject {
    fn new(engine: &Engine, pages: usize, start: usize, count: usize, byte: u8) -> Result<Subject> {
        let data = format!("\\{byte:02x}").repeat(count);
        let text = format!(
            r#"(module
                (memory (export "m") {pages} 40) (data (i32.const {start}) "{data}")
                (table (export "f") 700 funcref) (elem (table 0) (i32.const 3) func $load)
                (table (export "e") 5000 externref)
                (global (export "g") (mut i64) (i64.const 3)) (global (export "r") (mut funcref) (ref.null func))
                (func $load (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
                (func (export "store") (param i32) (i32.store8 (local.get 0) (i32.const 0xa5))))"#
        );
        Ok(Subject { module: Module::new(engine, text)?, pages, start, count, byte })
    }

    /// Everything is as the module says, to the last byte.
    fn is_fresh(&self, store: &mut Store<()>, instance: Instance) -> Result<()> {
        let bytes = memory(instance, store).data(&*store);
        let (data, end) = (self.start..self.start + self.count, self.start + self.count);
        assert_eq!(bytes.len(), self.pages * PAGE);
        assert!(bytes[data].iter().all(|&byte| byte == self.byte), "first contents");
        assert!(bytes[..self.start].iter().chain(&bytes[end..]).all(|&byte| byte == 0), "zeros");
        let load = instance.get_typed_func::<i32, i32>(&mut *store, "load")?;
        for beyond in [0, 4095, PAGE, 12 * PAGE, 39 * PAGE] {
            let address = i32::try_from(self.pages * PAGE + beyond)?;
            assert_eq!(code(load.call(&mut *store, address)), Some(TrapCode::MemoryOutOfBounds));
        }
        for (name, len) in [("f", 700), ("e", 5000)] {
            let table = instance.get_table(&mut *store, name).expect("it is exported");
            assert_eq!(table.size(&*store), len);
            for at in (0..len).filter(|&at| (name, at) != ("f", 3)) {
                let element = table.get(&mut *store, at)?;
                assert!(matches!(element, Some(Ref::Func(None) | Ref::Extern(None))), "{name} {at}: {element:?}");
            }
        }
        assert!(matches!(global(instance, store, "g").get(&mut *store)?, Val::I64(3)));
        assert!(matches!(global(instance, store, "r").get(&mut *store)?, Val::Ref(Ref::Func(None))));
        Ok(())
    }

    /// Writes into everything that can be written, and grows what can be grown.
    fn spoil(&self, store: &mut Store<()>, instance: Instance, grow: u64) -> Result<()> {
        let memory = memory(instance, store);
        memory.grow(&mut *store, grow)?;
        memory.data_mut(&mut *store).fill(0xa5);
        let store_byte = instance.get_typed_func::<i32, ()>(&mut *store, "store")?;
        let last = i32::try_from(memory.data(&*store).len() - 1)?;
        store_byte.call(&mut *store, last)?;
        let func = instance.get_func(&mut *store, "load").expect("it is exported");
        let external = gusset::core::ExternRef::new(&mut *store, 7)?;
        for (name, value) in [("f", Ref::Func(Some(func))), ("e", Ref::Extern(Some(external)))] {
            let table = instance.get_table(&mut *store, name).expect("it is exported");
            table.grow(&mut *store, grow * 100, value)?;
            for at in 0..table.size(&*store) {
                table.set(&mut *store, at, value)?;
            }
        }
        global(instance, store, "g").set(&mut *store, Val::I64(-1))?;
        global(instance, store, "r").set(&mut *store, Val::Ref(Ref::Func(Some(func))))
    }
}

fn memory(instance: Instance, store: &mut Store<()>) -> Memory {
    instance.get_memory(store, "m").expect("it is exported")
}

fn global(instance: Instance, store: &mut Store<()>, name: &str) -> Global {
    instance.get_global(store, name).expect("it is exported")
}

/// Each engine gives the next instance what the one before had, of the same module or another, grown or not.
fn nothing_is_left(engine: &Engine) -> Result<()> {
    let subjects = [
        Subject::new(engine, 4, 70_000, 60_000, 7)?,
        Subject::new(engine, 3, 5, 100, 9)?,
        Subject::new(engine, 6, 0, 5 * PAGE + 77, 1)?,
        Subject::new(engine, 20, 0, 0, 0)?,
    ];
    for at in [0, 0, 1, 0, 2, 2, 3, 2, 0, 3, 3, 1, 1, 2, 0, 1, 3] {
        for grow in [0, 3, 19] {
            let mut store = Store::new(engine, ());
            let instance = Instance::new(&mut store, &subjects[at].module, &[])?;
            subjects[at].is_fresh(&mut store, instance)?;
            subjects[at].spoil(&mut store, instance, grow)?;
        }
    }
    Ok(())
}

#[test]
fn the_next_instance_finds_nothing_of_the_one_before() -> Result<()> {
    for keep in [0, 4096, PAGE, 1 << 30] {
        for warm in [0, 1] {
            let mut pool = pool_of(1);
            pool.total_tables(2)
                .linear_memory_keep_resident(keep)
                .table_keep_resident(keep)
                .max_unused_warm_slots(warm);
            for map in [true, false] {
                nothing_is_left(&Engine::new(Config::new().allocation_strategy(pool.clone()).memory_init_cow(map))?)?;
            }
        }
    }
    Ok(())
}

#[test]
fn nor_on_demand_nor_in_small_memories() -> Result<()> {
    nothing_is_left(&Engine::default())?;
    nothing_is_left(&Engine::new(Config::new().memory_init_cow(false))?)?;
    let mut pool = pool_of(2);
    pool.max_memory_size(40 * PAGE as u64);
    let mut config = Config::new();
    config.memory_reservation(1 << 20).memory_guard(0);
    nothing_is_left(&Engine::new(config.allocation_strategy(pool))?)
}

/// Handles stand in a memory that no guest sees.
#[test]
fn handles_of_the_instance_before_are_gone() -> Result<()> {
    let text = r#"(component
        (type $r (resource (rep i32)))
        (core func $new (canon resource.new $r))
        (core func $rep (canon resource.rep $r))
        (core module $m
            (import "" "new" (func $new (param i32) (result i32)))
            (import "" "rep" (func $rep (param i32) (result i32)))
            (func (export "make") (param $count i32) (result i32)
                (local $last i32)
                (loop $again
                    (local.set $last (call $new (i32.const 77)))
                    (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
                (local.get $last))
            (func (export "rep") (param i32) (result i32) (call $rep (local.get 0))))
        (core instance $i (instantiate $m (with "" (instance (export "new" (func $new)) (export "rep" (func $rep))))))
        (func (export "make") (param "count" u32) (result u32) (canon lift (core func $i "make")))
        (func (export "rep") (param "handle" u32) (result u32) (canon lift (core func $i "rep"))))"#;
    for keep in [0, 1 << 30] {
        let mut pool = pool_of(3);
        pool.total_memories(1).linear_memory_keep_resident(keep);
        let engine = engine(&pool)?;
        let pre = Linker::new(&engine).instantiate_pre(&Component::new(&engine, text)?)?;
        for _ in 0..3 {
            let mut store = Store::new(&engine, ());
            let instance = pre.instantiate(&mut store)?;
            let make = instance.get_typed_func::<(u32,), (u32,)>(&mut store, "make")?;
            assert_eq!(make.call(&mut store, (1,))?, (1,));
            assert_eq!(make.call(&mut store, (9000,))?, (9001,));
            let rep = instance.get_typed_func::<(u32,), (u32,)>(&mut store, "rep")?;
            assert_eq!(rep.call(&mut store, (8999,))?, (77,));
            drop(store);
            let mut store = Store::new(&engine, ());
            let instance = pre.instantiate(&mut store)?;
            let rep = instance.get_typed_func::<(u32,), (u32,)>(&mut store, "rep")?;
            let error = rep.call(&mut store, (1,)).unwrap_err();
            assert!(error.to_string().contains("unknown handle index 1"), "{error}");
        }
    }
    Ok(())
}

#[test]
fn an_empty_pool_says_what_ran_out() -> Result<()> {
    let modules = [
        ("(module)", PooledResource::CoreInstances, "total_core_instances"),
        ("(module (memory 1))", PooledResource::Memories, "total_memories"),
        ("(module (table 1 funcref))", PooledResource::Tables, "total_tables"),
    ];
    for (text, resource, setting) in modules {
        let mut pool = PoolingConfig::new();
        match resource {
            PooledResource::CoreInstances => pool.total_core_instances(3),
            PooledResource::Memories => pool.total_memories(3),
            _ => pool.total_tables(3),
        };
        let engine = engine(&pool)?;
        let module = Module::new(&engine, text)?;
        for _ in 0..2 {
            let mut stores: Vec<_> = (0..3).map(|_| Store::new(&engine, ())).collect();
            for store in &mut stores {
                Instance::new(store, &module, &[])?;
            }
            let error = Instance::new(&mut stores[0], &module, &[]).unwrap_err();
            let exhausted = error.downcast_ref::<PoolExhausted>().expect("it is exhausted");
            assert_eq!((exhausted.resource(), exhausted.total()), (resource, 3));
            let told = format!("{error:#}");
            let expected =
                format!("all 3 {resource} of the pool are in use; PoolingConfig::{setting} says how many there are");
            assert!(told.contains("cannot be instantiated") && told.ends_with(&expected), "{told}");
            // One store ends, and there is room for one instance.
            stores.pop();
            Instance::new(&mut stores[1], &module, &[])?;
            assert!(Instance::new(&mut stores[1], &module, &[]).is_err_and(|error| error.is::<PoolExhausted>()));
        }
    }
    Ok(())
}

#[test]
fn what_does_not_fit_says_which_limit() -> Result<()> {
    let mut pool = pool_of(2);
    pool.max_memory_size(3 * PAGE as u64).table_elements(1000).max_core_instance_size(4096);
    let engine = engine(&pool)?;
    let globals = "(global (mut i32) (i32.const 0))".repeat(300);
    for (module, expected) in [
        (
            "(module (memory 4))".to_string(),
            "memory 0: a memory of 262144 bytes is larger than those of the pool: 196608 bytes (PoolingConfig::max_memory_size)",
        ),
        (
            "(module (table 1001 externref))".to_string(),
            "table 0: a table of 1001 elements is larger than those of the pool: 1000 elements (PoolingConfig::table_elements)",
        ),
        (
            format!("(module {globals})"),
            "is larger than those of the pool: 4096 bytes (PoolingConfig::max_core_instance_size)",
        ),
    ] {
        let mut store = Store::new(&engine, ());
        let module = Module::new(&engine, module)?;
        // What it took goes back: it fails like that each time.
        for _ in 0..4 {
            let error = Instance::new(&mut store, &module, &[]).unwrap_err();
            assert!(format!("{error:#}").ends_with(expected), "{error:#}");
        }
    }
    let fits = Module::new(
        &engine,
        r#"(module (memory (export "m") 3) (table $f (export "f") 1000 funcref) (table (export "e") 0 externref))"#,
    )?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &fits, &[])?;
    assert!(memory(instance, &mut store).grow(&mut store, 1).is_err());
    for (name, left, null) in [("f", 0, Ref::Func(None)), ("e", 1000, Ref::Extern(None))] {
        let table = instance.get_table(&mut store, name).expect("it is exported");
        assert!(table.grow(&mut store, left + 1, null).is_err());
        table.grow(&mut store, left, null)?;
    }
    Ok(())
}

/// The second memory of an instance is not there: what it had of the pool can be had by others, while the store lives.
#[test]
fn an_instance_that_fails_halfway_gives_everything_back() -> Result<()> {
    let mut pool = pool_of(3);
    pool.total_tables(1);
    let engine = engine(&pool)?;
    let four = Module::new(&engine, "(module (table 1 funcref) (memory 1) (memory 1) (memory 1) (memory 1))")?;
    let two = Module::new(&engine, "(module (memory 1) (table 1 funcref) (table 1 funcref))")?;
    let one = Module::new(&engine, "(module (memory 1))")?;
    let mut store = Store::new(&engine, ());
    for _ in 0..5 {
        for (module, resource) in [(&four, PooledResource::Memories), (&two, PooledResource::Tables)] {
            let error = Instance::new(&mut store, module, &[]).unwrap_err();
            assert_eq!(error.downcast_ref().map(PoolExhausted::resource), Some(resource));
        }
    }
    for _ in 0..3 {
        Instance::new(&mut store, &one, &[])?;
    }
    Ok(())
}

#[test]
fn what_the_host_makes_is_not_from_the_pool() -> Result<()> {
    let engine = engine(&pool_of(0))?;
    let mut store = Store::new(&engine, ());
    let ty = MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: 16 };
    Memory::new(&mut store, ty)?;
    let ty = TableType { element: RefType::FUNCREF, minimum: 30_000, maximum: None, table64: false };
    Table::new(&mut store, ty, Ref::Func(None))?;
    assert!(Instance::new(&mut store, &Module::new(&engine, "(module)")?, &[]).is_err());
    Ok(())
}

#[test]
fn a_pool_that_is_too_large_is_an_error() {
    for pool in [
        PoolingConfig::new().total_memories(u32::MAX),
        PoolingConfig::new().max_memory_size(u64::MAX),
        PoolingConfig::new().table_elements(u64::MAX),
        PoolingConfig::new().max_core_instance_size(usize::MAX),
        PoolingConfig::new().total_memories(1 << 16),
    ] {
        let error = engine(pool).err().expect("there is no room for it");
        let told = format!("{error:#}");
        assert!(told.contains("address space") && (told.contains("memories") || told.contains("a pool for")), "{told}");
    }
}

/// Threads share a pool that has as many places as there are threads, and each finds what it should.
#[test]
fn threads_share_a_pool() -> Result<()> {
    const THREADS: u32 = 8;
    let mut pool = pool_of(THREADS);
    pool.total_tables(2 * THREADS).max_unused_warm_slots(3);
    let engine = engine(&pool)?;
    let subjects = [Subject::new(&engine, 4, 70_000, 60_000, 7)?, Subject::new(&engine, 3, 5, 100, 9)?];
    let made = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for thread in 0..THREADS as usize {
            let (engine, subjects, made) = (&engine, &subjects, &made);
            scope.spawn(move || -> Result<()> {
                for round in 0..60 {
                    let subject = &subjects[(thread + round / 5) % 2];
                    let mut store = Store::new(engine, ());
                    let instance = Instance::new(&mut store, &subject.module, &[])?;
                    let load = instance.get_typed_func::<i32, i32>(store.as_context_mut(), "load")?;
                    assert_eq!(load.call(&mut store, subject.start as i32)?, subject.byte.into());
                    let bytes = memory(instance, &mut store).data(&store);
                    assert!(bytes[subject.start + subject.count..].iter().all(|&byte| byte == 0));
                    subject.spoil(&mut store, instance, round as u64 % 3)?;
                    made.fetch_add(1, Ordering::Relaxed);
                }
                Ok(())
            });
        }
    });
    assert_eq!(made.into_inner(), 60 * THREADS as usize, "no thread met an error");
    Ok(())
}
