//! What the bench `instantiate` makes instances of, and how each engine makes one.

use anyhow::{Result, bail};
use std::any::Any;
use std::fmt::Write;

/// Makes a store and an instance in it; to drop what it returns is to drop both.
pub type Make = Box<dyn Fn() -> Box<dyn Any> + Send + Sync>;

/// Something to be instantiated.
pub struct Subject {
    /// For the table.
    pub title: String,
    /// A core module or a component, as text or in the binary format.
    pub bytes: Vec<u8>,
    /// Which of the two.
    pub component: bool,
    /// A function without parameters that it exports, and what that returns: asked once, so that what is measured is known to work.
    pub expected: Option<(&'static str, u32)>,
}

/// Where an engine takes memory for instances from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Allocation {
    /// The system, for each.
    OnDemand,
    /// A pool that is filled once.
    Pooled,
}

const FUNCTIONS: u32 = 1000;
const COMPONENTS: u32 = 200;
/// Of a pool: for as many instances of the chain as there may be threads.
const POOL_INSTANCES: u32 = 20_000;
const POOL_MEMORIES: u32 = 4000;

/// A module of 1,000 functions, each in a table, some of them exported, and 1 MiB of data.
pub fn module() -> Subject {
    let mut text =
        format!("(module (memory (export \"memory\") 32) (table {FUNCTIONS} funcref) (elem (i32.const 0) func");
    for n in 0..FUNCTIONS {
        write!(text, " $f{n}").expect("strings grow");
    }
    text.push_str(") (type $f (func (param i32) (result i32)))");
    for n in 0..FUNCTIONS {
        write!(text, "(func $f{n} (type $f) (i32.add (local.get 0) (i32.const {n})))").expect("strings grow");
        if n % 50 == 0 {
            write!(text, "(export \"f{n}\" (func $f{n}))").expect("strings grow");
        }
    }
    // What compilers write: constants, and what is written to later.
    for start in [1024, 1024 + (512 << 10)] {
        let bytes: String = (0..512 << 10).map(|n: u32| char::from(b'a' + (n % 23) as u8)).collect();
        write!(text, "(data (i32.const {start}) \"{bytes}\")").expect("strings grow");
    }
    text.push_str("(func (export \"check\") (result i32) (call_indirect (type $f) (i32.load8_u (i32.const 1025)) (i32.const 7))))");
    let title = "a module of 1,000 functions and 1 MiB of data".into();
    Subject { title, bytes: text.into(), component: false, expected: Some(("check", u32::from(b'b') + 7)) }
}

