//! Calls within calls: of guests by functions of the host that wait or do not, in one store or in several.

use super::{Pauses, block_on, hop, poll_once, waiting_guest};
use gusset::core::{self, Caller, Module};
use gusset::{
    Accessor, AsContextMut, Component, Engine, Error, HostPanic, Instance, Linker, Result, Store, StoreContextMut,
    Trap, TrapCode, TypedFunc,
};
use std::sync::OnceLock;

/// `run` calls `wait`, then `host`, and then `wait` again, unless its argument is 0; it adds up what they return.
const COMPONENT: &str = r#"(component
    (import "wait" (func $wait (param "x" u32) (result u32)))
    (import "host" (func $host (param "x" u32) (result u32)))
    (core func $wait' (canon lower (func $wait)))
    (core func $host' (canon lower (func $host)))
    (core module $m
        (import "" "wait" (func $wait (param i32) (result i32)))
        (import "" "host" (func $host (param i32) (result i32)))
        (memory 1)
        (func (export "run") (param i32) (result i32) (local $sum i32)
            (if (i32.eqz (local.get 0)) (then (return (call $wait (i32.const 1)))))
            (local.set $sum (i32.add (call $wait (local.get 0)) (call $host (local.get 0))))
            (i32.add (local.get $sum) (call $wait (local.get 0))))
        (func (export "plain") (param i32) (result i32)
            (if (i32.eq (local.get 0) (i32.const 7)) (then (drop (i32.load (i32.const -1)))))
            (i32.add (local.get 0) (i32.const 100))))
    (core instance $i (instantiate $m (with "" (instance (export "wait" (func $wait')) (export "host" (func $host'))))))
    (func (export "run") (param "x" u32) (result u32) (canon lift (core func $i "run")))
    (func (export "plain") (param "x" u32) (result u32) (canon lift (core func $i "plain"))))"#;

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(Engine::default)
}

type Run = TypedFunc<(u32,), (u32,)>;

/// What the functions of the host call.
#[derive(Default)]
struct NestedGuests {
    outer: Option<Run>,
    inner: Option<Run>,
    plain: Option<Run>,
}

/// A linker whose `wait` is pending once and returns its argument.
fn linker() -> Result<Linker<NestedGuests>> {
    let mut linker = Linker::new(engine());
    linker.root().func_wrap_async("wait", |_, (x,): (u32,)| {
        Box::new(async move {
            Pauses(1).await;
            Ok((x,))
        })
    })?;
    Ok(linker)
}

/// A store with two instances: `outer` and `inner` are their `run`s, `plain` is of the inner one.
fn store(linker: &Linker<NestedGuests>) -> Result<Store<NestedGuests>> {
    let component = Component::new(engine(), COMPONENT)?;
    let mut store = Store::new(engine(), NestedGuests::default());
    let [outer, inner]: [Instance; 2] =
        [linker.instantiate(&mut store, &component)?, linker.instantiate(&mut store, &component)?];
    let mut func = |instance: Instance, name| instance.get_typed_func::<(u32,), (u32,)>(&mut store, name);
    let guests = NestedGuests {
        outer: Some(func(outer, "run")?),
        inner: Some(func(inner, "run")?),
        plain: Some(func(inner, "plain")?),
    };
    *store.data_mut() = guests;
    Ok(store)
}

fn run_outer(store: &mut Store<NestedGuests>, x: u32) -> Result<u32> {
    let outer = store.data().outer.clone().expect("it is there");
    hop(outer.call_async(store, (x,))).map(|(sum,)| sum)
}

fn code(error: &Error) -> Option<TrapCode> {
    error.downcast_ref::<Trap>().map(Trap::code)
}

/// A plain call from within a function of the host, whether that waits or not, keeps guests from waiting; they can run.
#[test]
fn a_plain_call_from_a_host_function_cannot_wait() -> Result<()> {
    fn call(mut store: impl AsContextMut<Data = NestedGuests>, x: u32) -> Result<(u32,)> {
        let store = &mut store;
        let guests = store.as_context_mut();
        let (plain, inner) = (guests.data().plain.clone().unwrap(), guests.data().inner.clone().unwrap());
        match x {
            1 => inner.call(store, (0,)),
            _ => plain.call(store, (x,)),
        }
    }
    for waits in [false, true] {
        let mut linker = linker()?;
        match waits {
            false => linker
                .root()
                .func_wrap("host", |store: StoreContextMut<'_, NestedGuests>, (x,): (u32,)| call(store, x))?,
            true => {
                linker.root().func_wrap_async("host", |store: StoreContextMut<'_, NestedGuests>, (x,): (u32,)| {
                    Box::new(async move {
                        Pauses(1).await;
                        call(store, x)
                    })
                })?
            }
        }
        assert_eq!(run_outer(&mut store(&linker)?, 5)?, 5 + 105 + 5);
        let error = run_outer(&mut store(&linker)?, 1).unwrap_err();
        let text = error.root_cause().to_string();
        assert!(text.starts_with("`wait` is a function of the host that waits"), "{text}");
        assert_eq!(code(&run_outer(&mut store(&linker)?, 7).unwrap_err()), Some(TrapCode::MemoryOutOfBounds));
    }
    Ok(())
}

