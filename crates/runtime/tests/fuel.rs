//! Fuel: what uses how much, that it is the same in every form of code, and where guests are stopped.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::core::{self, Instance, Module};
use gusset::{
    AsContextMut, Component, Config, Engine, Error, Linker, OptLevel, Result, Store, StoreContextMut, Trap, TrapCode,
    UpdateDeadline,
};

/// Engines whose guests count fuel, in every form of code that there is.
fn engines() -> Result<Vec<Engine>> {
    let mut config = Config::new();
    config.consume_fuel(true);
    let mut engines = vec![Engine::new(&config)?];
    for level in [OptLevel::None, OptLevel::SpeedAndSize] {
        engines.push(Engine::new(config.clone().opt_level(level))?);
    }
    engines.push(Engine::new(config.clone().frame_form(true))?);
    engines.push(Engine::new(config.clone().memory_reservation(1 << 20))?);
    engines.push(Engine::new(config.epoch_interruption(true))?);
    Ok(engines)
}

fn code(error: &Error) -> Option<TrapCode> {
    error.downcast_ref::<Trap>().map(Trap::code)
}

fn store(engine: &Engine, fuel: u64) -> Store<()> {
    let mut store = Store::new(engine, ());
    store.set_fuel(fuel).expect("the engine counts");
    store.set_epoch_deadline(u64::MAX);
    store
}

/// What a call of `f` with a number uses, in a fresh instance, and how it ends.
fn used(engine: &Engine, text: &str, name: &str, param: i32, fuel: u64) -> Result<(u64, Option<TrapCode>)> {
    let module = Module::new(engine, text)?;
    let mut store = store(engine, fuel);
    let instance = Instance::new(&mut store, &module, &[])?;
    let func = instance.get_typed_func::<i32, ()>(&mut store, name)?;
    let before = store.get_fuel()?;
    let trap = func.call(&mut store, param).map_err(|error| code(&error).expect("it is a trap")).err();
    Ok((before - store.get_fuel()?, trap))
}

const FUNCTIONS: &str = r#"(module
    (memory 2)
    (data $d "0123456789")
    (table $t 100 funcref)
    (elem $e funcref (ref.func $nothing) (ref.func $nothing))
    (global $g (mut i32) (i32.const 3))
    (type $take (func (param i32)))
    (elem (table $t) (i32.const 50) func $straight)
    (func $nothing)
    (func $straight (export "straight") (param i32) (drop (i32.add (local.get 0) (i32.const 1))) (nop))
    (func (export "block") (param i32) (block (br_if 0 (local.get 0)) (global.set $g (i32.const 4))))
    (func (export "if") (param i32) (if (local.get 0) (then (global.set $g (i32.const 4)))
        (else (global.set $g (i32.const 5)) (global.set $g (i32.const 6)))))
    (func (export "loop") (param i32)
        (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
    (func (export "while") (param i32)
        (block (loop (br_if 1 (i32.eqz (local.get 0))) (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br 0))))
    (func (export "table") (param i32)
        (loop (block (block (block (br_table 0 1 2 3 (local.get 0))) (nop)) (local.set 0 (i32.const 2)) (br 1))
            (local.set 0 (i32.const 0))))
    (func (export "return") (param i32) (if (local.get 0) (then (return))) (global.set $g (i32.const 1)))
    (func $down (export "down") (param i32)
        (if (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1))))))
    (func (export "indirect") (param i32) (call_indirect $t (type $take) (i32.const 7) (i32.const 50)))
    (func (export "fill") (param i32) (memory.fill (i32.const 0) (i32.const 1) (local.get 0)))
    (func (export "copy") (param i32) (memory.copy (i32.const 0) (i32.const 1) (local.get 0)))
    (func (export "init") (param i32) (memory.init $d (i32.const 0) (i32.const 0) (local.get 0)))
    (func (export "grow") (param i32) (drop (memory.grow (local.get 0))))
    (func (export "table-fill") (param i32) (table.fill $t (i32.const 0) (ref.null func) (local.get 0)))
    (func (export "table-copy") (param i32) (table.copy $t $t (i32.const 0) (i32.const 9) (local.get 0)))
    (func (export "table-init") (param i32) (table.init $t $e (i32.const 0) (i32.const 0) (local.get 0)))
    (func (export "table-grow") (param i32) (drop (table.grow $t (ref.null func) (local.get 0))))
    (func (export "trap") (param i32) (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (unreachable))
    (func (export "divide") (param i32) (drop (i32.div_u (i32.const 1) (local.get 0)))))"#;

