//! Calls that go on on other threads, and many at once: faults, stack overflows, traps, errors and where they happened.

use super::{GUEST, Pauses, block_on, hop, poll_once, waiting_guest};
use gusset::core::{Caller, Instance, Linker, Module};
use gusset::{Config, Engine, Error, Result, Store, Trap, TrapCode, WasmBacktrace};
use std::pin::Pin;
use std::task::Poll;

/// With signals, without, and such that compile a function when it is first called.
fn engines() -> [Engine; 3] {
    let without = Config::new().signals_based_traps(false).clone();
    [Config::new(), without, Config::new().lazy_compilation(true).clone()].map(|config| Engine::new(&config).unwrap())
}

fn code(error: &Error) -> Option<TrapCode> {
    error.downcast_ref::<Trap>().map(Trap::code)
}

#[test]
fn a_call_goes_on_on_another_thread_each_time() -> Result<()> {
    for engine in engines() {
        let (mut store, instance) = waiting_guest(&engine)?;
        let sum = instance.get_typed_func::<u32, u32>(&mut store, "sum")?;
        assert_eq!(hop(sum.call_async(&mut store, 6))?, 21);
        let deep = instance.get_typed_func::<u32, u32>(&mut store, "deep")?;
        assert_eq!(hop(deep.call_async(&mut store, 100))?, 102);
        // And by itself once more, on this thread.
        assert_eq!(block_on(deep.call_async(&mut store, 10))?, 12);
    }
    Ok(())
}

/// A fault, a trap and an overflow are the guest's on whatever thread it has come to, and the call before and after is none the worse.
#[test]
fn guests_trap_on_the_thread_that_they_came_to() -> Result<()> {
    for engine in engines() {
        let (mut store, instance) = waiting_guest(&engine)?;
        let load = instance.get_typed_func::<u32, u32>(&mut store, "load")?;
        let divide = instance.get_typed_func::<u32, u32>(&mut store, "divide")?;
        for _ in 0..3 {
            let error = hop(load.call_async(&mut store, u32::MAX)).unwrap_err();
            assert_eq!(code(&error), Some(TrapCode::MemoryOutOfBounds));
            let trap = error.downcast_ref::<Trap>().unwrap();
            assert_eq!(trap.backtrace().frames()[0].name.as_deref(), Some("load"));
            assert_eq!(hop(load.call_async(&mut store, 8))?, 0);
            let error = hop(divide.call_async(&mut store, 0)).unwrap_err();
            assert_eq!(code(&error), Some(TrapCode::IntegerDivideByZero));
            assert_eq!(hop(divide.call_async(&mut store, 3))?, 4);
        }
    }
    Ok(())
}

/// Many calls take turns, each with another fault to come; all of them move to another thread in each round.
#[test]
fn many_calls_wait_at_once() -> Result<()> {
    type Call<'a> = Pin<Box<dyn Future<Output = Result<u32>> + Send + 'a>>;
    for engine in engines() {
        let mut guests = (0..60).map(|_| waiting_guest(&engine)).collect::<Result<Vec<_>>>()?;
        let mut calls: Vec<(usize, Call<'_>)> = Vec::new();
        for (number, (store, instance)) in guests.iter_mut().enumerate() {
            let name = ["sum", "load", "divide", "deep"][number % 4];
            let argument = [5, u32::MAX, 0, 50][number % 4];
            let func = instance.get_typed_func::<u32, u32>(&mut *store, name)?;
            calls.push((number, Box::pin(async move { func.call_async(store, argument).await })));
        }
        let mut done = 0;
        while !calls.is_empty() {
            let round = move || {
                let mut results = Vec::new();
                calls.retain_mut(|(number, call)| match poll_once(call.as_mut()) {
                    Poll::Pending => true,
                    Poll::Ready(result) => {
                        results.push((*number, result));
                        false
                    }
                });
                (calls, results)
            };
            let results;
            (calls, results) = std::thread::scope(|scope| scope.spawn(round).join()).expect("nothing panics");
            for (number, result) in results {
                done += 1;
                match (number % 4, result) {
                    (0, Ok(15)) | (3, Ok(52)) => {}
                    (1, Err(error)) => assert_eq!(code(&error), Some(TrapCode::MemoryOutOfBounds)),
                    (2, Err(error)) => assert_eq!(code(&error), Some(TrapCode::IntegerDivideByZero)),
                    (_, result) => panic!("{number}: {result:?}"),
                }
            }
        }
        assert_eq!(done, 60);
    }
    Ok(())
}

/// What a host function that has waited fails with tells of the frames below it, those that waited with it.
#[test]
fn errors_tell_of_the_frames_that_have_waited() -> Result<()> {
    let engine = Engine::default();
    let mut linker = Linker::<()>::new(&engine);
    linker.func_wrap_async("host", "wait", |_: Caller<'_, ()>, pauses: u32| {
        Box::new(async move {
            Pauses(pauses).await;
            Err::<u32, _>(Error::msg("no luck"))
        })
    })?;
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &Module::new(&engine, GUEST)?)?;
    let deep = instance.get_typed_func::<u32, u32>(&mut store, "deep")?;
    let error = hop(deep.call_async(&mut store, 4)).unwrap_err();
    assert_eq!(error.root_cause().to_string(), "no luck");
    let names = error.downcast_ref::<WasmBacktrace>().map(|backtrace| backtrace.frames().len());
    assert_eq!(names, Some(5), "{error:?}");
    Ok(())
}

/// A store with a call that has been dropped can be used again, on any thread; so can one with a call that was forgotten.
#[test]
fn a_store_is_free_when_its_call_is_gone() -> Result<()> {
    let engine = Engine::default();
    let (mut store, instance): (_, Instance) = waiting_guest(&engine)?;
    let sum = instance.get_typed_func::<u32, u32>(&mut store, "sum")?;
    let mut dropped = Box::pin(sum.call_async(&mut store, 3));
    assert!(poll_once(dropped.as_mut()).is_pending());
    drop(dropped);
    assert_eq!(hop(sum.call_async(&mut store, 3))?, 6);
    let mut forgotten = Box::pin(sum.call_async(&mut store, 3));
    assert!(poll_once(forgotten.as_mut()).is_pending());
    std::mem::forget(forgotten);
    assert_eq!(hop(sum.call_async(&mut store, 3))?, 6);
    let error = hop(instance.get_typed_func::<u32, u32>(&mut store, "load")?.call_async(&mut store, u32::MAX));
    assert_eq!(code(&error.unwrap_err()), Some(TrapCode::MemoryOutOfBounds));
    Ok(())
}
