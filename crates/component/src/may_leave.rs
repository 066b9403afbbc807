//! Where the flag `may_leave` can be left out of adapters because nothing could ever notice.
//!
//! The flag of an instance is cleared only while its own `realloc` or `post-return` runs, which are options of canonical
//! definitions of its component, and it is asked for only by the core functions that `canon lower` and the built-ins of
//! the same component make: core instances never cross the boundary of a component. So if a component has no such
//! option, its calls need no check; and if it has no such function, nobody has to clear its flag. `resource.rep` never asks,
//! and a destructor leaves the flag as it is. A finer answer needs
//! the bodies: does what is reachable from `realloc` ever call a lowered function? That scan belongs here too.

use crate::body::{Canon, ComponentDefinition};
use wasmparser::CanonicalFunction;

/// Whether `definitions` name code that runs while `may_leave` is unset.
pub(crate) fn clears_may_leave(definitions: &[(usize, ComponentDefinition<'_>)]) -> bool {
    definitions.iter().any(|(_, definition)| match definition {
        ComponentDefinition::Canon(Canon::Lift { options, .. } | Canon::Lower { options, .. }) => {
            options.realloc.is_some() || options.post_return.is_some()
        }
        ComponentDefinition::Canon(Canon::Builtin(builtin)) => !is_resource_builtin(builtin),
        _ => false,
    })
}

/// Whether `definitions` make a core function that asks for `may_leave`.
pub(crate) fn tests_may_leave(definitions: &[(usize, ComponentDefinition<'_>)]) -> bool {
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
