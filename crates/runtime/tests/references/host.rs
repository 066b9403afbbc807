//! What the host has of references: handles, what it puts into tables and globals, exceptions, what is done when values are dropped.

use super::values::{Data, IMPORTS, NumberedValue, engines, linker, new_store, number};
use gusset::core::{
    Caller, Exception, ExnRef, Extern, ExternRef, FuncType, Global, GlobalType, Instance, Linker, Module, OwnedRooted,
    Ref, RefType, RootScope, Table, TableType, Tag, Val, ValType,
};
use gusset::{AsContextMut, Config, Engine, HostPanic, Result, Store};
use std::sync::Mutex;

#[test]
fn handles_of_a_host_function_end_with_it() -> Result<()> {
    for engine in engines()? {
        let mut linker = Linker::<Vec<ExternRef>>::new(&engine);
        linker.func_wrap(
            "",
            "keep",
            |mut caller: Caller<'_, Vec<ExternRef>>, given: Option<ExternRef>| -> Result<()> {
                let made = ExternRef::new(&mut caller, 7_u32)?;
                assert_eq!(made.data(&caller)?.downcast_ref(), Some(&7_u32));
                caller.data_mut().extend(given.into_iter().chain([made]));
                Ok(())
            },
        )?;
        let module = Module::new(
            &engine,
            r#"(module (import "" "keep" (func $keep (param externref)))
                (func (export "run") (param externref) (call $keep (local.get 0))))"#,
        )?;
        let mut store = Store::new(&engine, Vec::new());
        store.set_epoch_deadline(1 << 40);
        let _ = store.set_fuel(1 << 40);
        let instance = linker.instantiate(&mut store, &module)?;
        let run = instance.get_typed_func::<Option<ExternRef>, ()>(&mut store, "run")?;
        let value = ExternRef::new(&mut store, "value")?;
        run.call(&mut store, Some(value))?;
        let [given, made] = store.data()[..] else { panic!("two are kept") };
        assert_eq!(given, value);
        assert_eq!(value.data(&store)?.downcast_ref(), Some(&"value"));
        for ended in [given, made] {
            let errors = [
                ended.data(&store).map(drop).unwrap_err(),
                run.call(&mut store, Some(ended)).unwrap_err(),
                ended.to_owned_rooted(&mut store).map(drop).unwrap_err(),
            ];
            for error in errors {
                assert!(error.to_string().starts_with("a reference was used after the scope"), "{error:?}");
            }
        }
    }
    Ok(())
}

#[test]
fn a_place_that_is_used_again_is_not_taken_for_the_first() -> Result<()> {
    let mut store = Store::<()>::default();
    let first = {
        let mut scope = RootScope::new(&mut store);
        ExternRef::new(&mut scope, "first")?
    };
    store.gc()?;
    let second = ExternRef::new(&mut store, "second")?;
    assert_ne!(first, second);
    assert!(first.data(&store).is_err());
    assert_eq!(second.data(&store)?.downcast_ref(), Some(&"second"));
    Ok(())
}

#[test]
fn owned_handles_hold_what_they_refer_to() -> Result<()> {
    let engine = Engine::new(Config::new().gc_stress(true))?;
    let mut store = new_store(&engine)?;
    let drops = store.data().clone();
    let owned: Vec<OwnedRooted<ExternRef>> = (0..1000)
        .map(|number| {
            let mut scope = RootScope::new(&mut store);
            ExternRef::new(&mut scope, NumberedValue::new(number, &drops))?.to_owned_rooted(&mut scope)
        })
        .collect::<Result<_>>()?;
    store.gc()?;
    assert_eq!(drops.alive(), 1000);
    for (at, owned) in owned.iter().enumerate() {
        let mut scope = RootScope::new(&mut store);
        let value = owned.to_rooted(&mut scope)?;
        assert_eq!(number(&scope, value)?, at as i32);
        assert_eq!(&value.to_owned_rooted(&mut scope)?, owned);
    }
    let copy = owned[3].clone();
    drop(owned);
    store.gc()?;
    assert_eq!(drops.alive(), 1);
    assert!(copy.to_rooted(&mut new_store(&engine)?).is_err());
    drop(copy);
    store.gc()?;
    assert_eq!(drops.alive(), 0);
    Ok(())
}

