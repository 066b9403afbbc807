//! What is wrong in a text is reported at the line where it is wrong: one mistake in each of these, marked by `<--`, of every kind of
//! definition.

#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::{Component, Engine, LinkError, Linker, NamedSource, Store, Trap, core, source_location};

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
    "(core module $n (import \"a\" \"f\" (func)))\n(core instance (instantiate $n\n  (with \"a\" ;; <--\n    (instance $i))))",
    "(core instance (instantiate 31)) ;; <--",
    "(core instance\n  (export \"one\" (func $f))\n  (export \"one\" (func $g))) ;; <--",
    "(type (record\n  (field \"a\" u8)\n  (field \"a\" u16))) ;; <--",
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
    "(import \"t\"\n  (instance (export \"u\" (func (param \"v\" 95))))) ;; <--",
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
    "(memory 1)\n(memory ;; <--\n  70000)",
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
    "(func (result i32)\n  (i32.add ;; <--\n    (i32.const 1)\n    (i64.const 2))\n)",
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
    "(module\n  (func (export \"a))) ;; <--\n", // The string ends nowhere.
    "(component\n  (core instance (instantiate $none))) ;; <--",
    "(component\n  (func (type $t) ;; <--\n    (canon lift (core func $none))))",
    "(component\n  (export \"a\" (funk 0))) ;; <--",
    "(module\n  (func $f)\n  (func $f)) ;; <--",
    "(module\n  (memory 1)\n  (data (i32.const 0) \"\\zz\")) ;; <--",
];

/// The line with the mark. There is one.
fn marked(text: &str) -> u32 {
    assert_eq!(text.matches("<--").count(), 1, "one line is marked:\n{text}");
    let line = text.lines().position(|line| line.contains("<--"));
    line.map_or(0, |line| line as u32 + 1)
}

