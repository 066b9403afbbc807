//! Core modules run: results, every way out of a guest, imports, and what is left behind afterwards.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::core::{
    Caller, Extern, ExternRef, Func, FuncType, Global, GlobalType, HeapType, Instance, Linker, Memory, MemoryType,
    Module, Ref, RefType, Table, TableType, Val, ValType,
};
use gusset::{AsContextMut, Config, Engine, Error, HostPanic, LinkError, Result, Store, Trap, TrapCode, WasmBacktrace};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn func_type(params: &[ValType], results: &[ValType]) -> FuncType {
    FuncType { params: params.into(), results: results.into() }
}

/// A store with an instance of a module without imports.
fn instantiate(text: &str) -> Result<(Store<()>, Instance)> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &Module::new(&engine, text)?, &[])?;
    Ok((store, instance))
}

fn call<T>(mut store: impl AsContextMut<Data = T>, instance: Instance, name: &str, params: &[Val]) -> Result<Vec<Val>> {
    let func = instance.get_func(&mut store, name).expect("it is exported");
    let mut results = vec![Val::I32(0); func.ty(&store)?.results.len()];
    func.call(&mut store, params, &mut results)?;
    Ok(results)
}

fn call_i32<T>(store: impl AsContextMut<Data = T>, instance: Instance, name: &str, params: &[i32]) -> Result<i32> {
    let params: Vec<_> = params.iter().map(|&param| Val::I32(param)).collect();
    match call(store, instance, name, &params)?[..] {
        [Val::I32(result)] => Ok(result),
        ref results => panic!("unexpected results {results:?}"),
    }
}

fn trap_code<V: std::fmt::Debug>(result: Result<V>) -> TrapCode {
    let error = result.expect_err("it traps");
    error.downcast_ref::<Trap>().unwrap_or_else(|| panic!("not a trap: {error}")).code()
}

#[test]
fn arithmetic_of_all_number_types() -> Result<()> {
    let (mut store, instance) = instantiate(
        r#"(module
            (func (export "mix") (param i32 i64 f32 f64) (result f64 i64 f32 i32)
                (f64.add (local.get 3) (f64.const 0.5))
                (i64.sub (local.get 1) (i64.const 1))
                (f32.neg (local.get 2))
                (i32.mul (local.get 0) (local.get 0)))
            (func $fib (export "fib") (param i32) (result i32)
                (if (result i32) (i32.lt_s (local.get 0) (i32.const 2))
                    (then (local.get 0))
                    (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                                   (call $fib (i32.sub (local.get 0) (i32.const 2))))))))"#,
    )?;
    let params = [Val::I32(-7), Val::I64(i64::MIN), Val::from(1.5f32), Val::from(2.25f64)];
    let results = call(&mut store, instance, "mix", &params)?;
    assert_eq!(results, [Val::from(2.75f64), Val::I64(i64::MAX), Val::from(-1.5f32), Val::I32(49)]);
    assert_eq!(call_i32(&mut store, instance, "fib", &[20])?, 6765);
    Ok(())
}

#[test]
fn faults_are_traps_and_the_instance_lives_on() -> Result<()> {
    let (mut store, instance) = instantiate(
        r#"(module
            (memory 1)
            (type $f (func (result i32)))
            (table 3 funcref)
            (elem (i32.const 0) $seven $other)
            (func $seven (result i32) (i32.const 7))
            (func $other (param i32))
            (func (export "div") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
            (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
            (func (export "far") (param i32) (result i32) (i32.load offset=0xfffffff0 (local.get 0)))
            (func (export "unreachable") (result i32) unreachable)
            (func (export "indirect") (param i32) (result i32) (call_indirect (type $f) (local.get 0)))
            (func (export "convert") (result i32) (i32.trunc_f32_s (f32.const nan)))
            (func $recurse (export "recurse") (param i32) (result i32)
                (i32.add (i32.const 1) (call $recurse (local.get 0)))))"#,
    )?;
    for round in 0..3 {
        let mut trap = |name, params: &[i32]| trap_code(call_i32(&mut store, instance, name, params));
        assert_eq!(trap("div", &[7, 0]), TrapCode::IntegerDivideByZero);
        assert_eq!(trap("div", &[i32::MIN, -1]), TrapCode::IntegerOverflow);
        assert_eq!(trap("load", &[65533]), TrapCode::MemoryOutOfBounds);
        assert_eq!(trap("load", &[-1]), TrapCode::MemoryOutOfBounds);
        assert_eq!(trap("far", &[-1]), TrapCode::MemoryOutOfBounds);
        assert_eq!(trap("unreachable", &[]), TrapCode::Unreachable);
        assert_eq!(trap("indirect", &[1]), TrapCode::IndirectCallTypeMismatch);
        assert_eq!(trap("indirect", &[2]), TrapCode::UninitializedElement);
        assert_eq!(trap("indirect", &[3]), TrapCode::UndefinedElement);
        assert_eq!(trap("convert", &[]), TrapCode::InvalidConversionToInteger);
        assert_eq!(trap("recurse", &[0]), TrapCode::StackOverflow);
        assert_eq!(call_i32(&mut store, instance, "div", &[7, 2])?, 3, "round {round}");
        assert_eq!(call_i32(&mut store, instance, "indirect", &[0])?, 7);
        assert_eq!(call_i32(&mut store, instance, "load", &[65532])?, 0);
    }
    // Of what is not aligned, emulators say where the eight bytes start that they read instead.
    let error = call_i32(&mut store, instance, "load", &[65536 + 8]).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>().unwrap().memory_offset(), Some(65536 + 8));
    Ok(())
}

