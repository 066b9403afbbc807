//! Rows of variants, options, results and records, passed flat and through memory.

use super::guest_loop::GuestLoop;
use super::text::{ANSWER, DATA, RESET, RESULT, TwoComponents, spread_text};
use super::{CanonicalRow, SPREAD, checksum, spread};
use std::fmt::Write;
use std::rc::Rc;

/// Where the callee has a result.
const CALLEE_RESULT: u32 = 512;

/// How many fields a record has.
const FIELDS: usize = 20;

/// A value that is made from a number, in Rust and in a guest, and that lies in memory or is passed flat.
#[derive(Clone, Copy)]
pub struct CompoundValue {
    ty: &'static str,
    size: u32,
    align: u32,
    /// What the number's value is taken for.
    hash: fn(u64) -> u64,
    /// The same, as an expression of the value in memory. `AT` is its address.
    load: &'static str,
    /// Stores what is made from `$v` at `AT`.
    store: &'static str,
    /// Two core values, made from `$v`, and the type of the second. Numbers have none.
    flat: Option<(&'static str, &'static str)>,
    /// What `load` is of the value that is passed flat, in `$case` and `$payload`.
    flat_hash: &'static str,
}

/// A number: what its size, the function from numbers, the load and the store are.
macro_rules! number {
    ($ty:literal, $size:literal, $hash:expr, $load:literal, $store:literal) => {
        CompoundValue {
            ty: $ty,
            size: $size,
            align: $size,
            hash: $hash,
            load: concat!("(", $load, " AT)"),
            store: concat!("(", $store, ")"),
            flat: None,
            flat_hash: "",
        }
    };
}

pub const NUMBERS: [CompoundValue; 5] = [
    number!("u8", 1, |v| v & 0xff, "i64.load8_u", "i64.store8 AT (local.get $v)"),
    number!("u16", 2, |v| v & 0xffff, "i64.load16_u", "i64.store16 AT (local.get $v)"),
    number!("u32", 4, |v| v & 0xffff_ffff, "i64.load32_u", "i64.store32 AT (local.get $v)"),
    number!("u64", 8, |v| v, "i64.load", "i64.store AT (local.get $v)"),
    number!(
        "f64",
        8,
        |v| f64::from(v as u32).to_bits(),
        "i64.load",
        "f64.store AT (f64.convert_i32_u (i32.wrap_i64 (local.get $v)))"
    ),
];

/// The lowest bit says whether there is one.
pub const OPTION: CompoundValue = CompoundValue {
    ty: "(option u32)",
    size: 8,
    align: 4,
    hash: |v| if v & 1 == 1 { v & 0xffff_ffff } else { 9 },
    load: "(if (result i64) (i32.load8_u AT) (then (i64.load32_u offset=4 AT)) (else (i64.const 9)))",
    store: "(i64.store8 AT (i64.and (local.get $v) (i64.const 1))) (i64.store32 offset=4 AT (local.get $v))",
    flat: Some(("(i32.wrap_i64 (i64.and (local.get $v) (i64.const 1))) (i32.wrap_i64 (local.get $v))", "i32")),
    flat_hash: "(if (result i64) (local.get $case) (then (i64.extend_i32_u (local.get $payload))) (else (i64.const 9)))",
};

/// The lowest bit says which it is.
pub const RESULT_VALUE: CompoundValue = CompoundValue {
    ty: "(result u16 (error u64))",
    size: 16,
    align: 8,
    hash: |v| if v & 1 == 1 { v } else { v & 0xffff },
    load: "(if (result i64) (i32.load8_u AT) (then (i64.load offset=8 AT)) (else (i64.load16_u offset=8 AT)))",
    store: "(i64.store8 AT (i64.and (local.get $v) (i64.const 1))) (i64.store offset=8 AT (local.get $v))",
    flat: Some((
        "(i32.wrap_i64 (i64.and (local.get $v) (i64.const 1)))
        (select (local.get $v) (i64.and (local.get $v) (i64.const 0xffff)) (i32.wrap_i64 (i64.and (local.get $v) (i64.const 1))))",
        "i64",
    )),
    flat_hash: "(local.get $payload)",
};

