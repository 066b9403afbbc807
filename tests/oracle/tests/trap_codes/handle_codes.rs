//! Codes of handles: indices that are none, or that stand for something else. `app` has handles of `lib`, or of the host, and passes
//! them; `main` lends one to `app`.

use super::{Finder, TrapCase, by_app};
use gusset::TrapCode;

/// What the component that defines the resource types exports.
const LIB: &str = r#"  (component $lib
    (type $r' (resource (rep i32)))
    (type $s' (resource (rep i32)))
    (export $r "r" (type $r'))
    (export $s "s" (type $s'))
    (core func $new-r (canon resource.new $r'))
    (core func $new-s (canon resource.new $s'))
    (core module $m
      (import "" "new-r" (func $new-r (param i32) (result i32)))
      (import "" "new-s" (func $new-s (param i32) (result i32)))
      (func (export "make-r") (result i32) (call $new-r (i32.const 7)))
      (func (export "make-s") (result i32) (call $new-s (i32.const 8)))
      (func (export "take") (param i32))
      (func (export "both") (param i32 i32)))
    (core instance $i (instantiate $m (with "" (instance (export "new-r" (func $new-r)) (export "new-s" (func $new-s))))))
    (func (export "make-r") (result (own $r)) (canon lift (core func $i "make-r")))
    (func (export "make-s") (result (own $s)) (canon lift (core func $i "make-s")))
    (func (export "take") (param "v" (own $r)) (canon lift (core func $i "take")))
    (func (export "see") (param "v" (borrow $r)) (canon lift (core func $i "take")))
    (func (export "both") (param "a" (borrow $r)) (param "v" (own $r)) (canon lift (core func $i "both"))))
  (instance $lib (instantiate $lib))
  (alias export $lib "r" (type $r)) (alias export $lib "s" (type $s))
  (alias export $lib "make-r" (func $make-r)) (alias export $lib "make-s" (func $make-s))
  (alias export $lib "take" (func $take)) (alias export $lib "see" (func $see)) (alias export $lib "both" (func $both))
"#;

/// The same, imported.
const IMPORTS: &str = r#"    (import "r" (type $r (sub resource)))
    (import "s" (type $s (sub resource)))
    (import "make-r" (func $make-r (result (own $r))))
    (import "make-s" (func $make-s (result (own $s))))
    (import "take" (func $take (param "v" (own $r))))
    (import "see" (func $see (param "v" (borrow $r))))
    (import "both" (func $both (param "a" (borrow $r)) (param "v" (own $r))))
"#;

/// Whose `run` is called.
#[derive(Clone, Copy)]
enum HandleCaller {
    /// `app` itself.
    App,
    /// `main`, which lends a handle to `app`.
    Main,
    /// The host, which lends a handle of its own to `app`.
    Host,
}

/// The component in which `app` runs `body`; its local 0 is what it was lent, and the next two are free.
fn text(side: Finder, caller: HandleCaller, body: &str) -> String {
    let lib = if side == Finder::Adapter { LIB } else { IMPORTS };
    let run = match caller {
        HandleCaller::App => r#"(func (export "run") (alias export $app "run"))"#,
        HandleCaller::Main => r#"(func (export "run") (alias export $main "run"))"#,
        HandleCaller::Host => r#"(func (export "run") (alias export $app "lend"))"#,
    };
    format!(
        r#"(component
{lib}  (component $app
{IMPORTS}    (type $mine (resource (rep i32)))
    (core func $make-r (canon lower (func $make-r)))
    (core func $make-s (canon lower (func $make-s)))
    (core func $take (canon lower (func $take)))
    (core func $see (canon lower (func $see)))
    (core func $both (canon lower (func $both)))
    (core func $drop (canon resource.drop $r))
    (core func $new (canon resource.new $mine))
    (core func $rep (canon resource.rep $mine))
    (core module $m
      (import "" "make-r" (func $make-r (result i32)))
      (import "" "make-s" (func $make-s (result i32)))
      (import "" "take" (func $take (param i32)))
      (import "" "see" (func $see (param i32)))
      (import "" "both" (func $both (param i32 i32)))
      (import "" "drop" (func $drop (param i32)))
      (import "" "new" (func $new (param i32) (result i32)))
      (import "" "rep" (func $rep (param i32) (result i32)))
      (func $body (export "body") (param i32) (local i32 i32)
        {body})
      (func (export "run") (call $body (i32.const 0))))
    (core instance $i (instantiate $m (with "" (instance
      (export "make-r" (func $make-r)) (export "make-s" (func $make-s)) (export "take" (func $take))
      (export "see" (func $see)) (export "both" (func $both)) (export "drop" (func $drop))
      (export "new" (func $new)) (export "rep" (func $rep))))))
    (func (export "lend") (param "v" (borrow $r)) (canon lift (core func $i "body")))
    (func (export "run") (canon lift (core func $i "run"))))
  (instance $app (instantiate $app {with} (with "take" (func $take)) (with "see" (func $see)) (with "both" (func $both))
    (with "make-s" (func $make-s)) (with "s" (type $s))))
  (component $main
    (import "r" (type $r (sub resource)))
    (import "make-r" (func $make-r (result (own $r))))
    (import "lend" (func $lend (param "v" (borrow $r))))
    (core func $make-r (canon lower (func $make-r)))
    (core func $lend (canon lower (func $lend)))
    (core module $m
      (import "" "make-r" (func $make-r (result i32)))
      (import "" "lend" (func $lend (param i32)))
      (func (export "run") (call $lend (call $make-r))))
    (core instance $i (instantiate $m (with "" (instance
      (export "make-r" (func $make-r)) (export "lend" (func $lend))))))
    (func (export "run") (canon lift (core func $i "run"))))
  (instance $main (instantiate $main {with} (with "lend" (func $app "lend"))))
  {run})"#,
        with = r#"(with "r" (type $r)) (with "make-r" (func $make-r))"#,
    )
}

const PATH: &str = "param \"v\"";
/// As many handles as a table has.
const FILL: &str = "(loop $next
          (drop (call $new (i32.const 0)))
          (br_if $next (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (i32.const 67108863))))";

fn case(
    code: TrapCode,
    side: Finder,
    shown: &'static str,
    path: &'static str,
    names: String,
    caller: HandleCaller,
    body: &str,
) -> TrapCase {
    let heavy = code == TrapCode::HandleTableFull;
    TrapCase { code, side, shown, path, names, text: text(side, caller, body), heavy }
}

pub(crate) fn cases() -> Vec<TrapCase> {
    let mut cases = Vec::new();
    for side in [Finder::Adapter, Finder::Host] {
        cases.extend(unknown_handles(side));
        let mut add = |code, shown, path, names, caller, body: &str| {
            cases.push(case(code, side, shown, path, names, caller, body));
        };
        let shown = match side {
            Finder::Host => {
                "handle index 1 used with the wrong type, expected host-defined resource but found a different host-defined resource"
            }
            _ => {
                "handle index 1 used with the wrong type, expected guest-defined resource but found a different guest-defined resource"
            }
        };
        add(
            TrapCode::HandleTypeMismatch,
            shown,
            PATH,
            by_app(side, "take"),
            HandleCaller::App,
            "(call $take (call $make-s))",
        );
        add(
            TrapCode::HandleTypeMismatch,
            shown,
            PATH,
            by_app(side, "see"),
            HandleCaller::App,
            "(call $see (call $make-s))",
        );
        let shown = "cannot remove owned resource while borrowed: handle index 1, lent 1 times";
        let body = "(local.set 1 (call $make-r)) (call $both (local.get 1) (local.get 1))";
        add(TrapCode::HandleLent, shown, PATH, by_app(side, "both"), HandleCaller::App, body);
        let shown = "cannot lift own resource from a borrow: handle index 1";
        add(
            TrapCode::HandleNotOwned,
            shown,
            PATH,
            by_app(side, "take"),
            HandleCaller::Main,
            "(call $take (local.get 0))",
        );
        let shown = "borrow handles still remain at the end of the call: 1";
        let (caller, names) = match side {
            Finder::Host => (HandleCaller::Host, "host -> app run"),
            _ => (HandleCaller::Main, "main -> app lend"),
        };
        add(TrapCode::BorrowsRemain, shown, "", names.into(), caller, "");
        let shown = "handle table is full: 67108864";
        let (path, names, overfill) = if side == Finder::Host {
            ("result", "app -> host make-r", "(drop (call $make-r))")
        } else {
            ("", "app -> canon resource.new mine", "(drop (call $new (i32.const 0)))")
        };
        add(TrapCode::HandleTableFull, shown, path, names.into(), HandleCaller::App, &format!("{FILL} {overfill}"));
    }
    cases.extend(built_ins());
    cases
}

/// Handles that there are not.
fn unknown_handles(side: Finder) -> impl Iterator<Item = TrapCase> {
    let unknown = [
        ("unknown handle index 5", "take", "(call $take (i32.const 5))"),
        ("unknown handle index 0", "take", "(call $take (i32.const 0))"),
        ("unknown handle index 0", "see", "(call $see (i32.const 0))"),
        ("unknown handle index 268435456", "see", "(call $see (i32.const 0x10000000))"),
        ("unknown handle index 4294967295", "see", "(call $see (i32.const -1))"),
        // Given away, and dropped.
        (
            "unknown handle index 1",
            "take",
            "(local.set 1 (call $make-r)) (call $take (local.get 1)) (call $take (local.get 1))",
        ),
        (
            "unknown handle index 1",
            "see",
            "(local.set 1 (call $make-r)) (call $drop (local.get 1)) (call $see (local.get 1))",
        ),
    ];
    unknown.into_iter().map(move |(shown, function, body)| {
        case(TrapCode::UnknownHandle, side, shown, PATH, by_app(side, function), HandleCaller::App, body)
    })
}

/// Built-ins say so, too.
fn built_ins() -> [TrapCase; 4] {
    let side = Finder::Adapter;
    let [drop, rep] = ["app -> canon resource.drop r", "app -> canon resource.rep mine"].map(String::from);
    let unknown = "unknown handle index 3";
    let shown = "handle index 1 used with the wrong type, expected guest-defined resource but found a different guest-defined resource";
    [
        (TrapCode::UnknownHandle, unknown, drop.clone(), "(call $drop (i32.const 3))"),
        (TrapCode::UnknownHandle, unknown, rep.clone(), "(drop (call $rep (i32.const 3)))"),
        (TrapCode::HandleTypeMismatch, shown, drop, "(call $drop (call $make-s))"),
        (TrapCode::HandleTypeMismatch, shown, rep, "(drop (call $rep (call $make-s)))"),
    ]
    .map(|(code, shown, names, body)| case(code, side, shown, "", names, HandleCaller::App, body))
}
