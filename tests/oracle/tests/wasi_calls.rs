//! Calls of WASI's functions that are made up.

use gusset_oracle::{CallsSeen, check_wasi_calls, input};
use std::time::{Duration, Instant};

/// How long cases are made up.
const TIME: Duration = Duration::from_secs(1);

#[test]
fn made_up_calls_do_only_what_they_may() {
    let (start, mut seen) = (Instant::now(), CallsSeen::default());
    for seed in 0.. {
        if start.elapsed() > TIME {
            break;
        }
        if let Err(wrong) = check_wasi_calls(&input(seed, 2048), &mut seen) {
            panic!("seed {seed}: {wrong}");
        }
    }
    println!("{} calls", seen.calls());
    // Too little is shown by arguments that are always refused.
    let never = seen.never_succeeded();
    assert!(never.is_empty(), "{never:?} never succeeded: {seen:#?}");
}
