//! Engines without signal handlers, in a process without any: whatever faults ends it.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::core::{Func, FuncType, Instance, Linker, Module, Val};
use gusset::{Config, Engine, Error, NamedSource, OptLevel, Result, Store, Trap, TrapCode};
use std::fmt::Write;

/// The settings that change how checks are made.
fn engines() -> Result<Vec<Engine>> {
    let mut engines = Vec::new();
    for level in [OptLevel::Speed, OptLevel::None] {
        for form in [false, true] {
            for mask in [true, false] {
                let mut config = Config::new();
                config.signals_based_traps(false).opt_level(level).frame_form(form);
                config.heap_access_spectre_mitigation(mask).table_access_spectre_mitigation(mask);
                engines.push(Engine::new(&config)?);
            }
        }
    }
    Ok(engines)
}

fn trap(error: &Error) -> &Trap {
    error.downcast_ref::<Trap>().unwrap_or_else(|| panic!("not a trap: {error}"))
}

fn call(store: &mut Store<()>, instance: Instance, name: &str, params: &[Val]) -> Result<Vec<Val>> {
    let func = instance.get_func(&mut *store, name).unwrap_or_else(|| panic!("{name} is exported"));
    let mut results = vec![Val::I32(0); func.ty(&*store)?.results.len()];
    func.call(store, params, &mut results)?;
    Ok(results)
}

/// For which of SIGILL, SIGBUS, SIGFPE and SIGSEGV the process has handlers.
#[cfg(target_os = "linux")]
fn handlers() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells of a process");
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).expect("and of its handlers");
    u64::from_str_radix(mask.trim(), 16).expect("as a number") & (1 << 3 | 1 << 6 | 1 << 7 | 1 << 10)
}

#[cfg(target_os = "linux")]
#[test]
fn handlers_are_left_alone() -> Result<()> {
    let before = handlers();
    let engine = Engine::new(Config::new().signals_based_traps(false))?;
    let module = Module::new(&engine, r#"(module (func (export "f") unreachable))"#)?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    call(&mut store, instance, "f", &[]).expect_err("it traps");
    assert_eq!(handlers(), before);
    Ok(())
}

/// What each line of [`TRAPS`] traps with; `ok` where it does not.
const TRAPS: &str = r#"(module
    (memory 1) (table $t 4 funcref) (table $x 4 externref) (type $none (func)) (type $one (func (param i32)))
    (elem (table $t) (i32.const 0) func $one)
    (func $one (type $one))
    (func (export "unreachable") unreachable)
    (func (export "load8") (drop (i32.load8_u (i32.const 65536))))
    (func (export "load8 ok") (drop (i32.load8_u (i32.const 65535))))
    (func (export "load32") (drop (i32.load (i32.const 65533))))
    (func (export "load32 ok") (drop (i32.load (i32.const 65532))))
    (func (export "load64 offset") (drop (i64.load offset=65529 (i32.const 0))))
    (func (export "load64 offset ok") (drop (i64.load offset=65528 (i32.const 0))))
    (func (export "load far") (drop (i64.load offset=0xffffffff (i32.const 0xffffffff))))
    (func (export "load negative") (drop (i32.load (i32.const -1))))
    (func (export "store16") (i32.store16 (i32.const 65535) (i32.const 1)))
    (func (export "store16 ok") (i32.store16 (i32.const 65534) (i32.const 1)))
    (func (export "storef64") (f64.store offset=65520 (i32.const 9) (f64.const 1)))
    (func (export "fill") (memory.fill (i32.const 65535) (i32.const 1) (i32.const 2)))
    (func (export "table.get") (drop (table.get $x (i32.const 4))))
    (func (export "table.get ok") (drop (table.get $x (i32.const 3))))
    (func (export "table.set") (table.set $x (i32.const -1) (ref.null extern)))
    (func (export "undefined") (call_indirect $t (type $none) (i32.const 4)))
    (func (export "uninitialized") (call_indirect $t (type $none) (i32.const 1)))
    (func (export "mismatch") (call_indirect $t (type $none) (i32.const 0)))
    (func (export "indirect ok") (call_indirect $t (type $one) (i32.const 1) (i32.const 0)))
    (func (export "div0") (drop (i32.div_s (i32.const 1) (global.get $zero))))
    (func (export "div0 constant") (drop (i64.div_u (i64.const 1) (i64.const 0))))
    (func (export "rem0") (drop (i32.rem_u (i32.const 1) (global.get $zero))))
    (func (export "rem0 signed") (drop (i64.rem_s (i64.const 1) (i64.extend_i32_u (global.get $zero)))))
    (func (export "overflow") (drop (i32.div_s (i32.const 0x80000000) (global.get $minus))))
    (func (export "overflow constant") (drop (i32.div_s (i32.const 0x80000000) (i32.const -1))))
    (func (export "overflow64") (drop (i64.div_s (i64.const 0x8000000000000000) (i64.extend_i32_s (global.get $minus)))))
    (func (export "remainder ok") (drop (i32.rem_s (i32.const 0x80000000) (global.get $minus))))
    (func (export "unsigned ok") (drop (i32.div_u (i32.const 0x80000000) (global.get $minus))))
    (func (export "nan") (drop (i32.trunc_f32_s (f32.const nan))))
    (func (export "nan unsigned") (drop (i64.trunc_f64_u (f64.const nan))))
    (func (export "infinite") (drop (i64.trunc_f32_s (f32.const inf))))
    (func $deep (export "deep") (call $deep))
    (global $zero (mut i32) (i32.const 0)) (global $minus (mut i32) (i32.const -1)))"#;

