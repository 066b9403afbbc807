//! From wasm to code in memory: the compiler with this engine's settings. Absent without the feature `compile`.

use crate::config::{Config, OptLevel};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::vm::CodeMemory;
use gusset_artifact::CoreValType;
use gusset_codegen::{CompilerSettings, LinkUnit, OptimizationLevel, UnitModule};
use gusset_types::Arena;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The compiler of an engine.
pub(crate) struct Compiler {
    codegen: gusset_codegen::Compiler,
    /// Code that only goes between host and guest, by signature.
    trampolines: Mutex<HashMap<u32, Arc<CodeMemory>>>,
}

impl Compiler {
    pub(crate) fn new(config: &Config) -> Result<Compiler> {
        let settings = CompilerSettings {
            optimization: match config.opt_level {
                OptLevel::None => OptimizationLevel::None,
                OptLevel::Speed => OptimizationLevel::Speed,
                OptLevel::SpeedAndSize => OptimizationLevel::SpeedAndSize,
            },
            features: config.features,
            nan_canonicalization: config.nan_canonicalization,
            memory_reservation: config.memory_reservation,
            memory_guard: config.memory_guard,
            frame_form: config.frame_form,
        };
        Ok(Compiler { codegen: gusset_codegen::Compiler::new(&settings)?, trampolines: Mutex::default() })
    }

    /// Compiles a link unit and places it in memory.
    pub(crate) fn compile(&self, engine: &Engine, unit: &LinkUnit<'_>) -> Result<Arc<CodeMemory>> {
        let image = self.codegen.compile(unit)?;
        CodeMemory::new(engine, image).map(Arc::new)
    }

    /// Compiles a single module, about whose imports nothing is known; `generated` when it is not the host's.
    pub(crate) fn compile_module(&self, engine: &Engine, wasm: &[u8], generated: bool) -> Result<Arc<CodeMemory>> {
        let mut modules = Arena::default();
        modules.push(UnitModule { name: "module", wasm, offset: 0, imports: &[], generated });
        self.compile(engine, &LinkUnit { modules })
    }

    /// Code with the entry and the host stub for functions of that type.
    pub(crate) fn trampolines(&self, engine: &Engine, type_id: u32) -> Result<Arc<CodeMemory>> {
        let mut known = self.trampolines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(code) = known.get(&type_id) {
            return Ok(code.clone());
        }
        let ty = engine.signature(type_id);
        let wasm = trampoline_module(&ty.params, &ty.results)?;
        let code = self.compile_module(engine, &wasm, true)?;
        known.insert(type_id, code.clone());
        Ok(code)
    }
}

/// A module with one function of the type imported, and one exported that is `unreachable`.
fn trampoline_module(params: &[CoreValType], results: &[CoreValType]) -> Result<Vec<u8>> {
    let mut ty = vec![1, 0x60];
    for types in [params, results] {
        leb(&mut ty, types.len());
        types.iter().try_for_each(|value| write_type(&mut ty, value))?;
    }
    let mut wasm = b"\0asm\x01\0\0\0".to_vec();
    let mut section = |id: u8, contents: &[u8]| {
        wasm.push(id);
        leb(&mut wasm, contents.len());
        wasm.extend_from_slice(contents);
    };
    section(1, &ty);
    section(2, &[1, 0, 0, 0, 0]);
    section(3, &[1, 0]);
    section(7, &[2, 1, b'i', 0, 0, 1, b'f', 0, 1]);
    section(10, &[1, 3, 0, 0x00, 0x0b]);
    Ok(wasm)
}

fn leb(out: &mut Vec<u8>, value: usize) {
    let mut value = value;
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn write_type(out: &mut Vec<u8>, ty: &CoreValType) -> Result<()> {
    use gusset_artifact::HeapType;
    let heap = |heap| match heap {
        HeapType::Func => Some(0x70),
        HeapType::NoFunc => Some(0x73),
        HeapType::Extern => Some(0x6f),
        HeapType::NoExtern => Some(0x72),
        HeapType::Exn => Some(0x69),
        HeapType::NoExn => Some(0x74),
        HeapType::Concrete(_) => None,
    };
    match ty {
        CoreValType::I32 => out.push(0x7f),
        CoreValType::I64 => out.push(0x7e),
        CoreValType::F32 => out.push(0x7d),
        CoreValType::F64 => out.push(0x7c),
        CoreValType::V128 => out.push(0x7b),
        CoreValType::Ref(ty) => {
            let code = heap(ty.heap).ok_or_else(|| Error::msg("unsupported: typed function references"))?;
            out.extend_from_slice(&[if ty.nullable { 0x63 } else { 0x64 }, code]);
        }
    }
    Ok(())
}
