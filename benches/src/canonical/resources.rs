//! Rows of resources: handles that are borrowed, given away and taken back, made and dropped.

use super::guest_loop::GuestLoop;
use super::{CanonicalRow, ExpectedSum};
use std::rc::Rc;

const TEXT: &str = include_str!("../../kernels/canonical/resources.wat");

/// What the counters of the first two loops start with.
const START: u64 = 7;

/// The rows.
pub fn rows() -> Vec<CanonicalRow> {
    let row = |name: &str, export: &'static str, expected: fn(u32) -> u64| {
        let expected: ExpectedSum = Rc::new(move |n, _| expected(n));
        CanonicalRow::new("resources", name, move |engines| {
            GuestLoop { text: TEXT.to_owned(), export, step: 1, expected }.runs(engines)
        })
    };
    vec![
        row("a method with a borrowed handle", "borrow", borrowed),
        row("an own handle, passed and passed back", "own", |n| add(counted(n, START), 0)),
        row("a constructor and a drop", "drop", |n| counted(n, 0)),
    ]
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
