//! Codes of an instance's state: it calls out while it must not, or is entered after it has failed.

use super::{Finder, TrapCase};
use gusset::{Component, Engine, Error, Func, Instance, Linker, Store, TrapCode};

/// `realloc` of `lib` calls `f`, of a component beside it or of the host, while a string is lowered.
fn leaves(side: Finder) -> String {
    let out = match side {
        Finder::Host => r#"  (import "f" (func $f))"#,
        _ => {
            r#"  (component $out
    (core module $m (func (export "f")))
    (core instance $i (instantiate $m))
    (func (export "f") (canon lift (core func $i "f"))))
  (instance $out (instantiate $out))
  (alias export $out "f" (func $f))"#
        }
    };
    format!(
        r#"(component
{out}
  (component $lib
    (import "f" (func $f))
    (core func $f (canon lower (func $f)))
    (core module $m
      (import "" "f" (func $f))
      (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (call $f) (i32.const 0))
      (func (export "run") (param i32 i32)))
    (core instance $i (instantiate $m (with "" (instance (export "f" (func $f))))))
    (func (export "run") (param "v" string) (canon lift (core func $i "run")
      (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))
  (instance $lib (instantiate $lib (with "f" (func $f))))
  (func (export "run") (alias export $lib "run")))"#
    )
}

/// The host calls back, keeps the failure to itself and returns into what has failed.
const SWALLOWED: &str = r#"(component
  (import "swallow" (func $swallow))
  (core func $swallow (canon lower (func $swallow)))
  (core module $m
    (import "" "swallow" (func $swallow))
    (func (export "fail") unreachable)
    (func (export "run") (call $swallow)))
  (core instance $i (instantiate $m (with "" (instance (export "swallow" (func $swallow))))))
  (func (export "fail") (canon lift (core func $i "fail")))
  (func (export "run") (canon lift (core func $i "run"))))"#;

/// A function of an instance that has failed before.
pub(crate) fn failed(
    engine: &Engine,
    linker: &Linker<Option<Instance>>,
    store: &mut Store<Option<Instance>>,
) -> Result<Func, Error> {
    let component = Component::new(
        engine,
        r#"(component
  (core module $m (func (export "f")) (func (export "fail") unreachable))
  (core instance $i (instantiate $m))
  (func (export "f") (canon lift (core func $i "f")))
  (func (export "fail") (canon lift (core func $i "fail"))))"#,
    )?;
    let instance = linker.instantiate(&mut *store, &component)?;
    let fail = instance.get_typed_func::<(), ()>(&mut *store, "fail")?;
    fail.call(&mut *store, ()).expect_err("it traps");
    instance.get_func(&mut *store, "f").ok_or_else(|| Error::msg("it is exported"))
}

/// A call through a link into an instance that has failed.
const LINKED: &str = r#"(component
  (import "linked" (func $linked))
  (core func $linked (canon lower (func $linked)))
  (core module $m
    (import "" "linked" (func $linked))
    (func (export "run") (call $linked)))
  (core instance $i (instantiate $m (with "" (instance (export "linked" (func $linked))))))
  (func (export "run") (canon lift (core func $i "run"))))"#;

pub(crate) fn cases() -> Vec<TrapCase> {
    let mut cases = Vec::new();
    for side in [Finder::Adapter, Finder::Host] {
        let shown = "cannot leave component instance";
        let names = if side == Finder::Host { "lib -> host f" } else { "lib -> out f" }.into();
        let (code, text) = (TrapCode::CannotLeave, leaves(side));
        cases.push(TrapCase { code, side, shown, path: "", names, text, heavy: false });
    }
    // It says what failed before, and where.
    macro_rules! shown {
        ($place:literal) => {
            concat!(
                "cannot enter component instance: an earlier call of `fail` trapped: wasm `unreachable` instruction executed, ",
                "at m!fail (<text>:",
                $place,
                ")"
            )
        };
    }
    for (side, shown, names, text) in [
        (Finder::Adapter, shown!("2:61"), "component 0 -> component 0 f", LINKED),
        (Finder::Host, shown!("6:27"), "component 0 -> host swallow", SWALLOWED),
    ] {
        let (code, names, text) = (TrapCode::CannotEnter, names.into(), text.into());
        cases.push(TrapCase { code, side, shown, path: "", names, text, heavy: false });
    }
    cases
}
