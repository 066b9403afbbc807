//! The kinds of functions that wait, and the ways into guests that call them.

use super::{Pauses, block_on, hop, waiting_guest};
use gusset::core;
use gusset::{
    Accessor, Component, Engine, Error, HostPanic, Linker, Resource, ResourceAny, ResourceType, Result, Store,
    StoreContextMut, Val,
};

/// `run` calls `wait` twice, and adds what it returns.
const COMPONENT: &str = r#"(component
    (import "docs:host/slow" (instance $slow (export "wait" (func (param "x" u32) (result u32)))))
    (core func $wait (canon lower (func $slow "wait")))
    (core module $m
        (import "" "wait" (func $wait (param i32) (result i32)))
        (func (export "run") (param i32) (result i32)
            (i32.add (call $wait (local.get 0)) (call $wait (i32.const 1)))))
    (core instance $i (instantiate $m (with "" (instance (export "wait" (func $wait))))))
    (func (export "run") (param "x" u32) (result u32) (canon lift (core func $i "run")))
    (export "again" (instance $slow)))"#;

/// Defines `wait` as each kind of function. It returns ten times its argument, counts its calls, and is pending as often as the argument says.
type Define = fn(&mut Linker<u32>) -> Result<()>;

const KINDS: [Define; 3] = [
    |linker| {
        linker.instance("docs:host/slow")?.func_wrap_async(
            "wait",
            |mut store: StoreContextMut<'_, u32>, (x,): (u32,)| {
                Box::new(async move {
                    Pauses(x).await;
                    *store.data_mut() += 1;
                    Ok((x * 10,))
                })
            },
        )
    },
    |linker| {
        linker.instance("docs:host/slow")?.func_new_async("wait", |mut store, params, results| {
            Box::new(async move {
                let Val::U32(x) = params[0] else { return Err(Error::msg("it takes an u32")) };
                Pauses(x).await;
                *store.data_mut() += 1;
                results[0] = Val::U32(x * 10);
                Ok(())
            })
        })
    },
    |linker| {
        linker.instance("docs:host/slow")?.func_wrap_concurrent("wait", |accessor: &Accessor<u32>, (x,): (u32,)| {
            Box::pin(async move {
                Pauses(x).await;
                accessor.with(|mut store| *store.data_mut() += 1);
                Ok((x * 10,))
            })
        })
    },
];

#[test]
fn each_kind_of_function_waits() -> Result<()> {
    let engine = Engine::default();
    let component = Component::new(&engine, COMPONENT)?;
    for define in KINDS {
        let mut linker = Linker::new(&engine);
        define(&mut linker)?;
        let mut store = Store::new(&engine, 0);
        let instance = block_on(linker.instantiate_async(&mut store, &component))?;
        let run = instance.get_typed_func::<(u32,), (u32,)>(&mut store, "run")?;
        for pauses in [0, 1, 7] {
            assert_eq!(block_on(run.call_async(&mut store, (pauses,)))?, (pauses * 10 + 10,));
        }
        let mut results = [Val::Bool(false)];
        block_on(run.func().call_async(&mut store, &[Val::U32(3)], &mut results))?;
        assert_eq!(results, [Val::U32(40)]);
        assert_eq!(hop(run.call_async(&mut store, (2,)))?, (30,));
        assert_eq!(*store.data(), 10);
        // The host calls itself, through what the component passes on.
        let again = instance.get_func(&mut store, ["again", "wait"]).expect("it is exported");
        let again = again.typed::<(u32,), (u32,)>(&store)?;
        assert_eq!(block_on(again.call_async(&mut store, (2,)))?, (20,));
        assert_eq!(*store.data(), 11);
        assert_eq!(again.call(&mut store, (2,)).unwrap_err().to_string(), CANNOT_WAIT);
    }
    Ok(())
}

const CANNOT_WAIT: &str = "`docs:host/slow#wait` is a function of the host that waits: the guest that calls it must have been entered by \
                           `call_async` or `instantiate_async`, and not by a call of a host function in between";

