//! Every code of a trap, on each side where it can arise: in core wasm, in an adapter or built-in, and where the host lifts or lowers. A
//! code without a case fails; what a side never says is listed, with the reason.

mod core_codes;
mod handle_codes;
mod state_codes;
mod value_codes;

use gusset::{
    Component, Config, Engine, Error, Instance, Linker, Resource, ResourceType, Store, StoreContextMut, Trap, TrapCode,
    Val,
};

/// Who finds what is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Finder {
    /// Compiled code of a core module.
    Core,
    /// An adapter, or a built-in.
    Adapter,
    /// The host, which lifts or lowers.
    Host,
}

/// A component that traps, what the trap says and of which value.
struct TrapCase {
    code: TrapCode,
    side: Finder,
    /// The first line of the trap's text, behind "wasm trap: ".
    shown: &'static str,
    /// The path of the value; "" where no value is to blame.
    path: &'static str,
    /// Who called whom, as `AdapterName` writes it; "" where no call between components or with the host is to blame.
    names: String,
    text: String,
    /// Whether it takes gigabytes.
    heavy: bool,
}

/// The names of a trap about a call of `function` by `app`: of the host, or of `lib` through an adapter.
fn by_app(side: Finder, function: &str) -> String {
    let callee = if side == Finder::Host { "host" } else { "lib" };
    format!("app -> {callee} {function}")
}

/// What a side never says, and why.
const NEVER: [(TrapCode, Finder, &str); 8] = [
    (TrapCode::Interrupt, Finder::Core, "no host here sets a deadline"),
    (TrapCode::OutOfFuel, Finder::Core, "no host here counts fuel"),
    (TrapCode::ListOutOfBounds, Finder::Host, "the field's word there is that of ListPointerOutOfBounds"),
    (TrapCode::StringOutOfBounds, Finder::Host, "the field's word there is that of StringPointerOutOfBounds"),
    (TrapCode::ListPointerOutOfBounds, Finder::Adapter, "the host's word for ListOutOfBounds"),
    (TrapCode::StringPointerOutOfBounds, Finder::Adapter, "the host's word for StringOutOfBounds"),
    (TrapCode::ReallocUnaligned, Finder::Adapter, "the host's word for UnalignedPointer of what realloc returned"),
    (TrapCode::ReallocOutOfBounds, Finder::Adapter, "the host's word for what lies outside where realloc put it"),
];

/// The host's resource types.
struct R;
struct S;

fn cases() -> Vec<TrapCase> {
    [core_codes::cases(), value_codes::cases(), handle_codes::cases(), state_codes::cases()]
        .into_iter()
        .flatten()
        .collect()
}

/// Runs the export `run` of a component; the host has what components here may import.
fn run(case: &TrapCase) -> Error {
    let engine = Engine::new(&Config::new()).expect("the default configuration works");
    let fail = |what: &str, error: Error| -> ! {
        panic!("{:?} at {:?} {what}: {error:?}\n{}", case.code, case.side, case.text)
    };
    let component = Component::new(&engine, &case.text).unwrap_or_else(|error| fail("does not compile", error));
    let mut linker = linker(&engine).expect("names are defined once");
    let mut store = Store::new(&engine, None);
    let linked = state_codes::failed(&engine, &linker, &mut store).expect("its failure is expected");
    linker.root().define_func(&store, "linked", linked).expect("names are defined once");
    let instance = linker.instantiate(&mut store, &component).unwrap_or_else(|error| fail("does not link", error));
    *store.data_mut() = Some(instance);
    let func = instance.get_func(&mut store, "run").expect("each component exports it");
    let params: Vec<Val> =
        func.params(&store).into_iter().map(|(_, ty)| argument(&ty.to_string(), &mut store)).collect();
    let mut results = vec![Val::Bool(false); usize::from(func.result(&store).is_some())];
    match func.call(&mut store, &params, &mut results) {
        Ok(()) => panic!("{:?} at {:?} does not trap\n{}", case.code, case.side, case.text),
        Err(error) => error,
    }
}

