//! What is statically known about how the modules of a link unit are linked.

use crate::index::{FuncIndex, ModuleIndex, TableIndex};
use serde::{Deserialize, Serialize};

/// What is known of one import of a module. It holds for every instance of the module.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum ImportLink {
    /// Nothing: it is reached through the context.
    Unknown,
    /// It is always a function that this unit defines: it can be called directly (its context still comes from the import's
    /// slot).
    Func {
        /// The module that defines it.
        module: ModuleIndex,
        /// A defined function of that module.
        func: FuncIndex,
    },
    /// It is always a table that this unit defines, which nothing outside of it has: whoever else is given that table has such a link too.
    Table {
        /// The module that defines it. It has one instance.
        module: ModuleIndex,
        /// A defined table of that module.
        table: TableIndex,
    },
}
