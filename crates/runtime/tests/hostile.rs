//! Guests, and hosts, that do what nobody should: errors and traps come of it, and nothing else.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::core::{
    Extern, Func, FuncType, Global, GlobalType, HeapType, Instance, Linker, Memory, MemoryType, Module, Ref, RefType,
    Table, TableType, Val, ValType,
};
use gusset::{AsContextMut, Engine, Error, HostPanic, Result, Store, StoreContextMut, Trap, TrapCode};
use std::panic::{AssertUnwindSafe, catch_unwind};

fn func_type(params: &[ValType], results: &[ValType]) -> FuncType {
    FuncType { params: params.into(), results: results.into() }
}

fn call(mut store: impl AsContextMut, instance: Instance, name: &str, params: &[i32]) -> Result<Vec<Val>> {
    let params: Vec<_> = params.iter().map(|&param| Val::I32(param)).collect();
    let func = instance.get_func(&mut store, name).expect("it is exported");
    let mut results = vec![Val::I32(0); func.ty(&store)?.results.len()];
    func.call(&mut store, &params, &mut results)?;
    Ok(results)
}

fn trap_of(error: &Error) -> TrapCode {
    error.downcast_ref::<Trap>().unwrap_or_else(|| panic!("not a trap: {error}")).code()
}

fn trap_code<V: std::fmt::Debug>(result: Result<V>) -> TrapCode {
    trap_of(&result.expect_err("it traps"))
}

#[test]
fn accesses_at_the_end_of_the_guard_trap() -> Result<()> {
    let engine = Engine::default();
    for memory in ["0", "1", "65536"] {
        for offset in [0, 1, 0x7fff_ffff, 0x7fff_fff8, 0x7fff_fff9, 0x8000_0000, 0x8000_0001, 0xffff_fff8, u32::MAX] {
            let text = format!(
                r#"(module (memory {memory})
                    (func (export "load") (param i32) (i64.load offset={offset} (local.get 0)) drop)
                    (func (export "store") (param i32) (i64.store offset={offset} (local.get 0) (i64.const -1))))"#
            );
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &Module::new(&engine, text)?, &[])?;
            for index in [-1, -8, i32::MIN] {
                let out = u64::from(index as u32) + u64::from(offset) + 8 > if memory == "65536" { 1 << 32 } else { 0 };
                for name in ["load", "store"] {
                    match call(&mut store, instance, name, &[index]) {
                        Ok(_) => assert!(!out, "{name} {memory} {index} {offset}"),
                        Err(error) => assert!(out && trap_of(&error) == TrapCode::MemoryOutOfBounds),
                    }
                }
            }
        }
    }
    Ok(())
}

#[test]
fn bulk_operations_do_not_overflow() -> Result<()> {
    let engine = Engine::default();
    let text = r#"(module (memory 1 2) (memory $other 1) (table 4 10 funcref) (table $u 4 funcref)
        (data "abc") (elem func $f) (func $f)
        (func (export "fill") (param i32 i32) (memory.fill (local.get 0) (i32.const 1) (local.get 1)))
        (func (export "copy") (param i32 i32) (memory.copy (local.get 0) (i32.const 1) (local.get 1)))
        (func (export "across") (param i32 i32) (memory.copy $other 0 (local.get 0) (i32.const 1) (local.get 1)))
        (func (export "init") (param i32 i32) (memory.init 0 (local.get 0) (i32.const 0) (local.get 1)))
        (func (export "table fill") (param i32 i32) (table.fill 0 (local.get 0) (ref.null func) (local.get 1)))
        (func (export "table copy") (param i32 i32) (table.copy 0 0 (local.get 0) (i32.const 1) (local.get 1)))
        (func (export "table across") (param i32 i32) (table.copy 0 $u (local.get 0) (i32.const 1) (local.get 1)))
        (func (export "table init") (param i32 i32) (table.init 0 0 (local.get 0) (i32.const 0) (local.get 1)))
        (func (export "memory grow") (param i32) (result i32) (memory.grow (local.get 0)))
        (func (export "table grow") (param i32) (result i32) (table.grow (ref.null func) (local.get 0)))
        (func (export "drop") (data.drop 0) (elem.drop 0)))"#;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &Module::new(&engine, text)?, &[])?;
    for _ in 0..2 {
        for (names, code, end) in [
            (["fill", "copy", "across", "init"], TrapCode::MemoryOutOfBounds, 65536),
            (["table fill", "table copy", "table across", "table init"], TrapCode::TableOutOfBounds, 4),
        ] {
            for name in names {
                for (at, len) in [(-1, -1), (1, -1), (-1, 1), (-1, 2), (end, 1), (end + 1, 0), (i32::MIN, i32::MIN)] {
                    assert_eq!(trap_code(call(&mut store, instance, name, &[at, len])), code, "{name} {at} {len}");
                }
                call(&mut store, instance, name, &[end, 0])?;
            }
        }
        for count in [-1, 2, 0x10000, i32::MIN] {
            assert_eq!(call(&mut store, instance, "memory grow", &[count])?, [Val::I32(-1)]);
        }
        for count in [-1, 7, i32::MIN] {
            assert_eq!(call(&mut store, instance, "table grow", &[count])?, [Val::I32(-1)]);
        }
        call(&mut store, instance, "drop", &[])?;
    }
    Ok(())
}

