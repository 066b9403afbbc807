//! [`CacheKey`]: the name of what is cached. All that a result depends on is in it, so that an entry is never out of date.

use super::build_identity::build_identity;
use super::directory::ENTRY_SUFFIX;
use crate::error::Result;

/// A hash over all that a compiled component or module depends on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct CacheKey(blake3::Hash);

impl CacheKey {
    /// The key of what is made of the binary `wasm`. `identity` says which sort of thing that is, and what code of the engine is compiled
    /// for: target, features of the processor, settings.
    ///
    /// # Errors
    ///
    /// When nothing tells which build of this library runs.
    pub(super) fn new(identity: &str, wasm: &[u8]) -> Result<CacheKey> {
        let mut hasher = blake3::Hasher::new_derive_key("gusset: what is compiled, by what it was made of");
        hasher.update(build_identity()?);
        // Where each part ends is told, so that no two sets of parts are the same bytes.
        hasher.update(&(identity.len() as u64).to_le_bytes()).update(identity.as_bytes());
        Ok(CacheKey(hasher.update(wasm).finalize()))
    }

    /// The name of its file.
    pub(super) fn file_name(&self) -> String {
        format!("{}{ENTRY_SUFFIX}", self.0.to_hex())
    }
}

/// That it can be told which build of this library runs.
pub(super) fn identity_of_build() -> Result<()> {
    build_identity().map(drop)
}
