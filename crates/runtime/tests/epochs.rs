//! Deadlines by epochs: guests are stopped wherever they can run for long, and callbacks let them go on.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::core::{self, Instance, Module, Ref};
use gusset::{
    AsContextMut, Component, Config, Engine, Error, HostPanic, Linker, OptLevel, Result, Store, StoreContextMut, Trap,
    TrapCode, UpdateDeadline,
};
use std::sync::mpsc::channel;
use std::thread;

/// Engines whose code looks for epochs, in every form.
fn engines() -> Result<Vec<Engine>> {
    let mut config = Config::new();
    config.epoch_interruption(true);
    let none = Engine::new(config.clone().opt_level(OptLevel::None))?;
    Ok(vec![Engine::new(&config)?, none, Engine::new(config.frame_form(true))?])
}

fn code(error: &Error) -> Option<TrapCode> {
    error.downcast_ref::<Trap>().map(Trap::code)
}

/// Runs `call` while another thread begins an epoch again and again: it must be stopped, with the name in its backtrace.
fn is_interrupted<T: 'static>(store: &mut Store<T>, function: &str, call: impl FnOnce(&mut Store<T>) -> Result<()>) {
    store.set_epoch_deadline(2);
    let engine = store.engine().clone();
    let (done, is_done) = channel::<()>();
    let error = thread::scope(|scope| {
        scope.spawn(move || {
            while is_done.try_recv().is_err_and(|error| error == std::sync::mpsc::TryRecvError::Empty) {
                engine.increment_epoch();
                thread::yield_now();
            }
        });
        let result = call(store);
        drop(done);
        result.expect_err("it runs for ever")
    });
    assert_eq!(code(&error), Some(TrapCode::Interrupt), "{error:?}");
    let trap = error.downcast_ref::<Trap>().expect("it is a trap");
    let named = |name: &str| trap.backtrace().frames().iter().any(|frame| frame.name.as_deref() == Some(name));
    assert!(named(function), "{trap}");
    assert!(trap.backtrace().frames()[0].offset.is_some(), "{trap}");
}

const ENDLESS: &str = r#"(module
    (type $none (func))
    (memory 1)
    (global $n (mut i32) (i32.const 0))
    (table 4 funcref)
    (func $branch (export "branch") (loop (br 0)))
    (func $conditional (export "conditional") (loop (br_if 0 (i32.const 1))))
    (func $table (export "table") (loop (block (br_table 0 1 0 (i32.const 1)))))
    (func $values (export "values") (param i32) (local i64)
        (i32.const 1) (i64.const 2)
        (loop (param i32 i64)
            (local.set 1) (local.set 0)
            (i32.add (local.get 0) (i32.const 1)) (i64.add (local.get 1) (i64.const 3))
            (br 0)))
    (func $nested (export "nested") (local i32)
        (loop $out
            (local.set 0 (i32.const 10))
            (block $done (loop $in (br_if $done (i32.eqz (local.get 0)))
                (i32.store (i32.const 0) (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))) (br $in)))
            (br $out)))
    (func $reading (export "reading") (loop (br_if 0 (i32.eqz (i32.load (i32.const 16))))))
    (func $outermost (export "outermost") (loop $l (if (i32.const 1) (then (br $l)))))
    (func $around (export "around") (local i32)
        (loop (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 0x40000000))) (i32.const -1)))))
    (func $brief (export "brief") (local i32)
        (loop $out
            (loop (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 64))))
            (br $out)))
    (func $either (export "either") (param i32)
        (if (i32.and (local.get 0) (i32.const 1)) (then (call $leaf)))
        (if (local.get 0) (then
            (call $either (i32.sub (local.get 0) (i32.const 1)))
            (call $either (i32.sub (local.get 0) (i32.const 1))))))
    (func $ping (export "calls") (if (i32.lt_u (global.get $n) (i32.const 100))
        (then (global.set $n (i32.add (global.get $n) (i32.const 1))) (call_indirect (type $none) (i32.const 1))))
        (global.set $n (i32.const 0))
        (loop (call $pong) (br 0)))
    (func $pong (call_indirect (type $none) (i32.const 3)))
    (func $leaf)
    (elem (i32.const 1) $pong) (elem (i32.const 3) $leaf)
    (func $tree (export "tree") (param i32)
        (if (local.get 0) (then
            (call $tree (i32.sub (local.get 0) (i32.const 1)))
            (call $tree (i32.sub (local.get 0) (i32.const 1)))
            (call $tree (i32.sub (local.get 0) (i32.const 1)))))))"#;