#[test]
fn a_plain_call_is_an_error_that_names_the_import() -> Result<()> {
    let engine = Engine::default();
    let component = Component::new(&engine, COMPONENT)?;
    for define in KINDS {
        let mut linker = Linker::new(&engine);
        define(&mut linker)?;
        let mut store = Store::new(&engine, 0);
        let instance = linker.instantiate(&mut store, &component)?;
        let run = instance.get_typed_func::<(u32,), (u32,)>(&mut store, "run")?;
        // Even where it would not have to wait.
        let error = run.call(&mut store, (0,)).unwrap_err();
        assert_eq!(error.root_cause().to_string(), CANNOT_WAIT);
        assert_eq!(*store.data(), 0, "it has not been called");
        let error = block_on(run.call_async(&mut store, (0,))).unwrap_err();
        assert!(error.to_string().contains("cannot enter component instance"), "{error}");
    }
    Ok(())
}

#[test]
fn errors_and_panics_of_functions_that_have_waited_reach_the_caller() -> Result<()> {
    let engine = Engine::default();
    let component = Component::new(&engine, COMPONENT)?;
    let mut linker = Linker::<()>::new(&engine);
    linker.instance("docs:host/slow")?.func_wrap_async("wait", |_, (x,): (u32,)| {
        Box::new(async move {
            Pauses(2).await;
            assert!(x < 5, "no sense");
            Err::<(u32,), _>(Error::msg("no luck"))
        })
    })?;
    for (x, panics) in [(0, false), (5, true)] {
        let mut store = Store::new(&engine, ());
        let instance = linker.instantiate(&mut store, &component)?;
        let run = instance.get_typed_func::<(u32,), (u32,)>(&mut store, "run")?;
        let error = hop(run.call_async(&mut store, (x,))).unwrap_err();
        match panics {
            true => assert_eq!(error.downcast_ref().map(HostPanic::message), Some(Some("no sense"))),
            false => assert_eq!(error.root_cause().to_string(), "no luck"),
        }
        assert!(format!("{error:?}").contains("m!run"), "the guest's frames: {error:?}");
    }
    // Without a guest in between a panic is one, as it is without waiting.
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &component)?;
    let again = instance.get_func(&mut store, ["again", "wait"]).expect("it is exported");
    let again = again.typed::<(u32,), (u32,)>(&store)?;
    let call = std::panic::AssertUnwindSafe(|| block_on(again.call_async(&mut store, (5,))));
    let panic = std::panic::catch_unwind(call).expect_err("it panics");
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"no sense"));
    Ok(())
}

#[test]
fn core_functions_wait() -> Result<()> {
    let engine = Engine::default();
    let (mut store, instance) = waiting_guest(&engine)?;
    let sum = instance.get_typed_func::<u32, u32>(&mut store, "sum")?;
    assert_eq!(block_on(sum.call_async(&mut store, 5))?, 15);
    let mut results = [core::Val::I32(0)];
    block_on(sum.func().call_async(&mut store, &[core::Val::I32(4)], &mut results))?;
    assert_eq!((results, *store.data()), ([core::Val::I32(10)], 9));
    let error = sum.call(&mut store, 1).unwrap_err();
    assert!(error.root_cause().to_string().starts_with("`host::wait` is a function of the host that waits"), "{error}");
    Ok(())
}

#[test]
fn core_functions_of_values_wait_and_so_do_start_functions() -> Result<()> {
    let engine = Engine::default();
    let module = core::Module::new(
        &engine,
        r#"(module (import "" "wait" (func $wait (param i32 i64) (result i64 i32)))
            (func $start (drop (drop (call $wait (i32.const 3) (i64.const 4)))))
            (start $start))"#,
    )?;
    let ty = core::FuncType {
        params: [core::ValType::I32, core::ValType::I64].into(),
        results: [core::ValType::I64, core::ValType::I32].into(),
    };
    let mut linker = core::Linker::<Vec<core::Val>>::new(&engine);
    linker.func_new_async("", "wait", ty, |mut caller: core::Caller<'_, Vec<core::Val>>, params, results| {
        Box::new(async move {
            Pauses(3).await;
            caller.data_mut().extend(params);
            results.copy_from_slice(&[params[1], params[0]]);
            Ok(())
        })
    })?;
    let mut store = Store::new(&engine, Vec::new());
    hop(linker.instantiate_async(&mut store, &module))?;
    assert_eq!(store.data(), &[core::Val::I32(3), core::Val::I64(4)]);
    let wait = linker.get(&mut store, "", "wait")?.expect("it is defined");
    block_on(core::Instance::new_async(&mut store, &module, &[wait]))?;
    assert_eq!(store.data().len(), 4);
    assert!(linker.instantiate(&mut store, &module).is_err());
    Ok(())
}

