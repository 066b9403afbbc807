//! Runs a case as an embedder would: in memory, where nothing is the system's, or in folders of the host with its clocks.

use crate::case::{CaseEnd, ProgramCase};
use crate::case_file::program;
use crate::ended::EndedProgram;
use crate::mounted_files::{FileNode, MountedFiles};
use anyhow::Result;
use gusset::core::{Linker, Module};
use gusset::{Engine, Store, Trap};
use gusset_wasi::{
    Directory, Exit, FileType, HostDirectory, Input, MemoryFileSystem, Network, Output, OutputBuffer, ReadOnly,
    RelativePath, WasiConfig, WasiConfigBuilder, WasiCtx, preview0, preview1,
};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};

/// The most that a program may print.
const MOST_PRINTED: usize = 1 << 20;

/// Where the files of a run are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LibraryFiles {
    /// In memory, beside clocks and random numbers that are the same in every run.
    Memory,
    /// In folders of the host, beside its clocks and random numbers.
    Host,
}

/// A build that is compiled once, or why it cannot be.
type CompiledProgram = Arc<OnceLock<Result<Module, String>>>;

/// Compiles each build once, for all cases.
#[derive(Default)]
pub struct CompiledPrograms {
    engine: Engine,
    modules: Mutex<HashMap<String, CompiledProgram>>,
}

impl CompiledPrograms {
    fn module(&self, build: &str) -> Result<Module> {
        let cell = {
            let mut modules = self.modules.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            Arc::clone(modules.entry(build.to_owned()).or_default())
        };
        let compile = || Module::from_file(&self.engine, program(build)).map_err(|error| format!("{error:#}"));
        cell.get_or_init(compile).clone().map_err(anyhow::Error::msg)
    }

    /// Runs a case with a build.
    ///
    /// # Errors
    ///
    /// Where it cannot be run at all.
    pub fn run(&self, build: &str, case: &ProgramCase, files: LibraryFiles) -> Result<EndedProgram> {
        let module = self.module(build)?;
        run_with(build, case, files, |config| self.enter(&module, config))
    }

    /// Instantiates a module and calls its `_start`.
    fn enter(&self, module: &Module, config: &WasiConfig) -> Result<CaseEnd> {
        let mut linker = Linker::<WasiCtx>::new(&self.engine);
        preview1::add_to_linker(&mut linker, |ctx| ctx)?;
        preview0::add_to_linker(&mut linker, |ctx| ctx)?;
        let mut store = Store::new(&self.engine, WasiCtx::new(config));
        let instance = linker.instantiate(&mut store, module)?;
        let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
        case_end(Exit::of(start.call(&mut store, ())))
    }
}

/// How a guest ended, if it is its own doing.
pub(crate) fn case_end(ended: gusset::Result<Exit>) -> Result<CaseEnd> {
    match ended {
        Ok(exit) => Ok(CaseEnd::Exit(exit.code())),
        Err(error) => match error.downcast_ref::<Trap>() {
            Some(trap) => Ok(CaseEnd::Trap(trap.to_string())),
            None => Err(error),
        },
    }
}

/// Gives a guest what a case says, and has it entered.
pub(crate) fn run_with(
    build: &str,
    case: &ProgramCase,
    files: LibraryFiles,
    enter: impl FnOnce(&WasiConfig) -> Result<CaseEnd>,
) -> Result<EndedProgram> {
    let (stdout, stderr) = (OutputBuffer::new(MOST_PRINTED), OutputBuffer::new(MOST_PRINTED));
    let mut config = WasiConfig::builder();
    let name = Path::new(build).file_name().unwrap_or_default().to_string_lossy();
    config.arg(format!("{name}.wasm")).args(&case.args).envs(case.env.iter().cloned());
    config.network(network(case)?).stdin(Input::bytes(case.stdin.clone()));
    config.stdout(Output::buffer(&stdout)).stderr(Output::buffer(&stderr));
    let (end, files) = match files {
        LibraryFiles::Memory => in_memory(case, config, enter)?,
        LibraryFiles::Host => on_host(case, config, enter)?,
    };
    let (stdout, stderr) = (stdout.contents(), stderr.contents());
    Ok(EndedProgram { stdout, stderr, stderr_has_trap: false, end, files })
}

fn network(case: &ProgramCase) -> Result<Network> {
    let mut network = Network::none();
    for rule in &case.connects {
        network = network.allow(rule.parse()?);
    }
    for rule in &case.listens {
        network = network.allow_listen(rule.parse()?);
    }
    Ok(network)
}

fn in_memory(
    case: &ProgramCase,
    mut config: WasiConfigBuilder,
    enter: impl FnOnce(&WasiConfig) -> Result<CaseEnd>,
) -> Result<(CaseEnd, MountedFiles)> {
    let system = MemoryFileSystem::new();
    let mut folders = Vec::new();
    for (at, mount) in case.mounts.iter().enumerate() {
        let folder = at.to_string();
        system.create_directory_all(&folder)?;
        for (path, node) in case.before.within(&mount.guest) {
            let path = format!("{folder}/{path}");
            match node {
                FileNode::File(bytes) => system.write(&path, bytes)?,
                FileNode::Folder => system.create_directory_all(&path)?,
                FileNode::Link(target) => system.root().symlink(target, RelativePath::new(&path)?)?,
            }
        }
        preopen(&mut config, &mount.guest, mount.read_only, system.open_directory(&folder)?);
        folders.push(folder);
    }
    let end = enter(&config.build()?)?;
    let mut files = MountedFiles::default();
    for (mount, folder) in case.mounts.iter().zip(&folders) {
        read_memory(&system, folder, mount.guest.trim_end_matches('/'), &mut files)?;
    }
    Ok((end, files))
}

/// Adds what lies in a folder in memory to `files`, as what lies at `guest`.
fn read_memory(system: &MemoryFileSystem, folder: &str, guest: &str, files: &mut MountedFiles) -> Result<()> {
    for entry in system.list(folder)? {
        let (path, guest) = (format!("{folder}/{}", entry.name), format!("{guest}/{}", entry.name));
        let node = match entry.file_type {
            FileType::Directory => FileNode::Folder,
            FileType::SymbolicLink => FileNode::Link(system.root().read_link(RelativePath::new(&path)?)?),
            _ => FileNode::File(system.read(&path)?),
        };
        let is_folder = node == FileNode::Folder;
        files.insert(&guest, node);
        if is_folder {
            read_memory(system, &path, &guest, files)?;
        }
    }
    Ok(())
}

fn on_host(
    case: &ProgramCase,
    mut config: WasiConfigBuilder,
    enter: impl FnOnce(&WasiConfig) -> Result<CaseEnd>,
) -> Result<(CaseEnd, MountedFiles)> {
    config.system_time().system_random();
    let scratch = tempfile::tempdir()?;
    let folders = case.write_mounts(scratch.path())?;
    for (mount, folder) in case.mounts.iter().zip(&folders) {
        preopen(&mut config, &mount.guest, mount.read_only, HostDirectory::open(folder)?);
    }
    let end = enter(&config.build()?)?;
    Ok((end, case.read_mounts(&folders)?))
}

fn preopen(config: &mut WasiConfigBuilder, guest: &str, read_only: bool, directory: impl Directory) {
    if read_only {
        config.preopened_directory(guest, ReadOnly::new(directory));
    } else {
        config.preopened_directory(guest, directory);
    }
}