/// Arguments and results that do not fit into registers, on each way in and out.
#[test]
fn a_thousand_values_pass_and_traps_leave_through_them() -> Result<()> {
    let all = vec![ValType::I64; 1000];
    let types = "i64 ".repeat(1000);
    let gets: String = (0..1000).map(|i| format!("(local.get {i}) ")).collect();
    let text = format!(
        r#"(module (import "" "host" (func $host (param {types}) (result {types})))
            (func (export "pass") (param {types}) (result {types}) (call $host {gets}))
            (func $trap (export "trap") (param {types}) (result {types}) (unreachable))
            (func (export "deep") (param {types}) (result {types}) (call $trap {gets})))"#
    );
    let engine = Engine::default();
    let mut store = Store::new(&engine, 0);
    let host = Func::new(&mut store, func_type(&all, &all), |mut store, params, results| {
        *store.data_mut() += 1;
        match *store.data() % 3 {
            1 => results.copy_from_slice(params),
            2 => return Err(Error::msg("no")),
            _ => std::panic::panic_any("panicked"),
        }
        results.reverse();
        Ok(())
    })?;
    let instance = Instance::new(&mut store, &Module::new(&engine, text)?, &[host.into()])?;
    let params: Vec<_> = (0..1000).map(Val::I64).collect();
    let mut results = params.clone();
    for _ in 0..20 {
        let [pass, trap, deep] = ["pass", "trap", "deep"].map(|name| instance.get_func(&mut store, name).unwrap());
        pass.call(&mut store, &params, &mut results)?;
        assert!(results.iter().rev().eq(&params));
        let error = pass.call(&mut store, &params, &mut results).unwrap_err();
        assert_eq!(error.root_cause().to_string(), "no");
        assert_eq!(trap_code(trap.call(&mut store, &params, &mut results)), TrapCode::Unreachable);
        let panic = pass.call(&mut store, &params, &mut results).unwrap_err();
        assert_eq!(panic.downcast_ref().and_then(HostPanic::message), Some("panicked"));
        assert_eq!(trap_code(deep.call(&mut store, &params, &mut results)), TrapCode::Unreachable);
    }
    Ok(())
}

