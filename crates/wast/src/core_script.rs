//! The core side of a script: one store for all modules, since they import from one another, and the names under which they
//! are registered. They are one guest of WASI, with one context.

use crate::component_value;
use crate::core_value;
use crate::meter;
use crate::outcome::{Mismatch, mismatch, no_export};
use crate::spectest;
use gusset::core::{Extern, Instance, Linker, Module, SharedMemory, Val};
use gusset::{Engine, Store};
use gusset_wasi::{MemoryFileSystem, Output, OutputBuffer, WasiConfig, WasiCtx, preview0, preview1};
use wast::WastArg;
use wast::core::WastRetCore;

/// How many bytes a script may write between two directives.
const MAX_WRITTEN: usize = 1 << 20;

/// What modules of scripts have of WASI: the same in each run.
fn wasi_config(written: &OutputBuffer) -> gusset::Result<WasiConfig> {
    let mut builder = WasiConfig::builder();
    let root = MemoryFileSystem::new().root();
    builder.preopened_directory("/", root).stdout(Output::buffer(written)).stderr(Output::buffer(written));
    builder.build()
}

/// Shared memories that an instance exports, by name.
pub(crate) type SharedMemories = Vec<(String, SharedMemory)>;

/// The core instances of a script.
pub(crate) struct CoreScript {
    store: Store<WasiCtx>,
    linker: Linker<WasiCtx>,
    /// What has been written to standard output and standard error, where there is WASI.
    written: OutputBuffer,
    /// What a thread has of instances of the one that started it.
    of_other_threads: Vec<SharedMemories>,
}

impl CoreScript {
    /// The core side of a script that has WASI, or has not.
    pub(crate) fn new(engine: &Engine, wasi: bool) -> gusset::Result<CoreScript> {
        let written = OutputBuffer::new(MAX_WRITTEN);
        let config = if wasi { wasi_config(&written)? } else { WasiConfig::default() };
        let mut store = Store::new(engine, WasiCtx::new(&config));
        meter::unlimited(&mut store);
        let mut linker = Linker::new(engine);
        // Scripts register names again, and mean the latest.
        linker.allow_shadowing(true);
        spectest::link_spectest(&mut linker, &mut store)?;
        if wasi {
            preview1::add_to_linker(&mut linker, |ctx| ctx)?;
            preview0::add_to_linker(&mut linker, |ctx| ctx)?;
        }
        Ok(CoreScript { store, linker, written, of_other_threads: Vec::new() })
    }

    /// What has been written since this was asked last.
    pub(crate) fn take_written(&mut self) -> Vec<u8> {
        self.written.take()
    }

    /// The fuel that has been used since this was asked last, where it is counted.
    pub(crate) fn take_fuel(&mut self) -> Option<u64> {
        meter::take_fuel(&mut self.store)
    }

    /// Instantiates `module` with what is registered.
    pub(crate) fn instantiate(&mut self, module: &Module) -> gusset::Result<Instance> {
        self.linker.instantiate(&mut self.store, module)
    }

    /// Makes the exports of `instance` importable from `name`.
    pub(crate) fn register(&mut self, name: &str, instance: Instance) -> gusset::Result<()> {
        self.linker.instance(&mut self.store, name, instance)?;
        Ok(())
    }

    /// The shared memories that an instance exports.
    pub(crate) fn shared_memories(&mut self, instance: Instance) -> SharedMemories {
        let exports = instance.exports(&mut self.store).into_iter();
        exports.filter_map(|(name, item)| Some((name, item.into_shared_memory()?))).collect()
    }

    /// Memories of an instance of another thread; their number here.
    pub(crate) fn add_memories_of_other_thread(&mut self, memories: SharedMemories) -> usize {
        self.of_other_threads.push(memories);
        self.of_other_threads.len() - 1
    }

    /// Those of that number.
    pub(crate) fn memories_of_other_thread(&self, number: usize) -> SharedMemories {
        self.of_other_threads[number].clone()
    }

    /// Makes them importable from `name`.
    pub(crate) fn register_memories(&mut self, name: &str, number: usize) -> gusset::Result<()> {
        for (export, memory) in &self.of_other_threads[number] {
            self.linker.define(name, export, memory.clone())?;
        }
        Ok(())
    }

    /// The value of an exported global. The outer error is the script's, the inner one the engine's.
    pub(crate) fn global(&mut self, instance: Instance, name: &str) -> Result<gusset::Result<Val>, Mismatch> {
        match instance.get_global(&mut self.store, name) {
            Some(global) => Ok(global.get(&mut self.store)),
            None => self.no_export(instance, "global", name, |export| matches!(export, Extern::Global(_))),
        }
    }

    /// Calls an export. The outer error is the script's, the inner one the guest's.
    pub(crate) fn call(
        &mut self,
        instance: Instance,
        name: &str,
        arguments: &[Val],
    ) -> Result<gusset::Result<Vec<Val>>, Mismatch> {
        let Some(func) = instance.get_func(&mut self.store, name) else {
            return self.no_export(instance, "function", name, |export| matches!(export, Extern::Func(_)));
        };
        Ok(func.ty(&self.store).and_then(|ty| {
            let mut results = vec![Val::I32(0); ty.results.len()];
            func.call(&mut self.store, arguments, &mut results)?;
            Ok(results)
        }))
    }

    fn no_export<T>(
        &mut self,
        instance: Instance,
        what: &str,
        name: &str,
        is_one: impl Fn(&Extern) -> bool,
    ) -> Result<T, Mismatch> {
        let exports = instance.exports(&mut self.store);
        let names: Vec<&str> = exports.iter().filter(|(_, it)| is_one(it)).map(|(name, _)| &**name).collect();
        no_export(what, name, &names)
    }

    /// The value of an argument.
    pub(crate) fn argument(&mut self, argument: &WastArg<'_>) -> Result<Val, Mismatch> {
        match argument {
            WastArg::Core(value) => core_value::argument(&mut self.store, value),
            WastArg::Component(value) => {
                let value = component_value::expected_text(value);
                mismatch("a core value, such as `(i32.const …)`", format!("{value}, a component value"))
            }
            other => mismatch("a core value", format!("{other:?}")),
        }
    }

    /// Whether `value` is what a script expects.
    pub(crate) fn matches(&self, expected: &WastRetCore<'_>, value: &Val) -> bool {
        core_value::matches(&self.store, expected, value)
    }

    /// A value, as scripts write it.
    pub(crate) fn text(&self, value: &Val) -> String {
        core_value::text(&self.store, value)
    }
}
