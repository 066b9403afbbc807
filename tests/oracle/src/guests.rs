//! The text of a composition whose guests hold raw memory: `sender` and `giver` are given what they hold by the host, byte for byte,
//! and pass it on as a parameter and as a result; `sink` and `fetcher` take a parameter and a result, and tell the host how their
//! memory came to hold it.

use crate::composition::{Encoding, NamedTypes, flat_types};
use crate::generate::GeneratedType;
use crate::model::{GAP, HEAP, PAGE, UNTOUCHED};
use crate::view::layout;

/// The memory that values go to: `realloc` notes each call, with a digest of the first page as it finds it, in the second.
fn libc() -> String {
    format!(
        r#"    (core module $libc
      (memory (export "memory") 2)
      (global $next (mut i32) (i32.const {HEAP}))
      (global $notes (mut i32) (i32.const {NOTES}))
      (global $until-fault (mut i32) (i32.const -1))
      (global $answer (mut i32) (i32.const 0))
      (global $copies (mut i32) (i32.const 1))
      (func $fill (memory.fill (i32.const 0) (i32.const {UNTOUCHED}) (i32.const {PAGE})))
      (start $fill)
      (func $note (param i32 i32 i32 i32) (local $at i32) (local $digest i64)
        (loop $words
          (local.set $digest (i64.add
            (i64.mul (local.get $digest) (i64.const 0x100000001b3))
            (i64.load (local.get $at))))
          (local.set $at (i32.add (local.get $at) (i32.const 8)))
          (br_if $words (i32.lt_u (local.get $at) (i32.const {PAGE}))))
        (i64.store (global.get $notes) (i64.extend_i32_u (local.get 0)))
        (i64.store offset=8 (global.get $notes) (i64.extend_i32_u (local.get 1)))
        (i64.store offset=16 (global.get $notes) (i64.extend_i32_u (local.get 2)))
        (i64.store offset=24 (global.get $notes) (i64.extend_i32_u (local.get 3)))
        (i64.store offset=32 (global.get $notes) (local.get $digest))
        (global.set $notes (i32.add (global.get $notes) (i32.const 40))))
      (func $realloc (export "realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32)
        (result i32) (local $new i32)
        (call $note (local.get $old) (local.get $old-size) (local.get $align) (local.get $size))
        (if (i32.eqz (global.get $until-fault)) (then (return (global.get $answer))))
        (global.set $until-fault (i32.sub (global.get $until-fault) (i32.const 1)))
        (local.set $new (i32.and
          (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
          (i32.sub (i32.const 0) (local.get $align))))
        (global.set $next (i32.add (i32.add (local.get $new) (local.get $size)) (i32.const {GAP})))
        (if (global.get $copies) (then (memory.copy (local.get $new) (local.get $old)
          (select (local.get $old-size) (local.get $size) (i32.lt_u (local.get $old-size) (local.get $size))))))
        (local.get $new))
      (func (export "configure") (param i32 i32 i32)
        (global.set $until-fault (local.get 0))
        (global.set $answer (local.get 1))
        (global.set $copies (local.get 2)))
      (func (export "notes") (result i32)
        (call $note (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
        (i32.store (i32.const {PAGE}) (i32.const {NOTES}))
        (i32.store offset=4 (i32.const {PAGE})
          (i32.shr_u (i32.sub (global.get $notes) (i32.const {NOTES})) (i32.const 3)))
        (i32.const {PAGE}))
      (func (export "memory-bytes") (result i32)
        (i32.store offset=8 (i32.const {PAGE}) (i32.const 0))
        (i32.store offset=12 (i32.const {PAGE}) (i32.const {PAGE}))
        (i32.const {AFTER})))
    (core instance $l (instantiate $libc))
"#,
        NOTES = PAGE + 16,
        AFTER = PAGE + 8,
    )
}

/// What `sink` and `fetcher` tell the host.
const TELL: &str = r#"    (func (export "configure") (param "until-fault" u32) (param "answer" u32) (param "copies" u32)
      (canon lift (core func $l "configure")))
    (func (export "notes") (result (list u64)) (canon lift (core func $l "notes") (memory (core memory $l "memory"))))
    (func (export "memory-bytes") (result (list u8))
      (canon lift (core func $l "memory-bytes") (memory (core memory $l "memory"))))
"#;

/// How `sender` and `giver` are given what they hold: the heap from its beginning, and core values for the start of memory.
const HOLD: &str = r#"    (core module $hold
      (import "" "memory" (memory 1))
      (func (export "hold") (param i32 i32 i32 i32)
        (memory.copy (i32.const 0) (local.get 2) (i32.shl (local.get 3) (i32.const 3)))))
    (core instance $h (instantiate $hold (with "" (instance $l))))
    (func (export "hold") (param "heap" (list u8)) (param "core" (list u64))
      (canon lift (core func $h "hold") (memory (core memory $l "memory")) (realloc (core func $l "realloc"))))
"#;

/// The text of the composition: its root imports `take: func(x: T)` and `give: func() -> T` from the host, and exports the functions
/// of its guests as `sink-take` and so on. Guests of `from` send and give, those of `to` take and fetch; `host-sender` and
/// `host-fetcher` do so to and from the host.
pub(crate) fn raw_composition(ty: &GeneratedType, from: Encoding, to: Encoding) -> String {
    let mut types = NamedTypes::default();
    let text = types.text(ty);
    let imports = types.imports();
    let with_types = types.arguments();
    let (take, give) = (format!("(param \"x\" {text})"), format!("(result {text})"));
    let guests = [sink(ty, &take, to), sender(ty, &take, from), giver(ty, &give, from), fetcher(ty, &give, to)];
    let mut root = format!(
        "(component\n{imports}  (import \"take\" (func $take {take}))\n  (import \"give\" (func $give {give}))\n"
    );
    for (name, body) in ["sink", "sender", "giver", "fetcher"].into_iter().zip(guests) {
        let libc = libc();
        root += &format!("  (component ${name}\n{imports}{libc}{body}  )\n");
    }
    for (instance, component, with, exports) in [
        ("sink", "sink", "", &["take", "configure", "notes", "memory-bytes"][..]),
        ("sender", "sender", "(with \"take\" (func $sink \"take\"))", &["hold", "send"]),
        ("host-sender", "sender", "(with \"take\" (func $take))", &["hold", "send"]),
        ("giver", "giver", "", &["hold", "give"]),
        (
            "fetcher",
            "fetcher",
            "(with \"give\" (func $giver \"give\"))",
            &["fetch", "configure", "notes", "memory-bytes"],
        ),
        ("host-fetcher", "fetcher", "(with \"give\" (func $give))", &["fetch", "configure", "notes", "memory-bytes"]),
    ] {
        root += &format!("  (instance ${instance} (instantiate ${component}{with_types} {with}))\n");
        for export in exports {
            root += &format!("  (func (export \"{instance}-{export}\") (alias export ${instance} \"{export}\"))\n");
        }
    }
    root + ")\n"
}

fn options(encoding: Encoding) -> String {
    format!("{} (memory (core memory $l \"memory\")) (realloc (core func $l \"realloc\"))", encoding.option())
}

/// The core types of parameters.
fn param_types(ty: &GeneratedType) -> Vec<&'static str> {
    let flat = flat_types(ty);
    if flat.len() > 16 { vec!["i32"] } else { flat }
}