/// Instances whose instantiation failed can be reached through tables that they had already written to.
#[test]
fn what_a_failed_instantiation_left_in_a_table_can_be_called() -> Result<()> {
    let engine = Engine::default();
    let main = Module::new(
        &engine,
        r#"(module (table (export "t") 4 funcref) (type $f (func (result i32)))
            (func (export "call") (param i32) (result i32) (call_indirect (type $f) (local.get 0))))"#,
    )?;
    let rest = r#"(import "" "t" (table 4 funcref)) (memory 1) (table $own 1 funcref) (global $g (mut i32) (i32.const 7))
        (elem (table 0) (i32.const 0) func $f $trap) (elem (table $own) (i32.const 0) func $h) (data (i32.const 8) "\2a")
        (type $t (func (result i32)))
        (func $h (result i32) (i32.load8_u (i32.const 8)))
        (func $trap (result i32) (i32.load (i32.const -1)))
        (func $f (result i32) (global.set $g (i32.add (global.get $g) (i32.const 1)))
            (drop (memory.grow (i32.const 1)))
            (i32.add (global.get $g) (i32.mul (i32.const 256) (call_indirect $own (type $t) (i32.const 0)))))"#;
    let data = format!(r#"(module {rest} (data (i32.const 65536) "x"))"#);
    let start = format!("(module {rest} (func $s unreachable) (start $s))");
    let elem = format!("(module {rest} (elem (table $own) (i32.const 1) func $f))");
    for (text, code, own) in [
        (data, TrapCode::MemoryOutOfBounds, 42),
        (start, TrapCode::Unreachable, 42),
        (elem, TrapCode::TableOutOfBounds, 0),
    ] {
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &main, &[])?;
        let table = instance.get_table(&mut store, "t").unwrap();
        let module = Module::new(&engine, text)?;
        for _ in 0..3 {
            assert_eq!(trap_code(Instance::new(&mut store, &module, &[table.into()])), code);
            assert_eq!(call(&mut store, instance, "call", &[0])?, [Val::I32(8 + 256 * own)]);
            assert_eq!(trap_code(call(&mut store, instance, "call", &[1])), TrapCode::MemoryOutOfBounds);
            assert_eq!(trap_code(call(&mut store, instance, "call", &[2])), TrapCode::UninitializedElement);
            assert_eq!(trap_code(call(&mut store, instance, "call", &[4])), TrapCode::UndefinedElement);
        }
    }
    Ok(())
}

/// While a guest is in the middle of a function, the host makes its tables and memories move and its store grow.
#[test]
fn a_guest_sees_what_the_host_changed_meanwhile() -> Result<()> {
    let engine = Engine::default();
    let text = r#"(module (import "" "host" (func $host)) (memory (export "m") 1 100) (table (export "t") 1 funcref)
        (type $f (func (result i32))) (func $one (result i32) (i32.const 1)) (elem (i32.const 0) func $one)
        (func (export "f") (result i32 i32 i32 i32) (local i32)
            (i32.store (i32.const 0) (i32.const 5))
            (local.set 0 (call_indirect (type $f) (i32.const 0)))
            (call $host)
            (i32.add (local.get 0) (call_indirect (type $f) (i32.sub (table.size) (i32.const 1))))
            (i32.load (i32.const 0))
            (i32.load (i32.const 65536))
            (memory.size)))"#;
    let module = Module::new(&engine, text)?;
    let mut store = Store::new(&engine, None::<Instance>);
    let mut linker = Linker::<Option<Instance>>::new(&engine);
    let inner = module.clone();
    linker.func_new("", "host", func_type(&[], &[]), move |mut store, _, _| {
        let instance = store.data().unwrap();
        let (table, memory) =
            (instance.get_table(&mut store, "t").unwrap(), instance.get_memory(&mut store, "m").unwrap());
        let first = table.get(&mut store, 0)?.unwrap();
        for _ in 0..12 {
            let size = table.size(&store);
            table.grow(&mut store, size, first)?;
            memory.grow(&mut store, 1)?;
            let nothing = Func::new(&mut store, func_type(&[], &[]), |_, _, _| Ok(()))?;
            Instance::new(&mut store, &inner, &[nothing.into()])?;
        }
        let two = Func::new(&mut store, func_type(&[], &[ValType::I32]), |_, _, results| {
            results[0] = Val::I32(2);
            Ok(())
        })?;
        let last = table.size(&store) - 1;
        table.set(&mut store, last, Ref::Func(Some(two)))?;
        memory.data_mut(&mut store)[0] = 6;
        memory.data_mut(&mut store)[65536] = 9;
        Ok(())
    })?;
    let instance = linker.instantiate(&mut store, &module)?;
    *store.data_mut() = Some(instance);
    assert_eq!(call(&mut store, instance, "f", &[])?, [3, 6, 9, 13].map(Val::I32));
    Ok(())
}

