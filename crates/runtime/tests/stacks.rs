//! How deep guests get: whatever stack a thread has, a guest that needs more than there is traps, and the process lives on.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::core::{Func, FuncType, Instance, Linker, Module, Ref, RefType, Table, TableType, Val, ValType};
use gusset::{AsContextMut, Config, Engine, Error, Result, Store, StoreContextMut, Trap, TrapCode};
use std::sync::mpsc::channel;

const RECURSE: &str = r#"(module
    (func $r (export "recurse") (param i32) (result i32) (i32.add (i32.const 1) (call $r (local.get 0))))
    (func (export "one") (result i32) (i32.const 1)))"#;

fn trap_code(error: &Error) -> TrapCode {
    error.downcast_ref::<Trap>().unwrap_or_else(|| panic!("not a trap: {error}")).code()
}

fn call(mut store: impl AsContextMut, instance: Instance, name: &str, params: &[Val]) -> Result<i32> {
    let mut results = [Val::I32(0)];
    let func = instance.get_func(&mut store, name).expect("it is exported");
    func.call(&mut store, params, &mut results)?;
    let [Val::I32(result)] = results else { panic!("unexpected results {results:?}") };
    Ok(result)
}

/// Recurses without end on a thread with a stack of that many bytes.
fn recurse_on(engine: &Engine, stack: usize) -> Result<i32> {
    let engine = engine.clone();
    let thread = std::thread::Builder::new().stack_size(stack).spawn(move || {
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &Module::new(&engine, RECURSE)?, &[])?;
        call(&mut store, instance, "recurse", &[Val::I32(0)])
    });
    thread.expect("there is room for a thread").join().expect("nothing panics")
}

#[test]
fn a_small_stack_is_not_overrun() -> Result<()> {
    let engine = Engine::new(Config::new().opt_level(gusset::OptLevel::None))?;
    for kib in [64, 256, 400, 2048] {
        let error = recurse_on(&engine, kib << 10).expect_err("it has no end");
        assert_eq!(trap_code(&error), TrapCode::StackOverflow, "{kib} KiB");
    }
    Ok(())
}

#[test]
fn no_limit_is_the_limit_of_the_thread() -> Result<()> {
    let engine = Engine::new(Config::new().max_wasm_stack(usize::MAX))?;
    for kib in [512, 4096] {
        let error = recurse_on(&engine, kib << 10).expect_err("it has no end");
        assert_eq!(trap_code(&error), TrapCode::StackOverflow, "{kib} KiB");
    }
    Ok(())
}

/// A host that is already deep in its stack leaves less of it for guests.
#[test]
fn what_the_host_has_used_is_not_there_for_guests() -> Result<()> {
    #[inline(never)]
    fn deep(levels: usize, then: &mut dyn FnMut() -> Result<i32>) -> Result<i32> {
        let room = std::hint::black_box([levels as u8; 16 << 10]);
        let result = if levels == 0 { then() } else { deep(levels - 1, then) };
        std::hint::black_box(room);
        result
    }
    let engine = Engine::default();
    let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(move || -> Result<()> {
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &Module::new(&engine, RECURSE)?, &[])?;
        for levels in [0, 8, 16, 24] {
            let error = deep(levels, &mut || call(&mut store, instance, "recurse", &[Val::I32(0)]));
            assert_eq!(trap_code(&error.expect_err("it has no end")), TrapCode::StackOverflow);
        }
        Ok(())
    });
    thread.expect("there is room for a thread").join().expect("nothing panics")
}

type Slot = Option<Instance>;

