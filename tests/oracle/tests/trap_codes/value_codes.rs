//! Codes of values: a parameter that is none, as an adapter and as the host find it, and places that `realloc` must not return.

use crate::{Case, Side};
use gusset::TrapCode;

/// A call with one parameter `v`: its type, core types, what is passed, the caller's memory and its option.
struct Call {
    ty: &'static str,
    core: &'static str,
    pass: &'static str,
    data: &'static str,
    encoding: &'static str,
}

/// A string or list at an address.
const fn pair(ty: &'static str, pass: &'static str) -> Call {
    Call { ty, core: "i32 i32", pass, data: "", encoding: "string-encoding=utf8" }
}

impl Call {
    /// The component: `app` calls `f` of the component beside it, or of the host.
    fn text(&self, side: Side, realloc: &str) -> String {
        let Call { ty, core, pass, data, encoding } = self;
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
        let f = if side == Side::Adapter { lib } else { format!("  (import \"f\" (func $f (param \"v\" {ty})))") };
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

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut case = |code, side, shown, path, text| cases.push(Case { code, side, shown, path, text, heavy: false });
    let mut both = |codes: [TrapCode; 2], shown: [&'static str; 2], path, call: Call| {
        for (n, side) in [Side::Adapter, Side::Host].into_iter().enumerate() {
            case(codes[n], side, shown[n], path, call.text(side, "(i32.const 4096)"));
        }
    };
    let mut same = |code, shown, path, call| both([code; 2], [shown; 2], path, call);
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
        Call { core: "i32", ..pair(CHARS, "(i32.const 0xffc0)") },
    );
    let last = r#"\00\00\00\00\00\d8\00\00"#;
    same(
        TrapCode::InvalidChar,
        "invalid `char` bit pattern: 0xd800",
        "param \"v\"[1]",
        Call { data: last, ..pair("(list char)", "(i32.const 0) (i32.const 2)") },
    );
    same(
        TrapCode::InvalidDiscriminant,
        "invalid variant discriminant: 2 of 2 cases",
        PATH,
        pair("(option u8)", "(i32.const 2) (i32.const 0)"),
    );
    let bytes = r#"ab\ff\e2\82\00\d8\00\00"#;
    let string = |pass| Call { data: bytes, ..pair("string", pass) };
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
        Call {
            encoding: "string-encoding=utf16",
            data: r#"\00\00\00\00\00\00\00\d8"#,
            ..string("(i32.const 6) (i32.const 1)")
        },
    );
    both(
        [TrapCode::ListOutOfBounds, TrapCode::ListPointerOutOfBounds],
        [
            "list content out-of-bounds: 12 bytes at 0xfff8",
            "list pointer/length out of bounds of memory: 12 bytes at 0xfff8",
        ],
        PATH,
        pair("(list u32)", "(i32.const 0xfff8) (i32.const 3)"),
    );
    both(
        [TrapCode::StringOutOfBounds, TrapCode::StringPointerOutOfBounds],
        [
            "string content out-of-bounds: 1 bytes at 0xffffffff",
            "string pointer/length out of bounds of memory: 1 bytes at 0xffffffff",
        ],
        PATH,
        pair("string", "(i32.const -1) (i32.const 1)"),
    );
    let list = || pair("(list u32)", "(i32.const 0) (i32.const 3)");
    for (code, side, shown, text) in [
        (
            TrapCode::UnalignedPointer,
            Side::Adapter,
            "unaligned pointer: 0x1002, alignment 4",
            list().text(Side::Adapter, "(i32.const 0x1002)"),
        ),
        (
            TrapCode::ListOutOfBounds,
            Side::Adapter,
            "list content out-of-bounds: 12 bytes at 0xfff8",
            list().text(Side::Adapter, "(i32.const 0xfff8)"),
        ),
        (
            TrapCode::ReallocUnaligned,
            Side::Host,
            "realloc return: result not aligned: 0x1002, alignment 4",
            lowered("(list u32)", "(i32.const 0x1002)"),
        ),
        (
            TrapCode::ReallocOutOfBounds,
            Side::Host,
            "realloc return: beyond end of memory: 3 bytes at 0xfffe",
            lowered("string", "(i32.const 0xfffe)"),
        ),
    ] {
        cases.push(Case { code, side, shown, path: PATH, text, heavy: false });
    }
    cases
}