#[test]
fn endless_loops_are_stopped_in_every_form() -> Result<()> {
    for engine in engines()? {
        let module = Module::new(&engine, ENDLESS)?;
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[])?;
        for name in ["branch", "conditional", "table", "nested", "reading", "outermost", "around", "brief", "calls"] {
            let named = if name == "calls" { "ping" } else { name };
            let func = instance.get_typed_func::<(), ()>(&mut store, name)?;
            is_interrupted(&mut store, named, |store| func.call(store, ()));
        }
        for (name, param) in [("values", 0), ("tree", 60), ("either", 60)] {
            let func = instance.get_typed_func::<i32, ()>(&mut store, name)?;
            is_interrupted(&mut store, name, |store| func.call(store, param));
        }
    }
    Ok(())
}

#[test]
fn values_survive_a_callback() -> Result<()> {
    // Sums 1 to 100 in a loop that is interrupted in every iteration, with numbers of every type alive.
    let text = r#"(module (func (export "sum") (param $n i32) (param $f f64) (param $r externref)
            (result i32 f64 externref) (local $sum i32) (local $v i64)
        (local.set $v (i64.const 0x1234567890))
        (block $done (loop $l
            (br_if $done (i32.eqz (local.get $n)))
            (local.set $sum (i32.add (local.get $sum) (local.get $n)))
            (local.set $f (f64.add (local.get $f) (f64.const 0.5)))
            (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (br $l)))
        (if (i64.ne (local.get $v) (i64.const 0x1234567890)) (then (unreachable)))
        (local.get $sum) (local.get $f) (local.get $r)))"#;
    for engine in engines()? {
        let module = Module::new(&engine, text)?;
        let mut store = Store::new(&engine, 0);
        let instance = Instance::new(&mut store, &module, &[])?;
        store.epoch_deadline_callback(|mut store| {
            *store.data_mut() += 1;
            Ok(UpdateDeadline::Continue(0))
        });
        let sum = instance.get_typed_func::<(i32, f64, Option<core::ExternRef>), (i32, f64, Option<core::ExternRef>)>(
            &mut store, "sum",
        )?;
        let reference = core::ExternRef::new(&mut store, 77_u32)?;
        let (total, float, reference) = sum.call(&mut store, (100, 1.0, Some(reference)))?;
        assert_eq!((total, float), (5050, 51.0));
        let reference = reference.expect("it is not null");
        assert_eq!(reference.data(&store)?.downcast_ref(), Some(&77_u32));
        assert_eq!(*store.data(), 101, "at the start and after each iteration");
    }
    Ok(())
}

#[test]
fn callbacks_end_calls_with_what_they_fail_with() -> Result<()> {
    for engine in engines()? {
        let module = Module::new(&engine, ENDLESS)?;
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[])?;
        let spin = instance.get_typed_func::<(), ()>(&mut store, "branch")?;
        store.epoch_deadline_callback(|_| Err(std::io::Error::other("no time left").into()));
        let error = spin.call(&mut store, ()).unwrap_err();
        assert_eq!(error.downcast_ref::<std::io::Error>().map(ToString::to_string).as_deref(), Some("no time left"));
        assert!(gusset::WasmBacktrace::of(&error).is_some(), "{error:?}");
        store.epoch_deadline_callback(|_| panic!("the clock is broken"));
        let error = spin.call(&mut store, ()).unwrap_err();
        assert_eq!(error.downcast_ref().map(HostPanic::message), Some(Some("the clock is broken")));
        // It may replace itself.
        store.epoch_deadline_callback(|mut store| {
            store.epoch_deadline_trap();
            Ok(UpdateDeadline::Continue(0))
        });
        assert_eq!(code(&spin.call(&mut store, ()).unwrap_err()), Some(TrapCode::Interrupt));
    }
    Ok(())
}

