//! Rows whose components are made by wit-component from guests in C (`guests/`), each beside a row of hand-linked components that does the same
//! and is called the same, but for its group.

use super::guest_loop::GuestLoop;
use super::lists::{INNER, INNER_BYTES, KIB, ListElement, MIB, size};
use super::strings::PassedEncoding::{self, Utf8, Utf16};
use super::strings::Script;
use super::{CanonicalRow, compound, lists, resources, scalars, strings};
use std::rc::Rc;

/// A composition of guests.
type Composition = &'static [u8];

const CALLS: Composition = include_bytes!("../../guests/built/calls.wasm");
const CHAIN: Composition = include_bytes!("../../guests/built/chain.wasm");

/// The rows.
pub fn rows() -> Vec<CanonicalRow> {
    let mut rows = vec![
        row("a call", CALLS, "scalar", None, scalars::call),
        row("a chain of 10 components, all 9 calls", CHAIN, "run", None, scalars::chain),
    ];
    for (name, export) in resources::LOOPS {
        rows.push(row(name, CALLS, export, None, || resources::counter(export)));
    }
    rows.extend(compound_rows());
    rows.extend(list_rows());
    rows.extend(string_rows());
    rows.extend([64, 4 * KIB, MIB].map(|bytes| {
        let name = format!("{} allocated and freed, for comparison", size(bytes));
        row(&name, CALLS, "allocate", Some(bytes), || allocated(|i| u64::from(i as u8)))
    }));
    let name = format!("{INNER} of {INNER_BYTES} B allocated and freed, for comparison");
    rows.push(row(&name, CALLS, "allocate-many", None, || allocated(many)));
    rows
}

/// A row: what is measured is the loop of a composition, and what the loop comes to is what it comes to in the hand-linked components.
fn row(
    name: &str,
    component: Composition,
    export: &'static str,
    prepare: Option<usize>,
    hand_linked: impl FnOnce() -> GuestLoop + 'static,
) -> CanonicalRow {
    let prepare = prepare.map(|argument| u32::try_from(argument).expect("sizes are small"));
    CanonicalRow::new("guests", name, move |engines| {
        GuestLoop { component: component.into(), export, prepare, ..hand_linked() }.runs(engines)
    })
}

fn compound_rows() -> Vec<CanonicalRow> {
    use compound::{CASES, NUMBERS, OPTION, RESULT_VALUE, VARIANT, flat, passed, returned};
    let row = |name, export, hand_linked: fn() -> GuestLoop| row(name, CALLS, export, None, hand_linked);
    vec![
        row("option<u32>, passed and returned", "option", || flat(OPTION)),
        row("result<u16, u64>, passed and returned", "result", || flat(RESULT_VALUE)),
        row("a variant of 4 cases, passed and returned", "variant", || flat(VARIANT)),
        row("a record of 20 numbers, passed", "numbers-passed", || passed(&NUMBERS)),
        row("a record of 20 numbers, returned", "numbers-returned", || returned(&NUMBERS)),
        row("a record of 20 options, results and variants, passed", "cases-passed", || passed(&CASES)),
        row("a record of 20 options, results and variants, returned", "cases-returned", || returned(&CASES)),
    ]
}

fn list_rows() -> Vec<CanonicalRow> {
    use lists::{BOOL, CHAR, F64, RECORD, TUPLE, U8, U32};
    let sized = |element: ListElement, export, bytes: usize| {
        let name = format!("{} of {}", element.name, size(bytes));
        let count = bytes / element.size;
        row(&name, CALLS, export, Some(count), move || lists::list(element, count))
    };
    let mut rows = Vec::new();
    for (element, export) in [(U8, "u8s"), (U32, "u32s"), (F64, "f64s"), (TUPLE, "tuples")] {
        rows.extend([64, 4 * KIB, MIB].map(|bytes| sized(element, export, bytes)));
    }
    for (element, export) in [(BOOL, "bools"), (CHAR, "chars")] {
        rows.extend([4 * KIB, MIB].map(|bytes| sized(element, export, bytes)));
    }
    rows.extend([4 * KIB, 64 * KIB].map(|bytes| sized(RECORD, "pairs", bytes)));
    for (name, ty, export) in
        [("list<string>", "(list string)", "strings"), ("list<list<u8>>", "(list (list u8))", "byte-lists")]
    {
        let name = format!("{name}, {INNER} of {INNER_BYTES} B");
        rows.push(row(&name, CALLS, export, None, || lists::nested(ty)));
    }
    let returned = |name, ty: &'static str, export, bytes: usize| {
        let name = format!("{name} of {}, returned", size(bytes));
        row(&name, CALLS, export, Some(bytes), move || lists::returned(ty, bytes))
    };
    rows.extend([64, 4 * KIB].map(|bytes| returned("string", "string", "string-returned", bytes)));
    rows.extend([64, 4 * KIB, MIB].map(|bytes| returned("list<u8>", "(list u8)", "bytes-returned", bytes)));
    rows
}

fn string_rows() -> Vec<CanonicalRow> {
    let passed = |from, to, script, bytes| {
        let component = match (from, to) {
            (Utf8, Utf8) => include_bytes!("../../guests/built/texts-utf8-to-utf8.wasm") as Composition,
            (Utf8, _) => include_bytes!("../../guests/built/texts-utf8-to-utf16.wasm"),
            (_, Utf8) => include_bytes!("../../guests/built/texts-utf16-to-utf8.wasm"),
            _ => include_bytes!("../../guests/built/texts-utf16-to-utf16.wasm"),
        };
        let export = match script {
            Script::Ascii => "ascii",
            Script::Latin => "latin",
            Script::Cjk => "cjk",
        };
        let length = Some(strings::length(script, from, bytes));
        let loops = move || strings::passed([from, to], script, bytes);
        row(&strings::row_name([from, to], script, bytes), component, export, length, loops)
    };
    // C has no strings of the third encoding.
    let rows = strings::table().into_iter();
    let in_c = |encoding: &PassedEncoding| matches!(encoding, Utf8 | Utf16);
    rows.filter(|(encodings, ..)| encodings.iter().all(in_c))
        .map(|([from, to], script, bytes)| passed(from, to, script, bytes))
        .collect()
}

/// A loop in which nothing is called; `seen` is what a turn of it comes to.
fn allocated(seen: impl Fn(u32) -> u64 + 'static) -> GuestLoop {
    let expected = move |n, _| (1..=n).fold(0u64, |sum, i| sum.rotate_left(7) ^ seen(i));
    GuestLoop::new(String::new(), 1, Rc::new(expected))
}

/// The hash of the first bytes of many blocks.
fn many(i: u32) -> u64 {
    let byte = |j: u32| u64::from(i.wrapping_add(j) as u8);
    (0..INNER as u32).fold(0u64, |hash, j| hash.wrapping_mul(31).wrapping_add(byte(j)))
}
