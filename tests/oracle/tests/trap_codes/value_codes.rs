//! Codes of values: a parameter that is none, as an adapter and as the host find it, and places that `realloc` must not return.

use super::{Finder, TrapCase, by_app};
use gusset::TrapCode;

/// A call with one parameter `v`: its type, core types, what is passed, the caller's memory and its option.
struct LiftedValue {
    ty: &'static str,
    core: &'static str,
    pass: &'static str,
    data: &'static str,
    encoding: &'static str,
}

/// A string or list at an address.
const fn pair(ty: &'static str, pass: &'static str) -> LiftedValue {
    LiftedValue { ty, core: "i32 i32", pass, data: "", encoding: "string-encoding=utf8" }
}

impl LiftedValue {
    /// The component: `app` calls `f` of the component beside it, or of the host.
    fn text(&self, side: Finder, realloc: &str) -> String {
        let LiftedValue { ty, core, pass, data, encoding } = self;
        let lib = format!(
            r#"  (component $lib
    (core module $m
      (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) {realloc})
      (func (export "f") (param {core})))
    (core instance $i (instantiate $m))
    (func (export "f") (param "v" {ty}) (canon lift (core func $i "f")
      (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))
  (instance $lib (instantiate $lib))
  (alias export $lib "f" (func $f))"#
        );
        let f = if side == Finder::Adapter { lib } else { format!("  (import \"f\" (func $f (param \"v\" {ty})))") };
        format!(
            r#"(component
{f}
  (component $app
    (import "f" (func $f (param "v" {ty})))
    (core module $libc (memory (export "memory") 1) (data (i32.const 0) "{data}"))
    (core instance $libc (instantiate $libc))
    (core func $f (canon lower (func $f) (memory (core memory $libc "memory")) {encoding}))
    (core module $m (import "" "f" (func $f (param {core}))) (func (export "run") (call $f {pass})))
    (core instance $i (instantiate $m (with "" (instance (export "f" (func $f))))))
    (func (export "run") (canon lift (core func $i "run"))))
  (instance $app (instantiate $app (with "f" (func $f))))
  (export "run" (func $app "run")))"#
        )
    }
}

/// The host calls `run` of a component with memory for it at the place that `realloc` returns.
fn lowered(ty: &str, realloc: &str) -> String {
    format!(
        r#"(component
  (core module $m
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) {realloc})
    (func (export "run") (param i32 i32)))
  (core instance $i (instantiate $m))
  (func (export "run") (param "v" {ty}) (canon lift (core func $i "run")
    (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))"#
    )
}

const PATH: &str = "param \"v\"";
const CHARS: &str = "(tuple char char char char char char char char char char char char char char char char char)";