/// A store whose guest's `outer` calls a host function, which is given.
fn calling_host(
    engine: &Engine,
    host: impl Fn(StoreContextMut<'_, Slot>, Instance) -> Result<i32> + Send + Sync + 'static,
) -> Result<(Store<Slot>, Instance)> {
    let text = r#"(module
        (import "" "host" (func $host (result i32)))
        (func (export "outer") (result i32) (call $host))
        (func $down (export "down") (param i32 i32) (result i32)
            (if (i32.eqz (local.get 0))
                (then (return (if (result i32) (local.get 1) (then (call $host)) (else (i32.const 0))))))
            (call $down (i32.sub (local.get 0) (i32.const 1)) (local.get 1)))
        (func $r (export "recurse") (param i32) (result i32) (i32.add (i32.const 1) (call $r (local.get 0))))
        (func (export "one") (result i32) (i32.const 1)))"#;
    let ty = FuncType { params: [].into(), results: [ValType::I32].into() };
    let mut store = Store::new(engine, None);
    let mut linker = Linker::<Slot>::new(engine);
    linker.func_new("", "host", ty, move |mut store, _, results| {
        let instance = store.data().expect("it is there before anything is called");
        results[0] = Val::I32(host(store.as_context_mut(), instance)?);
        Ok(())
    })?;
    let instance = linker.instantiate(&mut store, &Module::new(engine, text)?)?;
    *store.data_mut() = Some(instance);
    Ok((store, instance))
}

/// A host function may lend the store to another thread: what counts there is that thread's stack.
#[test]
fn a_nested_call_on_another_thread_has_that_threads_stack() -> Result<()> {
    let engine = Engine::default();
    let other_thread = |mut store: StoreContextMut<'_, Slot>, instance| {
        let nested = std::thread::scope(|scope| {
            let nested = scope.spawn(move || {
                let error = call(&mut store, instance, "recurse", &[Val::I32(0)]).expect_err("it has no end");
                assert_eq!(trap_code(&error), TrapCode::StackOverflow);
                call(&mut store, instance, "one", &[])
            });
            nested.join().expect("nothing panics")
        });
        nested.map(|one| one + 1)
    };
    let run = move |engine: &Engine| {
        let (mut store, instance) = calling_host(engine, other_thread)?;
        assert_eq!(call(&mut store, instance, "outer", &[])?, 2);
        let error = call(&mut store, instance, "recurse", &[Val::I32(0)]).expect_err("it has no end");
        assert_eq!(trap_code(&error), TrapCode::StackOverflow);
        Ok::<_, Error>(())
    };
    run(&engine)?;
    // Once more with the nested call's stack above the first one's: it is that of a thread which has ended meanwhile.
    let (stop, stopped) = channel::<()>();
    let above = std::thread::spawn(move || stopped.recv().is_ok());
    let below = {
        let (go, gone) = channel();
        let engine = engine.clone();
        let thread = std::thread::spawn(move || {
            gone.recv().expect("it is sent");
            run(&engine)
        });
        drop(stop);
        above.join().expect("nothing panics");
        go.send(()).expect("it is received");
        thread
    };
    below.join().expect("nothing panics")
}

/// Each round enters a store of its own: together they may not use more than one would.
#[test]
fn recursion_through_many_stores_ends_in_a_trap() -> Result<()> {
    fn round(engine: &Engine, module: &Module) -> Result<i32> {
        let mut store = Store::new(engine, ());
        let ty = FuncType { params: [].into(), results: [ValType::I32].into() };
        let inner = (engine.clone(), module.clone());
        let again = Func::new(&mut store, ty, move |_, _, results| {
            results[0] = Val::I32(round(&inner.0, &inner.1)?);
            Ok(())
        })?;
        let instance = Instance::new(&mut store, module, &[again.into()])?;
        call(&mut store, instance, "run", &[])
    }
    let engine = Engine::new(Config::new().memory_reservation(1 << 20).memory_guard(0))?;
    let text = r#"(module (import "" "again" (func $again (result i32)))
        (func (export "run") (result i32) (i32.add (i32.const 1) (call $again))))"#;
    let module = Module::new(&engine, text)?;
    let error = round(&engine, &module).expect_err("it has no end");
    assert_eq!(trap_code(&error), TrapCode::StackOverflow);
    Ok(())
}

/// The most levels that `down` gets: one more is too many.
fn deepest(mut store: impl AsContextMut, instance: Instance) -> i32 {
    let (mut fits, mut too_many) = (0, 1 << 20);
    while too_many - fits > 1 {
        let levels = (fits + too_many) / 2;
        match call(&mut store, instance, "down", &[Val::I32(levels), Val::I32(0)]) {
            Ok(_) => fits = levels,
            Err(error) => {
                assert_eq!(trap_code(&error), TrapCode::StackOverflow);
                too_many = levels;
            }
        }
    }
    fits
}

