//! Where fibers meet what is around them: threads with little stack, backtraces, the end of a stack, settings without sense.

use super::{Pauses, block_on, hop, in_own_process, waiting_guest};
use gusset::core::{Caller, Instance, Linker, Module, TypedFunc};
use gusset::{Config, Engine, PoolingConfig, Result, Store};
use std::backtrace::{Backtrace, BacktraceStatus};
use std::thread;

/// Who polls needs next to nothing of a stack: guests, and functions of the host that wait, are on the fiber's.
#[test]
fn a_thread_with_little_stack_polls() -> Result<()> {
    let engine = Engine::default();
    let (mut store, instance) = waiting_guest(&engine)?;
    let deep = instance.get_typed_func::<u32, u32>(&mut store, "deep")?;
    let polls = || -> Result<u32> {
        let error = deep.call(&mut store, 1000).unwrap_err();
        assert!(format!("{error:#}").contains("KiB of stack; guests need more"), "{error:#}");
        block_on(deep.call_async(&mut store, 1000))
    };
    let depth = thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(100 << 10).spawn_scoped(scope, polls);
        thread.expect("it starts").join().expect("it does not panic")
    })?;
    assert_eq!(depth, 1002);
    Ok(())
}

/// A backtrace of the host's ends somewhere, wherever it starts: below guests on a fiber, and on another thread than it began on.
#[test]
fn the_host_can_look_back_from_a_fiber() -> Result<()> {
    type Data = Option<TypedFunc<u32, u32>>;
    #[inline(never)]
    fn looks_back() {
        let backtrace = Backtrace::force_capture();
        assert_eq!(backtrace.status(), BacktraceStatus::Captured);
        let text = backtrace.to_string();
        assert!(text.contains("looks_back"), "{text}");
    }
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module (import "" "wait" (func $wait (param i32) (result i32)))
            (func $run (export "run") (param i32) (result i32) (call $wait (local.get 0))))"#,
    )?;
    let mut linker = Linker::<Data>::new(&engine);
    linker.func_wrap_async("", "wait", |mut caller: Caller<'_, Data>, depth: u32| {
        Box::new(async move {
            looks_back();
            Pauses(1).await;
            looks_back();
            let run = caller.data().expect("it is there");
            let result: Result<u32> = match depth {
                0 => Ok(0),
                1 => Box::pin(run.call_async(&mut caller, 0)).await,
                _ => hop(Box::pin(run.call_async(&mut caller, depth - 1))),
            };
            looks_back();
            result
        })
    })?;
    let mut store = Store::new(&engine, None);
    let instance = linker.instantiate(&mut store, &module)?;
    let run = instance.get_typed_func::<u32, u32>(&mut store, "run")?;
    *store.data_mut() = Some(run);
    assert_eq!(hop(run.call_async(&mut store, 3))?, 0);
    Ok(())
}

/// A function of the host that goes beyond the end of the fiber's stack ends the process, as it does on a thread's.
#[cfg(unix)]
#[test]
fn beyond_its_stack_a_host_function_ends_the_process() -> Result<()> {
    use std::os::unix::process::ExitStatusExt;
    #[inline(never)]
    fn goes_down(depth: u32) -> u32 {
        let frame = std::hint::black_box([depth; 100]);
        if depth == u32::MAX { 0 } else { goes_down(depth + 1) + std::hint::black_box(frame)[7] }
    }
    let test = "async_hosts::edges::beyond_its_stack_a_host_function_ends_the_process";
    let output = in_own_process(test, || {
        let engine = Engine::default();
        let module = Module::new(
            &engine,
            r#"(module (import "" "wait" (func $wait (result i32)))
                (func (export "run") (result i32) (call $wait)))"#,
        )?;
        let mut linker = Linker::<()>::new(&engine);
        linker.func_wrap_async("", "wait", |_: Caller<'_, ()>, (): ()| {
            Box::new(async {
                Pauses(1).await;
                goes_down(0)
            })
        })?;
        let mut store = Store::new(&engine, ());
        let instance: Instance = linker.instantiate(&mut store, &module)?;
        let run = instance.get_typed_func::<(), u32>(&mut store, "run")?;
        println!("and it returns {}", hop(run.call_async(&mut store, ()))?);
        Ok(())
    })?;
    if let Some(output) = output {
        let ended = matches!(output.status.signal(), Some(libc::SIGSEGV | libc::SIGBUS | libc::SIGABRT));
        assert!(ended && !String::from_utf8_lossy(&output.stdout).contains("and it returns"), "{}", output.status);
    }
    Ok(())
}

#[test]
fn stacks_that_no_address_space_has_are_refused() {
    let refused = |config: &mut Config| Engine::new(config).err().expect("there is no room").to_string();
    assert!(refused(Config::new().async_stack_size(usize::MAX)).contains("Config::async_stack_size"));
    let mut pool = PoolingConfig::new();
    pool.total_stacks(u32::MAX).total_memories(1).total_core_instances(1).total_tables(1).max_memory_size(1 << 16);
    let mut config = Config::new();
    config.memory_reservation(1 << 16).memory_guard(0).allocation_strategy(pool);
    for bytes in [2 << 20, 1 << 40] {
        assert!(refused(config.async_stack_size(bytes)).contains("a pool for 4294967295 stacks"));
    }
}
