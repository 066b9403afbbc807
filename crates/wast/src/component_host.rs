//! What component scripts of the field import from their host. It keeps to itself what it is told, and only counts.

use gusset::{Error, Linker, LinkerInstance, Resource, ResourceType, Result, core};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The core module that the instance `host` exports.
const SIMPLE_MODULE: &str = r#"
(module $simple-module
  (global (export "g") i32 (i32.const 100))
  (func (export "f") (result i32) (i32.const 101))
)
"#;

/// Functions of the instance `host` that return later than they are called.
const ASYNC_FUNCS: &[&str] = &["never-return", "return-two-slowly", "echo-slowly", "[method]resource1.never-return"];

/// Makes all of it importable.
pub(crate) fn link(linker: &mut Linker<()>) -> Result<()> {
    let simple_module = core::Module::new(linker.engine(), SIMPLE_MODULE)?;
    let mut root = linker.root();
    root.func_wrap("host-return-two", |_, (): ()| Ok((2u32,)))?;
    root.func_wrap("host-echo-u32", |_, (value,): (u32,)| Ok((value,)))?;
    let mut host = linker.instance("host")?;
    host.func_wrap("return-three", |_, (): ()| Ok((3u32,)))?;
    host.func_wrap("return-hi", |_, (): ()| Ok(("hi".to_string(),)))?;
    host.instance("nested")?.func_wrap("return-four", |_, (): ()| Ok((4u32,)))?;
    host.module("simple-module", &simple_module)?;
    link_resources(&mut host)?;
    for name in ASYNC_FUNCS {
        host.func_new(name, move |_, _, _| Err(Error::msg(format!("not supported: async (the host's `{name}`)"))))?;
    }
    Ok(())
}

/// The host's `resource1`, which is whatever number it was made with.
struct Resource1;

/// Another resource type, of which there is nothing.
struct Resource2;

/// What became of instances of [`Resource1`].
#[derive(Default)]
struct Drops {
    count: AtomicU32,
    last: AtomicU32,
}

/// The resource types of the instance `host`, and their functions.
fn link_resources(host: &mut LinkerInstance<'_, ()>) -> Result<()> {
    let drops = Arc::new(Drops::default());
    for name in ["resource1", "resource1-again"] {
        let drops = drops.clone();
        host.resource(name, ResourceType::host::<Resource1>(), move |_, rep| {
            drops.count.fetch_add(1, Ordering::Relaxed);
            drops.last.store(rep, Ordering::Relaxed);
            Ok(())
        })?;
    }
    host.resource("resource2", ResourceType::host::<Resource2>(), |_, _| Ok(()))?;
    host.func_wrap("[constructor]resource1", |_, (rep,): (u32,)| Ok((Resource::<Resource1>::new_own(rep),)))?;
    host.func_wrap("[static]resource1.assert", |_, (resource, rep): (Resource<Resource1>, u32)| {
        check_rep("[static]resource1.assert", &resource, rep)
    })?;
    host.func_wrap("[method]resource1.simple", |_, (resource, rep): (Resource<Resource1>, u32)| {
        check_owned("[method]resource1.simple", &resource, false)?;
        check_rep("[method]resource1.simple", &resource, rep)
    })?;
    host.func_wrap("[method]resource1.take-borrow", |_, (a, b): (Resource<Resource1>, Resource<Resource1>)| {
        check_owned("[method]resource1.take-borrow", &a, false)?;
        check_owned("[method]resource1.take-borrow", &b, false)
    })?;
    host.func_wrap("[method]resource1.take-own", |_, (a, b): (Resource<Resource1>, Resource<Resource1>)| {
        check_owned("[method]resource1.take-own", &a, false)?;
        check_owned("[method]resource1.take-own", &b, true)
    })?;
    let last = drops.clone();
    host.func_wrap("[static]resource1.last-drop", move |_, (): ()| Ok((last.last.load(Ordering::Relaxed),)))?;
    host.func_wrap("[static]resource1.drops", move |_, (): ()| Ok((drops.count.load(Ordering::Relaxed),)))
}

fn check_rep(func: &str, resource: &Resource<Resource1>, expected: u32) -> Result<()> {
    match resource.rep() {
        rep if rep == expected => Ok(()),
        rep => Err(Error::msg(format!("host#{func}: expected the resource {expected}, got {rep}"))),
    }
}

fn check_owned(func: &str, resource: &Resource<Resource1>, expected: bool) -> Result<()> {
    let word = |owned| if owned { "an owned" } else { "a borrowed" };
    match resource.owned() {
        owned if owned == expected => Ok(()),
        owned => Err(Error::msg(format!("host#{func}: expected {} handle, got {} one", word(expected), word(owned)))),
    }
}
