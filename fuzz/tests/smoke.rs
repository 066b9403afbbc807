//! Every target for about a second on pseudo-random input, so that none rots. `GUSSET_FUZZ_SECONDS` gives them longer, and
//! `GUSSET_FUZZ_SEED` other input.

use gusset_fuzz::{COMPONENT_HEADER, Shown};
use gusset_oracle::{CallSide, Unstructured, arbitrary_type, composition};
use std::time::{Duration, Instant};

/// A linear congruential generator.
struct Input(u64);

impl Input {
    fn new() -> Input {
        Input(setting("GUSSET_FUZZ_SEED", 1))
    }

    fn byte(&mut self) -> u8 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 56) as u8
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.byte()).collect()
    }

    fn below(&mut self, limit: usize) -> usize {
        u32::from_le_bytes([0; 4].map(|_: u8| self.byte())) as usize % limit
    }
}

fn setting(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|error| panic!("{name}: {error}")),
        Err(_) => default,
    }
}

/// Runs `case` until the time is up; at least once.
fn run(mut case: impl FnMut(&mut Input)) {
    let (start, mut input, mut cases) = (Instant::now(), Input::new(), 0);
    let time = Duration::from_secs(setting("GUSSET_FUZZ_SECONDS", 1));
    while cases == 0 || start.elapsed() < time {
        case(&mut input);
        cases += 1;
    }
    println!("{cases} cases");
}

/// What follows the header of a component: a generated composition, damaged in a few places.
fn damaged(input: &mut Input) -> (Vec<u8>, usize) {
    let bytes = input.bytes(1024);
    let mut source = Unstructured::new(&bytes);
    let ty = arbitrary_type(&mut source).expect("there are bytes enough");
    let sides = [CallSide::arbitrary(&mut source), CallSide::arbitrary(&mut source)];
    let [caller, callee] = sides.map(|side| side.expect("there are bytes enough"));
    let component = wat::parse_str(composition(&[ty], caller, callee)).expect("the composition is well-formed");
    let mut bytes = component.strip_prefix(&COMPONENT_HEADER).expect("it is a component").to_vec();
    let damages = input.below(4);
    for _ in 0..damages {
        let at = input.below(bytes.len());
        bytes[at] ^= 1 << input.below(8);
    }
    (bytes, damages)
}

#[test]
fn component() {
    let (mut whole, mut refused) = (0, 0);
    run(|input| {
        for _ in 0..8 {
            let (bytes, damages) = damaged(input);
            let compiles = gusset_fuzz::component(&bytes);
            assert!(compiles || damages > 0, "a composition that nobody has damaged is refused");
            whole += usize::from(damages == 0);
            refused += usize::from(!compiles);
        }
        gusset_fuzz::component(&input.bytes(1024));
    });
    // What compiles has been read to its end, and what is refused nearly so: both are beyond the header.
    assert!(whole > 0 && refused > 0, "{whole} whole, {refused} refused");
}

#[test]
fn adapters() {
    run(|input| gusset_fuzz::adapters(&input.bytes(1024)));
}

#[test]
fn memories() {
    run(|input| gusset_fuzz::memories(&input.bytes(1024)));
}

#[test]
fn programs() {
    run(|input| gusset_fuzz::programs(&input.bytes(1024)));
}

#[test]
fn wasi_abi() {
    let mut calls = 0;
    run(|input| calls += gusset_fuzz::wasi_abi(&input.bytes(2048)).calls());
    assert!(calls > 100, "there were only {calls} calls");
}

#[test]
fn waiting_programs() {
    let (mut polls, mut ended) = (0, 0);
    run(|input| {
        let seen = gusset_fuzz::waiting_programs(&input.bytes(1536));
        (polls, ended) = (polls + seen.polls, ended + seen.ended);
    });
    println!("{polls} polls, {ended} programs");
    assert!(ended > 10 && polls > 5 * ended, "there were only {polls} polls of {ended} programs");
}

#[test]
fn differential() {
    let mut all = Shown::default();
    run(|input| all += gusset_fuzz::differential(&input.bytes(8192)));
    println!("{all:?}");
    assert!(all.instances > 0 && all.returns > 0 && all.traps > 0, "too little was compared: {all:?}");
}
