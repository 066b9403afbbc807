//! Runs a module as the command that the adapter makes of it, and as it is, over files in memory.

use crate::components::component;
use gusset::core::Module;
use gusset::{Component, Engine, Linker, ResourceTable, Store};
use gusset_wasi::p2::{self, WasiCtxView, WasiView};
use gusset_wasi::{Exit, Input, MemoryFileSystem, Output, OutputBuffer, WasiConfig, WasiCtx, preview1};

/// What a run printed, and what it left.
pub(crate) struct CommandRun {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) files: MemoryFileSystem,
    /// The exit code, or why there is none.
    pub(crate) end: Result<u32, String>,
}

/// The state of a component's store.
pub(crate) struct CommandStore {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl CommandStore {
    pub(crate) fn new(config: &WasiConfig) -> CommandStore {
        CommandStore { wasi: WasiCtx::new(config), table: ResourceTable::new() }
    }
}

impl WasiView for CommandStore {
    fn wasi(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

/// A module, as it is and as a component.
pub(crate) struct BothWays {
    engine: Engine,
    module: Module,
    component: Component,
}

impl BothWays {
    pub(crate) fn new(module: &[u8]) -> BothWays {
        let engine = Engine::default();
        let component = Component::new(&engine, component(module, "command")).expect("it is a component");
        BothWays { module: Module::new(&engine, module).expect("it is a module"), component, engine }
    }

    /// Runs it as a component, with some arguments, two variables, and a directory `/out`.
    pub(crate) fn as_component(&self, stdin: &[u8]) -> CommandRun {
        run_with(stdin, |config| {
            let engine = &self.engine;
            let mut linker = Linker::<CommandStore>::new(engine);
            p2::add_to_linker(&mut linker).expect("nothing is defined");
            let mut store = Store::new(engine, CommandStore::new(config));
            let instance = linker.instantiate(&mut store, &self.component).expect("it is linked");
            let run = instance
                .get_typed_func::<(), (Result<(), ()>,)>(&mut store, "wasi:cli/run@0.2.0#run")
                .expect("it is a command");
            match run.call(&mut store, ()) {
                Ok((result,)) => Ok(u32::from(result.is_err())),
                Err(error) => Exit::of(Err(error)).map(|exit| exit.code()),
            }
        })
    }

    /// Runs it as a module, given the same.
    pub(crate) fn as_module(&self, stdin: &[u8]) -> CommandRun {
        run_with(stdin, |config| {
            let engine = &self.engine;
            let mut linker = gusset::core::Linker::<WasiCtx>::new(engine);
            preview1::add_to_linker(&mut linker, |ctx| ctx).expect("nothing is defined");
            let mut store = Store::new(engine, WasiCtx::new(config));
            let instance = linker.instantiate(&mut store, &self.module).expect("it is linked");
            let start = instance.get_typed_func::<(), ()>(&mut store, "_start").expect("it is a command");
            Exit::of(start.call(&mut store, ())).map(|exit| exit.code())
        })
    }
}

fn run_with(stdin: &[u8], enter: impl FnOnce(&WasiConfig) -> gusset::Result<u32>) -> CommandRun {
    let (stdout, stderr, files) = (OutputBuffer::new(1 << 20), OutputBuffer::new(1 << 20), MemoryFileSystem::new());
    let mut config = WasiConfig::builder();
    config.args(["program", "first", "", "the third one"]).env("NAME", "value").env("EMPTY", "");
    config.preopened_directory("/out", files.root()).stdin(Input::bytes(stdin.to_vec()));
    config.stdout(Output::buffer(&stdout)).stderr(Output::buffer(&stderr));
    let end = enter(&config.build().expect("it is one")).map_err(|error| format!("{error:#}"));
    CommandRun { stdout: stdout.contents(), stderr: stderr.contents(), files, end }
}
