//! A guest that calls what it is told to: a module that imports all functions of both versions, over one context, and exports each again, by
//! way of a function of its own.

use gusset::core::{Extern, Func, Instance, Linker, Memory, Module, SharedMemory, Val};
use gusset::{Engine, Store};
use gusset_wasi::preview1::{self, Errno, FUNCTIONS, FunctionInfo, Rights, Role};
use gusset_wasi::{HostDirectory, MemoryFileSystem, WasiConfig, WasiConfigBuilder, WasiCtx, preview0};
use std::fmt::Write;
use std::sync::LazyLock;
use tempfile::TempDir;

/// The directory that guests are given.
pub const ROOT: u64 = 3;

/// `oflags`.
pub const CREAT: u64 = 1;
pub const DIRECTORY: u64 = 2;
pub const EXCL: u64 = 4;
pub const TRUNC: u64 = 8;

/// The size of the guest's memory.
pub const MEMORY_SIZE: u32 = 2 << 16;

/// Where results go.
pub const OUT: u32 = 64;
/// Where text and buffers start; [`TestGuest::place`] gives out what follows.
const FREE: u32 = 4096;

/// The module with a memory of its own, and the one with a shared memory.
static MODULES: LazyLock<(Engine, [Module; 2])> = LazyLock::new(|| {
    let engine = Engine::default();
    let modules = [false, true].map(|shared| Module::new(&engine, module_text(shared)).expect("the module is valid"));
    (engine, modules)
});

/// A version of WASI whose functions are tested.
#[derive(Clone, Copy)]
pub struct Version {
    pub name: &'static str,
    pub functions: fn() -> Vec<&'static FunctionInfo>,
    pub link: fn(&mut Linker<WasiCtx>) -> gusset::Result<()>,
}

pub const PREVIEW1: Version = Version {
    name: "wasi_snapshot_preview1",
    functions: || FUNCTIONS.iter().collect(),
    link: |linker| preview1::add_to_linker(linker, |ctx| ctx),
};

pub const PREVIEW0: Version = Version {
    name: "wasi_unstable",
    functions: || preview0::functions().collect(),
    link: |linker| preview0::add_to_linker(linker, |ctx| ctx),
};

/// All that are tested.
pub const VERSIONS: [Version; 2] = [PREVIEW1, PREVIEW0];

/// What is behind the directory that guests are given.
pub enum GuestFiles {
    Host(TempDir),
    Memory(MemoryFileSystem),
}

/// The memory of a guest.
enum GuestBytes {
    Own(Memory),
    Shared(SharedMemory),
}

pub struct TestGuest {
    /// Whose functions it calls.
    pub version: Version,
    pub store: Store<WasiCtx>,
    pub instance: Instance,
    memory: GuestBytes,
    pub world: GuestFiles,
    next: u32,
}

/// Does the same for each version, with memories that are shared and such that are not, and each kind of files, with a new guest that has an empty directory as number 3.
pub fn for_each(test: impl Fn(&mut TestGuest)) {
    for_each_with(|_| (), test);
}

/// The same with more in the configuration.
pub fn for_each_with(configure: impl Fn(&mut WasiConfigBuilder), test: impl Fn(&mut TestGuest)) {
    for (version, shared) in VERSIONS.into_iter().flat_map(|version| [(version, false), (version, true)]) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for world in [GuestFiles::Host(folder), GuestFiles::Memory(MemoryFileSystem::new())] {
            let mut config = WasiConfig::builder();
            match &world {
                GuestFiles::Host(folder) => {
                    let directory = HostDirectory::open(folder.path()).expect("a directory");
                    config.preopened_directory("/", directory)
                }
                GuestFiles::Memory(files) => config.preopened_directory("/", files.root()),
            };
            configure(&mut config);
            test(&mut TestGuest::new(version, &config, world, shared));
        }
    }
}

/// What a core value of a role is in the text format.
fn core_type(role: Role) -> &'static str {
    if role == Role::I64 { "i64" } else { "i32" }
}

/// A module with an export for each of its imports, named after both of its import's names.
fn module_text(shared: bool) -> String {
    let mut imports = String::new();
    let mut functions = String::new();
    for version in VERSIONS {
        for of in (version.functions)() {
            let (module, name) = (version.name, of.name);
            let params: String = of.core_parameters().map(|(_, role)| format!(" {}", core_type(role))).collect();
            let ty = format!("(param{params}){}", if of.returns { " (result i32)" } else { "" });
            let arguments: String = (0..of.core_parameters().count()).map(|at| format!(" (local.get {at})")).collect();
            writeln!(imports, "(import {module:?} {name:?} (func ${module}.{name} {ty}))").unwrap();
            writeln!(functions, "(func (export \"{module}.{name}\") {ty} (call ${module}.{name}{arguments}))").unwrap();
        }
    }
    let shared = if shared { "shared" } else { "" };
    format!("(module {imports} (memory (export \"memory\") 2 128 {shared}) {functions})")
}

