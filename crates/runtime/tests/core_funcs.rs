//! Closures over Rust values as core functions, and core functions with Rust types: every number of parameters, every type at its
//! extremes, and every way out of a closure.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::core::{Caller, ExternRef, Func, FuncType, Global, GlobalType, Instance, Linker, Module, Val, ValType};
use gusset::{Config, Engine, HostPanic, Result, Store, StoreContextMut, Trap, TrapCode, WasmBacktrace, format_err};

/// An instance of a module whose imports are those of the linker.
fn instantiate<T>(linker: &Linker<T>, store: &mut Store<T>, text: &str) -> Result<Instance> {
    linker.instantiate(&mut *store, &Module::new(linker.engine(), text)?)
}

/// A module that passes the parameters of `run` on to an import, and returns its results.
fn relay(params: &str, results: &str) -> String {
    let count = params.split_whitespace().count();
    let gets: String = (0..count).map(|at| format!(" (local.get {at})")).collect();
    format!(
        r#"(module
            (import "host" "f" (func $f (param {params}) (result {results})))
            (func (export "run") (param {params}) (result {results}) (call $f{gets})))"#
    )
}

/// The type of each parameter.
macro_rules! number {
    ($param:ident) => {
        i64
    };
}

/// For a closure with that many parameters, with and without a caller: all arrive in order, through a guest and without.
macro_rules! arities {
    ($($name:ident: $($param:ident)+;)*) => {$(
        #[test]
        fn $name() -> Result<()> {
            let engine = Engine::default();
            let mut powers = (0..).map(|power| 7_i64.pow(power));
            $(let $param: i64 = powers.next().expect("there is always another");)+
            let all: i64 = 0 $(+ $param)+;
            let weigh = |values: &[i64]| values.iter().zip(1..).map(|(value, weight)| value * weight).sum::<i64>();
            let given: &[i64] = &[$($param),+];
            let expected = weigh(given);
            let text = relay(&"i64 ".repeat(given.len()), "i64");
            let mut store = Store::new(&engine, 0);
            let mut linker = Linker::<i64>::new(&engine);
            linker.func_wrap("host", "f", move |$($param: i64),+| weigh(&[$($param),+]))?;
            let run = instantiate(&linker, &mut store, &text)?
                .get_typed_func::<($(number!($param),)+), i64>(&mut store, "run")?;
            assert_eq!(run.call(&mut store, ($($param,)+))?, expected);
            linker.allow_shadowing(true).func_wrap("host", "f", move |mut caller: Caller<'_, i64> $(, $param: i64)+| {
                *caller.data_mut() += 0 $(+ $param)+;
                weigh(&[$($param),+])
            })?;
            let run = instantiate(&linker, &mut store, &text)?
                .get_typed_func::<($(number!($param),)+), i64>(&mut store, "run")?;
            assert_eq!((run.call(&mut store, ($($param,)+))?, *store.data()), (expected, all));
            let func = Func::wrap(&mut store, |$($param: i64),+| ($($param,)+));
            let func = func.typed::<($(number!($param),)+), ($(number!($param),)+)>(&store)?;
            let ($($param,)+) = func.call(&mut store, ($($param,)+))?;
            assert_eq!(given, &[$($param),+] as &[i64]);
            Ok(())
        }
    )*};
}

arities! {
    parameters_1: a;
    parameters_2: a b;
    parameters_3: a b c;
    parameters_4: a b c d;
    parameters_5: a b c d e;
    parameters_6: a b c d e f;
    parameters_7: a b c d e f g;
    parameters_8: a b c d e f g h;
    parameters_9: a b c d e f g h i;
    parameters_10: a b c d e f g h i j;
    parameters_11: a b c d e f g h i j k;
    parameters_12: a b c d e f g h i j k l;
    parameters_13: a b c d e f g h i j k l m;
    parameters_14: a b c d e f g h i j k l m n;
    parameters_15: a b c d e f g h i j k l m n o;
    parameters_16: a b c d e f g h i j k l m n o p;
}

