//! Runs a case with the component that the preview1 adapter makes of a build, as an embedder would.

use crate::case::{CaseEnd, ProgramCase};
use crate::case_file::program;
use crate::ended::EndedProgram;
use crate::in_library::{LibraryFiles, case_end, run_with};
use anyhow::{Context, Result};
use gusset::{Component, Engine, Linker, ResourceTable, Store};
use gusset_wasi::p2::{self, WasiCtxView, WasiView};
use gusset_wasi::{Exit, WasiConfig, WasiCtx};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};

const ADAPTER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/wasi-adapter/built/command.wasm");

const RUN: &str = "wasi:cli/run@0.2.0#run";

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
    /// Whether a build is there, and is one for preview1: the adapter knows no older version.
    pub fn adapts(build: &str) -> bool {
        let older = b"wasi_unstable";
        std::fs::read(program(build)).is_ok_and(|bytes| !bytes.windows(older.len()).any(|window| window == older))
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
    pub fn run(&self, build: &str, case: &ProgramCase, files: LibraryFiles) -> Result<EndedProgram> {
        let component = self.component(build)?;
        run_with(build, case, files, |config| self.enter(&component, config))
    }

    fn enter(&self, component: &Component, config: &WasiConfig) -> Result<CaseEnd> {
        let mut linker = Linker::<CommandData>::new(&self.engine);
        p2::add_to_linker(&mut linker)?;
        let data = CommandData { wasi: WasiCtx::new(config), table: ResourceTable::new() };
        let mut store = Store::new(&self.engine, data);
        let instance = linker.instantiate(&mut store, component)?;
        let run = instance.get_typed_func::<(), (Result<(), ()>,)>(&mut store, RUN)?;
        match run.call(&mut store, ()) {
            Ok((result,)) => Ok(CaseEnd::Exit(u32::from(result.is_err()))),
            Err(error) => case_end(Exit::of(Err(error))),
        }
    }
}

fn adapt(program: &Path) -> Result<Vec<u8>> {
    let read = |path: &Path| std::fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let mut encoder = wit_component::ComponentEncoder::default();
    encoder.module(&read(program)?)?.adapter("wasi_snapshot_preview1", &read(Path::new(ADAPTER))?)?;
    encoder.encode()
}
