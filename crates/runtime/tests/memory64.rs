//! Memories and tables with addresses of 64 bits, and memories with pages of one byte: the same bounds in every kind of engine, where their
//! traps stand, and what they are refused for. What guests alone can see stands in `tests/wast/local`.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::core::{Instance, Memory, MemoryType, Module, Ref, RefType, Table, TableType};
use gusset::{Config, Engine, PoolingConfig, Result, Store, StoreLimits, StoreLimitsBuilder, Trap, TrapCode};

const PAGE: u64 = 1 << 16;

fn code(error: &gusset::Error) -> Option<TrapCode> {
    error.downcast_ref::<Trap>().map(Trap::code)
}

/// The name of a kind of engine, and what is set for it.
type EngineKind<'a> = (&'static str, &'a dyn Fn(&mut Config));

/// An engine of each kind that has code of its own for an access, or memories of its own.
fn engines() -> Result<Vec<(&'static str, Engine)>> {
    let mut pool = PoolingConfig::new();
    pool.total_memories(3).total_tables(2).total_core_instances(2).max_memory_size(8 << 30);
    let kinds: [EngineKind<'_>; 9] = [
        ("default", &|_| {}),
        ("no signals", &|config| _ = config.signals_based_traps(false)),
        ("no masks", &|config| _ = config.heap_access_spectre_mitigation(false).table_access_spectre_mitigation(false)),
        ("no masks nor signals", &|config| {
            config
                .heap_access_spectre_mitigation(false)
                .table_access_spectre_mitigation(false)
                .signals_based_traps(false);
        }),
        ("no guard", &|config| _ = config.memory_guard(0)),
        ("little reserved", &|config| {
            _ = config.memory_reservation(PAGE).memory64_reservation(PAGE).memory_guard(PAGE)
        }),
        ("pool", &|config| _ = config.allocation_strategy(pool.clone())),
        ("metered", &|config| _ = config.consume_fuel(true).epoch_interruption(true)),
        ("frame form", &|config| _ = config.frame_form(true)),
    ];
    let engine = |(name, set): EngineKind<'_>| {
        let mut config = Config::new();
        set(&mut config);
        Ok((name, Engine::new(&config)?))
    };
    kinds.into_iter().map(engine).collect()
}

const ACCESSES: &str = r#"(module
    (memory $pages (export "pages") i64 65537)
    (memory $bytes (export "bytes") 70001 (pagesize 1))
    (table $table i64 3 funcref)
    (elem (table $table) (i64.const 2) func $seven)
    (func $seven (result i32) (i32.const 7))
    (func (export "near") (param i64) (drop (i64.load (local.get 0))))
    (func (export "far") (param i64) (drop (i64.load offset=0x7fff_fff8 (local.get 0))))
    (func (export "farther") (param i64) (drop (i64.load offset=0x8000_0000 (local.get 0))))
    (func (export "farthest") (param i64) (drop (i64.load offset=0xffff_ffff_ffff_fff8 (local.get 0))))
    (func (export "bytes near") (param i64) (drop (i64.load $bytes (i32.wrap_i64 (local.get 0)))))
    (func (export "bytes far") (param i64) (drop (i64.load $bytes offset=0xffff_fff8 (i32.wrap_i64 (local.get 0)))))
    (func (export "call") (param i64) (drop (call_indirect $table (result i32) (local.get 0)))))"#;

