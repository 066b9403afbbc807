//! A link unit as the caller hands it over.

use gusset_artifact::{FuncIndex, ImportLink, ModuleIndex};
use gusset_types::Arena;

/// Modules that are compiled together.
#[derive(Clone, Debug, Default)]
pub struct LinkUnit<'a> {
    /// The modules.
    pub modules: Arena<ModuleIndex, UnitModule<'a>>,
}

/// A module of a link unit.
#[derive(Clone, Copy, Debug)]
pub struct UnitModule<'a> {
    /// A name for errors.
    pub name: &'a str,
    /// The module in the binary format.
    pub wasm: &'a [u8],
    /// Where the module starts in the whole input: added to every offset in errors and tables.
    pub offset: usize,
    /// What is known of each of its imports, in the module's order; empty means that nothing is.
    pub imports: &'a [ImportLink],
    /// Which of its exported functions something may call that does not do so by what is known of imports; `None` if all. Others may
    /// have no code of their own.
    pub open_exports: Option<&'a [FuncIndex]>,
    /// Whether each instance of the unit has one instance of it, and nobody makes others.
    pub single: bool,
    /// Whether Gusset made it, as it does adapters: it may use every feature, whatever a host has switched off.
    pub generated: bool,
}
