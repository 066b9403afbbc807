//! What to say of a component that imports what this program does not have: what would provide it.

use crate::guess::file_in_shell;
use crate::input::STDIN;
use anyhow::Error;
use gusset::{LinkError, Printable};
use std::path::Path;

/// How many imports are listed.
const LISTED: usize = 10;

/// `error`, which came of running the component, with what to do if something was not there to import.
pub(super) fn explain(error: Error, path: &Path, shown: &str) -> Error {
    let advice = advice(&error, path, shown, "run");
    error.context(advice.unwrap_or_else(|| format!("cannot run {shown}")))
}

/// What the component imports that this command does not have, as `error` says, and what would provide it; `None` if it says nothing of that.
pub(crate) fn advice(error: &Error, path: &Path, shown: &str, command: &str) -> Option<String> {
    let missing = error.downcast_ref::<LinkError>()?.imports();
    let (wasi, others): (Vec<&str>, Vec<&str>) = missing.partition(|name| name.starts_with("wasi:"));
    let (now, later): (Vec<&str>, Vec<&str>) = wasi.into_iter().partition(|name| name.contains("@0.2."));
    // `wac` reads no standard input.
    let file = if path.as_os_str() == STDIN { "THIS.wasm".into() } else { file_in_shell(path) };
    let composed = format!(
        "a component that exports it can be composed with this one, for example by\n\n  wac plug {file} --plug OTHER.wasm -o composed.wasm\n\nor a \
         host in Rust defines it in a `gusset::Linker`"
    );
    let told: String = [
        (now, "of WASI 0.2, that is not supported yet, or not as it is imported"),
        (later, "of WASI, components have version 0.2"),
        (others, &*composed),
    ]
    .into_iter()
    .filter(|(names, _)| !names.is_empty())
    .map(|(names, what)| format!("\n{}\n{what}", list(&names)))
    .collect();
    (!told.is_empty())
        .then(|| format!("cannot {command} {shown}: it imports what `gusset {command}` does not provide{told}"))
}

fn list(names: &[&str]) -> String {
    let mut lines: Vec<String> = names.iter().take(LISTED).map(|name| format!("  {}", Printable::name(name))).collect();
    if names.len() > LISTED {
        lines.push(format!("  and {} more", names.len() - LISTED));
    }
    lines.join("\n")
}