#[test]
fn operators_use_one_each_and_a_function_one_more() -> Result<()> {
    for engine in engines()? {
        for (name, param, fuel) in [
            ("straight", 1, 4),
            ("block", 0, 5),
            ("block", 1, 3),
            ("if", 1, 5),
            ("if", 0, 7),
            ("loop", 1, 6),
            ("loop", 1000, 5001),
            ("while", 0, 4),
            ("while", 10, 84),
            ("table", 0, 10),
            ("table", 1, 10),
            ("table", 2, 5),
            ("return", 1, 3),
            ("return", 0, 5),
            ("down", 0, 3),
            ("down", 10, 73),
            ("indirect", 0, 8),
            ("fill", 0, 5),
            ("fill", 1000, 1005),
            ("copy", 1000, 1005),
            ("init", 10, 15),
            ("grow", 1, 3),
            ("table-fill", 7, 12),
            ("table-copy", 7, 12),
            ("table-init", 2, 7),
            ("table-grow", 9, 13),
        ] {
            let (used, trap) = used(&engine, FUNCTIONS, name, param, 1_000_000)?;
            assert_eq!((used, trap), (fuel, None), "{name}({param}) with {:?}", engine.config());
        }
    }
    Ok(())
}

#[test]
fn guests_stop_where_there_is_none_left() -> Result<()> {
    for engine in engines()? {
        // The limit is met where a function starts or a loop goes on: with one more it goes on.
        for (name, param, enough) in
            [("straight", 1, 1), ("loop", 1000, 5002), ("down", 10, 71), ("fill", 1000, 1006), ("while", 5, 42)]
        {
            let (_, trap) = used(&engine, FUNCTIONS, name, param, enough)?;
            assert_eq!(trap, None, "{name}({param}) with {enough}");
            let (used, trap) = used(&engine, FUNCTIONS, name, param, enough - 1)?;
            assert_eq!((used, trap), (enough - 1, Some(TrapCode::OutOfFuel)), "{name}({param}) with {}", enough - 1);
        }
        // What is asked for at once must be there at once.
        let (used, trap) = used(&engine, FUNCTIONS, "fill", 100_000, 50_000)?;
        assert_eq!((used, trap), (50_000, Some(TrapCode::OutOfFuel)));
    }
    Ok(())
}

#[test]
fn a_trap_keeps_what_was_counted_since_the_last_share() -> Result<()> {
    let mut all = Vec::new();
    for engine in engines()? {
        let divided = used(&engine, FUNCTIONS, "divide", 0, 1_000_000)?;
        let spun = used(&engine, FUNCTIONS, "trap", 100_000, 1_000_000)?;
        all.push((divided, spun));
    }
    let ((divided, _), (spun, _)) = all[0];
    assert_eq!(divided, 0);
    assert!((490_000..=500_001).contains(&spun), "{spun}");
    assert!(all.iter().all(|each| *each == all[0]), "{all:?}");
    Ok(())
}

#[test]
fn what_ends_at_unreachable_is_charged_for_all_that_it_used() -> Result<()> {
    let text = r#"(module
        (func (export "at-once") (param i32) unreachable)
        (func $fail (param i32) (if (i32.eqz (local.get 0)) (then (unreachable))))
        (func (export "later") (param i32)
            (loop (call $fail (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))) (br 0))))"#;
    for engine in engines()? {
        for (name, param, uses) in [("at-once", 0, 1), ("later", 3, 1 + 3 * (5 + 1 + 3) + 2)] {
            let (used, trap) = used(&engine, text, name, param, 1_000)?;
            assert_eq!((used, trap), (uses, Some(TrapCode::Unreachable)), "{name}");
        }
    }
    Ok(())
}

