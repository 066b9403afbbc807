//! Every reason for which an adapter stops a call because of a value: the code, the value itself and its path. Those for handles
//! are in `handles.rs`.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::{Component, Config, Engine, Linker, Store, Trap, TrapCode, TrapValues};
use std::collections::BTreeSet;

/// What a call is made of: the type of the only parameter, what the caller passes, and what its memory holds.
#[derive(Clone, Copy)]
struct PassedValue<'a> {
    ty: &'a str,
    /// What `$t` in `ty` stands for.
    named: &'a str,
    /// The core type of what is passed.
    core: &'a str,
    pass: &'a str,
    data: &'a str,
    /// Options of the caller.
    lower: &'a str,
    lift: &'a str,
    /// What `realloc` of the callee returns.
    realloc: &'a str,
}

impl Default for PassedValue<'_> {
    fn default() -> Self {
        let pair = "i32 i32";
        PassedValue {
            ty: "string",
            named: "bool",
            core: pair,
            pass: "",
            data: "",
            lower: "",
            lift: "",
            realloc: "(i32.const 4096)",
        }
    }
}

impl PassedValue<'_> {
    /// Makes the call, and says what trapped: the code, the text and the path.
    fn trap(self) -> (TrapCode, String, String) {
        let PassedValue { ty, named, core, pass, data, lower, lift, realloc } = self;
        let text = format!(
            r#"(component
              (component $lib
                (type $named {named}) (export $t "t" (type $named))
                (core module $m (memory (export "memory") 1)
                  (func (export "realloc") (param i32 i32 i32 i32) (result i32) {realloc})
                  (func (export "f") (param {core})))
                (core instance $i (instantiate $m))
                (func (export "f") (param "v" {ty}) (canon lift (core func $i "f")
                  (memory (core memory $i "memory")) (realloc (core func $i "realloc")) {lift})))
              (component $app
                (type $named {named}) (import "t" (type $t (eq $named)))
                (import "f" (func $f (param "v" {ty})))
                (core module $libc (memory (export "memory") 1) {data})
                (core instance $libc (instantiate $libc))
                (core func $f (canon lower (func $f) (memory (core memory $libc "memory")) {lower}))
                (core module $m (import "" "f" (func $f (param {core}))) (func (export "run") (call $f {pass})))
                (core instance $i (instantiate $m (with "" (instance (export "f" (func $f))))))
                (func (export "run") (canon lift (core func $i "run"))))
              (instance $lib (instantiate $lib))
              (instance $app (instantiate $app (with "t" (type $lib "t")) (with "f" (func $lib "f"))))
              (export "run" (func $app "run")))"#
        );
        let engine = Engine::new(&Config::new()).unwrap();
        let component = Component::new(&engine, &text).unwrap_or_else(|error| panic!("{error:?}\n{text}"));
        let mut store = Store::new(&engine, ());
        let instance = Linker::new(&engine).instantiate(&mut store, &component).unwrap();
        let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
        let error = run.call(&mut store, ()).expect_err("it traps");
        let trap = error.downcast_ref::<Trap>().unwrap_or_else(|| panic!("{error:?}"));
        let site = trap.site().unwrap_or_else(|| panic!("an adapter has found it: {error}"));
        assert_eq!((&*site.adapter.caller, &*site.adapter.callee), ("app", "lib"));
        let shown = trap.to_string();
        assert!(shown.contains(&trap.cause().to_string()), "{shown}");
        (trap.code(), trap.cause().to_string(), site.path.clone())
    }
}

/// Bytes at the start of the caller's memory.
fn data(bytes: &[u8]) -> String {
    let escaped: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
    format!("(data (i32.const 0) \"{escaped}\")")
}

fn pair(address: u32, length: u32) -> String {
    format!("(i32.const 0x{address:x}) (i32.const 0x{length:x})")
}

#[track_caller]
fn check(call: PassedValue<'_>, code: TrapCode, text: &str, path: &str) {
    assert_eq!(call.trap(), (code, text.into(), path.into()));
}

