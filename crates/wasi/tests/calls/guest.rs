//! A guest that imports every function of both versions, over one context, and lets tests call each of them through an export of its own.

use gusset::core::{Linker, Memory, Module, Val};
use gusset::{Engine, Store};
use gusset_wasi::preview1::{Errno, FunctionInfo, Role};
use gusset_wasi::{WasiConfig, WasiCtx, preview0, preview1};
use std::fmt::Write;
use std::sync::LazyLock;

/// The size of the guest's memory, in bytes.
pub const MEMORY_SIZE: u32 = 2 << 16;

/// A version of the interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Version {
    Preview0,
    Preview1,
}

/// The guest.
pub struct Guest {
    store: Store<WasiCtx>,
    instance: gusset::core::Instance,
    memory: Memory,
    /// Whose functions it calls.
    pub version: Version,
}

static MODULE: LazyLock<(Engine, Module)> = LazyLock::new(|| {
    let engine = Engine::default();
    let module = Module::new(&engine, text()).expect("the guest is well-formed");
    (engine, module)
});

impl Version {
    const BOTH: [Version; 2] = [Version::Preview0, Version::Preview1];

    fn module(self) -> &'static str {
        match self {
            Version::Preview0 => "wasi_unstable",
            Version::Preview1 => "wasi_snapshot_preview1",
        }
    }

    fn functions(self) -> Vec<&'static FunctionInfo> {
        match self {
            Version::Preview0 => preview0::functions().collect(),
            Version::Preview1 => preview1::FUNCTIONS.iter().collect(),
        }
    }
}

fn text() -> String {
    let (mut imports, mut exports) = (String::new(), String::new());
    for version in Version::BOTH {
        let module = version.module();
        for function in version.functions() {
            let name = function.name;
            let types: Vec<&str> = function
                .core_parameters()
                .map(|(_, role)| if matches!(role, Role::I64) { "i64" } else { "i32" })
                .collect();
            let result = if function.returns { " (result i32)" } else { "" };
            let signature = format!("(param {}){result}", types.join(" "));
            let arguments: String = (0..types.len()).map(|at| format!(" (local.get {at})")).collect();
            writeln!(imports, r#"(import "{module}" "{name}" (func ${module}.{name} {signature}))"#).unwrap();
            writeln!(exports, r#"(func (export "{module}.{name}") {signature} (call ${module}.{name}{arguments}))"#)
                .unwrap();
        }
    }
    format!("(module {imports} (memory (export \"memory\") {}) {exports})", MEMORY_SIZE >> 16)
}

impl Guest {
    /// A guest that calls preview1's functions.
    pub fn new(config: &WasiConfig) -> Guest {
        let (engine, module) = &*MODULE;
        let mut linker = Linker::new(engine);
        preview0::add_to_linker(&mut linker, |ctx: &mut WasiCtx| ctx).unwrap();
        preview1::add_to_linker(&mut linker, |ctx: &mut WasiCtx| ctx).unwrap();
        let mut store = Store::new(engine, WasiCtx::new(config));
        let instance = linker.instantiate(&mut store, module).unwrap();
        let memory = instance.get_memory(&mut store, "memory").unwrap();
        Guest { store, instance, memory, version: Version::Preview1 }
    }

    /// Does the same with a guest of each version.
    pub fn each(config: impl Fn() -> WasiConfig, test: impl Fn(&mut Guest)) {
        for version in Version::BOTH {
            let mut guest = Guest::new(&config());
            guest.version = version;
            test(&mut guest);
        }
    }

    /// What a function returns, and what ends the guest.
    pub fn try_call<const N: usize>(&mut self, name: &str, arguments: [u64; N]) -> gusset::Result<Errno> {
        let functions = self.version.functions();
        let function = functions.iter().find(|function| function.name == name).expect("there is such a function");
        let parameters: Vec<Val> = function
            .core_parameters()
            .zip(arguments)
            .map(|((_, role), argument)| match role {
                Role::I64 => Val::I64(argument as i64),
                _ => Val::I32(argument as i32),
            })
            .collect();
        let export = format!("{}.{name}", self.version.module());
        let func = self.instance.get_func(&mut self.store, &export).unwrap();
        let mut results = [Val::I32(0)];
        func.call(&mut self.store, &parameters, if function.returns { &mut results } else { &mut [] })?;
        match results {
            [Val::I32(number)] => Ok(u16::try_from(number).ok().and_then(Errno::from_code).expect("an errno")),
            other => panic!("{other:?}"),
        }
    }

    /// What a function returns.
    #[track_caller]
    pub fn call<const N: usize>(&mut self, name: &str, arguments: [u64; N]) -> Errno {
        self.try_call(name, arguments).unwrap_or_else(|error| panic!("{name}: {error:?}"))
    }

    /// Calls a function that succeeds.
    #[track_caller]
    pub fn succeed<const N: usize>(&mut self, name: &str, arguments: [u64; N]) {
        assert_eq!(self.call(name, arguments), Errno::Success, "{name} of {:?}", self.version);
    }

    /// Calls a function that is to fail and leave memory as it was.
    #[track_caller]
    pub fn refused<const N: usize>(&mut self, name: &str, arguments: [u64; N], errno: Errno) {
        let before = self.bytes(0, MEMORY_SIZE);
        assert_eq!(self.call(name, arguments), errno, "{name} of {:?}", self.version);
        assert!(self.bytes(0, MEMORY_SIZE) == before, "{name} of {:?} failed and wrote", self.version);
    }

    /// The state of the guest.
    pub fn ctx(&self) -> &WasiCtx {
        self.store.data()
    }

    pub fn bytes(&self, at: u32, length: u32) -> Vec<u8> {
        let mut bytes = vec![0; length as usize];
        self.memory.read(&self.store, at as usize, &mut bytes).unwrap();
        bytes
    }

    fn array<const L: usize>(&self, at: u32) -> [u8; L] {
        self.bytes(at, L as u32).try_into().unwrap()
    }

    pub fn u16(&self, at: u32) -> u16 {
        u16::from_le_bytes(self.array(at))
    }

    pub fn u32(&self, at: u32) -> u32 {
        u32::from_le_bytes(self.array(at))
    }

    pub fn u64(&self, at: u32) -> u64 {
        u64::from_le_bytes(self.array(at))
    }

    pub fn write(&mut self, at: u32, bytes: &[u8]) {
        self.memory.write(&mut self.store, at as usize, bytes).unwrap();
    }

    /// Writes where ranges of bytes start and how long they are.
    pub fn write_vectors(&mut self, at: u32, ranges: &[(u32, u32)]) {
        let bytes: Vec<u8> =
            ranges.iter().flat_map(|&(start, length)| [start.to_le_bytes(), length.to_le_bytes()].concat()).collect();
        self.write(at, &bytes);
    }
}
