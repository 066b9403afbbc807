//! Errors go through a host's own code in both directions: `?` converts them, and neither a guest's fault nor what a host function
//! failed with loses its type on the way, whatever is put around it.

use gusset::{
    Component, Context, Engine, Error, LinkError, Linker, Result, Store, StoreContextMut, Trap, TrapCode,
    WasmBacktrace, bail, ensure, format_err,
};
use std::fmt;

/// An error of the host's own, as `thiserror` would write it.
#[derive(Debug, PartialEq)]
struct QuotaExceeded {
    limit: u32,
}

impl fmt::Display for QuotaExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "more than {} calls", self.limit)
    }
}

impl std::error::Error for QuotaExceeded {}

/// Calls what it imports, or divides by zero.
const GUEST: &str = r#"(component
    (import "log" (func $log))
    (core func $log (canon lower (func $log)))
    (core module $m
        (import "" "log" (func $log))
        (func $run (export "run") (call $log))
        (func $divide (export "divide") (drop (i32.div_u (i32.const 1) (i32.const 0)))))
    (core instance $i (instantiate $m (with "" (instance (export "log" (func $log))))))
    (func (export "run") (canon lift (core func $i "run")))
    (func (export "divide") (canon lift (core func $i "divide"))))"#;

/// What a call of `export` fails with where the guest's import is `log`.
fn failure(export: &str, log: impl Fn(StoreContextMut<'_, ()>, ()) -> Result<()> + Send + Sync + 'static) -> Error {
    let engine = Engine::default();
    let component = Component::new(&engine, GUEST).unwrap();
    let mut linker = Linker::<()>::new(&engine);
    linker.root().func_wrap("log", log).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &component).unwrap();
    instance.get_typed_func::<(), ()>(&mut store, export).unwrap().call(&mut store, ()).unwrap_err()
}

/// The code of a host that uses `anyhow`, with a few contexts on the way up.
fn host_of_anyhow(error: Error) -> anyhow::Result<()> {
    fn call(error: Error) -> anyhow::Result<()> {
        let outcome: Result<()> = Err(error);
        outcome.context("calling the guest")?;
        Ok(())
    }
    Context::with_context(call(error), || format!("request {}", 7))?;
    Ok(())
}

#[test]
fn a_trap_is_found_under_any_context_in_anyhow() {
    let error = host_of_anyhow(failure("divide", |_, ()| Ok(()))).unwrap_err();
    let trap = error.downcast_ref::<Trap>().expect("a guest's fault");
    assert_eq!(trap.code(), TrapCode::IntegerDivideByZero);
    assert!(!format!("{trap:?}").contains("core module"), "a trap that is printed holds no text: {trap:?}");
    assert_eq!(WasmBacktrace::of(&error).unwrap().frames()[0].name.as_deref(), Some("divide"));
    assert!(format!("{error:#}").starts_with("request 7: calling the guest: wasm trap: integer divide by zero\n"));
}

#[test]
fn an_error_of_a_host_function_comes_back_as_it_was() {
    /// Whatever implements `std::error::Error` becomes one of ours by `?`.
    fn log(_: StoreContextMut<'_, ()>, (): ()) -> Result<()> {
        Err(QuotaExceeded { limit: 3 })?;
        Ok(())
    }
    let error = host_of_anyhow(failure("run", log)).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&QuotaExceeded { limit: 3 }));
    assert_eq!(WasmBacktrace::of(&error).unwrap().frames()[0].name.as_deref(), Some("run"));
    assert!(!error.is::<Trap>());
}

#[test]
fn a_host_function_takes_results_of_anyhow() {
    fn quota() -> anyhow::Result<()> {
        Context::context(Err(QuotaExceeded { limit: 4 }), "looking at the quota")
    }
    let error = failure("run", |_, ()| {
        quota().context("logging")?;
        Ok(())
    });
    assert_eq!(error.downcast_ref(), Some(&QuotaExceeded { limit: 4 }));
    let text = format!("{error:?}");
    assert!(text.starts_with("a call out of the guest failed\nwasm backtrace:\n    0: 0x"), "{text}");
    // Each cause is told once.
    let told = ["logging", "looking at the quota", "more than 4 calls"].map(|cause| text.matches(cause).count());
    assert_eq!(told, [1; 3], "{text}");
    // The function itself may be one of anyhow's.
    fn log(_: StoreContextMut<'_, ()>, (): ()) -> anyhow::Result<()> {
        quota()
    }
    assert!(failure("run", log).is::<QuotaExceeded>());
}