#[test]
fn bounds_are_the_same_in_every_engine() -> Result<()> {
    const LENGTH: u64 = 65537 * PAGE;
    const INSIDE: Option<TrapCode> = None;
    const OUTSIDE: Option<TrapCode> = Some(TrapCode::MemoryOutOfBounds);
    for (kind, engine) in engines()? {
        let mut store = Store::new(&engine, ());
        store.set_epoch_deadline(u64::MAX);
        let _ = store.set_fuel(1 << 40);
        let instance = Instance::new(&mut store, &Module::new(&engine, ACCESSES)?, &[])?;
        for (name, index, expected) in [
            ("near", LENGTH - 8, INSIDE),
            ("near", LENGTH - 7, OUTSIDE),
            ("near", LENGTH, OUTSIDE),
            ("near", LENGTH + 1, OUTSIDE),
            ("near", u64::MAX, OUTSIDE),
            ("near", u64::MAX - 7, OUTSIDE),
            ("near", 1 << 63, OUTSIDE),
            ("far", LENGTH - (1 << 31), INSIDE),
            ("far", LENGTH - (1 << 31) + 1, OUTSIDE),
            ("far", LENGTH, OUTSIDE),
            ("far", u64::MAX - 0x7fff_fff7, OUTSIDE),
            ("farther", LENGTH - (1 << 31) - 8, INSIDE),
            ("farther", LENGTH - (1 << 31) - 7, OUTSIDE),
            ("farther", u64::MAX - 0x7fff_ffff, OUTSIDE),
            ("farthest", 0, OUTSIDE),
            ("farthest", 8, OUTSIDE),
            ("bytes near", 70001 - 8, INSIDE),
            ("bytes near", 70001 - 7, OUTSIDE),
            ("bytes near", 70001, OUTSIDE),
            ("bytes near", u32::MAX.into(), OUTSIDE),
            ("bytes far", 0, OUTSIDE),
            ("bytes far", 8, OUTSIDE),
            ("call", 2, INSIDE),
            ("call", 3, Some(TrapCode::UndefinedElement)),
            ("call", 1 << 32 | 2, Some(TrapCode::UndefinedElement)),
            ("call", 1 << 61 | 2, Some(TrapCode::UndefinedElement)),
        ] {
            let func = instance.get_func(&mut store, name).expect("it is exported").typed::<u64, ()>(&store)?;
            let found = func.call(&mut store, index).err();
            let found =
                found.map(|error| code(&error).unwrap_or_else(|| panic!("{kind}: {name} {index:#x}: {error:#}")));
            assert_eq!(found, expected, "{kind}: {name} {index:#x}");
        }
    }
    Ok(())
}

/// Two accesses share what is checked, and each traps where it stands.
#[test]
fn a_trap_has_its_place() -> Result<()> {
    let text = r#"(module (memory i64 1) (global $first (mut i64) (i64.const 0))
        (func (export "both") (param i64) (result i64)
            (global.set $first (i64.load (local.get 0)))
            (i64.load offset=16 (local.get 0))))"#;
    let wasm = wat::parse_str(text)?;
    let place = |load: &[u8]| wasm.windows(load.len()).position(|bytes| bytes == load).map(|at| at as u32);
    let (first, second) = (place(&[0x29, 3, 0]), place(&[0x29, 3, 16]));
    for (kind, engine) in engines()? {
        let mut store = Store::new(&engine, ());
        store.set_epoch_deadline(u64::MAX);
        let _ = store.set_fuel(1 << 20);
        let instance = Instance::new(&mut store, &Module::new(&engine, &wasm)?, &[])?;
        let both = instance.get_func(&mut store, "both").expect("it is exported").typed::<u64, u64>(&store)?;
        assert_eq!(both.call(&mut store, PAGE - 24)?, 0, "{kind}");
        for (index, expected) in [(PAGE - 16, second), (PAGE, first), (u64::MAX, first)] {
            let error = both.call(&mut store, index).expect_err("it is outside");
            let trap = error.downcast_ref::<Trap>().expect("it is a trap");
            assert_eq!(
                (trap.code(), trap.backtrace().frames()[0].offset),
                (TrapCode::MemoryOutOfBounds, expected),
                "{kind}"
            );
        }
    }
    Ok(())
}

#[test]
fn what_the_system_does_not_have_is_an_error() -> Result<()> {
    let engine = Engine::default();
    for (ty, expected) in [
        ("(memory i64 0x1_0000_0000_0000)", "does not fit into the address space"),
        ("(memory i64 0xffff_ffff_ffff)", "does not fit into the address space"),
        ("(memory i64 0x1_0000_0000)", "bytes of address space"),
        ("(memory i64 0xffff_ffff_ffff_ffff (pagesize 1))", "does not fit into the address space"),
        ("(table i64 0xffff_ffff_ffff_ffff funcref)", "larger than the limit"),
        ("(table i64 0x1_0000_0001 externref)", "larger than the limit"),
    ] {
        let mut store = Store::new(&engine, ());
        let module = Module::new(&engine, format!("(module {ty})"))?;
        let error = format!("{:#}", Instance::new(&mut store, &module, &[]).expect_err(ty));
        assert!(error.contains(expected), "{ty}: {error}");
        assert!(Instance::new(&mut store, &Module::new(&engine, "(module (memory i64 1))")?, &[]).is_ok());
    }
    Ok(())
}

