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
mod text;
mod view;

pub use arbitrary::{Error as GenerateError, Unstructured};
pub use composition::{Encoding, composition};
pub use generate::{GeneratedType, arbitrary_type, arbitrary_type_with_handles, arbitrary_value};
pub use hostile::{compile_anything, is_valid};
pub use memories::{Findings, check_memories, check_strings, check_value};
pub use programs::{HandleProgram, arbitrary_program};
pub use reference::{Compared, Reference, compare_program, compare_with_reference};
pub use run_programs::Interpreters;
pub use seed::input;

use gusset::{Component, ComponentFeature, Config, Engine, Error, Linker, ResourceType, Store, StoreContextMut, Val};
use own::{HostResource, with_handles, without_handles};

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
    let types = input.int_in_range(1..=MOST.0);
    let types = types
        .and_then(|count| (0..count).map(|_| arbitrary_type_with_handles(&mut input)).collect::<Result<Vec<_>, _>>());
    let (Ok(types), Ok(caller), Ok(callee)) = (types, Encoding::arbitrary(&mut input), Encoding::arbitrary(&mut input))
    else {
        return Ok(None);
    };
    check_types(engine, &types, [caller, callee], &mut input, MOST.1).map(Some)
}

/// Passes `count` values of each of `types` through one composition, or fewer where the input ends. Returns how many.
///
/// # Errors
///
/// As [`check`].
pub fn check_types(
    engine: &Engine,
    types: &[GeneratedType],
    [caller, callee]: [Encoding; 2],
    input: &mut Unstructured<'_>,
    count: usize,
) -> Result<usize, String> {
    let text = composition(types, caller, callee);
    let fail = |what: String| format!("{what}\n\n{text}");
    let compiled = Component::new(engine, &text).and_then(|component| {
        let mut linker = Linker::<Option<Val>>::new(engine);
        for n in 0..types.len() {
            let ty = types[n].clone();
            linker.root().func_new(&format!("echo{n}"), move |mut store, params, results| {
                let seen = without_handles(&ty, &params[0], &mut store)?;
                results[0] = with_handles(&ty, &seen, &mut store)?;
                *store.data_mut() = Some(seen);
                Ok(())
            })?;
        }
        define_resource(&mut linker)?;
        let mut store = Store::new(engine, None);
        let instance = linker.instantiate(&mut store, &component)?;
        Ok((store, instance))
    });
    let (mut store, instance) = compiled.map_err(|error| fail(format!("does not link: {error:?}")))?;
    let mut ran = 0;
    for (n, ty) in types.iter().enumerate() {
        let func =
            instance.get_func(&mut store, format!("run{n}")).ok_or_else(|| fail(format!("no export `run{n}`")))?;
        for _ in 0..count {
            let Ok(value) = arbitrary_value(ty, input) else { break };
            *store.data_mut() = None;
            let mut results = [Val::Bool(false)];
            let passed = with_handles(ty, &value, &mut store);
            let passed = passed.and_then(|value| func.call(&mut store, &[value], &mut results));
            let result = passed.and_then(|()| without_handles(ty, &results[0], &mut store));
            let result = result.map_err(|error| fail(format!("{value:?} does not pass: {error:?}")))?;
            let seen = store.data_mut().take().ok_or_else(|| fail("the echo was not called".into()))?;
            if !same(&value, &seen) {
                return Err(fail(format!("on the way in {value:?} became {seen:?}")));
            }
            if !same(&value, &result) {
                return Err(fail(format!("on the way out {value:?} became {result:?}")));
            }
            ran += 1;
        }
    }
    Ok(ran)
}

/// Gives a composition the host's resource type. No handle is dropped on its way, so its destructor is an error.
fn define_resource<T: 'static>(linker: &mut Linker<T>) -> Result<(), Error> {
    let dropped = |_: StoreContextMut<'_, T>, rep: u32| Err(Error::msg(format!("{rep} is dropped on its way")));
    linker.root().resource("r", ResourceType::host::<HostResource>(), dropped)
}

/// An engine for [`check`] and the others: the types of all that is made here are switched on.
///
/// # Panics
///
/// When its configuration is refused.
pub fn engine() -> Engine {
    let mut config = Config::new();
    config.component_feature(ComponentFeature::FixedLengthLists, true);
    Engine::new(&config).expect("the configuration works")
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
