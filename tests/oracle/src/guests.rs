//! The text of a composition whose guests hold raw memory: `sender` and `giver` are given what they hold by the host, byte for byte,
//! and pass it on as a parameter and as a result; `sink` and `fetcher` take a parameter and a result, and tell the host how their
//! memory came to hold it.

use crate::composition::{NamedTypes, flat_types};
use crate::generate::GeneratedType;
use crate::model::{GAP, HEAP, PAGE, UNTOUCHED};
use crate::side::{Addresses, CallSide};
use crate::view::layout;

/// The memory that values go to: `realloc` notes each call, with a digest of the first page as it finds it, in the second.
fn libc(addresses: Addresses) -> String {
    let (p, memory, size) = (addresses.core_type(), addresses.memory(), addresses.size());
    let (in_64_bits, from_64_bits) = match addresses {
        Addresses::I32 => ("i64.extend_i32_u", "i32.wrap_i64"),
        // As it is.
        Addresses::I64 => ("i64.or (i64.const 0)", "i64.or (i64.const 0)"),
    };
    format!(
        r#"    (core module $libc
      (memory (export "memory") {memory} 2)
      (global $next (mut {p}) ({p}.const {HEAP}))
      (global $notes (mut {p}) ({p}.const {NOTES}))
      (global $until-fault (mut i32) (i32.const -1))
      (global $answer (mut {p}) ({p}.const 0))
      (global $copies (mut i32) (i32.const 1))
      (func $fill (memory.fill ({p}.const 0) (i32.const {UNTOUCHED}) ({p}.const {PAGE})))
      (start $fill)
      (func $note (param {p} {p} {p} {p}) (local $at {p}) (local $digest i64)
        (loop $words
          (local.set $digest (i64.add
            (i64.mul (local.get $digest) (i64.const 0x100000001b3))
            (i64.load (local.get $at))))
          (local.set $at ({p}.add (local.get $at) ({p}.const 8)))
          (br_if $words ({p}.lt_u (local.get $at) ({p}.const {PAGE}))))
        (i64.store (global.get $notes) ({in_64_bits} (local.get 0)))
        (i64.store offset=8 (global.get $notes) ({in_64_bits} (local.get 1)))
        (i64.store offset=16 (global.get $notes) ({in_64_bits} (local.get 2)))
        (i64.store offset=24 (global.get $notes) ({in_64_bits} (local.get 3)))
        (i64.store offset=32 (global.get $notes) (local.get $digest))
        (global.set $notes ({p}.add (global.get $notes) ({p}.const 40))))
      (func $realloc (export "realloc") (param $old {p}) (param $old-size {p}) (param $align {p}) (param $size {p})
        (result {p}) (local $new {p})
        (call $note (local.get $old) (local.get $old-size) (local.get $align) (local.get $size))
        (if (i32.eqz (global.get $until-fault)) (then (return (global.get $answer))))
        (global.set $until-fault (i32.sub (global.get $until-fault) (i32.const 1)))
        (local.set $new ({p}.and
          ({p}.add (global.get $next) ({p}.sub (local.get $align) ({p}.const 1)))
          ({p}.sub ({p}.const 0) (local.get $align))))
        (global.set $next ({p}.add ({p}.add (local.get $new) (local.get $size)) ({p}.const {GAP})))
        (if (global.get $copies) (then (memory.copy (local.get $new) (local.get $old)
          (select (local.get $old-size) (local.get $size) ({p}.lt_u (local.get $old-size) (local.get $size))))))
        (local.get $new))
      (func (export "configure") (param i32 i64 i32)
        (global.set $until-fault (local.get 0))
        (global.set $answer ({from_64_bits} (local.get 1)))
        (global.set $copies (local.get 2)))
      (func (export "notes") (result {p})
        (call $note ({p}.const 0) ({p}.const 0) ({p}.const 0) ({p}.const 0))
        ({p}.store ({p}.const {PAGE}) ({p}.const {NOTES}))
        ({p}.store offset={size} ({p}.const {PAGE})
          ({p}.shr_u ({p}.sub (global.get $notes) ({p}.const {NOTES})) ({p}.const 3)))
        ({p}.const {PAGE}))
      (func (export "memory-bytes") (result {p})
        ({p}.store ({p}.const {AFTER}) ({p}.const 0))
        ({p}.store offset={size} ({p}.const {AFTER}) ({p}.const {PAGE}))
        ({p}.const {AFTER})))
    (core instance $l (instantiate $libc))
"#,
        NOTES = PAGE + 32,
        AFTER = PAGE + 16,
    )
}

/// What `sink` and `fetcher` tell the host.
const TELL: &str = r#"    (func (export "configure") (param "until-fault" u32) (param "answer" u64) (param "copies" u32)
      (canon lift (core func $l "configure")))
    (func (export "notes") (result (list u64)) (canon lift (core func $l "notes") (memory (core memory $l "memory"))))
    (func (export "memory-bytes") (result (list u8))
      (canon lift (core func $l "memory-bytes") (memory (core memory $l "memory"))))
"#;

