//! What was compiled before: the one place of this program where a file is believed.
#![allow(unsafe_code, reason = "`--allow-precompiled` says that the file can be believed")]

use crate::input::Compiled;
use anyhow::{Error, Result};
use gusset::core::Module;
use gusset::{ArtifactError, ArtifactErrorKind, Component, Engine, Precompiled};
use std::path::Path;

/// What sort of precompiled file lies at `path`; `None` if it is no such file. Of what is no file (a pipe) nothing is read.
pub(crate) fn detect(path: &Path) -> Option<Precompiled> {
    let is_file = std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
    if is_file { Engine::detect_precompiled_file(path).ok()? } else { None }
}

/// What the file at `path` holds, used where it lies. Only for who said `--allow-precompiled`.
pub(crate) fn load(engine: &Engine, kind: Precompiled, path: &Path) -> Result<Compiled> {
    // SAFETY: the user says that the file is what Gusset wrote, and `gusset compile` never changes one that is there.
    let loaded = unsafe {
        match kind {
            Precompiled::Component => Component::deserialize_file(engine, path).map(Compiled::Component),
            Precompiled::Module => Module::deserialize_file(engine, path).map(Compiled::Module),
        }
    };
    loaded.map_err(|error| match hint(&error) {
        Some(hint) => error.context(format!("cannot run {} so: {hint}", path.display())),
        None => error,
    })
}

/// What to say of code that was made with other options than it is run with.
fn hint(error: &Error) -> Option<&'static str> {
    let message = error.downcast_ref::<ArtifactError>().filter(|error| error.kind() == ArtifactErrorKind::Settings)?;
    let message = message.to_string();
    match () {
        () if message.contains("`epoch_interruption`") => {
            Some("--timeout is for what was compiled with --timeout, and for nothing else")
        }
        () if message.contains("`consume_fuel`") => {
            Some("--fuel is for what was compiled with --fuel, and for nothing else")
        }
        () => None,
    }
}
