//! Runs a module as the command that the adapter makes of it, over files in memory.

use crate::components::component;
use gusset::{Component, Engine, Linker, ResourceTable, Store};
use gusset_wasi::p2::{self, WasiCtxView, WasiView};
use gusset_wasi::{Exit, MemoryFileSystem, Output, OutputBuffer, WasiConfig, WasiCtx};

/// What a run printed, and what it left.
pub(crate) struct CommandRun {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) files: MemoryFileSystem,
    /// The exit code, or why there is none.
    pub(crate) end: Result<u32, String>,
}

struct CommandStore {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for CommandStore {
    fn wasi(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

/// Runs a module with some arguments, two variables, and a directory `/out`.
pub(crate) fn run(module: &[u8]) -> CommandRun {
    let engine = Engine::default();
    let component = Component::new(&engine, component(module, "command")).expect("it is a component");
    let (stdout, stderr, files) = (OutputBuffer::new(1 << 20), OutputBuffer::new(1 << 20), MemoryFileSystem::new());
    let mut config = WasiConfig::builder();
    config.args(["program", "first", "", "the third one"]).env("NAME", "value").env("EMPTY", "");
    config.preopened_directory("/out", files.root());
    config.stdout(Output::buffer(&stdout)).stderr(Output::buffer(&stderr));
    let config = config.build().expect("it is one");
    let mut linker = Linker::<CommandStore>::new(&engine);
    p2::add_to_linker(&mut linker).expect("nothing is defined");
    let data = CommandStore { wasi: WasiCtx::new(&config), table: ResourceTable::new() };
    let mut store = Store::new(&engine, data);
    let instance = linker.instantiate(&mut store, &component).expect("it is linked");
    let start = instance
        .get_typed_func::<(), (Result<(), ()>,)>(&mut store, "wasi:cli/run@0.2.0#run")
        .expect("it is a command");
    let end = match start.call(&mut store, ()) {
        Ok((result,)) => Ok(u32::from(result.is_err())),
        Err(error) => Exit::of(Err(error)).map(|exit| exit.code()).map_err(|error| format!("{error:#}")),
    };
    let text = |of: &OutputBuffer| String::from_utf8(of.contents()).expect("it is text");
    CommandRun { stdout: text(&stdout), stderr: text(&stderr), files, end }
}
