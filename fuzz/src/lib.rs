//! What the fuzz targets run: functions that take bytes and panic when Gusset is wrong.

mod differential;
mod peer;

pub use differential::{Shown, differential};

use gusset::Engine;
use std::sync::LazyLock;

static ENGINE: LazyLock<Engine> = LazyLock::new(gusset_oracle::engine);
static PLAIN_ENGINE: LazyLock<Engine> = LazyLock::new(gusset_oracle::engine_without_inlining);

/// The engine for an input: every other one is run without inlining.
fn engine(bytes: &[u8]) -> &'static Engine {
    if bytes.last().is_some_and(|last| last % 2 == 1) { &PLAIN_ENGINE } else { &ENGINE }
}

/// How a component begins. What does not begin so is taken for text.
pub const COMPONENT_HEADER: [u8; 8] = *b"\0asm\x0d\0\x01\0";

/// Arbitrary bytes behind the header of a component: an error or a component, nothing else. Whether it is one.
///
/// # Panics
///
/// When Gusset does.
pub fn component(bytes: &[u8]) -> bool {
    gusset_oracle::compile_anything(engine(bytes), &[&COMPONENT_HEADER, bytes].concat())
}

/// A generated type, composition and values: adapters and the host's lift and lower must agree.
///
/// # Panics
///
/// When they do not.
pub fn adapters(bytes: &[u8]) {
    if let Err(difference) = gusset_oracle::check(engine(bytes), bytes) {
        panic!("{difference}");
    }
}

/// A generated type and value in raw memories, right and wrong: adapters, the host and a model must agree.
///
/// # Panics
///
/// When they do not.
pub fn memories(bytes: &[u8]) {
    if let Err(difference) = gusset_oracle::check_memories(engine(bytes), bytes) {
        panic!("{difference}");
    }
}

/// A program over handles in two to four component instances: guests, adapters and built-ins must do what a model does.
///
/// # Panics
///
/// When they do not.
pub fn programs(bytes: &[u8]) {
    static INTERPRETERS: LazyLock<Vec<gusset_oracle::Interpreters>> = LazyLock::new(|| {
        let engines = [&*ENGINE, &PLAIN_ENGINE].into_iter();
        let each = engines.flat_map(|engine| (2..=4).map(|count| gusset_oracle::Interpreters::new(engine, count)));
        each.collect::<Result<_, _>>().unwrap_or_else(|error| panic!("{error}"))
    });
    let Some((first, rest)) = bytes.split_first() else { return };
    let interpreters = &INTERPRETERS[usize::from(*first) % INTERPRETERS.len()];
    let program =
        gusset_oracle::arbitrary_program(interpreters.instances(), &mut gusset_oracle::Unstructured::new(rest));
    if let Err(difference) = interpreters.check(&program) {
        panic!("{difference}");
    }
}

/// Programs over handles whose host waits, several at once, some of which are given up: guests must do what they do where nobody waits. What
/// has come of them.
///
/// # Panics
///
/// When they do not.
pub fn waiting_programs(bytes: &[u8]) -> gusset_oracle::WaitingSeen {
    use gusset_oracle::{WaitingPrograms, WaitingSeen};
    static ENGINES: LazyLock<[WaitingPrograms; 2]> =
        LazyLock::new(|| [WaitingPrograms::on_demand(), WaitingPrograms::pooled()]);
    let mut seen = WaitingSeen::default();
    if let Some((first, rest)) = bytes.split_first()
        && let Err(wrong) = ENGINES[usize::from(*first) % 2].check(rest, &mut seen)
    {
        panic!("{wrong}");
    }
    seen
}

/// Calls of WASI's functions, with made-up arguments over a made-up memory: they must do only what they may. What has come of them.
///
/// # Panics
///
/// When they do more.
pub fn wasi_abi(bytes: &[u8]) -> gusset_oracle::CallsSeen {
    let mut seen = gusset_oracle::CallsSeen::default();
    if let Err(wrong) = gusset_oracle::check_wasi_calls(bytes, &mut seen) {
        panic!("{wrong}");
    }
    seen
}