/// What `run` is called with.
fn argument(ty: &str, store: &mut Store<Option<Instance>>) -> Val {
    match ty {
        "list<u32>" => Val::List(vec![Val::U32(1), Val::U32(2), Val::U32(3)]),
        "string" => Val::String("abc".into()),
        _ => {
            let borrowed = Resource::<R>::new_borrow(7).try_into_resource_any(&mut *store);
            Val::Resource(borrowed.expect("the host vouches for it"))
        }
    }
}

fn linker(engine: &Engine) -> Result<Linker<Option<Instance>>, Error> {
    let mut linker = Linker::new(engine);
    let mut root = linker.root();
    root.resource("r", ResourceType::host::<R>(), |_, _| Ok(()))?;
    root.resource("s", ResourceType::host::<S>(), |_, _| Ok(()))?;
    root.func_new("make-r", |store, _, results| {
        results[0] = Val::Resource(Resource::<R>::new_own(7).try_into_resource_any(store)?);
        Ok(())
    })?;
    root.func_new("make-s", |store, _, results| {
        results[0] = Val::Resource(Resource::<S>::new_own(8).try_into_resource_any(store)?);
        Ok(())
    })?;
    for name in ["f", "take", "see", "both"] {
        root.func_new(name, |_, _, _| Ok(()))?;
    }
    // Calls an export of the instance that has called, and keeps its failure to itself.
    root.func_wrap("swallow", |mut store: StoreContextMut<'_, Option<Instance>>, (): ()| {
        let instance = store.data().ok_or_else(|| Error::msg("it is instantiated first"))?;
        let func = instance.get_typed_func::<(), ()>(&mut store, "fail")?;
        func.call(&mut store, ()).expect_err("it traps");
        Ok(())
    })?;
    Ok(linker)
}

/// What differs.
fn check(case: &TrapCase) -> Option<String> {
    let error = run(case);
    let Some(trap) = error.downcast_ref::<Trap>() else {
        return Some(format!("{:?} at {:?}: {error:?}", case.code, case.side));
    };
    let path = trap.site().map_or("", |site| &*site.path);
    let names = trap.site().map_or(String::new(), |site| site.adapter.to_string());
    let text = trap.to_string();
    let shown = text.lines().next().and_then(|line| line.strip_prefix("wasm trap: ")).unwrap_or_default();
    let shown = match (trap.code(), shown.split_once(", ")) {
        // How deep is the machine's affair.
        (TrapCode::StackOverflow, Some((shown, depth))) if depth.ends_with(" frames deep") => shown,
        _ => shown,
    };
    let (found, expected) = ((trap.code(), shown, path, &*names), (case.code, case.shown, case.path, &*case.names));
    (found != expected).then(|| format!("{found:?}, and not {expected:?} at {:?}\n{}\n{text}", case.side, case.text))
}

fn check_all<'a>(cases: impl Iterator<Item = &'a TrapCase>) {
    let differences: Vec<String> = cases.filter_map(check).collect();
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n\n"));
}

#[test]
fn each_code_is_found_with_its_value_and_place() {
    check_all(cases().iter().filter(|case| !case.heavy));
}

/// Fills a table of handles.
#[test]
#[ignore = "takes 2 GiB of memory"]
fn so_are_those_that_take_much_memory() {
    let cases = cases();
    assert_eq!(cases.iter().filter(|case| case.heavy).count(), 2);
    check_all(cases.iter().filter(|case| case.heavy));
}

#[test]
fn no_code_is_left_out() {
    let cases = cases();
    for &code in TrapCode::ALL {
        // Codes of core wasm come first.
        let sides: &[Finder] =
            if code < TrapCode::CannotLeave { &[Finder::Core] } else { &[Finder::Adapter, Finder::Host] };
        for &side in sides {
            let cases = cases.iter().filter(|case| (case.code, case.side) == (code, side)).count();
            let never = NEVER.iter().find(|never| (never.0, never.1) == (code, side));
            match never {
                Some((_, _, why)) => assert_eq!(cases, 0, "{code:?} at {side:?} is said although {why}"),
                None => assert_ne!(cases, 0, "{code:?} at {side:?} has no case"),
            }
        }
    }
}