#[test]
fn a_backtrace_names_module_functions_and_offsets() -> Result<()> {
    let text = r#"(module $calc
        (func $inner (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0)))
        (func (param i32) (result i32) (i32.add (i32.const 1) (call $inner (local.get 0))))
        (func (export "outer") (param i32) (result i32) (i32.add (i32.const 1) (call 1 (local.get 0)))))"#;
    let wasm = wat::parse_str(text)?;
    let (mut store, instance) = instantiate(text)?;
    let error = call_i32(&mut store, instance, "outer", &[0]).unwrap_err();
    let trap = error.downcast_ref::<Trap>().unwrap();
    let frames = trap.backtrace().frames();
    assert_eq!(frames.iter().map(|frame| frame.function).collect::<Vec<_>>(), [0, 1, 2], "{trap}");
    assert_eq!(
        (&*frames[0].module, frames[0].name.as_deref(), frames[1].name.as_deref()),
        ("calc", Some("inner"), None)
    );
    let opcode = |frame: usize| wasm[frames[frame].offset.unwrap() as usize];
    assert_eq!((opcode(0), opcode(1), opcode(2)), (0x6e, 0x10, 0x10), "{trap}");
    let text = format!("{error:#}");
    let expected = format!(
        "wasm trap: integer divide by zero\nwasm backtrace:\n    0: {:#x} - calc!inner\n         at <text>:2:47\n    1: ",
        frames[0].offset.unwrap()
    );
    assert!(text.starts_with(&expected), "{text}");
    assert!(text.contains(" - calc!<function 1>\n"), "{text}");
    Ok(())
}

#[derive(Debug, thiserror::Error)]
#[error("no more than {0}")]
struct TooMuch(i32);

/// Host functions that fail in every way, and count themselves.
fn host(engine: &Engine) -> Result<Linker<u32>> {
    let mut linker = Linker::new(engine);
    let ty = func_type(&[ValType::I32], &[ValType::I32]);
    let i32_of = |params: &[Val]| if let [Val::I32(value)] = params { *value } else { panic!("one i32") };
    linker.func_new("host", "add1", ty.clone(), move |mut store, params, results| {
        *store.data_mut() += 1;
        results[0] = Val::I32(i32_of(params) + 1);
        Ok(())
    })?;
    linker.func_new("host", "fail", ty.clone(), move |_, params, _| Err(TooMuch(i32_of(params)).into()))?;
    linker.func_new("host", "panic", ty.clone(), |_, _, _| std::panic::panic_any("boom"))?;
    linker.func_new("host", "wrong", ty, |_, _, results| {
        results[0] = Val::I64(1);
        Ok(())
    })?;
    Ok(linker)
}

const CALLER: &str = r#"(module $caller
    (import "host" "add1" (func $add1 (param i32) (result i32)))
    (import "host" "fail" (func $fail (param i32) (result i32)))
    (import "host" "panic" (func $panic (param i32) (result i32)))
    (import "host" "wrong" (func $wrong (param i32) (result i32)))
    (func (export "add1") (param i32) (result i32) (i32.mul (i32.const 10) (call $add1 (local.get 0))))
    (func $fails (export "fail") (param i32) (result i32) (i32.add (i32.const 1) (call $fail (local.get 0))))
    (func (export "panic") (param i32) (result i32) (i32.add (i32.const 1) (call $panic (local.get 0))))
    (func (export "wrong") (param i32) (result i32) (i32.add (i32.const 1) (call $wrong (local.get 0))))
    (export "reexported" (func $add1)))"#;

#[test]
fn host_errors_arrive_as_they_were() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, 0);
    let instance = host(&engine)?.instantiate(&mut store, &Module::new(&engine, CALLER)?)?;
    assert_eq!(call_i32(&mut store, instance, "add1", &[4])?, 50);
    assert_eq!(*store.data(), 1);
    let error = call_i32(&mut store, instance, "fail", &[4]).unwrap_err();
    assert_eq!(error.downcast_ref::<TooMuch>().unwrap().0, 4);
    assert_eq!(error.root_cause().to_string(), "no more than 4");
    let frames = WasmBacktrace::of(&error).expect("a guest was running").frames();
    assert_eq!((frames.len(), frames[0].name.as_deref()), (1, Some("fails")));
    assert!(format!("{error:?}").contains("caller!fails"), "{error:?}");
    let error = call_i32(&mut store, instance, "wrong", &[4]).unwrap_err();
    assert_eq!(error.root_cause().to_string(), "expected a value of type i32, found one of type i64");
    assert_eq!(call_i32(&mut store, instance, "reexported", &[4])?, 5);
    assert_eq!(*store.data(), 2);
    Ok(())
}

