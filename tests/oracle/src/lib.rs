//! The oracle: what comes out of a generated adapter must be what went in.
//!
//! From arbitrary bytes it makes a few component types, a composition that passes values of each through an adapter in both directions,
//! and values; it runs them through and compares. The way is
//!
//! ```text
//! host ─lower─▶ caller ═adapter═▶ callee ─lift─▶ host echo ─lower─▶ callee ═adapter═▶ caller ─lift─▶ host
//! ```
//!
//! The host's lift and lower share no code with the adapter compiler, so each checks the other. The core code in between only
//! forwards flat parameters and return pointers: it never looks at a value.
//!
//! What both could get wrong in the same way, [`check_memories`] finds: there a model that shares code with neither says what
//! memory must hold, and which trap a wrong value must end with.
#![forbid(unsafe_code)]

mod composition;
mod damage;
mod echo;
mod generate;
mod guests;
mod handles;
mod hostile;
mod interpreters;
mod memories;
mod model;
mod own;
mod programs;
mod reference;
mod run_programs;
mod seed;
mod side;
mod text;
mod view;
mod waiting_host;
mod waiting_programs;
mod wasi_calls;
mod wasi_world;

pub use arbitrary::{Error as GenerateError, Unstructured};
pub use composition::composition;
pub use echo::{Joined, check_types};
pub use generate::{GeneratedType, arbitrary_type, arbitrary_type_with_handles, arbitrary_value};
pub use hostile::{compile_anything, is_valid};
pub use memories::{Findings, check_memories, check_strings, check_value};
pub use programs::{HandleProgram, arbitrary_program};
pub use reference::{Compared, Reference, compare_program, compare_with_reference};
pub use run_programs::Interpreters;
pub use seed::input;
pub use side::{Addresses, CallSide, Encoding};
pub use waiting_programs::{WaitingPrograms, WaitingSeen};
pub use wasi_calls::{CallsSeen, check_wasi_calls};

use gusset::{ComponentFeature, Config, Engine, Val};

/// Runs one case made from `input`: a few types, and values of each. Returns how many; `Ok(None)` when the input is too short to make
/// one.
///
/// # Errors
///
/// What differs, or what failed, with the composition's text: an error is always a bug of Gusset's (or of the generator's).
pub fn check(engine: &Engine, input: &[u8]) -> Result<Option<usize>, String> {
    /// How many types a composition has at most, and how many values of each are passed.
    const MOST: (usize, usize) = (3, 4);
    let mut input = Unstructured::new(input);
    let count = input.int_in_range(1..=MOST.0).unwrap_or(1);
    let handle = if input.arbitrary().unwrap_or(false) { GeneratedType::Own } else { GeneratedType::Borrow };
    let types = (0..count).map(|_| arbitrary_type_with_handles(&mut input, &handle)).collect::<Result<Vec<_>, _>>();
    let (Ok(types), Ok(caller), Ok(callee)) = (types, CallSide::arbitrary(&mut input), CallSide::arbitrary(&mut input))
    else {
        return Ok(None);
    };
    check_types(engine, Joined::Composed, &types, [caller, callee], &mut input, MOST.1).map(Some)
}

/// An engine for [`check`] and the others: the types of all that is made here are switched on.
///
/// # Panics
///
/// When its configuration is refused.
pub fn engine() -> Engine {
    Engine::new(&config()).expect("the configuration works")
}

/// The same, but without adapters: the host lifts and lowers each value that passes from one component to another, as it does where
/// calls are traced.
///
/// # Panics
///
/// As [`engine`].
pub fn engine_without_adapters() -> Engine {
    Engine::new(config().trace_calls(|_| {})).expect("the configuration works")
}

/// The same, where no function is inlined.
///
/// # Panics
///
/// As [`engine`].
pub fn engine_without_inlining() -> Engine {
    Engine::new(config().compiler_inlining(false)).expect("the configuration works")
}

fn config() -> Config {
    let mut config = Config::new();
    config.component_feature(ComponentFeature::FixedLengthLists, true);
    config.component_feature(ComponentFeature::Memory64, true);
    config
}

/// Equality of values, with all NaNs of a width equal.
fn same(a: &Val, b: &Val) -> bool {
    let all = |a: &[Val], b: &[Val]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b));
    let payload = |a: &Option<Box<Val>>, b: &Option<Box<Val>>| match (a, b) {
        (Some(a), Some(b)) => same(a, b),
        (None, None) => true,
        _ => false,
    };
    match (a, b) {
        (Val::F32(a), Val::F32(b)) => a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
        (Val::F64(a), Val::F64(b)) => a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
        (Val::List(a), Val::List(b)) | (Val::Tuple(a), Val::Tuple(b)) => all(a, b),
        (Val::Map(a), Val::Map(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(&a.0, &b.0) && same(&a.1, &b.1))
        }
        (Val::Record(a), Val::Record(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && same(&a.1, &b.1))
        }
        (Val::Variant(a, x), Val::Variant(b, y)) => a == b && payload(x, y),
        (Val::Option(a), Val::Option(b)) => payload(a, b),
        (Val::Result(Ok(a)), Val::Result(Ok(b))) | (Val::Result(Err(a)), Val::Result(Err(b))) => payload(a, b),
        (a, b) => a == b,
    }
}