#[test]
fn hosts_put_references_into_tables_and_globals() -> Result<()> {
    let engine = Engine::new(Config::new().gc_stress(true))?;
    let mut store = new_store(&engine)?;
    let drops = store.data().clone();
    let element = RefType::EXTERNREF;
    let (table, global, tag) = {
        let mut scope = RootScope::new(&mut store);
        let [one, two, three] = [1, 2, 3].map(|number| ExternRef::new(&mut scope, NumberedValue::new(number, &drops)));
        let [one, two, three] = [one?, two?, three?].map(|value| Ref::Extern(Some(value)));
        let table = Table::new(&mut scope, TableType { element, minimum: 2, maximum: None, table64: false }, one)?;
        table.set(&mut scope, 1, two)?;
        let exn = ValType::Ref(RefType { nullable: true, heap: gusset::core::HeapType::Exn });
        let tag = Tag::new(&mut scope, &FuncType { params: [ValType::Ref(element), exn].into(), results: [].into() })?;
        let inner = ExnRef::new(&mut scope, tag, &[Val::Ref(three), Val::Ref(Ref::Exn(None))])?;
        let outer = ExnRef::new(&mut scope, tag, &[Val::Ref(one), Val::Ref(Ref::Exn(Some(inner)))])?;
        let ty = GlobalType { content: exn, mutable: true };
        (table, Global::new(&mut scope, ty, Val::Ref(Ref::Exn(Some(outer))))?, tag)
    };
    store.gc()?;
    assert_eq!(drops.alive(), 3);
    {
        let mut scope = RootScope::new(&mut store);
        let Some(Ref::Extern(Some(two))) = table.get(&mut scope, 1)? else { panic!("it is there") };
        assert_eq!(number(&scope, two)?, 2);
        let Val::Ref(Ref::Exn(Some(outer))) = global.get(&mut scope)? else { panic!("it is there") };
        assert_eq!(outer.tag(&scope)?, tag);
        let Val::Ref(Ref::Exn(Some(inner))) = outer.field(&mut scope, 1)? else { panic!("it is there") };
        let Val::Ref(Ref::Extern(Some(three))) = inner.fields(&mut scope)?[0] else { panic!("it is there") };
        assert_eq!(number(&scope, three)?, 3);
        assert!(inner.field(&mut scope, 2).unwrap_err().to_string().contains("field 2"));
        global.set(&mut scope, Val::Ref(Ref::Exn(None)))?;
        table.set(&mut scope, 1, Ref::Extern(None))?;
    }
    store.gc()?;
    assert_eq!(drops.alive(), 1);
    Ok(())
}

/// Panics when it is dropped.
struct Spiteful;

impl Drop for Spiteful {
    fn drop(&mut self) {
        panic!("no");
    }
}

#[test]
fn a_panic_of_what_is_dropped_is_an_error() -> Result<()> {
    let mut store = new_store(&Engine::default())?;
    let drops = store.data().clone();
    {
        let mut scope = RootScope::new(&mut store);
        for number in 0..10 {
            ExternRef::new(&mut scope, NumberedValue::new(number, &drops))?;
            ExternRef::new(&mut scope, Spiteful)?;
        }
    }
    let error = store.gc().unwrap_err();
    assert_eq!(error.downcast_ref::<HostPanic>().and_then(HostPanic::message), Some("no"));
    assert_eq!(drops.alive(), 0);
    store.gc()?;
    let value = ExternRef::new(&mut store, 5_u8)?;
    assert_eq!(value.data(&store)?.downcast_ref(), Some(&5_u8));
    Ok(())
}