#[test]
fn a_wrong_result_of_the_host_never_reaches_the_guest() -> Result<()> {
    let engine = Engine::default();
    let mut other = Store::new(&engine, ());
    let foreign = Func::new(&mut other, func_type(&[], &[]), |_, _, _| Ok(()))?;
    let text = r#"(module (import "" "host" (func $host (param i32) (result i32 funcref externref)))
        (func (export "f") (param i32) (drop (drop (drop (call $host (local.get 0)))))))"#;
    let ty =
        func_type(&[ValType::I32], &[ValType::I32, ValType::Ref(RefType::FUNCREF), ValType::Ref(RefType::EXTERNREF)]);
    let mut store = Store::new(&engine, ());
    let host = Func::new(&mut store, ty, move |_, params, results| {
        match params[0] {
            Val::I32(1) => results[0] = Val::I64(1),
            Val::I32(2) => results[1] = Val::I32(1),
            Val::I32(3) => results[1] = Val::Ref(Ref::Func(Some(foreign))),
            Val::I32(4) => results[2] = Val::Ref(Ref::Func(None)),
            Val::I32(5) => results.reverse(),
            _ => {}
        }
        Ok(())
    })?;
    let instance = Instance::new(&mut store, &Module::new(&engine, text)?, &[host.into()])?;
    call(&mut store, instance, "f", &[0])?;
    for wrong in 1..=5 {
        let error = call(&mut store, instance, "f", &[wrong]).unwrap_err();
        assert!(!error.is::<Trap>(), "{wrong}: {error}");
    }
    call(&mut store, instance, "f", &[0])?;
    Ok(())
}

#[test]
fn what_is_of_another_store_is_refused_everywhere() -> Result<()> {
    let engine = Engine::default();
    let (mut store, mut other) = (Store::new(&engine, ()), Store::new(&engine, ()));
    let foreign = Func::new(&mut other, func_type(&[], &[]), |_, _, _| Ok(()))?;
    let foreign_memory = Memory::new(
        &mut other,
        MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: 16 },
    )?;
    let ty = TableType { element: RefType::FUNCREF, minimum: 2, maximum: None, table64: false };
    let table = Table::new(&mut store, ty, Ref::Func(None))?;
    assert!(table.set(&mut store, 0, Ref::Func(Some(foreign))).is_err());
    assert!(table.grow(&mut store, 1, Ref::Func(Some(foreign))).is_err());
    assert!(Table::new(&mut store, ty, Ref::Func(Some(foreign))).is_err());
    let global = GlobalType { content: ValType::Ref(RefType::FUNCREF), mutable: true };
    assert!(Global::new(&mut store, global, Val::Ref(Ref::Func(Some(foreign)))).is_err());
    let global = Global::new(&mut store, global, Val::Ref(Ref::Func(None)))?;
    assert!(global.set(&mut store, Val::Ref(Ref::Func(Some(foreign)))).is_err());
    assert!(foreign.call(&mut store, &[], &mut []).is_err());
    let module = Module::new(&engine, r#"(module (import "" "f" (func)) (import "" "m" (memory 1)))"#)?;
    let own = Func::new(&mut store, func_type(&[], &[]), |_, _, _| Ok(()))?;
    assert!(Instance::new(&mut store, &module, &[own.into(), foreign_memory.into()]).is_err());
    assert!(Instance::new(&mut store, &module, &[foreign.into(), foreign_memory.into()]).is_err());
    assert!(catch_unwind(AssertUnwindSafe(|| foreign_memory.data(&store).len())).is_err());
    Ok(())
}

#[test]
fn senseless_types_of_the_host_are_errors() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let memory = MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: 16 };
    for ty in [
        MemoryType { page_size_log2: 200, ..memory },
        MemoryType { page_size_log2: 64, ..memory },
        MemoryType { page_size_log2: 63, ..memory },
        MemoryType { minimum: u64::MAX, ..memory },
        MemoryType { minimum: 65537, ..memory },
        MemoryType { minimum: 2, maximum: Some(1), ..memory },
        MemoryType { minimum: 1 << 47, memory64: true, ..memory },
        MemoryType { shared: true, maximum: Some(1), ..memory },
    ] {
        assert!(Memory::new(&mut store, ty).is_err(), "{ty:?}");
    }
    let table = TableType { element: RefType::FUNCREF, minimum: 1, maximum: None, table64: false };
    for ty in [
        TableType { minimum: 2, maximum: Some(1), ..table },
        TableType { minimum: u64::MAX, table64: true, ..table },
        TableType { minimum: u64::from(u32::MAX), ..table },
        TableType { element: RefType { nullable: false, heap: HeapType::Func }, ..table },
    ] {
        assert!(Table::new(&mut store, ty, Ref::Func(None)).is_err(), "{ty:?}");
    }
    let many = func_type(&vec![ValType::I32; 100_000], &[]);
    if let Ok(func) = Func::new(&mut store, many, |_, _, _| Ok(())) {
        let table = Table::new(&mut store, table, Ref::Func(None))?;
        assert!(table.set(&mut store, 0, Ref::Func(Some(func))).is_err());
    }
    Ok(())
}