#[test]
fn host_panics_arrive_as_errors() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, 0);
    let instance = host(&engine)?.instantiate(&mut store, &Module::new(&engine, CALLER)?)?;
    let error = call_i32(&mut store, instance, "panic", &[1]).unwrap_err();
    assert_eq!(error.root_cause().to_string(), "a host function panicked: boom");
    assert_eq!(
        WasmBacktrace::of(&error).expect("a guest was running").frames().len(),
        1,
        "it says where the guest stood"
    );
    let panic = error.downcast::<HostPanic>().unwrap();
    let payload = catch_unwind(AssertUnwindSafe(|| panic.resume())).unwrap_err();
    assert_eq!(*payload.downcast::<&str>().unwrap(), "boom");
    assert_eq!(call_i32(&mut store, instance, "add1", &[1])?, 20, "the store can still be used");
    Ok(())
}

#[test]
fn nested_calls_keep_their_frames_apart() -> Result<()> {
    static DROPPED: AtomicUsize = AtomicUsize::new(0);
    struct CountDrop;
    impl Drop for CountDrop {
        fn drop(&mut self) {
            DROPPED.fetch_add(1, Ordering::SeqCst);
        }
    }
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module $m
            (import "host" "again" (func $again (param i32) (result i32)))
            (memory 1)
            (func $div (export "div") (param i32) (result i32) (i32.div_u (i32.const 12) (local.get 0)))
            (func $enter (export "enter") (param i32) (result i32)
                (i32.add (i32.const 100) (call $again (local.get 0))))
            (func (export "then_trap") (param i32) (result i32)
                (drop (call $again (local.get 0)))
                (i32.load (i32.const -1))))"#,
    )?;
    let mut store = Store::new(&engine, None::<Instance>);
    let mut linker = Linker::new(&engine);
    // Calls `div`; a trap of an odd number is swallowed, one of an even number goes on.
    let swallow = Arc::new(AtomicUsize::new(1));
    let swallows = swallow.clone();
    let again = move |mut store: Caller<'_, Option<Instance>>, params: &[Val], results: &mut [Val]| {
        let _guard = CountDrop;
        let instance = store.data().expect("it was set");
        let outcome = call(&mut store, instance, "div", params);
        results[0] = match outcome {
            Ok(values) => values[0],
            Err(error) if swallows.load(Ordering::SeqCst) == 1 => {
                assert_eq!(error.downcast_ref::<Trap>().unwrap().backtrace().frames().len(), 1);
                Val::I32(-1)
            }
            Err(error) => return Err(error),
        };
        Ok(())
    };
    linker.func_new("host", "again", func_type(&[ValType::I32], &[ValType::I32]), again)?;
    let instance = linker.instantiate(&mut store, &module)?;
    *store.data_mut() = Some(instance);
    assert_eq!(call_i32(&mut store, instance, "enter", &[3])?, 104);
    assert_eq!(call_i32(&mut store, instance, "enter", &[0])?, 99);
    let error = call_i32(&mut store, instance, "then_trap", &[0]).unwrap_err();
    assert_eq!(trap_code::<()>(Err(error)), TrapCode::MemoryOutOfBounds);
    swallow.store(0, Ordering::SeqCst);
    let error = call_i32(&mut store, instance, "enter", &[0]).unwrap_err();
    let trap = error.downcast_ref::<Trap>().unwrap();
    let names: Vec<_> = trap.backtrace().frames().iter().map(|frame| frame.name.as_deref().unwrap()).collect();
    assert_eq!((trap.code(), &*names), (TrapCode::IntegerDivideByZero, &["div", "enter"][..]));
    assert_eq!(DROPPED.load(Ordering::SeqCst), 4);
    Ok(())
}

#[test]
fn recursion_through_the_host_ends_in_a_trap() -> Result<()> {
    let engine = Engine::new(Config::new().max_wasm_stack(128 << 10))?;
    let module = Module::new(
        &engine,
        r#"(module (import "host" "again" (func $again))
            (func (export "run") (call $again)))"#,
    )?;
    let mut store = Store::new(&engine, (None::<Instance>, 0));
    let mut linker = Linker::new(&engine);
    let again = |mut store: Caller<'_, (Option<Instance>, u32)>, _: &[Val], _: &mut [Val]| {
        store.data_mut().1 += 1;
        let instance = store.data().0.unwrap();
        call(&mut store, instance, "run", &[]).map(drop)
    };
    linker.func_new("host", "again", func_type(&[], &[]), again)?;
    let instance = linker.instantiate(&mut store, &module)?;
    store.data_mut().0 = Some(instance);
    for _ in 0..2 {
        assert_eq!(trap_code(call(&mut store, instance, "run", &[])), TrapCode::StackOverflow);
        assert!(store.data().1 > 10, "{} rounds", store.data().1);
    }
    Ok(())
}

