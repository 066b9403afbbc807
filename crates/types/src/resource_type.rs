//! Resource types as adapters and the runtime know them.

use crate::index::{ComponentInstanceIndex, CoreDefIndex};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A resource type of a component tree. Each instance of a component that defines one has its own, and so has each import that
/// does not name one that is there already.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ResourceType {
    /// A name for people.
    pub name: Arc<str>,
    /// The component instance that defines it (`ResourceType.impl`); `None` for one that the root imports.
    pub instance: Option<ComponentInstanceIndex>,
    /// The core function `(rep: i32)` that is called when an own handle is dropped. An imported type always has one.
    pub dtor: Option<CoreDefIndex>,
}
