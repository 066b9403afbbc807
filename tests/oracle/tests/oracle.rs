//! Generated cases with fixed seeds; the fuzz target `adapters` goes on from here.

use gusset_oracle::{Encoding, Unstructured, arbitrary_type_with_handles, check_types, input};

/// Values of so many types, a hundred of each, for each pair of encodings in turn. Several types share a composition, as adapters share
/// a module and its helpers.
#[test]
fn generated_values_pass_through_generated_adapters() {
    const COMPOSITIONS: u64 = 171;
    const TYPES: usize = 6;
    const VALUES: usize = 100;
    let engine = gusset_oracle::engine();
    let encodings = [Encoding::Utf8, Encoding::Utf16, Encoding::Latin1Utf16];
    let (mut types, mut values) = (0, 0);
    for seed in 0..COMPOSITIONS {
        let input = input(seed, 2048 * TYPES * VALUES);
        let mut input = Unstructured::new(&input);
        let generated: Vec<_> =
            (0..TYPES).map(|_| arbitrary_type_with_handles(&mut input).expect("there are bytes enough")).collect();
        let pair = [encodings[seed as usize % 3], encodings[seed as usize / 3 % 3]];
        match check_types(&engine, &generated, pair, &mut input, VALUES) {
            Ok(ran) => values += ran,
            Err(difference) => panic!("seed {seed}: {difference}"),
        }
        types += TYPES;
    }
    println!("{types} types, {values} values");
    assert!(types >= 1000 && values >= 100 * types, "only {values} values of {types} types were passed");
}