#[test]
fn boxed_errors_go_in_and_out() {
    fn run() -> Result<(), Box<dyn std::error::Error>> {
        Err(failure("divide", |_, ()| Ok(())))?;
        Ok(())
    }
    assert!(run().unwrap_err().to_string().starts_with("wasm trap: integer divide by zero"));
    fn run_elsewhere() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Err(failure("divide", |_, ()| Ok(())))?;
        Ok(())
    }
    assert!(run_elsewhere().is_err());
    let parsed = failure("run", |_, ()| {
        let _: u32 = "seven".parse()?;
        Ok(())
    });
    assert!(parsed.is::<std::num::ParseIntError>());
}

#[test]
fn the_macros_make_errors_of_ours() {
    fn check(limit: u32) -> Result<u32> {
        ensure!(limit != 0, "the limit is {limit}");
        ensure!(limit < 100, QuotaExceeded { limit });
        if limit == 1 {
            bail!("one is not enough");
        }
        let more: Option<u32> = limit.checked_sub(3);
        more.ok_or_else(|| format_err!("{limit} is too little"))
    }
    assert_eq!(check(0).unwrap_err().to_string(), "the limit is 0");
    assert_eq!(check(1).unwrap_err().to_string(), "one is not enough");
    assert_eq!(check(2).unwrap_err().to_string(), "2 is too little");
    assert_eq!(check(100).unwrap_err().downcast::<QuotaExceeded>().unwrap(), QuotaExceeded { limit: 100 });
    assert_eq!(check(3).unwrap(), 0);
    // Options, too, get a context.
    let none: Option<u32> = None;
    assert_eq!(none.context("there is none").unwrap_err().to_string(), "there is none");
}

#[test]
fn what_fails_before_a_guest_runs_has_its_type_too() {
    let engine = Engine::default();
    let component = Component::new(&engine, GUEST).unwrap();
    let linked = Linker::<()>::new(&engine).instantiate(&mut Store::new(&engine, ()), &component);
    let error = host_of_anyhow(linked.unwrap_err()).unwrap_err();
    assert!(error.is::<LinkError>() && WasmBacktrace::of(&error).is_none());
    assert!(Linker::<()>::new(&engine).instantiate_pre(&component).unwrap_err().is::<LinkError>());
    let missing = Component::from_file(&engine, "no/such/file.wasm").unwrap_err();
    assert_eq!(missing.downcast_ref().map(std::io::Error::kind), Some(std::io::ErrorKind::NotFound));
}

#[test]
fn a_guest_between_two_failures_adds_its_frames_once() {
    // The host function calls the guest anew, which fails: the frames of both activations stand in one backtrace.
    let engine = Engine::default();
    let component = Component::new(&engine, GUEST).unwrap();
    let mut linker = Linker::<Option<gusset::Instance>>::new(&engine);
    linker
        .root()
        .func_wrap("log", |mut store: StoreContextMut<'_, Option<gusset::Instance>>, (): ()| {
            let Some(other) = store.data_mut().take() else { bail!(QuotaExceeded { limit: 5 }) };
            let run = other.get_typed_func::<(), ()>(&mut store, "run")?;
            run.call(&mut store, ()).context("calling the other one")
        })
        .unwrap();
    let mut store = Store::new(&engine, None);
    let [outer, inner] = [(); 2].map(|()| linker.instantiate(&mut store, &component).unwrap());
    *store.data_mut() = Some(inner);
    let run = outer.get_typed_func::<(), ()>(&mut store, "run").unwrap();
    let error = run.call(&mut store, ()).unwrap_err();
    assert_eq!(error.to_string(), "calling the other one");
    assert!(error.is::<QuotaExceeded>());
    assert_eq!(WasmBacktrace::of(&error).unwrap().frames().len(), 2);
}