#[test]
fn hosts_are_free_and_may_give_and_take() -> Result<()> {
    let text = r#"(module (import "host" "f" (func $f (param i32) (result i32)))
        (func (export "run") (param i32) (result i32) (i32.add (call $f (local.get 0)) (i32.const 1)))
        (func (export "spin") (param i32) (loop (br 0))))"#;
    for engine in engines()? {
        let module = Module::new(&engine, text)?;
        let mut linker = core::Linker::new(&engine);
        linker.func_wrap("host", "f", |mut caller: core::Caller<'_, Vec<u64>>, give: u32| -> Result<u32> {
            let left = caller.as_context_mut().get_fuel()?;
            caller.as_context_mut().data_mut().push(left);
            if give != 0 {
                caller.as_context_mut().set_fuel(u64::from(give))?;
            }
            Ok(give)
        })?;
        let mut store = Store::new(&engine, Vec::new());
        store.set_epoch_deadline(u64::MAX);
        assert_eq!(store.get_fuel()?, 0);
        let instance = linker.instantiate(&mut store, &module)?;
        let run = instance.get_typed_func::<u32, u32>(&mut store, "run")?;
        assert_eq!(code(&run.call(&mut store, 0).unwrap_err()), Some(TrapCode::OutOfFuel), "a new store has none");
        store.set_fuel(50_000)?;
        assert_eq!(run.call(&mut store, 0)?, 1);
        assert_eq!((store.get_fuel()?, &store.data()[..]), (49_995, &[49_997][..]));
        assert_eq!(run.call(&mut store, 30_000)?, 30_001);
        assert_eq!(store.get_fuel()?, 29_998);
        store.set_fuel(u64::MAX)?;
        assert_eq!(store.get_fuel()?, u64::MAX);
        run.call(&mut store, 0)?;
        assert_eq!(store.get_fuel()?, u64::MAX - 5);
        store.set_fuel(0)?;
        assert_eq!(store.get_fuel()?, 0);
    }
    let mut store = Store::new(&Engine::default(), ());
    assert!(store.set_fuel(1).unwrap_err().to_string().contains("Config::consume_fuel"));
    assert!(store.get_fuel().is_err());
    Ok(())
}

