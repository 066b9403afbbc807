//! What was compiled before: the one place of this program where a file is believed.
#![allow(unsafe_code, reason = "`--allow-precompiled` says that the file can be believed")]

use crate::input::Compiled;
use anyhow::{Error, Result};
use gusset::core::Module;
use gusset::{ArtifactError, Component, Engine, Precompiled, SettingDifference};
use std::path::Path;

/// Options that both `gusset compile` and `gusset run` have, by the settings that they switch on.
const OPTIONS: &[(&str, &str)] = &[("consume_fuel", "--fuel"), ("epoch_interruption", "--timeout")];

/// What sort of precompiled file lies at `path`; `None` if it is no such file. Of what is no file (a pipe) nothing is read.
pub(crate) fn detect(path: &Path) -> Option<Precompiled> {
    let is_file = std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
    if is_file { Engine::detect_precompiled_file(path).ok()? } else { None }
}

/// What the file at `path` holds, to be run.
pub(crate) fn load_to_run(engine: &Engine, kind: Precompiled, path: &Path) -> Result<Compiled> {
    load(engine, kind, path).map_err(|error| match hint(&error) {
        Some(hint) => error.context(format!("cannot run {} so: {hint}", path.display())),
        None => error,
    })
}

/// Whether the file was made with other settings than those that it is used with.
pub(crate) fn has_other_settings(error: &Error) -> bool {
    error.downcast_ref::<ArtifactError>().is_some_and(|error| !error.differences().is_empty())
}

/// What the file at `path` holds, used where it lies. Only for who said `--allow-precompiled`.
pub(crate) fn load(engine: &Engine, kind: Precompiled, path: &Path) -> Result<Compiled> {
    // SAFETY: the user says that the file is what Gusset wrote, and `gusset compile` never changes one that is there.
    unsafe {
        match kind {
            Precompiled::Component => Component::deserialize_file(engine, path).map(Compiled::Component),
            Precompiled::Module => Module::deserialize_file(engine, path).map(Compiled::Module),
        }
    }
}

/// What to say of code that was made with other options than it is run with.
fn hint(error: &Error) -> Option<String> {
    let differences = error.downcast_ref::<ArtifactError>()?.differences();
    // The options that set something when it was compiled, or do now.
    let given = |place: fn(&SettingDifference) -> &str| {
        let set = differences.iter().filter(|difference| place(difference) == "true");
        let options = set.filter_map(|set| OPTIONS.iter().find(|(name, _)| *name == set.name));
        options.map(|(_, option)| *option).collect::<Vec<_>>()
    };
    let (compiled, run) = (given(|difference| &difference.artifact), given(|difference| &difference.engine));
    let all = |options: &[&str]| if options.len() > 1 { "both" } else { "that" };
    let mut hints = Vec::new();
    if !compiled.is_empty() {
        let (options, all) = (compiled.join(" and "), all(&compiled));
        hints.push(format!("it was compiled with {options}, and `gusset run` needs {all} too"));
    }
    if !run.is_empty() {
        let (options, all) = (run.join(" and "), all(&run));
        hints.push(format!(
            "it was compiled without {options}: leave {all} away, or compile it anew with `gusset compile {}`",
            run.join(" ")
        ));
    }
    (!hints.is_empty()).then(|| hints.join("; "))
}
