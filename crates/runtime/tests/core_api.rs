//! What hosts do with core modules beside calling them: names of a linker, typed functions over references, tables, numbers in memories.

use gusset::core::{
    Caller, ExnRef, Extern, ExternRef, ExternType, Func, FuncType, GlobalType, HeapType, Instance, Linker, Memory,
    MemoryAccessError, MemoryType, Module, Ref, RefType, Table, TableType, Tag, Val, ValType,
};
use gusset::{Engine, LinkError, Result, Store};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

fn reference(nullable: bool, heap: HeapType) -> ValType {
    ValType::Ref(RefType { nullable, heap })
}

/// Each kind of reference goes in and out by the types that may stand for it, and by no other.
#[test]
fn typed_functions_take_every_reference() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module
            (type $nullary (func (result i32)))
            (func $seven (export "seven") (type $nullary) (i32.const 7))
            (func (export "wrong") (param i32))
            (func (export "func") (param funcref) (result funcref) (local.get 0))
            (func (export "some_func") (param (ref func)) (result (ref func)) (local.get 0))
            (func (export "typed") (param (ref null $nullary)) (result (ref null $nullary)) (local.get 0))
            (func (export "some_typed") (param (ref $nullary)) (result (ref $nullary)) (local.get 0))
            (func (export "extern") (param externref) (result externref) (local.get 0))
            (func (export "some_extern") (param (ref extern)) (result (ref extern)) (local.get 0))
            (func (export "exn") (param exnref) (result exnref) (local.get 0))
            (func (export "some_exn") (param (ref exn)) (result (ref exn)) (local.get 0)))"#,
    )?;
    let store = &mut Store::new(&engine, ());
    let instance = Instance::new(&mut *store, &module, &[])?;
    let seven = instance.get_func(&mut *store, "seven").expect("it is exported");
    let wrong = instance.get_func(&mut *store, "wrong").expect("it is exported");
    let value = ExternRef::new(&mut *store, 5)?;
    let tag = Tag::new(&mut *store, &FuncType { params: [].into(), results: [].into() })?;
    let exception = ExnRef::new(&mut *store, tag, &[])?;

    macro_rules! passes {
        ($name:literal, $ty:ty, $($value:expr),+) => {
            let func = instance.get_typed_func::<$ty, $ty>(&mut *store, $name)?;
            $(assert_eq!(func.call(&mut *store, $value)?, $value, "{}", $name);)+
        };
    }
    macro_rules! fails {
        ($name:literal, $ty:ty, $value:expr, $message:literal) => {
            let func = instance.get_typed_func::<$ty, $ty>(&mut *store, $name)?;
            let error = func.call(&mut *store, $value).unwrap_err();
            assert_eq!(error.to_string(), $message, "{}", $name);
        };
    }
    macro_rules! refused {
        ($($name:literal, $params:ty, $results:ty;)+) => {
            $(let error = instance.get_typed_func::<$params, $results>(&mut *store, $name).unwrap_err();
            assert!(format!("{error:#}").contains("but the Rust types stand for"), "{error:#}");)+
        };
    }
    passes!("func", Option<Func>, Some(seven), None);
    passes!("some_func", Func, seven, wrong);
    passes!("typed", Option<Func>, Some(seven), None);
    passes!("some_typed", Func, seven);
    passes!("extern", Option<ExternRef>, Some(value), None);
    passes!("some_extern", ExternRef, value);
    passes!("exn", Option<ExnRef>, Some(exception), None);
    passes!("some_exn", ExnRef, exception);
    let func = instance.get_typed_func::<ExternRef, Option<ExternRef>>(&mut *store, "extern")?;
    assert_eq!(func.call(&mut *store, value)?, Some(value));
    fails!("typed", Option<Func>, Some(wrong), "a reference to nothing of its type in this store");
    fails!("some_typed", Func, wrong, "a reference to nothing of its type in this store");
    refused! {
        "some_func", Option<Func>, Func;
        "func", Option<Func>, Func;
        "some_typed", Option<Func>, Func;
        "typed", Func, Func;
        "extern", Option<ExternRef>, ExternRef;
        "some_extern", Option<ExternRef>, ExternRef;
        "exn", Option<Func>, Option<ExnRef>;
        "extern", Option<ExnRef>, Option<ExternRef>;
        "exn", Option<ExnRef>, ExnRef;
        "seven", i32, i32;
    }
    Ok(())
}