fn expected(name: &str) -> Option<TrapCode> {
    Some(match name {
        _ if name.ends_with(" ok") => return None,
        "unreachable" => TrapCode::Unreachable,
        "table.get" | "table.set" => TrapCode::TableOutOfBounds,
        "undefined" => TrapCode::UndefinedElement,
        "uninitialized" => TrapCode::UninitializedElement,
        "mismatch" => TrapCode::IndirectCallTypeMismatch,
        "div0" | "div0 constant" | "rem0" | "rem0 signed" => TrapCode::IntegerDivideByZero,
        "overflow" | "overflow constant" | "overflow64" | "infinite" => TrapCode::IntegerOverflow,
        "nan" | "nan unsigned" => TrapCode::InvalidConversionToInteger,
        "deep" => TrapCode::StackOverflow,
        _ => TrapCode::MemoryOutOfBounds,
    })
}

#[test]
fn each_trap_has_its_code_and_its_place() -> Result<()> {
    for engine in engines()? {
        let module = Module::from_source(&engine, &NamedSource::new("traps.wat", TRAPS))?;
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[])?;
        let mut count = 0;
        for (at, line) in TRAPS.lines().enumerate() {
            let Some((_, rest)) = line.split_once("(export \"") else { continue };
            let (name, _) = rest.split_once('"').expect("a name ends");
            count += 1;
            let result = call(&mut store, instance, name, &[]);
            let Some(code) = expected(name) else {
                result.unwrap_or_else(|error| panic!("{name}: {error}"));
                continue;
            };
            let error = result.expect_err(name);
            assert_eq!(trap(&error).code(), code, "{name}");
            let frame = &trap(&error).backtrace().frames()[0];
            if code == TrapCode::StackOverflow {
                assert_eq!(frame.name.as_deref(), Some("deep"));
                continue;
            }
            let place = frame.location().expect("there is a text").to_string();
            assert!(place.starts_with(&format!("traps.wat:{}:", at + 1)), "{name} at {place}");
        }
        assert_eq!(count, 33);
    }
    Ok(())
}

