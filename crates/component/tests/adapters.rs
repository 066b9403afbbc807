//! How adapters are spread over modules.

use gusset_component::translate;
use std::fmt::Write;
use wasmparser::Validator;

/// A composition whose root calls a function of each of `callees` instances, all with memories of their own.
fn star(callees: usize) -> Vec<u8> {
    let mut text = String::from(
        r#"(component
          (component $callee
            (core module $m
              (memory (export "memory") 1)
              (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 8))
              (func (export "f") (param i32 i32)))
            (core instance $i (instantiate $m))
            (func (export "f") (param "text" string)
              (canon lift (core func $i "f") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))
          (core module $libc (memory (export "memory") 1))
          (core instance $libc (instantiate $libc))"#,
    );
    let (mut imports, mut exports) = (String::new(), String::new());
    for n in 0..callees {
        write!(
            text,
            "(instance $c{n} (instantiate $callee))\
             (core func $f{n} (canon lower (func $c{n} \"f\") (memory (core memory $libc \"memory\"))))"
        )
        .unwrap();
        write!(imports, "(import \"\" \"f{n}\" (func (param i32 i32)))").unwrap();
        write!(exports, "(export \"f{n}\" (func $f{n}))").unwrap();
    }
    write!(text, "(core module $main {imports}) (core instance (instantiate $main (with \"\" (instance {exports})))))")
        .unwrap();
    wat::parse_str(text).expect("the text is well-formed")
}

#[test]
fn all_that_are_recorded_share_a_module() {
    let bytes = star(20);
    let translation = translate(&bytes).unwrap();
    assert_eq!(translation.plan.adapter_modules.len(), 1);
}

#[test]
fn no_module_gets_more_memories_than_it_may_have() {
    let bytes = star(150);
    let translation = translate(&bytes).unwrap();
    assert_eq!(translation.plan.adapter_modules.len(), 2);
    for (_, module) in translation.modules.iter().filter(|(_, module)| module.adapter) {
        Validator::new().validate_all(&module.wasm).unwrap();
    }
}
