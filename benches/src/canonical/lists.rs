//! Rows of lists, and of what the bytes of one cost where they are only copied.

use super::guest_loop::GuestLoop;
use super::text::{
    ANSWER, DATA, LAST, RESET, RESULT, TwoComponents, data, elements_hash, hash_elements, run, sparse, spread_text,
};
use super::{CanonicalRow, SPREAD, checksum, spread};
use std::rc::Rc;

pub const KIB: usize = 1024;
pub const MIB: usize = 1024 * KIB;

/// The elements of a list of lists, and the bytes of each.
pub const INNER: usize = 512;
pub const INNER_BYTES: usize = 16;

/// An element that is made from a number, in Rust and in a guest.
#[derive(Clone, Copy)]
pub struct ListElement {
    pub name: &'static str,
    ty: &'static str,
    pub size: usize,
    /// Its bytes in memory.
    bytes: fn(u64) -> Vec<u8>,
    /// What the callee makes of it.
    hash: fn(u64) -> u64,
    /// The same, as an expression of the address `$p`.
    load: &'static str,
    /// Stores what is made from `$v` at `$p`.
    store: &'static str,
}

pub const U8: ListElement = ListElement {
    name: "list<u8>",
    ty: "(list u8)",
    size: 1,
    bytes: |v| vec![v as u8],
    hash: |v| v & 0xff,
    load: "(i64.load8_u (local.get $p))",
    store: "(i64.store8 (local.get $p) (local.get $v))",
};

pub const U32: ListElement = ListElement {
    name: "list<u32>",
    ty: "(list u32)",
    size: 4,
    bytes: |v| (v as u32).to_le_bytes().into(),
    hash: |v| u64::from(v as u32),
    load: "(i64.load32_u (local.get $p))",
    store: "(i64.store32 (local.get $p) (local.get $v))",
};

pub const F64: ListElement = ListElement {
    name: "list<f64>",
    ty: "(list f64)",
    size: 8,
    bytes: |v| f64::from(v as u32).to_le_bytes().into(),
    hash: |v| f64::from(v as u32).to_bits(),
    load: "(i64.load (local.get $p))",
    store: "(f64.store (local.get $p) (f64.convert_i32_u (i32.wrap_i64 (local.get $v))))",
};

pub const TUPLE: ListElement = ListElement {
    name: "list<tuple<u32, u32>>",
    ty: "(list (tuple u32 u32))",
    size: 8,
    bytes: |v| v.to_le_bytes().into(),
    hash: |v| u64::from(v as u32).wrapping_add((v >> 32).wrapping_mul(7)),
    load: "(i64.add (i64.load32_u (local.get $p)) (i64.mul (i64.load32_u offset=4 (local.get $p)) (i64.const 7)))",
    store: "(i64.store (local.get $p) (local.get $v))",
};

pub const BOOL: ListElement = ListElement {
    name: "list<bool>",
    ty: "(list bool)",
    size: 1,
    bytes: |v| vec![v as u8 & 1],
    hash: |v| v & 1,
    load: "(i64.load8_u (local.get $p))",
    store: "(i64.store8 (local.get $p) (i64.and (local.get $v) (i64.const 1)))",
};

pub const CHAR: ListElement = ListElement {
    name: "list<char>",
    ty: "(list char)",
    size: 4,
    bytes: |v| (0x41 + (v as u32 & 0x3fff)).to_le_bytes().into(),
    hash: |v| 0x41 + (v & 0x3fff),
    load: "(i64.load32_u (local.get $p))",
    store: "(i64.store32 (local.get $p) (i64.add (i64.const 0x41) (i64.and (local.get $v) (i64.const 0x3fff))))",
};

/// Between its fields is what no one wrote for the callee.
pub const RECORD: ListElement = ListElement {
    name: "list<record { u8, u64 }>",
    ty: "(list $pair)",
    size: 16,
    bytes: |v| [&[v as u8, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee], &v.rotate_left(13).to_le_bytes()[..]].concat(),
    hash: |v| (v & 0xff).wrapping_add(v.rotate_left(13).wrapping_mul(3)),
    load: "(i64.add (i64.load8_u (local.get $p)) (i64.mul (i64.load offset=8 (local.get $p)) (i64.const 3)))",
    store: "(i64.store8 (local.get $p) (local.get $v))
        (i64.store offset=8 (local.get $p) (i64.rotl (local.get $v) (i64.const 13)))",
};

