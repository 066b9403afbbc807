//! What is inlined means what it means without: values, traps and where they are, exceptions, fuel, references.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::core::{Instance, Linker, Module, Val};
use gusset::{Component, Config, Engine, Error, Result, Store, Trap, WasmBacktrace};

/// Engines that inline, compiling all at once and when it is called, and one that does not.
fn engines(configure: impl Fn(&mut Config)) -> Result<[Engine; 3]> {
    let engine = |inlining, lazy| {
        let mut config = Config::new();
        configure(config.compiler_inlining(inlining).lazy_compilation(lazy));
        Engine::new(&config)
    };
    Ok([engine(false, false)?, engine(true, false)?, engine(true, true)?])
}

/// What an error says, with where the guest stood.
fn told(error: &Error) -> String {
    assert!(WasmBacktrace::of(error).is_some(), "{error}");
    error.to_string()
}

/// What `run` of a component gives or fails with, which is the same in all engines.
fn component_outcome(text: &str) -> Result<Result<u32, String>> {
    let outcomes = engines(|_| {})?.map(|engine| -> Result<_> {
        let component = Component::new(&engine, text)?;
        let mut store = Store::new(&engine, ());
        let instance = gusset::Linker::new(&engine).instantiate(&mut store, &component)?;
        let run = instance.get_typed_func::<(), (u32,)>(&mut store, "run")?;
        Ok(run.call(&mut store, ()).map(|(result,)| result).map_err(|error| told(&error)))
    });
    let [without, others @ ..] = outcomes;
    let without = without?;
    for with in others {
        assert_eq!(without, with?, "{text}");
    }
    Ok(without)
}

/// What a function of a module gives or fails with, the same.
fn module_outcome(
    text: &str,
    name: &str,
    params: &[Val],
    configure: fn(&mut Config),
) -> Result<Result<String, String>> {
    let outcomes = engines(configure)?.map(|engine| -> Result<_> {
        let module = Module::new(&engine, text)?;
        let mut store = Store::new(&engine, ());
        // Some of the engines look at epochs and count fuel.
        store.set_epoch_deadline(1 << 40);
        let fuel = store.set_fuel(1 << 40).is_ok();
        let instance = Instance::new(&mut store, &module, &[])?;
        let func = instance.get_func(&mut store, name).expect("it is exported");
        let mut results = vec![Val::I32(0); func.ty(&store)?.results.len()];
        let outcome = func.call(&mut store, params, &mut results);
        let used = if fuel { store.get_fuel()? } else { 0 };
        Ok(outcome.map(|()| format!("{results:?} {used}")).map_err(|error| format!("{} {used}", told(&error))))
    });
    let [without, others @ ..] = outcomes;
    let without = without?;
    for with in others {
        assert_eq!(without, with?, "{name}{params:?} of {text}");
    }
    Ok(without)
}

/// A component `b` that calls `a` by way of an adapter, in a core function `run` that takes nothing.
fn two_components(a: &str, a_type: &str, b: &str) -> String {
    format!(
        r#"(component
        (component $a (core module $m {a}) (core instance $i (instantiate $m))
          (func (export "f") {a_type} (canon lift (core func $i "f"))))
        (component $b (import "f" (func $f {a_type})) (core func $f (canon lower (func $f)))
          (core module $m {b})
          (core instance $i (instantiate $m (with "" (instance (export "f" (func $f))))))
          (func (export "run") (result u32) (canon lift (core func $i "run"))))
        (instance $a (instantiate $a)) (instance $b (instantiate $b (with "f" (func $a "f"))))
        (export "run" (func $b "run")))"#
    )
}