/// A limit is one to the byte: what a frame takes more of it is one level more, and anything less is none.
#[test]
fn one_frame_more_is_too_many() -> Result<()> {
    const BASE: usize = 100 << 10;
    #[inline(never)]
    fn at(bytes: usize) -> Result<i32> {
        let engine = Engine::new(Config::new().max_wasm_stack(bytes))?;
        let (mut store, instance) = calling_host(&engine, |_, _| Ok(0))?;
        Ok(deepest(&mut store, instance))
    }
    let test = || -> Result<()> {
        let few = at(BASE)?;
        let more = (at(2 * BASE)? - few) as usize;
        let frame = (BASE + more / 2) / more;
        let levels = (0..=frame).map(|more| at(BASE + more)).collect::<Result<Vec<_>>>()?;
        assert!(levels.is_sorted(), "{levels:?}");
        assert_eq!((levels[0], levels[frame]), (few, few + 1), "frames of {frame} bytes");
        Ok(())
    };
    let thread = std::thread::Builder::new().stack_size(4 << 20).spawn(test);
    thread.expect("there is room for a thread").join().expect("nothing panics")
}

/// What the guest of one store has used, that of another one has no more, to the frame.
#[test]
fn nested_stores_share_one_limit() -> Result<()> {
    let engine = Engine::default();
    let inner_engine = engine.clone();
    let inner = move |_: StoreContextMut<'_, Slot>, _| {
        let (mut store, instance) = calling_host(&inner_engine, |_, _| Ok(0))?;
        Ok(deepest(&mut store, instance))
    };
    let (mut store, instance) = calling_host(&engine, inner)?;
    let mut below = |levels| call(&mut store, instance, "down", &[Val::I32(levels), Val::I32(1)]);
    let most = below(0)?;
    for levels in [1, 2, 100, most / 2] {
        assert_eq!(below(levels)?, most - levels, "{levels} of {most}");
    }
    Ok(())
}

/// In the binary format types may be nested more deeply than in text: a type section with an instance type, which declares a type.
fn nested_types(levels: usize) -> Vec<u8> {
    let mut ty = vec![0x42, 0];
    (1..levels).for_each(|_| ty = [&[0x42, 1, 1], &*ty].concat());
    let size = ty.len() + 1;
    let section = [7, size as u8 | 0x80, (size >> 7) as u8, 1];
    [&b"\0asm\x0d\0\x01\0"[..], &section, &ty].concat()
}

fn deepest_types() -> Vec<u8> {
    let deepest = (1..200).rev().find(|levels| gusset::Component::validate(nested_types(*levels)).is_ok());
    assert!(deepest >= Some(90), "{deepest:?}");
    nested_types(deepest.unwrap_or(1))
}

/// Whoever has a mebibyte left compiles on his own stack: it is enough for whatever can be nested or chained.
#[test]
fn a_mebibyte_is_enough_to_compile_anything() {
    let types = |open: &str| {
        let next = |n: usize| {
            let kind = ["tuple u8", "option", "list", "result (error"][n % 4];
            let close = if kind.ends_with("error") { "))" } else { ")" };
            format!("(type {open}{} ({kind} {open}{n}{close})", n + 1)
        };
        format!("(type {open}0 (tuple string u8)) {}", (0..90).map(next).collect::<String>())
    };
    let joined = format!(
        r#"(component
            (component $lib {types}
                (core module $m (memory (export "mem") 1) (func (export "f") (param i32 i32 i32 i32 i32))
                    (func (export "re") (param i32 i32 i32 i32) (result i32) (i32.const 0)))
                (core instance $i (instantiate $m))
                (func (export "f") (param "x" $t90) (canon lift (core func $i "f") (memory (core memory $i "mem")) (realloc (core func $i "re")))))
            (component $app {types}
                (import "f" (func $f (param "x" $t90)))
                (core module $libc (memory (export "mem") 1))
                (core instance $libc (instantiate $libc))
                (core func $f (canon lower (func $f) (memory (core memory $libc "mem"))))
                (core module $m (import "" "f" (func (param i32 i32 i32 i32 i32))))
                (core instance (instantiate $m (with "" (instance (export "f" (func $f)))))))
            (instance $lib (instantiate $lib))
            (instance (instantiate $app (with "f" (func $lib "f")))))"#,
        types = types("$t")
    );
    let core = |body: &str| {
        format!("(component (core module (memory 1) (func (param i32) (result i32) {body})))").into_bytes()
    };
    let inputs = [
        deepest_types(),
        format!("{}{}", "(component ".repeat(49), ")".repeat(49)).into_bytes(),
        joined.into_bytes(),
        core(&format!("local.get 0 {}", "i32.const 3 i32.mul local.get 0 i32.add ".repeat(5000))),
        core(&format!("{} {}", "local.get 0 i32.load ".repeat(3000), "i32.sub ".repeat(2999))),
        core(&format!("{} {} local.get 0", "block ".repeat(3000), "local.get 0 br_if 0 end ".repeat(3000))),
        core(&format!("{} {} local.get 0", "loop ".repeat(500), "local.get 0 br_if 0 end ".repeat(500))),
        core(&format!(
            "{} i32.const 1 {}",
            "local.get 0 if (result i32) ".repeat(900),
            "else i32.const 0 end ".repeat(900)
        )),
    ];
    let run = move || {
        for opt_level in [gusset::OptLevel::None, gusset::OptLevel::Speed] {
            let engine = Engine::new(Config::new().opt_level(opt_level).compile_threads(1)).expect("it is supported");
            for input in &inputs {
                gusset::Component::new(&engine, input).unwrap_or_else(|error| panic!("{error}"));
            }
        }
    };
    // A little more, so that a mebibyte is left.
    let thread = std::thread::Builder::new().stack_size((1 << 20) + (64 << 10)).spawn(run);
    thread.expect("there is room for a thread").join().expect("nothing panics");
}