#[test]
fn scalars() {
    for (bits, text) in [(0xd800u32, "0xd800"), (0xdfff, "0xdfff"), (0x11_0000, "0x110000"), (u32::MAX, "0xffffffff")] {
        let pass = format!("(i32.const {bits})");
        let call = PassedValue { ty: "char", core: "i32", pass: &pass, ..PassedValue::default() };
        check(call, TrapCode::InvalidChar, &format!("invalid `char` bit pattern: {text}"), "param \"v\"");
    }
    let call = PassedValue { ty: "(result)", core: "i32", pass: "(i32.const -1)", ..PassedValue::default() };
    let text = "invalid variant discriminant: 4294967295 of 2 cases";
    check(call, TrapCode::InvalidDiscriminant, text, "param \"v\"");
    let call = PassedValue { ty: "(option u8)", pass: "(i32.const 2) (i32.const 0)", ..PassedValue::default() };
    check(call, TrapCode::InvalidDiscriminant, "invalid variant discriminant: 2 of 2 cases", "param \"v\"");
    // In a slot that a wider case has made wider, only the low half counts.
    let ty = "(result char (error u64))";
    let pass = "(i32.const 0) (i64.const 0x100000000d801)";
    let call = PassedValue { ty, core: "i32 i64", pass, ..PassedValue::default() };
    check(call, TrapCode::InvalidChar, "invalid `char` bit pattern: 0xd801", "param \"v\".ok");
}

#[test]
fn ranges_of_lists() {
    let list = |ty, at, length| {
        let pass = pair(at, length);
        PassedValue { ty, pass: &pass, ..PassedValue::default() }.trap()
    };
    let path = || "param \"v\"".to_string();
    let text = "unaligned pointer: 0x11, alignment 4";
    assert_eq!(list("(list u32)", 0x11, 1), (TrapCode::UnalignedPointer, text.into(), path()));
    // The end is what is outside; the start and the length are shown.
    let text = "list content out-of-bounds: 12 bytes at 0xfff8";
    assert_eq!(list("(list u32)", 0xfff8, 3), (TrapCode::ListOutOfBounds, text.into(), path()));
    let text = "list content out-of-bounds: 1 bytes at 0xffffffff";
    assert_eq!(list("(list u8)", u32::MAX, 1), (TrapCode::ListOutOfBounds, text.into(), path()));
    let text = "list byte length exceeds the maximum of 2^28-1: 4294967295 times 8 bytes";
    assert_eq!(list("(list u64)", 0, u32::MAX), (TrapCode::ListTooLong, text.into(), path()));
    let text = "list byte length exceeds the maximum of 2^28-1: 33554432 times 8 bytes";
    assert_eq!(list("(list u64)", 0, 1 << 25), (TrapCode::ListTooLong, text.into(), path()));
}

#[test]
fn parameters_in_memory() {
    let fields = ["char"; 17].join(" ");
    let ty = format!("(tuple {fields})");
    let call = |pass| PassedValue { ty: &ty, core: "i32", pass, ..PassedValue::default() };
    check(call("(i32.const 2)"), TrapCode::UnalignedPointer, "unaligned pointer: 0x2, alignment 4", "params");
    let text = "pointer out of bounds of memory: 68 bytes at 0xffc0";
    check(call("(i32.const 0xffc0)"), TrapCode::PointerOutOfBounds, text, "params");
    let bad = data(&[[0; 60].as_slice(), &0xdeadu32.to_le_bytes()].concat());
    let call = PassedValue { data: &bad, ..call("(i32.const 0)") };
    check(call, TrapCode::InvalidChar, "invalid `char` bit pattern: 0xdead", "param \"v\".15");
}

