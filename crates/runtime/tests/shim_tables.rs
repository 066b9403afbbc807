//! Calls through tables that a module fills for another one, as tools route imports: they find what stands in the table when they are made, whoever
//! has written it and however.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::{Component, Config, Engine, Error, Linker, Result, Store, Trap};
use gusset_types::TrapCode;

/// A component whose function `run` calls a function by way of element 0 of a table. `$fix` puts `$a`'s function there, which adds 100; `$b`'s
/// adds 1000. `within` stands in the module that has the table, `in_main` in the one that calls, and `then` is made after all else.
fn component(within: &str, in_main: &str, then: &str) -> String {
    format!(
        r#"(component
        (core module $shim (type $f (func (param i32) (result i32)))
            (table $t (export "t") 2 8 funcref)
            (func (export "0") (type $f) (call_indirect $t (type $f) (local.get 0) (i32.const 0)))
            {within})
        (core module $main (import "shim" "0" (func $f (param i32) (result i32)))
            (func $run (export "run") (result i32) (i32.mul (call $f (i32.const 5)) (i32.const 2)))
            {in_main})
        (core module $a (func (export "f") (param i32) (result i32) (i32.add (local.get 0) (i32.const 100))))
        (core module $b (func (export "f") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1000))))
        (core module $fix (import "" "t" (table 2 8 funcref)) (import "" "f" (func $f (param i32) (result i32)))
            (elem (i32.const 0) func $f))
        (core instance $shim (instantiate $shim))
        (core instance $main (instantiate $main (with "shim" (instance $shim))))
        (core instance $a (instantiate $a)) (core instance $b (instantiate $b))
        (alias core export $shim "t" (core table $t))
        (alias core export $a "f" (core func $a)) (alias core export $b "f" (core func $b))
        (core instance (instantiate $fix (with "" (instance (export "t" (table $t)) (export "f" (func $a))))))
        {then}
        (func (export "run") (result u32) (canon lift (core func $main "run"))))"#
    )
}

/// What `run` returns, or what making the instance or the call fails with; the same in all engines.
fn outcome(text: &str) -> Result<Result<u32, TrapCode>> {
    let configs: [fn(&mut Config); 5] = [
        |_| {},
        |config| _ = config.compiler_inlining(false),
        |config| _ = config.lazy_compilation(true),
        |config| _ = config.signals_based_traps(false),
        |config| _ = config.frame_form(true),
    ];
    let outcomes = configs.map(|configure| -> Result<_> {
        let mut config = Config::new();
        configure(&mut config);
        let engine = Engine::new(&config)?;
        let component = Component::new(&engine, text)?;
        let mut store = Store::new(&engine, ());
        let code = |error: Error| error.downcast_ref::<Trap>().map(Trap::code).ok_or(error);
        let instance = match Linker::new(&engine).instantiate(&mut store, &component) {
            Ok(instance) => instance,
            Err(error) => return Ok(Err(code(error)?)),
        };
        let run = instance.get_typed_func::<(), (u32,)>(&mut store, "run")?;
        match run.call(&mut store, ()) {
            Ok((result,)) => Ok(Ok(result)),
            Err(error) => Ok(Err(code(error)?)),
        }
    });
    let [first, others @ ..] = outcomes;
    let first = first?;
    for other in others {
        assert_eq!(first, other?, "{text}");
    }
    Ok(first)
}

/// Makes a module that has the table and a function of `$b`, with `body` for its fields.
fn writer(body: &str) -> String {
    format!(
        r#"(core module $w (import "" "t" (table $t 2 8 funcref)) (import "" "f" (func $f (param i32) (result i32))) {body})
        (core instance (instantiate $w (with "" (instance (export "t" (table $t)) (export "f" (func $b))))))"#
    )
}

const OF_A: u32 = 2 * 105;
const OF_B: u32 = 2 * 1005;

#[test]
fn a_function_that_a_segment_put_there_is_called() -> Result<()> {
    assert_eq!(outcome(&component("", "", ""))?, Ok(OF_A));
    Ok(())
}

#[test]
fn before_it_is_there_it_is_not_called() -> Result<()> {
    let text = component("", "(func $start (drop (call $run))) (start $start)", "");
    assert_eq!(outcome(&text)?, Err(TrapCode::UninitializedElement));
    Ok(())
}

