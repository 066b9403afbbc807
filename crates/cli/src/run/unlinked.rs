//! What to say of a component that imports what this program does not have: what would provide it.

use crate::guess::file_in_shell;
use crate::input::STDIN_NAME;
use anyhow::Error;
use gusset::{Component, LinkError, Printable};

/// How many imports are listed.
const LISTED: usize = 10;

/// `error`, which came of running the component, with what to do if something was not there to import.
pub(crate) fn explain(error: Error, shown: &str, component: &Component) -> Error {
    match error.is::<LinkError>() {
        true => error.context(advice(shown, component)),
        false => error.context(format!("cannot run {shown}")),
    }
}

fn advice(shown: &str, component: &Component) -> String {
    let (wasi, others): (Vec<&str>, Vec<&str>) =
        component.imports().map(|(name, _)| name).partition(|name| name.starts_with("wasi:"));
    let mut text = format!("cannot run {shown}: it imports what `gusset run` does not provide");
    if !wasi.is_empty() {
        text.push_str(&format!("\n{}\nWASI is not supported yet", list(&wasi)));
    }
    if !others.is_empty() {
        let file = if shown == STDIN_NAME { "THIS.wasm".into() } else { file_in_shell(shown) };
        text.push_str(&format!(
            "\n{}\na component that exports it can be composed with this one, for example by\n\n  wac plug {file} --plug OTHER.wasm -o \
             composed.wasm\n\nor a host in Rust defines it in a `gusset::Linker`",
            list(&others)
        ));
    }
    text
}

fn list(names: &[&str]) -> String {
    let mut lines: Vec<String> = names.iter().take(LISTED).map(|name| format!("  {}", Printable::name(name))).collect();
    if names.len() > LISTED {
        lines.push(format!("  and {} more", names.len() - LISTED));
    }
    lines.join("\n")
}