#[test]
fn the_limits_of_a_store_hold() -> Result<()> {
    let engine = Engine::default();
    let limits = StoreLimitsBuilder::new().memory_size(5 << 30).table_elements(10).build();
    let mut store = Store::new(&engine, limits);
    store.limiter(|limits: &mut StoreLimits| limits);
    let ty = MemoryType { minimum: 1, maximum: None, memory64: true, shared: false, page_size_log2: 16 };
    let memory = Memory::new(&mut store, ty)?;
    assert_eq!(memory.grow(&mut store, (5 << 14) - 1)?, 1);
    assert!(memory.grow(&mut store, 1).is_err());
    for pages in [u64::MAX, 1 << 48, 1 << 47] {
        assert!(memory.grow(&mut store, pages).is_err());
    }
    memory.write(&mut store, (5 << 30) - 1, &[1])?;
    assert!(memory.write(&mut store, 5 << 30, &[1]).is_err());
    let bytes = Memory::new(&mut store, MemoryType { page_size_log2: 0, minimum: 9, ..ty })?;
    assert_eq!((bytes.page_size(&store), bytes.size(&store), bytes.data(&store).len()), (1, 9, 9));
    assert_eq!((bytes.grow(&mut store, 2)?, bytes.data(&store).len()), (9, 11));
    let table = TableType { element: RefType::EXTERNREF, minimum: 1, maximum: None, table64: true };
    let table = Table::new(&mut store, table, Ref::Extern(None))?;
    assert_eq!(table.grow(&mut store, 9, Ref::Extern(None))?, 1);
    for count in [1, 1 << 32, u64::MAX] {
        assert!(table.grow(&mut store, count, Ref::Extern(None)).is_err());
    }
    assert_eq!(table.get(&mut store, 1 << 32)?, None);
    Ok(())
}

#[test]
fn a_pool_says_how_large_they_may_become() -> Result<()> {
    let mut pool = PoolingConfig::new();
    pool.total_memories(1).max_memory_size(5 << 30);
    let engine = Engine::new(Config::new().memory64_reservation(PAGE).allocation_strategy(pool))?;
    let module = |ty: &str| Module::new(&engine, format!(r#"(module (memory (export "memory") {ty}))"#));
    let error = Instance::new(&mut Store::new(&engine, ()), &module("i64 81921")?, &[]).expect_err("it is too large");
    assert!(format!("{error:#}").contains("PoolingConfig::max_memory_size"), "{error:#}");
    for _ in 0..2 {
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module("i64 1")?, &[])?;
        let memory = instance.get_memory(&mut store, "memory").expect("it is exported");
        assert_eq!(memory.grow(&mut store, 81919)?, 1);
        assert!(memory.grow(&mut store, 1).is_err());
        let last = (5 << 30) - 1;
        assert_eq!(memory.data(&store)[last], 0);
        memory.write(&mut store, last, &[1])?;
    }
    // A memory of bytes leaves nothing behind in the page that it had a part of.
    for round in 0..3 {
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module("10 (pagesize 1)")?, &[])?;
        let memory = instance.get_memory(&mut store, "memory").expect("it is exported");
        memory.grow(&mut store, 10 * round)?;
        assert!(memory.data(&store).iter().all(|&byte| byte == 0));
        memory.data_mut(&mut store).fill(7);
    }
    Ok(())
}

/// Nobody gets fuel by asking for more than there is.
#[test]
fn a_length_of_64_bits_is_charged() -> Result<()> {
    for frame_form in [false, true] {
        let engine = Engine::new(Config::new().consume_fuel(true).frame_form(frame_form))?;
        let module = Module::new(
            &engine,
            r#"(module (memory i64 1) (table i64 1 externref)
            (func (export "fill") (param i64) (memory.fill (i64.const 0) (i32.const 0) (local.get 0)))
            (func (export "copy") (param i64) (memory.copy (i64.const 0) (i64.const 0) (local.get 0)))
            (func (export "table fill") (param i64) (table.fill (i64.const 0) (ref.null extern) (local.get 0)))
            (func (export "grow") (param i64) (drop (table.grow (ref.null extern) (local.get 0)))))"#,
        )?;
        for name in ["fill", "copy", "table fill", "grow"] {
            for length in [u64::MAX, 1 << 63, (1 << 63) - 1, 1 << 48, 1 << 32] {
                let mut store = Store::new(&engine, ());
                store.set_fuel(50_000)?;
                let instance = Instance::new(&mut store, &module, &[])?;
                let func = instance.get_func(&mut store, name).expect("it is exported").typed::<u64, ()>(&store)?;
                let error = func.call(&mut store, length).expect_err("it is too much");
                assert_eq!((code(&error), store.get_fuel()?), (Some(TrapCode::OutOfFuel), 0), "{name} {length:#x}");
            }
        }
    }
    Ok(())
}