#[test]
fn a_component_starts_with_functions_that_wait() -> Result<()> {
    let engine = Engine::default();
    let component = Component::new(
        &engine,
        r#"(component (import "wait" (func $wait))
            (core func $wait' (canon lower (func $wait)))
            (core module $m (import "" "wait" (func $wait)) (func $start (call $wait) (call $wait)) (start $start))
            (core instance (instantiate $m (with "" (instance (export "wait" (func $wait')))))))"#,
    )?;
    let mut linker = Linker::<u32>::new(&engine);
    linker.root().func_wrap_async("wait", |mut store: StoreContextMut<'_, u32>, (): ()| {
        Box::new(async move {
            Pauses(2).await;
            *store.data_mut() += 1;
            Ok(())
        })
    })?;
    let mut store = Store::new(&engine, 0);
    hop(linker.instantiate_pre(&component)?.instantiate_async(&mut store))?;
    assert_eq!(*store.data(), 2);
    let error = linker.instantiate(&mut store, &component).unwrap_err();
    assert!(format!("{error:#}").contains("`wait` is a function of the host that waits"), "{error:#}");
    Ok(())
}

/// A destructor of the host that waits, called by a guest and by the host.
#[test]
fn destructors_wait() -> Result<()> {
    struct SlowThing;
    let engine = Engine::default();
    let component = Component::new(
        &engine,
        r#"(component (import "thing" (type $thing (sub resource)))
            (core func $drop (canon resource.drop $thing))
            (core module $m (import "" "drop" (func $drop (param i32)))
                (func (export "take") (param i32) (call $drop (local.get 0)))
                (func (export "pass") (param i32) (result i32) (local.get 0)))
            (core instance $i (instantiate $m (with "" (instance (export "drop" (func $drop))))))
            (func (export "take") (param "x" (own $thing)) (canon lift (core func $i "take")))
            (func (export "pass") (param "x" (own $thing)) (result (own $thing)) (canon lift (core func $i "pass"))))"#,
    )?;
    let mut linker = Linker::<Vec<u32>>::new(&engine);
    linker.root().resource_async("thing", ResourceType::host::<SlowThing>(), |mut store, rep| {
        Box::new(async move {
            Pauses(2).await;
            store.data_mut().push(rep);
            Ok(())
        })
    })?;
    let mut store = Store::new(&engine, Vec::new());
    let instance = linker.instantiate(&mut store, &component)?;
    let take = instance.get_typed_func::<(Resource<SlowThing>,), ()>(&mut store, "take")?;
    block_on(take.call_async(&mut store, (Resource::new_own(3),)))?;
    let pass = instance.get_typed_func::<(Resource<SlowThing>,), (ResourceAny,)>(&mut store, "pass")?;
    for rep in [4, 5] {
        let (handle,) = pass.call(&mut store, (Resource::new_own(rep),))?;
        match rep {
            4 => hop(handle.resource_drop_async(&mut store))?,
            _ => {
                let error = handle.resource_drop(&mut store).unwrap_err();
                assert!(
                    error.to_string().starts_with("`destructor of thing` is a function of the host that waits"),
                    "{error}"
                );
            }
        }
    }
    assert_eq!(store.data(), &[3, 4]);
    Ok(())
}

/// What calls are made of can be sent, whatever the host's data are, if they can.
#[test]
fn futures_of_calls_can_be_sent() -> Result<()> {
    fn is_send<F: Future + Send>(future: F) -> F {
        future
    }
    let engine = Engine::default();
    let component = Component::new(&engine, "(component)")?;
    let linker = Linker::<std::cell::Cell<u32>>::new(&engine);
    let mut store = Store::new(&engine, std::cell::Cell::new(1));
    block_on(is_send(linker.instantiate_async(&mut store, &component)))?;
    Ok(())
}