/// The lowest two bits say which case it is.
pub const VARIANT: CompoundValue = CompoundValue {
    ty: "$shape",
    size: 16,
    align: 8,
    hash: |v| match v & 3 {
        0 => v & 0xffff_ffff,
        1 => f64::from(v as u32).to_bits(),
        2 => v & 0xffff,
        _ => 11,
    },
    load: "(block $value (result i64)
        (block $3 (block $2 (block $1 (block $0 (br_table $0 $1 $2 $3 (i32.load8_u AT)))
          (br $value (i64.load32_u offset=8 AT)))
          (br $value (i64.load offset=8 AT)))
          (br $value (i64.load16_u offset=8 AT)))
        (i64.const 11))",
    store: "(i64.store8 AT (i64.and (local.get $v) (i64.const 3)))
        (i64.store offset=8 AT (select
          (i64.reinterpret_f64 (f64.convert_i32_u (i32.wrap_i64 (local.get $v))))
          (local.get $v)
          (i64.eq (i64.and (local.get $v) (i64.const 3)) (i64.const 1))))",
    flat: Some((
        "(i32.wrap_i64 (i64.and (local.get $v) (i64.const 3)))
        (block $value (result i64)
          (block $3 (block $2 (block $1 (block $0
            (br_table $0 $1 $2 $3 (i32.wrap_i64 (i64.and (local.get $v) (i64.const 3)))))
            (br $value (i64.and (local.get $v) (i64.const 0xffffffff))))
            (br $value (i64.reinterpret_f64 (f64.convert_i32_u (i32.wrap_i64 (local.get $v))))))
            (br $value (i64.and (local.get $v) (i64.const 0xffff))))
          (i64.const 0))",
        "i64",
    )),
    flat_hash: "(i64.add (local.get $payload)
        (select (i64.const 11) (i64.const 0) (i32.eq (local.get $case) (i32.const 3))))",
};

/// The kinds of fields of the record that has more than numbers.
pub const CASES: [CompoundValue; 3] = [OPTION, RESULT_VALUE, VARIANT];

const SHAPE: (&str, &str) = ("shape", "(variant (case \"a\" u32) (case \"b\" f64) (case \"c\" u16) (case \"d\"))");

/// The rows.
pub fn rows() -> Vec<CanonicalRow> {
    let flat = |name: &str, value: CompoundValue| {
        CanonicalRow::new("compound", name, move |engines| flat(value).runs(engines))
    };
    let record = |name: &str, make: fn(&[CompoundValue]) -> GuestLoop, fields: &'static [CompoundValue]| {
        CanonicalRow::new("compound", name, move |engines| make(fields).runs(engines))
    };
    vec![
        flat("option<u32>, passed and returned", OPTION),
        flat("result<u16, u64>, passed and returned", RESULT_VALUE),
        flat("a variant of 4 cases, passed and returned", VARIANT),
        record("a record of 20 numbers, passed", passed, &NUMBERS),
        record("a record of 20 numbers, returned", returned, &NUMBERS),
        record("a record of 20 options, results and variants, passed", passed, &CASES),
        record("a record of 20 options, results and variants, returned", returned, &CASES),
    ]
}

/// A value whose parts are parameters one by one, and that comes back in memory: what the callee answers with is made from the call before.
pub fn flat(value: CompoundValue) -> GuestLoop {
    let (parts, second) = value.flat.expect("it is passed flat");
    let callee = format!(
        "(func (export \"f\") (param $case i32) (param $payload {second}) (result i32) (local $h i64) (local $v i64)
          (local.set $h {})
          {ANSWER} (local.set $v)
          {}
          (i32.const {CALLEE_RESULT}))",
        value.flat_hash,
        value.store.replace("AT", &format!("(i32.const {CALLEE_RESULT})")),
    );
    let once = format!(
        "(local.set $v {}) (call $f {parts} (i32.const {RESULT})) {}",
        spread_text("(local.get $i)"),
        value.load.replace("AT", &format!("(i32.const {RESULT})")),
    );
    let text = TwoComponents {
        types: &[SHAPE],
        ty: &format!("(param \"value\" {0}) (result {0})", value.ty),
        lowered: &format!("(param i32 {second} i32)"),
        callee: &callee,
        locals: "(local $v i64)",
        once: &once,
        ..TwoComponents::default()
    }
    .text();
    let expected = move |n, _| checksum(n, |i| (value.hash)(spread(i.into())), |_, answer| (value.hash)(answer));
    GuestLoop::new(text, 1, Rc::new(expected))
}

