//! Finds the function that a person means among a component's exports. A name that fits several is never guessed.

use anyhow::{Result, bail};
use gusset::Component;
use gusset::types::{ComponentFunc, ComponentItem};
use std::sync::Arc;

/// How many functions an error lists.
const LISTED: usize = 40;

/// How much of a function's type an error shows, in characters. Types of interfaces can fill pages.
const TYPE_SHOWN: usize = 96;

/// An exported function: the names that lead to it, and its type.
pub(crate) struct ListedFunc {
    pub(crate) path: Vec<Arc<str>>,
    pub(crate) ty: ComponentFunc,
}

impl ListedFunc {
    /// The name that `--invoke` takes.
    pub(crate) fn name(&self) -> String {
        self.path.join("#")
    }

    /// Whether a person can mean this function by `name`: its own name, or interface and name, the interface with or
    /// without package and version.
    fn answers_to(&self, name: &str) -> bool {
        let Some((function, instances)) = self.path.split_last() else { return false };
        match name.rsplit_once('#') {
            None => name == &**function,
            Some((instance, name)) => {
                let interface = instances.join("#");
                let unversioned = interface.split('@').next().unwrap_or_default();
                let short = unversioned.rsplit('/').next().unwrap_or_default();
                name == &**function && !instances.is_empty() && [&interface, unversioned, short].contains(&instance)
            }
        }
    }
}

/// All exported functions, those of instances after the instance's name.
pub(crate) fn functions(component: &Component) -> Vec<ListedFunc> {
    let mut found = Vec::new();
    collect(&[], component.exports().map(|(name, item)| (name.into(), item)), &mut found);
    found
}

/// Walks instances. They nest no deeper than the type that declares them, which the engine bounds.
fn collect(
    path: &[Arc<str>],
    exports: impl IntoIterator<Item = (Arc<str>, ComponentItem)>,
    found: &mut Vec<ListedFunc>,
) {
    for (name, item) in exports {
        let mut path = path.to_vec();
        path.push(name);
        match item {
            ComponentItem::Func(ty) => found.push(ListedFunc { path, ty }),
            ComponentItem::Instance(exports) => collect(&path, exports, found),
            _ => {}
        }
    }
}

/// The one function that `name` means.
pub(crate) fn select<'a>(functions: &'a [ListedFunc], name: &str) -> Result<&'a ListedFunc> {
    if let Some(exact) = functions.iter().find(|function| function.name() == name) {
        return Ok(exact);
    }
    let candidates: Vec<&ListedFunc> = functions.iter().filter(|function| function.answers_to(name)).collect();
    match candidates[..] {
        [only] => Ok(only),
        [] => bail!("no exported function is called `{name}`; {}", listing(functions.iter())),
        _ => bail!("`{name}` is ambiguous; it can mean\n{}", lines(candidates.into_iter())),
    }
}

/// What functions there are, for an error.
pub(crate) fn listing<'a>(functions: impl ExactSizeIterator<Item = &'a ListedFunc>) -> String {
    match functions.len() {
        0 => "the component exports no functions".into(),
        _ => format!("the component exports\n{}", lines(functions)),
    }
}

fn lines<'a>(functions: impl ExactSizeIterator<Item = &'a ListedFunc>) -> String {
    let left_out = functions.len().saturating_sub(LISTED);
    let shown = functions.take(LISTED).map(|function| format!("  {}: {}", function.name(), brief(&function.ty)));
    let mut lines: Vec<String> = shown.collect();
    if left_out > 0 {
        lines.push(format!("  and {left_out} more"));
    }
    lines.join("\n")
}

/// A function's type, cut where it gets long.
fn brief(ty: &ComponentFunc) -> String {
    let text = ty.to_string();
    match text.char_indices().nth(TYPE_SHOWN) {
        Some((end, _)) => format!("{} ...", &text[..end]),
        None => text,
    }
}