#[test]
fn a_trap_names_all_functions_that_were_running() -> Result<()> {
    let text = two_components(
        r#"(memory 1)
        (func $deepest (param i32) (result i32) (i32.load offset=4 (local.get 0)))
        (func $f (export "f") (param i32) (result i32) (i32.add (call $deepest (local.get 0)) (i32.const 1)))"#,
        r#"(param "x" u32) (result u32)"#,
        r#"(import "" "f" (func $f (param i32) (result i32)))
        (func $middle (param i32) (result i32) (i32.mul (call $f (local.get 0)) (i32.const 3)))
        (func (export "run") (result i32) (i32.add (call $middle (i32.const 8)) (call $middle (i32.const 0x7fff0000))))"#,
    );
    let error = component_outcome(&text)?.unwrap_err();
    let names = ["!deepest", "!f", "adapter b -> a f", "!middle", "!run"];
    let lines: Vec<&str> = error.lines().filter(|line| line.contains(" - ")).collect();
    assert_eq!(lines.len(), names.len(), "{error}");
    for (line, name) in lines.iter().zip(names) {
        assert!(line.contains(name), "{line} is not {name}: {error}");
    }
    Ok(())
}

/// What is thrown does not leave the component, though the handler of the other one is in the same code.
#[test]
fn exceptions_stop_between_components() -> Result<()> {
    let text = two_components(
        r#"(tag $t) (func (export "f") (if (i32.const 1) (then (throw $t))))"#,
        "",
        r#"(import "" "f" (func $f))
        (func $inner (call $f))
        (func (export "run") (result i32)
            (block $caught (try_table (catch_all $caught) (call $inner)) (return (i32.const 1))) (i32.const 2))"#,
    );
    let error = component_outcome(&text)?.unwrap_err();
    assert!(error.starts_with("wasm trap: uncaught exception"), "{error}");
    Ok(())
}

const EXCEPTIONS: &str = r#"(module (tag $t (param i32))
    (func $throw (param i32) (throw $t (local.get 0)))
    (func $pass (param i32) (call $throw (i32.add (local.get 0) (i32.const 1))))
    (func $outer (param i32) (call $pass (i32.add (local.get 0) (i32.const 1))))
    (func $leaf (param i32) (result i32) (i32.div_u (i32.const 100) (local.get 0)))
    (func (export "caught") (param i32) (result i32)
        (block $caught (result i32) (try_table (catch $t $caught) (call $outer (local.get 0))) (i32.const -1)))
    (func (export "leaf") (param i32) (result i32) (local i32)
        (local.set 1 (i32.const 5))
        (block $caught (result i32)
            (try_table (catch $t $caught)
                (local.set 1 (call $leaf (local.get 0)))
                (call $outer (local.get 1)))
            (i32.const -1))
        (i32.add (local.get 1))))"#;

/// What nobody catches is told as what it is, and not as a failure of the host's.
#[test]
fn an_exception_that_leaves_the_guest_is_told_as_one() -> Result<()> {
    let text = r#"(module (tag $t) (func $throw (throw $t)) (func (export "run") (call $throw)))"#;
    let error = module_outcome(text, "run", &[], |_| {})?.unwrap_err();
    assert!(error.starts_with("an exception left the guest\nwasm backtrace:\n"), "{error}");
    Ok(())
}

#[test]
fn exceptions_find_their_handlers() -> Result<()> {
    assert_eq!(module_outcome(EXCEPTIONS, "caught", &[Val::I32(5)], |_| {})?.unwrap(), "[I32(7)] 0");
    assert_eq!(module_outcome(EXCEPTIONS, "leaf", &[Val::I32(4)], |_| {})?.unwrap(), "[I32(52)] 0");
    let error = module_outcome(EXCEPTIONS, "leaf", &[Val::I32(0)], |_| {})?.unwrap_err();
    assert_eq!(error.matches("!leaf").count(), 2, "{error}");
    Ok(())
}