/// What is compiled where next to no stack is left gets a stack of its own.
#[test]
fn components_are_compiled_below_the_deepest_guest() -> Result<()> {
    let text = format!("(component {}{})", "(type (instance ".repeat(45), "))".repeat(45));
    let inputs = [text.into_bytes(), deepest_types(), nested_types(200)];
    let engine = Engine::new(Config::new().max_wasm_stack(usize::MAX))?;
    let host = move |mut store: StoreContextMut<'_, Slot>, _| {
        let engine = store.engine().clone();
        for (input, valid) in inputs.iter().zip([true, true, false]) {
            assert_eq!(gusset::Component::new(&engine, input).is_ok(), valid);
            assert_eq!(gusset::Component::validate(input).is_ok(), valid);
        }
        Module::new(&engine, RECURSE)?;
        // Nothing else in this store goes between host and guest for functions of this type.
        let ty = FuncType { params: [ValType::F32; 30].into(), results: [ValType::F64; 30].into() };
        let func = Func::new(&mut store, ty, |_, _, _| Ok(()))?;
        let ty = TableType { element: RefType::FUNCREF, minimum: 1, maximum: None, table64: false };
        Table::new(&mut store, ty, Ref::Func(Some(func)))?;
        Ok(1)
    };
    let run = move || -> Result<()> {
        let (mut store, instance) = calling_host(&engine, host)?;
        let mut down = |levels: i32, and_call: i32| {
            let params = [Val::I32(levels), Val::I32(and_call)];
            call(&mut store, instance, "down", &params)
        };
        let (mut fits, mut too_deep) = (0, 1 << 20);
        while too_deep - fits > 1 {
            let middle = (fits + too_deep) / 2;
            if down(middle, 0).is_ok() { fits = middle } else { too_deep = middle }
        }
        assert!(fits > 100, "{fits}");
        for levels in [0, fits / 2, fits - 2] {
            assert_eq!(down(levels, 1)?, 1);
        }
        Ok(())
    };
    let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(run);
    thread.expect("there is room for a thread").join().expect("nothing panics")
}

