//! Long names and many of them: errors stay short, and what many names lead to is found under each of them.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::{Component, Engine, Linker, Store, Trap};
use std::fmt::Write;

#[test]
fn an_error_about_missing_imports_names_some_of_them() {
    let engine = Engine::default();
    let funcs: String = (0..20_000).map(|n| format!(r#"(export "f{n}" (func (type $f)))"#)).collect();
    let text = format!(r#"(component (import "many" (instance (type $f (func)) {funcs})))"#);
    let component = Component::new(&engine, text).unwrap();
    let error = Linker::<()>::new(&engine).instantiate_pre(&component).expect_err("nothing is defined").to_string();
    assert!(error.starts_with(r#"import "many" (instance) is missing: "f0": func(), "f1": func(), "#), "{error}");
    assert!(error.ends_with(r#""f9": func() and 19990 more"#), "{error}");

    let long = "n".repeat(90_000);
    let text = format!(r#"(component (import "{long}" (instance (export "{long}" (func)))))"#);
    let component = Component::new(&engine, text).unwrap();
    let error = Linker::<()>::new(&engine).instantiate_pre(&component).expect_err("nothing is defined").to_string();
    assert!(error.len() < 500, "{error}");
}

#[test]
fn a_trap_in_a_call_between_components_with_long_names_is_short() {
    let [lib, app, func, param] = ["l", "a", "f", "p"].map(|letter| letter.repeat(90_000));
    let text = format!(
        r#"(component
          (component $lib
            (core module $m (func (export "f") (param i32)))
            (core instance $i (instantiate $m))
            (func (export "{func}") (param "{param}" char) (canon lift (core func $i "f"))))
          (component $app
            (import "{func}" (func $f (param "{param}" char)))
            (core func $f (canon lower (func $f)))
            (core module $m (import "" "f" (func $f (param i32))) (func (export "g") (call $f (i32.const 0x110000))))
            (core instance $i (instantiate $m (with "" (instance (export "f" (func $f))))))
            (func (export "g") (canon lift (core func $i "g"))))
          (instance ${lib} (instantiate $lib))
          (instance ${app} (instantiate $app (with "{func}" (func ${lib} "{func}"))))
          (export "g" (func ${app} "g")))"#
    );
    let engine = Engine::default();
    let component = Component::new(&engine, text).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine).instantiate(&mut store, &component).unwrap();
    let g = instance.get_typed_func::<(), ()>(&mut store, "g").unwrap();
    let error = g.call(&mut store, ()).unwrap_err();
    let site = error.downcast_ref::<Trap>().and_then(Trap::site).expect("a value was bad");
    assert!(site.adapter.callee.starts_with("lll") && site.adapter.caller.starts_with("aaa"));
    assert!(site.path.starts_with("param \"ppp"), "{}", site.path);
    let length = error.to_string().len();
    assert!(length < 2000, "{length} bytes");
}

/// Each level exports the one below it twice, so that 2^14 paths lead to one function.
#[test]
fn a_function_is_found_under_every_path_that_leads_to_it() {
    const LEVELS: usize = 14;
    let mut text = String::from(
        r#"(component
            (core module $m (func (export "f") (result i32) (i32.const 7)))
            (core instance $i (instantiate $m))
            (func $f (result u32) (canon lift (core func $i "f")))
            (instance $i0 (export "f" (func $f)))"#,
    );
    for level in 1..=LEVELS {
        let inner = level - 1;
        let _ =
            write!(text, r#"(instance $i{level} (export "a" (instance $i{inner})) (export "b" (instance $i{inner})))"#);
    }
    let _ = write!(text, r#"(export "x" (instance $i{LEVELS})))"#);
    let engine = Engine::default();
    let component = Component::new(&engine, text).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine).instantiate(&mut store, &component).unwrap();
    for path in [0_u32, 1, 0x1234, 0x3fff] {
        let mut names = vec!["x"];
        names.extend((0..LEVELS).map(|level| if path >> level & 1 == 0 { "a" } else { "b" }));
        assert!(instance.get_func(&mut store, &names).is_none(), "an instance is no function");
        names.push("f");
        let f = instance.get_typed_func::<(), (u32,)>(&mut store, &names).unwrap();
        assert_eq!(f.call(&mut store, ()).unwrap(), (7,));
        names.push("f");
        assert!(instance.get_func(&mut store, &names).is_none(), "a function exports nothing");
    }
}
