//! What is wrong in a text is reported at the line where it is wrong: one mistake in each of these, marked by `<--`, of every kind of
//! definition.

#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::{CodegenError, Component, Engine, Error, SourceLocation, TextError, TranslateError, core};

/// A few definitions that the components below refer to.
const BASE: &str = r#"(component
  (core module $m
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 8))
    (func (export "f") (param i32 i32))
    (func (export "g") (result i32) (i32.const 1)))
  (core instance $i (instantiate $m))
  (alias core export $i "memory" (core memory $memory))
  (alias core export $i "realloc" (core func $realloc))
  (alias core export $i "f" (core func $f))
  (alias core export $i "g" (core func $g))
  (type $text (func (param "s" string)))
  (component $inner
    (import "x" (func $x))
    (export "y" (func $x)))
"#;

/// Ends of a component that begins as [`BASE`].
const COMPONENTS: &[&str] = &[
    // Aliases.
    "(alias core export $i \"none\" (core func)) ;; <--",
    "(alias core export $i\n  \"nothing\" ;; <--\n  (core func))",
    "(alias export 7 ;; <--\n  \"a\" (func))",
    "(alias outer 0 99 (type)) ;; <--",
    "(core func $h (alias core export $i \"none\")) ;; <--",
    // Lifting.
    "(func (type $text) (canon lift (core func $g) (memory $memory) (realloc $realloc))) ;; <--",
    "(func (type $text)\n  (canon lift\n    (core func 44) ;; <--\n    (memory $memory)))",
    "(func (type $text) (canon lift (core func $f) (realloc $realloc))) ;; <--",
    "(func (type $text)\n  (canon lift (core func $f)\n    (memory $memory)\n    (realloc $f))) ;; <--",
    "(func (type $text)\n  (canon lift (core func $f)\n    (memory 9) ;; <--\n    (realloc $realloc)))",
    "(func (type $text)\n  (canon lift (core func $f)\n    (memory $memory)\n    (realloc 77))) ;; <--",
    "(func (type 55) (canon lift (core func $f))) ;; <--",
    "(func $ok (type $text) (canon lift (core func $f) (memory $memory) (realloc $realloc)))\n(canon lift (core func $g) (func (type $text))) ;; <--",
    // Lowering, and built-ins.
    "(core func (canon lower (func 12))) ;; <--",
    "(import \"s\" (func $s (type $text)))\n(core func (canon lower (func $s))) ;; <--",
    "(core func (canon resource.drop 66)) ;; <--",
    "(core func (canon resource.new $text)) ;; <--",
    // Instances of core modules.
    "(core module $n (import \"a\" \"b\" (func)))\n(core instance (instantiate $n)) ;; <--",
    "(core module $n (import \"a\" \"f\" (func)))\n(core instance (instantiate $n\n  (with \"a\"\n    (instance $i)))) ;; ",
    "(core instance (instantiate 31)) ;; <--",
    "(core instance\n  (export \"one\" (func $f))\n  (export \"one\" (func $g))) ;; ",
    "(core instance\n  (export \"x\" (func $f))\n  (export \"y\" (func 88))) ;; <--",
    // Instances of components.
    "(instance (instantiate $inner)) ;; <--",
    "(instance (instantiate $inner\n  (with \"x\" (func 70)))) ;; <--",
    "(instance\n  (export \"a\" (func 71))) ;; <--",
    "(instance (instantiate 41)) ;; <--",
    // Types.
    "(type $r (record\n  (field \"a\" u8)\n  (field \"b\" 92))) ;; <--",
    "(type (variant\n  (case \"good\" u8)\n  (case \"not good\"))) ;; <--",
    "(type (enum \"a\" \"b\" \"B\")) ;; <--",
    "(type (func (param \"p\" (own $text)))) ;; <--",
    "(type (instance\n  (export \"e\" (func (type 83))))) ;; <--",
    "(core type (module\n  (import \"a\" \"b\" (func (type 84))))) ;; <--",
    "(type (list 97)) ;; <--",
    "(type (resource (rep i32) (dtor (core func 98)))) ;; <--",
    "(type (resource (rep i32) (dtor (core func $f)))) ;; <--",
    // Imports and exports.
    "(import \"not a name\" (func)) ;; <--",
    "(import \"t\" (func))\n(import \"t\" (func)) ;; <--",
    "(import \"t\" (func (param \"a\" 96))) ;; <--",
    "(import \"t\"\n  (instance (export \"u\" (func (param \"v\" 95))))) ;; ",
    "(export \"f\" (func 51)) ;; <--",
    "(export \"not a name\" (type $text)) ;; <--",
    "(export \"t\" (type $text))\n(export \"t\" (type $text)) ;; <--",
    "(export \"c\" (component $inner) (func (type $text))) ;; <--",
    // Nested components.
    "(component\n  (component\n    (import \"a\" (func))\n    (export \"b\" (func 33)) ;; <--\n  ))",
    "(component\n  (core module\n    (func)\n    (export \"b\" (func 34))) ;; <--\n  )",
    "(component\n  (core module\n    (func\n      i32.const 1\n      drop\n      drop)) ;; <--\n  )",
];

