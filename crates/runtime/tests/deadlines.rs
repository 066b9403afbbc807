//! Deadlines by the clock: whatever a guest does, it is stopped, and nobody else is.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::core::{Caller, Instance, Linker, Module};
use gusset::{AsContextMut, Config, Engine, Error, Result, Store, Trap, TrapCode, UpdateDeadline};
use std::time::{Duration, Instant};

const SHORT: Duration = Duration::from_millis(20);

fn engine() -> Engine {
    Engine::new(Config::new().epoch_interruption(true)).unwrap()
}

const TEXT: &str = r#"(module
    (import "" "host" (func $host (result i32)))
    (memory 100) (table 1 funcref) (elem (i32.const 0) $calls)
    (type $none (func))
    ;; What neither calls nor loops does not look.
    (func (export "one") (result i32) (call $nothing) (i32.const 1))
    (func (export "spin") (result i32) (loop $again (br $again)) (unreachable))
    (func $calls (export "calls") (result i32)
        (loop $again (call $nothing) (br $again)) (unreachable))
    (func $nothing)
    (func (export "fills") (result i32)
        (loop $again (memory.fill (i32.const 0) (i32.const 1) (i32.const 6553600)) (br $again)) (unreachable))
    (func (export "host") (result i32) (call $host)))"#;

/// An instance whose host function is given.
fn instance<T: 'static>(
    store: &mut Store<T>,
    host: impl Fn(Caller<'_, T>) -> Result<i32> + Send + Sync + 'static,
) -> Result<Instance> {
    let engine = store.engine().clone();
    let mut linker = Linker::<T>::new(&engine);
    linker.func_wrap("", "host", host)?;
    linker.instantiate(store, &Module::new(&engine, TEXT)?)
}

fn call(mut store: impl AsContextMut, instance: Instance, name: &str) -> Result<i32> {
    instance.get_typed_func::<(), i32>(&mut store, name)?.call(&mut store, ())
}

#[track_caller]
fn check_interrupted(error: &Error) {
    let trap = error.downcast_ref::<Trap>().unwrap_or_else(|| panic!("{error:?} is no trap"));
    assert_eq!(trap.code(), TrapCode::Interrupt);
}

fn soon() -> Instant {
    Instant::now() + SHORT
}

fn far() -> Instant {
    Instant::now() + Duration::from_secs(3600)
}

#[test]
fn whatever_a_guest_does_it_is_stopped_and_can_be_called_again() -> Result<()> {
    let mut store = Store::new(&engine(), ());
    store.set_deadline(Some(far()))?;
    let instance = instance(&mut store, |_| Ok(0))?;
    for name in ["spin", "calls", "fills"] {
        let deadline = soon();
        store.set_deadline(Some(deadline))?;
        let error = call(&mut store, instance, name).unwrap_err();
        assert!(Instant::now() >= deadline, "{name} is not stopped before");
        check_interrupted(&error);
        assert_eq!(error.downcast_ref::<Trap>().map(|trap| trap.backtrace().is_empty()), Some(false), "{name}");
        // It stays too late until the host says otherwise.
        check_interrupted(&call(&mut store, instance, "one").unwrap_err());
        store.set_deadline(Some(far()))?;
        assert_eq!(call(&mut store, instance, "one")?, 1);
    }
    Ok(())
}

#[test]
fn a_deadline_needs_guests_that_look() -> Result<()> {
    let mut store = Store::new(&Engine::default(), ());
    let error = store.set_deadline(Some(far())).unwrap_err().to_string();
    assert!(error.contains("Config::epoch_interruption"), "{error}");
    assert!(store.with_deadline(far(), |_| Ok(())).is_err());
    assert_eq!(store.deadline(), None);
    store.set_deadline(None)
}

/// The alarm of one store begins an epoch of all stores of the engine: the others look, and go on.
#[test]
fn the_deadline_of_one_store_is_not_anothers() -> Result<()> {
    let engine = engine();
    let mut patient = Store::new(&engine, ());
    patient.set_deadline(Some(far()))?;
    let waiting = instance(&mut patient, |_| Ok(0))?;
    // While the patient one's guest runs, the hasty one's is stopped again and again.
    std::thread::scope(|scope| -> Result<()> {
        let hasty = scope.spawn(|| -> Result<()> {
            let mut store = Store::new(&engine, ());
            store.set_deadline(Some(far()))?;
            let instance = instance(&mut store, |_| Ok(0))?;
            for _ in 0..10 {
                let deadline = Instant::now() + Duration::from_millis(3);
                let error = store.with_deadline(deadline, |store| call(store, instance, "spin")).unwrap_err();
                check_interrupted(&error);
            }
            Ok(())
        });
        while !hasty.is_finished() {
            assert_eq!(call(&mut patient, waiting, "one")?, 1);
        }
        hasty.join().expect("it does not panic")
    })
}

