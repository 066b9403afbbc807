//! Canonical built-ins: core functions that a component gets from its runtime rather than from another component.

use crate::flat::FlatType;
use crate::index::ResourceTypeIndex;
use serde::{Deserialize, Serialize};

/// A built-in that is not tied to a function: `canon resource.new` and its like.
///
/// Built-ins that need threads, streams or futures join here; each is one variant, with its core signature below.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum CanonBuiltin {
    /// `canon resource.new`: a new own handle for a representation.
    ResourceNew(ResourceTypeIndex),
    /// `canon resource.rep`: the representation behind a handle.
    ResourceRep(ResourceTypeIndex),
    /// `canon resource.drop`: drops a handle.
    ResourceDrop(ResourceTypeIndex),
}

impl CanonBuiltin {
    /// The core signature: parameters and results.
    pub fn signature(&self) -> (&'static [FlatType], &'static [FlatType]) {
        match self {
            CanonBuiltin::ResourceNew(_) | CanonBuiltin::ResourceRep(_) => (&[FlatType::I32], &[FlatType::I32]),
            CanonBuiltin::ResourceDrop(_) => (&[FlatType::I32], &[]),
        }
    }

    /// The name in the text format.
    pub fn name(&self) -> &'static str {
        match self {
            CanonBuiltin::ResourceNew(_) => "resource.new",
            CanonBuiltin::ResourceRep(_) => "resource.rep",
            CanonBuiltin::ResourceDrop(_) => "resource.drop",
        }
    }
}