/// A value of each type goes through a guest and a closure, which sees it as it is.
macro_rules! extremes {
    ($($name:ident: $rust:ty, $core:literal, $bits:expr, [$($value:expr),*];)*) => {$(
        #[test]
        fn $name() -> Result<()> {
            let engine = Engine::default();
            let mut linker = Linker::<Vec<_>>::new(&engine);
            linker.func_wrap("host", "f", |mut caller: Caller<'_, Vec<_>>, value: $rust| {
                caller.data_mut().push(($bits)(value));
                value
            })?;
            let mut store = Store::new(&engine, Vec::new());
            let run = instantiate(&linker, &mut store, &relay($core, $core))?
                .get_typed_func::<$rust, ($rust,)>(&mut store, "run")?;
            for value in [$($value),*] {
                let (returned,) = run.call(&mut store, value)?;
                assert_eq!((($bits)(returned), store.data_mut().pop()), (($bits)(value), Some(($bits)(value))));
            }
            Ok(())
        }
    )*};
}

extremes! {
    extremes_of_i32: i32, "i32", |value: i32| value, [0, -1, i32::MIN, i32::MAX];
    extremes_of_u32: u32, "i32", |value: u32| value, [0, 1, u32::MAX, 1 << 31];
    extremes_of_i64: i64, "i64", |value: i64| value, [0, -1, i64::MIN, i64::MAX];
    extremes_of_u64: u64, "i64", |value: u64| value, [0, 1, u64::MAX, 1 << 63];
    extremes_of_f32: f32, "f32", f32::to_bits,
        [0.0, -0.0, f32::MIN_POSITIVE / 2.0, f32::INFINITY, f32::from_bits(0x7fc0_1234), f32::from_bits(0xffff_ffff)];
    extremes_of_f64: f64, "f64", f64::to_bits,
        [0.0, -0.0, f64::MIN_POSITIVE / 2.0, f64::NEG_INFINITY, f64::from_bits(0x7ff8_0000_1234_0001), f64::from_bits(u64::MAX)];
    extremes_of_u128: u128, "v128", |value: u128| value, [0, 1, u128::MAX, 1 << 127, 0x0f0e_0d0c_0b0a_0908_0706_0504_0302_0100];
}

/// Among other values, in both directions, typed and not; by a global of the host's; and more than there are registers for.
#[test]
fn vectors_go_both_ways() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let mut linker = Linker::<()>::new(&engine);
    linker.func_wrap("host", "turn", |a: u128, n: i32, b: u128, f: f32| (f, b, n + 1, a))?;
    let many = FuncType { params: vec![ValType::V128; 20].into(), results: vec![ValType::V128; 20].into() };
    linker.func_new("host", "many", many, |_, params, results| {
        results.iter_mut().zip(params.iter().rev()).for_each(|(result, param)| *result = *param);
        Ok(())
    })?;
    let ty = GlobalType { content: ValType::V128, mutable: true };
    let global = Global::new(&mut store, ty, Val::V128(7))?;
    linker.define("host", "global", global)?;
    let [params, gets] = [" v128".repeat(20), (0..20).map(|at| format!(" (local.get {at})")).collect()];
    let text = format!(
        r#"(module
            (import "host" "turn" (func $turn (param v128 i32 v128 f32) (result f32 v128 i32 v128)))
            (import "host" "many" (func $many (param{params}) (result{params})))
            (import "host" "global" (global $global (mut v128)))
            (func (export "turn") (param v128 i32 v128 f32) (result f32 v128 i32 v128)
              (call $turn (i32x4.add (local.get 0) (v128.const i32x4 1 1 1 1)) (local.get 1)
                (f64x2.neg (local.get 2)) (local.get 3)))
            (func (export "many") (param{params}) (result{params}) (call $many{gets}))
            (func (export "add to global") (param i64) (result v128)
              (global.set $global (i64x2.add (global.get $global) (i64x2.splat (local.get 0))))
              (global.get $global)))"#
    );
    let instance = instantiate(&linker, &mut store, &text)?;
    let turn = instance.get_typed_func::<(u128, i32, u128, f32), (f32, u128, i32, u128)>(&mut store, "turn")?;
    let ones = 1 | 1 << 32 | 1 << 64 | 1 << 96;
    let signs = 1 << 63 | 1 << 127;
    assert_eq!(turn.call(&mut store, (5, -1, 9, 0.5))?, (0.5, 9 | signs, 0, 5 + ones));
    let many = instance.get_func(&mut store, "many").expect("it is exported");
    let given: Vec<Val> = (0..20).map(|at| Val::V128(at << 100 | at)).collect();
    let mut results = vec![Val::I32(0); 20];
    many.call(&mut store, &given, &mut results)?;
    assert_eq!(results, given.iter().rev().copied().collect::<Vec<_>>());
    let add = instance.get_typed_func::<u64, u128>(&mut store, "add to global")?;
    assert_eq!(add.call(&mut store, 3)?, 10 | 3 << 64);
    assert_eq!(global.get(&mut store)?, Val::V128(10 | 3 << 64));
    global.set(&mut store, Val::V128(u128::MAX))?;
    assert_eq!(add.call(&mut store, 1)?, 0);
    assert!(instance.get_typed_func::<u64, u64>(&mut store, "add to global").is_err());
    Ok(())
}