/// The last floats that have an integer, and the first that have none, each from both sides.
#[test]
fn conversions_trap_at_their_bounds() -> Result<()> {
    let module = |ty: &str, from: &str, sign: &str| {
        format!(r#"(module (func (export "f") (param {from}) (result {ty}) ({ty}.trunc_{from}_{sign} (local.get 0))))"#)
    };
    let next = |value: f64, single: bool, up: bool| match (single, up) {
        (true, true) => f64::from((value as f32).next_up()),
        (true, false) => f64::from((value as f32).next_down()),
        (false, true) => value.next_up(),
        (false, false) => value.next_down(),
    };
    for engine in engines()? {
        for (ty, bits) in [("i32", 32), ("i64", 64)] {
            for (sign, low, high) in [("s", -2f64.powi(bits - 1), 2f64.powi(bits - 1)), ("u", 0.0, 2f64.powi(bits))] {
                for (from, single) in [("f32", true), ("f64", false)] {
                    let module = Module::new(&engine, module(ty, from, sign))?;
                    let mut store = Store::new(&engine, ());
                    let instance = Instance::new(&mut store, &module, &[])?;
                    let candidates = [low - 1.0, low - 0.5, low, high - 1.0, high, 1e300, f64::INFINITY, -0.9999, 7.5];
                    for middle in candidates {
                        for value in [middle, next(middle, single, true), next(middle, single, false), -middle] {
                            let value = if single { f64::from(value as f32) } else { value };
                            let param =
                                if single { Val::F32((value as f32).to_bits()) } else { Val::F64(value.to_bits()) };
                            let result = call(&mut store, instance, "f", &[param]);
                            let fits = value.trunc() >= low && value.trunc() < high;
                            match result {
                                Ok(_) => assert!(fits, "{ty}.trunc_{from}_{sign} of {value:e}"),
                                Err(error) => {
                                    assert!(!fits, "{ty}.trunc_{from}_{sign} of {value:e}: {error}");
                                    assert_eq!(trap(&error).code(), TrapCode::IntegerOverflow);
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    Ok(())
}

/// A function whose frame has a place for each of many locals, and which calls itself as often as it is told. It passes more
/// parameters and results than there are registers for.
fn large_frame(locals: usize) -> String {
    let values = "i64 i64 i64 i64 i64 i64 i64 i64";
    let mut text = format!(
        r#"(module (type $t (func (param i32 {values}) (result {values})))
            (func $f (export "f") (type $t) (local"#
    );
    text.push_str(&" i64".repeat(locals));
    text.push(')');
    for local in 9..9 + locals {
        write!(text, "\n(local.set {local} (i64.add (local.get {}) (local.get 1)))", local - 8).expect("text grows");
    }
    text.push_str("(if (type $t2) (local.get 0) (then (i32.sub (local.get 0) (i32.const 1))");
    for value in 0..8 {
        write!(text, "(local.get {})", 1 + value + locals).expect("text grows");
    }
    text.push_str("(call $f)) (else");
    for value in 0..8 {
        write!(text, "(local.get {})", 1 + value + locals).expect("text grows");
    }
    write!(text, "))) (type $t2 (func (result {values}))))").expect("text grows");
    text
}

#[test]
fn large_frames_do_not_run_off_the_stack() -> Result<()> {
    for locals in [1000, 5_000, 40_000] {
        let text = large_frame(locals);
        let mut results = Vec::new();
        for form in [true, false] {
            let mut config = Config::new();
            config.signals_based_traps(false).frame_form(form).max_wasm_stack(usize::MAX);
            let engine = Engine::new(&config)?;
            let module = Module::new(&engine, &text)?;
            for (depth, kib) in [(0, 400), (2, 4096), (i32::MAX, 300), (i32::MAX, 400), (i32::MAX, 2048)] {
                let (engine, module) = (engine.clone(), module.clone());
                let thread = std::thread::Builder::new().stack_size(kib << 10).spawn(move || {
                    let mut store = Store::new(&engine, ());
                    let instance = Instance::new(&mut store, &module, &[])?;
                    let params: Vec<_> = [Val::I32(depth)].into_iter().chain((1..9).map(Val::I64)).collect();
                    call(&mut store, instance, "f", &params)
                });
                let result = thread.expect("there is room for a thread").join().expect("nothing panics");
                match result {
                    Ok(values) => {
                        assert!(depth < i32::MAX);
                        results.push((depth, format!("{values:?}")));
                    }
                    Err(error) => {
                        assert_eq!(trap(&error).code(), TrapCode::StackOverflow, "{locals} locals, {kib} KiB");
                        assert_eq!(trap(&error).backtrace().frames()[0].name.as_deref(), Some("f"));
                        assert!(depth == i32::MAX || locals == 40_000 && kib == 400, "{locals} locals, {kib} KiB");
                    }
                }
            }
        }
        results.sort();
        results.dedup();
        assert!(results.len() <= 2, "the same in both forms: {results:?}");
        assert!(results.iter().any(|(depth, _)| *depth == 2), "with room it returns");
    }
    Ok(())
}

/// A host's function that is called from the end of the stack still has what is kept for it, and a failure leaves as ever.
#[test]
fn hosts_and_failures_work_as_ever() -> Result<()> {
    for engine in engines()? {
        let text = r#"(module (import "host" "call" (func $host (param i32) (result i32)))
            (func $f (export "f") (param i32) (result i32)
                (i32.add (call $host (local.get 0)) (call $f (i32.add (local.get 0) (i32.const 1))))))"#;
        let module = Module::new(&engine, text)?;
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        let ty = FuncType { params: [gusset::core::ValType::I32].into(), results: [gusset::core::ValType::I32].into() };
        linker.func_new("host", "call", ty, |_, params, results| match params[0] {
            Val::I32(50) => Err(Error::msg("fifty")),
            Val::I32(60) => panic!("sixty"),
            value => {
                results[0] = value;
                Ok(())
            }
        })?;
        let instance = linker.instantiate(&mut store, &module)?;
        assert_eq!(format!("{}", call(&mut store, instance, "f", &[Val::I32(0)]).unwrap_err().root_cause()), "fifty");
        let panic = call(&mut store, instance, "f", &[Val::I32(51)]).unwrap_err();
        assert!(panic.is::<gusset::HostPanic>(), "{panic}");
        let error = call(&mut store, instance, "f", &[Val::I32(61)]).unwrap_err();
        assert_eq!(trap(&error).code(), TrapCode::StackOverflow);
    }
    Ok(())
}

/// A trap of an inner store ends the inner call only.
#[test]
fn traps_nest() -> Result<()> {
    let engine = Engine::new(Config::new().signals_based_traps(false))?;
    let module = Module::new(
        &engine,
        r#"(module (import "" "" (func $host)) (func (export "inner") unreachable)
            (func (export "outer") (call $host) (drop (i32.load (i32.const -8)))) (memory 1))"#,
    )?;
    let mut store = Store::new(&engine, ());
    let inner = (engine.clone(), module.clone());
    let host = Func::new(&mut store, FuncType::default(), move |_, _, _| {
        let (engine, module) = &inner;
        let mut store = Store::new(engine, ());
        let nothing = Func::new(&mut store, FuncType::default(), |_, _, _| Ok(()))?;
        let instance = Instance::new(&mut store, module, &[nothing.into()])?;
        let error = call(&mut store, instance, "inner", &[]).expect_err("it traps");
        assert_eq!(trap(&error).code(), TrapCode::Unreachable);
        Ok(())
    })?;
    let instance = Instance::new(&mut store, &module, &[host.into()])?;
    let error = call(&mut store, instance, "outer", &[]).expect_err("it traps");
    assert_eq!(trap(&error).code(), TrapCode::MemoryOutOfBounds);
    assert_eq!(trap(&error).backtrace().frames().len(), 1);
    Ok(())
}

/// Checks of the epoch stand among those that are made instead of faults, in both forms.
#[test]
fn epochs_stop_guests_without_signals() -> Result<()> {
    let text = r#"(module (memory 1)
        (func (export "f") (param i32) (local i32)
            (loop $l
                (local.set 1 (i32.div_u (i32.load (i32.and (local.get 1) (i32.const 0xfffc))) (local.get 0)))
                (i32.store (i32.const 8) (local.get 1))
                (br $l))))"#;
    for form in [false, true] {
        let mut config = Config::new();
        config.signals_based_traps(false).epoch_interruption(true).frame_form(form);
        let engine = Engine::new(&config)?;
        let module = Module::new(&engine, text)?;
        let mut store = Store::new(&engine, ());
        store.set_epoch_deadline(1);
        let instance = Instance::new(&mut store, &module, &[])?;
        let error = call(&mut store, instance, "f", &[Val::I32(0)]).expect_err("it divides by 0");
        assert_eq!(trap(&error).code(), TrapCode::IntegerDivideByZero);
        let error = std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(std::time::Duration::from_millis(20));
                engine.increment_epoch();
            });
            call(&mut store, instance, "f", &[Val::I32(1)]).expect_err("it has no end")
        });
        assert_eq!(trap(&error).code(), TrapCode::Interrupt);
    }
    Ok(())
}
