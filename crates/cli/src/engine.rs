//! The engines of commands: the program's settings, its cache, and the bar that shows how far compiling is.

use crate::cache;
use crate::progress::CompileBar;
use anyhow::{Context, Error, Result};
use gusset::{Config, Engine, WasmBacktraceDetails};
use gusset_wast::FeatureList;
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};

/// What stands behind a memory where there is not much address space: enough for the offsets of most accesses.
const GUARD: u64 = 64 << 10;

/// With so much address space a process need not be sparing of it.
const AMPLE: u64 = 16 << 30;

/// The same for memories with addresses of 64 bits.
const AMPLE_FOR_64_BITS: u64 = 256 << 30;

/// Of the address space that a process may have, the part (one in so many) that a memory reserves where that is not ample.
const PART_FOR_A_MEMORY: u64 = 4;

/// An engine for a command, and what is seen while it compiles.
pub(crate) struct CommandEngine {
    pub(crate) engine: Engine,
    bar: CompileBar,
}

impl CommandEngine {
    /// An engine of these settings.
    pub(crate) fn new(mut config: Config) -> Result<CommandEngine> {
        let bar = CompileBar::new(&mut config);
        let engine = Engine::new(&config).context("this machine cannot run the engine")?;
        Ok(CommandEngine { engine, bar })
    }

    /// The engine, when everything is compiled: nothing is seen of that any more.
    pub(crate) fn compiled(self) -> Engine {
        drop(self.bar);
        self.engine
    }
}

/// The program's settings, with these of features.
pub(crate) fn config(features: &[FeatureList]) -> Config {
    let mut config = Config::new();
    config.wasm_backtrace_details(WasmBacktraceDetails::Environment);
    features.iter().for_each(|list| list.apply(&mut config));
    config
}

/// Has memories reserve less than the most that they could grow to, where this process may not have much address space (`ulimit -v`). Their code
/// is slower, so that this is not done elsewhere.
pub(crate) fn fit_address_space(config: &mut Config) {
    let Some(limit) = getrlimit(Resource::As).current else { return };
    if limit < AMPLE {
        config.memory_reservation(limit / PART_FOR_A_MEMORY).memory_guard(GUARD);
    }
    if limit < AMPLE_FOR_64_BITS {
        config.memory64_reservation(limit / PART_FOR_A_MEMORY);
    }
}

/// `error` with what it means where the system has no room for a guest, and the process may not have much.
pub(crate) fn explain_room(error: Error) -> Error {
    match (error.downcast_ref::<Errno>(), getrlimit(Resource::As).current) {
        (Some(&Errno::NOMEM), Some(limit)) => error.context(format!(
            "this process may have {limit} bytes of address space (ulimit -v), which is too little for this guest"
        )),
        _ => error,
    }
}

/// The same, with the program's cache. Where there is none, things are compiled.
pub(crate) fn cached_config(features: &[FeatureList]) -> Config {
    let mut config = config(features);
    config.cache(cache::configured().ok());
    config
}