#[test]
fn threads_trap_at_once() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module (memory 1)
            (func (export "div") (param i32 i32) (result i32) (i32.div_u (local.get 0) (local.get 1)))
            (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
            (func $r (export "recurse") (param i32) (result i32) (i32.add (i32.const 1) (call $r (local.get 0)))))"#,
    )?;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut store = Store::new(&engine, ());
                let instance = Instance::new(&mut store, &module, &[]).unwrap();
                for i in 0..500 {
                    let mut trap = |name, params: &[i32]| trap_code(call_i32(&mut store, instance, name, params));
                    assert_eq!(trap("div", &[i, 0]), TrapCode::IntegerDivideByZero);
                    assert_eq!(trap("load", &[-4]), TrapCode::MemoryOutOfBounds);
                    if i % 50 == 0 {
                        assert_eq!(trap("recurse", &[0]), TrapCode::StackOverflow);
                    }
                    assert_eq!(call_i32(&mut store, instance, "div", &[i, 1]).unwrap(), i);
                }
            });
        }
    });
    Ok(())
}

#[test]
fn a_store_moves_between_threads() -> Result<()> {
    let (mut store, instance) = instantiate(
        r#"(module (global $n (mut i32) (i32.const 0))
            (func (export "trap") (global.set $n (i32.add (global.get $n) (i32.const 1))) unreachable)
            (func (export "n") (result i32) (global.get $n)))"#,
    )?;
    for round in 1..4 {
        store = std::thread::spawn(move || {
            assert_eq!(trap_code(call(&mut store, instance, "trap", &[])), TrapCode::Unreachable);
            assert_eq!(call_i32(&mut store, instance, "n", &[]).unwrap(), round);
            store
        })
        .join()
        .unwrap();
    }
    Ok(())
}

#[test]
fn memories_grow_and_are_seen_from_both_sides() -> Result<()> {
    let (mut store, instance) = instantiate(
        r#"(module (memory (export "memory") 1 3)
            (data (i32.const 8) "abc") (data $passive "xyz")
            (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
            (func (export "size") (result i32) memory.size)
            (func (export "load8") (param i32) (result i32) (i32.load8_u (local.get 0)))
            (func (export "init") (param i32 i32 i32) (result i32)
                (memory.init $passive (local.get 0) (local.get 1) (local.get 2)) (i32.const 0))
            (func (export "drop") (result i32) (data.drop $passive) (i32.const 0))
            (func (export "copy") (param i32 i32 i32) (result i32)
                (memory.copy (local.get 0) (local.get 1) (local.get 2)) (i32.const 0))
            (func (export "fill") (param i32 i32 i32) (result i32)
                (memory.fill (local.get 0) (local.get 1) (local.get 2)) (i32.const 0)))"#,
    )?;
    let memory = instance.get_memory(&mut store, "memory").unwrap();
    assert_eq!(&memory.data(&store)[8..12], b"abc\0");
    assert_eq!(trap_code(call_i32(&mut store, instance, "load8", &[65536])), TrapCode::MemoryOutOfBounds);
    assert_eq!(call_i32(&mut store, instance, "grow", &[1])?, 1);
    assert_eq!(call_i32(&mut store, instance, "load8", &[65536])?, 0);
    assert_eq!(memory.grow(&mut store, 1)?, 2);
    assert_eq!(call_i32(&mut store, instance, "size", &[])?, 3);
    assert_eq!(call_i32(&mut store, instance, "grow", &[1])?, -1);
    assert!(memory.grow(&mut store, 1).unwrap_err().to_string().contains("3 pages cannot grow by 1"));
    memory.data_mut(&mut store)[3 * 65536 - 1] = 9;
    assert_eq!(call_i32(&mut store, instance, "load8", &[3 * 65536 - 1])?, 9);

    let mut run = |name, params: &[i32]| call_i32(&mut store, instance, name, params);
    run("init", &[0, 1, 2])?;
    assert_eq!(trap_code(run("init", &[0, 2, 2])), TrapCode::MemoryOutOfBounds);
    assert_eq!(trap_code(run("fill", &[3 * 65536 - 1, 7, 2])), TrapCode::MemoryOutOfBounds);
    assert_eq!(run("load8", &[3 * 65536 - 1])?, 9, "nothing is written before the trap");
    run("copy", &[9, 8, 3])?;
    run("drop", &[])?;
    run("init", &[0, 0, 0])?;
    let error = run("init", &[0, 0, 1]).unwrap_err();
    assert!(format!("{error:#}").contains("<module 0>!init"), "{error}");
    assert_eq!(&memory.data(&store)[..12], b"yz\0\0\0\0\0\0aabc");
    Ok(())
}

