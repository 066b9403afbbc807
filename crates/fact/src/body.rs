//! The body of one function while it is written: instructions, locals that are reused, and calls of functions of the module
//! whose index is not known until all imports are. It knows nothing of interface types.

use gusset_types::FlatType;
use std::collections::HashMap;
use wasm_encoder::{Encode, InstructionSink, ValType as CoreType};

/// A function that the module defines, by its position among them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct DefinedFunc(pub(crate) u32);

pub(crate) struct FunctionBody {
    params: usize,
    /// Parameters, then locals.
    types: Vec<CoreType>,
    /// Locals that may be handed out again, by type.
    free: HashMap<CoreType, Vec<u32>>,
    code: Vec<u8>,
    /// Where in `code` a call of a defined function belongs.
    calls: Vec<(usize, DefinedFunc)>,
}

impl FunctionBody {
    pub(crate) fn new(params: &[FlatType]) -> FunctionBody {
        FunctionBody {
            params: params.len(),
            types: params.iter().copied().map(core_type).collect(),
            free: HashMap::new(),
            code: Vec::new(),
            calls: Vec::new(),
        }
    }

    /// Where the next instructions go.
    pub(crate) fn ins(&mut self) -> InstructionSink<'_> {
        InstructionSink::new(&mut self.code)
    }

    /// Bytes written so far.
    pub(crate) fn size(&self) -> usize {
        self.code.len()
    }

    /// A local that nobody else uses until it is released. Its value is undefined.
    pub(crate) fn local(&mut self, ty: FlatType) -> u32 {
        self.local_of(core_type(ty))
    }

    /// The same for a vector.
    pub(crate) fn vector(&mut self) -> u32 {
        self.local_of(CoreType::V128)
    }

    fn local_of(&mut self, ty: CoreType) -> u32 {
        self.free.get_mut(&ty).and_then(Vec::pop).unwrap_or_else(|| self.new_local(ty))
    }

    /// A local that nobody has used: it is zero until it is set.
    pub(crate) fn zeroed_local(&mut self, ty: FlatType) -> u32 {
        self.new_local(core_type(ty))
    }

    fn new_local(&mut self, ty: CoreType) -> u32 {
        self.types.push(ty);
        self.types.len() as u32 - 1
    }

    /// Gives a local back.
    pub(crate) fn release(&mut self, local: u32) {
        assert!(local as usize >= self.params, "parameters are never reused");
        let free = self.free.entry(self.types[local as usize]).or_default();
        debug_assert!(!free.contains(&local));
        free.push(local);
    }

    /// Gives several locals back.
    pub(crate) fn release_all(&mut self, locals: impl IntoIterator<Item = u32>) {
        locals.into_iter().for_each(|local| self.release(local));
    }

    /// Calls a function of the module.
    pub(crate) fn call(&mut self, func: DefinedFunc) {
        self.calls.push((self.code.len(), func));
    }

    /// The encoded body, once it is known how many functions the module imports.
    pub(crate) fn finish(mut self, imported: u32) -> Vec<u8> {
        self.ins().end();
        let mut bytes = Vec::with_capacity(self.code.len() + 16);
        let mut runs: Vec<(u32, CoreType)> = Vec::new();
        for &ty in &self.types[self.params..] {
            match runs.last_mut() {
                Some((count, last)) if *last == ty => *count += 1,
                _ => runs.push((1, ty)),
            }
        }
        runs.len().encode(&mut bytes);
        for (count, ty) in runs {
            count.encode(&mut bytes);
            ty.encode(&mut bytes);
        }
        let mut copied = 0;
        for (at, DefinedFunc(func)) in self.calls {
            bytes.extend_from_slice(&self.code[copied..at]);
            InstructionSink::new(&mut bytes).call(imported + func);
            copied = at;
        }
        bytes.extend_from_slice(&self.code[copied..]);
        bytes
    }
}

/// The encoder's word for a flat type.
pub(crate) fn core_type(ty: FlatType) -> CoreType {
    match ty {
        FlatType::I32 => CoreType::I32,
        FlatType::I64 => CoreType::I64,
        FlatType::F32 => CoreType::F32,
        FlatType::F64 => CoreType::F64,
    }
}
