//! From the file to a component that is linked, before anybody is told that there is a server: the engine with its pool, and what is said of a file that
//! holds no service.

use super::arguments::ServeArguments;
use super::guest::ServedGuest;
use crate::engine::{self, CommandEngine};
use crate::guess::file_in_shell;
use crate::input::{self, Compiled, InputFile};
use crate::precompiled;
use crate::run::unlinked;
use crate::select::listing;
use anyhow::{Context, Error, Result, bail};
use gusset::{CallableExport, Component, Config, Engine, Linker, PoolDemand, PoolingConfig, Precompiled};
use gusset_wasi::http::{self, ProxyPre};
use gusset_wasi::p2;
use rustix::process::{Resource, getrlimit};

/// What the interface of services is called, before its version.
const HANDLER: &str = "wasi:http/incoming-handler@";

/// The same, of the versions that are served.
const HANDLER_0_2: &str = "wasi:http/incoming-handler@0.2.";

/// Other interfaces, by which other things are run, or will be.
const OTHERS: &[(&str, &str)] = &[
    ("wasi:cli/run@", "it is a command, which `gusset run` runs"),
    ("wasi:http/handler@0.3", "it is a service of WASI 0.3, which is not supported yet"),
];

/// What an instance of most components takes from the pool. One that takes more has a pool that fits.
const COMMON: (u32, u32, u32, u64) = (8, 2, 4, 20_000);

/// What a stack has beside what guests may use.
const FOR_THE_HOST: u64 = 1 << 20;

/// More than a process has.
const ADDRESS_SPACE: u64 = 1 << 47;

/// What there is to serve.
pub(super) struct Loaded {
    pub(super) engine: Engine,
    pub(super) service: ProxyPre<ServedGuest>,
}

/// What is served, read once: a pipe gives nothing to who reads it again.
enum ServedFile {
    Source(InputFile),
    Precompiled(Precompiled),
}

/// The service in the file, ready to be instantiated.
///
/// # Errors
///
/// When there is none, or it imports what is not there.
pub(super) fn load(arguments: &ServeArguments) -> Result<Loaded> {
    let path = &arguments.path;
    let (engine, shown, component) = fitting(arguments, &read(arguments)?)?;
    check(&shown, &component)?;
    let mut linker = Linker::new(&engine);
    p2::add_to_linker_async(&mut linker)?;
    http::add_to_linker(&mut linker)?;
    let linked = linker.instantiate_pre(&component);
    let pre = linked.map_err(|error| match unlinked::advice(&error, path, &shown, "serve") {
        Some(advice) => error.context(advice),
        None => error.context(format!("cannot serve {shown}")),
    })?;
    let service = ProxyPre::new(pre).with_context(|| format!("cannot serve {shown}"))?;
    Ok(Loaded { engine, service })
}

/// The component, of an engine whose pool has room for as many instances as there may be.
fn fitting(arguments: &ServeArguments, file: &ServedFile) -> Result<(Engine, String, Component)> {
    // Where a process may not have much address space, it cannot be reserved.
    let pooled = !arguments.no_pool && getrlimit(Resource::As).current.is_none();
    if !pooled {
        return without_pool(arguments, file);
    }
    let mut room = PoolDemand::default();
    (room.core_instances, room.memories, room.tables, room.table_elements) = COMMON;
    loop {
        let engine = match engine(arguments, Some(room)) {
            // The system has not that much, and nobody has asked for so many.
            Err(_) if !arguments.limits.says_guests() => return without_pool(arguments, file),
            engine => engine?,
        };
        let (shown, component) = component(arguments, file, &engine.engine)?;
        let demand = component.pool_demand();
        let larger = |room: PoolDemand| {
            let mut larger = room;
            larger.core_instances = room.core_instances.max(demand.core_instances);
            larger.memories = room.memories.max(demand.memories);
            larger.tables = room.tables.max(demand.tables);
            larger.table_elements = room.table_elements.max(demand.table_elements);
            larger
        };
        if larger(room) == room {
            return Ok((engine.compiled(), shown, component));
        }
        // What is compiled is found in the cache.
        room = larger(room);
    }
}

/// The component, of an engine that gets everything from the system.
fn without_pool(arguments: &ServeArguments, file: &ServedFile) -> Result<(Engine, String, Component)> {
    let engine = engine(arguments, None)?;
    let (shown, component) = component(arguments, file, &engine.engine)?;
    Ok((engine.compiled(), shown, component))
}