const SHAPES: &str = r#"(module (memory 1) (global $g (mut i32) (i32.const 0)) (table 2 2 funcref) (elem (i32.const 0) $even $odd)
    (func $max (param i32 i32) (result i32)
        (if (i32.gt_s (local.get 0) (local.get 1)) (then (return (local.get 0)))) (local.get 1))
    (func $locals (param i32) (result i32) (local i32 i32)
        (local.set 1 (i32.add (local.get 0) (local.get 2)))
        (block (br_if 0 (i32.and (local.get 0) (i32.const 1))) (local.set 1 (i32.mul (local.get 1) (i32.const 10))))
        (local.set 0 (i32.const 77)) (local.get 1))
    (func $pick (param i32) (result i32)
        (block $c (block $b (block $a (br_table $a $b $c (local.get 0))) (return (i32.const 10))) (return (i32.const 20)))
        (i32.const 30))
    (func $two (param i32) (result i32 i32) (local.get 0) (i32.add (local.get 0) (i32.const 1)))
    (func $never (param i32) (result i32) (global.set $g (local.get 0)) unreachable)
    (func $even (param i32) (result i32)
        (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 1)) (else (call $odd (i32.sub (local.get 0) (i32.const 1))))))
    (func $odd (param i32) (result i32)
        (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0)) (else (call $even (i32.sub (local.get 0) (i32.const 1))))))
    (func $through (param i32) (result i32) (call_indirect (param i32) (result i32) (local.get 0) (i32.and (local.get 0) (i32.const 1))))
    (func (export "loop") (param $n i32) (result i32) (local $i i32) (local $sum i32) (local $most i32)
        (loop
            (local.set $sum (i32.add (local.get $sum) (call $locals (local.get $i))))
            (local.set $most (call $max (local.get $most) (i32.rem_u (local.get $sum) (i32.const 1000))))
            (local.set $sum (i32.add (local.get $sum) (call $pick (i32.and (local.get $i) (i32.const 3)))))
            (call $two (local.get $i)) (local.set $sum (i32.add (local.get $sum) (i32.mul)))
            (local.set $sum (i32.add (local.get $sum) (call $through (local.get $i))))
            (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
        (i32.add (local.get $sum) (local.get $most)))
    (func (export "even") (param i32) (result i32) (call $even (local.get 0)))
    (func (export "never") (param i32) (result i32)
        (if (result i32) (local.get 0) (then (call $never (local.get 0))) (else (i32.const 4))))
    (func (export "places") (param i32 i32) (result i32)
        (i32.add (i32.load (local.get 0)) (call $max (i32.load (local.get 1)) (i32.load offset=8 (call $locals (local.get 0)))))))"#;

#[test]
fn bodies_are_blocks_with_locals_of_their_own() -> Result<()> {
    let settings: [fn(&mut Config); 4] = [
        |_| {},
        |config| _ = config.signals_based_traps(false),
        |config| _ = config.consume_fuel(true),
        |config| _ = config.consume_fuel(true).epoch_interruption(true),
    ];
    for configure in settings {
        let outcome = |name, params: &[i32]| {
            let params: Vec<Val> = params.iter().map(|&param| Val::I32(param)).collect();
            module_outcome(SHAPES, name, &params, configure)
        };
        for n in [1, 2, 3, 100] {
            outcome("loop", &[n])?.unwrap();
        }
        assert!(outcome("even", &[7])?.unwrap().starts_with("[I32(0)]"));
        assert!(outcome("never", &[0])?.unwrap().starts_with("[I32(4)]"));
        assert!(outcome("never", &[1])?.unwrap_err().contains("!never\n"));
        for (at, frames) in [([-8, 0], 1), ([0, -8], 1), ([65530, 0], 1), ([6554, 0], 1)] {
            let error = outcome("places", &at)?.unwrap_err();
            assert_eq!(error.matches("!").count(), frames, "{error}");
        }
    }
    Ok(())
}

/// An endless recursion by way of what is inlined ends as any other, and a deep one is as deep as it was.
#[test]
fn depth_is_counted_in_functions() -> Result<()> {
    let text = r#"(module
        (func $check (param i32) (result i32) (if (i32.eqz (local.get 0)) (then unreachable)) (local.get 0))
        (func $step (param i32) (result i32) (i32.sub (call $check (local.get 0)) (i32.const 1)))
        (func $down (export "down") (param i32) (result i32) (call $down (call $step (local.get 0))))
        (func $pass (param i32) (result i32) (i32.add (call $deep (local.get 0)) (i32.const 1)))
        (func $deep (export "deep") (param i32) (result i32) (local i32 i32 i32)
            (local.set 1 (i32.mul (local.get 0) (i32.const 3))) (local.set 2 (i32.mul (local.get 1) (local.get 1)))
            (local.set 3 (i32.xor (local.get 2) (i32.const 0x5555)))
            (if (i32.gt_u (local.get 2) (i32.const 0xffffffff)) (then (local.set 3 (i32.rotl (local.get 3) (i32.const 4)))))
            (if (i32.eqz (local.get 0)) (then unreachable))
            (i32.add (call $pass (i32.sub (local.get 0) (i32.const 1))) (local.get 3))))"#;
    for depth in [1, 30, 100] {
        let error = module_outcome(text, "down", &[Val::I32(depth)], |_| {})?.unwrap_err();
        assert!(error.contains(&format!("{:>3}: ", 2)), "{error}");
        module_outcome(text, "deep", &[Val::I32(depth)], |_| {})?.unwrap_err();
    }
    Ok(())
}

