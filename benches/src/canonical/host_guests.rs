//! The guests of the rows between a host and a component, and what both sides make of the values that are passed.

use super::text::{ALLOCATOR, ANSWER, DATA, LAST, RESET, RESULT, run, spread_text};
use super::{checksum, spread};

/// The bytes of a string and of a list.
pub const STRING: usize = 64;
/// The bytes of a list.
pub const BYTES: usize = 4096;

/// Types of the records, by whatever word (`import` or `export`) they get their names.
fn types(word: &str) -> String {
    let named = |name: &str, ty: &str| match word {
        "import" => format!("(type ${name}' {ty}) (import \"{name}\" (type ${name} (eq ${name}')))"),
        _ => format!("(type ${name}' {ty}) (export ${name} \"{name}\" (type ${name}'))"),
    };
    let record =
        "(record (field \"id\" u32) (field \"weight\" f64) (field \"level\" $level) (field \"tag\" (option u16))
        (field \"name\" string))";
    named("level", "(enum \"low\" \"high\")") + &named("sample", record)
}

/// The functions that are called, with their types and their core types, as callers and as callees have them.
const FUNCTIONS: [(&str, &str, &str); 7] = [
    ("scalar", "(param \"i\" u32) (param \"x\" u32) (result u64)", "(param i32 i32) (result i64)"),
    ("take-string", "(param \"i\" u32) (param \"text\" string) (result u64)", "(param i32 i32 i32) (result i64)"),
    ("take-bytes", "(param \"i\" u32) (param \"list\" (list u8)) (result u64)", "(param i32 i32 i32) (result i64)"),
    ("take-record", "(param \"sample\" $sample) (result u64)", "(param i32 f64 i32 i32 i32 i32 i32) (result i64)"),
    ("give-string", "(param \"i\" u32) (result string)", "(param i32 i32)"),
    ("give-bytes", "(param \"i\" u32) (result (list u8))", "(param i32 i32)"),
    ("give-record", "(param \"i\" u32) (result $sample)", "(param i32 i32)"),
];

/// What both sides have: a hash of bytes (the number of the call, a word out of so many bytes, the first one and the last), and records.
fn helpers() -> String {
    let spread_i = spread_text("(local.get $i)");
    format!(
        "{ALLOCATOR} {LAST}
        (func $hash (param $i i32) (param $at i32) (param $count i32) (param $step i32) (result i64)
          (local $h i64) (local $p i32) (local $end i32)
          (local.set $h (i64.extend_i32_u (local.get $i)))
          (local.set $p (i32.add (local.get $at)
            (i32.and (i32.mul (local.get $i) (i32.const 8)) (i32.sub (local.get $step) (i32.const 8)))))
          (local.set $end (i32.add (local.get $at) (local.get $count)))
          (block $done
            (loop $next-word
              (br_if $done (i32.ge_u (local.get $p) (local.get $end)))
              (local.set $h (i64.add (i64.mul (local.get $h) (i64.const 31)) (i64.load (local.get $p))))
              (local.set $p (i32.add (local.get $p) (local.get $step)))
              (br $next-word)))
          (i64.add (local.get $h) (i64.add
            (i64.load (local.get $at))
            (i64.mul (i64.load (i32.sub (local.get $end) (i32.const 8))) (i64.const 3)))))
        (func $hash-record (param $id i32) (param $weight f64) (param $level i32) (param $some i32) (param $tag i32)
          (param $at i32) (param $count i32) (result i64)
          (call $hash (local.get $id) (local.get $at) (local.get $count) (i32.const 8))
          (i64.add (i64.mul (i64.reinterpret_f64 (local.get $weight)) (i64.const 5)))
          (i64.add (i64.extend_i32_u (i32.mul (local.get $level) (i32.const 7))))
          (i64.add (i64.extend_i32_u (select (local.get $tag) (i32.const 0x10000) (local.get $some)))))
        (func $change (param $i i32) (param $with i64) (param $at i32) (param $count i32)
          (i32.store8 (local.get $at) (i32.add (i32.const 97) (i32.and (local.get $i) (i32.const 15))))
          (i32.store8 (i32.sub (i32.add (local.get $at) (local.get $count)) (i32.const 1))
            (i32.add (i32.const 97) (i32.and (i32.wrap_i64 (local.get $with)) (i32.const 15)))))
        (func $fill (local $p i32)
          (loop $next-byte
            (i32.store8 offset={DATA} (local.get $p)
              (i32.add (i32.const 97) (i32.rem_u (i32.mul (local.get $p) (i32.const 7)) (i32.const 26))))
            (br_if $next-byte (i32.lt_u
              (local.tee $p (i32.add (local.get $p) (i32.const 1))) (i32.const {BYTES})))))
        (func $spread (param $i i32) (result i64) {spread_i})
        (start $fill)"
    )
}

/// A component whose functions the host calls.
pub fn callee() -> String {
    let lifted: String = FUNCTIONS
        .iter()
        .map(|(name, ty, _)| {
            let post_return =
                if name.starts_with("give") { "(post-return (core func $i \"post-return\"))" } else { "" };
            format!(
                "(func (export \"{name}\") {ty} (canon lift (core func $i \"{name}\")
                  (memory (core memory $i \"memory\")) (realloc (core func $i \"realloc\")) {post_return}))\n"
            )
        })
        .collect();
    let taken = |count, step| {
        format!(
            "(param $i i32) (param $at i32) (param $count i32) (result i64) (local $h i64)
              (if (i32.ne (local.get $count) (i32.const {count})) (then (unreachable)))
              (local.set $h (call $hash (local.get $i) (local.get $at) (local.get $count) (i32.const {step})))
              {RESET} {ANSWER}"
        )
    };
    let answered = format!(
        "(param $i i32) (result i32) (local $h i64) (local.set $h (call $spread (local.get $i))) {ANSWER} (local.set $h)"
    );
    let given = |count| {
        format!(
            "{answered}
              (call $change (local.get $i) (local.get $h) (i32.const {DATA}) (i32.const {count}))
              (i32.store (i32.const 512) (i32.const {DATA})) (i32.store offset=4 (i32.const 512) (i32.const {count}))
              (i32.const 512)"
        )
    };
    let (text, bytes) = (taken(STRING, 8), taken(BYTES, 256));
    let (text_back, bytes_back) = (given(STRING), given(BYTES));
    format!(
        "(component
          (core module $m (memory (export \"memory\") 96) {helpers}
            (func (export \"scalar\") (param $i i32) (param $x i32) (result i64) (local $h i64)
              (local.set $h (i64.add (call $spread (local.get $i)) (i64.extend_i32_u (local.get $x)))) {ANSWER})
            (func (export \"take-string\") {text})
            (func (export \"take-bytes\") {bytes})
            (func (export \"take-record\") (param i32 f64 i32 i32 i32 i32 i32) (result i64) (local $h i64)
              (local.set $h (call $hash-record (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4)
                (local.get 5) (local.get 6)))
              {RESET} {ANSWER})
            (func (export \"give-string\") {text_back})
            (func (export \"give-bytes\") {bytes_back})
            (func (export \"give-record\") {answered}
              (call $change (local.get $i) (local.get $h) (i32.const {DATA}) (i32.const 16))
              (i32.store (i32.const 512) (i32.wrap_i64 (local.get $h)))
              (f64.store offset=8 (i32.const 512) (f64.convert_i32_u (i32.wrap_i64 (local.get $h))))
              (i64.store8 offset=16 (i32.const 512) (i64.and (local.get $h) (i64.const 1)))
              (i64.store8 offset=18 (i32.const 512) (i64.and (i64.shr_u (local.get $h) (i64.const 1)) (i64.const 1)))
              (i64.store16 offset=20 (i32.const 512) (local.get $h))
              (i32.store offset=24 (i32.const 512) (i32.const {DATA})) (i32.store offset=28 (i32.const 512) (i32.const 16))
              (i32.const 512))
            (global $returned (mut i32) (i32.const 0))
            (func (export \"post-return\") (param i32)
              (global.set $returned (i32.add (global.get $returned) (i32.const 1)))))
          (core instance $i (instantiate $m))
          {types}
          {lifted})",
        helpers = helpers(),
        types = types("export"),
    )
}

/// A component that calls functions of the host: for each of them it exports a loop with `run-` before its name.
pub fn caller() -> String {
    let each = |text: fn(&str, &str, &str) -> String| -> String {
        FUNCTIONS.iter().map(|&(name, ty, core)| text(name, ty, core)).collect()
    };
    let imports = each(|name, ty, _| format!("(import \"{name}\" (func ${name} {ty}))\n"));
    let lowered = each(|name, _, _| {
        format!(
            "(core func ${name} (canon lower (func ${name}) (memory (core memory $libc \"memory\")) (realloc (core func $libc \"realloc\"))))\n"
        )
    });
    let core_imports = each(|name, _, core| format!("(import \"host\" \"{name}\" (func ${name} {core}))\n"));
    let links = each(|name, _, _| format!("(export \"{name}\" (func ${name}))\n"));
    let loops = each(|name, _, _| run(&format!("run-{name}"), "(local $h i64) (local $at i32)", &once(name)));
    let exports = each(|name, _, _| {
        format!(
            "(func (export \"run-{name}\") (param \"n\" u32) (param \"step\" u32) (result u64) (canon lift (core func $i \"run-{name}\")))\n"
        )
    });
    format!(
        "(component
          {types}
          {imports}
          (core module $libc (memory (export \"memory\") 96) {helpers}
            (export \"hash\" (func $hash)) (export \"hash-record\" (func $hash-record)) (export \"change\" (func $change))
            (export \"spread\" (func $spread)))
          (core instance $libc (instantiate $libc))
          {lowered}
          (core module $m
            (import \"libc\" \"memory\" (memory 96))
            (import \"libc\" \"next\" (global $next (mut i32)))
            (import \"libc\" \"hash\" (func $hash (param i32 i32 i32 i32) (result i64)))
            (import \"libc\" \"hash-record\" (func $hash-record (param i32 f64 i32 i32 i32 i32 i32) (result i64)))
            (import \"libc\" \"change\" (func $change (param i32 i64 i32 i32)))
            (import \"libc\" \"spread\" (func $spread (param i32) (result i64)))
            {core_imports}
            {loops})
          (core instance $i (instantiate $m (with \"libc\" (instance $libc)) (with \"host\" (instance {links}))))
          {exports})",
        types = types("import"),
        helpers = helpers(),
    )
}

/// One turn of a caller's loop.
fn once(name: &str) -> String {
    let changed = |count: usize| {
        format!("(call $change (local.get $i) (call $spread (local.get $i)) (i32.const {DATA}) (i32.const {count}))")
    };
    let taken = |count: usize| {
        format!("{} (call ${name} (local.get $i) (i32.const {DATA}) (i32.const {count}))", changed(count))
    };
    let given = |step: usize| {
        format!(
            "(call ${name} (local.get $i) (i32.const {RESULT}))
            (call $hash (local.get $i) (i32.load (i32.const {RESULT})) (i32.load offset=4 (i32.const {RESULT})) (i32.const {step}))
            {RESET}"
        )
    };
    match name {
        "scalar" => "(call $scalar (local.get $i) (i32.xor (local.get $i) (i32.const 5)))".to_owned(),
        "take-string" => taken(STRING),
        "take-bytes" => taken(BYTES),
        "take-record" => format!(
            "{} (local.set $h (call $spread (local.get $i)))
            (call $take-record
              (i32.wrap_i64 (local.get $h))
              (f64.convert_i32_u (i32.wrap_i64 (local.get $h)))
              (i32.and (i32.wrap_i64 (local.get $h)) (i32.const 1))
              (i32.and (i32.shr_u (i32.wrap_i64 (local.get $h)) (i32.const 1)) (i32.const 1))
              (i32.and (i32.wrap_i64 (local.get $h)) (i32.const 0xffff))
              (i32.const {DATA}) (i32.const 16))",
            changed(16)
        ),
        "give-string" => given(8),
        "give-bytes" => given(256),
        _ => format!(
            "(call $give-record (local.get $i) (i32.const {RESULT}))
            (local.set $at (i32.const {RESULT}))
            (call $hash-record (i32.load (local.get $at)) (f64.load offset=8 (local.get $at)) (i32.load8_u offset=16 (local.get $at))
              (i32.load8_u offset=18 (local.get $at)) (i32.load16_u offset=20 (local.get $at))
              (i32.load offset=24 (local.get $at)) (i32.load offset=28 (local.get $at)))
            {RESET}"
        ),
    }
}

/// The content of strings and lists: letters of which two depend on the call.
pub fn content(i: u32, with: u64, count: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..count).map(|at| b'a' + (at * 7 % 26) as u8).collect();
    bytes[0] = b'a' + (i & 15) as u8;
    bytes[count - 1] = b'a' + (with & 15) as u8;
    bytes
}

/// What a side makes of bytes; a word is looked at out of `step` bytes.
pub fn hash_bytes(i: u32, bytes: &[u8], step: usize) -> u64 {
    let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("a word has 8 bytes"));
    let first = i.wrapping_mul(8) as usize & (step - 8);
    let add = |hash: u64, at| hash.wrapping_mul(31).wrapping_add(word(at));
    let hash = (first..bytes.len()).step_by(step).fold(i.into(), add);
    hash.wrapping_add(word(0)).wrapping_add(word(bytes.len() - 8).wrapping_mul(3))
}

/// What a side makes of a record.
pub fn hash_record(id: u32, weight: f64, high: bool, tag: Option<u16>, name: &str) -> u64 {
    hash_bytes(id, name.as_bytes(), 8)
        .wrapping_add(weight.to_bits().wrapping_mul(5))
        .wrapping_add(u64::from(high) * 7)
        .wrapping_add(tag.map_or(0x10000, u64::from))
}

/// The fields of the record that is made from a number, but for its name.
pub fn record_fields(v: u64) -> (u32, f64, bool, Option<u16>) {
    (v as u32, f64::from(v as u32), v & 1 == 1, (v & 2 == 2).then_some(v as u16))
}

fn hash_made(i: u32, v: u64) -> u64 {
    let (id, weight, high, tag) = record_fields(v);
    let name = content(i, v, 16);
    hash_record(id, weight, high, tag, str::from_utf8(&name).expect("these are letters"))
}

/// What `n` calls of a function come to, on either side.
pub fn expected(function: &str, n: u32) -> u64 {
    let spread = |i: u32| spread(i.into());
    let same = |_, answer| answer;
    match function {
        "scalar" => checksum(n, |i| spread(i).wrapping_add((i ^ 5).into()), same),
        "take-string" => checksum(n, |i| hash_bytes(i, &content(i, spread(i), STRING), 8), same),
        "take-bytes" => checksum(n, |i| hash_bytes(i, &content(i, spread(i), BYTES), 256), same),
        "take-record" => checksum(n, |i| hash_made(i, spread(i)), same),
        "give-string" => checksum(n, spread, |i, answer| hash_bytes(i, &content(i, answer, STRING), 8)),
        "give-bytes" => checksum(n, spread, |i, answer| hash_bytes(i, &content(i, answer, BYTES), 256)),
        _ => checksum(n, spread, hash_made),
    }
}
