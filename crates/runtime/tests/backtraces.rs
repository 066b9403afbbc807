//! What a backtrace keeps of the functions that were running, and what it calls them.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::core::{Caller, Instance, Linker, Module, Val};
use gusset::{BacktraceGap, Config, Engine, Error, Result, Store, Trap, TrapCode, WasmBacktrace};
use std::thread;

/// `down` calls itself so often as it is told, and then the host.
const DOWN: &str = r#"(module
    (import "" "host" (func $host))
    (func $bottom (call $host))
    (func $down (export "down") (param i32) (result i32)
        (if (i32.eqz (local.get 0)) (then (call $bottom)))
        (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1)))))
    (func (export "stop") unreachable)
    (func $end (export "endless") (call $end) (call $end)))"#;

/// Runs on a thread with much stack what may use most of it.
fn with_stack<R: Send>(work: impl FnOnce(Engine) -> R + Send, config: impl FnOnce(&mut Config) + Send) -> R {
    let run = || {
        let mut settings = Config::new();
        settings.max_wasm_stack(200 << 20);
        config(&mut settings);
        work(Engine::new(&settings).expect("it can be made"))
    };
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(256 << 20).spawn_scoped(scope, run).expect("it starts");
        thread.join().expect("it does not panic")
    })
}

/// The error of a call of `name`, of a module whose host does `host`.
fn failure(engine: &Engine, name: &str, params: &[Val], host: fn(Caller<'_, ()>) -> Result<()>) -> Result<Error> {
    let module = Module::new(engine, DOWN)?;
    let mut store = Store::new(engine, ());
    let mut linker = Linker::new(engine);
    linker.func_wrap("", "host", host)?;
    let instance: Instance = linker.instantiate(&mut store, &module)?;
    let func = instance.get_func(&mut store, name).expect("it is exported");
    let results = func.ty(&store)?.results.len();
    Ok(func.call(&mut store, params, &mut vec![Val::I32(0); results]).expect_err("it fails"))
}

fn refuse(_: Caller<'_, ()>) -> Result<()> {
    Err(Error::msg("no"))
}

fn stop_within(mut caller: Caller<'_, ()>) -> Result<()> {
    let stop = caller.get_export("stop").and_then(|stop| stop.into_func()).expect("it is exported");
    stop.call(&mut caller, &[], &mut [])
}

#[test]
fn a_deep_backtrace_is_cut_in_its_middle() -> Result<()> {
    for signals in [true, false] {
        let work = |engine: Engine| failure(&engine, "down", &[Val::I32(99_998)], refuse);
        let error = with_stack(work, |config| _ = config.signals_based_traps(signals))?;
        let backtrace = WasmBacktrace::of(&error).expect("a guest was running");
        assert_eq!((backtrace.depth(), backtrace.omitted()), (100_000, 99_941), "{error:#}");
        // The stub that calls the host is one of the 40 innermost frames, and not shown.
        assert_eq!(backtrace.gaps(), [BacktraceGap { position: 39, frames: 99_941 }]);
        let names: Vec<_> = backtrace.frames().iter().map(|frame| frame.name.as_deref().expect("it has one")).collect();
        assert_eq!((names[0], names.len()), ("bottom", 59));
        assert!(names[1..].iter().all(|&name| name == "down"), "{names:?}");
        let offsets: Vec<_> = backtrace.frames().iter().map(|frame| frame.offset.expect("it has one")).collect();
        assert!(offsets[2..].iter().all(|&offset| offset == offsets[2]) && offsets[1] != offsets[2], "{offsets:?}");
        let text = backtrace.to_string();
        assert!(text.contains("\n   38: ") && text.contains("\n       … 99,941 more frames …\n  99980: "), "{text}");
        assert_eq!(text.lines().filter(|line| line.contains("!down")).count(), 58, "{text}");
        assert!(text.lines().any(|line| line.starts_with("  99999: ")), "{text}");
    }
    Ok(())
}

#[test]
fn what_fits_is_not_cut() -> Result<()> {
    for (deeper, kept, gaps) in [(57, 59, 0), (58, 59, 1), (56, 58, 0)] {
        let error = failure(&Engine::default(), "down", &[Val::I32(deeper)], refuse)?;
        let backtrace = WasmBacktrace::of(&error).expect("a guest was running");
        assert_eq!((backtrace.depth(), backtrace.frames().len()), (deeper as usize + 2, kept));
        assert_eq!((backtrace.gaps().len(), backtrace.omitted()), (gaps, gaps));
    }
    Ok(())
}

#[test]
fn a_stack_overflow_says_how_deep() -> Result<()> {
    for signals in [true, false] {
        let mut config = Config::new();
        config.signals_based_traps(signals);
        let error = failure(&Engine::new(&config)?, "endless", &[], refuse)?;
        let trap = error.downcast_ref::<Trap>().expect("it traps");
        let depth = trap.backtrace().depth();
        assert_eq!(trap.code(), TrapCode::StackOverflow);
        // Frames of this function are of 32 to 128 bytes in all forms.
        assert!((4_000..20_000).contains(&depth), "{trap}");
        let digits = depth.to_string();
        let (thousands, rest) = digits.split_at(digits.len() - 3);
        let line = format!("wasm trap: call stack exhausted, {thousands},{rest} frames deep");
        assert_eq!(trap.to_string().lines().next(), Some(&*line));
    }
    Ok(())
}

#[test]
fn activations_within_one_another_are_counted_together() -> Result<()> {
    let error = failure(&Engine::default(), "down", &[Val::I32(500)], stop_within)?;
    let trap = error.downcast_ref::<Trap>().expect("it traps");
    let backtrace = trap.backtrace();
    assert_eq!((backtrace.depth(), backtrace.frames().len()), (503, 60));
    assert_eq!(backtrace.gaps(), [BacktraceGap { position: 40, frames: 443 }]);
    let names: Vec<_> = backtrace.frames()[..3].iter().map(|frame| frame.name.as_deref()).collect();
    assert_eq!(names, [Some("stop"), Some("bottom"), Some("down")]);
    Ok(())
}

#[cfg(feature = "demangle")]
#[test]
fn names_are_shown_demangled_and_can_be_had_as_they_were() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module $m
            (func $_ZN5shape6Square4areaEv unreachable)
            (func $_ZN4list4Read4next17h0123456789abcdefE (call $_ZN5shape6Square4areaEv))
            (func $_Znot_one (export "run") (call $_ZN4list4Read4next17h0123456789abcdefE)))"#,
    )?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    let run = instance.get_func(&mut store, "run").expect("it is exported");
    let error = run.call(&mut store, &[], &mut []).expect_err("it traps");
    let backtrace = WasmBacktrace::of(&error).expect("a guest was running");
    let shown = ["m!shape::Square::area()", "m!list::Read::next", "m!_Znot_one"];
    let kept = ["_ZN5shape6Square4areaEv", "_ZN4list4Read4next17h0123456789abcdefE", "_Znot_one"];
    for ((frame, shown), kept) in backtrace.frames().iter().zip(shown).zip(kept) {
        assert!(frame.to_string().ends_with(&format!(" - {shown}")), "{frame}");
        assert_eq!(frame.name.as_deref(), Some(kept));
    }
    Ok(())
}