/// Functions of other instances, with memories and globals of their own.
#[test]
fn what_is_inlined_has_its_own_context() -> Result<()> {
    let text = two_components(
        r#"(memory 1) (global $calls (mut i32) (i32.const 0)) (data (i32.const 8) "\2a")
        (func $bump (global.set $calls (i32.add (global.get $calls) (i32.const 1))))
        (func (export "f") (param i32) (result i32) (call $bump)
            (i32.store8 offset=16 (local.get 0) (global.get $calls))
            (i32.add (i32.load8_u (i32.const 8)) (i32.load8_u offset=16 (local.get 0))))"#,
        r#"(param "x" u32) (result u32)"#,
        r#"(import "" "f" (func $f (param i32) (result i32)))
        (memory 1) (global $calls (mut i32) (i32.const 1000)) (data (i32.const 8) "\07")
        (func (export "run") (result i32) (local i32 i32)
            (loop (local.set 1 (i32.add (local.get 1) (call $f (local.get 0))))
                (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 5))))
            (i32.add (local.get 1) (i32.add (global.get $calls) (i32.load8_u (i32.const 8)))))"#,
    );
    assert_eq!(component_outcome(&text)?.unwrap(), 5 * 42 + (1 + 2 + 3 + 4 + 5) + 1000 + 7);
    Ok(())
}

/// The host is told which instance calls it, whoever's code that is in.
#[test]
fn the_host_sees_who_calls() -> Result<()> {
    for engine in engines(|_| {})? {
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        linker.func_wrap("host", "number", |mut caller: gusset::core::Caller<'_, ()>| -> Result<i32> {
            let memory = caller.get_memory("memory").expect("it is exported");
            Ok(i32::from(memory.data(&caller)[0]))
        })?;
        let text = r#"(module (import "host" "number" (func $number (result i32)))
            (memory (export "memory") 1) (data (i32.const 0) "\09")
            (func $ask (result i32) (i32.add (call $number) (i32.const 1)))
            (func (export "run") (result i32) (i32.mul (call $ask) (call $ask))))"#;
        let instance = linker.instantiate(&mut store, &Module::new(&engine, text)?)?;
        assert_eq!(instance.get_typed_func::<(), i32>(&mut store, "run")?.call(&mut store, ())?, 100);
    }
    Ok(())
}

/// Where the host fails, the frames are all there too.
#[test]
fn failures_of_the_host_name_all_functions() -> Result<()> {
    let texts = engines(|_| {})?.map(|engine| -> Result<String> {
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        linker.func_wrap("host", "fail", || -> Result<()> { Err(Error::msg("no")) })?;
        let text = r#"(module (import "host" "fail" (func $fail))
            (func $inner (call $fail)) (func $outer (nop) (call $inner)) (func (export "run") (call $outer)))"#;
        let instance = linker.instantiate(&mut store, &Module::new(&engine, text)?)?;
        let error = instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ()).unwrap_err();
        assert!(!error.is::<Trap>());
        Ok(told(&error))
    });
    let [without, eager, lazy] = texts;
    let without = without?;
    assert_eq!(without.matches("!").count(), 3, "{without}");
    assert_eq!((&without, &without), (&eager?, &lazy?));
    Ok(())
}