/// Modules, each of which is also put into a component.
const MODULES: &[&str] = &[
    "(type (func (param (ref 9)))) ;; <--",
    "(func)\n(rec\n  (type $a (struct)) ;; <--\n  (type $b (sub final $a (array i8))))",
    "(import \"a\" \"b\" (func (type 7))) ;; <--",
    "(import \"a\"\n  (item \"b\" (func))\n  (item \"c\" (func (type 8)))) ;; <--",
    "(import \"a\" \"m\" (memory 1 0)) ;; <--",
    "(func)\n(func (type 5)) ;; <--",
    "(func (export \"f\")\n  (type 6)) ;; <--",
    "(table 2 1 funcref) ;; <--",
    "(memory 1)\n(memory\n  70000) ;; ",
    "(global i32 (i64.const 0)) ;; <--",
    "(global i32\n  (i32.const 0))\n(global $g i32\n  (global.get 5)) ;; <--",
    "(tag (result i32)) ;; <--",
    "(export \"e\" (func 3)) ;; <--",
    "(func (export \"e\"))\n(func (export \"e\")) ;; <--",
    "(func (param i32))\n(start 0) ;; <--",
    "(start 9) ;; <--",
    "(table 1 funcref)\n(elem (i64.const 0)) ;; <--",
    "(table 1 funcref)\n(func)\n(elem (i32.const 0)\n  0\n  4) ;; <--",
    "(elem funcref\n  (ref.null func)\n  (ref.func 6)) ;; <--",
    "(data (i32.const 0) \"a\") ;; <--",
    "(memory 1)\n(data (i32.const 0) \"a\")\n(data\n  (i64.const 1) ;; <--\n  \"b\")",
    "(func (local.get 0)) ;; <--",
    "(func (result i32)\n  i32.const 1\n  i32.const 2\n  i64.add) ;; <--",
    "(func (result i32)\n  (i32.add\n    (i32.const 1)\n    (i64.const 2))\n) ;; ",
    "(func (result i32)\n  (i32.const 1)\n  drop\n) ;; <--",
    "(func\n  (block\n    (br 9) ;; <--\n  ))",
    "(func\n  (if (i32.const 1)\n    (then\n      (call 12)))) ;; <--",
    "(func $f\n  (call_indirect (i32.const 0))) ;; <--",
    "(func\n  (loop\n    (drop (i32.load (i32.const 0))))) ;; <--",
    "(func\n  (local i32)\n  (global.set 0 ;; <--\n    (local.get 0)))",
];

/// Texts that are not even that.
const WRONG_TEXTS: &[&str] = &[
    "(module\n  (func $f)\n  (funk $g)) ;; <--",
    "(module\n  (func\n    (call $nobody))) ;; <--",
    "(module\n  (func\n    (i32.konst 1))) ;; <--",
    "(module\n  (func (export \"a)))\n", // The string ends nowhere.
    "(component\n  (core instance (instantiate $none))) ;; <--",
    "(component\n  (func (type $t) ;; <--\n    (canon lift (core func $none))))",
    "(component\n  (export \"a\" (funk 0))) ;; <--",
    "(module\n  (func $f)\n  (func $f)) ;; <--",
    "(module\n  (memory 1)\n  (data (i32.const 0) \"\\zz\")) ;; <--",
];

fn location(error: &Error) -> Option<&SourceLocation> {
    let of_text = error.downcast_ref::<TextError>().map(TextError::location);
    let of_component = || error.downcast_ref::<TranslateError>().and_then(TranslateError::location);
    let of_module = || error.downcast_ref::<CodegenError>().and_then(CodegenError::location);
    of_text.or_else(of_component).or_else(of_module)
}

/// The line with the mark.
fn marked(text: &str) -> Option<u32> {
    text.lines().position(|line| line.contains("<--")).map(|line| line as u32 + 1)
}

/// Checks that a text is refused at its mark, and says what is wrong otherwise.
fn check(engine: &Engine, text: &str) -> Result<(), String> {
    let error = match text.starts_with("(component") {
        true => Component::new(engine, text).map(|_| ()),
        false => core::Module::new(engine, text).map(|_| ()),
    };
    let Err(error) = error else { return Err(format!("it is accepted:\n{text}")) };
    let location = location(&error).ok_or_else(|| format!("no place: {error}\n{text}"))?;
    let shown = error.to_string();
    if !shown.ends_with(location.excerpt()) || shown.contains("at offset") {
        return Err(format!("the place is not shown: {shown}"));
    }
    match marked(text) {
        Some(line) if line != location.line => Err(format!("line {line} is wrong: {shown}")),
        _ => Ok(()),
    }
}

fn check_all(texts: impl Iterator<Item = String>) {
    let engine = Engine::default();
    let mut count = 0;
    let wrong: Vec<String> = texts.inspect(|_| count += 1).filter_map(|text| check(&engine, &text).err()).collect();
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn mistakes_in_components_are_reported_at_their_lines() {
    check_all(COMPONENTS.iter().map(|end| format!("{BASE}{end}\n)")));
}

#[test]
fn mistakes_in_modules_are_reported_at_their_lines() {
    check_all(MODULES.iter().map(|fields| format!("(module $m\n{fields}\n)")));
}

#[test]
fn mistakes_in_modules_in_components_are_reported_at_their_lines() {
    check_all(MODULES.iter().map(|fields| format!("{BASE}(component (core module $m\n{fields}\n)) (core module))")));
}

#[test]
fn texts_that_cannot_be_read_are_reported_at_their_lines() {
    check_all(WRONG_TEXTS.iter().map(|text| (*text).to_string()));
}