/// How `sender` and `giver` are given what they hold: the heap from its beginning, and core values for the start of memory.
fn hold(addresses: Addresses) -> String {
    let (p, memory) = (addresses.core_type(), addresses.memory());
    format!(
        r#"    (core module $hold
      (import "" "memory" (memory {memory} 1))
      (func (export "hold") (param {p} {p} {p} {p})
        (memory.copy ({p}.const 0) (local.get 2) ({p}.shl (local.get 3) ({p}.const 3)))))
    (core instance $h (instantiate $hold (with "" (instance $l))))
    (func (export "hold") (param "heap" (list u8)) (param "core" (list u64))
      (canon lift (core func $h "hold") (memory (core memory $l "memory")) (realloc (core func $l "realloc"))))
"#
    )
}

/// The text of the composition: its root imports `take: func(x: T)` and `give: func() -> T` from the host, and exports the functions
/// of its guests as `sink-take` and so on. Guests of `from` send and give, those of `to` take and fetch; `host-sender` and
/// `host-fetcher` do so to and from the host.
pub(crate) fn raw_composition(ty: &GeneratedType, from: CallSide, to: CallSide) -> String {
    let mut types = NamedTypes::default();
    let text = types.text(ty);
    let imports = types.imports();
    let with_types = types.arguments();
    let (take, give) = (format!("(param \"x\" {text})"), format!("(result {text})"));
    let guests = [
        (sink(ty, &take, to), to),
        (sender(ty, &take, from), from),
        (giver(ty, &give, from), from),
        (fetcher(ty, &give, to), to),
    ];
    let mut root = format!(
        "(component\n{imports}  (import \"take\" (func $take {take}))\n  (import \"give\" (func $give {give}))\n"
    );
    for (name, (body, side)) in ["sink", "sender", "giver", "fetcher"].into_iter().zip(guests) {
        let libc = libc(side.addresses);
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

/// The core types of parameters.
fn param_types(ty: &GeneratedType, addresses: Addresses) -> Vec<&'static str> {
    let flat = flat_types(ty, addresses);
    if flat.len() > 16 { vec![addresses.core_type()] } else { flat }
}

fn sink(ty: &GeneratedType, take: &str, side: CallSide) -> String {
    let (p, memory) = (side.addresses.core_type(), side.addresses.memory());
    let params = param_types(ty, side.addresses);
    let stores = params.iter().enumerate();
    let stores: String =
        stores.map(|(n, ty)| format!("\n        ({ty}.store ({p}.const {}) (local.get {n}))", 8 * n)).collect();
    format!(
        r#"    (core module $main
      (import "" "memory" (memory {memory} 1))
      (func (export "take") (param {params}){stores}))
    (core instance $m (instantiate $main (with "" (instance $l))))
    (func (export "take") {take} (canon lift (core func $m "take") {options}))
{TELL}"#,
        params = params.join(" "),
        options = side.options(),
    )
}

fn sender(ty: &GeneratedType, take: &str, side: CallSide) -> String {
    let (p, memory) = (side.addresses.core_type(), side.addresses.memory());
    let params = param_types(ty, side.addresses);
    let loads: String =
        params.iter().enumerate().map(|(n, ty)| format!("\n        ({ty}.load ({p}.const {}))", 8 * n)).collect();
    format!(
        r#"    (import "take" (func $take {take}))
{hold}    (core func $take' (canon lower (func $take) {options}))
    (core module $main
      (import "l" "memory" (memory {memory} 1))
      (import "" "take" (func $take (param {params})))
      (func (export "send") (call $take{loads})))
    (core instance $m (instantiate $main (with "l" (instance $l))
      (with "" (instance (export "take" (func $take'))))))
    (func (export "send") (canon lift (core func $m "send")))
"#,
        params = params.join(" "),
        hold = hold(side.addresses),
        options = side.options(),
    )
}

fn giver(ty: &GeneratedType, give: &str, side: CallSide) -> String {
    let (p, memory) = (side.addresses.core_type(), side.addresses.memory());
    let flat = flat_types(ty, side.addresses);
    let result = if let [single] = flat[..] { single } else { p };
    format!(
        r#"{hold}    (core module $main
      (import "" "memory" (memory {memory} 1))
      (func (export "give") (result {result}) ({result}.load ({p}.const 0))))
    (core instance $m (instantiate $main (with "" (instance $l))))
    (func (export "give") {give} (canon lift (core func $m "give") {options}))
"#,
        hold = hold(side.addresses),
        options = side.options(),
    )
}

fn fetcher(ty: &GeneratedType, give: &str, side: CallSide) -> String {
    let (p, memory) = (side.addresses.core_type(), side.addresses.memory());
    let (lowered, fetch) = match flat_types(ty, side.addresses)[..] {
        [single] => (format!("(result {single})"), format!("({single}.store ({p}.const 0) (call $give))")),
        _ => {
            let (size, align) = layout(ty, side.addresses);
            let out = format!("({p}.const 0) ({p}.const 0) ({p}.const {align}) ({p}.const {size})");
            (format!("(param {p})"), format!("(call $give (call $realloc {out}))"))
        }
    };
    format!(
        r#"    (import "give" (func $give {give}))
    (core func $give' (canon lower (func $give) {options}))
    (core module $main
      (import "l" "memory" (memory {memory} 1))
      (import "l" "realloc" (func $realloc (param {p} {p} {p} {p}) (result {p})))
      (import "" "give" (func $give {lowered}))
      (func (export "fetch") {fetch}))
    (core instance $m (instantiate $main (with "l" (instance $l))
      (with "" (instance (export "give" (func $give'))))))
    (func (export "fetch") (canon lift (core func $m "fetch")))
{TELL}"#,
        options = side.options(),
    )
}
