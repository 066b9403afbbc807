//! Functions of the host that wait, and calls of guests that wait for them. What polls is written here: there is no executor.
#![cfg(all(feature = "compile", feature = "wat"))]

mod calls;
mod cancelling;
mod edges;
mod forgotten;
mod leftovers;
mod nesting;
mod panics;
mod stacks;
mod threads;
mod turns;

use gusset::core::{Caller, Instance, Linker, Module};
use gusset::{Engine, Result, Store};
use std::env;
use std::pin::{Pin, pin};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// Is pending so many times, and wakes who waits each time.
struct Pauses(u32);

impl Future for Pauses {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<()> {
        match self.0 {
            0 => Poll::Ready(()),
            _ => {
                self.0 -= 1;
                task.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}

/// Counts how often it wakes.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Polls to the end, once for each time that the future has woken it.
fn block_on<F: Future>(future: F) -> F::Output {
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(wakes.clone());
    let mut future = pin!(future);
    for polls in 1.. {
        if let Poll::Ready(result) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return result;
        }
        assert_eq!(wakes.0.load(Ordering::Relaxed), polls, "who is pending has woken, once");
    }
    unreachable!()
}

/// Polls once.
fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls to the end, each time on another thread.
fn hop<F: Future<Output: Send> + Send>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        let mut on_thread = future.as_mut();
        let poll = std::thread::scope(|scope| scope.spawn(move || poll_once(on_thread.as_mut())).join());
        match poll {
            Ok(Poll::Ready(result)) => return result,
            Ok(Poll::Pending) => {}
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

/// A guest whose functions wait, with what may happen to them afterwards.
const GUEST: &str = r#"(module
    (import "host" "wait" (func $wait (param i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "sum") (param $n i32) (result i32) (local $sum i32)
        (loop $again
            (local.set $sum (i32.add (local.get $sum) (call $wait (local.get $n))))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $sum))
    (func (export "load") (param i32) (result i32)
        (drop (call $wait (i32.const 1)))
        (i32.load (local.get 0)))
    (func (export "divide") (param i32) (result i32)
        (i32.div_s (i32.const 12) (call $wait (local.get 0))))
    (func $deep (export "deep") (param i32) (result i32)
        (if (i32.eqz (local.get 0)) (then (return (call $wait (i32.const 2)))))
        (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))
    (func $endless (export "endless") (result i32)
        (i32.add (call $wait (i32.const 0)) (call $endless))))"#;

/// An instance of [`GUEST`]. `wait` is pending as often as its argument says, and returns it. The data counts its calls.
fn waiting_guest(engine: &Engine) -> Result<(Store<u32>, Instance)> {
    let module = Module::new(engine, GUEST)?;
    let mut linker = Linker::<u32>::new(engine);
    linker.func_wrap_async("host", "wait", |mut caller: Caller<'_, u32>, pauses: u32| {
        Box::new(async move {
            Pauses(pauses).await;
            *caller.data_mut() += 1;
            pauses
        })
    })?;
    let mut store = Store::new(engine, 0);
    let instance = linker.instantiate(&mut store, &module)?;
    Ok((store, instance))
}

/// Does a test, which has that path in this program, in a process of its own: what came of that, and nothing in the process itself.
fn in_own_process(test: &str, work: impl FnOnce() -> Result<()>) -> Result<Option<Output>> {
    const ALONE: &str = "GUSSET_TEST_ALONE";
    if env::var_os(ALONE).is_some() {
        return work().map(|()| None);
    }
    let mut process = Command::new(env::current_exe()?);
    process.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(ALONE, "1");
    Ok(Some(process.output()?))
}
