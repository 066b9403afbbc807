//! What the host sees of elements of tables and of functions that no guest has asked for yet. What guests see is in
//! `tests/wast/local/table-elements.wast`.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::core::{Extern, Func, Instance, Module, Ref, Table, TableType, Val};
use gusset::{Engine, Result, Store};

fn instance(store: &mut Store<()>, text: &str, imports: &[Extern]) -> Result<Instance> {
    let module = Module::new(store.engine(), text)?;
    Instance::new(store, &module, imports)
}

/// The function at an index of a table.
fn function(store: &mut Store<()>, table: Table, index: u64) -> Result<Option<Func>> {
    match table.get(store, index)? {
        Some(Ref::Func(func)) => Ok(func),
        other => panic!("no element of a table of functions: {other:?}"),
    }
}

fn call(store: &mut Store<()>, func: Func) -> Result<i32> {
    let mut results = [Val::I32(0)];
    func.call(store, &[], &mut results)?;
    let [Val::I32(result)] = results else { panic!("one number") };
    Ok(result)
}

const OWNER: &str = r#"(module
    (type $f (func (result i32)))
    (table $t (export "t") 6 funcref)
    (elem (i32.const 1) func $one $two $one)
    (func $one (export "one") (result i32) (i32.const 1))
    (func $two (result i32) (i32.const 2))
    (func (export "is-null") (param i32) (result i32) (ref.is_null (table.get (local.get 0))))
    (func (export "call") (param i32) (result i32) (call_indirect (type $f) (local.get 0))))"#;

#[test]
fn a_host_reads_and_writes_elements_that_no_guest_has_asked_for() -> Result<()> {
    let mut store = Store::new(&Engine::default(), ());
    let owner = instance(&mut store, OWNER, &[])?;
    let table = owner.get_table(&mut store, "t").expect("it is exported");
    let two = function(&mut store, table, 2)?.expect("a segment has it");
    assert_eq!(call(&mut store, two)?, 2);
    assert_eq!(function(&mut store, table, 2)?, Some(two));
    let one = owner.get_func(&mut store, "one").expect("it is exported");
    assert_eq!(function(&mut store, table, 1)?, Some(one));
    assert_eq!(function(&mut store, table, 3)?, Some(one));
    assert_eq!((function(&mut store, table, 0)?, function(&mut store, table, 5)?), (None, None));
    assert_eq!(table.get(&mut store, 6)?, None);

    let checks = owner.get_typed_func::<i32, i32>(&mut store, "is-null")?;
    let calls = owner.get_typed_func::<i32, i32>(&mut store, "call")?;
    table.set(&mut store, 1, Ref::Func(None))?;
    assert_eq!((function(&mut store, table, 1)?, checks.call(&mut store, 1)?), (None, 1));
    table.set(&mut store, 1, Ref::Func(Some(two)))?;
    assert_eq!((checks.call(&mut store, 1)?, calls.call(&mut store, 1)?), (0, 2));
    table.grow(&mut store, 2, Ref::Func(None))?;
    assert_eq!((function(&mut store, table, 7)?, checks.call(&mut store, 7)?), (None, 1));
    Ok(())
}

/// An exported function whose record nobody has written yet goes into a table, and is called there.
#[test]
fn an_export_that_was_never_referred_to_can_be_an_element() -> Result<()> {
    let mut store = Store::new(&Engine::default(), ());
    let exporter = instance(&mut store, r#"(module (func (export "nine") (result i32) (i32.const 9)))"#, &[])?;
    let nine = exporter.get_func(&mut store, "nine").expect("it is exported");
    let owner = instance(&mut store, OWNER, &[])?;
    let table = owner.get_table(&mut store, "t").expect("it is exported");
    table.set(&mut store, 0, Ref::Func(Some(nine)))?;
    assert_eq!(owner.get_typed_func::<i32, i32>(&mut store, "call")?.call(&mut store, 0)?, 9);
    assert_eq!(function(&mut store, table, 0)?, Some(nine));
    Ok(())
}

/// The host's table, to which two instances of one module give elements: each has its own functions there.
#[test]
fn elements_are_of_the_instance_whose_segment_it_was() -> Result<()> {
    let mut store = Store::new(&Engine::default(), ());
    let ty = TableType { element: gusset::core::RefType::FUNCREF, minimum: 4, maximum: None, table64: false };
    let table = Table::new(&mut store, ty, Ref::Func(None))?;
    let module = Module::new(
        store.engine(),
        r#"(module (import "" "t" (table 4 funcref)) (import "" "at" (global $at i32)) (import "" "id" (global $id i32))
            (elem (global.get $at) func $id $id) (func $id (result i32) (global.get $id)))"#,
    )?;
    for (at, id) in [(0, 100), (1, 200)] {
        let ty = gusset::core::GlobalType { content: gusset::core::ValType::I32, mutable: false };
        let at = gusset::core::Global::new(&mut store, ty, Val::I32(at))?;
        let id = gusset::core::Global::new(&mut store, ty, Val::I32(id))?;
        Instance::new(&mut store, &module, &[table.into(), at.into(), id.into()])?;
    }
    let mut found = Vec::new();
    for index in (0..4).rev() {
        let func = function(&mut store, table, index)?;
        found.push(func.map(|func| call(&mut store, func)).transpose()?);
    }
    assert_eq!(found, [None, Some(200), Some(200), Some(100)]);
    Ok(())
}

/// A reference that a guest returns before and after the host has looked the function up is the same.
#[test]
fn references_are_the_same_whoever_asks_first() -> Result<()> {
    let mut store = Store::new(&Engine::default(), ());
    let taker = instance(
        &mut store,
        r#"(module (elem declare func $hidden) (func $hidden (result i32) (i32.const 4))
            (func (export "shown") (result i32) (i32.const 5))
            (func (export "hidden") (result funcref) (ref.func $hidden))
            (func (export "shown-too") (result funcref) (ref.func 1)))"#,
        &[],
    )?;
    let mut take = |name: &str| -> Result<Func> {
        let mut results = [Val::Ref(Ref::Func(None))];
        let taking = taker.get_func(&mut store, name).expect("it is exported");
        taking.call(&mut store, &[], &mut results)?;
        let [Val::Ref(Ref::Func(Some(func)))] = results else { panic!("a function") };
        Ok(func)
    };
    let (hidden, again, shown) = (take("hidden")?, take("hidden")?, take("shown-too")?);
    assert_eq!(hidden, again);
    assert_eq!(taker.get_func(&mut store, "shown"), Some(shown));
    assert_eq!((call(&mut store, hidden)?, call(&mut store, shown)?), (4, 5));
    Ok(())
}