/// Checks that a text is refused at its mark, and says what is wrong otherwise.
fn check(engine: &Engine, text: &str) -> Result<(), String> {
    let error = match text.starts_with("(component") {
        true => Component::new(engine, text).map(|_| ()),
        false => core::Module::new(engine, text).map(|_| ()),
    };
    let Err(error) = error else { return Err(format!("it is accepted:\n{text}")) };
    let location = source_location(&error).ok_or_else(|| format!("no place: {error}\n{text}"))?;
    let shown = error.to_string();
    if !shown.ends_with(location.excerpt()) || shown.contains("at offset") {
        return Err(format!("the place is not shown: {shown}"));
    }
    match marked(text) {
        line if line != location.line => Err(format!("line {line} is wrong: {shown}")),
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

/// What a host or a user reads, as it is.
#[test]
fn messages_quote_the_line_and_use_names() {
    let engine = Engine::default();
    let text = "(component\n  (core module $m (func (export \"f\") (param i32)))\n  (core instance $i (instantiate $m))\n  \
                (alias core export $i \"f\" (core func $take))\n  (func (param \"s\" u32) (result u32)\n    (canon lift (core func $take))))";
    let expected = [
        "invalid component: canonical lowered result types `[i32]` do not match result types `[]` of core function $take",
        " --> take.wat:6:28",
        "  |",
        "6 |     (canon lift (core func $take))))",
        "  |                            ^^^^^",
    ];
    let error = Component::from_source(&engine, &NamedSource::new("take.wat", text)).unwrap_err();
    // The wording is the validator's.
    let shown = error.to_string();
    let (first, rest) = shown.split_once('\n').unwrap();
    assert!(first.contains("of core function $take"), "{first}");
    assert_eq!(rest.lines().collect::<Vec<_>>(), expected[1..]);

    let binary = wat::parse_str(text).unwrap();
    let shown = Component::new(&engine, &binary).unwrap_err().to_string();
    assert!(shown.starts_with(first) && shown.contains(" (at offset 0x"), "{shown}");

    let text = "(module\n\t(func $\"größe\" (result i32)\r\n\t\ti64.const 1))\r\n";
    let error = core::Module::from_source(&engine, &NamedSource::new("a b.wat", text)).err().unwrap();
    let expected = [
        "function 0 `größe` of core module `module`: type mismatch: expected i32, found i64",
        " --> a b.wat:3:14",
        "  |",
        "3 |         i64.const 1))",
        "  |                    ^",
    ];
    assert_eq!(error.to_string(), expected.join("\n"));
    assert_eq!(source_location(&error.context("loading")).unwrap().to_string(), "a b.wat:3:14");
}

#[test]
fn what_is_missing_is_shown_where_it_is_imported() {
    let engine = Engine::default();
    let text = "(module\n  (func)\n)\n";
    let source = NamedSource::new("m.wat", text.replace("(func)", "(import \"a\" \"b\" (func))"));
    let module = core::Module::from_source(&engine, &source).unwrap();
    let mut store = Store::new(&engine, ());
    let error = core::Linker::new(&engine).instantiate(&mut store, &module).unwrap_err();
    let shown =
        "unknown import: `a::b` has not been defined\n --> m.wat:2:3\n  |\n2 |   (import \"a\" \"b\" (func))\n  |   ^";
    assert_eq!(error.to_string(), shown);
    assert!(error.is::<LinkError>());
    let global = core::Module::new(&engine, "(module (global (export \"b\") i32 (i32.const 0)))").unwrap();
    let mut linker = core::Linker::new(&engine);
    let global = linker.instantiate(&mut store, &global).unwrap();
    linker.instance(&mut store, "a", global).unwrap();
    let error = linker.instantiate(&mut store, &module).unwrap_err();
    assert_eq!(source_location(&error).unwrap().to_string(), "m.wat:2:3");
}

#[test]
fn imports_of_components_are_shown_where_they_are() {
    let engine = Engine::default();
    let text = "(component\n  (import \"log\" (func))\n  (import \"host:api/io\" (instance\n    (export \"read\" (func))\n    \
                (export \"write\" (func)))))";
    let component = Component::from_source(&engine, &NamedSource::new("io.wat", text)).unwrap();
    let failed = |linker: &Linker<()>| linker.instantiate_pre(&component).err().unwrap();
    let mut linker = Linker::new(&engine);
    let all = failed(&linker).to_string();
    let lines: Vec<&str> = all.lines().collect();
    assert!(lines[0].starts_with("2 imports are not met"), "{all}");
    assert!(lines[1].ends_with(" (io.wat:2:3)") && lines[2].ends_with(" (io.wat:3:3)"), "{all}");
    assert_eq!(lines[3..], [" --> io.wat:2:3", "  |", "2 |   (import \"log\" (func))", "  |   ^"], "the first one's");
    assert_eq!(source_location(&failed(&linker)).unwrap().to_string(), "io.wat:2:3");
    let unnamed = Component::new(&engine, text).unwrap();
    let error = linker.instantiate_pre(&unnamed).err().unwrap();
    assert!(error.to_string().lines().count() == 3, "a text without a name is not quoted: {error}");
    assert_eq!(source_location(&error).unwrap().to_string(), "<text>:2:3");
    linker.instance("host:api/io").unwrap().func_wrap("read", |_, (): ()| Ok(())).unwrap();
    linker.root().func_wrap("log", |_, (): ()| Ok(())).unwrap();
    let error = failed(&linker);
    assert_eq!(error.downcast_ref().and_then(LinkError::location).unwrap().to_string(), "io.wat:5:5");
    assert!(error.to_string().ends_with("\n5 |     (export \"write\" (func)))))\n  |     ^"), "{error}");
    linker.instance("host:api/io").unwrap().func_wrap("write", |_, (_,): (u32,)| Ok(())).unwrap();
    assert_eq!(source_location(&failed(&linker)).unwrap().line, 5, "of another type");
}

#[test]
fn frames_of_backtraces_know_their_lines() {
    let engine = Engine::default();
    let text = "(component
  (core module $m
    (func $inner
      unreachable)
    (func (export \"outer\")
      (block
        (call $inner))))
  (core instance $i (instantiate $m))
  (func (export \"run\") (canon lift (core func $i \"outer\"))))";
    let component = Component::from_source(&engine, &NamedSource::new("run.wat", text)).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine).instantiate(&mut store, &component).unwrap();
    let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
    let error = run.call(&mut store, ()).unwrap_err();
    let trap = error.downcast_ref::<Trap>().unwrap();
    let shown: Vec<String> = trap.to_string().lines().map(|line| line.trim_start().to_string()).collect();
    let [_, _, inner, at_inner, outer, at_outer] = &*shown else { panic!("{shown:?}") };
    assert!(inner.starts_with("0: 0x") && inner.ends_with(" - m!inner"), "{shown:?}");
    assert!(outer.starts_with("1: 0x") && outer.ends_with(" - m!outer"), "a name of its own it has not: {shown:?}");
    assert_eq!((&**at_inner, &**at_outer), ("at run.wat:4:7", "at run.wat:7:9"));
    assert!(source_location(&error).unwrap().excerpt().ends_with("4 |       unreachable)\n  |       ^^^^^^^^^^^"));
    // Nothing of that for a binary, but for the names.
    let binary = Component::new(&engine, wat::parse_str(text).unwrap()).unwrap();
    let instance = Linker::new(&engine).instantiate(&mut store, &binary).unwrap();
    let error = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap().call(&mut store, ()).unwrap_err();
    assert!(error.to_string().ends_with(" - m!outer") && source_location(&error).is_none(), "{error}");
}
