//! A function whose calls are inlined has code of its own wherever something else can reach it: one test for each way to do that. All engines
//! say the same, and so does what was stored and loaded.
#![cfg(all(feature = "compile", feature = "wat"))]

use crate::artifacts::deserialize;
use gusset::core::{Instance as CoreInstance, Module};
use gusset::{Component, Config, Engine, Linker, ResourceAny, Result, Store};

type Configure = fn(&mut Config);

const CONFIGS: [Configure; 6] = [
    |config| _ = config.compiler_inlining(false),
    |_| {},
    |config| _ = config.lazy_compilation(true),
    |config| _ = config.signals_based_traps(false),
    |config| _ = config.consume_fuel(true),
    |config| _ = config.trace_calls(|_| {}),
];

/// Calls `check` with the component in all engines, as it was compiled and as it was stored and loaded.
pub(crate) fn everywhere(text: &str, check: impl Fn(&mut Store<()>, &Component) -> Result<()>) -> Result<()> {
    for (at, configure) in CONFIGS.into_iter().enumerate() {
        let mut config = Config::new();
        configure(&mut config);
        let engine = Engine::new(&config)?;
        let component = Component::new(&engine, text)?;
        let loaded = deserialize(&engine, &component.serialize()?)?;
        for component in [component, loaded] {
            let mut store = Store::new(&engine, ());
            let _ = store.set_fuel(1 << 40);
            check(&mut store, &component).map_err(|error| error.context(format!("configuration {at} of {text}")))?;
        }
    }
    Ok(())
}

/// What `run` returns, and what `f` does for 3 where it is exported.
fn returns(text: &str, run: u32, f: Option<u32>) -> Result<()> {
    everywhere(text, |store, component| {
        let instance = Linker::new(store.engine()).instantiate(&mut *store, component)?;
        let func = instance.get_typed_func::<(), (u32,)>(&mut *store, "run")?;
        assert_eq!(func.call(&mut *store, ())?.0, run, "{text}");
        if let Some(expected) = f {
            let func = instance.get_typed_func::<(u32,), (u32,)>(&mut *store, "f")?;
            assert_eq!(func.call(&mut *store, (3,))?.0, expected, "{text}");
        }
        Ok(())
    })
}

const TYPE: &str = "(param i32) (result i32)";

/// Exports `f`, which adds 7.
const ADDS_7: &str = r#"(func $f (export "f") (param i32) (result i32) (i32.add (local.get 0) (i32.const 7)))"#;

/// What `run` returns for calls of it.
const TWO_CALLS: u32 = (5 + 7) * (1 + 7);

/// A component of `$lib`, whose fields are `lib`, and `$main`, which calls `f` of it in `run` and adds `more`; `imports` and `fields` are
/// others of its. What `between` says is made after `$lib`, and with `with` it is given to `$main`; `after` comes last.
#[derive(Clone, Copy)]
struct TwoModules<'a> {
    lib: &'a str,
    imports: &'a str,
    fields: &'a str,
    more: &'a str,
    between: &'a str,
    with: &'a str,
    after: &'a str,
}

const TWO_MODULES: TwoModules<'_> =
    TwoModules { lib: ADDS_7, imports: "", fields: "", more: "i32.const 0", between: "", with: "", after: "" };

impl TwoModules<'_> {
    fn text(self) -> String {
        let TwoModules { lib, imports, fields, more, between, with, after } = self;
        format!(
            r#"(component
            (core module $lib {lib})
            (core module $main (import "lib" "f" (func $f {TYPE})) {imports}
                (func $run (export "run") (result i32)
                    (i32.add (i32.mul (call $f (i32.const 5)) (call $f (i32.const 1))) ({more})))
                {fields})
            (core instance $lib (instantiate $lib))
            {between}
            (core instance $main (instantiate $main (with "lib" (instance $lib)) {with}))
            (func (export "run") (result u32) (canon lift (core func $main "run")))
            {after})"#
        )
    }
}

const LIFTED: &str = r#"(func (export "f") (param "x" u32) (result u32) (canon lift (core func $lib "f")))"#;

#[test]
fn nobody_else_calls_it() -> Result<()> {
    returns(&TWO_MODULES.text(), TWO_CALLS, None)
}

#[test]
fn the_host_calls_it() -> Result<()> {
    returns(&TwoModules { after: LIFTED, ..TWO_MODULES }.text(), TWO_CALLS, Some(10))
}