/// A guest that goes as deep as it may, and then passes the deepest value that there is to a host function that takes any.
#[test]
fn the_host_has_room_below_the_deepest_guest() {
    // A tuple at the innermost, so that values have no flat form; tuples, options and records in turn around it.
    let mut types =
        "(type $t0 (tuple u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64))".to_string();
    for level in 1..90 {
        let inner = format!("$t{}", level - 1);
        let ty = match level % 3 {
            0 => format!("(tuple {inner})"),
            1 => format!("(option {inner})"),
            _ => format!("(result (error {inner}))"),
        };
        types += &format!("(type $t{level} {ty})");
    }
    let text = format!(
        r#"(component {types}
          (import "host" (func $host (param "x" $t89) (result $t89)))
          (core module $libc (memory (export "mem") 1)
            (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
          (core instance $libc (instantiate $libc))
          (alias core export $libc "mem" (core memory $mem))
          (alias core export $libc "realloc" (core func $realloc))
          (core func $host (canon lower (func $host) (memory $mem) (realloc $realloc)))
          (core module $m
            (import "" "mem" (memory 1))
            (import "" "host" (func $host (param i32 i32)))
            (func $down (param i32 i32) (result i32)
              (if (i32.eqz (local.get 0))
                (then (if (local.get 1) (then (memory.fill (i32.const 0) (i32.const 1) (i32.const 1024))
                    (call $host (i32.const 0) (i32.const 2048)))) (return (i32.const 0))))
              (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1)) (local.get 1))))
            (func (export "down") (param i32 i32) (result i32) (call $down (local.get 0) (local.get 1))))
          (core instance $m (instantiate $m (with "" (instance (export "mem" (memory $mem)) (export "host" (func $host))))))
          (func (export "down") (param "levels" u32) (param "call" u32) (result u32) (canon lift (core func $m "down"))))"#
    );
    let engine = Engine::new(Config::new().max_wasm_stack(usize::MAX)).expect("it is supported");
    let component = gusset::Component::new(&engine, text).unwrap_or_else(|error| panic!("{error:?}"));
    let mut linker = gusset::Linker::<u32>::new(&engine);
    let host = |mut store: StoreContextMut<'_, u32>, params: &[gusset::Val], results: &mut [gusset::Val]| {
        *store.data_mut() += 1;
        results[0] = params[0].clone();
        Ok(())
    };
    linker.root().func_new("host", host).expect("the name is free");
    let pre = linker.instantiate_pre(&component).expect("all is there");
    let run = move || {
        let down = |levels: u32, call: u32| {
            let mut store = Store::new(&engine, 0);
            let instance = pre.instantiate(&mut store).expect("there is room");
            let down = instance.get_typed_func::<(u32, u32), (u32,)>(&mut store, "down").expect("it is exported");
            let result = down.call(&mut store, (levels, call)).map(|(depth,)| assert_eq!(depth, levels));
            (result, *store.data())
        };
        // How deep the guest gets.
        let (mut fits, mut too_deep) = (0, 1 << 20);
        while too_deep - fits > 1 {
            let middle = (fits + too_deep) / 2;
            if down(middle, 0).0.is_ok() { fits = middle } else { too_deep = middle }
        }
        assert!(fits > 100, "{fits}");
        let mut calls = 0;
        for levels in [0, fits / 2, fits - 2, fits - 1, fits, too_deep] {
            let (result, called) = down(levels, 1);
            calls += called;
            if let Err(error) = result {
                assert_eq!(trap_code(&error), TrapCode::StackOverflow, "{error}");
            }
        }
        assert!(calls >= 4, "{calls}");
    };
    let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(run);
    thread.expect("there is room for a thread").join().expect("nothing panics");
}

/// A function that has hundreds of destructors has as many references to exceptions, each of which is alive over a call or two: its frame
/// is no larger for that, and it can be called as deep as others.
#[test]
fn destructors_do_not_make_frames_large() -> Result<()> {
    let part = "(block $done (block $thrown (result exnref)
        (try_table (catch_all_ref $thrown) (local.set $sum (i32.add (local.get $sum) (call $may_throw (local.get $sum)))))
        (br $done)) (call $destructor) (throw_ref))";
    let text = format!(
        r#"(module
            (func $may_throw (param i32) (result i32) (local.get 0))
            (func $destructor)
            (func $deep (export "deep") (param $depth i32) (result i32) (local $sum i32)
                (if (i32.eqz (local.get $depth)) (then (return (i32.const 0))))
                {}
                (i32.add (i32.const 1) (call $deep (i32.sub (local.get $depth) (i32.const 1))))))"#,
        part.repeat(500)
    );
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &Module::new(&engine, text)?, &[])?;
    assert_eq!(call(&mut store, instance, "deep", &[Val::I32(1_000)])?, 1_000);
    Ok(())
}
