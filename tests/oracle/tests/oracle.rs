//! Generated cases with fixed seeds; the fuzz target `adapters` goes on from here.

use gusset::Engine;
use gusset_oracle::{
    Addresses, CallSide, Encoding, GeneratedType, Joined, Unstructured, arbitrary_type_with_handles, check_types,
    engine, engine_without_adapters, engine_without_inlining, input,
};

/// Passes values of types with handles: `per_type` of each of six types, which share a composition as adapters share a module and its
/// helpers. Returns how many types and values.
fn check_compositions(engine: &Engine, joined: Joined, compositions: u64, per_type: usize) -> (usize, usize) {
    const TYPES: usize = 6;
    let (mut types, mut values) = (0, 0);
    for seed in 0..compositions {
        let input = input(seed, 2048 * TYPES * 100);
        let mut input = Unstructured::new(&input);
        let handle = if seed % 2 == 0 { &GeneratedType::Own } else { &GeneratedType::Borrow };
        let generated: Vec<_> = (0..TYPES)
            .map(|_| arbitrary_type_with_handles(&mut input, handle).expect("there are bytes enough"))
            .collect();
        let side = |n: u64| CallSide {
            encoding: Encoding::ALL[n as usize % 3],
            addresses: Addresses::ALL[n as usize / 3 % 2],
        };
        // Each of 36 pairs, with lent and owned handles in turns.
        let pair = [side(seed / 2 % 6), side(seed / 12 % 6)];
        match check_types(engine, joined, &generated, pair, &mut input, per_type) {
            Ok(ran) => values += ran,
            Err(difference) => panic!("seed {seed}: {difference}"),
        }
        types += TYPES;
    }
    println!("{types} types, {values} values");
    (types, values)
}

#[test]
fn generated_values_pass_through_generated_adapters() {
    let (types, values) = check_compositions(&engine(), Joined::Composed, 171, 100);
    assert!(types >= 1000 && values >= 100 * types, "only {values} values of {types} types were passed");
}

/// The same values, through adapters into which nothing is inlined, and which are not inlined.
#[test]
fn they_pass_without_inlining_as_well() {
    let (types, values) = check_compositions(&engine_without_inlining(), Joined::Composed, 72, 10);
    assert!(values >= 10 * types, "only {values} values of {types} types were passed");
}

/// The same values, lifted and lowered by the host.
#[test]
fn they_pass_through_the_host_as_well() {
    let (types, values) = check_compositions(&engine_without_adapters(), Joined::Composed, 171, 10);
    assert!(types >= 1000 && values >= 10 * types, "only {values} values of {types} types were passed");
}

/// The same values, between instances of two components that are linked while they run.
#[test]
fn they_pass_through_links_as_well() {
    let (types, values) = check_compositions(&engine(), Joined::Linked, 72, 10);
    assert!(values >= 10 * types, "only {values} values of {types} types were passed");
}