/// An exception that nobody catches, which carries another: it arrives whole, can be thrown again, and be made anew.
#[test]
fn exceptions_that_carry_exceptions_go_through_the_host() -> Result<()> {
    for engine in engines()? {
        let mut store = new_store(&engine)?;
        let mut linker = linker(&engine, &mut store)?;
        let exn = ValType::Ref(RefType { nullable: false, heap: gusset::core::HeapType::Exn });
        let tag = Tag::new(&mut store, &FuncType { params: [ValType::I32, exn].into(), results: [].into() })?;
        linker.define("", "nested", tag)?;
        let text = format!(
            r#"(module {IMPORTS} (import "" "nested" (tag $nested (param i32 (ref exn))))
            (import "" "again" (func $again))
            (func $throw (throw $tag (call $make (i32.const 7))))
            (func (export "fail")
                (throw $nested (i32.const 5) (block $caught (result (ref exn))
                    (try_table (catch_all_ref $caught) (call $throw)) unreachable)))
            (func (export "unwrap") (result externref)
                (block $value (result externref)
                    (try_table (catch $tag $value)
                        (block $nested (result i32 (ref exn))
                            (try_table (catch $nested $nested) (call $again)) unreachable)
                        (throw_ref))
                    unreachable)))"#
        );
        // The host calls a guest that throws, looks at it, and throws it again.
        linker.func_wrap("", "again", move |mut caller: Caller<'_, Data>| -> Result<()> {
            let fail = caller.get_export("fail").and_then(Extern::into_func).expect("it is exported");
            let error = fail.call(&mut caller, &[], &mut []).unwrap_err();
            caller.gc()?;
            let exception = error.downcast_ref::<Exception>().expect("it is an exception");
            assert_eq!((exception.tag(), exception.values()[0]), (tag, Val::I32(5)));
            let Val::Ref(Ref::Exn(Some(inner))) = exception.values()[1] else { panic!("{exception:?}") };
            assert_eq!(exception.to_string(), "uncaught wasm exception with the values 5, a reference");
            let made = exception.to_exn_ref(&mut caller)?;
            assert_eq!(made.fields(&mut caller)?[1], Val::Ref(Ref::Exn(Some(inner))));
            let wrong = ExnRef::new(&mut caller, tag, &[Val::I32(5), Val::Ref(Ref::Exn(None))]).unwrap_err();
            assert!(wrong.to_string().contains("null"), "{wrong}");
            assert!(ExnRef::new(&mut caller, tag, &[]).unwrap_err().to_string().contains("has 2 values, not 0"));
            Err(made.to_exception(&mut caller)?.into())
        })?;
        let instance = linker.instantiate(&mut store, &Module::new(&engine, &text)?)?;
        let unwrap = instance.get_typed_func::<(), Option<ExternRef>>(&mut store, "unwrap")?;
        let mut scope = RootScope::new(&mut store);
        let value = unwrap.call(&mut scope, ())?.expect("it is not null");
        assert_eq!(number(&scope, value)?, 7);
        // Nobody catches it: it arrives at the outermost call.
        let fail = instance.get_typed_func::<(), ()>(&mut scope, "fail")?;
        let error = fail.call(&mut scope, ()).unwrap_err();
        let exception = error.downcast_ref::<Exception>().expect("it is an exception");
        let Val::Ref(Ref::Exn(Some(inner))) = exception.values()[1] else { panic!("{exception:?}") };
        scope.as_context_mut().gc()?;
        let Val::Ref(Ref::Extern(Some(value))) = inner.field(&mut scope, 0)? else { panic!("it carries a value") };
        assert_eq!(number(&scope, value)?, 7);
        drop(scope);
        assert!(inner.tag(&store).is_err());
        store.gc()?;
        assert_eq!(store.data().alive(), 0);
    }
    Ok(())
}

/// A value that enters a guest of another store when it is dropped.
struct EntersWhenDropped(Mutex<Store<()>>, Instance);

impl Drop for EntersWhenDropped {
    fn drop(&mut self) {
        let EntersWhenDropped(store, instance) = self;
        let store = store.get_mut().expect("nobody has locked it");
        let run = instance.get_typed_func::<(), ()>(&mut *store, "run");
        run.and_then(|run| run.call(store, ())).expect("it does nothing");
    }
}

/// What is dropped to make room for an exception of the host's may do what it likes: the guest that catches it traps as it did before.
#[test]
fn what_is_dropped_for_an_exception_may_enter_guests() -> Result<()> {
    for engine in engines()? {
        let mut linker = linker(&engine, &mut new_store(&engine)?)?;
        linker.allow_shadowing(true);
        let mut store = new_store(&engine)?;
        let nothing = Module::new(&engine, r#"(module (func (export "run")))"#)?;
        let inner = nothing.clone();
        linker.func_wrap("", "value", move |mut caller: Caller<'_, Data>| -> Result<Option<ExternRef>> {
            let mut other = Store::new(caller.engine(), ());
            other.set_epoch_deadline(1 << 40);
            let _ = other.set_fuel(1 << 40);
            let instance = Instance::new(&mut other, &inner, &[])?;
            ExternRef::new(&mut caller, EntersWhenDropped(Mutex::new(other), instance)).map(Some)
        })?;
        let tag = Tag::new(&mut store, &FuncType { params: [].into(), results: [].into() })?;
        linker.define("", "none", tag)?;
        linker.func_wrap("", "fail", move |mut caller: Caller<'_, Data>| -> Result<()> {
            Err(Exception::new(&mut caller, tag, &[])?.into())
        })?;
        let text = r#"(module
            (import "" "value" (func $value (result externref)))
            (import "" "fail" (func $fail))
            (memory 1)
            (func $make (drop (call $value)))
            (func (export "run")
                (call $make)
                (block $c (try_table (catch_all $c) (call $fail)))
                (drop (i32.load (i32.const -1)))))"#;
        let instance = linker.instantiate(&mut store, &Module::new(&engine, text)?)?;
        let error = instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ()).unwrap_err();
        let trap = error.downcast_ref::<gusset::Trap>().map(gusset::Trap::code);
        assert_eq!(trap, Some(gusset::TrapCode::MemoryOutOfBounds), "{error:?}");
    }
    Ok(())
}
