//! [`Table`]: a table of references.

use super::val::Ref;
use crate::error::{Result, bail};
use crate::store::{AsContext, AsContextMut};
use crate::vm::{TableHandle, VmStore};
use gusset_artifact::TableType;

/// A [table] of a store. It has at most [`Config::max_table_elements`](crate::Config::max_table_elements) elements.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// use gusset::core::{Ref, RefType, Table, TableType};
/// use gusset::{Engine, Store};
/// let mut store = Store::new(&Engine::default(), ());
/// let ty = TableType { element: RefType::FUNCREF, minimum: 2, maximum: None, table64: false };
/// let table = Table::new(&mut store, ty, Ref::Func(None))?;
/// assert_eq!(table.grow(&mut store, 3, Ref::Func(None))?, 2);
/// assert_eq!(table.get(&mut store, 4)?, Some(Ref::Func(None)));
/// assert_eq!(table.get(&mut store, 5)?, None);
/// assert!(table.set(&mut store, 0, Ref::Extern(None)).is_err());
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
///
/// [table]: https://webassembly.github.io/spec/core/appendix/embedding.html#embed-table
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Table(TableHandle);

impl Table {
    /// A table of the host's, filled with `value`.
    ///
    /// # Errors
    ///
    /// When there is no room for it, the store's limits do not allow it, or `value` is not of its type.
    pub fn new(mut store: impl AsContextMut, ty: TableType, value: Ref) -> Result<Table> {
        let store = store.as_context_mut().0;
        let value = value.to_raw(&mut store.vm, ty.element)?;
        Ok(Table(store.new_table(ty, value)?))
    }

    /// The type, with the present size as the minimum.
    ///
    /// # Panics
    ///
    /// Like all methods here: when the table is of another store.
    #[track_caller]
    pub fn ty(&self, store: impl AsContext) -> TableType {
        store.as_context().0.vm.table_type(self.0)
    }

    /// The number of elements.
    #[track_caller]
    pub fn size(&self, store: impl AsContext) -> u64 {
        store.as_context().0.vm.table_size(self.0)
    }

    /// An element; `None` outside of the table.
    ///
    /// # Errors
    ///
    /// When the host cannot hold such a reference.
    #[track_caller]
    pub fn get(&self, mut store: impl AsContextMut, index: u64) -> Result<Option<Ref>> {
        let vm = &mut store.as_context_mut().0.vm;
        let element = vm.table_type(self.0).element;
        vm.table_get(self.0, index).map(|raw| Ref::from_raw(vm, element, raw)).transpose()
    }

    /// Writes an element.
    ///
    /// # Errors
    ///
    /// When `index` is outside of the table, or `value` is not of its type.
    #[track_caller]
    pub fn set(&self, mut store: impl AsContextMut, index: u64, value: Ref) -> Result<()> {
        let vm = &mut store.as_context_mut().0.vm;
        let value = value.to_raw(vm, vm.table_type(self.0).element)?;
        vm.table_set(self.0, index, value)
    }

    /// Grows the table by a number of elements, each `value`; the number before.
    ///
    /// # Errors
    ///
    /// When it cannot grow by so much, or beyond what the store's limits allow, or `value` is not of its type.
    #[track_caller]
    pub fn grow(&self, mut store: impl AsContextMut, count: u64, value: Ref) -> Result<u64> {
        let store = store.as_context_mut().0;
        let element = store.vm.table_type(self.0).element;
        let value = value.to_raw(&mut store.vm, element)?;
        let growth = store.table_grow(self.0, count, value)?;
        growth.for_host(|| format!("a table of {} elements cannot grow by {count}", store.vm.table_size(self.0)))
    }

    /// Writes so many elements from `start` on.
    ///
    /// # Errors
    ///
    /// When not all of them are in the table, or `value` is not of its type: nothing has been written then.
    #[track_caller]
    pub fn fill(&self, mut store: impl AsContextMut, start: u64, value: Ref, count: u64) -> Result<()> {
        let vm = &mut store.as_context_mut().0.vm;
        let value = value.to_raw(vm, vm.table_type(self.0).element)?;
        vm.fill_table(self.0, start, value, count)
    }

    /// Copies so many elements from another table, or of this one, to where `start` is.
    ///
    /// ```
    /// # use gusset::core::{Ref, RefType, Table, TableType};
    /// # use gusset::{Engine, Store};
    /// # let mut store = Store::new(&Engine::default(), ());
    /// # let func = gusset::core::Func::wrap(&mut store, || ());
    /// let ty = TableType { element: RefType::FUNCREF, minimum: 10, maximum: None, table64: false };
    /// let table = Table::new(&mut store, ty, Ref::Func(None))?;
    /// table.fill(&mut store, 0, Ref::Func(Some(func)), 2)?;
    /// table.copy(&mut store, 8, table, 0, 2)?;
    /// assert_eq!(table.get(&mut store, 9)?, Some(Ref::Func(Some(func))));
    /// let error = table.copy(&mut store, 9, table, 0, 2).unwrap_err();
    /// assert_eq!(error.to_string(), "2 elements from index 9 on are not all in a table of 10 elements");
    /// # Ok::<(), gusset::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When not all of them are in the tables, or elements of the other table are not of this one's type: nothing has been written then.
    #[track_caller]
    pub fn copy(&self, mut store: impl AsContextMut, start: u64, from: Table, first: u64, count: u64) -> Result<()> {
        store.as_context_mut().0.vm.copy_table((self.0, start), (from.0, first), count)
    }

    pub(crate) fn from_handle(handle: TableHandle) -> Table {
        Table(handle)
    }

    pub(crate) fn handle(self, vm: &VmStore) -> Result<TableHandle> {
        if !self.0.belongs_to(vm.id()) {
            bail!("a table of one store was used with another");
        }
        Ok(self.0)
    }
}