#[test]
fn paths_have_the_indices_of_lists() {
    // Two lists of two characters; the last one of the second is bad.
    let words = [[16u32, 2], [24, 2], [65, 66], [67, 0xd888]];
    let bytes: Vec<u8> = words.as_flattened().iter().flat_map(|word| word.to_le_bytes()).collect();
    let bad = data(&bytes);
    let call = PassedValue { ty: "(list (list char))", pass: &pair(0, 2), data: &bad, ..PassedValue::default() }.trap();
    let text = "invalid `char` bit pattern: 0xd888";
    assert_eq!(call, (TrapCode::InvalidChar, text.into(), "param \"v\"[1][1]".into()));
}

/// However many cases have the same payload, whose code they share.
#[test]
fn paths_name_the_case() {
    let payloads = ["char", "(tuple u8 char)", "(list char)", "s64"];
    let cases: String = (0..40).map(|n| format!(" (case \"c{n}\" {})", payloads[n % 4])).collect();
    let named = format!("(variant{cases})");
    let text = "invalid `char` bit pattern: 0xd888";
    for n in 0..40 {
        let (pass, part) = match n % 4 {
            0 => (format!("(i32.const {n}) (i64.const 0xd888) (i32.const 0)"), ""),
            1 => (format!("(i32.const {n}) (i64.const 1) (i32.const 0xd888)"), ".1"),
            2 => (format!("(i32.const {n}) (i64.const 8) (i32.const 2)"), "[1]"),
            _ => continue,
        };
        let bytes = data(&[[0; 12].as_slice(), &0xd888u32.to_le_bytes()].concat());
        let named = &*named;
        let call =
            PassedValue { ty: "$t", named, core: "i32 i64 i32", pass: &pass, data: &bytes, ..PassedValue::default() };
        check(call, TrapCode::InvalidChar, text, &format!("param \"v\".c{n}{part}"));
    }
    let call = PassedValue { ty: "$t", named: &named, core: "i32 i64 i32", ..PassedValue::default() };
    let call = PassedValue { pass: "(i32.const 40) (i64.const 0) (i32.const 0)", ..call };
    check(call, TrapCode::InvalidDiscriminant, "invalid variant discriminant: 40 of 40 cases", "param \"v\"");
    // In a list, two of them: the second is bad.
    for n in [0u32, 16, 36] {
        let words = [0u32, 0, 65, 0, n, 0, 0xd888, 0];
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let call = PassedValue {
            ty: "(list $t)",
            named: &named,
            data: &data(&bytes),
            pass: &pair(0, 2),
            ..PassedValue::default()
        };
        check(call, TrapCode::InvalidChar, text, &format!("param \"v\"[1].c{n}"));
    }
}

#[test]
fn strings() {
    let bad = data(b"ab\xffc\xe2\x82\x00\xd8");
    let string = |at, length, lower| {
        let pass = pair(at, length);
        PassedValue { pass: &pass, data: &bad, lower, ..PassedValue::default() }.trap()
    };
    let path = || "param \"v\"".to_string();
    let utf16 = "string-encoding=utf16";
    let text = "string content out-of-bounds: 17 bytes at 0xfff0";
    assert_eq!(string(0xfff0, 17, ""), (TrapCode::StringOutOfBounds, text.into(), path()));
    let text = "string content out-of-bounds: 18 bytes at 0xfff0";
    assert_eq!(string(0xfff0, 9, utf16), (TrapCode::StringOutOfBounds, text.into(), path()));
    assert_eq!(string(0xfff0, 0x8000_0009, "string-encoding=latin1+utf16").1, text);
    let text = "unaligned pointer: 0x1, alignment 2";
    assert_eq!(string(1, 1, utf16), (TrapCode::UnalignedPointer, text.into(), path()));
    let text = "string byte length exceeds the maximum of 2^28-1: 268435456 times 1 bytes";
    assert_eq!(string(0, 1 << 28, ""), (TrapCode::StringTooLong, text.into(), path()));
    let text = "string byte length exceeds the maximum of 2^28-1: 134217728 times 2 bytes";
    assert_eq!(string(0, 1 << 27, utf16), (TrapCode::StringTooLong, text.into(), path()));
    let text = "invalid utf-8 encoding: 4 bytes at 0x1";
    assert_eq!(string(1, 4, ""), (TrapCode::InvalidUtf8, text.into(), path()));
    let text = "incomplete utf-8 byte sequence: 3 bytes at 0x3";
    assert_eq!(string(3, 3, ""), (TrapCode::IncompleteUtf8, text.into(), path()));
    let text = "invalid utf-16 encoding: 4 bytes at 0x6";
    assert_eq!(string(6, 2, utf16), (TrapCode::InvalidUtf16, text.into(), path()));
}