/// A closure's types are the function's, references that are not null among them, and many values both ways.
#[test]
fn closures_over_every_value() -> Result<()> {
    let engine = Engine::default();
    let mut linker = Linker::<u32>::new(&engine);
    type Many = (i32, u64, f32, f64, u128, Func, ExternRef, Option<ExnRef>);
    linker.func_wrap(
        "",
        "f",
        |mut caller: Caller<'_, u32>,
         a: i32,
         b: u64,
         c: f32,
         d: f64,
         e: u128,
         f: Func,
         g: ExternRef,
         h: Option<ExnRef>| {
            // The exports of who calls are at hand.
            let count = caller.get_export("count").and_then(Extern::into_global);
            *caller.data_mut() =
                count.and_then(|count| count.get(&mut caller).ok()).and_then(Val::i32).unwrap_or(0) as u32;
            (h, g, f, e, d, c, b, a)
        },
    )?;
    let types = "i32 i64 f32 f64 v128 (ref func) (ref extern) exnref";
    let reversed = "exnref (ref extern) (ref func) v128 f64 f32 i64 i32";
    let get: String = (0..8).map(|at| format!("(local.get {at})")).collect();
    let module = Module::new(
        &engine,
        format!(
            r#"(module (import "" "f" (func $f (param {types}) (result {reversed})))
            (global (export "count") i32 (i32.const 5))
            (func (export "run") (param {types}) (result {reversed}) {get} (call $f)))"#
        ),
    )?;
    let mut store = Store::new(&engine, 0);
    let instance = linker.instantiate(&mut store, &module)?;
    let func = Func::wrap(&mut store, || ());
    let value = ExternRef::new(&mut store, ())?;
    type Reversed = (Option<ExnRef>, ExternRef, Func, u128, f64, f32, u64, i32);
    let run = instance.get_typed_func::<Many, Reversed>(&mut store, "run")?;
    let results = run.call(&mut store, (-1, u64::MAX, 0.5, -2.0, u128::MAX - 1, func, value, None))?;
    assert_eq!(results, (None, value, func, u128::MAX - 1, -2.0, 0.5, u64::MAX, -1));
    assert_eq!(*store.data(), 5);
    // The same without Rust types.
    let params = [
        Val::I32(-1),
        Val::I64(-1),
        Val::from(0.5_f32),
        Val::from(-2.0),
        Val::from(3_u128),
        Val::from(func),
        Val::from(value),
        Val::from(None::<ExnRef>),
    ];
    let mut results = vec![Val::I32(0); 8];
    run.func().call(&mut store, &params, &mut results)?;
    results.reverse();
    assert_eq!(results, params);
    let error = run.func().call(&mut store, &params[..7], &mut results).unwrap_err();
    assert!(error.to_string().contains("8 parameters and 8 results was called with 7 and 8"), "{error}");
    Ok(())
}

#[test]
fn a_waiting_closure_can_stand_by_itself() -> Result<()> {
    let mut store = Store::new(&Engine::default(), ());
    let swap = Func::wrap_async(&mut store, |_: Caller<'_, ()>, (a, b): (i32, i64)| {
        Box::new(async move {
            std::future::ready(()).await;
            (b, a)
        })
    });
    let swap = swap.typed::<(i32, i64), (i64, i32)>(&store)?;
    let error = swap.call(&mut store, (1, 2)).unwrap_err();
    assert!(error.to_string().contains("is a function of the host that waits"), "{error}");
    let call = pin!(swap.call_async(&mut store, (1, 2)));
    let Poll::Ready(results) = call.poll(&mut Context::from_waker(Waker::noop())) else { panic!("it is ready") };
    assert_eq!(results?, (2, 1));
    Ok(())
}