/// A call within a call has a stack of its own, and may wait; both go on on other threads.
#[test]
fn a_call_that_waits_may_be_within_another() -> Result<()> {
    let mut linker = linker()?;
    linker.root().func_wrap_async("host", |mut store: StoreContextMut<'_, NestedGuests>, (x,): (u32,)| {
        Box::new(async move {
            let inner = store.data().inner.clone().expect("it is there");
            let (first,) = inner.call_async(&mut store, (0,)).await?;
            Pauses(1).await;
            // A trap on a stack within does not touch the one around it.
            let plain = store.data().plain.clone().expect("it is there");
            assert_eq!(code(&plain.call_async(&mut store, (7,)).await.unwrap_err()), Some(TrapCode::MemoryOutOfBounds));
            Ok((first + x,))
        })
    })?;
    assert_eq!(run_outer(&mut store(&linker)?, 20)?, 20 + 21 + 20);
    Ok(())
}

/// A call that is within another may be given up, or forgotten, before it is done. The one around it goes on as if it had not been, and
/// traps and faults where it should.
#[test]
fn a_call_within_another_may_be_given_up() -> Result<()> {
    for forget in [false, true] {
        let mut linker = linker()?;
        linker.root().func_wrap_async("host", move |mut store: StoreContextMut<'_, NestedGuests>, (x,): (u32,)| {
            Box::new(async move {
                let inner = store.data().inner.clone().expect("it is there");
                let mut call = Box::pin(inner.call_async(&mut store, (0,)));
                assert!(poll_once(call.as_mut()).is_pending());
                match forget {
                    true => std::mem::forget(call),
                    false => drop(call),
                }
                Pauses(2).await;
                match forget {
                    true => assert_eq!(inner.call_async(&mut store, (0,)).await?, (1,)),
                    false => {
                        let error = inner.call_async(&mut store, (0,)).await.unwrap_err();
                        assert_eq!(code(&error), Some(TrapCode::CannotEnter));
                        assert!(
                            error.to_string().contains("the call was dropped while the host function waited"),
                            "{error}"
                        );
                    }
                }
                match x {
                    9 => Err(Error::msg("no luck")),
                    _ => Ok((x,)),
                }
            })
        })?;
        assert_eq!(run_outer(&mut store(&linker)?, 3)?, 9);
        let error = run_outer(&mut store(&linker)?, 9).unwrap_err();
        assert_eq!(error.root_cause().to_string(), "no luck");
    }
    Ok(())
}

/// A function of the host may wait for guests of other stores, and a plain one may poll them by itself.
#[test]
fn functions_wait_for_guests_of_other_stores() -> Result<()> {
    let mut linker = linker()?;
    linker.root().func_wrap_async("host", |_, (x,): (u32,)| {
        Box::new(async move {
            let (mut store, instance) = waiting_guest(engine())?;
            let sum = instance.get_typed_func::<u32, u32>(&mut store, "sum")?;
            let first = sum.call_async(&mut store, x).await?;
            let load = instance.get_typed_func::<u32, u32>(&mut store, "load")?;
            let error = load.call_async(&mut store, u32::MAX).await.unwrap_err();
            assert_eq!(code(&error), Some(TrapCode::MemoryOutOfBounds));
            Ok((first,))
        })
    })?;
    assert_eq!(run_outer(&mut store(&linker)?, 3)?, 3 + 6 + 3);
    let mut linker = self::linker()?;
    linker.root().func_wrap("host", |_: StoreContextMut<'_, NestedGuests>, (x,): (u32,)| {
        let (mut store, instance) = waiting_guest(engine())?;
        let sum = instance.get_typed_func::<u32, u32>(&mut store, "sum")?;
        let error = sum.call(&mut store, x).unwrap_err();
        assert!(error.root_cause().to_string().starts_with("`host::wait` is a function of the host that waits"));
        Ok((block_on(sum.call_async(&mut store, x))?,))
    })?;
    assert_eq!(run_outer(&mut store(&linker)?, 3)?, 3 + 6 + 3);
    Ok(())
}

