//! Rows of resources: handles that are borrowed, given away and taken back, made and dropped.

use super::guest_loop::GuestLoop;
use super::{CanonicalRow, ExpectedSum};
use std::rc::Rc;

const TEXT: &str = include_str!("../../kernels/canonical/resources.wat");

/// What the counters of the first two loops start with.
const START: u64 = 7;

/// What the loops are, and their names.
pub const LOOPS: [(&str, &str); 3] = [
    ("a method with a borrowed handle", "borrow"),
    ("an own handle, passed and passed back", "own"),
    ("a constructor and a drop", "drop"),
];

/// The rows.
pub fn rows() -> Vec<CanonicalRow> {
    let row = |(name, export)| CanonicalRow::new("resources", name, move |engines| counter(export).runs(engines));
    LOOPS.map(row).into()
}

/// One of the loops.
pub fn counter(export: &'static str) -> GuestLoop {
    let expected: ExpectedSum = match export {
        "borrow" => Rc::new(|n, _| borrowed(n)),
        "own" => Rc::new(|n, _| add(counted(n, START), 0)),
        _ => Rc::new(|n, _| counted(n, 0)),
    };
    GuestLoop { export, ..GuestLoop::new(TEXT.to_owned(), 1, expected) }
}

/// What a counter holds after it is given another number.
fn add(counter: u64, x: u32) -> u64 {
    counter.wrapping_mul(31).wrapping_add(x.into())
}

/// What a counter holds after it is given all numbers from 1 to `n`.
fn counted(n: u32, start: u64) -> u64 {
    (1..=n).fold(start, add)
}

fn borrowed(n: u32) -> u64 {
    let mut counter = START;
    (1..=n).fold(0u64, |sum, i| {
        counter = add(counter, i);
        sum.rotate_left(7) ^ counter
    })
}
