//! Functions that are compiled when they are first called do what they do when all are compiled at once.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::core::{Instance, Linker, Module, Ref, Val};
use gusset::{
    AsContextMut, CodegenError, CodegenErrorKind, Component, Config, Engine, Error, Result, Store, Trap, TrapCode,
    WasmBacktrace, WasmFrame,
};
use std::fmt::Write;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

fn lazy(threads: usize) -> Result<Engine> {
    Engine::new(Config::new().lazy_compilation(true).compile_threads(threads))
}

fn eager() -> Result<Engine> {
    Engine::new(Config::new().compile_threads(1))
}

/// What `name` gives in a new instance, or how it fails, with the backtrace.
fn outcome(
    engine: &Engine,
    text: &str,
    name: &str,
    params: &[Val],
) -> Result<std::result::Result<Vec<String>, String>> {
    let module = Module::new(engine, text)?;
    let mut store = Store::new(engine, ());
    let mut linker = Linker::new(engine);
    linker.func_wrap("host", "fail", || -> Result<()> { Err(Error::msg("the host fails")) })?;
    let instance = linker.instantiate(&mut store, &module)?;
    let func = instance.get_func(&mut store, name).expect("it is exported");
    let mut results = vec![Val::I32(0); func.ty(&store)?.results.len()];
    match func.call(&mut store, params, &mut results) {
        Ok(()) => Ok(Ok(results.iter().map(|value| format!("{value:?}")).collect())),
        Err(error) => {
            let frame = |frame: &WasmFrame| format!("{}!{:?} at {:?}", frame.module, frame.name, frame.offset);
            let trace = WasmBacktrace::of(&error).expect("a guest was running");
            let frames: Vec<String> = trace.frames().iter().map(frame).collect();
            Ok(Err(format!("{error:#}\n{} and {} more", frames.join("\n"), trace.omitted())))
        }
    }
}