/// A record whose fields are of these types by turns: its type, where its fields are, and how it is made from a number.
struct CompoundRecord {
    ty: String,
    fields: Vec<(u32, CompoundValue)>,
}

impl CompoundRecord {
    fn new(kinds: &[CompoundValue]) -> CompoundRecord {
        let mut record = CompoundRecord { ty: "(record".into(), fields: Vec::new() };
        let mut end = 0u32;
        for (n, value) in kinds.iter().cycle().take(FIELDS).enumerate() {
            let at = end.next_multiple_of(value.align);
            write!(record.ty, " (field \"f{n}\" {})", value.ty).expect("strings grow");
            record.fields.push((at, *value));
            end = at + value.size;
        }
        record.ty.push(')');
        record
    }

    /// Statements that store the record that is made from `$v`, which they change. `at` is an expression.
    fn store(&self, at: &str) -> String {
        let field = |(offset, value): &(u32, CompoundValue)| {
            let store = value.store.replace("AT", &format!("(i32.add {at} (i32.const {offset}))"));
            format!("{store} (local.set $v (i64.add (local.get $v) (i64.const {SPREAD:#x})))\n")
        };
        self.fields.iter().map(field).collect()
    }

    /// Statements that put the hash of the record into `$h`.
    fn load(&self, at: &str) -> String {
        let field = |(offset, value): &(u32, CompoundValue)| {
            let load = value.load.replace("AT", &format!("(i32.add {at} (i32.const {offset}))"));
            format!("(local.set $h (i64.add (i64.mul (local.get $h) (i64.const 31)) {load}))\n")
        };
        format!("(local.set $h (i64.const 0)) {}", self.fields.iter().map(field).collect::<String>())
    }

    /// That hash.
    fn hash(&self, v: u64) -> u64 {
        let mut v = v;
        self.fields.iter().fold(0u64, |hash, (_, value)| {
            let hash = hash.wrapping_mul(31).wrapping_add((value.hash)(v));
            v = v.wrapping_add(SPREAD);
            hash
        })
    }
}

/// A record as the one parameter, which is too large for flat ones.
pub fn passed(kinds: &[CompoundValue]) -> GuestLoop {
    let record = CompoundRecord::new(kinds);
    let callee = format!(
        "(func (export \"f\") (param $at i32) (result i64) (local $h i64) {} {RESET} {ANSWER})",
        record.load("(local.get $at)")
    );
    let once = format!(
        "(local.set $v {}) {} (call $f (i32.const {DATA}))",
        spread_text("(local.get $i)"),
        record.store(&format!("(i32.const {DATA})")),
    );
    let text = TwoComponents {
        types: &[SHAPE, ("fields", &record.ty)],
        ty: "(param \"value\" $fields) (result u64)",
        lowered: "(param i32) (result i64)",
        callee: &callee,
        locals: "(local $v i64)",
        once: &once,
        ..TwoComponents::default()
    }
    .text();
    let expected = move |n, _| checksum(n, |i| record.hash(spread(i.into())), |_, answer| answer);
    GuestLoop::new(text, 1, Rc::new(expected))
}

/// A record as the result.
pub fn returned(kinds: &[CompoundValue]) -> GuestLoop {
    let record = CompoundRecord::new(kinds);
    let callee = format!(
        "(func (export \"f\") (param $i i32) (result i32) (local $h i64) (local $v i64)
          (local.set $h {})
          {ANSWER} (local.set $v)
          {}
          (i32.const {CALLEE_RESULT}))",
        spread_text("(local.get $i)"),
        record.store(&format!("(i32.const {CALLEE_RESULT})")),
    );
    let once = format!(
        "(call $f (local.get $i) (i32.const {RESULT})) {} (local.get $h)",
        record.load(&format!("(i32.const {RESULT})")),
    );
    let text = TwoComponents {
        types: &[SHAPE, ("fields", &record.ty)],
        ty: "(param \"i\" u32) (result $fields)",
        lowered: "(param i32 i32)",
        callee: &callee,
        locals: "(local $h i64)",
        once: &once,
        ..TwoComponents::default()
    }
    .text();
    let expected = move |n, _| checksum(n, |i| spread(i.into()), |_, answer| record.hash(answer));
    GuestLoop::new(text, 1, Rc::new(expected))
}