#[test]
fn values_pass_beside_the_count() -> Result<()> {
    // More parameters and results than there are registers, through a table, a host function and loops that carry values.
    let text = r#"(module
        (type $many (func (param i32 i64 f32 f64 i32 i64 i32 i32) (result i32 i64 f32 f64 i32 i64 i32 i32)))
        (import "host" "id" (func $host (type $many)))
        (table 2 2 funcref) (elem (i32.const 0) $id $host)
        (func $id (type $many) (local.get 0) (local.get 1) (local.get 2) (local.get 3)
            (local.get 4) (local.get 5) (local.get 6) (local.get 7))
        (func (export "run") (param $n i32) (result i64)
            (local i32 i64 f32 f64 i32 i64 i32 i32)
            (i32.const 1) (i64.const 2) (f32.const 3) (f64.const 4) (i32.const 5) (i64.const 6) (i32.const 7) (i32.const 8)
            (loop $l (type $many)
                (call_indirect (type $many) (i32.and (local.get $n) (i32.const 1)))
                (call $id)
                (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (local.set 8) (local.set 7) (local.set 6) (local.set 5) (local.set 4) (local.set 3) (local.set 2) (local.set 1)
            (i64.add (i64.extend_i32_u (i32.add (local.get 1) (i32.add (local.get 5) (i32.add (local.get 7) (local.get 8)))))
                (i64.add (i64.add (local.get 2) (local.get 6))
                    (i64.trunc_f64_u (f64.add (local.get 4) (f64.promote_f32 (local.get 3))))))))"#;
    let mut all = Vec::new();
    for engine in engines()? {
        let module = Module::new(&engine, text)?;
        let mut linker = core::Linker::new(&engine);
        let types = [core::ValType::I32, core::ValType::I64, core::ValType::F32, core::ValType::F64];
        let types: Vec<_> = types.into_iter().chain([types[0], types[1], types[0], types[0]]).collect();
        let ty = core::FuncType { params: types.clone().into(), results: types.into() };
        linker.func_new("host", "id", ty, |_, params, results| {
            results.copy_from_slice(params);
            Ok(())
        })?;
        let mut store = store(&engine, 1_000_000);
        let instance = linker.instantiate(&mut store, &module)?;
        let run = instance.get_typed_func::<i32, i64>(&mut store, "run")?;
        assert_eq!(run.call(&mut store, 2001)?, 36);
        all.push(store.get_fuel()?);
    }
    assert!(all.iter().all(|left| *left == all[0]), "{all:?}");
    Ok(())
}

/// Two components, and what the one calls the other with: a text of five bytes in two encodings, lists, and the same back.
fn composed(toggles: bool) -> String {
    // An import that the callee's component could call while its `realloc` runs is what makes flags observable.
    let import =
        if toggles { r#"(import "host" (func $host)) (core func $host (canon lower (func $host)))"# } else { "" };
    let realloc = if toggles {
        r#"(core module $m (import "" "host" (func $host)) (memory (export "m") 1)
             (func (export "realloc") (param i32 i32 i32 i32) (result i32)
                (if (i32.eq (local.get 3) (i32.const 12345)) (then (call $host))) (i32.const 1024))
             (func (export "echo") (param i32 i32) (result i32)
                (i32.store (i32.const 16) (local.get 0)) (i32.store (i32.const 20) (local.get 1)) (i32.const 16)))
           (core instance $i (instantiate $m (with "" (instance (export "host" (func $host))))))"#
    } else {
        r#"(core module $m (memory (export "m") 1)
             (func (export "realloc") (param i32 i32 i32 i32) (result i32)
                (if (i32.eq (local.get 3) (i32.const 12345)) (then)) (i32.const 1024))
             (func (export "echo") (param i32 i32) (result i32)
                (i32.store (i32.const 16) (local.get 0)) (i32.store (i32.const 20) (local.get 1)) (i32.const 16)))
           (core instance $i (instantiate $m))"#
    };
    let with_host = if toggles { r#"(with "host" (func $host))"# } else { "" };
    let outer = if toggles { r#"(import "host" (func $host))"# } else { "" };
    format!(
        r#"(component {outer}
          (component $lib {import} {realloc}
            (func (export "text") (param "s" string) (result string)
              (canon lift (core func $i "echo") (memory (core memory $i "m")) (realloc (core func $i "realloc"))))
            (func (export "words") (param "s" (list u32)) (result (list u32))
              (canon lift (core func $i "echo") (memory (core memory $i "m")) (realloc (core func $i "realloc"))))
            (func (export "chars") (param "s" (list char)) (result (list char))
              (canon lift (core func $i "echo") (memory (core memory $i "m")) (realloc (core func $i "realloc"))))
            (core module $number (func (export "f") (param i32) (result i32) (local.get 0)))
            (core instance $number (instantiate $number))
            (func (export "number") (param "n" u32) (result u32) (canon lift (core func $number "f"))))
          (component $app
            (import "lib" (instance $lib
              (export "text" (func (param "s" string) (result string)))
              (export "words" (func (param "s" (list u32)) (result (list u32))))
              (export "chars" (func (param "s" (list char)) (result (list char))))
              (export "number" (func (param "n" u32) (result u32)))))
            (core module $libc (memory (export "m") 1)
              (data (i32.const 100) "h\00e\00l\00l\00o\00\00\00\00\00")
              (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 2048)))
            (core instance $libc (instantiate $libc))
            (core func $text (canon lower (func $lib "text") string-encoding=utf16
              (memory (core memory $libc "m")) (realloc (core func $libc "realloc"))))
            (core func $words (canon lower (func $lib "words")
              (memory (core memory $libc "m")) (realloc (core func $libc "realloc"))))
            (core func $chars (canon lower (func $lib "chars")
              (memory (core memory $libc "m")) (realloc (core func $libc "realloc"))))
            (core func $number (canon lower (func $lib "number")))
            (core module $m
              (import "" "text" (func $text (param i32 i32 i32))) (import "" "words" (func $words (param i32 i32 i32)))
              (import "" "chars" (func $chars (param i32 i32 i32))) (import "" "number" (func $number (param i32) (result i32)))
              (func (export "text") (call $text (i32.const 100) (i32.const 5) (i32.const 200)))
              (func (export "words") (call $words (i32.const 100) (i32.const 3) (i32.const 200)))
              (func (export "chars") (call $chars (i32.const 300) (i32.const 7) (i32.const 200)))
              (func (export "empty") (call $words (i32.const 100) (i32.const 0) (i32.const 200)))
              (func (export "number") (drop (call $number (i32.const 100)))))
            (core instance $i (instantiate $m (with "" (instance
              (export "text" (func $text)) (export "words" (func $words)) (export "chars" (func $chars))
              (export "number" (func $number))))))
            (func (export "text") (canon lift (core func $i "text")))
            (func (export "words") (canon lift (core func $i "words")))
            (func (export "chars") (canon lift (core func $i "chars")))
            (func (export "empty") (canon lift (core func $i "empty")))
            (func (export "number") (canon lift (core func $i "number"))))
          (instance $lib (instantiate $lib {with_host}))
          (instance $app (instantiate $app (with "lib" (instance $lib))))
          (export "text" (func $app "text")) (export "words" (func $app "words")) (export "chars" (func $app "chars"))
          (export "empty" (func $app "empty")) (export "number" (func $app "number")))"#
    )
}