/// Parameters and results of every type, in registers and on the stack, in each way that a function can be called.
#[test]
fn a_first_call_passes_everything() -> Result<()> {
    let types = ["i32", "f64", "i64", "f32"].repeat(6);
    let numbers: Vec<String> = (1..).zip(&types).map(|(n, ty)| format!("({ty}.const {n})")).collect();
    let locals: Vec<String> = (0..types.len()).map(|n| format!("(local.get {n})")).collect();
    let (params, arguments, all) = (types.join(" "), numbers.join(" "), locals.join(" "));
    let mut text = String::from("(module (table 100 funcref)");
    // As many results as parameters; a single one; none.
    for (number, results) in [params.as_str(), "f32", ""].into_iter().enumerate() {
        let body = match number {
            0 => all.as_str(),
            1 => "(local.get 23)",
            _ => "(if (f32.ne (local.get 23) (f32.const 24)) (then unreachable))",
        };
        let ty = format!("(param {params}) (result {results})");
        for way in ["direct", "table", "host"] {
            write!(text, "(func ${way}{number} (export \"{way}-callee{number}\") {ty} {body})").map_err(Error::new)?;
        }
        let at = 10 + number;
        write!(
            text,
            "(elem (i32.const {at}) $table{number})
            (func (export \"direct{number}\") (result {results}) (call $direct{number} {arguments}))
            (func (export \"table{number}\") (result {results}) (call_indirect {ty} {arguments} (i32.const {at})))",
        )
        .map_err(Error::new)?;
    }
    text.push(')');
    let values = (1..).zip(&types).map(|(n, ty)| match *ty {
        "i32" => Val::I32(n),
        "i64" => Val::I64(n.into()),
        "f32" => Val::F32((n as f32).to_bits()),
        _ => Val::F64(f64::from(n).to_bits()),
    });
    let values: Vec<Val> = values.collect();
    let eager = eager()?;
    for threads in [0, 1, 2, 8] {
        let lazy = lazy(threads)?;
        for number in 0..3 {
            for (name, params) in [("direct", &[][..]), ("table", &[]), ("host-callee", &values)] {
                let name = format!("{name}{number}");
                let expected = outcome(&eager, &text, &name, params)?;
                assert_eq!(outcome(&lazy, &text, &name, params)?, expected, "{name}");
                let expected = expected.expect("it returns");
                assert_eq!(expected.len(), [24, 1, 0][number]);
            }
        }
    }
    Ok(())
}

/// Every way to end badly, in a function that is called for the first time by one that is.
#[test]
fn traps_and_backtraces_are_the_same() -> Result<()> {
    let faults = [
        "unreachable",
        "(drop (i32.div_s (i32.const 1) (i32.load (i32.const 0))))",
        "(drop (i32.load (i32.const -4)))",
        "(drop (i32.trunc_f32_s (f32.const nan)))",
        "(call_indirect (i32.const 7))",
        "(call_indirect (i32.const 0))",
        "(call_indirect (i32.const 1))",
        "(memory.fill (i32.const -1) (i32.const 0) (i32.const 2))",
        "(call $fail)",
        "(call $forever)",
    ];
    let eager = eager()?;
    for fault in faults {
        let text = format!(
            r#"(module $m (import "host" "fail" (func $fail)) (memory 1) (table 2 funcref)
                (func $pair (result i32 i32) (i32.const 1) (i32.const 2)) (elem (i32.const 1) $pair)
                (func $forever (call $forever) (call $forever))
                (func $inner (param i32) {fault})
                (func $outer (result i32) (call $inner (i32.const 1)) (i32.const 2))
                (func (export "run") (result i32) (call $outer)))"#
        );
        let expected = outcome(&eager, &text, "run", &[])?.expect_err(fault);
        // Of a recursion without an end, the outermost frames are left out.
        let innermost = if fault.contains("forever") { "forever" } else { "outer" };
        assert!(expected.contains(innermost), "{expected}");
        for threads in [1, 4] {
            assert_eq!(outcome(&lazy(threads)?, &text, "run", &[])?, Err(expected.clone()));
        }
    }
    Ok(())
}

/// A chain of functions, `f0` over `f1` and so on; each adds one.
fn chain(functions: usize, padding: &str) -> String {
    let mut text = String::from("(module ");
    for at in 0..functions {
        let next =
            if at + 1 < functions { format!("(call $f{} (local.get 0))", at + 1) } else { "(local.get 0)".into() };
        let _ = write!(
            text,
            r#"(func $f{at} (export "f{at}") (param i32) (result i32) {padding} (i32.add (i32.const 1) {next}))"#
        );
    }
    text + ")"
}

fn call(mut store: impl AsContextMut, instance: &Instance, name: &str, param: i32) -> Result<i32> {
    instance.get_typed_func::<i32, i32>(&mut store, name)?.call(store, param)
}

/// Threads that call functions of one module, each beginning elsewhere, all for the first time.
#[test]
fn many_threads_call_for_the_first_time_at_once() -> Result<()> {
    const FUNCTIONS: usize = 300;
    let text = chain(FUNCTIONS, &"(local.set 0 (i32.xor (local.get 0) (i32.const 0)))".repeat(8));
    for threads in [1, 2, 8] {
        for _ in 0..3 {
            let engine = lazy(threads)?;
            let module = Module::new(&engine, &text)?;
            let start = Barrier::new(8);
            thread::scope(|scope| {
                for thread in 0..8 {
                    let (engine, module, start) = (&engine, &module, &start);
                    scope.spawn(move || -> Result<()> {
                        let mut store = Store::new(engine, ());
                        let instance = Instance::new(&mut store, module, &[])?;
                        start.wait();
                        for round in 0..20 {
                            let from = (thread * 37 + round * 53) % FUNCTIONS;
                            let result = call(&mut store, &instance, &format!("f{from}"), 5)?;
                            assert_eq!(result, 5 + (FUNCTIONS - from) as i32);
                        }
                        Ok(())
                    });
                }
            });
        }
    }
    Ok(())
}

/// However deep a guest is, there is room to compile what it calls; and it ends where it would have ended.
#[test]
fn first_calls_deep_in_a_recursion() -> Result<()> {
    let text = r#"(module $deep
        (func $last (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
        (func $other (param i32) (result i32) (i32.mul (local.get 0) (i32.const 5)))
        (func $down (export "down") (param i32) (result i32)
            (if (result i32) (i32.eqz (local.get 0))
                (then (call $last (i32.const 7)))
                (else (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1)))))))
        (func $end (export "end") (param i32) (result i32)
            (if (i32.eqz (local.get 0)) (then (local.set 0 (call $other (i32.const 1)))))
            (i32.add (i32.const 1) (call $end (i32.sub (local.get 0) (i32.const 1))))))"#;
    for stack in [1 << 20, 8 << 20] {
        let run = move || -> Result<()> {
            for threads in [1, 2] {
                let mut config = Config::new();
                let engine =
                    Engine::new(config.lazy_compilation(true).compile_threads(threads).max_wasm_stack(600 << 10))?;
                let mut store = Store::new(&engine, ());
                let instance = Instance::new(&mut store, &Module::new(&engine, text)?, &[])?;
                assert_eq!(call(&mut store, &instance, "down", 5000)?, 5021);
                let error = call(&mut store, &instance, "end", 3000).expect_err("it has no end");
                assert_eq!(error.downcast_ref::<Trap>().map(Trap::code), Some(TrapCode::StackOverflow));
                assert_eq!(call(&mut store, &instance, "down", 10)?, 31);
            }
            Ok(())
        };
        thread::Builder::new().stack_size(stack).spawn(run).map_err(Error::new)?.join().expect("it does not panic")?;
    }
    Ok(())
}

/// A function beyond a limit of the code generator: an error of its call, and of nothing else.
#[test]
fn what_cannot_be_compiled_is_an_error_of_its_call() -> Result<()> {
    let values = " i32".repeat(1000);
    let [constants, calls, drops] = ["i32.const 0 ", "call $many ", "drop "].map(|operator| operator.repeat(1000));
    let text = format!(
        r#"(module $m (func $many (param{values}) (result{values}) unreachable)
            (func $huge (param i32) {constants} {calls} {drops})
            (func (export "run") (param i32) (result i32) (call $huge (local.get 0)) (i32.const 1))
            (func (export "other") (param i32) (result i32) (local.get 0)))"#
    );
    let error = Module::new(&eager()?, &text).expect_err("it has a limit");
    let expected = error.downcast_ref::<CodegenError>().expect("of the code generator").message().to_string();
    for threads in [1, 4] {
        let engine = lazy(threads)?;
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &Module::new(&engine, &text)?, &[])?;
        for _ in 0..3 {
            let error = call(&mut store, &instance, "run", 1).expect_err("it cannot be compiled");
            let cause = error.downcast_ref::<CodegenError>().expect("of the code generator");
            assert_eq!((cause.kind(), cause.message()), (CodegenErrorKind::Unsupported, expected.as_str()));
            assert!(cause.to_string().contains("function 1 `huge` of core module"), "{cause}");
            let trace = WasmBacktrace::of(&error).expect("a guest was running");
            let names: Vec<_> = trace.frames().iter().map(|frame| frame.name.as_deref()).collect();
            assert_eq!(names, [Some("run")], "{error:?}");
            assert_eq!(call(&mut store, &instance, "other", 4)?, 4);
        }
    }
    Ok(())
}

