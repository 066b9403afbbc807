//! What to say of a component that imports what this program does not have: what would provide it.

use crate::guess::file_in_shell;
use crate::input::STDIN;
use anyhow::Error;
use gusset::types::ComponentItem;
use gusset::{Component, LinkError, Printable};
use std::path::Path;

/// How many imports are listed.
const LISTED: usize = 10;

/// `error`, which came of running the component, with what to do if something was not there to import.
pub(crate) fn explain(error: Error, path: &Path, shown: &str, component: &Component) -> Error {
    let advice = if error.is::<LinkError>() { advice(path, shown, component) } else { None };
    error.context(advice.unwrap_or_else(|| format!("cannot run {shown}")))
}

/// What the component imports that this program does not have, and what would provide it; `None` if that is nothing.
pub(crate) fn advice(path: &Path, shown: &str, component: &Component) -> Option<String> {
    let needed = component.imports().filter(|(_, item)| is_needed(item)).map(|(name, _)| name);
    let (wasi, others): (Vec<&str>, Vec<&str>) = needed.partition(|name| name.starts_with("wasi:"));
    if wasi.is_empty() && others.is_empty() {
        return None;
    }
    let mut text = format!("cannot run {shown}: it imports what `gusset run` does not provide");
    if !wasi.is_empty() {
        text.push_str(&format!("\n{}\nWASI 0.2 and later are not supported yet", list(&wasi)));
    }
    if !others.is_empty() {
        // `wac` reads no standard input.
        let file = if path.as_os_str() == STDIN { "THIS.wasm".into() } else { file_in_shell(path) };
        text.push_str(&format!(
            "\n{}\na component that exports it can be composed with this one, for example by\n\n  wac plug {file} --plug OTHER.wasm -o \
             composed.wasm\n\nor a host in Rust defines it in a `gusset::Linker`",
            list(&others)
        ));
    }
    Some(text)
}

/// Whether somebody has to provide something for it: types are met by themselves.
fn is_needed(item: &ComponentItem) -> bool {
    match item {
        ComponentItem::Instance(items) => items.iter().any(|(_, item)| is_needed(item)),
        ComponentItem::Type(_) => false,
        _ => true,
    }
}

fn list(names: &[&str]) -> String {
    let mut lines: Vec<String> = names.iter().take(LISTED).map(|name| format!("  {}", Printable::name(name))).collect();
    if names.len() > LISTED {
        lines.push(format!("  and {} more", names.len() - LISTED));
    }
    lines.join("\n")
}