/// What a machine may do differently it does as the profile says.
#[test]
fn relaxed_instructions_are_deterministic_where_the_host_wants_that() -> Result<()> {
    let mut config = Config::new();
    config.relaxed_simd_deterministic(true);
    for frame_form in [false, true] {
        let engine = Engine::new(config.frame_form(frame_form))?;
        let mut store = Store::new(&engine, ());
        let linker = Linker::<()>::new(&engine);
        let mut unary = |operator: &str, a: u128| -> Result<u128> {
            let text = format!("(module (func (export \"f\") (param v128) (result v128) ({operator} (local.get 0))))");
            let instance = instantiate(&linker, &mut store, &text)?;
            instance.get_typed_func::<u128, u128>(&mut store, "f")?.call(&mut store, a)
        };
        let nan = 0x7fc0_0000_u128;
        let large = 0x4f80_0000_u128 << 32;
        assert_eq!(unary("i32x4.relaxed_trunc_f32x4_s", nan | large)?, 0x7fff_ffff << 32);
        assert_eq!(unary("i32x4.relaxed_trunc_f32x4_u", nan | large)?, 0xffff_ffff << 32);
        let mut store = Store::new(&engine, ());
        let mut binary = |operator: &str, a: u128, b: u128| -> Result<u128> {
            let text = format!(
                "(module (func (export \"f\") (param v128 v128) (result v128) ({operator} (local.get 0) (local.get 1))))"
            );
            let instance = instantiate(&linker, &mut store, &text)?;
            instance.get_typed_func::<(u128, u128), u128>(&mut store, "f")?.call(&mut store, (a, b))
        };
        // The lane 16 does not exist; all others are lane 0.
        assert_eq!(binary("i8x16.relaxed_swizzle", 0xab, 0x10_00)?, u128::from_le_bytes([0xab; 16]) & !0xff00);
        assert_eq!(binary("i16x8.relaxed_q15mulr_s", 0x8000, 0x8000)?, 0x7fff);
        // 127 * -128 twice, and 127 * 127 twice.
        assert_eq!(binary("i16x8.relaxed_dot_i8x16_i7x16_s", 0x7f7f_8080, 0x7f7f_7f7f)?, 0x7e02_8100);
        // With 8 bits in the second it wraps.
        assert_eq!(binary("i16x8.relaxed_dot_i8x16_i7x16_s", 0x8080, 0x8080)?, 0x8000);
        assert_eq!(binary("f32x4.relaxed_max", 0, 0x8000_0000)?, 0);
        assert_eq!(binary("f32x4.relaxed_max", 0x8000_0000, 0)?, 0);
    }
    Ok(())
}

#[test]
fn signs_are_what_the_rust_type_says() -> Result<()> {
    let mut store = Store::new(&Engine::default(), ());
    let signed = Func::wrap(&mut store, |value: i32| i64::from(value));
    let unsigned = Func::wrap(&mut store, |value: u32| u64::from(value));
    assert_eq!(signed.typed::<u32, i64>(&store)?.call(&mut store, u32::MAX)?, -1);
    assert_eq!(unsigned.typed::<i32, i64>(&store)?.call(&mut store, -1)?, 0xffff_ffff);
    let mut results = [Val::I64(0)];
    unsigned.call(&mut store, &[Val::I32(i32::MIN)], &mut results)?;
    assert_eq!(results, [Val::I64(1 << 31)]);
    Ok(())
}

