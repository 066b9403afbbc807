//! How a linker finds what a component imports: by names, compatible versions and attributes; and what it says of what it does
//! not find.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::{Component, Config, Engine, LinkError, Linker, Store, Val};
use std::sync::OnceLock;

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(Engine::default)
}

fn component(text: &str) -> Component {
    Component::new(engine(), text).unwrap_or_else(|error| panic!("{error:?}"))
}

/// A component that imports the function `which` of the instance `name`, which may have attributes, and exports it as `which` and
/// in an instance of that name.
fn importer(name: &str, attributes: &str) -> Component {
    let exported = if attributes.is_empty() { format!(r#"(export "{name}" (instance $i))"#) } else { String::new() };
    component(&format!(
        r#"(component
          (import "{name}" {attributes} (instance $i (export "which" (func (result string)))))
          (core module $libc
            (memory (export "mem") 1)
            (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 16)))
          (core instance $libc (instantiate $libc))
          (core func $which (canon lower (func $i "which")
            (memory (core memory $libc "mem")) (realloc (core func $libc "realloc"))))
          (core module $m
            (import "" "which" (func $which (param i32)))
            (func (export "which") (result i32) (call $which (i32.const 0)) (i32.const 0)))
          (core instance $m (instantiate $m (with "" (instance (export "which" (func $which))))))
          (func (export "which") (result string)
            (canon lift (core func $m "which") (memory (core memory $libc "mem"))))
          {exported})"#
    ))
}