impl TestGuest {
    pub fn new(version: Version, config: &WasiConfigBuilder, world: GuestFiles, shared: bool) -> TestGuest {
        let (engine, modules) = &*MODULES;
        let mut linker = Linker::new(engine);
        for version in VERSIONS {
            (version.link)(&mut linker).expect("nothing is defined yet");
        }
        let mut store = Store::new(engine, WasiCtx::new(&config.build().expect("a configuration")));
        let instance = linker.instantiate(&mut store, &modules[usize::from(shared)]).expect("all imports are defined");
        let memory = match instance.get_export(&mut store, "memory").expect("it is exported") {
            Extern::Memory(memory) => GuestBytes::Own(memory),
            other => GuestBytes::Shared(other.into_shared_memory().expect("it is a memory")),
        };
        TestGuest { version, store, instance, memory, world, next: FREE }
    }

    pub fn info(&self, name: &str) -> &'static FunctionInfo {
        (self.version.functions)().into_iter().find(|of| of.name == name).expect(name)
    }

    /// Calls a function; an error is what ends the guest.
    pub fn try_call(&mut self, name: &str, arguments: &[u64]) -> gusset::Result<Errno> {
        let info = self.info(name);
        let export = format!("{}.{name}", self.version.name);
        let func: Func = self.instance.get_func(&mut self.store, &export).expect(name);
        assert_eq!(info.core_parameters().count(), arguments.len(), "{name} has so many parameters");
        let values = info.core_parameters().zip(arguments).map(|((_, role), &value)| match role {
            Role::I64 => Val::I64(value.cast_signed()),
            _ => Val::I32((value as u32).cast_signed()),
        });
        let values: Vec<Val> = values.collect();
        let mut results = vec![Val::I32(0); usize::from(info.returns)];
        func.call(&mut self.store, &values, &mut results)?;
        let Val::I32(errno) = results[0] else { panic!("{name} returned {results:?}") };
        Ok(Errno::from_code(u16::try_from(errno).expect("errno has 16 bits")).expect("it has a name"))
    }

    pub fn call(&mut self, name: &str, arguments: &[u64]) -> Errno {
        self.try_call(name, arguments).expect("the guest goes on")
    }

    /// Calls a function that is to succeed.
    #[track_caller]
    pub fn ok(&mut self, name: &str, arguments: &[u64]) {
        assert_eq!(self.call(name, arguments), Errno::Success, "{name}{arguments:?}");
    }

    /// Calls a function that is to fail so, and to write nothing.
    #[track_caller]
    pub fn fails(&mut self, errno: Errno, name: &str, arguments: &[u64]) {
        let before = self.data();
        assert_eq!(self.call(name, arguments), errno, "{name}{arguments:?}");
        assert!(self.data() == before, "{name}{arguments:?} fails and writes to memory");
    }

    /// Room for so many bytes, aligned to 8.
    pub fn place(&mut self, length: usize) -> u32 {
        let at = self.next;
        self.next += (length as u32).next_multiple_of(8);
        at
    }

    pub fn write(&mut self, at: u32, bytes: &[u8]) {
        let at = at as usize;
        match &self.memory {
            GuestBytes::Own(memory) => memory.data_mut(&mut self.store)[at..][..bytes.len()].copy_from_slice(bytes),
            GuestBytes::Shared(memory) => memory.write(at, bytes).expect("it is in bounds"),
        }
    }

    pub fn read(&self, at: u32, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        match &self.memory {
            GuestBytes::Own(memory) => memory.read(&self.store, at as usize, &mut bytes).expect("it is in bounds"),
            GuestBytes::Shared(memory) => memory.read(at as usize, &mut bytes).expect("it is in bounds"),
        }
        bytes
    }

    /// All of the memory.
    fn data(&self) -> Vec<u8> {
        let size = match &self.memory {
            GuestBytes::Own(memory) => memory.data(&self.store).len(),
            GuestBytes::Shared(memory) => memory.data_size(),
        };
        self.read(0, size)
    }

    /// Makes the memory larger by some pages, of at most 126.
    pub fn grow(&mut self, pages: u64) {
        let grown = match &self.memory {
            GuestBytes::Own(memory) => memory.grow(&mut self.store, pages).map(drop),
            GuestBytes::Shared(memory) => memory.grow(pages).map(drop),
        };
        grown.expect("it may have so much");
    }

    pub fn u16_at(&self, at: u32) -> u16 {
        u16::from_le_bytes(self.read(at, 2).try_into().unwrap())
    }

    pub fn u32_at(&self, at: u32) -> u32 {
        u32::from_le_bytes(self.read(at, 4).try_into().unwrap())
    }

    pub fn u64_at(&self, at: u32) -> u64 {
        u64::from_le_bytes(self.read(at, 8).try_into().unwrap())
    }

    /// Text in the guest's memory: where it is and how long.
    pub fn text(&mut self, text: impl AsRef<[u8]>) -> [u64; 2] {
        let bytes = text.as_ref();
        let at = self.place(bytes.len());
        self.write(at, bytes);
        [at.into(), bytes.len() as u64]
    }

    /// Vectors in the guest's memory: where they are and how many.
    pub fn vectors(&mut self, ranges: &[(u32, u32)]) -> [u64; 2] {
        let bytes: Vec<u8> =
            ranges.iter().flat_map(|(at, length)| [at.to_le_bytes(), length.to_le_bytes()]).flatten().collect();
        let [at, _] = self.text(bytes);
        [at, ranges.len() as u64]
    }

    /// Calls `path_open` from the root and follows links.
    pub fn try_open(&mut self, path: &str, how: u64, rights: Rights) -> Result<u64, Errno> {
        let [at, length] = self.text(path);
        let inheriting = Rights::ALL.bits();
        match self.call("path_open", &[ROOT, 1, at, length, how, rights.bits(), inheriting, 0, OUT.into()]) {
            Errno::Success => Ok(self.u32_at(OUT).into()),
            errno => Err(errno),
        }
    }

    #[track_caller]
    pub fn open(&mut self, path: &str, how: u64, rights: Rights) -> u64 {
        self.try_open(path, how, rights).expect(path)
    }

    /// Opens a file with all rights, made if need be.
    #[track_caller]
    pub fn file(&mut self, path: &str, contents: &str) -> u64 {
        let fd = self.open(path, CREAT | TRUNC, Rights::ALL);
        assert_eq!(self.put(fd, contents), Ok(contents.len() as u32));
        self.seek_to_start(fd);
        fd
    }

    /// Calls `fd_write`; how many bytes were written.
    pub fn put(&mut self, fd: u64, bytes: impl AsRef<[u8]>) -> Result<u32, Errno> {
        let [at, length] = self.text(bytes);
        let [vectors, count] = self.vectors(&[(at as u32, length as u32)]);
        match self.call("fd_write", &[fd, vectors, count, OUT.into()]) {
            Errno::Success => Ok(self.u32_at(OUT)),
            errno => Err(errno),
        }
    }

    /// Calls `fd_read` for so many bytes.
    pub fn get(&mut self, fd: u64, length: usize) -> Result<String, Errno> {
        let at = self.place(length);
        let [vectors, count] = self.vectors(&[(at, length as u32)]);
        match self.call("fd_read", &[fd, vectors, count, OUT.into()]) {
            Errno::Success => Ok(String::from_utf8(self.read(at, self.u32_at(OUT) as usize)).unwrap()),
            errno => Err(errno),
        }
    }

    pub fn seek_to_start(&mut self, fd: u64) {
        let set = self.whence("set");
        self.ok("fd_seek", &[fd, 0, set, OUT.into()]);
    }

    pub fn is_preview0(&self) -> bool {
        self.version.name == PREVIEW0.name
    }

    /// The version's number of a `whence`.
    pub fn whence(&self, name: &str) -> u64 {
        let order = if self.is_preview0() { ["cur", "end", "set"] } else { ["set", "cur", "end"] };
        order.iter().position(|it| *it == name).expect(name) as u64
    }

    /// The same descriptor with some rights less.
    #[track_caller]
    pub fn drop_rights(&mut self, fd: u64, rights: Rights) {
        self.ok("fd_fdstat_get", &[fd, OUT.into()]);
        let [base, inheriting] = [8, 16].map(|at| self.u64_at(OUT + at));
        self.ok("fd_fdstat_set_rights", &[fd, base & !rights.bits(), inheriting]);
    }

    /// A directory of the root's.
    #[track_caller]
    pub fn directory(&mut self, path: &str) {
        let [at, length] = self.text(path);
        self.ok("path_create_directory", &[ROOT, at, length]);
    }

    /// A directory of the root's, opened with all rights that a directory can have.
    #[track_caller]
    pub fn open_directory(&mut self, path: &str) -> u64 {
        self.open(path, DIRECTORY, Rights::ALL.without(Rights::FD_WRITE))
    }

    /// What is in a file, as the host sees it; nothing where there is none.
    pub fn host_file(&self, path: &str) -> Option<Vec<u8>> {
        match &self.world {
            GuestFiles::Host(folder) => std::fs::read(folder.path().join(path)).ok(),
            GuestFiles::Memory(files) => files.read(path).ok(),
        }
    }
}
