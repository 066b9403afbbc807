//! What a host without a compiler does with artefacts. The test `without_compiler` makes them, and builds and runs this program; it ends
//! with an error or a panic where something is not as it must be.

use gusset::core::{self, Caller, Func, Module, Ref, RefType, Table, TableType};
use gusset::{
    AsContextMut, Component, Engine, Error, Linker, Result, Store, StoreContextMut, Trap, TrapCode, Val, WasmBacktrace,
};
use std::path::Path;

fn main() -> Result<()> {
    let folder = std::env::args().nth(1).expect("the folder of the artefacts is given");
    let folder = Path::new(&folder);
    let engine = Engine::default();
    composition(&engine, folder)?;
    links(&engine, folder)?;
    late_stubs(&engine, folder)
}

fn component(engine: &Engine, folder: &Path, name: &str) -> Result<Component> {
    // SAFETY: the test wrote the file.
    unsafe { Component::deserialize_file(engine, folder.join(name)) }
}

fn module(engine: &Engine, folder: &Path, name: &str) -> Result<Module> {
    // SAFETY: the test wrote the file.
    unsafe { Module::deserialize_file(engine, folder.join(name)) }
}

fn code(error: &Error) -> Option<TrapCode> {
    error.downcast_ref::<Trap>().map(Trap::code)
}

/// Adapters between components, a function of the host, traps with backtraces, and in adapters.
fn composition(engine: &Engine, folder: &Path) -> Result<()> {
    let component = component(engine, folder, "composition.gusset")?;
    assert_eq!(component.adapters().len(), 1);
    let mut linker = Linker::<Vec<String>>::new(engine);
    linker.root().func_wrap("log", |mut store: StoreContextMut<'_, Vec<String>>, (text,): (String,)| {
        store.data_mut().push(text);
        Ok(())
    })?;
    let run = |which: u32| -> Result<(u32, Vec<String>)> {
        let mut store = Store::new(engine, Vec::new());
        let instance = linker.instantiate(&mut store, &component)?;
        let run = instance.get_typed_func::<(u32, u32), (u32,)>(&mut store, "run")?;
        let (result,) = run.call(&mut store, (which, 7))?;
        Ok((result, store.into_data()))
    };
    assert_eq!(run(0)?, (14, vec!["shout ".to_string()]));
    let error = run(2).expect_err("it traps");
    assert_eq!(code(&error), Some(TrapCode::Unreachable));
    let backtrace = WasmBacktrace::of(&error).expect("a guest was running");
    assert_eq!(backtrace.frames()[0].name.as_deref(), Some("fail"));
    Ok(())
}

/// Links between instances are relayed by the host, which has no adapter for them.
fn links(engine: &Engine, folder: &Path) -> Result<()> {
    let mut store = Store::new(engine, ());
    let mut linker = Linker::new(engine);
    let lib = linker.instantiate(&mut store, &component(engine, folder, "lib.gusset")?)?;
    linker.root().define_exports(&store, lib)?;
    let app = linker.instantiate(&mut store, &component(engine, folder, "app.gusset")?)?;
    let func = app.get_func(&mut store, "run").expect("it is exported");
    let mut results = [Val::Bool(false)];
    func.call(&mut store, &[Val::String("it".into())], &mut results)?;
    assert_eq!(results[0], Val::String("it!".into()));
    Ok(())
}

/// A host function of a type that no code has yet stands in a table before the code comes that calls it.
fn late_stubs(engine: &Engine, folder: &Path) -> Result<()> {
    let mut store = Store::new(engine, 0_i64);
    let add = Func::wrap(&mut store, |mut caller: Caller<'_, i64>, a: i64, b: f64| {
        *caller.data_mut() += a;
        b + a as f64
    });
    let ty = TableType { element: RefType::FUNCREF, minimum: 2, maximum: None, table64: false };
    let table = Table::new(&mut store, ty, Ref::Func(None))?;
    table.set(&mut store, 1, Ref::Func(Some(add)))?;
    let mut linker = core::Linker::new(engine);
    linker.define("host", "table", table)?;
    let instance = linker.instantiate(&mut store, &module(engine, folder, "caller.gusset")?)?;
    let call = instance.get_typed_func::<(i32, i64, f64), f64>(&mut store, "call")?;
    assert_eq!(call.call(store.as_context_mut(), (1, 40, 2.0))?, 42.0);
    assert_eq!(*store.data(), 40);
    let error = call.call(&mut store, (0, 0, 0.0)).expect_err("there is nothing");
    assert_eq!(code(&error), Some(TrapCode::UninitializedElement));
    Ok(())
}
