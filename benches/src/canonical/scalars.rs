//! Rows of numbers: a call from one component to another, and one along a chain of them.

use super::guest_loop::GuestLoop;
use super::text::{ANSWER, TwoComponents};
use super::{CanonicalRow, chains, checksum, spread};
use std::rc::Rc;

/// The components of the chain that is called along. The first of them is the one that the host calls.
const CHAIN: u32 = 10;

/// The rows.
pub fn rows() -> Vec<CanonicalRow> {
    vec![
        CanonicalRow::new("scalars", "a call", |engines| call().runs(engines)),
        CanonicalRow::new("scalars", "a chain of 10 components, all 9 calls", |engines| chain().runs(engines)),
    ]
}

pub fn call() -> GuestLoop {
    let callee = format!(
        "(func (export \"f\") (param $a i32) (param $b i32) (result i64) (local $h i64)
          (local.set $h (i64.add
            (i64.mul (i64.extend_i32_u (local.get $a)) (i64.const {:#x}))
            (i64.extend_i32_u (local.get $b))))
          {ANSWER})",
        super::SPREAD
    );
    let text = TwoComponents {
        ty: "(param \"a\" u32) (param \"b\" u32) (result u64)",
        lowered: "(param i32 i32) (result i64)",
        callee: &callee,
        once: "(call $f (local.get $i) (i32.xor (local.get $i) (i32.const 5)))",
        ..TwoComponents::default()
    }
    .text();
    let hash = |i: u32| spread(i.into()).wrapping_add((i ^ 5).into());
    GuestLoop::new(text, 1, Rc::new(move |n, _| checksum(n, hash, |_, answer| answer)))
}

pub fn chain() -> GuestLoop {
    GuestLoop::new(chains::text(CHAIN), 1, Rc::new(|n, _| chains::expected(CHAIN, n)))
}
