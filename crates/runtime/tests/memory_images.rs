//! What memories hold at first, mapped or copied: the same, and each instance's own.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::core::{Extern, Instance, Memory, Module, Ref, RefType, Table, TableType};
use gusset::{Config, Engine, Result, Store, Trap, TrapCode};

fn engines() -> Result<Vec<Engine>> {
    [true, false].into_iter().map(|map| Engine::new(Config::new().memory_init_cow(map))).collect()
}

fn text(byte: u8, count: usize) -> String {
    format!("\"{}\"", format!("\\{byte:02x}").repeat(count))
}

fn memory(instance: Instance, store: &mut Store<()>, name: &str) -> Memory {
    instance.get_memory(store, name).expect("it is exported")
}

#[test]
fn segments_are_there_in_their_order_and_zeros_elsewhere() -> Result<()> {
    let (a, b) = (text(1, 50_000), text(2, 9_000));
    for engine in engines()? {
        let module = Module::new(
            &engine,
            format!(
                r#"(module (memory (export "m") 5 8) (memory (export "n") 1)
                    (data (i32.const 70000) {a}) (data (i32.const 90000) {b}) (data (i32.const 98999) "\07")
                    (data (memory 1) (i32.const 3) {b}) (data (memory 1) (i32.const 65535) "\09"))"#
            ),
        )?;
        let mut expected = vec![0; 5 << 16];
        expected[70_000..120_000].fill(1);
        expected[90_000..99_000].fill(2);
        expected[98_999] = 7;
        let mut other = vec![0; 1 << 16];
        other[3..9_003].fill(2);
        other[65_535] = 9;
        let mut store = Store::new(&engine, ());
        let instances = (0..3).map(|_| Instance::new(&mut store, &module, &[])).collect::<Result<Vec<_>>>()?;
        for &instance in &instances {
            let (m, n) = (memory(instance, &mut store, "m"), memory(instance, &mut store, "n"));
            assert!(m.data(&store) == expected && n.data(&store) == other);
            // What one writes is its own, before and behind the image, and in it.
            assert_eq!(m.grow(&mut store, 3)?, 5);
            assert!(m.data(&store)[5 << 16..].iter().all(|&byte| byte == 0));
            m.data_mut(&mut store).fill(0xa5);
            n.data_mut(&mut store).fill(0x5a);
        }
        for &instance in &instances {
            let m = memory(instance, &mut store, "m");
            assert!(m.data(&store).iter().all(|&byte| byte == 0xa5));
        }
    }
    Ok(())
}

#[test]
fn a_segment_that_has_been_applied_is_gone() -> Result<()> {
    let many = text(5, 20_000);
    for engine in engines()? {
        let module = Module::new(
            &engine,
            format!(
                r#"(module (memory 1) (data $d (i32.const 0) {many})
                    (func (export "init") (param i32) (memory.init $d (i32.const 9) (i32.const 0) (local.get 0)))
                    (func (export "drop") (data.drop $d)))"#
            ),
        )?;
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[])?;
        let init = instance.get_typed_func::<i32, ()>(&mut store, "init")?;
        init.call(&mut store, 0)?;
        let error = init.call(&mut store, 1).unwrap_err();
        assert_eq!(error.downcast_ref().map(Trap::code), Some(TrapCode::MemoryOutOfBounds));
        instance.get_typed_func::<(), ()>(&mut store, "drop")?.call(&mut store, ())?;
        init.call(&mut store, 0)?;
    }
    Ok(())
}

/// A module that cannot be instantiated leaves what was written before: in its own memory, which a function in a table shows,
/// and in an imported one.
#[test]
fn what_was_applied_before_a_failure_stays_and_nothing_else() -> Result<()> {
    let many = text(5, 20_000);
    let element = |offset: &str| format!("(elem {offset} $first $late)");
    for engine in engines()? {
        for (elements, data, first, late) in [
            (element("(i32.const 0)"), "(data (i32.const 65535) \"zz\")", Some(5), Some(0)),
            (element("(i32.const 0)") + &element("(i32.const 9)"), "", Some(0), Some(0)),
            (element("(global.get 0)"), "", None, None),
        ] {
            let module = Module::new(
                &engine,
                format!(
                    r#"(module (import "" "g" (global i32)) (import "" "t" (table 2 funcref))
                        (memory 1) {elements} (data (i32.const 0) {many}) {data} (data (i32.const 40000) {many})
                        (func $first (result i32) (i32.load8_u (i32.const 19999)))
                        (func $late (result i32) (i32.load8_u (i32.const 40000))))"#
                ),
            )?;
            let mut store = Store::new(&engine, ());
            let ty = TableType { element: RefType::FUNCREF, minimum: 2, maximum: None, table64: false };
            let table = Table::new(&mut store, ty, Ref::Func(None))?;
            let nine = Module::new(&engine, "(module (global (export \"g\") i32 (i32.const 9)))")?;
            let nine = Instance::new(&mut store, &nine, &[])?;
            let global = nine.get_global(&mut store, "g").expect("it is exported");
            let made = Instance::new(&mut store, &module, &[Extern::Global(global), Extern::Table(table)]);
            assert!(made.is_err_and(|error| error.is::<Trap>()));
            for (at, expected) in [first, late].into_iter().enumerate() {
                let called = match table.get(&mut store, at as u64)? {
                    Some(Ref::Func(Some(func))) => Some(func.typed::<(), i32>(&store)?.call(&mut store, ())?),
                    _ => None,
                };
                assert_eq!(called, expected, "{elements} {data}");
            }
        }
    }
    Ok(())
}
