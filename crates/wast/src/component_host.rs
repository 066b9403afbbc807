//! What component scripts of the field import from their host: a table, which `docs/wast.md` has too. It keeps to itself what it is
//! told, and only counts.

use gusset::{Engine, Error, Linker, LinkerInstance, Resource, ResourceType, Result, core};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The core module that the instance `host` exports.
const SIMPLE_MODULE: &str = r#"
(module $simple-module
  (global (export "g") i32 (i32.const 100))
  (func (export "f") (result i32) (i32.const 101))
)
"#;

/// What items of the host need.
pub(crate) struct Given {
    engine: Engine,
    drops: Arc<Drops>,
}

/// Puts an item under its name into an instance.
type Define = fn(&mut LinkerInstance<'_, ()>, &str, &Given) -> Result<()>;

/// What components import by itself.
pub(crate) const ROOT: &[(&str, Define)] = &[
    ("host-return-two", |root, name, _| root.func_wrap(name, |_, (): ()| Ok((2u32,)))),
    ("host-echo-u32", |root, name, _| root.func_wrap(name, |_, (value,): (u32,)| Ok((value,)))),
];

/// What the instance `host` exports.
pub(crate) const HOST: &[(&str, Define)] = &[
    ("return-three", |host, name, _| host.func_wrap(name, |_, (): ()| Ok((3u32,)))),
    ("return-hi", |host, name, _| host.func_wrap(name, |_, (): ()| Ok(("hi".to_string(),)))),
    ("nested", |host, name, _| host.instance(name)?.func_wrap("return-four", |_, (): ()| Ok((4u32,)))),
    ("simple-module", |host, name, given| {
        let simple_module = core::Module::new(&given.engine, SIMPLE_MODULE)?;
        host.module(name, &simple_module)
    }),
    ("resource1", resource1),
    ("resource1-again", resource1),
    ("resource2", |host, name, _| host.resource(name, ResourceType::host::<Resource2>(), |_, _| Ok(()))),
    ("[constructor]resource1", |host, name, _| {
        host.func_wrap(name, |_, (rep,): (u32,)| Ok((Resource::<Resource1>::new_own(rep),)))
    }),
    ("[static]resource1.assert", |host, name, _| {
        host.func_wrap(name, |_, (resource, rep): (Resource<Resource1>, u32)| {
            check_rep("[static]resource1.assert", &resource, rep)
        })
    }),
    ("[method]resource1.simple", |host, name, _| {
        host.func_wrap(name, |_, (resource, rep): (Resource<Resource1>, u32)| {
            check_owned("[method]resource1.simple", &resource, false)?;
            check_rep("[method]resource1.simple", &resource, rep)
        })
    }),
    ("[method]resource1.take-borrow", |host, name, _| {
        host.func_wrap(name, |_, (a, b): (Resource<Resource1>, Resource<Resource1>)| {
            check_owned("[method]resource1.take-borrow", &a, false)?;
            check_owned("[method]resource1.take-borrow", &b, false)
        })
    }),
    ("[method]resource1.take-own", |host, name, _| {
        host.func_wrap(name, |_, (a, b): (Resource<Resource1>, Resource<Resource1>)| {
            check_owned("[method]resource1.take-own", &a, false)?;
            check_owned("[method]resource1.take-own", &b, true)
        })
    }),
    ("[static]resource1.last-drop", |host, name, given| {
        let drops = given.drops.clone();
        host.func_wrap(name, move |_, (): ()| Ok((drops.last.load(Ordering::Relaxed),)))
    }),
    ("[static]resource1.drops", |host, name, given| {
        let drops = given.drops.clone();
        host.func_wrap(name, move |_, (): ()| Ok((drops.count.load(Ordering::Relaxed),)))
    }),
    ("never-return", returns_later),
    ("return-two-slowly", returns_later),
    ("echo-slowly", returns_later),
    ("[method]resource1.never-return", returns_later),
];

/// Makes all of it importable.
pub(crate) fn link(linker: &mut Linker<()>) -> Result<()> {
    let given = Given { engine: linker.engine().clone(), drops: Arc::new(Drops::default()) };
    let mut root = linker.root();
    ROOT.iter().try_for_each(|(name, define)| define(&mut root, name, &given))?;
    let mut host = linker.instance("host")?;
    HOST.iter().try_for_each(|(name, define)| define(&mut host, name, &given))
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

/// The resource type [`Resource1`], by one of its names.
fn resource1(host: &mut LinkerInstance<'_, ()>, name: &str, given: &Given) -> Result<()> {
    let drops = given.drops.clone();
    host.resource(name, ResourceType::host::<Resource1>(), move |_, rep| {
        drops.count.fetch_add(1, Ordering::Relaxed);
        drops.last.store(rep, Ordering::Relaxed);
        Ok(())
    })
}

/// A function that returns later than it is called.
fn returns_later(host: &mut LinkerInstance<'_, ()>, name: &str, _: &Given) -> Result<()> {
    let shown = name.to_string();
    host.func_new(name, move |_, _, _| Err(Error::msg(format!("not supported: async (the host's `{shown}`)"))))
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