fn sink(ty: &GeneratedType, take: &str, encoding: Encoding) -> String {
    let params = param_types(ty);
    let stores = params.iter().enumerate();
    let stores: String =
        stores.map(|(n, ty)| format!("\n        ({ty}.store (i32.const {}) (local.get {n}))", 8 * n)).collect();
    format!(
        r#"    (core module $main
      (import "" "memory" (memory 1))
      (func (export "take") (param {params}){stores}))
    (core instance $m (instantiate $main (with "" (instance $l))))
    (func (export "take") {take} (canon lift (core func $m "take") {options}))
{TELL}"#,
        params = params.join(" "),
        options = options(encoding),
    )
}

fn sender(ty: &GeneratedType, take: &str, encoding: Encoding) -> String {
    let params = param_types(ty);
    let loads: String =
        params.iter().enumerate().map(|(n, ty)| format!("\n        ({ty}.load (i32.const {}))", 8 * n)).collect();
    format!(
        r#"    (import "take" (func $take {take}))
{HOLD}    (core func $take' (canon lower (func $take) {options}))
    (core module $main
      (import "l" "memory" (memory 1))
      (import "" "take" (func $take (param {params})))
      (func (export "send") (call $take{loads})))
    (core instance $m (instantiate $main (with "l" (instance $l))
      (with "" (instance (export "take" (func $take'))))))
    (func (export "send") (canon lift (core func $m "send")))
"#,
        params = params.join(" "),
        options = options(encoding),
    )
}

fn giver(ty: &GeneratedType, give: &str, encoding: Encoding) -> String {
    let flat = flat_types(ty);
    let result = if let [single] = flat[..] { single } else { "i32" };
    format!(
        r#"{HOLD}    (core module $main
      (import "" "memory" (memory 1))
      (func (export "give") (result {result}) ({result}.load (i32.const 0))))
    (core instance $m (instantiate $main (with "" (instance $l))))
    (func (export "give") {give} (canon lift (core func $m "give") {options}))
"#,
        options = options(encoding),
    )
}

fn fetcher(ty: &GeneratedType, give: &str, encoding: Encoding) -> String {
    let (lowered, fetch) = match flat_types(ty)[..] {
        [single] => (format!("(result {single})"), format!("({single}.store (i32.const 0) (call $give))")),
        _ => {
            let (size, align) = layout(ty);
            let out = format!("(i32.const 0) (i32.const 0) (i32.const {align}) (i32.const {size})");
            ("(param i32)".into(), format!("(call $give (call $realloc {out}))"))
        }
    };
    format!(
        r#"    (import "give" (func $give {give}))
    (core func $give' (canon lower (func $give) {options}))
    (core module $main
      (import "l" "memory" (memory 1))
      (import "l" "realloc" (func $realloc (param i32 i32 i32 i32) (result i32)))
      (import "" "give" (func $give {lowered}))
      (func (export "fetch") {fetch}))
    (core instance $m (instantiate $main (with "l" (instance $l))
      (with "" (instance (export "give" (func $give'))))))
    (func (export "fetch") (canon lift (core func $m "fetch")))
{TELL}"#,
        options = options(encoding),
    )
}
