//! Values from the host through two guests to the host and back: what comes out must be what went in.

use crate::composition::{composition, halves};
use crate::generate::{GeneratedType, arbitrary_value};
use crate::own::{HostResource, count_handles, lends, with_handles, without_handles};
use crate::same;
use crate::side::CallSide;
use arbitrary::Unstructured;
use gusset::{Component, Engine, Error, Instance, Linker, ResourceType, Store, StoreContextMut, Val};

/// How the two guests come together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Joined {
    /// In one component.
    Composed,
    /// As instances of two components, of which one is linked with the other.
    Linked,
}

/// Passes `count` values of each of `types` through two guests on these sides, or fewer where the input ends. Returns how many.
///
/// # Errors
///
/// As [`check`](crate::check).
pub fn check_types(
    engine: &Engine,
    joined: Joined,
    types: &[GeneratedType],
    [caller, callee]: [CallSide; 2],
    input: &mut Unstructured<'_>,
    count: usize,
) -> Result<usize, String> {
    let texts = match joined {
        Joined::Composed => vec![composition(types, caller, callee)],
        Joined::Linked => halves(types, caller, callee).into(),
    };
    let fail = |what: String| format!("{what}\n\n{}", texts.join("\n"));
    let mut store = Store::new(engine, None);
    let instance = instantiate(&mut store, &texts, types);
    let instance = instance.map_err(|error| fail(format!("does not link: {error:?}")))?;
    let mut ran = 0;
    for (n, ty) in types.iter().enumerate() {
        for _ in 0..count {
            let Ok(value) = arbitrary_value(ty, input) else { break };
            let passed = pass(&mut store, &instance, n, ty, &value, types.iter().any(lends));
            let [seen, result] = passed.map_err(|error| fail(format!("{value:?} does not pass: {error:?}")))?;
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

/// Instances of components, each of which imports the functions of the one before; the first those of the host. The last one.
fn instantiate(store: &mut Store<Option<Val>>, texts: &[String], types: &[GeneratedType]) -> Result<Instance, Error> {
    let engine = store.engine().clone();
    let lend = types.iter().any(lends);
    let mut linker = Linker::<Option<Val>>::new(&engine);
    for (n, ty) in types.iter().cloned().enumerate() {
        linker.root().func_new(&format!("f{n}"), move |mut store, params, results| {
            let seen = without_handles(&ty, &params[0], &mut store)?;
            if !lend {
                results[0] = with_handles(&ty, &seen, &mut store)?;
            }
            *store.data_mut() = Some(seen);
            Ok(())
        })?;
    }
    let mut last = None;
    for text in texts {
        if let Some(instance) = last {
            linker = Linker::new(&engine);
            linker.root().define_exports(&*store, instance)?;
        }
        define_resource(&mut linker)?;
        let component = Component::new(&engine, text)?;
        last = Some(linker.instantiate(&mut *store, &component)?);
    }
    last.ok_or_else(|| Error::msg("there is a component"))
}

/// Passes one value through the `n`-th function: what the host has seen, and what has come back.
fn pass(
    store: &mut Store<Option<Val>>,
    instance: &Instance,
    n: usize,
    ty: &GeneratedType,
    value: &Val,
    lend: bool,
) -> Result<[Val; 2], Error> {
    let func =
        instance.get_func(&mut *store, format!("f{n}")).ok_or_else(|| Error::msg(format!("no export `f{n}`")))?;
    *store.data_mut() = None;
    let passed = with_handles(ty, value, &mut *store)?;
    let result = if lend {
        func.call(&mut *store, &[passed, Val::U32(count_handles(ty, value))], &mut [])?;
        value.clone()
    } else {
        let mut results = [Val::Bool(false)];
        func.call(&mut *store, &[passed], &mut results)?;
        without_handles(ty, &results[0], &mut *store)?
    };
    let seen = store.data_mut().take().ok_or_else(|| Error::msg("the echo was not called"))?;
    Ok([seen, result])
}

/// Gives a composition the host's resource type. No handle is dropped on its way, so its destructor is an error.
pub(crate) fn define_resource<T: 'static>(linker: &mut Linker<T>) -> Result<(), Error> {
    let dropped = |_: StoreContextMut<'_, T>, rep: u32| Err(Error::msg(format!("{rep} is dropped on its way")));
    linker.root().resource("r", ResourceType::host::<HostResource>(), dropped)
}
