//! Trampolines for a signature that no compiled code of a store has: a host function of a type that no module imports,
//! put into a table, say.

use super::code::CodeMemory;
use crate::engine::Engine;
use crate::error::Result;
use crate::signatures::RegisteredSignature;
use std::sync::Arc;

/// Code with a host stub and an entry for functions of this type; none without a compiler.
#[cfg(feature = "compile")]
pub(super) fn for_type(engine: &Engine, signature: &RegisteredSignature) -> Result<Option<Arc<CodeMemory>>> {
    engine.compiler().trampolines(engine.signatures(), signature).map(Some)
}

/// Code with a host stub and an entry for functions of this type; none without a compiler.
#[cfg(not(feature = "compile"))]
pub(super) fn for_type(_: &Engine, _: &RegisteredSignature) -> Result<Option<Arc<CodeMemory>>> {
    Ok(None)
}
