//! Gusset and its peer behind one interface, with values and traps that can be compared.

use gusset::core;
use std::sync::LazyLock;
use std::sync::atomic::Ordering::SeqCst;

/// A value as it is compared: NaNs are one, references are null or not.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Seen {
    I32(u32),
    I64(u64),
    F32(u32),
    F64(u64),
    V128(u128),
    FuncRef { null: bool },
    ExternRef { null: bool },
    ExnRef { null: bool },
}

impl Seen {
    fn f32(bits: u32) -> Seen {
        Seen::F32(if f32::from_bits(bits).is_nan() { f32::NAN.to_bits() } else { bits })
    }

    fn f64(bits: u64) -> Seen {
        Seen::F64(if f64::from_bits(bits).is_nan() { f64::NAN.to_bits() } else { bits })
    }
}

/// The type of a value that can be passed.
#[derive(Clone, Copy)]
pub(crate) enum ValueType {
    I32,
    I64,
    F32,
    F64,
    V128,
    FuncRef,
    ExternRef,
    ExnRef,
}

/// Why there is no result.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Halt {
    /// By the trap's text, which is the field's.
    Trap(String),
    /// An exception that nothing caught.
    Exception,
    /// The stack is used up.
    Exhausted,
    /// The engine refuses what it should not.
    Refused(String),
}

impl Halt {
    fn trap(text: &str) -> Halt {
        match text {
            "call stack exhausted" => Halt::Exhausted,
            // The peer has one trap for accesses to tables and for calls through them.
            text => Halt::Trap(text.trim_start_matches("undefined element: ").into()),
        }
    }
}

/// An instance of a module in one of the engines.
pub(crate) trait CoreGuest: Sized {
    fn call(&mut self, name: &str, arguments: &[Seen]) -> Result<Vec<Seen>, Halt>;
    fn global(&mut self, name: &str) -> Result<Seen, String>;
    fn table(&mut self, name: &str) -> Result<Vec<Seen>, String>;
    fn memory(&mut self, name: &str) -> Result<Vec<u8>, String>;
}

pub(crate) struct Gusset {
    store: gusset::Store<()>,
    instance: core::Instance,
}

impl Gusset {
    pub(crate) fn instantiate(engine: &gusset::Engine, wasm: &[u8]) -> Result<Gusset, Halt> {
        let module = core::Module::new(engine, wasm).map_err(gusset_halt)?;
        let mut store = gusset::Store::new(engine, ());
        let instance = core::Instance::new(&mut store, &module, &[]).map_err(gusset_halt)?;
        Ok(Gusset { store, instance })
    }
}

impl CoreGuest for Gusset {
    fn call(&mut self, name: &str, arguments: &[Seen]) -> Result<Vec<Seen>, Halt> {
        let func = self.instance.get_func(&mut self.store, name).ok_or_else(|| Halt::Refused("no function".into()))?;
        let ty = func.ty(&self.store).map_err(gusset_halt)?;
        let arguments: Vec<core::Val> = arguments.iter().copied().map(to_gusset).collect();
        let mut results: Vec<core::Val> =
            ty.results.iter().map(|ty| core::Val::default_of(*ty).expect("references can be null")).collect();
        func.call(&mut self.store, &arguments, &mut results).map_err(gusset_halt)?;
        Ok(results.into_iter().map(from_gusset).collect())
    }

    fn global(&mut self, name: &str) -> Result<Seen, String> {
        let global = self.instance.get_global(&mut self.store, name).ok_or("no global")?;
        global.get(&mut self.store).map(from_gusset).map_err(|error| format!("{error:?}"))
    }

    fn table(&mut self, name: &str) -> Result<Vec<Seen>, String> {
        let table = self.instance.get_table(&mut self.store, name).ok_or("no table")?;
        let elements = 0..table.size(&self.store);
        let seen = |index| match table.get(&mut self.store, index) {
            Ok(Some(element)) => Ok(from_gusset(core::Val::Ref(element))),
            other => Err(format!("element {index} is {other:?}")),
        };
        elements.map(seen).collect()
    }

    fn memory(&mut self, name: &str) -> Result<Vec<u8>, String> {
        match self.instance.get_export(&mut self.store, name) {
            Some(core::Extern::Memory(memory)) => Ok(memory.data(&self.store).to_vec()),
            Some(core::Extern::SharedMemory(memory)) => {
                Ok(memory.data().iter().map(|byte| byte.load(SeqCst)).collect())
            }
            other => Err(format!("{other:?} is no memory")),
        }
    }
}

fn gusset_halt(error: gusset::Error) -> Halt {
    match error.downcast_ref::<gusset::Trap>() {
        Some(trap) => Halt::trap(trap.code().message()),
        None if error.is::<core::Exception>() => Halt::Exception,
        None => Halt::Refused(format!("{error:?}")),
    }
}