#[test]
fn callbacks_may_call_guests() -> Result<()> {
    for engine in engines()? {
        let text = r#"(module (func (export "spin") (loop (br 0)))
            (func (export "one") (param i32) (result i32) (local.get 0)
                (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))"#;
        let module = Module::new(&engine, text)?;
        let mut store = Store::new(&engine, Vec::new());
        let instance = Instance::new(&mut store, &module, &[])?;
        let call = move |mut store: StoreContextMut<'_, Vec<i32>>, ticks| -> Result<()> {
            store.set_epoch_deadline(ticks);
            let one = instance.get_typed_func::<i32, i32>(&mut store, "one")?;
            let result = one.call(&mut store, 5)?;
            store.data_mut().push(result);
            Ok(())
        };
        store.epoch_deadline_callback(move |mut store| {
            // With a deadline of its own it runs; without it is stopped, and so is the guest.
            call(store.as_context_mut(), 1)?;
            call(store.as_context_mut(), 0)?;
            Ok(UpdateDeadline::Continue(1))
        });
        let spin = instance.get_typed_func::<(), ()>(&mut store, "spin")?;
        assert_eq!(code(&spin.call(&mut store, ()).unwrap_err()), Some(TrapCode::Interrupt));
        assert_eq!(*store.data(), [5]);
    }
    Ok(())
}

/// A guest that the callback calls is stopped at the same deadline; the callback is asked at the next one all the same.
#[test]
fn callbacks_outlive_the_guests_that_they_call() -> Result<()> {
    for engine in engines()? {
        let text = r#"(module (func (export "spin") (loop (br 0))))"#;
        let mut store = Store::new(&engine, 0);
        let instance = Instance::new(&mut store, &Module::new(&engine, text)?, &[])?;
        let spin = instance.get_typed_func::<(), ()>(&mut store, "spin")?;
        let inner = spin;
        store.epoch_deadline_callback(move |mut store| {
            *store.data_mut() += 1;
            let error = inner.call(&mut store, ()).expect_err("nobody is asked about this guest");
            assert_eq!(code(&error), Some(TrapCode::Interrupt));
            match *store.data() {
                3 => Err(Error::msg("three times")),
                _ => Ok(UpdateDeadline::Continue(0)),
            }
        });
        let error = spin.call(&mut store, ()).expect_err("it is stopped at last");
        assert!(format!("{error:#}").contains("three times"), "{error:?}");
        assert_eq!(*store.data(), 3);
    }
    Ok(())
}

#[test]
fn bulk_instructions_are_stopped_between_pieces() -> Result<()> {
    const PIECE: usize = 1 << 20;
    // So short that it does not look itself.
    let text = r#"(module (memory (export "m") 64)
        (func (export "fill") (memory.fill (i32.const 0) (i32.const 7) (i32.const 0x300001)))
        (func (export "up") (memory.copy (i32.const 0x80000) (i32.const 0) (i32.const 0x300000)))
        (func (export "down") (memory.copy (i32.const 0) (i32.const 0x80000) (i32.const 0x300000)))
        (func (export "beyond") (memory.fill (i32.const 0x200000) (i32.const 9) (i32.const 0x200001)))
        (func (export "short") (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x100000)))
        (table 300000 funcref)
        (func (export "table") (table.copy (i32.const 1) (i32.const 0) (i32.const 0x40000))))"#;
    for engine in engines()? {
        let module = Module::new(&engine, text)?;
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[])?;
        let memory = instance.get_memory(&mut store, "m").expect("it is exported");
        let call = |store: &mut Store<()>, name: &str| -> Option<TrapCode> {
            let func = instance.get_typed_func::<(), ()>(&mut *store, name).expect("it is exported");
            func.call(store, ()).map_err(|error| code(&error)).err().flatten()
        };
        assert_eq!(call(&mut store, "fill"), Some(TrapCode::Interrupt));
        let bytes = memory.data_mut(&mut store);
        assert!(bytes[..PIECE].iter().all(|&byte| byte == 7) && bytes[PIECE..].iter().all(|&byte| byte == 0));
        assert_eq!(call(&mut store, "beyond"), Some(TrapCode::MemoryOutOfBounds));
        assert_eq!(call(&mut store, "short"), Some(TrapCode::Interrupt), "it has been done, as one piece");
        assert!(memory.data(&store)[..PIECE].iter().all(|&byte| byte == 1));
        assert_eq!(call(&mut store, "table"), Some(TrapCode::Interrupt));
        // In pieces or not, overlapping copies are as if the source had been read first.
        let pattern: Vec<u8> = (0..0x380000_u32).map(|at| (at.wrapping_mul(0x9e37_79b9) >> 24) as u8).collect();
        for (name, dst, src) in [("up", 0x80000, 0), ("down", 0, 0x80000)] {
            memory.data_mut(&mut store)[..pattern.len()].copy_from_slice(&pattern);
            store.set_epoch_deadline(1);
            assert_eq!(call(&mut store, name), None);
            let mut expected = pattern.clone();
            expected.copy_within(src..src + 0x300000, dst);
            assert!(memory.data(&store)[..pattern.len()] == expected, "{name}");
            store.set_epoch_deadline(0);
            assert_eq!(call(&mut store, name), Some(TrapCode::Interrupt));
        }
    }
    Ok(())
}

