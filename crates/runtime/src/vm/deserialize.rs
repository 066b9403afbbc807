//! Reading artefacts: the public functions that are unsafe because what they are given is run.

use super::code::CodeMemory;
use crate::artifact::open;
use crate::component::Component;
use crate::core::Module;
use crate::engine::Engine;
use crate::error::{Error, Result, bail};
use gusset_artifact::{ArtifactContent, ArtifactKind};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

impl Component {
    /// A component from its artefact, which [`Component::serialize`] or [`Engine::precompile_component`] made. Nothing is compiled, and
    /// no compiler is needed. The bytes are copied; [`deserialize_file`](Component::deserialize_file) uses a file where it is.
    ///
    /// # Errors
    ///
    /// An [`ArtifactError`](crate::ArtifactError) when the bytes are no artefact of a component, of another version of Gusset, or not as
    /// they were written; when they were compiled for another machine or with other settings than this engine's.
    ///
    /// # Safety
    ///
    /// What the artefact holds is run as machine code, with all that this process may do. `bytes` must be what Gusset made, unchanged
    /// since then: nothing that somebody else could have written. Accidents (a file that is cut off, a disk that forgets) are found by
    /// a hash over all of it; a hash does not find malice. Bytes that nobody meant to look like an artefact are always refused.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// # use gusset::{Component, Engine};
    /// let engine = Engine::default();
    /// let artifact = Component::new(&engine, r#"(component (import "log" (func)))"#)?.serialize()?;
    /// // The bytes come from `serialize`, so that they can be believed.
    /// let component = unsafe { Component::deserialize(&engine, &artifact)? };
    /// assert_eq!(component.imports().len(), 1);
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub unsafe fn deserialize(engine: &Engine, bytes: impl AsRef<[u8]>) -> Result<Component> {
        // SAFETY: V2: the caller says so.
        let loaded = unsafe { CodeMemory::of_artifact(engine, bytes.as_ref(), ArtifactKind::Component)? };
        component(engine, loaded)
    }

    /// A component from its artefact in a file, as [`deserialize`](Component::deserialize). The file is mapped, privately: what of it is
    /// used is in memory once for all processes.
    ///
    /// # Errors
    ///
    /// When the file cannot be mapped, and those of [`deserialize`](Component::deserialize); they say which file.
    ///
    /// # Safety
    ///
    /// That of [`deserialize`](Component::deserialize). And nobody may change or shorten the file as long as the component, or something
    /// made of it, lives; to give a path another artefact, write a new file and rename it.
    pub unsafe fn deserialize_file(engine: &Engine, path: impl AsRef<Path>) -> Result<Component> {
        with_file(path.as_ref(), |file, len| {
            // SAFETY: V2: the caller says so.
            component(engine, unsafe { CodeMemory::of_artifact_file(engine, file, len, ArtifactKind::Component)? })
        })
    }
}

impl Module {
    /// A module from its artefact, which [`Module::serialize`] or [`Engine::precompile_module`] made; as
    /// [`Component::deserialize`](crate::Component::deserialize).
    ///
    /// # Errors
    ///
    /// Those of [`Component::deserialize`](crate::Component::deserialize).
    ///
    /// # Safety
    ///
    /// That of [`Component::deserialize`](crate::Component::deserialize).
    pub unsafe fn deserialize(engine: &Engine, bytes: impl AsRef<[u8]>) -> Result<Module> {
        // SAFETY: V2: the caller says so.
        module(unsafe { CodeMemory::of_artifact(engine, bytes.as_ref(), ArtifactKind::Module)? })
    }

    /// A module from its artefact in a file, as [`Component::deserialize_file`](crate::Component::deserialize_file).
    ///
    /// # Errors
    ///
    /// Those of [`Component::deserialize_file`](crate::Component::deserialize_file).
    ///
    /// # Safety
    ///
    /// That of [`Component::deserialize_file`](crate::Component::deserialize_file).
    pub unsafe fn deserialize_file(engine: &Engine, path: impl AsRef<Path>) -> Result<Module> {
        with_file(path.as_ref(), |file, len| {
            // SAFETY: V2: the caller says so.
            module(unsafe { CodeMemory::of_artifact_file(engine, file, len, ArtifactKind::Module)? })
        })
    }
}

/// Loads a file, which has so many bytes.
fn with_file<R>(path: &Path, load: impl FnOnce(File, u64) -> Result<R>) -> Result<R> {
    let file = open(path)?;
    let len = file.metadata().map(|metadata| metadata.len()).map_err(Error::from);
    len.and_then(|len| load(file, len)).map_err(|error| error.context(format!("cannot load {}", path.display())))
}

fn component(engine: &Engine, (code, content): (CodeMemory, ArtifactContent)) -> Result<Component> {
    match content {
        ArtifactContent::Component { plan, adapters } => Component::from_parts(engine, plan, Arc::new(code), adapters),
        ArtifactContent::Module(_) => bail!("internal error: an artefact is not of its kind"),
    }
}

fn module((code, content): (CodeMemory, ArtifactContent)) -> Result<Module> {
    match content {
        ArtifactContent::Module(index) => {
            code.module(index)?;
            Ok(Module::of_unit(Arc::new(code), index))
        }
        ArtifactContent::Component { .. } => bail!("internal error: an artefact is not of its kind"),
    }
}
