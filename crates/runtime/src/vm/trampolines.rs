//! Trampolines for a signature that no compiled code of a store has: a host function of a type that no module imports,
//! put into a table, say.

use super::code::CodeMemory;
use crate::engine::Engine;
use crate::error::Result;
use crate::signatures::RegisteredSignature;
use std::sync::Arc;

/// Code with a host stub and an entry for functions of this type.
#[cfg(feature = "compile")]
pub(super) fn for_type(engine: &Engine, signature: &RegisteredSignature) -> Result<Arc<CodeMemory>> {
    engine.compiler().trampolines(engine.signatures(), signature)
}

/// Code with a host stub and an entry for functions of this type.
#[cfg(not(feature = "compile"))]
pub(super) fn for_type(_: &Engine, signature: &RegisteredSignature) -> Result<Arc<CodeMemory>> {
    let ty = crate::core_text::describe_func(&signature.ty);
    crate::error::bail!("without a compiler, no compiled code goes between host and guest for functions of type {ty}")
}