const CALLS: [&str; 5] = ["text", "words", "chars", "empty", "number"];

fn used_by_calls(engine: &Engine, text: &str) -> Result<Vec<u64>> {
    let component = Component::new(engine, text)?;
    let mut store = store(engine, 1_000_000);
    let mut linker = Linker::new(engine);
    if text.contains("\"host\"") {
        linker.root().func_wrap("host", |_: StoreContextMut<'_, ()>, (): ()| Ok(()))?;
    }
    let instance = linker.instantiate(&mut store, &component)?;
    let mut all = Vec::new();
    for name in CALLS {
        let call = instance.get_typed_func::<(), ()>(&mut store, name)?;
        store.set_fuel(1_000_000)?;
        call.call(&mut store, ())?;
        all.push(1_000_000 - store.get_fuel()?);
    }
    Ok(all)
}

#[test]
fn calls_between_components_cost_the_same_whoever_makes_them() -> Result<()> {
    let adapter = 10;
    let caller = 1 + 3 + 1;
    let (echo, realloc) = (1 + 7, 1 + 4 + 1);
    let small_realloc = 1 + 1;
    let expected = vec![
        // Ten bytes of UTF-16 there, five of UTF-8 back; memory is asked for once on each side.
        caller + adapter + 10 + realloc + echo + 5 + small_realloc,
        caller + adapter + 12 + realloc + echo + 12 + small_realloc,
        caller + adapter + 28 + realloc + echo + 28 + small_realloc,
        caller + adapter + realloc + echo + small_realloc,
        1 + 1 + 1 + adapter + 1 + 1,
    ];
    let mut config = Config::new();
    config.consume_fuel(true);
    let traced = Engine::new(config.clone().trace_calls(|_| {}))?;
    for engine in engines()?.iter().chain([&traced]) {
        for toggles in [false, true] {
            assert_eq!(used_by_calls(engine, &composed(toggles))?, expected, "{toggles} {:?}", engine.config());
        }
    }
    Ok(())
}

#[test]
fn linked_instances_cost_as_composed_ones() -> Result<()> {
    let lib = r#"(component
        (core module $m (memory (export "m") 1)
          (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
          (func (export "f") (param i32 i32) (result i32) (local.get 1)))
        (core instance $i (instantiate $m))
        (func (export "f") (param "s" (list u32)) (result u32)
          (canon lift (core func $i "f") (memory (core memory $i "m")) (realloc (core func $i "realloc")))))"#;
    let app = r#"(component
        (import "lib" (instance $lib (export "f" (func (param "s" (list u32)) (result u32)))))
        (core module $libc (memory (export "m") 1))
        (core instance $libc (instantiate $libc))
        (core func $f (canon lower (func $lib "f") (memory (core memory $libc "m"))))
        (core module $m (import "" "f" (func $f (param i32 i32) (result i32)))
          (func (export "run") (drop (call $f (i32.const 0) (i32.const 25)))))
        (core instance $i (instantiate $m (with "" (instance (export "f" (func $f))))))
        (func (export "run") (canon lift (core func $i "run"))))"#;
    for adapters in [true, false] {
        let engine = Engine::new(Config::new().consume_fuel(true).link_adapters(adapters))?;
        let mut store = store(&engine, 1_000);
        let lib = Linker::new(&engine).instantiate(&mut store, &Component::new(&engine, lib)?)?;
        let mut linker = Linker::new(&engine);
        linker.root().define_instance(&mut store, "lib", lib)?;
        let app = linker.instantiate(&mut store, &Component::new(&engine, app)?)?;
        let run = app.get_typed_func::<(), ()>(&mut store, "run")?;
        store.set_fuel(1_000)?;
        run.call(&mut store, ())?;
        assert_eq!(1_000 - store.get_fuel()?, 4 + 10 + 100 + 2 + 2, "{adapters}");
        // What there is not enough for is not copied.
        store.set_fuel(4 + 10 + 50)?;
        assert_eq!(code(&run.call(&mut store, ()).unwrap_err()), Some(TrapCode::OutOfFuel), "{adapters}");
    }
    Ok(())
}

