//! Small modules that ask for products: of blocks with locals, of loops with values, of labels with labels. The cost of each
//! is in proportion to its size. Each took minutes or gigabytes when locals were variables of the code generator's builder.

use crate::common::compile;
use std::time::{Duration, Instant};

/// Far more than it takes without optimisation on a busy machine, and far less than a product takes.
const LIMIT: Duration = Duration::from_secs(60);

fn function(locals: usize, body: &str) -> String {
    format!(
        "(module (memory 1) (global $g (mut i32) (i32.const 0)) (func (param i32) (local {}) {body}))",
        "i32 ".repeat(locals)
    )
}

fn repeat(count: usize, mut piece: impl FnMut(usize) -> String) -> String {
    (0..count).map(|at| piece(at) + " ").collect()
}

fn change(local: usize) -> String {
    format!("local.get {local} i32.const 1 i32.add local.set {local}")
}

/// A product that does not change in a loop, and a store of it that is not left out for the next one.
fn product(number: usize) -> String {
    format!("i32.const 64 local.get 0 i32.const {number} i32.add local.get 0 i32.mul i32.store")
}

fn compiles_soon(name: &str, wat: &str) {
    let start = Instant::now();
    compile(wat);
    assert!(start.elapsed() < LIMIT, "{name} took {:?}", start.elapsed());
}

#[test]
fn blocks_and_locals() {
    let branches = "block local.get 0 br_if 0 end ".repeat(4_000);
    let reads = repeat(3_000, |at| format!("local.get {} global.set $g", at + 1));
    compiles_soon("reads behind blocks", &function(3_000, &(branches + &reads)));
    let ifs = repeat(6_000, |at| format!("local.get 0 if {} end", change(1 + at % 1_500)));
    compiles_soon("ifs in a row", &function(1_500, &ifs));
    let outward = repeat(4_000, |at| format!("{} local.get 0 br_if 0", change(1 + at % 2_000)));
    let reads = repeat(2_000, |at| format!("local.get {} global.set $g", at + 1));
    compiles_soon("branches to one label", &function(2_000, &format!("block {outward} end {reads}")));
}

#[test]
fn loops_and_locals() {
    let ends = "local.get 0 br_if 0 end ".repeat(300);
    let changes = repeat(300, |at| change(at + 1));
    compiles_soon("changes in nested loops", &function(300, &format!("{} {changes} {ends}", "loop ".repeat(300))));
    let reads = repeat(2_000, |at| format!("local.get {} global.set $g", at + 1));
    compiles_soon("reads in nested loops", &function(2_000, &format!("{} {reads} {ends}", "loop ".repeat(300))));
    let depth = 10_000;
    compiles_soon("deep loops", &function(1, &format!("{} {}", "loop ".repeat(depth), "end ".repeat(depth))));
    let (loops, work, ends) = ("loop ".repeat(900), repeat(20_000, product), "global.get $g br_if 0 end ".repeat(900));
    compiles_soon("work in deep loops", &function(1, &format!("{loops} {work} {ends}")));
    let ifs = format!("{} {}", "local.get 0 if ".repeat(depth), "end ".repeat(depth));
    compiles_soon("deep conditionals", &function(1, &ifs));
}

/// Values that are taken out of loops are alive over these.
#[test]
fn invariants_of_many_loops() {
    let inner = |at| {
        format!("loop local.get 0 i32.const {at} i32.add local.get 0 i32.mul global.set $g global.get $g br_if 0 end")
    };
    let loops = repeat(8_000, inner);
    compiles_soon("products of sums", &function(1, &format!("loop {loops} global.get $g br_if 0 end")));
    let (loops, products, ends) =
        ("loop ".repeat(10), repeat(30_000, product), "global.get $g br_if 0 end ".repeat(10));
    compiles_soon("products in one loop", &function(1, &format!("{loops} {products} {ends}")));
}

#[test]
fn labels_of_tables() {
    let count = 3_000;
    let blocks = "block ".repeat(count);
    let labels = repeat(count, |at| at.to_string());
    let ends = repeat(count, |_| format!("end {}", change(1)));
    compiles_soon("labels", &function(1, &format!("{blocks} local.get 0 br_table {labels} {ends}")));
}

#[test]
fn values_that_the_optimiser_makes_live_long() {
    let products = repeat(1_500, |at| format!("local.get 0 i32.const {} i32.mul global.set $g", at + 100_000));
    let branches = "block local.get 0 br_if 0 end ".repeat(3_000);
    compiles_soon("equal values far apart", &function(1, &format!("{products} {branches} {products}")));
    let loops = format!("{} {products} {}", "loop ".repeat(500), "local.get 0 br_if 0 end ".repeat(500));
    compiles_soon("invariant values", &function(1, &loops));
}

#[test]
fn wide_blocks() {
    let values = " i32".repeat(1_000);
    let zeros = "(i32.const 0)".repeat(1_000);
    let drops = "drop ".repeat(1_000);
    for (name, open) in [("loops", "loop (type $t) "), ("conditionals", "local.get 0 if (type $t) ")] {
        let (opens, ends) = (open.repeat(5_000), "end ".repeat(5_000));
        let wat = format!(
            "(module (type $t (func (param{values}) (result{values})))
                (func (param i32) {zeros} {opens} {ends} {drops}))"
        );
        compiles_soon(name, &wat);
    }
}

#[test]
fn locals_that_are_never_named() {
    let local = format!("(func (local {}))", "i32 ".repeat(2_000));
    let wat = format!("(module {})", local.repeat(500));
    compiles_soon("locals", &wat);
}