fn engine(arguments: &ServeArguments, room: Option<PoolDemand>) -> Result<CommandEngine> {
    let ServeArguments { features, no_cache, allow_precompiled, limits, .. } = arguments;
    let mut config = if *no_cache { engine::config(features) } else { engine::cached_config(features) };
    config.epoch_interruption(true);
    limits.sizes.configure(&mut config);
    if let Some(bytes) = limits.sizes.max_wasm_stack() {
        let stack = bytes.checked_add(FOR_THE_HOST).filter(|size| *size < ADDRESS_SPACE);
        let Some(stack) = stack.and_then(|size| usize::try_from(size).ok()) else {
            bail!("no stack can have {bytes} bytes, as --max-wasm-stack says");
        };
        config.async_stack_size(stack.max(2 << 20));
    }
    if !allow_precompiled {
        engine::fit_address_space(&mut config);
    }
    let pooled = room.is_some();
    if let Some(room) = room {
        pool(&mut config, limits.guests(), room);
    }
    CommandEngine::new(config).map_err(|error| match pooled {
        // What stands between is in the words of hosts.
        true => Error::msg(error.root_cause().to_string()).context(format!(
            "there is no pool for {} guests at a time; --max-concurrent-requests makes it smaller, and with --no-pool there is none",
            limits.guests()
        )),
        false => error,
    })
}

/// Has a pool with room for so many.
fn pool(config: &mut Config, guests: usize, room: PoolDemand) {
    let all = |each: u32| u32::try_from(guests).unwrap_or(u32::MAX).saturating_mul(each);
    let mut pool = PoolingConfig::new();
    pool.total_core_instances(all(room.core_instances))
        .total_memories(all(room.memories))
        .total_tables(all(room.tables))
        .table_elements(room.table_elements)
        .total_stacks(all(1));
    config.allocation_strategy(pool);
}

/// What there is to compile, or was compiled.
fn read(arguments: &ServeArguments) -> Result<ServedFile> {
    let path = &arguments.path;
    match precompiled::detect(path) {
        Some(_) if !arguments.allow_precompiled => bail!(
            "{} is precompiled, and its code would be believed; if you trust where it comes from, `gusset serve --allow-precompiled {}` \
             serves it",
            path.display(),
            file_in_shell(path)
        ),
        Some(kind) => Ok(ServedFile::Precompiled(kind)),
        None => input::runnable(path).map(ServedFile::Source),
    }
}

/// The component in the file, with what that is called in messages.
fn component(arguments: &ServeArguments, file: &ServedFile, engine: &Engine) -> Result<(String, Component)> {
    let (shown, compiled) = match file {
        ServedFile::Precompiled(kind) => {
            let path = &arguments.path;
            let loaded = precompiled::load(engine, *kind, path).map_err(|error| {
                let how = match precompiled::has_other_settings(&error) {
                    true => ": `gusset serve` takes what `gusset compile --timeout` makes, without --fuel",
                    false => "",
                };
                error.context(format!("cannot serve {}{how}", path.display()))
            })?;
            (path.display().to_string(), loaded)
        }
        ServedFile::Source(file) => (file.name.clone(), input::compiled(engine, file)?),
    };
    match compiled {
        Compiled::Component(component) => Ok((shown, component)),
        Compiled::Module(_) => bail!(
            "{shown} is a core module, and services are components: `gusset component new --preview1 proxy` makes one of a module whose \
             exports fit"
        ),
    }
}

/// Checks that the component is a service, as far as that can be told before there is an instance.
fn check(shown: &str, component: &Component) -> Result<()> {
    let functions = &component.funcs().collect::<Vec<_>>()[..];
    let handles = |function: &&CallableExport, interface: &str| matches!(&*function.path, [name, last] if name.starts_with(interface) && **last == *"handle");
    if let Some(handle) = functions.iter().find(|function| handles(function, HANDLER_0_2)) {
        if handle.ty.params().len() != 2 || handle.ty.result().is_some() {
            bail!("`{}` of {shown} is a {}, and not what services export", handle.name(), handle.ty);
        }
        return Ok(());
    }
    let exported = functions.iter().find_map(|function| {
        let exports = |interface: &str| function.path.first().is_some_and(|name| name.starts_with(interface));
        OTHERS.iter().find(|(interface, _)| exports(interface)).map(|(_, what)| format!("; {what}"))
    });
    let other_version = functions
        .iter()
        .any(|function| handles(&function, HANDLER))
        .then(|| "; it is a service of a version of WASI that is not supported".to_string());
    bail!(
        "{shown} is no HTTP service, which exports `{HANDLER_0_2}x`{}; {}",
        exported.or(other_version).unwrap_or_default(),
        listing(functions)
    )
}
