//! `gusset validate`: whether a component or core module is valid, and whether this program could run it.

use crate::input::{self, InputFile};
use anyhow::{Context, Result};
use gusset::core::Module;
use gusset::{Component, Config, Engine};
use gusset_wast::FeatureList;
use std::path::Path;
use std::process::ExitCode;

/// Validates the component or core module at `path`; with `runnable` it is compiled too.
pub(crate) fn run(path: &Path, features: &[FeatureList], runnable: bool) -> Result<ExitCode> {
    let file = input::any(path)?;
    let mut specified = Config::new();
    specified.specified_features();
    features.iter().for_each(|list| list.apply(&mut specified));
    let valid = file.source.validate(&specified);
    valid.with_context(|| file.refusal("there is a fault in"))?;
    if runnable {
        let mut config = Config::new();
        features.iter().for_each(|list| list.apply(&mut config));
        compile(&config, &file).with_context(|| format!("{} is valid, but cannot be run", file.name))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Compiles it, for what there is to say against that.
fn compile(config: &Config, file: &InputFile) -> Result<()> {
    let engine = Engine::new(config)?;
    match Component::from_source(&engine, &file.source) {
        Err(error) if input::is_core_module_error(&error) => Module::from_source(&engine, &file.source).map(drop)?,
        result => result.map(drop)?,
    }
    Ok(())
}
