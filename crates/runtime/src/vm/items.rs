//! [`InstanceItems`]: which tables, memories, globals and tags an instance has.

use gusset_artifact::{CoreModule, GlobalIndex, MemoryIndex, TableIndex, TagIndex};
use gusset_types::ArenaIndex;

/// Positions in the store's lists, imports first. All of them stand in one list, kind by kind.
#[derive(Default)]
pub(super) struct InstanceItems {
    positions: Box<[u32]>,
    /// Where each kind starts in it, and where the last one ends.
    starts: [u32; 5],
}

/// A kind of things, by an index into the module.
pub(super) trait ItemIndex: ArenaIndex {
    /// The place of the kind among the kinds.
    const KIND: usize;
}

impl ItemIndex for TableIndex {
    const KIND: usize = 0;
}

impl ItemIndex for MemoryIndex {
    const KIND: usize = 1;
}

impl ItemIndex for GlobalIndex {
    const KIND: usize = 2;
}

impl ItemIndex for TagIndex {
    const KIND: usize = 3;
}

/// What has not been made yet.
const MISSING: u32 = u32::MAX;

impl InstanceItems {
    /// Room for what a module has.
    pub(super) fn new(module: &CoreModule) -> InstanceItems {
        let counts = [module.tables.len(), module.memories.len(), module.globals.len(), module.tags.len()];
        let mut starts = [0; 5];
        for (kind, count) in counts.into_iter().enumerate() {
            starts[kind + 1] = starts[kind] + count as u32;
        }
        InstanceItems { positions: vec![MISSING; starts[4] as usize].into(), starts }
    }

    #[inline]
    fn place<Index: ItemIndex>(&self, index: Index) -> Option<usize> {
        let [start, end] = [self.starts[Index::KIND], self.starts[Index::KIND + 1]].map(|at| at as usize);
        let place = start + index.as_usize();
        (place < end).then_some(place)
    }

    /// Notes where something stands in the store's list of its kind.
    pub(super) fn set<Index: ItemIndex>(&mut self, index: Index, position: usize) {
        let place = self.place(index).expect("a module says what its instances have");
        self.positions[place] = u32::try_from(position).expect("a store holds fewer than 2^32 of a kind");
    }

    /// The position; `None` for what the instance does not have, or not yet.
    #[inline]
    pub(super) fn get<Index: ItemIndex>(&self, index: Index) -> Option<usize> {
        let position = self.positions[self.place(index)?];
        (position != MISSING).then_some(position as usize)
    }

    /// The position.
    ///
    /// # Panics
    ///
    /// When the instance has no such thing: code that was validated asks for what there is.
    #[inline]
    pub(super) fn position<Index: ItemIndex>(&self, index: Index) -> usize {
        self.get(index).expect("an instance has what its code refers to")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gusset_artifact::{RefType, TableType};

    #[test]
    fn kinds_are_kept_apart() {
        let mut module = CoreModule::default();
        let ty = TableType { element: RefType::FUNCREF, minimum: 0, maximum: None, table64: false };
        let table = module.tables.push(ty);
        let tag = module.tags.push(gusset_artifact::SignatureIndex::from_u32(0));
        let mut items = InstanceItems::new(&module);
        assert_eq!((items.get(table), items.get(tag)), (None, None));
        items.set(tag, 7);
        assert_eq!((items.get(table), items.get(tag), items.get(TableIndex::from_u32(1))), (None, Some(7), None));
        items.set(table, 5);
        assert_eq!((items.position(table), items.get(MemoryIndex::from_u32(0))), (5, None));
    }
}