/// A linker in which the function `which` of each instance says the instance's name.
fn linker(names: &[&'static str]) -> Linker<()> {
    let mut linker = Linker::new(engine());
    for &name in names {
        linker.instance(name).unwrap().func_wrap("which", move |_, (): ()| Ok((name.to_string(),))).unwrap();
    }
    linker
}

/// What the import of `importer` was linked with.
fn linked(linker: &Linker<()>, component: &Component) -> Option<String> {
    let mut store = Store::new(engine(), ());
    let instance = match linker.instantiate(&mut store, component) {
        Ok(instance) => instance,
        Err(error) => {
            assert!(error.is::<LinkError>(), "{error}");
            return None;
        }
    };
    let which = instance.get_typed_func::<(), (String,)>(&mut store, "which").unwrap();
    Some(which.call(&mut store, ()).unwrap().0)
}

#[test]
fn a_compatible_version_stands_for_another_and_the_newest_of_several() {
    let cases: &[(&str, &[&'static str], Option<&str>)] = &[
        ("wasi:io/streams@0.2.1", &["wasi:io/streams@0.2.6"], Some("wasi:io/streams@0.2.6")),
        ("wasi:io/streams@0.2.6", &["wasi:io/streams@0.2.1"], Some("wasi:io/streams@0.2.1")),
        // The same name wins, in whatever order they are defined.
        ("a:b/c@0.2.1", &["a:b/c@0.2.0", "a:b/c@0.2.1", "a:b/c@0.2.2"], Some("a:b/c@0.2.1")),
        ("a:b/c@0.2.1", &["a:b/c@0.2.2", "a:b/c@0.2.10", "a:b/c@0.2.9"], Some("a:b/c@0.2.10")),
        ("a:b/c@1.0.0", &["a:b/c@1.2.0", "a:b/c@2.0.0", "a:b/c@1.1.9"], Some("a:b/c@1.2.0")),
        // Other tracks, other interfaces, no versions.
        ("a:b/c@0.2.1", &["a:b/c@0.3.0", "a:b/c@1.2.1", "a:b/d@0.2.1"], None),
        ("a:b/c@2.0.0", &["a:b/c@1.9.9", "a:b/c@3.0.0"], None),
        // Exact ones.
        ("a:b/c@0.0.1", &["a:b/c@0.0.2"], None),
        ("a:b/c@0.0.1", &["a:b/c@0.0.2", "a:b/c@0.0.1"], Some("a:b/c@0.0.1")),
        ("a:b/c@1.0.0-rc.1", &["a:b/c@1.0.0", "a:b/c@1.0.0-rc.2"], None),
        ("a:b/c@1.0.0-rc.1", &["a:b/c@1.0.0-rc.1"], Some("a:b/c@1.0.0-rc.1")),
        ("a:b/c@1.0.0", &["a:b/c@1.0.1-rc.1"], None),
        // A host may define a canonical name.
        ("a:b/c@0.2.7", &["a:b/c@0.2"], Some("a:b/c@0.2")),
        ("a:b/c@0.2.7", &["a:b/c@0.2", "a:b/c@0.2.0"], Some("a:b/c@0.2.0")),
    ];
    for (import, names, found) in cases {
        assert_eq!(linked(&linker(names), &importer(import, "")).as_deref(), *found, "{import} {names:?}");
    }
}

#[test]
fn a_definition_that_leaves_something_out_stands_for_what_it_can_mean_alone() {
    let cases: &[(&str, &[&'static str], Option<&str>)] = &[
        // No version, on either side.
        ("a:b/c@1.0.0", &["a:b/c"], Some("a:b/c")),
        ("a:b/c@0.0.1", &["a:b/c"], Some("a:b/c")),
        ("a:b/c", &["a:b/c@1.0.0"], Some("a:b/c@1.0.0")),
        // The short name, on either side.
        ("a:b/c@1.0.0", &["c"], Some("c")),
        ("a:b/c", &["c"], Some("c")),
        ("c", &["a:b/c@1.0.0"], Some("a:b/c@1.0.0")),
        ("a:b/c@1.0.0", &["c@1.2.0"], Some("c@1.2.0")),
        ("a:b/c@1.0.0", &["c@2.0.0"], None),
        // Neither wins over the same name or a compatible one, in whatever order they are defined.
        ("a:b/c@1.0.0", &["c", "a:b/c", "a:b/c@1.2.0"], Some("a:b/c@1.2.0")),
        ("a:b/c@1.0.0", &["a:b/c@1.0.0", "a:b/c"], Some("a:b/c@1.0.0")),
        ("c", &["a:b/c@1.0.0", "c"], Some("c")),
        // Several may be meant.
        ("a:b/c@1.0.0", &["c", "a:b/c"], None),
        ("a:b/c", &["a:b/c@1.0.0", "a:b/c@2.0.0"], None),
        ("c", &["a:b/c", "x:y/c"], None),
        // Others are not meant.
        ("a:b/c", &["x:y/c", "b/c", "a:b/cc"], None),
    ];
    for (import, names, found) in cases {
        assert_eq!(linked(&linker(names), &importer(import, "")).as_deref(), *found, "{import} {names:?}");
        // Functions that fail take nothing away from it.
        let mut completed = linker(names);
        completed.define_unknown_imports_as_traps(&importer(import, "")).unwrap();
        if found.is_some() {
            assert_eq!(linked(&completed, &importer(import, "")).as_deref(), *found, "{import} {names:?}");
        }
        assert!(completed.instantiate_pre(&importer(import, "")).is_ok(), "{import} {names:?}");
    }
}

#[test]
fn a_definition_that_can_mean_two_imports_stands_for_neither() {
    let importer = |names: [&str; 2]| {
        let import = |name| format!(r#"(import "{name}" (instance (export "which" (func (result string)))))"#);
        component(&format!("(component {} {})", import(names[0]), import(names[1])))
    };
    let error = |names: &[&'static str], imports| match linker(names).instantiate_pre(&importer(imports)) {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    };
    let missing = |import: &str, near: &str| {
        format!(r#"import "{import}" (instance) is missing: "which": func() -> string; {near}"#)
    };
    // One of the imports has it by its very name, or both have not.
    assert_eq!(
        error(&["c"], ["c", "a:b/c@1.0.0"]),
        missing("a:b/c@1.0.0", r#""c" is defined, and can mean "c" as well"#)
    );
    let either = [("a:b/c@1.0.0", "x:y/c"), ("x:y/c", "a:b/c@1.0.0")];
    let lines = either.map(|(import, other)| {
        format!("\n  {}", missing(import, &format!(r#""c" is defined, and can mean "{other}" as well"#)))
    });
    assert_eq!(error(&["c"], ["a:b/c@1.0.0", "x:y/c"]), format!("2 imports are not met:{}", lines.concat()));
    // Each has its own.
    assert_eq!(error(&["x:y/c@0.1.0", "a:b/c"], ["a:b/c@1.0.0", "x:y/c"]), "");
    assert_eq!(
        error(&["c", "a:b/c@1.1.0"], ["a:b/c@1.0.0", "x:y/d"]),
        missing("x:y/d", r#""which" is defined in "c": func() -> string"#)
    );
    let two = r#""c" and "a:b/c" are defined, and it can mean either"#;
    assert_eq!(error(&["c", "a:b/c", "x:y/d"], ["a:b/c@1.0.0", "x:y/d"]), missing("a:b/c@1.0.0", two));
}

/// A host that defines each of these a little beside what is wanted.
#[test]
fn an_error_tells_what_may_have_been_meant_to_be_an_import() {
    let mut linker = Linker::<()>::new(engine());
    let mut clock = linker.instance("docs:demo/clock@0.3.0").unwrap();
    clock.func_wrap("now", |_, (): ()| Ok((1_u64,))).unwrap();
    clock.func_new("zone", |_, _, _| Ok(())).unwrap();
    linker.instance("docs:demo/logging").unwrap().func_wrap("write-line", |_, (_, _): (u8, String)| Ok(())).unwrap();
    linker.root().func_wrap("random", |_, (): ()| Ok((4_u32,))).unwrap();
    let cases = [
        // Another version, another spelling.
        (
            r#"(import "docs:demo/clock@0.2.0" (instance (export "now" (func (result u64)))))"#,
            r#"import "docs:demo/clock@0.2.0" (instance) is missing: "now": func() -> u64; "docs:demo/clock@0.3.0" is defined"#,
        ),
        (
            r#"(import "docs:demo/loging" (instance (export "write-line" (func))))"#,
            r#"import "docs:demo/loging" (instance) is missing: "write-line": func(); "docs:demo/logging" is defined"#,
        ),
        (
            r#"(import "docs:demo/logging" (instance (export "writeline" (func))))"#,
            r#"import "docs:demo/logging": function "writeline" is missing: func(); "write-line" is defined: func(u8, string)"#,
        ),
        // Another place.
        (
            r#"(import "docs:demo/logging" (instance (export "now" (func (result u64)))))"#,
            r#"import "docs:demo/logging": function "now" is missing: func() -> u64; "now" is defined in "docs:demo/clock@0.3.0": func() -> u64"#,
        ),
        (
            r#"(import "docs:demo/logging" (instance (export "zone" (func))))"#,
            r#"import "docs:demo/logging": function "zone" is missing: func(); "zone" is defined in "docs:demo/clock@0.3.0""#,
        ),
        (
            r#"(import "docs:demo/dice" (instance (export "random" (func (result u32)))))"#,
            r#"import "docs:demo/dice" (instance) is missing: "random": func() -> u32; "random" is defined at the root: func() -> u32"#,
        ),
        (
            r#"(import "now" (func (result u64)))"#,
            r#"import "now" (function) is missing: func() -> u64; "now" is defined in "docs:demo/clock@0.3.0": func() -> u64"#,
        ),
        // Several of one instance are one problem.
        (
            r#"(import "docs:demo/logging" (instance (export "now" (func)) (export "flush" (func)) (export "write" (func (param "n" u8)))))"#,
            r#"import "docs:demo/logging" (instance) is defined, but 3 of its items are missing: "now": func() ("now" is defined in "docs:demo/clock@0.3.0": func() -> u64), "flush": func(), "write": func(n: u8)"#,
        ),
        // Nothing.
        (r#"(import "elsewhere" (func))"#, r#"import "elsewhere" (function) is missing: func()"#),
    ];
    for (import, expected) in cases {
        let error = linker.instantiate_pre(&component(&format!("(component {import})"))).expect_err("it is missing");
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn many_items_of_one_instance_are_one_line() {
    let items: String = (0..40).map(|n| format!(r#"(export "f{n}" (func))"#)).collect();
    let text = format!(r#"(component (import "a:b/c" (instance {items})) (import "g" (func)))"#);
    let mut linker = Linker::<()>::new(engine());
    let error = |linker: &Linker<()>| linker.instantiate_pre(&component(&text)).expect_err("it is missing").to_string();
    let ten = (0..10).map(|n| format!(r#""f{n}": func()"#)).collect::<Vec<_>>().join(", ");
    assert_eq!(
        error(&linker),
        format!(
            "2 imports are not met:\n  import \"a:b/c\" (instance) is missing: {ten} and 30 more\n  \
             import \"g\" (function) is missing: func()"
        )
    );
    linker.instance("a:b/c").unwrap();
    assert_eq!(
        error(&linker),
        format!(
            "2 imports are not met:\n  import \"a:b/c\" (instance) is defined, but 40 of its items are missing: {ten} and 30 more\n  \
             import \"g\" (function) is missing: func()"
        )
    );
}

#[test]
fn exports_are_found_by_compatible_versions() {
    let mut store = Store::new(engine(), ());
    let name = "a:b/c@0.2.4";
    let instance = linker(&[name]).instantiate(&mut store, &importer(name, "")).unwrap();
    for (path, found) in [
        ("a:b/c@0.2.4#which", true),
        ("a:b/c@0.2.0#which", true),
        ("a:b/c@0.2#which", true),
        ("a:b/c@0.3.0#which", false),
        ("a:b/c#which", true),
        ("a:b/c@0.2.4#other", false),
    ] {
        assert_eq!(instance.get_func(&mut store, path).is_some(), found, "{path}");
    }
}

#[test]
fn an_import_is_met_by_the_interface_that_it_implements() {
    let primary = importer("primary", r#"(implements "a:kv/store@0.2.1")"#);
    assert_eq!(linked(&linker(&["a:kv/store@0.2.1"]), &primary).as_deref(), Some("a:kv/store@0.2.1"));
    assert_eq!(linked(&linker(&["a:kv/store@0.2.7"]), &primary).as_deref(), Some("a:kv/store@0.2.7"));
    // Its own name says more.
    assert_eq!(linked(&linker(&["a:kv/store@0.2.1", "primary"]), &primary).as_deref(), Some("primary"));
    assert_eq!(linked(&linker(&["a:kv/store@0.3.0"]), &primary), None);
    // What stands for it is not hidden by functions that fail.
    let mut linker = linker(&["a:kv/store@0.2.1"]);
    linker.define_unknown_imports_as_traps(&primary).unwrap();
    assert_eq!(linked(&linker, &primary).as_deref(), Some("a:kv/store@0.2.1"));
}

#[test]
fn a_version_suffix_says_which_version_is_meant() {
    let engine = Engine::new(Config::new().wasm_component_model_canon_names(true)).unwrap();
    let import = |name: &str, suffix: &str| {
        let text = format!(
            r#"(component (import "{name}" (version-suffix "{suffix}") (instance $i (export "which" (func (result string)))))
              (export "passed" (func $i "which")))"#
        );
        Component::new(&engine, text).unwrap_or_else(|error| panic!("{error:?}"))
    };
    let cases: &[(&str, &str, &[&'static str], Option<&str>)] = &[
        ("a:b/c@0.2", ".6", &["a:b/c@0.2.6", "a:b/c@0.2.9", "a:b/c@0.2"], Some("a:b/c@0.2.6")),
        ("a:b/c@0.2", ".6", &["a:b/c@0.2.9", "a:b/c@0.2"], Some("a:b/c@0.2")),
        ("a:b/c@0.2", ".6", &["a:b/c@0.2.1", "a:b/c@0.2.9"], Some("a:b/c@0.2.9")),
        ("a:b/c@1", ".4.0", &["a:b/c@1.3.0"], Some("a:b/c@1.3.0")),
        ("a:b/c@1", ".4.0", &["a:b/c@2.4.0"], None),
    ];
    for (name, suffix, names, found) in cases {
        let mut linker = Linker::new(&engine);
        for &name in *names {
            linker.instance(name).unwrap().func_wrap("which", move |_, (): ()| Ok((name.to_string(),))).unwrap();
        }
        let mut store = Store::new(&engine, ());
        let which = linker.instantiate(&mut store, &import(name, suffix)).ok().map(|instance| {
            let which = instance.get_func(&mut store, "passed").unwrap();
            let mut results = [Val::Bool(false)];
            which.call(&mut store, &[], &mut results).unwrap();
            results
        });
        assert_eq!(which, found.map(|name| [Val::String(name.into())]), "{name} {suffix} {names:?}");
    }
}

#[test]
fn an_instance_goes_by_several_names() {
    let mut linker = linker(&["a:b/c@1.0.0"]);
    linker.root().alias("a:b/c@1.0.0", "other").unwrap();
    assert_eq!(linked(&linker, &importer("other", "")).as_deref(), Some("a:b/c@1.0.0"));
    // An alias is a definition like others: versions are looked for among it, too.
    linker.root().alias("a:b/c@1.0.0", "a:b/c@3.0.0").unwrap();
    assert_eq!(linked(&linker, &importer("a:b/c@3.1.0", "")).as_deref(), Some("a:b/c@1.0.0"));
    let error = format!("{:#}", linker.root().alias("a:b/c@1.2.0", "x").unwrap_err());
    assert_eq!(error, "`a:b/c@1.2.0` is not defined");
    let error = format!("{:#}", linker.root().alias("other", "a:b/c@1.0.0").unwrap_err());
    assert_eq!(error, "`a:b/c@1.0.0` is already defined as an instance");
    linker.instance("in").unwrap().func_wrap("f", |_, (): ()| Ok(())).unwrap();
    linker.instance("in").unwrap().alias("f", "g").unwrap();
    let text = r#"(component (import "in" (instance (export "f" (func)) (export "g" (func)))))"#;
    linker.instantiate_pre(&component(text)).map(drop).unwrap();
}

#[test]
fn all_that_is_missing_or_wrong_is_told_at_once() {
    let imports = r#"(component
      (import "docs:demo/clock@1.0.0" (instance (export "now" (func (result u64))) (export "zone" (func (result string)))))
      (import "docs:demo/log@0.2.0" (instance
        (export "line" (func (param "text" string)))
        (export "level" (func (param "n" u8)))))
      (import "print-line" (func (param "text" string) (result (result u32 (error string)))))
      (import "types" (instance (type $t u8) (export "t" (type (eq $t))))))"#;
    let mut linker = Linker::<()>::new(engine());
    linker.instance("docs:demo/clock@2.1.0").unwrap();
    let mut log = linker.instance("docs:demo/log@0.2.5").unwrap();
    log.func_wrap("line", |_, (_,): (u32,)| Ok(())).unwrap();
    log.func_wrap("levels", |_, (_,): (u8,)| Ok(())).unwrap();
    linker.root().func_wrap("printline", |_, (_,): (String,)| Ok(())).unwrap();
    let error = linker.instantiate_pre(&component(imports)).expect_err("nothing fits").to_string();
    let expected = [
        "4 imports are not met:",
        r#"  import "docs:demo/clock@1.0.0" (instance) is missing: "now": func() -> u64, "zone": func() -> string; "docs:demo/clock@2.1.0" is defined"#,
        r#"  import "docs:demo/log@0.2.0": function "line": its type is func(string), but the host function's is func(u32)"#,
        r#"  import "docs:demo/log@0.2.0": function "level" is missing: func(n: u8); "levels" is defined: func(u8)"#,
        r#"  import "print-line" (function) is missing: func(text: string) -> result<u32, string>; "printline" is defined: func(string)"#,
    ];
    assert_eq!(error.lines().collect::<Vec<_>>(), expected);

    let many: String = (0..1000).map(|n| format!(r#"(import "f{n}" (func))"#)).collect();
    let error = Linker::<()>::new(engine()).instantiate_pre(&component(&format!("(component {many})")));
    let error = error.expect_err("nothing is defined").to_string();
    assert_eq!(error.lines().count(), 22, "{error}");
    assert!(error.ends_with("\n  and 980 more"), "{error}");
}

#[test]
fn what_nobody_defined_fails_when_it_is_called() {
    let component = importer("a:b/c@0.2.1", "");
    // An instance that is there in a compatible version is completed.
    let mut linker = Linker::<()>::new(engine());
    linker.instance("a:b/c@0.2.3").unwrap().func_wrap("another", |_, (): ()| Ok(())).unwrap();
    linker.define_unknown_imports_as_traps(&component).unwrap();
    let mut store = Store::new(engine(), ());
    let instance = linker.instantiate(&mut store, &component).unwrap();
    // The function that is passed on, first: it locks nothing.
    for path in ["a:b/c@0.2.1#which", "which"] {
        let which = instance.get_func(&mut store, path).unwrap();
        let error = which.call(&mut store, &[], &mut [Val::Bool(false)]).unwrap_err();
        assert_eq!(error.root_cause().to_string(), "unknown import: `a:b/c@0.2.1#which` has not been defined");
        assert!(error.is::<LinkError>());
    }
    // What is defined stays, and what is defined as something else is still told.
    let mut linker = self::linker(&["a:b/c@0.2.1"]);
    linker.define_unknown_imports_as_traps(&component).unwrap();
    assert_eq!(linked(&linker, &component).as_deref(), Some("a:b/c@0.2.1"));
    let mut linker = Linker::<()>::new(engine());
    linker.root().func_wrap("a:b/c@0.2.1", |_, (): ()| Ok(())).unwrap();
    linker.define_unknown_imports_as_traps(&component).unwrap();
    let error = linker.instantiate_pre(&component).expect_err("a function is no instance").to_string();
    assert_eq!(error, "import \"a:b/c@0.2.1\" (instance) is defined as a function");
}

#[test]
fn resource_types_that_nobody_defined_are_those_that_they_must_equal() {
    let component = component(
        r#"(component
          (import "a" (instance $a (export "r" (type (sub resource)))))
          (alias export $a "r" (type $r))
          (import "b" (instance (alias outer 1 $r (type $r)) (export "s" (type (eq $r)))
            (export "f" (func (param "x" (borrow $r)))))))"#,
    );
    struct OneOfTheHost;
    for defined in [None, Some(("a", "r")), Some(("b", "s"))] {
        let mut linker = Linker::<()>::new(engine());
        if let Some((instance, name)) = defined {
            let mut names = linker.instance(instance).unwrap();
            names.resource(name, gusset::ResourceType::host::<OneOfTheHost>(), |_, _| Ok(())).unwrap();
        }
        linker.define_unknown_imports_as_traps(&component).unwrap();
        linker.instantiate_pre(&component).map(drop).unwrap_or_else(|error| panic!("{defined:?}: {error}"));
    }
}

#[test]
fn an_instance_may_have_more_than_is_imported() {
    let mut linker = linker(&["a:b/c@1.0.0"]);
    linker.instance("a:b/c@1.0.0").unwrap().func_wrap("more", |_, (_,): (u8,)| Ok(())).unwrap();
    linker.instance("a:b/c@1.0.0").unwrap().instance("inner").unwrap();
    assert_eq!(linked(&linker, &importer("a:b/c@1.0.0", "")).as_deref(), Some("a:b/c@1.0.0"));
}

/// Comparing each with each would be thousands of millions of comparisons.
#[test]
fn very_many_resource_types_are_instantiated_at_once() {
    let count = 99_000;
    let imports: String = (0..count).map(|n| format!(r#"(import "r{n}" (type (sub resource)))"#)).collect();
    let engine = Engine::default();
    let component = Component::new(&engine, format!("(component {imports})")).unwrap();
    let mut linker = Linker::<()>::new(&engine);
    linker.define_unknown_imports_as_traps(&component).unwrap();
    let pre = linker.instantiate_pre(&component).unwrap();
    let start = std::time::Instant::now();
    pre.instantiate(&mut Store::new(&engine, ())).unwrap();
    let elapsed = start.elapsed();
    assert!(elapsed < std::time::Duration::from_secs(5), "{elapsed:?}");
}