#[test]
fn tables_are_filled_and_copied() -> Result<()> {
    let mut store = Store::<()>::default();
    let ty =
        |heap, minimum| TableType { element: RefType { nullable: true, heap }, minimum, maximum: None, table64: false };
    let table = Table::new(&mut store, ty(HeapType::Extern, 5), Ref::Extern(None))?;
    let values = [1, 2, 3].map(|number| ExternRef::new(&mut store, number));
    for (at, value) in values.into_iter().enumerate() {
        table.set(&mut store, at as u64, value?.into())?;
    }
    let numbers = |store: &mut Store<()>| -> Result<Vec<i32>> {
        let mut numbers = Vec::new();
        for at in 0..5 {
            let element = table.get(&mut *store, at)?.and_then(|element| element.as_extern()).flatten();
            numbers.push(match element {
                Some(element) => *element.data(&*store)?.downcast_ref().expect("it is a number"),
                None => 0,
            });
        }
        Ok(numbers)
    };
    table.copy(&mut store, 1, table, 0, 3)?;
    assert_eq!(numbers(&mut store)?, [1, 1, 2, 3, 0]);
    table.copy(&mut store, 0, table, 2, 3)?;
    assert_eq!(numbers(&mut store)?, [2, 3, 0, 3, 0]);
    table.fill(&mut store, 3, Ref::Extern(None), 2)?;
    table.fill(&mut store, 5, Ref::Extern(None), 0)?;
    assert_eq!(numbers(&mut store)?, [2, 3, 0, 0, 0]);
    let other = Table::new(&mut store, ty(HeapType::Func, 5), Ref::Func(None))?;
    let errors = [
        table.fill(&mut store, 4, Ref::Extern(None), 2).unwrap_err(),
        table.fill(&mut store, 1, Ref::Extern(None), u64::MAX).unwrap_err(),
        table.copy(&mut store, 3, table, 0, 3).unwrap_err(),
        table.copy(&mut store, 0, table, u64::MAX, 3).unwrap_err(),
        table.copy(&mut store, 0, other, 0, 1).unwrap_err(),
        table.fill(&mut store, 0, Ref::Func(None), 1).unwrap_err(),
    ];
    let texts = errors.map(|error| error.to_string());
    assert_eq!(texts[0], "2 elements from index 4 on are not all in a table of 5 elements");
    assert_eq!(texts[2], "3 elements from index 3 on are not all in a table of 5 elements");
    assert_eq!(texts[4], "elements of type funcref cannot be copied to a table of externref");
    assert_eq!(texts[5], "expected a value of type externref, found a null funcref");
    assert_eq!(numbers(&mut store)?, [2, 3, 0, 0, 0]);
    Ok(())
}

#[test]
fn numbers_are_read_and_written() -> Result<()> {
    let mut store = Store::<()>::default();
    let ty = MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: 16 };
    let memory = Memory::new(&mut store, ty)?;
    memory.write_number(&mut store, 3, 0x0102_0304_u32)?;
    assert_eq!(memory.data(&store)[3..8], [4, 3, 2, 1, 0]);
    assert_eq!(memory.read_number::<i8>(&store, 3)?, 4);
    assert_eq!(memory.read_number::<u16>(&store, 4)?, 0x0203);
    memory.write_number(&mut store, 65_528, f64::MIN)?;
    assert_eq!(memory.read_number::<f64>(&store, 65_528)?, f64::MIN);
    let error = memory.read_number::<u64>(&store, 65_529).unwrap_err();
    assert_eq!((error.offset, error.length, error.size), (65_529, 8, 65_536));
    assert!(memory.write_number(&mut store, usize::MAX, 1_i64).is_err());
    assert_eq!(memory.numbers::<u16, _>(&store, 4, 2)?, [0x0203, 0x0001]);
    let error = memory.numbers::<u16, _>(&store, 3, 2).unwrap_err();
    assert_eq!(error.to_string(), "numbers of 2 bytes at 0x3 are not aligned");
    let error = memory.numbers::<u64, _>(&store, 8, usize::MAX).unwrap_err();
    assert!(error.is::<MemoryAccessError>(), "{error}");
    Ok(())
}