#[test]
fn a_memory_of_4_gib_is_made_lazily() -> Result<()> {
    let (mut store, instance) = instantiate(
        r#"(module (memory 65536) (func (export "last") (result i32)
            (i32.store8 (i32.const -1) (i32.const 5)) (i32.load8_u (i32.const -1))))"#,
    )?;
    assert_eq!(call_i32(&mut store, instance, "last", &[])?, 5);
    Ok(())
}

#[test]
fn small_reservations_check_explicitly() -> Result<()> {
    let engine = Engine::new(Config::new().memory_reservation(1 << 20).memory_guard(0))?;
    let mut store = Store::new(&engine, ());
    let module = Module::new(
        &engine,
        r#"(module (memory 1) (func (export "load") (param i32) (result i32) (i32.load offset=16 (local.get 0)))
            (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))"#,
    )?;
    let instance = Instance::new(&mut store, &module, &[])?;
    assert_eq!(call_i32(&mut store, instance, "load", &[65536 - 20])?, 0);
    for out in [65536 - 19, -1, i32::MIN] {
        assert_eq!(trap_code(call_i32(&mut store, instance, "load", &[out])), TrapCode::MemoryOutOfBounds);
    }
    assert_eq!(call_i32(&mut store, instance, "grow", &[15])?, 1);
    assert_eq!(call_i32(&mut store, instance, "grow", &[1])?, -1);
    assert_eq!(call_i32(&mut store, instance, "load", &[(1 << 20) - 20])?, 0);
    Ok(())
}

#[test]
fn tables_and_references() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let module = Module::new(
        &engine,
        r#"(module
            (type $f (func (param i32) (result i32)))
            (table $t (export "t") 2 20 funcref)
            (table $e (export "e") 2 externref)
            (global (export "g") (mut funcref) (ref.null func))
            (elem (i32.const 0) func $double)
            (func $double (export "double") (param i32) (result i32) (i32.shl (local.get 0) (i32.const 1)))
            (func (export "call") (param i32 i32) (result i32)
                (call_indirect $t (type $f) (local.get 1) (local.get 0)))
            (func (export "get") (param i32) (result externref) (table.get $e (local.get 0)))
            (func (export "put") (param i32 externref) (table.set $e (local.get 0) (local.get 1)))
            (func (export "is_null") (param funcref) (result i32) (ref.is_null (local.get 0)))
            (func (export "same") (param funcref) (result funcref) (local.get 0))
            (func (export "grow") (param i32) (result i32) (table.grow $t (ref.func $double) (local.get 0)))
            (func (export "fill") (param i32 i32) (result i32)
                (table.fill $t (local.get 0) (ref.func $double) (local.get 1)) (i32.const 0))
            (func (export "copy") (param i32 i32 i32) (result i32)
                (table.copy $t $t (local.get 0) (local.get 1) (local.get 2)) (i32.const 0)))"#,
    )?;
    let instance = Instance::new(&mut store, &module, &[])?;
    let table = instance.get_table(&mut store, "t").unwrap();
    let double = instance.get_func(&mut store, "double").unwrap();
    assert_eq!(table.get(&mut store, 0)?, Some(Ref::Func(Some(double))));
    assert_eq!(table.get(&mut store, 1)?, Some(Ref::Func(None)));
    assert_eq!(table.get(&mut store, 2)?, None);

    // A host function of a type that no import has can still be called through the table.
    let ty = func_type(&[ValType::I32], &[ValType::I32]);
    let negate = Func::new(&mut store, ty, |_, params, results| {
        let Val::I32(value) = params[0] else { panic!("one i32") };
        results[0] = Val::I32(-value);
        Ok(())
    })?;
    table.set(&mut store, 1, Ref::Func(Some(negate)))?;
    assert_eq!(call_i32(&mut store, instance, "call", &[0, 21])?, 42);
    assert_eq!(call_i32(&mut store, instance, "call", &[1, 21])?, -21);
    assert_eq!(table.get(&mut store, 1)?, Some(Ref::Func(Some(negate))));
    assert_eq!(
        call(&mut store, instance, "same", &[Val::Ref(Ref::Func(Some(negate)))])?,
        [Val::Ref(Ref::Func(Some(negate)))]
    );
    assert_eq!(call(&mut store, instance, "is_null", &[Val::Ref(Ref::Func(None))])?, [Val::I32(1)]);
    assert_eq!(call(&mut store, instance, "is_null", &[Val::Ref(Ref::Func(Some(double)))])?, [Val::I32(0)]);
    let global = instance.get_global(&mut store, "g").unwrap();
    global.set(&mut store, Val::Ref(Ref::Func(Some(negate))))?;
    assert_eq!(global.get(&mut store)?, Val::Ref(Ref::Func(Some(negate))));

    assert_eq!(call_i32(&mut store, instance, "grow", &[18])?, 2);
    assert_eq!(call_i32(&mut store, instance, "grow", &[1])?, -1);
    assert_eq!(call_i32(&mut store, instance, "call", &[19, 4])?, 8);
    assert_eq!(trap_code(call_i32(&mut store, instance, "fill", &[19, 2])), TrapCode::TableOutOfBounds);
    call_i32(&mut store, instance, "copy", &[2, 0, 3])?;
    assert_eq!(table.get(&mut store, 3)?, Some(Ref::Func(Some(negate))));
    assert_eq!(trap_code(call_i32(&mut store, instance, "copy", &[18, 0, 3])), TrapCode::TableOutOfBounds);

    let value = ExternRef::new(&mut store, String::from("host"))?;
    call(&mut store, instance, "put", &[Val::I32(1), Val::Ref(Ref::Extern(Some(value)))])?;
    assert_eq!(call(&mut store, instance, "get", &[Val::I32(0)])?, [Val::Ref(Ref::Extern(None))]);
    let [Val::Ref(Ref::Extern(Some(back)))] = call(&mut store, instance, "get", &[Val::I32(1)])?[..] else {
        panic!("an external reference")
    };
    assert_eq!(back, value);
    assert_eq!(back.data(&store).unwrap().downcast_ref::<String>().unwrap(), "host");
    Ok(())
}

