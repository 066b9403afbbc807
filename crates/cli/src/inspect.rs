//! `gusset inspect`: what a component or core module is, for people or for programs.

mod json;

use crate::input;
use crate::output::print;
use anyhow::{Context, Result};
use std::path::Path;
use std::process::ExitCode;

/// Prints what the component or core module at `path` imports and exports, and what is inside of it.
pub(crate) fn run(path: &Path, json: bool) -> Result<ExitCode> {
    let file = input::any(path)?;
    let outline = file.source.outline();
    let outline = outline.with_context(|| file.refusal("cannot inspect"))?;
    match json {
        true => print(json::OutlineDocument(&outline))?,
        false => print(&outline)?,
    }
    Ok(ExitCode::SUCCESS)
}
