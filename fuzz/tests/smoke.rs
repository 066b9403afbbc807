//! Every target for about a second on pseudo-random input, so that none rots.

use std::time::{Duration, Instant};

fn run(target: fn(&[u8])) {
    let (start, mut state, mut cases) = (Instant::now(), 1u64, 0);
    while start.elapsed() < Duration::from_secs(1) {
        let input: Vec<u8> = (0..1024)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 56) as u8
            })
            .collect();
        target(&input);
        cases += 1;
    }
    assert!(cases > 0);
}

#[test]
fn component() {
    run(gusset_fuzz::component);
}

#[test]
fn adapters() {
    run(gusset_fuzz::adapters);
}
