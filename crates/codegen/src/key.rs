//! What a piece of code is: the name under which calls refer to it until it is placed.

use cranelift_codegen::ir::UserExternalName;
use gusset_artifact::{BuiltinFunction, FuncIndex, ModuleIndex, SignatureIndex};

/// A piece of code of a link unit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum CodeKey {
    /// A function that a module defines.
    Function(ModuleIndex, FuncIndex),
    /// The stub through which wasm calls a function of the runtime.
    Builtin(BuiltinFunction),
    /// The trampoline through which the host calls functions of a signature.
    Entry(SignatureIndex),
    /// The stub through which wasm calls host functions of a signature.
    HostStub(SignatureIndex),
}

// Modules count up from 0, these down from the top: validation's limits keep them apart.
const BUILTIN: u32 = u32::MAX;
const ENTRY: u32 = u32::MAX - 1;
const HOST_STUB: u32 = u32::MAX - 2;

impl CodeKey {
    /// As Cranelift writes it.
    pub(crate) fn to_name(self) -> UserExternalName {
        let (namespace, index) = match self {
            CodeKey::Function(module, func) => (module.as_u32(), func.as_u32()),
            CodeKey::Builtin(builtin) => (BUILTIN, builtin as u32),
            CodeKey::Entry(signature) => (ENTRY, signature.as_u32()),
            CodeKey::HostStub(signature) => (HOST_STUB, signature.as_u32()),
        };
        UserExternalName::new(namespace, index)
    }

    /// The inverse of [`to_name`](CodeKey::to_name).
    pub(crate) fn from_name(name: &UserExternalName) -> CodeKey {
        match name.namespace {
            BUILTIN => CodeKey::Builtin(BuiltinFunction::ALL[name.index as usize]),
            ENTRY => CodeKey::Entry(SignatureIndex::from_u32(name.index)),
            HOST_STUB => CodeKey::HostStub(SignatureIndex::from_u32(name.index)),
            module => CodeKey::Function(ModuleIndex::from_u32(module), FuncIndex::from_u32(name.index)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for key in [
            CodeKey::Function(ModuleIndex::from_u32(3), FuncIndex::from_u32(4)),
            CodeKey::Builtin(BuiltinFunction::TableCopy),
            CodeKey::Entry(SignatureIndex::from_u32(0)),
            CodeKey::HostStub(SignatureIndex::from_u32(9)),
        ] {
            assert_eq!(CodeKey::from_name(&key.to_name()), key);
        }
        for (at, &builtin) in BuiltinFunction::ALL.iter().enumerate() {
            assert_eq!(builtin as usize, at, "the array's order is the numbers' order");
        }
    }
}
