//! Components and modules by way of an engine's cache: looked up before they are compiled, and left there when they are.

use super::{Cache, CacheKey, CachedFile};
use crate::component::Component;
use crate::core::Module;
use crate::engine::Engine;
use crate::error::{Result, bail};
use crate::source::SourceInput;
use crate::vm::CodeMemory;
use gusset_artifact::{ArtifactContent, ArtifactKind};
use std::sync::Arc;

/// The component of `input`: what the engine's cache has, if it has one, or else what `compile` makes of it.
pub(crate) fn component(
    engine: &Engine,
    input: &SourceInput<'_>,
    compile: impl FnOnce() -> Result<Component>,
) -> Result<Component> {
    if input.is_core_module() {
        // What that is called is the compiler's to say.
        return compile();
    }
    let read = |file| {
        let (code, content) = CodeMemory::of_cache(engine, file, ArtifactKind::Component)?;
        let ArtifactContent::Component { plan, adapters } = content else { bail!("it is no component") };
        // Adapters come last, and stand in no text.
        let modules = code.image().modules.len().saturating_sub(adapters.len());
        Component::from_parts(engine, plan, Arc::new(code.with_source(input.code_source(modules))), adapters)
    };
    cached(engine, ArtifactKind::Component, input, read, compile, Component::serialize)
}

/// The module of `input`, likewise.
pub(crate) fn module(
    engine: &Engine,
    input: &SourceInput<'_>,
    compile: impl FnOnce() -> Result<Module>,
) -> Result<Module> {
    let read = |file| {
        let (code, content) = CodeMemory::of_cache(engine, file, ArtifactKind::Module)?;
        let ArtifactContent::Module(index) = content else { bail!("it is no module") };
        code.module(index)?;
        Ok(Module::of_unit(Arc::new(code.with_source(input.code_source(1))), index))
    };
    cached(engine, ArtifactKind::Module, input, read, compile, Module::serialize)
}

fn cached<T>(
    engine: &Engine,
    kind: ArtifactKind,
    input: &SourceInput<'_>,
    read: impl FnOnce(CachedFile) -> Result<T>,
    compile: impl FnOnce() -> Result<T>,
    serialize: impl FnOnce(&T) -> Result<Vec<u8>>,
) -> Result<T> {
    let Some((cache, key)) = place(engine, kind, input) else { return compile() };
    if let Some(found) = cache.load(&key, read) {
        return Ok(found);
    }
    let compiled = compile()?;
    if engine.config().lazy_compilation {
        // To keep it would be to compile all of it.
        return Ok(compiled);
    }
    cache.store(&key, || serialize(&compiled));
    Ok(compiled)
}

/// The engine's cache, and what is looked for there.
fn place<'e>(engine: &'e Engine, kind: ArtifactKind, input: &SourceInput<'_>) -> Option<(&'e Cache, CacheKey)> {
    let cache = engine.config().cache.as_ref()?;
    // What is shown of it has all of it.
    let identity = format!("{kind:?} {:?} {}", engine.compiler().identity(), engine.has_backtrace_details());
    Some((cache, cache.note(CacheKey::new(&identity, &input.wasm))?))
}