#[test]
fn epochs_that_come_meanwhile_change_nothing() -> Result<()> {
    let text = r#"(module (func $f (export "f") (param i32)
            (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
        (func (export "fail") (param i32) (call $f (local.get 0)) (drop (i32.div_s (i32.const 1) (i32.const 0)))))"#;
    let engine = Engine::new(Config::new().consume_fuel(true).epoch_interruption(true))?;
    let module = Module::new(&engine, text)?;
    let mut store = Store::new(&engine, 0);
    store.set_fuel(1_000_000)?;
    store.epoch_deadline_callback(|mut store| {
        *store.data_mut() += 1;
        Ok(UpdateDeadline::Continue(0))
    });
    let instance = Instance::new(&mut store, &module, &[])?;
    instance.get_typed_func::<i32, ()>(&mut store, "f")?.call(&mut store, 1000)?;
    assert_eq!((1_000_000 - store.get_fuel()?, *store.data()), (5001, 1001));
    // Nor what is charged for a call that ends with a trap, of which the last share is not; what was used meanwhile is.
    let without = used(&Engine::new(Config::new().consume_fuel(true))?, text, "fail", 3000, 1_000_000)?;
    let fail = instance.get_typed_func::<i32, ()>(&mut store, "fail")?;
    for (take, comes) in [(0, true), (0, false), (100, true)] {
        store.set_fuel(1_000_000)?;
        store.set_epoch_deadline(0);
        store.epoch_deadline_callback(move |mut store| {
            let left = store.get_fuel()?;
            if take != 0 {
                store.set_fuel(left - take)?;
            }
            Ok(UpdateDeadline::Continue(u64::from(!comes)))
        });
        let trap = code(&fail.call(&mut store, 3000).unwrap_err());
        let used = 1_000_000 - store.get_fuel()?;
        match take {
            0 => assert_eq!((used, trap), without),
            _ => assert!(used >= 3000 * take && used < 3010 * take, "{used}"),
        }
    }
    // A callback may take what is left.
    store.epoch_deadline_callback(|mut store| {
        store.set_fuel(0)?;
        Ok(UpdateDeadline::Continue(0))
    });
    let error = instance.get_typed_func::<i32, ()>(&mut store, "f")?.call(&mut store, 1000).unwrap_err();
    assert_eq!(code(&error), Some(TrapCode::OutOfFuel));
    Ok(())
}