#[test]
fn a_module_of_which_nothing_is_known_calls_it() -> Result<()> {
    let between = format!(
        r#"(core module $twice (import "lib" "f" (func $f {TYPE})) (func (export "g") (result i32) (call $f (i32.const 1))))
        (core instance $one (instantiate $twice (with "lib" (instance $lib))))
        (core instance $two (instantiate $twice (with "lib" (instance $lib))))"#
    );
    let parts = TwoModules {
        between: &between,
        imports: r#"(import "one" "g" (func $one (result i32))) (import "two" "g" (func $two (result i32)))"#,
        with: r#"(with "one" (instance $one)) (with "two" (instance $two))"#,
        more: "i32.add (call $one) (call $two)",
        ..TWO_MODULES
    };
    returns(&parts.text(), TWO_CALLS + 8 + 8, None)
}

#[test]
fn it_is_of_a_module_that_is_instantiated_twice() -> Result<()> {
    let other = r#"(core instance $other (instantiate $lib))"#;
    returns(&TwoModules { between: other, after: LIFTED, ..TWO_MODULES }.text(), TWO_CALLS, Some(10))?;
    let lifted = LIFTED.replace("$lib", "$other");
    returns(&TwoModules { between: other, after: &lifted, ..TWO_MODULES }.text(), TWO_CALLS, Some(10))
}

/// Calls that are not inlined: in place of a return, and under a handler where the callee calls what may throw.
#[test]
fn its_own_code_is_called() -> Result<()> {
    let tail = "(func $tail (result i32) (return_call $f (i32.const 1)))";
    returns(&TwoModules { fields: tail, more: "call $tail", ..TWO_MODULES }.text(), TWO_CALLS + 8, None)?;
    let lib = r#"(func $slow (param i32) (result i32)
            (loop (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 50)))) (local.get 0))
        (func (export "f") (param i32) (result i32) (i32.add (call $slow (local.get 0)) (local.get 0)))"#;
    let caught = "(func $under (result i32)
        (block $caught (try_table (catch_all $caught) (return (call $f (i32.const 2))))) (i32.const 99))";
    let parts = TwoModules { lib, fields: caught, more: "call $under", ..TWO_MODULES };
    returns(&parts.text(), 55 * 51 + 52, None)
}

#[test]
fn it_starts_an_instance() -> Result<()> {
    let lib = format!(
        r#"{ADDS_7} (global $n (mut i32) (i32.const 0))
        (func $init (export "init") (global.set $n (i32.add (global.get $n) (i32.const 1))))
        (func (export "n") (result i32) (global.get $n))"#
    );
    let imports = r#"(import "lib" "init" (func $init)) (import "lib" "n" (func $n (result i32)))"#;
    let fields = "(func $again (result i32) (call $init) (call $n))";
    let parts = TwoModules { lib: &lib, imports, fields, more: "call $again", ..TWO_MODULES };
    returns(&parts.text(), TWO_CALLS + 1, None)?;
    let own = format!("{lib} (start $init)");
    returns(&TwoModules { lib: &own, ..parts }.text(), TWO_CALLS + 2, None)?;
    let both = format!("{fields} (start $init)");
    returns(&TwoModules { lib: &own, fields: &both, ..parts }.text(), TWO_CALLS + 3, None)
}