/// The rows.
pub fn rows() -> Vec<CanonicalRow> {
    let mut rows = Vec::new();
    let sized = |element: ListElement, bytes: usize| {
        let name = format!("{} of {}", element.name, size(bytes));
        CanonicalRow::new("lists", &name, move |engines| list(element, bytes / element.size).runs(engines))
    };
    for element in [U8, U32, F64, TUPLE] {
        rows.extend([64, 4 * KIB, MIB].map(|bytes| sized(element, bytes)));
    }
    for element in [BOOL, CHAR] {
        rows.extend([4 * KIB, MIB].map(|bytes| sized(element, bytes)));
    }
    rows.extend([4 * KIB, 64 * KIB].map(|bytes| sized(RECORD, bytes)));
    for (name, ty) in [("list<string>", "(list string)"), ("list<list<u8>>", "(list (list u8))")] {
        let name = format!("{name}, 512 of 16 B");
        rows.push(CanonicalRow::new("lists", &name, move |engines| nested(ty).runs(engines)));
    }
    for (ty, bytes) in [("string", 64), ("string", 4 * KIB), ("list<u8>", 64), ("list<u8>", 4 * KIB), ("list<u8>", MIB)]
    {
        let name = format!("{ty} of {}, returned", size(bytes));
        let ty = if ty == "string" { ty } else { "(list u8)" };
        rows.push(CanonicalRow::new("lists", &name, move |engines| returned(ty, bytes).runs(engines)));
    }
    for bytes in [4 * KIB, MIB] {
        let name = format!("memory.copy of {} in one module, for comparison", size(bytes));
        rows.push(CanonicalRow::new("lists", &name, move |engines| copy(bytes).runs(engines)));
    }
    rows
}

/// A size in bytes, for people.
pub fn size(bytes: usize) -> String {
    match bytes {
        MIB.. => format!("{} MiB", bytes / MIB),
        KIB.. => format!("{} KiB", bytes / KIB),
        _ => format!("{bytes} B"),
    }
}

/// The number that an element is made from which no call changes.
fn original(j: usize) -> u64 {
    let x = spread(j as u64 + 12345);
    x ^ x >> 29
}

/// A callee that takes a list; `load` is an expression of the address `$p` of an element.
fn list_callee(element_size: usize, load: &str) -> String {
    let element = format!(
        "(block (result i64)
          (local.set $p (i32.add (local.get $at) (i32.mul (local.get $j) (i32.const {element_size}))))
          {load})"
    );
    let hash = hash_elements(&element);
    format!(
        "(func (export \"f\")
          (param $i i32) (param $step i32) (param $at i32) (param $count i32) (result i64)
          (local $h i64) (local $j i32) (local $p i32)
          {hash} {RESET} {ANSWER})"
    )
}