/// What is not valid is refused at once, wherever it stands, with the same words.
#[test]
fn invalid_modules_are_refused_with_the_same_words() -> Result<()> {
    let padding = "(local.set 0 (i32.mul (local.get 0) (i32.const 3)))".repeat(40);
    let good = format!("(func (param i32) {padding})");
    let bad = [
        "(func $bad (result i32))",
        "(func $bad (drop (i64.add (i32.const 1) (i64.const 2))))",
        "(func (local.get 0))",
    ];
    let eager = eager()?;
    for bad in bad {
        for (before, after) in [(0, 0), (100, 3), (3, 100), (200, 200)] {
            let text = format!("(module $m {} {bad} {} (func (result i64)))", good.repeat(before), good.repeat(after));
            let expected = Module::new(&eager, &text).expect_err("it is invalid").to_string();
            for threads in [1, 3] {
                let error = Module::new(&lazy(threads)?, &text).expect_err("it is invalid");
                assert_eq!(error.to_string(), expected);
            }
        }
    }
    Ok(())
}

/// Whatever is dropped while threads are compiling in the background, and in whatever order.
#[test]
fn everything_can_be_dropped_in_the_middle() -> Result<()> {
    let text = chain(400, &"(local.set 0 (i32.xor (local.get 0) (i32.const 0)))".repeat(20));
    for round in 0..12 {
        let engine = lazy(4)?;
        let module = Module::new(&engine, &text)?;
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[])?;
        let from = 400 - 1 - round * 3;
        match round % 4 {
            0 => drop((module, engine)),
            1 => drop((engine, module)),
            2 => {
                drop(store);
                drop(module);
                continue;
            }
            _ => {}
        }
        assert_eq!(call(&mut store, &instance, &format!("f{from}"), 1)?, 1 + (400 - from));
    }
    Ok(())
}

