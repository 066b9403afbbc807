//! The text of adapters, for who looks into what a component became: WAT with what each trap is about, and offsets as backtraces
//! have them.

use gusset::{AdapterCode, AdapterName, AdapterSource, Component, Error, Printable, Result};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What stands before each item of a module's text.
const ITEM: &str = "  (";

/// An adapter module as WAT: a comment with its number in the component, one for each adapter in it, then the module. Beside
/// each call stands its offset in the module, which a backtrace has for its frame, and beside that of an imported trap function
/// which value is bad, and why.
///
/// # Errors
///
/// When the module cannot be printed, which is a fault of the engine.
pub fn adapter_text(number: usize, module: &AdapterSource) -> Result<String> {
    some_adapters_text(number, module, |_| true)
}

/// The same, with the functions of those adapters only that are wanted, and what these call; empty if there are none. What is left out is
/// said in a comment.
///
/// # Errors
///
/// As [`adapter_text`].
pub fn some_adapters_text(
    number: usize,
    module: &AdapterSource,
    wanted: impl Fn(&AdapterName) -> bool,
) -> Result<String> {
    let names: Vec<_> = module.names.iter().enumerate().filter(|(_, name)| wanted(name)).collect();
    if names.is_empty() {
        return Ok(String::new());
    }
    let code = module.code()?;
    let shown = match names.len() == module.names.len() {
        true => None,
        false => Some(code.with_callees(names.iter().filter_map(|(index, _)| code.adapters.get(*index).copied()))),
    };
    let mut text = format!(";; adapter module {number}\n");
    for (_, name) in &names {
        text.push_str(&format!(";; {}\n", Printable::message(&name.to_string())));
    }
    let mut storage = String::new();
    let lines = wasmprinter::Config::new().offsets_and_lines(&module.wasm, &mut storage);
    write_lines(&mut text, lines.map_err(|error| cannot_print(number, error))?, &code, shown.as_ref());
    Ok(text)
}

/// How many bytes of core wasm each adapter of the module is, without what adapters share.
///
/// # Errors
///
/// When the module cannot be read, which is a fault of the engine.
pub fn adapter_sizes(module: &AdapterSource) -> Result<Vec<usize>> {
    let code = module.code()?;
    Ok(code.adapters.iter().map(|function| code.size(*function)).collect())
}

fn cannot_print(number: usize, error: impl std::fmt::Display) -> Error {
    Error::msg(format!("cannot print adapter module {number}: {error:#}"))
}

/// Writes the lines of a module, with those of its functions only that are shown, if not all are.
fn write_lines<'a>(
    text: &mut String,
    lines: impl Iterator<Item = (Option<u64>, &'a str)>,
    code: &AdapterCode,
    shown: Option<&HashSet<u32>>,
) {
    let mut next = code.imported;
    let (mut show, mut left_out) = (true, 0);
    for (offset, line) in lines {
        if line.starts_with(ITEM) || line.starts_with(')') {
            let function = line.starts_with("  (func ").then_some(next);
            next += u32::from(function.is_some());
            show = function.is_none_or(|function| shown.is_none_or(|shown| shown.contains(&function)));
            left_out += usize::from(!show);
            if line.starts_with(')') && left_out > 0 {
                text.push_str(&format!("  ;; {left_out} functions are left out\n"));
            }
        }
        if !show {
            continue;
        }
        text.push_str(line.trim_end());
        if let Some(offset) = offset.filter(|offset| code.calls.contains(offset)) {
            text.push_str(&format!(" ;; @{offset:#x}"));
            if let Some(trap) = code.traps.get(&offset) {
                text.push_str(&format!(": {}", Printable::message(trap)));
            }
        }
        text.push('\n');
    }
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
