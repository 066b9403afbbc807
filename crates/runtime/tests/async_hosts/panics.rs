//! Panics while calls wait: of the host's functions, of what is dropped, and of who is to be woken.

use super::{GUEST, Pauses, block_on, hop, poll_once};
use gusset::core::{Caller, Instance, Linker, Module, TypedFunc};
use gusset::{Config, Engine, HostPanic, Result, Store};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

/// Two instances of [`GUEST`], and whether what waits in the inner one panics when it is dropped.
#[derive(Default)]
struct TwoGuests {
    inner: Option<TypedFunc<u32, u32>>,
    drop_panics: bool,
}

struct PanicsIf(bool);

impl Drop for PanicsIf {
    fn drop(&mut self) {
        assert!(!self.0, "when it was dropped");
    }
}

type TwoGuestsCaller<'a> = Caller<'a, TwoGuests>;

/// The inner instance waits; `sum` of the outer one calls `host`.
fn two_guests(
    engine: &Engine,
    host: impl for<'a> Fn(TwoGuestsCaller<'a>, u32) -> Box<dyn Future<Output = Result<u32>> + Send + 'a>
    + Send
    + Sync
    + 'static,
) -> Result<(Store<TwoGuests>, TypedFunc<u32, u32>)> {
    let module = Module::new(engine, GUEST)?;
    let mut linker = Linker::<TwoGuests>::new(engine);
    linker.func_wrap_async("host", "wait", |caller: TwoGuestsCaller<'_>, pauses: u32| {
        let panics = caller.data().drop_panics;
        Box::new(async move {
            let waiting = PanicsIf(panics);
            Pauses(pauses).await;
            assert!(pauses < 100, "in the inner one");
            std::mem::forget(waiting);
            pauses
        })
    })?;
    let mut store = Store::new(engine, TwoGuests::default());
    let inner: Instance = linker.instantiate(&mut store, &module)?;
    store.data_mut().inner = Some(inner.get_typed_func(&mut store, "sum")?);
    let mut linker = Linker::<TwoGuests>::new(engine);
    linker.func_wrap_async("host", "wait", host)?;
    let outer = linker.instantiate(&mut store, &module)?;
    let outer = outer.get_typed_func(&mut store, "sum")?;
    Ok((store, outer))
}

fn message(error: &gusset::Error) -> Option<&str> {
    error.downcast_ref::<HostPanic>().and_then(HostPanic::message)
}

/// A panic below two guests, each on a stack of its own, is a failure of both.
#[test]
fn a_panic_within_a_call_within_a_call_reaches_the_outer_caller() -> Result<()> {
    let engine = Engine::default();
    let (mut store, outer) = two_guests(&engine, |mut caller, pauses| {
        Box::new(async move {
            let inner = caller.data().inner.expect("it is there");
            inner.call_async(&mut caller, pauses).await
        })
    })?;
    assert_eq!(hop(outer.call_async(&mut store, 2))?, 3 + 1);
    let error = hop(outer.call_async(&mut store, 100)).unwrap_err();
    assert_eq!(message(&error), Some("in the inner one"));
    assert_eq!(block_on(outer.call_async(&mut store, 2))?, 3 + 1);
    Ok(())
}

/// A function panics that has a call of its own which waits: while the panic is on its way that call is ended on its stack, where what is
/// dropped may panic too.
#[test]
fn a_call_that_waits_is_ended_while_a_panic_is_on_its_way() -> Result<()> {
    let engine = Engine::default();
    let (mut store, outer) = two_guests(&engine, |mut caller, pauses| {
        Box::new(async move {
            let inner = caller.data().inner.expect("it is there");
            let mut call = pin!(inner.call_async(&mut caller, pauses));
            assert!(poll_once(call.as_mut()).is_pending());
            panic!("in the outer one");
        })
    })?;
    for drop_panics in [false, true] {
        store.data_mut().drop_panics = drop_panics;
        for _ in 0..2 {
            let error = hop(outer.call_async(&mut store, 2)).unwrap_err();
            assert_eq!(message(&error), Some("in the outer one"));
        }
    }
    // The same where the panic is on its way on the thread's own stack.
    let inner = store.data().inner.expect("it is there");
    let panic = catch_unwind(AssertUnwindSafe(|| {
        let mut call = pin!(inner.call_async(&mut store, 2));
        assert!(poll_once(call.as_mut()).is_pending());
        panic!("outside");
    }));
    assert_eq!(panic.expect_err("it panics").downcast_ref::<&str>(), Some(&"outside"));
    store.data_mut().drop_panics = false;
    assert_eq!(hop(inner.call_async(&mut store, 3))?, 6);
    Ok(())
}

/// Who polls is woken by the guest itself where it lets others have their turn: if that panics, it is as if the host had.
#[test]
fn a_waker_may_panic() -> Result<()> {
    struct PanickingWaker;
    impl Wake for PanickingWaker {
        fn wake(self: Arc<Self>) {
            panic!("woken");
        }
    }
    for by_fuel in [false, true] {
        let mut config = Config::new();
        let engine = Engine::new(config.epoch_interruption(!by_fuel).consume_fuel(by_fuel))?;
        let module = Module::new(
            &engine,
            r#"(module (func (export "spin") (param i32) (result i32)
                (loop $again (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
                (local.get 0)))"#,
        )?;
        let mut store = Store::new(&engine, ());
        match by_fuel {
            true => {
                store.set_fuel(1 << 30)?;
                store.fuel_async_yield_interval(Some(1000))?;
            }
            false => {
                store.set_epoch_deadline(0);
                store.epoch_deadline_async_yield_and_update(0);
            }
        }
        let instance = Instance::new(&mut store, &module, &[])?;
        let spin = instance.get_typed_func::<u32, u32>(&mut store, "spin")?;
        let waker = Waker::from(Arc::new(PanickingWaker));
        let mut call = Box::pin(spin.call_async(&mut store, 10_000));
        let Poll::Ready(Err(error)) = call.as_mut().poll(&mut Context::from_waker(&waker)) else {
            panic!("it fails at once");
        };
        assert_eq!(message(&error), Some("woken"));
        drop(call);
        assert_eq!(hop(spin.call_async(&mut store, 10_000))?, 0);
    }
    Ok(())
}