fn to_gusset(value: Seen) -> core::Val {
    match value {
        Seen::I32(bits) => core::Val::I32(bits as i32),
        Seen::I64(bits) => core::Val::I64(bits as i64),
        Seen::F32(bits) => core::Val::F32(bits),
        Seen::F64(bits) => core::Val::F64(bits),
        Seen::V128(bits) => core::Val::V128(bits),
        Seen::FuncRef { .. } => core::Val::Ref(core::Ref::Func(None)),
        Seen::ExternRef { .. } => core::Val::Ref(core::Ref::Extern(None)),
        Seen::ExnRef { .. } => core::Val::Ref(core::Ref::Exn(None)),
    }
}

fn from_gusset(value: core::Val) -> Seen {
    match value {
        core::Val::I32(value) => Seen::I32(value as u32),
        core::Val::I64(value) => Seen::I64(value as u64),
        core::Val::F32(bits) => Seen::f32(bits),
        core::Val::F64(bits) => Seen::f64(bits),
        core::Val::V128(bits) => Seen::V128(bits),
        core::Val::Ref(core::Ref::Func(func)) => Seen::FuncRef { null: func.is_none() },
        core::Val::Ref(core::Ref::Extern(value)) => Seen::ExternRef { null: value.is_none() },
        core::Val::Ref(core::Ref::Exn(value)) => Seen::ExnRef { null: value.is_none() },
    }
}

static PEER: LazyLock<wasmtime::Engine> = LazyLock::new(|| {
    let mut config = wasmtime::Config::new();
    config.wasm_exceptions(true).wasm_wide_arithmetic(true).wasm_custom_page_sizes(true).shared_memory(true);
    wasmtime::Engine::new(&config).expect("the machine is supported")
});

pub(crate) struct Peer {
    store: wasmtime::Store<()>,
    instance: wasmtime::Instance,
}

impl Peer {
    /// The exported functions, with the types of their parameters.
    pub(crate) fn functions(&mut self) -> Vec<(String, Vec<ValueType>)> {
        let funcs = self.exports(wasmtime::Extern::into_func);
        let params = |func: wasmtime::Func| func.ty(&self.store).params().map(|ty| value_type(&ty)).collect();
        funcs.into_iter().map(|(name, func)| (name, params(func))).collect()
    }

    pub(crate) fn globals(&mut self) -> Vec<String> {
        self.exports(wasmtime::Extern::into_global).into_iter().map(|export| export.0).collect()
    }

    pub(crate) fn tables(&mut self) -> Vec<String> {
        self.exports(wasmtime::Extern::into_table).into_iter().map(|export| export.0).collect()
    }

    pub(crate) fn memories(&mut self) -> Vec<String> {
        let is_memory = |export: wasmtime::Extern| {
            matches!(export, wasmtime::Extern::Memory(_) | wasmtime::Extern::SharedMemory(_)).then_some(())
        };
        self.exports(is_memory).into_iter().map(|export| export.0).collect()
    }

    fn exports<E>(&mut self, pick: impl Fn(wasmtime::Extern) -> Option<E>) -> Vec<(String, E)> {
        let exports = self.instance.exports(&mut self.store);
        exports.filter_map(|export| Some((export.name().to_string(), pick(export.into_extern())?))).collect()
    }
}

impl Peer {
    pub(crate) fn instantiate(wasm: &[u8]) -> Result<Peer, Halt> {
        let module = wasmtime::Module::new(&PEER, wasm).map_err(peer_halt)?;
        let mut store = wasmtime::Store::new(&PEER, ());
        let instance = wasmtime::Instance::new(&mut store, &module, &[]).map_err(peer_halt)?;
        Ok(Peer { store, instance })
    }
}

impl CoreGuest for Peer {
    fn call(&mut self, name: &str, arguments: &[Seen]) -> Result<Vec<Seen>, Halt> {
        let func = self.instance.get_func(&mut self.store, name).ok_or_else(|| Halt::Refused("no function".into()))?;
        let arguments: Vec<wasmtime::Val> = arguments.iter().copied().map(to_peer).collect();
        let mut results = vec![wasmtime::Val::I32(0); func.ty(&self.store).results().len()];
        func.call(&mut self.store, &arguments, &mut results).map_err(peer_halt)?;
        Ok(results.into_iter().map(from_peer).collect())
    }

    fn global(&mut self, name: &str) -> Result<Seen, String> {
        let global = self.instance.get_global(&mut self.store, name).ok_or("the peer has no global")?;
        Ok(from_peer(global.get(&mut self.store)))
    }