#[test]
fn an_inner_deadline_ends_inner_calls_and_no_deadline_is_put_off() -> Result<()> {
    /// What the host function does with the store.
    type Inner = fn(Caller<'_, Option<Instance>>) -> Result<i32>;
    let with_inner = |inner: Inner| -> Result<(Store<Option<Instance>>, Instance)> {
        let mut store = Store::new(&engine(), None);
        store.set_deadline(Some(far()))?;
        let made = instance(&mut store, inner)?;
        *store.data_mut() = Some(made);
        Ok((store, made))
    };
    // The inner call is too late, and the outer one is not.
    let (mut store, made) = with_inner(|mut caller| {
        let made = caller.data().expect("it has been made");
        let outer = caller.as_context_mut().deadline();
        let error = caller.as_context_mut().with_deadline(soon(), |store| call(store, made, "spin")).unwrap_err();
        check_interrupted(&error);
        assert_eq!(caller.as_context_mut().deadline(), outer);
        call(&mut caller, made, "one")
    })?;
    assert_eq!(call(&mut store, made, "host")?, 1);
    assert_eq!(call(&mut store, made, "one")?, 1);
    // The outer one is earlier: the inner one may not run on.
    let (mut store, made) = with_inner(|mut caller| {
        let made = caller.data().expect("it has been made");
        caller.as_context_mut().with_deadline(far(), |store| call(store, made, "spin"))
    })?;
    let deadline = soon();
    check_interrupted(&store.with_deadline(deadline, |store| call(store, made, "host")).unwrap_err());
    assert!(Instant::now() >= deadline);
    assert_eq!(call(&mut store, made, "one")?, 1);
    // What passes while the host runs is found when a guest runs again, though the alarm of the outer one rang for the inner one.
    let (mut store, made) = with_inner(|mut caller| {
        let made = caller.data().expect("it has been made");
        let inner = Instant::now() + SHORT / 2;
        caller.as_context_mut().with_deadline(inner, |_| {
            std::thread::sleep(2 * SHORT);
            Ok(())
        })?;
        call(&mut caller, made, "one")
    })?;
    check_interrupted(&store.with_deadline(soon(), |store| call(store, made, "host")).unwrap_err());
    Ok(())
}

#[test]
fn deadlines_by_epochs_stand_beside_it() -> Result<()> {
    let engine = engine();
    let mut store = Store::new(&engine, 0);
    let made = instance(&mut store, |_| Ok(0))?;
    // None by epochs: the first one counts for nothing while there is one by the clock.
    check_interrupted(&call(&mut store, made, "one").unwrap_err());
    store.set_deadline(Some(far()))?;
    engine.increment_epoch();
    assert_eq!(call(&mut store, made, "one")?, 1);
    store.set_epoch_deadline(1);
    assert_eq!(call(&mut store, made, "one")?, 1);
    engine.increment_epoch();
    check_interrupted(&call(&mut store, made, "one").unwrap_err());
    // A callback is asked about epochs, and not about the clock.
    store.epoch_deadline_callback(|mut store| {
        *store.data_mut() += 1;
        Ok(UpdateDeadline::Continue(1))
    });
    assert_eq!((call(&mut store, made, "one")?, *store.data()), (1, 1));
    check_interrupted(&store.with_deadline(soon(), |store| call(store, made, "spin")).unwrap_err());
    let asked = *store.data();
    check_interrupted(&store.with_deadline(Instant::now(), |store| call(store, made, "one")).unwrap_err());
    assert_eq!(*store.data(), asked);
    // Without the clock it is as if there had never been one.
    store.set_deadline(None)?;
    engine.increment_epoch();
    assert_eq!((call(&mut store, made, "one")?, *store.data()), (1, asked + 1));
    Ok(())
}