#[test]
fn imports_of_the_wrong_type_are_refused_with_both_types() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let mut linker = Linker::new(&engine);
    let memory = MemoryType { minimum: 1, maximum: Some(2), memory64: false, shared: false, page_size_log2: 16 };
    linker.define("spectest", "memory", Memory::new(&mut store, memory)?)?;
    let table = TableType { element: RefType::FUNCREF, minimum: 10, maximum: Some(20), table64: false };
    linker.define("spectest", "table", Table::new(&mut store, table, Ref::null(HeapType::Func))?)?;
    let global = GlobalType { content: ValType::I32, mutable: false };
    linker.define("spectest", "global_i32", Global::new(&mut store, global, Val::I32(666))?)?;
    linker.func_new("spectest", "print_i32", func_type(&[ValType::I32], &[]), |_, _, _| Ok(()))?;
    let mut link = |import: &str| {
        let module = Module::new(&engine, format!("(module (import \"spectest\" {import}))"))?;
        linker.instantiate(&mut store, &module)
    };
    for holds in [
        "\"memory\" (memory 1 2)",
        "\"memory\" (memory 0 3)",
        "\"memory\" (memory 0)",
        "\"table\" (table 10 20 funcref)",
        "\"table\" (table 5 funcref)",
        "\"global_i32\" (global i32)",
        "\"print_i32\" (func (param i32))",
    ] {
        link(holds)?;
    }
    for (import, expected, found) in [
        ("\"memory\" (memory 2)", "(memory 2)", "(memory 1 2)"),
        ("\"memory\" (memory 1 1)", "(memory 1 1)", "(memory 1 2)"),
        ("\"memory\" (global i32)", "(global i32)", "(memory 1 2)"),
        ("\"table\" (table 10 20 externref)", "(table 10 20 externref)", "(table 10 20 funcref)"),
        ("\"table\" (table 11 funcref)", "(table 11 funcref)", "(table 10 20 funcref)"),
        ("\"global_i32\" (global (mut i32))", "(global (mut i32))", "(global i32)"),
        ("\"global_i32\" (global i64)", "(global i64)", "(global i32)"),
        ("\"print_i32\" (func)", "(func)", "(func (param i32))"),
    ] {
        let error = without_place(&link(import).unwrap_err());
        let name = import.split('"').nth(1).unwrap();
        let text = format!("incompatible import type for `spectest::{name}`: expected {expected}, found {found}");
        assert_eq!(error, text);
    }
    let error = link("\"nothing\" (func)").unwrap_err();
    assert_eq!(without_place(&error), "unknown import: `spectest::nothing` has not been defined");
    let error = link("\"printi32\" (func)").unwrap_err();
    let near = "`spectest::print_i32` is defined";
    assert_eq!(without_place(&error), format!("unknown import: `spectest::printi32` has not been defined; {near}"));
    Ok(())
}

/// What an error says before it quotes the text.
fn without_place(error: &Error) -> String {
    format!("{error:#}").split("\n --> ").next().unwrap_or_default().to_string()
}