/// Without any loop or call between them code does not look.
#[test]
fn bulk_instructions_in_a_row_are_stopped() -> Result<()> {
    let copies = "(memory.copy (i32.const 0) (i32.const 65536) (i32.const 16))".repeat(4);
    let text = format!(
        r#"(module
            (import "" "tick" (func $tick))
            (memory (export "memory") 2)
            (data (i32.const 65536) "0123456789abcdef")
            (func (export "run") (call $tick) {copies} (i32.store8 (i32.const 100) (i32.const 1))))"#
    );
    for engine in engines()? {
        let module = Module::new(&engine, &text)?;
        let mut store = Store::new(&engine, ());
        store.set_epoch_deadline(1);
        let clock = engine.clone();
        let tick = core::Func::wrap(&mut store, move || clock.increment_epoch());
        let instance = Instance::new(&mut store, &module, &[tick.into()])?;
        let run = instance.get_typed_func::<(), ()>(&mut store, "run")?;
        let error = run.call(&mut store, ()).unwrap_err();
        assert_eq!(code(&error), Some(TrapCode::Interrupt), "{error:?}");
        let memory = instance.get_memory(&mut store, "memory").expect("it is exported");
        let mut bytes = [0; 101];
        memory.read(&store, 0, &mut bytes)?;
        assert_eq!((&bytes[..16], bytes[100]), (&b"0123456789abcdef"[..], 0), "the first has been done, and no more");
    }
    Ok(())
}

#[test]
fn a_table_that_grows_by_much_is_filled_in_pieces() -> Result<()> {
    const COUNT: u64 = 300_000;
    let text = format!(
        r#"(module (table $t (export "t") 1 funcref) (func $f) (elem declare func $f)
            (func (export "grow") (result i32) (table.grow $t (ref.func $f) (i32.const {COUNT}))))"#
    );
    for engine in engines()? {
        let module = Module::new(&engine, &text)?;
        for (ticks, outcome) in [(0, Err(Some(TrapCode::Interrupt))), (1, Ok(1))] {
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &module, &[])?;
            store.set_epoch_deadline(ticks);
            let grow = instance.get_typed_func::<(), i32>(&mut store, "grow")?;
            assert_eq!(grow.call(&mut store, ()).map_err(|error| code(&error)), outcome);
            let table = instance.get_table(&mut store, "t").expect("it is exported");
            assert_eq!(table.size(&store), 1 + COUNT);
            let mut is_null = |at| table.get(&mut store, at).map(|element| matches!(element, Some(Ref::Func(None))));
            assert_eq!((is_null(0)?, is_null(1)?, is_null(COUNT)?), (true, false, ticks == 0));
        }
    }
    Ok(())
}