/// A reference of it stands in a table or a global: of its own module, and of one that imports it.
#[test]
fn references_of_it_are_called() -> Result<()> {
    let through = |element: &str| format!("(call_indirect $t {TYPE} (local.get 0) ({element}))");
    for (fields, element) in [
        ("(table $t 3 funcref) (elem (i32.const 1) $f)", "i32.const 1"),
        ("(table $t 3 funcref) (elem (i32.const 1) funcref (ref.func $f))", "i32.const 1"),
        ("(table $t 3 funcref) (global $at (mut i32) (i32.const 2)) (elem (i32.const 2) $f)", "global.get $at"),
        ("(table $t 3 funcref (ref.func $f))", "i32.const 0"),
        (
            "(table $t 3 funcref) (elem declare func $f) (func $put (table.set $t (i32.const 0) (ref.func $f))) (start $put)",
            "i32.const 0",
        ),
        (
            "(table $t 3 funcref) (elem $e func $f)
             (func $put (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 1))) (start $put)",
            "i32.const 0",
        ),
        (
            "(table $t 3 funcref) (global $g funcref (ref.func $f))
             (func $put (table.set $t (i32.const 0) (global.get $g))) (start $put)",
            "i32.const 0",
        ),
    ] {
        let call = through(element);
        let of_importer = format!("{fields} (func $ref (param i32) (result i32) {call})");
        let parts = TwoModules { fields: &of_importer, more: "call $ref (i32.const 2)", ..TWO_MODULES };
        returns(&parts.text(), TWO_CALLS + 9, None)?;
        let of_its_own = format!(r#"{ADDS_7} {fields} (func (export "ref") (param i32) (result i32) {call})"#);
        let imports = format!(r#"(import "lib" "ref" (func $ref {TYPE}))"#);
        let parts = TwoModules { lib: &of_its_own, imports: &imports, more: "call $ref (i32.const 2)", ..TWO_MODULES };
        returns(&parts.text(), TWO_CALLS + 9, None)?;
    }
    Ok(())
}

/// What was imported is exported again: then only those call it who inline it, or the host does.
#[test]
fn it_is_handed_on() -> Result<()> {
    let between = format!(
        r#"(core module $hand (import "lib" "f" (func $f {TYPE})) (export "f" (func $f)))
        (core instance $hand (instantiate $hand (with "lib" (instance $lib))))"#
    );
    let imports = format!(r#"(import "hand" "f" (func $g {TYPE}))"#);
    let parts = TwoModules {
        between: &between,
        imports: &imports,
        with: r#"(with "hand" (instance $hand))"#,
        more: "call $g (i32.const 4)",
        ..TWO_MODULES
    };
    returns(&parts.text(), TWO_CALLS + 11, None)?;
    let lifted = LIFTED.replace("$lib", "$hand");
    returns(&TwoModules { after: &lifted, ..parts }.text(), TWO_CALLS + 11, Some(10))
}

/// Others make instances of its module.
#[test]
fn its_module_is_exported() -> Result<()> {
    let text = TwoModules { after: r#"(export "lib" (core module $lib))"#, ..TWO_MODULES }.text();
    returns(&text, TWO_CALLS, None)?;
    everywhere(&text, |store, component| {
        let module = component.get_module("lib").expect("it is exported");
        let instance = CoreInstance::new(&mut *store, &module, &[])?;
        let func = instance.get_typed_func::<i32, i32>(&mut *store, "f")?;
        assert_eq!(func.call(&mut *store, 3)?, 10);
        Ok(())
    })
}

#[test]
fn a_module_by_itself_exports_it() -> Result<()> {
    let text =
        format!(r#"(module {ADDS_7} (func (export "run") {TYPE} (i32.mul (call $f (local.get 0)) (i32.const 2))))"#);
    for configure in CONFIGS {
        let mut config = Config::new();
        configure(&mut config);
        let engine = Engine::new(&config)?;
        let mut store = Store::new(&engine, ());
        let _ = store.set_fuel(1 << 40);
        let instance = CoreInstance::new(&mut store, &Module::new(&engine, &text)?, &[])?;
        for (name, expected) in [("run", 20), ("f", 10)] {
            assert_eq!(instance.get_typed_func::<i32, i32>(&mut store, name)?.call(&mut store, 3)?, expected);
        }
    }
    Ok(())
}

/// Two components, whose calls pass through an adapter: the inner one's function is exported by the root too, or is not.
#[test]
fn it_is_between_components() -> Result<()> {
    let ty = r#"(param "x" u32) (result u32)"#;
    for (export, f) in [("", None), (r#"(export "f" (func $a "f"))"#, Some(10))] {
        let text = format!(
            r#"(component
            (component $a (core module $m {ADDS_7}) (core instance $i (instantiate $m))
                (func (export "f") {ty} (canon lift (core func $i "f"))))
            (component $b (import "f" (func $f {ty})) (core func $f (canon lower (func $f)))
                (core module $m (import "" "f" (func $f {TYPE}))
                    (func (export "run") (result i32) (i32.mul (call $f (i32.const 5)) (call $f (i32.const 1)))))
                (core instance $i (instantiate $m (with "" (instance (export "f" (func $f))))))
                (func (export "run") (result u32) (canon lift (core func $i "run"))))
            (instance $a (instantiate $a)) (instance $b (instantiate $b (with "f" (func $a "f"))))
            (export "run" (func $b "run")) {export})"#
        );
        returns(&text, TWO_CALLS, f)?;
    }
    Ok(())
}

/// `realloc`, which the host calls for a parameter, and for a result of its own; and `post-return`.
#[test]
fn canonical_options_name_it() -> Result<()> {
    let text = r#"(component
        (import "name" (func $name (result string)))
        (core module $lib (memory (export "memory") 1) (global $calls (mut i32) (i32.const 0))
            (func (export "realloc") (param i32 i32 i32 i32) (result i32)
                (global.set $calls (i32.add (global.get $calls) (i32.const 1))) (i32.const 64))
            (func (export "post") (param i32) (global.set $calls (i32.add (global.get $calls) (i32.const 100))))
            (func (export "calls") (result i32) (global.get $calls)))
        (core instance $lib (instantiate $lib))
        (alias core export $lib "memory" (core memory $memory))
        (alias core export $lib "realloc" (core func $realloc))
        (core func $name (canon lower (func $name) (memory $memory) (realloc $realloc)))
        (core module $main (import "lib" "memory" (memory 1))
            (import "lib" "realloc" (func $realloc (param i32 i32 i32 i32) (result i32)))
            (import "lib" "post" (func $post (param i32)))
            (import "lib" "calls" (func $calls (result i32)))
            (import "host" "name" (func $name (param i32)))
            (func (export "same") (param i32 i32) (result i32)
                (drop (call $realloc (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 1)))
                (call $post (i32.const 0))
                (i32.store (i32.const 0) (local.get 0)) (i32.store (i32.const 4) (local.get 1)) (i32.const 0))
            (func (export "run") (result i32) (call $name (i32.const 16)) (call $calls)))
        (core instance $main (instantiate $main (with "lib" (instance $lib))
            (with "host" (instance (export "name" (func $name))))))
        (func (export "same") (param "s" string) (result string) (canon lift (core func $main "same") (memory $memory)
            (realloc $realloc) (post-return (core func $lib "post"))))
        (func (export "run") (result u32) (canon lift (core func $main "run"))))"#;
    everywhere(text, |store, component| {
        let mut linker = Linker::new(store.engine());
        linker.root().func_wrap("name", |_, (): ()| Ok(("some name".to_string(),)))?;
        let instance = linker.instantiate(&mut *store, component)?;
        let same = instance.get_typed_func::<(&str,), (String,)>(&mut *store, "same")?;
        assert_eq!(same.call(&mut *store, ("text",))?.0, "text");
        let run = instance.get_typed_func::<(), (u32,)>(&mut *store, "run")?;
        // A call of each by the guest and by the host, and one of `realloc` for the name.
        assert_eq!(run.call(&mut *store, ())?.0, 2 + 200 + 1);
        Ok(())
    })
}

/// The host drops a resource whose destructor the guest calls too.
#[test]
fn it_is_a_destructor() -> Result<()> {
    let text = r#"(component
        (core module $lib (global $sum (mut i32) (i32.const 0))
            (func (export "drop") (param i32) (global.set $sum (i32.add (global.get $sum) (local.get 0))))
            (func (export "sum") (result i32) (global.get $sum)))
        (core instance $lib (instantiate $lib))
        (type $r' (resource (rep i32) (dtor (core func $lib "drop"))))
        (export $r "r" (type $r'))
        (core func $new (canon resource.new $r'))
        (core module $main (import "lib" "drop" (func $drop (param i32))) (import "lib" "sum" (func $sum (result i32)))
            (import "lib" "new" (func $new (param i32) (result i32)))
            (func (export "make") (result i32) (call $new (i32.const 5)))
            (func (export "run") (result i32) (call $drop (i32.const 100)) (call $sum)))
        (core instance $main (instantiate $main (with "lib" (instance
            (export "drop" (func $lib "drop")) (export "sum" (func $lib "sum")) (export "new" (func $new))))))
        (func (export "make") (result (own $r)) (canon lift (core func $main "make")))
        (func (export "run") (result u32) (canon lift (core func $main "run"))))"#;
    everywhere(text, |store, component| {
        let instance = Linker::new(store.engine()).instantiate(&mut *store, component)?;
        let make = instance.get_typed_func::<(), (ResourceAny,)>(&mut *store, "make")?;
        make.call(&mut *store, ())?.0.resource_drop(&mut *store)?;
        let run = instance.get_typed_func::<(), (u32,)>(&mut *store, "run")?;
        assert_eq!(run.call(&mut *store, ())?.0, 105);
        Ok(())
    })
}

/// Another component, which is linked with it when the program runs, calls it.
#[test]
fn an_instance_that_is_linked_later_calls_it() -> Result<()> {
    let text = TwoModules { after: LIFTED, ..TWO_MODULES }.text();
    let user = r#"(component (import "f" (func $f (param "x" u32) (result u32)))
        (core func $f (canon lower (func $f)))
        (core module $m (import "" "f" (func $f (param i32) (result i32)))
            (func (export "run") (result i32) (call $f (i32.const 1))))
        (core instance $i (instantiate $m (with "" (instance (export "f" (func $f))))))
        (func (export "run") (result u32) (canon lift (core func $i "run"))))"#;
    everywhere(&text, |store, component| {
        let first = Linker::new(store.engine()).instantiate(&mut *store, component)?;
        let mut linker = Linker::new(store.engine());
        let f = first.get_func(&mut *store, "f").expect("it is exported");
        linker.root().define_func(&*store, "f", f)?;
        let user = Component::new(store.engine(), user)?;
        let second = linker.instantiate(&mut *store, &user)?;
        assert_eq!(second.get_typed_func::<(), (u32,)>(&mut *store, "run")?.call(&mut *store, ())?.0, 8);
        Ok(())
    })
}