#[test]
fn all_imports_that_are_missing_are_told_at_once() -> Result<()> {
    let engine = Engine::default();
    let mut linker = Linker::<()>::new(&engine);
    let ty = FuncType { params: [ValType::I32].into(), results: [].into() };
    linker.func_new("env", "print", ty, |_, _, _| Ok(()))?;
    let error = |imports: &str| -> Result<String> {
        let module = Module::new(&engine, format!("(module {imports})"))?;
        let error = linker.instantiate(&mut Store::new(&engine, ()), &module).expect_err("imports are missing");
        assert!(error.is::<LinkError>());
        Ok(without_place(&error))
    };
    assert_eq!(
        error(
            r#"(import "env" "prnit" (func (param i32))) (import "env" "print" (func (param i32)))
               (import "host" "print" (func (param i32))) (import "env" "memory" (memory 1))"#
        )?,
        "unknown imports: 3 have not been defined\n  \
           `env::prnit`: (func (param i32)); `env::print` is defined\n  \
           `host::print`: (func (param i32)); `env::print` is defined\n  \
           `env::memory`: (memory 1)"
    );
    let many: String = (0..1000).map(|n| format!(r#"(import "other" "f{n}" (func))"#)).collect();
    let many = error(&many)?;
    assert_eq!(many.lines().count(), 22, "{many}");
    assert!(many.ends_with("\n  `other::f19`: (func)\n  and 980 more"), "{many}");
    Ok(())
}

#[test]
fn instances_share_what_they_import() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let mut linker = Linker::new(&engine);
    let library = Module::new(
        &engine,
        r#"(module $library
            (memory (export "memory") 1) (global (export "count") (mut i32) (i32.const 3))
            (table (export "table") 4 funcref)
            (func (export "next") (result i32)
                (global.set 0 (i32.add (global.get 0) (i32.const 1))) (global.get 0))
            (func $peek (export "peek") (param i32) (result i32) (i32.load8_u (local.get 0))))"#,
    )?;
    let library = linker.instantiate(&mut store, &library)?;
    linker.instance(&mut store, "library", library)?;
    let user = Module::new(
        &engine,
        r#"(module
            (import "library" "next" (func $next (result i32)))
            (import "library" "peek" (func $peek (param i32) (result i32)))
            (import "library" "memory" (memory 1))
            (import "library" "count" (global $count (mut i32)))
            (import "library" "table" (table 4 funcref))
            (elem (i32.const 1) func $peek $own)
            (data (i32.const 100) "hello")
            (func $own (result i32) (i32.const 77))
            (func (export "run") (result i32)
                (global.set $count (i32.const 10))
                (i32.add (call $next) (i32.mul (i32.const 1000) (call $peek (i32.const 101)))))
            (func (export "by_table") (result i32) (call_indirect (param i32) (result i32) (i32.const 104) (i32.const 1))))"#,
    )?;
    let user = linker.instantiate(&mut store, &user)?;
    assert_eq!(call_i32(&mut store, user, "run", &[])?, 11 + 101_000);
    assert_eq!(call_i32(&mut store, user, "by_table", &[])?, b'o' as i32);
    assert_eq!(library.get_global(&mut store, "count").unwrap().get(&mut store)?, Val::I32(11));
    let table = library.get_table(&mut store, "table").unwrap();
    let peek = library.get_func(&mut store, "peek").unwrap();
    assert_eq!(table.get(&mut store, 1)?, Some(Ref::Func(Some(peek))), "an import slot stands for its function");
    let Some(Ref::Func(Some(own))) = table.get(&mut store, 2)? else { panic!("a function") };
    let mut results = [Val::I32(0)];
    own.call(&mut store, &[], &mut results)?;
    assert_eq!(results, [Val::I32(77)]);
    Ok(())
}

#[test]
fn segments_that_do_not_fit_trap_and_leave_what_was_written() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let ty = MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: 16 };
    let memory = Memory::new(&mut store, ty)?;
    let module = Module::new(
        &engine,
        r#"(module $late (import "" "" (memory 1)) (data (i32.const 0) "kept") (data (i32.const 65535) "no")
            (func $start unreachable) (start $start))"#,
    )?;
    let error = Instance::new(&mut store, &module, &[memory.into()]).unwrap_err();
    assert_eq!(
        format!("{error:#}"),
        "module `late` cannot be instantiated: data segment 1: wasm trap: out of bounds memory access"
    );
    assert_eq!(trap_code::<()>(Err(error)), TrapCode::MemoryOutOfBounds);
    assert_eq!(&memory.data(&store)[..5], b"kept\0");
    assert_eq!(memory.data(&store)[65535], 0);
    Ok(())
}