/// A panic of the innermost of three activations, of two stores, leaves all of them; traps are traps afterwards.
#[test]
fn a_panic_leaves_nested_activations_of_two_stores() -> Result<()> {
    type Data = (u32, Option<Instance>);
    let engine = Engine::default();
    let text = r#"(module (import "" "host" (func $host)) (memory 1)
        (func (export "f") (call $host))
        (func (export "trap") (drop (i32.load (i32.const -1)))))"#;
    let module = Module::new(&engine, text)?;
    let (inner_engine, inner_module) = (engine.clone(), module.clone());
    let host = move |mut store: StoreContextMut<'_, Data>, _: &[Val], _: &mut [Val]| {
        store.data_mut().0 += 1;
        let (depth, instance) = (store.data().0, store.data().1.unwrap());
        let mut other = Store::new(&inner_engine, ());
        let panics = Func::new(&mut other, func_type(&[], &[]), |_, _, _| panic!("innermost"))?;
        let other_instance = Instance::new(&mut other, &inner_module, &[panics.into()])?;
        assert_eq!(trap_code(call(&mut other, other_instance, "trap", &[])), TrapCode::MemoryOutOfBounds);
        match depth {
            1 => call(&mut store, instance, "f", &[]).map(drop),
            _ => call(&mut other, other_instance, "f", &[]).map(drop),
        }
    };
    let mut store = Store::new(&engine, (0, None));
    let host = Func::new(&mut store, func_type(&[], &[]), host)?;
    let instance = Instance::new(&mut store, &module, &[host.into()])?;
    store.data_mut().1 = Some(instance);
    for _ in 0..5 {
        store.data_mut().0 = 0;
        let panic = call(&mut store, instance, "f", &[]).unwrap_err();
        assert_eq!(panic.downcast_ref().and_then(HostPanic::message), Some("innermost"));
        assert_eq!(trap_code(call(&mut store, instance, "trap", &[])), TrapCode::MemoryOutOfBounds);
    }
    Ok(())
}

/// Signatures have one number in an engine, whatever modules they are of.
#[test]
fn types_of_indirect_calls_are_compared_across_modules() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let one = r#"(module (type (func (param i64))) (type $f (func (result i32)))
        (table (export "t") 2 funcref) (elem (i32.const 0) func $f $g)
        (func $f (type $f) (i32.const 5)) (func $g (param i64)))"#;
    let one = Instance::new(&mut store, &Module::new(&engine, one)?, &[])?;
    let table = one.get_export(&mut store, "t").unwrap();
    let two = r#"(module (type $f (func (result i32))) (type (func (param i64))) (import "" "t" (table 2 funcref))
        (func (export "call") (param i32) (result i32) (call_indirect (type $f) (local.get 0))))"#;
    let two = Instance::new(&mut store, &Module::new(&engine, two)?, std::slice::from_ref(&table))?;
    assert_eq!(call(&mut store, two, "call", &[0])?, [Val::I32(5)]);
    assert_eq!(trap_code(call(&mut store, two, "call", &[1])), TrapCode::IndirectCallTypeMismatch);
    let of_wrong_type = r#"(module (import "" "t" (table 2 externref)))"#;
    let error =
        Instance::new(&mut store, &Module::new(&engine, of_wrong_type)?, std::slice::from_ref(&table)).unwrap_err();
    assert!(error.to_string().contains("incompatible import type"), "{error}");
    assert!(matches!(table, Extern::Table(_)));
    Ok(())
}
