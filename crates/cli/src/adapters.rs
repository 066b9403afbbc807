//! `gusset adapters`: shows the core modules that join a component's lowerings to its liftings.

use crate::input;
use crate::output::print;
use anyhow::Result;
use gusset_wast::adapter_text;
use std::path::Path;
use std::process::ExitCode;

/// Prints each adapter module of the component at `path` as WAT.
pub(crate) fn run(path: &Path) -> Result<ExitCode> {
    let engine = input::engine()?;
    let component = input::component(&engine, path)?;
    let mut text = String::new();
    for (number, module) in component.adapters().iter().enumerate() {
        if number > 0 {
            text.push('\n');
        }
        text.push_str(&adapter_text(number, module)?);
    }
    if text.is_empty() {
        text = format!(";; {} needs no adapters\n", path.display());
    }
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}