#[test]
fn names_of_a_linker_stand_for_others() -> Result<()> {
    let engine = Engine::default();
    let mut linker = Linker::<()>::new(&engine);
    linker.func_wrap("a", "one", || 1)?;
    linker.alias("a", "one", "b", "uno")?;
    linker.alias_module("a", "c")?;
    let errors = [
        linker.alias("a", "two", "b", "dos").map(drop).unwrap_err(),
        linker.alias("a", "one", "b", "uno").map(drop).unwrap_err(),
        linker.alias_module("z", "c").map(drop).unwrap_err(),
        linker.alias_module("a", "c").map(drop).unwrap_err(),
    ];
    assert_eq!(
        errors.map(|error| error.to_string()),
        [
            "`a::two` is not defined",
            "`b::uno` is defined already",
            "no name of module `z` is defined",
            "`c::one` is defined already",
        ]
    );
    let mut store = Store::new(&engine, ());
    let all = linker.iter(&mut store)?;
    let names: Vec<_> = all.iter().map(|(module, name, _)| (*module, *name)).collect();
    assert_eq!(names, [("a", "one"), ("b", "uno"), ("c", "one")]);
    for (_, _, item) in all {
        let func = item.into_func().expect("it is a function");
        assert_eq!(func.typed::<(), i32>(&store)?.call(&mut store, ())?, 1);
    }
    assert!(linker.iter(&mut Store::new(&Engine::default(), ())).is_err());
    Ok(())
}

#[test]
fn imports_that_nobody_defines() -> Result<()> {
    let engine = Engine::default();
    let text = r#"(module
        (import "a" "f" (func $f (param i32) (result i64 externref)))
        (import "a" "g" (global $g f64)) (import "a" "m" (memory 2 3)) (import "a" "t" (table 1 funcref))
        (import "a" "e" (tag (param i32)))
        (func (export "run") (result i64) (call $f (i32.const 1)) drop))"#;
    let module = Module::new(&engine, text)?;
    assert!(matches!(module.get_export("run"), Some(ExternType::Func(ty)) if ty.params.is_empty()));
    assert!(module.get_export("walk").is_none());
    let mut linker = Linker::<()>::new(&engine);
    // Functions alone can trap.
    linker.define_unknown_imports_as_traps(&module)?;
    let mut store = Store::new(&engine, ());
    let error = linker.instantiate(&mut store, &module).unwrap_err();
    assert!(error.is::<LinkError>() && error.to_string().contains("unknown imports: 4"), "{error}");
    linker.define_unknown_imports_as_default_values(&mut store, &module)?;
    let instance = linker.instantiate(&mut store, &module)?;
    let run = instance.get_typed_func::<(), i64>(&mut store, "run")?;
    let error = run.call(&mut store, ()).unwrap_err();
    assert_eq!(error.root_cause().to_string(), "unknown import: `a::f` has not been defined");
    let mut linker = Linker::<()>::new(&engine);
    linker.define_unknown_imports_as_default_values(&mut store, &module)?;
    let ready = linker.instantiate_pre(&module)?.clone();
    let instance = ready.instantiate(&mut store)?;
    assert_eq!(instance.get_typed_func::<(), i64>(&mut store, "run")?.call(&mut store, ())?, 0);
    assert!(instance.get_tag(&mut store, "run").is_none());
    assert!(ready.instantiate(&mut Store::new(&Engine::default(), ())).is_err());
    for (import, ty) in [
        (r#"(func (result (ref extern)))"#, "(ref extern)"),
        (r#"(global (ref func))"#, "(ref func)"),
        (r#"(table 1 (ref exn))"#, "(ref exn)"),
    ] {
        let module = Module::new(&engine, format!(r#"(module (import "x" "y" {import}))"#))?;
        let error = linker.define_unknown_imports_as_default_values(&mut store, &module).unwrap_err();
        assert_eq!(error.to_string(), format!("import `x::y` has no default: there is none of type {ty}"));
    }
    Ok(())
}

/// What a module exports of tags can be imported, and told apart.
#[test]
fn tags_are_exported() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(&engine, r#"(module (tag (export "t") (param i32)) (tag (export "u") (param i32)))"#)?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    let [t, u] = ["t", "u"].map(|name| instance.get_tag(&mut store, name).expect("it is exported"));
    assert!(t != u && t.ty(&store) == u.ty(&store));
    let ty = GlobalType { content: reference(true, HeapType::Exn), mutable: true };
    let exception = ExnRef::new(&mut store, t, &[Val::I32(3)])?;
    assert_eq!(exception.tag(&store)?, t);
    let global = gusset::core::Global::new(&mut store, ty, exception.into())?;
    assert_eq!(global.get(&mut store)?.reference().and_then(|value| value.as_exn()), Some(Some(exception)));
    assert!(global.set(&mut store, Val::from(None::<ExternRef>)).is_err());
    Ok(())
}
