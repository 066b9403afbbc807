//! Runs a case with a component, as an embedder would: a build that is one, or what the preview1 adapter makes of it.

use crate::case::{CaseEnd, ProgramCase};
use crate::case_file::program;
use crate::ended::EndedProgram;
use crate::in_library::{LibraryFiles, case_end, run_with};
use crate::in_threads::has_threads;
use anyhow::{Context, Result};
use gusset::{Component, Engine, Linker, ResourceTable, Store};
use gusset_wasi::p2::{self, WasiCtxView, WasiView};
use gusset_wasi::{Exit, WasiConfig, WasiCtx};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};

const ADAPTER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/wasi-adapter/built/command.wasm");

/// The function by which a command is run, of whatever version its interface is.
const RUN: &str = "wasi:cli/run#run";

/// How a guest of a component waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuestWaits {
    /// Its thread does.
    Thread,
    /// In a Tokio runtime, by the functions that leave the thread to others.
    InRuntime,
}

/// A component that is made and compiled once, or why it cannot be.
type AdaptedProgram = Arc<OnceLock<Result<Component, String>>>;

/// Makes a component of each build once, for all cases.
#[derive(Default)]
pub struct AdaptedPrograms {
    engine: Engine,
    components: Mutex<HashMap<String, AdaptedProgram>>,
}

struct CommandData {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for CommandData {
    fn wasi(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl AdaptedPrograms {
    /// Whether a build is there, and is a component or for preview1, with no threads: the adapter knows no older version.
    pub fn adapts(build: &str) -> bool {
        let older = b"wasi_unstable";
        !has_threads(build)
            && std::fs::read(program(build))
                .is_ok_and(|bytes| !bytes.windows(older.len()).any(|window| window == older))
    }

    fn component(&self, build: &str) -> Result<Component> {
        let cell = {
            let mut components = self.components.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            Arc::clone(components.entry(build.to_owned()).or_default())
        };
        let make = || adapt(&program(build)).and_then(|bytes| Component::new(&self.engine, bytes));
        cell.get_or_init(|| make().map_err(|error| format!("{error:#}"))).clone().map_err(anyhow::Error::msg)
    }

    /// Runs a case with a build.
    ///
    /// # Errors
    ///
    /// Where it cannot be run at all.
    pub fn run(&self, build: &str, case: &ProgramCase, files: LibraryFiles, waits: GuestWaits) -> Result<EndedProgram> {
        let component = self.component(build)?;
        run_with(build, case, files, |config| match waits {
            GuestWaits::Thread => self.enter(&component, config),
            GuestWaits::InRuntime => {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                runtime.block_on(self.enter_async(&component, config))
            }
        })
    }

    fn store(&self, config: &WasiConfig) -> Store<CommandData> {
        Store::new(&self.engine, CommandData { wasi: WasiCtx::new(config), table: ResourceTable::new() })
    }

    fn enter(&self, component: &Component, config: &WasiConfig) -> Result<CaseEnd> {
        let mut linker = Linker::<CommandData>::new(&self.engine);
        p2::add_to_linker(&mut linker)?;
        let mut store = self.store(config);
        let instance = linker.instantiate(&mut store, component)?;
        let run = instance.get_typed_func::<(), (Result<(), ()>,)>(&mut store, RUN)?;
        command_end(run.call(&mut store, ()))
    }

    async fn enter_async(&self, component: &Component, config: &WasiConfig) -> Result<CaseEnd> {
        let mut linker = Linker::<CommandData>::new(&self.engine);
        p2::add_to_linker_async(&mut linker)?;
        let mut store = self.store(config);
        let instance = linker.instantiate_async(&mut store, component).await?;
        let run = instance.get_typed_func::<(), (Result<(), ()>,)>(&mut store, RUN)?;
        command_end(run.call_async(&mut store, ()).await)
    }
}

fn command_end(ended: gusset::Result<(Result<(), ()>,)>) -> Result<CaseEnd> {
    match ended {
        Ok((result,)) => Ok(CaseEnd::Exit(u32::from(result.is_err()))),
        Err(error) => case_end(Exit::of(Err(error))),
    }
}

/// Whether a build is a component.
pub fn is_component(build: &str) -> bool {
    std::fs::read(program(build)).is_ok_and(|bytes| is_component_binary(&bytes))
}

fn is_component_binary(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\0asm\x0d\0\x01\0")
}

fn adapt(program: &Path) -> Result<Vec<u8>> {
    let read = |path: &Path| std::fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let bytes = read(program)?;
    if is_component_binary(&bytes) {
        return Ok(bytes);
    }
    let mut encoder = wit_component::ComponentEncoder::default();
    encoder.module(&bytes)?.adapter("wasi_snapshot_preview1", &read(Path::new(ADAPTER))?)?;
    encoder.encode()
}
