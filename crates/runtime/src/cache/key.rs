//! [`CacheKey`]: the name of what is cached. All that a result depends on is in it, so that an entry is never out of date.

use super::build_identity::build_identity;
use super::directory::ENTRY_SUFFIX;
use crate::artifact::SOURCES;
use crate::error::Result;
use gusset_codegen::CODE_GENERATOR;

/// A hash over all that a compiled component or module depends on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct CacheKey(blake3::Hash);

impl CacheKey {
    /// Bytes of a key at the end of its entry.
    pub(super) const SIZE: usize = blake3::OUT_LEN;

    /// The key of what is made of the binary `wasm`. `identity` says which sort of thing that is, and what code of the engine is compiled
    /// for: target, features of the processor, settings.
    ///
    /// # Errors
    ///
    /// When nothing tells which build of this library runs.
    pub(super) fn new(identity: &str, wasm: &[u8]) -> Result<CacheKey> {
        let mut hasher = blake3::Hasher::new_derive_key("gusset: what is compiled, by what it was made of");
        hasher.update(&SOURCES.to_le_bytes()).update(build_identity()?);
        // Where each part ends is told, so that no two sets of parts are the same bytes.
        for part in [CODE_GENERATOR, identity] {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
        }
        Ok(CacheKey(hasher.update(wasm).finalize()))
    }

    /// What stands at the end of its entry, which tells that from one that took its name.
    pub(super) fn bytes(&self) -> &[u8; CacheKey::SIZE] {
        self.0.as_bytes()
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