/// The time in which a first call is compiled is not the guest's: so it has as much of its own as where it was compiled before.
#[test]
fn compiling_puts_off_the_deadline() -> Result<()> {
    let text = chain(3, "");
    let engine = Engine::new(Config::new().lazy_compilation(true).compile_threads(1).epoch_interruption(true))?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &Module::new(&engine, &text)?, &[])?;
    let set = Instant::now() + Duration::from_secs(3600);
    store.set_deadline(Some(set))?;
    assert_eq!(call(&mut store, &instance, "f1", 1)?, 3);
    let put_off = store.deadline().expect("it is set");
    assert!(put_off > set);
    assert_eq!(call(&mut store, &instance, "f1", 1)?, 3);
    assert_eq!(store.deadline(), Some(put_off), "nothing was compiled");
    store.with_deadline(set, |mut store| call(&mut store, &instance, "f0", 1))?;
    assert!(store.deadline() > Some(put_off));
    Ok(())
}

/// What is written of it is what it would have been.
#[test]
fn artefacts_hold_every_function() -> Result<()> {
    let text = chain(20, "");
    let module = Module::new(&lazy(2)?, &text)?;
    assert!(module.serialize()? == Module::new(&eager()?, &text)?.serialize()?, "the two are the same");
    let component = format!("(component (core {})", &text[1..]);
    let serialized = Component::new(&lazy(2)?, &component)?.serialize()?;
    assert!(serialized == Component::new(&eager()?, &component)?.serialize()?, "the two are the same");
    Ok(())
}

/// References, imports and exports of a function are one address, whether it has been compiled or not.
#[test]
fn functions_go_from_instance_to_instance_before_they_are_compiled() -> Result<()> {
    let engine = lazy(1)?;
    let mut store = Store::new(&engine, ());
    let library = r#"(module (func $f (export "f") (param i32) (result i32) (i32.add (local.get 0) (i32.const 100)))
        (table (export "t") 1 funcref) (elem (i32.const 0) $f))"#;
    let library = Instance::new(&mut store, &Module::new(&engine, library)?, &[])?;
    let user = r#"(module (import "l" "f" (func $f (param i32) (result i32))) (import "l" "t" (table 1 funcref))
        (global $g (export "g") funcref (ref.func $f))
        (func (export "through") (param i32) (result i32) (call $f (local.get 0)))
        (func (export "table") (param i32) (result i32)
            (call_indirect (param i32) (result i32) (local.get 0) (i32.const 0))))"#;
    let mut linker = Linker::new(&engine);
    linker.instance(&mut store, "l", library)?;
    let user = linker.instantiate(&mut store, &Module::new(&engine, user)?)?;
    let global = user.get_global(&mut store, "g").expect("it is exported").get(&mut store)?;
    assert!(matches!(global, Val::Ref(Ref::Func(Some(_)))));
    assert_eq!(call(&mut store, &user, "table", 1)?, 101);
    assert_eq!(call(&mut store, &user, "through", 2)?, 102);
    assert_eq!(call(&mut store, &library, "f", 3)?, 103);
    Ok(())
}