/// The first and the last element are others in each call.
pub fn list(element: ListElement, count: usize) -> GuestLoop {
    let last = DATA as usize + (count - 1) * element.size;
    let store = element.store;
    let once = format!(
        "(local.set $v {}) (local.set $p (i32.const {DATA})) {store}
        (local.set $v (i64.add (local.get $v) (i64.const {SPREAD:#x}))) (local.set $p (i32.const {last})) {store}
        (call $f (local.get $i) (local.get $step) (i32.const {DATA}) (i32.const {count}))",
        spread_text("(local.get $i)")
    );
    let data: Vec<u8> = (0..count).flat_map(|j| (element.bytes)(original(j))).collect();
    let text = TwoComponents {
        types: &[("pair", "(record (field \"a\" u8) (field \"b\" u64))")],
        ty: &format!("(param \"i\" u32) (param \"step\" u32) (param \"list\" {}) (result u64)", element.ty),
        lowered: "(param i32 i32 i32 i32) (result i64)",
        callee: &list_callee(element.size, element.load),
        locals: "(local $v i64) (local $p i32)",
        once: &once,
        data: &data,
        ..TwoComponents::default()
    }
    .text();
    let value = move |i: u32, j: usize| match j {
        0 => spread(i.into()),
        _ if j == count - 1 => spread(u64::from(i) + 1),
        _ => original(j),
    };
    let hash = move |i, step| elements_hash(i, step, count, |j| (element.hash)(value(i, j)));
    let expected = move |n, step| checksum(n, |i| hash(i, step), |_, answer| answer);
    GuestLoop::new(text, sparse(count), Rc::new(expected))
}

/// A list of strings, or of lists of bytes. The first byte of the first and of the last of them are others in each call.
pub fn nested(ty: &str) -> GuestLoop {
    let start = DATA as usize + INNER * 8;
    let contents: Vec<u8> = (0..INNER * INNER_BYTES).map(|at| b'a' + (original(at) % 26) as u8).collect();
    let entry = |j: usize| [(start + j * INNER_BYTES) as u32, INNER_BYTES as u32].map(u32::to_le_bytes).concat();
    let data = [(0..INNER).flat_map(entry).collect(), contents.clone()].concat();
    let letter = "(i32.add (i32.const 97) (i32.and (local.get $i) (i32.const 15)))";
    let once = format!(
        "(i32.store8 (i32.const {start}) {letter}) (i32.store8 (i32.const {}) {letter})
        (call $f (local.get $i) (local.get $step) (i32.const {DATA}) (i32.const {INNER}))",
        start + (INNER - 1) * INNER_BYTES
    );
    let load = "(i64.mul (i64.load32_u offset=4 (local.get $p)) (i64.const 5))
        (i64.load (i32.load (local.get $p))) (i64.add)
        (i64.mul (i64.load offset=8 (i32.load (local.get $p))) (i64.const 3)) (i64.add)";
    let text = TwoComponents {
        ty: &format!("(param \"i\" u32) (param \"step\" u32) (param \"list\" {ty}) (result u64)"),
        lowered: "(param i32 i32 i32 i32) (result i64)",
        callee: &list_callee(8, load),
        once: &once,
        data: &data,
        ..TwoComponents::default()
    }
    .text();
    let element = move |i: u32, j: usize| {
        let mut bytes: [u8; INNER_BYTES] = contents[j * INNER_BYTES..][..INNER_BYTES].try_into().expect("so many");
        if j == 0 || j == INNER - 1 {
            bytes[0] = b'a' + (i & 15) as u8;
        }
        let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("a word has 8 bytes"));
        (INNER_BYTES as u64 * 5).wrapping_add(word(0)).wrapping_add(word(8).wrapping_mul(3))
    };
    let expected = move |n, step| checksum(n, |i| elements_hash(i, step, INNER, |j| element(i, j)), |_, answer| answer);
    GuestLoop::new(text, sparse(INNER), Rc::new(expected))
}

/// Letters that the callee returns, the first and the last of which are others in each call.
pub fn returned(ty: &str, bytes: usize) -> GuestLoop {
    let content: Vec<u8> = (0..bytes).map(|j| b'a' + (original(j) % 26) as u8).collect();
    let first = "(i32.add (i32.const 97) (i32.and (local.get $i) (i32.const 15)))";
    let last = "(i32.add (i32.const 97) (i32.and (i32.wrap_i64 (local.get $h)) (i32.const 15)))";
    let callee = format!(
        "{}
        (func (export \"f\") (param $i i32) (result i32) (local $h i64)
          (local.set $h {})
          {ANSWER} (local.set $h)
          (i32.store8 (i32.const {DATA}) {first}) (i32.store8 (i32.const {}) {last})
          (i32.store (i32.const 512) (i32.const {DATA})) (i32.store (i32.const 516) (i32.const {bytes}))
          (i32.const 512))
        (global $returned (mut i32) (i32.const 0))
        (func (export \"post-return\") (param i32)
          (global.set $returned (i32.add (global.get $returned) (i32.const 1))))",
        data(DATA, &content),
        spread_text("(local.get $i)"),
        DATA as usize + bytes - 1,
    );
    let once = format!(
        "(call $f (local.get $i) (i32.const {RESULT}))
        (local.set $at (i32.load (i32.const {RESULT}))) (local.set $count (i32.load offset=4 (i32.const {RESULT})))
        {} {RESET} (local.get $h)",
        hash_elements("(i64.load8_u (i32.add (local.get $at) (local.get $j)))")
    );
    let text = TwoComponents {
        ty: &format!("(param \"i\" u32) (result {ty})"),
        lowered: "(param i32 i32)",
        post_return: true,
        callee: &callee,
        locals: "(local $at i32) (local $count i32) (local $h i64) (local $j i32)",
        once: &once,
        ..TwoComponents::default()
    }
    .text();
    let byte = move |i: u32, answer: u64, j: usize| match j {
        0 => b'a' + (i & 15) as u8,
        _ if j == bytes - 1 => b'a' + (answer & 15) as u8,
        _ => content[j],
    };
    let seen = move |i, step, answer| elements_hash(i, step, bytes, |j| byte(i, answer, j).into());
    let expected = move |n, step| checksum(n, |i| spread(i.into()), |i, answer| seen(i, step, answer));
    GuestLoop::new(text, sparse(bytes), Rc::new(expected))
}

/// A copy from one place of a memory to another, of which the first and last byte are others in each turn.
fn copy(bytes: usize) -> GuestLoop {
    const TARGET: usize = 3 << 20;
    let source = DATA as usize;
    let load = format!("(i64.load8_u (i32.add (i32.const {TARGET}) (local.get $j)))");
    let once = format!(
        "(i32.store8 (i32.const {source}) (local.get $i))
        (i32.store8 (i32.const {}) (i32.add (local.get $i) (i32.const 1)))
        (memory.copy (i32.const {TARGET}) (i32.const {source}) (i32.const {bytes}))
        (local.set $count (i32.const {bytes})) {} {ANSWER}",
        source + bytes - 1,
        hash_elements(&load)
    );
    let content: Vec<u8> = (0..bytes).map(|j| original(j) as u8).collect();
    let text = format!(
        "(component
          (core module $m (memory 96) {LAST} {} {})
          (core instance $i (instantiate $m))
          (func (export \"run\") (param \"n\" u32) (param \"step\" u32) (result u64) (canon lift (core func $i \"run\"))))",
        data(DATA, &content),
        run("run", "(local $h i64) (local $j i32) (local $count i32)", &once)
    );
    let byte = move |i: u32, j: usize| match j {
        0 => i as u8,
        _ if j == bytes - 1 => (i + 1) as u8,
        _ => content[j],
    };
    let hash = move |i, step| elements_hash(i, step, bytes, |j| byte(i, j).into());
    let expected = move |n, step| checksum(n, |i| hash(i, step), |_, answer| answer);
    GuestLoop::new(text, sparse(bytes), Rc::new(expected))
}