#[test]
fn what_realloc_returns() {
    let call = |ty, realloc| {
        let pass = pair(0, 4);
        PassedValue { ty, pass: &pass, realloc, ..PassedValue::default() }.trap()
    };
    let path = || "param \"v\" (from realloc)".to_string();
    let text = "unaligned pointer: 0x5, alignment 4";
    assert_eq!(call("(list u32)", "(i32.const 5)"), (TrapCode::UnalignedPointer, text.into(), path()));
    let text = "list content out-of-bounds: 16 bytes at 0xfff4";
    assert_eq!(call("(list u32)", "(i32.const 0xfff4)"), (TrapCode::ListOutOfBounds, text.into(), path()));
    let text = "string content out-of-bounds: 4 bytes at 0xfffd";
    assert_eq!(call("string", "(i32.const 0xfffd)"), (TrapCode::StringOutOfBounds, text.into(), path()));
}

/// Codes of which the host's own lift and lower have the only use.
const HOST_CODES: [TrapCode; 4] = [
    TrapCode::ReallocUnaligned,
    TrapCode::ReallocOutOfBounds,
    TrapCode::StringPointerOutOfBounds,
    TrapCode::ListPointerOutOfBounds,
];

/// Those that `handles.rs` meets.
const HANDLE_CODES: [TrapCode; 6] = [
    TrapCode::UnknownHandle,
    TrapCode::HandleTypeMismatch,
    TrapCode::HandleLent,
    TrapCode::HandleNotOwned,
    TrapCode::BorrowsRemain,
    TrapCode::HandleTableFull,
];

/// No code that comes with a value is left out.
#[test]
fn every_code() {
    let (utf8, utf16) = (data(b"\xff\xe2\x82\x00\xd8"), "string-encoding=utf16");
    let default = PassedValue { data: &utf8, ..PassedValue::default() };
    let far = pair(u32::MAX, 2);
    let many = "char ".repeat(17);
    let many = format!("(tuple {many})");
    let calls = [
        PassedValue { ty: "char", core: "i32", pass: "(i32.const 0xd800)", ..default },
        PassedValue { ty: "(result)", core: "i32", pass: "(i32.const 2)", ..default },
        PassedValue { ty: "(list u16)", pass: &pair(1, 0), ..default },
        PassedValue { ty: "(list u8)", pass: &far, ..default },
        PassedValue { ty: "(list u8)", pass: &pair(0, u32::MAX), ..default },
        PassedValue { pass: &far, ..default },
        PassedValue { pass: &pair(0, u32::MAX), ..default },
        PassedValue { ty: &many, core: "i32", pass: "(i32.const -4)", ..default },
        PassedValue { pass: &pair(0, 1), ..default },
        PassedValue { pass: &pair(1, 2), ..default },
        PassedValue { pass: &pair(4, 1), data: &data(b"\0\0\0\0\0\xd8"), lower: utf16, ..default },
    ];
    let met: BTreeSet<TrapCode> = calls.map(|call| call.trap().0).into();
    let others = [&HOST_CODES[..], &HANDLE_CODES].concat();
    let with_values = TrapCode::ALL.iter().filter(|code| code.values() != TrapValues::None);
    assert_eq!(met, with_values.filter(|code| !others.contains(code)).copied().collect());
}
