//! Where the flag `may_leave` can be left out of adapters because nothing could ever notice.
//!
//! The flag of an instance is cleared only while its own `realloc` or `post-return` runs, which are options of canonical
//! definitions of its component, and it is asked for only by the core functions that `canon lower` and the built-ins of
//! the same component make: core instances never cross the boundary of a component. So if no such option of a component can ever call
//! such a function (`reach.rs`), its calls need no check, and nobody has to clear its flag. `resource.rep` never asks,
//! and a destructor leaves the flag as it is.

use crate::body::{Canon, ComponentDefinition, ModuleBody};
use crate::reach::Reach;
use gusset_artifact::ModuleIndex;
use gusset_types::Arena;
use wasmparser::CanonicalFunction;

/// Whether `definitions` name code that runs while `may_leave` is unset, and may come to ask for it.
pub(crate) fn clears_may_leave(
    definitions: &[(usize, ComponentDefinition<'_>)],
    modules: &Arena<ModuleIndex, ModuleBody<'_>>,
) -> bool {
    let mut functions = Vec::new();
    for (_, definition) in definitions {
        match definition {
            ComponentDefinition::Canon(Canon::Lift { options, .. } | Canon::Lower { options, .. }) => {
                functions.extend(options.realloc.into_iter().chain(options.post_return));
            }
            // It may have options too.
            ComponentDefinition::Canon(Canon::Builtin(builtin)) if !is_resource_builtin(builtin) => return true,
            _ => {}
        }
    }
    functions.sort_unstable();
    functions.dedup();
    !functions.is_empty() && asks(definitions) && Reach::new(definitions, modules).may_ask(functions)
}

/// Whether `definitions` make a core function that asks for `may_leave`.
fn asks(definitions: &[(usize, ComponentDefinition<'_>)]) -> bool {
    definitions.iter().any(|(_, definition)| match definition {
        ComponentDefinition::Canon(Canon::Lower { .. }) => true,
        ComponentDefinition::Canon(Canon::Builtin(builtin)) => {
            !matches!(**builtin, CanonicalFunction::ResourceRep { .. })
        }
        _ => false,
    })
}

/// Whether it is one of those that take no `realloc`.
fn is_resource_builtin(builtin: &CanonicalFunction) -> bool {
    use CanonicalFunction::{ResourceDrop, ResourceNew, ResourceRep};
    matches!(builtin, ResourceNew { .. } | ResourceRep { .. } | ResourceDrop { .. })
}
