//! Programs over handles whose host waits, with fixed seeds; the fuzz target `waiting_programs` goes on from here.

use gusset_oracle::{WaitingPrograms, WaitingSeen, input};

/// Runs so many cases, or `GUSSET_SEQUENCES`.
fn check_cases(programs: &WaitingPrograms, cases: u64) {
    let cases = std::env::var("GUSSET_SEQUENCES").map_or(cases, |count| count.parse().expect("a number of cases"));
    let mut seen = WaitingSeen::default();
    for seed in 0..cases {
        if let Err(wrong) = programs.check(&input(seed, 1536), &mut seen) {
            panic!("seed {seed}: {wrong}");
        }
    }
    println!("{seen:?}");
    let WaitingSeen { ended, trapped, dropped, gave_up, polls, futures } = seen;
    let few = [ended, 2 * trapped, 2 * dropped, 8 * gave_up].into_iter().any(|count| (count as u64) < cases / 8);
    assert!(!few && polls > 5 * ended && futures > 5 * ended, "too little was seen");
}

#[test]
fn programs_whose_host_waits_do_what_they_do_otherwise() {
    check_cases(&WaitingPrograms::on_demand(), 1000);
}

#[test]
fn so_they_do_in_a_pool_with_turns_by_fuel_and_epochs() {
    check_cases(&WaitingPrograms::pooled(), 1000);
}
