//! Random programs over handles with fixed seeds: indices, representations, the order of destructors, and how each program ends.

use gusset::{Engine, TrapCode};
use gusset_oracle::{Interpreters, Unstructured, arbitrary_program, engine, engine_without_adapters, input};
use std::collections::BTreeMap;

/// Runs so many programs; how many end how.
fn check_programs(engine: &Engine, programs: u64) -> BTreeMap<Option<TrapCode>, usize> {
    let interpreters: Vec<_> = (2..=4)
        .map(|instances| Interpreters::new(engine, instances).unwrap_or_else(|error| panic!("{error}")))
        .collect();
    let mut ends = BTreeMap::new();
    let mut notes = 0;
    for seed in 0..programs {
        let bytes = input(seed, 1024);
        let instances = 2 + seed as usize % 3;
        let program = arbitrary_program(instances, &mut Unstructured::new(&bytes));
        if let Err(difference) = interpreters[instances - 2].check(&program) {
            panic!("seed {seed}: {difference}");
        }
        notes += program.log.len();
        *ends.entry(program.trap).or_insert(0) += 1;
    }
    println!("{notes} notes; {ends:?}");
    ends
}

#[test]
fn programs_over_handles_do_what_the_specification_says() {
    let ends = check_programs(&engine(), 10_000);
    assert!(ends.len() == 6 && ends.values().all(|&count| count >= 20), "too few ends of some kind: {ends:?}");
}

/// The host's own tables, lends and scopes.
#[test]
fn so_they_do_where_the_host_lifts_and_lowers() {
    let ends = check_programs(&engine_without_adapters(), 3000);
    assert!(ends.len() == 6, "too few ends of some kind: {ends:?}");
}