#[test]
fn references_go_both_ways() -> Result<()> {
    let engine = Engine::default();
    let mut linker = Linker::<()>::new(&engine);
    linker.func_wrap("host", "f", |value: Option<ExternRef>, func: Option<Func>| (func, value))?;
    let mut store = Store::new(&engine, ());
    let run = instantiate(&linker, &mut store, &relay("externref funcref", "funcref externref"))?.get_typed_func::<(
        Option<ExternRef>,
        Option<Func>,
    ), (
        Option<Func>,
        Option<ExternRef>,
    )>(
        &mut store, "run"
    )?;
    let (value, func) = (ExternRef::new(&mut store, "value")?, Func::wrap(&mut store, || 7));
    for (value, func) in [(None, None), (Some(value), None), (None, Some(func)), (Some(value), Some(func))] {
        assert_eq!(run.call(&mut store, (value, func))?, (func, value));
    }
    let mut other = Store::new(&engine, ());
    let (value, func) = (ExternRef::new(&mut other, "value")?, Func::wrap(&mut other, || 7));
    let error = run.call(&mut store, (Some(value), None)).unwrap_err();
    assert_eq!(error.to_string(), "a reference of one store was used with another");
    let error = run.call(&mut store, (None, Some(func))).unwrap_err();
    assert_eq!(error.to_string(), "a function of one store was used with another");
    assert!(run.call(&mut other, (None, None)).is_err());
    Ok(())
}

#[test]
fn what_a_closure_may_return() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let store = &mut store;
    let types = [
        (Func::wrap(&mut *store, || ()), "(func)"),
        (Func::wrap(&mut *store, || Ok(())), "(func)"),
        (Func::wrap(&mut *store, || 1_u32), "(func (result i32))"),
        (Func::wrap(&mut *store, || (1_u64,)), "(func (result i64))"),
        (Func::wrap(&mut *store, || Ok(1_f32)), "(func (result f32))"),
        (Func::wrap(&mut *store, || Ok((1_f64, 2, None::<ExternRef>))), "(func (result f64 i32 externref))"),
    ];
    for (func, ty) in types {
        assert_eq!(gusset::core::Extern::from(func).ty(&*store).to_string(), ty);
    }
    let three = types[5].0.typed::<(), (f64, i32, Option<ExternRef>)>(&*store)?;
    assert_eq!(three.call(store, ())?, (1.0, 2, None));
    Ok(())
}

const CALLS: &str = r#"(module $guest
    (import "host" "f" (func $f (param i32)))
    (func $inner (param i32) (call $f (local.get 0)))
    (func (export "run") (param i32) (call $inner (local.get 0))))"#;

#[test]
fn an_error_of_a_closure_arrives_with_the_guests_backtrace() -> Result<()> {
    let engine = Engine::default();
    let mut linker = Linker::<()>::new(&engine);
    linker.func_wrap("host", "f", |code: i32| match code {
        0 => Ok(()),
        1 => Err(std::io::Error::other("disk is full").into()),
        2 => Err(Trap::new(TrapCode::Unreachable).into()),
        code => panic!("code {code}"),
    })?;
    let mut store = Store::new(&engine, ());
    let run = instantiate(&linker, &mut store, CALLS)?.get_typed_func::<i32, ()>(&mut store, "run")?;
    run.call(&mut store, 0)?;
    let names = |error| {
        let backtrace = WasmBacktrace::of(error).expect("a guest was running");
        backtrace.frames().iter().map(|frame| frame.name.clone().unwrap_or_default()).collect::<Vec<_>>()
    };
    let error = run.call(&mut store, 1).unwrap_err();
    assert!(error.is::<std::io::Error>() && format!("{error:#}").ends_with("disk is full"), "{error:#}");
    assert_eq!(names(&error), ["inner", "run"]);
    let error = run.call(&mut store, 2).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>().map(Trap::code), Some(TrapCode::Unreachable));
    assert_eq!(names(&error), ["inner", "run"]);
    let error = run.call(&mut store, 3).unwrap_err();
    assert_eq!(error.downcast_ref::<HostPanic>().and_then(HostPanic::message), Some("code 3"));
    assert_eq!(names(&error), ["inner", "run"]);
    run.call(&mut store, 0)
}

#[test]
fn a_closure_calls_the_guest_that_calls_it() -> Result<()> {
    let engine = Engine::default();
    let mut linker = Linker::<u32>::new(&engine);
    linker.func_wrap("host", "f", |mut caller: Caller<'_, u32>, n: i32| -> Result<()> {
        *caller.data_mut() += 1;
        let run = caller.instance().expect("it is made for one").get_typed_func::<i32, ()>(&mut caller, "run")?;
        if n == 0 { Err(format_err!("no more")) } else { run.call(&mut caller, n - 1) }
    })?;
    let mut store = Store::new(&engine, 0);
    let run = instantiate(&linker, &mut store, CALLS)?.get_typed_func::<i32, ()>(&mut store, "run")?;
    let error = run.call(&mut store, 3).unwrap_err();
    assert_eq!((error.root_cause().to_string(), *store.data()), ("no more".into(), 4));
    assert_eq!(WasmBacktrace::of(&error).map(|backtrace| backtrace.frames().len()), Some(8));
    Ok(())
}