/// A string that a component passes to another one is looked after in pieces too.
/// A component whose `run` passes a string of so many bytes to another one.
const LONG_STRING: &str = r#"(component
        (component $callee
            (core module $m (memory (export "m") 200)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
                (func (export "f") (param i32 i32)))
            (core instance $i (instantiate $m))
            (func (export "f") (param "s" string)
                (canon lift (core func $i "f") (memory (core memory $i "m")) (realloc (core func $i "realloc")))))
        (component $caller (import "f" (func $f (param "s" string)))
            (core module $libc (memory (export "m") 100))
            (core instance $libc (instantiate $libc))
            (core func $f (canon lower (func $f) (memory (core memory $libc "m"))))
            (core module $m (import "" "f" (func $f (param i32 i32)))
                (func (export "run") (param i32) (call $f (i32.const 0) (local.get 0))))
            (core instance $i (instantiate $m (with "" (instance (export "f" (func $f))))))
            (func (export "run") (param "length" u32) (canon lift (core func $i "run"))))
        (instance $callee (instantiate $callee))
        (instance $caller (instantiate $caller (with "f" (func $callee "f"))))
        (export "run" (func $caller "run")))"#;

#[test]
fn long_strings_are_passed_in_pieces() -> Result<()> {
    let engine = Engine::new(Config::new().epoch_interruption(true))?;
    let mut store = Store::new(&engine, 0);
    store.epoch_deadline_callback(|mut store| {
        *store.data_mut() += 1;
        Ok(UpdateDeadline::Continue(0))
    });
    let instance = Linker::new(&engine).instantiate(&mut store, &Component::new(&engine, LONG_STRING)?)?;
    let run = instance.get_typed_func::<(u32,), ()>(&mut store, "run")?;
    let looks = [1 << 10, 5 << 20].map(|length| {
        *store.data_mut() = 0;
        run.call(&mut store, (length,)).expect("it goes on");
        *store.data()
    });
    assert_eq!(looks[1] - looks[0], 5);
    Ok(())
}

/// The deadline comes while a string is on its way: the guest is stopped before the rest of it.
#[test]
fn a_guest_is_stopped_within_a_long_string() -> Result<()> {
    let engine = Engine::new(Config::new().epoch_interruption(true))?;
    let component = Component::new(&engine, LONG_STRING)?;
    // How often it is asked in all, each in a store of its own; then it is stopped at each time.
    let run = |last: i32| -> Result<(i32, Result<()>)> {
        let mut store = Store::new(&engine, 0);
        store.epoch_deadline_callback(move |mut store| {
            *store.data_mut() += 1;
            let left = last - *store.data();
            if left > 0 { Ok(UpdateDeadline::Continue(0)) } else { Err(Error::msg("no longer")) }
        });
        let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
        let run = instance.get_typed_func::<(u32,), ()>(&mut store, "run")?;
        let outcome = run.call(&mut store, (5 << 20,));
        Ok((*store.data(), outcome))
    };
    let (all, outcome) = run(i32::MAX)?;
    outcome?;
    for last in 1..=all {
        let (asked, outcome) = run(last)?;
        let error = outcome.expect_err("it is stopped");
        assert!(asked == last && format!("{error:#}").contains("no longer"), "{last}: {error:#}");
    }
    Ok(())
}

