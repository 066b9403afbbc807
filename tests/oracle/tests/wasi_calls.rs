//! Calls of WASI's functions that are made up.

use gusset_oracle::{CallsSeen, check_wasi_calls, input};

/// So many cases take about a second.
const CASES: u64 = 2000;

#[test]
fn made_up_calls_do_only_what_they_may() {
    let mut seen = CallsSeen::default();
    for seed in 0..CASES {
        if let Err(wrong) = check_wasi_calls(&input(seed, 2048), &mut seen) {
            panic!("seed {seed}: {wrong}");
        }
    }
    println!("{} calls", seen.calls());
    // Too little is shown by arguments that are always refused.
    let never = seen.never_succeeded();
    assert!(never.is_empty(), "{never:?} never succeeded: {seen:#?}");
}
