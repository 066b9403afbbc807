//! The text of adapters, for who looks into what a component became.

use gusset::{AdapterSource, Component, Error, Printable, Result};
use std::collections::HashMap;
use std::sync::Arc;

/// An adapter module as WAT: a comment with its number in the component, one for each adapter in it, then the module.
///
/// # Errors
///
/// When the module cannot be printed, which is a fault of the engine.
pub fn adapter_text(number: usize, module: &AdapterSource) -> Result<String> {
    let mut text = format!(";; adapter module {number}\n");
    for name in &module.names {
        text.push_str(&format!(";; {}\n", Printable::message(&name.to_string())));
    }
    let printed = wasmprinter::print_bytes(&module.wasm);
    let printed = printed.map_err(|error| Error::msg(format!("cannot print adapter module {number}: {error:#}")))?;
    text.push_str(&printed);
    Ok(text)
}

/// The texts of components' adapter modules. Each is made once: a script may ask for it in each of its lines.
#[derive(Default)]
pub(crate) struct AdapterTexts {
    /// By where the modules lie, for as long as the component is held.
    components: HashMap<*const AdapterSource, (Component, Vec<Arc<str>>)>,
}

impl AdapterTexts {
    /// The texts of all adapter modules of `component`.
    pub(crate) fn of(&mut self, component: &Component) -> &[Arc<str>] {
        let modules = component.adapters();
        let text = |(number, module)| match adapter_text(number, module) {
            Ok(text) => text.into(),
            Err(error) => format!(";; {error:#}\n").into(),
        };
        let texts = || (component.clone(), modules.iter().enumerate().map(text).collect());
        &self.components.entry(modules.as_ptr()).or_insert_with(texts).1
    }
}