/// A component whose `run` calls `echo` of another one for ever.
const CALLER: &str = r#"
    (import "echo" (func $echo (param "s" string) (result string)))
    (core module $libc (memory (export "m") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
    (core instance $libc (instantiate $libc))
    (core func $echo (canon lower (func $echo) (memory (core memory $libc "m")) (realloc (core func $libc "realloc"))))
    (core module $m
        (import "" "echo" (func $echo (param i32 i32 i32)))
        (func $run (export "run") (loop (call $echo (i32.const 0) (i32.const 100) (i32.const 200)) (br 0))))
    (core instance $i (instantiate $m (with "" (instance (export "echo" (func $echo))))))
    (func (export "run") (canon lift (core func $i "run")))"#;

const CALLEE: &str = r#"
    (core module $m (memory (export "m") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
        (func $echo (export "echo") (param i32 i32) (result i32)
            (i32.store (i32.const 16) (local.get 0)) (i32.store (i32.const 20) (local.get 1)) (i32.const 16)))
    (core instance $i (instantiate $m))
    (func (export "echo") (param "s" string) (result string)
        (canon lift (core func $i "echo") (memory (core memory $i "m")) (realloc (core func $i "realloc"))))"#;

#[test]
fn endless_chains_of_calls_between_components_are_stopped() -> Result<()> {
    let composed = format!(
        r#"(component (component $callee {CALLEE}) (component $caller {CALLER})
            (instance $callee (instantiate $callee))
            (instance $caller (instantiate $caller (with "echo" (func $callee "echo"))))
            (export "run" (func $caller "run")))"#
    );
    for engine in engines()? {
        let component = Component::new(&engine, &composed)?;
        let mut store = Store::new(&engine, ());
        store.set_epoch_deadline(u64::MAX);
        let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
        let run = instance.get_typed_func::<(), ()>(&mut store, "run")?;
        is_interrupted(&mut store, "run", |store| run.call(store, ()));
    }
    let mut config = Config::new();
    config.epoch_interruption(true);
    for adapters in [true, false] {
        let engine = Engine::new(config.link_adapters(adapters))?;
        let caller = CALLER.replace(
            r#"(import "echo" (func $echo (param "s" string) (result string)))"#,
            r#"(import "callee" (instance $c (export "echo" (func (param "s" string) (result string)))))
               (alias export $c "echo" (func $echo))"#,
        );
        let [callee, caller] = [CALLEE, &caller].map(|text| Component::new(&engine, format!("(component {text})")));
        let mut store = Store::new(&engine, ());
        store.set_epoch_deadline(u64::MAX);
        let callee = Linker::new(&engine).instantiate(&mut store, &callee?)?;
        let mut linker = Linker::new(&engine);
        linker.root().define_instance(&mut store, "callee", callee)?;
        let caller = linker.instantiate(&mut store, &caller?)?;
        let run = caller.get_typed_func::<(), ()>(&mut store, "run")?;
        // The backtrace is that of the innermost call, which may be of either.
        store.set_epoch_deadline(1);
        let engine = store.engine().clone();
        let thread = thread::spawn(move || engine.increment_epoch());
        let error = run.call(&mut store, ()).unwrap_err();
        thread.join().expect("it only counts");
        assert_eq!(code(&error), Some(TrapCode::Interrupt), "{error:?}");
    }
    Ok(())
}

#[test]
fn a_store_without_a_deadline_is_stopped_at_once_and_others_never() -> Result<()> {
    for engine in engines()? {
        let module = Module::new(
            &engine,
            r#"(module (func (export "f") (param i32)
            (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))"#,
        )?;
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[])?;
        let f = instance.get_typed_func::<i32, ()>(&mut store, "f")?;
        assert_eq!(code(&f.call(&mut store, 5).unwrap_err()), Some(TrapCode::Interrupt));
        store.set_epoch_deadline(2);
        engine.increment_epoch();
        f.call(&mut store, 5)?;
        engine.increment_epoch();
        assert_eq!(code(&f.call(&mut store, 5).unwrap_err()), Some(TrapCode::Interrupt));
        store.set_epoch_deadline(u64::MAX);
        f.call(&mut store, 5)?;
    }
    // Without the setting nobody looks.
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module (func (export "f") (param i32)
        (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))"#,
    )?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    engine.increment_epoch();
    instance.get_typed_func::<i32, ()>(&mut store, "f")?.call(&mut store, 5)
}

#[test]
fn a_guest_that_its_callback_has_lost_is_not_returned_to() -> Result<()> {
    let engine = Engine::new(Config::new().epoch_interruption(true))?;
    let component = Component::new(
        &engine,
        r#"(component (core module $m (func (export "spin") (loop (br 0))) (func (export "fail") (unreachable)))
            (core instance $i (instantiate $m))
            (func (export "spin") (canon lift (core func $i "spin")))
            (func (export "fail") (canon lift (core func $i "fail"))))"#,
    )?;
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
    store.epoch_deadline_callback(move |mut store| {
        let fail = instance.get_typed_func::<(), ()>(&mut store, "fail")?;
        assert!(fail.call(&mut store, ()).is_err());
        Ok(UpdateDeadline::Continue(u64::MAX))
    });
    let spin = instance.get_typed_func::<(), ()>(&mut store, "spin")?;
    assert_eq!(code(&spin.call(&mut store, ()).unwrap_err()), Some(TrapCode::CannotEnter));
    Ok(())
}