/// The same value, found by an adapter and by the host.
fn found_by_both(
    codes: [TrapCode; 2],
    shown: [&'static str; 2],
    path: &'static str,
    call: LiftedValue,
) -> [TrapCase; 2] {
    [0, 1].map(|n| {
        let side = [Finder::Adapter, Finder::Host][n];
        let text = call.text(side, "(i32.const 4096)");
        TrapCase { code: codes[n], side, shown: shown[n], path, names: by_app(side, "f"), text, heavy: false }
    })
}

pub(crate) fn cases() -> Vec<TrapCase> {
    let mut cases: Vec<TrapCase> = same_codes().into_iter().chain(other_codes()).collect();
    cases.extend(realloc_codes());
    cases
}

/// Where an adapter and the host say the same.
fn same_codes() -> Vec<TrapCase> {
    let mut cases = Vec::new();
    let mut same = |code, shown, path, call| cases.extend(found_by_both([code; 2], [shown; 2], path, call));
    let unaligned = pair("(list u32)", "(i32.const 0x11) (i32.const 1)");
    same(TrapCode::UnalignedPointer, "unaligned pointer: 0x11, alignment 4", PATH, unaligned);
    same(
        TrapCode::ListTooLong,
        "list byte length exceeds the maximum of 2^28-1: 67108864 times 4 bytes",
        PATH,
        pair("(list u32)", "(i32.const 0) (i32.const 0x4000000)"),
    );
    same(
        TrapCode::StringTooLong,
        "string byte length exceeds the maximum of 2^28-1: 268435456 times 1 bytes",
        PATH,
        pair("string", "(i32.const 0) (i32.const 0x10000000)"),
    );
    same(
        TrapCode::PointerOutOfBounds,
        "pointer out of bounds of memory: 68 bytes at 0xffc0",
        "params",
        LiftedValue { core: "i32", ..pair(CHARS, "(i32.const 0xffc0)") },
    );
    let last = r#"\00\00\00\00\00\d8\00\00"#;
    same(
        TrapCode::InvalidChar,
        "invalid `char` bit pattern: 0xd800",
        "param \"v\"[1]",
        LiftedValue { data: last, ..pair("(list char)", "(i32.const 0) (i32.const 2)") },
    );
    same(
        TrapCode::InvalidDiscriminant,
        "invalid variant discriminant: 2 of 2 cases",
        PATH,
        pair("(option u8)", "(i32.const 2) (i32.const 0)"),
    );
    let bytes = r#"ab\ff\e2\82\00\d8\00\00"#;
    let string = |pass| LiftedValue { data: bytes, ..pair("string", pass) };
    same(TrapCode::InvalidUtf8, "invalid utf-8 encoding: 3 bytes at 0x0", PATH, string("(i32.const 0) (i32.const 3)"));
    same(
        TrapCode::IncompleteUtf8,
        "incomplete utf-8 byte sequence: 2 bytes at 0x3",
        PATH,
        string("(i32.const 3) (i32.const 2)"),
    );
    same(
        TrapCode::InvalidUtf16,
        "invalid utf-16 encoding: 2 bytes at 0x6",
        PATH,
        LiftedValue {
            encoding: "string-encoding=utf16",
            data: r#"\00\00\00\00\00\00\00\d8"#,
            ..string("(i32.const 6) (i32.const 1)")
        },
    );
    cases
}

/// Where the field has other words for what the host finds.
fn other_codes() -> [TrapCase; 4] {
    let [a, b] = found_by_both(
        [TrapCode::ListOutOfBounds, TrapCode::ListPointerOutOfBounds],
        [
            "list content out-of-bounds: 12 bytes at 0xfff8",
            "list pointer/length out of bounds of memory: 12 bytes at 0xfff8",
        ],
        PATH,
        pair("(list u32)", "(i32.const 0xfff8) (i32.const 3)"),
    );
    let [c, d] = found_by_both(
        [TrapCode::StringOutOfBounds, TrapCode::StringPointerOutOfBounds],
        [
            "string content out-of-bounds: 1 bytes at 0xffffffff",
            "string pointer/length out of bounds of memory: 1 bytes at 0xffffffff",
        ],
        PATH,
        pair("string", "(i32.const -1) (i32.const 1)"),
    );
    [a, b, c, d]
}

/// What `realloc` must not return.
fn realloc_codes() -> [TrapCase; 4] {
    let list = || pair("(list u32)", "(i32.const 0) (i32.const 3)");
    [
        (
            TrapCode::UnalignedPointer,
            Finder::Adapter,
            "unaligned pointer: 0x1002, alignment 4",
            list().text(Finder::Adapter, "(i32.const 0x1002)"),
        ),
        (
            TrapCode::ListOutOfBounds,
            Finder::Adapter,
            "list content out-of-bounds: 12 bytes at 0xfff8",
            list().text(Finder::Adapter, "(i32.const 0xfff8)"),
        ),
        (
            TrapCode::ReallocUnaligned,
            Finder::Host,
            "realloc return: result not aligned: 0x1002, alignment 4",
            lowered("(list u32)", "(i32.const 0x1002)"),
        ),
        (
            TrapCode::ReallocOutOfBounds,
            Finder::Host,
            "realloc return: beyond end of memory: 3 bytes at 0xfffe",
            lowered("string", "(i32.const 0xfffe)"),
        ),
    ]
    .map(|(code, side, shown, text)| {
        let path = if side == Finder::Adapter { "param \"v\" (from realloc)" } else { PATH };
        let names = if side == Finder::Host { "host -> component 0 run".into() } else { by_app(side, "f") };
        TrapCase { code, side, shown, path, names, text, heavy: false }
    })
}
