//! Calls that may wait, Gusset beside Wasmtime: its default build and its best settings. What polls is a loop, so that no executor counts.

use anyhow::Result;
use gusset_benches::{Contender, measure, print};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

const COUNT: u32 = 100_000;
const ROUNDS: usize = 41;

/// `nothing` returns at once; `waits` calls the host so many times, which is pending as often as it is told each time.
const GUEST: &str = r#"(component
    (import "wait" (func $wait (param "pauses" u32)))
    (core func $wait (canon lower (func $wait)))
    (core module $m
        (import "" "wait" (func $wait (param i32)))
        (func (export "nothing"))
        (func (export "waits") (param $n i32) (param $pauses i32)
            (loop $again
                (call $wait (local.get $pauses))
                (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))
    (core instance $i (instantiate $m (with "" (instance (export "wait" (func $wait))))))
    (func (export "nothing") (canon lift (core func $i "nothing")))
    (func (export "waits") (param "n" u32) (param "pauses" u32) (canon lift (core func $i "waits"))))"#;

/// What is measured.
#[derive(Clone, Copy)]
enum Work {
    Call,
    HostCall { pauses: u32 },
    Instantiate,
}

/// Is pending so many times, and wakes who waits each time.
struct Pauses(u32);

impl Future for Pauses {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        task.waker().wake_by_ref();
        Poll::Pending
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut task = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(result) = future.as_mut().poll(&mut task) {
            return result;
        }
    }
}

fn timed(run: impl FnOnce()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

/// The same host for an engine, of crates whose names are the same.
macro_rules! host {
    ($name:ident, $engine:ident, $($component:ident)::+) => {
        mod $name {
            use super::*;
            use $engine::{Config, Engine, Store, StoreContextMut};
            use $($component)::+::{Component, Linker};

            pub fn contender<'a>(name: &str, config: &Config, work: Work) -> Result<Contender<'a>> {
                let engine = Engine::new(config)?;
                let component = Component::new(&engine, GUEST)?;
                let mut linker = Linker::<()>::new(&engine);
                linker.root().func_wrap_async("wait", |_: StoreContextMut<'_, ()>, (pauses,): (u32,)| {
                    Box::new(async move {
                        Pauses(pauses).await;
                        Ok(())
                    })
                })?;
                let ready = linker.instantiate_pre(&component)?;
                let mut store = Store::new(&engine, ());
                let instance = block_on(ready.instantiate_async(&mut store))?;
                let nothing = instance.get_typed_func::<(), ()>(&mut store, "nothing")?;
                let waits = instance.get_typed_func::<(u32, u32), ()>(&mut store, "waits")?;
                let run: Box<dyn FnMut() -> Duration> = match work {
                    Work::Call => Box::new(move || {
                        timed(|| (0..COUNT).for_each(|_| block_on(nothing.call_async(&mut store, ())).expect("it returns")))
                    }),
                    Work::HostCall { pauses } => Box::new(move || {
                        timed(|| block_on(waits.call_async(&mut store, (COUNT, pauses))).expect("it returns"))
                    }),
                    Work::Instantiate => Box::new(move || {
                        timed(|| {
                            (0..COUNT).for_each(|_| {
                                let mut store = Store::new(&engine, ());
                                block_on(ready.instantiate_async(&mut store)).expect("it can be made");
                            })
                        })
                    }),
                };
                Ok(Contender { name: name.into(), run })
            }
        }
    };
}

host!(ours, gusset, gusset);
host!(peer, wasmtime, wasmtime::component);

fn main() -> Result<()> {
    let default = wasmtime::Config::new();
    let mut best = wasmtime::Config::new();
    best.concurrency_support(false);
    for (title, work) in [
        ("a call that may wait, of a function that does nothing", Work::Call),
        ("a call of a host function that could wait and does not", Work::HostCall { pauses: 0 }),
        ("a call of a host function that waits once", Work::HostCall { pauses: 1 }),
        ("a store and an instance whose start may wait, made and dropped", Work::Instantiate),
    ] {
        let mut contenders = [
            ours::contender("gusset", &gusset::Config::new(), work)?,
            peer::contender("wasmtime, default", &default, work)?,
            peer::contender("wasmtime, concurrency support off", &best, work)?,
        ];
        print(title, &measure(&mut contenders, ROUNDS, COUNT.into()));
    }
    Ok(())
}