    fn table(&mut self, name: &str) -> Result<Vec<Seen>, String> {
        let table = self.instance.get_table(&mut self.store, name).ok_or("the peer has no table")?;
        let elements = (0..table.size(&self.store)).map(|index| table.get(&mut self.store, index));
        let seen = |element: Option<wasmtime::Ref>| element.map(|element| from_peer(element.into()));
        elements.map(|element| seen(element).ok_or_else(|| "the peer has no element".into())).collect()
    }

    fn memory(&mut self, name: &str) -> Result<Vec<u8>, String> {
        match self.instance.get_export(&mut self.store, name) {
            Some(wasmtime::Extern::Memory(memory)) => Ok(memory.data(&self.store).to_vec()),
            Some(wasmtime::Extern::SharedMemory(memory)) => {
                self.shared_bytes(memory).map_err(|error| format!("the peer's memory: {error:?}"))
            }
            _ => Err("the peer has no memory".into()),
        }
    }
}

impl Peer {
    /// The bytes of a shared memory, which a module copies to one of its own: the host may not look at them.
    fn shared_bytes(&mut self, memory: wasmtime::SharedMemory) -> wasmtime::Result<Vec<u8>> {
        let (ty, length) = (memory.ty(), memory.data_size());
        let (address, most) = (if ty.is_64() { "i64" } else { "i32" }, ty.maximum().expect("it has a maximum"));
        let (page, pages) = (ty.page_size(), length.div_ceil(0x1_0000));
        let text = format!(
            r#"(module
                (import "" "" (memory $from {address} {} {most} shared (pagesize {page})))
                (memory $to (export "to") {address} {pages})
                (func (export "copy") (memory.copy $to $from
                    ({address}.const 0) ({address}.const 0) ({address}.const {length}))))"#,
            ty.minimum()
        );
        let module = wasmtime::Module::new(&PEER, wat::parse_str(text).expect("the module is well-formed"))?;
        let instance = wasmtime::Instance::new(&mut self.store, &module, &[memory.into()])?;
        instance.get_typed_func::<(), ()>(&mut self.store, "copy")?.call(&mut self.store, ())?;
        let copy = instance.get_memory(&mut self.store, "to").expect("it is exported");
        Ok(copy.data(&self.store)[..length].to_vec())
    }
}

fn peer_halt(error: wasmtime::Error) -> Halt {
    match error.downcast_ref::<wasmtime::Trap>() {
        Some(trap) => Halt::trap(trap.to_string().trim_start_matches("wasm trap: ")),
        None if error.is::<wasmtime::ThrownException>() => Halt::Exception,
        None => Halt::Refused(format!("{error:?}")),
    }
}

fn value_type(ty: &wasmtime::ValType) -> ValueType {
    match ty {
        wasmtime::ValType::I32 => ValueType::I32,
        wasmtime::ValType::I64 => ValueType::I64,
        wasmtime::ValType::F32 => ValueType::F32,
        wasmtime::ValType::F64 => ValueType::F64,
        wasmtime::ValType::V128 => ValueType::V128,
        ty if ty.is_funcref() => ValueType::FuncRef,
        ty if ty.is_externref() => ValueType::ExternRef,
        wasmtime::ValType::Ref(ty) if matches!(ty.heap_type(), wasmtime::HeapType::Exn) => ValueType::ExnRef,
        ty => panic!("{ty} was not asked for"),
    }
}

fn to_peer(value: Seen) -> wasmtime::Val {
    match value {
        Seen::I32(bits) => wasmtime::Val::I32(bits as i32),
        Seen::I64(bits) => wasmtime::Val::I64(bits as i64),
        Seen::F32(bits) => wasmtime::Val::F32(bits),
        Seen::F64(bits) => wasmtime::Val::F64(bits),
        Seen::V128(bits) => wasmtime::Val::V128(bits.into()),
        Seen::FuncRef { .. } => wasmtime::Val::FuncRef(None),
        Seen::ExternRef { .. } => wasmtime::Val::ExternRef(None),
        Seen::ExnRef { .. } => wasmtime::Val::ExnRef(None),
    }
}

fn from_peer(value: wasmtime::Val) -> Seen {
    match value {
        wasmtime::Val::I32(value) => Seen::I32(value as u32),
        wasmtime::Val::I64(value) => Seen::I64(value as u64),
        wasmtime::Val::F32(bits) => Seen::f32(bits),
        wasmtime::Val::F64(bits) => Seen::f64(bits),
        wasmtime::Val::V128(bits) => Seen::V128(bits.as_u128()),
        wasmtime::Val::FuncRef(func) => Seen::FuncRef { null: func.is_none() },
        wasmtime::Val::ExternRef(value) => Seen::ExternRef { null: value.is_none() },
        wasmtime::Val::ExnRef(value) => Seen::ExnRef { null: value.is_none() },
        other => panic!("{other:?} was not asked for"),
    }
}
