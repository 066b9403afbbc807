//! Parts of memory that never overlap, told to Cranelift so that a store to one does not forget what was loaded from another.
//! Their numbers are the same in all functions of all units: inlining merges regions by number.

use cranelift_codegen::ir::{AliasRegion, AliasRegionData, Function};
use std::borrow::Cow;

/// The regions of a function.
#[derive(Clone, Copy)]
pub(crate) struct Regions {
    /// All linear memories (the same memory can have several indices).
    pub(crate) memory: AliasRegion,
    /// The elements of all tables.
    pub(crate) table: AliasRegion,
    /// All globals.
    pub(crate) global: AliasRegion,
    /// Bases and lengths of memories and tables.
    pub(crate) definition: AliasRegion,
}

impl Regions {
    pub(crate) fn new(func: &mut Function) -> Regions {
        let mut region = |user_id, description| {
            let data = AliasRegionData { user_id, description: Cow::Borrowed(description) };
            func.dfg.alias_regions.insert(data)
        };
        Regions {
            memory: region(0, "linear memory"),
            table: region(1, "table elements"),
            global: region(2, "globals"),
            definition: region(3, "definitions of memories and tables"),
        }
    }
}
