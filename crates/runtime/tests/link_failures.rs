//! Links that fail where no guest runs that would end them, while a caller is away, or late.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::{AsContextMut, Component, Config, Engine, Instance, Linker, Store, StoreContextMut, Trap, TrapCode, Val};

/// Components that pass a function on make a circle in which no guest runs: the stack ends it all the same.
#[test]
fn a_circle_of_functions_that_are_only_passed_on_ends_in_a_trap() {
    let engine = Engine::default();
    for (ty, args) in [("", vec![]), (r#"(param "x" string)"#, vec![Val::String("x".into())])] {
        let passing = format!(r#"(component (import "f" (func $f {ty})) (export "g" (func $f)))"#);
        let passing = Component::new(&engine, &passing).unwrap();
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        let slot = linker.root().func_slot("f").unwrap();
        let instance = linker.instantiate(&mut store, &passing).unwrap();
        let func = instance.get_func(&mut store, "g").unwrap();
        slot.set(&store, func).unwrap();
        let error = func.call(&mut store, &args, &mut []).unwrap_err();
        assert_eq!(error.downcast_ref::<Trap>().map(Trap::code), Some(TrapCode::StackOverflow), "{error}");
        if args.is_empty() {
            let typed = func.typed::<(), ()>(&store).unwrap();
            let error = typed.call(&mut store, ()).unwrap_err();
            assert_eq!(error.downcast_ref::<Trap>().map(Trap::code), Some(TrapCode::StackOverflow), "{error}");
        }
    }
}

/// While `inner` runs, the host makes its caller fail and keeps that to itself. The caller's `realloc` is not called any more for the
/// result: it would be another trap.
#[test]
fn the_allocator_of_a_caller_that_was_locked_meanwhile_does_not_run() {
    for adapters in [true, false] {
        let engine = Engine::new(Config::new().link_adapters(adapters)).unwrap();
        let outer = r#"(component
          (import "inner" (func $inner (result string)))
          (core module $libc
            (memory (export "mem") 1)
            (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.div_u (i32.const 1) (i32.const 0))))
          (core instance $libc (instantiate $libc))
          (core func $inner (canon lower (func $inner)
            (memory (core memory $libc "mem")) (realloc (core func $libc "realloc"))))
          (core module $m
            (import "" "inner" (func $inner (param i32)))
            (func (export "run") (call $inner (i32.const 16)))
            (func (export "fail") unreachable))
          (core instance $m (instantiate $m (with "" (instance (export "inner" (func $inner))))))
          (func (export "run") (canon lift (core func $m "run")))
          (func (export "fail") (canon lift (core func $m "fail"))))"#;
        let inner = r#"(component
          (import "host" (func $host))
          (core func $host (canon lower (func $host)))
          (core module $m
            (import "" "host" (func $host))
            (memory (export "mem") 1)
            (func (export "inner") (result i32) (call $host) (i32.store (i32.const 4) (i32.const 1)) (i32.const 0)))
          (core instance $m (instantiate $m (with "" (instance (export "host" (func $host))))))
          (func (export "inner") (result string) (canon lift (core func $m "inner") (memory (core memory $m "mem")))))"#;
        let mut linker = Linker::<Option<Instance>>::new(&engine);
        let host = |mut store: StoreContextMut<'_, Option<Instance>>, (): ()| {
            let outer = store.data().expect("it is known");
            let fail = outer.get_typed_func::<(), ()>(store.as_context_mut(), "fail")?;
            assert!(fail.call(&mut store, ()).is_err());
            Ok(())
        };
        linker.root().func_wrap("host", host).unwrap();
        let mut store = Store::new(&engine, None);
        let inner = linker.instantiate(&mut store, &Component::new(&engine, inner).unwrap()).unwrap();
        let func = inner.get_func(&mut store, "inner").unwrap();
        linker.root().define_func(&store, "inner", func).unwrap();
        let outer = linker.instantiate(&mut store, &Component::new(&engine, outer).unwrap()).unwrap();
        *store.data_mut() = Some(outer);
        let run = outer.get_typed_func::<(), ()>(&mut store, "run").unwrap();
        let error = run.call(&mut store, ()).unwrap_err();
        let code = error.downcast_ref::<Trap>().map(Trap::code);
        assert_eq!(code, Some(TrapCode::CannotEnter), "adapters: {adapters}; {error}");
    }
}

/// A slot may be filled after it was found, and with a function of any store: it is called in its own one only.
#[test]
fn a_slot_that_is_filled_later_with_a_function_of_another_store_is_told() {
    let engine = Engine::default();
    let service = r#"(component
      (core module $m (func (export "f") (result i32) (i32.const 7)))
      (core instance $m (instantiate $m))
      (func (export "f") (result u32) (canon lift (core func $m "f"))))"#;
    let program = r#"(component
      (import "f" (func $f (result u32)))
      (core func $f (canon lower (func $f)))
      (core module $m
        (import "" "f" (func $f (result i32)))
        (func (export "f") (result i32) (call $f)))
      (core instance $m (instantiate $m (with "" (instance (export "f" (func $f))))))
      (func (export "f") (result u32) (canon lift (core func $m "f"))))"#;
    let [service, program] = [service, program].map(|text| Component::new(&engine, text).unwrap());
    let mut linker = Linker::new(&engine);
    let slot = linker.root().func_slot("f").unwrap();
    let program = linker.instantiate_pre(&program).unwrap();
    let (mut store, mut other) = (Store::new(&engine, ()), Store::new(&engine, ()));
    let service = linker.instantiate(&mut other, &service).unwrap();
    let func = service.get_func(&mut other, "f").unwrap();
    slot.set(&other, func).unwrap();
    let error = program.instantiate(&mut store).unwrap_err().to_string();
    assert_eq!(error, "function `f`, which an instance was linked with, is of another store");
    let program = program.instantiate(&mut other).unwrap();
    let f = program.get_typed_func::<(), (u32,)>(&mut other, "f").unwrap();
    assert_eq!(f.call(&mut other, ()).unwrap(), (7,));
}