/// Recursion through functions that wait has a stack for each level: their number ends it.
#[test]
fn recursion_through_calls_that_wait_ends_in_a_trap() -> Result<()> {
    let module =
        Module::new(engine(), r#"(module (import "" "again" (func $again)) (func (export "run") (call $again)))"#)?;
    let mut linker = core::Linker::<(Option<core::TypedFunc<(), ()>>, u32)>::new(engine());
    linker.func_wrap_async("", "again", |mut caller: Caller<'_, (Option<core::TypedFunc<(), ()>>, u32)>, (): ()| {
        Box::new(async move {
            caller.data_mut().1 += 1;
            Pauses(1).await;
            let run = caller.data().0.expect("it is there");
            Box::pin(run.call_async(&mut caller, ())).await
        })
    })?;
    let mut store = Store::new(engine(), (None, 0));
    let instance = linker.instantiate(&mut store, &module)?;
    let run = instance.get_typed_func(&mut store, "run")?;
    store.data_mut().0 = Some(run);
    let error = std::thread::scope(|scope| scope.spawn(|| block_on(run.call_async(&mut store, ()))).join());
    let error = error.expect("it does not panic").unwrap_err();
    assert_eq!(code(&error), Some(TrapCode::StackOverflow), "{error:?}");
    assert!(format!("{error:?}").contains("more than 100 calls that may wait, one within the other"), "{error:?}");
    assert_eq!(store.data().1, 100);
    Ok(())
}

/// An accessor has the store while its function's future is polled, once at a time.
#[test]
fn an_accessor_is_of_use_while_it_is_polled() -> Result<()> {
    let mut linker = linker()?;
    linker.root().func_wrap_concurrent("host", |accessor: &Accessor<NestedGuests>, (x,): (u32,)| {
        Box::pin(async move {
            Pauses(1).await;
            let plain = accessor.with(|store| store.data().plain.clone()).expect("it is there");
            let (called,) = accessor.with(|store| plain.call(store, (x,)))?;
            match x {
                1 => accessor.with(|_| accessor.with(|_| ())),
                2 => std::thread::scope(|scope| match scope.spawn(|| accessor.with(|_| ())).join() {
                    Ok(()) => {}
                    Err(panic) => std::panic::resume_unwind(panic),
                }),
                _ => {}
            }
            Pauses(1).await;
            Ok((accessor.with(|_| called),))
        })
    })?;
    assert_eq!(run_outer(&mut store(&linker)?, 5)?, 5 + 105 + 5);
    for x in [1, 2] {
        let error = run_outer(&mut store(&linker)?, x).unwrap_err();
        let message = error.downcast_ref().and_then(HostPanic::message).expect("it panics");
        assert!(
            message.starts_with("an accessor was used while its function's future is not being polled"),
            "{message}"
        );
    }
    Ok(())
}

/// What instances import of one another they wait for together, with an adapter between them and without.
#[test]
fn linked_instances_wait_together() -> Result<()> {
    let inner = r#"(component
        (import "wait" (func $wait (param "x" u32) (result u32)))
        (core func $wait' (canon lower (func $wait)))
        (core module $m (import "" "wait" (func $wait (param i32) (result i32)))
            (func (export "f") (param i32) (result i32) (i32.mul (call $wait (local.get 0)) (i32.const 2))))
        (core instance $i (instantiate $m (with "" (instance (export "wait" (func $wait'))))))
        (func (export "f") (param "x" u32) (result u32) (canon lift (core func $i "f"))))"#;
    let outer = r#"(component
        (import "f" (func $f (param "x" u32) (result u32)))
        (core func $f' (canon lower (func $f)))
        (core module $m (import "" "f" (func $f (param i32) (result i32)))
            (func (export "g") (param i32) (result i32) (i32.add (call $f (local.get 0)) (call $f (i32.const 1)))))
        (core instance $i (instantiate $m (with "" (instance (export "f" (func $f'))))))
        (func (export "g") (param "x" u32) (result u32) (canon lift (core func $i "g")))
        (export "passed" (func $f)))"#;
    for adapters in [true, false] {
        let engine = Engine::new(gusset::Config::new().link_adapters(adapters))?;
        let mut linker = Linker::<()>::new(&engine);
        linker.root().func_wrap_async("wait", |_, (x,): (u32,)| {
            Box::new(async move {
                Pauses(x).await;
                Ok((x + 1,))
            })
        })?;
        let mut store = Store::new(&engine, ());
        let inner = linker.instantiate(&mut store, &Component::new(&engine, inner)?)?;
        let mut linker = Linker::<()>::new(&engine);
        linker.root().define_exports(&store, inner)?;
        let outer = linker.instantiate(&mut store, &Component::new(&engine, outer)?)?;
        let g = outer.get_typed_func::<(u32,), (u32,)>(&mut store, "g")?;
        assert_eq!(hop(g.call_async(&mut store, (4,)))?, (10 + 4,), "{adapters}");
        let passed = outer.get_func(&mut store, "passed").expect("it is exported");
        let mut results = [gusset::Val::Bool(false)];
        hop(passed.call_async(&mut store, &[gusset::Val::U32(3)], &mut results))?;
        assert_eq!(results, [gusset::Val::U32(8)]);
        // Both are lost with the call.
        let mut call = Box::pin(g.call_async(&mut store, (4,)));
        assert!(poll_once(call.as_mut()).is_pending());
        drop(call);
        let f = inner.get_typed_func::<(u32,), (u32,)>(&mut store, "f")?;
        for func in [f, g] {
            assert_eq!(code(&block_on(func.call_async(&mut store, (1,))).unwrap_err()), Some(TrapCode::CannotEnter));
        }
    }
    Ok(())
}