/// Components of which each imports a function of the one before, and exports one.
pub fn chain() -> Subject {
    let mut text = String::from("(component ");
    for n in 0..COMPONENTS {
        let ty = "(param \"x\" u32) (result u32)";
        let (import, link, call) = match n {
            0 => (String::new(), "", "(local.get 0)"),
            _ => (
                format!("(import \"f\" (func $f {ty})) (core func $f (canon lower (func $f)))"),
                "(with \"\" (instance (export \"f\" (func $f))))",
                "(call $f (local.get 0))",
            ),
        };
        let core = if n == 0 { "" } else { "(import \"\" \"f\" (func $f (param i32) (result i32)))" };
        write!(
            text,
            "(component $c{n} {import}
                (core module $m {core}
                    (func (export \"f\") (param i32) (result i32) (i32.add {call} (i32.const {n}))))
                (core instance $i (instantiate $m {link}))
                (func (export \"f\") {ty} (canon lift (core func $i \"f\"))))"
        )
        .expect("strings grow");
    }
    text.push_str("(instance $i0 (instantiate $c0))");
    for n in 1..COMPONENTS {
        let before = n - 1;
        write!(text, "(instance $i{n} (instantiate $c{n} (with \"f\" (func $i{before} \"f\"))))")
            .expect("strings grow");
    }
    let last = COMPONENTS - 1;
    write!(
        text,
        "(component $asks (import \"f\" (func $f (param \"x\" u32) (result u32))) (core func $f (canon lower (func $f)))
            (core module $m (import \"\" \"f\" (func $f (param i32) (result i32)))
                (func (export \"check\") (result i32) (call $f (i32.const 1))))
            (core instance $i (instantiate $m (with \"\" (instance (export \"f\" (func $f))))))
            (func (export \"check\") (result u32) (canon lift (core func $i \"check\"))))
        (instance $asks (instantiate $asks (with \"f\" (func $i{last} \"f\")))) (export \"check\" (func $asks \"check\")))"
    )
    .expect("strings grow");
    let title = "a chain of 200 components".into();
    let expected = Some(("check", 1 + (0..COMPONENTS).sum::<u32>()));
    Subject { title, bytes: text.into(), component: true, expected }
}

/// The component in a file. What it imports traps.
pub fn file(path: &str) -> Result<Subject> {
    let title = format!("the component {path}");
    Ok(Subject { title, bytes: std::fs::read(path)?, component: true, expected: None })
}

/// How Gusset makes instances.
pub fn gusset(subject: &Subject, allocation: Allocation) -> Result<Make> {
    use gusset::{Component, Config, Engine, Linker, PoolingConfig, Store, core};
    let mut config = Config::new();
    if allocation == Allocation::Pooled {
        let mut pool = PoolingConfig::new();
        pool.total_core_instances(POOL_INSTANCES).total_memories(POOL_MEMORIES).total_tables(POOL_MEMORIES);
        config.allocation_strategy(pool);
    }
    let engine = Engine::new(&config)?;
    if !subject.component {
        let module = core::Module::new(&engine, &subject.bytes)?;
        if let Some((name, expected)) = subject.expected {
            let mut store = Store::new(&engine, ());
            let instance = core::Instance::new(&mut store, &module, &[])?;
            let found = instance.get_typed_func::<(), u32>(&mut store, name)?.call(&mut store, ())?;
            check(found, expected)?;
        }
        return Ok(Box::new(move || {
            let mut store = Store::new(&engine, ());
            core::Instance::new(&mut store, &module, &[]).expect("it could be instantiated before");
            Box::new(store)
        }));
    }
    let component = Component::new(&engine, &subject.bytes)?;
    let mut linker = Linker::new(&engine);
    linker.define_unknown_imports_as_traps(&component)?;
    let ready = linker.instantiate_pre(&component)?;
    let mut store = Store::new(&engine, ());
    let instance = ready.instantiate(&mut store)?;
    if let Some((name, expected)) = subject.expected {
        let found = instance.get_typed_func::<(), (u32,)>(&mut store, name)?.call(&mut store, ())?;
        check(found.0, expected)?;
    }
    Ok(Box::new(move || {
        let mut store = Store::new(&engine, ());
        ready.instantiate(&mut store).expect("it could be instantiated before");
        Box::new(store)
    }))
}

/// How Wasmtime does.
pub fn wasmtime(subject: &Subject, allocation: Allocation) -> Result<Make> {
    use wasmtime::component::{Component, Linker};
    use wasmtime::{Config, Engine, Module, PoolingAllocationConfig, Store};
    let mut config = Config::new();
    if allocation == Allocation::Pooled {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_core_instances(POOL_INSTANCES).total_memories(POOL_MEMORIES).total_tables(POOL_MEMORIES);
        config.allocation_strategy(pool);
    }
    let engine = Engine::new(&config)?;
    if !subject.component {
        let ready = wasmtime::Linker::new(&engine).instantiate_pre(&Module::new(&engine, &subject.bytes)?)?;
        let mut store = Store::new(&engine, ());
        let instance = ready.instantiate(&mut store)?;
        if let Some((name, expected)) = subject.expected {
            check(instance.get_typed_func::<(), u32>(&mut store, name)?.call(&mut store, ())?, expected)?;
        }
        return Ok(Box::new(move || {
            let mut store = Store::new(&engine, ());
            ready.instantiate(&mut store).expect("it could be instantiated before");
            Box::new(store)
        }));
    }
    let component = Component::new(&engine, &subject.bytes)?;
    let mut linker = Linker::new(&engine);
    linker.define_unknown_imports_as_traps(&component)?;
    let ready = linker.instantiate_pre(&component)?;
    let mut store = Store::new(&engine, ());
    let instance = ready.instantiate(&mut store)?;
    if let Some((name, expected)) = subject.expected {
        check(instance.get_typed_func::<(), (u32,)>(&mut store, name)?.call(&mut store, ())?.0, expected)?;
    }
    Ok(Box::new(move || {
        let mut store = Store::new(&engine, ());
        ready.instantiate(&mut store).expect("it could be instantiated before");
        Box::new(store)
    }))
}

fn check(found: u32, expected: u32) -> Result<()> {
    if found != expected {
        bail!("an instance answers {found} instead of {expected}");
    }
    Ok(())
}
