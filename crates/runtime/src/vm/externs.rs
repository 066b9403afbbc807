//! Values of the host's that guests have references to.

use super::collector::{HostValue, PLACE_SIZE, is_traced};
use super::store::VmStore;
use crate::error::{Result, format_err};
use gusset_artifact::{CoreValType, TableIndex};
use std::any::Any;

impl VmStore {
    /// A reference to a value of the host's.
    ///
    /// # Errors
    ///
    /// When there are too many, or the host's memory may not be used for it; a panic of what is dropped to make room.
    pub(crate) fn new_extern(&mut self, value: HostValue) -> Result<u32> {
        let bytes = size_of_val(&*value) as u64;
        self.make_room(bytes + PLACE_SIZE, &[], &[])?;
        let place = if self.externs.has_room() { 0 } else { PLACE_SIZE };
        self.budget.charge(bytes + place)?;
        self.pace.made(bytes + PLACE_SIZE);
        let reference = self.externs.insert(value);
        reference.ok_or_else(|| format_err!("a store has at most 2^31-1 external references"))
    }

    /// What a reference refers to; `None` for null.
    pub(crate) fn extern_value(&self, reference: u32) -> Option<&(dyn Any + Send + Sync)> {
        self.externs.get(reference).map(|value| &**value)
    }

    /// The same, to be changed.
    pub(crate) fn extern_value_mut(&mut self, reference: u32) -> Option<&mut (dyn Any + Send + Sync)> {
        self.externs.get_mut(reference).map(|value| &mut **value)
    }

    /// Holds an element of a table of an instance until the scope ends.
    pub(super) fn hold_element(&mut self, instance: usize, table: TableIndex, value: u64) {
        let element = self.tables[self.table_number(instance, table)].table.declared_type().element;
        if is_traced(&CoreValType::Ref(element)) && value as u32 != 0 {
            // There are not so many that there could be too many.
            let _ = self.root(value as u32);
        }
    }
}