#[test]
fn wrong_types_are_told_in_the_text_formats_words() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let text =
        r#"(module (memory (export "memory") 1 2) (func (export "add") (param i32 f64) (result i64) unreachable))"#;
    let instance = instantiate(&Linker::new(&engine), &mut store, text)?;
    let error = |error: gusset::Error| format!("{error:#}");
    assert_eq!(
        error(instance.get_typed_func::<(i32, f32), ()>(&mut store, "add").unwrap_err()),
        "export `add`: the function's type is (func (param i32 f64) (result i64)), but the Rust types stand for \
         (func (param i32 f32))"
    );
    assert!(instance.get_typed_func::<(u32, f64), u64>(&mut store, "add").is_ok());
    assert_eq!(
        error(instance.get_typed_func::<(), ()>(&mut store, "memory").unwrap_err()),
        "export `memory` is no function: (memory 1 2)"
    );
    assert_eq!(
        error(instance.get_typed_func::<(), ()>(&mut store, "ad").unwrap_err()),
        "no export is called `ad` (did you mean `add`?)"
    );
    let other = Store::new(&engine, ());
    let func = instance.get_func(&mut store, "add").expect("it is exported");
    assert!(func.typed::<(i32, f64), i64>(&other).is_err());
    let mut linker = Linker::<()>::new(&engine);
    linker.func_wrap("host", "f", |_: i64| ())?;
    let error = error(instantiate(&linker, &mut store, CALLS).unwrap_err());
    assert!(error.contains("(func (param i32))") && error.contains("(func (param i64))"), "{error}");
    Ok(())
}

#[test]
fn names_are_defined_once() -> Result<()> {
    let engine = Engine::default();
    let mut linker = Linker::<()>::new(&engine);
    linker.func_wrap("host", "f", || ())?.func_wrap("host", "g", || 1)?;
    let error = linker.func_wrap("host", "f", || ()).map(|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "`host::f` is defined already");
    let mut store = Store::new(&engine, ());
    assert!(linker.defines("host", "g") && !linker.defines("host", "h") && !linker.defines("hosts", "g"));
    let item = linker.get(&mut store, "host", "g")?.and_then(|item| item.into_func()).expect("it is a function");
    assert_eq!(item.typed::<(), i32>(&store)?.call(&mut store, ())?, 1);
    Ok(())
}

/// Dynamic values: as many as are passed without a vector, one more, and many.
#[test]
fn any_number_of_dynamic_values() -> Result<()> {
    let engine = Engine::default();
    for count in [0, 1, 7, 8, 9, 40] {
        let ty = FuncType { params: vec![ValType::I32; count].into(), results: vec![ValType::I64; count].into() };
        let turn = move |_: StoreContextMut<'_, ()>, params: &[Val], results: &mut [Val]| {
            assert_eq!((params.len(), &*results), (count, &vec![Val::I64(0); count][..]));
            for (result, param) in results.iter_mut().rev().zip(params) {
                let Val::I32(param) = *param else { panic!("{param:?} is no i32") };
                *result = Val::I64(param.into());
            }
            Ok(())
        };
        let mut store = Store::new(&engine, ());
        let func = Func::new(&mut store, ty, turn)?;
        let mut linker = Linker::new(&engine);
        linker.define("host", "f", func)?;
        let [params, results] = ["i32 ", "i64 "].map(|ty| ty.repeat(count));
        let instance = instantiate(&linker, &mut store, &relay(&params, &results))?;
        let run = instance.get_func(&mut store, "run").expect("it is exported");
        let params: Vec<Val> = (0..count as i32).map(|n| Val::I32(-n)).collect();
        let expected: Vec<Val> = (0..count as i64).rev().map(|n| Val::I64(-n)).collect();
        for func in [func, run] {
            let mut results = vec![Val::I32(0); count];
            func.call(&mut store, &params, &mut results)?;
            assert_eq!(results, expected);
        }
    }
    Ok(())
}
