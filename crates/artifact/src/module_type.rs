//! The type of a core module that a component imports: what it must export, and what it may import. It stands by itself:
//! signatures are written out, since the module is of another link unit.

use crate::core_module::{CoreFuncType, GlobalType, MemoryType, TableType};
use crate::index::{ModuleImportIndex, ModuleIndex};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A core module that the plan instantiates.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum PlanModule {
    /// One of the link unit.
    Unit(ModuleIndex),
    /// One that the host gives.
    Imported(ModuleImportIndex),
}

/// A core module that the root component imports.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ImportedModule {
    /// A name for people: the import's, then those of the exports that lead to it.
    pub name: Arc<str>,
    /// Its type: what is given is of a subtype.
    pub ty: CoreModuleType,
}

/// The type of a core module (`core:moduletype`).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct CoreModuleType {
    /// What it imports, in order, by both names.
    pub imports: IndexMap<(Box<str>, Box<str>), CoreItemType>,
    /// What it exports, in order.
    pub exports: IndexMap<Box<str>, CoreItemType>,
}

/// The type of something that a module imports or exports, with its signature.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the spec's own words, one for one")]
pub enum CoreItemType {
    Func(CoreFuncType),
    Table(TableType),
    Memory(MemoryType),
    Global(GlobalType),
    Tag(CoreFuncType),
}