/// When an epoch comes is chance: what a trap is charged must not depend on it.
#[test]
fn a_trap_costs_the_same_whenever_epochs_come() -> Result<()> {
    let mut charged = Vec::new();
    for (frame_form, ticks) in [(false, u64::MAX), (false, 0), (true, u64::MAX), (true, 0)] {
        let mut config = Config::new();
        let engine = Engine::new(config.consume_fuel(true).epoch_interruption(true).frame_form(frame_form))?;
        let module = Module::new(&engine, FUNCTIONS)?;
        let mut store = Store::new(&engine, 0);
        store.set_fuel(1_000_000)?;
        store.set_epoch_deadline(ticks);
        store.epoch_deadline_callback(|mut store| {
            // It sees what has been used so far.
            assert_eq!((1_000_000 - store.get_fuel()?) % 5, 1);
            *store.data_mut() += 1;
            Ok(UpdateDeadline::Continue(0))
        });
        let instance = Instance::new(&mut store, &module, &[])?;
        let trap = instance.get_typed_func::<i32, ()>(&mut store, "trap")?;
        assert_eq!(code(&trap.call(&mut store, 5_000).unwrap_err()), Some(TrapCode::Unreachable));
        assert_eq!(*store.data(), if ticks == 0 { 5_001 } else { 0 });
        charged.push(1_000_000 - store.get_fuel()?);
    }
    assert!(charged.iter().all(|each| *each == charged[0]), "{charged:?}");
    assert!((15_000..=25_001).contains(&charged[0]), "{charged:?}");
    Ok(())
}

/// Short functions and loops do not look by themselves, but all of it is counted, and what calls or goes round them looks.
#[test]
fn what_does_not_look_is_counted() -> Result<()> {
    let text = r#"(module
        (func $short (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
        (func $brief (export "brief") (param i32)
            (loop (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 10)))))
        (func (export "shorts") (param i32)
            (loop (br_if 0 (local.tee 0 (i32.sub (call $short (local.get 0)) (i32.const 2))))))
        (func (export "briefs") (param i32)
            (loop (call $brief (i32.const 0)) (br 0)))
        (func (export "either") (param i32)
            (if (local.get 0) (then (call $brief (i32.const 0))) (else (nop))) (call $brief (i32.const 0))))"#;
    for engine in engines()? {
        for (name, param, expected) in [
            // One for the function, seven for each round.
            ("brief", 0, 1 + 10 * 7),
            ("brief", -1, 1 + 10 * 7 + 7),
            ("brief", 10, 1 + 7),
            // The same of `$short`, which takes four, and six around it.
            ("shorts", 10, 1 + 10 * 10),
            ("either", 0, 1 + 2 + 2 + 71),
            ("either", 1, 1 + 2 + 2 + 71 + 2 + 71),
        ] {
            let (used, trap) = used(&engine, text, name, param, 1_000_000)?;
            assert_eq!((used, trap), (expected, None), "{name}({param}) with {:?}", engine.config());
        }
        for (name, param, fuel) in [("shorts", 1 << 30, 30_000), ("briefs", 0, 30_000), ("either", 0, 3)] {
            let (used, trap) = used(&engine, text, name, param, fuel)?;
            assert_eq!((used, trap), (fuel, Some(TrapCode::OutOfFuel)), "{name}({param})");
        }
    }
    Ok(())
}