#[test]
fn start_functions_run_and_may_fail() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, 0);
    let mut linker = Linker::new(&engine);
    linker.func_new("", "mark", func_type(&[], &[]), |mut store: Caller<'_, i32>, _, _| {
        *store.data_mut() += 1;
        if *store.data() == 2 { Err(Error::msg("twice is too often")) } else { Ok(()) }
    })?;
    let module =
        Module::new(&engine, r#"(module $m (import "" "mark" (func $mark)) (func $s (call $mark)) (start $s))"#)?;
    linker.instantiate(&mut store, &module)?;
    let error = linker.instantiate(&mut store, &module).unwrap_err();
    assert_eq!(error.to_string(), "the start function of module `m` failed");
    assert_eq!(error.root_cause().to_string(), "twice is too often");
    let imported = Module::new(&engine, r#"(module (import "" "mark" (func $mark)) (start $mark))"#)?;
    linker.instantiate(&mut store, &imported)?;
    assert_eq!(*store.data(), 3);
    Ok(())
}

#[test]
fn what_is_of_one_store_is_not_of_another() -> Result<()> {
    let (mut store, instance) =
        instantiate("(module (memory (export \"m\") 1) (func (export \"f\") (param funcref)))")?;
    let func = instance.get_func(&mut store, "f").unwrap();
    let memory = instance.get_memory(&mut store, "m").unwrap();
    let engine = store.engine().clone();
    let mut other = Store::new(&engine, ());
    assert!(func.call(&mut other, &[Val::Ref(Ref::Func(None))], &mut []).is_err());
    let module = Module::new(&engine, r#"(module (import "" "" (memory 1)) (func (export "f") (param funcref)))"#)?;
    let error = Instance::new(&mut other, &module, &[memory.into()]).unwrap_err();
    assert_eq!(format!("{error:#}"), "a memory of one store was used with another");
    let foreign = Val::Ref(Ref::Func(Some(func)));
    let own = Memory::new(&mut other, memory.ty(&store))?;
    let instance = Instance::new(&mut other, &module, &[own.into()])?;
    assert!(call(&mut other, instance, "f", &[foreign]).is_err());
    let engine = Engine::default();
    let error = Instance::new(&mut Store::new(&engine, ()), &module, &[]).unwrap_err();
    assert_eq!(format!("{error:#}"), "a module of one engine was used with a store of another");
    assert!(catch_unwind(AssertUnwindSafe(|| memory.ty(&other))).is_err(), "documented to panic");
    Ok(())
}

#[test]
fn dropping_a_store_drops_what_the_host_gave_it() -> Result<()> {
    let engine = Engine::default();
    let token = Arc::new(());
    let mut store = Store::new(&engine, token.clone());
    let held = token.clone();
    let func = Func::new(&mut store, func_type(&[], &[]), move |_, _, _| {
        let _ = &held;
        Ok(())
    })?;
    ExternRef::new(&mut store, token.clone())?;
    let module = Module::new(&engine, r#"(module (import "" "" (func)) (func (export "f") (call 0)))"#)?;
    let instance = Instance::new(&mut store, &module, &[Extern::Func(func)])?;
    drop(module);
    call(&mut store, instance, "f", &[])?;
    assert_eq!(Arc::strong_count(&token), 4);
    drop(store);
    assert_eq!(Arc::strong_count(&token), 1);
    Ok(())
}

#[test]
fn bad_input_is_an_error() {
    let engine = Engine::default();
    assert!(Module::new(&engine, b"\0asm\x0d\0\x01\0").is_err());
    assert!(Module::new(&engine, b"(module").is_err());
    let error = Module::new(&engine, "(module (func (result i32)))").expect_err("it is not valid");
    assert!(error.is::<gusset::CodegenError>(), "{error}");
    let large = "(module (table 4000000000 funcref))";
    let module = Module::new(&engine, large).unwrap();
    let error = Instance::new(&mut Store::new(&engine, ()), &module, &[]).unwrap_err();
    assert!(format!("{error:#}").contains("table 0: a table of 4000000000 elements"), "{error}");
}

/// Two instances import one closure: each call is told which of them it is of, in a start function too.
#[test]
fn host_functions_know_their_caller() -> Result<()> {
    let engine = Engine::default();
    let mut linker = Linker::<Vec<i32>>::new(&engine);
    linker.func_new("", "tell", func_type(&[], &[]), |mut caller, _, _| {
        let instance = caller.instance().expect("the linker has made it for an instance");
        let own = caller.get_export("own").and_then(|export| export.into_global()).expect("it is exported");
        assert_eq!(instance.get_global(&mut caller, "own"), Some(own));
        assert!(caller.get_export("other").is_none());
        let Val::I32(own) = own.get(&mut caller)? else { panic!("it is an i32") };
        caller.data_mut().push(own);
        Ok(())
    })?;
    let module = |own: i32, rest: &str| {
        let text = format!(
            r#"(module (import "" "tell" (func $tell)) (global (export "own") i32 (i32.const {own}))
                (func (export "run") (call $tell)) {rest})"#
        );
        Module::new(&engine, text)
    };
    let store = &mut Store::new(&engine, Vec::new());
    let one = linker.instantiate(&mut *store, &module(1, "")?)?;
    let two = linker.instantiate(&mut *store, &module(2, "(start $tell)")?)?;
    for instance in [one, two, one] {
        instance.get_func(&mut *store, "run").expect("it is exported").call(&mut *store, &[], &mut [])?;
    }
    assert_eq!(store.data(), &[2, 1, 2, 1]);
    Ok(())
}