/// Each way to write a table: what was written last is called.
#[test]
fn whoever_writes_the_table_is_heard() -> Result<()> {
    let declared = "(elem declare func $f)";
    for body in [
        format!("{declared} (func $go (table.set $t (i32.const 0) (ref.func $f))) (start $go)"),
        format!("{declared} (func $go (table.fill $t (i32.const 0) (ref.func $f) (i32.const 1))) (start $go)"),
        format!(
            "{declared} (table $own 1 funcref) (func $go (table.set $own (i32.const 0) (ref.func $f))
             (table.copy $t $own (i32.const 0) (i32.const 0) (i32.const 1))) (start $go)"
        ),
        "(elem $e func $f) (func $go (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 1))) (start $go)".into(),
        "(elem (i32.const 0) func $f)".into(),
        "(global $at i32 (i32.const 0)) (elem (table $t) (offset (i32.add (i32.const 1) (i32.const -1))) func $f)"
            .into(),
        "(elem (i32.const 0) funcref (ref.func $f))".into(),
    ] {
        assert_eq!(outcome(&component("", "", &writer(&body)))?, Ok(OF_B), "{body}");
    }
    // Null is an element too.
    let body = "(elem (i32.const 0) funcref (ref.null func))";
    assert_eq!(outcome(&component("", "", &writer(body)))?, Err(TrapCode::UninitializedElement));
    Ok(())
}

/// The module whose table it is writes it, on somebody's behalf.
#[test]
fn the_tables_own_module_writes_it() -> Result<()> {
    let put = r#"(func (export "put") (param funcref) (table.set $t (i32.const 0) (local.get 0)))"#;
    let then = r#"(core module $w (import "shim" "put" (func $put (param funcref))) (import "b" "f" (func $f (param i32) (result i32)))
            (elem declare func $f) (func $go (call $put (ref.func $f))) (start $go))
        (core instance (instantiate $w (with "shim" (instance $shim)) (with "b" (instance $b))))"#;
    assert_eq!(outcome(&component(put, "", then))?, Ok(OF_B));
    Ok(())
}

/// A module that is instantiated more than once, or that others can instantiate.
#[test]
fn modules_of_which_little_is_known_write_it() -> Result<()> {
    let again =
        r#"(core instance (instantiate $fix (with "" (instance (export "t" (table $t)) (export "f" (func $b))))))"#;
    assert_eq!(outcome(&component("", "", again))?, Ok(OF_B));
    assert_eq!(outcome(&component("", "", r#"(export "fix" (core module $fix))"#))?, Ok(OF_A));
    assert_eq!(outcome(&component("", "", r#"(export "shim" (core module $shim))"#))?, Ok(OF_A));
    let text = component("", "", &format!("{} {again}", writer("(elem (i32.const 0) func $f)")));
    assert_eq!(outcome(&text)?, Ok(OF_B));
    Ok(())
}

#[test]
fn what_is_of_another_type_or_outside_traps() -> Result<()> {
    let other = r#"(func (export "1") (type $f) (call_indirect $t (param i64) (result i32) (i64.const 1) (i32.const 0)))
        (func (export "2") (type $f) (call_indirect $t (type $f) (local.get 0) (i32.const 1)))
        (func (export "3") (type $f) (call_indirect $t (type $f) (local.get 0) (i32.const 2)))
        (func (export "4") (type $f) (call_indirect $t (type $f) (local.get 0) (i32.const -1)))"#;
    for (name, expected) in [
        ("1", TrapCode::IndirectCallTypeMismatch),
        ("2", TrapCode::UninitializedElement),
        ("3", TrapCode::UndefinedElement),
        ("4", TrapCode::UndefinedElement),
    ] {
        let main = format!(r#"(import "shim" "{name}" (func $other (param i32) (result i32)))"#);
        // Imports stand before functions.
        let text = component(other, "", "")
            .replace(r#"(core module $main (import"#, &format!("(core module $main {main} (import"));
        let text = text.replace("(call $f (i32.const 5))", "(call $other (i32.const 5))");
        assert_eq!(outcome(&text)?, Err(expected), "{name}");
    }
    Ok(())
}
