//! Values that pass between the host and a guest in loops of their own.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::{Component, Engine, Error, Linker, Store, Val};

/// Lists of every type whose elements are read and written in a loop of its own.
#[test]
fn lists_of_numbers_pass_by_value_as_they_are() -> Result<(), Error> {
    let values = [
        ("bool", vec![Val::Bool(true), Val::Bool(false), Val::Bool(true)]),
        ("s8", vec![Val::S8(-1), Val::S8(i8::MIN)]),
        ("u8", vec![Val::U8(0), Val::U8(255), Val::U8(7)]),
        ("s16", vec![Val::S16(-2), Val::S16(i16::MAX)]),
        ("u16", vec![Val::U16(0xfffe), Val::U16(1)]),
        ("s32", vec![Val::S32(i32::MIN), Val::S32(3)]),
        ("u32", vec![Val::U32(u32::MAX), Val::U32(4)]),
        ("s64", vec![Val::S64(i64::MIN), Val::S64(5)]),
        ("u64", vec![Val::U64(u64::MAX), Val::U64(6)]),
        ("f32", vec![Val::F32(1.5), Val::F32(-0.25)]),
        ("f64", vec![Val::F64(1e300), Val::F64(-0.125)]),
        ("char", vec![Val::Char('a'), Val::Char('\u{10ffff}')]),
        ("string", vec![Val::String("x".into()), Val::String(String::new())]),
    ];
    let engine = Engine::default();
    for (ty, items) in values {
        let component = Component::new(
            &engine,
            format!(
                r#"(component
                (core module $m (memory (export "memory") 1) (global $next (mut i32) (i32.const 1024))
                  (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
                    (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
                    (global.set $next (i32.add (local.get $at) (local.get 3))) (local.get $at))
                  (func (export "same") (param i32 i32) (result i32)
                    (i32.store (i32.const 16) (local.get 0)) (i32.store (i32.const 20) (local.get 1)) (i32.const 16)))
                (core instance $i (instantiate $m))
                (func (export "same") (param "list" (list {ty})) (result (list {ty}))
                  (canon lift (core func $i "same") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))"#
            ),
        )?;
        let mut store = Store::new(&engine, ());
        let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
        let same = instance.get_func(&mut store, "same").expect("it is exported");
        let (list, mut results) = (Val::List(items), [Val::Bool(false)]);
        same.call(&mut store, std::slice::from_ref(&list), &mut results)?;
        assert_eq!(results, [list], "list<{ty}>");
        let wrong = Val::List(vec![results[0].clone()]);
        let error = same.call(&mut store, &[wrong], &mut results).expect_err("a list is no element");
        assert!(error.root_cause().to_string().starts_with("param \"list\"[0]: expected"), "{error:#}");
    }
    Ok(())
}
