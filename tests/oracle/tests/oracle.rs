//! Generated cases with fixed seeds; the fuzz target `adapters` goes on from here.

mod support;

#[test]
fn generated_values_pass_through_generated_adapters() {
    let engine = gusset_oracle::engine();
    let mut values = 0;
    for seed in 0..600 {
        match gusset_oracle::check(&engine, &support::input(seed)) {
            Ok(ran) => values += ran.unwrap_or(0),
            Err(difference) => panic!("seed {seed}: {difference}"),
        }
    }
    assert!(values > 1000, "only {values} values were passed");
}
