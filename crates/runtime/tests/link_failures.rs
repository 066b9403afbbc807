//! Links that fail where no guest runs that would end them, or while a caller is away.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::{Component, Engine, Linker, Store, Trap, TrapCode, Val};

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
